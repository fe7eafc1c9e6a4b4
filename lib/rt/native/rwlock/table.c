/* SPDX-License-Identifier: MIT */
/* table.c - the kinds of reader-writer locks, by name. */
#include <string.h>

#include "rt/native/rwlock/locks.h"

static const struct fl_rwlock *const kinds[] = {
	&fl_rwlock_rwsem,	 &fl_rwlock_ticket,	   &fl_rwlock_pthread,
	&fl_rwlock_phase_fair,	 &fl_rwlock_cohort,	   &fl_rwlock_bravo_rwsem,
	&fl_rwlock_bravo_ticket, &fl_rwlock_bravo_pthread, &fl_rwlock_bravo_phase_fair,
	&fl_rwlock_bravo_cohort,
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct fl_rwlock *fl_rwlock_at(size_t i)
{
	return i < NR_KINDS ? kinds[i] : NULL;
}

const struct fl_rwlock *fl_rwlock_find(const char *name)
{
	for (size_t i = 0; i < NR_KINDS; i++) {
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	}
	return NULL;
}
