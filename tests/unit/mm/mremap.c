// SPDX-License-Identifier: MIT
/*
 * mremap.c - tests lib/mm/mremap.c: moving, growing, shrinking, duplicating; what moves along, what is
 * left, and that a failure changes nothing.
 */
#include "layout.h"

#include <errno.h>

static int remap(fl_vaddr *out, unsigned int from, size_t old, size_t new, unsigned int flags,
		 unsigned int to)
{
	return fl_mremap(out, fl_mm, from * PAGE, old, new, flags, to * PAGE);
}

static int remap_error(unsigned int from, size_t old, size_t new, unsigned int flags,
		       unsigned int to)
{
	fl_vaddr a = 77;
	int err = remap(&a, from, old, new, flags, to);

	ck_assert(!err || a == 77);
	return err;
}

#define FIXED (FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED)
#define DONTUNMAP (FL_MREMAP_MAYMOVE | FL_MREMAP_DONTUNMAP)

START_TEST(pages_move_with_their_frames)
{
	uint64_t frames, pfn, word;

	map_at(1, 4, RW);
	touch(1);
	touch(3);
	load(cpu0, 4 * PAGE);
	pfn = pte_pfn(entry_of(3 * PAGE));
	frames = fl_machine_free_frames(machine);
	ck_assert_uint_eq(load(cpu1, 3 * PAGE), 3);
	move(1, 4, 9);
	ck_assert_str_eq(picture(), "........AAAA...");
	ck_assert_uint_eq(pte_pfn(entry_of(11 * PAGE)), pfn);
	ck_assert(pte_special(entry_of(12 * PAGE)));
	ck_assert(pte_none(entry_of(10 * PAGE)));
	ck_assert(pte_none(entry_of(3 * PAGE)));
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	/* Nobody reaches them at the old place, not even through a TLB. */
	ck_assert_int_eq(fl_load(&word, cpu1, 3 * PAGE), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, 3 * PAGE), -EFAULT);
	ck_assert_uint_eq(load(cpu1, 9 * PAGE), 1);
	ck_assert_uint_eq(load(cpu1, 11 * PAGE), 3);
	/* Touched memory keeps its offset, and the page its owner. */
	ck_assert_uint_eq(area_of(9)->vm_pgoff, 1);
	ck_assert_ptr_eq(page_of(11 * PAGE)->mapping, area_of(9)->anon_vma);
	ck_assert_uint_eq(page_of(11 * PAGE)->index,
			  linear_page_index(machine, area_of(9), 11 * PAGE));
	ck_assert_uint_eq(anon_vma_length(area_of(9)->anon_vma), 1);
	ck_assert_int_eq(fl_store(cpu1, 9 * PAGE, 5), 0);
}
END_TEST

START_TEST(moved_entries_count_as_soft_dirty)
{
	pte_t *ptep;

	map_at(1, 1, RW);
	touch(1);
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, PAGE), PAGE);
	*ptep = pte_clear_soft_dirty(*ptep);
	move(1, 1, 9);
	ck_assert(pte_soft_dirty(entry_of(9 * PAGE)));
}
END_TEST

START_TEST(a_part_moves_out_of_the_middle)
{
	map_at(1, 6, RW);
	for (unsigned int i = 1; i <= 6; i++)
		touch(i);
	move(3, 2, 13);
	ck_assert_str_eq(picture(), "AA..BB......CC.");
	for (unsigned int i = 1; i <= 6; i++)
		ck_assert_uint_eq(load(cpu0, (i == 3 || i == 4 ? i + 10 : i) * PAGE), i);
	ck_assert_uint_eq(area_of(5)->vm_pgoff, 5);
	ck_assert_uint_eq(area_of(13)->vm_pgoff, 3);
}
END_TEST

START_TEST(it_shrinks_in_place)
{
	uint64_t frames;
	fl_vaddr a;

	map_at(1, 4, RW);
	frames = fl_machine_free_frames(machine);
	touch(1);
	touch(4);
	ck_assert_int_eq(remap(&a, 1, 4, 2, 0, 0), 0);
	ck_assert_uint_eq(a, 1 * PAGE);
	ck_assert_str_eq(picture(), "AA.............");
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	ck_assert_int_eq(remap(&a, 1, 2, 2, 0, 0), 0);
	ck_assert_uint_eq(a, 1 * PAGE);
}
END_TEST

