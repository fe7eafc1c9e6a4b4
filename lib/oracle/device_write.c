// SPDX-License-Identifier: MIT
/*
 * device_write.c - oracle "lost-write", of devices and debuggers: what was written through a reference for
 * an address is what the program finds there.
 *
 * Specification (Documentation/core-api/pin_user_pages.rst; direct I/O, ptrace(2)): a device that writes to a
 * page that it has pinned for an address writes to the program's memory. Once it is done, who waited for it
 * loads what it has written, or what somebody stored there since.
 *
 * Records: per word (address space and address) the last value that was written there through a pin, or by a
 * debugger, and by which CPU; a load by that CPU afterwards that gave something else, which is judged at the end,
 * when all stores are known.
 *
 * Silent about: plain references, pins of which another one has the same frame for another address, ranges that were
 * discarded in the run, shared mappings, values of other kernel stores.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#define MAX_DOUBTS 1024

struct pin {
	uint64_t mm_id, pfn;
	fl_vaddr addr;
	bool write;
};

struct word {
	struct fl_key key; /* mm, address */
	uint64_t value;
	unsigned int cpu;
	bool over; /* it stored there itself since */
};

/* Who stored what in the run. */
struct store {
	struct fl_key key; /* address, value */
};

struct doubt {
	uint64_t mm_id, written, saw;
	fl_vaddr addr;
	unsigned int cpu;
};

static struct fl_table pins = FL_TABLE(struct pin);
static struct fl_table doubts = FL_TABLE(struct doubt);
static struct fl_map words = FL_MAP(struct word);
static struct fl_map stores = FL_MAP(struct store);

static void heard_pin(const struct fl_event *e)
{
	struct pin *pin = e->write ? fl_table_add(&pins) : NULL;

	if (pin)
		*pin = (struct pin){ fl_event_mm_id(e), e->pfn, e->addr, e->write };
}

static void heard_unpin(const struct fl_event *e)
{
	for (size_t i = pins.nr; i-- > 0;) {
		const struct pin *pin = fl_table_at(&pins, i);

		if (pin->pfn == e->pfn && pin->write == e->write) {
			fl_table_remove(&pins, i);
			return;
		}
	}
}

/* The pin on @pfn; NULL if there is none, or two that differ. */
static const struct pin *pin_of(uint64_t pfn)
{
	const struct pin *found = NULL;

	for (size_t i = 0; i < pins.nr; i++) {
		const struct pin *pin = fl_table_at(&pins, i);

		if (pin->pfn != pfn)
			continue;
		if (found && (found->mm_id != pin->mm_id || found->addr != pin->addr))
			return NULL;
		found = pin;
	}
	return found;
}

static void heard_kernel_store(const struct fl_event *e)
{
	const struct pin *pin = e->mm ? NULL : pin_of(e->pfn);
	uint64_t mm_id = pin ? pin->mm_id : fl_event_mm_id(e);
	struct word *w;

	if (!mm_id || fl_oracle_in_set_up())
		return;
	w = fl_map_get(&words, mm_id, pin ? pin->addr + e->addr : e->addr);
	if (!w)
		return;
	w->value = e->value;
	w->cpu = e->cpu;
	w->over = false;
}

static void heard_store(const struct fl_event *e)
{
	struct word *w = fl_map_find(&words, fl_event_mm_id(e), e->addr);

	if (!fl_oracle_in_set_up())
		fl_map_get(&stores, e->addr, e->value);
	if (w && w->cpu == e->cpu)
		w->over = true;
}

static void heard_load(const struct fl_event *e)
{
	const struct word *w = fl_map_find(&words, fl_event_mm_id(e), e->addr);
	struct doubt *d;

	if (!w || w->over || w->cpu != e->cpu || w->value == e->value || doubts.nr == MAX_DOUBTS)
		return;
	d = fl_table_add(&doubts);
	if (d)
		*d = (struct doubt){ w->key.a, w->value, e->value, e->addr, e->cpu };
}

static void event(const struct fl_event *e)
{
	switch (e->kind) {
	case FL_EVENT_PIN:
		heard_pin(e);
		break;
	case FL_EVENT_UNPIN:
		heard_unpin(e);
		break;
	case FL_EVENT_KERNEL_STORE:
		heard_kernel_store(e);
		break;
	case FL_EVENT_STORE:
		heard_store(e);
		break;
	default:
		heard_load(e);
		break;
	}
}

static void judge(const struct doubt *d)
{
	const struct vm_area_struct *vma = fl_final_vma(d->mm_id, d->addr);

	if (!vma || vma->vm_flags & VM_SHARED || fl_discarded(d->mm_id, d->addr) ||
	    fl_map_find(&stores, d->addr, d->saw) || fl_kernel_value(d->saw))
		return;
	FL_ABOUT(.kinds = FL_EVENT_BIT(KERNEL_STORE), .by_cpu = true, .cpu = d->cpu,
		 .of_value = true, .value = d->written);
	FL_ABOUT(.kinds = FL_EVENT_BIT(LOAD), .mm_id = d->mm_id, .addr = d->addr,
		 .end = d->addr + 1, .by_cpu = true, .cpu = d->cpu, .of_value = true,
		 .value = d->saw);
	fl_oracle_fail("lost-write",
		       "%#llx, which was written for CPU%u at %#llx through a reference to the "
		       "page, is lost: it then loads %#llx",
		       (unsigned long long)d->written, d->cpu, (unsigned long long)d->addr,
		       (unsigned long long)d->saw);
}

static void finish(void)
{
	if (words.t.lost || stores.t.lost || pins.lost)
		return;
	for (size_t i = 0; i < doubts.nr; i++)
		judge(fl_table_at(&doubts, i));
}

const struct fl_oracle fl_device_write_oracle = {
	.tables = { &pins, &doubts },
	.maps = { &words, &stores },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(PIN) |
		 FL_EVENT_BIT(UNPIN) | FL_EVENT_BIT(KERNEL_STORE),
	.accesses = true,
};
