// SPDX-License-Identifier: MIT
/*
 * vma_merge.c - tests lib/mm/vma_merge.c: which neighbours become one area, and what it has then. The
 * cases are those of the kernel's own tests (tools/testing/vma, selftests/mm/merge.c).
 */
#include "layout.h"

#include <errno.h>

#define FLAGS (VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_SOFTDIRTY | VM_ACCOUNT)

static struct vm_area_struct *modify(unsigned int first, size_t pages, unsigned long flags)
{
	struct vm_area_struct *vma;

	mmap_write_lock(mm);
	vma = vma_modify_flags(mm, area_of(first), first * PAGE, (first + pages) * PAGE, flags);
	ck_assert_ptr_nonnull(vma);
	vm_flags_reset(vma, flags);
	mmap_write_unlock(mm);
	return vma;
}

/* --- a range changes --- */

START_TEST(a_part_that_fits_to_nobody_is_split_off)
{
	struct vm_area_struct *vma;

	map_at(1, 6, RW);
	vma = modify(3, 2, FLAGS | VM_MERGEABLE);
	ck_assert_str_eq(picture(), "AABBCC.........");
	ck_assert_ptr_eq(vma, area_of(3));
	ck_assert_uint_eq(vma->vm_start, 3 * PAGE);
	ck_assert_uint_eq(vma->vm_end, 5 * PAGE);
	ck_assert_uint_eq(vma->vm_pgoff, 3);
	ck_assert_uint_eq(area_of(1)->vm_flags, FLAGS);
	ck_assert_uint_eq(area_of(5)->vm_flags, FLAGS);
	/* and back: a three-way merge */
	ck_assert_ptr_eq(modify(3, 2, FLAGS), area_of(1));
	ck_assert_str_eq(picture(), "AAAAAA.........");
}
END_TEST

START_TEST(a_part_at_an_end_goes_to_the_neighbour_there)
{
	map_at(1, 9, RW);
	modify(4, 3, FLAGS | VM_MERGEABLE);
	ck_assert_str_eq(picture(), "AAABBBCCC......");
	/* prev grows, the area shrinks */
	ck_assert_ptr_eq(modify(4, 1, FLAGS), area_of(1));
	ck_assert_str_eq(picture(), "AAAABBCCC......");
	ck_assert_uint_eq(area_of(5)->vm_pgoff, 5);
	/* next grows, the area shrinks */
	ck_assert_ptr_eq(modify(6, 1, FLAGS), area_of(7));
	ck_assert_str_eq(picture(), "AAAABCCCC......");
	ck_assert_uint_eq(area_of(6)->vm_pgoff, 6);
	ck_assert_uint_eq(area_of(6)->vm_start, 6 * PAGE);
	/* the other way: the neighbour's end becomes the area's */
	modify(6, 2, FLAGS | VM_MERGEABLE);
	ck_assert_str_eq(picture(), "AAAABBBCC......");
	modify(3, 2, FLAGS | VM_MERGEABLE);
	ck_assert_str_eq(picture(), "AABBBBBCC......");
	ck_assert_uint_eq(area_of(3)->vm_pgoff, 3);
}
END_TEST

START_TEST(a_whole_area_goes_to_one_neighbour)
{
	map_at(1, 2, RW);
	map_at(3, 2, FL_READ);
	map_at(5, 2, 0);
	ck_assert_str_eq(picture(), "AABBCC.........");
	ck_assert_ptr_eq(modify(3, 2, FLAGS), area_of(1));
	ck_assert_str_eq(picture(), "AAAABB.........");
	modify(5, 1, FLAGS | VM_MERGEABLE);
	ck_assert_ptr_eq(modify(5, 1, FLAGS & ~(VM_READ | VM_WRITE | VM_ACCOUNT)), area_of(6));
	ck_assert_str_eq(picture(), "AAAABB.........");
	ck_assert_uint_eq(area_of(5)->vm_pgoff, 5);
}
END_TEST

START_TEST(the_middle_of_an_area_never_merges)
{
	map_at(1, 2, FL_READ);
	map_at(3, 6, RW);
	map_at(9, 2, FL_READ);
	modify(5, 2, FLAGS & ~VM_WRITE);
	ck_assert_str_eq(picture(), "AABBCCDDEE.....");
}
END_TEST

