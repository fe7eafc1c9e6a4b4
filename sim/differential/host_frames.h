/* SPDX-License-Identifier: MIT */
/* host_frames.h - from what children see of themselves to views: frames' flags and map counts come from /proc. */
#ifndef FL_DIFFERENTIAL_HOST_FRAMES_H
#define FL_DIFFERENTIAL_HOST_FRAMES_H

#include "host_area.h"

/* Files of frames' states; -1: there is none. */
struct frames {
	int flags, count;
};

/* @view: all but the frames' own state. */
void frames_take(struct process_view *view, const struct raw_process *raw);
/* Is one of them under writeback? */
bool frames_written(const struct frames *frames, const uint64_t *pfn, uint64_t n);
/* That, for all processes. */
void frames_look(const struct frames *frames, struct view *view);

#endif
