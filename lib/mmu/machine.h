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

/* What a CPU has loaded; its own thread's, or set-up's. */
struct cpu_state {
	struct mm_struct *mm; /* lib/mm's; the MMU knows the next two alone */
	struct ptdesc *pgd;
	uint64_t asid;
};

struct fl_cpu {
	struct fl_machine *machine;
	unsigned int nr;
	struct cpu_state *state;
	struct tlb *tlb;
	struct frame_list *free; /* frames that this CPU gave back or fetched in advance */
};

/* What belongs to the machine as a whole and changes. */
struct machine_state {
	struct frame_list free; /* what no CPU has in its own list */
	spinlock_t mm_lock;
	struct mm_struct *mms; /* guarded by mm_lock: all address spaces */
	uint64_t next_mm_id;   /* guarded by mm_lock */
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
	unsigned int section_shift; /* log2 of the frames in a section */
	struct mem_section *sections;
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

static inline fl_vaddr page_align_down(const struct fl_machine *m, fl_vaddr addr)
{
	return addr & ~(page_size(m) - 1);
}

/* The first address that the page tables can't reach. */
static inline fl_vaddr task_size(const struct fl_machine *m)
{
	return 1ULL << (m->page_shift + m->levels * m->level_bits);
}

/* The CPU that the calling thread acts as; CPU 0 in set-up code. */
static inline struct fl_cpu *this_cpu(struct fl_machine *m)
{
	return &m->cpus[smp_processor_id()];
}

#endif
