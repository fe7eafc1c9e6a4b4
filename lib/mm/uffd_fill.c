// SPDX-License-Identifier: MIT
/*
 * uffd_fill.c - userfaultfd: pages that user space provides (COPY, ZEROPAGE), and pages of a file that
 * it lets a mapping have (CONTINUE).
 *
 * State: the entry, under its PTL; for shared memory also the file's slot for the page, under i_pages.
 *
 *   I1  mmap:R; the range is registered; private: there is an anon_vma
 *   I2  a page: new and filled, or the file's own
 *   I3  shared memory: a new page, locked, goes     a fault that finds it there, truncation: wait for
 *       into the file, or it has one: -EEXIST       its lock, which I7 is done with
 *   I4  smp_wmb(), __SetPageUptodate()              the content before I3 and I7
 *   I5  lock the PTL; still inside the file?        truncation: has set the size before it unmaps
 *   I6  the entry is none, or a marker?             a fault, or another answer, was faster: -EEXIST
 *   I7  store the entry, unlock
 *   I8  wake who waits                              a fault that comes to wait: uffd.c, U3
 *
 * In a private mapping of a file COPY makes an anonymous page, as a write fault would, and CONTINUE maps
 * the file's page read-only. With the mode WP the entry arrives protected.
 *
 * Entries are dirty, also read-only ones since 5.16 (9ae0f87d009c; policy uffd_install_dirty): a page
 * that is nowhere else must not be taken for clean. So a dirty entry says no longer that its page was
 * copied (fact sheet B2).
 *
 * Models: mfill_atomic(), mfill_atomic_install_pte(), mfill_atomic_pte_{copy,zeropage,continue}(),
 * mm/userfaultfd.c, shmem_mfill_atomic_pte(), mm/shmem.c, Linux 5.7 to 6.12, one page at a time.
 * Policy: uffd_install_dirty, uffd_fill_prepare.
 */
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/lru.h"
#include "mm/mmap_lock.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/uffd.h"
#include "mm/vma.h"

#include "oracle/hooks.h"

#include <errno.h>

enum mfill_atomic_mode { MFILL_ATOMIC_COPY, MFILL_ATOMIC_ZEROPAGE, MFILL_ATOMIC_CONTINUE };

struct mfill {
	struct mm_struct *mm;
	struct fl_machine *m;
	struct vm_area_struct *vma;
	fl_vaddr addr;
	enum mfill_atomic_mode mode;
	const uint64_t *words; /* COPY */
	bool wp;
};

/* I5. Under the PTL. */
static bool mfill_file_over_size(const struct mfill *f)
{
	struct fl_file *file = f->vma->vm_file;

	return file && linear_page_index(f->m, f->vma, f->addr) >= READ_ONCE(file->mapping.size);
}

static int mfill_lock(const struct mfill *f, pte_t **ptep, spinlock_t **ptl)
{
	pmd_t *pmdp = pmd_alloc(f->mm, f->addr), pmd;

	if (!pmdp || pte_alloc(f->mm, pmdp, &pmd))
		return -ENOMEM;
	if (pmd_leaf(pmd))
		return -EEXIST;
	*ptep = pte_offset_map_lock(f->mm, pmd, f->addr, ptl);
	return 0;
}

static pte_t mfill_entry(const struct mfill *f, struct page *page, bool in_cache)
{
	struct vm_area_struct *vma = f->vma;
	bool shared = vma->vm_flags & VM_SHARED;
	bool writable = vma->vm_flags & VM_WRITE && (shared || !in_cache);
	pte_t entry = pfn_pte(page_to_pfn(page), vma->vm_page_prot);

	if (writable || f->m->policy.uffd_install_dirty == FL_UFFD_INSTALL_DIRTY_ALWAYS)
		entry = pte_mkdirty(entry);
	else if (shared)
		SetPageDirty(page);
	if (writable)
		entry = pte_mkwrite(entry);
	return f->wp ? pte_mkuffd_wp(entry) : entry;
}

