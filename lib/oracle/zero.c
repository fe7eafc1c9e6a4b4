// SPDX-License-Identifier: MIT
/*
 * zero.c - oracle "stale-tlb", as O-ZERO: what was thrown away does not come back.
 *
 * Specification (madvise(2), MADV_DONTNEED): after the call, a load from private anonymous memory of
 * the range gives 0 until somebody stores there.
 *
 * Records: per address the CPU whose call came last, and a load by that CPU (any CPU, if set-up code
 * called) afterwards that gave something else. Judged at the end: it must be what another CPU stored
 * there in this run. A later munmap(), or an mremap() to there, by the same CPU ends it.
 *
 * Silent about: the content if a second CPU unmaps or replaces the same range (madvise() does not), memory watched by a
 * userfaultfd, memory that is not mapped at the end, values of the kernel and of devices.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#define MAX_DOUBTS 1024
#define MAX_PAGES 1024 /* of a call */

struct emptied {
	struct fl_key key; /* mm, page */
	unsigned int cpu;
	bool set_up; /* before all that any CPU does */
	bool over;   /* the range was unmapped since: something else may be there */
	unsigned int round;
};

struct word {
	struct fl_key key; /* mm, address */
	unsigned int round;
	bool own_store; /* since, and that is sure */
};

/* Who stored what in the run. */
struct store {
	struct fl_key key; /* address, value */
	uint64_t cpus;	   /* a bit for each */
};

struct doubt {
	uint64_t mm_id, value;
	fl_vaddr addr;
	unsigned int cpu;
	bool set_up;
};

static struct fl_map pages = FL_MAP(struct emptied);
static struct fl_map words = FL_MAP(struct word);
static struct fl_map stores = FL_MAP(struct store);
static struct fl_table doubts = FL_TABLE(struct doubt);

static void heard_emptied(const struct fl_event *e)
{
	const struct fl_machine *m = fl_oracle_machine();
	unsigned int i = 0;

	for (fl_vaddr addr = e->addr; addr < e->end && i++ < MAX_PAGES; addr += page_size(m)) {
		struct emptied *p = fl_map_get(&pages, fl_event_mm_id(e), fl_page_of(m, addr));

		if (!p)
			return;
		p->cpu = e->cpu;
		p->set_up = fl_oracle_in_set_up();
		p->over = false;
		p->round++;
	}
}

/* What is mapped at the end is not what was loaded from. Other CPUs' discards: judge(). */
static void forget_doubts(const struct fl_event *e)
{
	for (size_t i = doubts.nr; i-- > 0;) {
		const struct doubt *d = fl_table_at(&doubts, i);

		if ((!e->mm || d->mm_id == fl_event_mm_id(e)) && fl_event_covers(e, d->addr) &&
		    (fl_oracle_in_set_up() || d->cpu == e->cpu))
			fl_table_remove(&doubts, i);
	}
}

/* Comes before DONTNEED_DONE, and alone if something is unmapped. Other CPUs' discards: judge(). */
static void heard_discard(const struct fl_event *e)
{
	const struct fl_machine *m = fl_oracle_machine();

	for (size_t i = 0; i < pages.t.nr; i++) {
		struct emptied *p = fl_table_at(&pages.t, i);

		if ((!e->mm || p->key.a == fl_event_mm_id(e)) &&
		    fl_event_covers(e, p->key.b << m->page_shift) &&
		    (fl_oracle_in_set_up() || p->cpu == e->cpu))
			p->over = true;
	}
	if (!e->value) /* not madvise() */
		forget_doubts(e);
}

static void heard_store(const struct fl_event *e, const struct emptied *p)
{
	struct store *s;
	struct word *w;

	if (!fl_oracle_in_set_up()) {
		s = fl_map_get(&stores, e->addr, e->value);
		if (s)
			s->cpus |= 1ULL << (e->cpu & 63);
	}
	if (!p || (p->cpu != e->cpu && !p->set_up))
		return;
	w = fl_map_get(&words, fl_event_mm_id(e), e->addr);
	if (w) {
		w->own_store = true;
		w->round = p->round;
	}
}

static void heard_load(const struct fl_event *e, const struct emptied *p)
{
	const struct word *w;
	struct doubt *d;

	if (!p || (p->cpu != e->cpu && !p->set_up) || !e->value)
		return;
	w = fl_map_find(&words, fl_event_mm_id(e), e->addr);
	if ((w && w->own_store && w->round == p->round) || doubts.nr == MAX_DOUBTS)
		return;
	d = fl_table_add(&doubts);
	if (d)
		*d = (struct doubt){ fl_event_mm_id(e), e->value, e->addr, e->cpu, p->set_up };
}

static void event(const struct fl_event *e)
{
	const struct emptied *p;

	if (e->kind == FL_EVENT_DONTNEED_DONE) {
		heard_emptied(e);
		return;
	}
	if (e->kind == FL_EVENT_DISCARD) {
		heard_discard(e);
		return;
	}
	p = fl_map_find(&pages, fl_event_mm_id(e), fl_page_of(fl_oracle_machine(), e->addr));
	if (p && p->over)
		p = NULL;
	if (e->kind == FL_EVENT_STORE)
		heard_store(e, p);
	else
		heard_load(e, p);
}

static void judge(const struct doubt *d)
{
	struct vm_area_struct *vma = fl_final_vma(d->mm_id, d->addr);
	const struct store *s = fl_map_find(&stores, d->addr, d->value);

	if (!vma || !vma_is_anonymous(vma) || vma->vm_flags & (VM_SHARED | __VM_UFFD_FLAGS) ||
	    (s && s->cpus & ~(d->set_up ? 0 : 1ULL << (d->cpu & 63))) ||
	    fl_kernel_value(d->value) || fl_replaced_by_other(d->cpu, d->mm_id, d->addr))
		return;
	FL_ABOUT(.kinds = FL_EVENT_BIT(LOAD), .mm_id = d->mm_id, .addr = d->addr,
		 .end = d->addr + 1, .by_cpu = true, .cpu = d->cpu, .of_value = true,
		 .value = d->value);
	FL_ABOUT(.kinds = FL_EVENT_BIT(DISCARD) | FL_EVENT_BIT(DONTNEED_DONE), .mm_id = d->mm_id);
	fl_oracle_fail("stale-tlb",
		       "CPU%u loads at %#llx, where the page was thrown away before, %#llx, which "
		       "nobody has stored since",
		       d->cpu, (unsigned long long)d->addr, (unsigned long long)d->value);
}

static void finish(void)
{
	for (size_t i = 0; !stores.t.lost && !words.t.lost && i < doubts.nr; i++)
		judge(fl_table_at(&doubts, i));
}

const struct fl_oracle fl_zero_oracle = {
	.tables = { &doubts },
	.maps = { &pages, &words, &stores },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(DISCARD) |
		 FL_EVENT_BIT(DONTNEED_DONE),
	.accesses = true,
};
