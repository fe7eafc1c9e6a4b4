/* SPDX-License-Identifier: MIT */
/*
 * modes.c - what the searches that are not exhaustive promise, on programs whose answer is known by hand.
 *
 * Covers: that the same seed does the same, and another seed something else; that runs by priorities find bugs of
 * depth 1, 2 and 3 at least as often as the engine says, and the probability itself; how many preemptions a
 * bug needs, and when the bounded search may say "verified"; that a few random runs before the exhaustive search
 * find what it comes to late, and change nothing where there is nothing to be found; that what any of them
 * finds can be replayed; what names of searches there are.
 * Not here: that they find executions which exist, and all of them (forward.c).
 *
 * Frequencies are of fixed seeds, so a test that passes once passes always. The margins are four standard deviations
 * wide, so that a change of the order in which chance is used fails one of them with less than 1e-3.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../lib/explore/exec.h"
#include "c_program.h"

struct state {
	int x, y, z;
	atomic_t n;
};

static int explore(const struct c_program *p, const struct flx_options *o, struct flx_result *r)
{
	struct flx_program fp;
	char err[256] = "";
	int ret;

	c_make(p, &fp);
	ret = flx_explore(&fp, o, r, err, sizeof(err));
	ck_assert_msg(!ret, "%s: %s", p->name, err);
	flx_record_free(r->record);
	r->record = NULL;
	return r->verdict;
}

/* ---- bugs of known depth ---- */

/* Eight steps and the end. */
static void counts_x(void *p)
{
	struct state *s = p;

	for (int i = 1; i <= 8; i++)
		WRITE_ONCE(s->x, i);
}

static void looks_twice(void *p)
{
	struct state *s = p;

	c_seen[1][0] = READ_ONCE(s->x);
	c_seen[1][1] = READ_ONCE(s->x);
}

static const char *saw_0(void *p)
{
	(void)p;
	return c_seen[1][0] == 0 ? "looked before the first step" : NULL;
}

static const char *saw_5_and_5(void *p)
{
	(void)p;
	return c_seen[1][0] == 5 && c_seen[1][1] == 5 ? "looked after the fifth step" : NULL;
}

static const char *saw_3_and_8(void *p)
{
	(void)p;
	return c_seen[1][0] == 3 && c_seen[1][1] == 8 ? "looked after the third and the last"
						      : NULL;
}

#define BUG(text, check)                                                                           \
	{                                                                                          \
		text, sizeof(struct state), NULL, { counts_x, looks_twice }, check                 \
	}
#define STEPS 12 /* of both threads, their ends included */

static const struct {
	struct c_program p;
	unsigned int depth;
} bugs[] = {
	{ BUG("depth 1", saw_0), 1 },
	/* The first thread has the higher priority, and falls at one step of all. */
	{ BUG("depth 2", saw_5_and_5), 2 },
	/* The same, and then the second thread at the next. */
	{ BUG("depth 3", saw_3_and_8), 3 },
};

#define NR_BUGS (sizeof(bugs) / sizeof(bugs[0]))

/* The bound is what these bugs need: they are found no more often than that, either. */
START_TEST(pct_finds_bugs_as_often_as_it_says)
{
	const struct c_program *p = &bugs[_i].p;
	double per_run = 1 / 2., rate, sigma;
	uint64_t runs = 0, found = 0;

	for (unsigned int d = 1; d < bugs[_i].depth; d++)
		per_run /= STEPS;
	for (uint64_t seed = 0; found < 1500; seed++) {
		const struct flx_options o = { .model = FLX_SC,
					       .search = FLX_PCT,
					       .bound = bugs[_i].depth,
					       .seed = seed,
					       .stop_at_first = true,
					       .max_executions = 100000 };
		struct flx_result r;

		ck_assert_int_eq(explore(p, &o, &r), FLX_VIOLATION);
		ck_assert_str_eq(r.oracle, "check");
		ck_assert_uint_eq(r.found_in, r.runs);
		found++;
		runs += r.runs;
		ck_assert_int_eq(r.pct.threads, 2);
		ck_assert_uint_eq(r.pct.steps, STEPS);
		ck_assert_double_eq_tol(r.pct.per_run, per_run, 1e-12);
	}
	rate = (double)found / (double)runs;
	/* That of the estimate 1/mean of a geometric distribution. */
	sigma = rate / 38.7; /* sqrt(1500) */
	printf("modes: %s: promised %.5f, found with %.5f\n", p->name, per_run, rate);
	ck_assert_double_ge(rate + 4 * sigma, per_run);
	ck_assert_double_le(rate - 4 * sigma, per_run);
}
END_TEST

