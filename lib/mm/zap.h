/* SPDX-License-Identifier: MIT */
/* zap.h - taking pages out of page tables. After mm/memory.c, Linux 6.1. */
#ifndef FL_MM_ZAP_H
#define FL_MM_ZAP_H

#include "mm/mmu_gather.h"

struct zap_details {
	struct address_space *mapping; /* of these pages only; NULL: all */
	bool even_cows;		       /* private copies, too */
	bool drop_marker;	       /* uffd-wp markers go as well: the VMA goes */
};

/*
 * All pages of @vma in [start, end). mmap:W, or mmap:R, or i_mmap_rwsem; pages go with the batch.
 * Entries of file mappings that were uffd-wp leave a marker unless @details->drop_marker.
 */
void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma, fl_vaddr start,
		      fl_vaddr end, const struct zap_details *details);
/* The same with a batch of its own. */
void zap_page_range_single(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end,
			   const struct zap_details *details);
/*
 * pgtable_free.c: tables that lie in [floor, ceiling) and that only [start, end), which has no
 * entries any more, used. @floor: the end of the VMA before, or 0; @ceiling: the start of the one
 * after, or task_size(). mmap:W, the VMAs gone from the tree and from the lists of their file
 * (unlink_file_vma()) and anon_vmas, or nobody uses the mm.
 */
void free_pgtables(struct mmu_gather *tlb, fl_vaddr start, fl_vaddr end, fl_vaddr floor,
		   fl_vaddr ceiling);

#endif
