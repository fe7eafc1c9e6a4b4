// SPDX-License-Identifier: MIT
/*
 * enomem_vma.c - calls that make, split, merge, change and move areas, with each allocation failing: enomem.h.
 *
 * Pages have numbers, and their number as content. A call that fails leaves the address space as it was, where
 * kernels promise that. They don't where it is done area by area (mprotect(), madvise(), UFFDIO_REGISTER), nor
 * where MAP_FIXED or MREMAP_FIXED made room already.
 */
#include "enomem.h"

#include <faultline/ksm.h>
#include <faultline/numa.h>
#include <faultline/proc.h>

static int map_again(unsigned int i, size_t pages, unsigned int prot, unsigned int flags,
		     struct fl_file *f, uint64_t pgoff)
{
	fl_vaddr addr;

	return fl_mmap(&addr, fl_mm, AT(i), pages, prot, flags, f, pgoff);
}

/* --- mmap --- */

/* Without memory to join it with its neighbours the mapping is an area of its own. */

static void nothing(void)
{
}

static int mmap_two(void)
{
	return map_again(4, 2, RW, 0, NULL, 0);
}

VISIT(mmap_in_an_empty_address_space, .set_up = nothing, .call = mmap_two, .flags = UNCHANGED);

static void two_with_a_hole(void)
{
	must_map(2, 2, RW);
	must_map(6, 2, RW);
	fill(2, 2);
}

VISIT(mmap_between_two_areas_that_it_joins, .set_up = two_with_a_hole, .call = mmap_two,
      .flags = UNCHANGED | BEST_EFFORT);

static void one_with_pages_above(void)
{
	must_map(6, 2, RW);
	fill(6, 1);
}

VISIT(mmap_below_an_area_that_grows, .set_up = one_with_pages_above, .call = mmap_two,
      .flags = UNCHANGED | BEST_EFFORT);

static int mmap_shared(void)
{
	return map_again(4, 2, RW, FL_MAP_SHARED, NULL, 0);
}

VISIT(mmap_of_shared_memory, .set_up = two_with_a_hole, .call = mmap_shared, .flags = UNCHANGED);

static void a_file(void)
{
	must_make_file(FL_FILE_REGULAR, 8);
	must_map(2, 2, RW);
}

static int mmap_file(void)
{
	return map_again(4, 2, RW, 0, file, 3);
}

VISIT(mmap_of_a_file, .set_up = a_file, .call = mmap_file, .clean_up = put_file,
      .flags = UNCHANGED | AREAS);

static void one_with_pages(void)
{
	must_map(2, 7, RW);
	fill(2, 7);
}

static int mmap_fixed(void)
{
	return map_again(4, 2, FL_READ, FL_MAP_FIXED, NULL, 0);
}

/* Up to 6.11 what was there is gone. */
VISIT(mmap_over_the_middle_of_an_area, .set_up = one_with_pages, .call = mmap_fixed);

static int mmap_noreplace(void)
{
	return map_again(9, 2, FL_READ, FL_MAP_FIXED_NOREPLACE, NULL, 0);
}

VISIT(mmap_beside_an_area, .set_up = one_with_pages, .call = mmap_noreplace, .flags = UNCHANGED);

static int mmap_populate(void)
{
	return map_again(20, 6, RW, FL_MAP_POPULATE | FL_MAP_FIXED_NOREPLACE, NULL, 0);
}

VISIT(mmap_that_populates, .set_up = one_with_pages, .call = mmap_populate,
      .flags = UNCHANGED | BEST_EFFORT);

/* --- munmap --- */

static int munmap_all(void)
{
	return fl_munmap(fl_mm, AT(2), 7);
}

VISIT(munmap_of_an_area, .set_up = one_with_pages, .call = munmap_all, .flags = UNCHANGED);

static int munmap_middle(void)
{
	return fl_munmap(fl_mm, AT(4), 2);
}

VISIT(munmap_of_the_middle, .set_up = one_with_pages, .call = munmap_middle,
      .flags = UNCHANGED | AREAS);

