// SPDX-License-Identifier: MIT
/*
 * gup.c - get_user_pages and pin_user_pages: references to the pages behind addresses.
 *
 * State: page->_refcount. A plain reference (FOLL_GET) adds 1, a pin (FOLL_PIN)
 * GUP_PIN_COUNTING_BIAS. MMF_HAS_PINNED: the mm had a pin once.
 *
 * Slow: with mmap:R, page by page under the page-table lock (steps B1, B2, B5, B3 of what follows); what
 * is not there, or not good enough, is faulted in. A read-only pin of an anonymous page needs PageAnonExclusive; without it
 * the page is first unshared, or pin and mapping would part at the next write. A long-term one of the
 * zero page, or of a file's page, in a private mapping: the same.
 *
 * Fast: no lock. Interrupts are off, which keeps page tables from being freed and IPI-based
 * flushes from being answered. The page is found, taken, and then looked at again. Steps B1 to B5
 * of rmap.h:
 *
 *   B1  pte = *ptep
 *   B2  may it be accessed that way?
 *   B3  try_get_folio(): a reference, unless the frame is free; then the rest of the pin
 *       smp_mb__after_atomic()   [a]  paired with smp_mb() after A1 in page_try_share_anon_rmap()
 *   B4  *pmdp == pmd, *ptep == pte?   The page may have become another one's before B3
 *       smp_rmb()                [b]  paired with smp_mb__after_atomic() after A3
 *   B5  pte read-only: is PageAnonExclusive still set?
 *
 * The reference of B3 is taken by a fully ordered operation, the rest of the pin by an unordered
 * one. So even without [a] whoever counts all references (KSM) is ordered against B4; who asks
 * for pins is not. Up to 5.13 the whole pin was one fully ordered operation (gup_pin_rmw=one).
 *
 * Against fork nothing of this helps before PageAnonExclusive (B5 of the fact sheet): fork looks for
 * pins, finds none, write-protects; a pin between the two is too late for it. Since 5.11
 * write_protect_seq is read before B1 and after all of it. fork.c has the other half.
 *
 * A huge page that a PMD maps is taken by that, with the same steps: the PMD is both entry and what leads
 * to it. Its pins have a count of their own, so B3 is always two operations.
 *
 * The design that was not merged (policy gup_unshare=mapcount) has no flag: a long-term read-only pin
 * unshares a page with more than one mapping. Fast asks for the mappings between B3 and B4:
 *
 *   first pin                        second pin                      a child
 *   mappings == 2: unshare fault,
 *   copies, without the PTL                                          unmaps: mappings == 1
 *                                    mappings == 1: pins the page
 *   the entry is as before: clears
 *   it, maps the copy, pins that
 *
 * The second pin is on a page that nobody maps. With mapcount-recheck the fault asks again when the
 * entry is clear: who asked before, and was told 1, makes it find 1, too (the smp_rmb() before B4,
 * against the flush); who asks later does not get past B4.
 *
 * Models: pin_user_pages_fast(), lockless_pages_from_mm(), gup_pte_range(), try_grab_folio(),
 * gup_must_unshare(), __get_user_pages(), faultin_page(), follow_page_pte(), mm/gup.c, Linux 6.0
 * (no barriers), 6.1 (088b8aa537c2) and 6.2 (long-term pins of what is not anonymous); zero page as
 * in 6.5 (c8070b787519): not counted as pinned. Forced writes: 4.8, 4.9 (19be0eaffa3a), 6.0; 5.8:
 * should_force_cow_break().
 * Policy: gup_cow_break, gup_force_write, gup_unshare, gup_recheck, gup_pin_rmw, fork_seqcount,
 * gup_pin_barrier, gup_unshare_barrier, pgtable_free.
 */
#include "mm/gup.h"

#include "mm/change_protection.h"
#include "mm/fault.h"
#include "mm/huge_memory.h"
#include "mm/mmap_lock.h"
#include "mm/rmap.h"
#include "mm/stack.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

