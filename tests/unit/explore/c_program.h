/* SPDX-License-Identifier: MIT */
/*
 * c_program.h - small concurrent programs in C on the check engine, for tests.
 *
 * The shared state is one zeroed object of modelled memory, given to each thread. What threads want to
 * tell the test they put into c_seen, which is cleared before each execution.
 */
#ifndef FL_TEST_C_PROGRAM_H
#define FL_TEST_C_PROGRAM_H

#include <errno.h>
#include <string.h>

#include <faultline/rt.h>

#include "../../../lib/explore/explore.h"

#define C_THREADS 8

struct c_program {
	const char *name;
	size_t size; /* of the shared state */
	void (*init)(void *shared);
	void (*thread[C_THREADS])(void *shared);
	/* After each complete execution, with the final values: a message if something is wrong. */
	const char *(*check)(void *shared);
};

/* Of the run in hand. */
static const struct c_program *c_prog;
static void *c_shared;
static long c_seen[C_THREADS][4] __attribute__((used)); /* so that what is only stored is loaded */

static inline int c_set_up(void *arg)
{
	(void)arg;
	c_shared = fl_zalloc(c_prog->size);
	if (!c_shared)
		return -ENOMEM;
	if (c_prog->init)
		c_prog->init(c_shared);
	return 0;
}

static inline void c_reset(void *arg)
{
	(void)arg;
	memset(c_seen, 0, sizeof(c_seen));
}

static inline void c_finish(void *arg)
{
	const char *wrong = c_prog->check ? c_prog->check(c_shared) : NULL;

	(void)arg;
	if (wrong)
		flx_fail("check", wrong);
}

/* Threads get the shared state through one more step: it is not there yet when arg is set. */
static inline void c_thread(void *arg)
{
	c_prog->thread[(intptr_t)arg](c_shared);
}

static inline void c_make(const struct c_program *p, struct flx_program *fp)
{
	static const char *const names[C_THREADS] = {
		"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"
	};

	memset(fp, 0, sizeof(*fp));
	c_prog = p;
	while (fp->nthreads < C_THREADS && p->thread[fp->nthreads]) {
		fp->thread[fp->nthreads] = c_thread;
		fp->arg[fp->nthreads] = (void *)(intptr_t)fp->nthreads;
		fp->name[fp->nthreads] = names[fp->nthreads];
		fp->nthreads++;
	}
	fp->set_up = c_set_up;
	fp->reset = c_reset;
	fp->finish = c_finish;
}

/* Explores @p; races are looked for under lkmm. @res has to be freed with flx_record_free(). */
static inline int c_explore(const struct c_program *p, enum flx_model model, struct flx_result *res,
			    char *err, size_t err_size)
{
	struct flx_program fp;
	struct flx_options fo = { .model = model, .races = model == FLX_LKMM, .hash = true };

	c_make(p, &fp);
	return flx_explore(&fp, &fo, res, err, err_size);
}

#endif
