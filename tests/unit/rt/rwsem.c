// SPDX-License-Identifier: MIT
/*
 * rwsem.c - reader-writer semaphores, native engine: who gets in when, in every state; nobody starves.
 */
#include <sched.h>

#include <faultline/rt.h>

#include "rw_sections.h"
#include "threads.h"

static struct rw_semaphore sem;

static void set_up(void)
{
	init_rwsem(&sem);
}

static void ck_readers_only(void)
{
	ck_assert(rwsem_is_locked(&sem));
	ck_assert(!down_write_trylock(&sem));
	ck_assert(down_read_trylock(&sem));
	up_read(&sem);
}

static void ck_nobody(void)
{
	ck_assert(rwsem_is_locked(&sem));
	ck_assert(!down_write_trylock(&sem));
	ck_assert(!down_read_trylock(&sem));
}

static void ck_free(void)
{
	ck_assert(!rwsem_is_locked(&sem));
	ck_assert_int_eq(sem.count, 0);
	ck_assert(down_write_trylock(&sem));
	up_write(&sem);
	ck_assert(down_read_trylock(&sem));
	up_read(&sem);
}

START_TEST(a_free_one_takes_anyone)
{
	ck_free();
}
END_TEST

START_TEST(readers_let_readers_in)
{
	down_read(&sem);
	ck_readers_only();
	ck_assert(down_read_trylock(&sem));
	up_read(&sem);
	ck_readers_only(); /* one is still in */
	up_read(&sem);
	ck_free();
}
END_TEST

START_TEST(a_writer_lets_nobody_in)
{
	down_write(&sem);
	ck_nobody();
	up_write(&sem);
	ck_free();
}
END_TEST

START_TEST(a_downgraded_writer_is_a_reader)
{
	down_write(&sem);
	downgrade_write(&sem);
	ck_readers_only();
	up_read(&sem);
	ck_free();
}
END_TEST

/* Threads that wait in line. */
struct waiter {
	atomic_t got;
	int order[2];
};

static void wait_for_write(int nr, void *arg)
{
	struct waiter *w = arg;

	down_write(&sem);
	w->order[0] = atomic_inc_return(&w->got);
	up_write(&sem);
}

static void wait_for_read(int nr, void *arg)
{
	struct waiter *w = arg;

	down_read(&sem);
	w->order[1] = atomic_inc_return(&w->got);
	up_read(&sem);
}

static void wait_for_nothing(int nr, void *arg)
{
	down_write(&sem);
	up_write(&sem);
}

static unsigned int tickets_drawn(void)
{
	return (unsigned long)READ_ONCE(sem.count) >> 48;
}

static void await_ticket(unsigned int n)
{
	while (tickets_drawn() != n)
		sched_yield();
}

START_TEST(a_waiting_writer_keeps_new_readers_out)
{
	struct waiter w = { .got = ATOMIC_INIT(0) };
	struct threads writer, reader;

	down_read(&sem);
	threads_start(&writer, 1, wait_for_write, &w);
	await_ticket(1);
	ck_nobody();
	threads_start(&reader, 1, wait_for_read, &w);
	await_ticket(2);
	ck_assert_int_eq(atomic_read(&w.got), 0);
	up_read(&sem);
	threads_join(&writer);
	threads_join(&reader);
	ck_assert_int_eq(w.order[0], 1); /* in the order in which they came */
	ck_assert_int_eq(w.order[1], 2);
	ck_free();
}
END_TEST

START_TEST(a_downgrade_lets_the_waiting_reader_in)
{
	struct waiter w = { .got = ATOMIC_INIT(0) };
	struct threads writer, reader;

	down_write(&sem);
	threads_start(&reader, 1, wait_for_read, &w);
	await_ticket(1);
	threads_start(&writer, 1, wait_for_write, &w);
	await_ticket(2);
	ck_assert_int_eq(atomic_read(&w.got), 0);
	downgrade_write(&sem);
	threads_join(&reader); /* shares with us */
	ck_nobody();	       /* the writer waits for us still */
	ck_assert_int_eq(atomic_read(&w.got), 1);
	up_read(&sem);
	threads_join(&writer);
	ck_free();
}
END_TEST

