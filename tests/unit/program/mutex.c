// SPDX-License-Identifier: MIT
/* mutex.c - cases for lib/program/mutex.c and spin.c; see case.h. */
#define _GNU_SOURCE
#include "case.h"

#include <time.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t errorcheck = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_spinlock_t spin;
static int data;

static void *add_locked(void *arg)
{
	pthread_mutex_lock(&m);
	data++;
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *add_unlocked(void *arg)
{
	data++;
	return NULL;
}

void protects(void)
{
	twice(add_locked);
	assert(data == 2);
}

void one_side_forgets(void)
{
	both(add_locked, add_unlocked);
}

static void *add_other_lock(void *arg)
{
	pthread_mutex_lock(&n);
	data++;
	pthread_mutex_unlock(&n);
	return NULL;
}

void two_locks_protect_nothing(void)
{
	both(add_locked, add_other_lock);
}

static void *lock_mn(void *arg)
{
	pthread_mutex_lock(&m);
	pthread_mutex_lock(&n);
	pthread_mutex_unlock(&n);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *lock_nm(void *arg)
{
	pthread_mutex_lock(&n);
	pthread_mutex_lock(&m);
	pthread_mutex_unlock(&m);
	pthread_mutex_unlock(&n);
	return NULL;
}

static void *lock_n_try_m(void *arg)
{
	pthread_mutex_lock(&n);
	if (!pthread_mutex_trylock(&m))
		pthread_mutex_unlock(&m);
	pthread_mutex_unlock(&n);
	return NULL;
}

void same_order(void)
{
	twice(lock_mn);
}

void opposite_order(void)
{
	both(lock_mn, lock_nm);
}

void opposite_order_trying(void)
{
	both(lock_mn, lock_n_try_m);
}

static int busy;

static void *try_and_see(void *arg)
{
	int err = pthread_mutex_trylock(&m);

	if (err) {
		assert(err == EBUSY);
		__atomic_store_n(&busy, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	data++;
	pthread_mutex_unlock(&m);
	return NULL;
}

void trylock_protects(void)
{
	both(add_locked, try_and_see);
}

void trylock_can_fail(void)
{
	both(add_locked, try_and_see);
	assert(!busy);
}

void lock_again(void)
{
	pthread_mutex_lock(&m);
	pthread_mutex_lock(&m);
}

void never_unlocked(void)
{
	pthread_t t;

	pthread_mutex_lock(&m);
	pthread_create(&t, NULL, add_locked, NULL);
	pthread_join(t, NULL);
}

static void nest(pthread_mutex_t *l)
{
	assert(!pthread_mutex_lock(l));
	assert(!pthread_mutex_lock(l));
	assert(!pthread_mutex_trylock(l));
	data++;
	assert(!pthread_mutex_unlock(l));
	assert(!pthread_mutex_unlock(l));
	data++;
	assert(!pthread_mutex_unlock(l));
	assert(pthread_mutex_unlock(l) == EPERM);
}

static void *nest_recursive(void *arg)
{
	nest(&recursive);
	return NULL;
}

void recursive_static(void)
{
	twice(nest_recursive);
	assert(data == 4);
}

static void init_kind(pthread_mutex_t *l, int kind)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, kind);
	pthread_mutex_init(l, &attr);
	pthread_mutexattr_destroy(&attr);
}

static void *nest_m(void *arg)
{
	nest(&m);
	return NULL;
}

void recursive_by_attribute(void)
{
	init_kind(&m, PTHREAD_MUTEX_RECURSIVE);
	twice(nest_m);
	assert(data == 4);
	pthread_mutex_destroy(&m);
}

void errorcheck_tells(void)
{
	assert(!pthread_mutex_lock(&errorcheck));
	assert(pthread_mutex_lock(&errorcheck) == EDEADLK);
	assert(pthread_mutex_trylock(&errorcheck) == EBUSY);
	assert(!pthread_mutex_unlock(&errorcheck));
	assert(pthread_mutex_unlock(&errorcheck) == EPERM);
	init_kind(&m, PTHREAD_MUTEX_ERRORCHECK);
	assert(!pthread_mutex_lock(&m));
	assert(pthread_mutex_lock(&m) == EDEADLK);
	assert(!pthread_mutex_unlock(&m));
}

void unlock_without_lock(void)
{
	pthread_mutex_unlock(&m);
}

static void *only_unlock(void *arg)
{
	pthread_mutex_unlock(&m);
	return NULL;
}

void unlock_by_another(void)
{
	pthread_t t;

	pthread_mutex_lock(&m);
	pthread_create(&t, NULL, only_unlock, NULL);
	pthread_join(t, NULL);
}

void destroy_after_use(void)
{
	twice(add_locked);
	pthread_mutex_destroy(&m);
	pthread_mutex_init(&m, NULL);
	twice(add_locked);
	pthread_mutex_destroy(&m);
}

void destroy_locked(void)
{
	pthread_mutex_lock(&m);
	pthread_mutex_destroy(&m);
}

void use_destroyed(void)
{
	pthread_mutex_destroy(&m);
	pthread_mutex_lock(&m);
}

static void *destroy_now(void *arg)
{
	pthread_mutex_destroy(&m);
	return NULL;
}

void destroy_in_use(void)
{
	both(add_locked, destroy_now);
}

static void *add_timed(void *arg)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	if (pthread_mutex_timedlock(&m, &until)) {
		__atomic_store_n(&busy, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	data++;
	pthread_mutex_unlock(&m);
	return NULL;
}

void timed_lock(void)
{
	both(add_locked, add_timed);
	assert(data == 2 || busy);
}

void timed_lock_times_out(void)
{
	both(add_locked, add_timed);
	assert(!busy);
}

struct account {
	pthread_mutex_t lock;
	int balance;
};

static struct account *account;

static void *deposit(void *arg)
{
	pthread_mutex_lock(&account->lock);
	account->balance++;
	pthread_mutex_unlock(&account->lock);
	return NULL;
}

void in_heap(void)
{
	account = malloc(sizeof(*account));
	pthread_mutex_init(&account->lock, NULL);
	account->balance = 0;
	twice(deposit);
	assert(account->balance == 2);
	pthread_mutex_destroy(&account->lock);
	free(account);
}

void in_heap_by_initialiser(void)
{
	account = malloc(sizeof(*account));
	*account = (struct account){ .lock = PTHREAD_MUTEX_INITIALIZER };
	twice(deposit);
	assert(account->balance == 2);
	free(account);
}

static void *init_now(void *arg)
{
	pthread_mutex_init(&m, NULL);
	return NULL;
}

void init_while_used(void)
{
	both(add_locked, init_now);
}

static void *add_spinning(void *arg)
{
	pthread_spin_lock(&spin);
	data++;
	pthread_spin_unlock(&spin);
	return NULL;
}

static void *try_spinning(void *arg)
{
	if (!pthread_spin_trylock(&spin)) {
		data++;
		pthread_spin_unlock(&spin);
	}
	return NULL;
}

void spin_protects(void)
{
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	both(add_spinning, try_spinning);
	pthread_spin_destroy(&spin);
}

void spin_twice(void)
{
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	pthread_spin_lock(&spin);
	pthread_spin_lock(&spin);
}

void spin_forgotten(void)
{
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	both(add_spinning, add_unlocked);
}

static atomic_int stop;

static void *stop_it(void *arg)
{
	atomic_store(&stop, 1);
	return NULL;
}

static void *lock_in_loop(void *arg)
{
	pthread_mutex_lock(&recursive);
	while (!atomic_load(&stop))
		pthread_mutex_lock(&recursive);
	pthread_mutex_unlock(&recursive);
	return NULL;
}

/* Nothing but the mutex tells one round from the next. */
void locked_once_more_in_a_loop(void)
{
	both(lock_in_loop, stop_it);
	assert(!pthread_mutex_trylock(&recursive));
}

static void *nest_in_loop(void *arg)
{
	pthread_mutex_lock(&recursive);
	while (!atomic_load(&stop)) {
		pthread_mutex_lock(&recursive);
		pthread_mutex_unlock(&recursive);
	}
	pthread_mutex_unlock(&recursive);
	return NULL;
}

void nested_in_a_loop(void)
{
	both(nest_in_loop, stop_it);
	assert(!pthread_mutex_trylock(&recursive));
}
