/* SPDX-License-Identifier: MIT */
/*
 * machine.h - what a machine consists of (internal).
 *
 * Two kinds of state. What is fixed when the machine is created (sizes, policy, where things are)
 * is in struct fl_machine and struct fl_cpu: ordinary memory of the host, no access to it is an
 * event. What changes while threads run is in objects of fl_zalloc() that these point to: the
 * modelled memory, which the check engine brings back to its first state for each execution.
 */
#ifndef FL_MMU_MACHINE_H
#define FL_MMU_MACHINE_H

#include <faultline/faultline.h>
#include <faultline/rt.h>

#include "mmu/alloc.h"
#include "policy/policy.h"

struct page;
struct ptdesc;
struct mm_struct;

/* Frames with a singly linked list through struct page; pfn 0, the zero page, ends it. */
struct frame_list {
	spinlock_t lock;
	uint32_t head; /* guarded by lock, as is page->next of all pages on the list */
};

/* Some frames whose descriptors and contents lie next to each other. */
struct mem_section {
	struct page *pages;
	uint64_t *words;
};

/*
 * An address space that a CPU may have translations of, and up to which of its flushes the CPU has
 * made them. With policy tlb_flush=ipi; mmu/shootdown.c.
 */
struct tlb_context {
	uint64_t ctx_id; /* mm->id; 0: nobody's */
	long tlb_gen;
};

/* As many as x86 keeps. */
#define TLB_NR_DYN_ASIDS 6

/*
 * What a CPU has loaded; its own thread's, or set-up's, or, with interrupts to it held off, a
 * flush's.
 */
struct cpu_state {
	struct mm_struct *mm;	     /* of the program that runs; NULL: none runs */
	struct ptdesc *pgd;	     /* what a walk begins at */
	uint64_t asid;		     /* in the tags of the TLB's entries */
	struct mm_struct *loaded_mm; /* whose the last two are; a kernel thread leaves it loaded */
	int is_lazy;		     /* a kernel thread runs. Others read it */
	unsigned int next_asid;	     /* the context to be given out next */
	struct tlb_context ctxs[TLB_NR_DYN_ASIDS];
};

/* What an access needs to find its translation, in one line. Of the native engine: mmu/tlb.h. */
struct tlb_fast {
	uint64_t tag; /* of the loaded address space; or TLB_FAST_OFF, and nothing is found */
	uint64_t set_mask, offset_mask; /* of an address */
	fl_vaddr task_size;
	struct tlb_entry *entries;
	uint32_t set_bytes;
	uint8_t page_shift, set_shift;
} __attribute__((aligned(64)));

struct fl_cpu {
	struct fl_machine *machine;
	unsigned int nr;
	struct cpu_state *state;
	struct tlb *tlb;
	struct tlb_fast fast;		  /* its own thread's; memory of the host */
	struct frame_list *free;	  /* frames that this CPU gave back or fetched in advance */
	struct lru_batch *lru;		  /* mm/lru.c: pages on their way to the LRU */
	struct tlbflush_unmap_batch *ubc; /* mm/tlb_batch.c: reclaim's deferred flush */
	struct object_cache *objects;	  /* mmu/objects.c: freed ones; natively, or NULL */
	struct vma_cache *vmas;		  /* mm/vma_cache.c: freed ones; NULL without the policy */
	struct anon_vma_cache
		*anon_vmas; /* mm/anon_vma_cache.c: the same; NULL without rmap_walks */
	struct vm_area_struct *vma_copy; /* mm/lock/speculative.c; NULL without the policy */
	struct range_pool *ranges;	 /* mm/lock/range_pool.c; NULL without the policy */
	struct fl_signal signal;	 /* of its own thread; memory of the host, no events */
	struct fl_counters counters;	 /* the same */
};

/* What belongs to the machine as a whole and changes. */
struct machine_state {
	struct frame_list free;	     /* what no CPU has in its own list */
	struct frame_list free_huge; /* blocks, by their first frames */
	spinlock_t mm_lock;
	struct mm_struct *mms; /* guarded by mm_lock: all address spaces */
	struct owned *owned;   /* guarded by mm_lock: owned.h */
	uint64_t next_mm_id;   /* guarded by mm_lock */
	struct ksm *ksm;       /* mm/ksm.h; constant */
	atomic_t reclaim_hand; /* mm/vmscan.c: the frame that is looked at next */
};