/* I5 to I7. Takes over the reference if 0. @in_cache: the page is the file's. */
static int mfill_atomic_install_pte(const struct mfill *f, struct page *page, bool in_cache)
{
	pte_t entry = mfill_entry(f, page, in_cache), old, *ptep;
	spinlock_t *ptl;
	int ret = mfill_lock(f, &ptep, &ptl);

	if (ret)
		return ret;
	old = ptep_get(ptep);
	if (mfill_file_over_size(f)) {
		ret = -EFAULT;
	} else if (!pte_none(old) && !is_pte_marker(old)) {
		ret = -EEXIST;
	} else {
		if (in_cache)
			page_add_file_rmap(page);
		else
			page_add_new_anon_rmap(f->m, page, f->vma, f->addr);
		if (!in_cache && f->m->lru_batch)
			lru_cache_add(f->m, page);
		FL_STEP("I7", set_pte_at(f->mm, f->addr, ptep, entry));
	}
	spin_unlock(ptl);
	return ret;
}

/* I2, I4: a new page with the words, or full of zeroes. */
static struct page *mfill_new_page(const struct mfill *f)
{
	struct page *page = alloc_page(f->m);
	uint64_t pfn;

	if (!page)
		return NULL;
	pfn = page_to_pfn(page);
	for (unsigned int i = 0; f->words && i < f->m->page_words; i++) {
		FL_EVENT(.kind = FL_EVENT_KERNEL_STORE, .pfn = pfn, .value = f->words[i]);
		WRITE_ONCE(frame_words(f->m, pfn)[i], f->words[i]);
	}
	if (!f->words)
		clear_frame(f->m, pfn);
	smp_wmb(); /* I4 */
	WRITE_ONCE(page->flags, FL_BIT(PG_uptodate));
	return page;
}

/* In a private mapping. */
static int mfill_atomic_pte_copy(const struct mfill *f)
{
	struct page *page = mfill_new_page(f);
	int ret;

	if (!page)
		return -ENOMEM;
	ret = mfill_atomic_install_pte(f, page, false);
	if (ret)
		put_page(f->m, page);
	return ret;
}

static int mfill_atomic_pte_zeropage(const struct mfill *f)
{
	pte_t entry = pte_mkspecial(pfn_pte(ZERO_PFN, f->vma->vm_page_prot)), *ptep;
	spinlock_t *ptl;
	int ret = mfill_lock(f, &ptep, &ptl);

	if (ret)
		return ret;
	if (mfill_file_over_size(f))
		ret = -EFAULT;
	else if (!pte_none(ptep_get(ptep)))
		ret = -EEXIST; /* also a marker: the zero page could not be protected */
	else
		FL_STEP("I7", set_pte_at(f->mm, f->addr, ptep, entry));
	spin_unlock(ptl);
	return ret;
}

/* The page is locked from before others can find it in the file until the entry is there. */
static int shmem_mfill_atomic_pte(const struct mfill *f)
{
	struct address_space *mapping = &f->vma->vm_file->mapping;
	struct page *page = mfill_new_page(f);
	int ret;

	if (!page)
		return -ENOMEM;
	(void)trylock_page(page); /* nobody else has it */
	ret = filemap_add_page(mapping, page, linear_page_index(f->m, f->vma, f->addr)); /* I3 */
	if (!ret) {
		ret = mfill_atomic_install_pte(f, page, true);
		if (ret)
			delete_from_page_cache(mapping, page);
		else
			filemap_add_lru(f->m, page);
	}
	unlock_page(page);
	if (ret)
		put_page(f->m, page);
	return ret;
}

static int mfill_atomic_pte_continue(const struct mfill *f)
{
	struct address_space *mapping = &f->vma->vm_file->mapping;
	uint64_t index = linear_page_index(f->m, f->vma, f->addr);
	struct page *page;
	int ret;

	if (index >= READ_ONCE(mapping->size))
		return -EINVAL;
	page = filemap_lock_page(mapping, index);
	if (!page)
		return -EFAULT;
	ret = mfill_atomic_install_pte(f, page, true);
	unlock_page(page);
	if (ret)
		put_page(f->m, page);
	return ret;
}

