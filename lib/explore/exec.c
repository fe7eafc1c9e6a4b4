/* SPDX-License-Identifier: MIT */
/* exec.c - see exec.h. */
#include "exec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "commute.h"
#include "flow.h"
#include "label.h"
#include "learn.h"
#include "memory.h"
#include "object_end.h"
#include "round.h"
#include "search.h"
#include "spin.h"
#include "weaken.h"
#include "symmetry.h"

#define STACK_SIZE ((size_t)256 << 10)
#define PROGRAM_STACK_SIZE ((size_t)8 << 20) /* what programs are used to */

struct graph G;
struct thread T[FLX_MAX_THREADS];
int current_thread = -1;
const struct flx_program *program;
char exec_error[256];
int exec_loop_bound;
uint64_t exec_stretches;

static void *engine_sp;
static bool probing;		 /* a read-modify-write may be passed without its store part */
static int asked_for_state = -1; /* a thread; for all of it, or only where its stack ends: */
static bool asked_for_all;
static bool begun;   /* threads are somewhere on their ways, and what they have passed is known */
static bool in_sync; /* what has run is known to be a part of G */
static int nr_known; /* threads, of all executions so far */
static struct label *root[FLX_MAX_THREADS];

/* The thread's errno is its own. */
static void to_engine(struct thread *t)
{
	int err = errno;

	fibre_switch(&t->fibre.sp, engine_sp);
	errno = err;
}

void exec_yield(void)
{
	to_engine(&T[current_thread]);
}

static void resume(int t)
{
	struct thread *th = &T[t];

	if (!th->started) {
		th->started = true;
		fibre_will_start(&th->fibre);
	}
	th->waiting = false;
	exec_stretches++;
	current_thread = t;
	fibre_switch(&engine_sp, th->fibre.sp);
	current_thread = -1;
}

/*
 * Remembers that the object at @addr was reached through load number @idx; -1: by other means, so that
 * a later load of the same pointer, a recheck say, is not taken for what the address came from. The first
 * way counts: too few dependencies can't hide anything.
 */
static void note_dep(struct thread *t, uintptr_t addr, int idx)
{
	uintptr_t object = memory_object(addr, NULL);

	if (!object)
		return;
	for (int i = 0; i < t->ndep && i < DEPS; i++)
		if (t->dep[i].object == object)
			return;
	t->dep[t->ndep++ % DEPS].object = object;
	t->dep[(t->ndep - 1) % DEPS].idx = idx;
}

/* Place in program order of the load that the address @addr came from, or EV_NONE. */
static int find_dep(const struct thread *t, uintptr_t addr)
{
	uintptr_t object = t->ndep ? memory_object(addr, NULL) : 0;

	if (!object)
		return EV_NONE;
	for (int i = 0; i < t->ndep && i < DEPS; i++)
		if (t->dep[i].object == object)
			return t->dep[i].idx < 0 ? EV_NONE : t->dep[i].idx;
	return EV_NONE;
}

void exec_addr_dep(const void *obj)
{
	if (current_thread < 0)
		return;
	if (T[current_thread].last_marked_load >= 0)
		note_dep(&T[current_thread], (uintptr_t)obj, T[current_thread].last_marked_load);
}

static enum ev_kind kind_of_op(enum op_kind kind);

static bool fits(const struct op *op, const struct ev *e)
{
	if ((e->kind == EV_ADD ? EV_READ : e->kind) != kind_of_op(op->kind))
		return false;
	if (e->kind <= EV_ADD)
		return locs[e->loc].addr == op->addr && locs[e->loc].size == op->size;
	return e->kind != EV_FENCE || e->fence == op->fence;
}

static void did_not_repeat(int t, const char *what)
{
	snprintf(exec_error, sizeof(exec_error),
		 "thread %d did not do the same again at event %d (%s): its code depends on "
		 "something outside of the modelled memory",
		 t, T[t].pos, what);
}

/* What @e tells its thread. What a thread is created with and what it ends with go from label to label. */
static uint64_t value_of(const struct ev *e)
{
	switch (e->kind) {
	case EV_READ:
	case EV_CHOICE:
		return e->rval;
	case EV_BEGIN:
		return G.ev[e->rf].op->val;
	case EV_JOIN:
		return exec_result(e);
	default:
		return 0;
	}
}

