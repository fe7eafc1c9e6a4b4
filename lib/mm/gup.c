// SPDX-License-Identifier: MIT
/*
 * gup.c - get_user_pages and pin_user_pages: references to the pages behind addresses.
 *
 * State: page->_refcount. A plain reference (FOLL_GET) adds 1, a pin (FOLL_PIN)
 * GUP_PIN_COUNTING_BIAS.
 *
 * Slow: with mmap:R, page by page under the page-table lock; what is not there, or not good
 * enough, is faulted in. A read-only pin of an anonymous page needs PageAnonExclusive; without it
 * the page is first unshared, or pin and mapping would part at the next write.
 *
 * Fast: no lock. Interrupts are off, which keeps page tables from being freed and IPI-based
 * flushes from being answered. The page is found, taken, and then looked at again. Steps B1 to B5
 * of rmap.h:
 *
 *   B1  pte = *ptep
 *   B2  may it be accessed that way?
 *   B3  try_get_folio(): a reference, unless the frame is free; then the rest of the pin
 *       smp_mb__after_atomic()   [a]  paired with smp_mb() after A1 in page_try_share_anon_rmap()
 *   B4  *ptep == pte?                 The page may have become another one's before B3
 *       smp_rmb()                [b]  paired with smp_mb__after_atomic() after A3
 *   B5  pte read-only: is PageAnonExclusive still set?
 *
 * The reference of B3 is taken by a fully ordered operation, the rest of the pin by an unordered
 * one. So even without [a] whoever counts all references (KSM) is ordered against B4; who asks
 * for pins is not.
 *
 * Models: pin_user_pages_fast(), lockless_pages_from_mm(), gup_pte_range(), try_grab_folio(),
 * gup_must_unshare(), __get_user_pages(), faultin_page(), follow_page_pte(), mm/gup.c, Linux 6.0
 * (no barriers) and 6.1 (088b8aa537c2); zero page as in 6.5 (c8070b787519): not counted. The
 * check of the pmd in B4 (70cbc3cc78a9) comes with what changes a pmd.
 * Policy: gup_pin_barrier, gup_unshare_barrier.
 */
#include "mm/gup.h"

#include "mm/fault.h"
#include "mm/mmap_lock.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

/* Would a read-only pin of @page be of no worth, because it may be shared? */
static bool gup_must_unshare(const struct fl_machine *m, unsigned int flags, struct page *page)
{
	/* FOLL_WRITE: a writable entry maps exclusive pages only. */
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	/* Does not change while the page is in use. */
	if (!PageAnon(page))
		return false;
	if (m->policy.gup_unshare_barrier == FL_BARRIER_ON)
		smp_rmb(); /* [b] */
	return !FL_STEP("B5", PageAnonExclusive(page));
}

static void gup_put_folio(struct fl_machine *m, struct page *page, unsigned int flags)
{
	if (page_to_pfn(page) == ZERO_PFN && flags & FOLL_PIN)
		return;
	put_page_refs(m, page, flags & FOLL_PIN ? GUP_PIN_COUNTING_BIAS : 1);
}

static void hook_pinned(struct mm_struct *mm, struct page *page, unsigned int flags)
{
	if (flags & FOLL_PIN && page_to_pfn(page) != ZERO_PFN)
		FL_HOOK(fl_oracle_pinned((unsigned int)smp_processor_id(), mm, page_to_pfn(page),
					 flags & FOLL_WRITE));
}

/* --- slow --- */

/* With the page-table lock held, which keeps the entry's own reference there: no need to try. */
static void try_grab_page(struct page *page, unsigned int flags)
{
	if (flags & FOLL_GET)
		page_ref_add(page, 1);
	else if (flags & FOLL_PIN && page_to_pfn(page) != ZERO_PFN)
		page_ref_add(page, GUP_PIN_COUNTING_BIAS);
}

/*
 * FOLL_FORCE writes through a read-only entry of a private mapping, once it maps a page of its
 * own.
 */
static bool can_follow_write_pte(pte_t pte, struct page *page, unsigned long vm_flags,
				 unsigned int flags)
{
	if (pte_write(pte))
		return true;
	if (!(flags & FOLL_FORCE) || vm_flags & (VM_MAYSHARE | VM_SHARED))
		return false;
	/* Writable VMAs just need a write fault. */
	if (!(vm_flags & VM_MAYWRITE) || vm_flags & VM_WRITE)
		return false;
	return page && PageAnon(page) && PageAnonExclusive(page);
}

