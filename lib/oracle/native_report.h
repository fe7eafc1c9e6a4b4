/* SPDX-License-Identifier: MIT */
/*
 * native_report.h - what fl_oracle_fail() does under the native engine: count, and keep the first
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

#endif
