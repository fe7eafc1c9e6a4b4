// SPDX-License-Identifier: MIT
/*
 * check.c - tests of fl_run_check() and fl_run_replay(): lib/run/{setup,run_check}.c.
 *
 * Scenarios of their own, which need no mm: message passing without barriers, with an oracle that fails
 * if the message is old. What the engine explores is for tests/unit/explore.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/migrate.h>
#include <faultline/oracle.h>
#include <faultline/rt.h>
#include <faultline/run.h>

struct world {
	int data, flag;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	ck_assert_uint_eq(fl_cpu_number(cpu), 0);
	ck_assert_uint_eq(fl_mm_id(mm), 1);
	ck_assert_int_eq(w->data, 0);
	return 0;
}

static int set_up_error;

static int set_up_fails(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return set_up_error;
}

static void send(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	FL_STEP("A1", WRITE_ONCE(w->data, 1));
	FL_STEP("A2", WRITE_ONCE(w->flag, 1));
}

static void receive(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (!FL_STEP("B1", READ_ONCE(w->flag)))
		return;
	if (!FL_STEP("B2", READ_ONCE(w->data)))
		fl_oracle_fail("lost-write", "CPU%u has the flag and not the data",
			       fl_cpu_number(cpu));
}

static const struct fl_variant variants[] = {
	{ "weak", "6.1", NULL, "lkmm", FL_VIOLATES("lost-write"), NULL },
	{ "x86", "6.4", "vma_mark=once", "tso", FL_VERIFIED, NULL },
};

static struct fl_scenario scenario = {
	.name = "message",
	.id = "T1",
	.needs = { .cpus = 2, .mms = 1 },
	.world = sizeof(struct world),
	.set_up = set_up,
	.threads = { { "send", send }, { "receive", receive } },
	.variants = variants,
	.nr_variants = FL_ARRAY_SIZE(variants),
};

static struct fl_run_result result;
static char err[1024];

static int run(const struct fl_run_options *opt)
{
	err[0] = '\0';
	memset(&result, 0, sizeof(result));
	return fl_run_check(&scenario, opt, &result, err, sizeof(err));
}

static char *picture(const struct fl_trace *t)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fl_trace_print(t, f);
	fclose(f);
	return text;
}

static void assert_refused(const struct fl_run_options *opt, const char *reason)
{
	ck_assert_int_eq(run(opt), -EINVAL);
	ck_assert_msg(strstr(err, reason), "no \"%s\" in \"%s\"", reason, err);
	ck_assert_ptr_null(strchr(err, '\n'));
}

/* A member of what NULL points to: a sanitizer has nothing to say of forming it. */
static int *volatile nowhere = (int *)64;

static void load_nowhere(struct fl_cpu *cpu, void *world)
{
	(void)READ_ONCE(*nowhere);
}

static void store_nowhere(struct fl_cpu *cpu, void *world)
{
	WRITE_ONCE(*nowhere, 1);
}

static void add_nowhere(struct fl_cpu *cpu, void *world)
{
	atomic_inc((atomic_t *)nowhere);
}

static void wait_nowhere(struct fl_cpu *cpu, void *world)
{
	(void)FL_AWAIT_MASK(nowhere, ~0u, 0, FL_ACQUIRE, "wait");
}

START_TEST(a_marked_access_to_no_memory_is_a_violation)
{
	static void (*const all[])(struct fl_cpu *, void *) = { load_nowhere, store_nowhere,
								add_nowhere, wait_nowhere };
	static struct fl_scenario s;

	s = scenario;
	s.threads[1].run = all[_i];
	memset(&result, 0, sizeof(result));
	ck_assert_int_eq(fl_run_check(&s, &(struct fl_run_options){ .variant = "x86" }, &result,
				      err, sizeof(err)),
			 0);
	ck_assert_int_eq(result.verdict, FL_VERDICT_VIOLATION);
	ck_assert_str_eq(result.oracle, "bad-access");
	fl_run_result_free(&result);
}
END_TEST

