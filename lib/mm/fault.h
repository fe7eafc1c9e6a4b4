/* SPDX-License-Identifier: MIT */
/*
 * fault.h - page faults: how they are asked for, what they answer. After
 * include/linux/mm_types.h, 6.4.
 */
#ifndef FL_MM_FAULT_H
#define FL_MM_FAULT_H

#include "mm/mm_types.h"

enum fault_flag {
	FAULT_FLAG_WRITE = 0x01,
	FAULT_FLAG_ALLOW_RETRY = 0x04, /* the handler may let go of the lock and return RETRY */
	FAULT_FLAG_TRIED = 0x20,
	FAULT_FLAG_USER = 0x40,
	FAULT_FLAG_REMOTE = 0x80,
	FAULT_FLAG_UNSHARE = 0x400, /* make an anonymous page exclusive, without write permission */
	FAULT_FLAG_VMA_LOCK = 0x1000, /* under VL:R, not mmap:R */
};

typedef unsigned int vm_fault_t;

enum vm_fault_reason {
	VM_FAULT_OOM = 0x01,
	VM_FAULT_SIGBUS = 0x02,
	VM_FAULT_WRITE = 0x08, /* COW is broken: the page is the mm's own, if maybe not writable */
	VM_FAULT_SIGSEGV = 0x40,
	VM_FAULT_NOPAGE = 0x100,   /* nothing was done: the access is to be tried again */
	VM_FAULT_RETRY = 0x400,	   /* the lock was let go of by the handler */
	VM_FAULT_FALLBACK = 0x800, /* huge_memory.c: no huge page here; inside fault.c */
	/* With RETRY. As if a fatal signal came while it waited: fault_signal_pending() there. */
	VM_FAULT_KILLED = 0x8000,
};
#define VM_FAULT_ERROR (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV)

struct fault_lock;

struct vm_fault {
	struct fl_machine *m;
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	fl_vaddr address; /* of the page */
	unsigned int flags;
	struct fault_lock
		*lock;	 /* lock/strategy.h; NULL: mmap:R, or vma's own lock, as flags say */
	bool optimistic; /* vma is a copy: lock->vma may have changed since */
	bool gave_up;	 /* it had */
	pmd_t *pmdp;
	pmd_t pmd;	/* as last read: where the leaf table is, or what huge page is mapped */
	pte_t *ptep;	/* with *ptl held, where a step says so */
	pte_t orig_pte; /* what the fault is about */
	spinlock_t *ptl;
	struct page *page; /* that orig_pte maps; NULL: none that counts. do_fault(): the file's */
	struct page *cow_page; /* do_cow_fault(): the private copy */
	uint64_t pgoff;	       /* do_fault(): number of the page in the file */
};

/*
 * Under mmap:R, or VL:R with FAULT_FLAG_VMA_LOCK. Makes the access possible, or makes progress
 * towards it: the caller tries again. Unless it returns VM_FAULT_RETRY the lock is still held.
 */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, fl_vaddr addr, unsigned int flags);
/* The same, with FAULT_FLAG_VMA_LOCK and what fault_lock_begin() has filled in (lock/strategy.h). */
vm_fault_t handle_locked_fault(struct fault_lock *lock, struct vm_area_struct *vma, fl_vaddr addr,
			       unsigned int flags);
/* The same for optimistic ones, lock->copy. Unless it returns VM_FAULT_RETRY all of it is done. */
vm_fault_t handle_optimistic_fault(struct fault_lock *lock, fl_vaddr addr, unsigned int flags);

/*
 * arch_fault.c. What the processor calls for an access of a program at @addr of @mm. 0: try the
 * access again. Else as fl_load().
 */
int do_user_addr_fault(struct mm_struct *mm, fl_vaddr addr, bool write);
/* What the process on this CPU would get. No access to modelled memory. */
void force_sig_fault(struct fl_machine *m, int signo, int code, fl_vaddr addr, bool write);
/* A fault's answer as an errno; 0 if it is no error. */
int vm_fault_to_errno(vm_fault_t fault);

