// SPDX-License-Identifier: MIT
/*
 * frame_end.c - tests that the check engine finds accesses to frames that may be free by then, whichever is heard
 * first: lib/oracle/frame_use.c with lib/explore/object_end.c.
 *
 * One CPU loads through its TLB, another one takes the page away, with a flush in between or without.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/run.h>

#include "mm/mm.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

struct world {
	struct mm_struct *mm;
	fl_vaddr a;
	struct fl_pin pin;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *fl_mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->a, fl_mm, 1, FL_READ | FL_WRITE);

	w->mm = &fl_mm->mm;
	if (!err)
		err = fl_store(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->a, 1);
	return err ? err : fl_store(cpu, w->a, 1);
}

static int set_up_pinned(struct fl_cpu *cpu, struct fl_mm *fl_mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, fl_mm, world);

	return err ? err : fl_pin_user_pages_fast(cpu, w->a, 1, 0, &w->pin) == 1 ? 0 : -1;
}

static void do_load(struct fl_cpu *cpu, void *world)
{
	const struct world *w = world;
	uint64_t word;

	fl_load(&word, cpu, w->a);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	const struct world *w = world;

	fl_store(cpu, w->a, 2);
}

static void take_page(const struct world *w, bool flush)
{
	struct fl_machine *m = w->mm->machine;
	pmd_t pmd = pmdp_get(pmd_offset_lockless(m, w->mm->pgd, w->a));
	pte_t *ptep = pte_offset_map(m, pmd, w->a);
	struct page *page;
	pte_t pte;

	FL_EVENT(.kind = FL_EVENT_DISCARD, .mm = FL_EVENT_MM(w->mm), .addr = w->a,
		 .end = w->a + page_size(m));
	spin_lock(pte_lockptr(pmd));
	pte = ptep_get_and_clear(w->mm, w->a, ptep);
	page = pfn_to_page(m, pte_pfn(pte));
	if (flush)
		flush_tlb_mm(w->mm);
	page_remove_rmap(page);
	spin_unlock(pte_lockptr(pmd));
	put_page(m, page);
}

static void do_take(struct fl_cpu *cpu, void *world)
{
	take_page(world, true);
}

static void do_take_without_flush(struct fl_cpu *cpu, void *world)
{
	take_page(world, false);
}

static void do_read_pin(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_pin_load(&w->pin, 0);
	fl_unpin(cpu, &w->pin);
}

static void do_unpin_first(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin = w->pin;

	fl_unpin(cpu, &pin);
	fl_pin_load(&pin, 0);
}

/* @expect: an oracle, or NULL. Both orders of the threads, since the first one is heard first. */
static void expect(int (*set)(struct fl_cpu *, struct fl_mm *, void *),
		   void (*first)(struct fl_cpu *, void *), void (*second)(struct fl_cpu *, void *),
		   const char *oracle)
{
	static const char *const models[] = { "sc", "tso", "lkmm" };
	static const char *const flushes[] = { "tlb_flush=broadcast", "tlb_flush=ipi" };

	for (int i = 0; i < 3 * 2 * 2; i++) {
		const struct fl_scenario s = {
			.name = "frame-end",
			.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
			.world = sizeof(struct world),
			.set_up = set,
			.threads = { { "first", i & 1 ? second : first },
				     { "second", i & 1 ? first : second } },
		};
		const struct fl_run_options opt = { .kernel = "6.1",
						    .set = flushes[i >> 1 & 1],
						    .model = models[i >> 2] };
		struct fl_run_result r, again;
		char err[512];

		ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s", err);
		ck_assert_msg(r.verdict == (oracle ? FL_VERDICT_VIOLATION : FL_VERDICT_VERIFIED),
			      "%s, %s, order %d: %s %s", opt.model, opt.set, i & 1, r.oracle,
			      r.message);
		ck_assert_str_eq(r.oracle, oracle ? oracle : "");
		ck_assert(!oracle || r.trace);
		if (r.trace) {
			ck_assert_msg(!fl_run_replay(&s, r.trace, &again, err, sizeof(err)), "%s",
				      err);
			ck_assert_str_eq(again.oracle, oracle);
			fl_run_result_free(&again);
		}
		fl_run_result_free(&r);
	}
}

START_TEST(with_a_flush_nobody_reaches_the_frame)
{
	expect(set_up, do_load, do_take, NULL);
	expect(set_up, do_store, do_take, NULL);
}
END_TEST

START_TEST(without_one_a_tlb_does)
{
	expect(set_up, do_load, do_take_without_flush, "stale-tlb");
	expect(set_up, do_store, do_take_without_flush, "stale-tlb");
}
END_TEST

START_TEST(a_pin_keeps_its_frame)
{
	expect(set_up_pinned, do_read_pin, do_take, NULL);
}
END_TEST

START_TEST(who_reads_after_the_unpin_reads_what_may_be_free)
{
	expect(set_up_pinned, do_unpin_first, do_take, "use-after-free");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.frame_end");
	TCase *tc = tcase_create("frames");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, with_a_flush_nobody_reaches_the_frame);
	tcase_add_test(tc, without_one_a_tlb_does);
	tcase_add_test(tc, a_pin_keeps_its_frame);
	tcase_add_test(tc, who_reads_after_the_unpin_reads_what_may_be_free);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
