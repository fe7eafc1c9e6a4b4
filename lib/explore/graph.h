/* SPDX-License-Identifier: MIT */
/*
 * graph.h - the execution graph: events in the order in which the search added them, program order,
 * reads-from, and a coherence order (co) per location.
 *
 * The array order is the search's own ("was added before"), not an execution order: a load that a
 * later store revisited stands before the store that it reads. Initial values are no events;
 * EV_INIT stands for them.
 *
 * A successful read-modify-write is two events next to each other in program order: a load with
 * EVF_RMW and a store with EVF_RMW. A load that waits (EVF_AWAIT) only reads a value that ends its
 * waiting; while there is none it is EVF_BLOCKED and the last event of its thread.
 */
#ifndef FL_GRAPH_H
#define FL_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/rt/check/base.h>

#include "explore.h"

#define EV_INIT (-1)
#define EV_NONE (-2)
#define EV_CAP 8192 /* events of one execution; more is reported, not dropped */

enum ev_kind {
	EV_READ,
	EV_WRITE,
	EV_ADD, /* an addition to .loc that has no place in co (commute.h) */
	EV_FENCE,
	EV_SPAWN, /* created thread: .target */
	EV_BEGIN, /* reads from the EV_SPAWN that created its thread */
	EV_END,
	EV_JOIN,   /* reads from the EV_END of .target */
	EV_CHOICE, /* a value that nothing determines: .rval below .a */
};

enum ev_flags {
	EVF_RMW = 1,
	EVF_AWAIT = 2,
	EVF_BLOCKED = 4,
	EVF_NORETURN = 8,
	EVF_LOCK = 16,	 /* LKR and LKW of a spinlock */
	EVF_UNLOCK = 32, /* UL */
	EVF_FAILED = 64, /* a conditional RMW that stored nothing */
	EVF_MAY_WAIT = 128,

	EVF_HAS_STORE = 256,  /* an await whose success stores: a lock */
	EVF_FREE = 512,	      /* the "store" by which fl_free() ends an object */
	EVF_COND = 1024,      /* has a condition: fn decides */
	EVF_SRCU = 2048,      /* srcu_read_lock() (a load), srcu_read_unlock() (a store) */
	EVF_USED = 4096,      /* a load of something that has to have a value */
	EVF_MIXED = 8192,     /* overlaps another location; the thread goes no further */
	EVF_COMPUTES = 16384, /* a RMW that stores what it computes from what it has read */
};

/* What a thread of an ordinary program does to memory without an event. */
struct deed {
	enum deed_kind {
		DEED_ALLOCATED,
		DEED_CLEARED, /* the same, and its contents are 0 */
		DEED_USED,    /* memory that another thread has allocated, or its stack */
	} kind;
	uint32_t size;
	uintptr_t addr;
};

/*
 * What a thread does next, given what it has read so far: the operation, found once by running the
 * thread's code and then remembered (exec.h). The labels of a thread are a tree that branches with the
 * values that loads return.
 */
struct label {
	uint8_t kind; /* enum ev_kind */
	uint8_t order, fail_order, fence;
	uint16_t flags; /* enum ev_flags */
	uint16_t loc;	/* READ, WRITE, ADD; FENCE: the srcu_struct, or 0 */
	int16_t addr_dep; /* place in program order of the load that the address came from, or EV_NONE */
	int16_t target;	  /* SPAWN, JOIN: the other thread */
	uint8_t stop;	  /* enum label_stop: no event, the thread does not go on */
	uint8_t features; /* bits of enum feature */
	struct fl_deps deps;
	fl_rmw_fn fn;
	uint64_t a, b;
	uint64_t val; /* WRITE: what it stores */
	const struct fl_site *site, *step;
	uintptr_t pc;		      /* of a plain access */
	const char *oracle, *message; /* that this operation fails, or NULL */
	uint64_t state[2];	      /* the thread's state at a load (spin.h); 0: unknown */
	uint32_t own_stores;	      /* stores without events before it */
	uintptr_t sp;		      /* the stack pointer of the program's code; 0: unknown */
	const struct deed *deed;      /* since the operation before it */
	int ndeeds;
	struct label *back;  /* LABEL_SPINS: the load that the round began with */
	struct label *child; /* what follows: the first of a list over the values read */
	struct label *sibling;
	uint64_t via; /* the value read before it */
};

/* What a graph counts its events by, so that nobody looks for what there is none of. */
enum feature {
	HAS_PLAIN,
	HAS_FREE,
	HAS_SYNC,
	HAS_FAILURE,
	HAS_SEQ_CST,
	HAS_OWNED, /* memory that some thread has allocated, or is a thread's stack */
	HAS_ADDITION,
	NR_FEATURES
};

