// SPDX-License-Identifier: MIT
/*
 * timeout.c - timed waits that time out, which they may do without end in a loop.
 *
 * A thread that times out in the state in which it timed out before, having done nothing in between but
 * lock, unlock and wait, has gained nothing: what follows is what follows the first time-out. So such an execution is
 * left. One that differs, by a counter say, is followed a few times, and then the verdict is open.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "call.h"
#include "explore/spin.h"

#define TIMEOUTS 3 /* in one thread, each in another state */

uintptr_t *timed_out_at;

bool timeout_begin(void)
{
	if (!timed_out_at) {
		void *page = mmap(NULL, sizeof(*timed_out_at), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return false;
		timed_out_at = page;
	}
	*timed_out_at = 0;
	return true;
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

/* From event @from on, has the thread stored to these two at most? */
static bool only_waited(int from, const void *object, const void *mutex)
{
	for (int i = from; i < T[current_thread].pos; i++) {
		const struct ev *e = &G.ev[G.tev[current_thread][i]];
		uintptr_t addr = e->kind == EV_WRITE ? locs[e->loc].addr : 0;

		if (e->kind != EV_READ && e->kind != EV_FENCE && e->kind != EV_WRITE)
			return false;
		if (addr && addr != (uintptr_t)object && addr != (uintptr_t)mutex)
			return false;
	}
	return true;
}

void call_timed_out(const void *object, const void *mutex, uintptr_t pc)
{
	struct timeout_state now, *s;
	struct self *me = self();

	if (outside())
		return;
	now = state_now(pc);
	for (unsigned int i = 0; i < me->timeouts; i++) {
		s = &seen[current_thread][i];
		if (now.state[0] && s->state[0] == now.state[0] && s->state[1] == now.state[1] &&
		    s->own_stores == now.own_stores && only_waited(s->pos, object, mutex))
			exec_prune();
	}
	if (me->timeouts == TIMEOUTS) {
		*timed_out_at = pc;
		exec_prune();
	}
	seen[current_thread][me->timeouts++] = now;
}
