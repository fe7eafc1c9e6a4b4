/* SPDX-License-Identifier: MIT */
/* locks.h - the kinds of reader-writer locks that there are, for table.c and bravo.c. One file each. */
#ifndef FL_RT_NATIVE_RWLOCK_LOCKS_H
#define FL_RT_NATIVE_RWLOCK_LOCKS_H

#include <faultline/rwlock.h>

extern const struct fl_rwlock fl_rwlock_rwsem;
extern const struct fl_rwlock fl_rwlock_ticket;
extern const struct fl_rwlock fl_rwlock_pthread;
extern const struct fl_rwlock fl_rwlock_phase_fair;
extern const struct fl_rwlock fl_rwlock_cohort;
extern const struct fl_rwlock fl_rwlock_bravo_rwsem;
extern const struct fl_rwlock fl_rwlock_bravo_ticket;
extern const struct fl_rwlock fl_rwlock_bravo_pthread;
extern const struct fl_rwlock fl_rwlock_bravo_phase_fair;
extern const struct fl_rwlock fl_rwlock_bravo_cohort;

#endif
