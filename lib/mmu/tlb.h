/* SPDX-License-Identifier: MIT */
/*
 * tlb.h - the entries of a TLB, and the access that finds what it needs there. tlb.c has the rest.
 *
 * Natively a hit is a matter of nanoseconds. So it is inline (mmu_load_fast(), mmu_store_fast()), all
 * that it needs is in one line of the CPU's (struct tlb_fast), and an entry knows where the frame is.
 * It does what mmu_access() would do, and leaves to that:
 *   - flushes by broadcast, since the access would have to hold the TLB's lock;
 *   - accesses that an oracle watches, or that are counted;
 *   - all but a permitted hit of a CPU that nobody interrupts;
 *   - hosts without membarrier(2).
 * Interrupts are off meanwhile, which is two stores to the thread's own line (T1, T4 of lib/rt/ipi.c).
 * Whatever a mistake in it does, the check engine does not see: there it does nothing.
 */
#ifndef FL_MMU_TLB_H
#define FL_MMU_TLB_H

#include "mmu/machine.h"
#include "mmu/pte.h"
#include "oracle/hooks.h"

enum mmu_access { MMU_LOAD, MMU_STORE };

struct tlb_entry {
	uint64_t tag; /* page number << 16 | asid << 1 | 1, or 0 */
	pte_t pte;
#ifndef FAULTLINE_CHECK
	uint64_t *words; /* of the frame */
	uint64_t pad;	 /* two entries to a line */
#endif
};

struct tlb {
	struct rw_semaphore lock; /* T: with policy tlb_flush=broadcast */
	unsigned int victim;	  /* the way to evict next, of any set */
	struct tlb_entry entries[] __attribute__((aligned(64)));
};

static inline uint64_t tlb_tag(const struct fl_machine *m, uint64_t asid, fl_vaddr addr)
{
	return addr >> m->page_shift << 16 | asid << 1 | 1;
}

static inline struct tlb_entry *tlb_set(const struct fl_cpu *cpu, fl_vaddr addr)
{
	const struct fl_machine *m = cpu->machine;
	uint64_t set = addr >> m->page_shift & (m->tlb_sets - 1);

	return &cpu->tlb->entries[set * m->tlb_ways];
}

/* The entry for @tag, or NULL. */
static inline struct tlb_entry *tlb_lookup(const struct fl_cpu *cpu, fl_vaddr addr, uint64_t tag)
{
	struct tlb_entry *set = tlb_set(cpu, addr), *end = set + cpu->machine->tlb_ways;

	do {
		if (READ_ONCE(set->tag) == tag)
			return set;
	} while (++set != end);
	return NULL;
}

#ifdef FAULTLINE_CHECK

static inline void tlb_fast_update(struct fl_cpu *cpu)
{
	(void)cpu;
}

#define mmu_load_fast(cpu, addr, word) ((void)(cpu), (void)(addr), (void)(word), false)
#define mmu_store_fast(cpu, addr, word) ((void)(cpu), (void)(addr), (void)(word), false)

#else

/* No entry's tag: these have bit 0 set, and empty ones are 0. */
#define TLB_FAST_OFF 2

/* After the CPU loaded an address space, or none. */
static inline void tlb_fast_update(struct fl_cpu *cpu)
{
	const struct cpu_state *state = cpu->state;
	bool on = state->mm && cpu->machine->tlb_fast && !fl_oracles_on && !fl_native_fences;

	cpu->fast.tag = on ? state->asid << 1 | 1 : TLB_FAST_OFF;
}

/* Begins the access. Where the word at @addr is, if an entry has all bits of @need; or NULL. */
static inline uint64_t *tlb_fast_word(const struct fl_cpu *cpu, fl_vaddr addr, pte_t need)
{
	const struct tlb_fast *f = &cpu->fast;
	const struct tlb_entry *entry;
	uintptr_t at, end;
	uint64_t tag;

	/* An interrupt first; not aligned, out of range. */
	if (!fl_native_access_begin() || addr % FL_WORD_SIZE || addr >= f->task_size)
		return NULL;
	tag = addr >> f->page_shift << 16 | f->tag;
	at = (uintptr_t)f->entries + (addr >> f->set_shift & f->set_mask);
	end = at + f->set_bytes;
	do {
		entry = (const struct tlb_entry *)at;
		if (READ_ONCE(entry->tag) == tag) {
			if ((READ_ONCE(entry->pte) & need) != need)
				return NULL;
			return READ_ONCE(entry->words) + (addr & f->offset_mask) / FL_WORD_SIZE;
		}
		at += sizeof(*entry);
	} while (at != end);
	return NULL;
}

/* True: the access was made. */
static inline bool mmu_load_fast(const struct fl_cpu *cpu, fl_vaddr addr, uint64_t *word)
{
	const uint64_t *memory = tlb_fast_word(cpu, addr, _PAGE_PRESENT | _PAGE_USER);

	if (__builtin_expect(memory != NULL, 1))
		*word = READ_ONCE(*memory);
	fl_native_access_end();
	return memory != NULL;
}

static inline bool mmu_store_fast(const struct fl_cpu *cpu, fl_vaddr addr, uint64_t word)
{
	uint64_t *memory =
		tlb_fast_word(cpu, addr, _PAGE_PRESENT | _PAGE_USER | _PAGE_RW | _PAGE_DIRTY);

	if (__builtin_expect(memory != NULL, 1))
		WRITE_ONCE(*memory, word);
	fl_native_access_end();
	return memory != NULL;
}

#endif

#endif