START_TEST(soft_dirty_does_not_keep_areas_apart)
{
	map_at(1, 4, RW);
	ck_assert_uint_eq(area_of(1)->vm_flags, FLAGS);
	modify(1, 2, FLAGS & ~VM_SOFTDIRTY);
	ck_assert_str_eq(picture(), "AABB...........");
	ck_assert_ptr_eq(vma_merge(mm, area_of(3)), area_of(1));
	ck_assert_str_eq(picture(), "AAAA...........");
	/* A part of it was all dirty. */
	ck_assert_uint_eq(area_of(1)->vm_flags, FLAGS);
	modify(1, 4, FLAGS & ~VM_SOFTDIRTY);
	/* What is new is all dirty, and so is what it joins. */
	map_at(5, 1, RW);
	ck_assert_str_eq(picture(), "AAAAA..........");
	ck_assert_uint_eq(area_of(1)->vm_flags, FLAGS);
}
END_TEST

START_TEST(what_was_never_writable_is_kept_apart_from_what_was)
{
	map_at(1, 2, FL_READ);
	map_at(3, 2, RW);
	touch(3);
	protect(3, 2, FL_READ); /* it may have pages that were written to: still accounted */
	ck_assert_str_eq(picture(), "AABB...........");
	ck_assert_uint_eq(area_of(3)->vm_flags & VM_ACCOUNT, VM_ACCOUNT);
	ck_assert_uint_eq(area_of(1)->vm_flags & VM_ACCOUNT, 0);
	protect(1, 2, RW); /* now it is accounted, too */
	protect(3, 2, RW);
	ck_assert_str_eq(picture(), "AAAA...........");
	protect(1, 4, FL_READ);
	ck_assert_uint_eq(area_of(1)->vm_flags & VM_ACCOUNT, VM_ACCOUNT);
}
END_TEST

START_TEST(what_was_writable_and_never_touched_can_be_merged)
{
	map_at(1, 2, FL_READ);
	map_at(3, 2, RW);
	protect(3, 2, FL_READ);
	ck_assert_str_eq(picture(), "AAAA...........");
	ck_assert_uint_eq(area_of(1)->vm_flags & VM_ACCOUNT, 0);
}
END_TEST

START_TEST(nobody_counts_what_is_mapped_without_reserve)
{
	map_unaccounted_at(1, 2, FL_READ);
	map_unaccounted_at(3, 2, RW);
	touch(3);
	protect(3, 2, FL_READ);
	ck_assert_str_eq(picture(), "AAAA...........");
	protect(1, 4, RW);
	ck_assert_uint_eq(area_of(1)->vm_flags & (VM_ACCOUNT | VM_NORESERVE), VM_NORESERVE);
	map_at(5, 1, RW);
	ck_assert_str_eq(picture(), "AAAAB..........");
}
END_TEST

START_TEST(files_are_accounted_where_they_are_private)
{
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_REGULAR, 16, 0), 0);
	map_file_at(1, 2, 0, file, 0);
	map_file_at(5, 2, FL_MAP_SHARED, file, 0);
	protect(1, 2, FL_READ); /* pages of a file's are not looked for */
	protect(5, 2, FL_READ);
	protect(5, 2, RW);
	ck_assert_uint_eq(area_of(1)->vm_flags & VM_ACCOUNT, VM_ACCOUNT);
	ck_assert_uint_eq(area_of(5)->vm_flags & VM_ACCOUNT, 0);
	unmap(1, 6);
	fl_file_put(file);
}
END_TEST

