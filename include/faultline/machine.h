/* SPDX-License-Identifier: MIT */
/*
 * machine.h - a simulated machine: CPUs with TLBs, page frames, the geometry of its page tables.
 *
 * One machine at a time per process. fl_machine_create() and fl_machine_destroy() are not to be
 * called while any thread acts as one of its CPUs; the rest of the API then is for those threads.
 *
 * All sizes belong to the machine. A field of 0 means the engine's default: under the native engine
 * pages of 4 KiB and four levels of 512 entries, under the check engine pages of two words and two
 * levels of four entries, so that copying a page is a few accesses that can race.
 *
 * Swap, migration, huge pages, memory policies and mmu notifiers are there only if asked for: each makes work for faults that
 * have nothing to do with it. Calls that need what a machine has not are -EOPNOTSUPP.
 */
#ifndef FAULTLINE_MACHINE_H
#define FAULTLINE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include <faultline/faultline.h>

struct fl_rwlock;
struct fl_lock_strategy;

#define FL_LRU_NO_BATCH (~0U)

/* What a machine is made like. */
struct fl_machine_config {
	unsigned int cpus;	 /* 1 to 64; 0: one */
	uint64_t frames;	 /* page frames, the zero page among them */
	unsigned int page_words; /* words per page, a power of two from 2 to 512 */
	unsigned int levels;	 /* of the page tables, 2 to 5 */
	unsigned int level_bits; /* 1 to 9: each table has 1 << level_bits entries */
	unsigned int tlb_sets;	 /* per CPU, a power of two */
	unsigned int tlb_ways;	 /* entries per set */
	/*
	 * New pages wait in a batch of this many per CPU, each with one more reference, until it is
	 * full: then they are on the LRU. 0: the engine's default, 15 natively, none in check runs;
	 * FL_LRU_NO_BATCH: none.
	 */
	unsigned int lru_batch;
	const struct fl_policy *policy; /* copied; NULL: the newest release profile */
	int uffd_must_answer; /* 1, in check runs: a fault that waits for ever is a deadlock */
	int no_oracles;	      /* 1: nobody watches, for benchmarks */
	/*
	 * 1: in check runs the TLB may, at each access of a program, also fetch the translation of
	 * the page after, or lose that of the page itself. Hardware may, at any time; it multiplies
	 * the executions. Natively nothing changes.
	 */
	int tlb_speculate;
	unsigned int migration; /* enum fl_migration, migrate.h: who may move pages. 0: nobody */
	/*
	 * Pages that may be in swap at once; 0: there is no swap, and nothing is reclaimed (reclaim.h). When
	 * frames run out pages go there. A slot takes as much memory as a frame.
	 */
	unsigned int swap_slots;
	/*
	 * Transparent huge pages (thp.h); so many blocks of 1 << level_bits frames, or fewer if there are not
	 * as many, are kept together at the start. More come to be when all frames of one are free. 0: none.
	 */
	unsigned int huge_pages;
	int mempolicy; /* 1: fl_mbind(), numa.h. Without it a fault does not look for a policy */
	int mmu_notifiers; /* 1: fl_mmu_notifier_register(), mmu_notifier.h. Without it nobody is told */
	/*
	 * A read fault of a file also maps what the page cache has of the pages around it, as far as they are in the same
	 * block of so many: a power of two; Linux: 16. 0: the one page alone.
	 */
	unsigned int fault_around;
	int count_tlb_hits; /* 1: fl_inspect_counters() has them, which costs time */
	/*
	 * What mmap_lock of its address spaces is, natively; NULL: "rwsem" (rwlock.h). Kept by reference. Under the
	 * check engine it is a lock of the engine's own: -EOPNOTSUPP if one is given.
	 */
	const struct fl_rwlock *rwlock;
	/* How faults are kept apart from who changes mappings (lock.h). NULL: as the policy says. */
	const struct fl_lock_strategy *lock;
};

/*
 * Fills @config in with the sizes of a check run, whatever the engine: for tests with small
 * worlds.
 */
void fl_machine_config_small(struct fl_machine_config *config);

/*
 * Expected failures: -EINVAL (a size out of range, a lock that lacks functions, a lock strategy without fault_begin or
 * mark_vma, or with too much memory of its own), -EBUSY (there is a machine already), -EOPNOTSUPP (a lock, under the
 * check engine), -ENOMEM.
 * The machine is the caller's; @config is not needed afterwards.
 */
int fl_machine_create(struct fl_machine **out, const struct fl_machine_config *config);
/*
 * Natively, address spaces, files, pipes and buffers of @m that are still there are destroyed with it. NULL
 * is allowed.
 */
void fl_machine_destroy(struct fl_machine *m);

/* The machine's CPU number @i; NULL if there is none. It lives as long as the machine. */
struct fl_cpu *fl_machine_cpu(struct fl_machine *m, unsigned int i);
/* How many it has; their numbers are 0 to that less one. */
unsigned int fl_machine_nr_cpus(const struct fl_machine *m);
/* Bytes per page: page_words * FL_WORD_SIZE. */
size_t fl_machine_page_size(const struct fl_machine *m);
/* Frames that are neither in use nor the zero page. Exact while nothing runs. */
uint64_t fl_machine_free_frames(struct fl_machine *m);

/*
 * The calling thread acts as @cpu from now on. One thread per CPU, one CPU per thread: else -EBUSY.
 * Threads of a scenario are bound by the runner.
 */
int fl_cpu_bind(struct fl_cpu *cpu);
/* Undoes it, by the same thread: a CPU without one is idle, and requests to it (a TLB shootdown) are answered at once. */
void fl_cpu_unbind(struct fl_cpu *cpu);

/* Its number within the machine, from 0 on. Any thread. */
unsigned int fl_cpu_number(const struct fl_cpu *cpu);
/* The machine that it belongs to. Any thread. */
struct fl_machine *fl_cpu_machine(const struct fl_cpu *cpu);

/* The address, in bytes, of page number @i of a range that starts at @range. */
fl_vaddr fl_page(const struct fl_cpu *cpu, fl_vaddr range, size_t i);

#endif
