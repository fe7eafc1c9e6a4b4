// SPDX-License-Identifier: MIT
/* lost_write.c - tests lib/oracle/lost_write.c: what it reports, and what it must not. */
#include "told.h"

#include "mm/file.h"

START_TEST(what_was_stored_is_loaded)
{
	set_up_ends();
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_uint_eq(load(cpu0, a), 2);
	store_on_cpu1(a, 3);
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert_silent();
}
END_TEST

START_TEST(a_load_of_an_older_value_is_reported)
{
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	*word_of(a) = 1; /* broken on purpose: a copy that was made before */
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_reported("lost-write", "CPU0 stored 0x2 at 0x10 and then loads 0x1");
}
END_TEST

START_TEST(a_store_that_is_gone_at_the_end_is_reported)
{
	set_up_ends();
	store_on_cpu1(a, 2);
	*word_of(a) = 1;
	ck_assert_reported("lost-write", "0x2, which CPU1 stored at 0x10, is lost");
}
END_TEST

START_TEST(what_set_up_stored_can_be_lost_too)
{
	set_up_ends();
	*word_of(a) = 0;
	ck_assert_uint_eq(load_on_cpu1(a), 0);
	ck_assert_reported("lost-write", "CPU1 loads 0 at 0x10, where 0x1 was stored");
}
END_TEST

START_TEST(of_two_cpus_either_may_have_been_last)
{
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	store_on_cpu1(a, 3);
	*word_of(a) = 2; /* nothing orders them */
	ck_assert_silent();
	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	*word_of(a) = 2; /* but not the one before the last of one CPU */
	ck_assert_reported("lost-write", "is lost");
}
END_TEST

START_TEST(a_store_that_is_heard_of_late_counts)
{
	set_up_ends();
	TELL(STORE, .mm = fl_mm, .addr = a, .value = 2);
	TELL(LOAD, .mm = fl_mm, .addr = a, .value = 3);
	TELL(STORE, .cpu = 1, .mm = fl_mm, .addr = a, .value = 3);
	*word_of(a) = 3;
	ck_assert_silent();
}
END_TEST

START_TEST(what_was_discarded_is_not_missed)
{
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(DISCARD, .cpu = 1, .mm = fl_mm, .addr = a, .end = a + PAGE);
	*word_of(a) = 0;
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(set_up_that_discards_leaves_nothing_to_be_lost)
{
	TELL(DISCARD, .mm = fl_mm, .addr = a, .end = a + PAGE);
	*word_of(a) = 0;
	set_up_ends();
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_silent();
	/* and from there on all is as ever */
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	*word_of(a) = 0;
	ck_assert_reported("lost-write", "is lost");
}
END_TEST

START_TEST(what_a_device_wrote_may_be_there)
{
	struct fl_pin pin;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	fl_pin_store(&pin, 0, 7);
	ck_assert_uint_eq(load(cpu0, a), 7);
	ck_assert_silent();
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(two_names_of_one_word_are_one_word)
{
	struct fl_file file = { 0 };
	fl_vaddr b;

	/* As if both were mappings of one file, from its first page on. */
	b = map(1, FL_READ);
	set_up_ends();
	vma_of(a)->vm_flags |= VM_SHARED;
	vma_of(b)->vm_flags |= VM_SHARED;
	vma_of(a)->vm_file = vma_of(b)->vm_file = &file;
	vma_of(b)->vm_pgoff = vma_of(a)->vm_pgoff;
	TELL(STORE, .mm = fl_mm, .addr = a, .value = 2);
	TELL(STORE, .cpu = 1, .mm = fl_mm, .addr = b, .value = 3);
	TELL(LOAD, .mm = fl_mm, .addr = a, .value = 3);
	*word_of(a) = 3;
	ck_assert_silent();
	TELL(LOAD, .mm = fl_mm, .addr = a, .value = 4); /* nobody stored that under any name */
	ck_assert_reported("lost-write", "then loads 0x4");
	vma_of(a)->vm_file = vma_of(b)->vm_file = NULL;
	vma_of(a)->vm_flags &= ~VM_SHARED;
	vma_of(b)->vm_flags &= ~VM_SHARED;
}
END_TEST

START_TEST(another_process_has_words_of_its_own)
{
	struct fl_mm *other;

	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(LOAD, .mm = other, .addr = a, .value = 9);
	ck_assert_silent();
	fl_mm_destroy(other);
}
END_TEST

START_TEST(an_execution_forgets_the_one_before)
{
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	for (fl_vaddr i = 0; i < 300; i++) /* more records than there were */
		TELL(STORE, .mm = fl_mm, .addr = a + 8 * i, .value = i);
	fl_oracle_reset();
	*word_of(a) = 1; /* as set-up code left it */
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_silent();
	*word_of(a) = 2;
	ck_assert_reported("lost-write", "0x1, stored at 0x10 before, is lost");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.lost_write");
	TCase *tc = test_case("lost-write");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, what_was_stored_is_loaded);
	tcase_add_test(tc, a_load_of_an_older_value_is_reported);
	tcase_add_test(tc, a_store_that_is_gone_at_the_end_is_reported);
	tcase_add_test(tc, what_set_up_stored_can_be_lost_too);
	tcase_add_test(tc, of_two_cpus_either_may_have_been_last);
	tcase_add_test(tc, a_store_that_is_heard_of_late_counts);
	tcase_add_test(tc, what_was_discarded_is_not_missed);
	tcase_add_test(tc, set_up_that_discards_leaves_nothing_to_be_lost);
	tcase_add_test(tc, what_a_device_wrote_may_be_there);
	tcase_add_test(tc, two_names_of_one_word_are_one_word);
	tcase_add_test(tc, another_process_has_words_of_its_own);
	tcase_add_test(tc, an_execution_forgets_the_one_before);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