START_TEST(pct_says_what_the_runs_together_find)
{
	static const struct c_program p = {
		"nothing", sizeof(struct state), NULL, { counts_x, looks_twice }, NULL
	};
	static const enum flx_model models[] = { FLX_SC, FLX_LKMM };
	/* Under lkmm every second run leaves sequential consistency; the first run measures. */
	static const uint64_t counted[] = { 200 - 1, 100 - 1 };

	for (int i = 0; i < 2; i++) {
		const struct flx_options o = {
			.model = models[i], .search = FLX_PCT, .bound = 2, .max_executions = 200
		};
		struct flx_result r;
		double none = 1;

		ck_assert_int_eq(explore(&p, &o, &r), FLX_INCONCLUSIVE);
		ck_assert_uint_eq(r.runs, 200);
		ck_assert_uint_eq(r.found_in, 0);
		ck_assert_uint_eq(r.pct.runs, counted[i]);
		for (uint64_t k = 0; k < counted[i]; k++)
			none *= 1 - 1 / (2. * STEPS);
		ck_assert_double_eq_tol(r.pct.all_runs, 1 - none, 1e-9);
	}
}
END_TEST

static void chooses(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, (int)exec_choose(4, NULL, 1));
	WRITE_ONCE(s->y, (int)exec_choose(2, NULL, 2));
}

START_TEST(choices_of_the_program_count)
{
	static const struct c_program p = {
		"choices", sizeof(struct state), NULL, { chooses }, NULL
	};
	const struct flx_options o = {
		.model = FLX_SC, .search = FLX_PCT, .bound = 1, .max_executions = 100
	};
	struct flx_result r;

	explore(&p, &o, &r);
	ck_assert_double_eq_tol(r.pct.per_run, 1 / 8., 1e-12);
	ck_assert_uint_eq(r.executions, 8);
}
END_TEST

static void chooses_what_holds(void *p)
{
	struct state *s = p;
	uint64_t v = exec_choose(3, NULL, 1);

	if (v == 0)
		exec_prune();
	WRITE_ONCE(s->x, (int)v);
}

static const char *is_1(void *p)
{
	return ((struct state *)p)->x == 1 ? "x is 1" : NULL;
}

START_TEST(a_choice_that_holds_follows_one_that_does_not)
{
	static const struct c_program p = {
		"choices", sizeof(struct state), NULL, { chooses_what_holds }, NULL
	};
	static const struct c_program wrong = {
		"choices", sizeof(struct state), NULL, { chooses_what_holds }, is_1
	};

	for (int k = FLX_EXHAUSTIVE; k <= FLX_PREEMPTIONS; k++) {
		const struct flx_options o = {
			.model = FLX_SC, .search = k, .bound = 1, .max_executions = 100
		};
		struct flx_result r;

		explore(&p, &o, &r);
		ck_assert_uint_eq(r.executions, 2);
		ck_assert_int_eq(explore(&wrong, &o, &r), FLX_VIOLATION);
	}
}
END_TEST

/* ---- seeds ---- */

static void adds(void *p)
{
	struct state *s = p;
	int old = READ_ONCE(s->x);

	WRITE_ONCE(s->x, old + 1);
	WRITE_ONCE(s->y, old);
	READ_ONCE(s->z);
}

static const char *lost_two(void *p)
{
	return ((struct state *)p)->x == 1 ? "two updates are lost" : NULL;
}

static const struct c_program lost_updates = {
	"lost updates", sizeof(struct state), NULL, { adds, adds, adds }, lost_two
};

