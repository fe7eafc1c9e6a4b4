/* SPDX-License-Identifier: MIT */
/* exec.c - see exec.h. */
#include "exec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "search.h"

#define STACK_SIZE ((size_t)256 << 10)

struct graph G;
struct thread T[FLX_MAX_THREADS];
int current_thread = -1;
const struct flx_program *program;
char exec_error[256];

static void *engine_sp;

void fibre_will_start(struct fibre *f);

static void to_engine(struct thread *t)
{
	fibre_switch(&t->fibre.sp, engine_sp);
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

static int find_dep(const struct thread *t, int thread, uintptr_t addr)
{
	uintptr_t object = t->ndep ? memory_object(addr, NULL) : 0;

	if (!object)
		return EV_NONE;
	for (int i = 0; i < t->ndep && i < DEPS; i++)
		if (t->dep[i].object == object)
			return t->dep[i].idx < 0 ? EV_NONE : G.tev[thread][t->dep[i].idx];
	return EV_NONE;
}

void exec_addr_dep(const void *obj)
{
	if (current_thread < 0)
		return;
	if (T[current_thread].last_marked_load >= 0)
		note_dep(&T[current_thread], (uintptr_t)obj, T[current_thread].last_marked_load);
}

static bool fits(const struct op *op, const struct ev *e)
{
	static const uint8_t kind[] = {
		[OP_LOAD] = EV_READ,	 [OP_STORE] = EV_WRITE, [OP_RMW] = EV_READ,
		[OP_AWAIT] = EV_READ,	 [OP_FENCE] = EV_FENCE, [OP_SPAWN] = EV_SPAWN,
		[OP_BEGIN] = EV_BEGIN,	 [OP_END] = EV_END,	[OP_JOIN] = EV_JOIN,
		[OP_CHOICE] = EV_CHOICE,
	};

	if (kind[op->kind] != e->kind)
		return false;
	if (e->kind == EV_READ || e->kind == EV_WRITE)
		return G.loc[e->loc].addr == op->addr && G.loc[e->loc].size == op->size;
	return e->kind != EV_FENCE || e->fence == op->fence;
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
	if ((e->flags & EVF_RMW) && e->kind == EV_READ && t->pos + 1 >= G.tn[thread])
		return false;
	if ((e->kind == EV_READ || e->kind == EV_BEGIN || e->kind == EV_JOIN) && e->rf >= 0) {
		const struct ev *w = &G.ev[e->rf];

		if (w->thread != thread && T[w->thread].pos <= w->idx) {
			t->wait_thread = w->thread;
			t->wait_idx = w->idx;
			return false;
		}
	}
	if (!fits(op, e)) {
		snprintf(
			exec_error, sizeof(exec_error),
			"thread %d did not do the same again at event %d (%s): its code depends on "
			"something outside of the modelled memory",
			thread, t->pos, op->site ? op->site->text : "plain access");
		return false;
	}
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
	t->pos += 1 + (e->kind == EV_READ && (e->flags & EVF_RMW));
	return true;
}

static void do_one(struct op *op)
{
	int thread = current_thread;
	struct thread *t = &T[thread];

	while (!pass(t, thread, op)) {
		t->op = op;
		t->waiting = t->wait_thread < 0;
		to_engine(t);
	}
	t->op = NULL;
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
	if (t->plain_store.range) {
		char value[size];

		/* Other threads may run, and their loads change real memory, between the words. */
		memcpy(value, (void *)addr, size);
		t->plain_store.range = false;
		for (unsigned int i = 0; i < size; i += 8) {
			unsigned int n = size - i < 8 ? size - i : 8;

			memcpy((void *)(addr + i), value + i, n);
			flush_word(addr + i, n, pc);
		}
	} else {
		flush_word(addr, size, pc);
	}
}

void exec_do(struct op *op)
{
	struct thread *t = &T[current_thread];

	exec_flush();
	op->step = t->step;
	op->deps = t->deps;
	memset(&t->deps, 0, sizeof(t->deps));
	do_one(op);
}

static void thread_main(void *arg)
{
	struct thread *t = arg;
	struct op end = { .kind = OP_END };

	if (t - T >= program->nthreads) {
		struct op begin = { .kind = OP_BEGIN };

		exec_do(&begin);
	}
	t->fn(t->arg);
	exec_do(&end);
	t->ended = true;
	for (;;)
		to_engine(t);
}

int exec_spawn(void (*fn)(void *), void *arg)
{
	struct op op = { .kind = OP_SPAWN };
	int n;

	/* Numbers must not depend on the order of spawns in different threads. */
	for (n = program->nthreads; n < FLX_MAX_THREADS; n++)
		if (!T[n].fn ||
		    (T[n].fn == fn && T[n].arg == arg && !T[n].started && n >= G.nthreads))
			break;
	if (n == FLX_MAX_THREADS)
		return -1;
	if (T[current_thread].pos < G.tn[current_thread]) {
		const struct ev *e = &G.ev[G.tev[current_thread][T[current_thread].pos]];

		if (e->kind == EV_SPAWN)
			n = e->target;
	}
	op.target = n;
	T[n].fn = fn;
	T[n].arg = arg;
	exec_do(&op);
	return n;
}

void exec_join(int target)
{
	struct op op = { .kind = OP_JOIN, .target = target };

	exec_do(&op);
}

uint64_t exec_choose(uint64_t n, const struct fl_site *site, uintptr_t pc)
{
	struct op op = { .kind = OP_CHOICE, .a = n, .site = site, .pc = pc };

	exec_do(&op);
	return op.old;
}

void exec_stop(const char *oracle, const char *message)
{
	struct thread *t = &T[current_thread];

	exec_flush();
	search_fail(oracle, message);
	t->crashed = true;
	for (;;)
		to_engine(t);
}

void exec_prune(void)
{
	struct thread *t = &T[current_thread];

	exec_flush();
	t->crashed = t->pruned = true;
	for (;;)
		to_engine(t);
}

int exec_init(const struct flx_program *p)
{
	int err;

	program = p;
	exec_error[0] = 0;
	memset(T, 0, sizeof(T));
	err = graph_init(&G);
	for (int i = 0; i < FLX_MAX_THREADS && !err; i++)
		err = fibre_create(&T[i].fibre, STACK_SIZE);
	if (err)
		exec_exit();
	return err;
}

void exec_exit(void)
{
	for (int i = 0; i < FLX_MAX_THREADS; i++)
		fibre_destroy(&T[i].fibre);
	graph_free(&G);
}

void exec_restart(void)
{
	memory_reset_thread_zones();
	for (int i = 0; i < FLX_MAX_THREADS; i++) {
		struct thread *t = &T[i];

		t->started = t->ended = t->crashed = t->pruned = t->waiting = false;
		t->pos = 0;
		t->wait_thread = -1;
		t->op = NULL;
		t->step = NULL;
		t->plain_store.size = 0;
		t->plain_store.range = false;
		t->ndep = 0;
		t->last_marked_load = -1;
		t->loads = 0;
		memset(&t->deps, 0, sizeof(t->deps));
		t->fn = i < program->nthreads ? program->thread[i] : NULL;
		t->arg = i < program->nthreads ? program->arg[i] : NULL;
		fibre_start(&t->fibre, thread_main, t);
	}
	exec_reset_cpus();
	if (program->reset)
		program->reset(program->common);
}

static bool at_frontier(const struct thread *t, int thread)
{
	const struct ev *e;

	if (t->ended || t->crashed)
		return true;
	if (!t->waiting)
		return false;
	if (t->pos >= G.tn[thread])
		return true;
	e = &G.ev[G.tev[thread][t->pos]];
	if (e->flags & EVF_BLOCKED)
		return true;
	return (e->kind == EV_READ && (e->flags & EVF_RMW)) && t->pos + 1 >= G.tn[thread];
}

static void pass_event(int t, int idx);

/* A thread that was created by another can run once its creator is past that. */
static bool exists(int t)
{
	for (int i = 0; i < G.nthreads && !T[t].fn; i++)
		for (int k = 0; k < G.tn[i]; k++) {
			const struct ev *e = &G.ev[G.tev[i][k]];

			if (e->kind == EV_SPAWN && e->target == t)
				pass_event(i, k);
		}
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
	while (T[t].pos <= idx && !T[t].crashed && !exec_error[0])
		advance(t);
}

void exec_to_frontier(int t)
{
	if (!exists(t))
		return;
	while (!at_frontier(&T[t], t) && !exec_error[0])
		advance(t);
}

bool exec_op_event(int thread, struct ev *e)
{
	struct thread *t = &T[thread];
	struct op *op = t->op;
	int other = 0;

	memset(e, 0, sizeof(*e));
	e->thread = thread;
	e->order = op->order;
	e->fence = op->fence;
	e->flags = op->flags;
	e->site = op->site;
	e->step = op->step;
	e->pc = op->pc;
	e->rf = EV_NONE;
	e->addr_dep = EV_NONE;
	e->target = op->target;
	e->dep_addr = op->deps.addr;
	e->dep_data = op->deps.data;
	e->dep_ctrl = op->deps.ctrl;
	e->fn = op->fn;
	e->a = op->a;
	e->b = op->b;
	switch (op->kind) {
	case OP_STORE:
		e->kind = EV_WRITE;
		e->wval = op->val;
		break;
	case OP_LOAD:
		e->kind = EV_READ;
		break;
	case OP_RMW:
		e->kind = EV_READ;
		e->flags |= EVF_COND;
		break;
	case OP_AWAIT:
		e->kind = EV_READ;
		e->flags |= EVF_COND | EVF_AWAIT;
		break;
	case OP_FENCE:
		e->kind = EV_FENCE;
		if (!op->size)
			return true;
		break;
	case OP_SPAWN:
		e->kind = EV_SPAWN;
		return true;
	case OP_BEGIN:
		e->kind = EV_BEGIN;
		return true;
	case OP_END:
		e->kind = EV_END;
		return true;
	case OP_JOIN:
		e->kind = EV_JOIN;
		return true;
	case OP_CHOICE:
		e->kind = EV_CHOICE;
		return true;
	}
	if (memory_tracks(op->addr) && op->size && !memory_inside(op->addr, op->size)) {
		char message[160];

		snprintf(message, sizeof(message),
			 "CPU%d accesses %u bytes that no object of fl_zalloc() contains (%s)",
			 thread, op->size, op->site ? op->site->text : "a plain access");
		search_fail("out-of-bounds", message);
	}
	if (!op->deps.exact)
		e->addr_dep = find_dep(t, thread, op->addr);
	e->loc = memory_location(&G, op->addr, op->size, &other);
	if (e->loc)
		return true;
	snprintf(exec_error, sizeof(exec_error),
		 "%u bytes accessed at %s:%d (%s) overlap %u bytes accessed before: mixed-size "
		 "accesses "
		 "are not modelled",
		 op->size, op->site ? op->site->file : "a plain access",
		 op->site ? op->site->line : 0, op->site ? op->site->text : "?", G.loc[other].size);
	return false;
}
