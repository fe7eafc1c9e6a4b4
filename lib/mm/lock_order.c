// SPDX-License-Identifier: MIT
/*
 * lock_order.c - the order of the model's locks. Not in it: the page lock, which is a bit of page->flags
 * (inside mmap_lock, outside of i_mmap_rwsem, the anon_vma's lock and the PTL), and locks that hold
 * nothing inside them and need no name: free frames, the LRU's batches, the machine's list of mms.
 */
#include "mm/lock_order.h"

const struct lock_class lock_order[] = {
	{ "&pipe->lock", true },		  /* vmsplice() faults pages in; tee() has two */
	{ "&file->mapping.i_rwsem", false },	  /* truncate, hole punch */
	{ "&ksm->mutex", false },		  /* ksmd's passes */
	{ "&mm->mmap_lock", true },		  /* fork: the parent's, then the child's */
	{ "&vma->vm_lock->lock", false },	  /* VL:R; writers only for a moment */
	{ "&file->mapping.i_mmap_rwsem", false }, /* who maps the file */
	{ "&anon_vma->rwsem", false },		  /* of the root: who may map the pages */
	{ "&mm->page_table_lock", true },    /* tables above the leaves; anon_vma. fork has two */
	{ "&table->ptl", true },	     /* fork, mremap: source and destination */
	{ "&file->mapping.i_pages", false }, /* the page cache */
	{ "&slot->lock", false },	     /* a swap slot, and the page in the swap cache */
	{ "&swap->lock", false },	     /* free slots */
	{ "&uffd->lock", false },	     /* waiting faults */
};

const size_t nr_lock_classes = sizeof(lock_order) / sizeof(lock_order[0]);
