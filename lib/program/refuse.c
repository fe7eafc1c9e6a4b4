// SPDX-License-Identifier: MIT
/* refuse.c - see refuse.h. Called with whatever arguments, none of which matters. */
#include "call.h"

#define FILES "files and what else is outside of the program are not there"
#define PROCESSES "there is one process"
#define SIGNALS "there are no signals"
#define WIDE "an atomic object has at most 8 bytes"

#define REFUSE(name, reason)                                                                       \
	CALL(void, name, void)                                                                     \
	{                                                                                          \
		call_refuse("%s() is not modelled: %s", #name, reason);                            \
	}

#include "refuse.h"
