/* SPDX-License-Identifier: MIT */
/*
 * tsan_atomic.c - what the compiler calls for each C11 atomic operation (-fsanitize=thread, GCC and Clang).
 *
 * Orders are C11's, with consume taken for acquire. A compare-exchange that fails is a load with the
 * failure order; the weak form fails only if the values differ. Where the place in the source is needed,
 * it is that of the return address. Outside of an exploration the operations act on memory directly.
 */
#include <stdio.h>
#include <stdlib.h>

#include <faultline/rt/check/base.h>

#include "access.h"
#include "plain.h"

#define PC ((uintptr_t)__builtin_return_address(0))

/* Named for messages; the trace shows the source line of the return address. */
#define ATOMIC(what)                                                                               \
	({                                                                                         \
		static const struct fl_site site = { .text = (what) };                             \
		&site;                                                                             \
	})

static enum fl_order order_of(int order)
{
	switch (order & 0xffff) { /* above: hints for lock elision */
	case __ATOMIC_RELAXED:
		return FL_ONCE;
	case __ATOMIC_CONSUME:
	case __ATOMIC_ACQUIRE:
		return FL_ACQUIRE;
	case __ATOMIC_RELEASE:
		return FL_RELEASE;
	case __ATOMIC_ACQ_REL:
		return FL_ACQ_REL;
	default:
		return FL_SEQ_CST;
	}
}

static uint64_t load(const volatile void *addr, unsigned int size, int order, uintptr_t pc)
{
	struct op op = {
		.flags = EVF_USED,
		.order = order_of(order),
		.addr = (uintptr_t)addr,
		.size = size,
		.site = ATOMIC("atomic load"),
		.pc = pc,
	};

	return access_load(&op);
}

static void store(volatile void *addr, unsigned int size, uint64_t val, int order, uintptr_t pc)
{
	struct op op = {
		.order = order_of(order),
		.addr = (uintptr_t)addr,
		.size = size,
		.site = ATOMIC("atomic store"),
		.pc = pc,
	};

	access_store(&op, val);
}

static uint64_t fetch(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, int order,
		      const struct fl_site *site, uintptr_t pc)
{
	struct op op = {
		.flags = EVF_USED,
		.order = order_of(order),
		.addr = (uintptr_t)addr,
		.size = size,
		.fn = fn,
		.a = fit(a, size),
		.site = site,
		.pc = pc,
	};

	access_rmw(&op);
	return op.old;
}

/*
 * Where the program keeps the expected value may be shared, too. The compiler announces none of these
 * accesses.
 */
static uint64_t read_expected(void *expected, unsigned int size, uintptr_t pc)
{
	if (!outside())
		plain_load_in_call((uintptr_t)expected, size, pc);
	return memory_peek((uintptr_t)expected, size);
}

static void write_expected(void *expected, unsigned int size, uint64_t val, uintptr_t pc)
{
	if (!outside())
		plain_store((uintptr_t)expected, size, pc);
	memory_poke((uintptr_t)expected, size, val);
}

/* The value found; it equals @expected exactly if the exchange was done. */
static uint64_t compare_exchange(volatile void *addr, unsigned int size, uint64_t expected,
				 uint64_t desired, int order, int fail_order, uintptr_t pc)
{
	struct op op = {
		.flags = EVF_USED,
		.order = order_of(order),
		.fail_order = order_of(fail_order),
		.addr = (uintptr_t)addr,
		.size = size,
		.fn = fl_rmw_cmpxchg,
		.a = fit(expected, size),
		.b = fit(desired, size),
		.site = ATOMIC("atomic compare-exchange"),
		.pc = pc,
	};

	access_rmw(&op);
	return op.old;
}

static bool compare_exchange_at(volatile void *addr, unsigned int size, void *expected,
				uint64_t desired, int order, int fail_order, uintptr_t pc)
{
	uint64_t want = read_expected(expected, size, pc);
	uint64_t old = compare_exchange(addr, size, want, desired, order, fail_order, pc);

	if (old == want)
		return true;
	write_expected(expected, size, old, pc);
	return false;
}

static bool rmw_nand(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = ~(old & a);
	return true;
}

