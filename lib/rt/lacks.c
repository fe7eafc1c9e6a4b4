// SPDX-License-Identifier: MIT
/* lacks.c - see lacks.h. */
#include "rt/lacks.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#ifdef FAULTLINE_CHECK
#include "explore/exec.h"
#endif

static char sentence[256];
static atomic_bool taken;

int fl_rt_lacks(const char *call, const char *what, const char *remedy)
{
	if (!atomic_exchange(&taken, true))
		snprintf(sentence, sizeof(sentence),
			 "%s needs a machine with %s: set %s in the scenario's .needs", call, what,
			 remedy);
#ifdef FAULTLINE_CHECK
	/* Ends the search, in all of its processes. */
	if (current_thread >= 0 && !exec_error[0])
		snprintf(exec_error, sizeof(exec_error), "%s", sentence);
#endif
	return -EOPNOTSUPP;
}

const char *fl_rt_lacked(void)
{
	return sentence;
}

void fl_rt_lacks_nothing(void)
{
	sentence[0] = '\0';
	atomic_store(&taken, false);
}
