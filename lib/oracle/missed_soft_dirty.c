// SPDX-License-Identifier: MIT
/*
 * missed_soft_dirty.c - oracle "missed-soft-dirty": a page that was written to says so.
 *
 * Specification (Documentation/admin-guide/mm/soft-dirty.rst): after 4 was written to clear_refs, a
 * page that is written to is soft-dirty in pagemap: by its entry, or because its VMA counts as
 * soft-dirty as a whole.
 *
 * Records: which CPU was the last to clear the bits of an address space; per word what that CPU (any
 * CPU, if set-up code did it) stored there afterwards, and what it loaded there first. Both come
 * after the clearing by program order, whatever else is ordered. Judged at the end: a page that this CPU stored to, or whose word
 * is no longer what it loaded, must be soft-dirty. Too many soft-dirty pages are no error.
 *
 * Silent about: what other CPUs stored if the clearing CPU did not look, or to a file's page, which has other names;
 * ranges that were discarded, pages that are not mapped at the end, values of the kernel and of devices (a pin's
 * writes are not tracked), shared mappings where there is reclaim: a file's page that it unmaps leaves an empty entry.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

struct clearing {
	struct fl_key key; /* mm, 0 */
	unsigned int cpu;
	bool set_up;	    /* before all that any CPU does */
	unsigned int round; /* counts them: older records are void */
};

struct seen {
	struct fl_key key; /* mm, address */
	unsigned int round;
	bool stored, loaded;
	uint64_t value; /* loaded */
};

static struct fl_map clearings = FL_MAP(struct clearing);
static struct fl_map words = FL_MAP(struct seen);

static void heard_access(const struct fl_event *e)
{
	uint64_t mm_id = fl_event_mm_id(e);
	const struct clearing *c = fl_map_find(&clearings, mm_id, 0);
	struct seen *w;

	if (!c || (c->cpu != e->cpu && !c->set_up))
		return;
	w = fl_map_get(&words, mm_id, e->addr);
	if (!w)
		return;
	if (w->round != c->round) {
		w->round = c->round;
		w->stored = w->loaded = false;
	}
	if (e->kind == FL_EVENT_STORE) {
		w->stored = true;
	} else if (!w->loaded) {
		w->loaded = true;
		w->value = e->value;
	}
}

/* By set-up code: what was stored or seen there has gone. */
static void forget(const struct fl_event *e)
{
	for (size_t i = 0; i < words.t.nr; i++) {
		struct seen *w = fl_table_at(&words.t, i);

		if ((!e->mm || w->key.a == fl_event_mm_id(e)) && fl_event_covers(e, w->key.b))
			w->stored = w->loaded = false;
	}
}

static void event(const struct fl_event *e)
{
	struct clearing *c;

	if (e->kind == FL_EVENT_DISCARD) {
		if (fl_oracle_in_set_up())
			forget(e);
		return;
	}
	if (e->kind != FL_EVENT_SOFT_DIRTY_CLEARED) {
		heard_access(e);
		return;
	}
	c = fl_map_get(&clearings, fl_event_mm_id(e), 0);
	if (c) {
		c->cpu = e->cpu;
		c->set_up = fl_oracle_in_set_up();
		c->round++;
	}
}

/* pagemap's view. Not mapped: nothing to be seen. */
static bool counts_as_dirty(const struct vm_area_struct *vma, pte_t pte)
{
	return !pte_present(pte) || pte_soft_dirty(pte) || vma->vm_flags & VM_SOFTDIRTY;
}

static void judge(const struct seen *w)
{
	const struct clearing *c = fl_map_find(&clearings, w->key.a, 0);
	struct vm_area_struct *vma;
	uint64_t value;

	if (!c || w->round != c->round)
		return;
	vma = fl_final_vma(w->key.a, w->key.b);
	if (!vma || counts_as_dirty(vma, fl_final_pte(w->key.a, w->key.b)) ||
	    !fl_final_word(&value, w->key.a, w->key.b))
		return;
	if (!w->stored && (!w->loaded || w->value == value || fl_kernel_value(value) ||
			   fl_final_has_other_names(w->key.a, w->key.b)))
		return;
	if (fl_entry_discarded(w->key.a, w->key.b) ||
	    (vma->vm_flags & VM_SHARED && fl_oracle_machine()->nr_slots))
		return;
	FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), .mm_id = w->key.a, .addr = w->key.b,
		 .end = w->key.b + 1);
	FL_ABOUT(.kinds = FL_EVENT_BIT(SOFT_DIRTY_CLEARED), .mm_id = w->key.a, .by_cpu = true,
		 .cpu = c->cpu);
	FL_ABOUT(.kinds = FL_EVENT_BIT(LOAD), .mm_id = w->key.a, .addr = w->key.b,
		 .end = w->key.b + 1, .by_cpu = true, .cpu = c->cpu);
	if (w->stored)
		fl_oracle_fail("missed-soft-dirty",
			       "%#llx was stored to after CPU%u had cleared the soft-dirty bits of "
			       "mm %llu; the page is not soft-dirty",
			       (unsigned long long)w->key.b, c->cpu, (unsigned long long)w->key.a);
	else
		fl_oracle_fail(
			"missed-soft-dirty",
			"%#llx was loaded at %#llx after CPU%u had cleared the soft-dirty bits "
			"of mm %llu; now there is %#llx, and the page is not soft-dirty",
			(unsigned long long)w->value, (unsigned long long)w->key.b, c->cpu,
			(unsigned long long)w->key.a, (unsigned long long)value);
}

static void finish(void)
{
	for (size_t i = 0; i < words.t.nr; i++)
		judge(fl_table_at(&words.t, i));
}

const struct fl_oracle fl_missed_soft_dirty_oracle = {
	.maps = { &clearings, &words },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(DISCARD) |
		 FL_EVENT_BIT(SOFT_DIRTY_CLEARED),
	.accesses = true,
};