START_TEST(a_seed_says_what_happens)
{
	static const enum flx_search searches[] = { FLX_RANDOM, FLX_PCT };

	for (int k = 0; k < 2; k++) {
		uint64_t first = 0;
		bool differs = false;

		for (uint64_t seed = 0; seed < 20; seed++) {
			const struct flx_options o = {
				.model = FLX_SC, .search = searches[k], .bound = 2, .seed = seed
			};
			struct flx_result a, b;

			ck_assert_int_eq(explore(&bugs[1].p, &o, &a), FLX_VIOLATION);
			ck_assert_int_eq(explore(&bugs[1].p, &o, &b), FLX_VIOLATION);
			ck_assert_uint_eq(a.found_in, b.found_in);
			ck_assert_uint_eq(a.executions, b.executions);
			ck_assert_uint_eq(a.runs, b.runs);
			ck_assert_uint_eq(a.events, b.events);
			if (!seed)
				first = a.found_in;
			differs |= a.found_in != first;
		}
		ck_assert(differs);
	}
}
END_TEST

START_TEST(runs_are_limited)
{
	static const struct c_program p = {
		"nothing", sizeof(struct state), NULL, { adds, adds }, NULL
	};
	struct flx_options o = { .model = FLX_SC, .search = FLX_RANDOM };
	struct flx_result r;

	ck_assert_int_eq(explore(&p, &o, &r), FLX_INCONCLUSIVE);
	ck_assert_uint_eq(r.runs, 10000);
	ck_assert_str_ne(r.note, "");
	o.max_executions = 7;
	ck_assert_int_eq(explore(&p, &o, &r), FLX_INCONCLUSIVE);
	ck_assert_uint_eq(r.runs, 7);
	o.max_executions = 0;
	o.timeout = 0.2;
	ck_assert_int_eq(explore(&p, &o, &r), FLX_INCONCLUSIVE);
	ck_assert_uint_gt(r.runs, 7);
	ck_assert_double_lt(r.seconds, 5);
}
END_TEST

/* ---- preemptions ---- */

static void two_steps(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	WRITE_ONCE(s->x, 2);
}

static const char *saw_1_and_2(void *p)
{
	(void)p;
	return c_seen[1][0] == 1 && c_seen[1][1] == 2 ? "looked between and after" : NULL;
}

static const char *lost_one(void *p)
{
	return ((struct state *)p)->x < 2 ? "an update is lost" : NULL;
}

static void ping(void *p)
{
	struct state *s = p;

	for (int i = 1; i <= 3; i++)
		WRITE_ONCE(s->x, i);
}

static void pong(void *p)
{
	struct state *s = p;

	for (int i = 0; i < 3; i++)
		c_seen[1][i] = READ_ONCE(s->x);
}

static const char *saw_1_2_3(void *p)
{
	(void)p;
	return c_seen[1][0] == 1 && c_seen[1][1] == 2 && c_seen[1][2] == 3 ? "in turns" : NULL;
}

static void store_x_load_y(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	c_seen[0][0] = READ_ONCE(s->y);
}

static void store_y_load_x(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->y, 1);
	c_seen[1][0] = READ_ONCE(s->x);
}

static const char *both_old(void *p)
{
	(void)p;
	return !c_seen[0][0] && !c_seen[1][0] ? "both loads are early" : NULL;
}

static const struct {
	struct c_program p;
	enum flx_model model;
	unsigned int needs;
} preempted[] = {
	{ { "lost update", sizeof(struct state), NULL, { adds, adds }, lost_one }, FLX_SC, 1 },
	{ { "two looks", sizeof(struct state), NULL, { two_steps, looks_twice }, saw_1_and_2 },
	  FLX_SC,
	  2 },
	{ { "in turns", sizeof(struct state), NULL, { ping, pong }, saw_1_2_3 }, FLX_SC, 4 },
	{ { "in turns", sizeof(struct state), NULL, { ping, pong }, saw_1_2_3 }, FLX_LKMM, 0 },
	{ { "sb", sizeof(struct state), NULL, { store_x_load_y, store_y_load_x }, both_old },
	  FLX_TSO,
	  0 },
	/* The others run to their ends between the first one's load and its store. */
	{ { "two lost", sizeof(struct state), NULL, { adds, adds, adds }, lost_two }, FLX_SC, 1 },
};

#define NR_PREEMPTED (sizeof(preempted) / sizeof(preempted[0]))

