// SPDX-License-Identifier: MIT
/* truncate.c - tests lib/mm/truncate.c: cutting files short, holes, and mappings of both. */
#include "../world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "mm/file.h"
#include "mm/zap.h"

static struct fl_file *file; /* four pages, number i begins with i + 1 */
static fl_vaddr shared, private;
static uint64_t frames; /* with the file's pages in memory, nothing else */

static void set_up(void)
{
	make_world("6.5", NULL);
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 4, 0), 0);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(fl_file_write(file, i, 0, i + 1), 0);
	frames = fl_machine_free_frames(machine);
	ck_assert_int_eq(fl_mmap(&shared, fl_mm, 0, 4, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0),
			 0);
	ck_assert_int_eq(fl_mmap(&private, fl_mm, 0, 4, FL_READ | FL_WRITE, 0, file, 0), 0);
}

static void tear_down(void)
{
	fl_file_put(file);
	end_world();
}

START_TEST(what_is_beyond_the_new_end_is_gone_everywhere)
{
	uint64_t word;

	ck_assert_uint_eq(load(cpu0, shared + 2 * PAGE), 3);
	ck_assert_uint_eq(load(cpu1, shared + 3 * PAGE), 4);
	ck_assert_uint_eq(load(cpu1, private + 2 * PAGE), 3);
	ck_assert_int_eq(fl_store(cpu1, private + 3 * PAGE, 9), 0); /* its own copy */
	ck_assert_int_eq(fl_file_truncate(file, 2), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames + 2);
	ck_assert_int_eq(fl_file_read(&word, file, 2, 0), -EINVAL);
	ck_assert_int_eq(fl_load(&word, cpu0, shared + 2 * PAGE), -EIO);
	ck_assert_int_eq(fl_load(&word, cpu1, shared + 3 * PAGE), -EIO);
	ck_assert_int_eq(fl_load(&word, cpu1, private + 2 * PAGE), -EIO);
	ck_assert_int_eq(fl_load(&word, cpu1, private + 3 * PAGE), -EIO);
	ck_assert_uint_eq(load(cpu0, shared + PAGE), 2);
	/* what comes back is zeroes */
	ck_assert_int_eq(fl_file_truncate(file, 4), 0);
	ck_assert_uint_eq(load(cpu0, shared + 2 * PAGE), 0);
	ck_assert_uint_eq(load(cpu1, private + 3 * PAGE), 0);
	ck_assert_int_eq(fl_file_truncate(file, 5), -EINVAL);
}
END_TEST

START_TEST(a_hole_is_zeroes_but_private_copies_stay)
{
	ck_assert_uint_eq(load(cpu0, shared + PAGE), 2);
	ck_assert_uint_eq(load(cpu1, private + PAGE), 2);
	ck_assert_int_eq(fl_store(cpu1, private + 2 * PAGE, 9), 0);
	ck_assert_int_eq(fl_file_punch_hole(file, 1, 2), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames + 1);
	ck_assert(pte_none(entry_of(shared + PAGE)) && pte_none(entry_of(private + PAGE)));
	ck_assert_uint_eq(load(cpu1, private + 2 * PAGE), 9);
	ck_assert_uint_eq(load(cpu0, shared + PAGE), 0);
	ck_assert_uint_eq(load(cpu1, private + PAGE), 0);
	ck_assert_uint_eq(load(cpu0, shared), 1);
	ck_assert_uint_eq(load(cpu0, shared + 3 * PAGE), 4);
	ck_assert_int_eq(fl_file_punch_hole(file, 1, 0), -EINVAL);
	ck_assert_int_eq(fl_file_punch_hole(file, 2, ~0ULL), -EINVAL);
	ck_assert_int_eq(fl_file_punch_hole(file, 7, 2), 0);
}
END_TEST

START_TEST(only_the_part_that_a_mapping_has_is_unmapped)
{
	fl_vaddr two;

	ck_assert_int_eq(fl_mmap(&two, fl_mm, 0, 2, FL_READ, FL_MAP_SHARED, file, 2), 0);
	for (unsigned int i = 0; i < 4; i++)
		ck_assert_uint_eq(load(cpu0, shared + i * PAGE), i + 1);
	ck_assert_uint_eq(load(cpu0, two), 3);
	ck_assert_uint_eq(load(cpu0, two + PAGE), 4);
	unmap_mapping_pages(&file->mapping, 1, 2, false);
	ck_assert(pte_present(entry_of(shared)));
	ck_assert(pte_none(entry_of(shared + PAGE)) && pte_none(entry_of(shared + 2 * PAGE)));
	ck_assert(pte_present(entry_of(shared + 3 * PAGE)));
	ck_assert(pte_none(entry_of(two)) && pte_present(entry_of(two + PAGE)));
	/* up to the page behind it, where another mapping begins */
	ck_assert_uint_eq(load(cpu0, private), 1);
	unmap_mapping_pages(&file->mapping, 1, 4, false);
	ck_assert(pte_none(entry_of(shared + 3 * PAGE)) && pte_present(entry_of(private)));
	ck_assert_uint_eq(load(cpu0, shared + 3 * PAGE), 4);
	ck_assert_uint_eq(load(cpu0, two + PAGE), 4);
	unmap_mapping_pages(&file->mapping, 0, ~0ULL, false);
	ck_assert(pte_none(entry_of(shared)) && pte_none(entry_of(two + PAGE)));
	/* a mapping that is gone is not looked at */
	ck_assert_int_eq(fl_munmap(fl_mm, two, 2), 0);
	unmap_mapping_pages(&file->mapping, 0, 3, true);
}
END_TEST

