// SPDX-License-Identifier: MIT
/*
 * flush.c - tests lib/mmu/{tlb,shootdown}.c and lib/mm/switch.c under the check engine: after a
 * flush nobody uses what was flushed, in all executions.
 *
 * A kernel thread clears an entry, flushes, and gives the frame away: it stores to it, and nobody
 * else may. A program that is about meanwhile stores to the page, if it gets in.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/oracle.h>
#include <faultline/run.h>

#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mmu/mmu.h"

enum { PROGRAM = 1, OTHERS = 2 };

struct world {
	struct fl_mm *mm, *other;
	fl_vaddr range; /* two pages */
	fl_vaddr page;	/* the one that goes: the first, or the second */
	pte_t *ptep;
	struct page *frame;
	uint64_t *word; /* of its frame */
	int cleared;
};

static pte_t *entry_at(struct mm_struct *mm, fl_vaddr addr)
{
	return pte_offset_map(mm->machine, *pmd_offset_lockless(mm->machine, mm->pgd, addr), addr);
}

static void choose_page(struct world *w, fl_vaddr page)
{
	w->page = page;
	w->ptep = entry_at(&w->mm->mm, page);
	w->frame = pfn_to_page(w->mm->mm.machine, pte_pfn(*w->ptep));
	w->word = frame_words(w->mm->mm.machine, pte_pfn(*w->ptep));
}

/* Two pages that the program has stored to: writable, dirty, and in its CPU's TLB. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_cpu *program = fl_machine_cpu(fl_cpu_machine(cpu), PROGRAM);
	struct world *w = world;
	int err = fl_mmap_anon(&w->range, mm, 2, FL_READ | FL_WRITE);

	w->mm = mm;
	for (size_t i = 0; !err && i < 2; i++)
		err = fl_store(program, fl_page(cpu, w->range, i), 1);
	if (!err)
		choose_page(w, w->range);
	return err;
}

/* The same; the program's CPU runs another address space. */
static int set_up_away(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	if (!err)
		err = fl_mm_create(&w->other, cpu->machine);
	if (!err)
		fl_switch_mm(fl_machine_cpu(cpu->machine, PROGRAM), w->other);
	return err;
}

static int set_up_lazy(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up(cpu, mm, world);

	if (!err)
		fl_enter_lazy_tlb(fl_machine_cpu(cpu->machine, PROGRAM));
	return err;
}

/* The TLBs are empty. */
static int set_up_flushed(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up(cpu, mm, world);

	if (!err)
		flush_tlb_mm(&mm->mm);
	return err;
}

static int set_up_second(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_flushed(cpu, mm, world);

	if (!err)
		choose_page(w, fl_page(cpu, w->range, 1));
	return err;
}

static void clear_and_flush(struct world *w, fl_vaddr end)
{
	struct fl_machine *m = w->mm->mm.machine;

	pgtable_get_and_clear(m, w->ptep);
	flush_tlb_mm_range(&w->mm->mm, w->page, end);
	WRITE_ONCE(*w->word, 5); /* the next owner's */
	if (READ_ONCE(*w->word) != 5)
		fl_oracle_fail("stale", "a store arrived after the flush");
	page_remove_rmap(
		w->frame); /* last: it is fully ordered, and would be barriers of the flush */
}

static void do_flush_page(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	clear_and_flush(w, fl_page(cpu, w->page, 1));
}

static void do_flush_all(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	clear_and_flush(world, TLB_FLUSH_ALL);
}

static void do_flush_other_page(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	flush_tlb_mm_range(&w->mm->mm, fl_page(cpu, w->range, 1), fl_page(cpu, w->range, 2));
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word = 2;

	mmu_access(cpu, w->page, MMU_STORE, &word);
}

static void do_rmw(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t old;

	mmu_rmw(cpu, w->page, MMU_XCHG, 2, 0, &old);
}

static void do_switch_and_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_switch_mm(cpu, w->mm);
	do_store(cpu, world);
}

static void do_clear(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	pgtable_get_and_clear(cpu->machine, w->ptep);
	smp_store_release(&w->cleared, 1);
	page_remove_rmap(w->frame);
}

/* A load of a page that it has not used before, after its entry was cleared. */
static void do_load_cleared(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	mmu_access(cpu, w->range, MMU_LOAD, &word);
	if (smp_load_acquire(&w->cleared) && mmu_access(cpu, w->page, MMU_LOAD, &word))
		fl_oracle_fail("stale", "a translation of a page that was never used");
}

/* The access to the first page may bring the second one's translation with it. */
static void do_store_both(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word = 1;

	mmu_access(cpu, w->range, MMU_STORE, &word);
	do_store(cpu, world);
}

static struct fl_run_result explore(struct fl_scenario *s, const char *set, const char *model)
{
	struct fl_run_options opt = { .kernel = "6.12", .set = set, .model = model };
	struct fl_run_result result = { 0 };
	char err[1024] = "";

