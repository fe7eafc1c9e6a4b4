/* SPDX-License-Identifier: MIT */
/*
 * rwlock_kind.h - what the suites of all kinds of reader-writer locks start from: a lock of the kind whose number the
 * case has. It has been read twice before: then BRAVO is biased.
 */
#ifndef TESTS_UNIT_RT_RWLOCK_KIND_H
#define TESTS_UNIT_RT_RWLOCK_KIND_H

#include <check.h>

#include <faultline/rt.h>
#include <faultline/rwlock.h>

#include "rt/ipi_internal.h"
#include "rt/native/rwlock/chosen.h"

#define NCPUS 8

static const struct fl_rwlock *kind;
static void *lock;
static struct fl_chosen_lock chosen;

/* Kinds are numbered from 0 on. */
static inline int nr_kinds(void)
{
	int nr = 0;

	while (fl_rwlock_at((size_t)nr))
		nr++;
	return nr;
}

static inline void warm_up(void)
{
	for (int i = 0; i < 2; i++) {
		kind->read_lock(lock);
		kind->read_unlock(lock);
	}
}

static inline void begin(int nr)
{
	kind = fl_rwlock_at((size_t)nr);
	lock = fl_zalloc_aligned(kind->size, kind->align);
	ck_assert_ptr_nonnull(lock);
	/* As the mm has it; but the default, too, goes by its table here. */
	ck_assert_int_eq(fl_chosen_init(&chosen, kind, lock), 0);
	ck_assert_int_eq(fl_ipi_init(NCPUS), 0);
	warm_up();
}

static inline void end(void)
{
	kind->write_lock(lock); /* nobody has it */
	kind->write_unlock(lock);
	fl_chosen_exit(&chosen);
	fl_free(lock);
	fl_ipi_exit();
}

#endif
