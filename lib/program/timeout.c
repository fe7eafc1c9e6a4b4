// SPDX-License-Identifier: MIT
/*
 * timeout.c - timed waits that time out, which they may do without end in a loop.
 *
 * A thread that times out in the state in which it timed out before, having done nothing in between but
 * read, wait for the same again and again without being woken, and lock and unlock the mutex that is for that, has gained
 * nothing: it could as well have stayed where it timed out first, holding nothing, for as long. So such an execution is
 * left. The others may only notice that the mutex is not taken as often: who tries to lock it in vain. If somebody does,
 * the verdict is open.
 * A thread that times out in another state, with a counter say, is followed a few times, and then the verdict is open.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "call.h"
#include "explore/spin.h"

#define TIMEOUTS 3 /* in one thread, each in another state */
#define NR_LOCKS 4096

struct locks { /* a set, by a hash: some that are not there may seem to be */
	uint64_t bits[NR_LOCKS / 64];
};

/* Since the exploration began, in all the workers of one search. */
static struct found {
	uintptr_t too_often;	       /* where */
	bool pruned;		       /* some execution */
	uintptr_t pruned_at[NR_LOCKS]; /* by the lock; 0: nowhere */
	struct locks tried_in_vain;
} * found;

static unsigned int number_of(const void *lock)
{
	return (unsigned int)((uintptr_t)lock * 0x9e3779b97f4a7c15ull >> 52);
}

bool timeout_begin(void)
{
	if (found)
		munmap(found, sizeof(*found));
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (found == MAP_FAILED)
		found = NULL;
	return found;
}

uintptr_t timed_out_too_often(void)
{
	return found->too_often;
}

uintptr_t timed_out_unnoticed(void)
{
	for (int i = 0; i < NR_LOCKS; i++)
		if (found->pruned_at[i] && found->tried_in_vain.bits[i / 64] >> i % 64 & 1)
			return found->pruned_at[i];
	return 0;
}

bool timed_out_in_vain(void)
{
	return found->pruned;
}

void call_tried_in_vain(const void *lock)
{
	unsigned int n = number_of(lock);

	if (!outside())
		__atomic_fetch_or(&found->tried_in_vain.bits[n / 64], 1ull << n % 64,
				  __ATOMIC_RELAXED);
}

struct timeout_state {
	uint64_t state[2];
	uint32_t own_stores;
	int pos;
};

static struct timeout_state seen[FLX_MAX_THREADS][TIMEOUTS];

static struct timeout_state state_now(uintptr_t pc)
{
	const struct thread *t = &T[current_thread];
	struct timeout_state now = { .own_stores = t->own_stores, .pos = t->pos };

	spin_capture(pc, 0, (uintptr_t)t->fibre.stack + t->fibre.size, now.state);
	return now;
}

/* From event @from on, has the thread stored to @lock at most, and to @cond in waits from which it was not woken? */
static bool only_waited(int from, const void *cond, const void *lock, uintptr_t pc)
{
	for (int i = from; i < T[current_thread].pos; i++) {
		const struct ev *e = &G.ev[G.tev[current_thread][i]];
		uintptr_t addr = e->kind == EV_WRITE ? locs[e->loc].addr : 0;

		if (e->kind != EV_READ && e->kind != EV_FENCE && e->kind != EV_WRITE)
			return false;
		if (addr && addr != (uintptr_t)lock &&
		    !(addr == (uintptr_t)cond && e->op->pc == pc))
			return false;
	}
	return true;
}

void call_timed_out(const void *cond, const void *lock, uintptr_t pc)
{
	struct timeout_state now, *s;
	struct self *me = self();

	if (outside())
		return;
	now = state_now(pc);
	for (unsigned int i = me->woken; i < me->timeouts; i++) {
		s = &seen[current_thread][i];
		if (now.state[0] && s->state[0] == now.state[0] && s->state[1] == now.state[1] &&
		    s->own_stores == now.own_stores && only_waited(s->pos, cond, lock, pc)) {
			found->pruned = true;
			if (lock)
				found->pruned_at[number_of(lock)] = pc;
			exec_prune();
		}
	}
	if (me->timeouts == TIMEOUTS) {
		found->too_often = pc;
		exec_prune();
	}
	seen[current_thread][me->timeouts++] = now;
}

void call_woken(void)
{
	struct self *me = self();

	me->woken = me->timeouts;
}
