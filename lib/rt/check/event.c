/* SPDX-License-Identifier: MIT */
/*
 * event.c - the check engine's primitives: each becomes an operation of the explored execution.
 *
 * Code that runs outside of a thread (set-up, oracles at the end) acts on memory directly.
 */
#include <stdlib.h>
#include <string.h>

#include <faultline/rt/alloc.h>
#include <faultline/rt/check/base.h>

#include "access.h"
#include "lock_watch_internal.h"

bool fl_rmw_set_from_zero(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);

static uint64_t load(const volatile void *addr, unsigned int size, enum fl_order order,
		     uint16_t flags, const struct fl_site *site)
{
	struct op op = {
		.order = order,
		.flags = flags,
		.addr = (uintptr_t)addr,
		.size = size,
		.site = site,
	};

	return access_load(&op);
}

uint64_t fl_ev_load(const volatile void *addr, unsigned int size, enum fl_order order,
		    const struct fl_site *site)
{
	return load(addr, size, order, 0, site);
}

static void store(volatile void *addr, unsigned int size, uint64_t val, enum fl_order order,
		  uint16_t flags, const struct fl_site *site)
{
	struct op op = {
		.order = order,
		.flags = flags,
		.addr = (uintptr_t)addr,
		.size = size,
		.site = site,
		.given = flags & EVF_UNLOCK,
	};

	access_store(&op, val);
}

void fl_ev_store(volatile void *addr, unsigned int size, uint64_t val, enum fl_order order,
		 const struct fl_site *site)
{
	store(addr, size, val, order, 0, site);
}

void fl_ev_unlock(volatile void *addr, unsigned int size, const struct fl_site *site)
{
	store(addr, size, 0, FL_RELEASE, EVF_UNLOCK, site);
	lock_watch_unlock((const void *)addr);
}

/*
 * Does a read-modify-write store a value that depends on the one it reads? An exchange does not, nor one that
 * compares and stores a value of the caller's.
 */
static bool computes(fl_rmw_fn fn)
{
	return fn != fl_rmw_xchg && fn != fl_rmw_cmpxchg && fn != fl_rmw_set_from_zero;
}

static uint16_t event_flags(unsigned int flags)
{
	uint16_t f = 0;

	if (flags & FL_RMW_AWAIT)
		f |= EVF_AWAIT | EVF_HAS_STORE;
	if (flags & FL_RMW_NORETURN)
		f |= EVF_NORETURN;
	if (flags & FL_RMW_LOCK)
		f |= EVF_LOCK;
	if (flags & FL_RMW_MAY_WAIT)
		f |= EVF_MAY_WAIT;
	return f;
}

bool fl_ev_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
	       enum fl_order order, unsigned int flags, const struct fl_site *site, uint64_t *old)
{
	struct op op = {
		.order = order,
		.flags = event_flags(flags) | (computes(fn) ? EVF_COMPUTES : 0),
		.given = flags & FL_RMW_GIVEN,
		.addr = (uintptr_t)addr,
		.size = size,
		.fn = fn,
		.a = a,
		.b = b,
		.site = site,
	};
	bool ok = access_rmw(&op);

	/* Nobody else runs who could end the wait. */
	if (!ok && (flags & FL_RMW_AWAIT))
		abort();
	*old = op.old;
	if (ok)
		lock_watch_rmw((const void *)addr, fn, order, a, flags);
	return ok;
}

uint64_t fl_ev_await(const volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a,
		     uint64_t b, enum fl_order order, unsigned int flags,
		     const struct fl_site *site)
{
	struct op op = {
		.order = order,
		.flags = event_flags(flags) & EVF_MAY_WAIT,
		.given = flags & FL_RMW_GIVEN,
		.addr = (uintptr_t)addr,
		.size = size,
		.fn = fn,
		.a = a,
		.b = b,
		.site = site,
	};

	if (!access_await(&op))
		abort();
	return op.old;
}

void fl_ev_fence(enum fl_fence kind, const struct fl_site *site)
{
	struct op op = { .kind = OP_FENCE, .fence = kind, .site = site };

	if (!outside())
		fl_do(&op);
}

uint64_t fl_ev_srcu_lock(const volatile void *addr, unsigned int size, const struct fl_site *site)
{
	return load(addr, size, FL_ONCE, EVF_SRCU, site);
}

void fl_ev_srcu_unlock(volatile void *addr, unsigned int size, uint64_t idx,
		       const struct fl_site *site)
{
	store(addr, size, idx, FL_ONCE, EVF_SRCU, site);
}

void fl_ev_sync_srcu(volatile void *addr, unsigned int size, const struct fl_site *site)
{
	struct op op = {
		.kind = OP_FENCE,
		.fence = FL_FENCE_SYNC_SRCU,
		.addr = (uintptr_t)addr,
		.size = size,
		.site = site,
	};

	if (!outside())
		fl_do(&op);
}

void fl_ev_deps(const struct fl_deps *deps)
{
	if (!outside())
		T[current_thread].deps = *deps;
}

int fl_ev_loads(void)
{
	return outside() ? 0 : T[current_thread].loads;
}

/* Conditions and new values. Pure: the engine asks about values that the thread may never see. */

bool fl_rmw_xchg(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)old, (void)b;
	*n = a;
	return true;
}

bool fl_rmw_cmpxchg(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	*n = b;
	return old == a;
}

bool fl_rmw_add(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old + a;
	return true;
}

bool fl_rmw_and(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old & a;
	return true;
}

bool fl_rmw_or(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old | a;
	return true;
}

bool fl_rmw_xor(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old ^ a;
	return true;
}

bool fl_rmw_add_unless(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	*n = old + a;
	return old != b;
}

/* @a: the limit. */
bool fl_rmw_inc_limited(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old + 1;
	return old && old < a;
}

bool fl_rmw_set_from_zero(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = a;
	return !old;
}

bool fl_rmw_rwsem_read(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_rwsem_read(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old + FL_RWSEM_READER;
	return !(old & FL_RWSEM_WRITER);
}

bool fl_await_mask(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_await_mask(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	*n = old;
	return (old & a) == b;
}

/* Steps: the outermost names the events inside. */

struct fl_step fl_step_push(const struct fl_site *site)
{
	struct fl_step s = { 0 };

	if (outside())
		return s;
	s.outer = T[current_thread].step;
	if (!s.outer)
		T[current_thread].step = site;
	return s;
}

void fl_step_pop(struct fl_step *step)
{
	if (!outside())
		T[current_thread].step = step->outer;
}

uint64_t fl_ev_choose(uint64_t n, const struct fl_site *site)
{
	return outside() ? 0 : exec_choose(n, site, (uintptr_t)__builtin_return_address(0));
}

/* Memory of modelled objects. */

void *fl_zalloc_aligned(size_t size, size_t align)
{
	return memory_alloc(outside() ? ZONE_SETUP : current_thread, size, align);
}

void *fl_zalloc(size_t size)
{
	return fl_zalloc_aligned(size, 16);
}

/* The store by which the object ends; what comes after it in any order is a use after free. */
void fl_free(void *p)
{
	struct op op = {
		.kind = OP_STORE,
		.order = FL_PLAIN,
		.flags = EVF_FREE,
		.addr = (uintptr_t)p,
		.pc = (uintptr_t)__builtin_return_address(0),
	};

	if (p && !outside())
		fl_do(&op);
}

void fl_addr_dep(const void *obj)
{
	exec_addr_dep(obj);
}
