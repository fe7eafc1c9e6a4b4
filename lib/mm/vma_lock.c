// SPDX-License-Identifier: MIT
/*
 * vma_lock.c - per-VMA locks: a fault uses one VMA without mmap_lock.
 *
 * State: vma->vm_lock_seq, mm->mm_lock_seq, and the VMA's gate: vma->vm_lock, a rw_semaphore (6.4 to
 * 6.14), or vma->vm_refcnt (6.15; vma_refcnt.c). A VMA is marked, so closed to readers, exactly if its
 * number equals the mm's. Only the holder of mmap_lock for writing marks; one store, A5, clears
 * every mark in the mm.
 *
 *   writer   vma_start_write() .. vma_end_write_all()   reader   vma_start_read() .. vma_end_read()
 *                                                       B0  find the VMA in the tree
 *   A0  mm_lock_seq becomes odd     seqcount [s]        B1  enter the gate, or give up
 *   A1  close the gate                                  B2  v = vm_lock_seq
 *   A2  vm_lock_seq = mm_lock_seq                       B3  m = mm_lock_seq         acquire [seq]
 *   A3  open the gate                                       v == m: leave, give up
 *   A4  change vm_flags, vm_start, uffd_ctx, ...        B4  use vm_flags, vm_start, uffd_ctx, ...
 *   A5  mm_lock_seq = next          release [seq]       B5  leave the gate
 *
 * Never: B4 meets a half-done A4.
 *  - B1 came before A1: A1 waits for B5, so all of A4 comes after B4.
 *  - B1 came after A3: the gate shows B2 the mark, and B3 no number older than it. If B3 equals
 *    the mark, the reader leaves. If not, it read A5 or later; release and acquire [seq] then put
 *    A4 before B4. Without either, old flags are trusted: vma-lock-seq, variants no-release,
 *    no-acquire.
 * [s] From 6.14 on mm_lock_seq is a sequence counter, odd while mmap_lock is held for writing: A0 then
 * smp_wmb(), and smp_wmb() then A5. That orders A4's stores as the release did, but no loads.
 * The early check, before B1, reads vm_lock_seq with nothing held. It may be wrong in either
 * direction: a false "marked" costs a fall-back, a false "not marked" is caught by B2 and B3.
 * What it may not be is a plain load against a plain store at A2, which a compiler could tear:
 * variants plain-mark, backport-hazard.
 *
 * Harmless: giving up with no writer about (numbers wrapped, gate busy). Callers have mmap_lock.
 * Who keeps the VMA's memory up to B5: RCU. lock_vma_under_rcu() is in a reader section until it
 * has the lock; vma_end_read() opens one around up_read(), because once a writer gets in there
 * the VMA can be freed while up_read() still runs.
 *
 * Models: vma_start_read() and its family, include/linux/mm.h, lock_vma_under_rcu(), mm/memory.c,
 * Linux 6.4 (5e31275cc997) and, with the policies, 6.5 (b1f02b95758d), 6.14 (eb449bd96954), 6.15
 * (f35ab95ca0af, 3104138517fc), 6.17 (9bbffee67ffd).
 * Policy: vma_lock, mm_lock_seq, vma_unlock_order, vma_check_order, vma_mark, vma_try_mark,
 * vma_early_check, vma_anon_check, vma_foreign, vma_lock_files, vma_lock_uffd; of mutants vma_checks, vma_mark_place,
 * vma_end_read.
 */
#include "mm/vma_lock.h"

#include "mm/lock/range_lock.h"
#include "mm/lock/speculative.h"
#include "mm/lock/user.h"
#include "mm/mm.h"
#include "mm/vma_refcnt.h"
#include "oracle/hooks.h"

/* --- writers --- */

/* Under mmap:W, so that neither number can change. *@seq is the number that marks. */
static bool __is_vma_write_locked(struct vm_area_struct *vma, struct mm_struct *mm, int *seq)
{
	*seq = READ_ONCE(mm->mm_lock_seq);
	return vma->vm_lock_seq == *seq;
}