enum label_stop {
	LABEL_GOES_ON,
	LABEL_STOPPED, /* crashed, or failed: .oracle */
	LABEL_EXITED,  /* the process has ended: no thread has to go on */
	LABEL_PRUNED,  /* an assumption does not hold */
	LABEL_SPINS,   /* it is back at .back, with nothing done */
	LABEL_AGAIN,   /* an earlier load could have led to the same (round.h) */
	LABEL_BOUND,   /* has been here too often */
};

struct ev {
	uint8_t kind, thread, order, fence;
	uint16_t flags;
	uint16_t idx;	  /* in its thread */
	uint16_t loc;	  /* READ, WRITE, ADD; FENCE: the srcu_struct, or 0 */
	int16_t rf;	  /* READ, BEGIN, JOIN */
	int16_t co_prev;  /* WRITE: the store just before it, EV_INIT */
	int16_t co_next;  /* WRITE: EV_NONE at the end */
	int16_t rd_next;  /* READ, ADD: next in the location's list of them */
	int16_t addr_dep; /* the load that the address was computed from, or EV_NONE */
	int16_t target;	  /* SPAWN, JOIN */
	union {
		uint64_t rval; /* READ, CHOICE */
		uint64_t wval; /* WRITE */
	};
	struct label *op; /* of the store of a read-modify-write: its load's */
};

/* A location's place in one graph. */
struct loc {
	int16_t co_head, co_tail; /* EV_NONE / EV_INIT: no stores */
	int16_t rd_head, add_head;
};

/* What all graphs know of a location (memory.c). */
struct loc_info {
	uintptr_t addr;
	uint64_t init;
	uint32_t size;
	bool overlaps;		  /* shares bytes with another location (of some execution) */
	int8_t heap_of, stack_of; /* the thread, or EV_NONE */
};

extern struct loc_info *locs; /* [0] is unused */
extern int nlocs;

struct graph {
	int n, cap, nthreads;
	struct ev *ev;
	/* Two clocks for each event, one count per thread: graph_vc(), graph_hb(). Most programs have few threads. */
	uint16_t *clock;
	int width; /* threads for which there is room, 8, 16, ... */
	int tn[FLX_MAX_THREADS];
	int16_t *tev[FLX_MAX_THREADS]; /* event numbers in program order; of one block */
	int tcap;
	int16_t spawn[FLX_MAX_THREADS]; /* the EV_SPAWN of each thread, or EV_NONE */
	int nr[NR_FEATURES];
	struct loc *loc; /* [0] is unused */
	int loc_cap;
};

int graph_init(struct graph *g);
void graph_free(struct graph *g);
void graph_clear(struct graph *g, int nthreads);

/* Appends an event to its thread; kind, thread, loc, rf, flags are set by the caller. */
int graph_add(struct graph *g, const struct ev *e);
/* Takes the last event back (and its place in co). */
void graph_pop(struct graph *g);
/* Puts store @w into co just after @after (EV_INIT: first). */
void graph_co_insert(struct graph *g, int w, int after);
void graph_co_remove(struct graph *g, int w);
void graph_set_rf(struct graph *g, int r, int rf);

/* Replaces the events of @g by @n events of @ev, whose co_prev and co_next are right. No happens-before clocks. */
void graph_load(struct graph *g, const struct ev *ev, int n);
/*
 * Makes @g the part of @from that @keep has (a (po | rf)-prefix), in the same order. @map: old event -> new, or
 * EV_NONE.
 */
void graph_restrict(struct graph *g, const struct graph *from, const bool *keep, int16_t *map);

/* Events of each thread in the (po | rf)-prefix of @e, itself included. */
static inline uint16_t *graph_vc(const struct graph *g, int e)
{
	return g->clock + (size_t)e * 2 * g->width;
}

/* The same for happens-before, where the model has it (models/hb.c). */
static inline uint16_t *graph_hb(const struct graph *g, int e)
{
	return graph_vc(g, e) + g->width;
}

/* Does @clock, one of those two, count event @e? */
static inline bool graph_knows(const struct graph *g, const uint16_t *clock, int e)
{
	return g->ev[e].idx < clock[g->ev[e].thread];
}

/* Eight counts at a time, which the compiler does by one vector instruction. */
#define CLOCK_STEP 8

