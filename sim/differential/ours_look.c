// SPDX-License-Identifier: MIT
/* ours_look.c - the simulator's view of all processes, as /proc would show it. */
#include "ours.h"

#include <string.h>

static void look_at_frame(const struct ours *o, struct page_view *p, const struct fl_pte_info *pte)
{
	struct fl_page_info page;

	if (pte->special) {
		p->flags |= V_ZERO;
		return;
	}
	p->frame = pte->pfn;
	if (fl_inspect_page(&page, o->machine, pte->pfn))
		return;
	p->mapcount = (uint32_t)page.mapcount;
	if (!page.anon && !page.ksm)
		return;
	p->flags |= V_ANON;
	if (page.ksm)
		p->flags |= V_KSM;
	if (page.anon_exclusive)
		p->flags |= V_ANON_EXCLUSIVE;
}

static void look_at_page(const struct ours *o, struct page_view *p, uint64_t entry,
			 struct fl_mm *mm, fl_vaddr addr)
{
	struct fl_pte_info pte;

	memset(p, 0, sizeof(*p));
	if (entry & FL_PM_SWAP)
		p->flags |= V_SWAPPED;
	if (entry & FL_PM_MMAP_EXCLUSIVE)
		p->flags |= V_EXCLUSIVE;
	if (entry & FL_PM_UFFD_WP)
		p->flags |= V_UFFD_WP;
	if (entry & FL_PM_FILE)
		p->flags |= V_FILE;
	if (!(entry & FL_PM_PRESENT))
		return;
	p->flags |= V_PRESENT;
	if (!fl_inspect_pte(&pte, mm, addr))
		look_at_frame(o, p, &pte);
}

static void read_words(const struct ours *o, struct process_view *view, const struct vma_view *vma,
		       const uint64_t *entries)
{
	for (uint32_t i = vma->start; i < vma->end; i++) {
		struct page_view *p = &view->page[i];

		if (!(p->flags & V_PRESENT))
			continue;
		p->flags |= V_READ;
		for (unsigned int w = 0; w < WORDS; w++)
			fl_inspect_word(&p->word[w], o->machine, FL_PM_PFN(entries[i]),
					WORD_INDEX(w));
	}
}

static uint32_t page_of(fl_vaddr addr)
{
	if (addr < WINDOW)
		return 0;
	addr = (addr - WINDOW) / PAGE;
	return addr > WINDOW_PAGES ? WINDOW_PAGES : (uint32_t)addr;
}

static void take_vma(struct vma_view *v, const struct fl_vma_info *info, struct fl_mm *mm)
{
	*v = (struct vma_view){
		.start = page_of(info->start),
		.end = page_of(info->end),
		.prot = (info->prot & FL_READ ? PROT_R : 0u) |
			(info->prot & FL_WRITE ? PROT_W : 0u),
		.shared = info->shared,
	};
	if (info->file) {
		struct fl_file *file = fl_file_of(mm, info->start);

		v->file = (uint64_t)(uintptr_t)file;
		v->offset = info->pgoff;
		fl_file_put(file);
	}
}

static void look_at(const struct ours *o, struct process_view *view, struct fl_mm *mm)
{
	uint64_t entries[WINDOW_PAGES];
	struct fl_vma_info info;

	fl_pagemap(entries, mm, WINDOW, WINDOW_PAGES);
	for (uint64_t i = 0; i < WINDOW_PAGES; i++)
		look_at_page(o, &view->page[i], entries[i], mm, WINDOW + i * PAGE);
	view->nr_vmas = 0;
	for (fl_vaddr at = WINDOW; !fl_inspect_vma(&info, mm, at); at = info.end) {
		struct vma_view *vma = &view->vma[view->nr_vmas];

		if (info.start >= WINDOW + WINDOW_PAGES * PAGE || view->nr_vmas == WINDOW_PAGES)
			break;
		take_vma(vma, &info, mm);
		if (vma->prot)
			read_words(o, view, vma, entries);
		view->nr_vmas++;
	}
}

void ours_look(const struct ours *o, struct view *view)
{
	for (int i = 0; i < PROCESSES; i++) {
		view->process[i].alive = o->mm[i] != NULL;
		if (o->mm[i])
			look_at(o, &view->process[i], o->mm[i]);
	}
}