static int munmap_end(void)
{
	return fl_munmap(fl_mm, AT(6), 10);
}

VISIT(munmap_of_an_end, .set_up = one_with_pages, .call = munmap_end, .flags = UNCHANGED | AREAS);

static void three_areas(void)
{
	must_map(2, 4, RW);
	must_map(6, 4, FL_READ);
	must_map(12, 4, RW);
	fill(2, 4);
	fill(12, 4);
}

static int munmap_several(void)
{
	return fl_munmap(fl_mm, AT(4), 10);
}

VISIT(munmap_of_several_with_two_splits, .set_up = three_areas, .call = munmap_several,
      .flags = UNCHANGED | AREAS);

static void a_mapped_file(void)
{
	must_make_file(FL_FILE_REGULAR, 8);
	must_map_file(2, 6, 0, 0);
	must_map_file(10, 6, FL_MAP_SHARED, 0);
	fill(3, 2);
	fill(12, 1);
}

static int munmap_of_files(void)
{
	return fl_munmap(fl_mm, AT(4), 8);
}

VISIT(munmap_of_parts_of_a_file, .set_up = a_mapped_file, .call = munmap_of_files,
      .clean_up = put_file, .flags = UNCHANGED);

/* --- many areas: a tree of more than one level --- */

static void many_areas(void)
{
	for (unsigned int i = 2; i < 42; i++)
		must_map(i, 1, i % 2 ? FL_READ : RW);
	fill(2, 1);
}

static int munmap_many(void)
{
	return fl_munmap(fl_mm, AT(5), 34);
}

VISIT(munmap_of_many, .set_up = many_areas, .call = munmap_many, .flags = UNCHANGED | AREAS);

static int mprotect_many(void)
{
	return fl_mprotect(fl_mm, AT(2), 40, FL_READ);
}

VISIT(mprotect_that_merges_many, .set_up = many_areas, .call = mprotect_many, .flags = VALUES);

static void one_long_area(void)
{
	must_map(2, 60, RW);
	fill(2, 60);
}

static int cut_up(void)
{
	for (unsigned int i = 3; i < 60; i += 2) {
		int err = fl_mprotect(fl_mm, AT(i), 1, FL_READ);

		if (err)
			return err;
	}
	return 0;
}

VISIT(mprotect_that_cuts_an_area_up, .set_up = one_long_area, .call = cut_up, .flags = VALUES);

/* --- mprotect --- */

static int protect_middle(void)
{
	return fl_mprotect(fl_mm, AT(4), 2, FL_READ);
}

VISIT(mprotect_of_the_middle, .set_up = one_with_pages, .call = protect_middle,
      .flags = UNCHANGED | AREAS);

static void two_with_different_pages(void)
{
	must_map(2, 2, RW);
	must_map(4, 4, FL_READ);
	fill(2, 2);
}

static int protect_to_be_merged(void)
{
	return fl_mprotect(fl_mm, AT(4), 2, RW);
}

VISIT(mprotect_that_moves_a_border, .set_up = two_with_different_pages,
      .call = protect_to_be_merged, .flags = UNCHANGED | AREAS);

static void two_with_pages_above(void)
{
	must_map(2, 4, FL_READ);
	must_map(6, 2, RW);
	fill(6, 2);
}

VISIT(mprotect_that_moves_a_border_down, .set_up = two_with_pages_above,
      .call = protect_to_be_merged, .flags = UNCHANGED | AREAS);

static int protect_whole(void)
{
	return fl_mprotect(fl_mm, AT(6), 4, RW);
}

static void between_two(void)
{
	must_map(2, 4, RW);
	must_map(6, 4, FL_READ);
	must_map(10, 4, RW);
	fill(10, 2);
}

VISIT(mprotect_that_makes_three_one, .set_up = between_two, .call = protect_whole,
      .flags = UNCHANGED | AREAS);

static int protect_three(void)
{
	return fl_mprotect(fl_mm, AT(4), 6, 0);
}

