// SPDX-License-Identifier: MIT
/*
 * ksm.c - kernel samepage merging: equal anonymous pages become one, read-only, until one is written.
 *
 * State: the entries that map the pages, PageAnonExclusive, PageKsm, the pages' counts; KSM's own
 * records (ksm.h), which belong to whoever holds their mutex.
 *
 * write_protect_page(): before KSM may merge a page nobody may write to it, or read it by DMA.
 *
 *   K1  mmap:R; a reference of ksmd's own; the page lock
 *   K2  lock the PTL; is the entry writable, dirty, or the page exclusive, or a flush pending?
 *       No: it is write-protected already
 *   A1  clear the entry, and flush the TLB: nobody writes any more, through whatever translation
 *   K3  mapcount + 1 == references? Or restore the entry, give up: somebody does I/O on it
 *   A2, A3  page_try_share_anon_rmap(): not pinned, and no longer exclusive. Or restore, give up
 *   A4  store the entry again, read-only and clean; its dirtiness went to the page
 *
 * A1 to A4 is the clearing side of rmap.h. K3 looks at the same counter as A2, only stricter: it
 * was there before pins could be told from other references. After A1 without the flush it is not
 * ordered (policy ksm_flush=none): what then decides is A2, which has a barrier of its own.
 *
 * The last question of K2: an entry that is read-only and clean in memory may be writable and dirty
 * in a TLB, if who made it so has yet to flush. Who asks under the PTL sees the count that was raised
 * before the entry changed (mmu_gather.h). Without the question a program goes on writing while the
 * pages are compared and after (ksm_pending; B8 of the fact sheet).
 *
 * Merging, still under the page lock:
 *   K4  the first of two equal pages becomes the KSM page: PageKsm. A write to it copies from now on
 *   K5  the content is compared again: now it can't change
 *   K6  replace_page(): lock the PTL; is the entry what A4 left? Clear it, flush, map the KSM page
 *
 * A pass, fl_ksm_scan(): for each page of each mergeable VMA
 *   P1  is it a KSM page, or as it was a pass ago (checksum)? Else leave it alone
 *   P2  an equal one in the stable tree: merge with it
 *   P3  an equal one in the unstable tree: merge both, and put them into the stable tree
 *   P4  else into the unstable tree
 *
 * Address spaces come in the order in which they became mergeable; one without mergeable VMAs is forgotten until it has one.
 *
 * An mm stays as long as ksmd looks at it: ksm_exit() takes the mutex, before anything of it goes.
 *
 * Models: write_protect_page(), replace_page(), try_to_merge_one_page(), break_ksm(),
 * cmp_and_merge_page(), ksm_do_scan(), mm/ksm.c, Linux 6.0 to 6.12, without the limits on sharing.
 * Policy: ksm_flush, ksm_pending, ksm_break, ksm_replace.
 */
#include "mm/ksm.h"

#include "mm/fault.h"
#include "mm/gup.h"
#include "mm/lru.h"
#include "mm/mmap_lock.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/swap_state.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#include <errno.h>

static pte_t clear_entry(struct vm_area_struct *vma, fl_vaddr address, pte_t *ptep)
{
	struct mm_struct *mm = vma->vm_mm;

	if (mm->machine->policy.ksm_flush == FL_KSM_FLUSH)
		return FL_STEP("A1", ptep_clear_flush(vma, address, ptep));
	return FL_STEP("A1", ptep_get_and_clear(mm, address, ptep));
}

/* The rest of K2. */
static bool flush_is_pending(struct mm_struct *mm)
{
	return mm->machine->policy.ksm_pending == FL_KSM_PENDING_CHECK && mm_tlb_flush_pending(mm);
}

