/* SPDX-License-Identifier: MIT */
/*
 * program.h - an ordinary C11 + pthreads program under the check engine.
 *
 * The program is compiled with -fsanitize=thread into a shared object, loaded into this process, and
 * explored from its main(). What it calls of the C library and of pthreads goes to the __wrap_
 * functions of this folder, so the executable has to export these (cmake/FaultlineProgram.cmake).
 *
 * One program at a time per process. The compiler's messages go to stderr.
 */
#ifndef FL_PROGRAM_H
#define FL_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/run.h>

struct program_options {
	const char *model;	    /* sc, tso or rc11; NULL: rc11 */
	const char *const *cc_args; /* for the compiler, after ours; NULL at the end, or NULL */
	bool no_races;		    /* data races are no violations */
	bool no_symmetry;	    /* equal threads count as different */
	bool no_commute;	    /* additions to a counter have an order */
	unsigned int
		unroll; /* how often a thread may come by the same load in one execution; 0: 1000 */
	int nondet_min, nondet_max; /* what __VERIFIER_nondet_int() returns; both 0: -1 to 2 */
	const char *search;	    /* as in struct fl_run_options */
	uint64_t seed;		    /* of random searches */
	bool stats;		    /* count executions that are found more than once */
	uint64_t max_executions;    /* 0: no limit */
	unsigned int jobs;	    /* processes that share the search; 0: one */
	/*
	 * Where an exhaustive search that does not come to its end is saved, if it took longer than checkpoint_after
	 * seconds, and in between once a minute; NULL: nowhere. And the checkpoint to go on from, or NULL.
	 */
	const char *checkpoint, *resume;
	double checkpoint_after;
	double timeout; /* seconds; 0: no limit */
	/* Called now and then; true stops the exploration. NULL: none. */
	bool (*progress)(void *arg, uint64_t executions, double seconds, double done);
	void *progress_arg;
	struct fl_weaken
		*weaken; /* orderings to weaken or to look for (lib/run/weaken.h); or NULL */
};

/*
 * Builds and explores @file. 0, and @result is filled in (fl_run_result_free() frees it); or a one-line
 * reason in @err: -EINVAL for a program that can't be built or options that don't exist, -ENOTSUP for
 * one that the engine can't take.
 */
int program_check(const char *file, const struct program_options *opt, struct fl_run_result *result,
		  char *err, size_t err_size);

/*
 * The same in two steps, for a program that is explored more than once. program_close() ends what the first
 * began.
 */
struct program;
int program_build(struct program **out, const char *file, const struct program_options *opt,
		  char *err, size_t err_size);
int program_explore(struct program *p, const struct program_options *opt,
		    struct fl_run_result *result, char *err, size_t err_size);
void program_close(struct program *p);

/*
 * Builds the program of @want as it was built then and runs its execution again. As program_check(), and -ESTALE
 * with the first event that no longer fits in @err.
 */
int program_replay(const struct fl_trace *want, struct fl_run_result *result, char *err,
		   size_t err_size);

#endif
