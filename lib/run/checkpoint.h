/* SPDX-License-Identifier: MIT */
/*
 * checkpoint.h - a search that is not finished, as a file: what has been counted, and the parts of the search that are left,
 * each as the choices that lead to it. A later run of the same program with the same options goes on from there.
 */
#ifndef FL_RUN_CHECKPOINT_H
#define FL_RUN_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "explore/explore.h"

struct fl_run_result;

struct checkpoint {
	const char *file;      /* where to save */
	const char *resume;    /* where to read, or NULL */
	char identity[1024];   /* of the program and the options that matter */
	double at_least;       /* seconds: a search that was shorter is not worth saving */
	struct flx_left *left; /* read */
	bool saved;
	bool unsaved; /* was not worth it */
	bool cleared; /* the file is removed */
	int err;      /* of saving, as -errno */
};

/* Reads what is to be resumed, and makes @fo save and resume. -EINVAL with a reason in @err. */
int checkpoint_begin(struct checkpoint *c, struct flx_options *fo, char *err, size_t err_size);
/* Frees. @finished: the search came to its end, so what was saved is of no use any more. */
void checkpoint_end(struct checkpoint *c, bool finished);
/* Afterwards: what has become of the file. */
void checkpoint_result(const struct checkpoint *c, struct fl_run_result *result);

#endif
