// SPDX-License-Identifier: MIT
/* about.c - see about.h. */
#include "oracle/about.h"

#include "oracle/final.h"
#include "oracle/oracle.h"

const struct fl_oracle_listener *fl_oracle_listener;

void fl_about_entry(uint64_t mm_id, fl_vaddr addr)
{
	const pte_t *entry = fl_oracle_listener ? fl_final_entry(mm_id, addr) : NULL;

	if (entry)
		FL_ABOUT(.memory = entry);
}

void fl_oracle_about(const struct fl_event *e)
{
	FL_ABOUT(.kinds = 1U << e->kind, .mm_id = fl_event_mm_id(e), .pfn = e->pfn, .addr = e->addr,
		 .end = e->addr + 1, .by_cpu = true, .cpu = e->cpu, .of_value = true,
		 .value = e->value);
}
