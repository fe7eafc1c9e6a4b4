// SPDX-License-Identifier: MIT
/* witness.c - see witness.h. */
#include "run/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "mm/mm_types.h"
#include "mmu/describe.h"
#include "mmu/frame.h"
#include "oracle/about.h"
#include "oracle/final.h"
#include "oracle/oracle.h"
#include "oracle/table.h"
#include "rt/check/stop.h"
#include "trace/trace.h"

#define NEAR 8 /* so many events around where it was told of, an access was or will be made */

struct heard {
	struct fl_event e;
	uint64_t mm_id;
	int thread, passed;
	uintptr_t memory, memory_end; /* of an access: where it is */
	uintptr_t pc;		      /* in the thread's own function; 0: unknown */
	const struct fl_site *site;   /* FL_SAY(): no event of oracles, but this */
	bool judged;
};

/* What the oracle named: an event that was heard, or memory. */
struct named {
	size_t heard;
	uintptr_t memory; /* 0: that event */
	bool loaded;	  /* the last load of it that @thread had made; else the last store to it */
	int thread, passed; /* then */
};

/* A page table at the end: the one of an mm that came later is not there any more when the trace is made. */
struct leaf {
	uintptr_t start, end;
};

static struct fl_table list = FL_TABLE(struct heard);
static struct fl_table subjects = FL_TABLE(struct fl_subject);
static struct fl_table names = FL_TABLE(struct named);
static const struct fl_scenario *scenario;
static struct fl_table tables = FL_TABLE(struct leaf);
static bool failed, several_mms, listening, shows_soft_dirty;

/* ---- while it runs ---- */

struct search {
	uintptr_t function, pc;
};

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *arg)
{
	struct search *s = arg;

	if (_Unwind_GetRegionStart(frame) != s->function)
		return _URC_NO_REASON;
	s->pc = _Unwind_GetIP(frame);
	return _URC_NORMAL_STOP;
}

static uintptr_t pc_in_thread(int thread)
{
	struct search s = { .pc = 0 };

	if (thread >= FL_MAX_THREADS || !scenario->threads[thread].run)
		return 0;
	s.function = (uintptr_t)scenario->threads[thread].run;
	_Unwind_Backtrace(look, &s);
	return s.pc;
}

static bool is_access(enum fl_event_kind kind)
{
	return kind == FL_EVENT_LOAD || kind == FL_EVENT_STORE || kind == FL_EVENT_KERNEL_STORE ||
	       kind == FL_EVENT_PIPE_READ;
}

static bool is_noted(enum fl_event_kind kind)
{
	return kind != FL_EVENT_FRAME_ALLOC && kind != FL_EVENT_FLUSH;
}

static void find_memory(struct heard *h)
{
	const struct fl_machine *m = fl_oracle_machine();
	uint64_t offset;

	if (!is_access(h->e.kind) || h->e.pfn >= m->nr_frames)
		return;
	h->memory = (uintptr_t)frame_words(m, h->e.pfn);
	h->memory_end = h->memory + page_size(m);
	if (h->e.kind != FL_EVENT_LOAD && h->e.kind != FL_EVENT_STORE)
		return;
	offset = h->e.addr & (page_size(m) - 1);
	h->memory += offset;
	h->memory_end = h->memory + FL_WORD_SIZE;
}

static void hear(const struct fl_event *e)
{
	struct heard h = { .e = *e, .mm_id = fl_event_mm_id(e) };
	struct heard *entry;

	if (!is_noted(e->kind) || !fl_stop_position(&h.thread, &h.passed))
		return;
	h.e.mm = NULL;
	h.pc = pc_in_thread(h.thread);
	find_memory(&h);
	entry = fl_table_add(&list);
	if (entry)
		*entry = h;
}

static void hear_say(const struct fl_site *what)
{
	struct heard h = { .e = { .kind = FL_EVENT_FAULT }, .site = what };
	struct heard *entry;

	if (!fl_stop_position(&h.thread, &h.passed))
		return;
	entry = fl_table_add(&list);
	if (entry)
		*entry = h;
}

static void hear_about(const struct fl_subject *subject)
{
	struct fl_subject *s = failed ? NULL : fl_table_add(&subjects);

	if (s)
		*s = *subject;
}

static bool overlaps(const struct fl_subject *s, const struct fl_event *e)
{
	fl_vaddr end = e->end > e->addr ? e->end : e->addr + 1;

	return !s->end || (e->addr < s->end && s->addr < end);
}

