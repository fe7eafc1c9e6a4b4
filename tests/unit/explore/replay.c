/* SPDX-License-Identifier: MIT */
/*
 * replay.c - a recorded execution, run again.
 *
 * Covers: an oracle's failure in a thread and at the end, replayed ten times with the same record; the record
 * itself (an order that extends program order and reads-from, values that fit, what a late load
 * missed); every kind of end: oracle, deadlock, data race, legal waiting; any execution of random programs;
 * a program that was edited elsewhere still fits, one whose recorded operation is gone is -ESTALE
 * and the message names the operation; two explorations give the same record.
 * Not here: writing and reading trace files (tests/unit/trace).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "c_program.h"
#include "random_prog.h"
#include "run_table.h"

struct state {
	int x, y, data, other;
	spinlock_t a, b;
	atomic_t n;
};

/* ---- comparing ---- */

static bool same_event(const struct flx_event *a, const struct flx_event *b)
{
	return a->thread == b->thread && a->index == b->index && a->kind == b->kind &&
	       a->order == b->order && a->fence == b->fence && a->failed == b->failed &&
	       a->blocked == b->blocked && a->site == b->site && a->step == b->step &&
	       a->pc == b->pc && a->addr == b->addr && a->size == b->size && a->rval == b->rval &&
	       a->wval == b->wval && a->rf == b->rf && a->co_after == b->co_after &&
	       a->newer == b->newer && a->occurrence == b->occurrence &&
	       a->relevant == b->relevant && !strcmp(a->why, b->why);
}

static int first_difference(const struct flx_record *a, const struct flx_record *b)
{
	for (int i = 0; i < a->n && i < b->n; i++)
		if (!same_event(&a->ev[i], &b->ev[i]))
			return i;
	return a->n == b->n ? -1 : a->n < b->n ? a->n : b->n;
}

static void check_same(const struct flx_record *a, const struct flx_record *b)
{
	int d = first_difference(a, b);

	ck_assert_msg(d < 0, "records of %d and %d events differ at %d (%s)", a->n, b->n, d,
		      d < a->n && a->ev[d].site ? a->ev[d].site->text : "?");
}

/* What explore.h promises of a record, whatever the execution. */
static void check_record(const struct flx_record *r)
{
	int next[FLX_MAX_THREADS] = { 0 };

	ck_assert_int_gt(r->n, 0);
	for (int i = 0; i < r->n; i++) {
		const struct flx_event *e = &r->ev[i];
		bool reads = e->kind == FLX_READ || e->kind == FLX_RMW;
		bool writes = e->kind == FLX_WRITE || e->kind == FLX_RMW;

		ck_assert_int_ge(e->thread, 0);
		ck_assert_msg(e->index >= next[e->thread], "event %d is before its predecessor", i);
		next[e->thread] = e->index + 1;
		if (reads && !e->blocked) {
			ck_assert_msg(e->rf == FLX_INIT || (e->rf >= 0 && e->rf < i),
				      "event %d reads from %d", i, e->rf);
			if (e->rf >= 0) {
				ck_assert(r->ev[e->rf].kind == FLX_WRITE ||
					  r->ev[e->rf].kind == FLX_RMW);
				ck_assert_uint_eq(r->ev[e->rf].addr, e->addr);
				ck_assert_uint_eq(r->ev[e->rf].wval, e->rval);
			}
		}
		if (writes) {
			ck_assert_msg(e->co_after == FLX_INIT ||
					      (e->co_after >= 0 && e->co_after < r->n),
				      "event %d comes after %d", i, e->co_after);
			if (e->co_after >= 0)
				ck_assert_uint_eq(r->ev[e->co_after].addr, e->addr);
		}
		if (e->kind == FLX_RMW)
			ck_assert_msg(e->co_after == e->rf, "event %d is not atomic", i);
		if (e->newer != FLX_NONE) {
			ck_assert_int_lt(e->newer, i);
			ck_assert_int_ne(e->newer, e->rf);
			ck_assert_uint_eq(r->ev[e->newer].addr, e->addr);
		}
	}
}

/* ---- C programs ---- */

static void sb0(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	c_seen[0][0] = 1 + READ_ONCE(s->y);
}

/*
 * An oracle in a thread may use what its thread read, and what others told it before the stores that it
 * read from; not what happens to be in c_seen.
 */
