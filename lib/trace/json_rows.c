// SPDX-License-Identifier: MIT
/* json_rows.c - the lines of the text picture as JSON. */
#include "json.h"

#include <string.h>

json_t *fl_trace_json_text(const char *s)
{
	json_t *text = s ? json_string(s) : json_null();

	return text ? text : json_string("?"); /* cut off within a character */
}

static json_t *row_to_json(const struct fl_trace_row *row)
{
	json_t *o = json_object();

	json_object_set_new(o, "event", json_integer(row->event));
	json_object_set_new(o, "thread", json_integer(row->thread));
	if (row->label)
		json_object_set_new(o, "label", fl_trace_json_text(row->label));
	json_object_set_new(o, "text", fl_trace_json_text(row->text));
	json_object_set_new(o, "result", json_integer(row->result));
	if (row->where && row->where->file) {
		json_object_set_new(o, "file", fl_trace_json_text(row->where->file));
		json_object_set_new(o, "line", json_integer(row->where->line));
	}
	json_object_set_new(o, "remarks", json_array());
	return o;
}

/* "^ older than A1", "  read the initial value": the second goes on with the first. */
static void add_remark(json_t *row, const char *text)
{
	json_t *remarks = json_object_get(row, "remarks");
	size_t n = json_array_size(remarks);
	char joined[1024];

	if (text[0] == '^' || !n) {
		json_array_append_new(remarks, fl_trace_json_text(text + strspn(text, "^ ")));
		return;
	}
	snprintf(joined, sizeof(joined), "%s; %s",
		 json_string_value(json_array_get(remarks, n - 1)), text + strspn(text, " "));
	json_array_set_new(remarks, n - 1, fl_trace_json_text(joined));
}

json_t *fl_trace_rows_to_json(const struct fl_trace *t, bool all_events)
{
	struct fl_trace_rows rows;
	json_t *list = json_array(), *last = NULL;

	fl_trace_resolve((struct fl_trace *)t); /* places of what has no site: a load, a pin */
	if (fl_trace_rows(t, all_events, &rows)) {
		json_decref(list);
		list = NULL;
	}
	for (int i = 0; list && i < rows.n; i++) {
		if (rows.row[i].event < 0) {
			add_remark(last, rows.row[i].text);
			continue;
		}
		last = row_to_json(&rows.row[i]);
		json_array_append_new(list, last);
	}
	fl_trace_rows_free(&rows);
	return list;
}