struct fl_machine {
	struct fl_policy policy;
	unsigned int nr_cpus;
	uint64_t nr_frames;
	unsigned int page_words;
	unsigned int page_shift; /* of bytes */
	unsigned int levels;
	unsigned int level_bits;
	unsigned int tlb_sets;
	unsigned int tlb_ways;
	unsigned int tlb_flush_ceiling; /* more pages than this: all of the address space */
	bool tlb_speculate;		/* fl_machine_config */
	bool tlb_fast;			/* hits may go past mmu_access(): mmu/tlb.h */
	uint64_t task_size;		/* the first address that the page tables can't reach */
	bool uffd_must_answer;		/* a fault that userfaultfd never answers is a deadlock */
	unsigned int lru_batch;		/* pages per CPU's batch; 0: pages go to the LRU at once */
	struct fl_decisions decisions;
	const struct fl_lock_strategy
		*user_lock;  /* with vma_lock=user, else NULL: mm/lock/user.c */
	bool anon_exclusive; /* PG_anon_exclusive is kept: some policy asks for it */
	unsigned int
		fault_around;	/* pages that a read fault of a file may map: fl_machine_config */
	unsigned int migration; /* who may move pages: fl_machine_config */
	bool mempolicy;		/* VMAs can have policies: fl_machine_config */
	bool mmu_notifiers;	/* somebody may subscribe to invalidations: fl_machine_config */
	bool rmap_walks;	/* somebody walks from pages to their mappings: mm/rmap_walk.c */
	bool huge_pages;	/* there are transparent huge pages */
	uint64_t huge_blocks;	/* that are kept together at the start */
	uint32_t
		*block_frames; /* frame.c: free ones of each block, when it looks for a whole one */
	/* Of what kind mmap_lock is; NULL: the default. */
	const struct fl_rwlock *rwlock;
	uint64_t section_frames; /* in each: one in check runs, natively all */
	struct mem_section *sections;
	struct swap_info *swap; /* mm/swapfile.h; NULL: the machine has no swap */
	unsigned int nr_slots;
	struct swap_slot **slots; /* from 1 on */
	/* mm/vmscan.c, on machines with swap: takes some pages away. False: there is nothing left to take. */
	bool (*try_to_free_pages)(struct fl_machine *m);
	struct fl_cpu *cpus;
	struct machine_state *state;
	/* lib/mm's part of fl_describe(). */
	int (*describe_more)(const struct fl_machine *m, uintptr_t addr, uint64_t value, char *buf,
			     size_t n);
	bool owns_ipi; /* fl_ipi_init() was called for this machine */
};

static inline uint64_t page_size(const struct fl_machine *m)
{
	return 1ULL << m->page_shift;
}

/* Of a huge page: what a leaf table maps, in base pages and in bytes. */
static inline unsigned int hpage_nr(const struct fl_machine *m)
{
	return 1U << m->level_bits;
}

static inline uint64_t hpage_size(const struct fl_machine *m)
{
	return 1ULL << (m->page_shift + m->level_bits);
}

static inline fl_vaddr hpage_align_down(const struct fl_machine *m, fl_vaddr addr)
{
	return addr & ~(hpage_size(m) - 1);
}

static inline fl_vaddr page_align_down(const struct fl_machine *m, fl_vaddr addr)
{
	return addr & ~(page_size(m) - 1);
}

static inline fl_vaddr task_size(const struct fl_machine *m)
{
	return m->task_size;
}

/* fl_inspect_counters(). A check run counts nothing: its code runs more often than its executions. */
#ifdef FAULTLINE_CHECK
#define fl_count_add(m, what, n) ((void)0)
#else
/* The CPU's thread alone stores, so this loses nothing; others may look meanwhile. */
#define fl_count_add(m, what, n)                                                                   \
	do {                                                                                       \
		uint64_t *counter_ = &this_cpu(m)->counters.what;                                  \
                                                                                                   \
		__atomic_store_n(counter_, *counter_ + (n), __ATOMIC_RELAXED);                     \
	} while (0)
#endif
#define fl_count(m, what) fl_count_add(m, what, 1)

/* The CPU that the calling thread acts as; CPU 0 in set-up code. */
static inline struct fl_cpu *this_cpu(struct fl_machine *m)
{
	return &m->cpus[smp_processor_id()];
}

#endif
