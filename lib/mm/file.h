/* SPDX-License-Identifier: MIT */
/*
 * file.h - files and their pages: the page cache, and who maps it.
 *
 *   reader, no lock (filemap_get_folio())      writer, i_pages locked (truncate, reclaim)
 *   P1  page = pages[i]                        Q1  pages[i] = NULL
 *   P2  a reference, unless there is none      Q2  drop the page cache's reference
 *   P3  pages[i] still page? Or drop it, P1
 *
 * P2 is the speculative reference that raises any page's count for a moment.
 *
 * A VMA that is on the list may be visited, and its page tables changed, by who holds i_mmap_rwsem
 * for reading and nothing else. So whoever changes vm_start, vm_end or vm_pgoff of one takes it off the
 * list before, or holds the rwsem for writing; and one that goes is off the list before its page tables
 * are.
 *
 * Lock order: i_rwsem, mmap_lock, page lock, i_mmap_rwsem, PTL; page lock, i_pages.
 * After include/linux/fs.h and mm/filemap.c, Linux 6.1.
 */
#ifndef FL_MM_FILE_H
#define FL_MM_FILE_H

#include "mm/mm_types.h"
#include "mmu/owned.h"

struct address_space {
	struct fl_machine *machine;
	spinlock_t i_pages;	     /* guards changes of pages[] and size */
	struct rw_semaphore i_rwsem; /* one truncation at a time */
	uint64_t size;		     /* in pages: beyond it accesses get SIGBUS */
	uint64_t capacity;	     /* constant: entries of pages[] */
	struct page **pages;	     /* NULL: not in the cache, reads as zeroes */
	struct rw_semaphore i_mmap_rwsem;
	struct vm_area_struct *i_mmap; /* i_mmap_rwsem: all VMAs that map it */
};

struct fl_file {
	struct owned owned; /* until nobody refers to it */
	struct address_space mapping;
	refcount_t refcount; /* the user's, and one per VMA */
	const struct vm_operations_struct *vm_ops;
	bool shmem; /* constant: memfd and shared anonymous memory; else a file with writeback */
};

extern const struct vm_operations_struct shmem_vm_ops;	      /* no page_mkwrite */
extern const struct vm_operations_struct generic_file_vm_ops; /* page_mkwrite: dirty accounting */

static inline bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &shmem_vm_ops;
}

void get_file(struct fl_file *file);
void fput(struct fl_file *file);

/*
 * mmap.c, fork.c: @vma enters or leaves the list of its file's mappings, if it has one. Under mmap:W.
 * References are the caller's.
 */
void vma_link_file(struct vm_area_struct *vma);
void unlink_file_vma(struct vm_area_struct *vma);

/* The page at @index with a reference, or NULL. P1 to P3. */
struct page *filemap_get_page(struct address_space *mapping, uint64_t index);
/* The same, locked, and sure to be of @mapping until it is unlocked. */
struct page *filemap_lock_page(struct address_space *mapping, uint64_t index);
/*
 * N2, N3: a new page, uptodate, gets there; the cache has a reference of its own. -EEXIST: there is one.
 * -EFAULT: beyond the end. With machine->rmap_walks the page is locked. The caller's part is then N4.
 */
int filemap_add_page(struct address_space *mapping, struct page *page, uint64_t index);
/* N4, where N3 did not do it at once. */
void filemap_add_lru(struct fl_machine *m, struct page *page);
/* As filemap_get_page(), into @out; makes one full of zeroes if there is none. -ENOMEM; -EFAULT: beyond the end. */
int filemap_grab_page(struct page **out, struct address_space *mapping, uint64_t index);

/* A new entry maps a file's page, and has a reference of it. Under the PTL. */
#define page_add_file_rmap(page) atomic_inc(&(page)->_mapcount)

/* Q1 and Q2. The page is locked, of @mapping, and not mapped. The caller has a reference. */
void delete_from_page_cache(struct address_space *mapping, struct page *page);

/*
 * truncate.c: takes every mapping of pages [first, last] away, private copies too if @even_cows. No
 * lock held but i_mmap_rwsem for reading, which it takes. After unmap_mapping_range().
 */
void unmap_mapping_pages(struct address_space *mapping, uint64_t first, uint64_t last,
			 bool even_cows);

#endif
