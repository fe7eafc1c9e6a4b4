// SPDX-License-Identifier: MIT
/*
 * uffd.c - userfaultfd: ranges whose missing pages user space provides.
 *
 * State: vma->vm_flags (VM_UFFD_MISSING) and vma->uffd_ctx, changed under mmap:W with the VMA
 * marked; per userfaultfd two lists of waiting faults, guarded by its lock: posted, and read by a
 * handler.
 *
 *   fault, PTL let go of, mmap:R or VL:R held     handler
 *   U1  put itself on the list of posted faults   H1  fl_uffd_read(): to the list of read ones
 *   U2  smp_mb()                          [w]     H2  make the page; store the entry, under the PTL
 *   U3  read the entry                            H3  take the page's faults off the lists  [w]
 *   U4  let go of mmap:R or VL:R                      and set waken           release [k]
 *   U5  entry still none: wait for waken          acquire [k]
 *   U6  take itself off the list, if still on it
 *
 * [w] Either U3 sees H2's entry and the fault does not wait, or H3 sees the fault on the list:
 *     its lock, taken at U1 and H3, orders the two one way or the other, and H2 comes before H3.
 * U4 before U5: a fault that waits for user space must not keep writers out.
 *
 * Registration is an ordinary writer of VMAs (vma.c): split at the ends, mark, store flags and
 * context. A fault that locked the VMA before has gone on as if nothing watched; one that comes
 * after must hear of it. That is what vma-lock-seq is about.
 *
 * Models: handle_userfault(), userfaultfd_register(), userfaultfd_ctx_read(),
 * userfaultfd_release(), fs/userfaultfd.c, mfill_atomic_pte_copy(), mm/userfaultfd.c, Linux 6.4;
 * missing mode only.
 * Policy: vma_mark_function.
 */
#include "mm/fault.h"
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#include <errno.h>

/* A fault that waits. Its own memory; on one list or none. */
struct userfaultfd_wait_queue {
	struct userfaultfd_wait_queue *next; /* guarded by ctx->lock, as is which list it is on */
	fl_vaddr address;
	int write;
	int listed; /* guarded by ctx->lock */
	int waken;
};

struct fl_uffd {
	struct mm_struct *mm;
	struct fl_uffd *next; /* mm->uffds; guarded by machine_state.mm_lock */
	refcount_t refcount;  /* one for the user, one per fault in handle_userfault() */
	spinlock_t lock;
	int released;
	int has_posted; /* 1 while posted is not empty; what a reader waits for */
	struct userfaultfd_wait_queue *posted; /* newest first */
	struct userfaultfd_wait_queue *read;
};

static void userfaultfd_ctx_put(struct fl_uffd *ctx)
{
	if (refcount_dec_and_test(&ctx->refcount))
		fl_free(ctx);
}

/* --- the faulting side --- */

static void release_fault_lock(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		vma_end_read(vmf->vma);
	else
		mmap_read_unlock(vmf->mm);
}

/* U3. Tables do not go away while the fault holds its lock. */
static bool userfaultfd_must_wait(struct vm_fault *vmf)
{
	pmd_t *pmdp = pmd_offset_lockless(vmf->m, vmf->mm->pgd, vmf->address);
	pmd_t pmd = pmdp ? pmdp_get(pmdp) : 0;

	return pmd_none(pmd) || pte_none(ptep_get(pte_offset_map(vmf->m, pmd, vmf->address)));
}

/* Takes @uwq out of the list that starts at *@link. With ctx->lock held. */
static void unlist(struct userfaultfd_wait_queue **link, struct userfaultfd_wait_queue *uwq)
{
	for (; *link; link = &(*link)->next) {
		if (*link == uwq) {
			*link = uwq->next;
			return;
		}
	}
}

static void forget_waiter(struct fl_uffd *ctx, struct userfaultfd_wait_queue *uwq)
{
	spin_lock(&ctx->lock);
	if (uwq->listed) {
		unlist(&ctx->posted, uwq);
		unlist(&ctx->read, uwq);
		if (!ctx->posted)
			WRITE_ONCE(ctx->has_posted, 0);
	}
	spin_unlock(&ctx->lock);
}

