/* SPDX-License-Identifier: MIT */
/*
 * retry.h - stores of a round that is tried again.
 *
 *	old = load(&top);
 *	do store(&node->next, old); while (!compare_exchange(&top, &old, node));
 *
 * A round that failed here differs from none (round.h) by its store, and that is soon replaced: the next round begins with
 * a store to the same place. If every access of the place by another thread comes before both in happens-before, or after
 * both, none can tell whether there was one store or two, and the round is left out. So such places are
 * watched: which they are is learnt (learn.h), and so is it when two accesses of one are not ordered; then its rounds count.
 */
#ifndef FL_RETRY_H
#define FL_RETRY_H

#include <stdbool.h>

/* May a store to @loc be left out that another one follows? Not for the asking: from now on @loc is watched. */
bool retry_may_leave_out(int loc);
/* Event @e of G is new, or reads something else. */
void retry_look(int e);

#endif
