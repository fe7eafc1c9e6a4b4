/* SPDX-License-Identifier: MIT */
/*
 * tsan.c - what the compiler calls before each plain access (-fsanitize=thread, GCC and Clang).
 *
 * Only accesses to modelled memory count (plain.c).
 */
#include <faultline/rt/check/base.h>

#include "../../explore/exec.h"
#include "../../explore/memory.h"
#include "plain.h"

#define PC ((uintptr_t)__builtin_return_address(0))

#define ACCESS(size)                                                                               \
	void __tsan_read##size(void *addr);                                                        \
	void __tsan_read##size(void *addr)                                                         \
	{                                                                                          \
		plain_load_value((uintptr_t)addr, size, PC);                                       \
	}                                                                                          \
	void __tsan_write##size(void *addr);                                                       \
	void __tsan_write##size(void *addr)                                                        \
	{                                                                                          \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}                                                                                          \
	void __tsan_unaligned_read##size(void *addr);                                              \
	void __tsan_unaligned_read##size(void *addr)                                               \
	{                                                                                          \
		plain_load_value((uintptr_t)addr, size, PC);                                       \
	}                                                                                          \
	void __tsan_unaligned_write##size(void *addr);                                             \
	void __tsan_unaligned_write##size(void *addr)                                              \
	{                                                                                          \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}                                                                                          \
	void __tsan_volatile_read##size(void *addr);                                               \
	void __tsan_volatile_read##size(void *addr)                                                \
	{                                                                                          \
		plain_load_value((uintptr_t)addr, size, PC);                                       \
	}                                                                                          \
	void __tsan_volatile_write##size(void *addr);                                              \
	void __tsan_volatile_write##size(void *addr)                                               \
	{                                                                                          \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}                                                                                          \
	void __tsan_read_write##size(void *addr);                                                  \
	void __tsan_read_write##size(void *addr)                                                   \
	{                                                                                          \
		plain_load_value((uintptr_t)addr, size, PC);                                       \
		plain_store((uintptr_t)addr, size, PC);                                            \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)

void __tsan_read16(void *addr);
void __tsan_read16(void *addr)
{
	plain_load((uintptr_t)addr, 16, PC);
}

void __tsan_write16(void *addr);
void __tsan_write16(void *addr)
{
	plain_store((uintptr_t)addr, 16, PC);
}

void __tsan_unaligned_read16(void *addr);
void __tsan_unaligned_read16(void *addr)
{
	__tsan_read16(addr);
}

void __tsan_unaligned_write16(void *addr);
void __tsan_unaligned_write16(void *addr)
{
	plain_store((uintptr_t)addr, 16, PC);
}

void __tsan_read_range(void *addr, unsigned long size);
void __tsan_read_range(void *addr, unsigned long size)
{
	plain_load((uintptr_t)addr, size, PC);
}

/* Structures are copied in code that no other thread can see yet: fl_zalloc'ed, not published. */
void __tsan_write_range(void *addr, unsigned long size);
void __tsan_write_range(void *addr, unsigned long size)
{
	plain_store((uintptr_t)addr, size, PC);
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

	if (current_thread >= 0 && program->ordinary) {
		plain_load(s, n, PC);
		plain_store(d, n, PC);
		return __builtin_memmove(dst, src, n);
	}
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

	if (current_thread >= 0 && program->ordinary) {
		plain_store(d, n, PC);
		return __builtin_memset(dst, c, n);
	}
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
