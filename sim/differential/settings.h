/* SPDX-License-Identifier: MIT */
/*
 * settings.h - what is changed on this host for the time of a run: a swap file of our own, KSM at our command.
 *
 * A process of its own puts all back when nobody of us is left, however we ended.
 */
#ifndef FL_DIFFERENTIAL_SETTINGS_H
#define FL_DIFFERENTIAL_SETTINGS_H

#include <stdbool.h>

/* Needs root, a host without swap, and one where nobody uses KSM. *@swap, *@ksm: it is there. */
void settings_begin(bool *swap, bool *ksm);
/* Waits until all is as it was. In the process that began, when no other one is left. */
void settings_end(void);

/* A whole sequence's, since ksmd looks at all processes. -1: not to be had. */
int ksm_lock(void);
void ksm_unlock(int fd);
/* One pass of ksmd. False: it did not come to an end. */
bool ksm_pass(void);

#endif
