// SPDX-License-Identifier: MIT
/*
 * arch_fault.c - the page-fault entry: which lock a fault takes.
 *
 *   E1  fault_lock_begin(): one VMA, if its lock, or a copy of it, can be had and is enough
 *   E2  else mmap_lock for reading; a stack may grow (stack.c)
 *   E3  may the program do this here at all?       no, with mmap_lock: SIGSEGV. Nothing there: SEGV_MAPERR; not
 *                                                  permitted: SEGV_ACCERR
 *   E4  handle_mm_fault()
 *   E5  unlock, unless the handler did (RETRY); after RETRY once more with mmap_lock
 *   E6  what could not be done is a signal: beyond the end of a file SIGBUS
 *
 * Models: do_user_addr_fault(), arch/x86/mm/fault.c, Linux 6.4.
 * Policy: vma_bad_access; vma_lock, in fault_lock_begin() (lock/strategy.h).
 */
#include "mm/fault.h"
#include "mm/lock/strategy.h"
#include "mm/mmap_lock.h"
#include "mm/stack.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>
#include <signal.h>

/* With SIGSEGV, here only: something is mapped, but not for this access. */
#define VM_FAULT_BADACCESS 0x020000

static bool access_error(unsigned long vm_flags, bool write)
{
	return !(vm_flags & (write ? VM_WRITE : VM_READ | VM_WRITE));
}

void force_sig_fault(struct fl_machine *m, int signo, int code, fl_vaddr addr, bool write)
{
	struct fl_signal *signal = &this_cpu(m)->signal;

	signal->signo = signo;
	signal->code = code;
	signal->addr = addr;
	signal->write = write;
}

/* E6 */
static void signal_for(struct fl_machine *m, vm_fault_t fault, fl_vaddr addr, bool write)
{
	if (fault & VM_FAULT_SIGSEGV)
		force_sig_fault(m, SIGSEGV, fault & VM_FAULT_BADACCESS ? SEGV_ACCERR : SEGV_MAPERR,
				addr, write);
	else if (fault & VM_FAULT_SIGBUS)
		force_sig_fault(m, SIGBUS, BUS_ADRERR, addr, write);
}

int vm_fault_to_errno(vm_fault_t fault)
{
	if (fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (fault & VM_FAULT_SIGBUS)
		return -EIO;
	if (fault & VM_FAULT_SIGSEGV)
		return -EFAULT;
	return fault & VM_FAULT_KILLED ? -EINTR : 0;
}

/* E3 says no, under VL:R, which ends here. */
static vm_fault_t bad_access_under_vma_lock(struct fault_lock *lock, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	switch (mm->machine->policy.vma_bad_access) {
	case FL_BAD_ACCESS_RETRY:
		fault_lock_end(lock, vma);
		return VM_FAULT_RETRY;
	case FL_BAD_ACCESS_REPORT:
		fault_lock_end(lock, vma);
		fl_count(mm->machine, faults_vma_lock);
		break;
	case FL_BAD_ACCESS_MMAP_UNLOCK: /* as bad_access() of powerpc would have it */
		mmap_read_unlock(mm);
		break;
	}
	return VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS;
}

/* The same without any lock. What E3 says no to may have changed since. */
static vm_fault_t fault_on_a_copy(struct mm_struct *mm, struct fault_lock *lock, fl_vaddr addr,
				  unsigned int flags)
{
	vm_fault_t fault;

	if (access_error(lock->copy->vm_flags, flags & FAULT_FLAG_WRITE)) {
		fault_lock_end(lock, lock->copy);
		fl_count(mm->machine, faults_more);
		return VM_FAULT_RETRY;
	}
	fault = handle_optimistic_fault(lock, addr, flags);
	if (!(fault & VM_FAULT_RETRY))
		fl_count(mm->machine, faults_vma_lock);
	return fault;
}

/* E1, and E3 to E5 with it. RETRY also if the lock could not be had. */
static vm_fault_t fault_under_vma_lock(struct mm_struct *mm, fl_vaddr addr, unsigned int flags)
{
	struct fault_lock lock;
	struct vm_area_struct *vma = fault_lock_begin(&lock, mm, addr);
	unsigned long vm_flags;
	vm_fault_t fault;

	if (!vma)
		return VM_FAULT_RETRY;
	flags |= FAULT_FLAG_VMA_LOCK;
	if (fault_is_optimistic(mm))
		return fault_on_a_copy(mm, &lock, addr, flags);
	vm_flags = FL_STEP("B4", vma->vm_flags);
	FL_HOOK(fl_oracle_vma_saw_flags((unsigned int)smp_processor_id(), vma, vm_flags));
	if (access_error(vm_flags, flags & FAULT_FLAG_WRITE))
		return bad_access_under_vma_lock(&lock, vma);
	fault = handle_locked_fault(&lock, vma, addr, flags);
	if (!(fault & VM_FAULT_RETRY)) {
		fault_lock_end(&lock, vma);
		fl_count(mm->machine, faults_vma_lock);
	}
	return fault;
}

static vm_fault_t fault_under_mmap_lock(struct mm_struct *mm, fl_vaddr addr, unsigned int flags)
{
	struct vm_area_struct *vma;
	vm_fault_t fault;

	vma = lock_mm_and_find_vma(mm, addr);
	if (!vma)
		return VM_FAULT_SIGSEGV;
	if (access_error(vma->vm_flags, flags & FAULT_FLAG_WRITE))
		fault = VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS;
	else
		fault = handle_mm_fault(vma, addr, flags);
	if (!(fault & VM_FAULT_RETRY))
		mmap_read_unlock(mm);
	return fault;
}

int do_user_addr_fault(struct mm_struct *mm, fl_vaddr addr, bool write)
{
	unsigned int flags = FAULT_FLAG_USER | FAULT_FLAG_ALLOW_RETRY;
	vm_fault_t fault;

	fl_count(mm->machine, faults);
	if (write)
		flags |= FAULT_FLAG_WRITE;
	fault = fault_under_vma_lock(mm, addr, flags);
	while ((fault & (VM_FAULT_RETRY | VM_FAULT_KILLED)) == VM_FAULT_RETRY) {
		fault = fault_under_mmap_lock(mm, addr, flags);
		if (fault & VM_FAULT_RETRY)
			fl_count(mm->machine, retries);
		flags |= FAULT_FLAG_TRIED;
	}
	signal_for(mm->machine, fault, addr, write);
	return vm_fault_to_errno(fault);
}
