// SPDX-License-Identifier: MIT
/*
 * keys.c - thread-specific data: pthread keys and C11's tss.
 *
 * Values are the thread's own and no events. A key's number is made of the creating thread's and a count of
 * its own, so that it does not depend on what other threads create meanwhile.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

#include "call.h"

#define DESTRUCTOR_ROUNDS 4 /* PTHREAD_DESTRUCTOR_ITERATIONS */

static void (*destructor[(FLX_MAX_THREADS + 1) * MAX_KEYS])(void *);

static unsigned int create(void (*fn)(void *))
{
	struct self *me = changing_self();
	unsigned int creator = outside() ? FLX_MAX_THREADS : current_thread, key;

	if (me->nkeys == MAX_KEYS)
		call_refuse("a thread creates more than %d keys", MAX_KEYS);
	key = creator * MAX_KEYS + me->nkeys++;
	destructor[key] = fn;
	return key;
}

static void **find(unsigned int key)
{
	struct self *me = self();

	for (int i = 0; i < me->nspecific; i++)
		if (me->specific[i].key == key)
			return &me->specific[i].value;
	return NULL;
}

static void set(unsigned int key, const void *value)
{
	struct self *me = changing_self();
	void **place = find(key);

	if (!place) {
		if (me->nspecific == MAX_KEYS)
			call_refuse("a thread has values for more than %d keys", MAX_KEYS);
		me->specific[me->nspecific].key = key;
		place = &me->specific[me->nspecific++].value;
	}
	*place = (void *)value;
}

void keys_thread_ends(void)
{
	struct self *me = self();
	bool again = true;

	for (int round = 0; round < DESTRUCTOR_ROUNDS && again; round++) {
		again = false;
		for (int i = 0; i < me->nspecific; i++) {
			void (*fn)(void *) = destructor[me->specific[i].key];
			void *value = me->specific[i].value;

			if (!value || !fn)
				continue;
			me->specific[i].value = NULL;
			again = true;
			fn(value);
		}
	}
}

CALL(int, pthread_key_create, pthread_key_t *key, void (*fn)(void *))
{
	CALL_RETURN(key, create(fn), PC);
	return 0;
}

/* Destructors don't run for it any more. */
CALL(int, pthread_key_delete, pthread_key_t key)
{
	if (key >= sizeof(destructor) / sizeof(destructor[0]))
		return EINVAL;
	destructor[key] = NULL;
	return 0;
}

CALL(void *, pthread_getspecific, pthread_key_t key)
{
	void **place = find(key);

	return place ? *place : NULL;
}

CALL(int, pthread_setspecific, pthread_key_t key, const void *value)
{
	if (key >= sizeof(destructor) / sizeof(destructor[0]))
		return EINVAL;
	set(key, value);
	return 0;
}

CALL(int, tss_create, tss_t *key, tss_dtor_t fn)
{
	CALL_RETURN(key, create(fn), PC);
	return thrd_success;
}

CALL(void, tss_delete, tss_t key)
{
	__wrap_pthread_key_delete(key);
}

CALL(void *, tss_get, tss_t key)
{
	return __wrap_pthread_getspecific(key);
}

CALL(int, tss_set, tss_t key, void *value)
{
	return __wrap_pthread_setspecific(key, value) ? thrd_error : thrd_success;
}
