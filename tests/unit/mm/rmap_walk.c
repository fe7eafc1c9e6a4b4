// SPDX-License-Identifier: MIT
/*
 * rmap_walk.c - tests lib/mm/rmap_walk.c: which places a page is looked for at, in which order, what is
 * done when nobody maps it any more, and that the memory of anon_vmas stays what it is.
 */
#include "layout.h"

#include <errno.h>

#include "mm/anon_vma_cache.h"
#include "mm/pgalloc.h"
#include "mm/rmap_walk.h"

/* The places that a walk came to. */
static struct {
	struct mm_struct *mm;
	fl_vaddr addr;
	bool mapped;
} seen[16];
static unsigned int nr_seen, stop_after;

static bool note(struct fl_machine *m, struct page *page, struct vm_area_struct *vma, fl_vaddr addr,
		 void *arg)
{
	struct page_vma_mapped_walk pvmw = { .page = page, .vma = vma, .address = addr };
	bool mapped = page_vma_mapped_walk(m, &pvmw);

	ck_assert_ptr_eq(arg, &nr_seen);
	ck_assert_int_eq(mapped, pvmw.pte != NULL);
	if (mapped)
		ck_assert(!page_vma_mapped_walk(
			m, &pvmw)); /* once per place, and lets go of the PTL */
	ck_assert_ptr_null(pvmw.ptl);
	seen[nr_seen].mm = vma->vm_mm;
	seen[nr_seen].mapped = mapped;
	seen[nr_seen++].addr = addr;
	return nr_seen != stop_after;
}

static int walk(struct page *page, bool try_lock, bool held)
{
	const struct rmap_walk_control rwc = {
		.arg = &nr_seen, .rmap_one = note, .try_lock = try_lock, .anon_vma_held = held
	};

	nr_seen = 0;
	return rmap_walk(machine, page, &rwc);
}

static void make(void)
{
	struct fl_machine_config config = { .cpus = 2, .migration = 1 };

	fl_machine_config_small(&config);
	config.frames = 64;
	make_world_with(&config, "6.12", NULL);
	stop_after = 0;
}

START_TEST(a_page_is_found_where_its_area_has_it)
{
	map_at(2, 4, RW);
	touch(2);
	touch(4);
	ck_assert_int_eq(walk(page_of(4 * PAGE), false, false), 0);
	ck_assert_uint_eq(nr_seen, 1);
	ck_assert_uint_eq(seen[0].addr, 4 * PAGE);
	ck_assert(seen[0].mapped);
	/* A split of the area does not matter. */
	ck_assert_int_eq(split_vma(mm, area_of(2), 3 * PAGE), 0);
	ck_assert_int_eq(walk(page_of(4 * PAGE), false, false), 0);
	ck_assert_uint_eq(nr_seen, 1);
	ck_assert_uint_eq(seen[0].addr, 4 * PAGE);
}
END_TEST

START_TEST(an_area_that_moved_has_it_at_the_new_place)
{
	struct page *page;

	map_at(2, 2, RW);
	touch(3);
	page = page_of(3 * PAGE);
	move(2, 2, 9);
	ck_assert_int_eq(walk(page, false, false), 0);
	ck_assert_uint_eq(nr_seen, 1);
	ck_assert_uint_eq(seen[0].addr, 10 * PAGE);
	ck_assert(seen[0].mapped);
}
END_TEST

START_TEST(a_shared_page_is_found_in_parent_and_child_in_this_order)
{
	struct fl_mm *child;

	map_at(2, 2, RW);
	touch(2);
	touch(3);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	/* The parent's copy is its own: the child's place is looked at all the same, and is empty. */
	touch(3);
	ck_assert_int_eq(walk(page_of(2 * PAGE), false, false), 0);
	ck_assert_uint_eq(nr_seen, 2);
	ck_assert_ptr_eq(seen[0].mm, mm);
	ck_assert_ptr_eq(seen[1].mm, &child->mm);
	ck_assert(seen[0].mapped && seen[1].mapped);
	ck_assert_int_eq(walk(page_of(3 * PAGE), false, false), 0);
	ck_assert_uint_eq(nr_seen, 2);
	ck_assert(seen[0].mapped && !seen[1].mapped);
	/* Until somebody has had enough. */
	stop_after = 1;
	ck_assert_int_eq(walk(page_of(2 * PAGE), false, false), 0);
	ck_assert_uint_eq(nr_seen, 1);
	fl_mm_destroy(child);
}
END_TEST