START_TEST(a_variant_says_kernel_and_model)
{
	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "weak" }), 0);
	ck_assert_int_eq(result.verdict, FL_VERDICT_VIOLATION);
	ck_assert_str_eq(result.oracle, "lost-write");
	ck_assert_str_eq(result.message, "CPU1 has the flag and not the data");
	ck_assert_str_eq(result.kernel, "6.1");
	ck_assert_str_eq(result.model, "lkmm");
	ck_assert_str_eq(result.search, "exhaustive");
	ck_assert_ptr_nonnull(result.trace);
	ck_assert_str_eq(fl_trace_info(result.trace)->variant, "weak");
	fl_run_result_free(&result);

	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "x86" }), 0);
	ck_assert_int_eq(result.verdict, FL_VERDICT_VERIFIED);
	ck_assert_str_eq(result.model, "tso");
	ck_assert_uint_eq(result.executions, 2); /* the flag is seen, or not */
	ck_assert_ptr_null(result.trace);
	fl_run_result_free(&result);
}
END_TEST

START_TEST(options_override_the_variant)
{
	const struct fl_run_options opt = {
		.variant = "x86",
		.kernel = "linux-6.5",
		.set = "gup_pin_barrier=none",
		.model = "lkmm",
	};

	ck_assert_int_eq(run(&opt), 0);
	ck_assert_int_eq(result.verdict, FL_VERDICT_VIOLATION);
	ck_assert_str_eq(result.kernel, "6.5");
	ck_assert_str_eq(fl_trace_info(result.trace)->set, "vma_mark=once,gup_pin_barrier=none");
	fl_run_result_free(&result);
}
END_TEST

START_TEST(settings_alone_change_the_newest_kernel)
{
	size_t newest = fl_policy_nr_profiles() - 1;

	ck_assert_int_eq(run(&(struct fl_run_options){ .set = "gup_pin_barrier=none" }), 0);
	ck_assert_str_eq(result.kernel, fl_policy_profile(newest)->name);
	ck_assert_str_eq(result.model, "lkmm");
	fl_run_result_free(&result);
}
END_TEST

START_TEST(what_is_unknown_is_named_with_what_there_is)
{
	static char long_set[600];

	assert_refused(
		&(struct fl_run_options){ .variant = "waek" },
		"message has no variant \"waek\"; did you mean \"weak\"? There are: weak, x86");
	assert_refused(&(struct fl_run_options){ .variant = "" }, "There are: weak, x86");
	assert_refused(&(struct fl_run_options){ .kernel = "7.77" }, "7.77");
	assert_refused(&(struct fl_run_options){ .kernel = "6.1", .set = "no_such=1" }, "no_such");
	assert_refused(&(struct fl_run_options){ .kernel = "6.1", .set = "vma_mark=1" },
		       "plain, once");
	assert_refused(&(struct fl_run_options){ .kernel = "6.1", .model = "pso" },
		       "unknown memory model \"pso\". There are: sc, tso, lkmm");
	assert_refused(&(struct fl_run_options){ .kernel = "6.1", .model = "rc11" },
		       "not for scenarios. There are: sc, tso, lkmm");
	memset(long_set, 'x', sizeof(long_set) - 1);
	assert_refused(&(struct fl_run_options){ .kernel = "6.1", .set = long_set }, "settings");
}
END_TEST

START_TEST(a_world_that_cant_be_set_up_is_told)
{
	static const int errors[] = { ENOSPC, EINVAL, ENOTSUP, ENOMEM };
	struct fl_scenario s = scenario;

	s.set_up = set_up_fails;
	for (size_t i = 0; i < FL_ARRAY_SIZE(errors); i++) {
		char want[128];

		set_up_error = -errors[i];
		ck_assert_int_eq(fl_run_check(&s, &(struct fl_run_options){ .kernel = "6.1" },
					      &result, err, sizeof(err)),
				 set_up_error);
		snprintf(want, sizeof(want), "message can't be set up: %s", strerror(errors[i]));
		ck_assert_str_eq(err, want);
	}
	/* and does no harm to the next run */
	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "weak" }), 0);
	fl_run_result_free(&result);
}
END_TEST

/* --- calls for which the machine was not made --- */

struct lacking_world {
	struct fl_mm *mm;
	fl_vaddr page;
	int err; /* what the call returned */
};

static int set_up_page(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct lacking_world *w = world;
	int ret = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	return ret ? ret : fl_store(cpu, w->page, 1);
}

