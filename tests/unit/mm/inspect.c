// SPDX-License-Identifier: MIT
/* inspect.c - tests lib/mm/inspect.c: what can be seen of a machine. */
#include "../world.h"

#include <errno.h>
#include <string.h>

static fl_vaddr a;

static void set_up(void)
{
	make_world("6.12", NULL);
	a = map(2, FL_READ | FL_WRITE);
}

START_TEST(an_entry_is_taken_apart)
{
	struct fl_pte_info pte;

	ck_assert_int_eq(fl_inspect_pte(&pte, fl_mm, a), 0);
	ck_assert(pte.none && !pte.present && !pte.pfn);
	load(cpu0, a);
	ck_assert_int_eq(fl_inspect_pte(&pte, fl_mm, a), 0);
	ck_assert(!pte.none && pte.present && pte.special && !pte.write && pte.accessed);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_inspect_pte(&pte, fl_mm, a), 0);
	ck_assert(pte.present && !pte.special && pte.write && pte.dirty && pte.soft_dirty);
	ck_assert(!pte.uffd_wp && !pte.protnone && !pte.marker);
	ck_assert_uint_eq(pte.pfn, pte_pfn(entry_of(a)));
	ck_assert_int_eq(fl_inspect_pte(&pte, fl_mm, task_size(machine)), -EINVAL);
	*pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a + PAGE), a + PAGE) =
		make_pte_marker_uffd_wp();
	ck_assert_int_eq(fl_inspect_pte(&pte, fl_mm, a + PAGE), 0);
	ck_assert(!pte.none && !pte.present && pte.marker && pte.uffd_wp && !pte.pfn);
	*pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a + PAGE), a + PAGE) =
		PTE_NONE;
}
END_TEST

START_TEST(a_tlb_is_looked_into_without_a_walk)
{
	struct fl_pte_info pte;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_inspect_tlb(&pte, cpu1, a), 0);
	ck_assert(pte.none);
	ck_assert_int_eq(fl_inspect_tlb(&pte, cpu0, a), 1);
	ck_assert(pte.present && pte.write);
	/* What memory says by now is another matter. */
	ptep_get_and_clear(mm, a,
			   pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a));
	ck_assert_int_eq(fl_inspect_tlb(&pte, cpu0, a), 1);
	page_remove_rmap(pfn_to_page(machine, pte.pfn));
	put_page(machine, pfn_to_page(machine, pte.pfn));
	flush_tlb_mm(mm);
	ck_assert_int_eq(fl_inspect_tlb(&pte, cpu0, a), 0);
	ck_assert_int_eq(fl_inspect_tlb(&pte, cpu0, task_size(machine)), -EINVAL);
}
END_TEST

START_TEST(a_page_tells_who_has_it)
{
	struct fl_page_info page;
	struct fl_pin pin;
	uint64_t word, pfn;

	ck_assert_int_eq(fl_store(cpu0, a + FL_WORD_SIZE, 7), 0);
	pfn = pte_pfn(entry_of(a));
	ck_assert_int_eq(fl_inspect_page(&page, machine, pfn), 0);
	ck_assert_int_eq(page.mapcount, 1);
	ck_assert(page.anon && page.anon_exclusive && !page.free && !page.maybe_pinned);
	ck_assert(!page.ksm && !page.locked && !page.swapcache);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	ck_assert_int_eq(fl_inspect_page(&page, machine, pfn), 0);
	ck_assert(page.maybe_pinned && page.refcount > GUP_PIN_COUNTING_BIAS);
	fl_unpin(cpu0, &pin);
	ck_assert_int_eq(fl_inspect_word(&word, machine, pfn, 1), 0);
	ck_assert_uint_eq(word, 7);
	ck_assert_int_eq(fl_inspect_word(&word, machine, pfn, machine->page_words), -EINVAL);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_int_eq(fl_inspect_page(&page, machine, pfn), 0);
	ck_assert(page.free && !page.refcount && !page.mapcount);
	ck_assert_int_eq(fl_inspect_page(&page, machine, machine->nr_frames), -EINVAL);
	ck_assert_int_eq(fl_inspect_page(&page, machine, 0), 0);
	ck_assert(!page.free);
}
END_TEST

START_TEST(areas_come_one_after_the_other)
{
	fl_vaddr b = map(1, FL_READ);
	struct fl_vma_info vma;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_inspect_vma(&vma, fl_mm, 0), 0);
	ck_assert_uint_eq(vma.start, a);
	ck_assert_uint_eq(vma.end, a + 2 * PAGE);
	ck_assert_uint_eq(vma.prot, FL_READ | FL_WRITE);
	ck_assert(vma.anon_vma && !vma.shared && !vma.file && !vma.uffd_mode);
	ck_assert_int_eq(fl_inspect_vma(&vma, fl_mm, vma.end), 0);
	ck_assert_uint_eq(vma.start, b);
	ck_assert_uint_eq(vma.prot, FL_READ);
	ck_assert(!vma.anon_vma);
	ck_assert_int_eq(fl_inspect_vma(&vma, fl_mm, vma.end), -ENOENT);
}
END_TEST

START_TEST(counters_are_summed_over_cpus)
{
	struct fl_counters counters, before;

	fl_inspect_counters(&before, machine);
	cpu0->counters.faults += 3;
	cpu1->counters.faults += 4;
	cpu1->counters.uffd_messages += 5;
	fl_inspect_counters(&counters, machine);
	ck_assert_uint_eq(counters.faults - before.faults, 7);
	ck_assert_uint_eq(counters.uffd_messages - before.uffd_messages, 5);
	ck_assert_uint_eq(counters.flushes, before.flushes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.inspect");
	TCase *tc = test_case("inspect");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, an_entry_is_taken_apart);
	tcase_add_test(tc, a_tlb_is_looked_into_without_a_walk);
	tcase_add_test(tc, a_page_tells_who_has_it);
	tcase_add_test(tc, areas_come_one_after_the_other);
	tcase_add_test(tc, counters_are_summed_over_cpus);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
