/* SPDX-License-Identifier: MIT */
/* run.h - one sequence on both sides, step by step, until they differ. */
#ifndef FL_DIFFERENTIAL_RUN_H
#define FL_DIFFERENTIAL_RUN_H

#include "host.h"
#include "log.h"
#include "ours.h"

enum verdict {
	SAME,
	DIFFERS, /* at step @at */
	HANGS,	 /* the host does not return from step @at */
	BROKEN,	 /* one of the sides could not go on: nothing is known */
};

/* Who is there, and what is in use: a step that asks for more is skipped on both sides. */
struct state {
	bool alive[PROCESSES], uffd[PROCESSES];
	uint64_t pinned[NR_BUFFERS]; /* pages */
};

struct sides {
	struct host *host;
	struct ours ours;
	unsigned int see;	/* SEE_* */
	struct log_writer *log; /* NULL: nothing is written down */
	const char *release;	/* for it */
	FILE *log_file;
	unsigned int limit; /* seconds for a sequence, after which SIGALRM comes; 0: none */
	struct result host_result, our_result;
	struct view host_view, our_view;
	struct memory host_memory, our_memory;
	const char *left_out[MAX_STEPS]; /* why a step was not made; NULL: it was */
};

void state_begin(struct state *state);
/* Why not, or NULL. */
const char *state_refuses(const struct state *state, const struct step *step);
/* After @step, which was not refused. */
void state_after(struct state *state, const struct step *step, const struct result *result);

unsigned int see_of(const struct abilities *a);
/* What a host did, against the simulator. *@script: its steps. BROKEN after a message: the file is no log. */
enum verdict run_log(struct sides *sides, struct log_reader *log, struct script *script,
		     unsigned int *at, uint64_t *steps);
/* *@at: the step; *@steps: how many were run, added. What is in @sides then shows the difference. */
enum verdict run_script(struct sides *sides, const struct script *script, unsigned int *at,
			uint64_t *steps);

#endif
