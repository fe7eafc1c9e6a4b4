// SPDX-License-Identifier: MIT
/*
 * hardware.c - what in an execution is the model's way to be hardware, and how it reads as hardware.
 *
 * An access of a program is several events: T or I of lib/mmu/tlb.c is taken, the CPU's own TLB is
 * looked up, and on a miss filled. To a reader that is one access, which found its translation in
 * the TLB or in the page table. What another CPU does to that TLB is a flush.
 */
#include "trace.h"

#include <string.h>

static bool is_file(const struct fl_site *site, const char *name)
{
	const char *slash = site && site->file ? strrchr(site->file, '/') : NULL;

	return site && site->file && !strcmp(slash ? slash + 1 : site->file, name);
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool fl_trace_is_flush(const struct flx_event *e)
{
	return is_file(e->site, "tlb.c") && begins(e->site->text, "WRITE_ONCE(entry->tag, 0)");
}

static bool looks_up_tlb(const struct flx_event *e)
{
	return e->kind == FLX_READ && is_file(e->site, "tlb.h");
}

bool fl_trace_is_machinery(const struct flx_event *e)
{
	const char *text = e->site ? e->site->text : NULL;

	if (!text || e->blocked)
		return false;
	if (is_file(e->site, "tlb.c"))
		return begins(text, "down_") || begins(text, "up_") ||
		       begins(text, "WRITE_ONCE(set[way]") ||
		       begins(text, "WRITE_ONCE(cpu->tlb->victim") ||
		       begins(text, "READ_ONCE(entry->tag)");
	if (looks_up_tlb(e))
		return true;
	return is_file(e->site, "cpu.c") && strstr(text, "gates[");
}

/* Whose TLB is at @addr: who looks things up there. -1: nobody does. */
static int tlb_owner(const struct fl_trace *t, uintptr_t addr)
{
	for (int i = 0; i < t->record.n; i++)
		if (looks_up_tlb(&t->record.ev[i]) && t->record.ev[i].addr == addr)
			return t->record.ev[i].thread;
	return -1;
}

bool fl_trace_hardware_text(char *buf, size_t size, const struct fl_trace *t, int i)
{
	const struct flx_event *e = &t->record.ev[i];
	int owner;

	if (is_file(e->site, "walk.c") && e->kind == FLX_READ) {
		snprintf(buf, size, "page walk: %s", e->site->text);
		return true;
	}
	if (is_file(e->site, "walk.c") && e->kind == FLX_RMW) {
		snprintf(buf, size, "page walk sets accessed, dirty");
		return true;
	}
	if (!fl_trace_is_flush(e))
		return false;
	owner = tlb_owner(t, e->addr);
	if (owner < 0)
		return false;
	if (owner == e->thread)
		snprintf(buf, size, "drops its TLB entry");
	else
		snprintf(buf, size, "flush: drops CPU%d's TLB entry", owner);
	return true;
}

/*
 * The lookup by which the access @i found its translation in the TLB; -1: it walked the page table.
 * What comes before is a fault's, or the lock by which the access began.
 */
static int tlb_hit(const struct fl_trace *t, int i)
{
	int lookup = -1;

	for (int k = i - 1; k >= 0; k--) {
		const struct flx_event *e = &t->record.ev[k];

		if (e->thread != t->record.ev[i].thread || !e->site)
			continue;
		if (is_file(e->site, "walk.c"))
			return -1;
		if (looks_up_tlb(e))
			lookup = k;
		else if (!is_file(e->site, "tlb.c") || e->kind == FLX_RMW)
			break;
	}
	return lookup;
}

const char *fl_trace_translation(const struct fl_trace *t, int i)
{
	return tlb_hit(t, i) >= 0 ? ", by the TLB" : ", page table walked";
}

int fl_trace_entry_of(const struct fl_trace *t, int i)
{
	int entry = -1;

	if (!t->note[i].access || !t->note[i].access->program || tlb_hit(t, i) >= 0)
		return -1;
	for (int k = i - 1; k >= 0 && entry < 0; k--) {
		const struct flx_event *e = &t->record.ev[k];

		if (e->thread != t->record.ev[i].thread)
			continue;
		if (t->note[k].access)
			return -1;
		if (is_file(e->site, "walk.c") && e->kind == FLX_READ)
			entry = e->rf;
	}
	/* What hardware sets in it makes no entry. */
	while (entry >= 0 && is_file(t->record.ev[entry].site, "walk.c"))
		entry = t->record.ev[entry].rf;
	return entry;
}

int fl_trace_late_flush(const struct fl_trace *t, int i)
{
	int hit = t->note[i].access && t->note[i].access->program ? tlb_hit(t, i) : -1;

	for (int k = i + 1; hit >= 0 && k < t->record.n; k++) {
		const struct flx_event *e = &t->record.ev[k];

		if (fl_trace_is_flush(e) && e->thread != t->record.ev[i].thread &&
		    e->addr == t->record.ev[hit].addr)
			return k;
	}
	return -1;
}