/* K2 to A4. The page is referenced and locked by the caller. *@orig_pte: what A4 stored. */
static int write_protect_page(struct vm_area_struct *vma, struct page *page, fl_vaddr address,
			      pte_t *orig_pte)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	pmd_t pmd = pmd_read_lockless(m, mm->pgd, address);
	bool anon_exclusive;
	int err = -EFAULT, swapped;
	spinlock_t *ptl;
	pte_t *ptep, entry;

	/*
	 * page_address_in_vma() finds no address for a page that is KSM's already: it has no anon_vma. Nor of a huge page, which the
	 * kernel would split first.
	 */
	if (PageKsm(page) || !pmd_table(pmd))
		return err;
	ptep = pte_offset_map(m, pmd, address);
	ptl = pte_lockptr(pmd);
	spin_lock(ptl);
	entry = ptep_get(ptep);
	/* page_vma_mapped_walk(): does it still map this page? */
	if (!pte_present(entry) || pte_pfn(entry) != page_to_pfn(page) || PageCompound(page))
		goto out_unlock;

	err = 0;
	anon_exclusive = m->anon_exclusive && PageAnonExclusive(page);
	if (!pte_write(entry) && !pte_dirty(entry) && !anon_exclusive && !flush_is_pending(mm))
		goto out_unlock;

	err = -EBUSY;
	swapped = PageSwapCache(page);
	entry = clear_entry(vma, address, ptep);
	if (page_mapcount(page) + 1 + swapped != page_count(page)) { /* K3 */
		set_pte_at(mm, address, ptep, entry);
		goto out_unlock;
	}
	if (anon_exclusive && page_try_share_anon_rmap(m, page)) {
		set_pte_at(mm, address, ptep, entry);
		goto out_unlock;
	}
	if (pte_dirty(entry))
		SetPageDirty(page);
	entry = pte_mkclean(pte_wrprotect(entry));
	FL_STEP("A4", set_pte_at(mm, address, ptep, entry));
	err = 0;

out_unlock:
	*orig_pte = entry;
	spin_unlock(ptl);
	return err;
}

/* It is read-only. What @old says of it beside its protection: policy ksm_replace. */
static pte_t ksm_entry(struct vm_area_struct *vma, struct page *kpage, pte_t old)
{
	pte_t entry = pfn_pte(page_to_pfn(kpage), vma->vm_page_prot);

	if (vma->vm_mm->machine->policy.ksm_replace == FL_KSM_REPLACE_KEEP)
		entry |= old & (_PAGE_SOFT_DIRTY | _PAGE_UFFD_WP);
	return entry;
}

/* K6. @page is locked, @kpage referenced. */
static int replace_page(struct vm_area_struct *vma, fl_vaddr address, struct page *page,
			struct page *kpage, pte_t orig_pte)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	pmd_t pmd = pmd_read_lockless(m, mm->pgd, address);
	spinlock_t *ptl;
	pte_t *ptep;

	if (!pmd_table(pmd))
		return -EFAULT;
	ptep = pte_offset_map_lock(mm, pmd, address, &ptl);
	if (ptep_get(ptep) != orig_pte) {
		spin_unlock(ptl);
		return -EFAULT;
	}
	get_page(kpage);
	page_dup_rmap(kpage);
	/* Old and new frame must never be in two TLBs at once. */
	ptep_clear_flush(vma, address, ptep);
	set_pte_at(mm, address, ptep, ksm_entry(vma, kpage, orig_pte));
	page_remove_rmap(page);
	spin_unlock(ptl);
	if (page_mapcount(page) == 0)
		try_to_free_swap(m, page); /* with the page lock */
	put_page(m, page);		   /* the entry's; ksmd has one of its own */
	return 0;
}

/* K1 to K6 under mmap:R. @kpage NULL: @page becomes one (K4). */
static int try_to_merge_one_page(struct vm_area_struct *vma, fl_vaddr address, struct page *page,
				 struct page *kpage)
{
	pte_t orig_pte = PTE_NONE;
	int err;

	if (page == kpage) /* forked */
		return 0;
	if (!PageAnon(page) || !trylock_page(page))
		return -EBUSY;
	err = write_protect_page(vma, page, address, &orig_pte);
	if (!err && !kpage) {
		WRITE_ONCE(page->mapping, NULL); /* a stable node soon */
		SetPageDirty(page);
		set_bit(PG_ksm, &page->flags);
	} else if (!err) {
		err = -EBUSY;
		if (!memcmp_pages(vma->vm_mm->machine, page, kpage)) /* K5 */
			err = replace_page(vma, address, page, kpage, orig_pte);
	}
	unlock_page(page);
	return err;
}

static struct vm_area_struct *find_mergeable_vma(struct mm_struct *mm, fl_vaddr address)
{
	struct vm_area_struct *vma = vma_lookup(mm, address);

	if (!vma || !(vma->vm_flags & VM_MERGEABLE) || !READ_ONCE(vma->anon_vma))
		return NULL;
	return vma;
}

static int try_to_merge_with_ksm_page(struct ksm *ksm, struct ksm_rmap_item *item,
				      struct page *page, struct page *kpage)
{
	struct vm_area_struct *vma;
	int err = -EFAULT;

