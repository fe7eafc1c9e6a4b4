// SPDX-License-Identifier: MIT
/*
 * speculative.c - faults that lock no mapping: they work on a copy of it and look, before they change an entry, whether
 * it changed.
 *
 * State: vma->vm_lock_seq and mm->mm_lock_seq of vma_lock.c, without a gate. A VMA is being written to if they are equal.
 *
 *   writer, mmap:W                          fault, no lock; in a reader section of RCU all the time
 *   A2  vm_lock_seq = mm_lock_seq           S1  find the VMA
 *                    release [m]            S2  v = vm_lock_seq                              acquire [m]
 *       smp_wmb()            [c]            S3  m = mm_lock_seq; v == m: give up             acquire [seq]
 *   A4  change vm_flags, vm_start, ...      S4  copy vm_flags, vm_start, ...; does a fault need more? Give up
 *   A5  mm_lock_seq = next                  S5  find the entry: is there a table? Get a page
 *                    release [seq]          S6  interrupts off
 *                                           S7  smp_rmb() [c]; vm_lock_seq == v?             or give up
 *   Z1  lock the PTL; take                  S8  spin_trylock(PTL)                            or give up
 *       the entry away; unlock              S9  smp_rmb() [c]; vm_lock_seq == v?             or give up
 *                                           S10 interrupts on; change the entry; unlock the PTL
 *
 * The two numbers are a sequence counter of the VMA. A mark stores a number that no mark of this VMA had before (they
 * go up with each unlock of mmap_lock): so v is the same at S9 as at S2 exactly if nobody has marked the VMA in between,
 * as long as the number does not wrap in one fault, which is the same with any counter. "Odd" is v == m: S2 and S3 tell
 * whether the writer of v is through.
 *  - v is a mark whose writer is not through, and S3 reads an older m, so v != m? No: [m] the mark is a release and S2 an
 *    acquire, and the writer had read mm_lock_seq == v before, under mmap:W, after whoever stored it: m is v or later.
 *  - m is later than v: S3 read A5 of v's writer or something after it, and S4 sees all that it changed [seq].
 *  - S4 sees part of a later writer's A4: then S7 or S9 sees his mark [c].
 * So with S9 all of the copy is from one moment, which is not over when the PTL is had. What comes after that moment meets
 * the PTL: Z1 comes after S10, as with any fault that was faster. Three things hang on this:
 *  - who changes what a fault relies on marks the VMA, and then takes the PTL of each table of the range: walks of entries do,
 *    userfaultfd's registration for this alone (wait_for_optimistic_faults()): once it has returned, no entry comes unannounced.
 *    Who takes no PTL (flags of madvise(), memory policies) may return before S10: the fault began before.
 *  - a table that such a walk does not find was made under mmap:R, after the writer let go of mmap:W: the fault that finds it
 *    finds the mark, too.
 *  - anon_vmas: the one in the copy goes only after Z1, or is on a list of the VMA that took over the range.
 * S6 and S7 keep the table there until S8: who frees tables marked the VMA first, and then waits for interrupts or RCU
 * (T4 of pgtable_free.c). Whoever has the PTL may be waiting for this CPU to answer a flush: so S8 does not wait.
 * The copy is in memory of the CPU, not on the stack: its fields are read as those of any VMA are.
 *
 * VMAs go after a grace period: within S1 to S10 the memory of one stays that one's. A VMA that had left the tree before S2
 * has a number that is no longer the mm's: hence S4 looks at detached.
 *
 * S4 gives up on: VMAs of files, without an anon_vma, with a userfaultfd or a memory policy; S5 where there is no table, a
 * huge page, an entry that is not present (swap, migration, markers) or protnone. All these may sleep, or look at more of
 * the VMA. Frames are taken as they are: none is reclaimed for it. All is tried again with mmap:R.
 *
 * Models: the patches "Speculative page faults" by Laurent Dufour (v11, for 4.17, after Peter Zijlstra), which never were
 * merged, with the number of 6.4's VMA locks (Lespinasse's later ones have one counter for all of the mm). Theirs hold a
 * reference of the VMA, and handle more kinds of faults.
 * Policy: spf_checks (S7, S9), spf_read_order, spf_mark_order ([c], both sides); vma_free is to be rcu.
 */
#include "mm/lock/speculative.h"

#include "mm/huge_memory.h"
#include "mm/lock/strategy.h"
#include "mm/pagewalk.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

