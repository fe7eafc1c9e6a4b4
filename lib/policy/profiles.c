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
	{ { "4.8", "one mapping is one owner; forced writes trust a read after a write fault" },
	  NULL },
	{ { "5.7", "flushes that are pending are counted; userfaultfd write-protects" },
	  /* 4.9, 4.11, 4.13, 4.14, 4.20, 5.1, 5.6, 5.7 */
	  "gup_force_write=cow-dirty,thp_none_pmd=invalidate,"
	  "tlb_pending=counter,tlb_nested=flush,tlb_batched=bool,ksm_pending=check,"
	  "tlb_gen=on,tlb_lazy=skip,ksm_reuse=yes,soft_dirty_flush=elided,uffd_wp_memory=anon" },
	{ { "5.8", "taking a reference breaks COW (17839856fd58)" },
	  "gup_cow_break=force-write,thp_split_lock=page-lock" },
	{ { "5.9", "one reference is one owner (09854ba94c6a); fork copies what may be pinned" },
	  "gup_cow_break=none,wp_reuse=refcount,fork_pinned=check" },
	{ { "5.11", "clear_refs takes mmap:W and spares pins; write_protect_seq" },
	  "fork_seqcount=write_protect_seq,soft_dirty_lock=mmap-write,soft_dirty_pinned=skip,"
	  "swap_pinned=skip" },
	{ { "5.12", "a write fault flushes in VMAs with userfaultfd-wp (6ce64428d620)" },
	  "wp_fault_flush=uffd-wp,soft_dirty_flush=pending" },
	{ { "5.18", "the swap cache's and the LRU's references are told apart (53a05ad9f21d)" },
	  /* 5.14, 5.16, 5.17, 5.18 */
	  "uffd_minor=yes,gup_pin_rmw=two,uffd_install_dirty=always,tlb_batched=counter,"
	  "wp_reuse=refcount-lru,swap_exclusive=refcount,madv_free_reclaim=refcount,"
	  "thp_split_lock=none" },
	{ { "5.19", "PageAnonExclusive decides who may write; userfaultfd write-protects shmem" },
	  "wp_reuse=anon-exclusive,gup_unshare=anon-exclusive,fork_pinned=anon-exclusive,"
	  "uffd_wp_memory=anon-shmem,swap_exclusive=swp-pte,thp_protect_flush=gathered" },
	{ { "6.0", "forced writes ask for an exclusive page; mprotect() spares write faults" },
	  "gup_force_write=anon-exclusive,mprotect_upgrade=try-change-writable,"
	  "uffd_unregister=resolve" },
	{ { "6.1", "barriers between clearing PageAnonExclusive and GUP-fast (088b8aa537c2)" },
	  "pae_clear_barrier=smp_mb,pae_restore_barrier=smp_wmb,"
	  "gup_pin_barrier=smp_mb,gup_unshare_barrier=smp_rmb,gup_recheck=pte-pmd,"
	  "collapse_sync=ipi,stack_growth=mmap-read-node" },
	{ { "6.3", "userfaultfd-wp heeds vm_page_prot (931298e103c2)" },
	  /* 6.2, 6.3 */
	  "migrate_flush=batch,tlb_batched_note=accessible,ksm_break=unshare,numa_write=can-change-"
	  "writable,"
	  "uffd_wp_writenotify=yes,uffd_wp_prot=vm-page-prot,uffd_wp_upgrade=resolve,uffd_wp_holes="
	  "yes" },
	{ { "6.4", "per-VMA locks: a rw_semaphore and two sequence numbers, not yet ordered" },
	  "vma_lock=rwsem-seq,take_all_locks_vma=start-write,uffd_wp_unpopulated=yes" },
	{ { "6.5", "per-VMA locks with release and acquire (b1f02b95758d; also 6.4.8)" },
	  "vma_unlock_order=release,vma_check_order=acquire,"
	  "vma_mark=once,vma_try_mark=once,vma_early_check=once,vma_anon_check=after-lock,"
	  "soft_dirty_lock=mmap-write-vma,fork_vma_lock=start-write,"
	  "stack_growth=mmap-write,stack_vma_lock=start-write,insert_vma_lock=start-write,"
	  "merge_vma_lock=start-write,mbind_vma_lock=start-write" },
	{ { "6.12", "faults of files and userfaultfds under VMA locks; userfaultfd-wp that "
		    "resolves itself" },
	  /* 6.6, 6.7, 6.10, 6.11 */
	  "uffd_wp_async=yes,vma_lock_files=yes,vma_lock_uffd=yes,vma_anon_check=in-fault,"
	  "swap_vma_lock=handle,swapin_write=exclusive,vma_bad_access=report,"
	  "migrate_copy=before-freeze,uffd_fill_prepare=first" },
	{ { "6.14", "mm_lock_seq is a sequence counter (eb449bd96954)" },
	  /* 6.13, 6.14 */
	  "mremap_uffd_wp=clear,mm_lock_seq=seqcount,vma_unlock_order=wmb" },
	{ { "6.15", "per-VMA locks by reference count, VMAs recycled at once (f35ab95ca0af)" },
	  "madv_free_reclaim=refcount-stays,vma_lock=refcnt,vma_inc_order=acquire,vma_wait_order="
	  "acquire,vma_free=typesafe,"
	  "vma_detach=wait,vma_attach_order=release" },
	{ { "6.17", "a VMA of another mm is let go of with that mm held (9bbffee67ffd)" },
	  "vma_foreign=pin,mremap_range=many-vmas,mremap_dontunmap=self-merge,"
	  "shared_upgrade=page-mkwrite" },
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
