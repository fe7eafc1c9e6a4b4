// SPDX-License-Identifier: MIT
/* missed_wp.c - tests lib/oracle/missed_wp.c: what it reports, and what it must not. */
#include "told.h"

#include <faultline/file.h>

static void set_up(void)
{
	begin_newest_world();
	vma_of(a)->vm_flags |= VM_UFFD_WP;
}

static void tear_down(void)
{
	vma_of(a)->vm_flags &= ~VM_UFFD_WP;
	end_world();
}

/* As told by who protects, and by a kernel that forgot the rest: no entry changes. */
static void protect(unsigned int cpu, bool on)
{
	TELL(UFFD_PROTECT, .cpu = cpu, .mm = fl_mm, .addr = a, .end = a + PAGE, .write = on);
}

static void message_to(unsigned int cpu)
{
	TELL(UFFD_MESSAGE, .cpu = cpu, .mm = fl_mm, .addr = a, .write = true, .value = 1);
}

START_TEST(a_store_without_a_message_is_missed)
{
	set_up_ends();
	protect(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_reported("missed-wp",
			   "a store to 0x10 of mm 1, which CPU0 had write-protected before");
}
END_TEST

START_TEST(so_is_a_change_that_the_protector_can_see)
{
	set_up_ends();
	protect(0, true);
	ck_assert_uint_eq(load(cpu0, a), 1);
	store_on_cpu1(a, 2);
	ck_assert_reported("missed-wp", "0x1 was loaded at 0x10");
}
END_TEST

START_TEST(another_cpus_store_may_have_been_before)
{
	set_up_ends();
	protect(0, true);
	store_on_cpu1(a, 2);
	ck_assert_silent();
}
END_TEST

START_TEST(so_may_that_of_who_shares_the_file)
{
	fl_vaddr shared = 0;
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 1, 0), 0);
	ck_assert_int_eq(fl_mmap(&shared, fl_mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0),
			 0);
	ck_assert_int_eq(fl_store(cpu0, shared, 1), 0);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, a, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, file, 0), 0);
	vma_of(a)->vm_flags |= VM_UFFD_WP;
	ck_assert_uint_eq(load(cpu0, a), 1);
	set_up_ends();
	protect(0, true);
	ck_assert_uint_eq(load(cpu0, a), 1);
	store_on_cpu1(shared, 2);
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_silent();
	fl_file_put(file);
}
END_TEST

START_TEST(unless_set_up_code_protected)
{
	protect(0, true);
	set_up_ends();
	store_on_cpu1(a, 2);
	ck_assert_reported("missed-wp", "a store to 0x10");
}
END_TEST

START_TEST(who_took_the_protection_back_may_store)
{
	set_up_ends();
	protect(0, true);
	protect(0, false);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(so_may_others_whenever_they_say_so)
{
	set_up_ends();
	protect(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	protect(1, false); /* it was before the store, and says so late */
	ck_assert_silent();
}
END_TEST

START_TEST(a_message_is_all_that_is_asked_for)
{
	set_up_ends();
	protect(0, true);
	message_to(1);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(where_there_was_no_page_there_is_nothing_to_protect)
{
	fl_vaddr b = map(1, FL_READ | FL_WRITE);

	vma_of(b)->vm_flags |= VM_UFFD_WP;
	set_up_ends();
	TELL(UFFD_PROTECT, .mm = fl_mm, .addr = b, .end = b + PAGE, .write = true);
	ck_assert_int_eq(fl_store(cpu0, b, 2), 0);
	ck_assert_silent();
	vma_of(b)->vm_flags &= ~VM_UFFD_WP;
}
END_TEST

START_TEST(what_a_handler_looks_at_does_not_change)
{
	protect(0, true);
	set_up_ends();
	message_to(0);
	ck_assert_uint_eq(load(cpu0, a), 1);
	store_on_cpu1(a, 2);
	ck_assert_reported("missed-wp", "CPU0 has a message about a write to 0x10 and loads 0x1");
}
END_TEST

START_TEST(until_the_handler_lets_go_of_it)
{
	protect(0, true);
	set_up_ends();
	message_to(0);
	ck_assert_uint_eq(load(cpu0, a), 1);
	protect(0, false);
	store_on_cpu1(a, 2);
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_silent();
}
END_TEST

START_TEST(another_mode_in_its_place_lets_stores_be_made)
{
	struct fl_uffd *uffd;

	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	vma_of(a)->vm_flags &= ~VM_UFFD_WP;
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 1, FL_UFFD_WP), 0);
	set_up_ends();
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 1, true), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 1, FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 1, FL_UFFD_WP), 0);
	ck_assert_silent();
	fl_uffd_close(uffd);
}
END_TEST

START_TEST(memory_that_is_not_registered_any_more_is_out)
{
	set_up_ends();
	protect(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	vma_of(a)->vm_flags &= ~VM_UFFD_WP;
	ck_assert_silent();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.missed_wp");
	TCase *tc = test_case("missed-wp");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_store_without_a_message_is_missed);
	tcase_add_test(tc, so_is_a_change_that_the_protector_can_see);
	tcase_add_test(tc, another_cpus_store_may_have_been_before);
	tcase_add_test(tc, so_may_that_of_who_shares_the_file);
	tcase_add_test(tc, unless_set_up_code_protected);
	tcase_add_test(tc, who_took_the_protection_back_may_store);
	tcase_add_test(tc, so_may_others_whenever_they_say_so);
	tcase_add_test(tc, a_message_is_all_that_is_asked_for);
	tcase_add_test(tc, where_there_was_no_page_there_is_nothing_to_protect);
	tcase_add_test(tc, what_a_handler_looks_at_does_not_change);
	tcase_add_test(tc, until_the_handler_lets_go_of_it);
	tcase_add_test(tc, another_mode_in_its_place_lets_stores_be_made);
	tcase_add_test(tc, memory_that_is_not_registered_any_more_is_out);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