/* --- writers --- */

void speculate_mark(struct vm_area_struct *vma, int seq)
{
	if (vma->vm_mm->machine->policy.spf_mark_order == FL_SPF_ORDERED) {
		FL_STEP("A2", ({ smp_store_release(&vma->vm_lock_seq, seq); })); /* [m] */
		smp_wmb();							 /* [c] */
	} else {
		FL_STEP("A2", ({ WRITE_ONCE(vma->vm_lock_seq, seq); }));
	}
	FL_HOOK(fl_oracle_vma_mark(vma, seq));
}

void wait_for_optimistic_faults(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	if (!fault_is_optimistic(mm))
		return;
	for (struct pte_walk w = pte_walk_begin(mm, start, end); pte_walk_next(&w);) {
		if (pmd_leaf(w.pmd)) /* none of their business: S5 */
			continue;
		(void)pte_walk_lock(&w);
		pte_walk_unlock(&w);
	}
}

/* --- faults --- */

bool vma_copy_for_fault(struct fault_lock *lock, fl_vaddr addr)
{
	struct vm_area_struct *vma = lock->vma, *copy;
	struct fl_machine *m = vma->vm_mm->machine;

	lock->copy = copy = this_cpu(m)->vma_copy;
	if (READ_ONCE(vma->detached))
		return false;
	copy->vm_start = READ_ONCE(vma->vm_start);
	copy->vm_end = READ_ONCE(vma->vm_end);
	if (addr < copy->vm_start || addr >= copy->vm_end)
		return false;
	copy->vm_mm = vma->vm_mm;
	copy->vm_ops = vma->vm_ops;
	if (!vma_is_anonymous(copy))
		return false;
	copy->vm_file = NULL;
	copy->vm_flags = FL_STEP("S4", READ_ONCE(vma->vm_flags));
	if (copy->vm_flags & (__VM_UFFD_FLAGS | VM_SHARED))
		return false;
	copy->vm_page_prot = FL_STEP("S4", READ_ONCE(vma->vm_page_prot));
	copy->vm_pgoff = READ_ONCE(vma->vm_pgoff);
	copy->uffd_ctx = NULL;
	copy->vm_policy = NULL;
	if (m->mempolicy && READ_ONCE(vma->vm_policy))
		return false;
	WRITE_ONCE(copy->anon_vma, READ_ONCE(vma->anon_vma)); /* it is read by marked accesses */
	return READ_ONCE(copy->anon_vma);
}

int vma_copy_init(struct fl_cpu *cpu)
{
	const struct fl_machine *m = cpu->machine;

	if (m->policy.vma_lock != FL_VMA_LOCK_SPECULATIVE &&
	    !(m->user_lock && m->user_lock->fault_valid))
		return 0;
	cpu->vma_copy = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*cpu->vma_copy), 64);
	return cpu->vma_copy ? 0 : -ENOMEM;
}

/* S2 and S3. */
static bool read_begin(struct fault_lock *lock, const struct mm_struct *mm)
{
	lock->seq = FL_STEP("S2", smp_load_acquire(&lock->vma->vm_lock_seq));  /* [m] */
	return lock->seq != FL_STEP("S3", smp_load_acquire(&mm->mm_lock_seq)); /* [seq] */
}

struct vm_area_struct *speculate(struct fault_lock *lock, struct mm_struct *mm, fl_vaddr addr)
{
	rcu_read_lock();
	lock->vma = FL_STEP("S1", vma_tree_lookup(&mm->tree, addr));
	if (!lock->vma) {
		fl_count(mm->machine, faults_more);
	} else if (!read_begin(lock, mm)) {
		fl_count(mm->machine, faults_busy);
	} else if (!vma_copy_for_fault(lock, addr)) {
		fl_count(mm->machine, faults_more);
	} else {
		return lock->copy;
	}
	rcu_read_unlock();
	return NULL;
}

void speculate_end(void)
{
	rcu_read_unlock();
}

bool speculate_valid(const struct fault_lock *lock)
{
	if (lock->copy->vm_mm->machine->policy.spf_read_order == FL_SPF_ORDERED)
		smp_rmb(); /* [c] */
	return READ_ONCE(lock->vma->vm_lock_seq) == lock->seq;
}

void speculate_watch(const struct fault_lock *lock)
{
	fl_oracle_vma_copied((unsigned int)smp_processor_id(), lock->vma, lock->seq, lock->copy);
}
