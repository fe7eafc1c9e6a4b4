// SPDX-License-Identifier: MIT
/* migration.c - tests lib/oracle/migration.c: what it reports, and what it must not. */
#include <faultline/migrate.h>

#include "told.h"

static void set_entry(pte_t pte)
{
	set_pte(pte_offset_map(machine, pmd_read_lockless(machine, mm->pgd, a), a), pte);
}

/* The page at @a is about to move. */
static struct page *freeze(pte_t *was)
{
	struct page *page = page_of(a);

	machine->migration = FL_MIGRATION_CALLS;
	*was = entry_of(a);
	set_entry(make_swp_pte(SWP_MIGRATION_WRITE, page_to_pfn(page)));
	page->_mapcount.counter--;
	return page;
}

static void thaw(struct page *page, pte_t was)
{
	page->_mapcount.counter++;
	set_entry(was);
	machine->migration = 0;
}

START_TEST(an_entry_that_nobody_takes_away_is_reported)
{
	struct page *page;
	pte_t was;

	page = freeze(&was);
	ck_assert_reported("migration", "has a migration entry at 0x10, and nobody moves frame");
	thaw(page, was);
	ck_assert_silent();
}
END_TEST

START_TEST(a_page_that_is_on_its_way_is_fine)
{
	struct page *page;
	pte_t was;

	page = freeze(&was);
	ck_assert(trylock_page(page));
	ck_assert_silent();
	unlock_page(page);
	thaw(page, was);
}
END_TEST

START_TEST(other_entries_without_a_page_are_fine)
{
	struct page *page;
	pte_t was;

	page = freeze(&was);
	set_entry(make_pte_marker_uffd_wp());
	ck_assert_silent();
	set_entry(make_swp_pte(SWP_SWAP, 1));
	ck_assert_silent();
	thaw(page, was);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.migration");
	TCase *tc = test_case("migration");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, an_entry_that_nobody_takes_away_is_reported);
	tcase_add_test(tc, a_page_that_is_on_its_way_is_fine);
	tcase_add_test(tc, other_entries_without_a_page_are_fine);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
