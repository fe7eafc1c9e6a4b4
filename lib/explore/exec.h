/* SPDX-License-Identifier: MIT */
/*
 * exec.h - running the threads' native code along the graph.
 *
 * What a thread does next depends on what it has read so far and on nothing else, so it is found once and
 * remembered in a tree of labels; the code is run only where the tree ends, and for oracles.
 *
 * Each thread is a fibre. An operation takes its result from the thread's next event in the graph;
 * where the graph has none yet, the fibre stops with the operation in hand, and the search decides
 * what event it becomes. A thread passes a load only after the store that it reads from was passed by
 * its own thread, so code outside the modelled memory (oracles) runs in an order that extends
 * program order and reads-from.
 */
#ifndef FL_EXEC_H
#define FL_EXEC_H

#include "fibre.h"
#include "graph.h"

enum op_kind {
	OP_LOAD,
	OP_STORE,
	OP_RMW,
	OP_AWAIT,
	OP_FENCE,
	OP_SPAWN,
	OP_BEGIN,
	OP_END,
	OP_JOIN,
	OP_CHOICE
};

struct op {
	enum op_kind kind;
	enum fl_order order,
		fail_order; /* fail_order: if the condition does not hold; 0: relaxed */
	enum fl_fence fence;
	uint16_t flags; /* enum ev_flags */
	uintptr_t addr;
	unsigned int size;
	uint64_t val; /* OP_STORE */
	fl_rmw_fn fn;
	uint64_t a, b;
	struct fl_deps deps;
	const struct fl_site *site, *step;
	uintptr_t pc;
	int target; /* OP_SPAWN, OP_JOIN: the other thread */
	bool given; /* a part of a lock, say: its ordering is not the program's to choose (weaken.h) */
	/* Results. */
	uint64_t old;
	bool ok;
};

#define DEPS 32 /* objects whose address a thread remembers having loaded */

/* An event as its thread has passed it. */
struct passed {
	const struct label *op;
	uint64_t value; /* that it was told */
	uint16_t flags;
};

struct thread {
	struct fibre fibre;
	void (*fn)(void *arg);
	void *arg;
	bool started, ended, waiting; /* waiting: stopped with an operation that has no event */
	enum label_stop stop;	      /* why it does not go on */
	int pos;		      /* events passed: */
	struct passed *passed;
	int passed_cap;
	int wait_thread, wait_idx; /* must be passed first; wait_thread -1: nothing */
	struct op *op;
	const struct fl_site *step;
	struct {
		uintptr_t addr, pc;
		unsigned int size;
		const struct fl_site *step;
	} plain_store; /* announced, its value not yet known; size 0: none */
	struct {
		uintptr_t object;
		int idx; /* the load, in program order */
	} dep[DEPS];
	int ndep, last_marked_load;
	struct fl_deps deps; /* of the next access */
	int loads;	     /* passed so far */
	int spawns;
	uint64_t result;     /* for those who join it */
	uint32_t own_stores; /* to memory that is its own and not its stack */
	uintptr_t deepest;   /* of its stack, that has been in use */
	bool in_call; /* the place that is said to load may be further on than its state tells */
	/* At the operation for which it has stopped, if it was asked for and is known. */
	uint64_t state[2];
	uintptr_t sp;	      /* of the program's code */
	uintptr_t frames_end; /* of an ordinary program's own frames, which lie below */
	struct deed *deed;    /* since its last event */
	int ndeeds, deed_cap;
	const char *oracle, *message; /* how it stopped, or what its operation does wrong */
};

extern struct graph G; /* the execution in hand */
extern struct thread T[FLX_MAX_THREADS];
extern int current_thread; /* -1: none, the engine or set-up code runs */
extern const struct flx_program *program;

/* Why the exploration can't go on (not the program's fault at a given execution); "" if it can. */
extern char exec_error[256];
/* How often a thread's code has been given the processor. */
extern uint64_t exec_stretches;
/* How often a thread of an ordinary program may come by the same load in one execution. */
extern int exec_loop_bound;

