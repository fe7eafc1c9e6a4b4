/* SPDX-License-Identifier: MIT */
/* ours.h - the simulator's side: the same steps through the public API, and the same view. */
#ifndef FL_DIFFERENTIAL_OURS_H
#define FL_DIFFERENTIAL_OURS_H

#include <faultline/faultline.h>

#include "view.h"

struct ours {
	const struct fl_policy *policy;
	bool swap;
	struct fl_machine *machine; /* of the sequence in hand */
	struct fl_cpu *cpu;
	struct fl_mm *mm[PROCESSES];
	struct fl_mm *aside; /* nobody's */
	fl_vaddr aside_page;
	struct fl_file *file[NR_FILES];
	struct fl_pipe *pipe[NR_PIPES];
	struct fl_buffer *buffer[NR_BUFFERS];
	struct fl_uffd *uffd[PROCESSES];
};

/* A new sequence: a machine, process 0. 0, or a negative errno. */
int ours_begin(struct ours *o);
void ours_end(struct ours *o);
void ours_step(struct ours *o, const struct step *step, struct result *result);
/* What is there now: not yet renamed. */
void ours_look(const struct ours *o, struct view *view);

#endif
