// SPDX-License-Identifier: MIT
/*
 * pagemap.c - what /proc/PID/pagemap says of each page.
 *
 * State: none of its own. Under mmap:R, and each table's PTL, so that each table's entries are shown
 * as they were at one moment; those of two tables need not be of the same.
 *
 * A page that is not there (in swap, about to move) is shown by its swap entry: type and offset.
 *
 * A page counts as soft-dirty if its entry is, or if its VMA is new (VM_SOFTDIRTY). What has no entry
 * is shown by the VMA alone.
 *
 * Models: pagemap_read(), pte_to_pagemap_entry(), fs/proc/task_mmu.c, Linux 6.1.
 * Policy: none.
 */
#include "mm/fault.h"
#include "mm/huge_memory.h"
#include "mm/mmap_lock.h"
#include "mm/pagewalk.h"
#include "mm/vma.h"

#include <errno.h>

static uint64_t page_flags(const struct page *page)
{
	uint64_t flags = 0;

	if (!PageAnon(page))
		flags |= FL_PM_FILE;
	if (page_mapcount(page) == 1)
		flags |= FL_PM_MMAP_EXCLUSIVE;
	return flags;
}

/* The kernel's number of a swap type: those that are about no slot are the last of 32. */
static uint64_t swp_type_number(enum swp_type type)
{
	switch (type) {
	case SWP_PTE_MARKER:
		return 31;
	case SWP_MIGRATION_READ:
		return 24;
	case SWP_MIGRATION_READ_EXCLUSIVE:
		return 25;
	case SWP_MIGRATION_WRITE:
		return 26;
	default:
		return 0; /* the one swap device that there is */
	}
}

/* Not present: type and offset where the frame's number would be. */
static uint64_t swp_to_pagemap_entry(const struct fl_machine *m, pte_t pte)
{
	uint64_t entry = FL_PM_SWAP | swp_type_number(pte_swp_type(pte)) | pte_swp_offset(pte) << 5;

	if (pte_is_migration(pte) && !PageAnon(pfn_to_page(m, pte_swp_offset(pte))))
		entry |= FL_PM_FILE;
	return entry;
}

static uint64_t pte_to_pagemap_entry(const struct fl_machine *m, pte_t pte)
{
	uint64_t entry = 0;
	struct page *page;

	if (pte_none(pte))
		return 0;
	if (pte_soft_dirty(pte))
		entry |= FL_PM_SOFT_DIRTY;
	if (pte_uffd_wp(pte))
		entry |= FL_PM_UFFD_WP;
	if (!pte_present(pte))
		return entry | swp_to_pagemap_entry(m, pte); /* markers too */
	entry |= FL_PM_PRESENT | pte_pfn(pte);
	page = vm_normal_page(m, pte);
	return page ? entry | page_flags(page) : entry;
}

/* A huge page, or the part of it that is asked for. */
static void read_huge(uint64_t *at, struct pte_walk *w)
{
	struct fl_machine *m = w->mm->machine;
	uint64_t i = pgtable_index(m, w->addr, 0);
	pmd_t pmd;

	spin_lock(pmd_lockptr(w->mm));
	pmd = pmdp_get(w->pmdp);
	if (!pmd_leaf(pmd))
		w->end = w->addr; /* come again */
	else
		for (fl_vaddr addr = w->addr; addr < w->end; addr += page_size(m))
			*at++ |= pte_to_pagemap_entry(m, pmd_leaf_pte(pmd, i++));
	spin_unlock(pmd_lockptr(w->mm));
}

static void read_vma(uint64_t *out, struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	uint64_t all = vma->vm_flags & VM_SOFTDIRTY ? FL_PM_SOFT_DIRTY : 0;
	struct pte_walk w = pte_walk_begin(mm, start, end);

	for (size_t i = 0; i < (end - start) >> m->page_shift; i++)
		out[i] = all;
	while (pte_walk_next(&w)) {
		uint64_t *at = &out[(w.addr - start) >> m->page_shift];
		pte_t *ptep;

		if (pmd_leaf(w.pmd)) {
			read_huge(at, &w);
			continue;
		}
		ptep = pte_walk_lock(&w);
		for (fl_vaddr addr = w.addr; addr < w.end; addr += page_size(m))
			*at++ |= pte_to_pagemap_entry(m, ptep_get(ptep++));
		pte_walk_unlock(&w);
	}
}

int fl_pagemap(uint64_t *out, struct fl_mm *fl_mm, fl_vaddr addr, size_t pages)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	struct vm_area_struct *vma;
	fl_vaddr end;

	if (addr & (page_size(m) - 1) || addr > task_size(m) ||
	    pages > (task_size(m) - addr) >> m->page_shift)
		return -EINVAL;
	end = addr + ((uint64_t)pages << m->page_shift);
	for (size_t i = 0; i < pages; i++)
		out[i] = 0;
	mmap_read_lock(mm);
	for (vma = vma_find(mm, addr); vma && vma->vm_start < end;
	     vma = vma_find(mm, vma->vm_end)) {
		fl_vaddr from = vma->vm_start > addr ? vma->vm_start : addr;
		fl_vaddr to = vma->vm_end < end ? vma->vm_end : end;

		read_vma(&out[(from - addr) >> m->page_shift], vma, from, to);
	}
	mmap_read_unlock(mm);
	return 0;
}