/* Would a read-only pin of @page be of no worth, because it may be shared? Fast has no @vma. */
static bool gup_must_unshare(const struct fl_machine *m, const struct vm_area_struct *vma,
			     unsigned int flags, struct page *page)
{
	/* FOLL_WRITE: a writable entry maps exclusive pages only. */
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	if (!(flags & FOLL_LONGTERM) && m->policy.gup_unshare != FL_GUP_UNSHARE_ANON_EXCLUSIVE)
		return false;
	/* Does not change while the page is in use. */
	if (!PageAnon(page)) {
		if (!(flags & FOLL_LONGTERM))
			return false;
		return !vma || is_cow_mapping(vma->vm_flags);
	}
	if (m->policy.gup_unshare == FL_GUP_UNSHARE_NONE)
		return false;
	if (gup_unshare_by_mapcount(m))
		return FL_STEP("B5", page_is_shared(page));
	if (m->policy.gup_unshare_barrier == FL_BARRIER_ON)
		smp_rmb(); /* [b] */
	return !FL_STEP("B5", PageAnonExclusive(page));
}

/* @refs of them, all alike. */
static void gup_put_folio_refs(struct fl_machine *m, struct page *page, int refs,
			       unsigned int flags)
{
	if (page_to_pfn(page) == ZERO_PFN && flags & FOLL_PIN)
		return;
	if (!(flags & FOLL_PIN)) {
		put_page_refs(m, page, refs);
	} else if (PageCompound(page)) {
		atomic_sub(refs, &compound_head(page)->_pincount);
		put_page_refs(m, page, refs);
	} else {
		put_page_refs(m, page, refs * GUP_PIN_COUNTING_BIAS);
	}
}

static void gup_put_folio(struct fl_machine *m, struct page *page, unsigned int flags)
{
	gup_put_folio_refs(m, page, 1, flags);
}

static void hook_pinned(struct mm_struct *mm, fl_vaddr addr, uint64_t pfn, unsigned int flags)
{
	if (!(flags & FOLL_PIN) || pfn == ZERO_PFN)
		return;
	FL_HOOK(fl_oracle_pinned((unsigned int)smp_processor_id(), mm, pfn, flags & FOLL_WRITE));
	FL_EVENT(.kind = FL_EVENT_PIN, .mm = FL_EVENT_MM(mm), .addr = addr, .pfn = pfn,
		 .write = flags & FOLL_WRITE);
}

/* --- slow --- */

/* With the page-table lock held, which keeps the entry's own reference there: no need to try. */
static void try_grab_page(struct page *page, unsigned int flags)
{
	if (flags & FOLL_GET) {
		FL_STEP("B3", page_ref_add(page, 1));
	} else if (flags & FOLL_PIN && PageCompound(page)) {
		FL_STEP("B3", page_ref_add(page, 1));
		atomic_inc(&compound_head(page)->_pincount);
	} else if (flags & FOLL_PIN && page_to_pfn(page) != ZERO_PFN) {
		FL_STEP("B3", page_ref_add(page, GUP_PIN_COUNTING_BIAS));
	}
}

/* 5.8: who takes a page of a private mapping gets one that COW has broken already. */
static bool should_force_cow_break(const struct fl_machine *m, const struct vm_area_struct *vma,
				   unsigned int flags)
{
	bool force = m->policy.gup_cow_break == FL_GUP_COW_BREAK_FORCE_WRITE &&
		     flags & (FOLL_GET | FOLL_PIN) && is_cow_mapping(vma->vm_flags);

	if (force && !(flags & FOLL_WRITE))
		FL_SAY(NULL, "should_force_cow_break() -> true: counts as a write");
	return force;
}