START_TEST(a_bug_needs_its_number_of_preemptions)
{
	const struct c_program *p = &preempted[_i].p;

	for (unsigned int n = 0; n <= 5; n++) {
		const struct flx_options o = { .model = preempted[_i].model,
					       .search = FLX_PREEMPTIONS,
					       .bound = n };
		struct flx_result r;

		explore(p, &o, &r);
		ck_assert_msg(r.verdict ==
				      (n < preempted[_i].needs ? FLX_INCONCLUSIVE : FLX_VIOLATION),
			      "%s: verdict %d with %u preemptions", p->name, r.verdict, n);
		ck_assert(r.verdict == FLX_VIOLATION || r.within_bound);
		ck_assert_int_eq(!r.note[0], r.verdict == FLX_VIOLATION);
	}
}
END_TEST

START_TEST(verified_only_if_the_bound_kept_nothing_out)
{
	static const struct c_program alone = {
		"alone", sizeof(struct state), NULL, { adds }, NULL
	};
	static const struct c_program two = {
		"two", sizeof(struct state), NULL, { adds, looks_twice }, NULL
	};
	struct flx_options o = { .model = FLX_SC, .search = FLX_PREEMPTIONS };
	struct flx_result r;
	uint64_t all;

	ck_assert_int_eq(explore(&alone, &o, &r), FLX_VERIFIED);
	ck_assert_int_eq(explore(&two, &o, &r), FLX_INCONCLUSIVE);
	o.bound = 100;
	ck_assert_int_eq(explore(&two, &o, &r), FLX_VERIFIED);
	all = r.executions;
	o.search = FLX_EXHAUSTIVE;
	ck_assert_int_eq(explore(&two, &o, &r), FLX_VERIFIED);
	ck_assert_uint_eq(r.executions, all);
	o.search = FLX_PREEMPTIONS;
	o.max_executions = 1;
	ck_assert_int_eq(explore(&two, &o, &r), FLX_INCONCLUSIVE);
	ck_assert(!r.within_bound);
}
END_TEST

/* ---- a short random pass first ---- */

static void takes_ticket(void *p)
{
	struct state *s = p;

	atomic_fetch_inc(&s->n);
}

static void takes_first_ticket(void *p)
{
	struct state *s = p;

	c_seen[0][0] = atomic_fetch_inc(&s->n);
}

static const char *last_is_first(void *p)
{
	(void)p;
	return c_seen[0][0] == 0 ? "the last thread is the first" : NULL;
}

/* Depth first, the last thread's ticket is the last of all to be changed: 7! executions before this. */
static const struct c_program tickets = { "tickets",
					  sizeof(struct state),
					  NULL,
					  { takes_ticket, takes_ticket, takes_ticket, takes_ticket,
					    takes_ticket, takes_ticket, takes_ticket,
					    takes_first_ticket },
					  last_is_first };

START_TEST(random_runs_first_find_what_comes_late)
{
	struct flx_options o = { .model = FLX_SC, .stop_at_first = true };
	struct flx_result without, with;

	ck_assert_int_eq(explore(&tickets, &o, &without), FLX_VIOLATION);
	o.random_first = true;
	ck_assert_int_eq(explore(&tickets, &o, &with), FLX_VIOLATION);
	printf("modes: first violation after %llu executions, with random runs first %llu\n",
	       (unsigned long long)without.executions, (unsigned long long)with.executions);
	ck_assert_uint_gt(without.executions, 100);
	ck_assert_uint_le(with.executions, 100);
	ck_assert_str_eq(with.oracle, "check");
}
END_TEST

START_TEST(random_runs_first_change_no_count)
{
	static const struct c_program none = {
		"none", sizeof(struct state), NULL, { adds, adds, looks_twice }, NULL
	};
	struct flx_result r[2];

	for (int m = FLX_SC; m <= FLX_RC11; m++) {
		for (int first = 0; first < 2; first++) {
			const struct flx_options o = { .model = m,
						       .hash = true,
						       .random_first = first };

			ck_assert_int_eq(explore(&none, &o, &r[first]), FLX_VERIFIED);
		}
		ck_assert_uint_eq(r[0].executions, r[1].executions);
		ck_assert_uint_eq(r[0].blocked, r[1].blocked);
		ck_assert_uint_eq(r[1].duplicates, 0);
		ck_assert_uint_eq(r[0].events, r[1].events);
		ck_assert_uint_eq(r[1].runs, 0);
	}
}
END_TEST

/* ---- replay ---- */