START_TEST(it_grows_in_place_where_there_is_room)
{
	fl_vaddr a;

	map_at(1, 2, RW);
	map_at(6, 1, RW);
	touch(1);
	ck_assert_int_eq(remap(&a, 1, 2, 4, 0, 0), 0);
	ck_assert_uint_eq(a, 1 * PAGE);
	ck_assert_str_eq(picture(), "AAAA.B.........");
	/* Up to a neighbour that is alike. */
	ck_assert_int_eq(remap(&a, 3, 2, 3, FL_MREMAP_MAYMOVE, 0), 0);
	ck_assert_uint_eq(a, 3 * PAGE);
	ck_assert_str_eq(picture(), "AAAAAA.........");
	ck_assert_uint_eq(load(cpu0, 1 * PAGE), 1);
}
END_TEST

START_TEST(it_moves_to_grow_where_it_may)
{
	fl_vaddr a;

	map_at(1, 2, RW);
	map_at(3, 1, FL_READ);
	touch(2);
	ck_assert_int_eq(remap_error(1, 2, 4, 0, 0), -ENOMEM);
	ck_assert_int_eq(remap(&a, 1, 2, 4, FL_MREMAP_MAYMOVE, 0), 0);
	ck_assert_uint_eq(a, 4 * PAGE);
	ck_assert_str_eq(picture(), "..ABBBB........");
	ck_assert_uint_eq(load(cpu0, 5 * PAGE), 2);
	ck_assert_int_eq(fl_store(cpu0, 7 * PAGE, 1), 0);
	/* The first half of it grows: it has to leave the second one. */
	ck_assert_int_eq(remap_error(4, 2, 3, 0, 0), -ENOMEM);
	ck_assert_int_eq(remap_error(4, 4, 13, FL_MREMAP_MAYMOVE, 0), -ENOMEM);
	ck_assert_int_eq(remap(&a, 4, 2, 3, FL_MREMAP_MAYMOVE, 0), 0);
	ck_assert_str_eq(picture(), "..A..BBCCC.....");
	ck_assert_uint_eq(load(cpu0, 9 * PAGE), 2);
}
END_TEST

START_TEST(a_fixed_target_is_unmapped_first)
{
	uint64_t frames;
	fl_vaddr a;

	map_at(1, 3, RW);
	map_at(8, 4, FL_READ);
	touch(1);
	touch(3);
	frames = fl_machine_free_frames(machine);
	ck_assert_int_eq(remap(&a, 1, 3, 2, FIXED, 9), 0);
	ck_assert_uint_eq(a, 9 * PAGE);
	ck_assert_str_eq(picture(), ".......ABBC....");
	ck_assert_uint_eq(load(cpu0, 9 * PAGE), 1);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames + 1);
}
END_TEST

START_TEST(the_old_range_can_stay_mapped)
{
	uint64_t frames;
	fl_vaddr a;

	map_at(1, 3, RW);
	touch(1);
	frames = fl_machine_free_frames(machine);
	ck_assert_int_eq(remap(&a, 1, 3, 3, DONTUNMAP, 0), 0);
	ck_assert_uint_eq(a, 4 * PAGE);
	ck_assert_str_eq(picture(), "AAABBB.........");
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	ck_assert_uint_eq(load(cpu0, 4 * PAGE), 1);
	ck_assert_uint_eq(load(cpu1, 1 * PAGE), 0);
	ck_assert_ptr_null(area_of(1)->anon_vma);
	ck_assert_uint_eq(anon_vma_length(area_of(4)->anon_vma), 1);
	/* A part: what is left of the area has pages, perhaps. */
	ck_assert_int_eq(remap(&a, 4, 1, 1, DONTUNMAP | FL_MREMAP_FIXED, 12), 0);
	ck_assert_str_eq(picture(), "AAABBB.....C...");
	ck_assert_ptr_nonnull(area_of(4)->anon_vma);
	ck_assert_uint_eq(load(cpu0, 12 * PAGE), 1);
	ck_assert_uint_eq(load(cpu0, 4 * PAGE), 0);
	/* The new place can be a hint; untouched memory does not join itself. */
	map_at(8, 1, 0);
	ck_assert_int_eq(remap(&a, 8, 1, 1, DONTUNMAP, 9), 0);
	ck_assert_str_eq(picture(), "AAABBB.CD..E...");
}
END_TEST