static inline void graph_copy_clock(const struct graph *g, uint16_t *to, const uint16_t *from)
{
	for (int t = 0; t < g->width; t += CLOCK_STEP)
		__builtin_memcpy(to + t, from + t, CLOCK_STEP * sizeof(*to));
}

static inline void graph_clear_clock(const struct graph *g, uint16_t *clock)
{
	for (int t = 0; t < g->width; t += CLOCK_STEP)
		__builtin_memset(clock + t, 0, CLOCK_STEP * sizeof(*clock));
}

/* @into: of every thread, the more that one of the two knows. */
static inline void graph_join_clock(const struct graph *g, uint16_t *into, const uint16_t *from)
{
	typedef uint16_t vector __attribute__((vector_size(CLOCK_STEP * sizeof(uint16_t))));

	for (int t = 0; t < g->width; t += CLOCK_STEP) {
		vector a, b, more;

		__builtin_memcpy(&a, into + t, sizeof(a));
		__builtin_memcpy(&b, from + t, sizeof(b));
		more = (vector)(a > b);
		a = (a & more) | (b & ~more);
		__builtin_memcpy(into + t, &a, sizeof(a));
	}
}

/* Does @e read from the event .rf? */
static inline bool ev_reads(const struct ev *e)
{
	return e->kind == EV_READ || e->kind == EV_BEGIN || e->kind == EV_JOIN;
}

/* Is what @e reads from among the first @pos[t] events of its thread t? */
static inline bool graph_rf_passed(const struct graph *g, const int *pos, int e)
{
	int w = g->ev[e].rf;

	return !ev_reads(&g->ev[e]) || w < 0 || pos[g->ev[w].thread] > g->ev[w].idx;
}

/* The newest store of @loc, or EV_INIT. */
static inline int graph_co_max(const struct graph *g, int loc)
{
	return g->loc[loc].co_tail;
}

static inline int graph_co_next(const struct graph *g, int loc, int w)
{
	return w == EV_INIT ? g->loc[loc].co_head : g->ev[w].co_next;
}

static inline uint64_t graph_value(const struct graph *g, int loc, int w)
{
	return w == EV_INIT ? locs[loc].init : g->ev[w].wval;
}

/* Is @e in the (po | rf)-prefix of @of (or @of itself)? */
static inline bool graph_in_prefix(const struct graph *g, int e, int of)
{
	return g->ev[e].idx < graph_vc(g, of)[g->ev[e].thread];
}

/* Another RMW sits between @w and whatever is put right after it. */
static inline bool graph_consumed(const struct graph *g, int loc, int w)
{
	int next = graph_co_next(g, loc, w);

	if (next == EV_NONE || !(g->ev[next].flags & EVF_RMW))
		return false;
	const struct ev *e = &g->ev[next];

	return g->ev[g->tev[e->thread][e->idx - 1]].rf == w;
}

static inline int graph_po_prev(const struct graph *g, int e)
{
	return g->ev[e].idx ? g->tev[g->ev[e].thread][g->ev[e].idx - 1] : EV_NONE;
}

/* A grace period, other than one that is taken to last for ever. */
static inline bool ev_is_sync(const struct ev *e)
{
	return e->kind == EV_FENCE && !(e->flags & EVF_BLOCKED) &&
	       (e->fence == FL_FENCE_SYNC_RCU || e->fence == FL_FENCE_SYNC_SRCU);
}

/* Does a load with a condition accept this value? *nv: what the RMW would store. */
static inline bool ev_accepts(const struct ev *e, uint64_t val, uint64_t *nv)
{
	uint64_t scratch;

	return e->op->fn(val, e->op->a, e->op->b, nv ? nv : &scratch);
}

/* Has the store of the read-modify-write a data dependency on its load @e? If it tells its own (fl_ev_deps()), it is among them. */
static inline bool ev_own_data(const struct ev *e)
{
	return (e->op->flags & EVF_COMPUTES) && !e->op->deps.exact;
}

/*
 * Has the access @e been made? A load that waits by a condition counts only when it is met; one that leads its thread round a
 * loop has read what it reads.
 */
static inline bool ev_is_access(const struct ev *e)
{
	return e->kind <= EV_ADD && !((e->flags & EVF_BLOCKED) && (e->flags & EVF_AWAIT));
}

/* A read-modify-write that stores what it has read. */
static inline bool ev_is_silent(const struct ev *e)
{
	uint64_t stored;

	if (!(e->op->flags & EVF_COND) || !ev_accepts(e, e->rval, &stored))
		return false;
	if (locs[e->loc].size < 8)
		stored &= (1ull << 8 * locs[e->loc].size) - 1;
	return stored == e->rval;
}

#endif
