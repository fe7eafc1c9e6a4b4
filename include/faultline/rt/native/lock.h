/* SPDX-License-Identifier: MIT */
/*
 * native/lock.h - locks of the native engine: one atomic instruction if nobody else is there.
 *
 * Whoever waits spins, answers interrupts that its CPU gets meanwhile (fl_ipi_poll()), and yields
 * the processor after a while, since there may be more CPUs than cores.
 *
 * A spinlock_t is taken by whoever comes first. A rw_semaphore is fair: who has to wait draws a
 * ticket, and nobody who comes later gets in before. The word has, from low to high,
 *
 *   bit 0       a writer is in        (FL_RWSEM_WRITER)
 *   bits 1-31   readers that are in   (FL_RWSEM_READER each; for a moment one who came in vain, too)
 *   bits 32-47  the ticket to be served
 *   bits 48-63  the next ticket to draw
 *
 * and the upper half is 0 exactly if nobody waits. So, as in the kernel, down_read_trylock() fails if
 * a writer is in or anyone waits, and down_write_trylock() if the word is not 0.
 */
#ifndef FAULTLINE_RT_NATIVE_LOCK_H
#define FAULTLINE_RT_NATIVE_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/rt/native/base.h>

/* One step of waiting. *@step counts the steps; 0 at first. */
void fl_native_wait(unsigned int *step);

/*
 * For waits that may last for ever: begin and end go round the wait. The step is fl_native_wait() and
 * returns false once the wait has to be given up because the run ends (lib/rt/thread.h).
 */
void fl_native_may_wait_begin(void);
bool fl_native_may_wait(unsigned int *step);
void fl_native_may_wait_end(void);

static inline uint64_t fl_native_bits(const void *value, size_t size)
{
	uint64_t bits = 0;

	__builtin_memcpy(&bits, value, size);
	return bits;
}

/* Waits until (*p & mask) == want, returns *p. */
#define FL_AWAIT_MASK(p, mask, want, order, text)                                                  \
	FL_AWAIT__(p, mask, want, order, FL_UNIQUE__(fl_await_), FL_UNIQUE__(fl_await_),           \
		   FL_UNIQUE__(fl_await_), FL_UNIQUE__(fl_await_), FL_UNIQUE__(fl_await_))
#define FL_AWAIT__(p, mask, want, order, ptr, bits, goal, step, got)                               \
	({                                                                                         \
		__typeof__(FL_ATOMIC_PTR__(p)) ptr = FL_ATOMIC_PTR__(p);                           \
		uint64_t bits = (mask), goal = (want);                                             \
		unsigned int step = 0;                                                             \
		FL_VALUE_TYPE__(*(p)) got = FL_LOAD(ptr, order, );                                 \
		while ((fl_native_bits(&got, sizeof(got)) & bits) != goal) {                       \
			fl_native_wait(&step);                                                     \
			got = FL_LOAD_AGAIN__(ptr, order);                                         \
		}                                                                                  \
		got;                                                                               \
	})
/*
 * As above; waiting for ever is a legal end (user space need not answer). When the run ends like
 * that, it returns a value for which the condition does not hold: the caller looks at it.
 */
#define FL_AWAIT_MASK_MAY_WAIT(p, mask, want, order, text)                                         \
	FL_AWAIT_MAY_WAIT__(p, mask, want, order, FL_UNIQUE__(fl_await_), FL_UNIQUE__(fl_await_),  \
			    FL_UNIQUE__(fl_await_), FL_UNIQUE__(fl_await_),                        \
			    FL_UNIQUE__(fl_await_))
