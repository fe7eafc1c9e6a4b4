// SPDX-License-Identifier: MIT
/*
 * soft_dirty.c - tests lib/mm/soft_dirty.c: that each store after a clear is seen, in which kernels it is
 * not, what is locked meanwhile, and pins. How it is shown: pagemap.c.
 */
#include "shared.h"

#include <errno.h>
#include <unistd.h>

static fl_vaddr a; /* four private pages, the first three stored to by both CPUs */

static void set_up_with(const char *kernel, const char *set)
{
	make_world(kernel, set);
	a = map(4, FL_READ | FL_WRITE);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 1), 0);
		ck_assert_int_eq(fl_store(cpu1, a + i * PAGE, 1), 0);
	}
	count_as_new(a);
}

static void linux_4_8(void)
{
	set_up_with("4.8", NULL);
}

static void linux_5_12(void)
{
	set_up_with("5.12", NULL);
}

static void linux_6_5(void)
{
	set_up_with("6.5", NULL);
}

static void clear(void)
{
	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	ck_assert(!mm_tlb_flush_pending(mm));
}

static bool soft_dirty(fl_vaddr addr)
{
	uint64_t entry;

	ck_assert_int_eq(fl_pagemap(&entry, fl_mm, addr, 1), 0);
	return entry & FL_PM_SOFT_DIRTY;
}

START_TEST(a_store_sets_it_and_clear_refs_clears_it)
{
	for (int round = 0; round < 1000; round++) {
		clear();
		ck_assert(!soft_dirty(a) && !soft_dirty(a + PAGE));
		load(cpu0, a);
		ck_assert(!soft_dirty(a));
		ck_assert_int_eq(fl_store(round % 2 ? cpu0 : cpu1, a, (uint64_t)round), 0);
		ck_assert(soft_dirty(a) && !soft_dirty(a + PAGE));
		ck_assert_uint_eq(load(cpu0, a), (uint64_t)round);
	}
}
END_TEST

START_TEST(all_of_a_new_mapping_counts)
{
	fl_vaddr b;

	ck_assert(soft_dirty(a + 3 * PAGE)); /* nothing was ever there */
	clear();
	ck_assert(!(vma_lookup(mm, a)->vm_flags & VM_SOFTDIRTY));
	ck_assert(!soft_dirty(a + 3 * PAGE));
	ck_assert_int_eq(fl_munmap(fl_mm, a + 3 * PAGE, 1), 0);
	b = map(1, FL_READ | FL_WRITE);
	ck_assert_uint_eq(b, a + 3 * PAGE);
	count_as_new(b);
	ck_assert(soft_dirty(b));
}
END_TEST

START_TEST(first_stores_and_copies_of_the_zero_page_count)
{
	clear();
	ck_assert_int_eq(fl_store(cpu0, a + 3 * PAGE, 1), 0);
	ck_assert(soft_dirty(a + 3 * PAGE));
	clear();
	ck_assert_int_eq(fl_munmap(fl_mm, a + 3 * PAGE, 1), 0);
	ck_assert_uint_eq(map(1, FL_READ | FL_WRITE), a + 3 * PAGE);
	track(a + 3 * PAGE);
	load(cpu0, a + 3 * PAGE);
	ck_assert(!soft_dirty(a + 3 * PAGE));
	ck_assert_int_eq(fl_store(cpu0, a + 3 * PAGE, 1), 0);
	ck_assert(soft_dirty(a + 3 * PAGE));
}
END_TEST

START_TEST(a_translation_that_lets_write_does_not_survive)
{
	clear();
	ck_assert_int_eq(fl_store(cpu1, a + PAGE, 2), 0);
	ck_assert(soft_dirty(a + PAGE));
}
END_TEST

START_TEST(the_frame_stays_where_it_is)
{
	uint64_t pfn = pte_pfn(entry_of(a));

	clear();
	ck_assert(pte_dirty(entry_of(a)) && pte_young(entry_of(a)));
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_uint_eq(pte_pfn(entry_of(a)), pfn);
}
END_TEST

START_TEST(a_shared_mapping_asks_for_notice_once_tracking_begins)
{
	struct fl_file *file = make_file();
	struct vm_area_struct *vma = map_file(file, a + 8 * PAGE, VM_SHARED | VM_SOFTDIRTY);

	map_entry(vma, a + 8 * PAGE, STORED);
	ck_assert(pte_write(vma->vm_page_prot));
	clear();
	ck_assert(!pte_write(vma->vm_page_prot));
	ck_assert_uint_eq(bits_of(a + 8 * PAGE), _PAGE_ACCESSED | _PAGE_DIRTY);
	ck_assert_int_eq(fl_munmap(fl_mm, a + 8 * PAGE, SHARED_PAGES), 0);
	free_file(file);
}
END_TEST

