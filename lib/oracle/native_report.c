// SPDX-License-Identifier: MIT
/* native_report.c - oracle failures under the native engine. See native_report.h. */
#include "oracle/native_report.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include <faultline/oracle.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t count;
static char first_oracle[32], first_message[256];

void fl_oracle_fail(const char *oracle, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&lock);
	if (count++ == 0) {
		snprintf(first_oracle, sizeof(first_oracle), "%s", oracle);
		va_start(ap, fmt);
		vsnprintf(first_message, sizeof(first_message), fmt, ap);
		va_end(ap);
	}
	pthread_mutex_unlock(&lock);
}

void fl_native_report_clear(void)
{
	pthread_mutex_lock(&lock);
	count = 0;
	first_oracle[0] = '\0';
	first_message[0] = '\0';
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
	snprintf(oracle, oracle_size, "%s", first_oracle);
	snprintf(message, message_size, "%s", first_message);
	pthread_mutex_unlock(&lock);
}