static void note_passed(struct thread *t, const struct ev *e)
{
	if (t->pos == t->passed_cap) {
		t->passed_cap = t->passed_cap ? 2 * t->passed_cap : 64;
		t->passed = realloc(t->passed, t->passed_cap * sizeof(*t->passed));
		if (!t->passed)
			abort();
	}
	t->passed[t->pos++] = (struct passed){ e->op, value_of(e), e->flags };
}

/* Takes the result from the thread's next event; false: there is none yet, or it must wait. */
static bool pass(struct thread *t, int thread, struct op *op)
{
	const struct ev *e;

	if (t->pos >= G.tn[thread])
		return false;
	e = &G.ev[G.tev[thread][t->pos]];
	if (e->flags & EVF_BLOCKED)
		return false;
	if ((e->flags & EVF_RMW) && e->kind == EV_READ && t->pos + 1 >= G.tn[thread] && !probing)
		return false;
	if (ev_reads(e) && e->rf >= 0) {
		const struct ev *w = &G.ev[e->rf];

		if (w->thread != thread && T[w->thread].pos <= w->idx) {
			t->wait_thread = w->thread;
			t->wait_idx = w->idx;
			return false;
		}
	}
	if (!fits(op, e)) {
		did_not_repeat(thread, op->site ? op->site->text : "plain access");
		return false;
	}
	if (op->flags & EVF_FREE)
		memory_mark_freed(op->addr);
	t->ndeeds = 0;
	op->old = e->rval;
	op->ok = !(e->flags & EVF_FAILED);
	t->loads += e->kind == EV_READ;
	if (e->kind == EV_READ) {
		bool marked = e->order != FL_PLAIN;

		if (marked)
			t->last_marked_load = t->pos;
		if (op->size == sizeof(void *) && memory_tracks(e->rval))
			note_dep(t, e->rval, marked ? t->pos : -1);
	}
	note_passed(t, e);
	/* The halves of a read-modify-write are passed together; while probing, the second may not be there yet. */
	if (e->kind == EV_READ && (e->flags & EVF_RMW))
		note_passed(t, t->pos < G.tn[thread] ? &G.ev[G.tev[thread][t->pos]] : e);
	return true;
}

int exec_last_passed(void)
{
	int pos = T[current_thread].pos;

	return pos ? G.tev[current_thread][pos - 1] : EV_NONE;
}

bool exec_on_own_stack(uintptr_t addr)
{
	return addr - (uintptr_t)T[current_thread].fibre.stack < T[current_thread].fibre.size;
}

int exec_stack_of(uintptr_t addr)
{
	for (int t = 0; t < nr_known; t++)
		if (addr - (uintptr_t)T[t].fibre.stack < T[t].fibre.size)
			return t;
	return EV_NONE;
}

#define DEEDS_LOOKED_AT 8

/* Uses of one object are one use, of all from the first byte to the last. */
static bool joined_to_last(struct thread *t, uintptr_t addr, size_t size)
{
	uintptr_t object = memory_object(addr, NULL);

	for (int i = t->ndeeds - 1; i >= 0 && i >= t->ndeeds - DEEDS_LOOKED_AT; i--) {
		struct deed *d = &t->deed[i];
		uintptr_t end = d->addr + d->size;

		if (d->kind != DEED_USED)
			continue;
		if (object ? memory_object(d->addr, NULL) != object
			   : addr < d->addr || addr + size > end)
			continue;
		d->addr = addr < d->addr ? addr : d->addr;
		d->size = (uint32_t)((addr + size > end ? addr + size : end) - d->addr);
		return true;
	}
	return false;
}

void exec_note(enum deed_kind kind, uintptr_t addr, size_t size)
{
	struct thread *t = &T[current_thread];

	if (kind == DEED_USED && joined_to_last(t, addr, size))
		return;
	if (t->ndeeds == t->deed_cap) {
		t->deed_cap = t->deed_cap ? 2 * t->deed_cap : 16;
		t->deed = realloc(t->deed, t->deed_cap * sizeof(*t->deed));
		if (!t->deed)
			abort();
	}
	t->deed[t->ndeeds++] = (struct deed){ kind, (uint32_t)size, addr };
}

/*
 * What the engine, or an earlier run, left on the thread's stack must not become a part of the thread's state: a frame may
 * have words that nobody writes. The unwinder goes deepest, other calls of the engine little below the thread's own frames.
 */
#define UNWINDER_DEPTH 8192
#define ENGINE_DEPTH 512