int exec_init(const struct flx_program *p);
void exec_exit(void);
/*
 * While a thread runs, a bad memory access of its code (SIGSEGV, SIGBUS) ends the thread and is reported to
 * search_fail() as "bad-access". Installed by the first, the former handlers put back by the second.
 */
void exec_catch_faults(void);
void exec_release_faults(void);
/* All threads back to their beginning. */
void exec_restart(void);
/* Runs @t until it stops for an operation that the graph has no event for, or ends. */
void exec_to_frontier(int t);
/* The graph has changed in another way than by growing: what has run so far may no longer be a part of it. */
void exec_moved(void);
/*
 * What @t does next, or NULL: it has ended, waits at its last event, or does not exist yet. With stop set:
 * it does nothing more. NULL also if exec_error is set.
 */
struct label *exec_label(int t);
/* @l as an event of thread @t without rf and co. False: exec_error is set. */
bool exec_event(struct label *l, int t, struct ev *e);
/*
 * The same for a thread whose last event @r is the load of a read-modify-write that has no store part yet, as if
 * it had one.
 */
struct label *exec_label_after_rmw(int t);
/* What thread @u does next once it has done and read all that @t has; NULL: not known. */
const struct label *exec_label_like(int t, int u);
/* Do these two threads, which were created during the run, run the same, for the same creator? */
bool exec_same_code(int t, int u);
/* Forgets all labels. */
void exec_forget(void);

/* The event that the running thread has passed last, or EV_NONE. */
int exec_last_passed(void);
/* Is @addr on the stack of the thread that runs? */
bool exec_on_own_stack(uintptr_t addr);
/* The thread whose stack it is on, or EV_NONE. */
int exec_stack_of(uintptr_t addr);
/* A plain store that was announced becomes an event now. */
void exec_flush(void);
/* rt/alloc.h's fl_addr_dep(). */
void exec_addr_dep(const void *obj);
/* lib/rt/check: forget which CPUs had interrupts off. */
void exec_reset_cpus(void);

/* The calling thread does @op; returns when the graph has its event. Called on fibres. */
void exec_do(struct op *op);
/* The same for a load of an assignment whose store the compiler has announced first. */
void exec_do_before_store(struct op *op);
/* Gives the processor back to the engine. Called on fibres. */
void exec_yield(void);
/* Starts a thread during the run, for code at @pc (0: unknown); returns its number or -1. Called on fibres. */
int exec_spawn(void (*fn)(void *), void *arg, uintptr_t pc);
/*
 * The same for a thread that is the same one, with the same number, whatever its argument: its code hangs on @fn and @key,
 * on @arg (which it reads as it begins), and on what it loads. There are FLX_MAX_THREADS numbers for all executions.
 */
int exec_spawn_keyed(void (*fn)(void *), void *arg, const void *key, uintptr_t pc);
/*
 * Waits for the end of thread @target, which everything after it comes after. @result: whoever waits looks at what
 * the thread ended with. @pc as for exec_spawn(). Called on fibres.
 */
void exec_join(int target, bool result, uintptr_t pc);
/* What @join tells of how the thread ended; 0 for who does not look. */
uint64_t exec_result(const struct ev *join);
/* What has no event, but lifetime.h has to know. Called on fibres. */
void exec_note(enum deed_kind kind, uintptr_t addr, size_t size);
/* One execution for each value from 0 to @n - 1. Called on fibres. */
uint64_t exec_choose(uint64_t n, const struct fl_site *site, uintptr_t pc);
/* The execution in hand fails here and now; does not return. Called on fibres. */
_Noreturn void exec_stop(const char *oracle, const char *message);
/* The execution in hand does not count (an assumption does not hold); does not return. Called on fibres. */
_Noreturn void exec_prune(void);
/* The process ends: the calling thread does nothing more, and whoever waits need not go on. */
_Noreturn void exec_end_process(void);

#endif
