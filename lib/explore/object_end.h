/* SPDX-License-Identifier: MIT */
/*
 * object_end.h - memory of a program whose contents end and begin again: flx_object_ends(), flx_object_begins().
 *
 * What a thread gives back to an allocator of its own is in no use until the next owner takes it. In one execution
 * an object can end and begin many times; what is asked, of a complete execution, is whether accesses may come
 * after the last end of memory that nobody has taken since.
 */
#ifndef FL_OBJECT_END_H
#define FL_OBJECT_END_H

#include "models/model.h"

/* Before each replay. */
void object_ends_forget(void);
/* Of the execution that has run to its end. Events are the graph's. Returns how many. */
int object_ends(const struct object_end **ends);

#endif
