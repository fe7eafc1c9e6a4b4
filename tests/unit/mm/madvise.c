// SPDX-License-Identifier: MIT
/* madvise.c - tests lib/mm/madvise.c. What goes with an entry: zap.c; nested batches: gather.c. */
#include "../world.h"

#include <errno.h>

#include "mm/file.h"

static fl_vaddr a; /* four pages, with a hole of one page after them, and one more */
static fl_vaddr far;

static void set_up(void)
{
	fl_vaddr hole;

	make_world("6.5", NULL);
	a = map(4, FL_READ | FL_WRITE);
	hole = map(1, FL_READ);
	far = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_munmap(fl_mm, hole, 1), 0);
	for (unsigned int i = 0; i < 4; i++)
		ck_assert_int_eq(fl_store(cpu1, a + i * PAGE, i + 1), 0);
	ck_assert_int_eq(fl_store(cpu1, far, 9), 0);
}

static int advise(fl_vaddr addr, size_t pages, enum fl_advice advice)
{
	return fl_madvise(fl_mm, addr, pages, advice);
}

START_TEST(nonsense_is_refused)
{
	ck_assert_int_eq(advise(a + 8, 1, FL_MADV_DONTNEED), -EINVAL);
	ck_assert_int_eq(advise(a, ~(size_t)0, FL_MADV_DONTNEED), -EINVAL);
	ck_assert_int_eq(advise(a, (size_t)1 << 59, FL_MADV_DONTNEED), -ENOMEM);
	ck_assert_int_eq(advise(a, 1, (enum fl_advice)99), -EINVAL);
	ck_assert_int_eq(advise(a, 0, FL_MADV_DONTNEED), 0);
	ck_assert_int_eq(advise(14 * PAGE, 1, FL_MADV_FREE), -ENOMEM);
}
END_TEST

START_TEST(what_is_not_needed_is_zeroes)
{
	uint64_t frames = fl_machine_free_frames(machine);

	ck_assert_int_eq(advise(a + PAGE, 2, FL_MADV_DONTNEED), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames + 2);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 0);
	ck_assert_uint_eq(load(cpu0, a + 2 * PAGE), 0);
	ck_assert_uint_eq(load(cpu1, a + 3 * PAGE), 4);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

/* No swap is needed for that, and nothing goes. */
START_TEST(what_is_cold_is_not_accessed_and_stays)
{
	pte_t *ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a);

	ck_assert(pte_young(*ptep));
	ck_assert_int_eq(advise(a, 1, FL_MADV_COLD), 0);
	ck_assert(pte_present(*ptep) && !pte_young(*ptep) && pte_dirty(*ptep));
	ck_assert_int_eq(advise(a, 1, FL_MADV_PAGEOUT), -EOPNOTSUPP);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert(pte_young(*ptep)); /* no TLB had kept it */
}
END_TEST

START_TEST(a_hole_is_told_of_and_the_rest_is_done)
{
	ck_assert_int_eq(advise(a + 3 * PAGE, 3, FL_MADV_DONTNEED), -ENOMEM);
	ck_assert_uint_eq(load(cpu1, a + 3 * PAGE), 0);
	ck_assert_uint_eq(load(cpu1, far), 0);
	ck_assert_uint_eq(load(cpu1, a), 1);
}
END_TEST

START_TEST(what_is_free_is_clean_old_and_may_be_reclaimed)
{
	struct page *page = page_of(a);
	fl_vaddr file_at;
	struct fl_file *file;

	ck_assert_int_eq(advise(a, 1, FL_MADV_FREE), 0);
	ck_assert(pte_write(entry_of(a)) && !pte_dirty(entry_of(a)) && !pte_young(entry_of(a)));
	ck_assert(!PageSwapBacked(page));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert(PageSwapBacked(page_of(a + PAGE)) && pte_dirty(entry_of(a + PAGE)));
	/* nobody has the old entry: the next store, of whichever CPU, is seen */
	ck_assert_int_eq(fl_store(cpu1, a, 5), 0);
	ck_assert(pte_dirty(entry_of(a)));
	ck_assert_int_eq(mm->tlb_flush_pending.counter, 0);
	/* only for anonymous memory */
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 1, 0), 0);
	ck_assert_int_eq(fl_mmap(&file_at, fl_mm, 0, 1, FL_READ | FL_WRITE, 0, file, 0), 0);
	ck_assert_int_eq(advise(file_at, 1, FL_MADV_FREE), -EINVAL);
	fl_file_put(file);
}
END_TEST

