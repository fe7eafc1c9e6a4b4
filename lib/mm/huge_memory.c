// SPDX-License-Identifier: MIT
/*
 * huge_memory.c - transparent huge pages: a PMD maps all that a leaf table would map.
 *
 * State: the PMD, under its lock; the page (frame.h: one count of references for all of it); the mm's
 * tables in reserve. Who may change a PMD into what is at the top of huge_memory.h.
 *
 * Invariants: a PMD that maps a page has one reference to it, counts in _entire_mapcount, and has a table
 * in reserve. Anonymous private memory only; never in a VMA of a userfaultfd. PageAnonExclusive of the
 * head speaks for the whole page while a PMD maps it.
 *
 *   a fault, as F1 to F5 of fault.c, with the PMD for the entry
 *     none            -> a new huge page full of zeroes, for reads, too; base pages if there is none
 *     protnone        -> the protection comes back
 *     read-only,      -> use the page if nobody else has it, else split the PMD: the copy is of a base
 *       write             page then, made by do_wp_page()
 *     anything else   -> set accessed and dirty
 *
 *   split, under the PMD's lock                    who is in the way
 *   S0  lock the page                     [m]      others who map it and ask how many they are
 *   S1  PMD invalid; flush                         hardware: faults, and the fault waits for the lock.
 *                                                  GUP-fast: gives up. Software that asks without the
 *                                                  lock: a huge page, as before
 *   S2  references and mappings for each base
 *       page; exclusive? Each of them is
 *   S3  entries into the table from the reserve
 *   S4  one mapping of the whole less
 *       smp_wmb()                      [p]
 *   S5  the PMD points to the table                walks: PMD, then the entry          [p]
 *
 * S1 before S5: translations of both sizes for one address must not be in a TLB at once. [p] is
 * pgalloc.c's: an address dependency is the other half. S4 returns a value and so is a full barrier, which
 * would do; without both, walks find an empty table.
 *
 * [m] From S2 to S4 the mappings of one mm move from the whole to its parts. Who adds up, parts first, may
 *     find neither: one mapping, and so the page is written to that another mm reads. Those who decide by
 *     that have the page locked; from 5.8 on S0 locks it too (policy thp_split_lock; CVE-2020-29368). Since
 *     5.18 nobody decides by mappings, and there is no S0.
 *
 * A PMD that changes under mmap:R must never be none for a moment, for MADV_DONTNEED, under mmap:R as
 * well, looks at it without the lock and passes by where nothing is mapped:
 *
 *   NUMA hinting, MADV_FREE                    MADV_DONTNEED
 *   W1  clear the PMD                          Z1  none? Then nothing is there
 *   W2  store it with other rights
 *
 * (And clear_refs(4), soft_dirty.c.) The memory outlives MADV_DONTNEED. S1's way, to make it invalid, is what was done
 * (policy thp_none_pmd; B16 of the fact sheet). That flushed, too; since 5.19 x86 leaves the flush of
 * NUMA hinting and mprotect() to the end of the batch (policy thp_protect_flush). Then programs go on to use what the
 * PMD denies, as with base pages (change_protection.c), but not with a page that is not theirs any more: here a write
 * fault never copies a huge page, it splits the PMD first, and S1 flushes; who takes the page away
 * notes a flush of his own. (Up to 5.7 do_huge_pmd_wp_page() copied it, with the PMD none for a moment under mmap:R, a
 * race of W1's kind that is not modelled.)
 *
 * Models: do_huge_pmd_anonymous_page(), do_huge_pmd_wp_page(), do_huge_pmd_numa_page(), zap_huge_pmd(),
 * change_huge_pmd(), madvise_free_huge_pmd(), __split_huge_pmd_locked(), mm/huge_memory.c, Linux 6.1,
 * and 4.10 to 5.19 as the policies say (3bff7e3f1f16, c444eb564fb1,
 * 7f7609175ff2, ced108037c2a, 58ceeb6bec86, 5b7abeae3af8, 4f83145721f3). No huge zero page. The
 * page itself is never split: what is mapped by leaf entries keeps its frames together until all go.
 * Policy: thp_none_pmd, thp_protect_flush, thp_split_lock; wp_reuse, numa_write, gup_unshare as in cow.c and numa.c.
 */