static bool is_meant(const struct fl_subject *s, const struct heard *h)
{
	return !h->site && s->kinds >> h->e.kind & 1 &&
	       (!s->mm_id || !h->mm_id || s->mm_id == h->mm_id) &&
	       (!s->pfn || s->pfn == h->e.pfn) && overlaps(s, &h->e) &&
	       (!s->by_cpu || s->cpu == h->e.cpu) && (!s->of_value || s->value == h->e.value);
}

static void name_it(struct named name)
{
	struct named *entry = fl_table_add(&names);

	if (entry)
		*entry = name;
}

void fl_witness_failed(const char *oracle)
{
	if (failed)
		return;
	failed = true;
	shows_soft_dirty = !strcmp(oracle, "missed-soft-dirty");
	for (size_t i = 0; i < subjects.nr; i++) {
		const struct fl_subject *s = fl_table_at(&subjects, i);
		size_t last = list.nr;

		if (s->memory) {
			struct named name = { .memory = (uintptr_t)s->memory, .loaded = s->loaded };

			if (!s->loaded || fl_stop_position(&name.thread, &name.passed))
				name_it(name);
			continue;
		}
		for (size_t k = 0; k < list.nr; k++) {
			struct heard *h = fl_table_at(&list, k);

			if (!is_meant(s, h))
				continue;
			h->judged = true;
			last = k;
		}
		if (last < list.nr && !s->aside)
			name_it((struct named){ .heard = last });
	}
}

static void find_tables(const struct fl_machine *m, const struct ptdesc *table, unsigned int level)
{
	uint64_t n = 1ULL << m->level_bits;
	struct leaf *leaf = level ? NULL : fl_table_add(&tables);

	if (leaf)
		*leaf = (struct leaf){ (uintptr_t)table->entries, (uintptr_t)&table->entries[n] };
	for (uint64_t i = 0; level && i < n; i++) {
		if (!pmd_none(table->entries[i]))
			find_tables(m, pmd_pgtable(table->entries[i]), level - 1);
	}
}

void fl_witness_look(void)
{
	const struct fl_machine *m = fl_oracle_machine();

	for (const struct mm_struct *mm = listening ? m->state->mms : NULL; mm; mm = mm->next)
		find_tables(m, mm->pgd, m->levels - 1);
}

void fl_witness_forget(void)
{
	fl_table_clear(&tables);
	shows_soft_dirty = false;
	fl_table_clear(&list);
	fl_table_clear(&subjects);
	fl_table_clear(&names);
	failed = false;
}

void fl_witness_begin(const struct fl_scenario *s)
{
	static const struct fl_oracle_listener listener = {
		.event = hear,
		.about = hear_about,
		.say = hear_say,
	};

	fl_witness_forget();
	scenario = s;
	listening = true;
	fl_oracle_listen(&listener);
}

void fl_witness_end(void)
{
	listening = false;
	fl_oracle_listen(NULL);
}

/* ---- which events of the record these are ---- */

static bool is_in(const struct flx_event *e, const struct heard *h)
{
	return e->addr >= h->memory && e->addr < h->memory_end;
}

/* The thread's last event when @h was heard of, -1: none. *@next: the one after it. */
static int last_passed(const struct flx_record *r, const struct heard *h, int *next)
{
	int passed = h->passed, last = -1;

	*next = -1;
	for (int i = 0; i < r->n && *next < 0; i++) {
		if (r->ev[i].thread != h->thread)
			continue;
		if (passed > 0)
			last = i;
		else
			*next = i;
		passed -= 1 + (r->ev[i].kind == FLX_RMW);
	}
	return last;
}

/* Loads are told of after they were made, and read-modify-writes, other stores before. -1: not found. */
static int find_access(const struct flx_record *r, const struct heard *h)
{
	bool store = h->e.kind == FL_EVENT_STORE || h->e.kind == FL_EVENT_KERNEL_STORE;
	int next, last = last_passed(r, h, &next), left = NEAR;

	for (int i = last; i >= 0 && left; i--) {
		const struct flx_event *e = &r->ev[i];

		if (e->thread != h->thread)
			continue;
		if (is_in(e, h) && (e->kind == FLX_RMW || (!store && e->kind == FLX_READ)))
			return i;
		left -= store ? left : 1;
	}
	left = NEAR;
	for (int i = next; store && i >= 0 && i < r->n && left; i++) {
		if (r->ev[i].thread != h->thread)
			continue;
		if (is_in(&r->ev[i], h) && r->ev[i].kind == FLX_WRITE)
			return i;
		left--;
	}
	return -1;
}