static void late_reader(void *p)
{
	struct state *s = p;
	int flag = READ_ONCE(s->x), data = READ_ONCE(s->data);

	if (flag && !data)
		flx_fail("order", "in a thread: the flag came before the data");
	WRITE_ONCE(s->other, 1);
}

static void sb1(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->y, 1);
	c_seen[1][0] = 1 + READ_ONCE(s->x);
}

static const char *both_missed(void *p)
{
	(void)p;
	return c_seen[0][0] == 1 && c_seen[1][0] == 1 ? "both missed the other's store" : NULL;
}

static void mp0(void *p)
{
	struct state *s = p;

	FL_STEP("A1", WRITE_ONCE(s->data, 1));
	FL_STEP("A2", WRITE_ONCE(s->x, 1));
}

static void mp1(void *p)
{
	struct state *s = p;

	if (FL_STEP("B1", READ_ONCE(s->x)) && !FL_STEP("B2", READ_ONCE(s->data)))
		c_seen[1][0] = 1;
}

static const char *flag_first(void *p)
{
	(void)p;
	return c_seen[1][0] ? "the flag came before the data" : NULL;
}

static void lock_ab(void *p)
{
	struct state *s = p;

	spin_lock(&s->a);
	spin_lock(&s->b);
	spin_unlock(&s->b);
	spin_unlock(&s->a);
}

static void lock_ba(void *p)
{
	struct state *s = p;

	spin_lock(&s->b);
	spin_lock(&s->a);
	spin_unlock(&s->a);
	spin_unlock(&s->b);
}

static void plain_store(void *p)
{
	struct state *s = p;

	s->data = 1;
	WRITE_ONCE(s->x, 1);
}

static void plain_load(void *p)
{
	struct state *s = p;

	if (READ_ONCE(s->x))
		c_seen[1][0] = s->data;
}

static void lost0(void *p)
{
	struct state *s = p;

	atomic_set(&s->n, atomic_read(&s->n) + 1);
}

static const char *lost_increment(void *p)
{
	struct state *s = p;

	return atomic_read(&s->n) == 3 ? NULL : "an increment was lost";
}

static const struct c_program programs[] = {
	{ "fails in a thread", sizeof(struct state), NULL, { mp0, late_reader }, NULL },
	{ "fails at the end", sizeof(struct state), NULL, { sb0, sb1 }, both_missed },
	{ "message passing", sizeof(struct state), NULL, { mp0, mp1 }, flag_first },
	{ "deadlock", sizeof(struct state), NULL, { lock_ab, lock_ba }, NULL },
	{ "data race", sizeof(struct state), NULL, { plain_store, plain_load }, NULL },
	{ "lost increments", sizeof(struct state), NULL, { lost0, lost0, lost0 }, lost_increment },
};

#define NR_PROGRAMS (sizeof(programs) / sizeof(programs[0]))

START_TEST(ten_replays_give_the_same_record)
{
	const struct c_program *p = &programs[_i];
	struct flx_options fo = { .model = FLX_LKMM, .races = true };
	struct flx_result found, again;
	struct flx_program fp;
	char err[256] = "";

	ck_assert_int_eq(c_explore(p, FLX_LKMM, &found, err, sizeof(err)), 0);
	ck_assert_msg(found.verdict == FLX_VIOLATION && found.record, "%s: %s", p->name, err);
	check_record(found.record);
	c_make(p, &fp);
	for (int k = 0; k < 10; k++) {
		int e = flx_replay(&fp, &fo, found.record, &again, err, sizeof(err));

		ck_assert_msg(!e, "%s, replay %d: %d %s", p->name, k, e, err);
		ck_assert_msg(again.verdict == FLX_VIOLATION, "%s, replay %d: verdict %d", p->name,
			      k, again.verdict);
		ck_assert_str_eq(again.oracle, found.oracle);
		ck_assert_str_eq(again.message, found.message);
		ck_assert_ptr_nonnull(again.record);
		check_same(found.record, again.record);
		ck_assert_int_eq(again.record->racing[0], found.record->racing[0]);
		ck_assert_int_eq(again.record->racing[1], found.record->racing[1]);
		flx_record_free(again.record);
	}
	flx_record_free(found.record);
}
END_TEST

