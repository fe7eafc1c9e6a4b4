/* SPDX-License-Identifier: MIT */
/*
 * retry.h - stores of a round that is tried again.
 *
 *	old = load(&top);
 *	do store(&node->next, old); while (!compare_exchange(&top, &old, node));
 *
 * A round that failed here differs from none (round.h) by its store, and that is replaced at once: the next round begins with
 * another one to the same place. If every access of the place by another thread comes before the first of the two in
 * happens-before, or after the second, none can tell whether there was one store or two, and the round is left out.
 *
 * That is taken for granted, of memory that the thread has allocated itself, until an execution shows otherwise, which is learnt (learn.h); then the rounds at this place
 * count. An access that is not ordered with the second store is not ordered with the only one, either, where the round is
 * left out. One that comes between the two follows a load of the first one, which could have read what was there before:
 * that is tried, and not ordered.
 */
#ifndef FL_RETRY_H
#define FL_RETRY_H

#include <stdbool.h>

/* May the store @w, the last one of its thread there, be left out, since the thread does another one next? */
bool retry_may_leave_out(int w);
/* Event @e of G is new, or reads something else. */
void retry_look(int e);

#endif