START_TEST(files_merge_where_they_go_on)
{
	struct fl_file *file, *other;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 16, 0), 0);
	ck_assert_int_eq(fl_file_create(&other, machine, FL_FILE_SHMEM, 16, 0), 0);
	map_file_at(1, 2, FL_MAP_SHARED, file, 4);
	map_file_at(3, 2, FL_MAP_SHARED, file, 6);
	ck_assert_str_eq(picture(), "AAAA...........");
	map_file_at(5, 1, FL_MAP_SHARED, file, 9); /* a jump */
	map_file_at(6, 1, FL_MAP_SHARED, other, 10);
	map_file_at(7, 1, 0, other, 11); /* private */
	ck_assert_str_eq(picture(), "AAAABCD........");
	ck_assert_uint_eq(i_mmap_length(file), 2);
	ck_assert_uint_eq(refcount_read(&file->refcount), 3);
	unmap(5, 1);
	map_file_at(5, 1, FL_MAP_SHARED, file, 8);
	ck_assert_str_eq(picture(), "AAAAABC........");
	ck_assert_uint_eq(i_mmap_length(file), 1);
	ck_assert_uint_eq(i_mmap_length(other), 2);
	/* A hole in between: three become one. */
	unmap(2, 2);
	ck_assert_uint_eq(i_mmap_length(file), 2);
	map_file_at(2, 2, FL_MAP_SHARED, file, 5);
	ck_assert_str_eq(picture(), "AAAAABC........");
	ck_assert_uint_eq(area_of(1)->vm_pgoff, 4);
	ck_assert_uint_eq(refcount_read(&file->refcount), 2);
	unmap(1, 7);
	ck_assert_uint_eq(refcount_read(&file->refcount), 1);
	fl_file_put(file);
	fl_file_put(other);
}
END_TEST

START_TEST(another_userfaultfd_keeps_areas_apart)
{
	struct vm_area_struct *vma;
	struct fl_uffd *uffd;

	map_at(1, 4, RW);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	mmap_write_lock(mm);
	vma = vma_modify_flags_uffd(mm, area_of(1), 3 * PAGE, 5 * PAGE, FLAGS, uffd);
	vma_start_write(vma);
	vma->uffd_ctx = uffd;
	mmap_write_unlock(mm);
	ck_assert_str_eq(picture(), "AABB...........");
	mmap_write_lock(mm);
	vma = vma_modify_flags_uffd(mm, area_of(1), 2 * PAGE, 3 * PAGE, FLAGS, uffd);
	mmap_write_unlock(mm);
	ck_assert_ptr_eq(vma, area_of(3));
	ck_assert_str_eq(picture(), "ABBB...........");
	map_at(5, 1, RW);
	ck_assert_str_eq(picture(), "ABBBC..........");
	fl_uffd_close(uffd);
	ck_assert_str_eq(picture(), "AAAAA..........");
}
END_TEST

/* --- anon_vmas --- */

/* Three areas RW, R, RW: the pages in @touched get an anon_vma; then the middle becomes RW. */
static struct anon_vma *merge_middle(unsigned int a, unsigned int b)
{
	unsigned int pages[2] = { a, b };
	struct anon_vma *anon_vma = NULL;

	map_unaccounted_at(1, 6, RW);
	protect(3, 2, 0);
	for (int i = 0; i < 2; i++) {
		if (!pages[i])
			continue;
		ck_assert_int_eq(anon_vma_prepare(area_of(pages[i])), 0);
		anon_vma = area_of(pages[i])->anon_vma;
	}
	protect(3, 2, RW);
	return anon_vma;
}

static void is_one_with(struct anon_vma *anon_vma)
{
	ck_assert_str_eq(picture(), "AAAAAA.........");
	ck_assert_ptr_eq(area_of(1)->anon_vma, anon_vma);
	if (anon_vma) {
		ck_assert_uint_eq(anon_vma_length(anon_vma), 1);
		ck_assert_int_eq(anon_vma->num_active_vmas, 1);
	}
}

START_TEST(nobody_has_pages)
{
	is_one_with(merge_middle(0, 0));
}
END_TEST

START_TEST(the_middle_has_pages)
{
	is_one_with(merge_middle(3, 0));
}
END_TEST

START_TEST(the_left_one_has_pages)
{
	is_one_with(merge_middle(1, 0));
}
END_TEST

START_TEST(the_right_one_has_pages)
{
	is_one_with(merge_middle(5, 0));
}
END_TEST

START_TEST(the_middle_and_the_right_one_have_pages)
{
	is_one_with(merge_middle(3, 5));
}
END_TEST