	mmap_read_lock(item->mm);
	vma = find_mergeable_vma(item->mm, item->address);
	if (vma)
		err = try_to_merge_one_page(vma, item->address, page, kpage);
	mmap_read_unlock(item->mm);
	if (!err)
		remove_rmap_item_from_tree(ksm, item);
	return err;
}

/* An anonymous page with a reference. mmap:R. */
static struct page *get_anon_page(struct vm_area_struct *vma, fl_vaddr address)
{
	bool unshare;
	struct page *page = follow_page_pte(vma, address, FOLL_GET, &unshare);

	if (page && !PageAnon(page)) {
		put_page(vma->vm_mm->machine, page);
		page = NULL;
	}
	return page;
}

struct page *get_mergeable_page(struct ksm_rmap_item *item)
{
	struct vm_area_struct *vma;
	struct page *page = NULL;

	mmap_read_lock(item->mm);
	vma = find_mergeable_vma(item->mm, item->address);
	if (vma)
		page = get_anon_page(vma, item->address);
	mmap_read_unlock(item->mm);
	return page;
}

/* --- and back --- */

/* mmap_lock. Until no KSM page is there any more: a fault may give up for all kinds of reasons. */
static int break_ksm(struct vm_area_struct *vma, fl_vaddr address)
{
	struct fl_machine *m = vma->vm_mm->machine;
	unsigned int flags = m->policy.ksm_break == FL_KSM_BREAK_UNSHARE ? FAULT_FLAG_UNSHARE
									 : FAULT_FLAG_WRITE;
	vm_fault_t fault = 0;

	while (!(fault & VM_FAULT_ERROR)) {
		struct page *page = get_anon_page(vma, address);
		bool ksm = page && PageKsm(page);

		if (page)
			put_page(m, page);
		if (!ksm)
			return 0;
		fault = handle_mm_fault(vma, address, flags | FAULT_FLAG_REMOTE);
	}
	/* Other failures are none: userfaultfd kept the page from being written to, or it has gone. */
	return fault & VM_FAULT_OOM ? -ENOMEM : 0;
}

static void break_cow(struct ksm_rmap_item *item)
{
	struct vm_area_struct *vma;

	mmap_read_lock(item->mm);
	vma = find_mergeable_vma(item->mm, item->address);
	if (vma)
		break_ksm(vma, item->address);
	mmap_read_unlock(item->mm);
}

int unmerge_ksm_pages(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	uint64_t size = page_size(vma->vm_mm->machine);
	int err = 0;

	for (fl_vaddr addr = start; !err && addr < end; addr += size)
		err = break_ksm(vma, addr);
	return err;
}

int fl_ksm_unmerge(struct fl_cpu *cpu, struct fl_mm *fl_mm, fl_vaddr addr, size_t pages)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = cpu->machine;
	struct vm_area_struct *vma;
	fl_vaddr end;
	int err = 0;

	if (addr & (page_size(m) - 1) || addr >= task_size(m) ||
	    pages > (task_size(m) - addr) >> m->page_shift)
		return -EINVAL;
	end = addr + ((uint64_t)pages << m->page_shift);
	mmap_read_lock(mm);
	for (; !err && (vma = vma_find(mm, addr)) && vma->vm_start < end; addr = vma->vm_end) {
		fl_vaddr from = vma->vm_start > addr ? vma->vm_start : addr;

		if (READ_ONCE(vma->anon_vma))
			err = unmerge_ksm_pages(vma, from, vma->vm_end < end ? vma->vm_end : end);
	}
	mmap_read_unlock(mm);
	return err;
}

/* --- a pass --- */

/* P3. The KSM page, which is @page, or NULL. */
static struct page *try_to_merge_two_pages(struct ksm *ksm, struct ksm_rmap_item *item,
					   struct page *page, struct ksm_rmap_item *tree_item,
					   struct page *tree_page)
{
	if (try_to_merge_with_ksm_page(ksm, item, page, NULL))
		return NULL;
	if (!try_to_merge_with_ksm_page(ksm, tree_item, tree_page, page))
		return page;
	break_cow(item); /* a KSM page without a node; who else maps it, after a fork, keeps it */
	return NULL;
}