/* A2: the one store that the readers' early check meets without a lock. */
static void set_mark(struct vm_area_struct *vma, int seq, enum fl_vma_access how)
{
	if (how == FL_VMA_ONCE)
		FL_STEP("A2", ({ WRITE_ONCE(vma->vm_lock_seq, seq); }));
	else
		FL_STEP("A2", vma->vm_lock_seq = seq);
	FL_HOOK(fl_oracle_vma_mark(vma, seq));
}

static void mark(struct vm_area_struct *vma, int seq, const struct fl_policy *policy)
{
	bool inside = policy->vma_mark_place == FL_VMA_MARK_INSIDE;
	struct rw_semaphore *lock;

	if (policy->vma_lock == FL_VMA_LOCK_SPECULATIVE) {
		speculate_mark(vma, seq); /* nobody is inside of anything */
		return;
	}
	if (policy->vma_lock == FL_VMA_LOCK_RANGE) {
		range_lock_write(vma->vm_mm, vma->vm_start, vma->vm_end, true);
		set_mark(vma, seq, policy->vma_mark);
		return;
	}
	if (policy->vma_lock == FL_VMA_LOCK_REFCNT) {
		bool closed = __vma_enter_locked(vma, 1); /* A1 */

		if (inside)
			set_mark(vma, seq, policy->vma_mark);
		if (closed)
			__vma_exit_locked(vma); /* A3 */
	} else {
		lock = &vma->vm_lock->lock;
		FL_STEP("A1", down_write(lock));
		if (inside)
			set_mark(vma, seq, policy->vma_mark);
		FL_STEP("A3", up_write(lock));
	}
	if (!inside)
		set_mark(vma, seq, policy->vma_mark);
}

void vma_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	const struct fl_policy *policy = &mm->machine->policy;
	int seq;

	if (policy->vma_lock == FL_VMA_LOCK_USER)
		user_mark(vma);
	else if (policy->vma_lock != FL_VMA_LOCK_NONE && !__is_vma_write_locked(vma, mm, &seq))
		mark(vma, seq, policy);
}

void vma_start_write_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	const struct fl_policy *policy = &mm->machine->policy;

	if (policy->vma_lock == FL_VMA_LOCK_USER)
		user_mark_range(mm, start, end);
	else if (policy->vma_lock == FL_VMA_LOCK_RANGE &&
		 policy->range_extents == FL_RANGE_EXTENTS_ALL)
		range_lock_write(mm, start, end, true);
}

bool vma_try_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	const struct fl_policy *policy = &mm->machine->policy;
	struct rw_semaphore *lock;
	int seq;

	if (policy->vma_lock == FL_VMA_LOCK_USER)
		return user_try_mark(vma);
	if (policy->vma_lock == FL_VMA_LOCK_NONE || __is_vma_write_locked(vma, mm, &seq))
		return true;
	if (policy->vma_lock == FL_VMA_LOCK_RANGE &&
	    !range_lock_write(mm, vma->vm_start, vma->vm_end, false))
		return false;
	if (policy->vma_lock != FL_VMA_LOCK_RWSEM_SEQ) {
		mark(vma, seq, policy); /* went long before */
		return true;
	}
	lock = &vma->vm_lock->lock;
	if (!FL_STEP("A1", down_write_trylock(lock)))
		return false;
	set_mark(vma, seq, policy->vma_try_mark);
	FL_STEP("A3", up_write(lock));
	return true;
}

void mm_lock_seqcount_begin(struct mm_struct *mm)
{
	const struct fl_policy *policy = &mm->machine->policy;
	int seq;

	if (policy->vma_lock == FL_VMA_LOCK_USER)
		user_write_begin(mm);
	if (policy->vma_lock == FL_VMA_LOCK_NONE || policy->mm_lock_seq != FL_MM_LOCK_SEQCOUNT)
		return;
	seq = (int)((unsigned int)READ_ONCE(mm->mm_lock_seq) + 1);
	FL_STEP("A0", ({ WRITE_ONCE(mm->mm_lock_seq, seq); }));
	smp_wmb(); /* whoever sees a change made under the lock sees the odd number */
}