static long reclaim_page(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_reclaim_page(cpu, 1);
}

static long reclaim(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_reclaim(cpu, 1);
}

static long pageout(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_madvise(w->mm, w->page, 1, FL_MADV_PAGEOUT);
}

static long migrate_page(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_migrate_page(cpu, 1);
}

static long move_pages(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_move_pages(cpu, w->mm, w->page, 1, NULL);
}

static long hugepage(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_madvise(w->mm, w->page, 1, FL_MADV_HUGEPAGE);
}

static long collapse(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_madvise(w->mm, w->page, 1, FL_MADV_COLLAPSE);
}

static long khugepaged(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_khugepaged_scan(cpu, w->mm);
}

static long mbind(struct fl_cpu *cpu, struct lacking_world *w)
{
	return fl_mbind(w->mm, w->page, 1, FL_MPOL_BIND);
}

static long notifier(struct fl_cpu *cpu, struct lacking_world *w)
{
	struct fl_mmu_notifier *n;

	return fl_mmu_notifier_register(&n, w->mm);
}

static const struct lacking {
	long (*call)(struct fl_cpu *cpu, struct lacking_world *w);
	const char *name, *remedy;
} lacking[] = {
	{ reclaim_page, "fl_reclaim_page() needs a machine with swap", ".swap_slots" },
	{ reclaim, "fl_reclaim() needs", ".swap_slots" },
	{ pageout, "FL_MADV_PAGEOUT needs", ".swap_slots" },
	{ migrate_page, "fl_migrate_page() needs", ".migration = FL_MIGRATION_CALLS" },
	{ move_pages, "fl_move_pages() needs", ".migration = FL_MIGRATION_CALLS" },
	{ hugepage, "FL_MADV_HUGEPAGE needs", ".huge_pages" },
	{ collapse, "FL_MADV_COLLAPSE needs", ".huge_pages" },
	{ khugepaged, "fl_khugepaged_scan() needs", ".huge_pages" },
	{ mbind, "fl_mbind() needs", ".mempolicy" },
	{ notifier, "fl_mmu_notifier_register() needs", ".mmu_notifiers" },
};

static const struct lacking *the_lacking;

static void do_lacking(struct fl_cpu *cpu, void *world)
{
	struct lacking_world *w = world;

	w->err = (int)the_lacking->call(cpu, w);
	ck_assert_int_eq(w->err, -EOPNOTSUPP);
}

static void do_load(struct fl_cpu *cpu, void *world)
{
	struct lacking_world *w = world;
	uint64_t word;

	fl_load(&word, cpu, w->page);
}

static int set_up_lacking(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int ret = set_up_page(cpu, mm, world);

	/* What it returns is not looked at. */
	if (!ret)
		the_lacking->call(cpu, world);
	return ret;
}

static struct fl_scenario lacking_scenario = {
	.name = "lacking",
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	.world = sizeof(struct lacking_world),
	.set_up = set_up_page,
	.threads = { { "lacking", do_lacking }, { "load", do_load } },
};

static void assert_lacking(const struct fl_scenario *s, const struct fl_run_options *opt)
{
	err[0] = '\0';
	ck_assert_int_eq(fl_run_check(s, opt, &result, err, sizeof(err)), -ENOTSUP);
	ck_assert_msg(!strncmp(err, "lacking: ", 9), "\"%s\"", err);
	ck_assert_msg(strstr(err, the_lacking->name), "no \"%s\" in \"%s\"", the_lacking->name,
		      err);
	ck_assert_msg(strstr(err, the_lacking->remedy), "no \"%s\" in \"%s\"", the_lacking->remedy,
		      err);
}

START_TEST(a_call_for_which_the_machine_was_not_made_gives_no_verdict)
{
	struct fl_scenario in_set_up = lacking_scenario;

	in_set_up.set_up = set_up_lacking;
	in_set_up.threads[0].run = do_load;
	the_lacking = &lacking[_i];
	assert_lacking(&lacking_scenario, &(struct fl_run_options){ .kernel = "6.1" });
	assert_lacking(&in_set_up, &(struct fl_run_options){ .kernel = "6.1" });
	/* and does no harm to the next run */
	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "weak" }), 0);
	fl_run_result_free(&result);
}
END_TEST

