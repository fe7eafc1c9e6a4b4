// SPDX-License-Identifier: MIT
/* c11.c - cases for C11's own threads; see case.h. */
#include "case.h"

#include <threads.h>

static mtx_t m;
static cnd_t c;
static once_flag once = ONCE_FLAG_INIT;
static tss_t key;
static int data, ready, inits;
static atomic_int destroyed;

static int add(void *arg)
{
	mtx_lock(&m);
	data++;
	mtx_unlock(&m);
	return 7;
}

static int add_unlocked(void *arg)
{
	data++;
	return 8;
}

static void run(thrd_start_t f, thrd_start_t g, int want)
{
	thrd_t x, y;
	int result;

	assert(thrd_create(&x, f, NULL) == thrd_success);
	assert(thrd_create(&y, g, NULL) == thrd_success);
	assert(thrd_join(x, NULL) == thrd_success);
	assert(thrd_join(y, &result) == thrd_success);
	assert(result == want);
}

void mutex(void)
{
	mtx_init(&m, mtx_plain);
	run(add, add, 7);
	assert(data == 2);
	mtx_destroy(&m);
}

void mutex_forgotten(void)
{
	mtx_init(&m, mtx_plain);
	run(add, add_unlocked, 8);
}

static int nest(void *arg)
{
	mtx_lock(&m);
	assert(mtx_trylock(&m) == thrd_success);
	data++;
	mtx_unlock(&m);
	mtx_unlock(&m);
	return 0;
}

void recursive(void)
{
	mtx_init(&m, mtx_plain | mtx_recursive);
	run(nest, nest, 0);
}

static int wait_for_it(void *arg)
{
	mtx_lock(&m);
	while (!ready)
		cnd_wait(&c, &m);
	mtx_unlock(&m);
	return 0;
}

static int tell(void *arg)
{
	mtx_lock(&m);
	ready = 1;
	mtx_unlock(&m);
	cnd_signal(&c);
	thrd_exit(4);
}

void condition(void)
{
	mtx_init(&m, mtx_plain);
	cnd_init(&c);
	run(wait_for_it, tell, 4);
	cnd_destroy(&c);
}

static void init(void)
{
	inits++;
}

static int use_once(void *arg)
{
	call_once(&once, init);
	return inits;
}

void once_only(void)
{
	run(use_once, use_once, 1);
}

static void destroy(void *value)
{
	atomic_fetch_add(&destroyed, 1);
}

static int use_key(void *arg)
{
	assert(!tss_get(key));
	tss_set(key, &data);
	return tss_get(key) == &data;
}

void specific(void)
{
	tss_create(&key, destroy);
	run(use_key, use_key, 1);
	assert(destroyed == 2);
}
