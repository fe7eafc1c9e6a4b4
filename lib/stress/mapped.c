// SPDX-License-Identifier: MIT
/* mapped.c - see mapped.h. The machine is a small one: all addresses are looked at. */
#include "stress/mapped.h"

#include <inttypes.h>

#include <faultline/oracle.h>

#include "oracle/final.h"
#include "oracle/oracle.h"

static bool check_mm(const struct fl_machine *m, const struct mm_struct *mm)
{
	for (fl_vaddr addr = 0; addr < task_size(m); addr += page_size(m)) {
		if (!pte_present(fl_final_pte(mm->id, addr)) || fl_final_vma(mm->id, addr))
			continue;
		fl_oracle_fail("permission",
			       "a page is mapped at %#" PRIx64 " of mm %" PRIu64
			       ", where munmap() has taken all away",
			       addr, mm->id);
		return false;
	}
	return true;
}

void fl_mapped_check(void)
{
	const struct fl_machine *m = fl_oracle_machine();
	const struct mm_struct *mm = m->state->mms;

	while (mm && check_mm(m, mm))
		mm = mm->next;
}
