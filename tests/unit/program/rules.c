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

static void *exchange_again(void *arg)
{
	int r = atomic_load(&x);

	while (!atomic_compare_exchange_strong(&x, &r, 42))
		;
	return NULL;
}

/* What r was first stays in a register that nobody looks at again. */
void a_dead_register_differs(void)
{
	both(exchange_again, store_x);
}

static void *exchange_or_look(void *arg)
{
	int r = atomic_load(&x);

	while (!atomic_compare_exchange_strong(&x, &r, 42))
		if (!atomic_load(&y))
			r = atomic_load(&x);
	return NULL;
}

static void *store_x_then_y(void *arg)
{
	atomic_store(&x, 1);
	atomic_store(&y, 1);
	return NULL;
}

/* What y was is not kept. */
void a_round_has_a_load_more(void)
{
	both(exchange_or_look, store_x_then_y);
}

static atomic_int seen;
static atomic_int *_Atomic node;

/* Of a list: x is its head. */
static void push(atomic_int *next)
{
	int old = LOAD(x);

	do
		STORE(*next, old + 1);
	while (!atomic_compare_exchange_strong_explicit(&x, &old, 9, RELAXED, RELAXED));
}

static void *push_unseen(void *arg)
{
	push(calloc(1, sizeof(atomic_int)));
	return NULL;
}

void a_push_is_tried_again(void)
{
	both(push_unseen, store_x);
}

static void *push_seen(void *arg)
{
	atomic_int *next = calloc(1, sizeof(*next));

	atomic_store_explicit(&node, next, memory_order_release);
	push(next);
	return NULL;
}

static void *exchange_five(void *arg)
{
	if (!atomic_exchange_explicit(&x, 5, RELAXED))
		STORE(y, 1);
	return NULL;
}

static void *look_at_next(void *arg)
{
	atomic_int *next = atomic_load_explicit(&node, ACQUIRE);

	if (next && LOAD(x) == 9)
		STORE(seen, LOAD(*next));
	return NULL;
}

/* Nothing orders the push before the look, which may find what the first try has stored. */
void a_try_is_seen(void)
{
	pthread_t c;

	pthread_create(&c, NULL, look_at_next, NULL);
	both(push_seen, exchange_five);
	pthread_join(c, NULL);
	assert(!(LOAD(y) && LOAD(seen) == 1));
}

/* ---- additions ---- */

#define ADD_IN(v, n, order) atomic_fetch_add_explicit(&(v), (n), (order))
#define RELEASE memory_order_release

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
