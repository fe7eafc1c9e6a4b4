/* SPDX-License-Identifier: MIT */
/* lock.c - the slow paths of the native engine's locks. The protocol is in native/lock.h. */
#include <faultline/rt.h>

void fl_native_spin_lock_slow(spinlock_t *lock)
{
	unsigned int step = 0;

	do {
		/* Look before the exchange: waiters then share the cache line. */
		while (spin_is_locked(lock))
			fl_native_wait(&step);
	} while (!spin_trylock(lock));
}

#define NEXT (1UL << 48)
#define SERVED (1UL << 32)

static unsigned int next_ticket(unsigned long count)
{
	return count >> 48 & 0xffff;
}

static unsigned int served_ticket(unsigned long count)
{
	return count >> 32 & 0xffff;
}

/* @count after the waiter that is served has got in: the next one's turn, or nobody waits. */
static unsigned long pass_turn(unsigned long count)
{
	unsigned long served = (served_ticket(count) + 1) & 0xffff;

	if (served == next_ticket(count))
		return count & UINT32_MAX;
	return (count & ~(0xffffUL * SERVED)) | served * SERVED;
}

/*
 * Waits in line, then until no bit of @busy is set, and adds @mine. While we wait the upper half is not
 * reset, since our own ticket is out, so that tickets stay comparable.
 */
static void wait_in_line(struct rw_semaphore *sem, unsigned long busy, unsigned long mine)
{
	unsigned long *count = (unsigned long *)&sem->count;
	/* The top field: an overflow leaves the word. */
	unsigned int ticket = next_ticket(__atomic_fetch_add(count, NEXT, __ATOMIC_RELAXED));
	unsigned int step = 0;
	unsigned long old;

	for (;;) {
		old = __atomic_load_n(count, __ATOMIC_RELAXED);
		/* Acquire: pairs with the release of up_read(), up_write() and downgrade_write(). */
		if (served_ticket(old) == ticket && !(old & busy)) {
			if (__atomic_compare_exchange_n(count, &old, pass_turn(old) + mine, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return;
			continue;
		}
		fl_native_wait(&step);
	}
}

void fl_native_down_read_slow(struct rw_semaphore *sem)
{
	/* The fast path has counted us among the readers, too early. */
	__atomic_fetch_sub(&sem->count, FL_RWSEM_READER, __ATOMIC_RELAXED);
	wait_in_line(sem, FL_RWSEM_WRITER, FL_RWSEM_READER);
}

void fl_native_down_write_slow(struct rw_semaphore *sem)
{
	wait_in_line(sem, UINT32_MAX, FL_RWSEM_WRITER);
}
