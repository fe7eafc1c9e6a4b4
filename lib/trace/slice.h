/* SPDX-License-Identifier: MIT */
/*
 * slice.h - what slice.c, slice_step.c and slice_order.c share: an execution of which the needed events are being marked.
 */
#ifndef FL_TRACE_SLICE_H
#define FL_TRACE_SLICE_H

#include <string.h>

#include "trace.h"

struct place {
	uint32_t loaders, storers; /* threads */
	bool read;		   /* other than by counting */
	int last_store;		   /* in co, or -1 */
};

struct slice {
	const struct fl_trace *t;
	const struct flx_event *ev;
	int n;
	bool *keep;
	bool *asked;	 /* loads by which a thread decided on the entry that is judged */
	int *place;	 /* of each event, -1: none */
	int *next_load;	 /* the thread's next load of the same place, -1: none */
	int *co_next;	 /* the next store in co, -1: none */
	struct place *p; /* by number */
	bool tells[FLX_MAX_THREADS]; /* the thread has labelled steps */
	int last[FLX_MAX_THREADS];   /* its last kept event, -1: none */
	int cut[FLX_MAX_THREADS];    /* the violation in it, or n */
	bool open; /* the violation is in no event: all that happened may matter */
	bool rcu;  /* a wait for a grace period is kept */
	bool changed;
};

static inline bool loads(const struct flx_event *e)
{
	return e->kind == FLX_READ || e->kind == FLX_RMW;
}

static inline bool stores(const struct flx_event *e)
{
	return e->kind == FLX_WRITE || e->kind == FLX_RMW;
}

static inline bool labelled(const struct flx_event *e)
{
	return e->step && e->step->label;
}

static inline bool acquires(const struct flx_event *e)
{
	return loads(e) && (e->order == FL_ACQUIRE || e->order >= FL_MB);
}

static inline bool releases(const struct flx_event *e)
{
	return stores(e) && e->order >= FL_RELEASE;
}

static inline bool has_prefix(const struct flx_event *e, const char *prefix)
{
	return e->site && !strncmp(e->site->text, prefix, strlen(prefix));
}

static inline bool is_reader(const struct flx_event *e)
{
	return has_prefix(e, "down_read") || has_prefix(e, "up_read");
}

/* Is it about who has a lock, and not about data? */
static inline bool is_lock(const struct flx_event *e)
{
	return has_prefix(e, "spin_") || has_prefix(e, "down_") || has_prefix(e, "up_") ||
	       fl_trace_is_machinery(e);
}

/* Readers of one lock wait for nobody. */
static inline bool is_shared_lock(const struct slice *s, int i)
{
	return is_reader(&s->ev[i]) && s->ev[i].rf >= 0 && is_reader(&s->ev[s->ev[i].rf]);
}

/* A load that another thread's stores can change, or a store that another thread's loads can see. */
static inline bool matters(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];
	uint32_t others = ~(1u << e->thread);
	const struct place *p;

	if (e->newer >= 0 || e->blocked)
		return true;
	if (s->place[i] < 0)
		return false;
	p = &s->p[s->place[i]];
	return (loads(e) && (p->storers & others)) || (stores(e) && (p->loaders & others));
}

/* slice.c: @i, unless it is -1 or never needed, is needed. */
void fl_slice_keep(struct slice *s, int i);

/*
 * slice_step.c: a plain store, no step's, by which a thread that has steps made an object: who loads it has found the
 * object by something else, and that tells. Or the load is late, and so should not have found it.
 */
bool fl_slice_is_making(const struct slice *s, int load);
/* What labelled steps did, and which threads have some. The first to be called. */
void fl_slice_keep_steps(struct slice *s);

/* slice_order.c: locks that were handed over, where that matters. */
void fl_slice_keep_hand_overs(struct slice *s);
/* Barriers and reader sections between what is kept. The last to be called. */
void fl_slice_keep_barriers(struct slice *s);

#endif
