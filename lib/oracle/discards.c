// SPDX-License-Identifier: MIT
/* discards.c - which contents may have gone or come by the kernel's hand. See discards.h. */
#include "oracle/discards.h"

#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

struct range {
	struct fl_key key; /* mm, start */
	fl_vaddr end;	   /* 0: no end */
	bool several;	   /* by more than one CPU */
	bool content;	   /* not the entries alone */
	bool replaced;	   /* something else may have come to be there: not madvise() */
	unsigned int cpu;
};

static struct fl_map ranges = FL_MAP(struct range);
static struct fl_map kernel_values = FL_MAP(struct fl_key); /* value, 0 */

static bool covers(const struct range *r, uint64_t mm_id, fl_vaddr addr)
{
	return (!r->key.a || r->key.a == mm_id) && r->key.b <= addr && (!r->end || addr < r->end);
}

static bool find(uint64_t mm_id, fl_vaddr addr, bool content)
{
	for (size_t i = 0; i < ranges.t.nr; i++) {
		const struct range *r = fl_table_at(&ranges.t, i);

		if ((r->content || !content) && covers(r, mm_id, addr))
			return true;
	}
	return ranges.t.lost;
}

bool fl_discarded(uint64_t mm_id, fl_vaddr addr)
{
	return find(mm_id, addr, true);
}

bool fl_entry_discarded(uint64_t mm_id, fl_vaddr addr)
{
	return find(mm_id, addr, false);
}

bool fl_replaced_by_other(unsigned int cpu, uint64_t mm_id, fl_vaddr addr)
{
	for (size_t i = 0; i < ranges.t.nr; i++) {
		const struct range *r = fl_table_at(&ranges.t, i);

		if (r->replaced && (r->several || r->cpu != cpu) && covers(r, mm_id, addr))
			return true;
	}
	return ranges.t.lost;
}

bool fl_kernel_value(uint64_t value)
{
	return kernel_values.t.lost || fl_map_find(&kernel_values, value, 0);
}

static void discard(const struct fl_event *e)
{
	bool new = !fl_map_find(&ranges, fl_event_mm_id(e), e->addr);
	struct range *r = fl_map_get(&ranges, fl_event_mm_id(e), e->addr);

	if (!r)
		return;
	if (new) {
		r->cpu = e->cpu;
		r->end = e->end;
	}
	r->several |= r->cpu != e->cpu;
	r->content |= e->value != 2;
	r->replaced |= !e->value;
	if (!e->end || (r->end && r->end < e->end))
		r->end = e->end;
}

static void event(const struct fl_event *e)
{
	if (e->kind == FL_EVENT_KERNEL_STORE)
		fl_map_get(&kernel_values, e->value, 0);
	else if (!fl_oracle_in_set_up())
		discard(e);
}

const struct fl_oracle fl_discards = {
	.maps = { &ranges, &kernel_values },
	.event = event,
	.wants = FL_EVENT_BIT(DISCARD) | FL_EVENT_BIT(KERNEL_STORE),
	.accesses = true,
};
