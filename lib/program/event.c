// SPDX-License-Identifier: MIT
/* event.c - events of library calls; see call.h. */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/check/plain.h"
#include "rt/check/stop.h"

static uint64_t fit(uint64_t v, unsigned int size)
{
	return size < 8 ? v & ((1ull << 8 * size) - 1) : v;
}

uint64_t call_load(const volatile void *addr, unsigned int size, enum fl_order order,
		   const struct fl_site *site, uintptr_t pc)
{
	struct op op = {
		.kind = OP_LOAD,
		.order = order,
		.addr = (uintptr_t)addr,
		.size = size,
		.site = site,
		.pc = pc,
		.given = true,
	};

	if (outside())
		return memory_peek(op.addr, size);
	fl_do(&op);
	return op.old;
}

void call_store(volatile void *addr, unsigned int size, uint64_t val, enum fl_order order,
		const struct fl_site *site, uintptr_t pc)
{
	struct op op = {
		.kind = OP_STORE,
		.order = order,
		.addr = (uintptr_t)addr,
		.size = size,
		.val = fit(val, size),
		.site = site,
		.pc = pc,
		.given = true,
	};

	if (outside())
		memory_poke(op.addr, size, op.val);
	else
		fl_do(&op);
}

static bool rmw(struct op *op)
{
	uint64_t nv;

	op->kind = OP_RMW;
	if (!outside()) {
		fl_do(op);
		return op->ok;
	}
	op->old = memory_peek(op->addr, op->size);
	if (!op->fn(op->old, op->a, op->b, &nv))
		return false;
	memory_poke(op->addr, op->size, nv);
	return true;
}

bool call_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
	      enum fl_order order, const struct fl_site *site, uintptr_t pc, uint64_t *old)
{
	struct op op = {
		.order = order,
		.addr = (uintptr_t)addr,
		.size = size,
		.fn = fn,
		.a = a,
		.b = b,
		.site = site,
		.pc = pc,
		.given = true,
	};
	bool ok = rmw(&op);

	if (old)
		*old = op.old;
	return ok;
}

/* Alone in the process, nobody could end the wait. */
static _Noreturn void wait_outside(const struct fl_site *site)
{
	fprintf(stderr, "faultline: %s in a constructor would wait for ever\n", site->text);
	exit(2);
}

uint64_t call_wait_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
		       enum fl_order order, const struct fl_site *site, uintptr_t pc)
{
	struct op op = {
		.order = order,
		.flags = EVF_AWAIT | EVF_HAS_STORE,
		.addr = (uintptr_t)addr,
		.size = size,
		.fn = fn,
		.a = a,
		.b = b,
		.site = site,
		.pc = pc,
		.given = true,
	};

	if (!rmw(&op))
		wait_outside(site);
	return op.old;
}

uint64_t call_wait(const volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a,
		   uint64_t b, enum fl_order order, const struct fl_site *site, uintptr_t pc)
{
	struct op op = {
		.kind = OP_AWAIT,
		.order = order,
		.addr = (uintptr_t)addr,
		.size = size,
		.fn = fn,
		.a = a,
		.b = b,
		.site = site,
		.pc = pc,
		.given = true,
	};
	uint64_t nv;

	if (!outside()) {
		fl_do(&op);
		return op.old;
	}
	op.old = memory_peek(op.addr, size);
	if (!fn(op.old, a, b, &nv))
		wait_outside(site);
	return op.old;
}

void call_read(void *to, const void *from, size_t size, uintptr_t pc)
{
	plain_load_in_call((uintptr_t)from, size, pc);
	memcpy(to, from, size);
}

void call_show_memory(void)
{
	if (outside())
		return;
	exec_flush();
	memory_show(&G, exec_last_passed());
}

/* The store is announced, as the compiler does it, and becomes an event with what is there by then. */
void call_write(void *to, const void *from, size_t size, uintptr_t pc)
{
	plain_store((uintptr_t)to, size, pc);
	memcpy(to, from, size);
}

void call_refuse(const char *fmt, ...)
{
	char text[sizeof(exec_error)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (outside()) {
		fprintf(stderr, "faultline: in a constructor: %s\n", text);
		exit(2);
	}
	memcpy(exec_error, text, sizeof(exec_error));
	for (;;)
		exec_yield();
}

void call_violation(const char *oracle, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (outside()) {
		fprintf(stderr, "faultline: in a constructor: %s: %s\n", oracle, text);
		exit(2);
	}
	exec_stop(oracle, text);
}