static __attribute__((noinline)) void clear_stack_below(size_t size)
{
	char below[size];

	memset(below, 0, size);
	__asm__ volatile("" : : "r"(below) : "memory");
}

static void clear_what_ran_before(struct thread *t)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (!t->deepest)
		clear_stack_below(UNWINDER_DEPTH);
	else if (t->deepest < here)
		clear_stack_below(here - t->deepest + ENGINE_DEPTH);
	t->deepest = here;
}

/*
 * What tells one load from another that is done at the same place: pieces of a structure, or the steps of a
 * library function, have the place of its call.
 */
static void capture_state(struct thread *t, const struct op *op)
{
	uintptr_t stack_end = (uintptr_t)t->fibre.stack + t->fibre.size;

	t->state[0] = t->state[1] = 0;
	t->sp = 0;
	if (!t->in_call)
		t->sp = spin_capture(op->pc,
				     op->addr ^ (uintptr_t)op->site ^ (uintptr_t)errno << 48,
				     stack_end, asked_for_all ? t->state : NULL);
	/* Of what has no place, that is where the thread began. */
	if (!op->pc)
		t->sp = 0;
	clear_stack_below(UNWINDER_DEPTH);
}

static void do_one(struct op *op)
{
	int thread = current_thread;
	struct thread *t = &T[thread];
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	t->deepest = here < t->deepest ? here : t->deepest;
	while (!pass(t, thread, op)) {
		t->op = op;
		t->waiting = t->wait_thread < 0;
		if (asked_for_state == thread)
			capture_state(t, op);
		to_engine(t);
	}
	t->op = NULL;
	if (program->ordinary)
		clear_stack_below(ENGINE_DEPTH);
}

/* The compiler announces a plain store before it happens; now its value can be read. */
static void flush_word(uintptr_t addr, unsigned int size, uintptr_t pc)
{
	struct op op = {
		.kind = OP_STORE,
		.order = FL_PLAIN,
		.addr = addr,
		.size = size,
		.pc = pc,
		.step = T[current_thread].plain_store.step,
		.val = memory_peek(addr, size),
	};

	do_one(&op);
}

void exec_flush(void)
{
	struct thread *t = &T[current_thread];
	uintptr_t addr = t->plain_store.addr, pc = t->plain_store.pc;
	unsigned int size = t->plain_store.size;

	if (!size)
		return;
	t->plain_store.size = 0;

	char value[size];

	/* Other threads may run, and their loads change real memory, between the pieces. */
	memcpy(value, (void *)addr, size);
	for (size_t i = 0, n; i < size; i += n) {
		n = memory_piece(addr + i, size - i);
		memcpy((void *)(addr + i), value + i, n);
		flush_word(addr + i, n, pc);
	}
}

void exec_do(struct op *op)
{
	exec_flush();
	exec_do_before_store(op);
}

void exec_do_before_store(struct op *op)
{
	struct thread *t = &T[current_thread];

	/* An address that is none is the thread's fault, and to be met on its stack (crash.c). */
	if (program->ordinary && op->size)
		(void)*(volatile char *)op->addr;
	op->step = t->step;
	op->deps = t->deps;
	memset(&t->deps, 0, sizeof(t->deps));
	weaken_op(op);
	do_one(op);
}

static void thread_main(void *arg)
{
	struct thread *t = arg;
	struct op end = { .kind = OP_END };

	errno = 0;
	if (t - T >= program->nthreads) {
		struct op begin = { .kind = OP_BEGIN };

		exec_do(&begin);
	}
	if (program->ordinary)
		clear_what_ran_before(t);
	fibre_call(t->fn, t->arg);
	end.val = t->result;
	exec_do(&end);
	t->ended = true;
	for (;;)
		to_engine(t);
}

static int create_stack(int i)
{
	struct fibre *f = &T[i].fibre;
	int err = fibre_create(f, program->ordinary ? PROGRAM_STACK_SIZE : STACK_SIZE);

	return err || !program->ordinary ? err : memory_track_stack((uintptr_t)f->stack, f->size);
}

