/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - reporting that something which must always hold does not.
 *
 * An oracle calls fl_oracle_fail() from a hook in the modelled code or from its end-of-run check.
 * Under the check engine the execution in hand is the witness and its trace is kept; natively the
 * failure is counted. The call returns; the caller goes on as if nothing had happened.
 */
#ifndef FAULTLINE_ORACLE_H
#define FAULTLINE_ORACLE_H

/* @oracle: its name as a verdict cites it. @fmt: one line without newline, at most 255 bytes. */
void fl_oracle_fail(const char *oracle, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