/* A5. */
static void end_marks(struct mm_struct *mm, const struct fl_policy *policy)
{
	/* Wraps: readers then see marks that nobody made, which is harmless. */
	int next = (int)((unsigned int)READ_ONCE(mm->mm_lock_seq) + 1);

	if (policy->vma_unlock_order == FL_VMA_UNLOCK_RELEASE) {
		FL_STEP("A5", ({ smp_store_release(&mm->mm_lock_seq, next); })); /* [seq] */
		return;
	}
	if (policy->vma_unlock_order == FL_VMA_UNLOCK_WMB)
		smp_wmb(); /* [seq] */
	FL_STEP("A5", ({ WRITE_ONCE(mm->mm_lock_seq, next); }));
}

void vma_end_write_all(struct mm_struct *mm)
{
	const struct fl_policy *policy = &mm->machine->policy;

	if (policy->vma_lock == FL_VMA_LOCK_NONE)
		return;
	FL_HOOK(fl_oracle_vma_end_all(mm));
	end_marks(mm, policy);
	if (policy->vma_lock == FL_VMA_LOCK_RANGE)
		range_write_end(mm);
	else if (policy->vma_lock == FL_VMA_LOCK_USER)
		user_write_end(mm);
}

void vma_mark_attached(struct vm_area_struct *vma)
{
	enum fl_vma_lock how = vma->vm_mm->machine->policy.vma_lock;

	if (how == FL_VMA_LOCK_REFCNT)
		vma_refcount_attach(vma);
	else if (how == FL_VMA_LOCK_USER)
		user_attach(vma);
}

void vma_mark_detached(struct vm_area_struct *vma)
{
	switch (vma->vm_mm->machine->policy.vma_lock) {
	case FL_VMA_LOCK_REFCNT:
		vma_refcount_detach(vma);
		break;
	case FL_VMA_LOCK_SPECULATIVE:
		FL_STEP("W2", ({ WRITE_ONCE(vma->detached, 1); }));
		break;
	case FL_VMA_LOCK_USER:
		user_detach(vma);
		break;
	default:
		FL_STEP("W2", vma->detached = 1); /* vma.c */
		break;
	}
}

/* --- readers --- */

static bool marked_early(struct vm_area_struct *vma, struct mm_struct *mm,
			 const struct fl_policy *policy)
{
	int seq = policy->vma_early_check == FL_VMA_ONCE ? READ_ONCE(vma->vm_lock_seq)
							 : vma->vm_lock_seq;

	return seq == READ_ONCE(mm->mm_lock_seq);
}

static enum vma_entry_result enter(struct vm_area_struct *vma, const struct fl_policy *policy)
{
	struct rw_semaphore *lock;

	if (policy->vma_lock == FL_VMA_LOCK_REFCNT)
		return vma_refcount_inc(vma, policy);
	/*
	 * The VMA can be new: its lock was initialised before it got into the tree, and the
	 * dependency from the tree to here has to hold for that. Kernels read the pointer plainly,
	 * which formally breaks the chain.
	 */
	lock = &READ_ONCE(vma->vm_lock)->lock;
	return FL_STEP("B1", down_read_trylock(lock)) ? VMA_ENTERED : VMA_CLOSED;
}

static void leave(struct vm_area_struct *vma, const struct fl_policy *policy)
{
	if (policy->vma_lock == FL_VMA_LOCK_REFCNT)
		vma_refcount_put(vma);
	else
		FL_STEP("B5", up_read(&vma->vm_lock->lock));
}

/*
 * It is another mm's by now: whose writer may wait for us and, once we are out, be done and free its mm
 * before we woke it (9bbffee67ffd).
 */
static bool left_foreign(struct vm_area_struct *vma, struct mm_struct *mm)
{
	struct mm_struct *other = vma->vm_mm;

	if (other == mm)
		return false;
	mmgrab(other);
	vma_refcount_put(vma);
	mmdrop(other);
	return true;
}

