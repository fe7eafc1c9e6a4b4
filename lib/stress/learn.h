/* SPDX-License-Identifier: MIT */
/*
 * learn.h - runs with stalls that have shown something new, for other runs to go on from.
 *
 * New is an order of two accesses that no run with stalls has shown before (meet.h). The plan of such a run is
 * kept, and where its threads came to, which one more run with the same plan says: behind a stall that mattered
 * threads do what they never do when they take turns. Later runs have its stalls, and one or two more.
 */
#ifndef FL_STRESS_LEARN_H
#define FL_STRESS_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "stress/places.h"

struct fl_learn;

/* NULL: no memory. All orders are new again. */
struct fl_learn *fl_learn_new(struct fl_delay_threads *all);
void fl_learn_free(struct fl_learn *learn);

/* Plans run @run upon one that is kept. False: none is, and nothing is planned. */
bool fl_learn_plan(const struct fl_learn *learn, uint64_t seed, uint64_t run);
/* The next run is to be looked at, or not. */
void fl_learn_look(struct fl_learn *learn, bool on);
/* Has the last run shown anything new? */
bool fl_learn_saw(const struct fl_learn *learn);
/* Keeps its plan; @run runs it once more. 0, or a negative errno. */
int fl_learn_keep(struct fl_learn *learn, int (*run)(void *arg), void *arg);

#endif
