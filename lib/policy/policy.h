/* SPDX-License-Identifier: MIT */
/*
 * policy.h - the fields in which kernels differ, as the modelled code reads them (internal).
 *
 * A bug and its fix are two values of one field, and each field is read at one place. A policy is
 * constant during a run and lives outside the modelled memory: reading it is not an event.
 *
 * The first value of each field is the oldest kernel's, so that all zeroes is the first profile.
 * fields.c names the values; profiles.c says which release changed what.
 */
#ifndef FL_POLICY_H
#define FL_POLICY_H

#include <faultline/policy.h>

/* One value or the other of a barrier that some kernels lack. */
enum fl_barrier { FL_BARRIER_NONE, FL_BARRIER_ON };

enum fl_ptep_clear { FL_PTEP_CLEAR_XCHG, FL_PTEP_CLEAR_PLAIN };
enum fl_ksm_flush { FL_KSM_FLUSH, FL_KSM_FLUSH_NONE };
enum fl_pte_accessible { FL_PTE_ACCESSIBLE_PENDING, FL_PTE_ACCESSIBLE_PRESENT };
enum fl_tlb_flush { FL_TLB_FLUSH_BROADCAST, FL_TLB_FLUSH_IPI };

/* Who may write to a page without a copy, and who may pin it. */
enum fl_wp_reuse {
	FL_WP_REUSE_MAPCOUNT,
	FL_WP_REUSE_REFCOUNT,
	FL_WP_REUSE_REFCOUNT_LRU,
	FL_WP_REUSE_ANON_EXCLUSIVE
};
enum fl_gup_cow_break { FL_GUP_COW_BREAK_NONE, FL_GUP_COW_BREAK_FORCE_WRITE };
enum fl_gup_force_write {
	FL_GUP_FORCE_DROP_WRITE,
	FL_GUP_FORCE_COW_DIRTY,
	FL_GUP_FORCE_ANON_EXCLUSIVE
};
enum fl_gup_unshare {
	FL_GUP_UNSHARE_NONE,
	FL_GUP_UNSHARE_ANON_EXCLUSIVE,
	FL_GUP_UNSHARE_MAPCOUNT,
	FL_GUP_UNSHARE_MAPCOUNT_RECHECK
};
enum fl_gup_recheck { FL_GUP_RECHECK_PTE, FL_GUP_RECHECK_PTE_PMD, FL_GUP_RECHECK_NONE };
enum fl_gup_pin_rmw { FL_GUP_PIN_RMW_ONE, FL_GUP_PIN_RMW_TWO };
enum fl_fork_pinned {
	FL_FORK_PINNED_SHARE,
	FL_FORK_PINNED_WRPROTECT_FIRST,
	FL_FORK_PINNED_CHECK,
	FL_FORK_PINNED_ANON_EXCLUSIVE
};
enum fl_fork_seqcount { FL_FORK_SEQCOUNT_NONE, FL_FORK_SEQCOUNT_ON };
enum fl_fork_migration { FL_FORK_MIGRATION_READABLE, FL_FORK_MIGRATION_UNTOUCHED };
enum fl_migrate_flush { FL_MIGRATE_FLUSH_ENTRY, FL_MIGRATE_FLUSH_BATCH, FL_MIGRATE_FLUSH_NONE };
enum fl_migrate_count { FL_MIGRATE_COUNT_UNMAPPED, FL_MIGRATE_COUNT_EARLY };
enum fl_migrate_copy { FL_MIGRATE_COPY_AFTER_FREEZE, FL_MIGRATE_COPY_BEFORE_FREEZE };
enum fl_migrate_restore { FL_MIGRATE_RESTORE_FLAVOUR, FL_MIGRATE_RESTORE_EXCLUSIVE };

