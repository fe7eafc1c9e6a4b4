/* SPDX-License-Identifier: MIT */
/*
 * memory.h - what worlds are made of, over and over: memory in a certain state, and threads that take pages away from a
 * program, or fault them in. Compiled code, not inline: pictures cite its lines.
 */
#ifndef FL_SCENARIOS_MEMORY_H
#define FL_SCENARIOS_MEMORY_H

#include <faultline/scenario.h>

/* The machine's CPU number @i, for set-up code: what it touches is in its TLB. */
struct fl_cpu *other_cpu(const struct fl_cpu *cpu, unsigned int i);
/*
 * Maps @pages pages of private anonymous memory; @cpu stores 1 to the first. So the VMA has its anon_vma, without which 6.4
 * never tries a VMA's lock. 0 or a negative errno, as all here.
 */
int map_written(fl_vaddr *out, struct fl_cpu *cpu, struct fl_mm *mm, size_t pages);
/* The same, of one page, and another mapping beside it: so the page table stays when the page is unmapped. */
int map_written_beside(fl_vaddr *out, struct fl_cpu *cpu, struct fl_mm *mm);
/* The same, of a huge page. */
int map_huge_written(fl_vaddr *out, struct fl_cpu *cpu, struct fl_mm *mm);
/* The frame of the page at @addr, which is there. */
int find_frame(uint64_t *pfn, struct fl_mm *mm, fl_vaddr addr);

/* A world with one page that is taken away or pinned; or the first member of one. */
struct one_page {
	struct fl_mm *mm;
	fl_vaddr page; /* private, anonymous */
	uint64_t pfn;  /* its frame at the start */
	struct fl_pin pin;
};

/* The program on @cpu has written to it. */
int set_up_one_page(struct fl_cpu *cpu, struct fl_mm *mm, void *world);

/* Threads. */
void do_reclaim(struct fl_cpu *cpu, void *world);
void do_migrate(struct fl_cpu *cpu, void *world);
/* A read pin without a lock. It is kept: the oracle looks at the page when all is over. */
void do_gup_fast_only(struct fl_cpu *cpu, void *world);

/* A world in which a fault of a page that is not there yet meets a change of its VMA. */
struct two_pages {
	struct fl_mm *mm;
	fl_vaddr range; /* two pages of one VMA, private, anonymous; the first one was written to */
};

int set_up_two_pages(struct fl_cpu *cpu, struct fl_mm *mm, void *world);

/* Threads. */
void do_unmap_two_pages(struct fl_cpu *cpu, void *world);
void do_store_to_second(struct fl_cpu *cpu, void *world);

#endif