/* After P3: @kpage and who shares it into the stable tree. */
static long stable_tree_take(struct fl_machine *m, struct page *kpage, struct ksm_rmap_item *item,
			     struct ksm_rmap_item *tree_item)
{
	/* Once more: it may have changed up to its write-protection. */
	struct ksm_stable_node *node = stable_tree_insert(m, kpage, calc_checksum(m, kpage));

	if (!node) {
		break_cow(tree_item);
		break_cow(item);
		return -ENOMEM;
	}
	stable_tree_append(tree_item, node);
	stable_tree_append(item, node);
	return 1;
}

/* P2. How many pages were merged. */
static long merge_with_ksm_page(struct fl_machine *m, struct ksm_rmap_item *item, struct page *page,
				struct page *kpage)
{
	int err = try_to_merge_with_ksm_page(m->state->ksm, item, page, kpage);

	if (!err)
		stable_tree_append(item, page_stable_node(kpage));
	put_page(m, kpage);
	return !err && page != kpage;
}

/* P1 to P4. How many pages were merged, or -ENOMEM. */
static long cmp_and_merge_page(struct fl_machine *m, struct page *page, struct ksm_rmap_item *item)
{
	struct ksm_stable_node *node = page_stable_node(page);
	struct ksm *ksm = m->state->ksm;
	struct ksm_rmap_item *tree_item;
	struct page *kpage, *tree_page;
	uint64_t checksum = 0;

	if (node && item->head == node)
		return 0;
	remove_rmap_item_from_tree(ksm, item);
	if (!node) {
		checksum = calc_checksum(m, page);
		if (!item->seen || item->oldchecksum != checksum) { /* P1 */
			item->seen = true;
			item->oldchecksum = checksum;
			return 0;
		}
	}

	kpage = stable_tree_search(m, page, checksum);
	if (kpage)
		return merge_with_ksm_page(m, item, page, kpage);
	tree_item = unstable_tree_search_insert(m, item, page, &tree_page); /* P4 */
	if (!tree_item)
		return 0;
	kpage = try_to_merge_two_pages(ksm, item, page, tree_item, tree_page);
	put_page(m, tree_page);
	return kpage ? stable_tree_take(m, kpage, item, tree_item) : 0;
}

/*
 * The next page at or after *@addr, with a reference; *@item is its item. NULL: there is none. *@any: there is a mergeable VMA. If there
 * never was, nothing is mergeable any more.
 */
static struct page *scan_get_next_page(struct ksm *ksm, struct mm_struct *mm, fl_vaddr *addr,
				       struct ksm_rmap_item ***list, struct ksm_rmap_item **item,
				       bool *any)
{
	struct page *page = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	for (; !page && (vma = vma_find(mm, *addr)); *addr = page ? *addr : vma->vm_end) {
		if (!(vma->vm_flags & VM_MERGEABLE))
			continue;
		*any = true;
		if (!READ_ONCE(vma->anon_vma))
			continue;
		if (*addr < vma->vm_start)
			*addr = vma->vm_start;
		while (*addr < vma->vm_end && !(page = get_anon_page(vma, *addr)))
			*addr += page_size(mm->machine);
	}
	if (!*any) /* who sets it has mmap:W */
		clear_bit(MMF_VM_MERGEABLE, &mm->flags);
	mmap_read_unlock(mm);
	if (page)
		*item = get_next_rmap_item(ksm, mm, list, *addr);
	return page;
}

/* *@any as above. */
static long scan_mm(struct fl_machine *m, struct ksm_mm_slot *slot, bool *any)
{
	struct ksm *ksm = m->state->ksm;
	struct ksm_rmap_item **list = &slot->items, *item;
	long merged = 0, n = 0;
	struct page *page;
	fl_vaddr addr = 0;

	while (n >= 0 && (page = scan_get_next_page(ksm, slot->mm, &addr, &list, &item, any))) {
		n = item ? cmp_and_merge_page(m, page, item) : -ENOMEM;
		put_page(m, page);
		merged += n;
		addr += page_size(m);
	}
	if (n < 0)
		return n;
	free_rmap_items(ksm, list); /* of what is no longer there */
	return merged;
}

void ksm_enter(struct mm_struct *mm)
{
	struct ksm *ksm = mm->machine->state->ksm;
	long order;

	if (test_bit(MMF_VM_MERGEABLE, &mm->flags))
		return;
	order = atomic_long_inc_return(&ksm->entered);
	WRITE_ONCE(mm->ksm_order, (unsigned long)order);
	set_bit(MMF_VM_MERGEABLE, &mm->flags);
}

