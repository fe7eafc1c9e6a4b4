// SPDX-License-Identifier: MIT
/* symmetry.c - cases for lib/explore/symmetry.c: threads that are equal, and threads that only seem so. */
#include "rules.h"

int __VERIFIER_nondet_int(void);

static void *store_argument(void *arg)
{
	STORE(x, (int)(intptr_t)arg);
	return NULL;
}

void two_arguments(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, store_argument, (void *)1);
	pthread_create(&b, NULL, store_argument, (void *)2);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(LOAD(x) == 2);
}

static void *second_looks(void *arg)
{
	int second = ADD(y, 1);

	assert(!second || LOAD(x));
	return NULL;
}

void a_store_between_creations(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, second_looks, NULL);
	STORE(x, 1);
	pthread_create(&b, NULL, second_looks, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void *first_tells(void *arg)
{
	if (!ADD(x, 1))
		STORE(w, 1);
	return NULL;
}

void one_is_joined_first(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, first_tells, NULL);
	pthread_create(&b, NULL, first_tells, NULL);
	pthread_join(a, NULL);
	assert(LOAD(w));
	pthread_join(b, NULL);
}

static void *who_was_before(void *arg)
{
	return (void *)(intptr_t)ADD(x, 1);
}

void results_are_compared(void)
{
	void *first, *second;
	pthread_t a, b;

	pthread_create(&a, NULL, who_was_before, NULL);
	pthread_create(&b, NULL, who_was_before, NULL);
	pthread_join(a, &first);
	pthread_join(b, &second);
	assert(first < second);
}

static atomic_ulong number;

static void *first_says_who_it_is(void *arg)
{
	if (!ADD(x, 1))
		number = pthread_self();
	return NULL;
}

void who_is_first(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, first_says_who_it_is, NULL);
	pthread_create(&b, NULL, first_says_who_it_is, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(number == a);
}

static atomic_uintptr_t place[2];

static void *hand_on_own_object(void *arg)
{
	void *own = malloc(1);

	place[ADD(x, 1)] = (uintptr_t)own;
	return NULL;
}

void own_addresses_are_compared(void)
{
	twice(hand_on_own_object);
	assert(place[0] < place[1]);
}

static void *add_if_own_child_was_first(void *arg)
{
	void *result;
	pthread_t child;

	pthread_create(&child, NULL, who_was_before, NULL);
	pthread_join(child, &result);
	if (!result)
		ADD(y, 1);
	return NULL;
}

static void *add_if_chosen(void *arg)
{
	if (__VERIFIER_nondet_int() == 1)
		ADD(y, 1);
	return NULL;
}

/* Two threads, of which one adds; and main(). */
static void one_adds_before_main(void *(*fn)(void *))
{
	pthread_t a, b;
	int before;

	pthread_create(&a, NULL, fn, NULL);
	pthread_create(&b, NULL, fn, NULL);
	before = ADD(y, 10);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(!(before == 1 && LOAD(y) == 11));
}

static void *add_if_told(void *arg)
{
	if (LOAD(w))
		ADD(y, 1);
	return NULL;
}

void what_is_read_before(void)
{
	pthread_t a, b;
	int before;

	pthread_create(&a, NULL, add_if_told, NULL);
	pthread_create(&b, NULL, add_if_told, NULL);
	STORE(w, 1);
	before = ADD(y, 10);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(!(before == 1 && LOAD(y) == 11));
}

static void *add_and_tell_if_first(void *arg)
{
	if (!ADD(x, 1))
		STORE(w, 1);
	return NULL;
}

/* One adds before the store, one after it. */
void a_store_in_between(void)
{
	pthread_t a, b;
	int before;

	pthread_create(&a, NULL, add_and_tell_if_first, NULL);
	pthread_create(&b, NULL, add_and_tell_if_first, NULL);
	STORE(x, 5);
	before = ADD(x, 10);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(!(before == 6 && LOAD(w)));
}

static void *exchange_one(void *arg)
{
	int e = 1;

	if (!atomic_compare_exchange_strong(&x, &e, 2) && !e)
		STORE(w, 1);
	return NULL;
}

/* One fails before main() adds 1, the other one finds it. */
void an_exchange_fails(void)
{
	pthread_t a, b;

	pthread_create(&a, NULL, exchange_one, NULL);
	pthread_create(&b, NULL, exchange_one, NULL);
	ADD(x, 1);
	ADD(x, 10);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert(!(LOAD(x) == 12 && LOAD(w)));
}

static atomic_ulong word;

static void *exchange_by_address(void *arg)
{
	int own;

	atomic_exchange(&word, ~(unsigned long)&own);
	return NULL;
}

void own_addresses_are_computed_with(void)
{
	twice(exchange_by_address);
}

void what_a_child_says(void)
{
	one_adds_before_main(add_if_own_child_was_first);
}

void what_is_chosen(void)
{
	one_adds_before_main(add_if_chosen);
}