vm_fault_t handle_userfault(struct vm_fault *vmf, unsigned long reason)
{
	struct fl_uffd *ctx = vmf->vma->uffd_ctx;
	struct userfaultfd_wait_queue *uwq;
	vm_fault_t ret = VM_FAULT_RETRY;
	bool wait;

	/* Callers that can't let go of mmap_lock get no page. */
	if (!ctx || !(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return VM_FAULT_SIGBUS;
	if (READ_ONCE(ctx->released)) {
		/* userfaultfd_release() waits for mmap:W; make room, then look again. */
		release_fault_lock(vmf);
		return VM_FAULT_RETRY;
	}
	uwq = fl_zalloc(sizeof(*uwq));
	if (!uwq)
		return VM_FAULT_OOM;
	uwq->address = vmf->address;
	uwq->write = !!(vmf->flags & FAULT_FLAG_WRITE);
	refcount_inc(&ctx->refcount); /* while the lock keeps uffd_ctx there */

	spin_lock(&ctx->lock);
	uwq->next = ctx->posted; /* U1 */
	ctx->posted = uwq;
	uwq->listed = 1;
	WRITE_ONCE(ctx->has_posted, 1);
	smp_mb(); /* U2: set_current_state() */
	spin_unlock(&ctx->lock);

	wait = userfaultfd_must_wait(vmf); /* U3 */
	release_fault_lock(vmf);	   /* U4 */
	if (wait && !READ_ONCE(ctx->released)) {
		/* U5. Nobody has to answer. */
		if (!FL_AWAIT_MASK_MAY_WAIT(&uwq->waken, 1, 1, FL_ACQUIRE, "schedule()"))
			ret |= VM_FAULT_KILLED;
	}
	forget_waiter(ctx, uwq); /* U6 */
	fl_free(uwq);
	userfaultfd_ctx_put(ctx);
	return ret;
}

/* --- the handler's side --- */

int fl_uffd_try_read(struct fl_uffd_msg *out, struct fl_uffd *uffd)
{
	struct userfaultfd_wait_queue *uwq, **link = &uffd->posted;
	int ret = -EAGAIN;

	spin_lock(&uffd->lock);
	uwq = uffd->posted;
	if (uwq) {
		/* The oldest is the last one. */
		while (uwq->next) {
			link = &uwq->next;
			uwq = uwq->next;
		}
		*link = NULL;
		if (!uffd->posted)
			WRITE_ONCE(uffd->has_posted, 0);
		uwq->next = uffd->read;
		uffd->read = uwq;
		out->addr = uwq->address;
		out->write = uwq->write;
		ret = 0;
	}
	spin_unlock(&uffd->lock);
	return ret;
}

int fl_uffd_read(struct fl_uffd_msg *out, struct fl_uffd *uffd)
{
	int ret;

	do {
		if (!FL_AWAIT_MASK_MAY_WAIT(&uffd->has_posted, 1, 1, FL_ACQUIRE,
					    "userfaultfd_ctx_read()"))
			return -EINTR;
		ret = fl_uffd_try_read(out, uffd);
	} while (ret == -EAGAIN);
	return ret;
}

/* H3: wakes the faults in [start, end) that are on the list at *@link. With ctx->lock held. */
static void wake_list(struct userfaultfd_wait_queue **link, fl_vaddr start, fl_vaddr end)
{
	while (*link) {
		struct userfaultfd_wait_queue *uwq = *link;

		if (uwq->address < start || uwq->address >= end) {
			link = &uwq->next;
			continue;
		}
		*link = uwq->next;
		uwq->listed = 0;
		smp_store_release(&uwq->waken, 1); /* [k] */
	}
}

static void wake_userfault(struct fl_uffd *ctx, fl_vaddr start, fl_vaddr end)
{
	spin_lock(&ctx->lock);
	wake_list(&ctx->posted, start, end);
	wake_list(&ctx->read, start, end);
	if (!ctx->posted)
		WRITE_ONCE(ctx->has_posted, 0);
	spin_unlock(&ctx->lock);
}

/* H2. Stores @entry where there is none; @page, if not NULL, is the page that it maps. */
static int mfill_atomic_install_pte(struct mm_struct *mm, struct vm_area_struct *vma, fl_vaddr addr,
				    pte_t entry, struct page *page)
{
	pmd_t *pmdp = pmd_alloc(mm, addr), pmd;
	spinlock_t *ptl;
	int ret = -EEXIST;
	pte_t *ptep;

	if (!pmdp || pte_alloc(mm, pmdp, &pmd))
		return -ENOMEM;
	ptep = pte_offset_map_lock(mm, pmd, addr, &ptl);
	if (pte_none(ptep_get(ptep))) {
		if (page)
			page_add_new_anon_rmap(mm->machine, page, vma, addr);
		set_pte_at(mm, addr, ptep, entry);
		ret = 0;
	}
	spin_unlock(ptl);
	return ret;
}

static int mfill_atomic(struct fl_uffd *ctx, fl_vaddr addr, const uint64_t *words)
{
	struct mm_struct *mm = ctx->mm;
	struct fl_machine *m = mm->machine;
	struct vm_area_struct *vma;
	struct page *page = NULL;
	int ret = -ENOENT;
	pte_t entry;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (!vma || vma->uffd_ctx != ctx)
		goto out;
	if (words) {
		ret = -ENOMEM;
		if (anon_vma_prepare(vma))
			goto out;
		page = alloc_page(m);
		if (!page)
			goto out;
		for (unsigned int i = 0; i < m->page_words; i++)
			WRITE_ONCE(frame_words(m, page_to_pfn(page))[i], words[i]);
		smp_wmb(); /* __SetPageUptodate() */
		WRITE_ONCE(page->flags, FL_BIT(PG_uptodate));
		entry = pte_mkdirty(pfn_pte(page_to_pfn(page), vma->vm_page_prot));
		if (vma->vm_flags & VM_WRITE)
			entry = pte_mkwrite(entry);
	} else {
		entry = pte_mkspecial(pfn_pte(ZERO_PFN, vma->vm_page_prot));
	}
	ret = mfill_atomic_install_pte(mm, vma, addr, entry, page);
	if (ret && page)
		put_page(m, page);
out:
	mmap_read_unlock(mm);
	if (!ret || ret == -EEXIST)
		wake_userfault(ctx, addr, addr + page_size(m));
	return ret;
}

int fl_uffd_copy(struct fl_uffd *uffd, fl_vaddr addr, const uint64_t *words)
{
	if (!words || addr & (page_size(uffd->mm->machine) - 1))
		return -EINVAL;
	return mfill_atomic(uffd, addr, words);
}

int fl_uffd_zeropage(struct fl_uffd *uffd, fl_vaddr addr)
{
	if (addr & (page_size(uffd->mm->machine) - 1))
		return -EINVAL;
	return mfill_atomic(uffd, addr, NULL);
}

/* --- registration --- */

/*
 * The caller holds mmap:W. All of @vma. -EAGAIN: a reader is inside, and the policy does not
 * wait.
 */
static int set_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long flags,
		   struct fl_uffd *ctx)
{
	if (mm->machine->policy.vma_mark_function == FL_VMA_TRY_START_WRITE &&
	    !vma_try_start_write(vma))
		return -EAGAIN;
	/* Marks, if that was not done yet. */
	vm_flags_reset(vma, (vma->vm_flags & ~__VM_UFFD_FLAGS) | flags);
	vma->uffd_ctx = ctx;
	return 0;
}

/*
 * The part of @vma that is in [start, end) becomes a VMA with these flags. Returns where it ends.
 */
static int register_part(struct mm_struct *mm, struct vm_area_struct *vma, fl_vaddr start,
			 fl_vaddr end, unsigned long flags, struct fl_uffd *ctx, fl_vaddr *done)
{
	int ret = 0;

	if (vma->vm_start < start) {
		ret = split_vma(mm, vma, start);
		if (ret)
			return ret;
		vma = vma_lookup(mm, start);
	}
	if (vma->vm_end > end)
		ret = split_vma(mm, vma, end);
	*done = vma->vm_end;
	if (!ret)
		ret = set_vma(mm, vma, flags, ctx);
	if (!ret)
		*done = vma_merge(mm, vma)->vm_end;
	return ret;
}

/* Does the whole range lie in VMAs that @ctx may have? */
static int check_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, struct fl_uffd *ctx)
{
	struct vm_area_struct *vma = vma_find(mm, start);

	if (!vma || vma->vm_start >= end)
		return -EINVAL;
	for (; vma && vma->vm_start < end; vma = vma_find(mm, vma->vm_end)) {
		if (vma->uffd_ctx && vma->uffd_ctx != ctx)
			return -EBUSY;
	}
	return 0;
}

