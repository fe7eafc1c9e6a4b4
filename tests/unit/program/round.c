// SPDX-License-Identifier: MIT
/* round.c - cases for lib/explore/round.c: rounds of a loop that can be left out, and those that can't. */
#include "rules.h"

#include <semaphore.h>

static int data;

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

static void *set_bits_until_x(void *arg)
{
	atomic_int *bits = &y;

	do
		atomic_fetch_or_explicit(bits, *(int *)arg, RELAXED);
	while (!LOAD(x));
	return NULL;
}

static int bits[2] = { 0, 2 };

static void *wait_setting(void *arg)
{
	return set_bits_until_x(&bits[1]);
}

static void *wait_setting_none(void *arg)
{
	return set_bits_until_x(&bits[0]);
}

void a_round_sets_what_is_set(void)
{
	both(wait_setting, wait_setting);
}

void a_round_sets_nothing(void)
{
	both(wait_setting_none, store_x);
}
