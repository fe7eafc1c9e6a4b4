/* SPDX-License-Identifier: MIT */
/*
 * mutant_programs.h - programs that show what a mutant changes and that refmodel.h's language can't say:
 * dependencies, SRCU, fl_free(), threads under the kernel's models, choices, memory that is learnt to be shared.
 */
#ifndef FL_TEST_MUTANT_PROGRAMS_H
#define FL_TEST_MUTANT_PROGRAMS_H

#include "../../../lib/explore/explore.h"

/* What a mutant does to a program. */
enum damage {
	ADDS,	 /* an execution that is not one of the program's is explored */
	LOSES,	 /* one of them is not explored */
	REPEATS, /* one is explored twice */
	MISSES,	 /* a data race, deadlock, use after free isn't reported */
	INVENTS, /* one that does not exist is reported */
	CLAIMS,	 /* what a dependency could prevent is reported as certain */
	WASTES,	 /* more executions are begun in vain */
};

struct mutant_program {
	enum flx_mutant mutant;
	const char *name;
	enum flx_model model;
	void (*thread[FLX_MAX_THREADS])(void *arg);
	enum damage damage;
	/* What is right: either a violation of this oracle, or this many executions. */
	const char *oracle;
	uint64_t executions;
	bool ordinary;
};

extern const struct mutant_program mutant_programs[];
extern const size_t nr_mutant_programs;

/* Explores @p, with @mutant; the result has no record. */
void mutant_program_run(const struct mutant_program *p, enum flx_mutant mutant,
			struct flx_result *res);

#endif