START_TEST(a_page_that_somebody_holds_lives_on_without_its_file)
{
	struct page *page = filemap_get_page(&file->mapping, 3);

	ck_assert_int_eq(fl_file_truncate(file, 3), 0);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_ptr_null(page->mapping);
	ck_assert_uint_eq(frame_words(machine, page_to_pfn(page))[0], 4);
	put_page(machine, page);
}
END_TEST

/* --- between Z2 and Z3: this thread is a fault that has page 3 of the file locked --- */

static void truncate_to_3(struct fl_cpu *cpu, void *arg)
{
	(void)cpu;
	*(int *)arg = fl_file_truncate(file, 3);
}

static void set_entry(fl_vaddr addr, pte_t pte)
{
	pmd_t pmd;

	ck_assert_int_eq(pte_alloc(mm, pmd_alloc(mm, addr), &pmd), 0);
	*pte_offset_map(machine, pmd, addr) = pte;
}

START_TEST(what_late_faults_map_goes_too)
{
	struct page *page = filemap_get_page(&file->mapping, 3), *copy = alloc_page(machine);
	struct vm_area_struct *vma = vma_lookup(mm, private);
	struct call call;
	int ret = 1;

	ck_assert_int_eq(anon_vma_prepare(vma), 0);
	ck_assert(trylock_page(page));
	begin_on(&call, cpu1, truncate_to_3, &ret);
	while (page_count(page) < 3) /* the cache's, ours, and truncation's: Z2 is done */
		;
	page_add_file_rmap(page); /* our reference is the entry's */
	set_entry(shared + 3 * PAGE, pfn_pte(page_to_pfn(page), vma->vm_page_prot));
	page_add_new_anon_rmap(machine, copy, vma, private + 3 * PAGE);
	set_entry(private + 3 * PAGE, pfn_pte(page_to_pfn(copy), vma->vm_page_prot));
	unlock_page(page);
	end_on(&call);
	ck_assert_int_eq(ret, 0);
	ck_assert(pte_none(entry_of(shared + 3 * PAGE)));
	ck_assert(pte_none(entry_of(private + 3 * PAGE)));
	ck_assert_int_eq(page_count(page), 0);
	ck_assert_int_eq(page_count(copy), 0);
}
END_TEST

static void punch_3(struct fl_cpu *cpu, void *arg)
{
	(void)cpu;
	*(int *)arg = fl_file_punch_hole(file, 3, 1);
}

START_TEST(what_late_faults_map_is_not_in_a_hole)
{
	struct page *page = filemap_get_page(&file->mapping, 3);
	struct call call;
	int ret = 1;

	ck_assert(trylock_page(page));
	begin_on(&call, cpu1, punch_3, &ret);
	while (page_count(page) < 3)
		;
	page_add_file_rmap(page);
	set_entry(shared + 3 * PAGE,
		  pfn_pte(page_to_pfn(page), vma_lookup(mm, shared)->vm_page_prot));
	unlock_page(page);
	end_on(&call);
	ck_assert_int_eq(ret, 0);
	ck_assert(pte_none(entry_of(shared + 3 * PAGE)));
	ck_assert_int_eq(page_count(page), 0);
}
END_TEST

/* --- together: one thread cuts, one writes through mappings --- */

#define ROUNDS 3000

/* What a thread other than Check's saw that must not be. */
static void must_be(bool right, int round, int page, int err, uint64_t word)
{
	if (right)
		return;
	fprintf(stderr, "round %d, page %d: error %d, word %#" PRIx64 "\n", round, page, err, word);
	abort();
}

static void write_all(struct fl_cpu *cpu, void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		for (int page = 0; page < 4; page++) {
			uint64_t word = 0;
			int err = fl_store(cpu, shared + page * PAGE + 8, i + 1);

			must_be(!err || err == -EIO, i, page, err, 0);
			err = fl_store(cpu, private + page * PAGE + 8, i + 1);
			must_be(!err || err == -EIO, i, page, err, 0);
			err = fl_load(&word, cpu, shared + page * PAGE);
			/* the words of no other page, and of no other life of the frame */
			must_be(err ? err == -EIO : !word || word == page + 1u, i, page, err, word);
		}
	}
}

START_TEST(faults_and_truncation_go_on_together)
{
	struct call call;
	uint64_t word;

	begin_on(&call, cpu1, write_all, NULL);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t size = i % 4;

		ck_assert_int_eq(fl_file_truncate(file, size), 0);
		/* What a program wrote beyond the end is not there when the file grows. */
		ck_assert(size >= 4 || fl_file_read(&word, file, size, 1) == -EINVAL);
		ck_assert_ptr_null(filemap_get_page(&file->mapping, size));
		ck_assert_int_eq(fl_file_truncate(file, 4), 0);
		ck_assert_int_eq(fl_file_punch_hole(file, 1, 1), 0);
	}
	end_on(&call);
	ck_assert_int_eq(fl_file_truncate(file, 0), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), machine->nr_frames - 1);
	for (unsigned int page = 0; page < 4; page++) {
		ck_assert(pte_none(entry_of(shared + page * PAGE)));
		ck_assert(pte_none(entry_of(private + page * PAGE)));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.truncate");
	TCase *tc = test_case("truncate");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_is_beyond_the_new_end_is_gone_everywhere);
	tcase_add_test(tc, a_hole_is_zeroes_but_private_copies_stay);
	tcase_add_test(tc, only_the_part_that_a_mapping_has_is_unmapped);
	tcase_add_test(tc, a_page_that_somebody_holds_lives_on_without_its_file);
	tcase_add_test(tc, what_late_faults_map_goes_too);
	tcase_add_test(tc, what_late_faults_map_is_not_in_a_hole);
	tcase_add_test(tc, faults_and_truncation_go_on_together);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