enum vma_entry_result vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	const struct fl_policy *policy = &mm->machine->policy;
	enum vma_entry_result entered;
	int seq, mm_seq;

	/* Spares readers the gate's cache line while a writer is at work. Decides nothing. */
	if (marked_early(vma, mm, policy))
		return VMA_CLOSED;

	entered = enter(vma, policy);
	if (entered != VMA_ENTERED)
		return entered;
	if (policy->vma_foreign == FL_VMA_FOREIGN_PIN && left_foreign(vma, mm))
		return VMA_CLOSED;
	seq = FL_STEP("B2", vma->vm_lock_seq);
	if (policy->vma_check_order == FL_VMA_ORDERED)
		mm_seq = FL_STEP("B3", smp_load_acquire(&mm->mm_lock_seq)); /* [seq] */
	else
		mm_seq = FL_STEP("B3", READ_ONCE(mm->mm_lock_seq));
	if (seq == mm_seq && policy->vma_checks != FL_VMA_CHECKS_NO_SEQUENCE) {
		leave(vma, policy);
		return VMA_CLOSED;
	}
	FL_HOOK(fl_oracle_vma_locked((unsigned int)smp_processor_id(), mm, vma, seq));
	return VMA_ENTERED;
}

void vma_end_read(struct vm_area_struct *vma)
{
	const struct fl_policy *policy = &vma->vm_mm->machine->policy;

	FL_HOOK(fl_oracle_vma_unlocking((unsigned int)smp_processor_id(), vma));
	/* A count that goes down is all that 6.15 does with the VMA. */
	if (policy->vma_lock == FL_VMA_LOCK_REFCNT ||
	    policy->vma_end_read == FL_VMA_END_READ_NO_RCU) {
		leave(vma, policy);
		if (policy->vma_lock ==
		    FL_VMA_LOCK_RWSEM_SEQ) /* rwsem_wake(); under RCU it is as good as nothing */
			(void)rwsem_is_locked(&vma->vm_lock->lock);
		return;
	}
	rcu_read_lock();
	leave(vma, policy);
	rcu_read_unlock();
}

/*
 * Can a fault at @addr go on with VL:R alone? The checks are in 6.4's order: later kernels look at
 * vma->detached first, because in 6.4 vm_start shares memory with the RCU head of a freed VMA.
 */
static bool vma_usable(struct mm_struct *mm, struct vm_area_struct *vma, fl_vaddr addr)
{
	const struct fl_policy *policy = &mm->machine->policy;
	uint64_t start, end;

	/* Memory of a VMA comes back for others, of other mms, too. */
	if (policy->vma_free == FL_VMA_FREE_TYPESAFE && policy->vma_checks != FL_VMA_CHECKS_NO_MM &&
	    vma->vm_mm != mm)
		return false;
	if (policy->vma_free == FL_VMA_FREE_TYPESAFE && policy->vma_lock_files == FL_NO &&
	    !vma_is_anonymous(vma))
		return false;
	if (policy->vma_lock_uffd == FL_NO) {
		unsigned long flags = FL_STEP("B4", vma->vm_flags);

		FL_HOOK(fl_oracle_vma_saw_flags((unsigned int)smp_processor_id(), vma, flags));
		/* handle_userfault() may have to let go of mmap_lock. */
		if (flags & __VM_UFFD_FLAGS)
			return false;
	}
	/* The tree was read before the lock was taken. */
	start = FL_STEP("B4", vma->vm_start);
	end = FL_STEP("B4", vma->vm_end);
	FL_HOOK(fl_oracle_vma_saw_range((unsigned int)smp_processor_id(), vma, start, end));
	return (addr >= start && addr < end) || policy->vma_checks == FL_VMA_CHECKS_NO_RANGE;
}

/*
 * Without an anon_vma a fault looks at neighbours for one: not with this lock. Asked before the lock is
 * had, the answer may be old: mremap() may have taken the anon_vma away since (657b5146955e). Since 6.10
 * the fault asks when it needs one: vmf_anon_prepare().
 */
