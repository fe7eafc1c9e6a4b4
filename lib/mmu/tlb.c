// SPDX-License-Identifier: MIT
/*
 * tlb.c - the translation lookaside buffer of a CPU, and an access of a program.
 *
 * State: per CPU, tlb_sets sets of tlb_ways entries, each a tag (page number, address-space id,
 * valid) and the page-table entry as it was when it was fetched. An entry lives until it is
 * invalidated or evicted, whatever the page table says by now: that is the point of the model. It
 * also outlives a switch to another address space, which has another id.
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
 *              between two accesses, never inside one: interrupts are off during an access, I
 *              below. In both engines the sender may act for the CPU wherever they are on.
 *   broadcast  the TLB has a lock, T below. The owner holds it for a whole access, from the
 *              lookup, over the walk and the fill, to the access to memory. Whoever flushes
 *              takes it to invalidate.
 *
 * With T or I, an access that began before a flush is complete, and what it filled from the old
 * entry is in the TLB, when the flush gets in and removes it. One that begins after reads the
 * release of T, or of I's gate (lib/rt/check/cpu.c; natively pending, lib/rt/ipi.c), so its walk reads what was stored before the
 * flush. This is what TLBI and DSB promise, and what the end of an interrupt does.
 *
 * T and the gate are rw_semaphores, not spinlocks, for their weaker order: two accesses of one CPU
 * must not be ordered by a lock that the hardware does not have. Under tso each is a locked
 * instruction all the same, so a program's own store buffering does not show there.
 *
 * The translation of a huge page is one entry, for all addresses of the page: an invalidation of any
 * of them drops it. That is so in check runs; natively hits of base pages must stay fast, and each base
 * page of a huge one has an entry of its own, as hardware does where its TLB has no room for larger ones.
 *
 * With tlb_speculate an access may also fetch the translation of the next page, as hardware may at
 * any time, or find that its own page's was evicted; check runs explore all three.
 *
 * Models: Intel SDM 3A 4.10; Arm ARM D8.16.
 * Policy: tlb_flush.
 */
#include "mmu/frame.h"
#include "mmu/mmu.h"
#include "mmu/pgtable.h"
#include "oracle/hooks.h"

#include <errno.h>

static bool broadcast(const struct fl_cpu *cpu)
{
	return cpu->machine->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST;
}

/* T, against other CPUs and against the owner. */
static void tlb_lock(struct fl_cpu *cpu)
{
	if (broadcast(cpu))
		down_write(&cpu->tlb->lock);
}

static void tlb_unlock(struct fl_cpu *cpu)
{
	if (broadcast(cpu))
		up_write(&cpu->tlb->lock);
}

/* T, or I: one access of the CPU's own program. */
static unsigned long begin_access(struct fl_cpu *cpu)
{
	unsigned long irq_flags = 0;

	tlb_lock(cpu);
	if (!broadcast(cpu))
		local_irq_save(irq_flags);
	return irq_flags;
}

static void end_access(struct fl_cpu *cpu, unsigned long irq_flags)
{
	if (!broadcast(cpu))
		local_irq_restore(irq_flags);
	tlb_unlock(cpu);
}

static void set_entry(struct fl_cpu *cpu, struct tlb_entry *entry, pte_t pte)
{
	WRITE_ONCE(entry->pte, pte);
#ifndef FAULTLINE_CHECK
	WRITE_ONCE(entry->words, frame_words(cpu->machine, pte_pfn(pte)));
#else
	(void)cpu;
#endif
}

/* Are there entries for huge pages? */
static bool has_huge_entries(const struct fl_machine *m)
{
#ifdef FAULTLINE_CHECK
	return m->huge_pages;
#else
	(void)m;
	return false;
#endif
}

/* Such an entry is kept where the base page of this number would be, with a tag that no base page has. */
static fl_vaddr huge_place(const struct fl_machine *m, fl_vaddr addr)
{
	return addr >> m->level_bits;
}

