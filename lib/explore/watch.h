/* SPDX-License-Identifier: MIT */
/*
 * watch.h - a thread that runs on and on without an event: a loop that nothing can end, a call that waits for
 * something outside.
 *
 * A timer looks now and then whether the engine has had its turn. If it has not for some seconds, or the time of the
 * whole search is up, the thread is stopped as at a loop's bound, and the search ends without a verdict.
 */
#ifndef FL_WATCH_H
#define FL_WATCH_H

/* Until watch_end(). */
void watch_begin(void);
void watch_end(void);

#endif
