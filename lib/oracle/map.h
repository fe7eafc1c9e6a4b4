/* SPDX-License-Identifier: MIT */
/*
 * map.h - records found by two numbers; a table (table.h) with an index. Records are never removed
 * one by one. Not thread-safe.
 */
#ifndef FL_ORACLE_MAP_H
#define FL_ORACLE_MAP_H

#include <stdint.h>

#include "oracle/table.h"

/* A record begins with it. */
struct fl_key {
	uint64_t a, b;
	size_t next; /* in its bucket: index + 1; 0 ends it */
};

struct fl_map {
	struct fl_table t;
	size_t *heads; /* index + 1; the newest record of a bucket comes first */
	size_t nr_heads, saved_heads;
};

#define FL_MAP(type)                                                                               \
	{                                                                                          \
		.t = FL_TABLE(type)                                                                \
	}

/* NULL: there is none. */
void *fl_map_find(const struct fl_map *map, uint64_t a, uint64_t b);
/* A new one is zeroed but for its key. NULL: no memory; the table is lost. Pointers may be void afterwards. */
void *fl_map_get(struct fl_map *map, uint64_t a, uint64_t b);
void fl_map_clear(struct fl_map *map);
void fl_map_save(struct fl_map *map);
/* Takes time for what came since, and for what was saved. */
void fl_map_restore(struct fl_map *map);

#endif
