/* SPDX-License-Identifier: MIT */
/* options.h - what `faultline differential` was asked for. */
#ifndef FL_DIFFERENTIAL_OPTIONS_H
#define FL_DIFFERENTIAL_OPTIONS_H

#include "work.h"

#define MAX_FILES 256

struct input {
	struct options o;
	char set[512]; /* o.set, if anything is set */
	const char *file[MAX_FILES];
	unsigned int nr_files;
	bool print;
};

/* 0, or an exit status after a message. */
int options_parse(struct input *in, int argc, char **argv);
/* Is that a file of what a host did (.log), and no script? */
bool is_log(const char *name);

#endif
