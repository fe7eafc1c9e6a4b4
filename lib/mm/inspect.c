// SPDX-License-Identifier: MIT
/*
 * inspect.c - looking at a machine, from set-up code, oracles and whoever else is curious.
 *
 * Not compiled as modelled code: it reads memory as it is, by relaxed loads that the check engine
 * does not see. So under that engine the answers are right where the engine has put values into
 * memory: in set-up code, and at the end of an execution.
 */
#include "mm/file.h"
#include "mm/mm_types.h"
#include "mm/mmap_lock.h"
#include "mm/vma.h"
#include "mmu/mmu.h"

#include <errno.h>
#include <string.h>

#include <faultline/inspect.h>

#define LOOK(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)

static void pte_info(struct fl_pte_info *out, pte_t pte)
{
	*out = (struct fl_pte_info){
		.none = pte_none(pte),
		.present = pte_present(pte),
		.soft_dirty = pte_soft_dirty(pte),
		.uffd_wp = pte_uffd_wp(pte),
		.marker = is_pte_marker(pte),
	};
	if (!out->present)
		return;
	out->write = pte_write(pte);
	out->dirty = pte_dirty(pte);
	out->accessed = pte_young(pte);
	out->protnone = pte_protnone(pte);
	out->special = pte_special(pte);
	out->pfn = pte_pfn(pte);
}

int fl_inspect_pte(struct fl_pte_info *out, struct fl_mm *fl_mm, fl_vaddr addr)
{
	const struct fl_machine *m = fl_mm->mm.machine;
	struct ptdesc *table = fl_mm->mm.pgd;
	pte_t entry = PTE_NONE;

	if (addr >= task_size(m))
		return -EINVAL;
	for (unsigned int level = m->levels; table && level-- > 0;) {
		entry = LOOK(table->entries[pgtable_index(m, addr, level)]);
		table = level && !pmd_none(entry) ? pmd_pgtable(entry) : NULL;
		if (level && !table)
			entry = PTE_NONE;
	}
	pte_info(out, entry);
	return 0;
}

int fl_inspect_tlb(struct fl_pte_info *out, const struct fl_cpu *cpu, fl_vaddr addr)
{
	pte_t pte = PTE_NONE;
	bool hit;

	if (addr >= task_size(cpu->machine))
		return -EINVAL;
	hit = tlb_peek(cpu, addr, &pte);
	pte_info(out, pte);
	return hit;
}

int fl_inspect_page(struct fl_page_info *out, struct fl_machine *m, uint64_t pfn)
{
	struct page *page;
	unsigned long flags;

	if (pfn >= m->nr_frames)
		return -EINVAL;
	page = pfn_to_page(m, pfn);
	flags = LOOK(page->flags);
	*out = (struct fl_page_info){
		.refcount = LOOK(page->_refcount.counter),
		.mapcount = LOOK(page->_mapcount.counter) + 1,
		.anon = flags & FL_BIT(PG_anon),
		.anon_exclusive = flags & FL_BIT(PG_anon_exclusive),
		.ksm = flags & FL_BIT(PG_ksm),
		.swapcache = flags & FL_BIT(PG_swapcache),
		.dirty = flags & FL_BIT(PG_dirty),
		.locked = flags & FL_BIT(PG_locked),
		.lru = flags & FL_BIT(PG_lru),
	};
	out->maybe_pinned = out->refcount >= GUP_PIN_COUNTING_BIAS;
	out->free = pfn != ZERO_PFN && !out->refcount;
	return 0;
}

int fl_inspect_word(uint64_t *out, struct fl_machine *m, uint64_t pfn, size_t i)
{
	if (pfn >= m->nr_frames || i >= m->page_words)
		return -EINVAL;
	*out = LOOK(frame_words(m, pfn)[i]);
	return 0;
}

static unsigned int uffd_mode(unsigned long flags)
{
	return (flags & VM_UFFD_MISSING ? FL_UFFD_MISSING : 0) |
	       (flags & VM_UFFD_WP ? FL_UFFD_WP : 0) | (flags & VM_UFFD_MINOR ? FL_UFFD_MINOR : 0);
}

/*
 * Natively another thread may take a VMA, or a node of the tree, away. Under the check engine nobody runs
 * while set-up code or an oracle looks.
 */
static void lock_tree(struct mm_struct *mm)
{
#ifndef FAULTLINE_CHECK
	mmap_read_lock(mm);
#endif
}

static void unlock_tree(struct mm_struct *mm)
{
#ifndef FAULTLINE_CHECK
	mmap_read_unlock(mm);
#endif
}

int fl_inspect_vma(struct fl_vma_info *out, struct fl_mm *fl_mm, fl_vaddr addr)
{
	struct vm_area_struct *vma;
	unsigned long flags;

	lock_tree(&fl_mm->mm);
	vma = vma_find(&fl_mm->mm, addr);
	if (!vma) {
		unlock_tree(&fl_mm->mm);
		return -ENOENT;
	}
	flags = LOOK(vma->vm_flags);
	*out = (struct fl_vma_info){
		.start = LOOK(vma->vm_start),
		.end = LOOK(vma->vm_end),
		.prot = (flags & VM_READ ? FL_READ : 0) | (flags & VM_WRITE ? FL_WRITE : 0),
		.shared = flags & VM_SHARED,
		.file = LOOK(vma->vm_file) != NULL,
		.soft_dirty = flags & VM_SOFTDIRTY,
		.mergeable = flags & VM_MERGEABLE,
		.anon_vma = LOOK(vma->anon_vma) != NULL,
		.uffd_mode = uffd_mode(flags),
		.pgoff = LOOK(vma->vm_pgoff),
	};
	unlock_tree(&fl_mm->mm);
	return 0;
}

/* Each CPU's thread counts for itself, without ordering: the sum is exact while none runs. */
void fl_inspect_counters(struct fl_counters *out, struct fl_machine *m)
{
	const size_t n = sizeof(*out) / sizeof(uint64_t);
	uint64_t *sum = (uint64_t *)out;

	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		uint64_t *own = (uint64_t *)&m->cpus[i].counters;

		for (size_t j = 0; j < n; j++)
			sum[j] += LOOK(own[j]);
	}
}