START_TEST(tickets_wrap)
{
	struct waiter w = { .got = ATOMIC_INIT(0) };
	struct threads first, second, third;

	/* A writer is in, ticket 0xfffe waits, and 0xffff is the next. */
	sem.count = (long)(0xffffUL << 48 | 0xfffeUL << 32) | FL_RWSEM_WRITER;
	threads_start(&first, 1, wait_for_write, &w);
	await_ticket(0);
	threads_start(&second, 1, wait_for_read, &w);
	await_ticket(1);
	threads_start(&third, 1, wait_for_nothing, NULL);
	await_ticket(2);
	/* 0xfffe has its turn, and is gone. */
	__atomic_fetch_add(&sem.count, (1L << 32) - FL_RWSEM_WRITER, __ATOMIC_RELEASE);
	threads_join(&first);
	threads_join(&second);
	threads_join(&third);
	ck_assert_int_eq(w.order[0], 1);
	ck_assert_int_eq(w.order[1], 2);
	ck_free();
}
END_TEST

static void meet_as_readers(int nr, void *arg)
{
	down_read(&sem);
	pthread_barrier_wait(arg); /* all are in */
	up_read(&sem);
}

START_TEST(readers_are_in_together)
{
	pthread_barrier_t in;

	pthread_barrier_init(&in, NULL, 4);
	threads_run(4, meet_as_readers, &in);
	pthread_barrier_destroy(&in);
	ck_free();
}
END_TEST

#define ROUNDS 4000

static void mixed(int nr, void *arg)
{
	struct shared *s = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		switch ((i + nr) % 4) {
		case 0:
			down_write(&sem);
			write_section(s);
			up_write(&sem);
			break;
		case 1:
			while (!down_write_trylock(&sem))
				sched_yield();
			write_section(s);
			atomic_inc(&s->readers);
			downgrade_write(&sem);
			read_section(s);
			atomic_dec(&s->readers);
			up_read(&sem);
			break;
		case 2:
			while (!down_read_trylock(&sem))
				sched_yield();
			atomic_inc(&s->readers);
			read_section(s);
			atomic_dec(&s->readers);
			up_read(&sem);
			break;
		default:
			down_read(&sem);
			atomic_inc(&s->readers);
			read_section(s);
			atomic_dec(&s->readers);
			up_read(&sem);
			break;
		}
	}
}

START_TEST(writers_exclude_all_readers_exclude_writers)
{
	struct shared s = { 0 };

	threads_run(4, mixed, &s);
	ck_assert_int_eq(s.a, 4 * ROUNDS / 2);
	ck_assert_int_eq(s.a, s.b);
	ck_free();
}
END_TEST

struct crowd {
	int stop;
	bool writers;
	int turns;
};

/* Thread 0 wants in now and then; the others are in all the time, overlapping. */
static void crowd_or_lone(int nr, void *arg)
{
	struct crowd *c = arg;

	if (!nr) {
		for (; c->turns < 200; c->turns++) {
			c->writers ? down_read(&sem) : down_write(&sem);
			c->writers ? up_read(&sem) : up_write(&sem);
		}
		WRITE_ONCE(c->stop, 1);
	}
	while (!READ_ONCE(c->stop)) {
		c->writers ? down_write(&sem) : down_read(&sem);
		sched_yield();
		c->writers ? up_write(&sem) : up_read(&sem);
	}
}

START_TEST(nobody_starves)
{
	struct crowd c = { .writers = _i };

	threads_run(4, crowd_or_lone, &c);
	ck_assert_int_eq(c.turns, 200);
	ck_free();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.rwsem");
	TCase *t = tcase_create("states");

	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_free_one_takes_anyone);
	tcase_add_test(t, readers_let_readers_in);
	tcase_add_test(t, a_writer_lets_nobody_in);
	tcase_add_test(t, a_downgraded_writer_is_a_reader);
	tcase_add_test(t, a_waiting_writer_keeps_new_readers_out);
	tcase_add_test(t, a_downgrade_lets_the_waiting_reader_in);
	tcase_add_test(t, tickets_wrap);
	tcase_add_test(t, readers_are_in_together);
	suite_add_tcase(s, t);

	t = tcase_create("threads");
	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, writers_exclude_all_readers_exclude_writers);
	tcase_add_loop_test(t, nobody_starves, 0, 2);
	suite_add_tcase(s, t);
	return run_suite(s);
}
