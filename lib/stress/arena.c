// SPDX-License-Identifier: MIT
/* arena.c - see arena.h. One array, given out from its start; a byte says of each 16 whether it is freed. */
#include "stress/arena.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <faultline/oracle.h>
#include <faultline/rt.h>

#include "stress/delay.h"

#define SIZE (64UL << 20) /* of which a run uses some ten thousand bytes */
#define GRAIN 16UL

struct object {
	size_t size;
	size_t pad;
};

static unsigned char *arena, *freed; /* freed: a byte per grain */
static size_t used, most;

static unsigned char *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int fl_arena_init(void)
{
	if (!arena)
		arena = map(SIZE);
	if (!freed)
		freed = map(SIZE / GRAIN);
	return arena && freed ? 0 : -ENOMEM;
}

void fl_arena_reset(void)
{
	if (used > SIZE)
		used = SIZE;
	if (used > most)
		most = used;
	memset(freed, 0, used / GRAIN);
	used = 0;
}

void fl_arena_exit(void)
{
	if (arena)
		munmap(arena, SIZE);
	if (freed)
		munmap(freed, SIZE / GRAIN);
	arena = freed = NULL;
	used = 0;
}

size_t fl_arena_used(void)
{
	return used > most ? used : most;
}

/* ---- as include/faultline/rt/alloc.h says ---- */

void *fl_zalloc_aligned(size_t size, size_t align)
{
	struct object *object;
	size_t at, whole;

	if (align < GRAIN)
		align = GRAIN;
	if (!arena || size > SIZE / 2 || align > SIZE / 4)
		return NULL;
	size = size ? (size + GRAIN - 1) & ~(GRAIN - 1) : GRAIN;
	whole = size + sizeof(*object) + align - GRAIN;
	at = __atomic_fetch_add(&used, whole, __ATOMIC_RELAXED);
	if (at > SIZE - whole)
		return NULL;
	at = (at + sizeof(*object) + align - 1) & ~(align - 1);
	object = (struct object *)(void *)&arena[at - sizeof(*object)];
	object->size = size;
	return memset(&arena[at], 0, size);
}

void *fl_zalloc(size_t size)
{
	return fl_zalloc_aligned(size, GRAIN);
}

static bool is_freed(uintptr_t addr)
{
	uintptr_t at = addr - (uintptr_t)arena;

	return at < SIZE && __atomic_load_n(&freed[at / GRAIN], __ATOMIC_RELAXED);
}

static __attribute__((noinline, cold)) void fail(const char *what)
{
	fl_oracle_fail("use-after-free", "CPU%d %s memory that is freed", smp_processor_id(), what);
}

void fl_free(void *p)
{
	size_t at = (size_t)((unsigned char *)p - arena), size;

	if (!p || at >= SIZE)
		return;
	if (is_freed((uintptr_t)p)) {
		fail("frees");
		return;
	}
	size = ((struct object *)p)[-1].size;
	for (size_t i = at / GRAIN; i < (at + size) / GRAIN; i++)
		__atomic_store_n(&freed[i], 1, __ATOMIC_RELAXED);
}

/* ---- what the compiler calls before each access ---- */

/* @code: where from. The same in each process, wherever it is loaded. */
static inline void look(uintptr_t addr, bool stores, uintptr_t code)
{
	uintptr_t at = addr - (uintptr_t)arena;

	if (at >= SIZE)
		return; /* a stack, or what is constant */
	fl_delay_access(at, stores, code - (uintptr_t)fl_delay_begin);
	if (__builtin_expect(__atomic_load_n(&freed[at / GRAIN], __ATOMIC_RELAXED) != 0, 0))
		fail(stores ? "writes" : "reads");
}

#define ACCESS(name, stores)                                                                       \
	void name(uintptr_t addr);                                                                 \
	void name(uintptr_t addr)                                                                  \
	{                                                                                          \
		look(addr, stores, (uintptr_t)__builtin_return_address(0));                        \
	}
#define ACCESS_OF(size)                                                                            \
	ACCESS(__asan_load##size##_noabort, false)                                                 \
	ACCESS(__asan_store##size##_noabort, true)

ACCESS_OF(1)
ACCESS_OF(2)
ACCESS_OF(4)
ACCESS_OF(8)
ACCESS_OF(16)

void __asan_loadN_noabort(uintptr_t addr, size_t size);
void __asan_loadN_noabort(uintptr_t addr, size_t size)
{
	if (size && (is_freed(addr) || is_freed(addr + size - 1)))
		fail("reads");
}

void __asan_storeN_noabort(uintptr_t addr, size_t size);
void __asan_storeN_noabort(uintptr_t addr, size_t size)
{
	if (size && (is_freed(addr) || is_freed(addr + size - 1)))
		fail("writes");
}

void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
}