/* Write-protection, deferred flushes, and the faults that meet them. */
enum fl_wp_fault_flush {
	FL_WP_FLUSH_NONE,
	FL_WP_FLUSH_UFFD_WP,
	FL_WP_FLUSH_ALWAYS,
	FL_WP_FLUSH_BEFORE_PTL,
	FL_WP_FLUSH_AFTER_COPY,
	FL_WP_FLUSH_IF_WRITABLE,
	FL_WP_FLUSH_WRONG_FLAG
};
enum fl_wp_copy { FL_WP_COPY_UNLOCKED, FL_WP_COPY_UNDER_PTL };
enum fl_protect_flush {
	FL_PROTECT_FLUSH_END,
	FL_PROTECT_FLUSH_PER_PTL,
	FL_PROTECT_FLUSH_PER_ENTRY,
	FL_PROTECT_FLUSH_NEVER
};
enum fl_wrprotect_sync {
	FL_WRPROTECT_SYNC_NONE,
	FL_WRPROTECT_SYNC_FAULT,
	FL_WRPROTECT_SYNC_FAULT_AND_UFFD
};
enum fl_tlb_pending { FL_TLB_PENDING_BOOL, FL_TLB_PENDING_COUNTER, FL_TLB_PENDING_NONE };
enum fl_tlb_pending_inc { FL_TLB_PENDING_INC_BEFORE, FL_TLB_PENDING_INC_AFTER };
enum fl_tlb_pending_dec { FL_TLB_PENDING_DEC_AFTER, FL_TLB_PENDING_DEC_BEFORE };
enum fl_tlb_nested { FL_TLB_NESTED_IGNORED, FL_TLB_NESTED_FLUSH };
enum fl_tlb_batched_order { FL_TLB_BATCHED_ORDER_ARCH, FL_TLB_BATCHED_ORDER_COMPILER };
enum fl_unmap_flush { FL_UNMAP_FLUSH_DEFERRED, FL_UNMAP_FLUSH_AT_ONCE };
enum fl_reclaim_flush {
	FL_RECLAIM_FLUSH_BEFORE_PAGEOUT,
	FL_RECLAIM_FLUSH_BEFORE_FREE,
	FL_RECLAIM_FLUSH_AFTER_FREE
};
enum fl_madv_free_reclaim {
	FL_MADV_FREE_DIRTY,
	FL_MADV_FREE_REFCOUNT,
	FL_MADV_FREE_NO_MB,
	FL_MADV_FREE_NO_RMB,
	FL_MADV_FREE_STAYS
};
enum fl_swap_exclusive {
	FL_SWAP_EXCLUSIVE_MAPCOUNT,
	FL_SWAP_EXCLUSIVE_REFCOUNT,
	FL_SWAP_EXCLUSIVE_SWP_PTE,
	FL_SWAP_EXCLUSIVE_ALWAYS
};
enum fl_swapin_write { FL_SWAPIN_WRITE_FAULT, FL_SWAPIN_WRITE_EXCLUSIVE };
enum fl_swap_vma_lock { FL_SWAP_VMA_LOCK_GIVE_UP, FL_SWAP_VMA_LOCK_HANDLE };
enum fl_tlb_batched { FL_TLB_BATCHED_NONE, FL_TLB_BATCHED_BOOL, FL_TLB_BATCHED_COUNTER };
enum fl_walk_lock { FL_WALK_MMAP_READ, FL_WALK_MMAP_WRITE, FL_WALK_MMAP_WRITE_VMA };
enum fl_soft_dirty_flush {
	FL_SOFT_DIRTY_FLUSH_END,
	FL_SOFT_DIRTY_FLUSH_ELIDED,
	FL_SOFT_DIRTY_FLUSH_PENDING
};
enum fl_swap_pinned { FL_SWAP_PINNED_TAKE, FL_SWAP_PINNED_SKIP };
enum fl_tlb_batched_note { FL_TLB_BATCHED_NOTE_ALL, FL_TLB_BATCHED_NOTE_ACCESSIBLE };
enum fl_soft_dirty_pinned {
	FL_SOFT_DIRTY_PINNED_CLEAR,
	FL_SOFT_DIRTY_PINNED_SKIP,
	FL_SOFT_DIRTY_PINNED_MARK
};
enum fl_soft_dirty_migration { FL_SOFT_DIRTY_MIGRATION_KEEP, FL_SOFT_DIRTY_MIGRATION_WRPROTECT };
enum fl_uffd_wp_memory { FL_UFFD_WP_NONE, FL_UFFD_WP_ANON, FL_UFFD_WP_ANON_SHMEM };
enum fl_uffd_wp_prot { FL_UFFD_WP_PROT_VM_FLAGS, FL_UFFD_WP_PROT_VM_PAGE_PROT };
enum fl_uffd_wp_upgrade {
	FL_UFFD_WP_UPGRADE_NONE,
	FL_UFFD_WP_UPGRADE_ALWAYS,
	FL_UFFD_WP_UPGRADE_RESOLVE
};
enum fl_uffd_unregister { FL_UFFD_UNREGISTER_LEAVE, FL_UFFD_UNREGISTER_RESOLVE };
enum fl_mremap_uffd_wp { FL_MREMAP_UFFD_WP_KEEP, FL_MREMAP_UFFD_WP_CLEAR };
enum fl_numa_write { FL_NUMA_WRITE_SAVED, FL_NUMA_WRITE_CAN_CHANGE };
enum fl_no_yes { FL_NO, FL_YES };
enum fl_uffd_install_dirty { FL_UFFD_INSTALL_DIRTY_WRITABLE, FL_UFFD_INSTALL_DIRTY_ALWAYS };
enum fl_mprotect_upgrade { FL_MPROTECT_DIRTY_ACCOUNTABLE, FL_MPROTECT_TRY_CHANGE_WRITABLE };
enum fl_change_writable {
	FL_CHANGE_WRITABLE_ALL,
	FL_CHANGE_WRITABLE_NO_SOFT_DIRTY,
	FL_CHANGE_WRITABLE_NO_UFFD_WP,
	FL_CHANGE_WRITABLE_NO_ANON_EXCLUSIVE,
	FL_CHANGE_WRITABLE_NO_DIRTY
};
enum fl_ksm_pending { FL_KSM_PENDING_IGNORED, FL_KSM_PENDING_CHECK };
enum fl_ksm_replace { FL_KSM_REPLACE_PROT, FL_KSM_REPLACE_KEEP };
enum fl_ksm_break { FL_KSM_BREAK_WRITE, FL_KSM_BREAK_UNSHARE };