static bool vma_lacks_anon_vma(const struct mm_struct *mm, const struct vm_area_struct *vma,
			       enum fl_vma_anon_check when)
{
	const struct fl_policy *policy = &mm->machine->policy;

	if (policy->vma_anon_check != when)
		return false;
	/* A file's VMA may never need one. */
	if (policy->vma_lock_files == FL_YES && !vma_is_anonymous(vma))
		return false;
	return !READ_ONCE(vma->anon_vma);
}

bool vma_allows_lock(const struct vm_area_struct *vma)
{
	const struct fl_policy *policy = &vma->vm_mm->machine->policy;

	if (policy->vma_lock_files == FL_NO && !vma_is_anonymous(vma))
		return false;
	if (policy->vma_lock_uffd == FL_NO && READ_ONCE(vma->vm_flags) & __VM_UFFD_FLAGS)
		return false;
	return policy->vma_anon_check == FL_VMA_ANON_IN_FAULT || !vma_is_anonymous(vma) ||
	       READ_ONCE(vma->anon_vma);
}

/* Locks @vma, from the tree, if that is enough for a fault at @addr. */
static enum vma_entry_result lock_found(struct mm_struct *mm, struct vm_area_struct *vma,
					fl_vaddr addr)
{
	const struct fl_policy *policy = &mm->machine->policy;
	enum vma_entry_result entered;

	if (policy->vma_free == FL_VMA_FREE_RCU && policy->vma_lock_files == FL_NO &&
	    !vma_is_anonymous(vma))
		return VMA_UNFIT;
	if (vma_lacks_anon_vma(mm, vma, FL_VMA_ANON_BEFORE_LOCK))
		return VMA_UNFIT;
	entered = vma_start_read(mm, vma);
	if (entered != VMA_ENTERED)
		return entered;
	if (vma_lacks_anon_vma(mm, vma, FL_VMA_ANON_AFTER_LOCK) || !vma_usable(mm, vma, addr))
		entered = VMA_UNFIT;
	else if (policy->vma_lock == FL_VMA_LOCK_RWSEM_SEQ &&
		 policy->vma_checks != FL_VMA_CHECKS_NO_DETACHED && FL_STEP("B4", vma->detached))
		entered = VMA_DETACHED;
	if (entered != VMA_ENTERED)
		vma_end_read(vma);
	return entered;
}

/*
 * A VMA that was taken out after the lookup: kernels look again for as long as they find such ones. Here once: who
 * misses again and again has changed nothing, so all that follows the last look follows the second one as well.
 */
#define LOOKS 2

struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, fl_vaddr addr)
{
	enum vma_entry_result entered = VMA_DETACHED;
	struct vm_area_struct *vma = NULL;

	if (mm->machine->policy.vma_lock == FL_VMA_LOCK_NONE)
		return NULL;

	rcu_read_lock();
	for (int looks = 0; entered == VMA_DETACHED && looks < LOOKS; looks++) {
		vma = FL_STEP("B0", vma_tree_lookup(&mm->tree, addr));
		entered = vma ? lock_found(mm, vma, addr) : VMA_UNFIT;
	}
	rcu_read_unlock();
	if (entered == VMA_ENTERED)
		return vma;
	if (entered == VMA_UNFIT)
		fl_count(mm->machine, faults_more);
	else
		fl_count(mm->machine, faults_busy);
	return NULL;
}

/* --- readers without any lock --- */

bool mmap_lock_speculate_try_begin(struct mm_struct *mm, int *seq)
{
	*seq = smp_load_acquire(&mm->mm_lock_seq);
	return !(*seq & 1);
}

bool mmap_lock_speculate_retry(struct mm_struct *mm, int seq)
{
	smp_rmb(); /* what was read comes before; pairs with smp_wmb() after A0 */
	return READ_ONCE(mm->mm_lock_seq) != seq;
}
