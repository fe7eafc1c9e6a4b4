// SPDX-License-Identifier: MIT
/*
 * rwlock_rwsem.c - rwsem, the default of the reader-writer locks: whom its list, its handoff and its downgrade let
 * in, and how its spinners queue. What it does as each kind does: rwlock.c.
 */
#include <sched.h>

#include <faultline/rt.h>

#include "rt/ipi_internal.h"
#include "rt/native/rwlock/osq.h"
#include "rt/native/rwlock/rwsem.h"
#include "rt/native/rwlock/wait.h"
#include "rt/thread.h"
#include "threads.h"

#define NCPUS 8

/* --- who is let in --- */

static struct fl_rwsem sem;

static long count(void)
{
	return __atomic_load_n(&sem.count, __ATOMIC_ACQUIRE);
}

/* Waits in the list of sem as CPU @cpu. */
struct waiter {
	struct threads threads;
	atomic_t *got;
	bool writer;
	int cpu, order;
};

static void wait_in_list(int nr, void *arg)
{
	struct waiter *w = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(w->cpu), 0);
	w->writer ? fl_rwsem_write_lock(&sem) : fl_rwsem_read_lock(&sem);
	w->order = atomic_inc_return(w->got);
	w->writer ? fl_rwsem_write_unlock(&sem) : fl_rwsem_read_unlock(&sem);
	fl_rt_unbind_cpu();
}

/* Returns when it sleeps, which it does nowhere but in the list. */
static void queue(struct waiter *w, int cpu, bool writer, atomic_t *got)
{
	*w = (struct waiter){ .got = got, .writer = writer, .cpu = cpu };
	threads_start(&w->threads, 1, wait_in_list, w);
	while (!fl_cpu_sleeps(cpu))
		sched_yield();
}

static void sem_begin(void)
{
	fl_rwsem_init(&sem);
	ck_assert_int_eq(fl_ipi_init(NCPUS), 0);
	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
}

static void sem_end(void)
{
	ck_assert_int_eq(sem.count, 0);
	ck_assert_ptr_null(sem.first);
	ck_assert_ptr_null(sem.last);
	ck_assert_int_eq(sem.osq, 0);
	fl_rt_unbind_cpu();
	fl_ipi_exit();
}

START_TEST(the_first_reader_brings_all_readers_along)
{
	atomic_t got = ATOMIC_INIT(0);
	struct waiter r1, w, r2;

	sem_begin();
	fl_rwsem_write_lock(&sem);
	queue(&r1, 1, false, &got);
	queue(&w, 2, true, &got);
	queue(&r2, 3, false, &got);
	ck_assert_int_eq(count(), RWSEM_WRITER_LOCKED | RWSEM_FLAG_WAITERS);
	fl_rwsem_write_unlock(&sem);
	threads_join(&r1.threads);
	threads_join(&r2.threads);
	threads_join(&w.threads);
	ck_assert_int_eq(w.order, 3);
	sem_end();
}
END_TEST

START_TEST(a_waiting_writer_keeps_new_readers_out)
{
	atomic_t got = ATOMIC_INIT(0);
	struct waiter w, r;

	sem_begin();
	fl_rwsem_read_lock(&sem);
	queue(&w, 1, true, &got);
	ck_assert(!fl_rwsem_read_trylock(&sem));
	queue(&r, 2, false, &got);
	ck_assert_int_eq(atomic_read(&got), 0);
	fl_rwsem_read_unlock(&sem);
	threads_join(&w.threads);
	threads_join(&r.threads);
	ck_assert_int_eq(w.order, 1);
	ck_assert_int_eq(r.order, 2);
	sem_end();
}
END_TEST

START_TEST(a_downgrade_wakes_readers_alone)
{
	atomic_t got = ATOMIC_INIT(0);
	struct waiter r, w;

	sem_begin();
	fl_rwsem_write_lock(&sem);
	queue(&r, 1, false, &got);
	queue(&w, 2, true, &got);
	fl_rwsem_downgrade(&sem);
	threads_join(&r.threads);
	ck_assert_int_eq(atomic_read(&got), 1);
	ck_assert_int_eq(count(), RWSEM_READER_BIAS | RWSEM_FLAG_WAITERS);
	fl_rwsem_read_unlock(&sem);
	threads_join(&w.threads);
	sem_end();
}
END_TEST

