// SPDX-License-Identifier: MIT
/*
 * vma.c - tests lib/mm/vma.c and mmap.c: where areas begin and end after mapping, unmapping,
 * registering. The pictures show pages from address 0x10 on; a letter is an area.
 */
#include "../world.h"

#include <errno.h>
#include <string.h>

static void register_range(struct fl_uffd *uffd, fl_vaddr addr, size_t pages)
{
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, addr, pages, FL_UFFD_MISSING), 0);
}

/* The areas as a picture: 'A', 'B', ... by order; '.' for nothing. */
static const char *picture(void)
{
	static char text[16];
	struct vm_area_struct *last = NULL;
	char letter = 'A' - 1;

	for (unsigned int i = 0; i < 15; i++) {
		struct vm_area_struct *vma = vma_lookup(mm, (i + 1) * PAGE);

		if (vma && vma != last)
			letter++;
		if (vma) {
			ck_assert_uint_le(vma->vm_start, (i + 1) * PAGE);
			ck_assert_uint_ge(vma->vm_end, (i + 2) * PAGE);
			ck_assert_int_eq(vma->detached, 0);
		}
		text[i] = vma ? letter : '.';
		last = vma;
	}
	text[15] = '\0';
	return text;
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

START_TEST(neighbours_with_pages_of_different_origin_stay_two)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE), b;

	/* The new one has no anon_vma, the old one has. */
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	b = map(1, FL_READ | FL_WRITE);
	ck_assert_str_eq(picture(), "AB.............");
	/* It takes its neighbour's, so that one day they can be joined. */
	ck_assert_int_eq(fl_store(cpu0, b, 1), 0);
	ck_assert_ptr_eq(vma_lookup(mm, a)->anon_vma, vma_lookup(mm, b)->anon_vma);
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
	ck_assert_uint_eq(refcount_read(&vma_lookup(mm, a)->anon_vma->refcount), 2);
	ck_assert_uint_eq(vma_lookup(mm, a + 2 * PAGE)->vm_pgoff, vma_lookup(mm, a)->vm_pgoff + 2);
}
END_TEST

static void without_vma_locks(void)
{
	make_world("6.1", NULL);
}

static void with_vma_locks(void)
{
	make_world("6.5", NULL);
}

int main(void)
{
	Suite *suite = suite_create("mm.vma");
	TCase *cases[2] = { test_case("6.1"), test_case("6.5") };

	for (int i = 0; i < 2; i++) {
		tcase_add_checked_fixture(cases[i], i ? with_vma_locks : without_vma_locks,
					  end_world);
		tcase_add_test(cases[i], the_first_page_is_never_given_out);
		tcase_add_test(cases[i], alike_neighbours_become_one_area);
		tcase_add_test(cases[i], neighbours_with_pages_of_different_origin_stay_two);
		tcase_add_test(cases[i], unmapping_cuts_and_leaves_room);
		tcase_add_test(cases[i], unmapped_pages_are_gone_and_their_frames_free);
		tcase_add_test(cases[i], there_is_an_end_to_the_room);
		tcase_add_test(cases[i], nonsense_is_refused);
		tcase_add_test(cases[i], registering_a_part_splits_it_off);
		tcase_add_test(cases[i], registering_goes_across_areas_and_holes);
		tcase_add_test(cases[i], a_split_area_shares_its_anon_vma);
		suite_add_tcase(suite, cases[i]);
	}
	return run_suite(suite);
}
