// SPDX-License-Identifier: MIT
/*
 * uffd.c - userfaultfd: faults of a range become messages, and which ranges those are.
 *
 * State: vma->vm_flags (VM_UFFD_*) and vma->uffd_ctx, changed under mmap:W with the VMA marked; per
 * userfaultfd two lists of waiting faults, guarded by its lock: posted, and read by a handler.
 *
 *   fault, PTL let go of, mmap:R or VL:R held     handler
 *   U0  flush, if the content is to be frozen
 *   U1  with the lock, put itself on the list     H1  fl_uffd_read(): to the list of read ones
 *       of posted faults                  [w]     H2  change the entry, under the PTL: a page
 *   U2  smp_mb()                                      (uffd_fill.c), or no protection (uffd_wp.c)
 *   U3  read the entry                            H3  with the lock, take the page's faults off the
 *   U4  let go of mmap:R or VL:R                      lists                       [w]
 *   U5  entry still in the way: wait for waken        and set waken, release      [k]
 *       acquire [k]
 *   U6  take itself off the list, if still on it
 *
 * [w] The lock orders U1 and H3 one way or the other. U1 first: H3 finds the fault on the list. H3 first: U1's
 *     acquire has U3 see H2, and the fault does not wait. U2, set_current_state(), has no part in that here. It
 *     has in kernels, whose H3 looks whether the lists are empty without the lock, after an smp_mb() of its own.
 * U4 before U5: a fault that waits for user space must not keep writers out.
 *
 * Closing: released is set, under mmap:W no VMA is watched any more, then all waiting faults are waken. A fault that
 * finds released set goes on when that is done (wait_for_release()).
 *
 * U0: a handler that hears of a write to a protected page may read the page before the ioctl that
 * protected it returned, so before its flush. With policy wrprotect_sync=fault-and-uffd the fault
 * flushes first, and what the handler reads stays as it is (question left open with candidate fix F5).
 *
 * Registration is an ordinary writer of VMAs (vma.c): split at the ends, mark, store flags and
 * context. A fault that locked the VMA before has gone on as if nothing watched; one that comes
 * after must hear of it. That is what vma-lock-seq is about. Faults that lock no VMA are waited for in the end (lock/speculative.c). Who takes a range away first makes its
 * entries unprotected, while the VMA's flags still say that they may be, then stores the flags. Up to
 * 5.19 unregistering left the entries as they were (uffd_unregister): without the VMA's flag the bit in
 * them says nothing, and the next write makes the entry writable as any other.
 *
 * Models: handle_userfault(), userfaultfd_must_wait(), userfaultfd_register(),
 * userfaultfd_unregister(), userfaultfd_ctx_read(), userfaultfd_release(), fs/userfaultfd.c, Linux 5.7
 * to 6.12. Closing resolves protection in all profiles, as 6.10 does.
 * Policy: vma_mark_function, uffd_unregister, uffd_wp_memory, uffd_minor, uffd_wp_unpopulated, uffd_wp_async;
 * wrprotect_sync, at U0.
 */
#include "mm/uffd.h"

#include "mm/change_protection.h"
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/lock/speculative.h"
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

static void userfaultfd_ctx_put(struct fl_uffd *ctx)
{
	if (refcount_dec_and_test(&ctx->refcount))
		fl_free(ctx);
}

bool userfaultfd_wp_async(struct vm_area_struct *vma)
{
	return vma->uffd_ctx && vma->uffd_ctx->features & FL_UFFD_FEATURE_WP_ASYNC;
}

bool userfaultfd_wp_unpopulated(struct vm_area_struct *vma)
{
	return vma->uffd_ctx && vma->uffd_ctx->features & FL_UFFD_FEATURE_WP_UNPOPULATED;
}

/* --- the faulting side --- */

static void release_fault_lock(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		vmf_end_read(vmf);
	else
		mmap_read_unlock(vmf->mm);
}

/* U3. Tables do not go away while the fault holds its lock. */
static bool userfaultfd_must_wait(struct vm_fault *vmf, unsigned long reason)
{
	pmd_t pmd = pmd_read_lockless(vmf->m, vmf->mm->pgd, vmf->address);
	pte_t pte;

	if (pmd_none(pmd))
		return true;
	if (pmd_leaf(pmd)) /* it came before somebody registered: nobody waits for it */
		return false;
	pte = ptep_get(pte_offset_map(vmf->m, pmd, vmf->address));
	if (pte_none(pte) || is_pte_marker(pte))
		return true;
	return reason == VM_UFFD_WP && pte_present(pte) && !pte_write(pte);
}

