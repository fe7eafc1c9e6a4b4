/* SPDX-License-Identifier: MIT */
/*
 * arena.h - memory of modelled objects in stress runs, and who uses it after it was freed.
 *
 * Here are fl_zalloc() and fl_free() of this build. What is freed in a run is not given out again in that run,
 * so an access to it can be told; the whole arena starts anew with the next run. Modelled code is compiled
 * with calls before each access, plain or marked (as the kernel's KASAN in its outline mode has them); not in
 * builds with sanitizers of the compiler's own.
 */
#ifndef FL_STRESS_ARENA_H
#define FL_STRESS_ARENA_H

#include <stddef.h>

/* No run needs more; places beyond count as not shared. */
#define FL_ARENA_NOTED (1UL << 20)

/* 0 or -ENOMEM. Before the first run. */
int fl_arena_init(void);
/* Forgets all objects. Nobody uses one. */
void fl_arena_reset(void);
void fl_arena_exit(void);

/* The most that a run has needed, in bytes. */
size_t fl_arena_used(void);

#endif
