// SPDX-License-Identifier: MIT
/*
 * refcount.c - oracles "refcount" and "leak": a page's counts agree with who has it.
 *
 * Specification (mm/rmap.c, include/linux/mm.h; the comment on struct page's _refcount and
 * _mapcount): the map count is the number of entries that map the page. Each entry has a
 * reference, each pin GUP_PIN_COUNTING_BIAS, the page cache one, and so has the swap cache. A page without
 * references is on a list of free frames, and nothing maps it. The count of a swap slot is the number of
 * entries that refer to it; one without entries and without a page is free.
 *
 * Judged at the end, by counting: entries of all address spaces, pins that were handed out and not
 * taken back. A huge page has the references of all its parts, and pins count as one reference each, and
 * in a count of their own; PMDs that map it are counted apart. Who else has references (pipes, batches, plain GUP) says nothing, so more of them
 * than can be accounted for is no error. "leak" is a frame that nobody has and no list either; a
 * reference that somebody forgot can't be told from one that somebody has.
 */
#include "oracle/final.h"
#include "oracle/oracle.h"
#include "oracle/table.h"

#include <faultline/oracle.h>

#include <stdlib.h>

#include "mm/file.h"
#include "mm/swapfile.h"

struct pin {
	uint64_t pfn;
	bool write;
};

struct count {
	unsigned int entries; /* that map it, PMDs left out */
	unsigned int huge;    /* PMDs, of the first page of a huge one */
	bool free;	      /* on a list */
	uint64_t mm_id;
	fl_vaddr addr; /* of one entry */
};

static struct fl_table pins = FL_TABLE(struct pin);
/* By frame; only while finish() runs. */
static struct count *counts;

static void event(const struct fl_event *e)
{
	struct pin *pin;

	if (e->kind == FL_EVENT_PIN) {
		pin = fl_table_add(&pins);
		if (pin)
			*pin = (struct pin){ e->pfn, e->write };
		return;
	}
	for (size_t i = pins.nr; i-- > 0;) {
		pin = fl_table_at(&pins, i);
		if (pin->pfn == e->pfn && pin->write == e->write) {
			fl_table_remove(&pins, i);
			return;
		}
	}
}

static void count_entry(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	struct count *c = &counts[pte_pfn(pte)];

	c->entries++;
	c->mm_id = mm->id;
	c->addr = addr;
}

/* Was counted once for each base page. */
static void count_huge(struct mm_struct *mm, fl_vaddr addr, pmd_t pmd, void *arg)
{
	struct count *c = &counts[pte_pfn(pmd)];

	(void)addr, (void)arg;
	c->huge++;
	for (unsigned int i = 0; i < hpage_nr(mm->machine); i++)
		c[i].entries--;
}

static void count_free_blocks(const struct fl_machine *m)
{
	uint32_t pfn = m->state->free_huge.head;

	for (; pfn && pfn < m->nr_frames && !counts[pfn].free; pfn = pfn_to_page(m, pfn)->next) {
		for (unsigned int i = 0; i < hpage_nr(m); i++)
			counts[pfn + i].free = true;
	}
}

static void count_free(const struct fl_machine *m, const struct frame_list *list)
{
	for (uint32_t pfn = list->head; pfn && pfn < m->nr_frames && !counts[pfn].free;
	     pfn = pfn_to_page(m, pfn)->next)
		counts[pfn].free = true;
}

static long count_pins(uint64_t pfn, uint64_t nr)
{
	long n = 0;

	for (size_t i = 0; i < pins.nr; i++) {
		const struct pin *pin = fl_table_at(&pins, i);

		n += pin->pfn - pfn < nr;
	}
	return n;
}

static long known_references(const struct page *page, const struct count *c)
{
	const struct address_space *mapping = page->mapping;
	long n = c->entries, pin_count = count_pins(page_to_pfn(page), 1);

	n += pin_count * GUP_PIN_COUNTING_BIAS;
	if (page->flags & FL_BIT(PG_swapcache))
		n++;
	if (mapping && !(page->flags & (FL_BIT(PG_anon) | FL_BIT(PG_ksm))) &&
	    page->index < mapping->capacity && mapping->pages[page->index] == page)
		n++;
	return n;
}

/* All of a huge page that is in use. */
static void judge_huge(const struct fl_machine *m, const struct page *head)
{
	unsigned long long pfn = page_to_pfn(head);
	const struct count *c = &counts[pfn];
	long refs = head->_refcount.counter, known = c->huge, pin_count;

	pin_count = count_pins(pfn, hpage_nr(m));
	for (unsigned int i = 0; i < hpage_nr(m); i++) {
		known += c[i].entries;
		if (head[i]._mapcount.counter + 1 != (int)c[i].entries) {
			FL_ABOUT(.memory = &head[i]._mapcount);
			fl_oracle_fail("refcount",
				       "frame %llu, of a huge page: %d mappings, %u entries map it",
				       pfn + i, head[i]._mapcount.counter + 1, c[i].entries);
		}
	}
	if (head->_entire_mapcount.counter + 1 != (int)c->huge) {
		FL_ABOUT(.memory = &head->_entire_mapcount);
		fl_oracle_fail("refcount",
			       "huge page %llu: compound_mapcount() is %d, %u PMDs map it", pfn,
			       head->_entire_mapcount.counter + 1, c->huge);
	}
	if (c->free || !refs) {
		FL_ABOUT(.memory = &head->_refcount);
		fl_oracle_fail(c->free ? "refcount" : "leak",
			       "huge page %llu is %sfree and has %ld references", pfn,
			       c->free ? "" : "not ", refs);
	} else if (refs < known + pin_count) {
		FL_ABOUT(.memory = &head->_refcount);
		fl_oracle_fail("refcount",
			       "huge page %llu has %ld references, of which %ld are known", pfn,
			       refs, known + pin_count);
	} else if (head->_pincount.counter < pin_count) {
		FL_ABOUT(.memory = &head->_pincount);
		fl_oracle_fail("refcount", "huge page %llu has %d pins, of which %ld are known",
			       pfn, head->_pincount.counter, pin_count);
	}
}

