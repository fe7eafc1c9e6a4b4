// SPDX-License-Identifier: MIT
/* isolation.c - tests lib/oracle/isolation.c: what it reports, and what it must not. */
#include "told.h"

#include "mm/file.h"

static struct fl_mm *child;

static void set_up(void)
{
	begin_newest_world();
	ck_assert_int_eq(fl_mm_create(&child, machine), 0);
}

static void tear_down(void)
{
	fl_mm_destroy(child);
	end_world();
}

static void fork_in_set_up(void)
{
	TELL(FORK, .mm = fl_mm, .value = fl_mm_id(child));
	set_up_ends();
}

START_TEST(a_child_may_see_what_was_there_before_the_fork)
{
	fork_in_set_up();
	TELL(LOAD, .cpu = 1, .mm = child, .addr = a, .value = 1);
	TELL(PIPE_READ, .cpu = 1, .mm = child, .value = 1);
	ck_assert_silent();
}
END_TEST

START_TEST(what_the_parent_writes_afterwards_is_not_for_the_child)
{
	fork_in_set_up();
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	TELL(LOAD, .cpu = 1, .mm = child, .addr = a, .value = 5);
	ck_assert_reported("isolation",
			   "CPU1, mm 2, loads 0x5, which mm 1 wrote to private memory");
}
END_TEST

START_TEST(nor_by_way_of_a_pipe)
{
	fork_in_set_up();
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	TELL(PIPE_READ, .cpu = 1, .mm = child, .value = 5);
	ck_assert_reported("isolation", "reads from its pipe 0x5");
}
END_TEST

START_TEST(nor_by_way_of_a_pin)
{
	fork_in_set_up();
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	TELL(PIN, .cpu = 1, .mm = child, .addr = a, .pfn = 9);
	TELL(PIPE_READ, .cpu = 1, .pfn = 9, .value = 5);
	ck_assert_uint_gt(failures(), 0);
	ck_assert_msg(strstr(message, "reads through its pin 0x5") != NULL, "%s", message);
}
END_TEST

START_TEST(nor_may_it_be_there_to_be_read_at_the_end)
{
	struct call c;

	fork_in_set_up();
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	/* Broken on purpose: the same frame in both. */
	fl_switch_mm(cpu1, child);
	ck_assert_int_eq(fl_mmap_anon(&a, child, 1, FL_READ | FL_WRITE), 0);
	begin_on(&c, cpu1, store_thread, &(struct store_args){ a, 6 });
	end_on(&c);
	ck_assert_silent();
	frame_words(machine,
		    pte_pfn(*pte_offset_map(
			    machine, *pmd_offset_lockless(machine, child->mm.pgd, a), a)))[0] = 5;
	ck_assert_uint_gt(failures(), 0);
	ck_assert_uint_eq(failures(), 2); /* 6 is lost, too */
}
END_TEST

START_TEST(a_fork_and_a_store_that_nothing_orders_are_no_breach)
{
	set_up_ends();
	TELL(FORK, .mm = fl_mm, .value = fl_mm_id(child));
	TELL(STORE, .cpu = 1, .mm = fl_mm, .addr = a, .value = 5); /* CPU 0 has forked */
	TELL(LOAD, .mm = child, .addr = a, .value = 5);
	*word_of(a) = 5;
	ck_assert_silent();
	TELL(STORE, .mm = fl_mm, .addr = a, .value = 6); /* but its own are later */
	TELL(LOAD, .cpu = 1, .mm = child, .addr = a, .value = 6);
	*word_of(a) = 6;
	ck_assert_reported("isolation", "loads 0x6");
}
END_TEST

START_TEST(what_both_stored_or_a_device_did_tells_nothing)
{
	fork_in_set_up();
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	TELL(LOAD, .cpu = 1, .mm = child, .addr = a, .value = 5);
	TELL(STORE, .cpu = 1, .mm = child, .addr = a + PAGE, .value = 5);
	ck_assert_silent();
	ck_assert_int_eq(fl_store(cpu0, a, 7), 0);
	TELL(KERNEL_STORE, .value = 7);
	TELL(PIPE_READ, .cpu = 1, .mm = child, .value = 7);
	ck_assert_silent();
}
END_TEST

START_TEST(shared_memory_is_there_to_be_seen)
{
	fork_in_set_up();
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	vma_of(a)->vm_flags |= VM_SHARED;
	TELL(LOAD, .cpu = 1, .mm = child, .addr = a, .value = 5);
	ck_assert_silent();
	vma_of(a)->vm_flags &= ~VM_SHARED;
}
END_TEST

START_TEST(a_grandchild_inherits_too)
{
	struct fl_mm *grandchild;

	ck_assert_int_eq(fl_mm_create(&grandchild, machine), 0);
	TELL(FORK, .mm = fl_mm, .value = fl_mm_id(child));
	TELL(FORK, .mm = child, .value = fl_mm_id(grandchild));
	set_up_ends();
	TELL(LOAD, .cpu = 1, .mm = grandchild, .addr = a, .value = 1);
	ck_assert_silent();
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	TELL(LOAD, .cpu = 1, .mm = grandchild, .addr = a, .value = 5);
	ck_assert_reported("isolation", "mm 3, loads 0x5");
	fl_mm_destroy(grandchild);
}
END_TEST

START_TEST(a_private_mapping_does_not_write_to_its_file)
{
	struct page *pages[1] = { page_of(a) };
	struct fl_file file = { .mapping = { .capacity = 1, .size = 1, .pages = pages } };

	vma_of(a)->vm_file = &file;
	set_up_ends();
	ck_assert_uint_gt(failures(), 0); /* 1, of set-up, is in the page that we call the file's */
	ck_assert_str_eq(oracle, "isolation");
	ck_assert_msg(strstr(message, "a page of a file has 0x1") != NULL, "%s", message);
	pages[0] = NULL;
	ck_assert_silent();
	vma_of(a)->vm_file = NULL;
}
END_TEST

/* It was shared memory when the value was stored. */
START_TEST(what_set_up_code_unmapped_says_nothing_about_what_is_there_now)
{
	fl_vaddr at;

	ck_assert_int_eq(fl_mmap(&at, fl_mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, NULL, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, at, 7), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, at, 1), 0);
	ck_assert_int_eq(fl_mmap(&at, fl_mm, at, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0), 0);
	set_up_ends();
	TELL(LOAD, .cpu = 1, .mm = child, .addr = a, .value = 7);
	ck_assert_silent();
	TELL(LOAD, .cpu = 1, .mm = child, .addr = a, .value = 1); /* of another page */
	ck_assert_reported("isolation", "loads 0x1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.isolation");
	TCase *tc = test_case("isolation");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_child_may_see_what_was_there_before_the_fork);
	tcase_add_test(tc, what_the_parent_writes_afterwards_is_not_for_the_child);
	tcase_add_test(tc, nor_by_way_of_a_pipe);
	tcase_add_test(tc, nor_by_way_of_a_pin);
	tcase_add_test(tc, nor_may_it_be_there_to_be_read_at_the_end);
	tcase_add_test(tc, a_fork_and_a_store_that_nothing_orders_are_no_breach);
	tcase_add_test(tc, what_both_stored_or_a_device_did_tells_nothing);
	tcase_add_test(tc, shared_memory_is_there_to_be_seen);
	tcase_add_test(tc, a_grandchild_inherits_too);
	tcase_add_test(tc, a_private_mapping_does_not_write_to_its_file);
	tcase_add_test(tc, what_set_up_code_unmapped_says_nothing_about_what_is_there_now);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
