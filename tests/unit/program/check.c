// SPDX-License-Identifier: MIT
/*
 * check.c - tests of lib/program: small programs, each explored under rc11, with the verdict that it must have.
 *
 * The programs are the other files of this folder; a case is one function of a file, chosen by -DRUN=...
 * Each subject has both sides: what is right is verified, what is wrong is caught, and for the right
 * reason. What is explored of a program, and how often, is for tests/programs.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/run.h>

#include "program/program.h"

#define ANY "*"	    /* a violation; of several, the first to be found */
#define REFUSED "!" /* the program can't be explored */
#define OPEN "?"    /* inconclusive */

struct expected {
	const char *file, *run;
	const char *oracle; /* NULL: verified */
};

static const struct expected cases[] = {
	{ "mutex.c", "protects", NULL },
	{ "mutex.c", "one_side_forgets", "data-race" },
	{ "mutex.c", "two_locks_protect_nothing", "data-race" },
	{ "mutex.c", "same_order", NULL },
	{ "mutex.c", "opposite_order", "deadlock" },
	{ "mutex.c", "opposite_order_trying", NULL },
	{ "mutex.c", "trylock_protects", NULL },
	{ "mutex.c", "trylock_can_fail", "assertion" },
	{ "mutex.c", "lock_again", "deadlock" },
	{ "mutex.c", "never_unlocked", "deadlock" },
	{ "mutex.c", "recursive_static", NULL },
	{ "mutex.c", "recursive_by_attribute", NULL },
	{ "mutex.c", "locked_once_more_in_a_loop", "assertion" },
	{ "mutex.c", "nested_in_a_loop", NULL },
	{ "mutex.c", "errorcheck_tells", NULL },
	{ "mutex.c", "unlock_without_lock", "bad-unlock" },
	{ "mutex.c", "unlock_by_another", "bad-unlock" },
	{ "mutex.c", "destroy_after_use", NULL },
	{ "mutex.c", "destroy_locked", "bad-destroy" },
	{ "mutex.c", "use_destroyed", "use-after-destroy" },
	{ "mutex.c", "destroy_in_use", ANY },
	{ "mutex.c", "timed_lock", NULL },
	{ "mutex.c", "timed_lock_times_out", "assertion" },
	{ "mutex.c", "in_heap", NULL },
	{ "mutex.c", "in_heap_by_initialiser", NULL },
	{ "mutex.c", "init_while_used", ANY },
	{ "mutex.c", "spin_protects", NULL },
	{ "mutex.c", "spin_twice", "deadlock" },
	{ "mutex.c", "spin_forgotten", "data-race" },
	{ "rwlock.c", "protects", NULL },
	{ "rwlock.c", "writers_exclude_each_other", NULL },
	{ "rwlock.c", "readers_do_not_exclude_each_other", "data-race" },
	{ "rwlock.c", "two_readers_at_once", "assertion" },
	{ "rwlock.c", "read_twice", NULL },
	{ "rwlock.c", "read_once_more_in_a_loop", "assertion" },
	{ "rwlock.c", "upgrade", "deadlock" },
	{ "rwlock.c", "trying_writers", NULL },
	{ "rwlock.c", "unlock_without_lock", "bad-unlock" },
	{ "rwlock.c", "destroy_taken", "bad-destroy" },
	{ "rwlock.c", "use_destroyed", "use-after-destroy" },
	{ "rwlock.c", "writer_waits_for_ever", "deadlock" },
	{ "cond.c", "wait_for_it", NULL },
	{ "cond.c", "signal_after_unlock", NULL },
	{ "cond.c", "lost_wakeup", "deadlock" },
	{ "cond.c", "change_without_mutex", "deadlock" },
	{ "cond.c", "one_signal_for_two", "deadlock" },
	{ "cond.c", "broadcast_for_two", NULL },
	{ "cond.c", "if_instead_of_while", "assertion" },
	{ "cond.c", "which_one_is_woken", "deadlock" },
	{ "cond.c", "not_for_later_waiters", NULL },
	{ "cond.c", "timed_wait_ends", NULL },
	{ "cond.c", "timed_wait_may_time_out", "assertion" },
	{ "cond.c", "timed_wait_may_be_woken", "assertion" },
	{ "cond.c", "timed_wait_in_loop", NULL },
	{ "cond.c", "timed_wait_counting", OPEN },
	{ "cond.c", "timed_wait_watched", OPEN },
	{ "cond.c", "timed_wait_wakes_others", "assertion" },
	{ "cond.c", "wait_without_mutex", "bad-wait" },
	{ "cond.c", "destroy_waited_for", "bad-destroy" },
	{ "cond.c", "destroy_after_broadcast", NULL },
	{ "cond.c", "bounded_buffer", NULL },
	{ "barrier.c", "separates_rounds", NULL },
	{ "barrier.c", "too_early", ANY }, /* a race, or what comes of it */
	{ "barrier.c", "too_few", "deadlock" },
	{ "barrier.c", "not_initialised", "use-after-destroy" },
	{ "barrier.c", "count_of_zero", NULL },
	{ "barrier.c", "alone", NULL },
	{ "barrier.c", "pairs", NULL },
	{ "barrier.c", "one_has_no_partner", "deadlock" },
	{ "once.c", "runs_once", NULL },
	{ "once.c", "by_hand", "data-race" },
	{ "sem.c", "as_mutex", NULL },
	{ "sem.c", "room_for_two", "data-race" },
	{ "sem.c", "hands_over", NULL },
	{ "sem.c", "nobody_gives", "deadlock" },
	{ "sem.c", "trying", NULL },
	{ "sem.c", "timed", "assertion" },
	{ "sem.c", "timed_in_loop", "assertion" },
	{ "thread.c", "join_orders", NULL },
	{ "thread.c", "no_join", "data-race" },
	{ "thread.c", "create_orders", NULL },
	{ "thread.c", "join_twice", "bad-join" },
	{ "thread.c", "join_detached", "bad-join" },
	{ "thread.c", "join_nothing", "bad-join" },
	{ "thread.c", "argument_depends_on_load", "assertion" },
	{ "thread.c", "result_depends_on_load", "assertion" },
	{ "thread.c", "exit_from_below", NULL },
	{ "thread.c", "main_ends_first", "assertion" },
	{ "thread.c", "main_returns_before", "deadlock" },
	{ "thread.c", "exit_ends_all", NULL },
	{ "thread.c", "before_exit_it_counts", "assertion" },
	{ "thread.c", "exit_handler", "assertion" },
	{ "thread.c", "exit_handler_after_main", "assertion" },
	{ "thread.c", "calls_abort", "abort" },
	{ "destructor.c", "sees_what_main_did", NULL },
	{ "destructor.c", "fails", "assertion" },
	{ "destructor.c", "fails_after_exit", "assertion" },
	{ "destructor.c", "ends_the_process_again", NULL },
	{ "thread.c", "cleanup_handlers", NULL },
	{ "thread.c", "cleanup_pop_runs", NULL },
	{ "thread.c", "thread_locals", NULL },
	{ "thread.c", "thread_local_shared", "data-race" },
	{ "thread.c", "keys", NULL },
	{ "thread.c", "errno_is_own", NULL },
	{ "thread.c", "self", NULL },
	{ "thread.c", "kernel_numbers_differ", "assertion" },
	{ "thread.c", "stack_shared", NULL },
	{ "thread.c", "stack_race", "data-race" },
	{ "thread.c", "too_many_threads", REFUSED },
	{ "thread.c", "divides_by_zero", "bad-division" },
	{ "thread.c", "traps", "trap" },
	{ "thread.c", "recursion", "stack-overflow" },
	{ "thread.c", "loop_bound", OPEN },
	{ "thread.c", "no_events", OPEN },
	{ "heap.c", "published", NULL },
	{ "heap.c", "published_relaxed", "data-race" },
	{ "heap.c", "freed_under_reader", "use-after-free" },
	{ "heap.c", "taken_once", NULL },
	{ "heap.c", "freed_by_both", "double-free" },
	{ "heap.c", "freed_twice", "double-free" },
	{ "heap.c", "used_after_free", "use-after-free" },
	{ "heap.c", "frees_variable", "invalid-free" },
	{ "heap.c", "frees_middle", "invalid-free" },
	{ "heap.c", "past_the_end", "out-of-bounds" },
	{ "heap.c", "null_pointer", "bad-access" },
	{ "heap.c", "strings", NULL },
	{ "heap.c", "numbers_and_bytes", NULL },
	{ "heap.c", "struct_copy", NULL },
	{ "heap.c", "struct_copy_race", "data-race" },
	{ "heap.c", "library_calls_race", "data-race" },
	{ "heap.c", "reallocated", NULL },
	{ "heap.c", "old_after_realloc", "use-after-free" },
	{ "heap.c", "aligned", NULL },
	{ "heap.c", "bit_fields", NULL },
	{ "heap.c", "bit_fields_race", "data-race" },
	{ "heap.c", "sorted", NULL },
	{ "heap.c", "sort_race", "data-race" },
	{ "heap.c", "parsed", NULL },
	{ "heap.c", "parse_race", "data-race" },
	{ "assembly.c", "increments", OPEN },
	{ "assembly.c", "increments_and_fails", "assertion" },
	{ "harmless_assembly.c", "orders_compiler_and_relaxes", NULL },
	{ "harmless_assembly.c", "in_registers", NULL },
	{ "uninstrumented.c", "increments", OPEN },
	{ "uninitialised.c", "mutex", "uninitialised" },
	{ "uninitialised.c", "mutex_destroyed", "uninitialised" },
	{ "uninitialised.c", "mutex_cleared", NULL },
	{ "uninitialised.c", "mutex_set_to_zero", NULL },
	{ "uninitialised.c", "cond_signalled", "uninitialised" },
	{ "uninitialised.c", "cond_waited_for", "uninitialised" },
	{ "uninitialised.c", "rwlock", "uninitialised" },
	{ "uninitialised.c", "spin", "uninitialised" },
	{ "uninitialised.c", "sem_posted", "uninitialised" },
	{ "uninitialised.c", "once", "uninitialised" },
	{ "atomic.c", "values", NULL },
	{ "atomic.c", "release_acquire", NULL },
	{ "atomic.c", "relaxed_release", "data-race" },
	{ "atomic.c", "fences", NULL },
	{ "atomic.c", "failed_exchange_relaxed", "data-race" },
	{ "atomic.c", "failed_exchange_acquires", NULL },
	{ "atomic.c", "sequentially_consistent", NULL },
	{ "atomic.c", "not_with_acquire_release", "assertion" },
	{ "atomic.c", "shared_expectation", "data-race" },
	{ "atomic.c", "too_wide", REFUSED },
	{ "atomic.c", "spin_lock", NULL },
	{ "verifier.c", "assumption", NULL },
	{ "verifier.c", "every_value", NULL },
	{ "verifier.c", "negative_is_tried", "assertion" },
	{ "verifier.c", "last_is_tried", "assertion" },
	{ "verifier.c", "error", "verifier-error" },
	{ "verifier.c", "reached", "verifier-error" },
	{ "verifier.c", "asserted", "verifier-error" },
	{ "verifier.c", "spawned", NULL },
	{ "verifier.c", "marked_loop", NULL },
	{ "c11.c", "mutex", NULL },
	{ "c11.c", "mutex_forgotten", "data-race" },
	{ "c11.c", "recursive", NULL },
	{ "c11.c", "condition", NULL },
	{ "c11.c", "once_only", NULL },
	{ "c11.c", "specific", NULL },
};