START_TEST(a_dirty_page_is_free_if_it_is_this_mappings_alone)
{
	struct page *page = page_of(a);

	SetPageDirty(page);
	ck_assert(trylock_page(page));
	ck_assert_int_eq(advise(a, 1, FL_MADV_FREE), 0);
	ck_assert(PageDirty(page) && PageSwapBacked(page) && pte_dirty(entry_of(a)));
	unlock_page(page);
	atomic_inc(&page->_mapcount);
	ck_assert_int_eq(advise(a, 1, FL_MADV_FREE), 0);
	ck_assert(PageDirty(page) && PageSwapBacked(page) && pte_dirty(entry_of(a)));
	page_remove_rmap(page);
	ck_assert_int_eq(advise(a, 1, FL_MADV_FREE), 0);
	ck_assert(!PageDirty(page) && !PageSwapBacked(page) && !pte_dirty(entry_of(a)));
	ck_assert(!PageLocked(page));
}
END_TEST

START_TEST(populated_pages_need_no_fault)
{
	fl_vaddr b = map(3, FL_READ | FL_WRITE), ro = map(1, FL_READ), none = map(1, 0);

	ck_assert_int_eq(advise(b, 3, FL_MADV_POPULATE_READ), 0);
	ck_assert(pte_special(entry_of(b)) && pte_special(entry_of(b + 2 * PAGE)));
	ck_assert_int_eq(advise(b, 2, FL_MADV_POPULATE_WRITE), 0);
	ck_assert(pte_write(entry_of(b)) && pte_write(entry_of(b + PAGE)));
	ck_assert(!pte_write(entry_of(b + 2 * PAGE)));
	ck_assert_int_eq(advise(ro, 1, FL_MADV_POPULATE_READ), 0);
	ck_assert(pte_present(entry_of(ro)));
	ck_assert_int_eq(advise(ro, 1, FL_MADV_POPULATE_WRITE), -EINVAL);
	ck_assert_int_eq(advise(none, 1, FL_MADV_POPULATE_READ), -EINVAL);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

START_TEST(a_hole_ends_populate)
{
	ck_assert_int_eq(advise(a + 3 * PAGE, 2, FL_MADV_DONTNEED), -ENOMEM);
	ck_assert_int_eq(advise(far, 1, FL_MADV_DONTNEED), 0);
	ck_assert_int_eq(advise(a, 6, FL_MADV_POPULATE_READ), -ENOMEM);
	ck_assert(pte_present(entry_of(a + 3 * PAGE)) && pte_none(entry_of(far)));
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

START_TEST(what_would_be_a_bus_error_cannot_be_populated)
{
	struct fl_file *file;
	fl_vaddr at;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_REGULAR, 1, 2), 0);
	ck_assert_int_eq(fl_mmap(&at, fl_mm, 0, 2, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0), 0);
	ck_assert_int_eq(advise(at, 2, FL_MADV_POPULATE_READ), -EFAULT);
	ck_assert(pte_present(entry_of(at)) && !pte_write(entry_of(at)));
	ck_assert_int_eq(advise(at, 1, FL_MADV_POPULATE_WRITE), 0);
	ck_assert(pte_write(entry_of(at)));
	fl_file_put(file);
}
END_TEST

START_TEST(out_of_frames_is_no_memory_for_populate)
{
	uint64_t n = fl_machine_free_frames(machine);
	struct page *taken[16];
	fl_vaddr b = map(2, FL_READ | FL_WRITE);

	for (uint64_t i = 0; i < n; i++)
		taken[i] = alloc_page(machine);
	ck_assert_int_eq(advise(b, 2, FL_MADV_POPULATE_WRITE), -ENOMEM);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	while (n > 0)
		put_page(machine, taken[--n]);
	ck_assert_int_eq(advise(b, 2, FL_MADV_POPULATE_WRITE), 0);
}
END_TEST

START_TEST(mergeable_is_a_property_of_a_range)
{
	ck_assert_int_eq(advise(a + PAGE, 2, FL_MADV_MERGEABLE), 0);
	ck_assert(!(vma_lookup(mm, a)->vm_flags & VM_MERGEABLE));
	ck_assert(vma_lookup(mm, a + PAGE)->vm_flags & VM_MERGEABLE);
	ck_assert(vma_lookup(mm, a + 2 * PAGE)->vm_flags & VM_MERGEABLE);
	ck_assert(!(vma_lookup(mm, a + 3 * PAGE)->vm_flags & VM_MERGEABLE));
	ck_assert_int_eq(advise(a, 4, FL_MADV_UNMERGEABLE), 0);
	ck_assert_ptr_eq(vma_lookup(mm, a), vma_lookup(mm, a + 3 * PAGE));
	ck_assert(!(vma_lookup(mm, a)->vm_flags & VM_MERGEABLE));
	ck_assert_int_eq(advise(a, 6, FL_MADV_MERGEABLE), -ENOMEM);
	ck_assert(vma_lookup(mm, a)->vm_flags & VM_MERGEABLE);
	ck_assert(vma_lookup(mm, far)->vm_flags & VM_MERGEABLE);
	for (unsigned int i = 0; i < 4; i++)
		ck_assert_uint_eq(load(cpu0, a + i * PAGE), i + 1);
}
END_TEST

