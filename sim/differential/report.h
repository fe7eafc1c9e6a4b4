/* SPDX-License-Identifier: MIT */
/* report.h - a script that ends differently, for people: in words, and as a file that can be run again. */
#ifndef FL_DIFFERENTIAL_REPORT_H
#define FL_DIFFERENTIAL_REPORT_H

#include "run.h"

/*
 * @name: what it is, as "seed 1, sequence 7". @file: where the script goes, NULL: nowhere. @options: with which it has to run, each
 * with a blank before it. @sides: as run_script() left them.
 */
void report_divergence(FILE *out, const struct sides *sides, const struct script *script,
		       unsigned int at, enum verdict verdict, const char *name, const char *file,
		       const char *options);
/* On standard error: the steps of @name that were made on neither side, and why. */
void report_left_out(const struct sides *sides, const struct script *script, const char *name);

#endif