#include "mm/huge_memory.h"

#include "mm/change_protection.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/swap_state.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#define set_pmd_at(mm, addr, pmdp, pmd)                                                            \
	({ FL_STORE(pmdp, pmd, FL_ONCE, "set_pmd_at(" #mm ", " #addr ", " #pmdp ", " #pmd ")"); })

/* --- what a huge page needs --- */

bool hugepage_vma_check(struct vm_area_struct *vma, unsigned long vm_flags, fl_vaddr haddr)
{
	if (!vma_is_anonymous(vma) || vm_flags & (VM_SHARED | VM_NOHUGEPAGE | __VM_UFFD_FLAGS))
		return false;
	return haddr >= vma->vm_start && haddr + hpage_size(vma->vm_mm->machine) <= vma->vm_end;
}

void page_add_new_compound_rmap(const struct fl_machine *m, struct page *head,
				struct vm_area_struct *vma, fl_vaddr haddr)
{
	atomic_set(&head->_entire_mapcount, 0);
	WRITE_ONCE(head->mapping, READ_ONCE(vma->anon_vma));
	head->index = linear_page_index(m, vma, haddr);
	FL_VOID_RMW(or, &head->flags,
		    FL_BIT(PG_swapbacked) | FL_BIT(PG_anon) | FL_BIT(PG_lru) |
			    (m->anon_exclusive ? FL_BIT(PG_anon_exclusive) : 0),
		    "page_add_new_compound_rmap(head)");
}

void pgtable_trans_huge_deposit(struct mm_struct *mm, struct ptdesc *table)
{
	table->next = mm->pmd_huge_pte;
	mm->pmd_huge_pte = table;
}

struct ptdesc *pgtable_trans_huge_withdraw(struct mm_struct *mm)
{
	struct ptdesc *table = mm->pmd_huge_pte;

	mm->pmd_huge_pte = table->next;
	return table;
}

/* Hardware sets nothing in it any more, but what TLBs have stays there. */
static pmd_t pmdp_mkinvalid(pmd_t *pmdp)
{
	return FL_FETCH(and, pmdp, ~PMD_INVALID_MASK, FL_ONCE, "pmdp_invalidate(vma, haddr, pmdp)");
}

pmd_t pmdp_invalidate(struct vm_area_struct *vma, fl_vaddr haddr, pmd_t *pmdp)
{
	struct mm_struct *mm = vma->vm_mm;
	pmd_t old = pmdp_mkinvalid(pmdp);

	flush_tlb_mm_range(mm, haddr, haddr + hpage_size(mm->machine));
	return old;
}

pmd_t pmdp_take(struct vm_area_struct *vma, fl_vaddr haddr, pmd_t *pmdp)
{
	const struct fl_machine *m = vma->vm_mm->machine;

	if (m->policy.thp_none_pmd == FL_THP_NONE_PMD_CLEAR)
		return pgtable_get_and_clear(m, pmdp);
	return pmdp_invalidate(vma, haddr, pmdp);
}

/* The same for who flushes later: pmdp_invalidate_ad(). */
static pmd_t pmdp_take_ad(struct vm_area_struct *vma, fl_vaddr haddr, pmd_t *pmdp)
{
	const struct fl_policy *policy = &vma->vm_mm->machine->policy;

	if (policy->thp_protect_flush == FL_THP_PROTECT_FLUSH_GATHERED &&
	    policy->thp_none_pmd == FL_THP_NONE_PMD_INVALIDATE)
		return pmdp_mkinvalid(pmdp);
	return pmdp_take(vma, haddr, pmdp);
}

static bool vmf_pmd_lock(struct vm_fault *vmf)
{
	vmf->ptl = pmd_lockptr(vmf->mm);
	spin_lock(vmf->ptl);
	if (pmdp_get(vmf->pmdp) == vmf->pmd)
		return true;
	spin_unlock(vmf->ptl);
	return false;
}

/* --- faults --- */

static vm_fault_t do_huge_pmd_anonymous_page(struct vm_fault *vmf, fl_vaddr haddr)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ptdesc *table;
	struct page *page;
	vm_fault_t ret;
	pmd_t entry;

	ret = vmf_anon_prepare(vmf);
	if (ret)
		return ret;
	page = alloc_hpage(vmf->m);
	if (!page) {
		fl_count(vmf->m, thp_fallbacks);
		return VM_FAULT_FALLBACK;
	}
	table = pgtable_alloc(vmf->m);
	if (!table) {
		put_page(vmf->m, page);
		return VM_FAULT_OOM;
	}
	clear_huge_page(vmf->m, page);
	smp_wmb(); /* __SetPageUptodate(): the content before the entry */
	WRITE_ONCE(page->flags, FL_BIT(PG_uptodate));

	if (!vmf_pmd_lock(vmf)) {
		pgtable_free(vmf->m, table);
		put_page(vmf->m, page);
		return 0;
	}
	entry = pte_mkyoung(pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot)));
	page_add_new_compound_rmap(vmf->m, page, vma, haddr);
	pgtable_trans_huge_deposit(vmf->mm, table);
	set_pmd_at(vmf->mm, haddr, vmf->pmdp, maybe_mkwrite(entry, fault_vm_flags(vmf)));
	spin_unlock(vmf->ptl);
	fl_count(vmf->m, thp_faults);
	return 0;
}

