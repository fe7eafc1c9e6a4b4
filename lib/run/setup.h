/* SPDX-License-Identifier: MIT */
/*
 * setup.h - what both engines do for a run: choose the kernel, build the scenario's world.
 *
 * A run has two parts. The choice (policy, model) is made once, from the options. The world (machine, first
 * mm, the scenario's own state) is built for each exploration or iteration, by fl_run_build(), all
 * of it from fl_zalloc().
 */
#ifndef FL_RUN_SETUP_H
#define FL_RUN_SETUP_H

#include <faultline/run.h>

struct fl_run {
	const struct fl_scenario *scenario;
	const struct fl_variant *variant; /* NULL: none chosen */
	const char *kernel;		  /* without "linux-" */
	const char *model;
	char set[512]; /* the variant's and the caller's */
	struct fl_policy *policy;
	int nthreads;
	bool small; /* native: the check engine's machine, of little memory. Set after fl_run_choose() */

	/* the world */
	struct fl_machine *machine;
	struct fl_mm *mm;
	void *state; /* the scenario's */
};

/* 0, or -EINVAL or -ENOMEM with a line in @err. fl_run_forget() undoes it. */
int fl_run_choose(struct fl_run *run, const struct fl_scenario *s, const struct fl_run_options *opt,
		  char *err, size_t err_size);
void fl_run_forget(struct fl_run *run);

/* The model called @name, as a static string in *@out; 0, or -EINVAL with a line in @err that lists them. */
int fl_run_find_model(const char **out, const char *name, char *err, size_t size);

/* 0 or a negative errno; then nothing is left behind. By the thread that will be CPU 0's, or set-up. */
int fl_run_build(struct fl_run *run);
void fl_run_tear_down(struct fl_run *run);

#endif