/* 6.0: a page of the mm's own is there, and nobody waits to hear of the write. */
static bool can_force_write(const struct vm_area_struct *vma, pte_t pte, struct page *page)
{
	unsigned long vm_flags = vma->vm_flags;

	if (vm_flags & (VM_MAYSHARE | VM_SHARED))
		return false;
	/* Writable VMAs just need a write fault. */
	if (!(vm_flags & VM_MAYWRITE) || vm_flags & VM_WRITE)
		return false;
	if (!page || !PageAnon(page) || !PageAnonExclusive(page))
		return false;
	if (vma_soft_dirty_enabled(vma) && !pte_soft_dirty(pte))
		return false;
	return !userfaultfd_pte_wp(vma, pte);
}

/*
 * FOLL_FORCE writes through a read-only entry of a private mapping, once it maps a page of its
 * own. How to know that it does was got wrong twice (B1, B2 of the fact sheet).
 */
static bool can_follow_write_pte(const struct fl_machine *m, const struct vm_area_struct *vma,
				 pte_t pte, struct page *page, unsigned int flags)
{
	if (pte_write(pte))
		return true;
	if (!(flags & FOLL_FORCE) && !should_force_cow_break(m, vma, flags))
		return false;
	switch (m->policy.gup_force_write) {
	case FL_GUP_FORCE_COW_DIRTY:
		return flags & FOLL_COW && pte_dirty(pte);
	case FL_GUP_FORCE_ANON_EXCLUSIVE:
		return can_force_write(vma, pte, page);
	default:
		return false; /* drop-write: then it no longer asks for a write */
	}
}

/*
 * follow_page_pte() for what entry @pte, of a PMD if @head, says; its lock is held. A PMD's flags, and those
 * of the page at the head, are as an entry's; the reference is taken at the page at @addr.
 */
static struct page *follow_entry(struct vm_area_struct *vma, pte_t pte, struct page *head,
				 struct page *page, unsigned int flags, bool *unshare)
{
	struct fl_machine *m = vma->vm_mm->machine;

	if (flags & FOLL_WRITE && !can_follow_write_pte(m, vma, pte, head, flags))
		return NULL;
	if (!page)
		head = page = pfn_to_page(m, ZERO_PFN);
	if (!pte_write(pte) && gup_must_unshare(m, vma, flags, head)) {
		*unshare = true;
		return NULL;
	}
	try_grab_page(page, flags);
	return page;
}

/* Not one any more: NULL, as if nothing were there. A fault finds out. */
static struct page *follow_trans_huge_pmd(struct vm_area_struct *vma, fl_vaddr addr,
					  unsigned int flags, bool *unshare)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	struct page *head, *page = NULL;
	pmd_t pmd;

	spin_lock(pmd_lockptr(mm));
	pmd = pmd_read_lockless(m, mm->pgd, addr);
	if (pmd_leaf(pmd) && pte_present(pmd) && !(pte_protnone(pmd) && vma_is_accessible(vma))) {
		head = pmd_page(m, pmd);
		page = head + pgtable_index(m, addr, 0);
		page = follow_entry(vma, pmd, head, page, flags, unshare);
	}
	spin_unlock(pmd_lockptr(mm));
	return page;
}

struct page *follow_page_pte(struct vm_area_struct *vma, fl_vaddr addr, unsigned int flags,
			     bool *unshare)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	pmd_t pmd = pmd_read_lockless(m, mm->pgd, addr);
	struct page *page = NULL;
	spinlock_t *ptl;
	pte_t *ptep, pte;

	*unshare = false;
	if (pmd_none(pmd))
		return NULL;
	if (pmd_leaf(pmd))
		return follow_trans_huge_pmd(vma, addr, flags, unshare);
	ptep = pte_offset_map(m, pmd, addr);
	ptl = pte_lockptr(pmd);
	spin_lock(ptl);
	pte = FL_STEP("B1", ptep_get(ptep));
	/* In a PROT_NONE mapping the entry is like that for good, and FOLL_FORCE goes through. */
	if (!pte_present(pte) || (pte_protnone(pte) && vma_is_accessible(vma)))
		goto out;
	page = vm_normal_page(m, pte);
	page = follow_entry(vma, pte, page, page, flags, unshare);
	if (page && flags & FOLL_WRITE)
		follow_touch(page, pte);