#define FL_AWAIT_MAY_WAIT__(p, mask, want, order, ptr, bits, goal, step, got)                      \
	({                                                                                         \
		__typeof__(FL_ATOMIC_PTR__(p)) ptr = FL_ATOMIC_PTR__(p);                           \
		uint64_t bits = (mask), goal = (want);                                             \
		unsigned int step = 0;                                                             \
		FL_VALUE_TYPE__(*(p)) got = FL_LOAD(ptr, order, );                                 \
		if ((fl_native_bits(&got, sizeof(got)) & bits) != goal) {                          \
			fl_native_may_wait_begin();                                                \
			do {                                                                       \
				got = FL_LOAD_AGAIN__(ptr, order);                                 \
			} while ((fl_native_bits(&got, sizeof(got)) & bits) != goal &&             \
				 fl_native_may_wait(&step));                                       \
			fl_native_may_wait_end();                                                  \
		}                                                                                  \
		got;                                                                               \
	})

void fl_native_spin_lock_slow(spinlock_t *lock);

/* A marked store: see check/lock.h. */
static inline void spin_lock_init(spinlock_t *lock)
{
	__atomic_store_n(&lock->val, 0, __ATOMIC_RELAXED);
}

static inline bool spin_trylock(spinlock_t *lock)
{
	FL_DELAY__();
	return __atomic_exchange_n(&lock->val, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void spin_lock(spinlock_t *lock)
{
	if (__builtin_expect(!spin_trylock(lock), 0))
		fl_native_spin_lock_slow(lock);
}

static inline void spin_unlock(spinlock_t *lock)
{
	FL_DELAY__();
	__atomic_store_n(&lock->val, 0, __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	FL_DELAY__();
	return __atomic_load_n(&lock->val, __ATOMIC_RELAXED) != 0;
}

/* What is not readers: a writer, or anyone who waits. */
#define FL_RWSEM_NO_READ__ (~(long)UINT32_MAX | FL_RWSEM_WRITER)

void fl_native_down_read_slow(struct rw_semaphore *sem);
void fl_native_down_write_slow(struct rw_semaphore *sem);

static inline void init_rwsem(struct rw_semaphore *sem)
{
	sem->count = 0;
}

static inline void down_read(struct rw_semaphore *sem)
{
	long old;

	FL_DELAY__();
	old = __atomic_fetch_add(&sem->count, FL_RWSEM_READER, __ATOMIC_ACQUIRE);
	if (__builtin_expect(old & FL_RWSEM_NO_READ__, 0))
		fl_native_down_read_slow(sem);
}

static inline bool down_read_trylock(struct rw_semaphore *sem)
{
	long old;

	FL_DELAY__();
	old = __atomic_load_n(&sem->count, __ATOMIC_RELAXED);
	while (!(old & FL_RWSEM_NO_READ__)) {
		if (__atomic_compare_exchange_n(&sem->count, &old, old + FL_RWSEM_READER, true,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

static inline bool down_write_trylock(struct rw_semaphore *sem)
{
	long old = 0;

	FL_DELAY__();
	return __atomic_compare_exchange_n(&sem->count, &old, FL_RWSEM_WRITER, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void down_write(struct rw_semaphore *sem)
{
	if (__builtin_expect(!down_write_trylock(sem), 0))
		fl_native_down_write_slow(sem);
}

static inline void up_read(struct rw_semaphore *sem)
{
	FL_DELAY__();
	__atomic_fetch_sub(&sem->count, FL_RWSEM_READER, __ATOMIC_RELEASE);
}

static inline void up_write(struct rw_semaphore *sem)
{
	FL_DELAY__();
	__atomic_fetch_sub(&sem->count, FL_RWSEM_WRITER, __ATOMIC_RELEASE);
}

/* From writer to reader, with nobody in between. */
static inline void downgrade_write(struct rw_semaphore *sem)
{
	FL_DELAY__();
	__atomic_fetch_add(&sem->count, FL_RWSEM_READER - FL_RWSEM_WRITER, __ATOMIC_RELEASE);
}

static inline bool rwsem_is_locked(const struct rw_semaphore *sem)
{
	FL_DELAY__();
	return (__atomic_load_n(&sem->count, __ATOMIC_RELAXED) & UINT32_MAX) != 0;
}

#endif
