// SPDX-License-Identifier: MIT
/*
 * user.c - a lock strategy of the user's own: struct fl_lock_strategy, called where the built-in ones are.
 *
 * State: the strategy's own memory, behind each mm_struct and each VMA; the machine's user_lock, constant.
 *
 *   U1  a reader section of RCU; vma = fault_begin()
 *   U2  does it have the address, is it attached?     what is held, or a version, says that it stays so
 *   U3  leave the section, unless optimistic          there the copy is made in it (speculative.c). Not before U2:
 *                                                     what was detached and is no longer marked can be freed then
 *   U4  fault_end()
 *
 * Freed VMAs go after a grace period (vma_free=rcu). Fields of VMAs are stored by marked accesses, as an optimistic
 * strategy reads them while they change (vma_set(), vma.h).
 *
 * Models: nothing.
 * Policy: vma_lock.
 */
#include "mm/lock/user.h"

#include "mm/lock/strategy.h"
#include "mm/vma.h"

#include <errno.h>
#include <string.h>

/* Where its own memory begins. */
#define MM_STATE ((sizeof(struct fl_mm) + 15) & ~(size_t)15)
#define VMA_STATE ((sizeof(struct vm_area_struct) + 15) & ~(size_t)15)

static struct fl_vma *as_fl_vma(struct vm_area_struct *vma)
{
	return (struct fl_vma *)vma;
}

static struct fl_mm *as_fl_mm(struct mm_struct *mm)
{
	return (struct fl_mm *)mm;
}

static const struct fl_lock_strategy *strategy_of(const struct mm_struct *mm)
{
	return mm->machine->user_lock;
}

/* --- faults --- */

void user_fault_end(struct fault_lock *lock)
{
	const struct fl_lock_strategy *s = lock->vma->vm_mm->machine->user_lock;

	if (s->fault_end)
		s->fault_end(&lock->fault, as_fl_vma(lock->vma));
	if (s->fault_valid)
		rcu_read_unlock();
}

bool user_fault_valid(struct fault_lock *lock)
{
	struct vm_area_struct *vma = lock->vma;

	return strategy_of(vma->vm_mm)->fault_valid(&lock->fault, as_fl_vma(vma));
}

/* U2. What an optimistic strategy has is looked at when it is copied. */
static bool still_there(const struct vm_area_struct *vma, fl_vaddr addr)
{
	return !READ_ONCE(vma->detached) && READ_ONCE(vma->vm_start) <= addr &&
	       READ_ONCE(vma->vm_end) > addr && vma_allows_lock(vma);
}

struct vm_area_struct *user_fault_begin(struct fault_lock *lock, struct mm_struct *mm,
					fl_vaddr addr)
{
	const struct fl_lock_strategy *s = strategy_of(mm);
	struct vm_area_struct *vma;

	lock->fault.mm = as_fl_mm(mm);
	lock->fault.addr = page_align_down(mm->machine, addr);
	rcu_read_lock(); /* U1 */
	lock->vma = vma = (struct vm_area_struct *)s->fault_begin(&lock->fault);
	if (!vma) {
		rcu_read_unlock();
		fl_count(mm->machine, faults_busy);
		return NULL;
	}
	if (s->fault_valid) {
		if (vma_copy_for_fault(lock, addr))
			return lock->copy;
		user_fault_end(lock);
		fl_count(mm->machine, faults_more);
		return NULL;
	}
	if (!still_there(vma, addr)) {
		user_fault_end(lock);
		fl_count(mm->machine, faults_more);
		vma = NULL;
	}
	rcu_read_unlock(); /* U3 */
	return vma;
}

/* --- its memory --- */

size_t user_mm_size(const struct fl_machine *m)
{
	return m->user_lock ? MM_STATE - sizeof(struct fl_mm) + m->user_lock->mm_size : 0;
}

size_t user_vma_size(const struct fl_machine *m)
{
	return m->user_lock ? VMA_STATE - sizeof(struct vm_area_struct) + m->user_lock->vma_size
			    : 0;
}

int user_mm_init(struct mm_struct *mm)
{
	const struct fl_lock_strategy *s = strategy_of(mm);

	return s && s->mm_init ? s->mm_init(as_fl_mm(mm)) : 0;
}

void user_mm_exit(struct mm_struct *mm)
{
	const struct fl_lock_strategy *s = strategy_of(mm);

	if (s && s->mm_exit)
		s->mm_exit(as_fl_mm(mm));
}

void user_vma_wipe(struct vm_area_struct *vma, const struct fl_machine *m)
{
	if (m->user_lock)
		memset(fl_vma_lock_state(as_fl_vma(vma)), 0, m->user_lock->vma_size);
}

void user_vma_init(struct mm_struct *mm, struct vm_area_struct *vma)
{
	const struct fl_lock_strategy *s = strategy_of(mm);

	if (s && s->vma_init)
		s->vma_init(as_fl_vma(vma));
}

/* --- writers --- */

void user_write_begin(struct mm_struct *mm)
{
	const struct fl_lock_strategy *s = strategy_of(mm);

	if (s->write_begin)
		s->write_begin(as_fl_mm(mm));
}

void user_mark(struct vm_area_struct *vma)
{
	strategy_of(vma->vm_mm)->mark_vma(as_fl_vma(vma));
}

bool user_try_mark(struct vm_area_struct *vma)
{
	const struct fl_lock_strategy *s = strategy_of(vma->vm_mm);

	if (s->try_mark_vma)
		return s->try_mark_vma(as_fl_vma(vma));
	s->mark_vma(as_fl_vma(vma));
	return true;
}

void user_mark_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	const struct fl_lock_strategy *s = strategy_of(mm);

	if (s->mark_range)
		s->mark_range(as_fl_mm(mm), start, end);
}

void user_attach(struct vm_area_struct *vma)
{
	const struct fl_lock_strategy *s = strategy_of(vma->vm_mm);

	if (s->attach_vma)
		s->attach_vma(as_fl_vma(vma));
}

void user_detach(struct vm_area_struct *vma)
{
	const struct fl_lock_strategy *s = strategy_of(vma->vm_mm);

	WRITE_ONCE(vma->detached, 1);
	if (s->detach_vma)
		s->detach_vma(as_fl_vma(vma));
}

void user_write_end(struct mm_struct *mm)
{
	const struct fl_lock_strategy *s = strategy_of(mm);

	if (s->write_end)
		s->write_end(as_fl_mm(mm));
}

/* --- what its functions call --- */

struct fl_vma *fl_lock_find_vma(struct fl_mm *mm, fl_vaddr addr)
{
	return as_fl_vma(vma_tree_lookup(&mm->mm.tree, addr));
}

fl_vaddr fl_vma_start(const struct fl_vma *vma)
{
	return READ_ONCE(((const struct vm_area_struct *)vma)->vm_start);
}

fl_vaddr fl_vma_end(const struct fl_vma *vma)
{
	return READ_ONCE(((const struct vm_area_struct *)vma)->vm_end);
}

struct fl_mm *fl_vma_mm(const struct fl_vma *vma)
{
	return as_fl_mm(((const struct vm_area_struct *)vma)->vm_mm);
}

void *fl_mm_lock_state(struct fl_mm *mm)
{
	return (char *)mm + MM_STATE;
}

void *fl_vma_lock_state(struct fl_vma *vma)
{
	return (char *)vma + VMA_STATE;
}
