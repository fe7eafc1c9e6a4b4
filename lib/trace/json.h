/* SPDX-License-Identifier: MIT */
/* json.h - an execution as JSON, for those who add to it (internal). */
#ifndef FL_TRACE_JSON_H
#define FL_TRACE_JSON_H

#include <jansson.h>

#include "trace.h"

/* What a trace file has, but for its checksum. Plain accesses are looked up. NULL: out of memory. */
json_t *fl_trace_to_json(const struct fl_trace *t);

/*
 * The picture's lines: a list of {"event", "thread", "label", "text", "result", "file", "line", "remarks"};
 * text's characters from "result" on say what was found or left. NULL: out of memory.
 */
json_t *fl_trace_rows_to_json(const struct fl_trace *t, bool all_events);

/* null for NULL. */
json_t *fl_trace_json_text(const char *s);

#endif
