/* SPDX-License-Identifier: MIT */
/* threads.h - what the suites of lib/rt share: a few real threads that start together. */
#ifndef TESTS_UNIT_RT_THREADS_H
#define TESTS_UNIT_RT_THREADS_H

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define MAX_THREADS 32

struct threads {
	void (*fn)(int nr, void *arg);
	void *arg;
	int n;
	pthread_barrier_t start;
	pthread_t id[MAX_THREADS];
	struct thread_arg {
		struct threads *all;
		int nr;
	} each[MAX_THREADS];
};

static inline void *threads_main(void *arg)
{
	struct thread_arg *each = arg;

	pthread_barrier_wait(&each->all->start);
	each->all->fn(each->nr, each->all->arg);
	return NULL;
}

static inline void threads_start(struct threads *t, int n, void (*fn)(int nr, void *arg), void *arg)
{
	int i;

	t->fn = fn;
	t->arg = arg;
	t->n = n;
	ck_assert_int_eq(pthread_barrier_init(&t->start, NULL, n), 0);
	for (i = 0; i < n; i++) {
		t->each[i] = (struct thread_arg){ t, i };
		ck_assert_int_eq(pthread_create(&t->id[i], NULL, threads_main, &t->each[i]), 0);
	}
}

static inline void threads_join(struct threads *t)
{
	int i;

	for (i = 0; i < t->n; i++)
		ck_assert_int_eq(pthread_join(t->id[i], NULL), 0);
	pthread_barrier_destroy(&t->start);
}

/* fn(0, arg) .. fn(n - 1, arg) at the same time; returns when all have. */
static inline void threads_run(int n, void (*fn)(int nr, void *arg), void *arg)
{
	struct threads t;

	threads_start(&t, n, fn, arg);
	threads_join(&t);
}

/* Less than a second. */
static inline void nap_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* The main() of a suite. */
static inline int run_suite(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
