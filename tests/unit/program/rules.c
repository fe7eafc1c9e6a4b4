// SPDX-License-Identifier: MIT
/* rules.c - cases for the rules of lib/explore/round.c and symmetry.c, and for what mutants.c takes away; see case.h. */
#include "case.h"

#include <semaphore.h>
#include <stdint.h>

#define ACQUIRE memory_order_acquire
#define LOAD(v) atomic_load_explicit(&(v), RELAXED)
#define STORE(v, n) atomic_store_explicit(&(v), (n), RELAXED)
#define ADD(v, n) atomic_fetch_add_explicit(&(v), (n), RELAXED)

int __VERIFIER_nondet_int(void);

static atomic_int x, y, w;
static int data;

static void *store_x(void *arg)
{
	STORE(x, 1);
	return NULL;
}

/* ---- rounds ---- */

static void *wait_with_fence(void *arg)
{
	while (!LOAD(x))
		atomic_thread_fence(ACQUIRE);
	return NULL;
}

void a_round_ends_with_a_fence(void)
{
	both(wait_with_fence, store_x);
}

void waits_for_ever_with_a_fence(void)
{
	both(wait_with_fence, wait_with_fence);
}

static void *count_in_memory(void *arg)
{
	while (!LOAD(x))
		ADD(y, 1);
	return NULL;
}

void a_round_stores(void)
{
	both(count_in_memory, store_x);
	assert(LOAD(y) == 0);
}

static void *note_first(void *arg)
{
	long *own = malloc(sizeof(*own));
	int first = 1;

	for (;;) {
		int v = LOAD(x);

		if (first)
			*own = v;
		first = 0;
		if (v)
			break;
	}
	LOAD(y);
	LOAD(y);
	assert(*own == 1);
	return NULL;
}

void the_first_round_stores_to_own_memory(void)
{
	both(note_first, store_x);
}

static void *count_rounds(void *arg)
{
	int n = 0;

	while (!LOAD(x))
		if (++n == 3)
			break;
	assert(n < 3);
	return NULL;
}

void a_round_is_counted(void)
{
	both(count_rounds, store_x);
}

static void *exchange_what_y_says(void *arg)
{
	int n = 3;

	while (__sync_val_compare_and_swap((int *)&x, 0, n))
		n = LOAD(y);
	return NULL;
}

static void *lock_say_unlock(void *arg)
{
	atomic_store(&x, 1);
	atomic_store(&y, 7);
	atomic_store(&x, 0);
	return NULL;
}

void a_round_changes_an_argument(void)
{
	both(exchange_what_y_says, lock_say_unlock);
	assert(LOAD(x) != 7);
}

static void *acquire_then_look(void *arg)
{
	int v = atomic_load_explicit(&x, ACQUIRE);

	while (!v)
		v = LOAD(x);
	assert(data == 1);
	return NULL;
}

static void *publish(void *arg)
{
	data = 1;
	atomic_store_explicit(&x, 1, memory_order_release);
	return NULL;
}

void later_rounds_do_not_acquire(void)
{
	both(acquire_then_look, publish);
}

static void *try_twice(void *arg)
{
	for (int i = 0; i < 2; i++)
		if (LOAD(x))
			break;
	STORE(y, 1);
	return NULL;
}

void a_loop_is_counted(void)
{
	both(try_twice, store_x);
}

static void *wait_for_both(void *arg)
{
	int a, b;

	do {
		a = LOAD(x);
		b = LOAD(y);
	} while (!a || !b);
	return NULL;
}

static void *store_x_and_y(void *arg)
{
	STORE(x, 1);
	STORE(y, 1);
	return NULL;
}

void a_round_has_two_loads(void)
{
	both(wait_for_both, store_x_and_y);
}

static void *pass_through_y(void *arg)
{
	int v = LOAD(x);

	while (!v) {
		ADD(y, 0);
		v = LOAD(x);
	}
	LOAD(w);
	LOAD(w);
	return NULL;
}

static void *load_y_store_x(void *arg)
{
	LOAD(y);
	STORE(x, 1);
	return NULL;
}

void a_round_is_read_by_another_thread(void)
{
	both(pass_through_y, load_y_store_x);
}

static void *look_while_told(void *arg)
{
	for (;;) {
		int v = LOAD(x);

		if (!v)
			return NULL;
		if (v == 1)
			v += data;
	}
}

static void *store_data_clear_x(void *arg)
{
	data = 1;
	STORE(x, 0);
	return NULL;
}

void a_round_races(void)
{
	STORE(x, 1);
	both(look_while_told, store_data_clear_x);
}

static atomic_int *object;

static void *look_at_object_while_told(void *arg)
{
	for (;;) {
		int v = LOAD(x);

		if (!v)
			return NULL;
		if (v == 1)
			v += LOAD(*object);
	}
}

static void *free_object_clear_x(void *arg)
{
	free(object);
	STORE(x, 0);
	return NULL;
}

void a_round_uses_what_is_freed(void)
{
	object = calloc(1, sizeof(*object));
	STORE(x, 1);
	both(look_at_object_while_told, free_object_clear_x);
}

static sem_t sem;

static void *try_until_it_works(void *arg)
{
	errno = 0;
	while (sem_trywait(&sem))
		;
	LOAD(y);
	assert(!errno);
	return NULL;
}

static void *post(void *arg)
{
	sem_post(&sem);
	return NULL;
}

void a_round_sets_errno(void)
{
	sem_init(&sem, 0, 0);
	both(try_until_it_works, post);
}

/* ---- equal threads ---- */

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

void what_a_child_says(void)
{
	one_adds_before_main(add_if_own_child_was_first);
}

void what_is_chosen(void)
{
	one_adds_before_main(add_if_chosen);
}