VISIT(mprotect_of_parts_of_two, .set_up = three_areas, .call = protect_three, .flags = VALUES);

static int protect_file(void)
{
	return fl_mprotect(fl_mm, AT(4), 2, FL_READ);
}

VISIT(mprotect_of_a_part_of_a_file, .set_up = a_mapped_file, .call = protect_file,
      .clean_up = put_file, .flags = UNCHANGED | AREAS);

/* --- mremap --- */

static int remap(unsigned int i, size_t old, size_t new, unsigned int flags, unsigned int to)
{
	fl_vaddr addr;

	return fl_mremap(&addr, fl_mm, AT(i), old, new, flags, AT(to));
}

static int mremap_shrink(void)
{
	return remap(3, 4, 2, 0, 0);
}

VISIT(mremap_that_shrinks_the_middle, .set_up = one_with_pages, .call = mremap_shrink,
      .flags = UNCHANGED | AREAS);

static int mremap_grow(void)
{
	return remap(4, 5, 8, 0, 0);
}

VISIT(mremap_that_grows, .set_up = one_with_pages, .call = mremap_grow, .flags = UNCHANGED | AREAS);

static void one_below_another(void)
{
	one_with_pages();
	must_map(9, 2, FL_READ);
}

static int mremap_grow_away(void)
{
	return remap(4, 5, 8, FL_MREMAP_MAYMOVE, 0);
}

VISIT(mremap_that_grows_elsewhere, .set_up = one_below_another, .call = mremap_grow_away,
      .flags = UNCHANGED | BEST_EFFORT);

static int mremap_middle(void)
{
	return remap(4, 2, 2, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, 33);
}

VISIT(mremap_of_the_middle, .set_up = one_with_pages, .call = mremap_middle,
      .flags = UNCHANGED | BEST_EFFORT);

/* The target lies in two leaf tables: the second may not be had when the first is full. */
static int mremap_across_tables(void)
{
	return remap(2, 7, 7, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, 30);
}

VISIT(mremap_to_several_tables, .set_up = one_with_pages, .call = mremap_across_tables,
      .flags = UNCHANGED | BEST_EFFORT);

static void one_with_a_target(void)
{
	one_with_pages();
	must_map(40, 8, RW);
	fill(40, 8);
}

static int mremap_over(void)
{
	return remap(4, 2, 2, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, 43);
}

VISIT(mremap_over_another_area, .set_up = one_with_a_target, .call = mremap_over,
      .flags = BEST_EFFORT);

static int mremap_dontunmap(void)
{
	return remap(4, 2, 2, FL_MREMAP_MAYMOVE | FL_MREMAP_DONTUNMAP, 33);
}

VISIT(mremap_that_leaves_the_range, .set_up = one_with_pages, .call = mremap_dontunmap,
      .flags = UNCHANGED);

static int mremap_duplicate(void)
{
	return remap(10, 0, 4, FL_MREMAP_MAYMOVE, 0);
}

VISIT(mremap_that_duplicates, .set_up = a_mapped_file, .call = mremap_duplicate,
      .clean_up = put_file, .flags = UNCHANGED);

static void one_that_was_elsewhere(void)
{
	one_with_pages();
	ck_assert_int_eq(remap(7, 2, 2, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, 20), 0);
}

static int mremap_back(void)
{
	return remap(20, 2, 2, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, 7);
}

VISIT(mremap_back_to_the_rest, .set_up = one_that_was_elsewhere, .call = mremap_back,
      .flags = UNCHANGED | BEST_EFFORT);

static void one_with_uffd(void)
{
	one_with_pages();
	must_register(2, 7, FL_UFFD_WP);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, AT(2), 7, true), 0);
}

VISIT(mremap_of_what_userfaultfd_watches, .set_up = one_with_uffd, .call = mremap_across_tables,
      .clean_up = forget_uffd, .flags = VALUES | BEST_EFFORT, .since = V5_12);

/* --- madvise --- */

