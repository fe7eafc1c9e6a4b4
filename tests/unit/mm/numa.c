// SPDX-License-Identifier: MIT
/* numa.c - tests lib/mm/numa.c: hinting entries, and the faults that undo them. */
#include "shared.h"

#include <errno.h>
#include <string.h>

static fl_vaddr a; /* four pages, the first two stored to */

static void set_up_with(const char *kernel, const char *set)
{
	struct fl_machine_config config = { .cpus = 2, .lru_batch = FL_LRU_NO_BATCH };

	fl_machine_config_small(&config);
	make_world_with(&config, kernel, set);
	a = map(4, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	count_as_new(a);
}

static void linux_6_1(void)
{
	set_up_with("6.1", NULL);
}

static void linux_6_3(void)
{
	set_up_with("6.3", NULL);
}

/* Up to 6.1. */
static bool saved(void)
{
	return machine->policy.numa_write == FL_NUMA_WRITE_SAVED;
}

START_TEST(a_hint_is_taken_back_by_the_next_access)
{
	pte_t was = entry_of(a);

	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 4), 2);
	ck_assert(pte_protnone(entry_of(a)) && pte_protnone(entry_of(a + PAGE)));
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_uint_eq(entry_of(a), was); /* writable, as it was: it is exclusive */
	ck_assert(pte_protnone(entry_of(a + PAGE)));
	ck_assert_int_eq(fl_store(cpu1, a + PAGE, 3), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 3);
}
END_TEST

START_TEST(translations_do_not_outlive_the_hint)
{
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 1), 1);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert(!pte_protnone(entry_of(a))); /* it faulted */
}
END_TEST

START_TEST(what_is_hinted_already_or_not_alone_is_left_out)
{
	struct page *page = page_of(a + PAGE);

	get_page(page);		  /* somebody else's */
	load(cpu0, a + 2 * PAGE); /* the zero page */
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 4), 1);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 4), 0);
	put_page(machine, page);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 4), 1);
	ck_assert(!pte_protnone(entry_of(a + 2 * PAGE)));
	set_bit(PG_ksm, &page_of(a)->flags);
	load(cpu0, a);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 4), 0);
	clear_bit(PG_ksm, &page_of(a)->flags);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a + 8, 1), -EINVAL);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, SIZE_MAX), -EINVAL);
}
END_TEST

START_TEST(an_inaccessible_mapping_has_no_hints)
{
	ck_assert_uint_eq(map(1, 0), a + 4 * PAGE);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 5), 2);
}
END_TEST

START_TEST(the_fault_does_not_make_writable_what_somebody_waits_for)
{
	/* soft-dirty tracking waits */
	*entry_at(a) &= ~(_PAGE_SOFT_DIRTY | _PAGE_RW);
	track(a);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 1), 1);
	load(cpu0, a);
	ck_assert(!pte_protnone(entry_of(a)) && !pte_write(entry_of(a)));
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	ck_assert(pte_soft_dirty(entry_of(a)));
	/* not exclusive: since 6.2 the fault asks */
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 1), 1);
	ck_assert_int_eq(pte_write(entry_of(a)), saved());
	ClearPageAnonExclusive(page_of(a));
	load(cpu0, a);
	ck_assert_int_eq(pte_write(entry_of(a)), saved());
}
END_TEST

/* Without PageAnonExclusive nothing else could say so. */
START_TEST(what_was_writable_is_writable_again)
{
	static const char *const kernels[] = { "4.8", "5.9", "5.18", "6.1", "6.3" };

	set_up_with(kernels[_i], NULL);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 2), 2);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert(pte_write(entry_of(a)));
	*entry_at(a) &= ~_PAGE_RW;
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 1), 1);
	ck_assert(!pte_write(entry_of(a)));
	end_world();
}
END_TEST

START_TEST(who_takes_write_permission_takes_it_from_a_hint_too)
{
	struct fl_mm *child;

	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 2), 2);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert(!pte_write(entry_of(a)));
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert(!pte_write(entry_of(a)));
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	fl_switch_mm(cpu1, child);
	ck_assert_uint_eq(load(cpu1, a), 1);
	fl_mm_destroy(child);
	fl_switch_mm(cpu1, fl_mm);
	/* and clear_refs: a hint is no way round it */
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 1), 1);
	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
	load(cpu0, a);
	ck_assert(!pte_write(entry_of(a)));
}
END_TEST

START_TEST(a_mutant_of_the_rule_loses_the_write)
{
	set_up_with("6.3", "change_writable=no-soft-dirty");
	*entry_at(a) &= ~(_PAGE_SOFT_DIRTY | _PAGE_RW);
	track(a);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 1), 1);
	load(cpu0, a);
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	ck_assert(!pte_soft_dirty(entry_of(a))); /* stored to, and nobody knows */
	end_world();
}
END_TEST

START_TEST(an_entry_that_changed_is_somebody_elses)
{
	struct vm_area_struct *vma = vma_lookup(mm, a);
	struct vm_fault vmf = { .m = machine, .mm = mm, .vma = vma, .address = a };
	pte_t was = entry_of(a);

	vmf.pmdp = pmd_offset_lockless(machine, mm->pgd, a);
	vmf.pmd = *vmf.pmdp;
	vmf.orig_pte = (was & ~_PAGE_PRESENT) | _PAGE_PROTNONE;
	ck_assert_uint_eq(do_numa_page(&vmf), 0);
	ck_assert_uint_eq(entry_of(a), was);
	ck_assert_int_eq(spin_is_locked(ptl_of(a)), 0);
}
END_TEST

START_TEST(a_pin_of_a_hinted_page_takes_the_hint_back)
{
	struct fl_pin pin;

	fl_change_prot_numa(fl_mm, a, 1);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin),
			 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	ck_assert_uint_eq(fl_pin_load(&pin, 0), 1);
	fl_unpin(cpu0, &pin);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.numa");
	static void (*const fixtures[])(void) = { linux_6_1, linux_6_3 };
	static const char *const names[] = { "6.1", "6.3" };
	TCase *own = test_case("own world");

	for (int i = 0; i < 2; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, a_hint_is_taken_back_by_the_next_access);
		tcase_add_test(tc, translations_do_not_outlive_the_hint);
		tcase_add_test(tc, what_is_hinted_already_or_not_alone_is_left_out);
		tcase_add_test(tc, an_inaccessible_mapping_has_no_hints);
		tcase_add_test(tc, the_fault_does_not_make_writable_what_somebody_waits_for);
		tcase_add_test(tc, who_takes_write_permission_takes_it_from_a_hint_too);
		tcase_add_test(tc, an_entry_that_changed_is_somebody_elses);
		tcase_add_test(tc, a_pin_of_a_hinted_page_takes_the_hint_back);
		suite_add_tcase(suite, tc);
	}
	tcase_add_loop_test(own, what_was_writable_is_writable_again, 0, 5);
	tcase_add_test(own, a_mutant_of_the_rule_loses_the_write);
	suite_add_tcase(suite, own);
	return run_suite(suite);
}
