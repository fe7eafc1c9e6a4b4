// SPDX-License-Identifier: MIT
/*
 * mm.c - an address space from its first day to its last.
 *
 * State: struct mm_struct; the machine's list of them.
 *
 * The end is munmap's order (mmap.c) for all at once: entries, the lists of anon_vmas and files,
 * tables, flush, pages; then the VMAs. No CPU uses the mm, but walks from pages to mappings still
 * find it.
 *
 * Models: mm_alloc(), __mmput(), kernel/fork.c; exit_mmap(), mm/mmap.c, Linux 6.12.
 * Policy: vma_exit.
 */
#include "mm/mm.h"

#include "mm/file.h"
#include "mm/ksm.h"
#include "mm/lock/range_lock.h"
#include "mm/lock/user.h"
#include "mm/lru.h"
#include "mm/mempolicy.h"
#include "mm/mmap_lock.h"
#include "mm/mmu_notifier.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "mm/zap.h"

#include <errno.h>

#include <faultline/rwlock.h>

/* Address-space ids that a TLB tag has room for (mmu/tlb.c); 0 is nobody's. */
#define NR_ASIDS 32767

/*
 * An id that no other address space of the machine has: its translations would pass for this one's. Under
 * mm_lock. 0: all are in use.
 */
static uint64_t new_asid(const struct fl_machine *m, uint64_t id)
{
	const struct mm_struct *mm;

	if (id <= NR_ASIDS)
		return id;
	for (uint64_t i = 0; i < NR_ASIDS; i++) {
		uint64_t asid = (id - 1 + i) % NR_ASIDS + 1;

		for (mm = m->state->mms; mm && mm->asid != asid; mm = mm->next)
			;
		if (!mm)
			return asid;
	}
	return 0;
}

#ifdef FAULTLINE_CHECK
static int mmap_init_lock(struct mm_struct *mm)
{
	init_rwsem(&mm->mmap_lock);
	return 0;
}

static void mmap_destroy_lock(struct mm_struct *mm)
{
}
#else
static int mmap_init_lock(struct mm_struct *mm)
{
	const struct fl_rwlock *kind = mm->machine->rwlock;
	void *memory = NULL;
	int err;

	if (kind) {
		memory = mm_zalloc_aligned(FL_ALLOC_OBJECT, kind->size, kind->align);
		if (!memory)
			return -ENOMEM;
	}
	err = fl_chosen_init(&mm->mmap_lock, kind, memory);
	if (err)
		fl_free(memory);
	return err;
}

static void mmap_destroy_lock(struct mm_struct *mm)
{
	fl_chosen_exit(&mm->mmap_lock);
	fl_free(mm->mmap_lock.lock);
}
#endif

int fl_mm_create(struct fl_mm **out, struct fl_machine *m)
{
	struct fl_mm *fl_mm = mm_zalloc(FL_ALLOC_OBJECT, sizeof(*fl_mm) + user_mm_size(m));
	struct mm_struct *mm;
	int err;

	if (!fl_mm)
		return -ENOMEM;
	mm = &fl_mm->mm;
	mm->machine = m;
	err = mmap_init_lock(mm);
	if (err)
		goto free_mm;
	err = -ENOMEM;
	mm->pgd = pgtable_alloc(m);
	if (!mm->pgd)
		goto destroy_lock;
	spin_lock_init(&mm->page_table_lock);
	seqcount_init(&mm->write_protect_seq);
	refcount_set(&mm->mm_count, 1);
	err = user_mm_init(mm);
	if (err)
		goto free_pgd;

	spin_lock(&m->state->mm_lock);
	mm->id = ++m->state->next_mm_id;
	mm->asid = new_asid(m, mm->id);
	if (mm->asid) {
		mm->next = m->state->mms;
		m->state->mms = mm;
	}
	spin_unlock(&m->state->mm_lock);
	if (!mm->asid) {
		err = -ENOMEM;
		goto exit_user;
	}
	*out = fl_mm;
	return 0;

exit_user:
	user_mm_exit(mm);
free_pgd:
	pgtable_free(m, mm->pgd);
destroy_lock:
	mmap_destroy_lock(mm);
free_mm:
	fl_free(fl_mm);
	return err;
}

unsigned int fl_mm_id(const struct fl_mm *mm)
{
	return (unsigned int)mm->mm.id;
}

static void unlist_mm(struct fl_machine *m, struct mm_struct *mm)
{
	struct mm_struct **link;

	spin_lock(&m->state->mm_lock);
	for (link = &m->state->mms; *link != mm; link = &(*link)->next)
		;
	*link = mm->next;
	spin_unlock(&m->state->mm_lock);
}

static void exit_mmap(struct mm_struct *mm)
{
	const struct zap_details details = { .drop_marker = true };
	struct vm_area_struct *vma, *first = vma_find(mm, 0);
	struct mmu_gather tlb;
	fl_vaddr end = 0;

	if (!first)
		return;
	tlb_gather_mmu_fullmm(&tlb, mm);
	for (vma = first; vma; vma = vma_find(mm, end)) {
		end = vma->vm_end;
		unmap_page_range(&tlb, vma, vma->vm_start, end, &details);
	}
	for (vma = first; vma; vma = vma_find(mm, vma->vm_end))
		unlink_vma_lists(vma);
	free_pgtables(&tlb, first->vm_start, end, 0, task_size(mm->machine));
	tlb_finish_mmu(&tlb);
}

static void free_vmas(struct mm_struct *mm)
{
	/* Their memory comes back at once: who found one and has yet to look at it has to find out. */
	bool detach = mm->machine->policy.vma_free == FL_VMA_FREE_TYPESAFE &&
		      mm->machine->policy.vma_exit == FL_VMA_EXIT_DETACH;
	struct vm_area_struct *vma;
	fl_vaddr at = 0;

	if (detach)
		mmap_write_lock(mm);
	while ((vma = vma_find(mm, at))) {
		at = vma->vm_end;
		if (detach) {
			vma_start_write(vma);
			vma_mark_detached(vma);
		}
		if (vma->vm_file)
			fput(vma->vm_file);
		vma_put_policy(vma);
		__vm_area_free(vma);
	}
	if (detach)
		mmap_write_unlock(mm);
	vma_tree_destroy(&mm->tree);
}

void mmdrop(struct mm_struct *mm)
{
	if (!refcount_dec_and_test(&mm->mm_count))
		return;
	if (mm->machine->mmu_notifiers)
		mmu_notifier_subscriptions_destroy(mm);
	pgtable_free_tree(mm->machine, mm->pgd, mm->machine->levels - 1);
	mmap_destroy_lock(mm);
	fl_free((struct fl_mm *)mm);
}

void fl_mm_destroy(struct fl_mm *fl_mm)
{
	struct fl_machine *m;
	struct mm_struct *mm;

	if (!fl_mm)
		return;
	mm = &fl_mm->mm;
	m = mm->machine;
	ksm_exit(mm);
	lru_add_drain_all(m);
	userfaultfd_close_all(mm);
	exit_mmap(mm);
	destroy_context(mm);
	free_vmas(mm);
	user_mm_exit(mm);
	if (m->policy.vma_lock == FL_VMA_LOCK_RANGE)
		range_exit(mm);
	unlist_mm(m, mm);
	mmdrop(mm);
}
