/* SPDX-License-Identifier: MIT */
/*
 * table.h - a growing array of records that can be set aside and taken back. For oracles.
 *
 * Without memory the table loses what does not fit, and says so: an oracle then can miss a failure,
 * never report one that is none. Not thread-safe.
 */
#ifndef FL_ORACLE_TABLE_H
#define FL_ORACLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct fl_table {
	size_t record; /* bytes; set by whoever defines the table */
	char *data;
	size_t nr, room;
	bool lost;
	char *saved;
	size_t saved_nr;
	bool saved_lost;
};

#define FL_TABLE(type)                                                                             \
	{                                                                                          \
		.record = sizeof(type)                                                             \
	}

/* A new zeroed record at the end, or NULL. Pointers to other records may be void afterwards. */
void *fl_table_add(struct fl_table *t);
static inline void *fl_table_at(const struct fl_table *t, size_t i)
{
	return t->data + i * t->record;
}
/* The last record takes the place of record @i. */
void fl_table_remove(struct fl_table *t, size_t i);
void fl_table_clear(struct fl_table *t);
void fl_table_save(struct fl_table *t);
void fl_table_restore(struct fl_table *t);

#endif
