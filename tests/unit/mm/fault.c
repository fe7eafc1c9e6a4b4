// SPDX-License-Identifier: MIT
/*
 * fault.c - tests lib/mm/fault.c, arch_fault.c, pgalloc.c, access.c: what a program sees, and the
 * entry behind it. Copy-on-write: cow.c. Missing pages that user space provides: uffd.c.
 */
#include "../world.h"

#include <errno.h>

START_TEST(a_read_maps_the_zero_page_and_takes_no_frame)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);
	uint64_t frames = fl_machine_free_frames(machine);

	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_uint_eq(load(cpu1, a + 8), 0);
	ck_assert(pte_special(entry_of(a)));
	ck_assert_uint_eq(pte_pfn(entry_of(a)), ZERO_PFN);
	ck_assert(!pte_write(entry_of(a)));
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

START_TEST(a_write_after_a_read_leaves_the_zero_page)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_uint_eq(load(cpu1, a), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 9), 0);
	ck_assert_uint_eq(load(cpu0, a), 9);
	ck_assert_uint_eq(load(cpu0, a + 8), 0);
	/* also for the CPU that had the zero page in its TLB */
	ck_assert_uint_eq(load(cpu1, a), 9);
	ck_assert_uint_eq(frame_words(machine, ZERO_PFN)[0], 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 0);
}
END_TEST

START_TEST(a_write_makes_an_exclusive_dirty_writable_page)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;

	ck_assert_int_eq(fl_store(cpu0, a + 8, 3), 0);
	page = page_of(a);
	ck_assert(pte_write(entry_of(a)) && pte_dirty(entry_of(a)));
	ck_assert(PageAnon(page) && PageAnonExclusive(page));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(page_mapcount(page), 1);
	ck_assert_ptr_eq(page->mapping, vma_lookup(mm, a)->anon_vma);
	ck_assert_uint_eq(page->index, a / PAGE);
	ck_assert_uint_eq(load(cpu1, a), 0);
	ck_assert_uint_eq(load(cpu1, a + 8), 3);
}
END_TEST

START_TEST(a_frame_that_had_another_owner_comes_clean)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	uint64_t pfn;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 8, 2), 0);
	pfn = pte_pfn(entry_of(a));
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_uint_eq(pte_pfn(entry_of(a)), pfn);
	ck_assert_uint_eq(load(cpu0, a + 8), 0);
}
END_TEST

START_TEST(what_is_not_permitted_is_a_fault)
{
	fl_vaddr ro = map(1, FL_READ), none = map(1, 0);
	uint64_t word;

	ck_assert_int_eq(fl_store(cpu0, ro, 1), -EFAULT);
	ck_assert_uint_eq(load(cpu0, ro), 0);
	ck_assert_int_eq(fl_store(cpu0, ro, 1), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, none), -EFAULT);
	ck_assert_int_eq(fl_store(cpu0, none, 1), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, 0), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, task_size(machine)), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, ~7ULL), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, ro + 4), -EINVAL);
	fl_switch_mm(cpu0, NULL);
	ck_assert_int_eq(fl_load(&word, cpu0, ro), -EINVAL);
	fl_switch_mm(cpu0, fl_mm);
}
END_TEST

START_TEST(out_of_frames_is_an_error_and_no_more)
{
	fl_vaddr a = map(15, FL_READ | FL_WRITE);
	uint64_t frames = fl_machine_free_frames(machine), i;
	struct page *taken[16];

	for (i = 0; i < frames - 2; i++)
		taken[i] = alloc_page(machine);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * PAGE, 3), -ENOMEM);
	/*
	 * Reading goes on, writing to what is there as well; and all is well once there are
	 * frames.
	 */
	ck_assert_uint_eq(load(cpu0, a + 2 * PAGE), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * PAGE, 3), -ENOMEM);
	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	while (i > 0)
		put_page(machine, taken[--i]);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * PAGE, 3), 0);
	ck_assert_uint_eq(load(cpu1, a + 2 * PAGE), 3);
}
END_TEST

START_TEST(the_walker_sets_accessed_in_an_entry_made_without_it)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	/* The zero page's entry is made without it. */
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert(entry_of(a) & _PAGE_ACCESSED);
}
END_TEST

START_TEST(a_spurious_fault_changes_nothing)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	pte_t before;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	before = entry_of(a);
	ck_assert_int_eq(do_user_addr_fault(mm, a, true), 0);
	ck_assert_int_eq(do_user_addr_fault(mm, a, false), 0);
	ck_assert_uint_eq(entry_of(a), before);
	ck_assert_int_eq(page_count(page_of(a)), 1);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

