/* SPDX-License-Identifier: MIT */
/*
 * systematic.c - the check engine against the reference on every program of a few shapes.
 *
 * Covers: all ways to fill the gaps of a shape with accesses to two locations, under the models that know its
 * words, as fuzz_engine.c does for random programs; the litmus shapes of rc11_shapes.h. What random programs meet once in 100,000 is met here if it
 * has one of the shapes; grace periods have most of them, since the search is at its most delicate there
 * (a canonical choice can be inconsistent).
 * Not here: anything larger (fuzz_engine.c).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rc11_shapes.h"
#include "run_table.h"

/*
 * '%' is a load or a store of x or y, '&' also a read-modify-write, '#' has no or C11's acquire, release or
 * seq_cst order. Stores write 1, 2, ... from left to right. The first gap is on x: the other half is
 * the same with the names exchanged.
 */
static const char *const shapes[] = {
	"% ; % ; % | % ; % ; %",
	"% ; % | % ; % | % ; %",
	"& ; & | & ; &",
	"& ; mb ; & | & ; &",
	"& | & | & | &",
	"% ; await x 2 ; % | % ; %",
	"lock l ; % ; % ; unlock l | lock l ; % ; unlock l ; %",
	"% ; trylock l ; ifeq r0 0 2 ; % ; unlock l | lock l ; % ; unlock l ; %",
	"% ; sync ; % | rl ; % ; % ; ru | % ; %",
	"% ; sync ; % | rl ; % ; % ; ru | rl ; % ; % ; ru",
	"% ; sync ; % | % ; sync ; % | rl ; % ; % ; ru",
	"rl ; % ; % ; ru | rl ; % ; ru ; % | % ; sync ; %",
	"% ; sync ; await x 2 | rl ; % ; ru ; % | %",
	"await x 2 ; % | await x 2 ; % | % ; %",
	"await x 2 ; % | % ; % ; % | await x 3",
	"lock l ; % ; unlock l | lock l ; % ; unlock l | lock l ; % ; unlock l",
	"lock l ; await x 1 ; unlock l ; % | lock l ; % ; unlock l ; % | %",
	"lock l ; % ; lock m ; unlock m ; unlock l | lock m ; lock l ; % ; unlock l ; unlock m | %",
	"# ; # | # ; #",
	"# ; f.sc ; # | # ; #",
	"# ; f.rel ; # | # ; f.acq ; #",
	"# ; W y 7 ; xchg.rlx y 8 | # ; #",
	"W x 7 ; # | add.rlx y 8 ; # | # ; R x",
};

#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Replaces the gaps by the digits of @code; false if that is not a program of its own. */
static bool fill(const char *shape, unsigned long code, char *text, size_t size)
{
	static const char *const kinds[] = { "R", "W", "xchg.rlx" };
	static const char *const c11[] = { "R", "W", "Ra", "Wr", "Rs", "Ws" };
	unsigned int gap = 0, value = 0;
	size_t n = 0;

	for (const char *s = shape; *s; s++) {
		unsigned int kind, base = *s == '&' ? 6 : *s == '#' ? 12 : 4;

		if (*s != '%' && *s != '&' && *s != '#') {
			n += (size_t)snprintf(text + n, size - n, "%c", *s);
			continue;
		}
		kind = (unsigned int)(code % base) / 2;
		if (!gap++ && code % 2)
			return false;
		n += (size_t)snprintf(text + n, size - n, "%s %c",
				      *s == '#' ? c11[kind] : kinds[kind], "xy"[code % 2]);
		if (*s == '#' ? kind % 2 : kind)
			n += (size_t)snprintf(text + n, size - n, " %u", ++value);
		code /= base;
	}
	return !code;
}

static unsigned long combinations(const char *shape)
{
	unsigned long n = 1;

	for (; *shape; shape++)
		n *= *shape == '%' ? 4 : *shape == '&' ? 6 : *shape == '#' ? 12 : 1;
	return n;
}

START_TEST(engine_and_reference_agree_on_all_programs_of_a_shape)
{
	const char *shape = shapes[_i];
	unsigned long total = combinations(shape), programs = 0;
	int wrong = 0;

	for (unsigned long code = 0; code < total && wrong < 5; code++) {
		char text[256] = "", err[128] = "", why[2048];
		struct rm_prog p;

		if (!fill(shape, code, text, sizeof(text)))
			continue;
		ck_assert_msg(!rm_parse(&p, text, err, sizeof(err)), "%s: %s", text, err);
		programs++;
		for (int m = FLX_SC; m <= FLX_RC11; m++) {
			if (!rm_judges((enum rm_model)m, &p) ||
			    rt_agrees(&p, m, FLX_MUT_NONE, 4, why, sizeof(why), NULL))
				continue;
			fprintf(stderr, "%s under %s:\n%s", text, rm_model_name[m], why);
			wrong++;
		}
	}
	printf("systematic: %lu programs of %s\n", programs, shape);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(litmus_shapes_of_c11)
{
	int wrong = 0;

	for (size_t i = 0; i < nr_rc11_shapes; i++) {
		const struct rc11_shape *k = &rc11_shapes[i];
		struct rt_options o = { .model = FLX_RC11, .may_wait = true };
		char err[128] = "", why[2048];
		struct rm_prog p;
		struct rm_cond c;
		struct rt_result r;
		size_t holds = 0;
		char got;

		ck_assert_msg(!rm_parse(&p, k->prog, err, sizeof(err)), "%s: %s", k->name, err);
		ck_assert_msg(!rm_parse_cond(&c, &p, k->cond, err, sizeof(err)), "%s: %s", k->name,
			      err);
		rt_run(&p, &o, &r);
		for (size_t j = 0; j < r.complete.n; j++)
			holds += rm_cond_holds(&c, r.complete.out[j]);
		got = !holds ? 'N' : holds == r.complete.n ? 'A' : 'S';
		if (got != k->verdict) {
			fprintf(stderr, "%s: %c, must be %c\n", k->name, got, k->verdict);
			wrong++;
		}
		rt_result_free(&r);
		if (!rt_agrees(&p, FLX_RC11, FLX_MUT_NONE, 8, why, sizeof(why), NULL)) {
			fprintf(stderr, "%s: %s\n%s", k->name, k->prog, why);
			wrong++;
		}
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("systematic");
	TCase *tc = tcase_create("systematic");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, engine_and_reference_agree_on_all_programs_of_a_shape, 0,
			    NR_SHAPES);
	tcase_add_test(tc, litmus_shapes_of_c11);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