/* 0, or what program_check() says. */
static int explore(const struct expected *c, const char *model, struct fl_run_result *r, char *err,
		   size_t err_size)
{
	char path[512], run[64];
	const char *args[] = { run, "-w", NULL };
	const struct program_options opt = {
		.model = model,
		.cc_args = args,
		.unroll = 20,
		.timeout = 10,
	};

	snprintf(path, sizeof(path), "%s/%s", PROGRAM_CASES, c->file);
	snprintf(run, sizeof(run), "-DRUN=%s", c->run);
	return program_check(path, &opt, r, err, err_size);
}

static enum fl_verdict expected_verdict(const struct expected *c)
{
	if (!c->oracle)
		return FL_VERDICT_VERIFIED;
	return strcmp(c->oracle, OPEN) ? FL_VERDICT_VIOLATION : FL_VERDICT_INCONCLUSIVE;
}

/* What was not followed further is named: "at FILE:LINE in FUNCTION()". */
static bool names_place(const char *message, const char *file)
{
	char place[64];

	snprintf(place, sizeof(place), " at %s:", file);
	return strstr(message, place);
}

/* The recorded execution runs again, to the same end. */
static void check_replay(const struct expected *c, const struct fl_run_result *first)
{
	struct fl_run_result again;
	char err[512];
	int ret = program_replay(first->trace, &again, err, sizeof(err));

	ck_assert_msg(!ret, "%s, %s: replay: %s", c->file, c->run, err);
	ck_assert_msg(!strcmp(again.oracle, first->oracle), "%s, %s: replay: %s, not %s", c->file,
		      c->run, again.oracle, first->oracle);
	fl_run_result_free(&again);
}