out:
	spin_unlock(ptl);
	return page;
}

static int check_vma_flags(struct vm_area_struct *vma, unsigned int flags)
{
	unsigned long vm_flags = vma->vm_flags;

	if (flags & FOLL_WRITE) {
		if (!(vm_flags & VM_WRITE) && (!(flags & FOLL_FORCE) || !is_cow_mapping(vm_flags)))
			return -EFAULT;
	} else if (!(vm_flags & VM_READ)) {
		if (!(flags & FOLL_FORCE) || !(vm_flags & VM_MAYREAD))
			return -EFAULT;
	}
	return 0;
}

static vm_fault_t faultin_page(struct vm_area_struct *vma, fl_vaddr addr, unsigned int *flags,
			       bool unshare, bool may_unlock)
{
	const struct fl_policy *policy = &vma->vm_mm->machine->policy;
	unsigned int fault_flags = may_unlock ? FAULT_FLAG_ALLOW_RETRY : 0;
	vm_fault_t fault;

	if (*flags & FOLL_WRITE)
		fault_flags |= FAULT_FLAG_WRITE;
	if (*flags & FOLL_REMOTE)
		fault_flags |= FAULT_FLAG_REMOTE;
	/* Before there were unshare faults, drivers asked for a forced write to break COW. */
	if (unshare)
		fault_flags |= policy->gup_unshare == FL_GUP_UNSHARE_NONE ? FAULT_FLAG_WRITE
									  : FAULT_FLAG_UNSHARE;
	fault = handle_mm_fault(vma, addr, fault_flags);
	/* COW is broken, but the entry will not get writable: another write fault would be no use. */
	if (fault & VM_FAULT_WRITE && !(vma->vm_flags & VM_WRITE)) {
		if (policy->gup_force_write == FL_GUP_FORCE_DROP_WRITE)
			*flags &= ~(unsigned int)FOLL_WRITE;
		else
			*flags |= FOLL_COW;
	}
	return fault;
}

/*
 * __get_user_pages() for one page. *@locked: mmap:R, which a fault may let go of if @may_unlock. *@vma:
 * of the page before, or NULL.
 */
static int get_one_page(struct mm_struct *mm, fl_vaddr addr, unsigned int flags, bool may_unlock,
			bool *locked, struct page **page, struct vm_area_struct **vma)
{
	bool unshare;
	vm_fault_t fault;
	int err;

	if (!*vma || addr >= (*vma)->vm_end)
		*vma = gup_vma_lookup(mm, addr);
	if (!*vma)
		return -EFAULT;
	err = check_vma_flags(*vma, flags);
	if (should_force_cow_break(mm->machine, *vma, flags))
		flags |= FOLL_WRITE;
	while (!err) {
		*page = follow_page_pte(*vma, addr, flags, &unshare);
		if (*page)
			return 0;
		fault = faultin_page(*vma, addr, &flags, unshare, may_unlock);
		if (fault & VM_FAULT_RETRY)
			*locked = false;
		err = vm_fault_to_errno(fault);
		if (!err && !*locked)
			err = -EAGAIN;
	}
	return err;
}

int get_user_page_remote(struct mm_struct *mm, fl_vaddr addr, unsigned int flags,
			 struct page **page, struct vm_area_struct **vma)
{
	bool locked = true;

	*vma = NULL;
	return get_one_page(mm, addr, flags | FOLL_REMOTE, false, &locked, page, vma);
}

/*
 * __get_user_pages_locked(): takes mmap:R, and again after each fault that let go of it. Returns how
 * many, or an error if it is none.
 */
