// SPDX-License-Identifier: MIT
/*
 * zap.c - tests lib/mm/zap.c: what goes with an entry, and what is left in its place. Batches and
 * flushes: gather.c, tlb_batch.c. Page tables: pgtable_free.c. By way of a file: truncate.c.
 */
#include "../world.h"

#include <errno.h>

#include "mm/file.h"
#include "mm/zap.h"

static struct fl_file *file;

static void set_up(void)
{
	make_world("6.5", NULL);
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 8, 0), 0);
}

static void tear_down(void)
{
	fl_file_put(file);
	end_world();
}

static fl_vaddr map_file(size_t pages, unsigned int flags)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, fl_mm, 0, pages, FL_READ | FL_WRITE, flags, file, 0), 0);
	return addr;
}

static void zap(fl_vaddr a, size_t pages, const struct zap_details *details)
{
	zap_page_range_single(vma_lookup(mm, a), a, a + pages * PAGE, details);
}

static void set_entry(fl_vaddr addr, pte_t pte)
{
	pmd_t pmd;

	ck_assert_int_eq(pte_alloc(mm, pmd_alloc(mm, addr), &pmd), 0);
	*pte_offset_map(machine, pmd, addr) = pte;
}

START_TEST(anonymous_pages_go_and_no_cpu_reaches_them)
{
	fl_vaddr a = map(6, FL_READ | FL_WRITE); /* in two tables */
	uint64_t frames = fl_machine_free_frames(machine);

	for (unsigned int i = 0; i < 6; i++)
		ck_assert_int_eq(fl_store(i & 1 ? cpu1 : cpu0, a + i * PAGE, i + 1), 0);
	zap(a + PAGE, 4, NULL);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 2);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 0);
	ck_assert_uint_eq(load(cpu0, a + 4 * PAGE), 0);
	ck_assert_uint_eq(load(cpu1, a + 5 * PAGE), 6);
	ck_assert_int_eq(mm->tlb_flush_pending.counter, 0);
}
END_TEST

START_TEST(the_zero_page_is_unmapped_and_not_given_back)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	ck_assert_uint_eq(load(cpu0, a), 0);
	zap(a, 2, NULL);
	ck_assert(pte_none(entry_of(a)));
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 1);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
}
END_TEST

START_TEST(a_pinned_page_stays_with_who_pinned_it)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin pin;

	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	zap(a, 1, NULL);
	ck_assert_int_eq(page_mapcount(pfn_to_page(machine, pin.pfn)), 0);
	ck_assert_uint_eq(fl_pin_load(&pin, 0), 3);
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(what_was_dirty_in_the_entry_is_dirty_in_the_page)
{
	fl_vaddr a = map_file(2, FL_MAP_SHARED);
	struct page *page, *clean;

	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 0);
	page = page_of(a);
	clean = page_of(a + PAGE);
	/* made dirty by hardware alone */
	set_entry(a, pte_mkdirty(pte_mkwrite(entry_of(a))));
	zap(a, 2, NULL);
	ck_assert(PageDirty(page) && !PageDirty(clean));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(page_mapcount(page), 0);
}
END_TEST

START_TEST(only_the_pages_of_the_file_go_if_asked)
{
	struct zap_details details = { .mapping = &file->mapping };
	fl_vaddr a = map_file(2, 0);

	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 7), 0);
	zap(a, 2, &details);
	ck_assert(pte_none(entry_of(a)));
	ck_assert_uint_eq(load(cpu0, a + PAGE), 7);
	details.even_cows = true;
	zap(a, 2, &details);
	ck_assert(pte_none(entry_of(a + PAGE)));
	/* and without a mapping both kinds */
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 7), 0);
	zap(a, 2, &(struct zap_details){ .drop_marker = true });
	ck_assert(pte_none(entry_of(a + PAGE)));
}
END_TEST

START_TEST(protection_of_a_files_entry_outlives_it_as_a_marker)
{
	struct zap_details drop = { .drop_marker = true };
	fl_vaddr a = map_file(1, FL_MAP_SHARED);

	ck_assert_uint_eq(load(cpu0, a), 0);
	set_entry(a, pte_mkuffd_wp(entry_of(a)));
	zap(a, 1, NULL); /* left over from when userfaultfd watched */
	ck_assert(pte_none(entry_of(a)));
	vma_lookup(mm, a)->vm_flags |= VM_UFFD_WP;
	ck_assert_uint_eq(load(cpu0, a), 0);
	set_entry(a, pte_mkuffd_wp(entry_of(a)));
	zap(a, 1, NULL);
	ck_assert_uint_eq(entry_of(a), make_pte_marker_uffd_wp());
	zap(a, 1, NULL);
	ck_assert_uint_eq(entry_of(a), make_pte_marker_uffd_wp());
	zap(a, 1, &drop);
	ck_assert(pte_none(entry_of(a)));
	ck_assert_uint_eq(load(cpu0, a), 0);
	set_entry(a, pte_mkuffd_wp(entry_of(a)));
	zap(a, 1, &drop);
	ck_assert(pte_none(entry_of(a)));
}
END_TEST

START_TEST(protection_of_anonymous_memory_goes_with_the_page)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	set_entry(a, pte_mkuffd_wp(entry_of(a)));
	set_entry(a + PAGE, make_pte_marker_uffd_wp());
	zap(a, 2, NULL);
	ck_assert(pte_none(entry_of(a)) && pte_none(entry_of(a + PAGE)));
}
END_TEST

/* --- more pages than a batch has room for --- */

#define MANY (2 * GATHER_PAGES + GATHER_PAGES / 2)

START_TEST(more_pages_than_a_batch_holds_go_as_well)
{
	struct fl_machine_config config = {
		.cpus = 2, .frames = MANY + 16, .page_words = 2, .levels = 2, .level_bits = 9
	};
	fl_vaddr a;

	make_world_with(&config, "6.5", NULL);
	a = map(MANY, FL_READ | FL_WRITE);
	for (unsigned int i = 0; i < MANY; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 1), 0);
	zap(a, MANY, NULL);
	ck_assert_uint_eq(fl_machine_free_frames(machine), machine->nr_frames - 1);
	for (unsigned int i = 0; i < MANY; i++)
		ck_assert(pte_none(entry_of(a + i * PAGE)));
	end_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.zap");
	TCase *tc = test_case("zap"), *many = test_case("many");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, anonymous_pages_go_and_no_cpu_reaches_them);
	tcase_add_test(tc, the_zero_page_is_unmapped_and_not_given_back);
	tcase_add_test(tc, a_pinned_page_stays_with_who_pinned_it);
	tcase_add_test(tc, what_was_dirty_in_the_entry_is_dirty_in_the_page);
	tcase_add_test(tc, only_the_pages_of_the_file_go_if_asked);
	tcase_add_test(tc, protection_of_a_files_entry_outlives_it_as_a_marker);
	tcase_add_test(tc, protection_of_anonymous_memory_goes_with_the_page);
	tcase_add_test(many, more_pages_than_a_batch_holds_go_as_well);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, many);
	return run_suite(suite);
}