static uint64_t huge_tag(const struct fl_machine *m, uint64_t asid, fl_vaddr addr)
{
	return tlb_tag(m, asid, huge_place(m, addr)) | 1ULL << 63;
}

static struct tlb_entry *lookup_huge(const struct fl_cpu *cpu, fl_vaddr addr, uint64_t asid)
{
	const struct fl_machine *m = cpu->machine;

	return tlb_lookup(cpu, huge_place(m, addr), huge_tag(m, asid, addr));
}

/* What @pte, of a huge page if @huge, is for the base page at @addr. */
static pte_t base_pte(const struct fl_machine *m, pte_t pte, fl_vaddr addr, bool huge)
{
	return huge ? pmd_leaf_pte(pte, pgtable_index(m, addr, 0)) : pte;
}

/* The entry for @addr, of either size, or NULL. */
static struct tlb_entry *lookup(const struct fl_cpu *cpu, fl_vaddr addr, uint64_t asid, bool *huge)
{
	struct tlb_entry *entry = tlb_lookup(cpu, addr, tlb_tag(cpu->machine, asid, addr));

	*huge = false;
	if (entry || !has_huge_entries(cpu->machine))
		return entry;
	*huge = true;
	return lookup_huge(cpu, addr, asid);
}

static void fill_set(struct fl_cpu *cpu, fl_vaddr addr, uint64_t tag, pte_t pte)
{
	unsigned int ways = cpu->machine->tlb_ways, way = 0;
	struct tlb_entry *set = tlb_set(cpu, addr);

	if (ways > 1) {
		while (way < ways && READ_ONCE(set[way].tag) != 0)
			way++;
		if (way == ways) {
			way = READ_ONCE(cpu->tlb->victim);
			WRITE_ONCE(cpu->tlb->victim, way + 1 < ways ? way + 1 : 0);
		}
	}
	WRITE_ONCE(set[way].tag, tag);
	set_entry(cpu, &set[way], pte);
}

/* What an entry, for a huge page if @huge, has of @pte, which is the base page's. */
static pte_t cached_pte(const struct fl_machine *m, pte_t pte, fl_vaddr addr, bool huge)
{
	return huge ? pte_leaf_pmd(pte, pgtable_index(m, addr, 0)) : pte;
}

/* @pte: as the walk found it, of a huge page if @huge. */
static void tlb_fill(struct fl_cpu *cpu, fl_vaddr addr, pte_t pte, bool huge)
{
	const struct fl_machine *m = cpu->machine;
	uint64_t asid = cpu->state->asid;

	if (has_huge_entries(m) && huge)
		fill_set(cpu, huge_place(m, addr), huge_tag(m, asid, addr),
			 cached_pte(m, pte, addr, true));
	else
		fill_set(cpu, addr, tlb_tag(m, asid, addr), pte);
}

static void tlb_drop_page(struct fl_cpu *cpu, fl_vaddr addr, uint64_t asid)
{
	struct tlb_entry *entry = tlb_lookup(cpu, addr, tlb_tag(cpu->machine, asid, addr));

	if (entry)
		WRITE_ONCE(entry->tag, 0);
}

static void tlb_drop_huge(struct fl_cpu *cpu, fl_vaddr addr, uint64_t asid)
{
	struct tlb_entry *entry = has_huge_entries(cpu->machine) ? lookup_huge(cpu, addr, asid)
								 : NULL;

	if (entry)
		WRITE_ONCE(entry->tag, 0);
}