struct page *follow_page_pte(struct vm_area_struct *vma, fl_vaddr addr, unsigned int flags,
			     bool *unshare)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	pmd_t *pmdp = pmd_offset_lockless(m, mm->pgd, addr);
	pmd_t pmd = pmdp ? pmdp_get(pmdp) : 0;
	struct page *page = NULL;
	spinlock_t *ptl;
	pte_t *ptep, pte;

	*unshare = false;
	if (pmd_none(pmd))
		return NULL;
	ptep = pte_offset_map(m, pmd, addr);
	ptl = pte_lockptr(pmd);
	spin_lock(ptl);
	pte = ptep_get(ptep);
	if (!pte_present(pte) || pte_protnone(pte))
		goto out;
	page = vm_normal_page(m, pte);
	if (flags & FOLL_WRITE && !can_follow_write_pte(pte, page, vma->vm_flags, flags)) {
		page = NULL;
		goto out;
	}
	if (!page) {
		/* KSM and the like want pages that count. */
		if (flags & FOLL_PIN)
			page = pfn_to_page(m, ZERO_PFN);
		goto out;
	}
	if (!pte_write(pte) && gup_must_unshare(m, flags, page)) {
		page = NULL;
		*unshare = true;
		goto out;
	}
	try_grab_page(page, flags);
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
	} else if (!(vm_flags & (VM_READ | VM_WRITE))) {
		if (!(flags & FOLL_FORCE) || !(vm_flags & VM_MAYREAD))
			return -EFAULT;
	}
	return 0;
}

static vm_fault_t faultin_page(struct vm_area_struct *vma, fl_vaddr addr, unsigned int flags,
			       bool unshare, bool may_unlock)
{
	unsigned int fault_flags = may_unlock ? FAULT_FLAG_ALLOW_RETRY : 0;

	if (flags & FOLL_WRITE)
		fault_flags |= FAULT_FLAG_WRITE;
	if (flags & FOLL_REMOTE)
		fault_flags |= FAULT_FLAG_REMOTE;
	if (unshare)
		fault_flags |= FAULT_FLAG_UNSHARE;
	return handle_mm_fault(vma, addr, fault_flags);
}