START_TEST(exploring_twice_finds_the_same)
{
	const struct c_program *p = &programs[_i];
	struct flx_result a, b;
	char err[256] = "";

	ck_assert_int_eq(c_explore(p, FLX_LKMM, &a, err, sizeof(err)), 0);
	ck_assert_int_eq(c_explore(p, FLX_LKMM, &b, err, sizeof(err)), 0);
	ck_assert_uint_eq(a.executions, b.executions);
	ck_assert_str_eq(a.message, b.message);
	check_same(a.record, b.record);
	flx_record_free(a.record);
	flx_record_free(b.record);
}
END_TEST

/* What a trace of the late load shows: what it read, what was there already, which step it was. */
START_TEST(a_record_shows_the_late_load)
{
	const struct flx_event *load = NULL;
	struct flx_result r;
	char err[256] = "";

	ck_assert_int_eq(c_explore(&programs[2], FLX_LKMM, &r, err, sizeof(err)), 0);
	ck_assert_int_eq(r.verdict, FLX_VIOLATION);
	for (int i = 0; i < r.record->n; i++)
		if (r.record->ev[i].site &&
		    !strcmp(r.record->ev[i].site->text, "READ_ONCE(s->data)"))
			load = &r.record->ev[i];
	ck_assert_ptr_nonnull(load);
	ck_assert_int_eq(load->thread, 1);
	ck_assert_int_eq(load->rf, FLX_INIT);
	ck_assert_uint_eq(load->rval, 0);
	ck_assert_msg(load->newer >= 0, "the newer store is not shown");
	ck_assert_str_eq(r.record->ev[load->newer].site->text, "WRITE_ONCE(s->data, 1)");
	ck_assert_ptr_nonnull(load->step);
	ck_assert_str_eq(load->step->label, "B2");
	ck_assert(load->relevant);
	flx_record_free(r.record);
}
END_TEST

/* ---- edited programs ---- */

static int edit; /* what the edited threads below do differently */

static void edited0(void *p)
{
	struct state *s = p;

	if (edit == 1)
		WRITE_ONCE(s->other, 7); /* something more, elsewhere */
	if (edit == 2)
		WRITE_ONCE(s->data, 2); /* one more store to the same word */
	WRITE_ONCE(s->data, 1);
	if (edit == 4)
		smp_wmb();
	if (edit != 3)
		WRITE_ONCE(s->x, 1);
}

static void edited1(void *p)
{
	struct state *s = p;
	int flag;

	if (edit == 1)
		READ_ONCE(s->other);
	if (edit == 5)
		flag = smp_load_acquire(&s->x);
	else
		flag = READ_ONCE(s->x);
	if (flag && !READ_ONCE(s->data))
		c_seen[1][0] = 1;
}

static const struct c_program edited = {
	"edited", sizeof(struct state), NULL, { edited0, edited1 }, flag_first
};

START_TEST(edits_elsewhere_leave_the_replay_alone)
{
	struct flx_options fo = { .model = FLX_LKMM };
	struct flx_result found, again;
	struct flx_program fp;
	char err[256] = "";
	int e;

	edit = 0;
	ck_assert_int_eq(c_explore(&edited, FLX_LKMM, &found, err, sizeof(err)), 0);
	ck_assert_int_eq(found.verdict, FLX_VIOLATION);
	edit = 1;
	c_make(&edited, &fp);
	e = flx_replay(&fp, &fo, found.record, &again, err, sizeof(err));
	ck_assert_msg(!e, "%d %s", e, err);
	ck_assert_int_eq(again.verdict, FLX_VIOLATION);
	ck_assert_str_eq(again.message, found.message);
	ck_assert_int_eq(again.record->n, found.record->n + 2);
	flx_record_free(again.record);
	flx_record_free(found.record);
}
END_TEST

START_TEST(an_event_that_is_gone_is_named)
{
	static const struct {
		int edit;
		const char *named;
	} gone[] = {
		{ 3, "WRITE_ONCE(s->x, 1)" },
		{ 5, "READ_ONCE(s->x)" },
	};
	struct flx_options fo = { .model = FLX_LKMM };
	struct flx_result found, again;
	struct flx_program fp;
	char err[256] = "";

	edit = 0;
	ck_assert_int_eq(c_explore(&edited, FLX_LKMM, &found, err, sizeof(err)), 0);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		int e;

		edit = gone[i].edit;
		err[0] = 0;
		c_make(&edited, &fp);
		e = flx_replay(&fp, &fo, found.record, &again, err, sizeof(err));
		ck_assert_msg(e == -ESTALE, "edit %d: %d %s", edit, e, err);
		ck_assert_msg(strstr(err, gone[i].named), "edit %d: %s", edit, err);
	}
	flx_record_free(found.record);
}
END_TEST