START_TEST(markers_and_empty_entries_stay)
{
	*entry_at(a + 3 * PAGE) = make_pte_marker_uffd_wp();
	clear();
	ck_assert_uint_eq(entry_of(a + 3 * PAGE), make_pte_marker_uffd_wp());
	*entry_at(a + 3 * PAGE) = PTE_NONE;
	clear();
	ck_assert_uint_eq(entry_of(a + 3 * PAGE), PTE_NONE);
}
END_TEST

START_TEST(the_accessed_bits_can_be_cleared_too)
{
	load(cpu0, a + 3 * PAGE);
	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_ALL), 0);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	ck_assert_uint_eq(bits_of(a), STORED & ~_PAGE_ACCESSED);
	ck_assert(pte_young(entry_of(a + 3 * PAGE))); /* the zero page: nobody asks about it */
	ck_assert(vma_lookup(mm, a)->vm_flags & VM_SOFTDIRTY);
	ck_assert_int_eq(fl_clear_refs(fl_mm, (enum fl_clear_refs)2), -EINVAL);
}
END_TEST

/* --- the flush --- */

static const struct {
	const char *kernel, *set;
	bool seen; /* a store by a CPU that had a translation */
} flushes[] = {
	{ "4.8", NULL, true },	/* end */
	{ "5.7", NULL, false }, /* elided: 0758cd830494 */
	{ "5.12", NULL, true }, /* pending: 912efa17e512 */
	{ "5.7", "protect_flush=per-ptl", true },
	{ "5.7", "protect_flush=per-entry", true },
	{ "5.7", "protect_flush=never", false },
};

START_TEST(without_the_flush_a_store_is_missed)
{
	set_up_with(flushes[_i].kernel, flushes[_i].set);
	clear();
	ck_assert_int_eq(fl_store(cpu1, a, 2), 0);
	ck_assert_int_eq(soft_dirty(a), flushes[_i].seen);
	end_world();
}
END_TEST

/* --- who is kept out, and who is told --- */

static int cleared;

static void clear_it(struct fl_cpu *cpu, void *arg)
{
	if (fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY))
		abort();
	__atomic_store_n(&cleared, 1, __ATOMIC_RELEASE);
}

static const struct {
	const char *set;
	bool new;    /* there is a VM_SOFTDIRTY to clear */
	bool writer; /* clear_refs holds mmap:W while it walks */
	bool marked; /* and the VMA's mark with it */
	int pending, wrprotect;
} walks[] = {
	{ "soft_dirty_lock=mmap-read", true, false, false, 1, 0 },
	{ "soft_dirty_lock=mmap-read", false, false, false, 1, 0 },
	{ "soft_dirty_lock=mmap-write", false, true, false, 1, 0 },
	{ "soft_dirty_lock=mmap-write-vma", false, true, true, 1, 0 },
	{ "soft_dirty_lock=mmap-write", true, true, true, 1, 0 }, /* because of its flags */
	{ "soft_dirty_flush=end", true, true, true, 0, 0 },
	{ "soft_dirty_flush=elided", true, true, true, 1, 0 }, /* the batch announces itself */
	{ "wrprotect_sync=fault", true, true, true, 1, 1 },
};

START_TEST(the_walk_is_locked_and_announced_as_the_policy_says)
{
	struct vm_area_struct *vma;
	struct call call;
	spinlock_t *ptl;
	long want;

	set_up_with("6.5", walks[_i].set);
	if (!walks[_i].new)
		track(a);
	vma = vma_lookup(mm, a);
	ptl = ptl_of(a);
	want = walks[_i].writer ? RWSEM_WRITER_LOCKED : RWSEM_READER_BIAS;
	cleared = 0;
	/* It gets as far as the first table. */
	spin_lock(ptl);
	begin_on(&call, cpu1, clear_it, NULL);
	while (__atomic_load_n(&mm->mmap_lock.rwsem.count, __ATOMIC_ACQUIRE) != want)
		cpu_relax();
	if (walks[_i].marked) {
		while (__atomic_load_n(&vma->vm_lock_seq, __ATOMIC_RELAXED) !=
		       READ_ONCE(mm->mm_lock_seq))
			cpu_relax();
	}
	while (atomic_read(&mm->tlb_flush_pending) != walks[_i].pending)
		cpu_relax();
	while (atomic_read(&mm->wrprotect_pending) != walks[_i].wrprotect)
		cpu_relax();
	usleep(2000); /* what is not there now will not come */
	ck_assert_int_eq(atomic_read(&mm->tlb_flush_pending), walks[_i].pending);
	ck_assert_int_eq(__atomic_load_n(&mm->mmap_lock.rwsem.count, __ATOMIC_RELAXED), want);
	if (!walks[_i].marked)
		ck_assert_int_ne(__atomic_load_n(&vma->vm_lock_seq, __ATOMIC_RELAXED),
				 READ_ONCE(mm->mm_lock_seq));
	ck_assert_int_eq(__atomic_load_n(&cleared, __ATOMIC_ACQUIRE), 0);
	spin_unlock(ptl);
	end_on(&call);
	ck_assert(!soft_dirty(a));
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	ck_assert_int_eq(atomic_read(&mm->tlb_flush_pending), 0);
	ck_assert_int_eq(atomic_read(&mm->wrprotect_pending), 0);
	end_world();
}
END_TEST