static long get_user_pages_locked(struct mm_struct *mm, fl_vaddr addr, size_t n, unsigned int flags,
				  struct fl_pin *pins)
{
	struct vm_area_struct *vma;
	struct page *page;
	size_t done = 0;
	bool locked;
	int err;

	do {
		mmap_read_lock(mm);
		locked = true;
		vma = NULL;
		for (err = 0; done < n; done++, addr += page_size(mm->machine)) {
			err = get_one_page(mm, addr, flags, true, &locked, &page, &vma);
			if (err)
				break;
			hook_pinned(mm, addr, page_to_pfn(page), flags);
			pins[done].pfn = page_to_pfn(page);
		}
		if (locked)
			mmap_read_unlock(mm);
	} while (err == -EAGAIN);
	fl_count_add(mm->machine, gup_slow, done);
	if (err == -EIO) /* SIGBUS. Who only wants the page is told no details */
		err = -EFAULT;
	return done ? (long)done : err;
}

/* --- fast --- */

/*
 * B3 for a page of machines with huge ones. A frame may be base page and part of a huge one in turns: the
 * reference must be to what it is once it is held.
 */
static struct page *try_grab_compound(struct fl_machine *m, struct page *page, int refs,
				      unsigned int flags)
{
	struct page *head = compound_head(page);

	if (!FL_STEP("B3", folio_ref_try_add(head, refs)))
		return NULL;
	if (compound_head(page) != head) {
		put_page_refs(m, head, refs);
		return NULL;
	}
	if (!(flags & FOLL_PIN))
		return page;
	if (PageHead(head))
		FL_STEP("B3", atomic_add(refs, &head->_pincount));
	else
		FL_STEP("B3", atomic_add(refs * (GUP_PIN_COUNTING_BIAS - 1), &head->_refcount));
	if (m->policy.gup_pin_barrier == FL_BARRIER_ON)
		smp_mb__after_atomic(); /* [a] */
	return page;
}

/* B3. NULL: the frame is free. */
static struct page *try_grab_folio(struct fl_machine *m, struct page *page, unsigned int flags)
{
	bool two = !(flags & FOLL_PIN) || m->policy.gup_pin_rmw == FL_GUP_PIN_RMW_TWO;

	if (m->huge_pages)
		return try_grab_compound(m, page, 1, flags);
	if (!FL_STEP("B3", page_ref_try_add(page, two ? 1 : GUP_PIN_COUNTING_BIAS)))
		return NULL;
	if (!(flags & FOLL_PIN))
		return page;
	if (two)
		FL_STEP("B3", page_ref_add(page, GUP_PIN_COUNTING_BIAS - 1));
	if (m->policy.gup_pin_barrier == FL_BARRIER_ON)
		smp_mb__after_atomic(); /* [a] */
	return page;
}

/* The design by mapcount: asked between B3 and B4, see above. */
static bool gup_must_unshare_early(const struct fl_machine *m, unsigned int flags,
				   struct page *page)
{
	bool shared;

	if (!gup_unshare_by_mapcount(m) || !(flags & FOLL_LONGTERM))
		return false;
	shared = gup_must_unshare(m, NULL, flags, page);
	smp_rmb();
	return shared;
}

/* B4. */
static bool gup_entry_changed(const struct fl_machine *m, pmd_t *pmdp, pmd_t pmd, pte_t *ptep,
			      pte_t pte)
{
	if (m->policy.gup_recheck == FL_GUP_RECHECK_NONE)
		return false;
	if (m->policy.gup_recheck == FL_GUP_RECHECK_PTE_PMD && FL_STEP("B4", pmdp_get(pmdp)) != pmd)
		return true;
	return FL_STEP("B4", ptep_get(ptep)) != pte;
}