static bool seen_enough(struct page *page)
{
	return page_mapcount(page) == 2;
}

START_TEST(the_walk_ends_when_it_is_done)
{
	const struct rmap_walk_control rwc = { .arg = &nr_seen,
					       .rmap_one = note,
					       .done = seen_enough };
	struct fl_mm *child;

	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	nr_seen = 0;
	ck_assert_int_eq(rmap_walk(machine, page_of(2 * PAGE), &rwc), 0);
	ck_assert_uint_eq(nr_seen, 1);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(a_file_page_is_found_in_all_mappings_that_reach_it)
{
	struct fl_file *file;
	struct page *page;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_file_at(1, 2, FL_MAP_SHARED, file, 4);
	map_file_at(5, 1, FL_MAP_SHARED, file, 4);
	map_file_at(8, 2, FL_MAP_SHARED, file, 5);
	load(cpu0, 2 * PAGE);
	page = page_of(2 * PAGE);
	ck_assert_int_eq(walk(page, false, false), 0);
	ck_assert_uint_eq(nr_seen, 2);
	ck_assert_uint_eq(seen[0].addr + seen[1].addr, 2 * PAGE + 8 * PAGE);
	ck_assert_int_eq(seen[0].mapped + seen[1].mapped, 1);
	/* Truncated: it has no mappings. */
	get_page(page);
	ck_assert_int_eq(fl_file_truncate(file, 0), 0);
	ck_assert_int_eq(walk(page, false, false), 0);
	ck_assert_uint_eq(nr_seen, 0);
	put_page(machine, page);
	fl_file_put(file);
}
END_TEST

START_TEST(a_lock_that_is_taken_ends_a_walk_that_only_tries)
{
	struct anon_vma *anon_vma;
	struct fl_file *file;
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = page_of(2 * PAGE);
	anon_vma = page->mapping;
	anon_vma_lock_write(anon_vma);
	ck_assert_int_eq(walk(page, true, false), -EAGAIN);
	ck_assert_int_eq(walk(page, true, true), -EAGAIN);
	ck_assert_uint_eq(nr_seen, 0);
	anon_vma_unlock_write(anon_vma);
	ck_assert_int_eq(walk(page, true, false), 0);
	ck_assert_uint_eq(nr_seen, 1);

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 1, 0), 0);
	map_file_at(5, 1, FL_MAP_SHARED, file, 0);
	load(cpu0, 5 * PAGE);
	down_write(&file->mapping.i_mmap_rwsem);
	ck_assert_int_eq(walk(page_of(5 * PAGE), true, false), -EAGAIN);
	up_write(&file->mapping.i_mmap_rwsem);
	ck_assert_int_eq(walk(page_of(5 * PAGE), true, false), 0);
	ck_assert_uint_eq(nr_seen, 1);
	fl_file_put(file);
}
END_TEST

START_TEST(a_page_that_nobody_maps_has_no_walk_unless_its_anon_vma_is_held)
{
	struct anon_vma *anon_vma;
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = page_of(2 * PAGE);
	get_page(page);
	anon_vma = page_get_anon_vma(machine, page);
	ck_assert_ptr_eq(anon_vma, page->mapping);
	ck_assert_uint_eq(refcount_read(&anon_vma->refcount), 2); /* its VMAs' and ours */
	ck_assert_int_eq(fl_madvise(fl_mm, 2 * PAGE, 1, FL_MADV_DONTNEED), 0);
	ck_assert_int_eq(walk(page, false, false), 0);
	ck_assert_uint_eq(nr_seen, 0);
	ck_assert_int_eq(walk(page, false, true), 0);
	ck_assert_uint_eq(nr_seen, 1);
	ck_assert(!seen[0].mapped);
	ck_assert_ptr_null(page_get_anon_vma(machine, page));
	put_anon_vma(machine, anon_vma);
	put_page(machine, page);
}
END_TEST

