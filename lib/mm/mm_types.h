/* SPDX-License-Identifier: MIT */
/*
 * mm_types.h - address spaces and their areas, and who may touch which field.
 *
 * After include/linux/{mm_types,mm}.h, Linux 6.4. "mmap:R" and "mmap:W" are mmap_lock held for
 * reading and for writing, "VL:R" a VMA that is read-locked (vma_start_read()), "VL:W" one that
 * is marked (vma_start_write()), "PTL" the lock of the page table that an entry is in.
 *
 *   field of a VMA            a writer needs       a reader needs
 *   vm_start, vm_end,         mmap:W and VL:W,     mmap:R or VL:R or i_mmap_rwsem or
 *   vm_pgoff                  i_mmap_rwsem and     the anon_vma's lock
 *                             the anon_vma's lock; a stack that grows up to 6.4: stack.c
 *   vm_flags, vm_page_prot    mmap:W and VL:W      mmap:R or VL:R
 *   uffd_ctx, vm_policy       mmap:W and VL:W      mmap:R or VL:R
 *   vm_lock_seq               mmap:W and vm_lock   vm_lock for reading, or mmap:W. The early check
 *                             for writing          has neither: a stale value is harmless there
 *   detached                  mmap:W and VL:W      vm_lock for reading
 *   anon_vma                  mmap:R and           mmap:R or VL:R, once it is set
 *                             page_table_lock
 *                             or VL:W
 *   detached_next             mmap:W, out of the tree
 *   vm_mm, vm_lock, vm_file   nobody, once it is in the tree
 */
#ifndef FL_MM_TYPES_H
#define FL_MM_TYPES_H

#include "mm/recycle.h"
#include "mm/vma_tree.h"
#include "mmu/frame.h"
#include "mmu/machine.h"
#include "mmu/pgtable.h"
#ifndef FAULTLINE_CHECK
#include "rt/native/rwlock/chosen.h"
#endif

/* Kernel values where user space can see them. */
#define VM_READ 0x00000001UL
#define VM_WRITE 0x00000002UL
#define VM_SHARED 0x00000008UL
#define VM_MAYREAD 0x00000010UL /* mprotect() could make it readable */
#define VM_MAYWRITE 0x00000020UL
#define VM_MAYSHARE 0x00000080UL
#define VM_GROWSDOWN 0x00000100UL /* grows when what is below it is touched: stack.c */
#define VM_UFFD_MISSING 0x00000200UL
#define VM_UFFD_WP 0x00001000UL
#define VM_ACCOUNT 0x00100000UL	   /* private, and writable once: it counts as memory in use */
#define VM_NORESERVE 0x00200000UL  /* it does not, ever */
#define VM_SOFTDIRTY 0x08000000UL  /* all of it counts as soft-dirty; cleared by clear_refs */
#define VM_HUGEPAGE 0x20000000UL   /* MADV_HUGEPAGE: huge pages where they fit */
#define VM_NOHUGEPAGE 0x40000000UL /* MADV_NOHUGEPAGE */
#define VM_MERGEABLE 0x80000000UL  /* KSM may merge its pages */
#define VM_UFFD_MINOR 0x4000000000UL
#define __VM_UFFD_FLAGS (VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

struct vm_area_struct;
struct vm_fault;
struct fl_file;
struct anon_vma; /* rmap.h */
struct anon_vma_chain;

/* What a mapping of a file does. NULL in a VMA: anonymous. fault.h has vm_fault_t. */
struct vm_operations_struct {
	/* The page of the file at vmf->pgoff, referenced and locked, to vmf->page. */
	unsigned int (*fault)(struct vm_fault *vmf);
	/*
	 * The page is about to become writable in a shared mapping. NULL: nobody needs to know.
	 * Called without the PTL; vmf->page is referenced and, on return, locked.
	 */
	unsigned int (*page_mkwrite)(struct vm_fault *vmf);
};

/* Apart from the VMA, so that readers who take it do not disturb readers of the VMA's fields. */
struct vma_lock {
	struct rw_semaphore lock;
};