/* Thread @i to its beginning. */
static void restart_thread(int i)
{
	struct thread *t = &T[i];

	t->started = t->ended = t->waiting = false;
	t->stop = LABEL_GOES_ON;
	t->pos = 0;
	t->wait_thread = -1;
	t->op = NULL;
	t->step = NULL;
	t->plain_store.size = 0;
	t->ndep = 0;
	t->last_marked_load = -1;
	t->loads = t->spawns = t->ndeeds = 0;
	t->result = 0;
	t->own_stores = 0;
	t->in_call = false;
	t->oracle = t->message = NULL;
	memset(&t->deps, 0, sizeof(t->deps));
	t->fn = i < program->nthreads ? program->thread[i] : NULL;
	t->arg = i < program->nthreads ? program->arg[i] : NULL;
	fibre_start(&t->fibre, thread_main, t);
}

/*
 * The same thread gets the same number in every execution: by who creates it, as which of its threads, and for what.
 */
static struct {
	int parent, k;
	void (*fn)(void *arg);
	const void *key;
} created[FLX_MAX_THREADS];

static int spawn_number(int parent, int k, void (*fn)(void *), const void *key)
{
	for (int n = program->nthreads; n < nr_known; n++)
		if (created[n].parent == parent && created[n].k == k && created[n].fn == fn &&
		    created[n].key == key)
			return n;
	if (nr_known == FLX_MAX_THREADS)
		return -1;
	created[nr_known].parent = parent;
	created[nr_known].k = k;
	created[nr_known].fn = fn;
	created[nr_known].key = key;
	if (create_stack(nr_known))
		abort();
	search_new_thread();
	restart_thread(nr_known);
	return nr_known++;
}

bool exec_same_code(int t, int u)
{
	return created[t].parent == created[u].parent && created[t].fn == created[u].fn &&
	       created[t].key == created[u].key;
}

int exec_spawn(void (*fn)(void *), void *arg, uintptr_t pc)
{
	return exec_spawn_keyed(fn, arg, arg, pc);
}

int exec_spawn_keyed(void (*fn)(void *), void *arg, const void *key, uintptr_t pc)
{
	struct op op = { .kind = OP_SPAWN, .pc = pc };

	exec_flush();
	op.target = spawn_number(current_thread, T[current_thread].spawns++, fn, key);
	if (op.target < 0)
		return -1;
	T[op.target].fn = fn;
	T[op.target].arg = arg;
	op.val = (uintptr_t)arg;
	exec_do(&op);
	return op.target;
}

void exec_join(int target, bool result, uintptr_t pc)
{
	struct op op = { .kind = OP_JOIN, .target = target, .a = result, .pc = pc };

	exec_do(&op);
}

uint64_t exec_choose(uint64_t n, const struct fl_site *site, uintptr_t pc)
{
	struct op op = { .kind = OP_CHOICE, .a = n, .site = site, .pc = pc };

	exec_do(&op);
	return op.old;
}

static _Noreturn void stop(struct thread *t, enum label_stop why)
{
	t->stop = why;
	for (;;)
		to_engine(t);
}

void exec_stop(const char *oracle, const char *message)
{
	struct thread *t = &T[current_thread];

	exec_flush();
	search_fail(oracle, message);
	t->oracle = label_text(oracle);
	t->message = label_text(message);
	stop(t, LABEL_STOPPED);
}

void exec_prune(void)
{
	struct thread *t = &T[current_thread];

	exec_flush();
	stop(t, LABEL_PRUNED);
}

void exec_end_process(void)
{
	struct thread *t = &T[current_thread];

	exec_flush();
	stop(t, LABEL_EXITED);
}

int exec_init(const struct flx_program *p)
{
	int err;

	program = p;
	nr_known = p->nthreads;
	exec_error[0] = 0;
	memset(T, 0, sizeof(T));
	err = graph_init(&G);
	for (int i = 0; i < nr_known && !err; i++)
		err = create_stack(i);
	if (err)
		exec_exit();
	return err;
}

void exec_exit(void)
{
	for (int i = 0; i < FLX_MAX_THREADS; i++) {
		fibre_destroy(&T[i].fibre);
		free(T[i].deed);
		T[i].deed = NULL;
		free(T[i].passed);
		T[i].passed = NULL;
		T[i].passed_cap = 0;
	}
	graph_free(&G);
	exec_forget();
	code_forget();
	flow_forget();
}

void exec_restart(void)
{
	memory_reset_thread_zones();
	for (int i = 0; i < nr_known; i++)
		restart_thread(i);
	begun = true;
	object_ends_forget();
	exec_reset_cpus();
	if (program->reset)
		program->reset(program->common);
}

