/* SPDX-License-Identifier: MIT */
/*
 * bravo.c - BRAVO: a reader-writer lock on top of another, in which readers of a lock without writers write to no word
 * that they share.
 *
 * State: per lock, whether it is biased towards readers, and the lock below; for all of them one table of visible readers,
 * whose slots are NULL or the lock that somebody reads; per thread, in which slots it is.
 *
 *   reader                                     writer
 *   B1  biased: slot of (lock, thread):        V1  takes the lock below
 *       NULL -> lock           full barrier    V2  biased: no longer so          full barrier
 *   B2  biased still: it is in                 V3  waits for each slot that has the lock      acquire [slot]
 *   B3  else slot = NULL, and the lock below   V4  no bias for NINE times as long as V3 took
 *       read:  when that time is over, biased
 *   B4  leaves: slot = NULL   release [slot]
 *
 * Never: a reader by its slot beside a writer. The barriers are those of store buffering: either B2 sees V2, or V3 sees B1.
 * Bias begins under the lock below, read: no writer is in, and the next one finds it set at V2.
 * V4 keeps what readers save more than what writers pay: V3 looks at the whole table.
 * Harmless: two threads with the same slot; who comes second takes the lock below.
 *
 * Who leaves has to know which way it came, so each thread remembers its slots. One that has as many already takes
 * the lock below.
 *
 * After: Dice and Kogan, BRAVO - Biased Locking for Reader-Writer Locks, USENIX ATC 2019.
 */
#include <errno.h>
#include <stdint.h>

#include <faultline/rt.h>

#include "rt/native/rwlock/locks.h"
#include "rt/native/rwlock/wait.h"

#define NR_SLOTS 4096
#define NINE 9
/* Read locks of different address spaces that a thread has at a time. */
#define MAX_HELD 4

struct bravo {
	const struct fl_rwlock *kind; /* of the lock below */
	void *below;
	int biased;
	uint64_t no_bias_until; /* written by writers, who have it alone; read by readers */
};

/* Eight to a line. A thread's slots are spread by the hash. */
static struct bravo *visible_readers[NR_SLOTS] __attribute__((aligned(64)));

static __thread struct {
	unsigned int nr;
	struct {
		struct bravo *lock;
		struct bravo **slot;
	} held[MAX_HELD];
} mine;

static struct bravo **slot_of(struct bravo *b)
{
	/* Addresses: what differs between locks, or threads, is in the middle. */
	uint64_t hash = ((uintptr_t)b ^ (uintptr_t)&mine >> 4) * 0x9e3779b97f4a7c15ULL;

	return &visible_readers[hash >> 52];
}
_Static_assert(NR_SLOTS == 1 << (64 - 52), "the shift in slot_of()");

/* B1, B2 */
static bool fast_read(struct bravo *b)
{
	struct bravo **slot, *nobody = NULL;

	if (!__atomic_load_n(&b->biased, __ATOMIC_RELAXED) || mine.nr == MAX_HELD)
		return false;
	slot = slot_of(b);
	if (__atomic_load_n(slot, __ATOMIC_RELAXED) ||
	    !__atomic_compare_exchange_n(slot, &nobody, b, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED))
		return false;
	if (!__atomic_load_n(&b->biased, __ATOMIC_SEQ_CST)) {
		__atomic_store_n(slot, NULL, __ATOMIC_RELEASE); /* B3 */
		return false;
	}
	mine.held[mine.nr].lock = b;
	mine.held[mine.nr++].slot = slot;
	return true;
}

/* The caller has the lock below for reading. */
static void want_bias(struct bravo *b)
{
	/* The clock costs more than the lock: only who changes something looks at it. */
	if (!__atomic_load_n(&b->biased, __ATOMIC_RELAXED) &&
	    fl_now_ns() >= __atomic_load_n(&b->no_bias_until, __ATOMIC_RELAXED))
		__atomic_store_n(&b->biased, 1, __ATOMIC_RELEASE);
}