START_TEST(an_anon_vma_that_was_freed_is_one_again)
{
	struct anon_vma *first, *child_anon_vma;
	struct fl_mm *child;
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = page_of(2 * PAGE);
	first = page->mapping;
	get_page(page);
	unmap(2, 1);
	/* The page still says so, and nobody believes it. */
	ck_assert_ptr_eq(page->mapping, first);
	ck_assert_ptr_null(page_get_anon_vma(machine, page));
	map_at(5, 1, RW);
	touch(5);
	ck_assert_ptr_eq(area_of(5)->anon_vma, first);
	ck_assert_int_eq(first->num_children, 1);
	ck_assert_int_eq(first->num_active_vmas, 1);
	ck_assert_int_eq(walk(page, false, false), 0);
	ck_assert_uint_eq(nr_seen, 0);
	put_page(machine, page);
	/* Also as a child's: root and parent are another's then. */
	map_at(9, 1, RW);
	touch(9);
	ck_assert_ptr_ne(area_of(9)->anon_vma, first);
	unmap(5, 1);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	child_anon_vma = vma_lookup(&child->mm, 9 * PAGE)->anon_vma;
	ck_assert_ptr_eq(child_anon_vma, first);
	ck_assert_ptr_eq(first->root, area_of(9)->anon_vma);
	ck_assert_ptr_eq(first->parent, area_of(9)->anon_vma);
	ck_assert_int_eq(first->num_children, 0);
	fl_mm_destroy(child);
	ck_assert_int_eq(area_of(9)->anon_vma->num_children, 1);
}
END_TEST

START_TEST(a_held_anon_vma_keeps_its_root_and_not_its_parent)
{
	struct anon_vma *root, *parent, *held;
	struct fl_mm *son, *grandson;
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	root = area_of(2)->anon_vma;
	ck_assert_int_eq(fl_fork(&son, fl_mm), 0);
	parent = vma_lookup(&son->mm, 2 * PAGE)->anon_vma;
	ck_assert_int_eq(fl_fork(&grandson, son), 0);
	ck_assert_ptr_eq(vma_lookup(&grandson->mm, 2 * PAGE)->anon_vma->parent, parent);
	fl_switch_mm(cpu1, grandson);
	ck_assert_int_eq(fl_store(cpu1, 2 * PAGE, 3), 0);
	fl_switch_mm(cpu1, fl_mm);
	page = pfn_to_page(
		machine, pte_pfn(*pte_offset_map(
				 machine, *pmd_offset_lockless(machine, grandson->mm.pgd, 2 * PAGE),
				 2 * PAGE)));
	held = page_get_anon_vma(machine, page);
	ck_assert_ptr_eq(held->parent, parent);
	fl_mm_destroy(grandson);
	fl_mm_destroy(son);
	unmap(2, 1);
	ck_assert_uint_eq(refcount_read(&held->refcount), 1);
	ck_assert_uint_eq(refcount_read(&root->refcount), 1);
	/* The parent is free, and another family's before the one that is held is let go of. */
	map_at(5, 1, RW);
	touch(5);
	ck_assert_ptr_eq(area_of(5)->anon_vma, parent);
	ck_assert_ptr_eq(parent->root, parent);
	put_anon_vma(machine, held);
	ck_assert_uint_eq(refcount_read(&root->refcount), 0);
	ck_assert_uint_eq(refcount_read(&parent->refcount), 1);
}
END_TEST

START_TEST(an_anon_vma_that_another_cpu_freed_is_taken_if_there_is_no_other)
{
	struct anon_vma *anon_vma = fl_zalloc(sizeof(*anon_vma));

	init_rwsem(&anon_vma->rwsem);
	ck_assert_ptr_null(anon_vma_cache_get(machine));
	fl_cpu_unbind(cpu0);
	ck_assert_int_eq(fl_cpu_bind(cpu1), 0);
	anon_vma_cache_put(machine, anon_vma);
	fl_cpu_unbind(cpu1);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
	ck_assert_ptr_eq(anon_vma_cache_get(machine), anon_vma);
	ck_assert_ptr_null(anon_vma_cache_get(machine));
	anon_vma_cache_put(machine, anon_vma);
}
END_TEST

