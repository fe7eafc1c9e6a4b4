/* SPDX-License-Identifier: MIT */
/* memory.c - see memory.h. */
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "commute.h"
#include "exec.h"
#include "learn.h"

#define ZONE_SIZE ((size_t)4 << 20)
#define NR_ZONES (FLX_MAX_THREADS + 1)

struct object {
	uint32_t start, size; /* offset in the zone */
	bool freed, cleared;
};

struct zone {
	size_t used, dirty; /* dirty: highest use ever; zeroed memory lies above */
	struct object *obj;
	int nobj, cap;
};

#define MAX_RANGES (32 + FLX_MAX_THREADS)

struct range { /* tracked memory outside of the arena */
	uintptr_t start;
	size_t size;
	char *image; /* what it held at first; NULL: a stack */
};

struct loc_info *locs;
int nlocs;
static int locs_cap;
static char *arena;
static bool zero_again;
static struct range ranges[MAX_RANGES]; /* by address */
static int nranges;
#define GAP 16 /* before and behind the objects of ordinary programs: shows overruns */

static struct zone zones[NR_ZONES];

/* Location numbers by address: open addressing, never shrinks during an exploration. */
static uint32_t *table;
static size_t table_size;

int memory_init(bool private_memory)
{
	zero_again = private_memory;
	arena = mmap(NULL, ZONE_SIZE * NR_ZONES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED) {
		arena = NULL;
		return -ENOMEM;
	}
	table_size = 1024;
	table = calloc(table_size, sizeof(*table));
	locs_cap = 256;
	locs = calloc(locs_cap, sizeof(*locs));
	nlocs = 1;
	return table && locs ? 0 : -ENOMEM;
}

void memory_exit(void)
{
	if (arena)
		munmap(arena, ZONE_SIZE * NR_ZONES);
	arena = NULL;
	for (int z = 0; z < NR_ZONES; z++)
		free(zones[z].obj);
	memset(zones, 0, sizeof(zones));
	free(table);
	table = NULL;
	free(locs);
	locs = NULL;
	nlocs = 0;
	for (int i = 0; i < nranges; i++)
		free(ranges[i].image);
	nranges = 0;
	learn_forget();
}

static int add_range(uintptr_t start, size_t size, char *image)
{
	int i = nranges++;

	for (; i && ranges[i - 1].start > start; i--)
		ranges[i] = ranges[i - 1];
	ranges[i] = (struct range){ .start = start, .size = size, .image = image };
	return 0;
}

int memory_track_stack(uintptr_t start, size_t size)
{
	return nranges == MAX_RANGES ? -ENOMEM : add_range(start, size, NULL);
}

int memory_track(uintptr_t start, size_t size)
{
	char *image = nranges == MAX_RANGES ? NULL : malloc(size);

	if (!image)
		return -ENOMEM;
	return add_range(start, size, memcpy(image, (void *)start, size));
}

/*
 * What threads allocate is reused by the next replay. Its memory needs no clearing: every access to
 * it is an event, and the initial value of its locations was taken when it was still zero.
 */
void memory_reset_thread_zones(void)
{
	for (int z = 0; z < ZONE_SETUP; z++) {
		zones[z].used = 0;
		zones[z].nobj = 0;
	}
	for (int i = 0; i < nranges; i++)
		if (ranges[i].image)
			memcpy((void *)ranges[i].start, ranges[i].image, ranges[i].size);
}

void *memory_alloc(int zone, size_t size, size_t align)
{
	struct zone *z = &zones[zone];
	size_t at;

	if (align < 16)
		align = 16;
	if (!size)
		size = 1;
	at = (z->used + (z->used || !zero_again ? 0 : GAP) + align - 1) & ~(align - 1);
	if (size > ZONE_SIZE || at > ZONE_SIZE - size)
		return NULL;
	if (z->nobj == z->cap) {
		int cap = z->cap ? z->cap * 2 : 64;
		struct object *o = realloc(z->obj, cap * sizeof(*o));

		if (!o)
			return NULL;
		z->obj = o;
		z->cap = cap;
	}
	z->obj[z->nobj++] = (struct object){ .start = at, .size = size };
	/* Private memory has no events: what an earlier run left there would be seen. */
	if (zero_again && zone != ZONE_SETUP)
		memset(arena + zone * ZONE_SIZE + at, 0, size);
	z->used = at + size + (zero_again ? GAP : 0);
	return arena + zone * ZONE_SIZE + at;
}