/* --- pins --- */

START_TEST(a_pinned_page_stays_soft_dirty_and_writable)
{
	struct fl_pin pin;
	pte_t was = entry_of(a);

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	clear();
	ck_assert_uint_eq(entry_of(a), was);
	ck_assert(soft_dirty(a) && !soft_dirty(a + PAGE));
	fl_unpin(cpu0, &pin);
	clear();
	ck_assert(!soft_dirty(a));
}
END_TEST

START_TEST(up_to_5_10_pinned_pages_are_no_exception)
{
	struct fl_pin pin;

	set_up_with("5.12", "soft_dirty_pinned=clear");
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	clear();
	ck_assert(!pte_write(entry_of(a)) && !soft_dirty(a));
	fl_unpin(cpu0, &pin);
	end_world();
}
END_TEST

/*
 * All of a mapping counts as soft-dirty when a neighbour becomes part of it. Then mprotect() need not wait for the
 * bit, and clear_refs leaves a pinned page's entry alone: writable, and not soft-dirty.
 */
START_TEST(a_pinned_page_that_is_writable_and_not_soft_dirty)
{
	struct fl_pin pin;

	set_up_with("6.12", _i ? "soft_dirty_pinned=mark" : NULL);
	clear();
	ck_assert(!soft_dirty(a) && !pte_write(entry_of(a)));
	vma_lookup(mm, a)->vm_flags |= VM_SOFTDIRTY; /* as a neighbour would */
	ck_assert_int_eq(fl_mprotect(fl_mm, a, 1, FL_READ), 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, a, 1, FL_READ | FL_WRITE), 0);
	ck_assert(pte_write(entry_of(a)) && !pte_soft_dirty(entry_of(a)));
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	clear();
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_int_eq(soft_dirty(a), _i);
	fl_unpin(cpu0, &pin);
	end_world();
}
END_TEST

/* Stores to it fault, whoever has pinned it. */
START_TEST(a_pinned_page_that_is_read_only_is_no_exception)
{
	struct fl_pin pin;

	ck_assert_int_eq(fl_mprotect(fl_mm, a, 1, FL_READ), 0);
	ck_assert(soft_dirty(a) && !pte_write(entry_of(a)));
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, 0, &pin), 1);
	clear();
	ck_assert(!soft_dirty(a));
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(a_plain_reference_is_no_pin)
{
	struct page *page = page_of(a);

	set_bit(MMF_HAS_PINNED, &mm->flags);
	get_page(page);
	clear();
	ck_assert(!soft_dirty(a));
	put_page(machine, page);
}
END_TEST

int main(void)
{
	static void (*const fixtures[])(void) = { linux_4_8, linux_5_12, linux_6_5 };
	static const char *const names[] = { "4.8", "5.12", "6.5" };
	Suite *suite = suite_create("mm.soft_dirty");
	TCase *own = test_case("own world");

	for (int i = 0; i < 3; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, a_store_sets_it_and_clear_refs_clears_it);
		tcase_add_test(tc, all_of_a_new_mapping_counts);
		tcase_add_test(tc, first_stores_and_copies_of_the_zero_page_count);
		tcase_add_test(tc, a_translation_that_lets_write_does_not_survive);
		tcase_add_test(tc, the_frame_stays_where_it_is);
		tcase_add_test(tc, a_shared_mapping_asks_for_notice_once_tracking_begins);
		tcase_add_test(tc, markers_and_empty_entries_stay);
		tcase_add_test(tc, the_accessed_bits_can_be_cleared_too);
		if (i) {
			tcase_add_test(tc, a_pinned_page_stays_soft_dirty_and_writable);
			tcase_add_test(tc, a_pinned_page_that_is_read_only_is_no_exception);
			tcase_add_test(tc, a_plain_reference_is_no_pin);
		}
		suite_add_tcase(suite, tc);
	}
	tcase_add_loop_test(own, without_the_flush_a_store_is_missed, 0,
			    sizeof(flushes) / sizeof(flushes[0]));
	tcase_add_loop_test(own, the_walk_is_locked_and_announced_as_the_policy_says, 0,
			    sizeof(walks) / sizeof(walks[0]));
	tcase_add_loop_test(own, a_pinned_page_that_is_writable_and_not_soft_dirty, 0, 2);
	tcase_add_test(own, up_to_5_10_pinned_pages_are_no_exception);
	suite_add_tcase(suite, own);
	return run_suite(suite);
}