/*
 * A barrier that forbids the recorded execution is an edit that leaves the recorded operations in place: the
 * replay must not claim that the bug is still there.
 */
START_TEST(a_fixed_program_does_not_replay_as_broken)
{
	struct flx_options fo = { .model = FLX_LKMM };
	struct flx_result found, again;
	struct flx_program fp;
	char err[256] = "";
	int e;

	edit = 0;
	ck_assert_int_eq(c_explore(&edited, FLX_LKMM, &found, err, sizeof(err)), 0);
	edit = 4; /* smp_wmb() alone does not repair it: the reader has no smp_rmb() */
	c_make(&edited, &fp);
	e = flx_replay(&fp, &fo, found.record, &again, err, sizeof(err));
	ck_assert_msg(!e, "%d %s", e, err);
	ck_assert_int_eq(again.verdict, FLX_VIOLATION);
	flx_record_free(again.record);
	fo.model = FLX_SC; /* here it can't happen */
	e = flx_replay(&fp, &fo, found.record, &again, err, sizeof(err));
	ck_assert_msg(e || again.verdict != FLX_VIOLATION, "sc replays what it forbids");
	if (!e)
		flx_record_free(again.record);
	flx_record_free(found.record);
}
END_TEST

/* ---- any execution of random programs ---- */

static bool replay_one(const struct rm_prog *p, enum flx_model m, int pick, bool *more)
{
	struct rt_options o = { .model = m, .may_wait = true };
	int want[RM_MAX_OUT], got[RM_MAX_OUT], e;
	struct flx_result found, again;
	char err[256] = "", text[2048];

	rm_format(p, text, sizeof(text));
	e = rt_pick(p, &o, pick, &found, want);
	*more = !e || found.executions > (uint64_t)pick;
	if (e == -ENOENT)
		return false;
	ck_assert_msg(!e, "%s: %d", text, e);
	check_record(found.record);
	e = rt_replay(p, &o, found.record, &again, got, err, sizeof(err));
	ck_assert_msg(!e, "%s under model %d, execution %d: %d %s", text, m, pick, e, err);
	ck_assert_msg(again.verdict == FLX_VIOLATION, "%s under model %d, execution %d: verdict %d",
		      text, m, pick, again.verdict);
	if (memcmp(want, got, (size_t)rm_nout(p) * sizeof(int))) {
		char a[512], b[512];

		rm_format_out(p, want, a, sizeof(a));
		rm_format_out(p, got, b, sizeof(b));
		ck_abort_msg("%s under model %d, execution %d:\n  ran %s\n  now %s", text, m, pick,
			     a, b);
	}
	ck_assert_ptr_nonnull(again.record);
	check_same(found.record, again.record);
	flx_record_free(again.record);
	flx_record_free(found.record);
	return true;
}

START_TEST(any_execution_can_be_replayed)
{
	int programs_run = 0, replays = 0;

	for (uint64_t seed = 1; programs_run < 500; seed++) {
		struct rm_prog p;
		bool more;

		rp_program(&p, seed, NULL);
		if (rp_cost(&p) > 3000)
			continue;
		programs_run++;
		for (int m = FLX_SC; m <= FLX_LKMM; m++) {
			more = true;
			for (int pick = 0; pick < 30 && more; pick += 3)
				replays += replay_one(&p, m, pick, &more);
		}
	}
	printf("replay: %d executions of %d programs\n", replays, programs_run);
	ck_assert_int_gt(replays, 2000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("replay");
	TCase *tc = tcase_create("replay");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, ten_replays_give_the_same_record, 0, NR_PROGRAMS);
	tcase_add_loop_test(tc, exploring_twice_finds_the_same, 0, NR_PROGRAMS);
	tcase_add_test(tc, a_record_shows_the_late_load);
	tcase_add_test(tc, edits_elsewhere_leave_the_replay_alone);
	tcase_add_test(tc, an_event_that_is_gone_is_named);
	tcase_add_test(tc, a_fixed_program_does_not_replay_as_broken);
	tcase_add_test(tc, any_execution_can_be_replayed);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
