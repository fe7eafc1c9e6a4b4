/* SPDX-License-Identifier: MIT */
/*
 * host.h - the host's side: real processes that make the calls of a sequence, and what can be seen of them.
 *
 * One struct host per process of ours. Its children run a loop of commands on a page that is shared; they are all its
 * own, those that were forked by another one too (CLONE_PARENT), and die with it.
 */
#ifndef FL_DIFFERENTIAL_HOST_H
#define FL_DIFFERENTIAL_HOST_H

#include "ability.h"
#include "view.h"

struct host;

enum host_end {
	HOST_OK,
	HOST_HANG,   /* the step did not end in time */
	HOST_BROKEN, /* a child died, or could not be made: nothing is known */
};

/* NULL: no memory, no processes. */
struct host *host_create(const struct abilities *abilities);
void host_destroy(struct host *h);
/* A new sequence: process 0 and nothing else. */
enum host_end host_begin(struct host *h);
/* One step, and what is there after it: not yet renamed. */
enum host_end host_step(struct host *h, const struct step *step, struct result *result,
			struct view *view);
/* Until none of these frames is being written to swap; 0: no frame. */
void host_wait_for_swap(struct host *h, const uint64_t *frames, uint64_t n);
/* Kills what is left. */
void host_end(struct host *h);

#endif