START_TEST(the_left_one_takes_over_a_part_that_has_pages)
{
	struct anon_vma *anon_vma;

	map_at(1, 2, RW);
	map_at(3, 4, FL_READ);
	ck_assert_int_eq(anon_vma_prepare(area_of(3)), 0);
	anon_vma = area_of(3)->anon_vma;
	protect(3, 2, RW);
	ck_assert_str_eq(picture(), "AAAABB.........");
	ck_assert_ptr_eq(area_of(1)->anon_vma, anon_vma);
	ck_assert_int_eq(anon_vma->num_active_vmas, 2);
	ck_assert_uint_eq(anon_vma_length(anon_vma), 2);
}
END_TEST

START_TEST(the_right_one_takes_over_a_part_that_has_pages)
{
	struct anon_vma *anon_vma;

	map_at(1, 4, FL_READ);
	map_at(5, 2, RW);
	ck_assert_int_eq(anon_vma_prepare(area_of(1)), 0);
	anon_vma = area_of(1)->anon_vma;
	protect(3, 2, RW);
	ck_assert_str_eq(picture(), "AABBBB.........");
	ck_assert_ptr_eq(area_of(5)->anon_vma, anon_vma);
	ck_assert_int_eq(anon_vma->num_active_vmas, 2);
}
END_TEST

START_TEST(pages_of_different_origin_merge_to_the_left_only)
{
	struct anon_vma *left, *right;

	map_at(1, 2, RW);
	map_at(5, 2, RW);
	touch(1);
	touch(5);
	left = area_of(1)->anon_vma;
	right = area_of(5)->anon_vma;
	ck_assert_ptr_ne(left, right);
	map_at(3, 2, FL_READ);
	protect(3, 2, RW);
	ck_assert_str_eq(picture(), "AAAABB.........");
	ck_assert_ptr_eq(area_of(3)->anon_vma, left);
	ck_assert_ptr_eq(area_of(5)->anon_vma, right);
}
END_TEST

START_TEST(a_forked_area_does_not_grow_and_does_not_go)
{
	struct fl_mm *fl_child;
	struct mm_struct *parent = mm;
	struct vm_area_struct *vma;
	struct fl_mm *fl_parent = fl_mm;

	map_at(3, 2, RW);
	touch(3);
	ck_assert_int_eq(fl_mm_create(&fl_child, machine), 0);
	vma = fork_area(&fl_child->mm, area_of(3));
	ck_assert_int_eq(vma_link(&fl_child->mm, vma), 0);
	ck_assert_uint_eq(chain_length(vma), 2);

	fl_mm = fl_child;
	mm = &fl_child->mm;
	/* As a target, from both sides. */
	map_at(1, 2, RW);
	map_at(5, 2, RW);
	ck_assert_str_eq(picture(), "AABBCC.........");
	protect(1, 2, FL_READ);
	protect(1, 2, RW);
	ck_assert_str_eq(picture(), "AABBCC.........");
	/* As a source. */
	protect(3, 2, FL_READ);
	protect(3, 2, RW);
	ck_assert_str_eq(picture(), "AABBCC.........");
	/* With itself it is one again. */
	protect(4, 1, FL_READ);
	ck_assert_str_eq(picture(), "AABCDD.........");
	ck_assert_uint_eq(chain_length(area_of(4)), 2);
	protect(4, 1, RW);
	ck_assert_str_eq(picture(), "AABBCC.........");
	fl_mm = fl_parent;
	mm = parent;
	/* The parent's area is as any other. */
	map_at(5, 2, RW);
	ck_assert_str_eq(picture(), "..AAAA.........");
	fl_mm_destroy(fl_child);
}
END_TEST

/* --- a new range --- */

START_TEST(a_new_range_joins_what_is_before_and_behind)
{
	map_at(1, 2, RW);
	map_at(3, 1, RW); /* before */
	ck_assert_str_eq(picture(), "AAA............");
	map_at(6, 2, RW);
	map_at(5, 1, RW); /* behind */
	ck_assert_str_eq(picture(), "AAA.BBB........");
	ck_assert_uint_eq(area_of(5)->vm_pgoff, 5);
	touch(6);
	map_at(4, 1, RW); /* both */
	ck_assert_str_eq(picture(), "AAAAAAA........");
	/* The one that went had pages. */
	ck_assert_ptr_eq(area_of(1)->anon_vma, page_of(6 * PAGE)->mapping);
	ck_assert_ptr_null(area_of(1)->anon_vma->chain->next_same_anon_vma);
	map_at(9, 1, FL_READ); /* neither */
	map_at(8, 1, 0);
	ck_assert_str_eq(picture(), "AAAAAAABC......");
}
END_TEST

