// SPDX-License-Identifier: MIT
/*
 * refcount.c - oracles "refcount" and "leak": a page's counts agree with who has it.
 *
 * Specification (mm/rmap.c, include/linux/mm.h; the comment on struct page's _refcount and
 * _mapcount): the map count is the number of entries that map the page. Each entry has a
 * reference, each pin GUP_PIN_COUNTING_BIAS, the page cache one. A page without references is on
 * a list of free frames, and nothing maps it.
 *
 * Judged at the end, by counting: entries of all address spaces, pins that were handed out and not
 * taken back. Who else has references (pipes, batches, plain GUP) says nothing, so more of them
 * than can be accounted for is no error. "leak" is a frame that nobody has and no list either; a
 * reference that somebody forgot can't be told from one that somebody has.
 */
#include "oracle/final.h"
#include "oracle/oracle.h"
#include "oracle/table.h"

#include <faultline/oracle.h>

#include <stdlib.h>

#include "mm/file.h"

struct pin {
	uint64_t pfn;
	bool write;
};

struct count {
	unsigned int entries;
	bool free; /* on a list */
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

static void count_free(const struct fl_machine *m, const struct frame_list *list)
{
	for (uint32_t pfn = list->head; pfn && pfn < m->nr_frames && !counts[pfn].free;
	     pfn = pfn_to_page(m, pfn)->next)
		counts[pfn].free = true;
}

static long known_references(const struct page *page, const struct count *c)
{
	const struct address_space *mapping = page->mapping;
	long n = c->entries;

	for (size_t i = 0; i < pins.nr; i++) {
		const struct pin *pin = fl_table_at(&pins, i);

		if (pin->pfn == page_to_pfn(page))
			n += GUP_PIN_COUNTING_BIAS;
	}
	if (mapping && !(page->flags & (FL_BIT(PG_anon) | FL_BIT(PG_ksm))) &&
	    page->index < mapping->capacity && mapping->pages[page->index] == page)
		n++;
	return n;
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

static void finish(void)
{
	const struct fl_machine *m = fl_oracle_machine();

	counts = calloc(m->nr_frames, sizeof(*counts));
	if (!counts)
		return;
	fl_final_each_page(count_entry, NULL);
	count_free(m, &m->state->free);
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		count_free(m, m->cpus[i].free);
	for (uint64_t pfn = ZERO_PFN + 1; pfn < m->nr_frames; pfn++)
		judge(pfn_to_page(m, pfn));
	free(counts);
	counts = NULL;
}

const struct fl_oracle fl_refcount_oracle = {
	.tables = { &pins },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(PIN) | FL_EVENT_BIT(UNPIN),
	.accesses = true,
};
