/* SPDX-License-Identifier: MIT */
/*
 * phase_fair.c - Concurrency Kit's phase-fair lock (ck_pflock): while readers wait, a writer who leaves lets all of
 * them in, and while a writer waits, readers who leave let him in. Nobody waits for more than one phase of the other
 * side, whatever comes after. Writers among themselves are in order of arrival.
 *
 * ck has no trylock and no downgrade. Both use its words: rin counts readers that came (in steps of CK_PFLOCK_RINC) and has
 * in its low bits whether a writer is in, or waits; rout counts those that left.
 */
#include "rt/native/rwlock/ck.h"

#include <ck_pflock.h>

#include "rt/native/rwlock/locks.h"

static int phase_fair_init(void *lock)
{
	ck_pflock_init(lock);
	return 0;
}

static void phase_fair_read_lock(void *lock)
{
	fl_ck_begin();
	ck_pflock_read_lock(lock);
	FL_CK_ACQUIRED(lock);
}

static bool phase_fair_read_trylock(void *lock)
{
	ck_pflock_t *pf = lock;
	uint32_t came = ck_pr_load_32(&pf->rin);

	if (came & CK_PFLOCK_WBITS || !ck_pr_cas_32(&pf->rin, came, came + CK_PFLOCK_RINC))
		return false;
	ck_pr_fence_lock();
	FL_CK_ACQUIRED(lock);
	return true;
}

static void phase_fair_read_unlock(void *lock)
{
	FL_CK_RELEASE(lock);
	ck_pflock_read_unlock(lock);
}

static void phase_fair_write_lock(void *lock)
{
	fl_ck_begin();
	ck_pflock_write_lock(lock);
	FL_CK_ACQUIRED(lock);
}

static void phase_fair_write_unlock(void *lock)
{
	FL_CK_RELEASE(lock);
	ck_pflock_write_unlock(lock);
}

/* One of the readers that the next writer waits for. */
static void phase_fair_downgrade(void *lock)
{
	ck_pflock_t *pf = lock;

	FL_CK_RELEASE(lock);
	ck_pr_faa_32(&pf->rin, CK_PFLOCK_RINC);
	ck_pflock_write_unlock(pf);
}

const struct fl_rwlock fl_rwlock_phase_fair = {
	.name = "phase-fair",
	.doc = "ck_pflock: readers and writers take turns; who waits spins, then yields",
	.source = "Brandenburg and Anderson, Spin-based reader-writer synchronization for "
		  "multiprocessor "
		  "real-time systems, 2010; Concurrency Kit, ck_pflock.h",
	.size = sizeof(ck_pflock_t),
	.align = _Alignof(ck_pflock_t),
	.init = phase_fair_init,
	.read_lock = phase_fair_read_lock,
	.read_trylock = phase_fair_read_trylock,
	.read_unlock = phase_fair_read_unlock,
	.write_lock = phase_fair_write_lock,
	.write_unlock = phase_fair_write_unlock,
	.downgrade = phase_fair_downgrade,
};
