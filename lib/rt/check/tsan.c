/* SPDX-License-Identifier: MIT */
/*
 * tsan.c - what the compiler calls before each plain access (-fsanitize=thread, GCC and Clang).
 *
 * Only accesses to modelled memory count; stacks and constants are the thread's own. Before a plain load
 * the value that the execution gives it is put where the load will look. A plain store is announced
 * before it happens, so it is remembered and becomes an event at the thread's next operation.
 * Accesses wider than 8 bytes are their halves.
 */
#include <faultline/rt/check/base.h>

#include "../../explore/exec.h"
#include "../../explore/memory.h"

#define PC ((uintptr_t)__builtin_return_address(0))

static void plain_load(uintptr_t addr, unsigned int size, uintptr_t pc)
{
	struct op op = {
		.kind = OP_LOAD,
		.order = FL_PLAIN,
		.addr = addr,
		.size = size,
		.pc = pc,
	};

	if (current_thread < 0 || !memory_tracks(addr))
		return;
	exec_do(&op);
	memory_poke(addr, size, op.old);
}

enum shape { WORD, RANGE };

static void announce(uintptr_t addr, unsigned int size, enum shape shape, uintptr_t pc)
{
	int other;

	if (current_thread < 0 || !memory_tracks(addr))
		return;
	exec_flush();
	/* The initial value has to be taken before the store lands in real memory. */
	for (unsigned int i = 0; i < size; i += 8)
		memory_location(&G, addr + i, size - i < 8 ? size - i : 8, &other);
	T[current_thread].plain_store.addr = addr;
	T[current_thread].plain_store.size = size;
	T[current_thread].plain_store.pc = pc;
	T[current_thread].plain_store.step = T[current_thread].step;
	T[current_thread].plain_store.range = shape != WORD;
}

static void plain_store(uintptr_t addr, unsigned int size, uintptr_t pc)
{
	announce(addr, size, WORD, pc);
}

#define ACCESS(size)                                                                               \
	void __tsan_read##size(void *addr);                                                        \
	void __tsan_read##size(void *addr)                                                         \
	{                                                                                          \
		plain_load((uintptr_t)addr, size, PC);                                             \
	}                                                                                          \
	void __tsan_write##size(void *addr);                                                       \
	void __tsan_write##size(void *addr)                                                        \
	{                                                                                          \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}                                                                                          \
	void __tsan_unaligned_read##size(void *addr);                                              \
	void __tsan_unaligned_read##size(void *addr)                                               \
	{                                                                                          \
		plain_load((uintptr_t)addr, size, PC);                                             \
	}                                                                                          \
	void __tsan_unaligned_write##size(void *addr);                                             \
	void __tsan_unaligned_write##size(void *addr)                                              \
	{                                                                                          \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}                                                                                          \
	void __tsan_volatile_read##size(void *addr);                                               \
	void __tsan_volatile_read##size(void *addr)                                                \
	{                                                                                          \
		plain_load((uintptr_t)addr, size, PC);                                             \
	}                                                                                          \
	void __tsan_volatile_write##size(void *addr);                                              \
	void __tsan_volatile_write##size(void *addr)                                               \
	{                                                                                          \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}                                                                                          \
	void __tsan_read_write##size(void *addr);                                                  \
	void __tsan_read_write##size(void *addr)                                                   \
	{                                                                                          \
		plain_load((uintptr_t)addr, size, PC);                                             \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)

/* All words first, then all values: other threads run in between and put theirs there. */
static void plain_load_range(uintptr_t addr, unsigned long size, uintptr_t pc)
{
	uint64_t value[size / 8 + 1];

	if (current_thread < 0 || !memory_tracks(addr))
		return;
	for (unsigned long i = 0; i < size; i += 8) {
		struct op op = {
			.kind = OP_LOAD,
			.order = FL_PLAIN,
			.addr = addr + i,
			.size = size - i < 8 ? size - i : 8,
			.pc = pc,
		};

		exec_do(&op);
		value[i / 8] = op.old;
	}
	for (unsigned long i = 0; i < size; i += 8)
		memory_poke(addr + i, size - i < 8 ? size - i : 8, value[i / 8]);
}

void __tsan_read16(void *addr);
void __tsan_read16(void *addr)
{
	plain_load_range((uintptr_t)addr, 16, PC);
}

void __tsan_write16(void *addr);
void __tsan_write16(void *addr)
{
	announce((uintptr_t)addr, 16, RANGE, PC);
}

void __tsan_unaligned_read16(void *addr);
void __tsan_unaligned_read16(void *addr)
{
	__tsan_read16(addr);
}

void __tsan_unaligned_write16(void *addr);
void __tsan_unaligned_write16(void *addr)
{
	announce((uintptr_t)addr, 16, RANGE, PC);
}

void __tsan_read_range(void *addr, unsigned long size);
void __tsan_read_range(void *addr, unsigned long size)
{
	plain_load_range((uintptr_t)addr, size, PC);
}

/* Structures are copied in code that no other thread can see yet: fl_zalloc'ed, not published. */
void __tsan_write_range(void *addr, unsigned long size);
void __tsan_write_range(void *addr, unsigned long size)
{
	announce((uintptr_t)addr, size, RANGE, PC);
}

/*
 * The compiler does not announce what library functions do; rt.h maps these onto the events. A copy is
 * done word by word where both ends are aligned, else by bytes.
 */
static unsigned int step_of(uintptr_t a, uintptr_t b, size_t left)
{
	return left >= 8 && !((a | b) & 7) ? 8 : 1;
}

void *fl_ev_memmove(void *dst, const void *src, size_t n)
{
	uintptr_t d = (uintptr_t)dst, s = (uintptr_t)src;

	if (current_thread < 0 || !n || (!memory_tracks(d) && !memory_tracks(s)))
		return __builtin_memmove(dst, src, n);
	if (d > s && d < s + n) {
		for (size_t left = n, k; left; left -= k) {
			k = step_of(d + left, s + left, left);
			plain_load(s + left - k, k, PC);
			plain_store(d + left - k, k, PC);
			__builtin_memmove((void *)(d + left - k), (void *)(s + left - k), k);
		}
		return dst;
	}
	for (size_t i = 0, k; i < n; i += k) {
		k = step_of(d + i, s + i, n - i);
		plain_load(s + i, k, PC);
		plain_store(d + i, k, PC);
		__builtin_memmove((void *)(d + i), (void *)(s + i), k);
	}
	return dst;
}

void *fl_ev_memset(void *dst, int c, size_t n)
{
	uintptr_t d = (uintptr_t)dst;

	if (current_thread < 0 || !memory_tracks(d))
		return __builtin_memset(dst, c, n);
	for (size_t i = 0, k; i < n; i += k) {
		k = step_of(d + i, 0, n - i);
		plain_store(d + i, k, PC);
		__builtin_memset((void *)(d + i), c, k);
	}
	return dst;
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc);
void __tsan_func_entry(void *pc)
{
	(void)pc;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

void __tsan_vptr_update(void **p, void *v);
void __tsan_vptr_update(void **p, void *v)
{
	(void)p, (void)v;
}