static int find_event(const struct flx_record *r, const struct heard *h)
{
	int next;

	return is_access(h->e.kind) ? find_access(r, h) : last_passed(r, h, &next);
}

static bool stores_to(const struct flx_event *e, uintptr_t memory)
{
	return (e->kind == FLX_WRITE || e->kind == FLX_RMW) && memory >= e->addr &&
	       memory < e->addr + e->size;
}

/* The one that none comes after in co; -1: there are none. */
static int last_store_to(const struct flx_record *r, uintptr_t memory)
{
	for (int i = 0; i < r->n; i++) {
		bool last = stores_to(&r->ev[i], memory);

		for (int k = 0; last && k < r->n; k++)
			last = !stores_to(&r->ev[k], memory) || r->ev[k].co_after != i;
		if (last)
			return i;
	}
	return -1;
}

static bool is_entry(const struct flx_event *e)
{
	for (size_t n = 0; n < tables.nr && e->size; n++) {
		const struct leaf *leaf = fl_table_at(&tables, n);

		if (e->addr >= leaf->start && e->addr < leaf->end)
			return true;
	}
	return false;
}

/* Accessed and dirty come by themselves: who stored the entry that they are set in is what is meant. */
static int maker_of(const struct flx_record *r, int store)
{
	int i = store;

	while (i >= 0 && r->ev[i].kind == FLX_RMW && is_entry(&r->ev[i]) &&
	       pte_mkyoung(pte_mkdirty(r->ev[i].rval)) == pte_mkyoung(pte_mkdirty(r->ev[i].wval)))
		i = r->ev[i].rf;
	return i >= 0 ? i : store;
}

/* -1: none. */
static int last_load_of(const struct flx_record *r, const struct named *name)
{
	int passed = name->passed, last = -1;

	for (int i = 0; i < r->n && passed > 0; i++) {
		const struct flx_event *e = &r->ev[i];

		if (e->thread != name->thread)
			continue;
		if ((e->kind == FLX_READ || e->kind == FLX_RMW) && name->memory >= e->addr &&
		    name->memory < e->addr + e->size)
			last = i;
		passed -= 1 + (e->kind == FLX_RMW);
	}
	return last;
}

/* The event of @t that is event @i of @r: the records can be in another order. */
static int same_event(const struct fl_trace *t, const struct flx_record *r, int i)
{
	if (i < 0)
		return -1;
	for (int k = 0; k < t->record.n; k++)
		if (t->record.ev[k].thread == r->ev[i].thread &&
		    t->record.ev[k].index == r->ev[i].index)
			return k;
	return -1;
}

/* ---- in words ---- */

static void put_access(const struct heard *h, struct fl_trace_told *told)
{
	const struct fl_event *e = &h->e;
	unsigned long long value = e->value, pfn = e->pfn;
	int n;

	switch (e->kind) {
	case FL_EVENT_LOAD:
		snprintf(told->text, sizeof(told->text), "load [%#llx]",
			 (unsigned long long)e->addr);
		n = snprintf(told->result, sizeof(told->result), " -> %#llx", value);
		break;
	case FL_EVENT_STORE:
		snprintf(told->text, sizeof(told->text), "store [%#llx] = %#llx",
			 (unsigned long long)e->addr, value);
		n = 0;
		break;
	case FL_EVENT_PIPE_READ:
		snprintf(told->text, sizeof(told->text), "read through %s",
			 h->mm_id ? "the pipe" : "the pin");
		n = snprintf(told->result, sizeof(told->result), " -> %#llx", value);
		break;
	default:
		snprintf(told->text, sizeof(told->text), "kernel or device stores %#llx", value);
		n = 0;
		break;
	}
	if (several_mms && (e->kind == FL_EVENT_LOAD || e->kind == FL_EVENT_STORE))
		n += snprintf(told->result + n, sizeof(told->result) - n, "  mm %llu,",
			      (unsigned long long)h->mm_id);
	else
		n += snprintf(told->result + n, sizeof(told->result) - n, " ");
	snprintf(told->result + n, sizeof(told->result) - n, " pfn=%llu", pfn);
	told->program = e->kind == FL_EVENT_LOAD || e->kind == FL_EVENT_STORE;
}

