// SPDX-License-Identifier: MIT
/* nearest.c - tests of "did you mean": lib/run/nearest.c. */
#include "run/nearest.h"

#include <check.h>
#include <string.h>

static const char *const known[] = { "pae-gup-fast", "vma-lock-seq", "list", "lint", "fixed" };
static char buf[256];

static const char *nearest(const char *name)
{
	fl_nearest(buf, sizeof(buf), name, known, sizeof(known) / sizeof(known[0]));
	return buf;
}

START_TEST(a_slip_is_understood)
{
	ck_assert_str_eq(nearest("pae-gup-fats"), "; did you mean \"pae-gup-fast\"?"); /* swapped */
	ck_assert_str_eq(nearest("pae-gup-fst"), "; did you mean \"pae-gup-fast\"?"); /* left out */
	ck_assert_str_eq(nearest("fixxed"), "; did you mean \"fixed\"?");	      /* doubled */
	ck_assert_str_eq(nearest("fiked"), "; did you mean \"fixed\"?");	      /* replaced */
}
END_TEST

START_TEST(part_of_a_name_is_understood)
{
	ck_assert_str_eq(nearest("gup"), "; did you mean \"pae-gup-fast\"?");
	ck_assert_str_eq(nearest("vma"), "; did you mean \"vma-lock-seq\"?");
}
END_TEST

START_TEST(several_are_named_best_first)
{
	ck_assert_str_eq(nearest("lit"), "; did you mean \"list\" or \"lint\"?");
	ck_assert_str_eq(nearest("lint"), "; did you mean \"lint\" or \"list\"?");
}
END_TEST

START_TEST(nothing_near_says_nothing)
{
	ck_assert_str_eq(nearest("xyzzy"), "");
	ck_assert_str_eq(nearest(""), "");
}
END_TEST

START_TEST(long_names_and_small_buffers_do_no_harm)
{
	char longest[4096], small[16];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_str_eq(nearest(longest), "");
	for (size_t size = 1; size <= sizeof(small); size++) {
		memset(small, 'x', sizeof(small));
		fl_nearest(small, size, "lit", known, sizeof(known) / sizeof(known[0]));
		ck_assert_uint_lt(strnlen(small, size), size);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nearest");
	TCase *tc = tcase_create("nearest");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_slip_is_understood);
	tcase_add_test(tc, part_of_a_name_is_understood);
	tcase_add_test(tc, several_are_named_best_first);
	tcase_add_test(tc, nothing_near_says_nothing);
	tcase_add_test(tc, long_names_and_small_buffers_do_no_harm);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