/* A writer, or a reader, has waited in the list for too long: even the thread that has the lock comes after it. */
START_TEST(who_has_waited_for_long_is_next)
{
	atomic_t got = ATOMIC_INIT(0);
	struct waiter w;

	sem_begin();
	fl_rwsem_write_lock(&sem);
	queue(&w, 1, _i, &got);
	nap_ms(5);
	fl_rwsem_wake(&sem); /* as if somebody had left, and we had been faster */
	for (int i = 0; i < 2000 && !(count() & RWSEM_FLAG_HANDOFF); i++)
		nap_ms(1);
	ck_assert(count() & RWSEM_FLAG_HANDOFF);
	fl_rwsem_write_unlock(&sem);
	fl_rwsem_write_lock(&sem); /* waits for it */
	ck_assert_int_eq(atomic_read(&got), 1);
	ck_assert(!(count() & RWSEM_FLAG_HANDOFF));
	fl_rwsem_write_unlock(&sem);
	threads_join(&w.threads);
	sem_end();
}
END_TEST

/* Who has not is passed by: by a writer who comes when it is free, and by the first reader. */
START_TEST(who_has_just_come_can_be_passed_by)
{
	atomic_t got = ATOMIC_INIT(0);
	struct waiter w;

	sem_begin();
	fl_rwsem_write_lock(&sem);
	queue(&w, 1, true, &got);
	/* Free, and the waiter is not awake yet. */
	__atomic_store_n(&sem.owner, 0, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&sem.count, RWSEM_WRITER_LOCKED, __ATOMIC_RELEASE);
	_i ? fl_rwsem_write_lock(&sem) : fl_rwsem_read_lock(&sem);
	ck_assert_int_eq(atomic_read(&got), 0);
	_i ? fl_rwsem_write_unlock(&sem) : fl_rwsem_read_unlock(&sem);
	threads_join(&w.threads);
	sem_end();
}
END_TEST

/* A writer who has spun on readers for too long says so, until the last of them is gone. */
START_TEST(writers_do_not_spin_on_slow_readers)
{
	atomic_t got = ATOMIC_INIT(0);
	struct waiter w;

	sem_begin();
	fl_rwsem_read_lock(&sem);
	queue(&w, 1, true, &got);
	ck_assert_uint_eq(READ_ONCE(sem.owner), RWSEM_READER_OWNED | RWSEM_NONSPINNABLE);
	fl_rwsem_read_unlock(&sem);
	threads_join(&w.threads);
	ck_assert_uint_eq(READ_ONCE(sem.owner), 0);
	__atomic_store_n(&sem.owner, RWSEM_READER_OWNED | RWSEM_NONSPINNABLE, __ATOMIC_RELAXED);
	fl_rwsem_wake(&sem);
	ck_assert_uint_eq(sem.owner, RWSEM_READER_OWNED);
	sem_end();
}
END_TEST

static void spin_and_write(int nr, void *arg)
{
	long *n = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (int i = 0; i < 3000; i++) {
		fl_rwsem_write_lock(&sem);
		++*n;
		fl_rwsem_write_unlock(&sem);
	}
	fl_rt_unbind_cpu();
}

/* Writers alone: those who spin, those who give up spinning, those in the list. */
START_TEST(writers_count_right_however_they_wait)
{
	long n = 0;

	fl_rwsem_init(&sem);
	ck_assert_int_eq(fl_ipi_init(NCPUS), 0);
	threads_run(NCPUS, spin_and_write, &n);
	ck_assert_int_eq(n, NCPUS * 3000);
	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
	sem_end();
}
END_TEST

/* --- the queue of those who spin --- */

static int osq;

struct spinner {
	struct threads threads;
	int cpu;
	uint64_t ms; /* then it gives up */
	int done;
	bool got;
};

static void spin_in_queue(int nr, void *arg)
{
	struct spinner *s = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(s->cpu), 0);
	s->got = fl_osq_lock(&osq, s->cpu, fl_now_ns() + s->ms * 1000000);
	__atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
	if (s->got)
		fl_osq_unlock(&osq, s->cpu);
	fl_rt_unbind_cpu();
}

