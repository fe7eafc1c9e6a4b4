// SPDX-License-Identifier: MIT
/* notifier.c - tests lib/oracle/notifier.c: what it reports, and what it must not. */
#include "told.h"

START_TEST(as_many_ends_as_starts_are_fine)
{
	fl_oracle_notifier_end(mm, 1);
	fl_oracle_notifier_end(mm, 0);
	ck_assert_silent();
}
END_TEST

START_TEST(an_end_without_its_start_is_reported)
{
	fl_native_report_clear();
	fl_oracle_notifier_end(mm, -1);
	fl_native_report_first(oracle, sizeof(oracle), message, sizeof(message));
	ck_assert_uint_eq(fl_native_report_count(), 1);
	ck_assert_str_eq(oracle, "mmu-notifier");
	ck_assert_msg(strstr(message, "mm 1 hears of an invalidation's end") != NULL, "%s",
		      message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.notifier");
	TCase *tc = test_case("notifier");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, as_many_ends_as_starts_are_fine);
	tcase_add_test(tc, an_end_without_its_start_is_reported);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