static void bravo_read_lock(void *lock)
{
	struct bravo *b = lock;

	if (fast_read(b))
		return;
	b->kind->read_lock(b->below);
	want_bias(b);
}

static bool bravo_read_trylock(void *lock)
{
	struct bravo *b = lock;

	if (fast_read(b))
		return true;
	if (!b->kind->read_trylock(b->below))
		return false;
	want_bias(b);
	return true;
}

static void bravo_read_unlock(void *lock)
{
	struct bravo *b = lock;

	for (unsigned int i = mine.nr; i-- > 0;) {
		if (mine.held[i].lock != b)
			continue;
		__atomic_store_n(mine.held[i].slot, NULL, __ATOMIC_RELEASE); /* B4 */
		mine.held[i] = mine.held[--mine.nr];
		return;
	}
	b->kind->read_unlock(b->below);
}

/* V2 to V4 */
static void revoke(struct bravo *b)
{
	uint64_t start = fl_now_ns(), end;
	unsigned int step = 0;

	__atomic_store_n(&b->biased, 0, __ATOMIC_RELAXED);
	smp_mb(); /* V2 */
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		while (__atomic_load_n(&visible_readers[i], __ATOMIC_ACQUIRE) == b)
			fl_wait(&step);
	}
	end = fl_now_ns();
	__atomic_store_n(&b->no_bias_until, end + (end - start) * NINE, __ATOMIC_RELAXED);
}

static void bravo_write_lock(void *lock)
{
	struct bravo *b = lock;

	b->kind->write_lock(b->below); /* V1 */
	if (__atomic_load_n(&b->biased, __ATOMIC_RELAXED))
		revoke(b);
}

static void bravo_write_unlock(void *lock)
{
	struct bravo *b = lock;

	b->kind->write_unlock(b->below);
}

static void bravo_downgrade(void *lock)
{
	struct bravo *b = lock;

	b->kind->downgrade(b->below);
}

static int bravo_init(struct bravo *b, const struct fl_rwlock *kind)
{
	int err;

	b->kind = kind;
	b->biased = 0;
	b->no_bias_until = 0;
	b->below = fl_zalloc_aligned(kind->size, kind->align);
	if (!b->below)
		return -ENOMEM;
	err = kind->init(b->below);
	if (err)
		fl_free(b->below);
	return err;
}

static void bravo_destroy(void *lock)
{
	struct bravo *b = lock;

	if (b->kind->destroy)
		b->kind->destroy(b->below);
	fl_free(b->below);
}

/* @can: has the lock below a downgrade? */
#define BRAVO(id, text, can)                                                                       \
	static int bravo_##id##_init(void *lock)                                                   \
	{                                                                                          \
		return bravo_init(lock, &fl_rwlock_##id);                                          \
	}                                                                                          \
	const struct fl_rwlock fl_rwlock_bravo_##id = {                                            \
		.name = "bravo-" text,                                                             \
		.doc = "BRAVO on " text ": readers leave the lock alone while no writer comes",    \
		.source = "Dice and Kogan, BRAVO - Biased Locking for Reader-Writer Locks, "       \
			  "USENIX ATC 2019",                                                       \
		.size = sizeof(struct bravo),                                                      \
		.align = 64,                                                                       \
		.init = bravo_##id##_init,                                                         \
		.destroy = bravo_destroy,                                                          \
		.read_lock = bravo_read_lock,                                                      \
		.read_trylock = bravo_read_trylock,                                                \
		.read_unlock = bravo_read_unlock,                                                  \
		.write_lock = bravo_write_lock,                                                    \
		.write_unlock = bravo_write_unlock,                                                \
		.downgrade = (can) ? bravo_downgrade : NULL,                                       \
	}

BRAVO(rwsem, "rwsem", true);
BRAVO(ticket, "ticket", true);
BRAVO(pthread, "pthread", false);
BRAVO(phase_fair, "phase-fair", true);
BRAVO(cohort, "cohort", true);