	s->name = "flush";
	s->world = sizeof(struct world);
	if (!s->needs.cpus)
		s->needs.cpus = 2;
	s->needs.pages = 2;
	ck_assert_msg(!fl_run_check(s, &opt, &result, err, sizeof(err)), "%s", err);
	fl_run_result_free(&result);
	return result;
}

static void holds(struct fl_scenario s, const char *set)
{
	static const char *const models[] = { "sc", "tso", "lkmm" };

	for (int i = 0; i < 3; i++) {
		struct fl_run_result r = explore(&s, set, models[i]);

		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s under %s: %s: %s", set,
			      models[i], r.oracle, r.message);
		ck_assert_uint_gt(r.executions, 1);
	}
}

static const char *const ways[] = {
	"tlb_flush=broadcast",
	"tlb_flush=ipi,tlb_gen=none,tlb_lazy=leave-mm",
	"tlb_flush=ipi,tlb_gen=on,tlb_lazy=leave-mm",
	"tlb_flush=ipi,tlb_gen=on,tlb_lazy=skip",
	"tlb_flush=ipi,tlb_gen=none,tlb_lazy=skip",
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

START_TEST(no_store_arrives_after_a_flush)
{
	holds((struct fl_scenario){ .set_up = set_up,
				    .threads = { { "flush", do_flush_page },
						 { "store", do_store } } },
	      ways[_i]);
}
END_TEST

START_TEST(no_atomic_access_arrives_after_a_flush)
{
	holds((struct fl_scenario){ .set_up = set_up_flushed,
				    .threads = { { "flush", do_flush_page }, { "rmw", do_rmw } } },
	      ways[_i]);
}
END_TEST

START_TEST(a_cpu_that_switches_in_has_no_old_translation)
{
	holds((struct fl_scenario){ .set_up = set_up_away,
				    .threads = { { "flush", do_flush_page },
						 { "switch", do_switch_and_store } } },
	      ways[_i]);
}
END_TEST

START_TEST(a_cpu_that_was_lazy_catches_up)
{
	holds((struct fl_scenario){ .set_up = set_up_lazy,
				    .threads = { { "flush", do_flush_page },
						 { "switch", do_switch_and_store } } },
	      ways[_i]);
}
END_TEST

/* B26: the interrupts of two flushes can come in the other order. */
static struct fl_scenario two_flushes(void)
{
	return (struct fl_scenario){
		.set_up = set_up,
		.needs.cpus = 3,
		.threads = { { "all", do_flush_all },
			     { "store", do_store },
			     { "page", do_flush_other_page } },
	};
}

START_TEST(a_ranged_flush_does_not_overtake_a_full_one)
{
	struct fl_scenario s = two_flushes();

	ck_assert_int_eq(explore(&s, "tlb_flush=ipi,tlb_gen=on", "sc").verdict,
			 FL_VERDICT_VERIFIED);
}
END_TEST

START_TEST(generations_taken_in_any_order_lose_a_flush)
{
	struct fl_scenario s = two_flushes();

	ck_assert_int_eq(explore(&s, "tlb_flush=ipi,tlb_gen=any-order", "sc").verdict,
			 FL_VERDICT_VIOLATION);
}
END_TEST

START_TEST(the_tlb_may_fetch_what_nobody_asked_for)
{
	struct fl_scenario s = {
		.set_up = set_up_second,
		.threads = { { "clear", do_clear }, { "load", do_load_cleared } },
	};
	uint64_t executions;
	struct fl_run_result r = explore(&s, ways[_i], "sc");

	ck_assert_int_eq(r.verdict, FL_VERDICT_VERIFIED);
	executions = r.executions;
	s.needs.tlb_speculate = 1;
	ck_assert_int_eq(explore(&s, ways[_i], "sc").verdict, FL_VERDICT_VIOLATION);
	/* Nothing is made up: what is flushed is not fetched again. */
	s = (struct fl_scenario){
		.set_up = set_up_second,
		.needs.tlb_speculate = 1,
		.threads = { { "flush", do_flush_page }, { "store", do_store_both } },
	};
	r = explore(&s, ways[_i], "sc");
	ck_assert_int_eq(r.verdict, FL_VERDICT_VERIFIED);
	ck_assert_uint_gt(r.executions, executions);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mmu.flush");
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, no_store_arrives_after_a_flush, 0, NR_WAYS);
	tcase_add_loop_test(tc, no_atomic_access_arrives_after_a_flush, 0, NR_WAYS);
	tcase_add_loop_test(tc, a_cpu_that_switches_in_has_no_old_translation, 0, NR_WAYS);
	tcase_add_loop_test(tc, a_cpu_that_was_lazy_catches_up, 0, NR_WAYS);
	tcase_add_test(tc, a_ranged_flush_does_not_overtake_a_full_one);
	tcase_add_test(tc, generations_taken_in_any_order_lose_a_flush);
	tcase_add_loop_test(tc, the_tlb_may_fetch_what_nobody_asked_for, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