/* Calls: in words that go behind "CPU0's" and behind the event at which it was told. */
static void put_call(const struct heard *h, struct fl_trace_told *told)
{
	const struct fl_event *e = &h->e;
	unsigned long long addr = e->addr, end = e->end, pfn = e->pfn;
	char *s = told->text;
	size_t n = sizeof(told->text);

	switch (e->kind) {
	case FL_EVENT_FRAME_FREE:
		snprintf(s, n, "frame %llu is free", pfn);
		break;
	case FL_EVENT_PIN:
		snprintf(s, n, "%s pin [%#llx]", e->write ? "writable" : "read-only", addr);
		snprintf(told->result, sizeof(told->result), " -> pfn=%llu", pfn);
		break;
	case FL_EVENT_UNPIN:
		snprintf(s, n, "end of a pin on frame %llu", pfn);
		break;
	case FL_EVENT_FORK:
		snprintf(s, n, "fork, child mm %llu", (unsigned long long)e->value);
		break;
	case FL_EVENT_DISCARD:
		snprintf(s, n, "%s of %#llx-%#llx may go", e->value == 2 ? "entries" : "contents",
			 addr, end);
		break;
	case FL_EVENT_DONTNEED_DONE:
		snprintf(s, n, "MADV_DONTNEED of %#llx-%#llx is done", addr, end);
		break;
	case FL_EVENT_SOFT_DIRTY_CLEARED:
		snprintf(s, n, "clear_refs(4) is done");
		break;
	case FL_EVENT_PROTECTED:
		snprintf(s, n, "%#llx-%#llx is now %s", addr, end,
			 e->value & FL_WRITE  ? "writable"
			 : e->value & FL_READ ? "read-only"
					      : "inaccessible");
		break;
	case FL_EVENT_UFFD_PROTECT:
		snprintf(s, n, "UFFDIO_WRITEPROTECT of %#llx%s is done", addr,
			 e->write ? "" : " (off)");
		break;
	case FL_EVENT_UFFD_MESSAGE:
		snprintf(s, n, "message: %s of %#llx%s", e->write ? "write" : "read", addr,
			 e->value ? ", protected" : "");
		break;
	case FL_EVENT_FAULT:
		snprintf(s, n, "%s [%#llx] faults", e->write ? "store" : "load", addr);
		break;
	default:
		break;
	}
}

static void tell(struct fl_trace *t, const struct flx_record *r, const struct heard *h)
{
	struct fl_trace_told told = { .pc = h->pc, .judged = h->judged };

	if (h->site) {
		told.where = fl_trace_site(t, h->site);
		fl_trace_fit(told.text, sizeof(told.text), "%s", h->site->text);
	} else if (is_access(h->e.kind)) {
		told.access = true;
		put_access(h, &told);
	} else if (h->judged || h->e.kind == FL_EVENT_FAULT) {
		put_call(h, &told);
	}
	if (told.text[0])
		fl_trace_tell(t, same_event(t, r, find_event(r, h)), &told);
}

static const char *entry_text(struct fl_trace *t, uint64_t value)
{
	char buf[128];

	pte_text(buf, sizeof(buf), value);
	if (shows_soft_dirty && pte_soft_dirty(value))
		fl_text_add(buf, sizeof(buf), " soft-dirty");
	return fl_trace_str(t, buf);
}

/* Entries of tables that the trace did not know, or of which a bit counts that otherwise says nothing. */
static void describe_entry(struct fl_trace *t, const struct flx_record *r, int i)
{
	const struct flx_event *e = &r->ev[i];
	int k = is_entry(e) ? same_event(t, r, i) : -1;

	if (k >= 0 && t->note[k].read)
		t->note[k].read = entry_text(t, e->rval);
	if (k >= 0 && t->note[k].written)
		t->note[k].written = entry_text(t, e->wval);
}

void fl_witness_tell(struct fl_trace *t, const struct flx_record *r)
{
	for (int i = 0; i < r->n; i++)
		describe_entry(t, r, i);
	several_mms = false;
	for (size_t i = 0; i < list.nr; i++)
		several_mms |= ((const struct heard *)fl_table_at(&list, i))->mm_id > 1;
	for (size_t i = 0; i < list.nr; i++)
		tell(t, r, fl_table_at(&list, i));
	for (size_t i = 0; i < names.nr; i++) {
		const struct named *name = fl_table_at(&names, i);
		int event;

		if (!name->memory)
			event = find_event(r, fl_table_at(&list, name->heard));
		else if (name->loaded)
			event = last_load_of(r, name);
		else
			event = maker_of(r, last_store_to(r, name->memory));
		fl_trace_judge(t, same_event(t, r, event));
	}
}
