// SPDX-License-Identifier: MIT
/*
 * missed_wp.c - oracle "missed-wp": a store to a protected page is announced before it is made.
 *
 * Specification (Documentation/admin-guide/mm/userfaultfd.rst, "Write Protect Notifications"; ioctl_
 * userfaultfd(2), UFFDIO_WRITEPROTECT): once the call that protects has returned, a write to the
 * page makes a message, and memory changes only after the protection was taken back.
 *
 * Records: per page who protected it last; per word what that CPU (any CPU, if set-up code did it)
 * stored or loaded there afterwards, which is after the call by program order; under the check engine also stores
 * of CPUs that have heard of the call's return. Judged at the end: it
 * may not have stored, and what it loaded first must still be there.
 *
 * "Frozen": a handler that has a message about a write sees the page as it is: until it takes the
 * protection back, what it loads there does not change. Kernels leave this open while the call that
 * protects is still on its way on another CPU (A1, F5 of the fact sheet); hence its own words.
 *
 * Only pages that the protector, or set-up code, had accessed before: protecting nothing protects
 * nothing. Silent about: pages for which there was a message, or whose protection another CPU took
 * back, at any time of the run; discarded ranges; memory that is not registered at the end; changes
 * in shared mappings (they can be written to by other names); values of the kernel and of devices.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"
#include "rt/thread.h"

#include <faultline/oracle.h>

#define MAX_PAGES 1024 /* of a call */

struct page_state {
	struct fl_key key;    /* mm, page */
	uint64_t accessed;    /* by these CPUs */
	uint64_t unprotected; /* by these CPUs, in the run */
	bool present;	      /* set-up code accessed it */
	bool protected;	      /* by cpu, and not taken back by it */
	bool by_set_up;
	bool message; /* there was one */
	bool frozen;  /* handler has it in hand */
	unsigned int cpu, handler;
	unsigned int moment;	    /* of cpu, when the call that protects returned */
	unsigned int round;	    /* counts protections: the protector's older words are void */
	unsigned int message_round; /* counts messages: the handler's are */
};

/* What one CPU knows of a word: the protector, or the handler. */
struct word {
	struct fl_key key; /* mm, address * 2 + is it the handler? */
	unsigned int round;
	bool stored, loaded, changed;
	uint64_t value, later; /* first load; one that differs */
};

static struct fl_map pages = FL_MAP(struct page_state);
static struct fl_map words = FL_MAP(struct word);

static uint64_t bit(unsigned int cpu)
{
	return 1ULL << (cpu & 63);
}

static void protect_page(struct page_state *p, const struct fl_event *e)
{
	if (e->write) {
		if (!p->present && !(p->accessed & bit(e->cpu)))
			return;
		p->protected = true;
		p->by_set_up = fl_oracle_in_set_up();
		p->cpu = e->cpu;
		p->moment = fl_rt_moment();
		p->round++;
		return;
	}
	if (p->cpu == e->cpu || fl_oracle_in_set_up())
		p->protected = false;
	/* That may have been before or after what others do. */
	if (!fl_oracle_in_set_up())
		p->unprotected |= bit(e->cpu);
	if (p->handler == e->cpu)
		p->frozen = false;
}

static void heard_protect(const struct fl_event *e)
{
	const struct fl_machine *m = fl_oracle_machine();
	unsigned int i = 0;

	for (fl_vaddr addr = e->addr; addr < e->end && i++ < MAX_PAGES; addr += page_size(m)) {
		struct page_state *p = fl_map_get(&pages, fl_event_mm_id(e), fl_page_of(m, addr));

		if (!p)
			return;
		protect_page(p, e);
	}
}

static void heard_message(const struct fl_event *e)
{
	struct page_state *p;

	if (!e->value)
		return;
	p = fl_map_get(&pages, fl_event_mm_id(e), fl_page_of(fl_oracle_machine(), e->addr));
	if (!p)
		return;
	p->message = true;
	p->frozen = true;
	p->handler = e->cpu;
	p->message_round++;
}

static unsigned int round_of(const struct page_state *p, bool handler)
{
	return handler ? p->message_round : p->round;
}

static void note(const struct fl_event *e, const struct page_state *p, bool handler)
{
	struct word *w = fl_map_get(&words, fl_event_mm_id(e), e->addr * 2 + handler);

	if (!w)
		return;
	if (w->round != round_of(p, handler)) {
		w->round = round_of(p, handler);
		w->stored = w->loaded = w->changed = false;
	}
	if (e->kind == FL_EVENT_STORE) {
		w->stored = true;
	} else if (!w->loaded) {
		w->loaded = true;
		w->value = e->value;
	} else if (!w->changed && w->value != e->value) {
		w->changed = true;
		w->later = e->value;
	}
}

/*
 * After the call that protects has returned. For stores also by another CPU that has heard of it: a translation that
 * was flushed before is none that it still has. Its loads may be older than what it heard.
 */
static bool is_after(const struct page_state *p, const struct fl_event *e)
{
	return p->by_set_up || p->cpu == e->cpu ||
	       (e->kind == FL_EVENT_STORE && fl_rt_knows(p->cpu, p->moment));
}

static void heard_access(const struct fl_event *e)
{
	struct page_state *p =
		fl_map_get(&pages, fl_event_mm_id(e), fl_page_of(fl_oracle_machine(), e->addr));

	if (!p)
		return;
	p->present |= fl_oracle_in_set_up();
	p->accessed |= bit(e->cpu);
	if (p->protected && is_after(p, e))
		note(e, p, false);
	if (p->frozen && p->handler == e->cpu && e->kind == FL_EVENT_LOAD)
		note(e, p, true);
}