START_TEST(what_is_merged_or_split_is_marked_first)
{
	struct vm_area_struct *prev, *next;

	map_at(1, 2, RW);
	map_at(4, 2, RW);
	prev = area_of(1);
	next = area_of(4);
	mmap_write_lock(mm);
	ck_assert_int_eq(split_vma(mm, next, 5 * PAGE), 0);
	if (machine->policy.vma_lock != FL_VMA_LOCK_NONE) {
		ck_assert_int_ne(prev->vm_lock_seq, mm->mm_lock_seq);
		ck_assert_int_eq(next->vm_lock_seq, mm->mm_lock_seq);
		ck_assert_int_eq(area_of(5)->vm_lock_seq, mm->mm_lock_seq);
	}
	mmap_write_unlock(mm);
	mmap_write_lock(mm);
	ck_assert_ptr_eq(vma_merge(mm, area_of(5)), next);
	if (machine->policy.vma_lock != FL_VMA_LOCK_NONE)
		ck_assert_int_eq(next->vm_lock_seq, mm->mm_lock_seq);
	mmap_write_unlock(mm);
}
END_TEST

/* --- moved ranges: mremap() --- */

START_TEST(untouched_memory_moved_beside_touched_memory_joins_it)
{
	map_at(3, 2, RW);
	touch(3);
	map_at(11, 2, RW);
	move(11, 2, 5); /* behind */
	ck_assert_str_eq(picture(), "..AAAA.........");
	map_at(11, 2, RW);
	move(11, 2, 1); /* before */
	ck_assert_str_eq(picture(), "AAAAAA.........");
	ck_assert_uint_eq(area_of(1)->vm_pgoff, 1);
	ck_assert_ptr_eq(area_of(1)->anon_vma, page_of(3 * PAGE)->mapping);
}
END_TEST

START_TEST(untouched_memory_moved_between_strangers_joins_one)
{
	map_at(1, 2, RW);
	map_at(5, 2, RW);
	touch(1);
	touch(5);
	map_at(11, 2, RW);
	move(11, 2, 3);
	ck_assert_str_eq(picture(), "AAAABB.........");
}
END_TEST

START_TEST(untouched_memory_moved_between_touched_and_untouched_joins_all)
{
	map_at(1, 2, RW);
	map_at(5, 2, RW);
	touch(1);
	map_at(11, 2, RW);
	move(11, 2, 3);
	ck_assert_str_eq(picture(), "AAAAAA.........");
}
END_TEST

START_TEST(untouched_memory_moved_between_two_halves_joins_all)
{
	map_at(1, 6, RW);
	touch(1);
	unmap(3, 2);
	map_at(11, 2, RW);
	move(11, 2, 3);
	ck_assert_str_eq(picture(), "AAAAAA.........");
}
END_TEST

START_TEST(pieces_that_moved_away_merge_when_they_come_back)
{
	static const unsigned int home[3] = { 1, 3, 5 }, away[3] = { 8, 11, 14 };
	static const unsigned int order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
						  { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	for (int k = 0; k < 6; k++) {
		map_at(1, 6, RW);
		for (unsigned int i = 1; i <= 6; i++)
			touch(i);
		for (int i = 0; i < 3; i++)
			move(home[i], 2 - (i == 2), away[i]);
		ck_assert_str_eq(picture(), ".....A.BB.CC.D.");
		for (int i = 0; i < 3; i++)
			move(away[order[k][i]], 2 - (order[k][i] == 2), home[order[k][i]]);
		ck_assert_str_eq(picture(), "AAAAAA.........");
		ck_assert_uint_eq(anon_vma_length(area_of(1)->anon_vma), 1);
		for (unsigned int i = 1; i <= 6; i++)
			ck_assert_uint_eq(load(cpu1, i * PAGE), i);
		unmap(1, 6);
	}
}
END_TEST

/* Page @from moves to where it was made, page @to; MREMAP_DONTUNMAP leaves an empty area behind. */
static void move_home(unsigned int from, unsigned int to)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mremap(&addr, fl_mm, from * PAGE, 2, 2,
				   FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED | FL_MREMAP_DONTUNMAP,
				   to * PAGE),
			 0);
}