/* Between the files. cow.c; with *ptl held, which it lets go of. */
vm_fault_t do_wp_page(struct vm_fault *vmf);
/* cow.c; with *ptl held. The entry becomes dirty, and writable if the VMA is. Lets go of *ptl. */
void wp_page_reuse(struct vm_fault *vmf);
/* cow.c; F4's mutant wp_fault_flush=before-ptl. Without *ptl, orig_pte read. */
void wp_flush_before_ptl(struct vm_fault *vmf);
/* uffd.c: does @vma's userfaultfd let write faults clear the protection, instead of hearing of them? */
bool userfaultfd_wp_async(struct vm_area_struct *vma);
/*
 * file_fault.c. Nothing is mapped (or a marker), the VMA has operations; and a write to a read-only
 * entry of a shared mapping, with *ptl held, which it lets go of.
 */
vm_fault_t do_fault(struct vm_fault *vmf);
vm_fault_t wp_page_shared(struct vm_fault *vmf);
/* swap_fault.c; without *ptl. orig_pte refers to a swap slot. */
vm_fault_t do_swap_page(struct vm_fault *vmf);
/* numa.c; without *ptl. orig_pte is protnone in a VMA that may be accessed. */
vm_fault_t do_numa_page(struct vm_fault *vmf);
/* uffd.c; without *ptl. @reason: VM_UFFD_MISSING, VM_UFFD_WP or VM_UFFD_MINOR. */
vm_fault_t handle_userfault(struct vm_fault *vmf, unsigned long reason);
/*
 * fault.c: sees to it that the VMA has an anon_vma. 0, VM_FAULT_OOM, or VM_FAULT_RETRY: VL:R was let go of, because a
 * new one takes mmap:R, which could not be had at once.
 */
vm_fault_t vmf_anon_prepare(struct vm_fault *vmf);
/* fault.c: adds permissions and accessed, dirty to an entry. Did that change it? Under the PTL. */
bool ptep_set_access_flags(pte_t *ptep, pte_t entry);
/* fault.c: lets go of what keeps writers out (FAULT_FLAG_VMA_LOCK), before VM_FAULT_RETRY. */
void vmf_end_read(struct vm_fault *vmf);
/* fault.c: what comes next may sleep, or looks at more than the copy: true, and an optimistic fault is over. */
bool vmf_gives_up(struct vm_fault *vmf);
/* fault.c: a page for the fault. Optimistic: nothing is reclaimed for it. */
struct page *vmf_alloc_page(struct vm_fault *vmf);
/* fault.c, step F4: with the PTL, if the entry still is orig_pte; else false, nothing is locked. */
bool vmf_map_and_lock(struct vm_fault *vmf);
/* fault_around.c. NOPAGE: the entry for the address is there now, too; 0: it is not. mmap:R or VL:R. */
bool should_fault_around(const struct vm_fault *vmf);
vm_fault_t do_fault_around(struct vm_fault *vmf);
/* madvise.c. Does the entry permit the access? Without its PTL: it may change as soon as we know. */
bool is_populated(struct mm_struct *mm, fl_vaddr addr, bool write);
/*
 * madvise.c. Faults in what [start, end) has no page of, or no page that may be written. mmap:R, held
 * again on return. -EINVAL: not permitted. -ENOMEM: a hole, or no memory. -EFAULT, -EINTR.
 */
int faultin_page_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, bool write);
/* vma->vm_flags, as the fault acts on them: under VL:R the oracle hears of it. */
unsigned long fault_vm_flags(const struct vm_fault *vmf);
/* vma->vm_page_prot, of a new entry. */
pte_t fault_page_prot(const struct vm_fault *vmf);

/* The page of an entry that has one which counts: not the zero page. */
static inline struct page *vm_normal_page(const struct fl_machine *m, pte_t pte)
{
	struct page *page;

	if (pte_special(pte))
		return NULL;
	page = pfn_to_page(m, pte_pfn(pte));
	fl_addr_dep(page);
	return page;
}

static inline bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_READ | VM_WRITE);
}

/* What the fault is about was write-protected by userfaultfd: a marker. */
static inline bool vmf_orig_pte_uffd_wp(const struct vm_fault *vmf)
{
	return pte_marker_uffd_wp(vmf->orig_pte);
}

static inline pte_t maybe_mkwrite(pte_t pte, unsigned long vm_flags)
{
	return vm_flags & VM_WRITE ? pte_mkwrite(pte) : pte;
}

#endif