START_TEST(private_mappings_of_files_are_mergeable_shared_ones_are_not)
{
	struct fl_file *file;
	fl_vaddr shared, private;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 2, 0), 0);
	ck_assert_int_eq(fl_mmap(&shared, fl_mm, 0, 2, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0),
			 0);
	ck_assert_int_eq(fl_mmap(&private, fl_mm, 0, 2, FL_READ | FL_WRITE, 0, file, 0), 0);
	ck_assert_int_eq(advise(shared, 2, FL_MADV_MERGEABLE), 0);
	ck_assert_int_eq(advise(private, 1, FL_MADV_MERGEABLE), 0);
	ck_assert(!(vma_lookup(mm, shared)->vm_flags & VM_MERGEABLE));
	ck_assert(vma_lookup(mm, private)->vm_flags & VM_MERGEABLE);
	ck_assert(!(vma_lookup(mm, private + PAGE)->vm_flags & VM_MERGEABLE));
	/* and with the rest of it */
	ck_assert_int_eq(advise(private, 2, FL_MADV_MERGEABLE), 0);
	ck_assert_ptr_eq(vma_lookup(mm, private + PAGE), vma_lookup(mm, private));
	ck_assert_int_eq(fl_munmap(fl_mm, shared, 2), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, private, 2), 0);
	fl_file_put(file);
}
END_TEST

START_TEST(unmergeable_gives_each_page_back)
{
	struct page *kpage, *all[16];
	int n = 0;

	for (unsigned int i = 0; i < 4; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 5), 0);
	ck_assert_int_eq(advise(a, 4, FL_MADV_MERGEABLE), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 3);
	kpage = page_of(a);
	ck_assert(PageKsm(kpage));
	/* without frames for them the range stays as it is */
	while ((all[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(advise(a + PAGE, 2, FL_MADV_UNMERGEABLE), -ENOMEM);
	ck_assert(vma_lookup(mm, a + PAGE)->vm_flags & VM_MERGEABLE);
	while (n > 0)
		put_page(machine, all[--n]);

	ck_assert_int_eq(advise(a + PAGE, 2, FL_MADV_UNMERGEABLE), 0);
	ck_assert(!(vma_lookup(mm, a + PAGE)->vm_flags & VM_MERGEABLE));
	ck_assert(vma_lookup(mm, a)->vm_flags & VM_MERGEABLE);
	for (unsigned int i = 0; i < 4; i++) {
		ck_assert_int_eq(PageKsm(page_of(a + i * PAGE)), i == 0 || i == 3);
		ck_assert_uint_eq(load(cpu1, a + i * PAGE), 5);
	}
	ck_assert_ptr_eq(page_of(a), kpage);
	ck_assert_int_eq(page_mapcount(kpage), 2);
	/* no advice for what is not mergeable: nothing happens */
	ck_assert_int_eq(advise(a + PAGE, 2, FL_MADV_UNMERGEABLE), 0);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

/* --- together --- */

#define ROUNDS 5000

static void discard_all(struct fl_cpu *cpu, void *arg)
{
	(void)cpu, (void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (fl_madvise(fl_mm, a, 4, i & 1 ? FL_MADV_DONTNEED : FL_MADV_FREE))
			abort();
	}
}

START_TEST(faults_and_two_that_discard_go_on_together)
{
	uint64_t mine = a + 8, word;
	struct call call;

	begin_on(&call, cpu1, discard_all, NULL);
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		uint64_t at = mine + i % 4 * PAGE;

		ck_assert_int_eq(fl_store(cpu0, at, i), 0);
		word = load(cpu0, at);
		ck_assert(word == i || word == 0);
		if (i % 64 == 0) {
			ck_assert_int_eq(advise(a, 4, FL_MADV_DONTNEED), 0);
			/* The call is over: whatever the other one does, nothing old is there. */
			ck_assert_uint_eq(load(cpu0, at), 0);
		}
	}
	end_on(&call);
	ck_assert_int_eq(mm->tlb_flush_pending.counter, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.madvise");
	TCase *tc = test_case("madvise");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, nonsense_is_refused);
	tcase_add_test(tc, what_is_not_needed_is_zeroes);
	tcase_add_test(tc, what_is_cold_is_not_accessed_and_stays);
	tcase_add_test(tc, a_hole_is_told_of_and_the_rest_is_done);
	tcase_add_test(tc, what_is_free_is_clean_old_and_may_be_reclaimed);
	tcase_add_test(tc, a_dirty_page_is_free_if_it_is_this_mappings_alone);
	tcase_add_test(tc, populated_pages_need_no_fault);
	tcase_add_test(tc, a_hole_ends_populate);
	tcase_add_test(tc, what_would_be_a_bus_error_cannot_be_populated);
	tcase_add_test(tc, out_of_frames_is_no_memory_for_populate);
	tcase_add_test(tc, mergeable_is_a_property_of_a_range);
	tcase_add_test(tc, private_mappings_of_files_are_mergeable_shared_ones_are_not);
	tcase_add_test(tc, unmergeable_gives_each_page_back);
	tcase_add_test(tc, faults_and_two_that_discard_go_on_together);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
