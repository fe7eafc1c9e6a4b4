// SPDX-License-Identifier: MIT
/* oracle_check.c - an oracle's failure under the check engine: the execution in hand is the witness. */
#include <faultline/oracle.h>

#include <stdarg.h>
#include <stdio.h>

#include "explore/explore.h"
#include "failure.h"
#include "rt/check/stop.h"
#include "witness.h"

static struct {
	bool any, in_thread;
	int thread, passed;
} first;

void fl_failure_forget(void)
{
	first.any = false;
}

bool fl_failure_position(int *thread, int *passed)
{
	*thread = first.thread;
	*passed = first.passed;
	return first.any && first.in_thread;
}

void fl_oracle_fail(const char *oracle, const char *fmt, ...)
{
	char message[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (!first.any) {
		first.any = true;
		first.in_thread = fl_stop_position(&first.thread, &first.passed);
		fl_witness_failed(oracle);
	}
	fl_stop_at_oracle(oracle, message);
	flx_fail(oracle, message);
}
