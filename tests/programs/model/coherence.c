/* SPDX-License-Identifier: MIT */
/*
 * coherence.c - one location: its stores are in one order for all, with relaxed accesses too.
 *
 * ISO C11 5.1.2.4p16-19 (coherence); J. Alglave, L. Maranget, M. Tautschnig, "Herding cats", TOPLAS 36(2), 2014 (CoRR).
 *
 * Holds: a reader does not go back, two readers agree on the order of two stores.
 * BUG_VOLATILE: x is volatile, not atomic: data race. BUG_TWO: the readers look at two locations.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BUG_VOLATILE
static volatile int x;
#define GET(p) (*(p))
#define SET(p, v) (*(p) = (v))
typedef volatile int word;
#else
static atomic_int x;
#define GET(p) atomic_load_explicit((p), memory_order_relaxed)
#define SET(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
typedef atomic_int word;
#endif

#ifdef BUG_TWO
static word other;
#define SECOND (&other)
#else
#define SECOND (&x)
#endif

static int seen[2][2];

static void *one(void *arg)
{
	SET(&x, 1);
	return arg;
}

static void *two(void *arg)
{
	SET(SECOND, 2);
	return arg;
}

static void *reader(void *arg)
{
	int *r = seen[(intptr_t)arg];
	word *first = &x, *second = SECOND;

	if ((intptr_t)arg)
		first = SECOND, second = &x;
	r[0] = GET(first);
	r[1] = GET(second);
	return NULL;
}

int main(void)
{
	void *(*fn[4])(void *) = { one, two, reader, reader };
	pthread_t t[4];

	for (intptr_t i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, fn[i], (void *)(i == 3 ? (intptr_t)1 : 0));
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
#ifdef BUG_TWO
	assert(!(seen[0][0] == 1 && !seen[0][1] && seen[1][0] == 2 && !seen[1][1]));
#else
	assert(!(seen[0][0] && !seen[0][1]));
	assert(!(seen[0][0] == 1 && seen[0][1] == 2 && seen[1][0] == 2 && seen[1][1] == 1));
#endif
	return 0;
}