/* The largest number of mappings that any of its base pages has: [m]. */
static int page_trans_huge_mapcount(const struct fl_machine *m, struct page *head)
{
	int most = 0;

	for (unsigned int i = 0; i < hpage_nr(m); i++) {
		int n = atomic_read(&head[i]._mapcount) + 1;

		most = n > most ? n : most;
	}
	return most + compound_mapcount(head);
}

/* The rules of cow.c, for a huge page. Under the page lock. Up to 5.17 references did not count. */
static bool huge_can_reuse(struct vm_fault *vmf, struct page *head)
{
	bool reuse;

	switch (vmf->m->policy.wp_reuse) {
	case FL_WP_REUSE_MAPCOUNT:
	case FL_WP_REUSE_REFCOUNT:
		reuse = FL_STEP("C0", page_trans_huge_mapcount(vmf->m, head)) == 1;
		break;
	default: /* 5.18: and nobody else has one */
		try_to_free_swap(vmf->m, head);
		reuse = FL_STEP("C0", page_count(head)) == 1;
		break;
	}
	if (reuse) {
		page_move_anon_rmap(head, vmf->vma);
		if (vmf->m->anon_exclusive)
			SetPageAnonExclusive(head);
	}
	return reuse;
}

/* 1: use the page as it is. 0: don't. -1: the PMD changed; its lock is free. */
static int huge_wp_answer(struct vm_fault *vmf, struct page *head)
{
	bool exclusive = vmf->m->policy.wp_reuse == FL_WP_REUSE_ANON_EXCLUSIVE;
	bool reuse;

	if (vmf->flags & FAULT_FLAG_UNSHARE && gup_unshare_by_mapcount(vmf->m))
		return !FL_STEP("C0", page_is_shared(head));
	if (exclusive && FL_STEP("C0", PageAnonExclusive(head)))
		return 1;
	if (!trylock_page(head)) {
		get_page(head);
		spin_unlock(vmf->ptl);
		lock_page(head);
		if (!vmf_pmd_lock(vmf)) {
			unlock_page(head);
			put_page(vmf->m, head);
			return -1;
		}
		put_page(vmf->m, head);
	}
	reuse = (exclusive && PageAnonExclusive(head)) || huge_can_reuse(vmf, head);
	unlock_page(head);
	return reuse;
}