/* Flushing, and the end of page tables. */
enum fl_tlb_gen { FL_TLB_GEN_NONE, FL_TLB_GEN_ON, FL_TLB_GEN_ANY_ORDER };
enum fl_tlb_lazy { FL_TLB_LAZY_LEAVE_MM, FL_TLB_LAZY_SKIP };
/* Huge pages. */
enum fl_thp_none_pmd { FL_THP_NONE_PMD_CLEAR, FL_THP_NONE_PMD_INVALIDATE };
enum fl_thp_protect_flush { FL_THP_PROTECT_FLUSH_AT_ONCE, FL_THP_PROTECT_FLUSH_GATHERED };
enum fl_thp_split_lock { FL_THP_SPLIT_LOCK_NONE, FL_THP_SPLIT_LOCK_PAGE };
enum fl_collapse_sync { FL_COLLAPSE_SYNC_NONE, FL_COLLAPSE_SYNC_IPI };

enum fl_pgtable_free {
	FL_PGTABLE_FREE_RCU,
	FL_PGTABLE_FREE_IPI,
	FL_PGTABLE_FREE_AFTER_FLUSH,
	FL_PGTABLE_FREE_BEFORE_FLUSH
};

enum fl_vma_lock {
	FL_VMA_LOCK_NONE,
	FL_VMA_LOCK_RWSEM_SEQ,
	FL_VMA_LOCK_REFCNT,
	FL_VMA_LOCK_SPECULATIVE,
	FL_VMA_LOCK_RANGE,
	FL_VMA_LOCK_USER /* no name: fl_machine_config.lock alone chooses it */
};
enum fl_spf_checks { FL_SPF_CHECKS_ALL, FL_SPF_CHECKS_NO_FIRST, FL_SPF_CHECKS_NO_SECOND };
enum fl_spf_order { FL_SPF_ORDERED, FL_SPF_RELAXED };
enum fl_range_lookup { FL_RANGE_LOOKUP_LOCKED, FL_RANGE_LOOKUP_BEFORE };
enum fl_range_extents { FL_RANGE_EXTENTS_ALL, FL_RANGE_EXTENTS_OLD };
enum fl_mm_lock_seq { FL_MM_LOCK_COUNTER, FL_MM_LOCK_SEQCOUNT };
enum fl_vma_unlock_order { FL_VMA_UNLOCK_RELAXED, FL_VMA_UNLOCK_RELEASE, FL_VMA_UNLOCK_WMB };
enum fl_vma_free { FL_VMA_FREE_RCU, FL_VMA_FREE_TYPESAFE };
enum fl_vma_foreign { FL_VMA_FOREIGN_LATE, FL_VMA_FOREIGN_PIN };
enum fl_vma_detach { FL_VMA_DETACH_NOWAIT, FL_VMA_DETACH_WAIT };
enum fl_vma_order { FL_VMA_RELAXED, FL_VMA_ORDERED };
enum fl_vma_access { FL_VMA_PLAIN, FL_VMA_ONCE };
enum fl_vma_anon_check { FL_VMA_ANON_BEFORE_LOCK, FL_VMA_ANON_AFTER_LOCK, FL_VMA_ANON_IN_FAULT };
enum fl_vma_write_lock { FL_VMA_WRITE_UNLOCKED, FL_VMA_WRITE_LOCKED };
enum fl_vma_mark_function { FL_VMA_START_WRITE, FL_VMA_TRY_START_WRITE };

