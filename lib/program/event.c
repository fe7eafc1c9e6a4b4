// SPDX-License-Identifier: MIT
/* event.c - events of library calls; see call.h. */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

#include "load.h"
#include "rt/check/plain.h"

/* Its ordering is the library's, so nothing that the program could weaken: given. */
static struct op event(const volatile void *addr, unsigned int size, enum fl_order order,
		       const struct fl_site *site, uintptr_t pc)
{
	return (struct op){
		.order = order,
		.addr = (uintptr_t)addr,
		.size = size,
		.site = site,
		.pc = pc,
		.given = true,
	};
}

static struct op conditional(const volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a,
			     uint64_t b, enum fl_order order, const struct fl_site *site,
			     uintptr_t pc)
{
	struct op op = event(addr, size, order, site, pc);

	op.flags = EVF_USED; /* as the object that it has been initialised to be */
	op.fn = fn;
	op.a = a;
	op.b = b;
	return op;
}

uint64_t call_load(const volatile void *addr, unsigned int size, enum fl_order order,
		   const struct fl_site *site, uintptr_t pc)
{
	struct op op = event(addr, size, order, site, pc);

	return access_load(&op);
}

void call_store(volatile void *addr, unsigned int size, uint64_t val, enum fl_order order,
		const struct fl_site *site, uintptr_t pc)
{
	struct op op = event(addr, size, order, site, pc);

	access_store(&op, val);
}

bool call_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
	      enum fl_order order, const struct fl_site *site, uintptr_t pc, uint64_t *old)
{
	struct op op = conditional(addr, size, fn, a, b, order, site, pc);
	bool ok = access_rmw(&op);

	if (old)
		*old = op.old;
	return ok;
}

/* Alone in the process, nobody could end the wait. */
static _Noreturn void wait_outside(const struct fl_site *site)
{
	fprintf(stderr, "faultline: %s in a constructor would wait for ever\n", site->text);
	_exit(2);
}

uint64_t call_wait_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
		       enum fl_order order, const struct fl_site *site, uintptr_t pc)
{
	struct op op = conditional(addr, size, fn, a, b, order, site, pc);

	op.flags |= EVF_AWAIT | EVF_HAS_STORE;
	if (!access_rmw(&op))
		wait_outside(site);
	return op.old;
}

uint64_t call_wait(const volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a,
		   uint64_t b, enum fl_order order, const struct fl_site *site, uintptr_t pc)
{
	struct op op = conditional(addr, size, fn, a, b, order, site, pc);

	if (!access_await(&op))
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

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *arg)
{
	uintptr_t *pc = arg;

	*pc = _Unwind_GetIP(frame);
	return loaded_has(*pc) ? _URC_NORMAL_STOP : _URC_NO_REASON;
}

void call_refuse(const char *fmt, ...)
{
	char text[sizeof(exec_error)];
	uintptr_t pc = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (outside()) {
		fprintf(stderr, "faultline: in a constructor: %s\n", text);
		_exit(2);
	}
	_Unwind_Backtrace(look, &pc);
	snprintf(exec_error, sizeof(exec_error), "%.200s" PLAIN_AT_PC, text, pc);
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
		_exit(2);
	}
	exec_stop(oracle, text);
}
