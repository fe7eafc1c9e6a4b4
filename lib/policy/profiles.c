// SPDX-License-Identifier: MIT
/*
 * profiles.c - the releases, oldest first, each as what it changed against the one before.
 *
 * The policy of a release is the sum of all rows up to its own; the first row is all first
 * values. A release without changes is there because something that is modelled without a field,
 * or a reader of a stable branch, begins with it.
 */
#include "policy/policy.h"

const struct fl_policy_release fl_policy_releases[] = {
	{ { "6.0", "PageAnonExclusive decides who may write; GUP-fast has no barriers for it" },
	  NULL },
	{ { "6.1", "barriers between clearing PageAnonExclusive and GUP-fast (088b8aa537c2)" },
	  "pae_clear_barrier=smp_mb,pae_restore_barrier=smp_wmb,"
	  "gup_pin_barrier=smp_mb,gup_unshare_barrier=smp_rmb" },
	{ { "6.3", "as 6.1 in everything that is modelled so far" }, NULL },
	{ { "6.4", "per-VMA locks: a rw_semaphore and two sequence numbers, not yet ordered" },
	  "vma_lock=rwsem-seq" },
	{ { "6.5", "per-VMA locks with release and acquire (b1f02b95758d; also 6.4.8)" },
	  "vma_unlock_order=release,vma_check_order=acquire,"
	  "vma_mark=once,vma_try_mark=once,vma_early_check=once" },
	{ { "6.12", "as 6.5 in everything that is modelled so far" }, NULL },
};

const size_t fl_policy_nr_releases = sizeof(fl_policy_releases) / sizeof(fl_policy_releases[0]);

size_t fl_policy_nr_profiles(void)
{
	return fl_policy_nr_releases;
}

const struct fl_policy_profile *fl_policy_profile(size_t i)
{
	return i < fl_policy_nr_releases ? &fl_policy_releases[i].profile : NULL;
}
