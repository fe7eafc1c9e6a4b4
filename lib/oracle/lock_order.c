// SPDX-License-Identifier: MIT
/*
 * lock_order.c - oracle "lock-order": locks are taken in one order, so that nobody waits in a circle.
 *
 * Specification: the table in lib/mm/lock_order.c (the kernel's: comments in mm/rmap.c, mm/filemap.c). A
 * thread that waits for a lock has only locks that stand above it, or one of the same class where these nest.
 * A try that fails would not have waited: tries are not judged. The order of two locks of one class is not
 * judged either (the engine's "deadlock" sees a circle that happens).
 *
 * Records: the locks that each thread has. In check runs only: natively nobody tells (rt/lock_watch.h).
 */
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#include <string.h>

#include "mm/lock_order.h"

#ifdef FAULTLINE_CHECK

#include <faultline/scenario.h>

#include "rt/lock_watch.h"

#define MAX_HELD 16

struct held {
	const void *lock;
	size_t class;
};

static struct {
	struct held held[MAX_HELD];
	unsigned int nr;
} threads[FL_MAX_THREADS];

static size_t class_of(const char *name)
{
	size_t i = 0;

	while (i < nr_lock_classes && strcmp(lock_order[i].name, name))
		i++;
	return i;
}

static void judge(int thread, size_t class)
{
	for (unsigned int i = 0; i < threads[thread].nr; i++) {
		size_t has = threads[thread].held[i].class;

		if (has < class || (has == class && lock_order[class].nests))
			continue;
		fl_oracle_fail("lock-order",
			       "CPU%d waits for %s while it has %s, which goes inside", thread,
			       lock_order[class].name + 1, lock_order[has].name + 1);
	}
}

static void taken(int thread, const void *lock, const char *name, bool read, bool waited)
{
	size_t class = class_of(name);

	(void)read;
	if (thread >= FL_MAX_THREADS || class == nr_lock_classes)
		return;
	if (waited)
		judge(thread, class);
	if (threads[thread].nr < MAX_HELD)
		threads[thread].held[threads[thread].nr++] = (struct held){ lock, class };
}

static void dropped(int thread, const void *lock)
{
	unsigned int n = thread < FL_MAX_THREADS ? threads[thread].nr : 0;

	for (unsigned int i = n; i-- > 0;) {
		if (threads[thread].held[i].lock != lock)
			continue;
		threads[thread].held[i] = threads[thread].held[n - 1];
		threads[thread].nr--;
		return;
	}
}

static void forget(void)
{
	memset(threads, 0, sizeof(threads));
}

static void clear(void)
{
	static const struct fl_lock_watch watch = { taken, dropped };

	forget();
	fl_lock_watch(fl_oracle_machine() ? &watch : NULL);
}

#else

static void forget(void)
{
}

static void clear(void)
{
}

#endif

const struct fl_oracle fl_lock_order_oracle = { .clear = clear, .restore = forget };
