/* SPDX-License-Identifier: MIT */
/*
 * sample.h - the execution that the trace tests print and save: DESIGN's pae-gup-fast.
 *
 * GUP-fast (CPU 1) pins and rechecks the entry without a barrier between; KSM (CPU 0) clears the
 * entry and finds no pin.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <string.h>

#include "trace/trace.h"

#define PTE 0x1000u
#define REFS 0x2000u

enum { READ_B1, CLEAR_A1, MB_A, CHECK_A2, PIN_B3, RECHECK_B4, SAMPLE_EVENTS };

static const struct fl_site site_b1 = { "mm/gup.c", "gup_pte_range", "READ_ONCE(*ptep)", 88, NULL };
static const struct fl_site step_b1 = { "mm/gup.c", "gup_pte_range", "READ_ONCE(*ptep)", 88, "B1" };
static const struct fl_site site_a1 = { "mmu/pte.h", "ptep_get_and_clear", "xchg(&p->v, 0)", 31,
					NULL };
static const struct fl_site step_a1 = { "mm/ksm.c", "write_protect_page", "ptep_clear_flush(ptep)",
					41, "A1" };
static const struct fl_site site_mb = { "mm/ksm.c", "write_protect_page", "smp_mb()", 50, NULL };
static const struct fl_site site_a2 = { "mm/page.h", "page_maybe_dma_pinned",
					"atomic_read(&page->refs)", 12, NULL };
static const struct fl_site step_a2 = { "mm/ksm.c", "write_protect_page",
					"page_maybe_dma_pinned(page)", 52, "A2" };
static const struct fl_site site_b3 = { "mm/gup.c", "try_grab_page",
					"atomic_add(PIN_BIAS, &page->refs)", 95, NULL };
static const struct fl_site site_b4 = { "mm/gup.c", "gup_pte_range", "READ_ONCE(*ptep)", 101,
					NULL };
static const struct fl_site step_b4 = { "mm/gup.c", "gup_pte_range", "READ_ONCE(*ptep)", 101,
					"B4" };

static void sample_describe(char *buf, size_t size, uintptr_t addr, unsigned int width,
			    uint64_t value)
{
	(void)width;
	if (addr == PTE)
		snprintf(buf, size, value ? "ro pfn=%d" : "none", (int)(value >> 12));
}

static const char *const sample_names[] = { "ksm", "gup-fast" };

static void sample_event(struct flx_event *e, int thread, int index, enum flx_kind kind,
			 const struct fl_site *site, const struct fl_site *step)
{
	*e = (struct flx_event){
		.thread = thread,
		.index = index,
		.kind = kind,
		.order = FL_ONCE,
		.site = site,
		.step = step,
		.rf = FLX_NONE,
		.co_after = FLX_INIT,
		.newer = FLX_NONE,
		.relevant = kind != FLX_FENCE,
	};
}

static void sample_access(struct flx_event *e, uintptr_t addr, unsigned int size, uint64_t rval,
			  uint64_t wval, int rf)
{
	e->addr = addr;
	e->size = size;
	e->rval = rval;
	e->wval = wval;
	e->rf = rf;
}

static void sample_events(struct flx_event *ev)
{
	sample_event(&ev[READ_B1], 1, 0, FLX_READ, &site_b1, &step_b1);
	sample_access(&ev[READ_B1], PTE, 8, 0x3001, 0, FLX_INIT);
	sample_event(&ev[CLEAR_A1], 0, 0, FLX_RMW, &site_a1, &step_a1);
	sample_access(&ev[CLEAR_A1], PTE, 8, 0x3001, 0, FLX_INIT);
	sample_event(&ev[MB_A], 0, 1, FLX_FENCE, &site_mb, NULL);
	sample_event(&ev[CHECK_A2], 0, 2, FLX_READ, &site_a2, &step_a2);
	sample_access(&ev[CHECK_A2], REFS, 4, 1, 0, FLX_INIT);
	sample_event(&ev[PIN_B3], 1, 1, FLX_RMW, &site_b3, NULL);
	sample_access(&ev[PIN_B3], REFS, 4, 1, 1025, FLX_INIT);
	sample_event(&ev[RECHECK_B4], 1, 2, FLX_READ, &site_b4, &step_b4);
	sample_access(&ev[RECHECK_B4], PTE, 8, 0x3001, 0, FLX_INIT);
	ev[RECHECK_B4].newer = CLEAR_A1;
	strcpy(ev[RECHECK_B4].why, "no smp_mb() between B3 and B4");
}

static const struct fl_trace_info sample_info = {
	.scenario = "pae-gup-fast",
	.id = "A4a",
	.kernel = "6.0",
	.model = "lkmm",
	.oracle = "anon-exclusive",
	.message = "CPU1 keeps a read-only pin on frame 3",
	.executions = 17,
	.seconds = 0.0004,
};

static inline struct fl_trace *sample_trace(void)
{
	struct flx_event ev[SAMPLE_EVENTS];
	struct flx_record record = { .n = SAMPLE_EVENTS, .ev = ev, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;

	sample_events(ev);
	if (fl_trace_create(&t, &sample_info, 2, sample_names, &record, sample_describe))
		return NULL;
	return t;
}

#endif
