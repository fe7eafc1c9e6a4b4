/* SPDX-License-Identifier: MIT */
/*
 * waiting.c - threads that wait for ever, on the check engine.
 *
 * Covers: that a lock, an await or a grace period which can never end is reported as a deadlock and names a
 * thread that waits; that one which does end is not; missed wake-ups; waiting that the caller declared to be
 * a legal end, with what oracles then see.
 * Not here: counts of executions with locks (tests/counts), random programs that wait (fuzz_engine.c).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "c_program.h"

struct state {
	spinlock_t a, b;
	struct rw_semaphore sem;
	int x, y, data;
};

static void lock_ab(void *p)
{
	struct state *s = p;

	spin_lock(&s->a);
	spin_lock(&s->b);
	s->data++;
	spin_unlock(&s->b);
	spin_unlock(&s->a);
}

static void lock_ba(void *p)
{
	struct state *s = p;

	spin_lock(&s->b);
	spin_lock(&s->a);
	s->data++;
	spin_unlock(&s->a);
	spin_unlock(&s->b);
}

static void lock_ba_try(void *p)
{
	struct state *s = p;

	spin_lock(&s->b);
	if (spin_trylock(&s->a)) {
		s->data++;
		spin_unlock(&s->a);
	}
	spin_unlock(&s->b);
}

static void lock_twice(void *p)
{
	struct state *s = p;

	spin_lock(&s->a);
	spin_lock(&s->a);
}

static void lock_a(void *p)
{
	struct state *s = p;

	spin_lock(&s->a);
	s->data++;
	spin_unlock(&s->a);
}

static void keep_a(void *p)
{
	struct state *s = p;

	spin_lock(&s->a);
	s->data++;
}

static void read_then_write(void *p)
{
	struct state *s = p;

	down_read(&s->sem);
	down_write(&s->sem);
}

static void wait_x(void *p)
{
	struct state *s = p;

	FL_AWAIT_MASK(&s->x, ~0u, 1u, FL_ACQUIRE, "x == 1");
	c_seen[1][0] = 1;
}

static void wait_x_may(void *p)
{
	struct state *s = p;

	FL_AWAIT_MASK_MAY_WAIT(&s->x, ~0u, 1u, FL_ACQUIRE, "x == 1");
	c_seen[1][0] = 1;
}

static void set_x(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
}

static void pulse_x(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	WRITE_ONCE(s->x, 0);
}

static void set_y(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->y, 1);
}

static void wait_y_then_set_x(void *p)
{
	struct state *s = p;

	FL_AWAIT_MASK(&s->y, ~0u, 1u, FL_ONCE, "y == 1");
	WRITE_ONCE(s->x, 1);
}

static void wait_x_then_set_y(void *p)
{
	struct state *s = p;

	FL_AWAIT_MASK(&s->x, ~0u, 1u, FL_ONCE, "x == 1");
	WRITE_ONCE(s->y, 1);
}

static void wait_x_locked(void *p)
{
	struct state *s = p;

	spin_lock(&s->a);
	FL_AWAIT_MASK(&s->x, ~0u, 1u, FL_ACQUIRE, "x == 1");
	spin_unlock(&s->a);
}

static void set_x_locked(void *p)
{
	struct state *s = p;

	spin_lock(&s->a);
	WRITE_ONCE(s->x, 1);
	spin_unlock(&s->a);
}

static void sync_in_section(void *p)
{
	(void)p;
	rcu_read_lock();
	synchronize_rcu();
	rcu_read_unlock();
}

static void wait_x_in_section(void *p)
{
	struct state *s = p;

	rcu_read_lock();
	FL_AWAIT_MASK(&s->x, ~0u, 1u, FL_ACQUIRE, "x == 1");
	rcu_read_unlock();
}

static void sync_then_set_x(void *p)
{
	struct state *s = p;

	synchronize_rcu();
	WRITE_ONCE(s->x, 1);
}

static void section(void *p)
{
	struct state *s = p;

	rcu_read_lock();
	READ_ONCE(s->x);
	rcu_read_unlock();
}

static const struct row {
	struct c_program p;
	bool deadlock;
	uint64_t executions; /* if none */
} rows[] = {
	{ { "abba", sizeof(struct state), NULL, { lock_ab, lock_ba }, NULL }, true, 0 },
	{ { "abab", sizeof(struct state), NULL, { lock_ab, lock_ab }, NULL }, false, 2 },
	{ { "abba with trylock", sizeof(struct state), NULL, { lock_ab, lock_ba_try }, NULL },
	  false,
	  4 },
	{ { "twice", sizeof(struct state), NULL, { lock_twice }, NULL }, true, 0 },
	{ { "never unlocked", sizeof(struct state), NULL, { keep_a, lock_a }, NULL }, true, 0 },
	{ { "never unlocked, nobody else", sizeof(struct state), NULL, { keep_a }, NULL },
	  false,
	  1 },
	{ { "upgrade of a read lock", sizeof(struct state), NULL, { read_then_write }, NULL },
	  true,
	  0 },
	{ { "await", sizeof(struct state), NULL, { set_x, wait_x }, NULL }, false, 1 },
	{ { "await nothing", sizeof(struct state), NULL, { set_y, wait_x }, NULL }, true, 0 },
	{ { "missed wake-up", sizeof(struct state), NULL, { pulse_x, wait_x }, NULL }, true, 0 },
	{ { "wait for each other",
	    sizeof(struct state),
	    NULL,
	    { wait_y_then_set_x, wait_x_then_set_y },
	    NULL },
	  true,
	  0 },
	{ { "await with the lock that the other needs",
	    sizeof(struct state),
	    NULL,
	    { set_x_locked, wait_x_locked },
	    NULL },
	  true,
	  0 },
	{ { "await with the lock, the other without",
	    sizeof(struct state),
	    NULL,
	    { set_x, wait_x_locked },
	    NULL },
	  false,
	  1 },
	{ { "grace period in a section", sizeof(struct state), NULL, { sync_in_section }, NULL },
	  true,
	  0 },
	{ { "grace period, other's section",
	    sizeof(struct state),
	    NULL,
	    { sync_then_set_x, section },
	    NULL },
	  false,
	  2 },
	{ { "section that waits for what comes after the grace period",
	    sizeof(struct state),
	    NULL,
	    { sync_then_set_x, wait_x_in_section },
	    NULL },
	  true,
	  0 },
	{ { "section that waits for somebody else",
	    sizeof(struct state),
	    NULL,
	    { set_x, wait_x_in_section, section },
	    NULL },
	  false,
	  2 },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

START_TEST(waiting_for_ever_is_a_deadlock)
{
	const struct row *row = &rows[_i];

	for (int m = FLX_SC; m <= FLX_LKMM; m++) {
		struct flx_result r;
		char err[256] = "";
		bool waits = false;

		ck_assert_msg(!c_explore(&row->p, m, &r, err, sizeof(err)), "%s: %s", row->p.name,
			      err);
		ck_assert_msg(r.verdict == (row->deadlock ? FLX_VIOLATION : FLX_VERIFIED),
			      "%s: model %d, verdict %d, %s: %s, %llu executions", row->p.name, m,
			      r.verdict, r.oracle, r.message, (unsigned long long)r.executions);
		if (!row->deadlock) {
			ck_assert_msg(r.executions == row->executions, "%s: %llu executions",
				      row->p.name, (unsigned long long)r.executions);
			continue;
		}
		ck_assert_str_eq(r.oracle, "deadlock");
		ck_assert_ptr_nonnull(r.record);
		/* Somebody waits, and the message says who. */
		for (int i = 0; i < r.record->n; i++) {
			char name[16];

			snprintf(name, sizeof(name), "CPU%d", r.record->ev[i].thread);
			waits |= r.record->ev[i].blocked && strstr(r.message, name);
		}
		ck_assert_msg(waits || strstr(row->p.name, "grace period"), "%s: %s", row->p.name,
			      r.message);
		flx_record_free(r.record);
	}
}
END_TEST

static int ends, waiting_ends;

static const char *count_ends(void *p)
{
	(void)p;
	ends++;
	waiting_ends += !c_seen[1][0];
	return NULL;
}

START_TEST(waiting_that_may_be_is_a_legal_end)
{
	static const struct {
		struct c_program p;
		uint64_t executions;
		int waiting;
	} may[] = {
		{ { "never", sizeof(struct state), NULL, { set_y, wait_x_may }, count_ends },
		  1,
		  1 },
		{ { "in time or late",
		    sizeof(struct state),
		    NULL,
		    { pulse_x, wait_x_may },
		    count_ends },
		  2,
		  1 },
		{ { "always", sizeof(struct state), NULL, { set_x, wait_x_may }, count_ends },
		  1,
		  0 },
	};

	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++) {
		for (int m = FLX_SC; m <= FLX_LKMM; m++) {
			struct flx_result r;
			char err[256] = "";

			ends = waiting_ends = 0;
			ck_assert_int_eq(c_explore(&may[i].p, m, &r, err, sizeof(err)), 0);
			ck_assert_msg(r.verdict == FLX_VERIFIED, "%s: %s", may[i].p.name, r.oracle);
			ck_assert_uint_eq(r.executions, may[i].executions);
			ck_assert_int_eq(ends, (int)may[i].executions);
			ck_assert_int_eq(waiting_ends, may[i].waiting);
		}
	}
}
END_TEST

static const char *told_too_late(void *p)
{
	(void)p;
	return c_seen[1][0] ? NULL : "the waiter was never told";
}

START_TEST(oracles_judge_executions_that_wait)
{
	static const struct c_program p = {
		"oracle", sizeof(struct state), NULL, { pulse_x, wait_x_may }, told_too_late
	};
	struct flx_result r;
	char err[256] = "";

	ck_assert_int_eq(c_explore(&p, FLX_LKMM, &r, err, sizeof(err)), 0);
	ck_assert_int_eq(r.verdict, FLX_VIOLATION);
	ck_assert_str_eq(r.oracle, "check");
	flx_record_free(r.record);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("waiting");
	TCase *tc = tcase_create("waiting");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, waiting_for_ever_is_a_deadlock, 0, NR_ROWS);
	tcase_add_test(tc, waiting_that_may_be_is_a_legal_end);
	tcase_add_test(tc, oracles_judge_executions_that_wait);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
