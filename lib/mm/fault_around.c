// SPDX-License-Identifier: MIT
/*
 * fault_around.c - a read fault of a file maps the pages around it too, as far as they are in the page cache.
 *
 * State: entries of one leaf table, under its PTL, which is taken once. No page is waited for, none is made: a page that is
 * not there, is locked, or has an entry already (a marker is one), is passed over.
 *
 *   A1  the range: aligned to its own size, within the VMA and the leaf table
 *   A2  lock the PTL
 *   A3  of each page that the cache has: reference, trylock, still of this file and inside its size?
 *   A4  no entry there: store one
 *   A5  unlock all
 *
 * The page lock from A3 to A4 keeps truncation out, as in file_fault.c. Where userfaultfd wants to hear of single pages nothing is
 * mapped around.
 *
 * Machines with fault_around alone. Models: do_fault_around(), should_fault_around(), mm/memory.c, filemap_map_pages(),
 * mm/filemap.c, Linux 6.12.
 * Policy: none.
 */
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/pgalloc.h"
#include "mm/tlbflush.h"

bool should_fault_around(const struct vm_fault *vmf)
{
	if (vmf->m->fault_around <= 1)
		return false;
	return !(fault_vm_flags(vmf) & (VM_UFFD_WP | VM_UFFD_MINOR));
}

/* A3 and A4. With the PTL held. */
static bool map_page(struct vm_fault *vmf, fl_vaddr addr, pte_t *ptep, uint64_t pgoff)
{
	struct address_space *mapping = &vmf->vma->vm_file->mapping;
	struct page *page;
	bool mapped = false;

	if (pgoff >= READ_ONCE(mapping->size) || !pte_none(ptep_get(ptep)))
		return false;
	page = filemap_get_page(mapping, pgoff);
	if (!page)
		return false;
	if (trylock_page(page)) {
		if (page->mapping == mapping && PageUptodate(page)) {
			page_add_file_rmap(page);
			fl_count(vmf->m, file_pages);
			set_pte_at(vmf->mm, addr, ptep,
				   pte_mkyoung(pfn_pte(page_to_pfn(page), fault_page_prot(vmf))));
			mapped = true;
		}
		unlock_page(page);
	}
	if (!mapped)
		put_page(vmf->m, page);
	return mapped;
}

/* A1. */
static void around(const struct vm_fault *vmf, fl_vaddr *start, fl_vaddr *end)
{
	const struct fl_machine *m = vmf->m;
	uint64_t size = (uint64_t)m->fault_around << m->page_shift;
	uint64_t table = 1ULL << (m->page_shift + m->level_bits);
	fl_vaddr table_end = (vmf->address & ~(table - 1)) + table;

	*start = vmf->address & ~(size - 1);
	if (*start < table_end - table)
		*start = table_end - table;
	if (*start < vmf->vma->vm_start)
		*start = vmf->vma->vm_start;
	*end = *start + size;
	if (*end > table_end)
		*end = table_end;
	if (*end > vmf->vma->vm_end)
		*end = vmf->vma->vm_end;
}

vm_fault_t do_fault_around(struct vm_fault *vmf)
{
	struct fl_machine *m = vmf->m;
	vm_fault_t ret = 0;
	fl_vaddr start, end;
	spinlock_t *ptl;
	uint64_t pgoff;
	pte_t *ptep;

	if (pte_alloc(vmf->mm, vmf->pmdp, &vmf->pmd))
		return VM_FAULT_OOM;
	around(vmf, &start, &end);
	pgoff = linear_page_index(m, vmf->vma, start);
	ptep = pte_offset_map_lock(vmf->mm, vmf->pmd, start, &ptl);
	for (fl_vaddr addr = start; addr < end; addr += page_size(m), ptep++, pgoff++)
		if (map_page(vmf, addr, ptep, pgoff) && addr == vmf->address)
			ret = VM_FAULT_NOPAGE;
	spin_unlock(ptl);
	return ret;
}
