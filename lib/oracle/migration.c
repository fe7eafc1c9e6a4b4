// SPDX-License-Identifier: MIT
/*
 * migration.c - oracle "migration": nobody waits for a page that has long arrived.
 *
 * Specification (the comment in migration_entry_wait_on_locked(), mm/filemap.c, and on swp_type in
 * include/linux/swapops.h): as long as there is a migration entry, who moves the page has it locked, and takes the
 * entry away before it unlocks it. A fault that finds one waits for that. One that stays behind makes its
 * program wait for ever, or for whatever the frame is by then.
 *
 * No records. Judged at the end, by the entries that there are.
 */
#include "oracle/final.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

static void judge_entry(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	const struct fl_machine *m = mm->machine;
	uint64_t pfn = pte_swp_offset(pte);

	(void)arg;
	if (!pte_is_migration(pte))
		return;
	if (pfn < m->nr_frames && pfn_to_page(m, pfn)->flags & FL_BIT(PG_locked))
		return; /* somebody was stopped on the way */
	fl_about_entry(mm->id, addr);
	fl_oracle_fail(
		"migration", "mm %llu has a migration entry at %#llx, and nobody moves frame %llu",
		(unsigned long long)mm->id, (unsigned long long)addr, (unsigned long long)pfn);
}

static void finish(void)
{
	if (fl_oracle_machine()->migration)
		fl_final_each_swap_entry(judge_entry, NULL);
}

const struct fl_oracle fl_migration_oracle = { .finish = finish, .accesses = true };
