/* SPDX-License-Identifier: MIT */
/*
 * lifetime.h - accesses of an ordinary program to objects that do not exist, in the execution in hand.
 *
 * An object of the heap begins with its allocation and ends with free(), a variable of a function ends when that returns,
 * all that is on a thread's stack when the thread ends. An access has to come after the one and before the
 * other, whatever the schedule.
 */
#ifndef FL_LIFETIME_H
#define FL_LIFETIME_H

#include <stdbool.h>

struct lifetime_error {
	const char *oracle;
	char message[160];
	int pair[2]; /* events that show it, or EV_NONE */
};

/* Is there such an access in G? */
bool lifetime_error(struct lifetime_error *err);
void lifetime_forget(void);

#endif
