/* SPDX-License-Identifier: MIT */
/*
 * jobs.h - one exploration by several processes.
 *
 * A thread's code is native and its memory is where it is, so each worker is a fork of the whole explorer, with all that it
 * has learnt so far. What workers share is a list of parts of the search that nobody has begun (struct flx_path: the choices that
 * lead there), counters, and the best violation, again as choices: whoever follows them comes to the same execution. A
 * worker that finds others idle gives away what lies nearest to the root of its own part, the largest as a rule.
 */
#ifndef FL_JOBS_H
#define FL_JOBS_H

#include <stdbool.h>

/*
 * Explores what is on the stack of the search; what a limit leaves of it is there on return. False: no worker could be
 * started, all is there.
 */
bool jobs_search(int workers);
bool jobs_is_worker(void);
/* In a worker: somebody waits for work, or all are to stop. */
bool jobs_want_break(void);

#endif
