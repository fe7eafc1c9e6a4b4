/* SPDX-License-Identifier: MIT */
/*
 * places.h - how many places the threads come to, and at which of them they come to shared memory.
 *
 * Found out by a few first runs in which the threads take turns: one after the other, each time in another
 * order. With nobody racing, the same scenario gives the same places each time, so that a plan hangs on the
 * seed and the number of the run alone.
 */
#ifndef FL_STRESS_PLACES_H
#define FL_STRESS_PLACES_H

#include "stress/delay.h"

/* Notes where threads come to in some runs. NULL: no memory. */
struct fl_noter;
struct fl_noter *fl_noter_new(struct fl_delay_threads *all);
void fl_noter_free(struct fl_noter *noter);

/* @run runs the threads once, by the plans in the noter's: what it returns, 0 or a negative errno. */
int fl_noter_run(struct fl_noter *noter, int (*run)(void *arg), void *arg);
/* Lists the places of all runs since the last list, and begins anew. -ENOMEM; fl_places_free() whatever it returns. */
int fl_noter_list(struct fl_noter *noter, struct fl_places *places);

/*
 * Fills in @places of the threads of @all. @run runs them once, by the plans in @all; 0, or a negative errno, which
 * ends it. -ENOMEM. fl_places_free() afterwards, whatever it returns.
 */
int fl_places_count(struct fl_delay_threads *all, struct fl_places *places, int (*run)(void *arg),
		    void *arg);
void fl_places_free(struct fl_places places[FL_MAX_THREADS]);

#endif