START_TEST(what_was_found_can_be_replayed)
{
	static const enum flx_search searches[] = { FLX_RANDOM, FLX_PCT, FLX_PREEMPTIONS };

	for (int k = 0; k < 3; k++) {
		for (int m = FLX_SC; m <= FLX_LKMM; m++) {
			const struct flx_options o = {
				.model = m, .search = searches[k], .bound = 2, .seed = 3
			};
			struct flx_result found, again = { 0 };
			struct flx_program fp;
			char err[256] = "";

			c_make(&lost_updates, &fp);
			ck_assert_int_eq(flx_explore(&fp, &o, &found, err, sizeof(err)), 0);
			ck_assert_int_eq(found.verdict, FLX_VIOLATION);
			ck_assert_ptr_nonnull(found.record);
			ck_assert_msg(!flx_replay(&fp, &o, found.record, &again, err, sizeof(err)),
				      "%s", err);
			ck_assert_int_eq(again.verdict, FLX_VIOLATION);
			ck_assert_str_eq(again.oracle, found.oracle);
			ck_assert_str_eq(again.message, found.message);
			flx_record_free(found.record);
			flx_record_free(again.record);
		}
	}
}
END_TEST

/* ---- names ---- */

START_TEST(names_of_searches)
{
	static const struct {
		const char *text;
		int ret;
		enum flx_search search;
		unsigned int bound;
	} rows[] = {
		{ NULL, 0, FLX_EXHAUSTIVE, 0 },
		{ "exhaustive", 0, FLX_EXHAUSTIVE, 0 },
		{ "random", 0, FLX_RANDOM, 0 },
		{ "pct:1", 0, FLX_PCT, 1 },
		{ "pct:32", 0, FLX_PCT, 32 },
		{ "preemptions:0", 0, FLX_PREEMPTIONS, 0 },
		{ "preemptions:1000000", 0, FLX_PREEMPTIONS, 1000000 },
		{ "", -EINVAL, 0, 0 },
		{ "Random", -EINVAL, 0, 0 },
		{ "randomly", -EINVAL, 0, 0 },
		{ "random:1", -EINVAL, 0, 0 },
		{ "exhaustive:2", -EINVAL, 0, 0 },
		{ "pct", -EINVAL, 0, 0 },
		{ "pct:", -EINVAL, 0, 0 },
		{ "pct:0", -EINVAL, 0, 0 },
		{ "pct:33", -EINVAL, 0, 0 },
		{ "pct:2x", -EINVAL, 0, 0 },
		{ "pct: 2", -EINVAL, 0, 0 },
		{ "preemptions", -EINVAL, 0, 0 },
		{ "preemptions:-1", -EINVAL, 0, 0 },
		{ "preemptions:1000001", -EINVAL, 0, 0 },
		{ "preemptions:99999999999999999999", -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flx_options o = { 0 };
		char err[256] = "";
		const char *text = rows[i].text ? rows[i].text : "NULL";

		ck_assert_msg(flx_search_parse(&o, rows[i].text, err, sizeof(err)) == rows[i].ret,
			      "\"%s\": %s", text, err);
		if (rows[i].ret) {
			ck_assert_msg(strstr(err, "There are: exhaustive, random, pct:D, "
						  "preemptions:N"),
				      "\"%s\": %s", text, err);
			continue;
		}
		ck_assert_msg(o.search == rows[i].search && o.bound == rows[i].bound, "\"%s\"",
			      text);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("modes");
	TCase *tc = tcase_create("modes");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 50);
	tcase_add_loop_test(tc, pct_finds_bugs_as_often_as_it_says, 0, NR_BUGS);
	tcase_add_test(tc, pct_says_what_the_runs_together_find);
	tcase_add_test(tc, choices_of_the_program_count);
	tcase_add_test(tc, a_choice_that_holds_follows_one_that_does_not);
	tcase_add_test(tc, a_seed_says_what_happens);
	tcase_add_test(tc, runs_are_limited);
	tcase_add_loop_test(tc, a_bug_needs_its_number_of_preemptions, 0, NR_PREEMPTED);
	tcase_add_test(tc, verified_only_if_the_bound_kept_nothing_out);
	tcase_add_test(tc, random_runs_first_find_what_comes_late);
	tcase_add_test(tc, random_runs_first_change_no_count);
	tcase_add_test(tc, what_was_found_can_be_replayed);
	tcase_add_test(tc, names_of_searches);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
