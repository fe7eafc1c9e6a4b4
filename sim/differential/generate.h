/* SPDX-License-Identifier: MIT */
/* generate.h - sequences from a seed. */
#ifndef FL_DIFFERENTIAL_GENERATE_H
#define FL_DIFFERENTIAL_GENERATE_H

#include "ability.h"
#include "script.h"

/* The same arguments, the same sequence. */
void generate(struct script *out, uint64_t seed, uint64_t number, unsigned int steps,
	      const struct abilities *able);

#endif
