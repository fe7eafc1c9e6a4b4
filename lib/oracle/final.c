// SPDX-License-Identifier: MIT
/* final.c - the machine at the end of an execution. See final.h. */
#include "oracle/final.h"

#include "mm/swapfile.h"
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

	return mm ? vma_tree_lookup(&mm->tree, addr) : NULL;
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
	if (pmd_leaf(*pmdp))
		return pmdp;
	return pte_offset_map(mm->machine, *pmdp, addr);
}

pte_t fl_final_pte(uint64_t mm_id, fl_vaddr addr)
{
	const struct fl_machine *m = fl_oracle_machine();
	const pte_t *entry = fl_final_entry(mm_id, addr);

	if (!entry)
		return PTE_NONE;
	if (m->huge_pages && entry == pmd_offset_lockless(m, fl_final_mm(mm_id)->pgd, addr))
		return pmd_leaf_pte(*entry, pgtable_index(m, addr, 0));
	return *entry;
}

const uint64_t *fl_final_words(const struct fl_machine *m, pte_t pte)
{
	const struct swap_slot *slot;

	if (pte_present(pte))
		return pte_pfn(pte) < m->nr_frames ? frame_words(m, pte_pfn(pte)) : NULL;
	if (!pte_is_swap_slot(pte) || pte_swp_offset(pte) > m->nr_slots)
		return NULL;
	slot = swap_slot(m, pte_swp_offset(pte));
	return slot->folio ? frame_words(m, page_to_pfn(slot->folio)) : slot->words;
}

bool fl_final_word(uint64_t *word, uint64_t mm_id, fl_vaddr addr)
{
	const struct fl_machine *m = fl_oracle_machine();
	const uint64_t *words = fl_final_words(m, fl_final_pte(mm_id, addr));

	if (words)
		*word = words[(addr & (page_size(m) - 1)) / FL_WORD_SIZE];
	return words;
}

bool fl_final_page_is_anon(uint64_t pfn)
{
	const struct page *page = pfn_to_page(fl_oracle_machine(), pfn);

	return compound_head(page)->flags & FL_BIT(PG_anon);
}

bool fl_final_has_other_names(uint64_t mm_id, fl_vaddr addr)
{
	const struct vm_area_struct *vma = fl_final_vma(mm_id, addr);
	pte_t pte = fl_final_pte(mm_id, addr);

	if (vma && vma->vm_flags & VM_SHARED)
		return true;
	return pte_present(pte) && pte_pfn(pte) != ZERO_PFN && !fl_final_page_is_anon(pte_pfn(pte));
}

uint64_t fl_final_pgoff(const struct vm_area_struct *vma, fl_vaddr addr)
{
	return linear_page_index(vma->vm_mm->machine, vma, addr);
}

struct walk {
	struct mm_struct *mm;
	bool slots; /* entries that refer to a swap slot */
	bool swap;  /* all that are neither none nor present. Neither of these: entries of pages */
	bool zero;  /* of the zero page, too */
	void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg);
	void *arg;
	bool huge; /* only these, and as they are */
};

static bool wanted(const struct walk *w, pte_t entry)
{
	const struct fl_machine *m = w->mm->machine;

	if (w->slots)
		return pte_is_swap_slot(entry) && pte_swp_offset(entry) <= m->nr_slots;
	if (w->swap)
		return is_swap_pte(entry);
	return pte_present(entry) && (pte_special(entry) ? w->zero : pte_pfn(entry) < m->nr_frames);
}

static void walk_leaf(const struct walk *w, fl_vaddr addr, pte_t pte)
{
	if (wanted(w, pte))
		w->fn(w->mm, addr, pte, w->arg);
}

static void walk_huge(const struct walk *w, fl_vaddr addr, pmd_t pmd)
{
	const struct fl_machine *m = w->mm->machine;

	if (w->huge)
		walk_leaf(w, addr, pmd);
	for (uint64_t i = 0; !w->huge && i < hpage_nr(m); i++)
		walk_leaf(w, addr + (i << m->page_shift), pmd_leaf_pte(pmd, i));
}

static void walk_table(const struct walk *w, struct ptdesc *table, unsigned int level,
		       fl_vaddr base)
{
	const struct fl_machine *m = w->mm->machine;
	unsigned int shift = m->page_shift + level * m->level_bits;

	for (uint64_t i = 0; i < 1ULL << m->level_bits; i++) {
		pte_t entry = table->entries[i];
		fl_vaddr addr = base + (i << shift);

		if (level && pmd_table(entry))
			walk_table(w, pmd_pgtable(entry), level - 1, addr);
		else if (level && pmd_leaf(entry))
			walk_huge(w, addr, entry);
		else if (!level && !w->huge)
			walk_leaf(w, addr, entry);
	}
}

static void walk_all(struct walk *w)
{
	const struct fl_machine *m = fl_oracle_machine();

	for (w->mm = m->state->mms; w->mm; w->mm = w->mm->next)
		walk_table(w, w->mm->pgd, m->levels - 1, 0);
}

void fl_final_each_page(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			void *arg)
{
	walk_all(&(struct walk){ .fn = fn, .arg = arg });
}

void fl_final_each_present(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			   void *arg)
{
	walk_all(&(struct walk){ .fn = fn, .arg = arg, .zero = true });
}

void fl_final_each_huge(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pmd_t pmd, void *arg),
			void *arg)
{
	walk_all(&(struct walk){ .fn = fn, .arg = arg, .huge = true });
}

void fl_final_each_swap(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			void *arg)
{
	if (fl_oracle_machine()->swap)
		walk_all(&(struct walk){ .fn = fn, .arg = arg, .slots = true });
}

void fl_final_each_swap_entry(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			      void *arg)
{
	walk_all(&(struct walk){ .fn = fn, .arg = arg, .swap = true });
}