/* With T or I. What hardware does unasked. */
static void tlb_speculate(struct fl_cpu *cpu, fl_vaddr addr)
{
	enum { NOTHING, FETCH_NEXT, EVICT, NR_DEEDS };
	const struct fl_machine *m = cpu->machine;
	fl_vaddr next = page_align_down(m, addr) + page_size(m);
	uint64_t asid = cpu->state->asid;
	pte_t pte;
	bool huge;

	switch (FL_CHOOSE(NR_DEEDS, "what the TLB does unasked")) {
	case FETCH_NEXT:
		if (next < task_size(m) && !lookup(cpu, next, asid, &huge) &&
		    mmu_walk(m, cpu->state->pgd, next, MMU_LOAD, &pte, &huge))
			tlb_fill(cpu, next, pte, huge);
		break;
	case EVICT:
		tlb_drop_page(cpu, addr, asid);
		tlb_drop_huge(cpu, addr, asid);
		break;
	default:
		break;
	}
}

/* With T or I. Translates @addr for @access; false is a fault. */
static bool tlb_translate(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, pte_t *pte)
{
	const struct fl_machine *m = cpu->machine;
	struct cpu_state *state = cpu->state;
	bool store = access == MMU_STORE, had_huge, huge;
	struct tlb_entry *entry = lookup(cpu, addr, state->asid, &had_huge);

	if (entry) {
		*pte = base_pte(m, READ_ONCE(entry->pte), addr, had_huge);
		fl_addr_dep(frame_words(cpu->machine, pte_pfn(*pte)));
		if (!pte_access_permitted(*pte, store)) {
			WRITE_ONCE(entry->tag, 0);
			return false;
		}
		if (!store || pte_dirty(*pte)) {
			fl_count(cpu->machine, tlb_hits);
			return true;
		}
	} else {
		fl_count(cpu->machine, tlb_misses);
	}
	if (!mmu_walk(m, state->pgd, addr, access, pte, &huge)) {
		if (entry)
			WRITE_ONCE(entry->tag, 0);
		return false;
	}
	if (entry && (!has_huge_entries(m) || had_huge == huge)) {
		set_entry(cpu, entry, cached_pte(m, *pte, addr, had_huge));
		return true;
	}
	if (entry) /* of the other size */
		WRITE_ONCE(entry->tag, 0);
	tlb_fill(cpu, addr, *pte, huge);
	return true;
}

static uint64_t *word_in_frame(const struct fl_machine *m, pte_t pte, fl_vaddr addr)
{
	return frame_words(m, pte_pfn(pte)) + (addr & (page_size(m) - 1)) / FL_WORD_SIZE;
}

bool mmu_access(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, uint64_t *word)
{
	const struct fl_machine *m = cpu->machine;
	unsigned long irq_flags = begin_access(cpu);
	uint64_t *memory;
	pte_t pte;
	bool ok;

	if (m->tlb_speculate)
		tlb_speculate(cpu, addr);
	ok = tlb_translate(cpu, addr, access, &pte);
	if (ok) {
		memory = word_in_frame(m, pte, addr);
		if (access != MMU_STORE)
			*word = READ_ONCE(*memory);
		FL_EVENT(.kind = access == MMU_STORE ? FL_EVENT_STORE : FL_EVENT_LOAD,
			 .mm = FL_EVENT_MM(cpu->state->mm), .addr = addr, .pfn = pte_pfn(pte),
			 .value = *word, .write = access == MMU_STORE);
		if (access == MMU_STORE)
			WRITE_ONCE(*memory, *word);
	}
	end_access(cpu, irq_flags);
	return ok;
}

/* Returns what was there; *@new is what is there now. */
static uint64_t rmw_word(uint64_t *memory, enum mmu_rmw op, uint64_t a, uint64_t b, uint64_t *new)
{
	uint64_t old;

	switch (op) {
	case MMU_XCHG:
		old = xchg(memory, a);
		*new = a;
		break;
	case MMU_ADD:
		old = FL_FETCH(add, memory, a, FL_MB, "atomic_fetch_add(a, memory)");
		*new = old + a;
		break;
	default:
		old = cmpxchg(memory, a, b);
		*new = old == a ? b : old;
		break;
	}
	return old;
}

