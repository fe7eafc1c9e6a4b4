// SPDX-License-Identifier: MIT
/* oracle_check.c - an oracle's failure under the check engine: the execution in hand is the witness. */
#include <faultline/oracle.h>

#include <stdarg.h>
#include <stdio.h>

#include "explore/explore.h"

void fl_oracle_fail(const char *oracle, const char *fmt, ...)
{
	char message[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	flx_fail(oracle, message);
}