/* One page through one entry; NULL: not this way. */
static struct page *gup_pte(struct fl_machine *m, pmd_t *pmdp, pmd_t pmd, pte_t *ptep,
			    unsigned int flags)
{
	pte_t pte = FL_STEP("B1", ptep_get_lockless(ptep));
	struct page *page;

	/* B2. Special entries, the zero page among them, have no page that could be taken here. */
	if (!pte_access_permitted(pte, flags & FOLL_WRITE) || pte_special(pte))
		return NULL;
	page = pfn_to_page(m, pte_pfn(pte));
	fl_addr_dep(page);
	if (!try_grab_folio(m, page, flags))
		return NULL;
	if (!pte_write(pte) && gup_must_unshare_early(m, flags, page))
		goto put;
	if (gup_entry_changed(m, pmdp, pmd, ptep, pte))
		goto put;
	if (!pte_write(pte) && !gup_unshare_by_mapcount(m) &&
	    gup_must_unshare(m, NULL, flags, page))
		goto put;
	return page;
put:
	gup_put_folio(m, page, flags);
	return NULL;
}

/* All that is asked for of a huge page, in one go: @refs pages from @page on. False: not this way. */
static bool gup_huge_pmd(struct fl_machine *m, pmd_t *pmdp, pmd_t pmd, fl_vaddr addr, int refs,
			 unsigned int flags)
{
	struct page *head, *page;

	if (!pte_access_permitted(pmd, flags & FOLL_WRITE)) /* B2 */
		return false;
	head = pmd_page(m, pmd);
	page = try_grab_compound(m, head + pgtable_index(m, addr, 0), refs, flags);
	if (!page)
		return false;
	if (!pte_write(pmd) && gup_must_unshare_early(m, flags, head))
		goto put;
	if (m->policy.gup_recheck != FL_GUP_RECHECK_NONE && FL_STEP("B4", pmdp_get(pmdp)) != pmd)
		goto put;
	if (!pte_write(pmd) && !gup_unshare_by_mapcount(m) &&
	    gup_must_unshare(m, NULL, flags, head))
		goto put;
	return true;
put: /* of the head only if that is one yet */
	gup_put_folio_refs(m, page, refs, flags);
	return false;
}

/* Returns how many pages it took. Interrupts are off. */
static size_t gup_pgd_range(struct mm_struct *mm, fl_vaddr addr, size_t n, unsigned int flags,
			    struct fl_pin *pins)
{
	struct fl_machine *m = mm->machine;
	size_t done = 0;

	while (done < n) {
		pmd_t *pmdp = pmd_offset_lockless(m, mm->pgd, addr); /* B4 reads it again */
		pmd_t pmd = pmdp ? pmdp_get(pmdp) : 0;
		size_t end = (1U << m->level_bits) - pgtable_index(m, addr, 0);
		pte_t *ptep;

		if (pmd_none(pmd))
			return done;
		end = n - done < end ? n : done + end;
		if (pmd_leaf(pmd)) {
			uint64_t pfn = pte_pfn(pmd) + pgtable_index(m, addr, 0);

			if (!gup_huge_pmd(m, pmdp, pmd, addr, (int)(end - done), flags))
				return done;
			addr += (uint64_t)(end - done) << m->page_shift;
			while (done < end)
				pins[done++].pfn = pfn++;
			continue;
		}
		ptep = pte_offset_map(m, pmd, addr);
		addr += (uint64_t)(end - done) << m->page_shift;
		for (; done < end; done++, ptep++) {
			struct page *page = gup_pte(m, pmdp, pmd, ptep, flags);

			if (!page)
				return done;
			pins[done].pfn = page_to_pfn(page);
		}
	}
	return done;
}

