// SPDX-License-Identifier: MIT
/*
 * tlb.c - the translation lookaside buffer of a CPU, and an access of a program.
 *
 * State: per CPU, tlb_sets sets of tlb_ways entries, each a tag (page number, address-space id,
 * valid) and the page-table entry as it was when it was fetched. An entry lives until it is
 * invalidated or evicted, whatever the page table says by now: that is the point of the model.
 *
 *   hit, permitted             the access goes to the frame, no page table is read
 *   hit, store, not yet dirty  the walker is asked again: it sets dirty, or finds the entry changed
 *   hit, not permitted         fault, without a look at the page table; the entry is dropped, so
 *                              that the access succeeds once the kernel finds nothing wrong (a
 *                              spurious fault)
 *   miss                       the walker is asked
 *
 * How a flush by another CPU gets in (policy tlb_flush):
 *
 *   ipi        not at all. Only the CPU itself touches its TLB; it runs the flush as an interrupt,
 *              between two accesses, never inside one.
 *   broadcast  the TLB has a lock, T below. The owner holds it for a whole access, from the
 *              lookup, over the walk and the fill, to the access to memory. Whoever flushes
 *              takes it to invalidate.
 *
 * With T, an access that began before a flush is complete, and what it filled from the old entry
 * is in the TLB, when the flush gets T and removes it. One that begins after reads T's release,
 * so its walk reads what was stored before the flush. This is what TLBI and DSB promise.
 *
 * T is a rw_semaphore, not a spinlock, for its weaker order: two accesses of one CPU must not be
 * ordered by a lock that the hardware does not have. Under tso T is a locked instruction all the
 * same: look at a program's own store buffering with ipi.
 *
 * Models: Intel SDM 3A 4.10; Arm ARM D8.16; no speculative fills yet.
 * Policy: tlb_flush.
 */
#include "mmu/frame.h"
#include "mmu/mmu.h"

#include <errno.h>

struct tlb_entry {
	uint64_t tag; /* page number << 16 | asid << 1 | 1, or 0 */
	pte_t pte;
};

struct tlb {
	struct rw_semaphore lock; /* T: with policy tlb_flush=broadcast */
	uint64_t victim;	  /* the way to evict next, of any set */
	struct tlb_entry entries[];
};

static uint64_t tlb_tag(const struct fl_machine *m, uint64_t asid, fl_vaddr addr)
{
	return addr >> m->page_shift << 16 | asid << 1 | 1;
}

static struct tlb_entry *tlb_set(const struct fl_cpu *cpu, fl_vaddr addr)
{
	const struct fl_machine *m = cpu->machine;
	uint64_t set = addr >> m->page_shift & (m->tlb_sets - 1);

	return &cpu->tlb->entries[set * m->tlb_ways];
}

static void tlb_lock(struct fl_cpu *cpu)
{
	if (cpu->machine->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST)
		down_write(&cpu->tlb->lock);
}

static void tlb_unlock(struct fl_cpu *cpu)
{
	if (cpu->machine->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST)
		up_write(&cpu->tlb->lock);
}

/* The entry for @tag, or NULL. */
static struct tlb_entry *tlb_lookup(struct fl_cpu *cpu, fl_vaddr addr, uint64_t tag)
{
	struct tlb_entry *set = tlb_set(cpu, addr);

	for (unsigned int way = 0; way < cpu->machine->tlb_ways; way++) {
		if (READ_ONCE(set[way].tag) == tag)
			return &set[way];
	}
	return NULL;
}

static void tlb_fill(struct fl_cpu *cpu, fl_vaddr addr, uint64_t tag, pte_t pte)
{
	unsigned int ways = cpu->machine->tlb_ways, way = 0;
	struct tlb_entry *set = tlb_set(cpu, addr);

	if (ways > 1) {
		while (way < ways && READ_ONCE(set[way].tag) != 0)
			way++;
		if (way == ways) {
			way = (unsigned int)(READ_ONCE(cpu->tlb->victim) % ways);
			WRITE_ONCE(cpu->tlb->victim, way + 1);
		}
	}
	WRITE_ONCE(set[way].tag, tag);
	WRITE_ONCE(set[way].pte, pte);
}

/* With T held. Translates @addr for @access; false is a fault. */
static bool tlb_translate(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, pte_t *pte)
{
	struct cpu_state *state = cpu->state;
	uint64_t tag = tlb_tag(cpu->machine, state->asid, addr);
	struct tlb_entry *entry = tlb_lookup(cpu, addr, tag);
	bool store = access == MMU_STORE;

	if (entry) {
		*pte = READ_ONCE(entry->pte);
		fl_addr_dep(frame_words(cpu->machine, pte_pfn(*pte)));
		if (!pte_access_permitted(*pte, store)) {
			WRITE_ONCE(entry->tag, 0);
			return false;
		}
		if (!store || pte_dirty(*pte))
			return true;
	}
	if (!mmu_walk(cpu->machine, state->pgd, addr, access, pte)) {
		if (entry)
			WRITE_ONCE(entry->tag, 0);
		return false;
	}
	if (entry)
		WRITE_ONCE(entry->pte, *pte);
	else
		tlb_fill(cpu, addr, tag, *pte);
	return true;
}

bool mmu_access(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, uint64_t *word)
{
	const struct fl_machine *m = cpu->machine;
	uint64_t *memory;
	pte_t pte;
	bool ok;

	tlb_lock(cpu);
	ok = tlb_translate(cpu, addr, access, &pte);
	if (ok) {
		memory = frame_words(m, pte_pfn(pte)) + (addr & (page_size(m) - 1)) / FL_WORD_SIZE;
		if (access == MMU_STORE)
			WRITE_ONCE(*memory, *word);
		else
			*word = READ_ONCE(*memory);
	}
	tlb_unlock(cpu);
	return ok;
}

static void tlb_drop_page(struct fl_cpu *cpu, fl_vaddr addr, uint64_t tag)
{
	struct tlb_entry *entry = tlb_lookup(cpu, addr, tag);

	if (entry)
		WRITE_ONCE(entry->tag, 0);
}

void tlb_drop_range(struct fl_cpu *cpu, uint64_t asid, fl_vaddr start, fl_vaddr end)
{
	const struct fl_machine *m = cpu->machine;
	uint64_t all = (uint64_t)m->tlb_sets * m->tlb_ways;

	tlb_lock(cpu);
	if (end != TLB_FLUSH_ALL && (end - start) >> m->page_shift <= m->tlb_sets) {
		for (fl_vaddr addr = start; addr < end; addr += page_size(m))
			tlb_drop_page(cpu, addr, tlb_tag(m, asid, addr));
	} else {
		for (uint64_t i = 0; i < all; i++) {
			struct tlb_entry *entry = &cpu->tlb->entries[i];

			/* The tag without the page number. */
			if ((READ_ONCE(entry->tag) & 0xffff) == (asid << 1 | 1))
				WRITE_ONCE(entry->tag, 0);
		}
	}
	tlb_unlock(cpu);
}

int tlb_init(struct fl_cpu *cpu)
{
	uint64_t n = (uint64_t)cpu->machine->tlb_sets * cpu->machine->tlb_ways;

	cpu->tlb = fl_zalloc_aligned(sizeof(struct tlb) + n * sizeof(struct tlb_entry), 64);
	return cpu->tlb ? 0 : -ENOMEM;
}

void tlb_exit(struct fl_cpu *cpu)
{
	fl_free(cpu->tlb);
}
