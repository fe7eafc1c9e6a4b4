// SPDX-License-Identifier: MIT
/*
 * vma_lock.c - per-VMA locks, rwsem-plus-sequence form (Linux 6.4 to 6.13)
 *
 * Lets a fault use one VMA without mmap_lock. State: vma->vm_lock (a rw_semaphore),
 * vma->vm_lock_seq, and mm->mm_lock_seq. A VMA is marked, so closed to readers, exactly if its
 * number equals the mm's. Only the holder of mmap_lock for writing marks; one store, A5, clears
 * every mark in the mm.
 *
 *   writer   vma_start_write() .. vma_end_write_all()   reader   vma_start_read() .. vma_end_read()
 *   A1  down_write(vm_lock)                             B1  down_read_trylock(vm_lock)
 *   A2  vm_lock_seq = mm_lock_seq                       B2  v = vm_lock_seq
 *   A3  up_write(vm_lock)                               B3  m = mm_lock_seq         acquire [seq]
 *   A4  change vm_flags, vm_start, uffd_ctx, ...            v == m: up_read, give up
 *   A5  mm_lock_seq = next          release [seq]       B4  use vm_flags, vm_start, uffd_ctx, ...
 *                                                       B5  up_read(vm_lock)
 *
 * Never: B4 meets a half-done A4.
 *  - B1 came before A1: A1 waits for B5, so all of A4 comes after B4.
 *  - B1 came after A3: the rwsem shows B2 the mark, and B3 no number older than it. If B3 equals
 *    the mark, the reader leaves. If not, it read A5 or later; release and acquire [seq] then put
 *    A4 before B4. Without either, old flags are trusted: vma-lock-seq, variants no-release,
 *    no-acquire.
 * The early check, before B1, reads vm_lock_seq with nothing held. It may be wrong in either
 * direction: a false "marked" costs a fall-back, a false "not marked" is caught by B2 and B3.
 * What it may not be is a plain load against a plain store at A2, which a compiler could tear:
 * variants plain-mark, backport-hazard.
 *
 * Harmless: giving up with no writer about (numbers wrapped, rwsem busy). Callers have mmap_lock.
 * Who keeps the VMA allocated up to B5: RCU. lock_vma_under_rcu() is in a reader section until it
 * has the lock; vma_end_read() opens one around up_read(), because once a writer gets in there
 * the VMA can be freed while up_read() still runs.
 *
 * Models: vma_start_read() and its family, include/linux/mm.h, lock_vma_under_rcu(), mm/memory.c,
 * Linux 6.4 (5e31275cc997) and, with the policies, 6.5 (b1f02b95758d).
 * Policy: vma_lock, vma_unlock_order, vma_check_order, vma_mark, vma_try_mark, vma_early_check,
 * vma_anon_check.
 */
#include "mm/vma_lock.h"

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

void vma_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	const struct fl_policy *policy = &mm->machine->policy;
	struct rw_semaphore *lock;
	int seq;

	if (policy->vma_lock == FL_VMA_LOCK_NONE || __is_vma_write_locked(vma, mm, &seq))
		return;
	lock = &vma->vm_lock->lock;
	FL_STEP("A1", down_write(lock));
	set_mark(vma, seq, policy->vma_mark);
	FL_STEP("A3", up_write(lock));
}

bool vma_try_start_write(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	const struct fl_policy *policy = &mm->machine->policy;
	struct rw_semaphore *lock;
	int seq;

	if (policy->vma_lock == FL_VMA_LOCK_NONE || __is_vma_write_locked(vma, mm, &seq))
		return true;
	lock = &vma->vm_lock->lock;
	if (!FL_STEP("A1", down_write_trylock(lock)))
		return false;
	set_mark(vma, seq, policy->vma_try_mark);
	FL_STEP("A3", up_write(lock));
	return true;
}

void vma_end_write_all(struct mm_struct *mm)
{
	const struct fl_policy *policy = &mm->machine->policy;
	int next;

	if (policy->vma_lock == FL_VMA_LOCK_NONE)
		return;
	FL_HOOK(fl_oracle_vma_end_all(mm));
	/* Wraps: readers then see marks that nobody made, which is harmless. */
	next = (int)((unsigned int)READ_ONCE(mm->mm_lock_seq) + 1);
	if (policy->vma_unlock_order == FL_VMA_ORDERED)
		FL_STEP("A5", ({ smp_store_release(&mm->mm_lock_seq, next); })); /* [seq] */
	else
		FL_STEP("A5", ({ WRITE_ONCE(mm->mm_lock_seq, next); }));
}

