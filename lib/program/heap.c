// SPDX-License-Identifier: MIT
/*
 * heap.c - malloc() and its relatives, from the engine's arena.
 *
 * Memory is never used again in an execution, so a use after free is seen as one. It is zeroed; reading what nobody
 * has written is seen where threads share it. An allocation never fails: a program that needs more than there
 * is can't be explored.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

static size_t size_of(const void *p)
{
	size_t size = 0;

	memory_object((uintptr_t)p, &size);
	return size;
}

void *allocate_memory(size_t size, size_t align, enum deed_kind kind)
{
	void *p = memory_alloc(outside() ? ZONE_SETUP : current_thread, size, align);

	if (!p)
		call_refuse("a thread allocates more memory than there is for one (4 MiB)");
	if (kind == DEED_CLEARED)
		memory_mark_cleared((uintptr_t)p);
	if (!outside())
		exec_note(kind, (uintptr_t)p, size_of(p));
	return p;
}

static void *allocate(size_t size, size_t align)
{
	return allocate_memory(size, align, DEED_ALLOCATED);
}

static void release(void *p, uintptr_t pc)
{
	struct op op = {
		.kind = OP_STORE,
		.order = FL_PLAIN,
		.flags = EVF_FREE,
		.addr = (uintptr_t)p,
		.pc = pc,
	};

	if (!p || outside())
		return;
	fl_do(&op);
}

CALL(void *, malloc, size_t size)
{
	return allocate(size, 16);
}

CALL(void *, calloc, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all))
		return NULL;
	return allocate_memory(all, 16, DEED_CLEARED);
}

static void *resize(void *old, size_t size, uintptr_t pc)
{
	size_t keep = size_of(old);
	void *p = allocate(size, 16);

	if (!old)
		return p;
	copy_memory(p, old, keep < size ? keep : size, pc);
	release(old, pc);
	return p;
}

CALL(void *, realloc, void *old, size_t size)
{
	return resize(old, size, PC);
}

CALL(void *, reallocarray, void *old, size_t n, size_t size)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : resize(old, all, PC);
}

CALL(void, free, void *p)
{
	release(p, PC);
}

CALL(void *, aligned_alloc, size_t align, size_t size)
{
	return allocate(size, align);
}

CALL(void *, memalign, size_t align, size_t size)
{
	return allocate(size, align);
}

CALL(int, posix_memalign, void **out, size_t align, size_t size)
{
	if (align % sizeof(void *) || align & (align - 1))
		return EINVAL;
	CALL_RETURN(out, allocate(size, align), PC);
	return 0;
}

CALL(size_t, malloc_usable_size, void *p)
{
	return size_of(p);
}
