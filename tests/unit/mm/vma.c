// SPDX-License-Identifier: MIT
/*
 * vma.c - tests lib/mm/vma.c and mmap.c: where areas begin and end after mapping, unmapping,
 * registering.
 */
#include "layout.h"

#include <errno.h>
#include <string.h>

static void register_range(struct fl_uffd *uffd, fl_vaddr addr, size_t pages)
{
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, addr, pages, FL_UFFD_MISSING), 0);
}

START_TEST(the_first_page_is_never_given_out)
{
	ck_assert_uint_eq(map(1, FL_READ), PAGE);
	ck_assert_ptr_null(vma_lookup(mm, 0));
}
END_TEST

START_TEST(alike_neighbours_become_one_area)
{
	map(2, FL_READ);
	map(1, FL_READ | FL_WRITE);
	map(2, FL_READ | FL_WRITE);
	ck_assert_str_eq(picture(), "AABBB..........");
}
END_TEST

START_TEST(a_new_area_joins_a_neighbour_that_has_pages)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE), b;

	/* The new one has no anon_vma, the old one has. */
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	b = map(1, FL_READ | FL_WRITE);
	ck_assert_str_eq(picture(), "AA.............");
	ck_assert_int_eq(fl_store(cpu0, b, 1), 0);
	ck_assert_ptr_eq(page_of(a)->mapping, page_of(b)->mapping);
}
END_TEST

START_TEST(neighbours_with_pages_of_different_origin_stay_two)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE), b = map(2, FL_READ), c;

	c = map(2, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, c, 1), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, b, 2), 0);
	/* What comes between them goes to the lower one. */
	ck_assert_uint_eq(map(2, FL_READ | FL_WRITE), b);
	ck_assert_str_eq(picture(), "AAAABB.........");
}
END_TEST

START_TEST(unmapping_cuts_and_leaves_room)
{
	fl_vaddr a = map(6, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_munmap(fl_mm, a + 2 * PAGE, 2), 0);
	ck_assert_str_eq(picture(), "AA..BB.........");
	/* What fits goes into the hole, and joins both sides. */
	ck_assert_uint_eq(map(2, FL_READ | FL_WRITE), a + 2 * PAGE);
	ck_assert_str_eq(picture(), "AAAAAA.........");
	/* Across holes, and beyond the end. */
	ck_assert_int_eq(fl_munmap(fl_mm, a + 1 * PAGE, 1), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 15), 0);
	ck_assert_str_eq(picture(), "...............");
}
END_TEST

START_TEST(unmapped_pages_are_gone_and_their_frames_free)
{
	fl_vaddr a = map(3, FL_READ | FL_WRITE);
	uint64_t frames = fl_machine_free_frames(machine), word;

	for (uint64_t i = 0; i < 3; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, i + 1), 0);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 2);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 3);
	ck_assert_int_eq(fl_munmap(fl_mm, a + PAGE, 1), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 2);
	/* also for the CPU that had it in its TLB */
	ck_assert_int_eq(fl_load(&word, cpu1, a + PAGE), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, a + PAGE), -EFAULT);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_uint_eq(load(cpu0, a + 2 * PAGE), 3);
	ck_assert_int_eq(atomic_read(&mm->tlb_flush_pending), 0);
}
END_TEST

START_TEST(there_is_an_end_to_the_room)
{
	fl_vaddr a;

	ck_assert_int_eq(fl_mmap_anon(&a, fl_mm, 16, FL_READ), -ENOMEM);
	ck_assert_uint_eq(map(15, FL_READ), PAGE);
	ck_assert_int_eq(fl_mmap_anon(&a, fl_mm, 1, FL_READ), -ENOMEM);
	ck_assert_int_eq(fl_mmap_anon(&a, fl_mm, SIZE_MAX, FL_READ), -ENOMEM);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	fl_vaddr a;

	ck_assert_int_eq(fl_mmap_anon(&a, fl_mm, 0, FL_READ), -EINVAL);
	ck_assert_int_eq(fl_mmap_anon(&a, fl_mm, 1, 8), -EINVAL);
	ck_assert_int_eq(fl_munmap(fl_mm, 8, 1), -EINVAL);
	ck_assert_int_eq(fl_munmap(fl_mm, 16, 0), -EINVAL);
	ck_assert_int_eq(fl_munmap(fl_mm, 16, 16), -EINVAL);
	ck_assert_int_eq(fl_munmap(fl_mm, 16, SIZE_MAX), -EINVAL);
}
END_TEST

START_TEST(registering_a_part_splits_it_off)
{
	fl_vaddr a = map(6, FL_READ | FL_WRITE);
	struct fl_uffd *uffd;

	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	register_range(uffd, a + 2 * PAGE, 2);
	ck_assert_str_eq(picture(), "AABBCC.........");
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_flags & VM_UFFD_MISSING, 0);
	ck_assert_uint_ne(vma_lookup(mm, a + 2 * PAGE)->vm_flags & VM_UFFD_MISSING, 0);
	ck_assert_uint_eq(vma_lookup(mm, a + 4 * PAGE)->vm_flags & VM_UFFD_MISSING, 0);
	/* The rest joins, as do all when it is closed. */
	register_range(uffd, a, 4);
	ck_assert_str_eq(picture(), "AAAABB.........");
	fl_uffd_close(uffd);
	ck_assert_str_eq(picture(), "AAAAAA.........");
	ck_assert_ptr_null(vma_lookup(mm, a)->uffd_ctx);
}
END_TEST

