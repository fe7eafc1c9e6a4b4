/* SPDX-License-Identifier: MIT */
/* exec.c - see exec.h. */
#include "exec_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "flow.h"
#include "label.h"
#include "memory.h"
#include "search.h"
#include "spin.h"
#include "weaken.h"

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
static int asked_for_state = -1; /* a thread; for all of it, or only where its stack ends: */
static bool asked_for_all;
int exec_nr_known;

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

void exec_resume(int t)
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
int exec_find_dep(const struct thread *t, uintptr_t addr)
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

static bool fits(const struct op *op, const struct ev *e)
{
	if ((e->kind == EV_ADD ? EV_READ : e->kind) != kind_of_op(op->kind))
		return false;
	if (e->kind <= EV_ADD)
		return locs[e->loc].addr == op->addr && locs[e->loc].size == op->size;
	return e->kind != EV_FENCE || e->fence == op->fence;
}

void exec_did_not_repeat(int t, const char *what)
{
	snprintf(exec_error, sizeof(exec_error),
		 "thread %d did not do the same again at event %d (%s): its code depends on "
		 "something outside of the modelled memory",
		 t, T[t].pos, what);
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
	if ((e->flags & EVF_RMW) && e->kind == EV_READ && t->pos + 1 >= G.tn[thread] &&
	    !exec_probing)
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
		exec_did_not_repeat(thread, op->site ? op->site->text : "plain access");
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
	for (int t = 0; t < exec_nr_known; t++)
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

/*
 * An address that is none is the thread's fault, and to be met on its stack (crash.c); a sanitizer
 * that ends the program at NULL would come before that.
 */
__attribute__((no_sanitize("undefined"))) static void touch(uintptr_t addr)
{
	(void)*(volatile char *)addr;
}

void exec_do_before_store(struct op *op)
{
	struct thread *t = &T[current_thread];

	if (op->size)
		touch(op->addr);
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
void exec_restart_thread(int i)
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
	for (int n = program->nthreads; n < exec_nr_known; n++)
		if (created[n].parent == parent && created[n].k == k && created[n].fn == fn &&
		    created[n].key == key)
			return n;
	if (exec_nr_known == FLX_MAX_THREADS)
		return -1;
	created[exec_nr_known].parent = parent;
	created[exec_nr_known].k = k;
	created[exec_nr_known].fn = fn;
	created[exec_nr_known].key = key;
	if (create_stack(exec_nr_known))
		abort();
	search_new_thread();
	exec_restart_thread(exec_nr_known);
	return exec_nr_known++;
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
	exec_nr_known = p->nthreads;
	exec_error[0] = 0;
	memset(T, 0, sizeof(T));
	err = graph_init(&G);
	for (int i = 0; i < exec_nr_known && !err; i++)
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

/* The unwinder takes its time, so a thread says it only when it is asked: where it has stopped, it stops again. */
void exec_ask_for_state(int t, bool all)
{
	asked_for_state = t;
	asked_for_all = all;
	exec_resume(t);
	asked_for_state = -1;
}

uint64_t exec_result(const struct ev *join)
{
	return exec_result_of(join);
}
