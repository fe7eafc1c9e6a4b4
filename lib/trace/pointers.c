// SPDX-License-Identifier: MIT
/*
 * pointers.c - pointers in the lines of a picture.
 *
 * Of a pointer, which differs from run to run, only counts where it comes from and goes to: "object 1". One that is
 * in one line alone says no more than that it is there.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The next "ptr12" in @s; NULL: none. *@end: behind it. */
static char *find_pointer(char *s, char **end)
{
	while ((s = strstr(s, "ptr"))) {
		size_t digits = strspn(s + 3, "0123456789");

		*end = s + 3 + digits;
		if (digits && s[-1] == ' ' && !is_word(**end))
			return s;
		s++;
	}
	return NULL;
}

/* How many rows have it? */
static int count_pointer(const struct fl_trace_rows *rows, const char *pointer, size_t n)
{
	int count = 0;

	for (int i = 0; i < rows->n; i++) {
		struct fl_trace_row *row = &rows->row[i];
		char *end, *s = row->event < 0 ? NULL : row->text + row->result;

		for (; s && (s = find_pointer(s, &end)); s = end)
			if ((size_t)(end - s) == n && !strncmp(s, pointer, n)) {
				count++;
				break;
			}
	}
	return count;
}

struct objects { /* pointers that are in several rows, in order of appearance */
	int n;
	char name[FL_TRACE_MAX_POINTERS][16];
};

static int number_object(struct objects *o, const char *pointer, size_t n)
{
	int i = 0;

	while (i < o->n && (strlen(o->name[i]) != n || strncmp(o->name[i], pointer, n)))
		i++;
	if (i == o->n && o->n < FL_TRACE_MAX_POINTERS)
		snprintf(o->name[o->n++], sizeof(o->name[0]), "%.*s", (int)n, pointer);
	return i + 1;
}

/* 0 or -ENOMEM. */
static int name_pointer(struct fl_trace_rows *rows, struct fl_trace_row *row, struct objects *o)
{
	char *end, *at = find_pointer(row->text + row->result, &end), *text;
	size_t n = at ? (size_t)(end - at) : 0;
	int len;

	if (!at)
		return 0;
	if (count_pointer(rows, at, n) > 1)
		len = asprintf(&text, "%.*sobject %d%s", (int)(at - row->text), row->text,
			       number_object(o, at, n), end);
	else if (!*end && (!strncmp(row->text + row->result, " = ", 3) ||
			   !strncmp(row->text + row->result, "  stores ", 9)))
		len = asprintf(&text, "%.*s", row->result, row->text);
	else
		len = asprintf(&text, "%.*snot NULL%s", (int)(at - row->text), row->text, end);
	if (len < 0)
		return -ENOMEM;
	free(row->text);
	row->text = text;
	return name_pointer(rows, row, o);
}

int fl_trace_name_pointers(struct fl_trace_rows *rows)
{
	struct objects o = { .n = 0 };
	struct fl_trace_rows named = { .n = rows->n };
	int err = 0;

	/* Counted as they were. */
	named.row = calloc(rows->n + 1, sizeof(*named.row));
	if (!named.row)
		return -ENOMEM;
	for (int i = 0; i < rows->n && !err; i++) {
		named.row[i] = rows->row[i];
		named.row[i].text = strdup(rows->row[i].text);
		err = named.row[i].text ? 0 : -ENOMEM;
		if (!err && named.row[i].event >= 0)
			err = name_pointer(rows, &named.row[i], &o);
	}
	for (int i = 0; i < rows->n && !err; i++) {
		char *text = rows->row[i].text;

		rows->row[i].text = named.row[i].text;
		named.row[i].text = text;
	}
	fl_trace_rows_free(&named);
	return err;
}