bool mmu_rmw(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_rmw op, uint64_t a, uint64_t b,
	     uint64_t *old)
{
	const struct fl_machine *m = cpu->machine;
	unsigned long irq_flags = begin_access(cpu);
	uint64_t new;
	pte_t pte;
	bool ok;

	if (m->tlb_speculate)
		tlb_speculate(cpu, addr);
	ok = tlb_translate(cpu, addr, MMU_STORE, &pte);
	if (ok) {
		/* Told as a load and a store, both after it: the load is of before the store. */
		*old = rmw_word(word_in_frame(m, pte, addr), op, a, b, &new);
		FL_EVENT(.kind = FL_EVENT_LOAD, .mm = FL_EVENT_MM(cpu->state->mm), .addr = addr,
			 .pfn = pte_pfn(pte), .value = *old);
		if (op != MMU_CMPXCHG || *old == a)
			FL_EVENT(.kind = FL_EVENT_STORE, .mm = FL_EVENT_MM(cpu->state->mm),
				 .addr = addr, .pfn = pte_pfn(pte), .value = new, .write = true);
	}
	end_access(cpu, irq_flags);
	return ok;
}

void tlb_drop_range(struct fl_cpu *cpu, uint64_t asid, fl_vaddr start, fl_vaddr end)
{
	const struct fl_machine *m = cpu->machine;
	uint64_t all = (uint64_t)m->tlb_sets * m->tlb_ways;

	tlb_lock(cpu);
	if (end != TLB_FLUSH_ALL && (end - start) >> m->page_shift <= m->tlb_flush_ceiling) {
		for (fl_vaddr addr = start; addr < end; addr += page_size(m)) {
			tlb_drop_page(cpu, addr, asid);
			if (addr == start || !(addr & (hpage_size(m) - 1)))
				tlb_drop_huge(cpu, addr, asid);
		}
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

#ifndef FAULTLINE_CHECK
/* Machines with odd sizes do without it. */
static void fast_init(struct fl_cpu *cpu)
{
	struct fl_machine *m = cpu->machine;
	uint32_t set_bytes = (uint32_t)(m->tlb_ways * sizeof(struct tlb_entry));
	unsigned int shift = (unsigned int)__builtin_ctz(set_bytes);

	cpu->fast.tag = TLB_FAST_OFF;
	if (set_bytes != 1U << shift || m->page_shift < shift) {
		m->tlb_fast = false;
		return; /* all addresses are out of range */
	}
	cpu->fast.page_shift = (uint8_t)m->page_shift;
	cpu->fast.set_shift = (uint8_t)(m->page_shift - shift);
	cpu->fast.set_mask = (uint64_t)(m->tlb_sets - 1) << shift;
	cpu->fast.set_bytes = set_bytes;
	cpu->fast.offset_mask = page_size(m) - 1;
	cpu->fast.task_size = task_size(m);
	cpu->fast.entries = cpu->tlb->entries;
}
#endif

bool tlb_peek(const struct fl_cpu *cpu, fl_vaddr addr, pte_t *pte)
{
	bool huge;
	const struct tlb_entry *entry = lookup(cpu, addr, cpu->state->asid, &huge);

	if (entry)
		*pte = base_pte(cpu->machine, READ_ONCE(entry->pte), addr, huge);
	return entry;
}

int tlb_init(struct fl_cpu *cpu)
{
	uint64_t n = (uint64_t)cpu->machine->tlb_sets * cpu->machine->tlb_ways;

	cpu->tlb = mm_zalloc_aligned(FL_ALLOC_MACHINE,
				     sizeof(struct tlb) + n * sizeof(struct tlb_entry), 64);
	if (!cpu->tlb)
		return -ENOMEM;
#ifndef FAULTLINE_CHECK
	fast_init(cpu);
#endif
	return 0;
}

void tlb_exit(struct fl_cpu *cpu)
{
	fl_free(cpu->tlb);
}