/* Prototypes as the compilers have them, whatever the signedness. */
#define ATOMIC_OPERATIONS(bits, type)                                                              \
	type __tsan_atomic##bits##_load(const volatile type *a, int order);                        \
	type __tsan_atomic##bits##_load(const volatile type *a, int order)                         \
	{                                                                                          \
		return (type)load(a, sizeof(type), order, PC);                                     \
	}                                                                                          \
	void __tsan_atomic##bits##_store(volatile type *a, type v, int order);                     \
	void __tsan_atomic##bits##_store(volatile type *a, type v, int order)                      \
	{                                                                                          \
		store(a, sizeof(type), v, order, PC);                                              \
	}                                                                                          \
	FETCH(bits, type, exchange, fl_rmw_xchg, v)                                                \
	FETCH(bits, type, fetch_add, fl_rmw_add, v)                                                \
	FETCH(bits, type, fetch_sub, fl_rmw_add, -(uint64_t)v)                                     \
	FETCH(bits, type, fetch_and, fl_rmw_and, v)                                                \
	FETCH(bits, type, fetch_or, fl_rmw_or, v)                                                  \
	FETCH(bits, type, fetch_xor, fl_rmw_xor, v)                                                \
	FETCH(bits, type, fetch_nand, rmw_nand, v)                                                 \
	int __tsan_atomic##bits##_compare_exchange_strong(volatile type *a, type *e, type d,       \
							  int order, int fail);                    \
	int __tsan_atomic##bits##_compare_exchange_strong(volatile type *a, type *e, type d,       \
							  int order, int fail)                     \
	{                                                                                          \
		return compare_exchange_at(a, sizeof(type), e, d, order, fail, PC);                \
	}                                                                                          \
	int __tsan_atomic##bits##_compare_exchange_weak(volatile type *a, type *e, type d,         \
							int order, int fail);                      \
	int __tsan_atomic##bits##_compare_exchange_weak(volatile type *a, type *e, type d,         \
							int order, int fail)                       \
	{                                                                                          \
		return compare_exchange_at(a, sizeof(type), e, d, order, fail, PC);                \
	}                                                                                          \
	type __tsan_atomic##bits##_compare_exchange_val(volatile type *a, type e, type d,          \
							int order, int fail);                      \
	type __tsan_atomic##bits##_compare_exchange_val(volatile type *a, type e, type d,          \
							int order, int fail)                       \
	{                                                                                          \
		return (type)compare_exchange(a, sizeof(type), e, d, order, fail, PC);             \
	}

#define FETCH(bits, type, name, fn, operand)                                                       \
	type __tsan_atomic##bits##_##name(volatile type *a, type v, int order);                    \
	type __tsan_atomic##bits##_##name(volatile type *a, type v, int order)                     \
	{                                                                                          \
		return (type)fetch(a, sizeof(type), fn, operand, order, ATOMIC("atomic " #name),   \
				   PC);                                                            \
	}

ATOMIC_OPERATIONS(8, uint8_t)
ATOMIC_OPERATIONS(16, uint16_t)
ATOMIC_OPERATIONS(32, uint32_t)
ATOMIC_OPERATIONS(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	static const enum fl_fence fence[] = {
		[FL_ACQUIRE] = FL_FENCE_C11_ACQUIRE,
		[FL_RELEASE] = FL_FENCE_C11_RELEASE,
		[FL_ACQ_REL] = FL_FENCE_C11_ACQ_REL,
		[FL_SEQ_CST] = FL_FENCE_C11_SEQ_CST,
	};
	struct op op = {
		.kind = OP_FENCE,
		.site = ATOMIC("atomic_thread_fence()"),
		.pc = PC,
	};

	if (outside() || order_of(order) == FL_ONCE)
		return;
	op.fence = fence[order_of(order)];
	fl_do(&op);
}

/* Orders a thread and its own signal handlers: there are none. */
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

/* Wider than what one event holds. */
static _Noreturn void refuse(uintptr_t pc)
{
	static const char text[] =
		"16-byte atomic operations are not modelled: use at most 8 bytes";

	if (outside()) {
		fprintf(stderr, "faultline: %s\n", text);
		abort();
	}
	snprintf(exec_error, sizeof(exec_error), "%s" PLAIN_AT_PC, text, pc);
	for (;;)
		exec_yield();
}

#define REFUSED(name)                                                                              \
	void __tsan_atomic128_##name(void);                                                        \
	void __tsan_atomic128_##name(void)                                                         \
	{                                                                                          \
		refuse((uintptr_t)__builtin_return_address(0));                                    \
	}

REFUSED(load)
REFUSED(store)
REFUSED(exchange)
REFUSED(fetch_add)
REFUSED(fetch_sub)
REFUSED(fetch_and)
REFUSED(fetch_or)
REFUSED(fetch_xor)
REFUSED(fetch_nand)
REFUSED(compare_exchange_strong)
REFUSED(compare_exchange_weak)
REFUSED(compare_exchange_val)
