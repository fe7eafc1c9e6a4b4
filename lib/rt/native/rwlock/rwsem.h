/* SPDX-License-Identifier: MIT */
/*
 * rwsem.h - a reader-writer semaphore made as the kernel makes its own: the words and the fast paths. What is done
 * when a fast path fails, and the protocol, is in rwsem.c.
 *
 * count, from low to high:
 *
 *   bit 0    RWSEM_WRITER_LOCKED  a writer is in
 *   bit 1    RWSEM_FLAG_WAITERS   somebody waits in the list
 *   bit 2    RWSEM_FLAG_HANDOFF   the first of them has waited for long: nobody else may take it
 *   bits 8-  readers, RWSEM_READER_BIAS each: those who are in, and for a moment who came in vain
 *
 * owner is a hint for writers who spin: the CPU of the writer who is in, or RWSEM_READER_OWNED once readers took it,
 * with RWSEM_NONSPINNABLE when a writer has spun on readers for too long.
 *
 * After kernel/locking/rwsem.c, Linux 6.12, but for its read-fail bit (55 bits of readers do not run over) and the
 * reader in the owner word, which is for debugging there. So a reader stores to it only after a writer.
 */
#ifndef FL_RT_NATIVE_RWLOCK_RWSEM_H
#define FL_RT_NATIVE_RWLOCK_RWSEM_H

#include <faultline/rt.h>

struct fl_rwsem_waiter;

struct fl_rwsem {
	long count;
	unsigned long owner;
	struct fl_rwsem_waiter *first, *last; /* guarded by wait_lock */
	spinlock_t wait_lock;
	int osq; /* the last of the writers who spin: number of its CPU + 1; 0: nobody */
};

#define RWSEM_WRITER_LOCKED (1L << 0)
#define RWSEM_FLAG_WAITERS (1L << 1)
#define RWSEM_FLAG_HANDOFF (1L << 2)
#define RWSEM_READER_SHIFT 8
#define RWSEM_READER_BIAS (1L << RWSEM_READER_SHIFT)
#define RWSEM_READER_MASK (~(RWSEM_READER_BIAS - 1))
#define RWSEM_LOCK_MASK (RWSEM_WRITER_LOCKED | RWSEM_READER_MASK)
#define RWSEM_READ_FAILED_MASK (RWSEM_WRITER_LOCKED | RWSEM_FLAG_WAITERS | RWSEM_FLAG_HANDOFF)

#define RWSEM_READER_OWNED (1UL << 0)
#define RWSEM_NONSPINNABLE (1UL << 1)
#define RWSEM_OWNER_SHIFT 2 /* number of the CPU + 1 */

/* @count: what the fast path's own addition left. */
void fl_rwsem_read_slow(struct fl_rwsem *sem, long count);
void fl_rwsem_write_slow(struct fl_rwsem *sem);
/* The last reader, or a writer, has left, and there are waiters. */
void fl_rwsem_wake(struct fl_rwsem *sem);
/* The caller, who was a writer, reads. */
void fl_rwsem_wake_readers(struct fl_rwsem *sem);

static inline void fl_rwsem_init(struct fl_rwsem *sem)
{
	*sem = (struct fl_rwsem){ 0 };
}

/* A thread that acts as no CPU is known as the CPU behind the last: nobody can tell whether it sleeps. */
static inline unsigned long fl_rwsem_self(void)
{
	unsigned int cpu = fl_native_this_cpu.bound ? (unsigned int)fl_native_this_cpu.id
						    : FL_MAX_CPUS;

	return (unsigned long)(cpu + 1) << RWSEM_OWNER_SHIFT;
}

/* Under the lock: only others who read do the same. */
static inline void fl_rwsem_set_reader_owned(struct fl_rwsem *sem)
{
	unsigned long owner = __atomic_load_n(&sem->owner, __ATOMIC_RELAXED);

	if (__builtin_expect(!(owner & RWSEM_READER_OWNED), 0))
		__atomic_store_n(&sem->owner, RWSEM_READER_OWNED | (owner & RWSEM_NONSPINNABLE),
				 __ATOMIC_RELAXED);
}

static inline void fl_rwsem_read_lock(struct fl_rwsem *sem)
{
	long count;

	FL_DELAY__();
	count = __atomic_add_fetch(&sem->count, RWSEM_READER_BIAS, __ATOMIC_ACQUIRE);
	if (__builtin_expect(count & RWSEM_READ_FAILED_MASK, 0))
		fl_rwsem_read_slow(sem, count);
	else
		fl_rwsem_set_reader_owned(sem);
}

static inline bool fl_rwsem_read_trylock(struct fl_rwsem *sem)
{
	long old;

	FL_DELAY__();
	old = __atomic_load_n(&sem->count, __ATOMIC_RELAXED);
	while (!(old & RWSEM_READ_FAILED_MASK)) {
		if (__atomic_compare_exchange_n(&sem->count, &old, old + RWSEM_READER_BIAS, true,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			fl_rwsem_set_reader_owned(sem);
			return true;
		}
	}
	return false;
}

static inline void fl_rwsem_read_unlock(struct fl_rwsem *sem)
{
	long count;

	FL_DELAY__();
	count = __atomic_sub_fetch(&sem->count, RWSEM_READER_BIAS, __ATOMIC_RELEASE);
	if (__builtin_expect((count & (RWSEM_LOCK_MASK | RWSEM_FLAG_WAITERS)) == RWSEM_FLAG_WAITERS,
			     0))
		fl_rwsem_wake(sem);
}

static inline void fl_rwsem_write_lock(struct fl_rwsem *sem)
{
	long old = 0;

	FL_DELAY__();
	if (__builtin_expect(__atomic_compare_exchange_n(&sem->count, &old, RWSEM_WRITER_LOCKED,
							 false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
			     1))
		__atomic_store_n(&sem->owner, fl_rwsem_self(), __ATOMIC_RELAXED);
	else
		fl_rwsem_write_slow(sem);
}

static inline void fl_rwsem_write_unlock(struct fl_rwsem *sem)
{
	long old;

	FL_DELAY__();
	__atomic_store_n(&sem->owner, 0, __ATOMIC_RELAXED);
	old = __atomic_fetch_sub(&sem->count, RWSEM_WRITER_LOCKED, __ATOMIC_RELEASE);
	if (__builtin_expect(old & RWSEM_FLAG_WAITERS, 0))
		fl_rwsem_wake(sem);
}

/* From writer to reader, with nobody in between. */
static inline void fl_rwsem_downgrade(struct fl_rwsem *sem)
{
	long old;

	FL_DELAY__();
	old = __atomic_fetch_add(&sem->count, RWSEM_READER_BIAS - RWSEM_WRITER_LOCKED,
				 __ATOMIC_RELEASE);
	__atomic_store_n(&sem->owner, RWSEM_READER_OWNED, __ATOMIC_RELAXED);
	if (__builtin_expect(old & RWSEM_FLAG_WAITERS, 0))
		fl_rwsem_wake_readers(sem);
}

static inline bool fl_rwsem_is_locked(const struct fl_rwsem *sem)
{
	FL_DELAY__();
	return (__atomic_load_n(&sem->count, __ATOMIC_RELAXED) & RWSEM_LOCK_MASK) != 0;
}

#endif