/* A write, or an unshare, and the PMD is read-only. */
static vm_fault_t do_huge_pmd_wp_page(struct vm_fault *vmf)
{
	pmd_t entry = pte_mkyoung(pte_mkdirty(vmf->pmd));
	int reuse;

	if (!vmf_pmd_lock(vmf))
		return 0;
	reuse = huge_wp_answer(vmf, pmd_page(vmf->m, vmf->pmd));
	if (reuse < 0)
		return 0;
	if (reuse) {
		bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;

		entry = maybe_mkwrite(entry, fault_vm_flags(vmf));
		if (!unshare)
			FL_STEP("C7", ptep_set_access_flags(vmf->pmdp, entry));
		spin_unlock(vmf->ptl);
		if (!unshare)
			fl_count(vmf->m, cow_reuses);
		return unshare ? 0 : VM_FAULT_WRITE;
	}
	spin_unlock(vmf->ptl);
	split_huge_pmd(vmf->vma, vmf->pmdp, vmf->address);
	return VM_FAULT_FALLBACK;
}

/* As do_numa_page(). */
static vm_fault_t do_huge_pmd_numa_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	bool writable;
	pmd_t pmd;

	if (!vmf_pmd_lock(vmf))
		return 0;
	pmd = pte_mkyoung(pte_modify(vmf->pmd, vma->vm_page_prot));
	if (vmf->m->policy.numa_write == FL_NUMA_WRITE_SAVED)
		writable = pte_write(vmf->pmd);
	else
		writable = pte_write(pmd) || (vma_wants_manual_pte_write_upgrade(vma) &&
					      can_change_pte_writable(vma, vmf->address, pmd));
	if (writable)
		pmd = pte_mkwrite(pmd);
	/* Hardware sets nothing in a PMD that is not present: a store will do. */
	set_pmd_at(vmf->mm, vmf->address, vmf->pmdp, pmd);
	spin_unlock(vmf->ptl);
	return 0;
}

static vm_fault_t huge_pmd_set_accessed(struct vm_fault *vmf)
{
	pmd_t entry = pte_mkyoung(vmf->pmd);

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = pte_mkdirty(entry);
	if (!vmf_pmd_lock(vmf))
		return 0;
	if (!ptep_set_access_flags(vmf->pmdp, entry))
		fl_count(vmf->m, spurious);
	spin_unlock(vmf->ptl);
	return 0;
}

vm_fault_t handle_pmd_fault(struct vm_fault *vmf)
{
	fl_vaddr haddr = hpage_align_down(vmf->m, vmf->address);
	unsigned long vm_flags = fault_vm_flags(vmf);

	vmf->pmd = pmdp_get(vmf->pmdp);
	if (pmd_none(vmf->pmd)) {
		if (vm_flags & VM_HUGEPAGE && hugepage_vma_check(vmf->vma, vm_flags, haddr))
			return do_huge_pmd_anonymous_page(vmf, haddr);
		return VM_FAULT_FALLBACK;
	}
	if (!pmd_leaf(vmf->pmd))
		return VM_FAULT_FALLBACK;
	if (pte_protnone(vmf->pmd) && vma_is_accessible(vmf->vma))
		return do_huge_pmd_numa_page(vmf);
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE) && !pte_write(vmf->pmd))
		return do_huge_pmd_wp_page(vmf);
	return huge_pmd_set_accessed(vmf);
}

/* --- split --- */

/* The entry of the first base page. NUMA hinting is not handed on. */
static pte_t split_entry(const struct vm_area_struct *vma, pmd_t old)
{
	pte_t entry = pfn_pte(pte_pfn(old), vma->vm_page_prot);

	return entry | (old & (_PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SOFT_DIRTY));
}

