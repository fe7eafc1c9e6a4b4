// SPDX-License-Identifier: MIT
/* map.c - records found by two numbers. See map.h. */
#include "oracle/map.h"

#include <stdlib.h>
#include <string.h>

#define FEW_HEADS 64

static size_t *head_of(const struct fl_map *map, uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b * 0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL;

	return &map->heads[h >> 32 & (map->nr_heads - 1)];
}

static void link_record(struct fl_map *map, size_t i)
{
	struct fl_key *key = fl_table_at(&map->t, i);
	size_t *head = head_of(map, key->a, key->b);

	key->next = *head;
	*head = i + 1;
}

static void link_all(struct fl_map *map)
{
	memset(map->heads, 0, map->nr_heads * sizeof(*map->heads));
	for (size_t i = 0; i < map->t.nr; i++)
		link_record(map, i);
}

static bool grow(struct fl_map *map)
{
	size_t nr = map->nr_heads ? 4 * map->nr_heads : FEW_HEADS;
	size_t *heads = malloc(nr * sizeof(*heads));

	if (!heads)
		return false;
	free(map->heads);
	map->heads = heads;
	map->nr_heads = nr;
	link_all(map);
	return true;
}

void *fl_map_find(const struct fl_map *map, uint64_t a, uint64_t b)
{
	size_t i = map->t.nr ? *head_of(map, a, b) : 0;

	while (i) {
		struct fl_key *key = fl_table_at(&map->t, i - 1);

		if (key->a == a && key->b == b)
			return key;
		i = key->next;
	}
	return NULL;
}

void *fl_map_get(struct fl_map *map, uint64_t a, uint64_t b)
{
	struct fl_key *key = fl_map_find(map, a, b);

	if (key)
		return key;
	if (map->t.nr >= 2 * map->nr_heads && !grow(map) && !map->nr_heads) {
		map->t.lost = true;
		return NULL;
	}
	key = fl_table_add(&map->t);
	if (!key)
		return NULL;
	key->a = a;
	key->b = b;
	link_record(map, map->t.nr - 1);
	return key;
}

void fl_map_clear(struct fl_map *map)
{
	if (map->t.nr)
		memset(map->heads, 0, map->nr_heads * sizeof(*map->heads));
	fl_table_clear(&map->t);
}

void fl_map_save(struct fl_map *map)
{
	fl_table_save(&map->t);
	map->saved_heads = map->nr_heads;
}

void fl_map_restore(struct fl_map *map)
{
	/* From the newest to the oldest: each is the first of its bucket. */
	for (size_t i = map->t.nr; i-- > map->t.saved_nr;) {
		const struct fl_key *key = fl_table_at(&map->t, i);

		*head_of(map, key->a, key->b) = key->next;
	}
	fl_table_restore(&map->t);
	if (map->saved_heads != map->nr_heads && map->t.nr)
		link_all(map);
}
