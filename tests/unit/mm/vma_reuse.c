// SPDX-License-Identifier: MIT
/*
 * vma_reuse.c - a reader whose VMA becomes another one meanwhile, and readers without any lock: all executions under lkmm.
 *
 * The reader has the VMA already, as if he had found it in the tree a moment ago. So there is no tree, and little to explore.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/mm.h>
#include <faultline/oracle.h>
#include <faultline/proc.h>
#include <faultline/run.h>

#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/vma.h"

#define START 0x1000
#define END 0x2000

struct world {
	struct fl_mm *mm, *other;
	struct vm_area_struct *vma; /* of mm, elsewhere than START */
	fl_vaddr at;		    /* where it is */
	int a, b;		    /* equal, but for writers' time */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	fl_vaddr at;
	int err = fl_mmap_anon(&at, mm, 3, FL_READ | FL_WRITE);

	w->mm = mm;
	if (err)
		return err;
	w->at = at;
	w->vma = vma_find(&mm->mm, at);
	return fl_mm_create(&w->other, fl_cpu_machine(cpu));
}

/* What munmap() and mmap() do to the VMA. */
static void recycle(struct world *w, struct fl_mm *to)
{
	struct vm_area_struct *vma;

	mmap_write_lock(&w->mm->mm);
	vma_start_write(w->vma);
	vma_mark_detached(w->vma);
	vm_area_free(w->vma);
	mmap_write_unlock(&w->mm->mm);

	mmap_write_lock(&to->mm);
	vma = vm_area_alloc(&to->mm, START, END, VM_READ);
	vma_start_write(vma);
	vma_mark_attached(vma);
	mmap_write_unlock(&to->mm);
}

static void do_recycle(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	recycle(w, w->mm);
}

static void do_recycle_elsewhere(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	recycle(w, w->other);
}

static void do_read(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	rcu_read_lock();
	if (vma_start_read(&w->mm->mm, w->vma) == VMA_ENTERED) {
		if (READ_ONCE(w->vma->vm_start) == START && READ_ONCE(w->vma->vm_end) != END)
			fl_oracle_fail("life", "the VMA is of two lives");
		vma_end_read(w->vma);
	}
	rcu_read_unlock();
}

static void do_change(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	mmap_write_lock(&w->mm->mm);
	WRITE_ONCE(w->a, 1);
	WRITE_ONCE(w->b, 1);
	mmap_write_unlock(&w->mm->mm);
}

static void do_speculate(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	int seq, a, b;

	(void)cpu;
	if (!mmap_lock_speculate_try_begin(&w->mm->mm, &seq))
		return;
	a = READ_ONCE(w->a);
	b = READ_ONCE(w->b);
	if (!mmap_lock_speculate_retry(&w->mm->mm, seq) && a != b)
		fl_oracle_fail("moment", "what was read is not from one moment");
}

/* What a fault locks is of its own mm. */
static void do_lock(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct mm_struct *mm = &w->mm->mm;
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, w->at);

	(void)cpu;
	if (!vma)
		return;
	if (vma->vm_mm != mm)
		fl_oracle_fail("foreign", "locked the VMA of another mm");
	vma_end_read(vma);
}

static void do_map_elsewhere(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr at;

	(void)cpu;
	fl_munmap(w->mm, w->at, 3);
	fl_mmap(&at, w->other, w->at, 3, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0);
}

/* Two who hold an mm. */
static int set_up_held(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	if (!err)
		mmgrab(&w->other->mm);
	return err;
}

static void do_look_and_drop(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	(void)READ_ONCE(w->other->mm.vma_writer_wait);
	mmdrop(&w->other->mm);
}

static void do_destroy(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_mm_destroy(((struct world *)world)->other);
}

typedef void thread_fn(struct fl_cpu *cpu, void *world);

static void explore_from(int (*begin)(struct fl_cpu *cpu, struct fl_mm *mm, void *world),
			 const char *kernel, const char *set, thread_fn *a, thread_fn *b,
			 const char *oracle)
{
	struct fl_scenario s = {
		.name = "reuse",
		.needs = { .cpus = 2, .mms = 2, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = begin,
		.threads = { { "a", a }, { "b", b } },
	};
	struct fl_run_options opt = { .kernel = kernel, .set = set, .model = "lkmm" };
	struct fl_run_result r = { 0 };
	char err[1024] = "";

	ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s", err);
	if (oracle)
		ck_assert_msg(!strcmp(r.oracle, oracle), "%s: %s", r.oracle, r.message);
	else
		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
	fl_run_result_free(&r);
}

static void explore(const char *kernel, const char *set, thread_fn *a, thread_fn *b,
		    const char *oracle)
{
	explore_from(set_up, kernel, set, a, b, oracle);
}

static const char *const kernels[] = { "6.15", "6.17" };

START_TEST(who_comes_by_a_last_life_meets_the_next_one_whole)
{
	explore(kernels[_i], NULL, do_read, do_recycle, NULL);
	explore(kernels[_i], NULL, do_read, do_recycle_elsewhere, NULL);
}
END_TEST

START_TEST(it_takes_the_acquire_of_the_count)
{
	explore(kernels[_i], "vma_inc_order=relaxed", do_read, do_recycle, "vma-torn");
	explore(kernels[_i], "vma_inc_order=relaxed", do_read, do_recycle_elsewhere, "vma-torn");
}
END_TEST

START_TEST(and_the_release_of_attaching)
{
	explore(kernels[_i], "vma_attach_order=relaxed", do_read, do_recycle, "life");
}
END_TEST

START_TEST(a_fault_gets_areas_of_its_own_mm)
{
	explore(kernels[_i], NULL, do_lock, do_map_elsewhere, NULL);
}
END_TEST

START_TEST(because_it_looks_whose_they_are)
{
	explore("6.15", "vma_checks=no-mm", do_lock, do_map_elsewhere, "foreign");
}
END_TEST

START_TEST(the_last_who_drops_an_mm_sees_all_others_done)
{
	explore_from(set_up_held, "6.17", NULL, do_look_and_drop, do_destroy, NULL);
}
END_TEST

START_TEST(who_reads_without_a_lock_reads_of_one_moment)
{
	static const char *const with_counter[] = { "6.14", "6.15" };

	explore(with_counter[_i], NULL, do_speculate, do_change, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.vma_reuse");
	TCase *tc = tcase_create("reuse");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, who_comes_by_a_last_life_meets_the_next_one_whole, 0, 2);
	tcase_add_loop_test(tc, it_takes_the_acquire_of_the_count, 0, 2);
	tcase_add_loop_test(tc, and_the_release_of_attaching, 0, 2);
	tcase_add_loop_test(tc, a_fault_gets_areas_of_its_own_mm, 0, 2);
	tcase_add_test(tc, because_it_looks_whose_they_are);
	tcase_add_test(tc, the_last_who_drops_an_mm_sees_all_others_done);
	tcase_add_loop_test(tc, who_reads_without_a_lock_reads_of_one_moment, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