static bool at_frontier(const struct thread *t, int thread)
{
	const struct ev *e;

	if (t->ended || t->stop)
		return true;
	if (!t->waiting)
		return false;
	if (t->pos >= G.tn[thread])
		return true;
	e = &G.ev[G.tev[thread][t->pos]];
	if (e->flags & EVF_BLOCKED)
		return true;
	return (e->kind == EV_READ && (e->flags & EVF_RMW)) && t->pos + 1 >= G.tn[thread] &&
	       !probing;
}

static void pass_event(int t, int idx);

/* A thread that was created by another can run once its creator is past that. */
static bool exists(int t)
{
	if (!T[t].fn && G.spawn[t] != EV_NONE)
		pass_event(G.ev[G.spawn[t]].thread, G.ev[G.spawn[t]].idx);
	return T[t].fn;
}

/* One stretch of @t; first whatever it waits for. */
static void advance(int t)
{
	if (!exists(t))
		return;
	if (T[t].wait_thread >= 0) {
		int u = T[t].wait_thread;

		T[t].wait_thread = -1;
		pass_event(u, T[t].wait_idx);
	}
	if (!exec_error[0])
		resume(t);
}

static void pass_event(int t, int idx)
{
	while (T[t].pos <= idx && !T[t].stop && !exec_error[0])
		advance(t);
	if (T[t].pos <= idx && !exec_error[0])
		did_not_repeat(t, "ends early");
}

void exec_to_frontier(int t)
{
	if (!exists(t))
		return;
	while (!at_frontier(&T[t], t) && !exec_error[0])
		advance(t);
}

void exec_moved(void)
{
	in_sync = false;
}

static bool has_passed(const struct passed *p, const struct ev *e)
{
	return p->op == e->op && p->flags == e->flags && p->value == value_of(e);
}

/* Is what thread @t has passed still the beginning of its part of G? */
static bool is_part_of_graph(int t)
{
	if (T[t].pos > G.tn[t])
		return false;
	for (int i = 0; i < T[t].pos; i++)
		if (!has_passed(&T[t].passed[i], &G.ev[G.tev[t][i]]))
			return false;
	return true;
}

/* Threads have run along a graph that may have been another one. */
static void get_in_sync(void)
{
	bool same = program->ordinary && begun;

	if (in_sync)
		return;
	for (int t = 0; t < nr_known && same; t++)
		same = is_part_of_graph(t);
	if (!same)
		exec_restart();
	for (int t = 0; t < nr_known && same; t++)
		T[t].wait_thread = -1; /* it asks again */
	in_sync = true;
}

static enum ev_kind kind_of_op(enum op_kind kind)
{
	static const uint8_t table[] = {
		[OP_LOAD] = EV_READ,	 [OP_STORE] = EV_WRITE, [OP_RMW] = EV_READ,
		[OP_AWAIT] = EV_READ,	 [OP_FENCE] = EV_FENCE, [OP_SPAWN] = EV_SPAWN,
		[OP_BEGIN] = EV_BEGIN,	 [OP_END] = EV_END,	[OP_JOIN] = EV_JOIN,
		[OP_CHOICE] = EV_CHOICE,
	};

	return table[kind];
}

static bool has_location(const struct op *op)
{
	return op->kind == OP_LOAD || op->kind == OP_STORE || op->kind == OP_RMW ||
	       op->kind == OP_AWAIT || (op->kind == OP_FENCE && op->size);
}

static void check_bounds(struct label *l, const struct op *op, int thread)
{
	char message[160];

	/* In an ordinary program that depends on the execution: lifetime.c */
	if ((program->ordinary && memory_is_thread_heap(op->addr)) || !memory_tracks(op->addr) ||
	    !op->size || memory_inside(op->addr, op->size))
		return;
	snprintf(message, sizeof(message),
		 "CPU%d accesses %u bytes that no object of fl_zalloc() contains (%s)", thread,
		 op->size, op->site ? op->site->text : "a plain access");
	l->oracle = "out-of-bounds";
	l->message = label_text(message);
}

/* @size: of an access to a part of what is accessed elsewhere as @other bytes, or the other way round. */
static void mixed_sizes(char *buf, size_t buf_size, const struct fl_site *site, uintptr_t pc,
			unsigned int size, unsigned int other)
{
	char place[128] = "", address[32] = "";

	if (site && site->file)
		snprintf(place, sizeof(place), " at %s:%d", site->file, site->line);
	else if (pc)
		snprintf(address, sizeof(address), ", at pc %#" PRIxPTR, pc);
	snprintf(buf, buf_size,
		 "%u bytes accessed%s (%s) overlap %u bytes accessed before: mixed-size accesses "
		 "are not modelled%s",
		 size, place, site ? site->text : "a plain access", other, address);
}

