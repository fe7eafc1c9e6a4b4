/* SPDX-License-Identifier: MIT */
/* ticket.c - the fair rw_semaphore of native/lock.h, as a kind of lock. */
#include <faultline/rt.h>

#include "rt/native/rwlock/locks.h"

static int ticket_init(void *lock)
{
	init_rwsem((struct rw_semaphore *)lock);
	return 0;
}

static void ticket_read_lock(void *lock)
{
	down_read((struct rw_semaphore *)lock);
}

static bool ticket_read_trylock(void *lock)
{
	return down_read_trylock((struct rw_semaphore *)lock);
}

static void ticket_read_unlock(void *lock)
{
	up_read((struct rw_semaphore *)lock);
}

static void ticket_write_lock(void *lock)
{
	down_write((struct rw_semaphore *)lock);
}

static void ticket_write_unlock(void *lock)
{
	up_write((struct rw_semaphore *)lock);
}

static void ticket_downgrade(void *lock)
{
	downgrade_write((struct rw_semaphore *)lock);
}

const struct fl_rwlock fl_rwlock_ticket = {
	.name = "ticket",
	.doc = "first come, first served; who waits spins, then yields",
	.size = sizeof(struct rw_semaphore),
	.align = _Alignof(struct rw_semaphore),
	.init = ticket_init,
	.read_lock = ticket_read_lock,
	.read_trylock = ticket_read_trylock,
	.read_unlock = ticket_read_unlock,
	.write_lock = ticket_write_lock,
	.write_unlock = ticket_write_unlock,
	.downgrade = ticket_downgrade,
};