struct vm_area_struct {
	uint64_t vm_start; /* bytes, on page boundaries */
	uint64_t vm_end;   /* the first byte after it */
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	pte_t vm_page_prot; /* of a new entry; without write permission in a private mapping */
	int vm_lock_seq;    /* marked as being written if equal to mm_lock_seq */
	int detached;	    /* no longer in the tree */
	struct vma_lock *vm_lock;		   /* policy vma_lock=rwsem-seq, else NULL */
	refcount_t vm_refcnt;			   /* policy vma_lock=refcnt: vma_refcnt.c */
	const struct vm_operations_struct *vm_ops; /* NULL: anonymous */
	struct fl_file *vm_file;		   /* with a reference; NULL: anonymous */
	struct vm_area_struct *i_mmap_next;	   /* of the same file; its i_mmap_rwsem */
	struct anon_vma *anon_vma;
	struct anon_vma_chain *anon_vma_chain; /* all that it has pages of; mmap:W, or mmap:R and
						* page_table_lock */
	uint64_t vm_pgoff; /* page number of vm_start: in the file, or when it was mapped */
	struct fl_uffd *uffd_ctx;
	struct mempolicy *vm_policy;	      /* on machines with mempolicy; NULL: the default */
	struct vm_area_struct *detached_next; /* munmap's list */
	struct retired retired;
};

/* Policy vma_lock=range-lock: lock/range_lock.c. */
struct range_lock {
	uintptr_t head;		 /* the first node, and ALONE */
	int all;		 /* all addresses are a writer's */
	struct range_node *held; /* mmap:W; what a writer has */
	uint64_t held_end;	 /* the highest end of these */
};

enum mm_flags { MMF_HAS_PINNED, MMF_VM_MERGEABLE, MMF_VM_EXITING };

struct mm_struct {
	struct fl_machine *machine; /* constant, as are pgd, id and asid */
	struct ptdesc *pgd;
	uint64_t id;
	uint64_t asid;
#ifdef FAULTLINE_CHECK
	struct rw_semaphore mmap_lock;
#else
	struct fl_chosen_lock mmap_lock; /* of the machine's kind */
#endif
	int mm_lock_seq;	      /* written under mmap:W. vma_lock.c */
	int vma_writer_wait;	      /* somebody with mmap:W waits for readers. vma_refcnt.c */
	refcount_t mm_count;	      /* the struct, not what is in it: mmgrab(), mmdrop() */
	struct vma_tree tree;	      /* changed under mmap:W */
	spinlock_t page_table_lock;   /* guards all entries but those of leaf tables; anon_vma */
	struct ptdesc *pmd_huge_pte;  /* the same lock: tables in reserve. huge_memory.c */
	seqcount_t write_protect_seq; /* odd while fork() write-protects */
	atomic_t tlb_flush_pending;   /* threads that changed entries and have yet to flush */
	atomic_t wrprotect_pending;   /* of these, who write-protects. Policy wrprotect_sync */
	atomic_t tlb_flush_batched;   /* reclaim's deferred flushes. tlb_batch.c */
	atomic_long_t tlb_gen;	      /* counts flushes. mmu/shootdown.c */
	unsigned long flags;	      /* enum mm_flags, atomic */
	unsigned long ksm_order;      /* when it became mergeable. ksm.c */
	unsigned long cpu_bitmap;     /* mm_cpumask(): CPUs that have it loaded, atomic */
	struct mm_struct *next;	      /* machine_state.mms, and its lock */
	struct fl_mmu_notifier
		*notifiers;    /* grows under mmap:W with all VMAs marked. mmu_notifier.c */
	struct fl_uffd *uffds; /* not closed yet; the same lock */
	struct range_lock range;
};

/* The public name. */
struct fl_mm {
	struct mm_struct mm;
};

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static inline bool is_cow_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

static inline uint64_t linear_page_index(const struct fl_machine *m,
					 const struct vm_area_struct *vma, fl_vaddr addr)
{
	uint64_t start = vma->vm_start;
	uint64_t pgoff = vma->vm_pgoff;

	return ((addr - start) >> m->page_shift) + pgoff;
}

#define mm_tlb_flush_pending(mm)                                                                   \
	(FL_LOAD(&(mm)->tlb_flush_pending.counter, FL_ONCE, "mm_tlb_flush_pending(" #mm ")") > 0)

#endif
