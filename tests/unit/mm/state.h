/* SPDX-License-Identifier: MIT */
/*
 * state.h - a whole machine looked at from inside, while nobody runs: do VMAs, anon_vmas, files, pages, slots and
 * entries know of each other what they should, are the oracles quiet, is all memory of fl_zalloc() given back?
 *
 * For native suites that are linked with ${counted} (tests/CMakeLists.txt), for a small address space.
 */
#ifndef TESTS_MM_STATE_H
#define TESTS_MM_STATE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../world.h"

#include "../../counted.h"

#include "mm/anon_vma_cache.h"
#include "mm/file.h"
#include "mm/ksm.h"
#include "mm/lru.h"
#include "mm/swapfile.h"
#include "mm/uffd.h"
#include "mm/vma_cache.h"
#include "oracle/native_report.h"
#include "oracle/oracle.h"
#include "rt/thread.h"

#define RW (FL_READ | FL_WRITE)
#define NR_PAGES 64 /* that an address space can have */
#define AT(i) ((fl_vaddr)(i)*PAGE)

/* Check writes a line to a file for each of its assertions, also for those that hold. */
#define must_say(condition, ...)                                                                   \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)
#define must(condition) must_say(condition, "%s", #condition)

/* --- entries --- */

static uint64_t value_of(const struct vm_area_struct *vma, fl_vaddr addr, pte_t entry)
{
	const struct page *page = NULL;
	uint64_t index;

	if (pte_present(entry))
		return frame_words(machine, pte_pfn(entry))[0];
	if (pte_is_swap_slot(entry)) {
		const struct swap_slot *slot = swap_slot(machine, pte_swp_offset(entry));

		return slot->folio ? frame_words(machine, page_to_pfn(slot->folio))[0]
				   : slot->words[0];
	}
	if (!vma->vm_file)
		return 0;
	index = linear_page_index(machine, vma, addr);
	if (index < vma->vm_file->mapping.size)
		page = vma->vm_file->mapping.pages[index];
	return page ? frame_words(machine, page->pfn)[0] : 0;
}

static pte_t entry_of_mm(const struct mm_struct *of, fl_vaddr addr)
{
	pmd_t *pmdp = pmd_offset_lockless(machine, of->pgd, addr);

	if (!pmdp || !*pmdp)
		return 0;
	if (pmd_leaf(*pmdp))
		return pmd_leaf_pte(*pmdp, pgtable_index(machine, addr, 0));
	return *pte_offset_map(machine, *pmdp, addr);
}

static pte_t entry_in(fl_vaddr addr)
{
	return entry_of_mm(mm, addr);
}

/* --- what must hold of it --- */

/* All VMAs of all address spaces. */
#define for_each_vma(vma, m)                                                                       \
	for (struct mm_struct *mm__ = (m)->state->mms; mm__; mm__ = mm__->next)                    \
		for (struct vm_area_struct *vma = vma_find(mm__, 0); vma;                          \
		     vma = vma_find(mm__, vma->vm_end))

static void check_anon_vma(struct anon_vma *anon_vma)
{
	unsigned int elements = 0, active = 0, children = anon_vma->parent == anon_vma;
	unsigned int references = 0;
	struct anon_vma *seen[NR_PAGES];
	unsigned int nr_seen = 0;

	for (struct anon_vma_chain *avc = anon_vma->chain; avc; avc = avc->next_same_anon_vma) {
		struct anon_vma_chain *at = avc->vma->anon_vma_chain;

		while (at && at != avc)
			at = at->next_same_vma;
		must(at == avc);
		must(avc->anon_vma == anon_vma);
		must(*avc->pprev_same_anon_vma == avc);
		elements++;
		active += avc->vma->anon_vma == anon_vma;
	}
	for_each_vma(vma, machine)
	{
		for (struct anon_vma_chain *avc = vma->anon_vma_chain; avc;
		     avc = avc->next_same_vma) {
			unsigned int i = 0;

			while (i < nr_seen && seen[i] != avc->anon_vma)
				i++;
			if (i < nr_seen)
				continue;
			seen[nr_seen++] = avc->anon_vma;
			if (avc->anon_vma == anon_vma)
				continue;
			children += avc->anon_vma->parent == anon_vma;
			references += avc->anon_vma->root == anon_vma;
		}
	}
	must(anon_vma->num_active_vmas == active);
	must(anon_vma->num_children == children);
	must(anon_vma->refcount.refs.counter == (int)((elements > 0) + references));
}

static unsigned int mappings_of(const struct fl_file *f, const struct vm_area_struct *one)
{
	unsigned int n = 0;

	for (const struct vm_area_struct *vma = f->mapping.i_mmap; vma; vma = vma->i_mmap_next)
		n += vma == one;
	return n;
}

static bool is_open(const struct fl_uffd *one, const struct mm_struct *of)
{
	const struct fl_uffd *ctx = of->uffds;

	while (ctx && ctx != one)
		ctx = ctx->next;
	return ctx;
}

