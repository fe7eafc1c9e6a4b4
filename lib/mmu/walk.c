// SPDX-License-Identifier: MIT
/*
 * walk.c - the page-table walker: what hardware does on a TLB miss.
 *
 * One load per level. The loads have no order against the program's accesses, or against each other
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

bool mmu_walk(const struct fl_machine *m, struct ptdesc *pgd, fl_vaddr addr, enum mmu_access access,
	      pte_t *out)
{
	bool store = access == MMU_STORE;
	pmd_t *pmdp = pmd_offset_lockless(m, pgd, addr);
	pmd_t pmd = pmdp ? READ_ONCE(*pmdp) : 0;
	pte_t pte, want;
	pte_t *ptep;

	if (pmd_none(pmd))
		return false;
	ptep = pte_offset_map(m, pmd, addr);
	pte = READ_ONCE(*ptep);
	for (;;) {
		if (!pte_access_permitted(pte, store))
			return false;
		/* From the entry to the frame: an address dependency. */
		fl_addr_dep(frame_words(m, pte_pfn(pte)));
		want = pte | _PAGE_ACCESSED | (store ? _PAGE_DIRTY : 0);
		if (want == pte || try_cmpxchg_relaxed(ptep, &pte, want))
			break;
	}
	*out = want;
	return true;
}
