// SPDX-License-Identifier: MIT
/*
 * ksm.c - tests lib/mm/ksm.c: what is protected, and for whom KSM backs off. Races: scenario pae-
 * gup-fast.
 */
#include "../world.h"

#include <errno.h>

START_TEST(a_page_becomes_read_only_clean_and_shareable)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_uint_eq(load(cpu1, a), 1);
	page = page_of(a);
	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a + 8), 0);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(!pte_write(entry_of(a)) && !pte_dirty(entry_of(a)));
	ck_assert(!PageAnonExclusive(page));
	/* The dirtiness is the page's now, references and lock were given back. */
	ck_assert(test_bit(PG_dirty, &page->flags));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert(!PageLocked(page));
	/* no CPU writes through what it has in its TLB */
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert(pte_write(entry_of(a)));
	ck_assert_uint_eq(load(cpu1, a), 2);
}
END_TEST

START_TEST(a_read_only_clean_exclusive_page_keeps_its_entry)
{
	fl_vaddr a = map(1, FL_READ);
	pte_t before;

	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 1), 0);
	before = entry_of(a);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_uint_eq(entry_of(a), before);
	ck_assert(!PageAnonExclusive(page_of(a)));
	/* a second time there is nothing to do */
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
}
END_TEST

/* Everything is as before, and the program goes on. */
static void backs_off(fl_vaddr a, struct page *page)
{
	pte_t before = entry_of(a);
	int count = page_count(page);

	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a), -EBUSY);
	ck_assert_uint_eq(entry_of(a), before);
	ck_assert_int_eq(page_count(page), count);
	ck_assert(PageAnonExclusive(page));
	ck_assert_int_eq(fl_store(cpu0, a, 8), 0);
	ck_assert_ptr_eq(page_of(a), page);
}

START_TEST(ksm_backs_off_when_the_page_is_pinned)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin pin;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, 0, &pin), 1);
	backs_off(a, page_of(a));
	fl_unpin(cpu0, &pin);
	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a), 0);
}
END_TEST

START_TEST(ksm_backs_off_when_somebody_has_a_reference_or_the_lock)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	page = page_of(a);
	page_ref_add(page, 1);
	backs_off(a, page);
	put_page(machine, page);
	ck_assert(trylock_page(page));
	backs_off(a, page);
	unlock_page(page);
	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a), 0);
}
END_TEST

START_TEST(there_has_to_be_an_anonymous_page)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), -EFAULT);
	ck_assert_uint_eq(load(cpu0, a), 0); /* the zero page */
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), -EFAULT);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a + 4 * PAGE), -EFAULT);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, ~0ULL), -EFAULT);
	ck_assert_int_eq(rwsem_is_locked(&mm->mmap_lock), 0);
}
END_TEST

static int stop;

static void count_up(struct fl_cpu *cpu, void *arg)
{
	fl_vaddr a = *(fl_vaddr *)arg;

	for (uint64_t i = 1; !READ_ONCE(stop); i++) {
		uint64_t word;

		/* No store is lost, however often the page is protected meanwhile. */
		if (fl_store(cpu, a, i) || fl_load(&word, cpu, a) || word != i)
			abort();
	}
}

START_TEST(stores_are_not_lost_to_write_protection)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct call call;
	int done = 0;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	begin_on(&call, cpu1, count_up, &a);
	for (int i = 0; i < 2000; i++)
		done += fl_ksm_write_protect(cpu0, fl_mm, a) == 0;
	WRITE_ONCE(stop, 1);
	end_on(&call);
	ck_assert_int_gt(done, 0);
}
END_TEST

static void broadcast(void)
{
	make_world("6.5", NULL);
}

static void ipi(void)
{
	make_world("6.0", "tlb_flush=ipi");
}

static void plain_clear(void)
{
	make_world("6.1", "ptep_clear=plain");
}

int main(void)
{
	static void (*const fixtures[])(void) = { broadcast, ipi, plain_clear };
	static const char *const names[] = { "6.5", "6.0 ipi", "plain clear" };
	Suite *suite = suite_create("mm.ksm");

	for (int i = 0; i < 3; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, a_page_becomes_read_only_clean_and_shareable);
		tcase_add_test(tc, a_read_only_clean_exclusive_page_keeps_its_entry);
		tcase_add_test(tc, ksm_backs_off_when_the_page_is_pinned);
		tcase_add_test(tc, ksm_backs_off_when_somebody_has_a_reference_or_the_lock);
		tcase_add_test(tc, there_has_to_be_an_anonymous_page);
		tcase_add_test(tc, stores_are_not_lost_to_write_protection);
		suite_add_tcase(suite, tc);
	}
	return run_suite(suite);
}
