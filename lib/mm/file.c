// SPDX-License-Identifier: MIT
/*
 * file.c - files and their pages: the page cache, reading and writing, and who maps a file.
 *
 * State: mapping->pages[], changed under i_pages; mapping->size, the same; the list of VMAs that
 * map the file, under i_mmap_rwsem. A page of the cache has one reference of the cache's, mapping
 * and index set, no PG_anon. Its mapping goes, under the page lock, when it leaves the cache.
 *
 *   lookup, no lock                            new page                     truncation (truncate.c)
 *   P1  page = pages[i]                        N1  its content, mapping     Q1  pages[i] = NULL
 *   P2  a reference, unless there is none      N2  lock i_pages; i inside   Q2  drop the reference
 *   P3  pages[i] still page? Or drop it, P1        the size, no page there?
 *                                              N3  pages[i] = page   release
 *                                              N4  on the LRU
 *
 * P2 raises the count of whatever the frame is by then: everybody who counts references has to
 * live with that. P3 then tells whether it was the right page: the reference keeps it from being
 * given out anew, and the full barrier of P2 puts P3 after it. N3 before P1's use of the page: the
 * release, and the address dependency. N4 after N3, and the page is locked from N1 to N4: migration and reclaim take pages
 * from the LRU, and take a page with a mapping for one that is in the cache.
 *
 * A third way for a page to go: migration (migrate.c) freezes its count, with i_pages locked, puts another page
 * into its place, and lets P2 fail meanwhile.
 *
 * Who needs a page to stay in the cache (a fault) locks it and looks whether its mapping is still
 * there.
 *
 * Models: filemap_get_entry(), filemap_add_folio(), filemap_fault(), filemap_page_mkwrite(),
 * mm/filemap.c; shmem_get_folio_gfp(), mm/shmem.c; vma_link_file(), mm/mmap.c; Linux 6.1 to 6.4.
 * Pages that a file lacks read as zeroes and are made when a fault or a write asks for them;
 * nothing is ever written back.
 * Policy: none.
 */
#include "mm/file.h"

#include "mm/fault.h"
#include "mm/lru.h"
#include "mm/mmap_lock.h"
#include "mm/vma.h"

#include "oracle/hooks.h"

#include <errno.h>

/* --- the page cache --- */

/*
 * The count was frozen (migrate.c), by who holds i_pages and puts another page into the place: kernels try
 * again and again until it is over.
 */
static void wait_for_unfreeze(struct address_space *mapping)
{
	spin_lock(&mapping->i_pages);
	spin_unlock(&mapping->i_pages);
}

struct page *filemap_get_page(struct address_space *mapping, uint64_t index)
{
	struct page *page;

	if (index >= mapping->capacity)
		return NULL;
	for (;;) {
		page = rcu_dereference(mapping->pages[index]); /* P1 */
		if (!page)
			return NULL;
		if (!page_ref_try_add(page, 1)) { /* P2 */
			/* Q2, which is after Q1: the next look at the entry is too, and finds it gone. */
			smp_acquire__after_ctrl_dep();
			if (mapping->machine->rmap_walks)
				wait_for_unfreeze(mapping);
			continue;
		}
		if (READ_ONCE(mapping->pages[index]) == page) /* P3 */
			return page;
		put_page(mapping->machine, page);
	}
}

/* The same, locked and still of this file. */
struct page *filemap_lock_page(struct address_space *mapping, uint64_t index)
{
	struct page *page;

	while ((page = filemap_get_page(mapping, index))) {
		lock_page(page);
		if (page->mapping == mapping)
			break;
		unlock_page(page); /* truncated meanwhile */
		put_page(mapping->machine, page);
	}
	return page;
}

/* Only who moves a page (migrate.c) puts it into the cache before its content is there, and has it locked. */
static struct page *filemap_get_uptodate_page(struct address_space *mapping, uint64_t index)
{
	struct page *page = filemap_get_page(mapping, index);

	if (!page || !mapping->machine->rmap_walks)
		return page;
	if (PageUptodate(page)) {
		smp_rmb(); /* folio_test_uptodate(): the flag before the content */
		return page;
	}
	put_page(mapping->machine, page);
	page = filemap_lock_page(mapping, index);
	if (page)
		unlock_page(page);
	return page;
}

static const struct fl_file *file_of(const struct address_space *mapping)
{
	return (const void *)((const char *)mapping - offsetof(struct fl_file, mapping));
}

/*
 * Who takes pages off the LRU takes them for what they seem to be: a page that is there is in the cache. Without such
 * walkers it may be there at once.
 */
static bool lru_later(const struct fl_machine *m)
{
	return m->lru_batch || m->rmap_walks;
}

void filemap_add_lru(struct fl_machine *m, struct page *page)
{
	if (lru_later(m))
		lru_cache_add(m, page);
}

