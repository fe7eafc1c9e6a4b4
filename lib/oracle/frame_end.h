/* SPDX-License-Identifier: MIT */
/*
 * frame_end.h - tells the check engine when the contents of a frame may no longer be accessed, and when
 * they may again.
 *
 * Called from a hook, by the thread that frees or takes the frame, right after the access by which it does
 * that. Natively there is nobody to tell.
 */
#ifndef FL_ORACLE_FRAME_END_H
#define FL_ORACLE_FRAME_END_H

#include <stddef.h>

#ifdef FAULTLINE_CHECK
#include "explore/explore.h"

#define fl_frame_ends(start, size) flx_object_ends(start, size)
#define fl_frame_begins(start) flx_object_begins(start)
#else
#define fl_frame_ends(start, size) ((void)(start), (void)(size))
#define fl_frame_begins(start) ((void)(start))
#endif

#endif
