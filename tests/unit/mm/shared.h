/* SPDX-License-Identifier: MIT */
/*
 * shared.h - mappings of a file with entries made by hand, for tests of what changes entries: no fault
 * is needed to have one, and it says what the test wants.
 */
#ifndef TESTS_SHARED_H
#define TESTS_SHARED_H

/* Before the variables of world.h. */
#include "mm/change_protection.h"
#include "mm/file.h"
#include "mm/uffd.h"

#include "../world.h"

#include <faultline/file.h>

#define SHARED_PAGES 4

static inline struct fl_file *make_file(void)
{
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, SHARED_PAGES, 0), 0);
	return file;
}

/* After nothing maps it any more. */
static inline void free_file(struct fl_file *file)
{
	fl_file_put(file);
}

/* Tracking begins, entries stay. */
static inline void track(fl_vaddr addr)
{
	struct vm_area_struct *vma;

	mmap_write_lock(mm);
	vma = vma_lookup(mm, addr);
	vm_flags_reset(vma, vma->vm_flags & ~VM_SOFTDIRTY);
	vma_set_page_prot(vma);
	mmap_write_unlock(mm);
}

/* A mapping of all of @file; @flags: VM_SHARED or none, VM_SOFTDIRTY or none. */
static inline struct vm_area_struct *map_file(struct fl_file *file, fl_vaddr at,
					      unsigned long flags)
{
	unsigned int shared = flags & VM_SHARED ? FL_MAP_SHARED : 0;
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, fl_mm, at, SHARED_PAGES, FL_READ | FL_WRITE,
				 shared | FL_MAP_FIXED_NOREPLACE, file, 0),
			 0);
	if (!(flags & VM_SOFTDIRTY))
		track(addr);
	return vma_lookup(mm, addr);
}

/* The file's page @index, which it has from now on. */
static inline struct page *file_page(struct fl_file *file, uint64_t index)
{
	struct page *page;

	ck_assert_int_eq(filemap_grab_page(&page, &file->mapping, index), 0);
	put_page(machine, page); /* the cache has one */
	return page;
}

/* The leaf entry for @addr, with a table for it. */
static inline pte_t *entry_at(fl_vaddr addr)
{
	pmd_t *pmdp = pmd_alloc(mm, addr), pmd;

	ck_assert_ptr_nonnull(pmdp);
	ck_assert_int_eq(pte_alloc(mm, pmdp, &pmd), 0);
	return pte_offset_map(machine, pmd, addr);
}

/* Maps the file's page at @addr with these bits beside those of a present entry. */
static inline void map_entry(struct vm_area_struct *vma, fl_vaddr addr, pte_t bits)
{
	struct page *page = file_page(vma->vm_file, linear_page_index(machine, vma, addr));

	get_page(page);
	page_add_file_rmap(page);
	*entry_at(addr) = pfn_pte(page_to_pfn(page), _PAGE_PRESENT | _PAGE_USER | bits);
}

/* As a program's store leaves an entry. */
#define STORED (_PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
/* Of these and uffd-wp, what the entry for @addr has. */
#define BITS (STORED | _PAGE_UFFD_WP)

static inline pte_t bits_of(fl_vaddr addr)
{
	return entry_of(addr) & BITS;
}

/* As a new mapping is: all of it counts as soft-dirty. */
static inline void count_as_new(fl_vaddr addr)
{
	struct vm_area_struct *vma;

	mmap_write_lock(mm);
	vma = vma_lookup(mm, addr);
	vm_flags_reset(vma, vma->vm_flags | VM_SOFTDIRTY);
	vma_set_page_prot(vma);
	mmap_write_unlock(mm);
}

/* The PTL of the table for @addr: who changes an entry there waits for it. */
static inline spinlock_t *ptl_of(fl_vaddr addr)
{
	return pte_lockptr(*pmd_offset_lockless(machine, mm->pgd, addr));
}

#endif