enum fl_vma_checks {
	FL_VMA_CHECKS_ALL,
	FL_VMA_CHECKS_NO_SEQUENCE,
	FL_VMA_CHECKS_NO_DETACHED,
	FL_VMA_CHECKS_NO_RANGE,
	FL_VMA_CHECKS_NO_MM
};
enum fl_vma_mark_place { FL_VMA_MARK_INSIDE, FL_VMA_MARK_OUTSIDE };
enum fl_vma_end_all { FL_VMA_END_BEFORE_UNLOCK, FL_VMA_END_AFTER_UNLOCK };
enum fl_vma_end_read { FL_VMA_END_READ_RCU, FL_VMA_END_READ_NO_RCU };
enum fl_vma_dup { FL_VMA_DUP_NO_COUNT, FL_VMA_DUP_COUNT };
enum fl_vma_exit { FL_VMA_EXIT_DETACH, FL_VMA_EXIT_ATTACHED };
enum fl_vma_bad_access { FL_BAD_ACCESS_RETRY, FL_BAD_ACCESS_REPORT, FL_BAD_ACCESS_MMAP_UNLOCK };
enum fl_shared_upgrade { FL_SHARED_UPGRADE_NOTIFY, FL_SHARED_UPGRADE_MKWRITE };
enum fl_uffd_fill_prepare { FL_UFFD_PREPARE_CHECKED, FL_UFFD_PREPARE_FIRST };
enum fl_mremap_range { FL_MREMAP_ONE_VMA, FL_MREMAP_MANY_VMAS };
enum fl_mremap_dontunmap { FL_DONTUNMAP_APART, FL_DONTUNMAP_SELF_MERGE };
enum fl_stack_growth { FL_STACK_MMAP_READ, FL_STACK_MMAP_READ_NODE, FL_STACK_MMAP_WRITE };

