/* SPDX-License-Identifier: MIT */
/*
 * uffd.h - userfaultfd, between its three files (uffd.c: faults, messages, registration; uffd_wp.c:
 * write protection; uffd_fill.c: pages), and for fork and mremap. After include/linux/userfaultfd_k.h.
 */
#ifndef FL_MM_UFFD_H
#define FL_MM_UFFD_H

#include "mm/mm_types.h"

#include <faultline/uffd.h>

/* A fault that waits. Its own memory; on one list or none. */
struct userfaultfd_wait_queue {
	struct userfaultfd_wait_queue *next; /* guarded by ctx->lock, as is which list it is on */
	fl_vaddr address;
	int write;
	unsigned long reason; /* VM_UFFD_MISSING, VM_UFFD_WP or VM_UFFD_MINOR */
	int listed;	      /* guarded by ctx->lock */
	int waken;
};

/* A set, in the order in which fl_uffd_close() comes to it. */
enum uffd_released {
	UFFD_CLOSING = 1, /* faults do not wait for an answer any more */
	UFFD_CLEARED = 2, /* no VMA has it any more; stored under mmap:W */
};

struct fl_uffd {
	struct mm_struct *mm;
	unsigned int features; /* enum fl_uffd_features; constant */
	struct fl_uffd *next;  /* mm->uffds; guarded by machine_state.mm_lock */
	refcount_t refcount;   /* one for the user, one per fault in handle_userfault() */
	spinlock_t lock;
	int released;	/* enum uffd_released */
	int has_posted; /* 1 while posted is not empty; what a reader waits for */
	struct userfaultfd_wait_queue *posted; /* newest first */
	struct userfaultfd_wait_queue *read;
};

/* [@addr, *@end) is @pages pages, on page boundaries, inside what page tables reach. */
static inline bool uffd_range_ok(const struct fl_machine *m, fl_vaddr addr, size_t pages,
				 fl_vaddr *end)
{
	if (!pages || addr & (page_size(m) - 1) || addr > task_size(m) ||
	    pages > (task_size(m) - addr) >> m->page_shift)
		return false;
	*end = addr + ((uint64_t)pages << m->page_shift);
	return true;
}

/* uffd.c: lets the faults in [start, end) go on. No lock, or mmap_lock. */
void wake_userfault(struct fl_uffd *ctx, fl_vaddr start, fl_vaddr end);
/* Can writes be watched where there is no page? For anonymous VMAs; under mmap_lock or VL:R. */
bool userfaultfd_wp_unpopulated(struct vm_area_struct *vma);
/*
 * @vma is nobody's any more: a child's that did not inherit its userfaultfd (dup_userfaultfd(): no
 * EVENT_FORK), one that was moved (no EVENT_REMAP). Marked, or not in the tree yet. Entries keep
 * uffd-wp, which then means nothing; who copies or moves them leaves it out.
 */
void userfaultfd_reset_ctx(struct vm_area_struct *vma);

/*
 * uffd_wp.c: protects all of [start, end), inside @vma, or takes protection back. mmap:R, or mmap:W.
 * Returns how many entries changed, or -ENOMEM: markers had no room, part of it was done.
 */
long uffd_wp_range(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end, bool enable_wp);

#endif