START_TEST(registering_goes_across_areas_and_holes)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);
	struct fl_uffd *uffd, *other;

	map(2, FL_READ);
	map(2, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_munmap(fl_mm, a + PAGE, 1), 0);
	ck_assert_str_eq(picture(), "A.BBCC.........");
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_create(&other, fl_mm), 0);
	register_range(uffd, a, 5);
	ck_assert_str_eq(picture(), "A.BBCD.........");
	/* One range has one userfaultfd; nothing there is no range; modes are known ones. */
	ck_assert_int_eq(fl_uffd_register(other, cpu0, a + 4 * PAGE, 2, FL_UFFD_MISSING), -EBUSY);
	ck_assert_int_eq(fl_uffd_register(other, cpu0, a + PAGE, 1, FL_UFFD_MISSING), -EINVAL);
	ck_assert_int_eq(fl_uffd_register(other, cpu0, a, 1, 0), -EINVAL);
	ck_assert_int_eq(fl_uffd_register(other, cpu0, a + 8, 1, FL_UFFD_MISSING), -EINVAL);
	ck_assert_int_eq(fl_uffd_register(other, cpu0, a, 0, FL_UFFD_MISSING), -EINVAL);
	fl_uffd_close(other);
	/* The first one is left to the end of the mm. */
}
END_TEST

START_TEST(a_split_area_shares_its_anon_vma)
{
	fl_vaddr a = map(4, FL_READ | FL_WRITE);
	struct fl_uffd *uffd;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	register_range(uffd, a + 2 * PAGE, 2);
	ck_assert_ptr_nonnull(vma_lookup(mm, a)->anon_vma);
	ck_assert_ptr_eq(vma_lookup(mm, a)->anon_vma, vma_lookup(mm, a + 2 * PAGE)->anon_vma);
	ck_assert_uint_eq(refcount_read(&vma_lookup(mm, a)->anon_vma->refcount), 1);
	ck_assert_int_eq(vma_lookup(mm, a)->anon_vma->num_active_vmas, 2);
	ck_assert_uint_eq(vma_lookup(mm, a + 2 * PAGE)->vm_pgoff, vma_lookup(mm, a)->vm_pgoff + 2);
}
END_TEST

START_TEST(a_split_and_joined_mapping_of_a_file_is_on_its_list)
{
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_file_at(1, 6, FL_MAP_SHARED, file, 0);
	ck_assert_uint_eq(i_mmap_length(file), 1);
	ck_assert_uint_eq(refcount_read(&file->refcount), 2);
	ck_assert_int_eq(split_vma(mm, area_of(1), 3 * PAGE), 0);
	ck_assert_str_eq(picture(), "AABBBB.........");
	ck_assert_uint_eq(i_mmap_length(file), 2);
	ck_assert_uint_eq(refcount_read(&file->refcount), 3);
	ck_assert_uint_eq(area_of(3)->vm_pgoff, 2);
	ck_assert_ptr_eq(vma_merge(mm, area_of(3)), area_of(1));
	ck_assert_str_eq(picture(), "AAAAAA.........");
	ck_assert_uint_eq(i_mmap_length(file), 1);
	ck_assert_uint_eq(refcount_read(&file->refcount), 2);
	unmap(1, 6);
	ck_assert_uint_eq(refcount_read(&file->refcount), 1);
	fl_file_put(file);
}
END_TEST

START_TEST(protections_follow_from_flags)
{
	pte_t rw = _PAGE_PRESENT | _PAGE_USER | _PAGE_RW, none = _PAGE_PROTNONE | _PAGE_USER;

	ck_assert_uint_eq(vm_get_page_prot(VM_READ | VM_WRITE), rw & ~_PAGE_RW);
	ck_assert_uint_eq(vm_get_page_prot(VM_READ | VM_WRITE | VM_SHARED), rw);
	ck_assert_uint_eq(vm_get_page_prot(VM_READ | VM_SHARED), rw & ~_PAGE_RW);
	ck_assert_uint_eq(vm_get_page_prot(VM_SHARED), none);
	ck_assert_uint_eq(vm_get_page_prot(VM_MAYREAD | VM_MAYWRITE), none);
}
END_TEST

int main(void)
{
	TCase *cases[2];
	Suite *suite = layout_suite("mm.vma", cases);

	add_both(cases, the_first_page_is_never_given_out);
	add_both(cases, alike_neighbours_become_one_area);
	add_both(cases, a_new_area_joins_a_neighbour_that_has_pages);
	add_both(cases, neighbours_with_pages_of_different_origin_stay_two);
	add_both(cases, unmapping_cuts_and_leaves_room);
	add_both(cases, unmapped_pages_are_gone_and_their_frames_free);
	add_both(cases, there_is_an_end_to_the_room);
	add_both(cases, nonsense_is_refused);
	add_both(cases, registering_a_part_splits_it_off);
	add_both(cases, registering_goes_across_areas_and_holes);
	add_both(cases, a_split_area_shares_its_anon_vma);
	add_both(cases, a_split_and_joined_mapping_of_a_file_is_on_its_list);
	add_both(cases, protections_follow_from_flags);
	return run_suite(suite);
}