struct fl_policy {
	enum fl_wp_reuse wp_reuse;			   /* cow.c */
	enum fl_gup_cow_break gup_cow_break;		   /* gup.c */
	enum fl_gup_force_write gup_force_write;	   /* gup.c */
	enum fl_gup_unshare gup_unshare;		   /* gup.c, cow.c */
	enum fl_gup_recheck gup_recheck;		   /* gup.c, B4 */
	enum fl_gup_pin_rmw gup_pin_rmw;		   /* gup.c, B3 */
	enum fl_fork_pinned fork_pinned;		   /* fork.c */
	enum fl_fork_seqcount fork_seqcount;		   /* fork.c, gup.c */
	enum fl_barrier fork_seq_barrier;		   /* fork.c, K4 to P1 */
	enum fl_fork_migration fork_migration;		   /* fork.c */
	enum fl_wp_fault_flush wp_fault_flush;		   /* cow.c */
	enum fl_wp_copy wp_copy;			   /* cow.c */
	enum fl_wrprotect_sync wrprotect_sync;		   /* cow.c, uffd.c, change_protection.c */
	enum fl_protect_flush protect_flush;		   /* change_protection.c */
	enum fl_tlb_pending tlb_pending;		   /* mmu_gather.c */
	enum fl_tlb_pending_inc tlb_pending_inc;	   /* mmu_gather.c */
	enum fl_tlb_pending_dec tlb_pending_dec;	   /* mmu_gather.c */
	enum fl_tlb_nested tlb_nested;			   /* mmu_gather.c */
	enum fl_tlb_batched tlb_batched;		   /* tlb_batch.c */
	enum fl_tlb_batched_order tlb_batched_order;	   /* tlb_batch.c, R1 to R2 */
	enum fl_tlb_batched_note tlb_batched_note;	   /* tlb_batch.c, R2 */
	enum fl_unmap_flush unmap_flush;		   /* rmap_unmap.c, U2 */
	enum fl_reclaim_flush reclaim_flush;		   /* vmscan.c, V5, V8 */
	enum fl_madv_free_reclaim madv_free_reclaim;	   /* rmap_unmap.c, L2 */
	enum fl_swap_exclusive swap_exclusive;		   /* swap_fault.c, S3; rmap_unmap.c, U6 */
	enum fl_swap_pinned swap_pinned;		   /* vmscan.c, V3 */
	enum fl_swapin_write swapin_write;		   /* swap_fault.c, S5 */
	enum fl_swap_vma_lock swap_vma_lock;		   /* fault.c */
	enum fl_walk_lock soft_dirty_lock;		   /* soft_dirty.c */
	enum fl_soft_dirty_flush soft_dirty_flush;	   /* soft_dirty.c */
	enum fl_soft_dirty_pinned soft_dirty_pinned;	   /* soft_dirty.c */
	enum fl_soft_dirty_migration soft_dirty_migration; /* soft_dirty.c */
	enum fl_walk_lock uffd_wp_lock;			   /* uffd_wp.c */
	enum fl_uffd_wp_memory uffd_wp_memory;		   /* uffd.c */
	enum fl_uffd_wp_prot uffd_wp_prot;		   /* uffd_wp.c */
	enum fl_uffd_wp_upgrade uffd_wp_upgrade;	   /* uffd_wp.c */
	enum fl_uffd_unregister uffd_unregister;	   /* uffd.c */
	enum fl_mremap_uffd_wp mremap_uffd_wp;		   /* mremap.c */
	enum fl_no_yes uffd_wp_writenotify; /* change_protection.c, vma_wants_writenotify() */
	enum fl_no_yes uffd_minor;	    /* uffd.c */
	enum fl_no_yes uffd_wp_unpopulated; /* uffd.c */
	enum fl_no_yes uffd_wp_async;	    /* uffd.c */
	enum fl_uffd_install_dirty uffd_install_dirty; /* uffd_fill.c */
	enum fl_mprotect_upgrade mprotect_upgrade;     /* mprotect.c */
	enum fl_change_writable change_writable;       /* change_protection.c */
	enum fl_numa_write numa_write;		       /* numa.c */
	enum fl_ksm_pending ksm_pending;	       /* ksm.c */
	enum fl_ksm_break ksm_break;		       /* ksm.c */
	enum fl_ksm_replace ksm_replace;	       /* ksm.c */
	enum fl_no_yes ksm_reuse;		       /* cow.c */
	enum fl_tlb_gen tlb_gen;		       /* shootdown.c */
	enum fl_tlb_lazy tlb_lazy;		       /* shootdown.c */
	enum fl_pgtable_free pgtable_free;	       /* pgtable_free.c */
	enum fl_thp_none_pmd thp_none_pmd;	       /* huge_memory.c, W1 */
	enum fl_thp_protect_flush thp_protect_flush;   /* huge_memory.c, W1 */
	enum fl_thp_split_lock thp_split_lock;	       /* huge_memory.c, S0 */
	enum fl_collapse_sync collapse_sync;	       /* khugepaged.c, H5 */
	enum fl_barrier pae_clear_barrier;	       /* rmap.h, A1 to A2 */
	enum fl_barrier pae_restore_barrier;	       /* rmap.h, A3 to A4 */
	enum fl_barrier gup_pin_barrier;	       /* gup.c, B3 to B4 */
	enum fl_barrier gup_unshare_barrier;	       /* gup.c, B4 to B5 */
	enum fl_ptep_clear ptep_clear;		       /* pgtable.h */
	enum fl_ksm_flush ksm_flush;		       /* ksm.c */
	enum fl_migrate_flush migrate_flush;	       /* migrate.c, M4 */
	enum fl_migrate_count migrate_count;	       /* migrate.c, M6 */
	enum fl_barrier migrate_count_barrier;	       /* migrate.c, M6 to M7 */
	enum fl_migrate_copy migrate_copy;	       /* migrate.c, M7 */
	enum fl_migrate_restore migrate_restore;       /* migrate.c, M8 */
	enum fl_pte_accessible pte_accessible;	       /* tlbflush.h */
	enum fl_tlb_flush tlb_flush;		       /* shootdown.c, tlb.c */
	enum fl_vma_lock vma_lock;		       /* vma_lock.c, lock/strategy.h */
	enum fl_spf_checks spf_checks;		     /* fault.c, after lock/speculative.c, S7, S9 */
	enum fl_spf_order spf_read_order;	     /* lock/speculative.c, S7, S9 */
	enum fl_spf_order spf_mark_order;	     /* lock/speculative.c, A2 */
	enum fl_range_lookup range_lookup;	     /* lock/range_lock.c, F2 */
	enum fl_range_extents range_extents;	     /* vma_lock.c, after lock/range_lock.c, A4 */
	enum fl_mm_lock_seq mm_lock_seq;	     /* vma_lock.c, A0 */
	enum fl_vma_unlock_order vma_unlock_order;   /* vma_lock.c, A5 */
	enum fl_vma_order vma_check_order;	     /* vma_lock.c, B3 */
	enum fl_vma_access vma_mark;		     /* vma_lock.c, A2 in vma_start_write() */
	enum fl_vma_access vma_try_mark;	     /* vma_lock.c, A2 in vma_try_start_write() */
	enum fl_vma_access vma_early_check;	     /* vma_lock.c, before B1 */
	enum fl_vma_order vma_inc_order;	     /* vma_refcnt.c, D1 */
	enum fl_vma_order vma_wait_order;	     /* vma_refcnt.c, C2 */
	enum fl_vma_free vma_free;		     /* vma_cache.c, vma_lock.c */
	enum fl_vma_foreign vma_foreign;	     /* vma_lock.c, D2 */
	enum fl_vma_detach vma_detach;		     /* vma_refcnt.c */
	enum fl_vma_order vma_attach_order;	     /* vma_refcnt.c, attached */
	enum fl_vma_dup vma_dup;		     /* vma.c, vm_area_dup() */
	enum fl_vma_exit vma_exit;		     /* mm.c, free_vmas() */
	enum fl_vma_checks vma_checks;		     /* vma_lock.c, after B1 */
	enum fl_vma_mark_place vma_mark_place;	     /* vma_lock.c, A2 and A3 */
	enum fl_vma_end_all vma_end_all;	     /* mmap_lock.h, A5 */
	enum fl_vma_end_read vma_end_read;	     /* vma_lock.c, B5 */
	enum fl_vma_bad_access vma_bad_access;	     /* arch_fault.c, E3 */
	enum fl_vma_anon_check vma_anon_check;	     /* vma_lock.c, lock_vma_under_rcu() */
	enum fl_no_yes vma_lock_files;		     /* vma_lock.c, file_fault.c */
	enum fl_no_yes vma_lock_uffd;		     /* vma_lock.c */
	enum fl_vma_write_lock fork_vma_lock;	     /* fork.c, K2 */
	enum fl_shared_upgrade shared_upgrade;	     /* change_protection.c */
	enum fl_no_yes uffd_wp_holes;		     /* uffd_wp.c, V1 */
	enum fl_uffd_fill_prepare uffd_fill_prepare; /* uffd_fill.c, I1 */
	enum fl_mremap_range mremap_range;	     /* mremap.c, do_mremap() */
	enum fl_mremap_dontunmap mremap_dontunmap;   /* mremap.c, move_vma() */
	enum fl_stack_growth stack_growth;	     /* stack.c, X2 and X5 */
	enum fl_vma_write_lock take_all_locks_vma;   /* mmu_notifier.c, T1 */
	enum fl_vma_write_lock mbind_vma_lock;	     /* mempolicy.c, P2 */
	enum fl_vma_write_lock merge_vma_lock;	     /* vma_merge.c, merge_commit() */
	enum fl_vma_write_lock insert_vma_lock;	     /* vma.c, vma_link() */
	enum fl_vma_write_lock stack_vma_lock;	     /* stack.c, X3 */
	enum fl_vma_mark_function vma_mark_function; /* uffd.c */
};

/* One release against the one before. */
struct fl_policy_release {
	struct fl_policy_profile profile;
	const char *changes; /* "field=value,..." or NULL */
};

extern const struct fl_policy_release fl_policy_releases[];
extern const size_t fl_policy_nr_releases;

/* The policy of a profile, with changes, in place: fl_policy_create() without the allocation. */
int fl_policy_init(struct fl_policy *policy, const char *kernel, const char *set, char *err,
		   size_t err_size);
/* "field=value,..." over what @policy has. -EINVAL: there is no such thing, and some may be changed. */
int fl_policy_change(struct fl_policy *policy, const char *set);

/* Field number @field of @policy as a number: an index into its values. */
unsigned int fl_policy_value_of(const struct fl_policy *policy, size_t field);
void fl_policy_set_value(struct fl_policy *policy, size_t field, unsigned int value);

#endif
