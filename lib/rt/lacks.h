/* SPDX-License-Identifier: MIT */
/*
 * lacks.h - calls for which the machine was not made (internal, both engines): reclaim without swap, say.
 *
 * Such a call does nothing, so a run that makes it says nothing about what its author had in mind, and a verdict would
 * mislead. The call returns an error; whoever runs a scenario ends the run with the reason (lib/run/setup.c). Memory of the
 * host: nothing here is an event.
 */
#ifndef FL_RT_LACKS_H
#define FL_RT_LACKS_H

/*
 * @call, as "fl_reclaim_page()", needs @what, as "swap", and @remedy is what to set for it, as ".swap_slots". Returns
 * -EOPNOTSUPP. Any thread.
 */
int fl_rt_lacks(const char *call, const char *what, const char *remedy);
/* A sentence about the first such call since the last fl_rt_lacks_nothing(), or "". While no thread runs. */
const char *fl_rt_lacked(void);
void fl_rt_lacks_nothing(void);

#endif