/*
 * U0. The fault saw the protected entry under its PTL, so it sees that somebody has yet to flush, or
 * the flush is over.
 */
static void freeze_content(struct vm_fault *vmf)
{
	if (vmf->m->policy.wrprotect_sync == FL_WRPROTECT_SYNC_FAULT_AND_UFFD &&
	    atomic_read(&vmf->mm->wrprotect_pending) > 0)
		FL_STEP("U0", flush_tlb_page(vmf->vma, vmf->address));
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

/*
 * userfaultfd_release() waits for mmap:W: makes room. The kernel looks again at once, and again, until the VMA is
 * nobody's; all that differs is how often, so here it waits for that.
 */
static void wait_for_release(struct vm_fault *vmf, struct fl_uffd *ctx)
{
	refcount_inc(&ctx->refcount); /* while the lock keeps uffd_ctx there */
	release_fault_lock(vmf);
	FL_AWAIT_MASK(&ctx->released, UFFD_CLEARED, UFFD_CLEARED, FL_ACQUIRE,
		      "retry: userfaultfd_release()");
	userfaultfd_ctx_put(ctx);
}

vm_fault_t handle_userfault(struct vm_fault *vmf, unsigned long reason)
{
	struct fl_uffd *ctx = vmf->vma->uffd_ctx;
	struct userfaultfd_wait_queue *uwq;
	vm_fault_t ret = VM_FAULT_RETRY;
	bool wait;

	/* Callers that can't let go of mmap_lock get no page; nor does anyone, if user space wants a signal instead. */
	if (!ctx || ctx->features & FL_UFFD_FEATURE_SIGBUS ||
	    !(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return VM_FAULT_SIGBUS;
	if (READ_ONCE(ctx->released)) {
		wait_for_release(vmf, ctx);
		return VM_FAULT_RETRY;
	}
	uwq = mm_zalloc_nofail(sizeof(*uwq)); /* a kernel's is on the stack */
	if (!uwq)
		return VM_FAULT_OOM;
	if (reason == VM_UFFD_WP)
		freeze_content(vmf);
	uwq->address = vmf->address;
	uwq->write = !!(vmf->flags & FAULT_FLAG_WRITE);
	uwq->reason = reason;
	refcount_inc(&ctx->refcount); /* while the lock keeps uffd_ctx there */

	spin_lock(&ctx->lock);
	uwq->next = ctx->posted;
	ctx->posted = uwq;
	uwq->listed = 1;
	FL_STEP("U1", ({ WRITE_ONCE(ctx->has_posted, 1); }));
	smp_mb(); /* U2: set_current_state() */
	spin_unlock(&ctx->lock);

	wait = userfaultfd_must_wait(vmf, reason); /* U3 */
	release_fault_lock(vmf);		   /* U4 */
	if (wait && !READ_ONCE(ctx->released)) {
		fl_count(vmf->m, uffd_messages);
		/* U5. Nobody has to answer. */
		if (vmf->m->uffd_must_answer)
			FL_AWAIT_MASK(&uwq->waken, 1, 1, FL_ACQUIRE, "schedule()");
		else if (!FL_AWAIT_MASK_MAY_WAIT(&uwq->waken, 1, 1, FL_ACQUIRE, "schedule()"))
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
		out->wp = uwq->reason == VM_UFFD_WP;
		out->minor = uwq->reason == VM_UFFD_MINOR;
		ret = 0;
	}
	spin_unlock(&uffd->lock);
	if (!ret) {
		FL_EVENT(.kind = FL_EVENT_UFFD_MESSAGE, .mm = FL_EVENT_MM(uffd->mm),
			 .addr = out->addr, .write = out->write, .value = out->wp);
	}
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

void wake_userfault(struct fl_uffd *ctx, fl_vaddr start, fl_vaddr end)
{
	spin_lock(&ctx->lock);
	wake_list(&ctx->posted, start, end);
	wake_list(&ctx->read, start, end);
	if (!ctx->posted)
		WRITE_ONCE(ctx->has_posted, 0);
	spin_unlock(&ctx->lock);
}

void fl_uffd_wake(struct fl_uffd *uffd, fl_vaddr addr, size_t pages)
{
	wake_userfault(uffd, addr, addr + ((uint64_t)pages << uffd->mm->machine->page_shift));
}

/* --- registration --- */

/* The VMA is marked. Where userfaultfd-wp asks for notice of writes, the default is read-only. */
static void userfaultfd_set_vm_flags(struct vm_area_struct *vma, unsigned long flags)
{
	bool wp_changed = (vma->vm_flags ^ flags) & VM_UFFD_WP;

	vm_flags_reset(vma, flags);
	if (flags & VM_SHARED && wp_changed)
		vma_set_page_prot(vma);
}

void userfaultfd_reset_ctx(struct vm_area_struct *vma)
{
	userfaultfd_set_vm_flags(vma, vma->vm_flags & ~__VM_UFFD_FLAGS);
	vma->uffd_ctx = NULL;
}

/*
 * [start, end) of @vma is @ctx's from now on, *@done: where the VMA ends that it is in then. mmap:W.
 * -ENOMEM; -EAGAIN: a reader is inside, and the policy does not wait.
 */
static int register_part(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end,
			 unsigned long flags, struct fl_uffd *ctx, fl_vaddr *done)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long new_flags = (vma->vm_flags & ~__VM_UFFD_FLAGS) | flags;

	vma = vma_modify_flags_uffd(mm, vma, start, end, new_flags, ctx);
	if (!vma)
		return -ENOMEM;
	if (mm->machine->policy.vma_mark_function == FL_VMA_TRY_START_WRITE &&
	    !vma_try_start_write(vma))
		return -EAGAIN;
	/* Marks, if that was not done yet. */
	userfaultfd_set_vm_flags(vma, new_flags);
	vma->uffd_ctx = ctx;
	*done = vma->vm_end;
	return 0;
}

/*
 * [start, end) of @vma is nobody's any more, *@done as above. @resolve: entries become unprotected. mmap:W.
 * -ENOMEM if it had to be split; if not, it does without the merge.
 */
static int userfaultfd_clear_vma(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end,
				 bool resolve, fl_vaddr *done)
{
	bool whole = start == vma->vm_start && end == vma->vm_end;
	struct vm_area_struct *modified;

	if (vma->vm_flags & VM_UFFD_WP && resolve)
		uffd_wp_range(vma, start, end, false);
	else /* what was promised about the range holds no longer all the same */
		FL_EVENT(.kind = FL_EVENT_UFFD_PROTECT, .mm = FL_EVENT_MM(vma->vm_mm),
			 .addr = start, .end = end);
	modified = vma_modify_flags_uffd(vma->vm_mm, vma, start, end,
					 vma->vm_flags & ~__VM_UFFD_FLAGS, NULL);
	if (!modified && !whole)
		return -ENOMEM;
	if (modified)
		vma = modified;
	userfaultfd_reset_ctx(vma);
	*done = vma->vm_end;
	return 0;
}

/* The VMA flags for @mode. -EINVAL: there is no such mode, or this kernel has it not. */
static int mode_to_vm_flags(const struct fl_machine *m, unsigned int mode, unsigned long *flags)
{
	const struct fl_policy *policy = &m->policy;

	if (!mode || mode & ~(unsigned int)(FL_UFFD_MISSING | FL_UFFD_WP | FL_UFFD_MINOR))
		return -EINVAL;
	if (mode & FL_UFFD_MINOR && policy->uffd_minor == FL_NO)
		return -EINVAL;
	*flags = mode & FL_UFFD_MISSING ? VM_UFFD_MISSING : 0;
	*flags |= mode & FL_UFFD_WP ? VM_UFFD_WP : 0;
	*flags |= mode & FL_UFFD_MINOR ? VM_UFFD_MINOR : 0;
	return 0;
}

static bool vma_can_userfault(const struct vm_area_struct *vma, unsigned long flags, bool wp_async)
{
	enum fl_uffd_wp_memory memory = vma->vm_mm->machine->policy.uffd_wp_memory;

	if (flags & VM_UFFD_MINOR && !vma_is_shmem(vma))
		return false;
	/* As a record of writes it does for all kinds of memory. */
	if (wp_async && flags == VM_UFFD_WP)
		return true;
	if (flags & VM_UFFD_WP &&
	    (memory == FL_UFFD_WP_NONE || (memory == FL_UFFD_WP_ANON && !vma_is_anonymous(vma))))
		return false;
	return vma_is_anonymous(vma) || vma_is_shmem(vma);
}

/* Does the whole range lie in VMAs that @ctx may have? */
static int check_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, unsigned long flags,
		       struct fl_uffd *ctx)
{
	struct vm_area_struct *vma = vma_find(mm, start);
	bool wp_async = ctx->features & FL_UFFD_FEATURE_WP_ASYNC;

	if (!vma || vma->vm_start >= end)
		return -EINVAL;
	for (; vma && vma->vm_start < end; vma = vma_find(mm, vma->vm_end)) {
		if (!vma_can_userfault(vma, flags, wp_async))
			return -EINVAL;
		/* COPY fills a file's holes: only for those who could write there. */
		if (!(vma->vm_flags & VM_MAYWRITE))
			return -EPERM;
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
	struct vm_area_struct *vma;
	fl_vaddr end, at = addr;
	unsigned long flags;
	int ret;

	if (!uffd_range_ok(m, addr, pages, &end) || mode_to_vm_flags(m, mode, &flags))
		return -EINVAL;
	mmap_write_lock(mm);
	ret = check_range(mm, addr, end, flags, uffd);
	vma = vma_find(mm, at);
	for (; !ret && vma && vma->vm_start < end; vma = vma_find(mm, at)) {
		if (vma->vm_start > at)
			at = vma->vm_start;
		/* Another mode in its place: writes are announced no longer, though entries stay as they are. */
		if (vma->vm_flags & ~flags & VM_UFFD_WP)
			FL_EVENT(.kind = FL_EVENT_UFFD_PROTECT, .mm = FL_EVENT_MM(mm), .addr = at,
				 .end = end);
		if (vma->uffd_ctx == uffd && (vma->vm_flags & flags) == flags)
			at = vma->vm_end;
		else
			ret = register_part(vma, at, vma->vm_end < end ? vma->vm_end : end, flags,
					    uffd, &at);
	}
	wait_for_optimistic_faults(mm, addr, end);
	mmap_write_unlock(mm);
	return ret;
}

int fl_uffd_unregister(struct fl_uffd *uffd, struct fl_cpu *cpu, fl_vaddr addr, size_t pages)
{
	bool resolve = cpu->machine->policy.uffd_unregister == FL_UFFD_UNREGISTER_RESOLVE;
	struct mm_struct *mm = uffd->mm;
	struct vm_area_struct *vma;
	fl_vaddr end, at = addr;
	int ret = 0;

	if (!uffd_range_ok(cpu->machine, addr, pages, &end))
		return -EINVAL;
	mmap_write_lock(mm);
	vma = vma_find(mm, addr);
	if (!vma || vma->vm_start >= end)
		ret = -EINVAL;
	for (; !ret && vma && vma->vm_start < end; vma = vma_find(mm, at)) {
		if (vma->vm_start > at)
			at = vma->vm_start;
		if (vma->uffd_ctx == uffd)
			ret = userfaultfd_clear_vma(vma, at, vma->vm_end < end ? vma->vm_end : end,
						    resolve, &at);
		else
			at = vma->vm_end;
	}
	mmap_write_unlock(mm);
	/* Who waits looks again, finds nobody to ask, and goes on. */
	wake_userfault(uffd, addr, end);
	return ret;
}

/* --- from open to close --- */

/* Features that this kernel has. */
static unsigned int known_features(const struct fl_machine *m)
{
	unsigned int features = FL_UFFD_FEATURE_SIGBUS;

	if (m->policy.uffd_wp_unpopulated == FL_YES)
		features |= FL_UFFD_FEATURE_WP_UNPOPULATED;
	if (m->policy.uffd_wp_async == FL_YES)
		features |= FL_UFFD_FEATURE_WP_ASYNC;
	return features;
}

int fl_uffd_create_with(struct fl_uffd **out, struct fl_mm *mm, unsigned int features)
{
	struct machine_state *state = mm->mm.machine->state;
	struct fl_uffd *uffd;

	if (features & ~known_features(mm->mm.machine))
		return -EINVAL;
	/* A record of writes has to have those to empty places, too. */
	if (features & FL_UFFD_FEATURE_WP_ASYNC)
		features |= FL_UFFD_FEATURE_WP_UNPOPULATED;
	uffd = mm_zalloc(FL_ALLOC_OBJECT, sizeof(*uffd));
	if (!uffd)
		return -ENOMEM;
	uffd->mm = &mm->mm;
	uffd->features = features;
	refcount_set(&uffd->refcount, 1);
	spin_lock_init(&uffd->lock);
	spin_lock(&state->mm_lock);
	uffd->next = uffd->mm->uffds;
	uffd->mm->uffds = uffd;
	spin_unlock(&state->mm_lock);
	*out = uffd;
	return 0;
}

int fl_uffd_create(struct fl_uffd **out, struct fl_mm *mm)
{
	return fl_uffd_create_with(out, mm, 0);
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
	WRITE_ONCE(uffd->released, UFFD_CLOSING); /* faults that come now do not wait */
	mmap_write_lock(mm);
	while ((vma = vma_find(mm, at))) {
		at = vma->vm_end;
		if (vma->uffd_ctx == uffd)
			userfaultfd_clear_vma(vma, vma->vm_start, at, true, &at); /* no split */
	}
	smp_store_release(&uffd->released, UFFD_CLOSING | UFFD_CLEARED);
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
