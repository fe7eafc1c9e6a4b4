// SPDX-License-Identifier: MIT
/* thread.c - cases for lib/program/{threads,cleanup,keys,tls,end}.c; see case.h. */
#define _GNU_SOURCE
#include "case.h"

#include <unistd.h>

static int data;
static atomic_int flag;

static void *store(void *arg)
{
	data = 1;
	return arg;
}

void join_orders(void)
{
	pthread_t t;
	void *result;

	pthread_create(&t, NULL, store, &data);
	pthread_join(t, &result);
	assert(data == 1 && result == &data);
}

void no_join(void)
{
	pthread_t t;

	pthread_create(&t, NULL, store, NULL);
	data = 2;
}

void create_orders(void)
{
	pthread_t t;

	data = 2;
	pthread_create(&t, NULL, store, NULL);
}

void join_twice(void)
{
	pthread_t t;

	pthread_create(&t, NULL, store, NULL);
	pthread_join(t, NULL);
	pthread_join(t, NULL);
}

void join_detached(void)
{
	pthread_t t;

	pthread_create(&t, NULL, store, NULL);
	pthread_detach(t);
	pthread_join(t, NULL);
}

void join_nothing(void)
{
	pthread_join((pthread_t)77, NULL);
}

/* Which argument the thread gets depends on what its creator reads. */
static void *check_argument(void *arg)
{
	assert(arg != (void *)1);
	return NULL;
}

static void *set_flag(void *arg)
{
	atomic_store(&flag, 1);
	return NULL;
}

void argument_depends_on_load(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, set_flag, NULL);
	pthread_create(&u, NULL, check_argument, (void *)(long)atomic_load(&flag));
	pthread_join(t, NULL);
	pthread_join(u, NULL);
}

/* And what it returns, on what it reads. */
static void *return_flag(void *arg)
{
	return (void *)(long)atomic_load(&flag);
}

void result_depends_on_load(void)
{
	pthread_t t, u;
	void *result;

	pthread_create(&t, NULL, set_flag, NULL);
	pthread_create(&u, NULL, return_flag, NULL);
	pthread_join(u, &result);
	assert(!result);
	pthread_join(t, NULL);
}

static void deep(int depth)
{
	if (!depth)
		pthread_exit(&flag);
	deep(depth - 1);
	data++;
}

static void *exit_early(void *arg)
{
	deep(3);
	return NULL;
}

void exit_from_below(void)
{
	pthread_t t;
	void *result;

	pthread_create(&t, NULL, exit_early, NULL);
	pthread_join(t, &result);
	assert(result == &flag && !data);
}

void main_ends_first(void)
{
	pthread_t t;

	pthread_create(&t, NULL, check_argument, (void *)1);
	pthread_exit(NULL);
}

static void *never_ends(void *arg)
{
	pthread_mutex_t *m = arg;

	pthread_mutex_lock(m);
	return NULL;
}

/* Threads that main() leaves behind have to come to their end. */
void main_returns_before(void)
{
	static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_t t;

	pthread_mutex_lock(&m);
	pthread_create(&t, NULL, never_ends, &m);
}

static void *exit_now(void *arg)
{
	exit(3);
}

void exit_ends_all(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exit_now, NULL);
	pthread_join(t, NULL);
	assert(0);
}

static void *exit_after_flag(void *arg)
{
	atomic_store(&flag, 1);
	_exit(0);
}

void before_exit_it_counts(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exit_after_flag, NULL);
	assert(!atomic_load(&flag));
}

static void at_end(void)
{
	assert(!data);
}

void exit_handler(void)
{
	atexit(at_end);
	data = 1;
	exit(0);
}

void exit_handler_after_main(void)
{
	atexit(at_end);
	data = 1;
}

void calls_abort(void)
{
	abort();
}

static void undo(void *arg)
{
	data += *(int *)arg;
}

