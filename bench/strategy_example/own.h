/* SPDX-License-Identifier: MIT */
/* own.h - a lock strategy from outside of the library: own.c. */
#ifndef OWN_H
#define OWN_H

#include <faultline/lock.h>

extern const struct fl_lock_strategy own_lock;
/* A writer who does not wait for faults: what the check engine finds. */
extern const struct fl_lock_strategy own_broken_lock;

#endif
