/* SPDX-License-Identifier: MIT */
/*
 * memory.h - the modelled memory: an arena of real memory, and its locations.
 *
 * Set-up code allocates from one zone; each thread has its own, emptied before every replay, so that
 * what a thread allocates depends on that thread alone. A location is an address and a size; its
 * initial value is read from real memory when it is first met. Accesses of different sizes to
 * overlapping addresses are refused: the models have no answer for them.
 */
#ifndef FL_MEMORY_H
#define FL_MEMORY_H

#include "graph.h"

#define ZONE_SETUP FLX_MAX_THREADS /* the zone of set-up code */

/* @private_memory: what only one thread uses has no events (learn.h). */
int memory_init(bool private_memory);
void memory_exit(void);
void memory_reset_thread_zones(void);

/* The zone that @addr is in, or -1. */
int memory_zone(uintptr_t addr);
/* Is @addr where threads allocate? */
bool memory_is_thread_heap(uintptr_t addr);
/* Zeroed; NULL if the zone is full. */
void *memory_alloc(int zone, size_t size, size_t align);
/* Is @addr in the arena, so that plain accesses to it count? */
bool memory_tracks(uintptr_t addr);
/*
 * Has the engine track @size bytes at @start as well: the variables of a program. Their contents now are what
 * every execution begins with. 0 or -ENOMEM. To be called from flx_program.set_up().
 */
int memory_track(uintptr_t start, size_t size);
/* Memory that threads may share and whose first contents don't matter: a stack. */
int memory_track_stack(uintptr_t start, size_t size);
/* May a plain access to @addr be seen by other threads? */
bool memory_may_be_shared(uintptr_t addr);
/* Is @addr one thread's own until another one is seen to use it (learn.h)? */
bool memory_is_private_at_first(uintptr_t addr);
/* fl_free() of an object in the execution that runs; was it? */
void memory_mark_freed(uintptr_t object);
bool memory_is_freed(uintptr_t addr);
/* calloc(): its contents are 0 for the program, too. */
void memory_mark_cleared(uintptr_t object);
bool memory_is_cleared(uintptr_t addr);
/* The first event of an access to [@addr, @addr + @size): how many bytes. */
size_t memory_piece(uintptr_t addr, size_t size);
/* Forgets all locations. */
void memory_forget_locations(void);
/* Does one allocated object contain all of it? */
bool memory_inside(uintptr_t addr, unsigned int size);
/* Start of the allocated object that contains @addr, or 0. */
uintptr_t memory_object(uintptr_t addr, size_t *size);

/* The location's number. */
int memory_location(uintptr_t addr, unsigned int size);
/* Another location that has events in @g and shares bytes with @loc, or 0. */
int memory_overlap(const struct graph *g, int loc);
/*
 * Puts into real memory what a thread finds there that is at event @last (EV_NONE: at its beginning), if its accesses
 * are in no race: for code that looks without being announced. Stacks are left as they are.
 */
void memory_show(const struct graph *g, int last);
/* Writes the final value of every location to real memory, for oracles. */
void memory_write_back(const struct graph *g);
/* Writes the initial values back. */
void memory_restore(void);

static inline uint64_t memory_peek(uintptr_t addr, unsigned int size)
{
	uint64_t v = 0;

	__builtin_memcpy(&v, (void *)addr, size);
	return v;
}

static inline void memory_poke(uintptr_t addr, unsigned int size, uint64_t v)
{
	__builtin_memcpy((void *)addr, &v, size);
}

#endif
