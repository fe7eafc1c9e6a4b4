/* SPDX-License-Identifier: MIT */
/*
 * cohort.c - Concurrency Kit's reader-writer lock on a cohort lock (ck_rwcohort, ck_cohort), writers first (C-RW-WP).
 *
 * CPUs are in cohorts, which stand for the nodes of a machine with non-uniform memory: here neighbours by number. A writer
 * takes the lock of its cohort, then the one that all share. Who leaves passes both on to a writer of its own cohort, if one waits,
 * up to LOCAL_PASSES times in a row, so that what it wrote stays near. Both are ticket locks.
 *
 * A reader counts itself, and is in unless a writer holds or waits for a lock of these; then it takes that back and
 * waits. After PATIENCE looks in vain it keeps new writers from lining up.
 *
 * ck has no trylock and no downgrade of it. A reader's trylock does the first steps of its lock. A downgrade counts the writer as a
 * reader: the next writer waits for it like for any other.
 */
#include <faultline/rt.h>

#include "rt/native/rwlock/ck.h"

#include <ck_cohort.h>
#include <ck_rwcohort.h>
#include <ck_spinlock.h>

#include "rt/native/rwlock/locks.h"

#define CPUS_PER_COHORT 4
#define NR_COHORTS (FL_MAX_CPUS / CPUS_PER_COHORT)
#define LOCAL_PASSES 10
#define PATIENCE 100

/* With the two arguments that ck passes. What a cohort lock guards by them are plain words: ThreadSanitizer looks. */
static void cohort_ticket_lock(void *lock, void *context)
{
	ck_spinlock_ticket_lock(lock);
	FL_CK_ACQUIRED(lock);
}

static void cohort_ticket_unlock(void *lock, void *context)
{
	FL_CK_RELEASE(lock);
	ck_spinlock_ticket_unlock(lock);
}

static bool cohort_ticket_locked(void *lock, void *context)
{
	return ck_spinlock_ticket_locked(lock);
}

CK_COHORT_PROTOTYPE(fl, cohort_ticket_lock, cohort_ticket_unlock, cohort_ticket_locked,
		    cohort_ticket_lock, cohort_ticket_unlock, cohort_ticket_locked)
CK_RWCOHORT_WP_PROTOTYPE(fl)

/* Lines of their own: each is for its cohort alone. */
struct cohort {
	CK_COHORT_INSTANCE(fl) lock;
	ck_spinlock_ticket_t local;
} __attribute__((aligned(64)));

struct cohort_lock {
	CK_RWCOHORT_WP_INSTANCE(fl) rw;
	ck_spinlock_ticket_t global __attribute__((aligned(64)));
	struct cohort *writer; /* of the writer who is in, to whom it belongs */
	struct cohort cohorts[NR_COHORTS];
};

/* Of the calling thread; one that acts as no CPU goes with CPU 0. */
static struct cohort *my_cohort(struct cohort_lock *l)
{
	return &l->cohorts[smp_processor_id() / CPUS_PER_COHORT];
}

static int cohort_init(void *lock)
{
	struct cohort_lock *l = lock;

	CK_RWCOHORT_WP_INIT(fl, &l->rw, PATIENCE);
	ck_spinlock_ticket_init(&l->global);
	for (int i = 0; i < NR_COHORTS; i++) {
		ck_spinlock_ticket_init(&l->cohorts[i].local);
		CK_COHORT_INIT(fl, &l->cohorts[i].lock, &l->global, &l->cohorts[i].local,
			       LOCAL_PASSES);
	}
	return 0;
}

static void cohort_read_lock(void *lock)
{
	struct cohort_lock *l = lock;

	fl_ck_begin();
	CK_RWCOHORT_WP_READ_LOCK(fl, &l->rw, &my_cohort(l)->lock, NULL, NULL);
	ck_pr_fence_lock(); /* ck orders loads alone */
	FL_CK_ACQUIRED(l);
}

static bool cohort_read_trylock(void *lock)
{
	struct cohort_lock *l = lock;

	ck_pr_inc_uint(&l->rw.read_counter);
	ck_pr_fence_atomic_load();
	if (CK_COHORT_LOCKED(fl, &my_cohort(l)->lock, NULL, NULL)) {
		ck_pr_dec_uint(&l->rw.read_counter);
		return false;
	}
	ck_pr_fence_lock();
	FL_CK_ACQUIRED(l);
	return true;
}

static void cohort_read_unlock(void *lock)
{
	struct cohort_lock *l = lock;

	FL_CK_RELEASE(l);
	ck_pr_fence_unlock();
	CK_RWCOHORT_WP_READ_UNLOCK(fl, &l->rw, NULL, NULL, NULL);
}

static void cohort_write_lock(void *lock)
{
	struct cohort_lock *l = lock;
	struct cohort *mine = my_cohort(l);

	fl_ck_begin();
	CK_RWCOHORT_WP_WRITE_LOCK(fl, &l->rw, &mine->lock, NULL, NULL);
	ck_pr_fence_lock(); /* the readers who left */
	FL_CK_ACQUIRED(l);
	l->writer = mine;
}

static void cohort_write_unlock(void *lock)
{
	struct cohort_lock *l = lock;
	struct cohort *mine = l->writer;

	FL_CK_RELEASE(l);
	CK_RWCOHORT_WP_WRITE_UNLOCK(fl, &l->rw, &mine->lock, NULL, NULL);
}

static void cohort_downgrade(void *lock)
{
	struct cohort_lock *l = lock;

	ck_pr_inc_uint(&l->rw.read_counter);
	cohort_write_unlock(l);
}

const struct fl_rwlock fl_rwlock_cohort = {
	.name = "cohort",
	.doc = "ck_rwcohort: writers first, who pass it on to neighbours; who waits spins, then "
	       "yields",
	.source = "Calciu, Dice, Lev, Luchangco, Marathe and Shavit, NUMA-aware reader-writer "
		  "locks, 2013; "
		  "Concurrency Kit, ck_rwcohort.h",
	.size = sizeof(struct cohort_lock),
	.align = _Alignof(struct cohort_lock),
	.init = cohort_init,
	.read_lock = cohort_read_lock,
	.read_trylock = cohort_read_trylock,
	.read_unlock = cohort_read_unlock,
	.write_lock = cohort_write_lock,
	.write_unlock = cohort_write_unlock,
	.downgrade = cohort_downgrade,
};
