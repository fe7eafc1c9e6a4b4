// SPDX-License-Identifier: MIT
/* lru.c - tests lib/mm/lru.c: the references of batches, and when they go. */
#include "../world.h"

#include "mm/lru.h"

static fl_vaddr a;

static void set_up(void)
{
	struct fl_machine_config config = { .cpus = 2, .lru_batch = 3 };

	fl_machine_config_small(&config);
	make_world_with(&config, "5.18", NULL);
	a = map(4, FL_READ | FL_WRITE);
}

static int count(unsigned int i)
{
	return page_count(page_of(a + i * PAGE));
}

START_TEST(a_new_page_waits_with_one_reference_more)
{
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(count(0), 2);
	ck_assert(!PageLRU(page_of(a)));
	fl_lru_add_drain(cpu0);
	ck_assert_int_eq(count(0), 1);
	ck_assert(PageLRU(page_of(a)));
}
END_TEST

START_TEST(a_full_batch_is_emptied)
{
	for (unsigned int i = 0; i < 3; i++) {
		if (i > 0)
			ck_assert_int_eq(count(0), 2);
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 1), 0);
	}
	ck_assert_int_eq(count(0), 1);
	ck_assert_int_eq(count(2), 1);
	ck_assert_int_eq(fl_store(cpu0, a + 3 * PAGE, 1), 0);
	ck_assert_int_eq(count(3), 2);
}
END_TEST

START_TEST(copies_wait_as_well)
{
	struct fl_mm *child;
	struct page *copy;
	struct fl_pin p;
	pmd_t *pmdp;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 1), 0);
	fl_lru_add_drain(cpu0);
	/* fork copies what is pinned, a write fault what is shared */
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &p), 1);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	fl_switch_mm(cpu1, child);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	ck_assert_int_eq(count(1), 2);
	pmdp = pmd_offset_lockless(machine, child->mm.pgd, a);
	copy = pfn_to_page(machine, pte_pfn(*pte_offset_map(machine, *pmdp, a)));
	ck_assert_ptr_ne(copy, page_of(a));
	ck_assert_int_eq(page_count(copy), 2);
	fl_unpin(cpu0, &p);
	fl_mm_destroy(child);
	ck_assert_int_eq(count(1), 1);
}
END_TEST

START_TEST(what_userfaultfd_provides_waits_as_well)
{
	static const uint64_t words[2] = { 1, 2 };
	struct fl_uffd *uffd;
	struct page *page;
	fl_vaddr s;

	ck_assert_int_eq(fl_mmap(&s, fl_mm, 0, 2, FL_READ | FL_WRITE, FL_MAP_SHARED, NULL, 0), 0);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, s, 2, FL_UFFD_MISSING | FL_UFFD_MINOR), 0);
	ck_assert_int_eq(fl_uffd_copy(uffd, a, words), 0);
	ck_assert_int_eq(fl_uffd_copy(uffd, s, words), 0);
	page = page_of(s);
	ck_assert_int_eq(count(0), 2);
	ck_assert_int_eq(page_count(page), 3); /* the file's, the entry's, the batch's */
	ck_assert(!PageLRU(page_of(a)) && !PageLRU(page));
	fl_lru_add_drain(cpu0);
	ck_assert_int_eq(count(0), 1);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert(PageLRU(page_of(a)) && PageLRU(page));
	/* what the file had is there already */
	ck_assert_int_eq(fl_madvise(fl_mm, s, 1, FL_MADV_DONTNEED), 0);
	ck_assert_int_eq(fl_uffd_continue(uffd, s), 0);
	ck_assert_int_eq(page_count(page), 2);
}
END_TEST

static void touch(struct fl_cpu *cpu, void *arg)
{
	(void)arg;
	fl_store(cpu, a, 1);
}

START_TEST(another_cpus_batch_is_out_of_reach)
{
	struct call call;

	begin_on(&call, cpu1, touch, NULL);
	end_on(&call);
	fl_lru_add_drain(cpu0);
	ck_assert_int_eq(count(0), 2);
	fl_lru_add_drain_all(machine);
	ck_assert_int_eq(count(0), 1);
	ck_assert(PageLRU(page_of(a)));
}
END_TEST

START_TEST(an_unmapped_page_stays_until_its_batch_is_emptied)
{
	uint64_t frames = fl_machine_free_frames(machine);
	struct call call;

	begin_on(&call, cpu1, touch, NULL);
	end_on(&call);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	/* who takes pages away empties its own CPU's first */
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 1), 0);
	ck_assert_int_eq(fl_madvise(fl_mm, a + PAGE, 1, FL_MADV_DONTNEED), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	fl_lru_add_drain_all(machine);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

START_TEST(without_batches_a_page_is_on_the_lru_at_once)
{
	struct fl_machine_config config = { .cpus = 2, .lru_batch = FL_LRU_NO_BATCH };

	fl_machine_config_small(&config);
	make_world_with(&config, "5.18", NULL);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(count(0), 1);
	ck_assert(PageLRU(page_of(a)));
	fl_lru_add_drain(cpu0);
	fl_lru_add_drain_all(machine);
	end_world();
}
END_TEST

START_TEST(batches_that_are_too_large_are_refused)
{
	struct fl_machine_config config = { .lru_batch = 100000 };
	struct fl_machine *m;

	ck_assert_int_lt(fl_machine_create(&m, &config), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.lru");
	TCase *batches = test_case("batches"), *machines = test_case("machines");

	tcase_add_checked_fixture(batches, set_up, end_world);
	tcase_add_test(batches, a_new_page_waits_with_one_reference_more);
	tcase_add_test(batches, a_full_batch_is_emptied);
	tcase_add_test(batches, copies_wait_as_well);
	tcase_add_test(batches, what_userfaultfd_provides_waits_as_well);
	tcase_add_test(batches, another_cpus_batch_is_out_of_reach);
	tcase_add_test(batches, an_unmapped_page_stays_until_its_batch_is_emptied);
	tcase_add_test(machines, without_batches_a_page_is_on_the_lru_at_once);
	tcase_add_test(machines, batches_that_are_too_large_are_refused);
	suite_add_tcase(suite, batches);
	suite_add_tcase(suite, machines);
	return run_suite(suite);
}
