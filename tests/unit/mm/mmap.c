// SPDX-License-Identifier: MIT
/*
 * mmap.c - tests lib/mm/mmap.c and the end of an mm: where mappings go, what they are, and what is left
 * when they go.
 */
#include "layout.h"

#include <errno.h>

static int map_flags(fl_vaddr *out, fl_vaddr addr, size_t pages, unsigned int flags)
{
	return fl_mmap(out, fl_mm, addr, pages, RW, flags, NULL, 0);
}

START_TEST(a_mapping_goes_to_the_lowest_room)
{
	fl_vaddr a;

	map_at(2, 2, RW);
	map_at(5, 3, RW);
	map_at(10, 1, RW);
	ck_assert_uint_eq(map(2, FL_READ), 8 * PAGE);
	ck_assert_uint_eq(map(1, FL_READ), 1 * PAGE);
	ck_assert_uint_eq(map(1, FL_READ), 4 * PAGE);
	ck_assert_uint_eq(map(5, FL_READ), 11 * PAGE);
	ck_assert_int_eq(fl_mmap_anon(&a, fl_mm, 1, FL_READ), -ENOMEM);
}
END_TEST

START_TEST(a_hint_is_taken_if_there_is_room)
{
	fl_vaddr a;

	ck_assert_int_eq(map_flags(&a, 6 * PAGE, 2, 0), 0);
	ck_assert_uint_eq(a, 6 * PAGE);
	/* Somebody is there. */
	ck_assert_int_eq(map_flags(&a, 5 * PAGE, 2, 0), 0);
	ck_assert_uint_eq(a, 1 * PAGE);
	/* Rounded up. */
	ck_assert_int_eq(map_flags(&a, 9 * PAGE + 1, 1, 0), 0);
	ck_assert_uint_eq(a, 10 * PAGE);
	/* Beyond the end. */
	ck_assert_int_eq(map_flags(&a, 15 * PAGE, 2, 0), 0);
	ck_assert_uint_eq(a, 3 * PAGE);
	ck_assert_int_eq(map_flags(&a, ~0ULL, 1, 0), 0);
	ck_assert_uint_eq(a, 5 * PAGE);
}
END_TEST

START_TEST(a_fixed_mapping_takes_the_place_of_what_is_there)
{
	uint64_t frames = fl_machine_free_frames(machine);
	fl_vaddr a;

	map_at(1, 6, RW);
	touch(2);
	touch(3);
	touch(4);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 3 * PAGE, 2, FL_READ, FL_MAP_FIXED, NULL, 0), 0);
	ck_assert_uint_eq(a, 3 * PAGE);
	ck_assert_str_eq(picture(), "AABBCC.........");
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	ck_assert_uint_eq(load(cpu0, 3 * PAGE), 0);
	ck_assert_uint_eq(load(cpu0, 2 * PAGE), 2);
}
END_TEST

START_TEST(a_fixed_mapping_can_be_asked_to_replace_nothing)
{
	fl_vaddr a = 77;

	map_at(3, 2, RW);
	touch(3);
	ck_assert_int_eq(map_flags(&a, 2 * PAGE, 2, FL_MAP_FIXED_NOREPLACE), -EEXIST);
	ck_assert_int_eq(map_flags(&a, 4 * PAGE, 2, FL_MAP_FIXED_NOREPLACE), -EEXIST);
	ck_assert_uint_eq(a, 77);
	ck_assert_uint_eq(load(cpu0, 3 * PAGE), 3);
	ck_assert_int_eq(map_flags(&a, 5 * PAGE, 2, FL_MAP_FIXED_NOREPLACE), 0);
	ck_assert_uint_eq(a, 5 * PAGE);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	struct fl_file *file;
	fl_vaddr a;

	ck_assert_int_eq(map_flags(&a, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(map_flags(&a, 0, 1, 64), -EINVAL);
	ck_assert_int_eq(map_flags(&a, 0, 1, FL_MAP_FIXED), -EINVAL);
	ck_assert_int_eq(map_flags(&a, 8, 1, FL_MAP_FIXED), -EINVAL);
	ck_assert_int_eq(map_flags(&a, 8, 1, FL_MAP_FIXED_NOREPLACE), -EINVAL);
	ck_assert_int_eq(map_flags(&a, 15 * PAGE, 2, FL_MAP_FIXED), -ENOMEM);
	ck_assert_int_eq(map_flags(&a, ~0ULL & ~15ULL, 1, FL_MAP_FIXED), -ENOMEM);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 1, 4, 0, NULL, 0), -EINVAL);
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 1, 0), 0);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 2, RW, 0, file, UINT64_MAX), -EINVAL);
	fl_file_put(file);
	ck_assert_str_eq(picture(), "...............");
}
END_TEST

