// SPDX-License-Identifier: MIT
/* table.c - a growing array of records. See table.h. */
#include "oracle/table.h"

#include <stdlib.h>
#include <string.h>

void *fl_table_add(struct fl_table *t)
{
	if (t->nr == t->room) {
		size_t room = t->room ? 2 * t->room : 16;
		char *data = realloc(t->data, room * t->record);

		if (!data) {
			t->lost = true;
			return NULL;
		}
		t->data = data;
		t->room = room;
	}
	return memset(fl_table_at(t, t->nr++), 0, t->record);
}

void fl_table_remove(struct fl_table *t, size_t i)
{
	t->nr--;
	if (i != t->nr)
		memcpy(fl_table_at(t, i), fl_table_at(t, t->nr), t->record);
}

void fl_table_clear(struct fl_table *t)
{
	t->nr = 0;
	t->lost = false;
	free(t->saved);
	t->saved = NULL;
	t->saved_nr = 0;
}

void fl_table_save(struct fl_table *t)
{
	free(t->saved);
	t->saved = malloc(t->nr ? t->nr * t->record : 1);
	t->saved_nr = t->saved ? t->nr : 0;
	t->saved_lost = t->lost || !t->saved;
	if (t->saved_nr)
		memcpy(t->saved, t->data, t->nr * t->record);
}

void fl_table_restore(struct fl_table *t)
{
	/* There was room for them once. */
	t->nr = t->saved_nr;
	t->lost = t->saved_lost;
	if (t->nr)
		memcpy(t->data, t->saved, t->nr * t->record);
}