int filemap_add_page(struct address_space *mapping, struct page *page, uint64_t index)
{
	unsigned long flags = file_of(mapping)->shmem ? FL_BIT(PG_swapbacked) : 0;
	int err = 0;

	if (!lru_later(mapping->machine))
		flags |= FL_BIT(PG_lru);
	if (flags)
		FL_VOID_RMW(or, &page->flags, flags, "filemap_add_page(page)");
	WRITE_ONCE(page->mapping, mapping); /* ksmd may look (ksm_tree.c) */
	page->index = index;
	spin_lock(&mapping->i_pages); /* N2 */
	if (index >= mapping->size) {
		err = -EFAULT;
	} else if (mapping->pages[index]) {
		err = -EEXIST;
	} else {
		page_ref_add(page, 1);				 /* the cache's */
		rcu_assign_pointer(mapping->pages[index], page); /* N3 */
	}
	spin_unlock(&mapping->i_pages);
	if (err) /* somebody may have a reference to it and keep it past the file's end */
		WRITE_ONCE(page->mapping, NULL);
	return err;
}

int filemap_grab_page(struct page **out, struct address_space *mapping, uint64_t index)
{
	struct fl_machine *m = mapping->machine;
	unsigned long flags = FL_BIT(PG_uptodate);
	struct page *page;
	int err = -EEXIST;

	/* Until it is on the LRU. Who may migrate or reclaim it looks for the lock, all others for N3. */
	if (m->rmap_walks)
		flags |= FL_BIT(PG_locked);
	while (err == -EEXIST) {
		*out = filemap_get_page(mapping, index);
		if (*out)
			return 0;
		if (index >= READ_ONCE(mapping->size))
			return -EFAULT;
		page = alloc_page(m); /* N1 */
		if (!page)
			return -ENOMEM;
		clear_frame(m, page_to_pfn(page));
		smp_wmb(); /* folio_mark_uptodate(): the content before the flag, and before N3 */
		WRITE_ONCE(page->flags, flags);
		err = filemap_add_page(mapping, page, index);
		if (!err)
			filemap_add_lru(m, page); /* N4 */
		if (m->rmap_walks)
			unlock_page(page);
		if (err)
			put_page(m, page);
	}
	if (err)
		return err;
	*out = page;
	return 0;
}

void delete_from_page_cache(struct address_space *mapping, struct page *page)
{
	spin_lock(&mapping->i_pages);
	WRITE_ONCE(mapping->pages[page->index], NULL); /* Q1 */
	spin_unlock(&mapping->i_pages);
	WRITE_ONCE(page->mapping, NULL);
	put_page(mapping->machine, page); /* Q2, after Q1: fully ordered */
}

/* --- faults --- */

/*
 * The page is there and nothing but the entry is missing, or the page itself is: are these
 * userfaultfd's? Only shared memory can be registered for them.
 */
static unsigned long watched_by_uffd(const struct vm_fault *vmf, const struct page *page)
{
	if (!vma_is_shmem(vmf->vma))
		return 0;
	return fault_vm_flags(vmf) & (page ? VM_UFFD_MINOR : VM_UFFD_MISSING);
}

/* Steps D1 and D2 of a fault (file_fault.c). */
static vm_fault_t filemap_fault(struct vm_fault *vmf)
{
	struct address_space *mapping = &vmf->vma->vm_file->mapping;
	unsigned long reason;
	struct page *page;
	int err;

	for (;;) {
		if (vmf->pgoff >= READ_ONCE(mapping->size))
			return VM_FAULT_SIGBUS;
		page = filemap_get_page(mapping, vmf->pgoff);
		reason = watched_by_uffd(vmf, page);
		if (reason) {
			if (page)
				put_page(vmf->m, page);
			return handle_userfault(vmf, reason);
		}
		err = page ? 0 : filemap_grab_page(&page, mapping, vmf->pgoff);
		if (err)
			return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
		lock_page(page);
		if (page->mapping == mapping && vmf->pgoff < READ_ONCE(mapping->size))
			break;
		unlock_page(page); /* truncated meanwhile */
		put_page(vmf->m, page);
	}
	vmf->page = page;
	return 0;
}

/* A file system would begin to account the page as dirty here. */
static vm_fault_t filemap_page_mkwrite(struct vm_fault *vmf)
{
	struct page *page = vmf->page;

	lock_page(page);
	if (page->mapping != &vmf->vma->vm_file->mapping) {
		unlock_page(page);
		return VM_FAULT_NOPAGE;
	}
	SetPageDirty(page);
	return 0;
}

const struct vm_operations_struct shmem_vm_ops = { .fault = filemap_fault };
const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
	.page_mkwrite = filemap_page_mkwrite,
};

/* --- who maps it --- */

void get_file(struct fl_file *file)
{
	refcount_inc(&file->refcount);
}

/*
 * The page at @index, locked; nobody maps the file or looks anything up in it any more. Who reclaims or moves pages does
 * not ask for that: he may take the page away while we wait for its lock, and a page without a reference may be anybody's.
 */
static struct page *last_lock_page(struct address_space *mapping, uint64_t index)
{
	struct page *page;

	if (mapping->machine->rmap_walks) {
		page = filemap_lock_page(mapping, index);
		if (page)
			put_page(mapping->machine,
				 page); /* the cache has one as long as we have the lock */
		return page;
	}
	page = READ_ONCE(mapping->pages[index]);
	if (page)
		lock_page(page);
	return page;
}

