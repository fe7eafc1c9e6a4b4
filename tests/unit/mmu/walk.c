// SPDX-License-Identifier: MIT
/*
 * walk.c - tests lib/mmu/walk.c and pgtable.c: entries of all kinds, and what the walker does to
 * them.
 */
#include "../world.h"

#define BASE (_PAGE_PRESENT | _PAGE_USER)

/* The entry for @addr, in tables made for it. */
static pte_t *make_entry(fl_vaddr addr, pte_t pte)
{
	pmd_t *pmdp = pmd_alloc(mm, addr), pmd;
	pte_t *ptep;

	ck_assert_ptr_nonnull(pmdp);
	ck_assert_int_eq(pte_alloc(mm, pmdp, &pmd), 0);
	ptep = pte_offset_map(machine, pmd, addr);
	*ptep = pte;
	return ptep;
}

static bool walk(fl_vaddr addr, enum mmu_access access, pte_t *out)
{
	bool huge;

	return mmu_walk(machine, mm->pgd, addr, access, out, &huge);
}

START_TEST(without_a_table_or_an_entry_there_is_nothing)
{
	pte_t pte;

	ck_assert(!walk(0x10, MMU_LOAD, &pte));
	make_entry(0x10, PTE_NONE);
	ck_assert(!walk(0x10, MMU_LOAD, &pte));
}
END_TEST

START_TEST(a_load_sets_accessed_and_a_store_dirty)
{
	pte_t *ptep = make_entry(0x10, pfn_pte(3, BASE | _PAGE_RW)), pte;

	ck_assert(walk(0x18, MMU_LOAD, &pte));
	ck_assert_uint_eq(*ptep, pfn_pte(3, BASE | _PAGE_RW | _PAGE_ACCESSED));
	ck_assert_uint_eq(pte, *ptep);
	ck_assert(walk(0x10, MMU_STORE, &pte));
	/* no soft-dirty: hardware does not know it */
	ck_assert_uint_eq(*ptep, pfn_pte(3, BASE | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY));
	ck_assert_uint_eq(pte, *ptep);
	*ptep = PTE_NONE;
}
END_TEST

START_TEST(what_is_not_permitted_changes_nothing)
{
	static const pte_t refused[] = {
		BASE,			     /* read-only */
		BASE & ~_PAGE_USER,	     /* the kernel's */
		_PAGE_PROTNONE | _PAGE_USER, /* NUMA hinting */
		(BASE | _PAGE_RW) & ~_PAGE_PRESENT,
	};
	pte_t pte;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		pte_t *ptep = make_entry(0x20, pfn_pte(2, refused[i]));

		ck_assert(!walk(0x20, MMU_STORE, &pte));
		ck_assert_uint_eq(*ptep, pfn_pte(2, refused[i]));
		ck_assert_int_eq(walk(0x20, MMU_LOAD, &pte), i == 0);
		*ptep = PTE_NONE;
	}
}
END_TEST

START_TEST(every_address_has_an_entry_of_its_own)
{
	uint64_t pages = task_size(machine) >> machine->page_shift;
	pte_t pte;

	for (uint64_t i = 0; i < pages; i++)
		make_entry(i << machine->page_shift, pfn_pte(i, BASE));
	for (uint64_t i = 0; i < pages; i++) {
		ck_assert(walk(i << machine->page_shift, MMU_LOAD, &pte));
		ck_assert_uint_eq(pte, pfn_pte(i, BASE | _PAGE_ACCESSED));
		*make_entry(i << machine->page_shift, 0) = PTE_NONE;
	}
}
END_TEST

static void two_levels(void)
{
	make_world("6.1", NULL);
}

static void five_levels(void)
{
	struct fl_machine_config config = {
		.cpus = 1, .page_words = 4, .levels = 5, .level_bits = 1
	};

	make_world_with(&config, "6.1", NULL);
}

int main(void)
{
	Suite *suite = suite_create("mmu.walk");
	TCase *tc = test_case("two levels"), *deep = test_case("five levels");

	tcase_add_checked_fixture(tc, two_levels, end_world);
	tcase_add_test(tc, without_a_table_or_an_entry_there_is_nothing);
	tcase_add_test(tc, a_load_sets_accessed_and_a_store_dirty);
	tcase_add_test(tc, what_is_not_permitted_changes_nothing);
	tcase_add_test(tc, every_address_has_an_entry_of_its_own);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(deep, five_levels, end_world);
	tcase_add_test(deep, every_address_has_an_entry_of_its_own);
	suite_add_tcase(suite, deep);
	return run_suite(suite);
}