START_TEST(a_mapping_is_what_was_asked_for)
{
	const unsigned long may = VM_MAYREAD | VM_MAYWRITE | VM_SOFTDIRTY;
	struct fl_file *file;

	map_at(1, 1, RW);
	map_at(2, 1, FL_READ);
	map_at(3, 1, 0);
	ck_assert_uint_eq(area_of(1)->vm_flags, may | VM_READ | VM_WRITE | VM_ACCOUNT);
	ck_assert_uint_eq(area_of(2)->vm_flags, may | VM_READ);
	ck_assert_uint_eq(area_of(3)->vm_flags, may);
	ck_assert(vma_is_anonymous(area_of(1)));
	ck_assert_uint_eq(area_of(1)->vm_page_prot & (_PAGE_RW | _PAGE_PROTNONE), 0);
	ck_assert_uint_eq(area_of(3)->vm_page_prot, _PAGE_PROTNONE | _PAGE_USER);

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_file_at(5, 2, FL_MAP_SHARED, file, 3);
	map_file_at(8, 1, 0, file, 7);
	ck_assert_uint_eq(area_of(5)->vm_flags, may | VM_READ | VM_WRITE | VM_SHARED | VM_MAYSHARE);
	ck_assert_uint_eq(area_of(5)->vm_page_prot & _PAGE_RW, _PAGE_RW);
	ck_assert_uint_eq(area_of(5)->vm_pgoff, 3);
	ck_assert(vma_is_shmem(area_of(5)));
	ck_assert_uint_eq(area_of(8)->vm_flags, may | VM_READ | VM_WRITE | VM_ACCOUNT);
	ck_assert_uint_eq(area_of(8)->vm_page_prot & _PAGE_RW, 0);
	ck_assert_uint_eq(area_of(8)->vm_pgoff, 7);
	ck_assert(is_cow_mapping(area_of(8)->vm_flags));
	ck_assert(!is_cow_mapping(area_of(5)->vm_flags));
	ck_assert_uint_eq(i_mmap_length(file), 2);
	/* The mappings keep it, to the end of the mm. */
	fl_file_put(file);
	ck_assert_uint_eq(refcount_read(&file->refcount), 2);
}
END_TEST

START_TEST(shared_memory_without_a_file_has_one_of_its_own)
{
	fl_vaddr a, b;

	ck_assert_int_eq(map_flags(&a, 0, 2, FL_MAP_SHARED), 0);
	ck_assert_int_eq(map_flags(&b, 0, 2, FL_MAP_SHARED), 0);
	ck_assert_str_eq(picture(), "AABB...........");
	ck_assert(vma_is_shmem(area_of(1)));
	ck_assert_ptr_ne(area_of(1)->vm_file, area_of(3)->vm_file);
	ck_assert_uint_eq(area_of(3)->vm_pgoff, 0);
	ck_assert_uint_eq(refcount_read(&area_of(1)->vm_file->refcount), 1);
	unmap(1, 2);
}
END_TEST

START_TEST(a_populated_mapping_has_all_its_pages)
{
	uint64_t frames = fl_machine_free_frames(machine);
	fl_vaddr a;

	ck_assert_int_eq(map_flags(&a, 0, 3, FL_MAP_POPULATE), 0);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert(pte_write(entry_of(a + i * PAGE)));
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 3);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 2, FL_READ, FL_MAP_POPULATE, NULL, 0), 0);
	ck_assert(pte_special(entry_of(a + PAGE)));
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 2, 0, FL_MAP_POPULATE, NULL, 0), 0);
	ck_assert(pte_none(entry_of(a)));
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 3);
}
END_TEST

/* Out of frames: what could be had is there, the rest is not, and the mapping is good. */
START_TEST(a_mapping_that_cannot_be_populated_is_mapped)
{
	uint64_t frames = fl_machine_free_frames(machine);
	fl_vaddr a;

	ck_assert_uint_lt(frames, 60);
	ck_assert_int_eq(map_flags(&a, 0, 15, FL_MAP_POPULATE), 0);
	unmap(1, 15);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

START_TEST(unmapping_across_areas_of_all_kinds_leaves_nothing)
{
	uint64_t frames = fl_machine_free_frames(machine), word;
	struct fl_file *file;
	fl_vaddr a;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
	map_at(1, 4, RW);
	map_file_at(6, 3, FL_MAP_SHARED, file, 0);
	map_at(9, 2, FL_READ);
	ck_assert_int_eq(map_flags(&a, 12 * PAGE, 3, FL_MAP_FIXED | FL_MAP_POPULATE), 0);
	touch(2);
	touch(3);
	unmap(3, 11);
	ck_assert_str_eq(picture(), "AA...........B.");
	ck_assert_uint_eq(i_mmap_length(file), 0);
	ck_assert_uint_eq(refcount_read(&file->refcount), 1);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 2);
	ck_assert_int_eq(fl_load(&word, cpu1, 3 * PAGE), -EFAULT);
	ck_assert_uint_eq(load(cpu1, 2 * PAGE), 2);
	ck_assert_int_eq(atomic_read(&mm->tlb_flush_pending), 0);
	/* Nothing there is no error. */
	unmap(4, 5);
	fl_file_put(file);
}
END_TEST

