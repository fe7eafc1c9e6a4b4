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
#include "mm/swapfile.h"
#include "mm/vma.h"
#include "mmu/mmu.h"

#include <errno.h>
#include <string.h>

#include <faultline/inspect.h>
#include <faultline/reclaim.h>

#define LOOK(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)

static void swap_info(struct fl_pte_info *out, pte_t pte)
{
	out->swap = pte_is_swap_slot(pte);
	out->migration = pte_is_migration(pte);
	if (out->swap) {
		out->slot = pte_swp_offset(pte);
		out->exclusive = pte_swp_exclusive(pte);
	} else if (out->migration) {
		out->pfn = pte_swp_offset(pte);
		out->write = pte_is_writable_migration(pte);
		out->exclusive = pte_swp_type(pte) != SWP_MIGRATION_READ;
	}
}

static void pte_info(struct fl_pte_info *out, pte_t pte)
{
	*out = (struct fl_pte_info){
		.none = pte_none(pte),
		.present = pte_present(pte),
		.soft_dirty = pte_soft_dirty(pte),
		.uffd_wp = pte_uffd_wp(pte),
		.marker = is_pte_marker(pte),
	};
	if (!out->present) {
		swap_info(out, pte);
		return;
	}
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
	bool huge = false;

	if (addr >= task_size(m))
		return -EINVAL;
	for (unsigned int level = m->levels; table && level-- > 0;) {
		entry = LOOK(table->entries[pgtable_index(m, addr, level)]);
		if (level == 1 && pmd_leaf(entry)) {
			huge = true;
			entry = pmd_leaf_pte(entry, pgtable_index(m, addr, 0));
			break;
		}
		table = level && !pmd_none(entry) ? pmd_pgtable(entry) : NULL;
		if (level && !table)
			entry = PTE_NONE;
	}
	pte_info(out, entry);
	out->huge = huge;
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
	struct page *page, *head;
	unsigned long flags, own_flags;

	if (pfn >= m->nr_frames)
		return -EINVAL;
	page = pfn_to_page(m, pfn);
	head = page;
	if (fl_block_mask && LOOK(((struct page *)((uintptr_t)page & fl_block_mask))->compound))
		head = (struct page *)((uintptr_t)page & fl_block_mask);
	own_flags = LOOK(page->flags);
	flags = LOOK(head->flags);
	*out = (struct fl_page_info){
		.refcount = LOOK(head->_refcount.counter),
		.mapcount =
			LOOK(page->_mapcount.counter) + LOOK(head->_entire_mapcount.counter) + 2,
		.anon = flags & FL_BIT(PG_anon),
		.anon_exclusive = own_flags & FL_BIT(PG_anon_exclusive),
		.ksm = flags & FL_BIT(PG_ksm),
		.swapcache = flags & FL_BIT(PG_swapcache),
		.dirty = flags & FL_BIT(PG_dirty),
		.locked = flags & FL_BIT(PG_locked),
		.lru = flags & FL_BIT(PG_lru),
	};
	out->huge = LOOK(head->compound);
	out->maybe_pinned = out->huge ? LOOK(head->_pincount.counter) > 0
				      : out->refcount >= GUP_PIN_COUNTING_BIAS;
	/* What speaks for all of it as long as a PMD maps it. */
	if (out->huge && LOOK(head->_entire_mapcount.counter) >= 0)
		out->anon_exclusive = flags & FL_BIT(PG_anon_exclusive);
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

void fl_inspect_swap(struct fl_swap_info *out, struct fl_machine *m)
{
	*out = (struct fl_swap_info){ .slots = m->nr_slots };
	if (m->swap)
		out->used = LOOK(m->swap->inuse);
}

int fl_inspect_slot(struct fl_slot_info *out, struct fl_machine *m, uint64_t slot)
{
	struct page *page;

	if (!slot || slot > m->nr_slots)
		return -EINVAL;
	page = LOOK(swap_slot(m, slot)->folio);
	*out = (struct fl_slot_info){ .count = LOOK(swap_slot(m, slot)->count), .cached = page };
	if (page)
		out->pfn = page_to_pfn(page);
	return 0;
}

int fl_inspect_slot_word(uint64_t *out, struct fl_machine *m, uint64_t slot, size_t i)
{
	if (!slot || slot > m->nr_slots || i >= m->page_words)
		return -EINVAL;
	*out = LOOK(swap_slot(m, slot)->words[i]);
	return 0;
}

/* Each CPU's thread counts for itself, by relaxed stores (fl_count()): the sum is exact while none runs. */
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
