/* SPDX-License-Identifier: MIT */
/*
 * systematic.c - the check engine against the reference on every program of a few shapes.
 *
 * Covers: all ways to fill the gaps of a shape with accesses to two locations, under sc, tso and lkmm,
 * as fuzz_engine.c does for random programs. What random programs meet once in 100,000 is met here if it
 * has one of the shapes; grace periods have most of them, since the search is at its most delicate there
 * (a canonical choice can be inconsistent).
 * Not here: anything larger (fuzz_engine.c).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_table.h"

/*
 * '%' is a load or a store of x or y, '&' also a read-modify-write. Stores write 1, 2, ... from left to
 * right. The first gap is on x: the other half is the same with the names exchanged.
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
};

#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Replaces the gaps by the digits of @code; false if that is not a program of its own. */
static bool fill(const char *shape, unsigned long code, char *text, size_t size)
{
	static const char *const kinds[] = { "R", "W", "xchg.rlx" };
	unsigned int gap = 0, value = 0;
	size_t n = 0;

	for (const char *s = shape; *s; s++) {
		unsigned int kind, base = *s == '&' ? 6 : 4;

		if (*s != '%' && *s != '&') {
			n += (size_t)snprintf(text + n, size - n, "%c", *s);
			continue;
		}
		kind = (unsigned int)(code % base) / 2;
		if (!gap++ && code % 2)
			return false;
		n += (size_t)snprintf(text + n, size - n, "%s %c", kinds[kind], "xy"[code % 2]);
		if (kind)
			n += (size_t)snprintf(text + n, size - n, " %u", ++value);
		code /= base;
	}
	return !code;
}

static unsigned long combinations(const char *shape)
{
	unsigned long n = 1;

	for (; *shape; shape++)
		n *= *shape == '%' ? 4 : *shape == '&' ? 6 : 1;
	return n;
}

START_TEST(engine_and_reference_agree_on_all_programs_of_a_shape)
{
	static const char *const names[] = { "sc", "tso", "lkmm" };
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
		for (int m = FLX_SC; m <= FLX_LKMM; m++) {
			if (rt_agrees(&p, m, FLX_MUT_NONE, 4, why, sizeof(why), NULL))
				continue;
			fprintf(stderr, "%s under %s:\n%s", text, names[m], why);
			wrong++;
		}
	}
	printf("systematic: %lu programs of %s\n", programs, shape);
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
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
