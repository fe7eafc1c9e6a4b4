/* SPDX-License-Identifier: MIT */
/*
 * peterson.c - mutual exclusion of two threads by loads and stores.
 *
 * G. L. Peterson, "Myths about the mutual exclusion problem", IPL 12(3), 1981.
 *
 * Holds: the two are never both in the critical section. Who gives the turn away second has to see the flag of who
 * did it first; the exchange does that (A. Williams, "Peterson's lock with C++0x atomics", 2008).
 * BUG_STORE: the turn is given away by a store, with a full fence behind it: right under sc and tso, but under rc11
 * a thread may see the other's turn overwritten and its flag still down.
 * BUG_NO_FENCE: the same without the fence: wrong under tso, too.
 * BUG_ORDER: the turn is given away before the flag is raised: wrong under sc, too.
 * BUG_RELAXED: a relaxed exchange. BUG_LEAVE: the flag is lowered by a relaxed store.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BUG_LEAVE
#define LEAVE_ORDER memory_order_relaxed
#else
#define LEAVE_ORDER memory_order_release
#endif

#ifdef BUG_RELAXED
#define TURN_ORDER memory_order_relaxed
#else
#define TURN_ORDER memory_order_acq_rel
#endif

static atomic_int flag[2], turn;
static int counter;

static void raise_flag(int me)
{
	atomic_store_explicit(&flag[me], 1, memory_order_relaxed);
}

static void give_away(int other)
{
#if defined(BUG_STORE)
	atomic_store_explicit(&turn, other, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
#elif defined(BUG_NO_FENCE)
	atomic_store_explicit(&turn, other, memory_order_release);
#else
	atomic_exchange_explicit(&turn, other, TURN_ORDER);
#endif
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg, other = 1 - me;

#ifdef BUG_ORDER
	give_away(other);
	raise_flag(me);
#else
	raise_flag(me);
	give_away(other);
#endif
	while (atomic_load_explicit(&flag[other], memory_order_acquire) &&
	       atomic_load_explicit(&turn, memory_order_acquire) == other)
		;
	counter++;
	atomic_store_explicit(&flag[me], 0, LEAVE_ORDER);
	return NULL;
}

int main(void)
{
	pthread_t t[2];

	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(counter == 2);
	return 0;
}
