// SPDX-License-Identifier: MIT
/* choice.c - sim/bench/choice.c, mix.c: lists of names and numbers, proportions. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bench/choice.h"

static struct choice choice;

static void set_up(void)
{
	ck_assert_uint_gt(cores_init(), 0);
	memset(&choice, 0, sizeof(choice));
}

static void tear_down(void)
{
	cores_exit();
}

START_TEST(lists_add_up_and_name_each_thing_once)
{
	ck_assert(choose_threads(&choice, "1,4,2"));
	ck_assert(choose_threads(&choice, "4,8"));
	ck_assert_uint_eq(choice.nr_threads, 4);
	ck_assert_uint_eq(choice.threads[1], 4);
	ck_assert_uint_eq(choice.threads[3], 8);
	ck_assert(choose_strategies(&choice, "vma-refcount,mmap-lock,vma-refcount"));
	ck_assert_uint_eq(choice.nr_strategies, 2);
	ck_assert_str_eq(choice.strategy[0], "vma-refcount");
	ck_assert(choose_workload(&choice, "gup-fast"));
	ck_assert(choose_workload(&choice, "gup-fast"));
	ck_assert_uint_eq(choice.nr_workloads, 1);
	ck_assert_ptr_eq(choice.workload[0], &gup_fast);
}
END_TEST

START_TEST(bad_names_and_numbers_are_refused)
{
	ck_assert(!choose_workload(&choice, "anon"));
	ck_assert(!choose_strategies(&choice, "mmap-lock,"));
	ck_assert(!choose_strategies(&choice, ""));
	ck_assert(!choose_strategies(&choice, "mmap_lock"));
	ck_assert(!choose_rwlocks(&choice, "no-lock"));
	ck_assert(!choose_threads(&choice, "0"));
	ck_assert(!choose_threads(&choice, "1,-1"));
	ck_assert(!choose_threads(&choice, "65"));
	ck_assert(!choose_threads(&choice, "two"));
}
END_TEST

START_TEST(all_is_everything_that_has_a_name)
{
	size_t n = 0;

	ck_assert(choose_rwlocks(&choice, "ticket"));
	ck_assert(choose_rwlocks(&choice, "all"));
	while (kernel_rwlock(n))
		n++;
	ck_assert_uint_eq(choice.nr_rwlocks, n);
	ck_assert_str_eq(choice.rwlock[0], "ticket");
	ck_assert(choose_strategies(&choice, "all"));
	ck_assert_uint_ge(choice.nr_strategies, 3);
	ck_assert(!choose_threads(&choice, "all"));
	ck_assert(!choose_strategies(&choice, "all,mmap-lock"));
}
END_TEST

START_TEST(what_was_not_chosen_is_everything)
{
	choose_rest(&choice);
	ck_assert_uint_eq(choice.nr_workloads, nr_workloads);
	ck_assert_uint_ge(choice.nr_strategies, 3);
	ck_assert_uint_eq(choice.nr_rwlocks, 1);
	ck_assert_uint_ge(choice.nr_threads, 1);
	ck_assert_uint_eq(choice.threads[0], 1);
}
END_TEST

START_TEST(what_was_chosen_stays)
{
	ck_assert(choose_threads(&choice, "3"));
	ck_assert(choose_workload(&choice, "zipf-mix"));
	choose_rest(&choice);
	ck_assert_uint_eq(choice.nr_threads, 1);
	ck_assert_uint_eq(choice.nr_workloads, 1);
}
END_TEST

START_TEST(a_writer_needs_a_cpu_of_its_own)
{
	ck_assert(choose_threads(&choice, "64"));
	ck_assert(choose_workload(&choice, "anon-fault"));
	ck_assert(choice_fits(&choice));
	ck_assert(choose_workload(&choice, "fault-vs-mmap"));
	ck_assert(!choice_fits(&choice));
}
END_TEST

START_TEST(a_mix_has_what_is_named_and_no_more)
{
	struct mix m;
	char err[256];

	ck_assert(mix_parse(&m, "touch=70,mmap=2.5", err, sizeof(err)));
	ck_assert_double_eq(m.weight[MIX_TOUCH], 70);
	ck_assert_double_eq(m.weight[MIX_MMAP], 2.5);
	ck_assert_double_eq(m.weight[MIX_FORK], 0);
	ck_assert(mix_parse(&m, NULL, err, sizeof(err)));
	for (int i = 0; i < NR_MIX_KINDS; i++)
		ck_assert(m.weight[i] > 0);
}
END_TEST

START_TEST(a_bad_mix_is_refused_with_a_reason)
{
	static const char *const bad[] = {
		"",	    "touch",   "touch=",	 "touch=x",	"touch=-1",
		"tuch=1",   "touch=0", "touch=1,",	 "touch=inf",	"touch=nan",
		"touch=1x", "=1",      "touch=1 mmap=2", "touch=1e300", "touch=1,touch=2"
	};
	struct mix m;
	char err[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		ck_assert_msg(!mix_parse(&m, bad[i], err, sizeof(err)), "\"%s\" was taken", bad[i]);
		ck_assert(err[0] != '\0');
	}
}
END_TEST

START_TEST(names_of_workloads_are_unique_and_documented)
{
	for (size_t i = 0; i < nr_workloads; i++) {
		ck_assert_ptr_nonnull(workloads[i]->doc);
		ck_assert_ptr_nonnull(workloads[i]->op);
		ck_assert(workloads[i]->ours.step);
		ck_assert(!workloads[i]->host.step ||
			  !workloads[i]->ours.write == !workloads[i]->host.write);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(workloads[i]->name, workloads[k]->name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench.choice");
	TCase *tcase = tcase_create("choice");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, lists_add_up_and_name_each_thing_once);
	tcase_add_test(tcase, bad_names_and_numbers_are_refused);
	tcase_add_test(tcase, all_is_everything_that_has_a_name);
	tcase_add_test(tcase, what_was_not_chosen_is_everything);
	tcase_add_test(tcase, what_was_chosen_stays);
	tcase_add_test(tcase, a_writer_needs_a_cpu_of_its_own);
	tcase_add_test(tcase, a_mix_has_what_is_named_and_no_more);
	tcase_add_test(tcase, a_bad_mix_is_refused_with_a_reason);
	tcase_add_test(tcase, names_of_workloads_are_unique_and_documented);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