START_TEST(a_ksm_page_has_no_walk)
{
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = page_of(2 * PAGE);
	set_bit(PG_ksm, &page->flags);
	ck_assert_int_eq(walk(page, false, false), 0);
	ck_assert_uint_eq(nr_seen, 0);
	ClearPageKsm(page);
}
END_TEST

/* The entry for page number @i, by hand. */
static void set_entry(unsigned int i, pte_t pte)
{
	set_pte(pte_offset_map(machine, pmd_read_lockless(machine, mm->pgd, i * PAGE), i * PAGE),
		pte);
}

START_TEST(an_entry_is_found_by_its_kind)
{
	struct page_vma_mapped_walk pvmw = { .address = 2 * PAGE };
	struct page *page;
	pte_t pte;

	map_at(2, 1, RW);
	touch(2);
	page = pvmw.page = page_of(2 * PAGE);
	pvmw.vma = area_of(2);
	pte = entry_of(2 * PAGE);
	for (int sync = 0; sync < 2; sync++) {
		pvmw.sync = sync;
		ck_assert(page_vma_mapped_walk(machine, &pvmw));
		ck_assert_int_ne(spin_is_locked(pvmw.ptl), 0);
		page_vma_mapped_walk_done(&pvmw);
		set_entry(2, make_swp_pte(SWP_MIGRATION_READ, page_to_pfn(page)));
		ck_assert(!page_vma_mapped_walk(machine, &pvmw));
		pvmw.migration = true;
		ck_assert(page_vma_mapped_walk(machine, &pvmw));
		page_vma_mapped_walk_done(&pvmw);
		/* Of another page; and what only looks like one. */
		set_entry(2, make_swp_pte(SWP_MIGRATION_WRITE, page_to_pfn(page) + 1));
		ck_assert(!page_vma_mapped_walk(machine, &pvmw));
		set_entry(2, make_swp_pte(SWP_SWAP, page_to_pfn(page)));
		ck_assert(!page_vma_mapped_walk(machine, &pvmw));
		set_entry(2, pte);
		ck_assert(!page_vma_mapped_walk(machine, &pvmw));
		pvmw.migration = false;
	}
	/* protnone is mapped; without a table there is nothing. */
	set_entry(2, (pte & ~_PAGE_PRESENT) | _PAGE_PROTNONE);
	ck_assert(page_vma_mapped_walk(machine, &pvmw));
	page_vma_mapped_walk_done(&pvmw);
	set_entry(2, pte);
	pvmw.address = 12 * PAGE;
	ck_assert(!page_vma_mapped_walk(machine, &pvmw));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.rmap_walk");
	TCase *tc = test_case("rmap_walk");

	tcase_add_checked_fixture(tc, make, end_world);
	tcase_add_test(tc, a_page_is_found_where_its_area_has_it);
	tcase_add_test(tc, an_area_that_moved_has_it_at_the_new_place);
	tcase_add_test(tc, a_shared_page_is_found_in_parent_and_child_in_this_order);
	tcase_add_test(tc, the_walk_ends_when_it_is_done);
	tcase_add_test(tc, a_file_page_is_found_in_all_mappings_that_reach_it);
	tcase_add_test(tc, a_lock_that_is_taken_ends_a_walk_that_only_tries);
	tcase_add_test(tc, a_page_that_nobody_maps_has_no_walk_unless_its_anon_vma_is_held);
	tcase_add_test(tc, an_anon_vma_that_was_freed_is_one_again);
	tcase_add_test(tc, a_held_anon_vma_keeps_its_root_and_not_its_parent);
	tcase_add_test(tc, an_anon_vma_that_another_cpu_freed_is_taken_if_there_is_no_other);
	tcase_add_test(tc, a_ksm_page_has_no_walk);
	tcase_add_test(tc, an_entry_is_found_by_its_kind);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