/* A slot for @mm, if it has none, behind those that became mergeable before it. */
static int ksm_new_slot(struct ksm *ksm, struct mm_struct *mm)
{
	unsigned long order = READ_ONCE(mm->ksm_order);
	struct ksm_mm_slot **link, *slot;

	for (link = &ksm->slots; (slot = *link) && slot->order <= order; link = &slot->next)
		if (slot->mm == mm)
			return 0;
	slot = mm_zalloc(FL_ALLOC_KSM, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	slot->mm = mm;
	slot->order = order;
	slot->next = *link;
	*link = slot;
	return 0;
}

static int find_new_mms(struct fl_machine *m)
{
	int err = 0;

	spin_lock(&m->state->mm_lock);
	for (struct mm_struct *mm = m->state->mms; mm && !err; mm = mm->next) {
		if (!test_bit(MMF_VM_EXITING, &mm->flags) && test_bit(MMF_VM_MERGEABLE, &mm->flags))
			err = ksm_new_slot(m->state->ksm, mm);
	}
	spin_unlock(&m->state->mm_lock);
	return err;
}

static void free_slot(struct ksm *ksm, struct ksm_mm_slot **link)
{
	struct ksm_mm_slot *slot = *link;

	*link = slot->next;
	free_rmap_items(ksm, &slot->items);
	fl_free(slot);
}

long fl_ksm_scan(struct fl_cpu *cpu, struct fl_machine *m)
{
	struct ksm *ksm = m->state->ksm;
	struct ksm_mm_slot **link;
	long merged = 0, n;

	(void)cpu;
	lru_add_drain_all(m); /* a batch's reference would keep a page from being merged */
	down_write(&ksm->mutex);
	ksm->seqnr++;
	ksm->unstable = NULL;
	n = find_new_mms(m);
	for (link = &ksm->slots; *link && n >= 0;) {
		bool any = false;

		n = scan_mm(m, *link, &any);
		merged += n;
		if (n >= 0 && !any)
			free_slot(ksm, link);
		else
			link = &(*link)->next;
	}
	up_write(&ksm->mutex);
	return n < 0 ? n : merged;
}

/* --- from the first day to the last --- */

void ksm_exit(struct mm_struct *mm)
{
	struct ksm *ksm = mm->machine->state->ksm;
	struct ksm_mm_slot **link, *slot;

	down_write(&ksm->mutex);
	set_bit(MMF_VM_EXITING, &mm->flags);
	for (link = &ksm->slots; (slot = *link) && slot->mm != mm; link = &slot->next)
		;
	if (slot)
		free_slot(ksm, link);
	up_write(&ksm->mutex);
}

int ksm_init(struct fl_machine *m)
{
	struct ksm *ksm = mm_zalloc(FL_ALLOC_MACHINE, sizeof(*ksm));

	if (!ksm)
		return -ENOMEM;
	init_rwsem(&ksm->mutex);
	ksm->seqnr = 1;
	m->state->ksm = ksm;
	return 0;
}

void ksm_destroy(struct fl_machine *m)
{
	struct ksm *ksm = m->state ? m->state->ksm : NULL;

	if (ksm)
		ksm_free_stable_tree(ksm);
	fl_free(ksm);
}

/* --- the first half alone --- */

int fl_ksm_write_protect(struct fl_cpu *cpu, struct fl_mm *fl_mm, fl_vaddr addr)
{
	struct mm_struct *mm = &fl_mm->mm;
	fl_vaddr address = page_align_down(cpu->machine, addr);
	struct vm_area_struct *vma;
	struct page *page = NULL;
	int err = -EFAULT;
	bool unshare;
	pte_t entry;

	/* A page in a batch has a reference more than K3 knows of. */
	lru_add_drain_all(cpu->machine);
	mmap_read_lock(mm);
	vma = addr < task_size(cpu->machine) ? vma_lookup(mm, address) : NULL;
	if (vma)
		page = follow_page_pte(vma, address, FOLL_GET, &unshare); /* K1 */
	if (!page)
		goto out;
	if (!PageAnon(page))
		goto out_put;
	err = -EBUSY;
	if (trylock_page(page)) {
		err = write_protect_page(vma, page, address, &entry);
		unlock_page(page);
	}
out_put:
	put_page(cpu->machine, page);
out:
	mmap_read_unlock(mm);
	return err;
}