static void __split_huge_pmd_locked(struct vm_area_struct *vma, pmd_t *pmdp, fl_vaddr haddr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	pmd_t old = FL_STEP("S1", pmdp_invalidate(vma, haddr, pmdp));
	struct page *head = pmd_page(m, old);
	bool exclusive = m->anon_exclusive && PageAnonExclusive(head);
	pte_t entry = split_entry(vma, old);
	unsigned int nr = hpage_nr(m);
	struct ptdesc *table;

	if (pte_dirty(old))
		SetPageDirty(head);
	FL_STEP("S2", page_ref_add(head, (int)nr - 1));
	table = pgtable_trans_huge_withdraw(mm);
	for (unsigned int i = 0; i < nr; i++) {
		page_dup_rmap(&head[i]);
		if (exclusive && i)
			SetPageAnonExclusive(&head[i]);
		FL_STEP("S3", set_pte_at(mm, haddr, &table->entries[i], pmd_leaf_pte(entry, i)));
	}
	FL_STEP("S4", page_remove_compound_rmap(head));
	smp_wmb(); /* [p] */
	FL_STEP("S5", set_pmd_at(mm, haddr, pmdp, mk_pmd(table)));
	fl_count(m, thp_splits);
}

/*
 * S0. Locks the page that the PMD maps, for which it lets go of the PMD's lock if need be. NULL: it maps none
 * any more, or that need not be.
 */
static struct page *lock_split_page(struct mm_struct *mm, pmd_t *pmdp)
{
	struct fl_machine *m = mm->machine;
	struct page *head;
	bool same;
	pmd_t pmd;

	if (m->policy.thp_split_lock == FL_THP_SPLIT_LOCK_NONE)
		return NULL;
	while (pmd_leaf(pmd = pmdp_get(pmdp))) {
		head = pmd_page(m, pmd);
		if (trylock_page(head))
			return head;
		get_page(head);
		spin_unlock(pmd_lockptr(mm));
		lock_page(head);
		spin_lock(pmd_lockptr(mm));
		same = pmdp_get(pmdp) == pmd;
		if (!same)
			unlock_page(head);
		put_page(m, head);
		if (same)
			return head;
	}
	return NULL;
}

void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmdp, fl_vaddr addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *locked;

	spin_lock(pmd_lockptr(mm));
	locked = FL_STEP("S0", lock_split_page(mm, pmdp));
	if (pmd_leaf(pmdp_get(pmdp)))
		__split_huge_pmd_locked(vma, pmdp, hpage_align_down(mm->machine, addr));
	spin_unlock(pmd_lockptr(mm));
	if (locked)
		unlock_page(locked);
}

void split_huge_pmd_if_needed(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma;
	pmd_t *pmdp;

	if (!(addr & (hpage_size(mm->machine) - 1)))
		return;
	pmdp = pmd_offset_lockless(mm->machine, mm->pgd, addr);
	if (!pmdp || !pmd_leaf(pmdp_get(pmdp)))
		return;
	vma = vma_lookup(mm, addr);
	if (vma)
		split_huge_pmd(vma, pmdp, addr);
}

/* --- changes --- */

bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp, fl_vaddr haddr)
{
	struct mm_struct *mm = tlb->mm;
	struct fl_machine *m = mm->machine;
	struct ptdesc *table;
	struct page *head;
	pmd_t pmd;

	(void)vma;
	spin_lock(pmd_lockptr(mm));
	if (!pmd_leaf(pmdp_get(pmdp))) {
		spin_unlock(pmd_lockptr(mm));
		return false;
	}
	pmd = pgtable_get_and_clear(m, pmdp);
	tlb_flush_pte_range(tlb, haddr, hpage_size(m));
	head = pmd_page(m, pmd);
	page_remove_compound_rmap(head);
	table = pgtable_trans_huge_withdraw(mm);
	spin_unlock(pmd_lockptr(mm));
	/* Nobody had it while it was in reserve: but see khugepaged.c. */
	pgtable_free(m, table);
	if (tlb_remove_page(tlb, head))
		tlb_flush_mmu(tlb);
	return true;
}