static void *with_cleanup(void *arg)
{
	int one = 1, ten = 10;

	pthread_cleanup_push(undo, &one);
	pthread_cleanup_push(undo, &ten);
	pthread_exit(&data);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

void cleanup_handlers(void)
{
	pthread_t t;
	void *result;

	pthread_create(&t, NULL, with_cleanup, NULL);
	pthread_join(t, &result);
	assert(result == &data && data == 11);
}

void cleanup_pop_runs(void)
{
	int one = 1, ten = 10;

	pthread_cleanup_push(undo, &one);
	pthread_cleanup_push(undo, &ten);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(1);
	assert(data == 1);
}

static _Thread_local int own = 5;
static _Thread_local int zero;
static __thread char name[3] = "ab";

static void *use_own(void *arg)
{
	assert(own == 5 && !zero && name[1] == 'b');
	own++;
	zero += own;
	name[1] = 'c';
	atomic_fetch_add(&flag, 1);
	assert(own == 6 && zero == 6 && name[1] == 'c');
	return NULL;
}

void thread_locals(void)
{
	own = 9;
	zero = 1;
	twice(use_own);
	assert(own == 9 && zero == 1 && name[1] == 'b');
}

static int *leaked;

static void *leak_own(void *arg)
{
	leaked = &own;
	atomic_store(&flag, 1);
	own++;
	return NULL;
}

static void *use_leaked(void *arg)
{
	if (atomic_load(&flag))
		++*leaked;
	return NULL;
}

void thread_local_shared(void)
{
	both(leak_own, use_leaked);
}

static pthread_key_t key;

static void destroy_value(void *value)
{
	atomic_fetch_add(&flag, *(int *)value);
}

static void *use_key(void *arg)
{
	int *value = malloc(sizeof(*value));

	assert(!pthread_getspecific(key));
	*value = 1;
	pthread_setspecific(key, value);
	assert(pthread_getspecific(key) == value);
	return NULL;
}

void keys(void)
{
	pthread_key_create(&key, destroy_value);
	twice(use_key);
	assert(flag == 2 && !pthread_getspecific(key));
	pthread_key_delete(key);
}

static void *fail_call(void *arg)
{
	errno = 3;
	atomic_store(&flag, 1);
	assert(errno == 3);
	return NULL;
}

void errno_is_own(void)
{
	errno = 4;
	twice(fail_call);
	assert(errno == 4);
}

static void *compare_self(void *arg)
{
	pthread_t *id = arg;

	assert(pthread_equal(*id, pthread_self()));
	return NULL;
}

void self(void)
{
	static pthread_t t;

	t = pthread_self();
	assert(pthread_equal(t, pthread_self()));
	compare_self(&t);
}

/* The creator's variable is on its stack. */
static void *fill(void *arg)
{
	*(int *)arg = 3;
	return NULL;
}

void stack_shared(void)
{
	pthread_t t;
	int local = 0;

	pthread_create(&t, NULL, fill, &local);
	pthread_join(t, NULL);
	assert(local == 3);
}

static atomic_int last;

static void *leave_number(void *arg)
{
	atomic_store(&last, gettid());
	return NULL;
}

/* The first to be created can be the last to store. */
void kernel_numbers_differ(void)
{
	twice(leave_number);
	assert(last == gettid() + 2);
}

void stack_race(void)
{
	pthread_t t;
	int local = 0;

	pthread_create(&t, NULL, fill, &local);
	local++;
	pthread_join(t, NULL);
}

static __attribute__((constructor)) void before_main(void)
{
	own = 5;
	if (!data)
		data = 0;
}

void too_many_threads(void)
{
	pthread_t t;

	for (int i = 0; i < 40; i++)
		pthread_create(&t, NULL, store, NULL);
}

void divides_by_zero(void)
{
	volatile int zero_ = 0;

	data = 7 / zero_;
}

void traps(void)
{
	__builtin_trap();
}

static int endless(int n)
{
	return n ? endless(n + 1) + n : 0;
}

void recursion(void)
{
	data = endless(1);
}

static atomic_int turns;

static void *go_round(void *arg)
{
	while (!atomic_load(&flag))
		turns++;
	return NULL;
}

/* A loop that does more than wait. */
void loop_bound(void)
{
	both(go_round, set_flag);
}

void no_events(void)
{
	volatile int n = 0;

	for (;;)
		n++;
}
