// SPDX-License-Identifier: MIT
/* describe.c - tests lib/mmu/describe.c and lib/mm/describe.c: what a trace says of a value. */
#include "../world.h"

#include "mmu/describe.h"

static char text[128];

static const char *value_at(const volatile void *addr, uint64_t value)
{
	if (!fl_describe(machine, (uintptr_t)addr, value, text, sizeof(text)))
		return "(a number)";
	return text;
}

static const char *place_of(const volatile void *addr)
{
	return fl_describe_addr(machine, (uintptr_t)addr, text, sizeof(text)) ? text : "(nowhere)";
}

START_TEST(entries_and_tables)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	pmd_t *pmdp;
	pte_t *ptep;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	pmdp = pmd_offset_lockless(machine, mm->pgd, a);
	ptep = pte_offset_map(machine, *pmdp, a);
	ck_assert_str_eq(value_at(ptep, 0), "none");
	ck_assert_str_eq(value_at(ptep, pfn_pte(3, _PAGE_PRESENT | _PAGE_ACCESSED)),
			 "ro pfn=3 clean");
	ck_assert_str_eq(value_at(ptep, pfn_pte(3, _PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY)),
			 "rw pfn=3 dirty old");
	ck_assert_str_eq(value_at(ptep, pfn_pte(0, _PAGE_PRESENT | _PAGE_SPECIAL | _PAGE_ACCESSED)),
			 "ro pfn=0 clean zero-page");
	ck_assert_str_eq(value_at(pmdp, *pmdp), "a table");
	ck_assert_str_eq(value_at(pmdp, 0), "none");
	ck_assert_str_eq(place_of(ptep), "entry for 0x10");
	ck_assert_str_eq(place_of(pmdp), "table for 0x0");
}
END_TEST

START_TEST(pages)
{
	struct page *page = pfn_to_page(machine, 3);

	ck_assert_str_eq(value_at(&page->_refcount, 2), "2");
	ck_assert_str_eq(value_at(&page->_refcount, 2 + 1024), "2 + 1 pin");
	ck_assert_str_eq(value_at(&page->_refcount, 2 * 1024), "0 + 2 pins");
	ck_assert_str_eq(value_at(&page->_mapcount, (uint32_t)-1), "0");
	ck_assert_str_eq(value_at(&page->_mapcount, 0), "1");
	ck_assert_str_eq(value_at(&page->flags, 0), "no flags");
	ck_assert_str_eq(value_at(&page->flags, FL_BIT(PG_anon) | FL_BIT(PG_anon_exclusive)),
			 "anon|anon-exclusive");
	ck_assert_str_eq(value_at(&page->mapping, 5), "(a number)");
	ck_assert_str_eq(place_of(&page->flags), "frame 3: flags");
	ck_assert_str_eq(place_of(frame_words(machine, 3) + 1), "frame 3: word 1");
	ck_assert_str_eq(place_of(&text), "(nowhere)");
}
END_TEST

START_TEST(areas)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct vm_area_struct *vma = vma_lookup(mm, a);

	ck_assert_str_eq(value_at(&vma->vm_flags, vma->vm_flags), "read|write|soft-dirty|account");
	ck_assert_str_eq(value_at(&vma->vm_flags, VM_READ | VM_NORESERVE), "read|noreserve");
	ck_assert_str_eq(value_at(&vma->vm_flags, VM_READ | VM_UFFD_MISSING | VM_MAYWRITE),
			 "read|uffd-missing");
	ck_assert_str_eq(value_at(&vma->vm_lock_seq, 3), "(a number)");
}
END_TEST

START_TEST(numbers_of_one_mm_among_several)
{
	struct fl_mm *other;
	const void *gone;
	fl_vaddr addr;

	ck_assert_str_eq(value_at(&mm->mm_lock_seq, 3), "(a number)"); /* whose else? */
	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	ck_assert_str_eq(value_at(&mm->mm_lock_seq, 3), "3 of mm 1");
	ck_assert_str_eq(value_at(&other->mm.mm_lock_seq, 4), "4 of mm 2");
	ck_assert_str_eq(value_at(&other->mm.write_protect_seq, 1), "1 of mm 2");
	ck_assert_str_eq(value_at(&mm->mm_lock_seq, (uint32_t)-1), "-1 of mm 1");
	ck_assert_int_eq(fl_mmap_anon(&addr, other, 1, FL_READ), 0);
	gone = &other->mm.mm_lock_seq;
	fl_mm_destroy(other);
	ck_assert_str_eq(value_at(gone, 4), "4 of mm 2"); /* it had a VMA */
	ck_assert_str_eq(value_at(&mm->mm_lock_seq, 3), "3 of mm 1");
}
END_TEST

START_TEST(for_a_trace_a_number_is_the_empty_string)
{
	fl_describe_value(text, sizeof(text), (uintptr_t)&pfn_to_page(machine, 1)->_refcount, 4, 1);
	ck_assert_str_eq(text, "1");
	fl_describe_value(text, sizeof(text), 1, 4, 1);
	ck_assert_str_eq(text, "");
}
END_TEST

static void set_up(void)
{
	make_world("6.5", NULL);
}

int main(void)
{
	Suite *suite = suite_create("mmu.describe");
	TCase *tc = test_case("describe");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, entries_and_tables);
	tcase_add_test(tc, pages);
	tcase_add_test(tc, areas);
	tcase_add_test(tc, numbers_of_one_mm_among_several);
	tcase_add_test(tc, for_a_trace_a_number_is_the_empty_string);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