/* Under the PMD's lock: the flush that policy protect_flush asks for. */
static void note_huge(struct mmu_gather *tlb, fl_vaddr haddr)
{
	const struct fl_machine *m = tlb->mm->machine;
	enum fl_protect_flush when = m->policy.protect_flush;

	if (when == FL_PROTECT_FLUSH_NEVER)
		return;
	tlb_flush_pte_range(tlb, haddr, hpage_size(m));
	if (when != FL_PROTECT_FLUSH_END)
		tlb_flush_mmu_tlbonly(tlb);
}

static pmd_t changed_pmd(struct vm_area_struct *vma, fl_vaddr haddr, pmd_t old, pte_t newprot,
			 unsigned int cp_flags)
{
	pmd_t pmd = pte_modify(old, newprot);

	if (cp_flags & MM_CP_SAVED_WRITE && pte_write(old))
		pmd = pte_mkwrite(pmd);
	/* PMDs since 6.2, when NUMA hints came to ask the same. */
	if (cp_flags & MM_CP_TRY_CHANGE_WRITABLE && !pte_write(pmd) &&
	    vma->vm_mm->machine->policy.numa_write == FL_NUMA_WRITE_CAN_CHANGE &&
	    can_change_pte_writable(vma, haddr, pmd))
		pmd = pte_mkwrite(pmd);
	return pmd;
}

long change_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp,
		     fl_vaddr haddr, pte_t newprot, unsigned int cp_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	long pages = hpage_nr(mm->machine);
	pmd_t pmd;

	spin_lock(pmd_lockptr(mm));
	pmd = pmdp_get(pmdp);
	if (!pmd_leaf(pmd)) {
		pages = 0;
	} else if (!(cp_flags & MM_CP_PROT_NUMA && pte_protnone(pmd))) {
		pmd = FL_STEP("W1", pmdp_take_ad(vma, haddr, pmdp));
		FL_STEP("W2", set_pmd_at(mm, haddr, pmdp,
					 changed_pmd(vma, haddr, pmd, newprot, cp_flags)));
		note_huge(tlb, haddr);
	}
	spin_unlock(pmd_lockptr(mm));
	return pages;
}

/* As L1 to L3 of madvise.c. */
bool madvise_free_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp,
			   fl_vaddr haddr)
{
	struct mm_struct *mm = tlb->mm;
	bool ours = false, leaf;
	struct page *head;
	pmd_t pmd;

	spin_lock(pmd_lockptr(mm));
	pmd = pmdp_get(pmdp);
	leaf = pmd_leaf(pmd);
	if (leaf) {
		head = pmd_page(mm->machine, pmd);
		ours = page_mapcount(head) == 1 && trylock_page(head);
	}
	if (ours) {
		if (PageDirty(head))
			ClearPageDirty(head);
		unlock_page(head);
		if (pte_young(pmd) || pte_dirty(pmd)) {
			pmd = FL_STEP("W1", pmdp_take(vma, haddr, pmdp));
			pmd = pte_mkclean(pte_mkold(pmd));
			FL_STEP("W2", set_pmd_at(mm, haddr, pmdp, pmd));
			tlb_flush_pte_range(tlb, haddr, hpage_size(mm->machine));
		}
		if (PageSwapBacked(head))
			ClearPageSwapBacked(head);
	}
	spin_unlock(pmd_lockptr(mm));
	return leaf;
}

/* madvise_cold_or_pageout_pte_range(). */
bool madvise_cold_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp,
			   fl_vaddr haddr)
{
	struct mm_struct *mm = tlb->mm;
	bool leaf;
	pmd_t pmd;

	spin_lock(pmd_lockptr(mm));
	pmd = pmdp_get(pmdp);
	leaf = pmd_leaf(pmd);
	if (leaf && pte_young(pmd) && page_mapcount(pmd_page(mm->machine, pmd)) == 1) {
		FL_VOID_RMW(and, pmdp, ~_PAGE_ACCESSED, "pmdp_test_and_clear_young(pmdp)");
		tlb_flush_pte_range(tlb, haddr, hpage_size(mm->machine));
	}
	spin_unlock(pmd_lockptr(mm));
	return leaf;
}