static bool in_arena(uintptr_t addr)
{
	return addr - (uintptr_t)arena < ZONE_SIZE * NR_ZONES;
}

static const struct range *range_of(uintptr_t addr)
{
	int lo = 0, hi = nranges;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (ranges[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr - ranges[lo - 1].start < ranges[lo - 1].size ? &ranges[lo - 1] : NULL;
}

bool memory_tracks(uintptr_t addr)
{
	const struct range *r;

	if (in_arena(addr))
		return true;
	r = range_of(addr);
	return r && r->image;
}

bool memory_may_be_shared(uintptr_t addr)
{
	return in_arena(addr) || range_of(addr);
}

bool memory_is_private_at_first(uintptr_t addr)
{
	const struct range *r;

	if (in_arena(addr))
		return true;
	r = range_of(addr);
	return r && !r->image;
}

static struct object *object_at(uintptr_t addr)
{
	size_t off = addr - (uintptr_t)arena;
	struct zone *z;
	int lo = 0, hi;

	if (!in_arena(addr))
		return NULL;
	z = &zones[off / ZONE_SIZE];
	off %= ZONE_SIZE;
	hi = z->nobj;
	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (z->obj[mid].start + z->obj[mid].size <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == z->nobj || z->obj[lo].start > off ? NULL : &z->obj[lo];
}

void memory_mark_freed(uintptr_t object)
{
	struct object *o = object_at(object);

	if (o)
		o->freed = true;
}

void memory_mark_cleared(uintptr_t object)
{
	struct object *o = object_at(object);

	if (o)
		o->cleared = true;
}

bool memory_is_cleared(uintptr_t addr)
{
	const struct object *o = object_at(addr);

	return !o || o->cleared;
}

bool memory_is_freed(uintptr_t addr)
{
	const struct object *o = object_at(addr);

	return o && o->freed;
}

uintptr_t memory_object(uintptr_t addr, size_t *size)
{
	const struct object *o = object_at(addr);

	if (!o)
		return 0;
	if (size)
		*size = o->size;
	return addr - ((addr - (uintptr_t)arena) % ZONE_SIZE - o->start);
}

bool memory_inside(uintptr_t addr, unsigned int size)
{
	size_t object_size = 0;
	uintptr_t object = memory_object(addr, &object_size);

	if (!in_arena(addr))
		return true;
	return object && addr + size <= object + object_size;
}

static size_t hash_slot(uintptr_t addr)
{
	return (addr * 0x9e3779b97f4a7c15ull >> 20) & (table_size - 1);
}

static void table_put(uintptr_t addr, uint32_t loc)
{
	size_t i = hash_slot(addr);

	while (table[i])
		i = (i + 1) & (table_size - 1);
	table[i] = loc;
}

int memory_zone(uintptr_t addr)
{
	return in_arena(addr) ? (int)((addr - (uintptr_t)arena) / ZONE_SIZE) : -1;
}

bool memory_is_thread_heap(uintptr_t addr)
{
	return addr - (uintptr_t)arena < ZONE_SIZE * ZONE_SETUP;
}

static bool in_use(const struct graph *g, int k)
{
	return k < g->loc_cap && (g->loc[k].co_head != EV_NONE || g->loc[k].rd_head != EV_NONE ||
				  g->loc[k].add_head != EV_NONE);
}

int memory_overlap(const struct graph *g, int k)
{
	const struct loc_info *me = &locs[k];

	for (int o = 1; o < nlocs; o++) {
		const struct loc_info *l = &locs[o];

		if (o != k && me->addr < l->addr + l->size && l->addr < me->addr + me->size &&
		    in_use(g, o))
			return o;
	}
	return 0;
}

static void grow_table(void)
{
	table_size *= 2;
	free(table);
	table = calloc(table_size, sizeof(*table));
	if (!table)
		abort();
	for (int k = 1; k < nlocs; k++)
		table_put(locs[k].addr, k);
}

/* Memory of threads is zero at first, and may by now hold what an earlier run has left. */
static uint64_t first_value(uintptr_t addr, unsigned int size)
{
	const struct range *r = range_of(addr);

	if (memory_is_thread_heap(addr) || !size || (r && !r->image))
		return 0;
	if (r && addr + size <= r->start + r->size)
		return memory_peek((uintptr_t)r->image + (addr - r->start), size);
	return memory_peek(addr, size);
}

static int new_location(uintptr_t addr, unsigned int size)
{
	bool overlaps = false;

	/* A zone is used anew in each replay, so different objects may have been here before. */
	for (int k = 1; k < nlocs; k++)
		if (addr < locs[k].addr + locs[k].size && locs[k].addr < addr + size)
			locs[k].overlaps = overlaps = true;
	if (nlocs == locs_cap) {
		locs_cap *= 2;
		locs = realloc(locs, locs_cap * sizeof(*locs));
		if (!locs)
			abort();
	}
	if ((size_t)nlocs * 2 > table_size)
		grow_table();
	locs[nlocs] = (struct loc_info){
		.addr = addr,
		.size = size,
		.init = first_value(addr, size),
		.overlaps = overlaps,
		.heap_of = memory_is_thread_heap(addr) ? (int8_t)memory_zone(addr) : EV_NONE,
		.stack_of = (int8_t)exec_stack_of(addr),
	};
	table_put(addr, nlocs);
	return nlocs++;
}

int memory_location(uintptr_t addr, unsigned int size)
{
	int k = 0;

	for (size_t i = hash_slot(addr); table[i] && !k; i = (i + 1) & (table_size - 1))
		if (locs[table[i]].addr == addr && locs[table[i]].size == size)
			k = table[i];
	return k ? k : new_location(addr, size);
}

size_t memory_piece(uintptr_t addr, size_t size)
{
	if (zero_again)
		return learn_piece(addr, size);
	return size < 8 ? size : 8;
}

void memory_forget_locations(void)
{
	nlocs = 1;
	memset(table, 0, table_size * sizeof(*table));
}

static void show(const struct graph *g, int loc, int last)
{
	int w = loc < g->loc_cap ? graph_co_max(g, loc) : EV_INIT;

	while (w != EV_INIT && (last == EV_NONE || !graph_in_prefix(g, w, last)))
		w = g->ev[w].co_prev;
	memory_poke(locs[loc].addr, locs[loc].size, commute_value(g, loc, w, last));
}

static bool is_changed(const struct graph *g, int loc)
{
	return g->loc[loc].co_head != EV_NONE || g->loc[loc].add_head != EV_NONE;
}

void memory_show(const struct graph *g, int last)
{
	for (int k = 1; k < nlocs && k < g->loc_cap; k++) {
		const struct range *r = range_of(locs[k].addr);

		if (is_changed(g, k) && !(r && !r->image))
			show(g, k, last);
	}
}

/* Where other executions have had other objects, their locations overlap those of @g, which come last. */
void memory_write_back(const struct graph *g)
{
	memory_restore();
	for (int k = 1; k < nlocs && k < g->loc_cap; k++)
		if (is_changed(g, k))
			memory_poke(locs[k].addr, locs[k].size,
				    commute_value(g, k, g->loc[k].co_tail, EV_NONE));
}

void memory_restore(void)
{
	for (int k = 1; k < nlocs; k++)
		memory_poke(locs[k].addr, locs[k].size, locs[k].init);
}
