/* SPDX-License-Identifier: MIT */
/*
 * inspect.h - looking at a machine: entries, pages, VMAs, TLBs, counters.
 *
 * These read what is there without an effect and, but for fl_inspect_vma(), without a lock. While threads
 * of the machine run, what they say may be a moment old. Under the check engine they are for set-up code
 * and for what an oracle says at the end: only there does memory hold the values.
 */
#ifndef FAULTLINE_INSPECT_H
#define FAULTLINE_INSPECT_H

#include <stdbool.h>

#include <faultline/faultline.h>

/* A leaf entry, taken apart. */
struct fl_pte_info {
	bool none, present; /* neither: a marker, or the page is in swap or about to move */
	bool write, dirty, accessed, soft_dirty, uffd_wp; /* its bits */
	bool protnone;					  /* NUMA hinting, or PROT_NONE */
	bool special;					  /* the zero page */
	bool marker;					  /* no page, but uffd-wp is remembered */
	bool swap;					  /* a swap slot */
	bool migration; /* a page that is about to move (write: was it writable?) */
	bool exclusive; /* with either: the page was this mm's alone */
	bool huge; /* a huge page's, mapped as a whole: pfn is the one for the address asked for */
	uint64_t pfn;  /* if present; of the page that is about to move */
	uint64_t slot; /* if in swap */
};
/* The entry of @mm for @addr, in bytes. -EINVAL: out of range. Nothing there: none. */
int fl_inspect_pte(struct fl_pte_info *out, struct fl_mm *mm, fl_vaddr addr);
/* The same for what @cpu's TLB has for its present address space; 1: a hit, 0: nothing cached. -EINVAL. */
int fl_inspect_tlb(struct fl_pte_info *out, const struct fl_cpu *cpu, fl_vaddr addr);

/* A frame's struct page. */
struct fl_page_info {
	int refcount; /* all references, pins among them */
	int mapcount; /* entries that map it */
	bool anon, anon_exclusive, ksm, swapcache, dirty, locked, lru; /* its flags */
	bool huge; /* part of a huge page: counts and flags, but for anon_exclusive, are that one's */
	bool maybe_pinned; /* page_maybe_dma_pinned(): many references look like a pin */
	bool free;	   /* nobody has a reference */
};
/* Of frame number @pfn. -EINVAL: there is none. */
int fl_inspect_page(struct fl_page_info *out, struct fl_machine *m, uint64_t pfn);
/* Word number @i of a frame, past all page tables. -EINVAL: there is none. */
int fl_inspect_word(uint64_t *out, struct fl_machine *m, uint64_t pfn, size_t i);

/* A VMA. */
struct fl_vma_info {
	fl_vaddr start, end;	    /* [start, end), in bytes */
	unsigned int prot;	    /* enum fl_prot */
	bool shared, file;	    /* VM_SHARED; it maps a file */
	bool soft_dirty, mergeable; /* VM_SOFTDIRTY, VM_MERGEABLE */
	bool anon_vma;		    /* has one */
	unsigned int uffd_mode;	    /* enum fl_uffd_mode */
	uint64_t pgoff;		    /* of its first page in the file, in pages */
};
/*
 * The first VMA that ends after @addr; -ENOENT: there is none. For a list: go on at its end. Natively under
 * mmap_lock: not from a decision (extend.h).
 */
int fl_inspect_vma(struct fl_vma_info *out, struct fl_mm *mm, fl_vaddr addr);

/* What happened so far, summed over the CPUs. Natively; a check run counts nothing. */
struct fl_counters {
	uint64_t faults;	  /* page faults of programs */
	uint64_t faults_vma_lock; /* of these, finished under the VMA's lock */
	/*
	 * Faults that their lock strategy (lock.h) gave up, so that they took mmap_lock: because of a writer; because
	 * what they had looked at has changed since; because they need more than a mapping. Of the others,
	 * faults_vma_lock is those that did without mmap_lock.
	 */
	uint64_t faults_busy, faults_invalid, faults_more;
	uint64_t retries;			    /* faults that began again */
	uint64_t spurious;			    /* found nothing wrong */
	uint64_t zero_pages, new_pages, file_pages; /* mapped by them */
	uint64_t cow_copies, cow_reuses;	    /* write faults that copied, that did not */
	uint64_t tlb_hits;		/* 0 unless the machine counts them (fl_machine_config) */
	uint64_t tlb_misses;		/* accesses that walked the tables */
	uint64_t flushes, flushed_cpus; /* calls; and CPUs that they were for, summed up */
	uint64_t shootdowns;		/* of these calls, those that had to reach other CPUs */
	uint64_t gup_fast, gup_slow;	/* pages */
	uint64_t uffd_messages;		/* posted */
	uint64_t reclaimed, swap_ins;	/* frames that reclaim freed; pages read in from swap */
	uint64_t thp_faults;		/* huge pages mapped by faults */
	uint64_t thp_fallbacks;		/* there was none to be had */
	uint64_t thp_splits;		/* of PMDs */
	uint64_t thp_collapses;		/* huge pages made of base pages */
};
/* Those of all CPUs of @m. Any thread. */
void fl_inspect_counters(struct fl_counters *out, struct fl_machine *m);

#endif