static int mfill_atomic_pte(const struct mfill *f)
{
	struct vm_area_struct *vma = f->vma;

	/* Protected pages only where a write to them is heard of. */
	if (f->wp && !(vma->vm_flags & VM_UFFD_WP))
		return -EINVAL;
	if (!vma_is_anonymous(vma) && !vma_is_shmem(vma))
		return -EINVAL;
	if (f->mode == MFILL_ATOMIC_CONTINUE && !vma_is_shmem(vma))
		return -EINVAL;
	/* Whatever comes, also the zero page: so fork() copies the entry. */
	if (!(vma->vm_flags & VM_SHARED) && anon_vma_prepare(vma))
		return -ENOMEM;
	if (f->mode == MFILL_ATOMIC_CONTINUE)
		return mfill_atomic_pte_continue(f);
	if (vma->vm_flags & VM_SHARED)
		return shmem_mfill_atomic_pte(f);
	return f->mode == MFILL_ATOMIC_COPY ? mfill_atomic_pte_copy(f)
					    : mfill_atomic_pte_zeropage(f);
}

static int mfill_atomic(struct fl_uffd *ctx, fl_vaddr addr, enum mfill_atomic_mode mode,
			const uint64_t *words, bool wp)
{
	struct mm_struct *mm = ctx->mm;
	struct mfill f = {
		.mm = mm,
		.m = mm->machine,
		.addr = addr,
		.mode = mode,
		.words = words,
		.wp = wp,
	};
	int ret = -ENOENT;

	mmap_read_lock(mm); /* I1 */
	f.vma = vma_lookup(mm, addr);
	/* find_vma_and_prepare_anon(), so that a VMA lock will do: whether it is watched is looked at later. */
	if (f.m->policy.uffd_fill_prepare == FL_UFFD_PREPARE_FIRST && f.vma &&
	    !(f.vma->vm_flags & VM_SHARED) && anon_vma_prepare(f.vma))
		ret = -ENOMEM;
	else if (f.vma && f.vma->uffd_ctx == ctx)
		ret = mfill_atomic_pte(&f);
	mmap_read_unlock(mm);
	if (!ret || ret == -EEXIST)
		wake_userfault(ctx, addr, addr + page_size(f.m)); /* I8 */
	return ret;
}

static bool on_page_boundary(const struct fl_uffd *uffd, fl_vaddr addr)
{
	return !(addr & (page_size(uffd->mm->machine) - 1));
}

int fl_uffd_copy(struct fl_uffd *uffd, fl_vaddr addr, const uint64_t *words)
{
	if (!words || !on_page_boundary(uffd, addr))
		return -EINVAL;
	return mfill_atomic(uffd, addr, MFILL_ATOMIC_COPY, words, false);
}

int fl_uffd_copy_wp(struct fl_uffd *uffd, fl_vaddr addr, const uint64_t *words)
{
	if (!words || !on_page_boundary(uffd, addr))
		return -EINVAL;
	return mfill_atomic(uffd, addr, MFILL_ATOMIC_COPY, words, true);
}

int fl_uffd_zeropage(struct fl_uffd *uffd, fl_vaddr addr)
{
	if (!on_page_boundary(uffd, addr))
		return -EINVAL;
	return mfill_atomic(uffd, addr, MFILL_ATOMIC_ZEROPAGE, NULL, false);
}

int fl_uffd_continue(struct fl_uffd *uffd, fl_vaddr addr)
{
	if (!on_page_boundary(uffd, addr))
		return -EINVAL;
	return mfill_atomic(uffd, addr, MFILL_ATOMIC_CONTINUE, NULL, false);
}

int fl_uffd_continue_wp(struct fl_uffd *uffd, fl_vaddr addr)
{
	if (!on_page_boundary(uffd, addr))
		return -EINVAL;
	return mfill_atomic(uffd, addr, MFILL_ATOMIC_CONTINUE, NULL, true);
}