static void touched_away_from_home(void)
{
	map_at(3, 2, RW);
	touch(3);
	move(3, 2, 12);
	ck_assert_uint_eq(area_of(12)->vm_pgoff, 3);
}

START_TEST(touched_memory_moved_beside_untouched_memory_joins_it)
{
	for (int sides = 1; sides <= 3; sides++) {
		touched_away_from_home();
		if (sides & 1)
			map_at(1, 2, RW);
		if (sides & 2)
			map_at(5, 2, RW);
		move_home(12, 3);
		ck_assert_str_eq(picture(), sides == 1	 ? "AAAA.......BB.."
					    : sides == 2 ? "..AAAA.....BB.."
							 : "AAAAAA.....BB..");
		/* Who grew has the pages' owner; who stays has none any more. */
		ck_assert_ptr_eq(area_of(3)->anon_vma, page_of(3 * PAGE)->mapping);
		ck_assert_uint_eq(anon_vma_length(area_of(3)->anon_vma), 1);
		ck_assert_ptr_null(area_of(12)->anon_vma);
		ck_assert_uint_eq(area_of(12)->vm_pgoff, 12);
		unmap(1, 14);
	}
}
END_TEST

START_TEST(touched_memory_moved_between_untouched_and_strange_memory_joins_the_first)
{
	touched_away_from_home();
	map_at(1, 2, RW);
	map_at(5, 2, RW);
	touch(5);
	move_home(12, 3);
	ck_assert_str_eq(picture(), "AAAABB.....CC..");
	ck_assert_ptr_eq(area_of(1)->anon_vma, page_of(3 * PAGE)->mapping);
}
END_TEST

int main(void)
{
	TCase *cases[2];
	Suite *suite = layout_suite("mm.vma_merge", cases);

	add_both(cases, a_part_that_fits_to_nobody_is_split_off);
	add_both(cases, a_part_at_an_end_goes_to_the_neighbour_there);
	add_both(cases, a_whole_area_goes_to_one_neighbour);
	add_both(cases, the_middle_of_an_area_never_merges);
	add_both(cases, soft_dirty_does_not_keep_areas_apart);
	add_both(cases, what_was_never_writable_is_kept_apart_from_what_was);
	add_both(cases, what_was_writable_and_never_touched_can_be_merged);
	add_both(cases, nobody_counts_what_is_mapped_without_reserve);
	add_both(cases, files_are_accounted_where_they_are_private);
	add_both(cases, files_merge_where_they_go_on);
	add_both(cases, another_userfaultfd_keeps_areas_apart);
	add_both(cases, nobody_has_pages);
	add_both(cases, the_middle_has_pages);
	add_both(cases, the_left_one_has_pages);
	add_both(cases, the_right_one_has_pages);
	add_both(cases, the_middle_and_the_right_one_have_pages);
	add_both(cases, the_left_one_takes_over_a_part_that_has_pages);
	add_both(cases, the_right_one_takes_over_a_part_that_has_pages);
	add_both(cases, pages_of_different_origin_merge_to_the_left_only);
	add_both(cases, a_forked_area_does_not_grow_and_does_not_go);
	add_both(cases, a_new_range_joins_what_is_before_and_behind);
	add_both(cases, what_is_merged_or_split_is_marked_first);
	add_both(cases, untouched_memory_moved_beside_touched_memory_joins_it);
	add_both(cases, untouched_memory_moved_between_strangers_joins_one);
	add_both(cases, untouched_memory_moved_between_touched_and_untouched_joins_all);
	add_both(cases, untouched_memory_moved_between_two_halves_joins_all);
	add_both(cases, pieces_that_moved_away_merge_when_they_come_back);
	add_both(cases, touched_memory_moved_beside_untouched_memory_joins_it);
	add_both(cases, touched_memory_moved_between_untouched_and_strange_memory_joins_the_first);
	return run_suite(suite);
}