void vma_mark_detached(struct vm_area_struct *vma)
{
	vma->detached = 1;
}

/* --- readers --- */

static bool marked_early(struct vm_area_struct *vma, struct mm_struct *mm,
			 const struct fl_policy *policy)
{
	int seq = policy->vma_early_check == FL_VMA_ONCE ? READ_ONCE(vma->vm_lock_seq)
							 : vma->vm_lock_seq;

	return seq == READ_ONCE(mm->mm_lock_seq);
}

bool vma_start_read(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	const struct fl_policy *policy = &mm->machine->policy;
	struct rw_semaphore *lock;
	int seq, mm_seq;

	/* Spares readers the rwsem's cache line while a writer is at work. Decides nothing. */
	if (marked_early(vma, mm, policy))
		return false;

	/*
	 * The VMA can be new: its lock was initialised before it got into the tree, and the
	 * dependency from the tree to here has to hold for that. Kernels read the pointer plainly,
	 * which formally breaks the chain.
	 */
	lock = &READ_ONCE(vma->vm_lock)->lock;
	if (!FL_STEP("B1", down_read_trylock(lock)))
		return false;
	seq = FL_STEP("B2", vma->vm_lock_seq);
	if (policy->vma_check_order == FL_VMA_ORDERED)
		mm_seq = FL_STEP("B3", smp_load_acquire(&mm->mm_lock_seq)); /* [seq] */
	else
		mm_seq = FL_STEP("B3", READ_ONCE(mm->mm_lock_seq));
	if (seq == mm_seq) {
		up_read(lock);
		return false;
	}
	FL_HOOK(fl_oracle_vma_locked((unsigned int)smp_processor_id(), vma, seq));
	return true;
}

void vma_end_read(struct vm_area_struct *vma)
{
	FL_HOOK(fl_oracle_vma_unlocking((unsigned int)smp_processor_id(), vma));
	rcu_read_lock();
	FL_STEP("B5", up_read(&vma->vm_lock->lock));
	rcu_read_unlock();
}

/*
 * Can a fault at @addr go on with VL:R alone? The checks are in 6.4's order: later kernels look at
 * vma->detached first, because in 6.4 vm_start shares memory with the RCU head of a freed VMA.
 */
static bool vma_usable(struct vm_area_struct *vma, fl_vaddr addr)
{
	unsigned long flags = FL_STEP("B4", vma->vm_flags);
	uint64_t start, end;

	FL_HOOK(fl_oracle_vma_saw_flags((unsigned int)smp_processor_id(), vma, flags));
	/* handle_userfault() may have to let go of mmap_lock. */
	if (flags & __VM_UFFD_FLAGS)
		return false;
	/* The tree was read before the lock was taken. */
	start = vma->vm_start;
	end = vma->vm_end;
	FL_HOOK(fl_oracle_vma_saw_range((unsigned int)smp_processor_id(), vma, start, end));
	return addr >= start && addr < end;
}

/*
 * Without an anon_vma a fault looks at neighbours for one: not with this lock. Asked before the lock is
 * had, the answer may be old: mremap() may have taken the anon_vma away since (657b5146955e).
 */
static bool vma_lacks_anon_vma(struct vm_area_struct *vma, enum fl_vma_anon_check when)
{
	return vma->vm_mm->machine->policy.vma_anon_check == when && !READ_ONCE(vma->anon_vma);
}

struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma;

	if (mm->machine->policy.vma_lock == FL_VMA_LOCK_NONE)
		return NULL;

	rcu_read_lock();
	for (;;) {
		vma = vma_tree_lookup(&mm->tree, addr);
		if (!vma)
			break;
		if (!vma_is_anonymous(vma) || vma_lacks_anon_vma(vma, FL_VMA_ANON_BEFORE_LOCK) ||
		    !vma_start_read(vma)) {
			vma = NULL;
			break;
		}
		if (vma_lacks_anon_vma(vma, FL_VMA_ANON_AFTER_LOCK) || !vma_usable(vma, addr)) {
			vma_end_read(vma);
			vma = NULL;
			break;
		}
		if (!vma->detached)
			break;
		/* It was taken out after the lookup; look for what is there now. */
		vma_end_read(vma);
	}
	rcu_read_unlock();
	return vma;
}