START_TEST(each_case_has_its_verdict)
{
	const struct expected *c = &cases[_i];
	struct fl_run_result r;
	char err[512];
	int ret = explore(c, "rc11", &r, err, sizeof(err));

	if (c->oracle && !strcmp(c->oracle, REFUSED)) {
		ck_assert_msg(ret == -ENOTSUP && err[0], "%s, %s: %d", c->file, c->run, ret);
		return;
	}
	ck_assert_msg(!ret, "%s, %s: %s", c->file, c->run, err);
	ck_assert_msg(r.verdict == expected_verdict(c), "%s, %s: verdict %d, %s %s", c->file,
		      c->run, r.verdict, r.oracle, r.message);
	if (r.verdict == FL_VERDICT_INCONCLUSIVE && r.executions)
		ck_assert_msg(names_place(r.message, c->file), "%s, %s: %s", c->file, c->run,
			      r.message);
	if (r.verdict == FL_VERDICT_VIOLATION && strcmp(c->oracle, ANY))
		ck_assert_msg(!strcmp(r.oracle, c->oracle), "%s, %s: %s, not %s: %s", c->file,
			      c->run, r.oracle, c->oracle, r.message);
	if (r.verdict == FL_VERDICT_VERIFIED)
		ck_assert_msg(r.executions, "%s, %s: no execution", c->file, c->run);
	if (r.verdict == FL_VERDICT_VIOLATION)
		check_replay(c, &r);
	fl_run_result_free(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("program");
	TCase *tc = tcase_create("cases");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, each_case_has_its_verdict, 0,
			    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
