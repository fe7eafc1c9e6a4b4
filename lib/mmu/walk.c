// SPDX-License-Identifier: MIT
/*
 * walk.c - the page-table walker: what hardware does on a TLB miss.
 *
 * One load per level, down to a leaf entry, or to a PMD that maps a huge page. The loads have no order against the program's accesses, or against each other
 * beyond the address dependency from a table's address to its entries: software that builds a table
 * must have made it complete before it links it.
 *
 * Accessed and dirty are set by an atomic update of an entry that is still what was read; if it
 * changed, the walker looks again and so never makes an access that the entry of this moment does
 * not permit. On x86 the update is a locked instruction, which the tso model takes as a barrier.
 *
 * Models: Intel SDM 3A 4.8 and 4.10.2; Arm ARM D8.5 with hardware management of both flags.
 */
#include "mmu/frame.h"
#include "mmu/mmu.h"
#include "mmu/pgtable.h"

/*
 * At the end of a walk: may the access be made through *@entryp, which is @entry? *@out is what it is then.
 * @i: which of the frames that it maps.
 */
static inline bool walk_leaf(const struct fl_machine *m, pte_t *entryp, pte_t entry, uint64_t i,
			     bool store, pte_t *out)
{
	pte_t want;

	for (;;) {
		/* Nor does a PMD that has come to point to a table meanwhile. */
		if (!pte_access_permitted(entry, store))
			return false;
		/* From the entry to the frame: an address dependency. */
		fl_addr_dep(frame_words(m, pte_pfn(entry) + i));
		want = entry | _PAGE_ACCESSED | (store ? _PAGE_DIRTY : 0);
		if (want == entry || try_cmpxchg_relaxed(entryp, &entry, want))
			break;
	}
	*out = pmd_leaf_pte(want, i);
	return true;
}

bool mmu_walk(const struct fl_machine *m, struct ptdesc *pgd, fl_vaddr addr, enum mmu_access access,
	      pte_t *out, bool *huge)
{
	bool store = access == MMU_STORE;
	pmd_t *pmdp = pmd_offset_lockless(m, pgd, addr);
	pmd_t pmd = pmdp ? READ_ONCE(*pmdp) : 0;
	pte_t *ptep;

	*huge = false;
	if (__builtin_expect(!pmd_table(pmd), 0)) {
		if (pmd_none(pmd))
			return false;
		*huge = true;
		return walk_leaf(m, pmdp, pmd, pgtable_index(m, addr, 0), store, out);
	}
	ptep = pte_offset_map(m, pmd, addr);
	return walk_leaf(m, ptep, READ_ONCE(*ptep), 0, store, out);
}