void fput(struct fl_file *file)
{
	struct address_space *mapping = &file->mapping;

	if (!refcount_dec_and_test(&file->refcount))
		return;
	machine_disowns(mapping->machine, &file->owned);
	/* Pages may be pinned. */
	for (uint64_t i = 0; i < mapping->capacity; i++) {
		struct page *page = last_lock_page(mapping, i);

		if (page) {
			WRITE_ONCE(page->mapping, NULL);
			unlock_page(page);
			put_page(mapping->machine, page);
		}
	}
	if (mapping->machine->rmap_walks) {
		/* clear_inode(): reclaim may have taken the last one, and has yet to let go of the lock. */
		spin_lock(&mapping->i_pages);
		spin_unlock(&mapping->i_pages);
	}
	fl_free(mapping->pages);
	fl_free(file);
}

void vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = &vma->vm_file->mapping;
	down_write(&mapping->i_mmap_rwsem);
	vma->i_mmap_next = mapping->i_mmap;
	mapping->i_mmap = vma;
	up_write(&mapping->i_mmap_rwsem);
}

void unlink_file_vma(struct vm_area_struct *vma)
{
	struct address_space *mapping;
	struct vm_area_struct **link;

	if (!vma->vm_file)
		return;
	mapping = &vma->vm_file->mapping;
	down_write(&mapping->i_mmap_rwsem);
	for (link = &mapping->i_mmap; *link; link = &(*link)->i_mmap_next) {
		if (*link == vma) {
			*link = vma->i_mmap_next;
			break;
		}
	}
	up_write(&mapping->i_mmap_rwsem);
}

/* --- the user's side --- */

static void destroy_file(struct owned *owned)
{
	fl_file_put((struct fl_file *)((char *)owned - offsetof(struct fl_file, owned)));
}

int fl_file_create(struct fl_file **out, struct fl_machine *m, enum fl_file_kind kind, size_t pages,
		   size_t max_pages)
{
	uint64_t capacity = max_pages ? max_pages : pages;
	struct fl_file *file;

	if ((kind != FL_FILE_SHMEM && kind != FL_FILE_REGULAR) || !capacity || pages > capacity)
		return -EINVAL;
	if (capacity > SIZE_MAX / sizeof(struct page *))
		return -ENOMEM;
	file = mm_zalloc(FL_ALLOC_OBJECT, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->mapping.pages = mm_zalloc(FL_ALLOC_OBJECT, capacity * sizeof(struct page *));
	if (!file->mapping.pages) {
		fl_free(file);
		return -ENOMEM;
	}
	file->mapping.machine = m;
	file->mapping.capacity = capacity;
	file->mapping.size = pages;
	spin_lock_init(&file->mapping.i_pages);
	init_rwsem(&file->mapping.i_mmap_rwsem);
	init_rwsem(&file->mapping.i_rwsem);
	file->shmem = kind == FL_FILE_SHMEM;
	file->vm_ops = file->shmem ? &shmem_vm_ops : &generic_file_vm_ops;
	refcount_set(&file->refcount, 1);
	machine_owns(m, &file->owned, destroy_file);
	*out = file;
	return 0;
}

void fl_file_put(struct fl_file *file)
{
	if (file)
		fput(file);
}

struct fl_file *fl_file_of(struct fl_mm *fl_mm, fl_vaddr addr)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_file *file = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && vma->vm_file) {
		file = vma->vm_file;
		get_file(file);
	}
	mmap_read_unlock(mm);
	return file;
}

int fl_file_read(uint64_t *out, struct fl_file *file, uint64_t page_nr, size_t i)
{
	struct address_space *mapping = &file->mapping;
	struct fl_machine *m = mapping->machine;
	struct page *page;

	if (i >= m->page_words || page_nr >= READ_ONCE(mapping->size))
		return -EINVAL;
	page = filemap_get_uptodate_page(mapping, page_nr);
	*out = 0;
	if (page) {
		*out = READ_ONCE(frame_words(m, page_to_pfn(page))[i]);
		put_page(m, page);
	}
	return 0;
}

int fl_file_write(struct fl_file *file, uint64_t page_nr, size_t i, uint64_t word)
{
	struct address_space *mapping = &file->mapping;
	struct fl_machine *m = mapping->machine;
	struct page *page;
	bool there;
	int err;

	if (i >= m->page_words)
		return -EINVAL;
	do {
		if (page_nr >= READ_ONCE(mapping->size))
			return -EINVAL;
		err = filemap_grab_page(&page, mapping, page_nr);
		if (err)
			return err == -ENOMEM ? -ENOMEM : -EINVAL;
		lock_page(page);
		there = page->mapping == mapping;
		if (there) {
			FL_EVENT(.kind = FL_EVENT_KERNEL_STORE, .pfn = page_to_pfn(page),
				 .value = word);
			WRITE_ONCE(frame_words(m, page_to_pfn(page))[i], word);
			SetPageDirty(page);
		}
		unlock_page(page);
		put_page(m, page);
	} while (!there);
	return 0;
}