/* --- entries that others leave --- */

static void set_entry(fl_vaddr addr, pte_t pte)
{
	pmd_t pmd;

	ck_assert_int_eq(pte_alloc(mm, pmd_alloc(mm, addr), &pmd), 0);
	*pte_offset_map(machine, pmd, addr) = pte;
}

static vm_fault_t fault_at(fl_vaddr addr, unsigned int flags)
{
	vm_fault_t ret;

	mmap_read_lock(mm);
	ret = handle_mm_fault(vma_lookup(mm, addr), addr, flags);
	mmap_read_unlock(mm);
	return ret;
}

START_TEST(a_page_in_a_markers_place_is_write_protected)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);
	struct vm_area_struct *vma = vma_lookup(mm, a);

	mmap_write_lock(mm);
	vm_flags_reset(vma, vma->vm_flags | VM_UFFD_WP);
	mmap_write_unlock(mm);
	for (unsigned int i = 0; i < 2; i++) {
		set_entry(a + i * PAGE, make_pte_marker_uffd_wp());
		ck_assert_uint_eq(fault_at(a + i * PAGE, i ? FAULT_FLAG_WRITE : 0), 0);
		ck_assert(pte_present(entry_of(a + i * PAGE)));
		ck_assert(pte_uffd_wp(entry_of(a + i * PAGE)));
		ck_assert(!pte_write(entry_of(a + i * PAGE)));
	}
	ck_assert(pte_special(entry_of(a)) && PageAnon(page_of(a + PAGE)));
	ck_assert_uint_eq(load(cpu0, a + PAGE), 0);
}
END_TEST

START_TEST(a_marker_that_nobody_watches_goes)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	set_entry(a, make_pte_marker_uffd_wp());
	ck_assert_uint_eq(fault_at(a, FAULT_FLAG_WRITE), 0);
	ck_assert(pte_none(entry_of(a)));
	set_entry(a, make_pte_marker_uffd_wp());
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert(pte_write(entry_of(a)) && !pte_uffd_wp(entry_of(a)));
}
END_TEST

START_TEST(an_entry_for_numa_hinting_comes_back)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	uint64_t pfn;

	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	pfn = pte_pfn(entry_of(a));
	set_entry(a, pte_modify(entry_of(a), _PAGE_PROTNONE | _PAGE_USER));
	flush_tlb_mm(mm);
	ck_assert_uint_eq(load(cpu1, a), 3);
	ck_assert(!pte_protnone(entry_of(a)));
	ck_assert_uint_eq(pte_pfn(entry_of(a)), pfn);
	ck_assert_int_eq(fl_store(cpu1, a, 4), 0);
	ck_assert_uint_eq(load(cpu0, a), 4);
}
END_TEST

START_TEST(faults_are_counted)
{
	const struct fl_counters *count = &cpu0->counters;
	fl_vaddr a = map(2, FL_READ | FL_WRITE), none = map(1, 0);
	uint64_t word;

	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_uint_eq(count->faults, 1);
	ck_assert_uint_eq(count->zero_pages, 1);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 1), 0);
	ck_assert_uint_eq(count->faults, 2);
	ck_assert_uint_eq(count->new_pages, 1);
	ck_assert_uint_eq(count->faults_vma_lock, 0); /* no anon_vma before */
	ck_assert_int_eq(do_user_addr_fault(mm, a + PAGE, true), 0);
	ck_assert_uint_eq(count->faults, 3);
	ck_assert_uint_eq(count->spurious, 1);
	ck_assert_uint_eq(count->faults_vma_lock, machine->policy.vma_lock != FL_VMA_LOCK_NONE);
	ck_assert_int_eq(fl_load(&word, cpu0, none), -EFAULT);
	ck_assert_uint_eq(count->faults, 4);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 1);
	ck_assert_uint_eq(count->faults, 4);
	ck_assert_uint_eq(count->retries, 0);
}
END_TEST

