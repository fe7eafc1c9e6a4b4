// SPDX-License-Identifier: MIT
/*
 * truncate.c - cutting a file short, and holes in it.
 *
 * State: mapping->size, and the pages of the range, in the cache and in page tables of any mm.
 *
 *   Z1  the new size, under i_pages              later faults beyond it get SIGBUS
 *   Z2  take away all mappings of the range      private copies too, if the file ends before
 *   Z3  each page of it: lock; take away mappings that came since Z2; out of the cache; unlock
 *   Z4  as Z2, once more                         private copies that were made meanwhile
 *
 * A hole is Z2 and Z3 alone: private copies stay, and a fault may make a new page at once.
 *
 * A fault that found a page before Z3 installs it with the page locked, or finds that its mapping
 * went (file_fault.c): so nothing of the page is mapped when Z3 lets go of its lock.
 *
 * Mappings are found by the file's list, under i_mmap_rwsem for reading and without any mmap_lock:
 * munmap and faults of the same mm go on meanwhile, and the PTL alone stands between.
 *
 * Models: truncate_pagecache(), truncate_inode_pages_range(), mm/truncate.c; unmap_mapping_range(),
 * mm/memory.c; shmem_fallocate(), mm/shmem.c; Linux 6.1. i_rwsem is the inode's lock.
 * Policy: none.
 */
#include "mm/file.h"
#include "mm/zap.h"
#include "oracle/hooks.h"

#include <errno.h>

/* What @vma maps of pages [first, last]. */
static void unmap_mapping_vma(struct vm_area_struct *vma, uint64_t first, uint64_t last,
			      const struct zap_details *details)
{
	unsigned int shift = vma->vm_mm->machine->page_shift;
	uint64_t end = vma->vm_pgoff + ((vma->vm_end - vma->vm_start) >> shift);
	fl_vaddr from, to;

	if (first < vma->vm_pgoff)
		first = vma->vm_pgoff;
	if (last >= end)
		last = end - 1;
	if (first > last)
		return;
	from = vma->vm_start + ((first - vma->vm_pgoff) << shift);
	to = vma->vm_start + ((last - vma->vm_pgoff + 1) << shift);
	FL_EVENT(.kind = FL_EVENT_DISCARD, .mm = FL_EVENT_MM(vma->vm_mm), .addr = from, .end = to);
	zap_page_range_single(vma, from, to, details);
}

void unmap_mapping_pages(struct address_space *mapping, uint64_t first, uint64_t last,
			 bool even_cows)
{
	struct zap_details details = { .mapping = mapping, .even_cows = even_cows };
	struct vm_area_struct *vma;

	down_read(&mapping->i_mmap_rwsem);
	for (vma = mapping->i_mmap; vma; vma = vma->i_mmap_next)
		unmap_mapping_vma(vma, first, last, &details);
	up_read(&mapping->i_mmap_rwsem);
}

/* Z3 */
static void truncate_inode_pages(struct address_space *mapping, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		struct page *page = filemap_get_page(mapping, i);

		if (!page)
			continue;
		lock_page(page);
		if (page->mapping == mapping) {
			if (page_mapcount(page) > 0)
				unmap_mapping_pages(mapping, i, i, false);
			delete_from_page_cache(mapping, page);
		}
		unlock_page(page);
		put_page(mapping->machine, page);
	}
}

int fl_file_punch_hole(struct fl_file *file, uint64_t page, uint64_t pages)
{
	struct address_space *mapping = &file->mapping;
	uint64_t last = page + pages - 1;

	if (!pages || last < page)
		return -EINVAL;
	if (last >= mapping->capacity)
		last = mapping->capacity - 1;
	if (page > last)
		return 0;
	down_write(&mapping->i_rwsem);
	unmap_mapping_pages(mapping, page, last, false); /* Z2 */
	truncate_inode_pages(mapping, page, last);
	up_write(&mapping->i_rwsem);
	return 0;
}

int fl_file_truncate(struct fl_file *file, uint64_t pages)
{
	struct address_space *mapping = &file->mapping;
	uint64_t last = mapping->capacity - 1, old;

	if (pages > mapping->capacity)
		return -EINVAL;
	down_write(&mapping->i_rwsem);
	spin_lock(&mapping->i_pages);
	old = mapping->size;
	WRITE_ONCE(mapping->size, pages); /* Z1 */
	spin_unlock(&mapping->i_pages);
	if (pages < old) {
		/* Mappings may reach further than the file ever did: to the end of all. */
		unmap_mapping_pages(mapping, pages, ~0ULL, true); /* Z2 */
		truncate_inode_pages(mapping, pages, last);
		unmap_mapping_pages(mapping, pages, ~0ULL, true); /* Z4 */
	}
	up_write(&mapping->i_rwsem);
	return 0;
}
