/* SPDX-License-Identifier: MIT */
/* shrink.h - fewer and simpler steps that still differ. */
#ifndef FL_DIFFERENTIAL_SHRINK_H
#define FL_DIFFERENTIAL_SHRINK_H

#include "run.h"

/* Makes @script, which ended in @verdict, as small as it can; it still ends so. */
void shrink(struct sides *sides, struct script *script, enum verdict verdict);

#endif
