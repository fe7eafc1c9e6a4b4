// SPDX-License-Identifier: MIT
/* held.c - the locks that the calling thread has. Its own knowledge: no events. */
#include <string.h>

#include "call.h"

struct held *held_find(const void *lock)
{
	struct self *me = self();

	for (int i = 0; i < me->nheld; i++)
		if (me->held[i].lock == lock)
			return &me->held[i];
	return NULL;
}

void held_add(const void *lock, unsigned int kind, uint64_t word)
{
	struct self *me = self();

	if (me->nheld == MAX_HELD)
		call_refuse("a thread holds more than %d locks", MAX_HELD);
	me->held[me->nheld++] = (struct held){ .lock = lock, .kind = kind, .word = word };
}

void held_drop(struct held *h)
{
	struct self *me = self();

	*h = me->held[--me->nheld];
}

/*
 * No event shows it, nor does the stack: to a loop it is a store like those to own memory, which the last
 * unlocking takes back.
 */
void held_deepen(struct held *h, int by)
{
	h->depth += by;
	if (!outside())
		T[current_thread].own_stores += (uint32_t)by * (uint32_t)(uintptr_t)h->lock;
}
