// SPDX-License-Identifier: MIT
/* weaken.c - see weaken.h. A trace knows how to find lines and names, so the places become one. */
#include "run/weaken.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/trace.h"

static void fill_event(struct flx_event *e, const struct flx_place *p, int i)
{
	*e = (struct flx_event){
		.index = i,
		.kind = p->kind,
		.site = p->site,
		.pc = p->pc,
		.addr = p->addr,
		.size = p->size,
		.rf = FLX_NONE,
		.co_after = FLX_INIT,
		.newer = FLX_NONE,
	};
}

int fl_weaken_find_source(struct fl_weaken *w, const struct fl_trace_info *info)
{
	struct flx_record record = { .n = w->places.n, .racing = { -1, -1 } };
	int err;

	record.ev = calloc(record.n ? record.n : 1, sizeof(*record.ev));
	if (!record.ev)
		return -ENOMEM;
	for (int i = 0; i < record.n; i++)
		fill_event(&record.ev[i], &w->places.at[i], i);
	err = fl_trace_create(&w->source, info, 0, NULL, &record, NULL);
	free(record.ev);
	return err;
}

void fl_weaken_forget(struct fl_weaken *w)
{
	fl_trace_free(w->source);
	w->source = NULL;
	free(w->places.at);
	w->places = (struct flx_places){ 0 };
}