/* __get_user_pages() for one page. *@locked: mmap:R, which a fault may let go of if @may_unlock. */
static int get_one_page(struct mm_struct *mm, fl_vaddr addr, unsigned int flags, bool may_unlock,
			bool *locked, struct page **page, struct vm_area_struct **vma)
{
	bool unshare;
	vm_fault_t fault;
	int err;

	*vma = vma_lookup(mm, addr);
	if (!*vma)
		return -EFAULT;
	err = check_vma_flags(*vma, flags);
	while (!err) {
		*page = follow_page_pte(*vma, addr, flags, &unshare);
		if (*page)
			return 0;
		fault = faultin_page(*vma, addr, flags, unshare, may_unlock);
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

	return get_one_page(mm, addr, flags | FOLL_REMOTE, false, &locked, page, vma);
}

/* __get_user_pages_locked(): takes mmap:R, and again after each fault that let go of it. */
static int get_page_slow(struct mm_struct *mm, fl_vaddr addr, unsigned int flags,
			 struct page **page)
{
	struct vm_area_struct *vma;
	bool locked;
	int err;

	do {
		mmap_read_lock(mm);
		locked = true;
		err = get_one_page(mm, addr, flags, true, &locked, page, &vma);
		if (!err)
			hook_pinned(mm, *page, flags);
		if (locked)
			mmap_read_unlock(mm);
	} while (err == -EAGAIN);
	return err;
}

/* --- fast --- */

/* B3. NULL: the frame is free. */
static struct page *try_grab_folio(struct fl_machine *m, struct page *page)
{
	if (!page_ref_try_add(page, 1))
		return NULL;
	FL_STEP("B3", page_ref_add(page, GUP_PIN_COUNTING_BIAS - 1));
	if (m->policy.gup_pin_barrier == FL_BARRIER_ON)
		smp_mb__after_atomic(); /* [a] */
	return page;
}

/* One page; NULL: the slow path's. */
static struct page *gup_pte(struct fl_machine *m, pte_t *ptep, unsigned int flags)
{
	pte_t pte = FL_STEP("B1", ptep_get_lockless(ptep));
	struct page *page;

	/* B2. Special entries, the zero page among them, have no page that could be taken here. */
	if (!pte_access_permitted(pte, flags & FOLL_WRITE) || pte_special(pte))
		return NULL;
	page = pfn_to_page(m, pte_pfn(pte));
	fl_addr_dep(page);
	if (!try_grab_folio(m, page))
		return NULL;
	if (FL_STEP("B4", ptep_get(ptep)) != pte ||
	    (!pte_write(pte) && gup_must_unshare(m, flags, page))) {
		gup_put_folio(m, page, flags);
		return NULL;
	}
	return page;
}

/* Returns how many pages it pinned. Interrupts are off. */
static size_t gup_pgd_range(struct mm_struct *mm, fl_vaddr addr, size_t n, unsigned int flags,
			    struct fl_pin *pins)
{
	struct fl_machine *m = mm->machine;
	struct ptdesc *pgd = mm->pgd;
	size_t done;

	for (done = 0; done < n; done++, addr += page_size(m)) {
		pmd_t *pmdp = pmd_offset_lockless(m, pgd, addr);
		pmd_t pmd = pmdp ? pmdp_get(pmdp) : 0;
		struct page *page;

		if (pmd_none(pmd))
			break;
		page = gup_pte(m, pte_offset_map(m, pmd, addr), flags);
		if (!page)
			break;
		pins[done].pfn = page_to_pfn(page);
	}
	return done;
}

static size_t lockless_pages_from_mm(struct mm_struct *mm, fl_vaddr addr, size_t n,
				     unsigned int flags, struct fl_pin *pins)
{
	struct fl_machine *m = mm->machine;
	unsigned int seq = raw_read_seqcount(&mm->write_protect_seq);
	unsigned long irq_flags;
	size_t done;

	if (seq & 1)
		return 0;
	local_irq_save(irq_flags);
	done = gup_pgd_range(mm, addr, n, flags, pins);
	local_irq_restore(irq_flags);
	/* fork() write-protected pages meanwhile: these pins may have been too late for it. */
	if (read_seqcount_retry(&mm->write_protect_seq, seq)) {
		while (done > 0)
			gup_put_folio(m, pfn_to_page(m, pins[--done].pfn), flags);
	}
	for (size_t i = 0; i < done; i++)
		hook_pinned(mm, pfn_to_page(m, pins[i].pfn), flags);
	return done;
}

static void mm_set_has_pinned_flag(struct mm_struct *mm)
{
	/* Most often it is set already: spare the write to a shared line. */
	if (!test_bit(MMF_HAS_PINNED, &mm->flags))
		set_bit(MMF_HAS_PINNED, &mm->flags);
}

long fl_pin_user_pages_fast(struct fl_cpu *cpu, fl_vaddr addr, size_t n, unsigned int flags,
			    struct fl_pin *pins)
{
	unsigned int gup_flags = FOLL_PIN | (flags & FL_GUP_WRITE ? FOLL_WRITE : 0);
	struct mm_struct *mm = cpu->state->mm;
	struct fl_machine *m = cpu->machine;
	struct page *page;
	size_t done, i;
	int err = 0;

	if (!mm || !n || flags & ~(FL_GUP_WRITE | FL_GUP_FAST_ONLY) || addr & (page_size(m) - 1))
		return -EINVAL;
	if (addr >= task_size(m) || n > (task_size(m) - addr) >> m->page_shift)
		return -EFAULT;

	mm_set_has_pinned_flag(mm);
	done = lockless_pages_from_mm(mm, addr, n, gup_flags, pins);
	while (done < n && !(flags & FL_GUP_FAST_ONLY)) {
		err = get_page_slow(mm, addr + ((uint64_t)done << m->page_shift), gup_flags, &page);
		if (err)
			break;
		pins[done++].pfn = page_to_pfn(page);
	}
	for (i = 0; i < done; i++) {
		pins[i].machine = m;
		pins[i].flags = flags;
	}
	return done ? (long)done : err;
}

void fl_unpin(struct fl_cpu *cpu, struct fl_pin *pin)
{
	unsigned int flags = FOLL_PIN | (pin->flags & FL_GUP_WRITE ? FOLL_WRITE : 0);

	if (pin->pfn != ZERO_PFN)
		FL_HOOK(fl_oracle_unpinned(pin->pfn, flags & FOLL_WRITE));
	gup_put_folio(pin->machine, pfn_to_page(pin->machine, pin->pfn), flags);
}

uint64_t fl_pin_load(const struct fl_pin *pin, size_t i)
{
	if (i >= pin->machine->page_words)
		return 0;
	return READ_ONCE(frame_words(pin->machine, pin->pfn)[i]);
}

void fl_pin_store(const struct fl_pin *pin, size_t i, uint64_t word)
{
	if (i < pin->machine->page_words)
		WRITE_ONCE(frame_words(pin->machine, pin->pfn)[i], word);
}
