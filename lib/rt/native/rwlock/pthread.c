/* SPDX-License-Identifier: MIT */
/*
 * pthread.c - the C library's reader-writer lock.
 *
 * It sleeps at once, in a futex, where it can't answer interrupts: so its CPU is idle for that time. Whether there is
 * something to wait for is asked first, since going idle takes two locks of the CPU's slot.
 *
 * glibc has two kinds, and either starves one side. By default readers come in as long as any reader is in: a writer
 * waits until by chance there is none, which among threads that fault all the time is never. So here writers are first
 * (the attribute is glibc's own): then readers starve, but only while there is always one more writer waiting, and a
 * thread that writes to its mappings also faults.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "rt/native/rwlock/locks.h"

static int pthread_lock_init(void *lock)
{
	pthread_rwlockattr_t attr;
	int err = pthread_rwlockattr_init(&attr);

	if (err)
		return -err;
#ifdef __GLIBC__
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
	err = pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -err;
}

static void pthread_lock_destroy(void *lock)
{
	pthread_rwlock_destroy(lock);
}

static bool pthread_lock_read_trylock(void *lock)
{
	return !pthread_rwlock_tryrdlock(lock);
}

static void pthread_lock_read_lock(void *lock)
{
	int cpu;

	if (pthread_lock_read_trylock(lock))
		return;
	cpu = fl_sleep_begin();
	pthread_rwlock_rdlock(lock);
	fl_sleep_end(cpu);
}

static void pthread_lock_write_lock(void *lock)
{
	int cpu;

	if (!pthread_rwlock_trywrlock(lock))
		return;
	cpu = fl_sleep_begin();
	pthread_rwlock_wrlock(lock);
	fl_sleep_end(cpu);
}

static void pthread_lock_unlock(void *lock)
{
	pthread_rwlock_unlock(lock);
}

const struct fl_rwlock fl_rwlock_pthread = {
	.name = "pthread",
	.doc = "pthread_rwlock_t; a waiting writer keeps new readers out; can't be downgraded",
	.source = "glibc, nptl/pthread_rwlock_common.c",
	.size = sizeof(pthread_rwlock_t),
	.align = _Alignof(pthread_rwlock_t),
	.init = pthread_lock_init,
	.destroy = pthread_lock_destroy,
	.read_lock = pthread_lock_read_lock,
	.read_trylock = pthread_lock_read_trylock,
	.read_unlock = pthread_lock_unlock,
	.write_lock = pthread_lock_write_lock,
	.write_unlock = pthread_lock_unlock,
};
