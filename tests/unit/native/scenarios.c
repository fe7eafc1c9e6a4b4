// SPDX-License-Identifier: MIT
/*
 * scenarios.c - every scenario on real threads: a variant that is expected to hold must hold
 * here, too.
 *
 * Only for variants whose model the host keeps: what is verified under tso or sc alone can fail
 * on a weaker host, so on hosts other than x86 those for lkmm are run. The same under
 * ThreadSanitizer, which judges C: 6.4's plain accesses are a race there, whatever the processor
 * makes of them. The other direction is not asserted: a bug that needs weak memory does not show
 * on x86, and one that does is a matter of luck.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/run.h>

#define ITERATIONS 500
#define SECONDS .5 /* per variant, on a slow host */

static const struct fl_scenario *scenario;

static bool host_keeps(const char *model)
{
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
	return strcmp(model, "sc") != 0;
#else
	return strcmp(model, "lkmm") == 0;
#endif
}

static void holds(const struct fl_variant *v)
{
	struct fl_run_options opt = {
		.variant = v->name,
		.iterations = ITERATIONS,
		.timeout = SECONDS,
		.seed = 1,
	};
	struct fl_run_result result;
	char err[512] = "";

	ck_assert_msg(!fl_run_native(scenario, &opt, &result, err, sizeof(err)), "%s, %s: %s",
		      scenario->name, v->name, err);
	ck_assert_uint_gt(result.executions, 0);
	ck_assert_msg(result.hits == 0, "%s, %s: %s: %s", scenario->name, v->name, result.oracle,
		      result.message);
	fl_run_result_free(&result);
}

START_TEST(variants_that_hold_hold_on_this_host)
{
	int n = 0;

	for (size_t i = 0; i < scenario->nr_variants; i++) {
		const struct fl_variant *v = &scenario->variants[i];

		if (v->expect == FL_VERIFIED && host_keeps(v->model)) {
			holds(v);
			n++;
		}
	}
	ck_assert_int_gt(n, 0);
}
END_TEST

int main(void)
{
	int failed = 0;

	for (scenario = fl_scenario_first(); scenario; scenario = scenario->next) {
		Suite *suite = suite_create(scenario->name);
		TCase *tc = tcase_create("native");
		SRunner *runner;

		tcase_add_test(tc, variants_that_hold_hold_on_this_host);
		tcase_set_timeout(tc, 0);
		suite_add_tcase(suite, tc);
		runner = srunner_create(suite);
		srunner_run_all(runner, CK_NORMAL);
		failed += srunner_ntests_failed(runner);
		srunner_free(runner);
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