/* Returns when it is the last of the queue, or has been. */
static void spin(struct spinner *s, int cpu, uint64_t ms)
{
	*s = (struct spinner){ .cpu = cpu, .ms = ms };
	threads_start(&s->threads, 1, spin_in_queue, s);
	while (__atomic_load_n(&osq, __ATOMIC_ACQUIRE) != cpu + 1 &&
	       !__atomic_load_n(&s->done, __ATOMIC_ACQUIRE))
		sched_yield();
}

#define LONG 1000000 /* ms */

static void osq_begin(void)
{
	osq = 0;
	ck_assert_int_eq(fl_ipi_init(NCPUS), 0);
	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
	ck_assert(fl_osq_lock(&osq, 0, 0));
}

static void osq_end(void)
{
	ck_assert_int_eq(osq, 0);
	fl_rt_unbind_cpu();
	fl_ipi_exit();
}

START_TEST(spinners_have_their_turn_one_by_one)
{
	struct spinner a, b;

	osq_begin();
	spin(&a, 1, LONG);
	spin(&b, 2, LONG);
	nap_ms(2);
	ck_assert_int_eq(__atomic_load_n(&a.done, __ATOMIC_ACQUIRE), 0);
	fl_osq_unlock(&osq, 0);
	threads_join(&a.threads);
	threads_join(&b.threads);
	ck_assert(a.got && b.got);
	osq_end();
}
END_TEST

/* 0: in the middle, 1: at the end, 2: the first who waits, 3: all three. */
START_TEST(a_spinner_may_leave_anywhere)
{
	struct spinner s[3];
	int i;

	osq_begin();
	for (i = 0; i < 3; i++)
		spin(&s[i], i + 1, _i == 3 || (i + 2) % 3 == _i ? 50 + 20 * (unsigned int)i : LONG);
	for (i = 0; i < 3; i++) {
		if (s[i].ms == LONG)
			continue;
		threads_join(&s[i].threads);
		ck_assert(!s[i].got);
	}
	fl_osq_unlock(&osq, 0);
	for (i = 0; i < 3; i++) {
		if (s[i].ms != LONG)
			continue;
		threads_join(&s[i].threads);
		ck_assert(s[i].got);
	}
	osq_end();
}
END_TEST

static void spin_often(int nr, void *arg)
{
	unsigned int seed = (unsigned int)nr;
	long *n = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (int i = 0; i < 2000; i++) {
		uint64_t end;

		seed = seed * 1103515245 + 12345;
		if (!fl_osq_lock(&osq, nr, fl_now_ns() + (seed >> 16) % 20000))
			continue;
		++*n;
		end = fl_now_ns() + (seed >> 8) % 8000;
		while (fl_now_ns() < end)
			cpu_relax();
		fl_osq_unlock(&osq, nr);
	}
	fl_rt_unbind_cpu();
}

START_TEST(spinners_come_and_leave_at_random)
{
	long n = 0;

	osq = 0;
	ck_assert_int_eq(fl_ipi_init(NCPUS), 0);
	threads_run(NCPUS, spin_often, &n);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(osq, 0);
	fl_ipi_exit();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.rwlock_rwsem");
	TCase *t = tcase_create("rwsem");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, the_first_reader_brings_all_readers_along);
	tcase_add_test(t, a_waiting_writer_keeps_new_readers_out);
	tcase_add_test(t, a_downgrade_wakes_readers_alone);
	tcase_add_loop_test(t, who_has_waited_for_long_is_next, 0, 2);
	tcase_add_loop_test(t, who_has_just_come_can_be_passed_by, 0, 2);
	tcase_add_test(t, writers_do_not_spin_on_slow_readers);
	tcase_add_test(t, writers_count_right_however_they_wait);
	suite_add_tcase(s, t);

	t = tcase_create("osq");
	tcase_set_timeout(t, 30);
	tcase_add_test(t, spinners_have_their_turn_one_by_one);
	tcase_add_loop_test(t, a_spinner_may_leave_anywhere, 0, 4);
	tcase_add_test(t, spinners_come_and_leave_at_random);
	suite_add_tcase(s, t);
	return run_suite(s);
}
