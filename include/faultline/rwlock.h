/* SPDX-License-Identifier: MIT */
/*
 * rwlock.h - which reader-writer lock the mmap_lock of an address space is, and locks of your own.
 *
 * A choice of the native engine (fl_machine_config.rwlock). Known are, as fl_rwlock_at() has them,
 *
 *   rwsem        as kernel/locking/rwsem.c, Linux 6.12: queue, optimistic spinning, handoff. The default
 *   ticket       first come, first served; who waits spins
 *   pthread      pthread_rwlock_t, writers first
 *   phase-fair   ck_pflock of Concurrency Kit: readers and writers take turns
 *   cohort       ck_rwcohort of Concurrency Kit: writers pass it on to neighbours
 *   bravo-X      BRAVO on top of each of these: while no writer has come readers leave the lock alone
 *
 * docs/rwlocks.md says what each costs and when it wins.
 *
 * A lock of your own is a table of functions over memory that the library allocates for each address
 * space. While a thread waits for a lock others, among them who has the lock, may send its CPU interrupts (TLB
 * shootdowns). A thread that spins calls fl_wait() between two looks, which answers them; one that sleeps does so
 * between fl_sleep_begin() and fl_sleep_end(), and senders do the CPU's part at once. A thread that does neither
 * holds up nobody for good, but each sender waits some microseconds for its answer, and then needs a
 * membarrier(2) to act in its place.
 *
 * The check engine has its own lock, and none of these: fl_rwlock_at() has nothing, and a machine with a table
 * is -EOPNOTSUPP.
 */
#ifndef FAULTLINE_RWLOCK_H
#define FAULTLINE_RWLOCK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A kind of lock. Any thread may call, several at once; who has the lock lets go of it, and nobody else for
 * him. Taking it is an acquire, letting go of it a release. Constant while there is a machine that has it.
 */
struct fl_rwlock {
	const char *name;   /* "rwsem" */
	const char *doc;    /* one line: what it is */
	const char *source; /* the paper, or the kernel's file, that it is after; NULL: none */
	size_t size;	    /* bytes of one lock; the library allocates them, zeroed */
	size_t align;	    /* of these bytes, a power of two */
	/* Makes a free lock of @lock. 0 or a negative errno, which fl_mm_create() returns. */
	int (*init)(void *lock);
	/* Before the memory goes; nobody has the lock. May be NULL. */
	void (*destroy)(void *lock);
	/* Shared with other readers. A thread does not take a lock that it has. */
	void (*read_lock)(void *lock);
	/* The same without waiting, or not at all: it may fail for no reason. */
	bool (*read_trylock)(void *lock);
	/* By who took it for reading, or by the writer, after downgrade(). */
	void (*read_unlock)(void *lock);
	/* Alone. */
	void (*write_lock)(void *lock);
	/* Of a writer who did not downgrade. */
	void (*write_unlock)(void *lock);
	/*
	 * The writer becomes a reader, and no other writer comes in between. NULL: he stays alone; the library
	 * calls write_unlock() in the end.
	 */
	void (*downgrade)(void *lock);
};

/* The kind of that name; NULL if there is none. Any thread. */
const struct fl_rwlock *fl_rwlock_find(const char *name);
/* All of them, from 0 on, the default first; NULL after the last. Any thread. */
const struct fl_rwlock *fl_rwlock_at(size_t i);

/*
 * For a thread that spins in a lock of yours: one step of waiting. Answers interrupts to its CPU; yields the
 * processor after some steps, which *@step counts: 0 at first. Any thread.
 */
void fl_wait(unsigned int *step);
/*
 * The calling thread is about to sleep. Its CPU is idle until fl_sleep_end(): interrupts to it are answered by
 * who sends them. Returns what fl_sleep_end() wants. Any thread, also one that acts as no CPU; does not nest.
 */
int fl_sleep_begin(void);
/* It is awake again. No other function of the library is called in between. */
void fl_sleep_end(int slept);

#endif