static size_t lockless_pages_from_mm(struct mm_struct *mm, fl_vaddr addr, size_t n,
				     unsigned int flags, struct fl_pin *pins)
{
	struct fl_machine *m = mm->machine;
	bool check = flags & FOLL_PIN && m->policy.fork_seqcount == FL_FORK_SEQCOUNT_ON;
	bool rcu = m->policy.pgtable_free == FL_PGTABLE_FREE_RCU;
	unsigned int fast_flags = flags, seq = 0;
	unsigned long irq_flags;
	size_t done;

	if (check) {
		seq = raw_read_seqcount(&mm->write_protect_seq);
		if (seq & 1)
			return 0;
	}
	/* 5.8: what is writable already needs no early COW; all else is slow's. */
	if (m->policy.gup_cow_break == FL_GUP_COW_BREAK_FORCE_WRITE)
		fast_flags |= FOLL_WRITE;
	/* Interrupts off is an RCU reader in the kernel. Here they are two things. */
	local_irq_save(irq_flags);
	if (rcu)
		rcu_read_lock();
	done = gup_pgd_range(mm, addr, n, fast_flags, pins);
	if (rcu)
		rcu_read_unlock();
	local_irq_restore(irq_flags);
	/* fork() write-protected pages meanwhile: these pins may have been too late for it. */
	if (check && read_seqcount_retry(&mm->write_protect_seq, seq)) {
		while (done > 0)
			gup_put_folio(m, pfn_to_page(m, pins[--done].pfn), flags);
	}
	for (size_t i = 0; fl_oracles_on && i < done; i++)
		hook_pinned(mm, addr + ((uint64_t)i << m->page_shift), pins[i].pfn, flags);
	fl_count_add(m, gup_fast, done);
	return done;
}

static void mm_set_has_pinned_flag(struct mm_struct *mm)
{
	/* Most often it is set already: spare the write to a shared line. */
	if (!test_bit(MMF_HAS_PINNED, &mm->flags))
		set_bit(MMF_HAS_PINNED, &mm->flags);
}

/* --- the public side --- */

static unsigned int foll_flags(unsigned int flags)
{
	return (flags & FL_GUP_GET ? FOLL_GET : FOLL_PIN) |
	       (flags & FL_GUP_WRITE ? (unsigned int)FOLL_WRITE : 0) |
	       (flags & FL_GUP_FORCE ? (unsigned int)FOLL_FORCE : 0) |
	       (flags & FL_GUP_LONGTERM ? (unsigned int)FOLL_LONGTERM : 0);
}

static int check_args(const struct fl_machine *m, fl_vaddr addr, size_t n, unsigned int flags,
		      unsigned int known)
{
	if (!n || flags & ~known || addr & (page_size(m) - 1))
		return -EINVAL;
	if (flags & FL_GUP_GET && flags & FL_GUP_LONGTERM)
		return -EINVAL;
	if (addr >= task_size(m) || n > (task_size(m) - addr) >> m->page_shift)
		return -EFAULT;
	return 0;
}

static long hand_over(struct fl_machine *m, struct fl_pin *pins, long n, unsigned int flags)
{
	for (long i = 0; i < n; i++) {
		pins[i].machine = m;
		pins[i].flags = flags;
	}
	return n;
}

long fl_pin_user_pages_fast(struct fl_cpu *cpu, fl_vaddr addr, size_t n, unsigned int flags,
			    struct fl_pin *pins)
{
	const unsigned int known = FL_GUP_WRITE | FL_GUP_FAST_ONLY | FL_GUP_GET | FL_GUP_LONGTERM;
	unsigned int gup_flags = foll_flags(flags);
	struct mm_struct *mm = cpu->state->mm;
	struct fl_machine *m = cpu->machine;
	long slow = 0;
	size_t done;
	int err;

	err = mm ? check_args(m, addr, n, flags, known) : -EINVAL;
	if (err)
		return err;
	if (gup_flags & FOLL_PIN)
		mm_set_has_pinned_flag(mm);
	done = lockless_pages_from_mm(mm, addr, n, gup_flags, pins);
	if (done < n && !(flags & FL_GUP_FAST_ONLY)) {
		slow = get_user_pages_locked(mm, addr + ((uint64_t)done << m->page_shift), n - done,
					     gup_flags, pins + done);
		if (slow > 0)
			done += (size_t)slow;
	}
	return done ? hand_over(m, pins, (long)done, flags) : slow;
}