int fl_uffd_register(struct fl_uffd *uffd, struct fl_cpu *cpu, fl_vaddr addr, size_t pages,
		     unsigned int mode)
{
	struct mm_struct *mm = uffd->mm;
	struct fl_machine *m = cpu->machine;
	fl_vaddr end = addr + ((uint64_t)pages << m->page_shift), at = addr;
	struct vm_area_struct *vma;
	int ret;

	if (mode != FL_UFFD_MISSING || addr & (page_size(m) - 1) || end <= addr ||
	    end > task_size(m))
		return -EINVAL;
	mmap_write_lock(mm);
	ret = check_range(mm, addr, end, uffd);
	while (!ret && at < end) {
		vma = vma_find(mm, at);
		if (!vma || vma->vm_start >= end)
			break;
		if (vma->uffd_ctx == uffd)
			at = vma->vm_end;
		else
			ret = register_part(mm, vma, at, end, VM_UFFD_MISSING, uffd, &at);
	}
	mmap_write_unlock(mm);
	return ret;
}

int fl_uffd_create(struct fl_uffd **out, struct fl_mm *mm)
{
	struct fl_uffd *uffd = fl_zalloc(sizeof(*uffd));
	struct machine_state *state;

	if (!uffd)
		return -ENOMEM;
	uffd->mm = &mm->mm;
	refcount_set(&uffd->refcount, 1);
	spin_lock_init(&uffd->lock);
	state = uffd->mm->machine->state;
	spin_lock(&state->mm_lock);
	uffd->next = uffd->mm->uffds;
	uffd->mm->uffds = uffd;
	spin_unlock(&state->mm_lock);
	*out = uffd;
	return 0;
}

