// SPDX-License-Identifier: MIT
/* native_report.c - oracle failures under the native engine. See native_report.h. */
#include "oracle/native_report.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <faultline/oracle.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t count;
static struct fl_native_failure failed[FL_NATIVE_REPORTS];
static int nr_failed;

static bool is_new(const char *oracle)
{
	for (int i = 0; i < nr_failed; i++)
		if (!strcmp(failed[i].oracle, oracle))
			return false;
	return nr_failed < FL_NATIVE_REPORTS;
}

void fl_oracle_fail(const char *oracle, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&lock);
	count++;
	if (is_new(oracle)) {
		struct fl_native_failure *f = &failed[nr_failed++];

		snprintf(f->oracle, sizeof(f->oracle), "%s", oracle);
		va_start(ap, fmt);
		vsnprintf(f->message, sizeof(f->message), fmt, ap);
		va_end(ap);
	}
	pthread_mutex_unlock(&lock);
}

void fl_native_report_clear(void)
{
	pthread_mutex_lock(&lock);
	count = 0;
	nr_failed = 0;
	pthread_mutex_unlock(&lock);
}

uint64_t fl_native_report_count(void)
{
	uint64_t n;

	pthread_mutex_lock(&lock);
	n = count;
	pthread_mutex_unlock(&lock);
	return n;
}

void fl_native_report_first(char *oracle, size_t oracle_size, char *message, size_t message_size)
{
	pthread_mutex_lock(&lock);
	snprintf(oracle, oracle_size, "%s", nr_failed ? failed[0].oracle : "");
	snprintf(message, message_size, "%s", nr_failed ? failed[0].message : "");
	pthread_mutex_unlock(&lock);
}

int fl_native_report_oracles(struct fl_native_failure out[FL_NATIVE_REPORTS])
{
	int n;

	pthread_mutex_lock(&lock);
	n = nr_failed;
	memcpy(out, failed, (size_t)n * sizeof(*out));
	pthread_mutex_unlock(&lock);
	return n;
}