START_TEST(untouched_memory_can_join_itself)
{
	fl_vaddr a;

	map_at(3, 2, RW);
	ck_assert_int_eq(remap(&a, 3, 1, 1, FIXED, 5), 0);
	/* It grew to 5, and lost 3. */
	ck_assert_str_eq(picture(), "...AA..........");
	ck_assert_int_eq(remap(&a, 5, 1, 1, FIXED, 3), 0);
	ck_assert_str_eq(picture(), "..AA...........");
	/* The zero page moves as well. */
	load(cpu0, 4 * PAGE);
	ck_assert_int_eq(remap(&a, 4, 1, 1, FIXED, 2), 0);
	ck_assert_str_eq(picture(), ".AA............");
	ck_assert(pte_special(entry_of(2 * PAGE)));
	ck_assert(pte_none(entry_of(4 * PAGE)));
}
END_TEST

START_TEST(a_shared_mapping_can_be_duplicated)
{
	struct fl_file *file;
	fl_vaddr a;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_file_at(1, 4, FL_MAP_SHARED, file, 2);
	ck_assert_int_eq(remap(&a, 2, 0, 2, FL_MREMAP_MAYMOVE, 0), 0);
	ck_assert_uint_eq(a, 5 * PAGE);
	ck_assert_str_eq(picture(), "AAAABB.........");
	ck_assert_ptr_eq(area_of(5)->vm_file, file);
	ck_assert_uint_eq(area_of(5)->vm_pgoff, 3);
	ck_assert_uint_eq(i_mmap_length(file), 2);
	ck_assert_uint_eq(refcount_read(&file->refcount), 3);
	/* Walks over the file's mappings come to the older one first. */
	ck_assert_ptr_eq(area_of(1)->i_mmap_next, area_of(5));
	/* In place there is nothing to grow; private memory has no duplicate. */
	ck_assert_int_eq(remap_error(2, 0, 2, 0, 0), -ENOMEM);
	map_at(9, 1, RW);
	ck_assert_int_eq(remap_error(9, 0, 1, FL_MREMAP_MAYMOVE, 0), -EINVAL);
	ck_assert_int_eq(remap_error(9, 0, 1, FIXED, 12), -EINVAL);
	fl_file_put(file);
}
END_TEST

START_TEST(a_mapping_of_a_file_moves)
{
	struct fl_file *file;
	fl_vaddr a;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_file_at(1, 4, FL_MAP_SHARED, file, 2);
	ck_assert_int_eq(remap(&a, 3, 2, 2, FIXED, 9), 0);
	ck_assert_str_eq(picture(), "AA......BB.....");
	ck_assert_uint_eq(area_of(9)->vm_pgoff, 4);
	ck_assert_uint_eq(i_mmap_length(file), 2);
	ck_assert_uint_eq(refcount_read(&file->refcount), 3);
	/* and back */
	ck_assert_int_eq(remap(&a, 9, 2, 2, FIXED, 3), 0);
	ck_assert_str_eq(picture(), "AAAA...........");
	ck_assert_uint_eq(i_mmap_length(file), 1);
	ck_assert_uint_eq(refcount_read(&file->refcount), 2);
	fl_file_put(file);
}
END_TEST

/* Does page number @i have the bit, and the one behind it a marker? What moved does: these profiles are older than 6.13. */
static bool uffd_wp_at(unsigned int i)
{
	ck_assert_int_eq(machine->policy.mremap_uffd_wp, FL_MREMAP_UFFD_WP_KEEP);
	return pte_uffd_wp(entry_of(i * PAGE)) && pte_marker_uffd_wp(entry_of((i + 1) * PAGE));
}

START_TEST(userfaultfd_does_not_move_along)
{
	struct fl_uffd *uffd;
	pte_t *ptep;

	map_at(1, 3, RW);
	touch(1);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, 1 * PAGE, 3, FL_UFFD_MISSING), 0);
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, PAGE), PAGE);
	*ptep = pte_mkuffd_wp(*ptep);
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, PAGE), 2 * PAGE);
	*ptep = make_pte_marker_uffd_wp();
	/* The neighbour stays registered. */
	map_at(8, 1, RW);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, 8 * PAGE, 1, FL_UFFD_MISSING), 0);
	move(1, 3, 9);
	ck_assert_str_eq(picture(), ".......ABBB....");
	ck_assert_ptr_eq(area_of(8)->uffd_ctx, uffd);
	ck_assert_ptr_null(area_of(9)->uffd_ctx);
	ck_assert_uint_eq(area_of(9)->vm_flags & __VM_UFFD_FLAGS, 0);
	ck_assert(uffd_wp_at(9));
	ck_assert_uint_eq(load(cpu1, 9 * PAGE), 1);
	ck_assert_int_eq(fl_store(cpu1, 9 * PAGE, 2), 0);
	fl_uffd_close(uffd);
}
END_TEST