static void unlist_uffd(struct fl_uffd *uffd)
{
	struct machine_state *state = uffd->mm->machine->state;
	struct fl_uffd **link;

	spin_lock(&state->mm_lock);
	for (link = &uffd->mm->uffds; *link != uffd; link = &(*link)->next)
		;
	*link = uffd->next;
	spin_unlock(&state->mm_lock);
}

void fl_uffd_close(struct fl_uffd *uffd)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	fl_vaddr at = 0;

	if (!uffd)
		return;
	mm = uffd->mm;
	WRITE_ONCE(uffd->released, 1); /* faults that come now do not wait */
	mmap_write_lock(mm);
	while ((vma = vma_find(mm, at))) {
		at = vma->vm_end;
		if (vma->uffd_ctx != uffd)
			continue;
		vm_flags_reset(vma, vma->vm_flags & ~__VM_UFFD_FLAGS);
		vma->uffd_ctx = NULL;
		at = vma_merge(mm, vma)->vm_end;
	}
	mmap_write_unlock(mm);
	/* Whoever waits saw released too late. */
	wake_userfault(uffd, 0, ~0ULL);
	unlist_uffd(uffd);
	userfaultfd_ctx_put(uffd);
}

void userfaultfd_close_all(struct mm_struct *mm)
{
	while (mm->uffds)
		fl_uffd_close(mm->uffds);
}
