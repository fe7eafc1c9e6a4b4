/* SPDX-License-Identifier: MIT */
/*
 * native_report.h - what fl_oracle_fail() does under the native engine: count, and keep each oracle's first
 * message.
 *
 * Any thread may report; the others are for the runner, between runs.
 */
#ifndef FL_ORACLE_NATIVE_REPORT_H
#define FL_ORACLE_NATIVE_REPORT_H

#include <stddef.h>
#include <stdint.h>

void fl_native_report_clear(void);
/* Failures since the last clear. */
uint64_t fl_native_report_count(void);
/* Name and message of the first of them; empty if there was none. */
void fl_native_report_first(char *oracle, size_t oracle_size, char *message, size_t message_size);

/* More oracles than that don't fail in one run. */
#define FL_NATIVE_REPORTS 8

struct fl_native_failure {
	char oracle[32];
	char message[256]; /* of its first failure */
};

/* The oracles that failed, each once, in the order in which they did. Their number. */
int fl_native_report_oracles(struct fl_native_failure out[FL_NATIVE_REPORTS]);

#endif