static void judge(const struct page *page)
{
	unsigned long long pfn = page_to_pfn(page);
	const struct count *c = &counts[pfn];
	long refs = page->_refcount.counter, known;

	if (c->entries && (c->free || !refs)) {
		FL_ABOUT(.memory = &page->_refcount);
		fl_oracle_fail("refcount", "mm %llu maps frame %llu at %#llx, which is free",
			       (unsigned long long)c->mm_id, pfn, (unsigned long long)c->addr);
		return;
	}
	if (c->free ? refs != 0 : !refs) {
		FL_ABOUT(.memory = &page->_refcount);
		fl_oracle_fail(refs ? "refcount" : "leak",
			       refs ? "frame %llu is free and has %ld references"
				    : "frame %llu is not free and has %ld references",
			       pfn, refs);
		return;
	}
	if (page->_mapcount.counter + 1 != (int)c->entries) {
		FL_ABOUT(.memory = &page->_mapcount);
		fl_oracle_fail("refcount", "frame %llu: page_mapcount() is %d, %u entries map it",
			       pfn, page->_mapcount.counter + 1, c->entries);
		return;
	}
	known = c->free ? 0 : known_references(page, c);
	if (refs < known)
		FL_ABOUT(.memory = &page->_refcount);
	if (refs < known)
		fl_oracle_fail("refcount", "frame %llu has %ld references, of which %ld are known",
			       pfn, refs, known);
}

/* --- swap slots --- */

static void count_slot_entry(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	unsigned int *entries = arg;

	entries[pte_swp_offset(pte)]++;
}

static void judge_slot(const struct fl_machine *m, uint64_t nr, unsigned int entries, bool free)
{
	const struct swap_slot *slot = swap_slot(m, nr);

	FL_ABOUT(.memory = &slot->count);
	if (slot->count != entries)
		fl_oracle_fail("refcount", "swap slot %llu counts %u entries, %u refer to it",
			       (unsigned long long)nr, slot->count, entries);
	else if (free && (entries || slot->folio))
		fl_oracle_fail("refcount", "swap slot %llu is free and in use",
			       (unsigned long long)nr);
	else if (!free && !entries && !slot->folio)
		fl_oracle_fail("leak", "swap slot %llu is not free, and nobody uses it",
			       (unsigned long long)nr);
	else if (slot->folio &&
		 (!(slot->folio->flags & FL_BIT(PG_swapcache)) || slot->folio->private != nr))
		fl_oracle_fail("refcount", "frame %llu is not in the swap cache of slot %llu",
			       (unsigned long long)page_to_pfn(slot->folio),
			       (unsigned long long)nr);
}

static void judge_slots(const struct fl_machine *m)
{
	unsigned int *entries = calloc(m->nr_slots + 1UL, sizeof(*entries));
	bool *free_slots = calloc(m->nr_slots + 1UL, sizeof(*free_slots));

	if (entries && free_slots) {
		fl_final_each_swap(count_slot_entry, entries);
		for (uint64_t i = m->swap->head; i && i <= m->nr_slots && !free_slots[i];
		     i = swap_slot(m, i)->next)
			free_slots[i] = true;
		for (uint64_t i = 1; i <= m->nr_slots; i++)
			judge_slot(m, i, entries[i], free_slots[i]);
	}
	free(entries);
	free(free_slots);
}

static void finish(void)
{
	const struct fl_machine *m = fl_oracle_machine();

	counts = calloc(m->nr_frames, sizeof(*counts));
	if (!counts)
		return;
	fl_final_each_page(count_entry, NULL);
	if (m->huge_pages) {
		fl_final_each_huge(count_huge, NULL);
		count_free_blocks(m);
	}
	count_free(m, &m->state->free);
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		count_free(m, m->cpus[i].free);
	for (uint64_t pfn = ZERO_PFN + 1; pfn < m->nr_frames; pfn++) {
		const struct page *page = pfn_to_page(m, pfn);

		if (!m->huge_pages || !page->compound) {
			judge(page);
			continue;
		}
		judge_huge(m, page);
		pfn += hpage_nr(m) - 1;
	}
	free(counts);
	counts = NULL;
	if (m->swap)
		judge_slots(m);
}

const struct fl_oracle fl_refcount_oracle = {
	.tables = { &pins },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(PIN) | FL_EVENT_BIT(UNPIN),
	.accesses = true,
};
