// SPDX-License-Identifier: MIT
/*
 * ksm_merge.c - tests lib/mm/ksm.c under the check engine: a program writes while ksmd merges, in all
 * executions. What is merged and what is not: ksm.c.
 */
#include <check.h>
#include <stdlib.h>

#include <faultline/oracle.h>
#include <faultline/run.h>

#include "mm/mm_types.h"
#include "mm/ksm.h"
#include "mm/mmap_lock.h"
#include "mm/mmu_gather.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

struct world {
	struct fl_mm *mm;
	fl_vaddr page; /* the first of two with the same content */
	pte_t *ptep;
};

/* Both have been seen in one pass: the next one merges them. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_cpu *program = fl_machine_cpu(fl_cpu_machine(cpu), 1);
	struct vm_area_struct *vma;
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 2, FL_READ | FL_WRITE);

	for (size_t i = 0; !err && i < 2; i++)
		err = fl_store(program, fl_page(cpu, w->page, i), 5);
	if (err)
		return err;
	w->mm = mm;
	w->ptep = pte_offset_map(cpu->machine,
				 *pmd_offset_lockless(cpu->machine, mm->mm.pgd, w->page), w->page);
	mmap_write_lock(&mm->mm);
	vma = vma_lookup(&mm->mm, w->page);
	vm_flags_reset(vma, vma->vm_flags | VM_MERGEABLE);
	ksm_enter(vma->vm_mm);
	mmap_write_unlock(&mm->mm);
	return fl_ksm_scan(cpu, cpu->machine) < 0 ? -ENOMEM : 0;
}

/*
 * B8: somebody has made the entry read-only and clean and has yet to flush; the program's CPU still has it
 * writable and dirty.
 */
static int set_up_pending(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	if (err)
		return err;
	inc_tlb_flush_pending(&mm->mm);
	ClearPageAnonExclusive(pfn_to_page(cpu->machine, pte_pfn(*w->ptep)));
	*w->ptep &= ~(_PAGE_RW | _PAGE_DIRTY);
	return 0;
}

static void do_scan(struct fl_cpu *cpu, void *world)
{
	(void)world;
	fl_ksm_scan(cpu, cpu->machine);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t first = 0, second = 0;

	if (fl_store(cpu, w->page, 9) || fl_load(&first, cpu, w->page) ||
	    fl_load(&second, cpu, fl_page(cpu, w->page, 1)))
		fl_oracle_fail("lost-write", "an access failed");
	else if (first != 9)
		fl_oracle_fail("lost-write", "the store is gone");
	else if (second != 5)
		fl_oracle_fail("lost-write", "the other page has changed");
}

static enum fl_verdict verdict(int (*begin)(struct fl_cpu *, struct fl_mm *, void *),
			       const char *kernel, const char *set, const char *model)
{
	struct fl_scenario s = {
		.name = "ksm",
		.needs = { .cpus = 2, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = begin,
		.threads = { { "ksmd", do_scan }, { "store", do_store } },
	};
	struct fl_run_options opt = { .kernel = kernel, .set = set, .model = model };
	struct fl_run_result result = { 0 };
	char err[1024] = "";

	ck_assert_msg(!fl_run_check(&s, &opt, &result, err, sizeof(err)), "%s", err);
	ck_assert_msg(result.verdict != FL_VERDICT_VIOLATION ||
			      !__builtin_strcmp(result.oracle, "lost-write"),
		      "%s: %s", result.oracle, result.message);
	fl_run_result_free(&result);
	return result.verdict;
}

START_TEST(a_store_is_not_lost_to_merging)
{
	static const char *const sets[] = { "tlb_flush=broadcast", "tlb_flush=ipi" };

	ck_assert_int_eq(verdict(set_up, "6.12", sets[_i], "sc"), FL_VERDICT_VERIFIED);
	ck_assert_int_eq(verdict(set_up, "6.12", sets[_i], "tso"), FL_VERDICT_VERIFIED);
	ck_assert_int_eq(verdict(set_up, "6.12", sets[_i], "lkmm"), FL_VERDICT_VERIFIED);
}
END_TEST

START_TEST(a_pending_flush_has_to_be_asked_about)
{
	ck_assert_int_eq(verdict(set_up_pending, "6.12", "ksm_pending=check", "sc"),
			 FL_VERDICT_VERIFIED);
	ck_assert_int_eq(verdict(set_up_pending, "6.12", "ksm_pending=ignored", "sc"),
			 FL_VERDICT_VIOLATION);
}
END_TEST

START_TEST(without_its_flush_merging_loses_stores)
{
	ck_assert_int_eq(verdict(set_up, "6.12", "ksm_flush=none", "sc"), FL_VERDICT_VIOLATION);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.ksm_merge");
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_store_is_not_lost_to_merging, 0, 2);
	tcase_add_test(tc, a_pending_flush_has_to_be_asked_about);
	tcase_add_test(tc, without_its_flush_merging_loses_stores);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