START_TEST(a_shared_mapping_that_moved_waits_for_nobody)
{
	struct fl_uffd *uffd;
	struct fl_file *file;

	if (machine->policy.uffd_wp_writenotify == FL_NO)
		return;
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_file_at(1, 2, FL_MAP_SHARED, file, 0);
	touch(1);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, 1 * PAGE, 2, FL_UFFD_WP), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, 1 * PAGE, 2, true), 0);
	ck_assert(uffd_wp_at(1));
	ck_assert(!pte_write(area_of(1)->vm_page_prot));
	move(1, 2, 9);
	ck_assert_uint_eq(area_of(9)->vm_flags & __VM_UFFD_FLAGS, 0);
	ck_assert_ptr_null(area_of(9)->uffd_ctx);
	ck_assert(pte_write(area_of(9)->vm_page_prot));
	ck_assert(uffd_wp_at(9));
	ck_assert_int_eq(fl_store(cpu1, 9 * PAGE, 2), 0);
	ck_assert_int_eq(fl_store(cpu1, 10 * PAGE, 2), 0);
	fl_file_put(file);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	map_at(1, 2, RW);
	map_at(3, 2, FL_READ);
	ck_assert_int_eq(remap_error(1, 2, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(remap_error(1, 2, 2, 8, 0), -EINVAL);
	ck_assert_int_eq(remap_error(1, 2, 2, FL_MREMAP_FIXED, 9), -EINVAL);
	ck_assert_int_eq(remap_error(1, 2, 2, FL_MREMAP_DONTUNMAP, 9), -EINVAL);
	ck_assert_int_eq(remap_error(1, 2, 3, DONTUNMAP, 9), -EINVAL);
	ck_assert_int_eq(remap_error(1, 2, 2, FIXED, 0), -EINVAL);
	ck_assert_int_eq(remap_error(1, 2, 2, FIXED, 15), -EINVAL);
	ck_assert_int_eq(remap_error(1, 2, 2, FIXED, 2), -EINVAL); /* overlap */
	ck_assert_int_eq(remap_error(9, 1, 1, 0, 0), -EFAULT);
	ck_assert_int_eq(remap_error(1, 3, 4, FL_MREMAP_MAYMOVE, 0), -EFAULT);
	ck_assert_int_eq(remap_error(1, 3, 3, FIXED, 9), -EFAULT);
	ck_assert_int_eq(remap_error(1, SIZE_MAX, 1, 0, 0), -EFAULT);
	ck_assert_int_eq(remap_error(1, 16, 1, 0, 0), -EFAULT);
	ck_assert_int_eq(remap_error(1, 2, SIZE_MAX, FL_MREMAP_MAYMOVE, 0), -ENOMEM);
	ck_assert_str_eq(picture(), "AABB...........");
}
END_TEST

/* Ranges that cross leaf tables at both ends, each at another place. */
START_TEST(a_move_across_tables_takes_all)
{
	for (unsigned int to = 1; to <= 9; to++) {
		if (to > 2 && to < 9)
			continue;
		map_at(3, 6, RW);
		for (unsigned int i = 3; i <= 8; i++)
			touch(i);
		if (to <= 2) {
			move(3, 6, 9);
			move(9, 6, to);
		} else {
			move(3, 6, to);
		}
		for (unsigned int i = 0; i < 6; i++)
			ck_assert_uint_eq(load(cpu1, (to + i) * PAGE), i + 3);
		unmap(to, 6);
	}
	ck_assert_str_eq(picture(), "...............");
}
END_TEST

int main(void)
{
	TCase *cases[2];
	Suite *suite = layout_suite("mm.mremap", cases);

	add_both(cases, pages_move_with_their_frames);
	add_both(cases, moved_entries_count_as_soft_dirty);
	add_both(cases, a_part_moves_out_of_the_middle);
	add_both(cases, it_shrinks_in_place);
	add_both(cases, it_grows_in_place_where_there_is_room);
	add_both(cases, it_moves_to_grow_where_it_may);
	add_both(cases, a_fixed_target_is_unmapped_first);
	add_both(cases, the_old_range_can_stay_mapped);
	add_both(cases, untouched_memory_can_join_itself);
	add_both(cases, a_shared_mapping_can_be_duplicated);
	add_both(cases, a_mapping_of_a_file_moves);
	add_both(cases, userfaultfd_does_not_move_along);
	add_both(cases, a_shared_mapping_that_moved_waits_for_nobody);
	add_both(cases, nonsense_is_refused);
	add_both(cases, a_move_across_tables_takes_all);
	return run_suite(suite);
}
