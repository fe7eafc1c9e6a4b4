/* SPDX-License-Identifier: MIT */
/* refmodel_axioms.h - does a model allow this whole execution? */
#ifndef FL_TEST_REFMODEL_AXIOMS_H
#define FL_TEST_REFMODEL_AXIOMS_H

#include "refmodel_internal.h"

struct rm_races {
	bool any;
	uint64_t with[RM_MAX_OPS];
};

/* 1 allowed, 0 forbidden, -E2BIG too many events. @races is filled in under lkmm and rc11. */
int rm_consistent(const struct rm_prog *p, const struct rm_cand *c, enum rm_model m,
		  struct rm_races *races);
/* @steps: RM_RC11_STEPS */
int rm_rc11_consistent(const struct rm_prog *p, const struct rm_cand *c, bool steps,
		       struct rm_races *races);

#endif
