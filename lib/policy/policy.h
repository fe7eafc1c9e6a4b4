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
enum fl_tlb_flush { FL_TLB_FLUSH_BROADCAST, FL_TLB_FLUSH_IPI };
enum fl_vma_lock { FL_VMA_LOCK_NONE, FL_VMA_LOCK_RWSEM_SEQ };
enum fl_vma_order { FL_VMA_RELAXED, FL_VMA_ORDERED };
enum fl_vma_access { FL_VMA_PLAIN, FL_VMA_ONCE };
enum fl_vma_mark_function { FL_VMA_START_WRITE, FL_VMA_TRY_START_WRITE };

struct fl_policy {
	enum fl_barrier pae_clear_barrier;	     /* rmap.h, A1 to A2 */
	enum fl_barrier pae_restore_barrier;	     /* rmap.h, A3 to A4 */
	enum fl_barrier gup_pin_barrier;	     /* gup.c, B3 to B4 */
	enum fl_barrier gup_unshare_barrier;	     /* gup.c, B4 to B5 */
	enum fl_ptep_clear ptep_clear;		     /* pgtable.h */
	enum fl_ksm_flush ksm_flush;		     /* ksm.c */
	enum fl_tlb_flush tlb_flush;		     /* shootdown.c, tlb.c */
	enum fl_vma_lock vma_lock;		     /* vma_lock.c */
	enum fl_vma_order vma_unlock_order;	     /* vma_lock.c, A5 */
	enum fl_vma_order vma_check_order;	     /* vma_lock.c, B3 */
	enum fl_vma_access vma_mark;		     /* vma_lock.c, A2 in vma_start_write() */
	enum fl_vma_access vma_try_mark;	     /* vma_lock.c, A2 in vma_try_start_write() */
	enum fl_vma_access vma_early_check;	     /* vma_lock.c, before B1 */
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

/* Field number @field of @policy as a number: an index into its values. */
unsigned int fl_policy_value_of(const struct fl_policy *policy, size_t field);
void fl_policy_set_value(struct fl_policy *policy, size_t field, unsigned int value);

#endif
