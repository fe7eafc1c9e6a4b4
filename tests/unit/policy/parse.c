// SPDX-License-Identifier: MIT
/*
 * parse.c - tests lib/policy/parse.c: what a user may write, and what he reads when it was wrong.
 * Which release has which value: profiles.c.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/policy.h>

#include "policy/policy.h"

static char err[2048];

static int parse(struct fl_policy *policy, const char *kernel, const char *set)
{
	err[0] = '\0';
	return fl_policy_init(policy, kernel, set, err, sizeof(err));
}

START_TEST(a_release_is_named_with_or_without_linux)
{
	struct fl_policy a, b;

	ck_assert_int_eq(parse(&a, "6.4", NULL), 0);
	ck_assert_int_eq(parse(&b, "linux-6.4", ""), 0);
	ck_assert_mem_eq(&a, &b, sizeof(a));
}
END_TEST

#define RELEASES                                                                                   \
	"There are: 4.8, 5.7, 5.8, 5.9, 5.11, 5.12, 5.18, 5.19, 6.0, 6.1, "                        \
	"6.3, 6.4, 6.5, 6.12, 6.14, 6.15, 6.17"

START_TEST(a_release_without_a_profile_is_answered_with_the_one_before)
{
	static const struct {
		const char *asked, *before;
	} cases[] = {
		{ "6.2", "6.1" },   { "6.5.3", "6.5" }, { "6.5-rc1", "6.5" },	{ "6.11", "6.5" },
		{ "6.99", "6.17" }, { "7.0", "6.17" },	{ "linux-6.2", "6.1" },
	};
	struct fl_policy policy;
	char want[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(want, sizeof(want),
			 "unknown kernel release \"%s\"; the newest profile up to it is "
			 "\"%s\". " RELEASES,
			 cases[i].asked, cases[i].before);
		ck_assert_int_eq(parse(&policy, cases[i].asked, NULL), -EINVAL);
		ck_assert_str_eq(err, want);
	}
}
END_TEST

START_TEST(what_is_before_all_profiles_is_answered_with_the_list)
{
	static const char *const asked[] = { "3.10", "windows", "6", "" };
	struct fl_policy policy;
	char want[256];

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		snprintf(want, sizeof(want), "unknown kernel release \"%s\". " RELEASES, asked[i]);
		ck_assert_int_eq(parse(&policy, asked[i], NULL), -EINVAL);
		ck_assert_str_eq(err, want);
	}
}
END_TEST

START_TEST(single_fields_are_changed_and_the_last_one_counts)
{
	struct fl_policy policy;

	ck_assert_int_eq(parse(&policy, "6.1", "ksm_flush=none,tlb_flush=ipi,ksm_flush=flush"), 0);
	ck_assert_int_eq(policy.ksm_flush, FL_KSM_FLUSH);
	ck_assert_int_eq(policy.tlb_flush, FL_TLB_FLUSH_IPI);
	ck_assert_int_eq(policy.gup_pin_barrier, FL_BARRIER_ON);
}
END_TEST

START_TEST(a_mistyped_field_is_answered_with_the_nearest_and_the_list)
{
	struct fl_policy policy;

	ck_assert_int_eq(parse(&policy, "6.1", "pae_clear_barier=none"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "unknown policy field \"pae_clear_barier\"; did you mean "
					  "\"pae_clear_barrier\"? There are: "));
	for (size_t i = 0; i < fl_policy_nr_fields(); i++)
		ck_assert_ptr_nonnull(strstr(err, fl_policy_field(i)->name));
	ck_assert_ptr_null(strchr(err, '\n'));
}
END_TEST

START_TEST(a_mistyped_value_is_answered_with_the_values_of_that_field)
{
	struct fl_policy policy;

	ck_assert_int_eq(parse(&policy, "6.1", "gup_pin_barrier=smpmb"), -EINVAL);
	ck_assert_str_eq(err,
			 "unknown value of gup_pin_barrier \"smpmb\"; did you mean \"smp_mb\"? "
			 "There are: none, smp_mb");
	ck_assert_int_eq(parse(&policy, "6.1", "gup_pin_barrier="), -EINVAL);
	ck_assert_str_eq(err, "unknown value of gup_pin_barrier \"\". There are: none, smp_mb");
}
END_TEST

START_TEST(values_that_do_not_go_together_are_refused)
{
	struct fl_policy policy;

	ck_assert_int_eq(parse(&policy, "6.12", "vma_free=typesafe"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "vma_lock=refcnt"));
	ck_assert_int_eq(parse(&policy, "6.15", "vma_lock=rwsem-seq"), -EINVAL);
	ck_assert_int_eq(parse(&policy, "6.15", "vma_lock=rwsem-seq,vma_free=rcu"), 0);
	ck_assert_int_eq(parse(&policy, "6.15", "vma_lock=none"), 0);
}
END_TEST

START_TEST(what_is_not_a_pair_is_named)
{
	struct fl_policy policy;

	ck_assert_int_eq(parse(&policy, "6.1", "ksm_flush=none,tlb_flush"), -EINVAL);
	ck_assert_str_eq(err, "\"tlb_flush\" is not of the form field=value");
	ck_assert_int_eq(parse(&policy, "6.1", "ksm_flush=none,"), -EINVAL);
	ck_assert_str_eq(err, "\"\" is not of the form field=value");
}
END_TEST

START_TEST(a_message_is_cut_to_the_room_there_is)
{
	struct fl_policy policy;
	char small[12], all[2048];

	memset(small, 'x', sizeof(small));
	ck_assert_int_eq(fl_policy_init(&policy, "6.1", "a=b", small, sizeof(small)), -EINVAL);
	ck_assert_str_eq(small, "unknown pol");
	ck_assert_int_eq(fl_policy_init(&policy, "6.1", "a=b", NULL, 0), -EINVAL);

	/* A name of any length: nothing overflows on the way. */
	memset(all, 'a', sizeof(all));
	memcpy(all + sizeof(all) - 3, "=b", 3);
	ck_assert_int_eq(parse(&policy, "6.1", all), -EINVAL);
}
END_TEST

START_TEST(create_hands_out_a_policy_that_can_be_read)
{
	struct fl_policy *policy;
	size_t i;

	ck_assert_int_eq(fl_policy_create(&policy, "6.5", "vma_mark=plain", err, sizeof(err)), 0);
	for (i = 0; strcmp(fl_policy_field(i)->name, "vma_mark"); i++)
		;
	ck_assert_str_eq(fl_policy_get(policy, i), "plain");
	ck_assert_ptr_null(fl_policy_get(policy, fl_policy_nr_fields()));
	fl_policy_free(policy);
	ck_assert_int_eq(fl_policy_create(&policy, "6.5", "vma_mark", err, sizeof(err)), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy.parse");
	TCase *tc = tcase_create("parse");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_release_is_named_with_or_without_linux);
	tcase_add_test(tc, a_release_without_a_profile_is_answered_with_the_one_before);
	tcase_add_test(tc, what_is_before_all_profiles_is_answered_with_the_list);
	tcase_add_test(tc, single_fields_are_changed_and_the_last_one_counts);
	tcase_add_test(tc, a_mistyped_field_is_answered_with_the_nearest_and_the_list);
	tcase_add_test(tc, a_mistyped_value_is_answered_with_the_values_of_that_field);
	tcase_add_test(tc, values_that_do_not_go_together_are_refused);
	tcase_add_test(tc, what_is_not_a_pair_is_named);
	tcase_add_test(tc, a_message_is_cut_to_the_room_there_is);
	tcase_add_test(tc, create_hands_out_a_policy_that_can_be_read);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
