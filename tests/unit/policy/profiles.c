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

/* From this release on the field has this value. */
struct since {
	const char *kernel, *value;
};

static const char *expected(const struct since *changes, const char *kernel,
			    const char *const *kernels)
{
	const char *value = NULL;
	size_t c = 0;

	for (size_t k = 0;; k++) {
		if (c < 5 && changes[c].kernel && !strcmp(changes[c].kernel, kernels[k]))
			value = changes[c++].value;
		if (!strcmp(kernels[k], kernel))
			return value;
	}
}

START_TEST(each_release_has_its_values)
{
	static const char *const kernels[] = {
		"4.8", "5.7", "5.8", "5.9", "5.11", "5.12", "5.18", "5.19", "6.0",
		"6.1", "6.3", "6.4", "6.5", "6.12", "6.14", "6.15", "6.17",
	};
	static const struct {
		const char *field;
		struct since changes[5];
	} table[] = {
		{ "wp_reuse",
		  { { "4.8", "mapcount" },
		    { "5.9", "refcount" },
		    { "5.18", "refcount-lru" },
		    { "5.19", "anon-exclusive" } } },
		{ "gup_cow_break",
		  { { "4.8", "none" }, { "5.8", "force-write" }, { "5.9", "none" } } },
		{ "gup_force_write",
		  { { "4.8", "drop-write" },
		    { "5.7", "cow-dirty" },
		    { "6.0", "anon-exclusive" } } },
		{ "gup_unshare", { { "4.8", "none" }, { "5.19", "anon-exclusive" } } },
		{ "gup_recheck", { { "4.8", "pte" }, { "6.1", "pte-pmd" } } },
		{ "gup_pin_rmw", { { "4.8", "one" }, { "5.18", "two" } } },
		{ "fork_pinned",
		  { { "4.8", "share" }, { "5.9", "check" }, { "5.19", "anon-exclusive" } } },
		{ "fork_seqcount", { { "4.8", "none" }, { "5.11", "write_protect_seq" } } },
		{ "fork_seq_barrier", { { "4.8", "none" } } },
		{ "fork_migration", { { "4.8", "readable" } } },
		{ "migrate_flush", { { "4.8", "entry" }, { "6.3", "batch" } } },
		{ "migrate_count", { { "4.8", "unmapped" } } },
		{ "migrate_count_barrier", { { "4.8", "none" } } },
		{ "migrate_copy", { { "4.8", "after-freeze" }, { "6.12", "before-freeze" } } },
		{ "migrate_restore", { { "4.8", "flavour" } } },
		{ "pte_accessible", { { "4.8", "pending" } } },
		{ "wp_fault_flush", { { "4.8", "none" }, { "5.12", "uffd-wp" } } },
		{ "wp_copy", { { "4.8", "unlocked" } } },
		{ "wrprotect_sync", { { "4.8", "none" } } },
		{ "protect_flush", { { "4.8", "end" } } },
		{ "tlb_pending", { { "4.8", "bool" }, { "5.7", "counter" } } },
		{ "tlb_pending_inc", { { "4.8", "before-change" } } },
		{ "tlb_pending_dec", { { "4.8", "after-flush" } } },
		{ "tlb_nested", { { "4.8", "ignored" }, { "5.7", "flush" } } },
		{ "tlb_batched", { { "4.8", "none" }, { "5.7", "bool" }, { "5.18", "counter" } } },
		{ "tlb_batched_order", { { "4.8", "arch" } } },
		{ "tlb_batched_note", { { "4.8", "all" }, { "6.3", "accessible" } } },
		{ "unmap_flush", { { "4.8", "deferred" } } },
		{ "reclaim_flush", { { "4.8", "before-pageout" } } },
		{ "madv_free_reclaim",
		  { { "4.8", "dirty" }, { "5.18", "refcount" }, { "6.15", "refcount-stays" } } },
		{ "swap_exclusive",
		  { { "4.8", "mapcount" }, { "5.18", "refcount" }, { "5.19", "swp-pte" } } },
		{ "swap_pinned", { { "4.8", "take" }, { "5.11", "skip" } } },
		{ "swapin_write", { { "4.8", "write-fault" }, { "6.12", "exclusive" } } },
		{ "swap_vma_lock", { { "4.8", "give-up" }, { "6.12", "handle" } } },
		{ "soft_dirty_lock",
		  { { "4.8", "mmap-read" },
		    { "5.11", "mmap-write" },
		    { "6.5", "mmap-write-vma" } } },
		{ "soft_dirty_flush",
		  { { "4.8", "end" }, { "5.7", "elided" }, { "5.12", "pending" } } },
		{ "soft_dirty_pinned", { { "4.8", "clear" }, { "5.11", "skip" } } },
		{ "soft_dirty_migration", { { "4.8", "keep" } } },
		{ "uffd_wp_lock", { { "4.8", "mmap-read" } } },
		{ "uffd_wp_memory",
		  { { "4.8", "none" }, { "5.7", "anon" }, { "5.19", "anon-shmem" } } },
		{ "uffd_wp_prot", { { "4.8", "vm-flags" }, { "6.3", "vm-page-prot" } } },
		{ "uffd_wp_upgrade", { { "4.8", "none" }, { "6.3", "resolve" } } },
		{ "uffd_unregister", { { "4.8", "leave" }, { "6.0", "resolve" } } },
		{ "mremap_uffd_wp", { { "4.8", "keep" }, { "6.14", "clear" } } },
		{ "uffd_wp_writenotify", { { "4.8", "no" }, { "6.3", "yes" } } },
		{ "uffd_minor", { { "4.8", "no" }, { "5.18", "yes" } } },
		{ "uffd_wp_unpopulated", { { "4.8", "no" }, { "6.4", "yes" } } },
		{ "uffd_wp_async", { { "4.8", "no" }, { "6.12", "yes" } } },
		{ "uffd_install_dirty", { { "4.8", "writable" }, { "5.18", "always" } } },
		{ "mprotect_upgrade",
		  { { "4.8", "dirty-accountable" }, { "6.0", "try-change-writable" } } },
		{ "change_writable", { { "4.8", "all" } } },
		{ "numa_write", { { "4.8", "saved" }, { "6.3", "can-change-writable" } } },
		{ "ksm_pending", { { "4.8", "ignored" }, { "5.7", "check" } } },
		{ "ksm_break", { { "4.8", "write" }, { "6.3", "unshare" } } },
		{ "ksm_replace", { { "4.8", "prot" } } },
		{ "ksm_reuse", { { "4.8", "no" }, { "5.7", "yes" } } },
		{ "tlb_gen", { { "4.8", "none" }, { "5.7", "on" } } },
		{ "tlb_lazy", { { "4.8", "leave-mm" }, { "5.7", "skip" } } },
		{ "pgtable_free", { { "4.8", "rcu" } } },
		{ "pae_clear_barrier", { { "4.8", "none" }, { "6.1", "smp_mb" } } },
		{ "pae_restore_barrier", { { "4.8", "none" }, { "6.1", "smp_wmb" } } },
		{ "gup_pin_barrier", { { "4.8", "none" }, { "6.1", "smp_mb" } } },
		{ "gup_unshare_barrier", { { "4.8", "none" }, { "6.1", "smp_rmb" } } },
		{ "ptep_clear", { { "4.8", "xchg" } } },
		{ "ksm_flush", { { "4.8", "flush" } } },
		{ "tlb_flush", { { "4.8", "broadcast" } } },
		{ "vma_lock", { { "4.8", "none" }, { "6.4", "rwsem-seq" }, { "6.15", "refcnt" } } },
		{ "mm_lock_seq", { { "4.8", "counter" }, { "6.14", "seqcount" } } },
		{ "vma_unlock_order",
		  { { "4.8", "relaxed" }, { "6.5", "release" }, { "6.14", "wmb" } } },
		{ "vma_check_order", { { "4.8", "relaxed" }, { "6.5", "acquire" } } },
		{ "vma_mark", { { "4.8", "plain" }, { "6.5", "once" } } },
		{ "vma_try_mark", { { "4.8", "plain" }, { "6.5", "once" } } },
		{ "vma_early_check", { { "4.8", "plain" }, { "6.5", "once" } } },
		{ "vma_inc_order", { { "4.8", "relaxed" }, { "6.15", "acquire" } } },
		{ "vma_wait_order", { { "4.8", "relaxed" }, { "6.15", "acquire" } } },
		{ "vma_free", { { "4.8", "rcu" }, { "6.15", "typesafe" } } },
		{ "mremap_range", { { "4.8", "one-vma" }, { "6.17", "many-vmas" } } },
		{ "mremap_dontunmap", { { "4.8", "apart" }, { "6.17", "self-merge" } } },
		{ "shared_upgrade", { { "4.8", "writenotify" }, { "6.17", "page-mkwrite" } } },
		{ "uffd_wp_holes", { { "4.8", "no" }, { "6.3", "yes" } } },
		{ "uffd_fill_prepare", { { "4.8", "checked" }, { "6.12", "first" } } },
		{ "vma_foreign", { { "4.8", "late" }, { "6.17", "pin" } } },
		{ "vma_detach", { { "4.8", "nowait" }, { "6.15", "wait" } } },
		{ "vma_attach_order", { { "4.8", "relaxed" }, { "6.15", "release" } } },
		{ "vma_dup", { { "4.8", "no-count" } } },
		{ "vma_exit", { { "4.8", "detach" } } },
		{ "vma_checks", { { "4.8", "all" } } },
		{ "vma_mark_place", { { "4.8", "inside" } } },
		{ "vma_end_all", { { "4.8", "before-unlock" } } },
		{ "vma_end_read", { { "4.8", "rcu" } } },
		{ "spf_checks", { { "4.8", "both" } } },
		{ "spf_read_order", { { "4.8", "ordered" } } },
		{ "spf_mark_order", { { "4.8", "ordered" } } },
		{ "range_lookup", { { "4.8", "locked" } } },
		{ "range_extents", { { "4.8", "old-and-new" } } },
		{ "vma_bad_access", { { "4.8", "retry" }, { "6.12", "report" } } },
		{ "vma_anon_check",
		  { { "4.8", "before-lock" }, { "6.5", "after-lock" }, { "6.12", "in-fault" } } },
		{ "vma_lock_files", { { "4.8", "no" }, { "6.12", "yes" } } },
		{ "vma_lock_uffd", { { "4.8", "no" }, { "6.12", "yes" } } },
		{ "fork_vma_lock", { { "4.8", "none" }, { "6.5", "start-write" } } },
		{ "stack_growth",
		  { { "4.8", "mmap-read" },
		    { "6.1", "mmap-read-node" },
		    { "6.5", "mmap-write" } } },
		{ "stack_vma_lock", { { "4.8", "none" }, { "6.5", "start-write" } } },
		{ "take_all_locks_vma", { { "4.8", "none" }, { "6.4", "start-write" } } },
		{ "mbind_vma_lock", { { "4.8", "none" }, { "6.5", "start-write" } } },
		{ "merge_vma_lock", { { "4.8", "none" }, { "6.5", "start-write" } } },
		{ "insert_vma_lock", { { "4.8", "none" }, { "6.5", "start-write" } } },
		{ "vma_mark_function", { { "4.8", "start-write" } } },
		{ "thp_none_pmd", { { "4.8", "clear" }, { "5.7", "invalidate" } } },
		{ "thp_protect_flush", { { "4.8", "at-once" }, { "5.19", "gathered" } } },
		{ "thp_split_lock",
		  { { "4.8", "none" }, { "5.8", "page-lock" }, { "5.18", "none" } } },
		{ "collapse_sync", { { "4.8", "none" }, { "6.1", "ipi" } } },
	};

	ck_assert_uint_eq(sizeof(table) / sizeof(table[0]), fl_policy_nr_fields());
	ck_assert_uint_eq(sizeof(kernels) / sizeof(kernels[0]), fl_policy_nr_profiles());
	for (size_t f = 0; f < fl_policy_nr_fields(); f++) {
		for (size_t k = 0; k < fl_policy_nr_profiles(); k++)
			ck_assert_str_eq(value(kernels[k], table[f].field),
					 expected(table[f].changes, kernels[k], kernels));
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
