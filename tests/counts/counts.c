/* SPDX-License-Identifier: MIT */
/*
 * counts.c - programs with a known number of executions, on the engine.
 *
 * Covers: exactly so many executions under each model, none twice, and how much is explored in vain
 * (`blocked`); the verdict of the litmus shapes of shapes.c under each model, and all their other
 * outcomes against the reference. A count fails where a verdict would still be right: a lost reduction, a graph found twice
 * or never.
 * Not here: programs written in C with the public macros (counts_c.c), random programs
 * (tests/unit/explore/fuzz_engine.c).
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/explore/run_table.h"
#include "programs.h"
#include "shapes.h"

static void parse(struct rm_prog *p, const char *text)
{
	char err[128] = "";

	ck_assert_msg(!rm_parse(p, text, err, sizeof(err)), "%s: %s", text, err);
}

static bool count_is_right(const struct count *c, enum flx_model m, uint64_t *blocked)
{
	struct rt_options o = { .model = m, .may_wait = true };
	char text[4096] = "", why[4096];
	struct rt_result r;
	struct rm_prog p;
	bool ok;

	if (!c->executions[m])
		return true;
	c->build(text, sizeof(text), c->n, c->k);
	parse(&p, text);
	o.max_executions = 4 * c->executions[m] + 100;
	rt_run(&p, &o, &r);
	ok = !r.err && r.r.verdict == FLX_VERIFIED && r.r.executions == c->executions[m] &&
	     r.stuck.n == c->stuck && !r.r.duplicates;
	if (!ok)
		fprintf(stderr,
			"%s under %s: %llu executions, %zu stuck, %llu duplicates; must be %llu, "
			"%llu, "
			"0 (%s); error %d %s %s\n",
			c->name, rm_model_name[m], (unsigned long long)r.r.executions, r.stuck.n,
			(unsigned long long)r.r.duplicates, (unsigned long long)c->executions[m],
			(unsigned long long)c->stuck, c->source, r.err, r.why, r.r.oracle);
	*blocked += r.r.blocked;
	rt_result_free(&r);
	if (!c->too_large && !rt_agrees(&p, m, FLX_MUT_NONE, 8, why, sizeof(why), NULL)) {
		fprintf(stderr, "%s under %s:\n%s", c->name, rm_model_name[m], why);
		ok = false;
	}
	return ok;
}

START_TEST(known_counts)
{
	uint64_t blocked = 0;
	int wrong = 0;

	for (size_t i = 0; i < nr_counts; i++)
		for (int m = 0; m < 3; m++)
			wrong += !count_is_right(&counts[i], m, &blocked);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

/*
 * Work that leads nowhere: a lock or an await that was explored on a store that isn't the last one. A known
 * limit: GenMC does these programs without (docs/internals/in-place-revisits.md says what was tried).
 * What there is stays below this; programs that don't wait have none.
 */
START_TEST(little_is_explored_in_vain)
{
	int wrong = 0;

	for (size_t i = 0; i < nr_counts; i++) {
		const struct count *c = &counts[i];
		uint64_t blocked = 0;
		char text[4096] = "";

		c->build(text, sizeof(text), c->n, c->k);
		count_is_right(c, FLX_LKMM, &blocked);
		if (10 * blocked >
		    (strstr(text, "lock ") || strstr(text, "await") || strstr(text, "sync")
			     ? 21 * c->executions[FLX_LKMM]
			     : 0)) {
			fprintf(stderr, "%s: %llu blocked for %llu executions\n", c->name,
				(unsigned long long)blocked,
				(unsigned long long)c->executions[FLX_LKMM]);
			wrong++;
		}
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

/* The table's numbers themselves, where the reference can say them. */
START_TEST(counts_fit_the_reference)
{
	int wrong = 0;

	for (size_t i = 0; i < nr_counts; i++) {
		const struct count *c = &counts[i];
		char text[4096] = "";
		struct rm_result r;
		struct rm_prog p;

		if (c->too_large)
			continue;
		c->build(text, sizeof(text), c->n, c->k);
		parse(&p, text);
		for (int m = 0; m <= RM_LKMM; m++) {
			if (!c->executions[m])
				continue;
			ck_assert_int_eq(rm_enumerate(&p, m, 100000000, &r), 0);
			if (r.complete.n + r.stuck.n != c->executions[m] || r.stuck.n != c->stuck) {
				fprintf(stderr, "%s under %s: the reference has %zu + %zu\n",
					c->name, rm_model_name[m], r.complete.n, r.stuck.n);
				wrong++;
			}
			rm_result_free(&r);
		}
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

static bool shape_is_right(const struct shape *s, enum flx_model m)
{
	struct rt_options o = { .model = m, .may_wait = true };
	char err[128] = "", why[4096], want = s->verdict[m], got;
	struct rm_prog p;
	struct rm_cond c;
	struct rt_result r;
	size_t holds = 0;
	bool ok;

	if (s->needs_lb && m == FLX_LKMM)
		want = 'N'; /* not covered */
	parse(&p, s->prog);
	ck_assert_msg(!rm_parse_cond(&c, &p, s->cond, err, sizeof(err)), "%s: %s", s->name, err);
	rt_run(&p, &o, &r);
	for (size_t i = 0; i < r.complete.n; i++)
		holds += rm_cond_holds(&c, r.complete.out[i]);
	got = !holds ? 'N' : holds == r.complete.n ? 'A' : 'S';
	ok = !r.err && r.r.verdict == FLX_VERIFIED && got == want;
	if (!ok)
		fprintf(stderr, "%s under %s: %c, must be %c; error %d, %s %s\n", s->name,
			rm_model_name[m], got, want, r.err, r.why, r.r.oracle);
	rt_result_free(&r);
	if (!rt_agrees(&p, m, FLX_MUT_NONE, 4, why, sizeof(why), NULL)) {
		fprintf(stderr, "%s under %s:\n%s", s->name, rm_model_name[m], why);
		ok = false;
	}
	return ok;
}

START_TEST(litmus_shapes)
{
	int wrong = 0;

	for (size_t i = 0; i < nr_shapes; i++)
		for (int m = 0; m < 3; m++)
			wrong += !shape_is_right(&shapes[i], m);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("counts");
	TCase *tc = tcase_create("counts");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, counts_fit_the_reference);
	tcase_add_test(tc, known_counts);
	tcase_add_test(tc, little_is_explored_in_vain);
	tcase_add_test(tc, litmus_shapes);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