static void refuse_mixed_sizes(const struct fl_site *site, uintptr_t pc, unsigned int size,
			       unsigned int other)
{
	mixed_sizes(exec_error, sizeof(exec_error), site, pc, size, other);
}

/* What the operation says about who uses its memory, and how. */
static void learn_from(const struct op *op, int thread)
{
	size_t size = 0;

	if (op->flags & EVF_FREE) {
		memory_object(op->addr, &size);
		learn_handed_on(op->addr, size, thread);
	} else if (op->order != FL_PLAIN && op->size && !learn_atomic(op->addr, op->size)) {
		refuse_mixed_sizes(op->site, op->pc, op->size, 8);
	}
}

static uint8_t features_of(const struct label *l)
{
	uint8_t f = 0;
	bool access = l->kind <= EV_ADD;

	if (access && l->order == FL_PLAIN)
		f |= 1 << HAS_PLAIN;
	if (l->flags & EVF_FREE)
		f |= 1 << HAS_FREE;
	if (l->kind == EV_ADD)
		f |= 1 << HAS_ADDITION;
	if (l->kind == EV_FENCE &&
	    (l->fence == FL_FENCE_SYNC_RCU || l->fence == FL_FENCE_SYNC_SRCU))
		f |= 1 << HAS_SYNC;
	if (l->oracle)
		f |= 1 << HAS_FAILURE;
	if (l->ndeeds || (access && (locs[l->loc].heap_of >= 0 || locs[l->loc].stack_of >= 0)))
		f |= 1 << HAS_OWNED;
	if ((access && (l->order == FL_SEQ_CST || l->fail_order == FL_SEQ_CST)) ||
	    (l->kind == EV_FENCE && (l->fence == FL_FENCE_C11_SEQ_CST || l->fence == FL_FENCE_MB)))
		f |= 1 << HAS_SEQ_CST;
	return f;
}

/* The operation that @t has stopped for, for ever after. */
static void fill_label(struct label *l, int thread)
{
	struct thread *t = &T[thread];
	const struct op *op = t->op;
	l->deed = label_deeds(t->deed, t->ndeeds);
	l->ndeeds = t->ndeeds;
	if (t->stop) {
		l->stop = (uint8_t)t->stop;
		l->oracle = t->oracle;
		l->message = t->message;
		return;
	}
	weaken_note(op);
	l->kind = commute_takes(op) ? EV_ADD : kind_of_op(op->kind);
	l->order = op->order;
	l->fail_order = op->fail_order == FL_PLAIN ? FL_ONCE : op->fail_order;
	l->fence = op->fence;
	l->flags = op->flags;
	if (op->kind == OP_RMW || op->kind == OP_AWAIT)
		l->flags |= EVF_COND;
	if (op->kind == OP_AWAIT)
		l->flags |= EVF_AWAIT;
	l->addr_dep = EV_NONE;
	l->target = op->target;
	l->deps = op->deps;
	l->fn = op->fn;
	l->a = op->a;
	l->b = op->b;
	l->val = op->val;
	l->site = op->site;
	l->step = op->step;
	l->sp = t->sp;
	if (op->kind == OP_SPAWN || op->kind == OP_JOIN)
		return;
	l->pc = op->pc;
	l->state[0] = t->state[0];
	l->state[1] = t->state[1];
	l->own_stores = t->own_stores;
	if (!has_location(op))
		return;
	if (program->ordinary)
		learn_from(op, thread);
	if (exec_error[0])
		return;
	check_bounds(l, op, thread);
	if (!op->deps.exact)
		l->addr_dep = find_dep(t, op->addr);
	if (op->flags & EVF_FREE) {
		size_t size = 0;

		if (memory_object(op->addr, &size) == op->addr) {
			l->a = size;
		} else if (!program->ordinary || !memory_is_thread_heap(op->addr)) {
			l->oracle = "invalid-free";
			l->message = label_text("what is freed is not the beginning of an object");
		}
	}
	l->loc = memory_location(op->addr, op->size);
}

uint64_t exec_result(const struct ev *join)
{
	return join->op->a ? G.ev[join->rf].op->val : 0;
}

