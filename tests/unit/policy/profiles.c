// SPDX-License-Identifier: MIT
/*
 * profiles.c - tests lib/policy/profiles.c and fields.c: the tables as a whole. Each field and
 * release is written out here once more, from kernel sources and not from the table.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/policy.h>

static const char *value(const char *kernel, const char *field)
{
	struct fl_policy *policy;
	const char *name = NULL;
	char err[512];

	ck_assert_msg(!fl_policy_create(&policy, kernel, NULL, err, sizeof(err)), "%s", err);
	for (size_t i = 0; i < fl_policy_nr_fields(); i++) {
		if (!strcmp(fl_policy_field(i)->name, field))
			name = fl_policy_get(policy, i);
	}
	fl_policy_free(policy);
	ck_assert_msg(name != NULL, "there is no field %s", field);
	return name;
}

START_TEST(each_release_has_its_values)
{
	static const char *const kernels[] = { "6.0", "6.1", "6.3", "6.4", "6.5", "6.12" };
	static const struct {
		const char *field;
		const char *values[6];
	} table[] = {
		{ "pae_clear_barrier",
		  { "none", "smp_mb", "smp_mb", "smp_mb", "smp_mb", "smp_mb" } },
		{ "pae_restore_barrier",
		  { "none", "smp_wmb", "smp_wmb", "smp_wmb", "smp_wmb", "smp_wmb" } },
		{ "gup_pin_barrier", { "none", "smp_mb", "smp_mb", "smp_mb", "smp_mb", "smp_mb" } },
		{ "gup_unshare_barrier",
		  { "none", "smp_rmb", "smp_rmb", "smp_rmb", "smp_rmb", "smp_rmb" } },
		{ "ptep_clear", { "xchg", "xchg", "xchg", "xchg", "xchg", "xchg" } },
		{ "ksm_flush", { "flush", "flush", "flush", "flush", "flush", "flush" } },
		{ "tlb_flush",
		  { "broadcast", "broadcast", "broadcast", "broadcast", "broadcast",
		    "broadcast" } },
		{ "vma_lock", { "none", "none", "none", "rwsem-seq", "rwsem-seq", "rwsem-seq" } },
		{ "vma_unlock_order",
		  { "relaxed", "relaxed", "relaxed", "relaxed", "release", "release" } },
		{ "vma_check_order",
		  { "relaxed", "relaxed", "relaxed", "relaxed", "acquire", "acquire" } },
		{ "vma_mark", { "plain", "plain", "plain", "plain", "once", "once" } },
		{ "vma_try_mark", { "plain", "plain", "plain", "plain", "once", "once" } },
		{ "vma_early_check", { "plain", "plain", "plain", "plain", "once", "once" } },
		{ "vma_mark_function",
		  { "start-write", "start-write", "start-write", "start-write", "start-write",
		    "start-write" } },
	};

	ck_assert_uint_eq(sizeof(table) / sizeof(table[0]), fl_policy_nr_fields());
	ck_assert_uint_eq(sizeof(kernels) / sizeof(kernels[0]), fl_policy_nr_profiles());
	for (size_t f = 0; f < fl_policy_nr_fields(); f++) {
		for (size_t k = 0; k < fl_policy_nr_profiles(); k++)
			ck_assert_msg(
				!strcmp(value(kernels[k], table[f].field), table[f].values[k]),
				"%s has %s=%s", kernels[k], table[f].field,
				value(kernels[k], table[f].field));
	}
}
END_TEST

START_TEST(fields_and_profiles_are_documented_and_end)
{
	size_t i;

	for (i = 0; fl_policy_field(i); i++) {
		const struct fl_policy_field *field = fl_policy_field(i);

		ck_assert_ptr_nonnull(field->doc);
		ck_assert_uint_ge(field->nr_values, 2);
		for (size_t v = 0; v < field->nr_values; v++) {
			ck_assert_ptr_nonnull(field->values[v].name);
			ck_assert_ptr_nonnull(field->values[v].doc);
			ck_assert_ptr_null(strpbrk(field->values[v].name, ",= "));
		}
	}
	ck_assert_uint_eq(i, fl_policy_nr_fields());
	for (i = 0; fl_policy_profile(i); i++)
		ck_assert_ptr_nonnull(fl_policy_profile(i)->doc);
	ck_assert_uint_eq(i, fl_policy_nr_profiles());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy.profiles");
	TCase *tc = tcase_create("profiles");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, each_release_has_its_values);
	tcase_add_test(tc, fields_and_profiles_are_documented_and_end);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