long fl_pin_user_pages(struct fl_cpu *cpu, struct fl_mm *fl_mm, fl_vaddr addr, size_t n,
		       unsigned int flags, struct fl_pin *pins)
{
	const unsigned int known = FL_GUP_WRITE | FL_GUP_GET | FL_GUP_FORCE | FL_GUP_LONGTERM;
	unsigned int gup_flags = foll_flags(flags) | FOLL_REMOTE;
	struct mm_struct *mm = &fl_mm->mm;
	int err = check_args(cpu->machine, addr, n, flags, known);

	if (err)
		return err;
	if (gup_flags & FOLL_PIN)
		mm_set_has_pinned_flag(mm);
	return hand_over(cpu->machine, pins, get_user_pages_locked(mm, addr, n, gup_flags, pins),
			 flags);
}

void fl_unpin(struct fl_cpu *cpu, struct fl_pin *pin)
{
	unsigned int flags = foll_flags(pin->flags);

	if (flags & FOLL_PIN && pin->pfn != ZERO_PFN) {
		FL_HOOK(fl_oracle_unpinned(pin->pfn, flags & FOLL_WRITE));
		FL_EVENT(.kind = FL_EVENT_UNPIN, .pfn = pin->pfn, .write = flags & FOLL_WRITE);
	}
	gup_put_folio(pin->machine, pfn_to_page(pin->machine, pin->pfn), flags);
}

void fl_unpin_dirty(struct fl_cpu *cpu, struct fl_pin *pin)
{
	struct page *page = pfn_to_page(pin->machine, pin->pfn);

	/* Under the page lock: truncation and writeback would be in the way of a file's page. */
	lock_page(page);
	FL_STEP("B7", SetPageDirty(page)); /* rmap_unmap.c */
	unlock_page(page);
	fl_unpin(cpu, pin);
}

int fl_write_by_reference(struct fl_cpu *cpu, fl_vaddr addr, uint64_t word, unsigned int flags)
{
	struct fl_machine *m = cpu->machine;
	fl_vaddr offset = addr & (page_size(m) - 1);
	struct fl_pin ref;
	struct page *page;
	long n;

	if (addr % FL_WORD_SIZE || flags & ~(unsigned int)FL_GUP_FAST_ONLY)
		return -EINVAL;
	n = fl_pin_user_pages_fast(cpu, addr - offset, 1, flags | FL_GUP_GET | FL_GUP_WRITE, &ref);
	if (n != 1)
		return n ? (int)n : -EAGAIN;
	page = pfn_to_page(m, ref.pfn);
	FL_EVENT(.kind = FL_EVENT_KERNEL_STORE, .mm = FL_EVENT_MM(cpu->state->mm), .addr = addr,
		 .pfn = ref.pfn, .value = word);
	WRITE_ONCE(frame_words(m, ref.pfn)[offset / FL_WORD_SIZE], word);
	FL_STEP("B7", SetPageDirty(page)); /* rmap_unmap.c */
	put_page(m, page);
	return 0;
}

uint64_t fl_pin_load(const struct fl_pin *pin, size_t i)
{
	uint64_t word;

	if (i >= pin->machine->page_words)
		return 0;
	word = READ_ONCE(frame_words(pin->machine, pin->pfn)[i]);
	FL_EVENT(.kind = FL_EVENT_PIPE_READ, .pfn = pin->pfn, .value = word);
	return word;
}

void fl_pin_store(const struct fl_pin *pin, size_t i, uint64_t word)
{
	if (i >= pin->machine->page_words)
		return;
	FL_EVENT(.kind = FL_EVENT_KERNEL_STORE, .pfn = pin->pfn, .addr = i * FL_WORD_SIZE,
		 .value = word);
	WRITE_ONCE(frame_words(pin->machine, pin->pfn)[i], word);
}