/* Where what follows @t's events hangs: the label of the last one, and the value it read. */
static struct label *last_label(int t, uint64_t *value)
{
	const struct ev *e = &G.ev[G.tev[t][G.tn[t] - 1]];

	if (e->kind == EV_WRITE && (e->flags & EVF_RMW))
		e = &G.ev[G.tev[t][G.tn[t] - 2]];
	*value = value_of(e);
	return e->op;
}

/* The unwinder takes its time, so a thread says it only when it is asked: where it has stopped, it stops again. */
static void ask_for_state(int t, bool all)
{
	asked_for_state = t;
	asked_for_all = all;
	resume(t);
	asked_for_state = -1;
}

static struct label *discover(int t)
{
	get_in_sync();
	exec_to_frontier(t);
	if (exec_error[0] || (!T[t].op && !T[t].stop))
		return NULL;
	/* Where its stack ends (lifetime.h) it says with each operation. */
	if (program->ordinary && T[t].waiting)
		ask_for_state(t, round_needs_state(t, kind_of_op(T[t].op->kind)));
	else
		T[t].state[0] = T[t].state[1] = 0;

	struct label *l = label_new();

	fill_label(l, t);
	l->features = features_of(l);
	return exec_error[0] ? NULL : l;
}

struct label *exec_label(int t)
{
	struct label *l, *above = NULL;
	uint64_t via = 0;

	if (!G.tn[t]) {
		if (t >= program->nthreads && G.spawn[t] == EV_NONE)
			return NULL;
		l = root[t];
	} else {
		const struct ev *e = &G.ev[G.tev[t][G.tn[t] - 1]];

		if (e->kind == EV_END || (e->flags & (EVF_BLOCKED | EVF_MIXED)))
			return NULL;
		above = last_label(t, &via);
		for (l = above->child; l && l->via != via; l = l->sibling)
			;
	}
	if (l)
		return l;
	l = discover(t);
	if (!l)
		return NULL;
	l->via = via;
	if (above) {
		l->sibling = above->child;
		above->child = l;
	} else {
		root[t] = l;
	}
	if (program->ordinary && !l->stop)
		round_look(l, t);
	symmetry_look(l, t);
	return l;
}

const struct label *exec_label_like(int t, int u)
{
	const struct label *l = root[u];

	for (int i = 0; i < G.tn[t] && l; i++) {
		const struct ev *e = &G.ev[G.tev[t][i]];
		uint64_t value = value_of(e);

		if (e->kind == EV_WRITE && (e->flags & EVF_RMW))
			continue;
		for (l = l->child; l && l->via != value;)
			l = l->sibling;
	}
	return l;
}

struct label *exec_label_after_rmw(int t)
{
	struct label *l;

	probing = true;
	l = exec_label(t);
	probing = false;
	/* The thread may have run past what is in the graph. */
	in_sync = false;
	return l;
}

/*
 * What it reads, or what others read after it, the models have no answer for. But if it is in a race with what it overlaps,
 * nobody asks for more: its thread goes no further, and if no execution is a violation, the program is refused.
 */
static bool take_mixed_sizes(struct ev *e)
{
	int other = memory_overlap(&G, e->loc);

	if (!other)
		return true;
	if (!program->ordinary || !S.clocks || !S.opt->races) {
		refuse_mixed_sizes(e->op->site, e->op->pc, locs[e->loc].size, locs[other].size);
		return false;
	}
	if (!S.mixed[0])
		mixed_sizes(S.mixed, sizeof(S.mixed), e->op->site, e->op->pc, locs[e->loc].size,
			    locs[other].size);
	e->flags |= EVF_MIXED;
	return true;
}

bool exec_event(struct label *l, int thread, struct ev *e)
{
	memset(e, 0, sizeof(*e));
	e->kind = l->kind;
	e->thread = thread;
	e->order = l->order;
	e->fence = l->fence;
	e->flags = l->flags;
	e->loc = l->loc;
	e->rf = EV_NONE;
	e->addr_dep = l->addr_dep >= 0 ? G.tev[thread][l->addr_dep] : EV_NONE;
	e->target = l->target;
	e->op = l;
	if (l->kind == EV_WRITE)
		e->wval = l->val;
	return !l->loc || !locs[l->loc].overlaps || take_mixed_sizes(e);
}

void exec_forget(void)
{
	memset(root, 0, sizeof(root));
	label_forget();
	begun = in_sync = false;
}