START_TEST(an_mm_with_all_kinds_of_areas_comes_to_its_end)
{
	struct fl_file *file;
	fl_vaddr a;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_REGULAR, 8, 0), 0);
	map_at(1, 4, RW);
	touch(1);
	touch(4);
	protect(2, 1, FL_READ);
	map_file_at(6, 3, FL_MAP_SHARED, file, 0);
	map_file_at(10, 3, 0, file, 0);
	ck_assert_int_eq(map_flags(&a, 0, 1, FL_MAP_SHARED), 0);
	fl_file_put(file);
}
END_TEST

/* A large address space; the gaps are found again, lowest first. */
START_TEST(room_is_found_among_many_areas)
{
	struct fl_machine_config config = { .cpus = 2, .frames = 64, .levels = 4, .level_bits = 5 };
	fl_vaddr at[600];

	end_world();
	make_world_with(&config, "6.5", NULL);
	for (size_t i = 0; i < 600; i++) {
		at[i] = map(1 + i % 3, i % 2 ? FL_READ : RW);
		if (i)
			ck_assert_uint_gt(at[i], at[i - 1]);
	}
	/* Holes of one, two, three pages at every tenth; then one of each size more, in order. */
	for (size_t i = 0; i < 600; i += 10)
		ck_assert_int_eq(fl_munmap(fl_mm, at[i], 1 + i % 3), 0);
	for (size_t size = 3; size > 0; size--) {
		for (size_t i = 0; i < 600; i += 10) {
			if (1 + i % 3 == size)
				ck_assert_uint_eq(map(size, 0), at[i]);
		}
	}
	ck_assert_uint_gt(map(1, 0), at[599]);
}
END_TEST

/*
 * Loads from pages that come and go: each finds its page's word, or nothing. In no order: valgrind takes turns after so and
 * so many basic blocks, and a loop whose rounds divide that can have its turn end with the same lock held for ever.
 */
static int stop;

static void load_all_the_time(struct fl_cpu *cpu, void *arg)
{
	unsigned int seed = 1;

	while (!READ_ONCE(stop)) {
		unsigned int i = (unsigned int)rand_r(&seed) % 8;
		uint64_t word;

		if (!fl_load(&word, cpu, (i + 1) * PAGE) && word && word != i + 1)
			abort();
	}
}

START_TEST(faults_meet_areas_whole_while_they_change)
{
	struct call call;

	WRITE_ONCE(stop, 0);
	map_at(1, 8, RW);
	begin_on(&call, cpu1, load_all_the_time, NULL);
	for (int n = 0; n < 1500; n++) {
		for (unsigned int i = 1; i <= 8; i++)
			touch(i);
		protect(3, 3, FL_READ);
		move(4, 2, 10);
		protect(3, 1, RW);
		unmap(10, 2);
		map_at(4, 2, RW);
	}
	WRITE_ONCE(stop, 1);
	end_on(&call);
	ck_assert_str_eq(picture(), "AAAAAAAA.......");
}
END_TEST

int main(void)
{
	TCase *cases[2];
	Suite *suite = layout_suite("mm.mmap", cases);

	add_both(cases, a_mapping_goes_to_the_lowest_room);
	add_both(cases, a_hint_is_taken_if_there_is_room);
	add_both(cases, a_fixed_mapping_takes_the_place_of_what_is_there);
	add_both(cases, a_fixed_mapping_can_be_asked_to_replace_nothing);
	add_both(cases, nonsense_is_refused);
	add_both(cases, a_mapping_is_what_was_asked_for);
	add_both(cases, shared_memory_without_a_file_has_one_of_its_own);
	add_both(cases, a_populated_mapping_has_all_its_pages);
	add_both(cases, a_mapping_that_cannot_be_populated_is_mapped);
	add_both(cases, unmapping_across_areas_of_all_kinds_leaves_nothing);
	add_both(cases, an_mm_with_all_kinds_of_areas_comes_to_its_end);
	tcase_add_test(cases[1], room_is_found_among_many_areas);
	add_both(cases, faults_meet_areas_whole_while_they_change);
	return run_suite(suite);
}
