// SPDX-License-Identifier: MIT
/*
 * dirty.c - oracle "missed-dirty": a file's page that was written to is dirty.
 *
 * Specification (mm/page-writeback.c, the comments on folio_mkclean()): a page of a file whose
 * content is newer than the file on disk is never considered clean. It is dirty in struct page: the
 * first store to a clean one faults and asks the file system (page_mkwrite; ->page_mkwrite in
 * Documentation/filesystems/locking.rst), which takes it for clean until then, whatever the bit
 * that hardware sets in the entry.
 *
 * Records: pages that were stored to. Judged at the end: those in shared mappings of regular files
 * (nothing writes them back in this model, so that they stay dirty). Shared memory is not judged:
 * nothing is lost if it seems clean.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#include "mm/file.h"

struct stored {
	struct fl_key key; /* mm, page */
	unsigned int cpu;
	bool gone; /* since: set-up code unmapped it */
};

static struct fl_map pages = FL_MAP(struct stored);

static void heard_store(const struct fl_event *e)
{
	struct stored *s =
		fl_map_get(&pages, fl_event_mm_id(e), fl_page_of(fl_oracle_machine(), e->addr));

	if (!s)
		return;
	s->cpu = e->cpu;
	s->gone = false;
}

/* By set-up code: another page may come to the address. */
static void forget(const struct fl_event *e)
{
	for (size_t i = 0; i < pages.t.nr; i++) {
		struct stored *s = fl_table_at(&pages.t, i);

		if ((!e->mm || s->key.a == fl_event_mm_id(e)) &&
		    fl_event_covers(e, s->key.b << fl_oracle_machine()->page_shift))
			s->gone = true;
	}
}

static void event(const struct fl_event *e)
{
	if (e->kind == FL_EVENT_STORE)
		heard_store(e);
	else if (fl_oracle_in_set_up())
		forget(e);
}

struct question {
	uint64_t pfn;
	bool dirty;
};

static void look(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	struct question *q = arg;

	q->dirty |= pte_pfn(pte) == q->pfn && pte_dirty(pte);
}

static void judge(const struct stored *s)
{
	const struct fl_machine *m = fl_oracle_machine();
	fl_vaddr addr = s->key.b << m->page_shift;
	struct vm_area_struct *vma = fl_final_vma(s->key.a, addr);
	const struct address_space *mapping;
	struct question q = { 0 };
	const struct page *page;
	uint64_t index;

	if (s->gone || !vma || !(vma->vm_flags & VM_SHARED) || !vma->vm_file || vma->vm_file->shmem)
		return;
	mapping = &vma->vm_file->mapping;
	index = fl_final_pgoff(vma, addr);
	page = index < mapping->capacity ? mapping->pages[index] : NULL;
	if (!page || page->flags & FL_BIT(PG_dirty) || fl_discarded(s->key.a, addr))
		return;
	q.pfn = page_to_pfn(page);
	fl_final_each_page(look, &q);
	FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), .mm_id = s->key.a, .addr = addr,
		 .end = addr + page_size(m));
	fl_about_entry(s->key.a, addr);
	fl_oracle_fail("missed-dirty", "CPU%u stored to page %llu of a file at %#llx; %s", s->cpu,
		       (unsigned long long)index, (unsigned long long)addr,
		       q.dirty ? "the file system was not asked before (page_mkwrite)"
			       : "the page counts as clean");
}

static void finish(void)
{
	for (size_t i = 0; i < pages.t.nr; i++)
		judge(fl_table_at(&pages.t, i));
}

const struct fl_oracle fl_dirty_oracle = {
	.maps = { &pages },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(STORE) | FL_EVENT_BIT(DISCARD),
	.accesses = true,
};