static void forget(struct page_state *p)
{
	p->accessed = p->unprotected = 0;
	p->present = p->protected = p->message = p->frozen = false;
	p->round++;
	p->message_round++;
}

static void heard_discard(const struct fl_event *e)
{
	for (size_t i = 0; i < pages.t.nr; i++) {
		struct page_state *p = fl_table_at(&pages.t, i);

		if ((!e->mm || p->key.a == fl_event_mm_id(e)) &&
		    fl_event_covers(e, p->key.b << fl_oracle_machine()->page_shift))
			forget(p);
	}
}

static void event(const struct fl_event *e)
{
	switch (e->kind) {
	case FL_EVENT_UFFD_PROTECT:
		heard_protect(e);
		break;
	case FL_EVENT_UFFD_MESSAGE:
		heard_message(e);
		break;
	case FL_EVENT_DISCARD:
		if (fl_oracle_in_set_up())
			heard_discard(e);
		break;
	default:
		heard_access(e);
		break;
	}
}

/* --- at the end --- */

static bool is_watched(uint64_t mm_id, fl_vaddr addr)
{
	struct vm_area_struct *vma = fl_final_vma(mm_id, addr);

	return vma && vma->vm_flags & VM_UFFD_WP && !fl_discarded(mm_id, addr);
}

/* What @cpu did to the page, or to the word at @addr. */
static void about(const struct page_state *p, unsigned int cpu, uint32_t kinds, fl_vaddr addr)
{
	const struct fl_machine *m = fl_oracle_machine();
	bool word = kinds & FL_ABOUT_ACCESS;

	FL_ABOUT(.kinds = kinds, .mm_id = p->key.a, .addr = word ? addr : p->key.b << m->page_shift,
		 .end = word ? addr + 1 : (p->key.b + 1) << m->page_shift, .by_cpu = true,
		 .cpu = cpu);
}

static void judge_protector(const struct page_state *p, const struct word *w, fl_vaddr addr)
{
	uint64_t mm_id = p->key.a, value;

	if (!p->protected || p->message || p->unprotected & (p->by_set_up ? ~0ULL : ~bit(p->cpu)))
		return;
	if (w->stored) {
		about(p, p->cpu, FL_EVENT_BIT(UFFD_PROTECT), addr);
		FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), .mm_id = mm_id, .addr = addr,
			 .end = addr + 1);
		fl_oracle_fail(
			"missed-wp",
			"a store to %#llx of mm %llu, which CPU%u had write-protected before, "
			"was made without a message",
			(unsigned long long)addr, (unsigned long long)mm_id, p->cpu);
		return;
	}
	if (w->changed)
		value = w->later;
	else if (!fl_final_word(&value, mm_id, addr))
		return;
	if (fl_final_has_other_names(mm_id, addr))
		return;
	if (!w->loaded || value == w->value || fl_kernel_value(value))
		return;
	about(p, p->cpu, FL_EVENT_BIT(LOAD), addr);
	FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), .mm_id = mm_id, .addr = addr, .end = addr + 1,
		 .of_value = true, .value = value);
	about(p, p->cpu, FL_EVENT_BIT(UFFD_PROTECT), addr);
	fl_oracle_fail("missed-wp",
		       "%#llx was loaded at %#llx, which CPU%u had write-protected before; now "
		       "there is %#llx, without a message",
		       (unsigned long long)w->value, (unsigned long long)addr, p->cpu,
		       (unsigned long long)value);
}

static void judge_handler(const struct page_state *p, const struct word *w, fl_vaddr addr)
{
	uint64_t value = w->later;

	if (p->unprotected & ~bit(p->handler) || !w->loaded ||
	    fl_final_has_other_names(p->key.a, addr))
		return;
	/* After it took the protection back anything may be there. */
	if (!w->changed && (!p->frozen || !fl_final_word(&value, p->key.a, addr)))
		return;
	if (value == w->value || fl_kernel_value(value))
		return;
	about(p, p->handler, FL_EVENT_BIT(LOAD), addr);
	FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), .mm_id = p->key.a, .addr = addr, .end = addr + 1,
		 .of_value = true, .value = value);
	about(p, p->handler, FL_EVENT_BIT(UFFD_MESSAGE), addr);
	fl_oracle_fail("missed-wp",
		       "CPU%u has a message about a write to %#llx and loads %#llx there; "
		       "before anybody took the protection back there was %#llx",
		       p->handler, (unsigned long long)addr, (unsigned long long)w->value,
		       (unsigned long long)value);
}

static void judge(const struct word *w)
{
	fl_vaddr addr = w->key.b / 2;
	const struct page_state *p =
		fl_map_find(&pages, w->key.a, fl_page_of(fl_oracle_machine(), addr));

	if (!p || round_of(p, w->key.b & 1) != w->round || !is_watched(w->key.a, addr))
		return;
	if (w->key.b & 1)
		judge_handler(p, w, addr);
	else
		judge_protector(p, w, addr);
}

static void finish(void)
{
	for (size_t i = 0; !pages.t.lost && i < words.t.nr; i++)
		judge(fl_table_at(&words.t, i));
}

const struct fl_oracle fl_missed_wp_oracle = {
	.maps = { &pages, &words },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(UFFD_PROTECT) |
		 FL_EVENT_BIT(UFFD_MESSAGE) | FL_EVENT_BIT(DISCARD),
	.accesses = true,
};