START_TEST(a_debugger_writes_where_the_program_may_not)
{
	fl_vaddr a = map(1, FL_READ), none = map(1, 0);

	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a + 8, 5), 0);
	/* read-only and clean, but a page of its own */
	ck_assert(!pte_write(entry_of(a)) && !pte_dirty(entry_of(a)));
	ck_assert(PageAnon(page_of(a)) && PageAnonExclusive(page_of(a)));
	ck_assert_int_eq(page_count(page_of(a)), 1);
	ck_assert_uint_eq(load(cpu0, a + 8), 5);
	ck_assert_int_eq(fl_store(cpu0, a, 1), -EFAULT);
	/* again, and in place of the zero page */
	ck_assert_int_eq(fl_poke(cpu1, fl_mm, a, 6), 0);
	ck_assert_uint_eq(load(cpu0, a), 6);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 1), -EFAULT);
	a = map(1, FL_READ);
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 7), 0);
	ck_assert_uint_eq(load(cpu0, a), 7);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a + 4, 7), -EINVAL);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, task_size(machine), 7), -EFAULT);
	(void)none;
}
END_TEST

START_TEST(a_debugger_writes_where_the_program_may)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 5), 0);
	ck_assert(pte_write(entry_of(a)));
	ck_assert_uint_eq(load(cpu1, a), 5);
}
END_TEST

#define ROUNDS 3000

/* Both CPUs fault in the same fresh pages: one wins each, and nothing is lost. */
static void fault_in(struct fl_cpu *cpu, void *arg)
{
	fl_vaddr a = *(fl_vaddr *)arg;
	unsigned int mine = fl_cpu_number(cpu);

	for (uint64_t i = 0; i < ROUNDS; i++) {
		fl_vaddr at = a + i * fl_machine_page_size(machine) + 8 * mine;
		uint64_t word;

		if (fl_store(cpu, at, i + 1) || fl_load(&word, cpu, at) || word != i + 1)
			abort();
	}
}

START_TEST(two_cpus_fault_in_the_same_pages)
{
	fl_vaddr a = map(ROUNDS, FL_READ | FL_WRITE);
	struct call call;

	begin_on(&call, cpu1, fault_in, &a);
	fault_in(cpu0, &a);
	end_on(&call);
	fl_lru_add_drain_all(machine); /* a batch has a reference of each of its pages */
	for (uint64_t i = 0; i < ROUNDS; i++) {
		ck_assert_uint_eq(load(cpu0, a + (i << machine->page_shift)), i + 1);
		ck_assert_uint_eq(load(cpu0, a + (i << machine->page_shift) + 8), i + 1);
		ck_assert_int_eq(page_count(page_of(a + (i << machine->page_shift))), 1);
	}
}
END_TEST

static void linux_6_1(void)
{
	make_world("6.1", NULL);
}

static void linux_6_5(void)
{
	make_world("6.5", NULL);
}

/* Many small pages: 64 bytes, three levels of 64 entries. */
static void many_pages(void)
{
	struct fl_machine_config config = {
		.cpus = 2,
		.frames = 8192,
		.page_words = 8,
		.levels = 3,
		.level_bits = 6,
	};

	make_world_with(&config, "6.5", NULL);
}

int main(void)
{
	Suite *suite = suite_create("mm.fault");
	TCase *cases[2] = { test_case("6.1"), test_case("6.5") }, *many = test_case("many");

	for (int i = 0; i < 2; i++) {
		tcase_add_checked_fixture(cases[i], i ? linux_6_5 : linux_6_1, end_world);
		tcase_add_test(cases[i], a_read_maps_the_zero_page_and_takes_no_frame);
		tcase_add_test(cases[i], a_write_after_a_read_leaves_the_zero_page);
		tcase_add_test(cases[i], a_write_makes_an_exclusive_dirty_writable_page);
		tcase_add_test(cases[i], a_frame_that_had_another_owner_comes_clean);
		tcase_add_test(cases[i], what_is_not_permitted_is_a_fault);
		tcase_add_test(cases[i], out_of_frames_is_an_error_and_no_more);
		tcase_add_test(cases[i], the_walker_sets_accessed_in_an_entry_made_without_it);
		tcase_add_test(cases[i], a_spurious_fault_changes_nothing);
		tcase_add_test(cases[i], a_page_in_a_markers_place_is_write_protected);
		tcase_add_test(cases[i], a_marker_that_nobody_watches_goes);
		tcase_add_test(cases[i], an_entry_for_numa_hinting_comes_back);
		tcase_add_test(cases[i], faults_are_counted);
		tcase_add_test(cases[i], a_debugger_writes_where_the_program_may_not);
		tcase_add_test(cases[i], a_debugger_writes_where_the_program_may);
		suite_add_tcase(suite, cases[i]);
	}
	tcase_add_checked_fixture(many, many_pages, end_world);
	tcase_add_test(many, two_cpus_fault_in_the_same_pages);
	suite_add_tcase(suite, many);
	return run_suite(suite);
}