static void check_vma(struct vm_area_struct *vma)
{
	must(vma->vm_start < vma->vm_end);
	must(vma_lookup(vma->vm_mm, vma->vm_start) == vma);
	must(vma_lookup(vma->vm_mm, vma->vm_end - 1) == vma);
	must(vma->detached == 0);
	must(!vma->anon_vma == !vma->anon_vma_chain);
	if (!vma->anon_vma && vma_is_anonymous(vma))
		must(vma->vm_pgoff == vma->vm_start / PAGE);
	must(!vma->uffd_ctx || is_open(vma->uffd_ctx, vma->vm_mm));
	must(!vma->uffd_ctx == !(vma->vm_flags & __VM_UFFD_FLAGS));
	if (vma->vm_file)
		must(mappings_of(vma->vm_file, vma) == 1);
	for (struct anon_vma_chain *avc = vma->anon_vma_chain; avc; avc = avc->next_same_vma) {
		must(avc->vma == vma);
		must(avc->anon_vma->root == vma->anon_vma->root);
		check_anon_vma(avc->anon_vma);
	}
}

/* A TLB may know less than the tables, not more. */
static void check_tlb(struct fl_cpu *cpu)
{
	for (unsigned int i = 1; i < NR_PAGES; i++) {
		pte_t cached, entry = entry_in(AT(i));

		if (tlb_peek(cpu, AT(i), &cached))
			must(pte_present(entry) && pte_pfn(entry) == pte_pfn(cached) &&
			     pte_write(entry) >= pte_write(cached));
	}
}

/* A page of KSM's that is mapped is in its tree. */
static void check_ksm(void)
{
	for (uint64_t pfn = 1; pfn < machine->nr_frames; pfn++) {
		struct page *page = pfn_to_page(machine, pfn);

		must(!PageKsm(page) || !page_mapcount(page) || page->mapping);
	}
}

/* Each slot's count is that of the entries that refer to it; who is about to move has come back. */
static void check_slots(void)
{
	unsigned int refs[NR_PAGES * 2] = { 0 }, used = 0;

	for (struct mm_struct *each = machine->state->mms; each; each = each->next) {
		for (unsigned int i = 1; i < NR_PAGES; i++) {
			pte_t entry = entry_of_mm(each, AT(i));

			must(!pte_is_migration(entry));
			if (pte_is_swap_slot(entry))
				refs[pte_swp_offset(entry)]++;
		}
	}
	for (uint64_t slot = 1; slot <= machine->nr_slots; slot++) {
		const struct swap_slot *s = swap_slot(machine, slot);

		must(s->count == refs[slot]);
		must(!s->folio || (PageSwapCache(s->folio) && s->folio->private == slot));
		used += s->count || s->folio;
	}
	must(!machine->swap || machine->swap->inuse == used);
}

/* Nobody is in the middle of anything; the mappings that pages count are there. */
static void check_pages(void)
{
	unsigned int *maps = calloc(machine->nr_frames, sizeof(*maps));

	for (struct mm_struct *each = machine->state->mms; each; each = each->next) {
		for (unsigned int i = 1; i < NR_PAGES; i++) {
			pte_t entry = entry_of_mm(each, AT(i));

			if (pte_present(entry) && !pte_special(entry))
				maps[pte_pfn(entry)]++;
		}
	}
	for (uint64_t pfn = 1; pfn < machine->nr_frames; pfn++) {
		struct page *page = pfn_to_page(machine, pfn);

		must(!PageLocked(page));
		must_say(page_mapcount(page) == (int)maps[pfn],
			 "frame %lu: mapcount %d, %u entries", (unsigned long)pfn,
			 page_mapcount(page), maps[pfn]);
	}
	free(maps);
}

/* @poor: it may have been impossible to put things back. */
static void check_world(const char *where, bool poor)
{
	char oracle[32], message[256];

	for (struct mm_struct *each = machine->state->mms; each; each = each->next) {
		must(each->tlb_flush_pending.counter == 0);
		must(each->wrprotect_pending.counter == 0);
		must(!(each->write_protect_seq.sequence & 1));
	}
	for_each_vma(vma, machine) check_vma(vma);
	check_tlb(cpu0);
	check_tlb(cpu1);
	if (!poor)
		check_ksm();
	check_slots();
	check_pages();
	fl_oracle_finish();
	fl_native_report_first(oracle, sizeof(oracle), message, sizeof(message));
	must_say(!fl_native_report_count(), "%s: %s: %s", where, oracle, message);
}

/*
 * What the machine keeps for later: VMAs (vma_cache.c), anon_vmas (anon_vma_cache.c), KSM's records of pages
 * that are no more.
 */
static void empty_caches(void)
{
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;

	while (machine->rmap_walks && (anon_vma = anon_vma_cache_get(machine)))
		fl_free(anon_vma);

	ksm_free_stable_tree(machine->state->ksm);
	if (machine->policy.vma_free != FL_VMA_FREE_TYPESAFE)
		return;
	while ((vma = vma_cache_get(machine))) {
		fl_free(vma->vm_lock);
		fl_free(vma);
	}
}

#endif
