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
	bool none, present;
	bool write, dirty, accessed, soft_dirty, uffd_wp;
	bool protnone; /* NUMA hinting, or PROT_NONE */
	bool special;  /* the zero page */
	bool marker;   /* no page, but uffd-wp is remembered */
	uint64_t pfn;  /* if present */
};
/* -EINVAL: out of range. Nothing there: none. */
int fl_inspect_pte(struct fl_pte_info *out, struct fl_mm *mm, fl_vaddr addr);
/* The same for what @cpu's TLB has for its present address space; 1: a hit, 0: nothing cached. */
int fl_inspect_tlb(struct fl_pte_info *out, const struct fl_cpu *cpu, fl_vaddr addr);

struct fl_page_info {
	int refcount; /* all references, pins among them */
	int mapcount;
	bool anon, anon_exclusive, ksm, swapcache, dirty, locked, lru;
	bool maybe_pinned;
	bool free;
};
int fl_inspect_page(struct fl_page_info *out, struct fl_machine *m, uint64_t pfn);
/* Word @i of a frame, past all page tables. */
int fl_inspect_word(uint64_t *out, struct fl_machine *m, uint64_t pfn, size_t i);

struct fl_vma_info {
	fl_vaddr start, end;
	unsigned int prot; /* enum fl_prot */
	bool shared, file, soft_dirty, mergeable;
	bool anon_vma;		/* has one */
	unsigned int uffd_mode; /* enum fl_uffd_mode */
	uint64_t pgoff;
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
	uint64_t retries;	  /* faults that began again */
	uint64_t spurious;	  /* found nothing wrong */
	uint64_t zero_pages, new_pages, file_pages;
	uint64_t cow_copies, cow_reuses;
	uint64_t tlb_hits,
		tlb_misses; /* hits: 0 unless the machine counts them (fl_machine_config) */
	uint64_t flushes, flushed_cpus;
	uint64_t gup_fast, gup_slow; /* pages */
	uint64_t uffd_messages;
};
void fl_inspect_counters(struct fl_counters *out, struct fl_machine *m);

#endif
