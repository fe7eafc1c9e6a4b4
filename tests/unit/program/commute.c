// SPDX-License-Identifier: MIT
/* commute.c - cases for lib/explore/commute.c: additions whose order does not matter, and those of which it does. */
#include "rules.h"

static int data;

#define ADD_IN(v, n, order) atomic_fetch_add_explicit(&(v), (n), (order))

static void *add_one(void *arg)
{
	ADD(x, 1);
	return NULL;
}

static void *add_two(void *arg)
{
	ADD_IN(x, 2, RELEASE);
	return NULL;
}

void nobody_looks_at_a_sum(void)
{
	both(add_one, add_two);
	assert(LOAD(x) == 3);
}

static void *say_if_second(void *arg)
{
	if (ADD(x, 1))
		STORE(y, 1);
	return NULL;
}

void a_sum_is_looked_at(void)
{
	both(say_if_second, say_if_second);
	assert(!LOAD(y));
}

static __attribute__((noinline)) int added(int n)
{
	return ADD(x, n);
}

static void *say_if_returned(void *arg)
{
	if (added(1))
		STORE(y, 1);
	return NULL;
}

void a_sum_is_returned(void)
{
	both(say_if_returned, say_if_returned);
	assert(!LOAD(y));
}

static void *say_if_both(void *arg)
{
	int asked = LOAD(w), before = ADD(x, 1);

	if (asked && before)
		STORE(y, 1);
	return NULL;
}

void a_sum_is_looked_at_on_one_way(void)
{
	STORE(w, 1);
	both(say_if_both, say_if_both);
	assert(!LOAD(y));
}

static void *subtract_one(void *arg)
{
	atomic_fetch_sub_explicit(&x, 1, RELAXED);
	return NULL;
}

void sums_of_either_sign(void)
{
	both(add_two, subtract_one);
	assert(LOAD(x) == 1);
}

static void *or_one(void *arg)
{
	atomic_fetch_or_explicit(&x, 1, RELAXED);
	return NULL;
}

void a_sum_of_two_kinds_is_one(void)
{
	both(add_one, or_one);
	assert(LOAD(x) != 1);
}

void a_sum_of_two_kinds_is_two(void)
{
	both(add_one, or_one);
	assert(LOAD(x) != 2);
}

static void with_add_one(void (*meanwhile)(void), void (*then)(void))
{
	pthread_t a;

	pthread_create(&a, NULL, add_one, NULL);
	meanwhile();
	pthread_join(a, NULL);
	then();
}

static void set_x(void)
{
	STORE(x, 5);
}

static void x_is_not_five(void)
{
	assert(LOAD(x) != 5);
}

void a_store_comes_between(void)
{
	with_add_one(set_x, x_is_not_five);
}

static void look_at_x(void)
{
	STORE(y, LOAD(x));
}

static void y_is_zero(void)
{
	assert(!LOAD(y));
}

void a_load_comes_between(void)
{
	with_add_one(look_at_x, y_is_zero);
}

static void *look_later(void *arg)
{
	look_at_x();
	return NULL;
}

void a_later_thread_looks(void)
{
	both(add_one, look_later);
	y_is_zero();
}

static void *set_later(void *arg)
{
	set_x();
	return NULL;
}

void a_later_thread_stores(void)
{
	both(add_one, set_later);
	x_is_not_five();
}

static void nothing(void)
{
}

void a_store_after_sums(void)
{
	with_add_one(nothing, set_x);
	assert(LOAD(x) == 5);
	with_add_one(nothing, nothing);
	assert(LOAD(x) == 6);
}

void an_exchange_after_sums(void)
{
	int expected = 1;

	with_add_one(nothing, nothing);
	assert(atomic_compare_exchange_strong(&x, &expected, 7));
	with_add_one(nothing, nothing);
	assert(ADD(x, 1) == 8);
	assert(LOAD(x) == 9);
}

static void *hand_on(void *arg)
{
	data = 1;
	ADD_IN(x, 1, RELEASE);
	STORE(y, 1);
	return NULL;
}

static void *take_by_add(void *arg)
{
	if (LOAD(y)) {
		ADD_IN(x, 1, ACQUIRE);
		data = 2;
	}
	return NULL;
}

/* What y says comes after both in (po | rf), so the second addition reads from the first. */
void an_addition_acquires(void)
{
	both(hand_on, take_by_add);
}

static void *take_by_fence(void *arg)
{
	if (LOAD(y)) {
		ADD(x, 1);
		atomic_thread_fence(ACQUIRE);
		data = 2;
	}
	return NULL;
}

void a_fence_behind_an_addition_acquires(void)
{
	both(hand_on, take_by_fence);
}

static atomic_int z, u;

static void *store_fence_add(void *arg)
{
	STORE(y, 1);
	atomic_thread_fence(memory_order_seq_cst);
	ADD(x, 1);
	STORE(z, 1);
	return NULL;
}

static void *pass_on(void *arg)
{
	if (LOAD(z))
		STORE(u, 1);
	return NULL;
}

static void *add_fence_load(void *arg)
{
	if (LOAD(u)) {
		ADD(x, 1);
		atomic_thread_fence(memory_order_seq_cst);
		assert(LOAD(y));
	}
	return NULL;
}

/* Only co of x orders the fences. */
void additions_between_fences(void)
{
	pthread_t a, b, c;

	pthread_create(&a, NULL, store_fence_add, NULL);
	pthread_create(&b, NULL, pass_on, NULL);
	pthread_create(&c, NULL, add_fence_load, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	pthread_join(c, NULL);
}

static void *load_y_then_add(void *arg)
{
	STORE(w, LOAD(y));
	ADD(x, 1);
	return NULL;
}

static void *add_then_store_y(void *arg)
{
	ADD(x, 1);
	STORE(y, 1);
	return NULL;
}

/* The order of additions does not keep a store from being read. */
void a_store_behind_an_addition(void)
{
	both(load_y_then_add, add_then_store_y);
	assert(!LOAD(w));
}

static atomic_int *counter;

static void *add_to_it(void *arg)
{
	atomic_fetch_add_explicit(counter, 1, RELAXED);
	return NULL;
}

static void *free_it(void *arg)
{
	free(counter);
	return NULL;
}

void an_addition_to_what_is_freed(void)
{
	counter = calloc(1, sizeof(*counter));
	both(add_to_it, free_it);
}

static void *add_bytes(void *arg)
{
	__atomic_fetch_add((char *)&x, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *set_plainly(void *arg)
{
	*(int *)&x = 1;
	return NULL;
}

void an_addition_races(void)
{
	both(add_one, set_plainly);
}

void an_addition_races_with_a_part(void)
{
	both(add_bytes, set_plainly);
}
