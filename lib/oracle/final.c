// SPDX-License-Identifier: MIT
/* final.c - the machine at the end of an execution. See final.h. */
#include "oracle/final.h"

#include "mm/vma.h"
#include "oracle/oracle.h"

struct mm_struct *fl_final_mm(uint64_t id)
{
	struct mm_struct *mm = fl_oracle_machine()->state->mms;

	while (mm && mm->id != id)
		mm = mm->next;
	return mm;
}

struct vm_area_struct *fl_final_vma(uint64_t mm_id, fl_vaddr addr)
{
	struct mm_struct *mm = fl_final_mm(mm_id);

	return mm ? vma_lookup(mm, addr) : NULL;
}

const pte_t *fl_final_entry(uint64_t mm_id, fl_vaddr addr)
{
	struct mm_struct *mm = fl_final_mm(mm_id);
	pmd_t *pmdp;

	if (!mm || addr >= task_size(mm->machine))
		return NULL;
	pmdp = pmd_offset_lockless(mm->machine, mm->pgd, addr);
	if (!pmdp || pmd_none(*pmdp))
		return NULL;
	return pte_offset_map(mm->machine, *pmdp, addr);
}

pte_t fl_final_pte(uint64_t mm_id, fl_vaddr addr)
{
	const pte_t *entry = fl_final_entry(mm_id, addr);

	return entry ? *entry : PTE_NONE;
}

bool fl_final_word(uint64_t *word, uint64_t mm_id, fl_vaddr addr)
{
	const struct fl_machine *m = fl_oracle_machine();
	pte_t pte = fl_final_pte(mm_id, addr);

	if (!pte_present(pte) || pte_pfn(pte) >= m->nr_frames)
		return false;
	*word = frame_words(m, pte_pfn(pte))[(addr & (page_size(m) - 1)) / FL_WORD_SIZE];
	return true;
}

uint64_t fl_final_pgoff(const struct vm_area_struct *vma, fl_vaddr addr)
{
	return linear_page_index(vma->vm_mm->machine, vma, addr);
}

struct walk {
	struct mm_struct *mm;
	void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg);
	void *arg;
};

static void walk_table(const struct walk *w, struct ptdesc *table, unsigned int level,
		       fl_vaddr base)
{
	const struct fl_machine *m = w->mm->machine;
	unsigned int shift = m->page_shift + level * m->level_bits;

	for (uint64_t i = 0; i < 1ULL << m->level_bits; i++) {
		pte_t entry = table->entries[i];
		fl_vaddr addr = base + (i << shift);

		if (level && !pmd_none(entry))
			walk_table(w, pmd_pgtable(entry), level - 1, addr);
		else if (!level && pte_present(entry) && !pte_special(entry) &&
			 pte_pfn(entry) < m->nr_frames)
			w->fn(w->mm, addr, entry, w->arg);
	}
}

void fl_final_each_page(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			void *arg)
{
	const struct fl_machine *m = fl_oracle_machine();

	for (struct mm_struct *mm = m->state->mms; mm; mm = mm->next) {
		struct walk w = { mm, fn, arg };

		walk_table(&w, mm->pgd, m->levels - 1, 0);
	}
}
