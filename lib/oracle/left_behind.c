// SPDX-License-Identifier: MIT
/*
 * left_behind.c - oracle "permission", its other half: no entry is left that lets hardware do what nobody may do.
 *
 * Specification (mprotect(2), munmap(2)): permission.c's. That half waits for an access that exceeds what a call left, and
 * natively for one of the caller's CPU. This one needs none: when nothing runs, an entry that can be reached, with no
 * mapping behind it or with a right that its mapping has not, is there for the next access to use. Of a mapping that
 * may be written and not read nothing is said: hardware that can write can read. A page in swap needs a mapping, too.
 *
 * Judged at the end, by entries and mappings alone.
 */
#include "oracle/final.h"
#include "oracle/oracle.h"

#include <inttypes.h>

#include <faultline/oracle.h>

static const char *exceeds(const struct vm_area_struct *vma, pte_t pte)
{
	if (!vma)
		return ", where nothing is mapped any more";
	if (pte_access_permitted(pte, true) && !(vma->vm_flags & VM_WRITE))
		return " writable, which the mapping is not";
	if (pte_access_permitted(pte, false) && !(vma->vm_flags & (VM_READ | VM_WRITE)))
		return ", where nothing may be accessed";
	return NULL;
}

static void fail(const struct mm_struct *mm, fl_vaddr addr, const char *has, const char *what)
{
	FL_ABOUT(.memory = fl_final_entry(mm->id, addr));
	FL_ABOUT(.kinds = FL_EVENT_BIT(PROTECTED), .mm_id = mm->id);
	fl_oracle_fail("permission", "at the end mm %" PRIu64 " %s at %#" PRIx64 "%s", mm->id, has,
		       addr, what);
}

static void judge(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	const char *what = exceeds(fl_final_vma(mm->id, addr), pte);

	(void)arg;
	if (what)
		fail(mm, addr, "maps a page", what);
}

/* Who maps that place next finds there what somebody else had. */
static void judge_swap(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	(void)pte;
	(void)arg;
	if (!fl_final_vma(mm->id, addr))
		fail(mm, addr, "has a page in swap", ", where nothing is mapped any more");
}

static void finish(void)
{
	fl_final_each_present(judge, NULL);
	fl_final_each_swap(judge_swap, NULL);
}

const struct fl_oracle fl_left_behind_oracle = {
	.finish = finish,
	.accesses = true,
};
