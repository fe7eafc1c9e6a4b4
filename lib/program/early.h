/* SPDX-License-Identifier: MIT */
/* early.h - a watch over constructors, which run before there is an exploration that could be stopped. */
#ifndef FL_PROGRAM_EARLY_H
#define FL_PROGRAM_EARLY_H

#include "program.h"

/* From here to early_end(), what goes on for too long or is interrupted ends the process, with exit status 3. */
void early_begin(const struct program_options *opt);
void early_end(void);

#endif
