// SPDX-License-Identifier: MIT
/*
 * arch_fault.c - the page-fault entry: which lock a fault takes.
 *
 *   E1  lock_vma_under_rcu(): one VMA, if its lock can be had and is enough
 *   E2  else mmap_lock for reading
 *   E3  may the program do this here at all?       no: SIGSEGV
 *   E4  handle_mm_fault()
 *   E5  unlock, unless the handler did (RETRY); after RETRY once more with mmap_lock
 *
 * Models: do_user_addr_fault(), arch/x86/mm/fault.c, Linux 6.4.
 * Policy: vma_lock, in lock_vma_under_rcu().
 */
#include "mm/fault.h"
#include "mm/mmap_lock.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

static bool access_error(unsigned long vm_flags, bool write)
{
	return !(vm_flags & (write ? VM_WRITE : VM_READ | VM_WRITE));
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

/* E1, and E3 to E5 with it. RETRY also if the lock could not be had. */
static vm_fault_t fault_under_vma_lock(struct mm_struct *mm, fl_vaddr addr, unsigned int flags)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);
	unsigned long vm_flags;
	vm_fault_t fault;

	if (!vma)
		return VM_FAULT_RETRY;
	vm_flags = vma->vm_flags;
	FL_HOOK(fl_oracle_vma_saw_flags((unsigned int)smp_processor_id(), vma, vm_flags));
	if (access_error(vm_flags, flags & FAULT_FLAG_WRITE))
		fault = VM_FAULT_SIGSEGV;
	else
		fault = handle_mm_fault(vma, addr, flags | FAULT_FLAG_VMA_LOCK);
	if (!(fault & VM_FAULT_RETRY))
		vma_end_read(vma);
	return fault;
}

static vm_fault_t fault_under_mmap_lock(struct mm_struct *mm, fl_vaddr addr, unsigned int flags)
{
	struct vm_area_struct *vma;
	vm_fault_t fault;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (!vma || access_error(vma->vm_flags, flags & FAULT_FLAG_WRITE))
		fault = VM_FAULT_SIGSEGV;
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

	if (write)
		flags |= FAULT_FLAG_WRITE;
	fault = fault_under_vma_lock(mm, addr, flags);
	while ((fault & (VM_FAULT_RETRY | VM_FAULT_KILLED)) == VM_FAULT_RETRY) {
		fault = fault_under_mmap_lock(mm, addr, flags);
		flags |= FAULT_FLAG_TRIED;
	}
	return vm_fault_to_errno(fault);
}