static int advise(unsigned int i, size_t pages, enum fl_advice advice)
{
	return fl_madvise(fl_mm, AT(i), pages, advice);
}

static int mergeable_middle(void)
{
	return advise(4, 2, FL_MADV_MERGEABLE);
}

VISIT(madvise_mergeable_of_the_middle, .set_up = one_with_pages, .call = mergeable_middle,
      .flags = UNCHANGED | AREAS);

static void merged_pages(void)
{
	must_map(2, 4, RW);
	for (unsigned int i = 2; i < 6; i++)
		ck_assert_int_eq(fl_store(cpu0, AT(i), 7), 0);
	ck_assert_int_eq(advise(2, 4, FL_MADV_MERGEABLE), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_gt(fl_ksm_scan(cpu0, machine), 0);
}

static int unmergeable_middle(void)
{
	return advise(3, 2, FL_MADV_UNMERGEABLE);
}

VISIT(madvise_unmergeable_of_the_middle, .set_up = merged_pages, .call = unmergeable_middle,
      .flags = VALUES);

static int populate_read(void)
{
	return advise(2, 6, FL_MADV_POPULATE_READ);
}

static int populate_write(void)
{
	return advise(2, 6, FL_MADV_POPULATE_WRITE);
}

static void an_empty_area(void)
{
	must_map(2, 6, RW);
}

VISIT(madvise_populate_read, .set_up = an_empty_area, .call = populate_read, .flags = VALUES);
VISIT(madvise_populate_write, .set_up = an_empty_area, .call = populate_write, .flags = VALUES);
VISIT(madvise_populate_of_a_file, .set_up = a_mapped_file, .call = populate_write,
      .clean_up = put_file, .flags = VALUES);

static int dontneed(void)
{
	return advise(3, 4, FL_MADV_DONTNEED);
}

VISIT(madvise_dontneed, .set_up = one_with_pages, .call = dontneed, .flags = NEVER_FAILS);

static int madvise_free(void)
{
	return advise(3, 4, FL_MADV_FREE);
}

VISIT(madvise_free_, .set_up = one_with_pages, .call = madvise_free, .flags = NEVER_FAILS);

static int clear_refs(void)
{
	return fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

/* 5.12 leaves the flush out, which is its bug. */
VISIT(clear_refs_, .set_up = three_areas, .call = clear_refs, .flags = NEVER_FAILS, .since = V6_1);

/* --- userfaultfd --- */

static void one_and_a_uffd(void)
{
	one_with_pages();
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
}

static int register_middle(void)
{
	return fl_uffd_register(uffd, cpu0, AT(4), 2, FL_UFFD_MISSING);
}

VISIT(uffd_register_of_the_middle, .set_up = one_and_a_uffd, .call = register_middle,
      .clean_up = forget_uffd, .flags = UNCHANGED | AREAS);

static void three_and_a_uffd(void)
{
	three_areas();
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
}

static int register_several(void)
{
	return fl_uffd_register(uffd, cpu0, AT(4), 10, FL_UFFD_MISSING);
}

VISIT(uffd_register_of_several, .set_up = three_and_a_uffd, .call = register_several,
      .clean_up = forget_uffd, .flags = VALUES);

static int unregister_middle(void)
{
	return fl_uffd_unregister(uffd, cpu0, AT(4), 2);
}

/* The protection goes first. */
VISIT(uffd_unregister_of_the_middle, .set_up = one_with_uffd, .call = unregister_middle,
      .clean_up = forget_uffd, .flags = VALUES, .since = V5_12);

static int close_uffd(void)
{
	fl_uffd_close(uffd);
	uffd = NULL;
	return 0;
}

static void three_with_uffd(void)
{
	three_areas();
	must_register(3, 2, FL_UFFD_MISSING);
	must_register(8, 6, FL_UFFD_MISSING);
}

VISIT(uffd_close, .set_up = three_with_uffd, .call = close_uffd, .flags = NEVER_FAILS);

/* Markers need tables. */
static void an_empty_shared_area_with_uffd(void)
{
	must_make_file(FL_FILE_SHMEM, 8);
	must_map_file(2, 8, FL_MAP_SHARED, 0);
	must_register(2, 8, FL_UFFD_WP);
}

static int wp_markers(void)
{
	return fl_uffd_writeprotect(uffd, AT(2), 8, true);
}

static void forget_uffd_and_file(void)
{
	forget_uffd();
	put_file();
}

VISIT(uffd_writeprotect_with_markers, .set_up = an_empty_shared_area_with_uffd, .call = wp_markers,
      .clean_up = forget_uffd_and_file, .flags = VALUES, .since = V6_1);

/* --- mbind --- */

static int mbind_middle(void)
{
	return fl_mbind(fl_mm, AT(4), 2, FL_MPOL_BIND);
}

VISIT(mbind_of_the_middle, .set_up = one_with_pages, .call = mbind_middle,
      .flags = UNCHANGED | AREAS);

static void one_with_a_policy(void)
{
	one_with_pages();
	ck_assert_int_eq(mbind_middle(), 0);
}

static int mbind_all(void)
{
	return fl_mbind(fl_mm, AT(2), 4, FL_MPOL_BIND);
}

VISIT(mbind_that_moves_a_border, .set_up = one_with_a_policy, .call = mbind_all,
      .flags = UNCHANGED | AREAS);

/* --- a stack that grows --- */

static void one_stack(void)
{
	ck_assert_int_eq(map_again(8, 1, RW, FL_MAP_GROWSDOWN | FL_MAP_FIXED, NULL, 0), 0);
}

/* A program whose stack can't grow gets a signal. */
static int push(void)
{
	int err = fl_store(cpu0, AT(6), 0);

	return err == -EFAULT ? -ENOMEM : err;
}

VISIT(stack_that_grows, .set_up = one_stack, .call = push, .flags = VALUES);

static const struct visit *const visits[] = {
	&mmap_in_an_empty_address_space,
	&mmap_between_two_areas_that_it_joins,
	&mmap_below_an_area_that_grows,
	&mmap_of_shared_memory,
	&mmap_of_a_file,
	&mmap_over_the_middle_of_an_area,
	&mmap_beside_an_area,
	&mmap_that_populates,
	&munmap_of_an_area,
	&munmap_of_the_middle,
	&munmap_of_an_end,
	&munmap_of_several_with_two_splits,
	&munmap_of_parts_of_a_file,
	&munmap_of_many,
	&mprotect_that_merges_many,
	&mprotect_that_cuts_an_area_up,
	&mprotect_of_the_middle,
	&mprotect_that_moves_a_border,
	&mprotect_that_moves_a_border_down,
	&mprotect_that_makes_three_one,
	&mprotect_of_parts_of_two,
	&mprotect_of_a_part_of_a_file,
	&mremap_that_shrinks_the_middle,
	&mremap_that_grows,
	&mremap_that_grows_elsewhere,
	&mremap_of_the_middle,
	&mremap_to_several_tables,
	&mremap_over_another_area,
	&mremap_that_leaves_the_range,
	&mremap_that_duplicates,
	&mremap_back_to_the_rest,
	&mremap_of_what_userfaultfd_watches,
	&madvise_mergeable_of_the_middle,
	&madvise_unmergeable_of_the_middle,
	&madvise_populate_read,
	&madvise_populate_write,
	&madvise_populate_of_a_file,
	&madvise_dontneed,
	&madvise_free_,
	&clear_refs_,
	&uffd_register_of_the_middle,
	&uffd_register_of_several,
	&uffd_unregister_of_the_middle,
	&uffd_close,
	&uffd_writeprotect_with_markers,
	&mbind_of_the_middle,
	&mbind_that_moves_a_border,
	&stack_that_grows,
};

START_TEST(all_allocations_may_fail)
{
	visit(visits[_i]);
}
END_TEST

int main(void)
{
	return run_visits("mm.enomem_vma", all_allocations_may_fail,
			  sizeof(visits) / sizeof(*visits));
}