START_TEST(every_search_finds_a_call_for_which_the_machine_was_not_made)
{
	the_lacking = &lacking[0];
	assert_lacking(&lacking_scenario,
		       &(struct fl_run_options){ .kernel = "6.1", .search = "pct:2" });
	assert_lacking(&lacking_scenario,
		       &(struct fl_run_options){ .kernel = "6.1", .search = "preemptions:1" });
	assert_lacking(&lacking_scenario, &(struct fl_run_options){ .kernel = "6.1", .jobs = 2 });
}
END_TEST

static bool stop_at_once(void *arg, uint64_t executions, double seconds, double done)
{
	++*(int *)arg;
	return true;
}

START_TEST(a_stopped_run_is_inconclusive)
{
	int calls = 0;
	const struct fl_run_options opt = {
		.variant = "x86",
		.progress = stop_at_once,
		.progress_arg = &calls,
	};

	ck_assert_int_eq(run(&opt), 0);
	/* a run this short may end before it is asked */
	ck_assert_int_eq(result.verdict, calls ? FL_VERDICT_INCONCLUSIVE : FL_VERDICT_VERIFIED);
	fl_run_result_free(&result);

	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "x86", .max_executions = 1 }), 0);
	ck_assert_int_eq(result.verdict, FL_VERDICT_INCONCLUSIVE);
	fl_run_result_free(&result);
}
END_TEST

START_TEST(runs_do_not_depend_on_earlier_ones)
{
	char *first, *later;

	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "weak" }), 0);
	first = picture(result.trace);
	fl_run_result_free(&result);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "weak" }), 0);
		later = picture(result.trace);
		ck_assert_str_eq(later, first);
		free(later);
		fl_run_result_free(&result);
	}
	free(first);
}
END_TEST

START_TEST(a_trace_replays_to_the_same_picture)
{
	struct fl_run_result again;
	char *want, *got;

	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "weak" }), 0);
	want = picture(result.trace);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(fl_run_replay(&scenario, result.trace, &again, err, sizeof(err)),
				 0);
		ck_assert_int_eq(again.verdict, FL_VERDICT_VIOLATION);
		ck_assert_str_eq(again.oracle, "lost-write");
		got = picture(again.trace);
		ck_assert_str_eq(got, want);
		free(got);
		fl_run_result_free(&again);
	}
	free(want);
	fl_run_result_free(&result);
}
END_TEST

/* receive() as someone might have edited it */
static void receive_otherwise(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (!READ_ONCE(w->data))
		fl_oracle_fail("lost-write", "never mind");
}

START_TEST(a_trace_that_no_longer_fits_says_where)
{
	struct fl_scenario s = scenario;
	struct fl_run_result again;

	ck_assert_int_eq(run(&(struct fl_run_options){ .variant = "weak" }), 0);
	s.threads[1].run = receive_otherwise;
	ck_assert_int_eq(fl_run_replay(&s, result.trace, &again, err, sizeof(err)), -ESTALE);
	ck_assert_msg(strstr(err, "READ_ONCE(w->flag)"), "%s", err);
	ck_assert_msg(strstr(err, "CPU1"), "%s", err);
	fl_run_result_free(&result);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("run check");
	TCase *tc = tcase_create("run");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_variant_says_kernel_and_model);
	tcase_add_loop_test(tc, a_marked_access_to_no_memory_is_a_violation, 0, 4);
	tcase_add_test(tc, options_override_the_variant);
	tcase_add_test(tc, settings_alone_change_the_newest_kernel);
	tcase_add_test(tc, what_is_unknown_is_named_with_what_there_is);
	tcase_add_test(tc, a_world_that_cant_be_set_up_is_told);
	tcase_add_loop_test(tc, a_call_for_which_the_machine_was_not_made_gives_no_verdict, 0,
			    FL_ARRAY_SIZE(lacking));
	tcase_add_test(tc, every_search_finds_a_call_for_which_the_machine_was_not_made);
	tcase_add_test(tc, a_stopped_run_is_inconclusive);
	tcase_add_test(tc, runs_do_not_depend_on_earlier_ones);
	tcase_add_test(tc, a_trace_replays_to_the_same_picture);
	tcase_add_test(tc, a_trace_that_no_longer_fits_says_where);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
