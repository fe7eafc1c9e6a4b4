// SPDX-License-Identifier: MIT
/*
 * rwlock.c - the kinds of reader-writer locks, each: who keeps whom out, who waits answers interrupts. Many threads at
 * once, and that nobody starves: rwlock_crowd.c. What rwsem alone has, its list and its spinners: rwlock_rwsem.c.
 *
 * Each case gets the number of a kind.
 */
#include <sched.h>

#include <faultline/rt.h>
#include <faultline/rwlock.h>

#include "rt/ipi_internal.h"
#include "rt/native/rwlock/wait.h"
#include "rt/thread.h"
#include "rwlock_kind.h"
#include "threads.h"

/* --- another thread, which acts as CPU 1 --- */

enum what { TRY, READ, WRITE };

struct other {
	struct threads threads;
	enum what what;
	int done;
	bool got;
};

static void do_it(int nr, void *arg)
{
	struct other *o = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(1), 0);
	switch (o->what) {
	case TRY:
		o->got = kind->read_trylock(lock);
		if (o->got)
			kind->read_unlock(lock);
		break;
	case READ:
		kind->read_lock(lock);
		__atomic_store_n(&o->done, 1, __ATOMIC_RELEASE);
		kind->read_unlock(lock);
		break;
	case WRITE:
		kind->write_lock(lock);
		__atomic_store_n(&o->done, 1, __ATOMIC_RELEASE);
		kind->write_unlock(lock);
		break;
	}
	fl_rt_unbind_cpu();
}

static void start(struct other *o, enum what what)
{
	*o = (struct other){ .what = what };
	threads_start(&o->threads, 1, do_it, o);
}

static void join(struct other *o)
{
	threads_join(&o->threads);
}

static bool other_may_read(void)
{
	struct other o;

	start(&o, TRY);
	join(&o);
	return o.got;
}

static void ck_waits(struct other *o)
{
	nap_ms(3);
	ck_assert_int_eq(__atomic_load_n(&o->done, __ATOMIC_ACQUIRE), 0);
}

static void ck_writes(void)
{
	struct other o;

	start(&o, WRITE);
	join(&o);
	ck_assert_int_eq(o.done, 1);
}

/* --- the table --- */

START_TEST(each_kind_is_found_by_its_name)
{
	static const char *const names[] = { "rwsem",	     "ticket",	      "pthread",
					     "phase-fair",   "cohort",	      "bravo-rwsem",
					     "bravo-ticket", "bravo-pthread", "bravo-phase-fair",
					     "bravo-cohort" };
	const size_t nr = sizeof(names) / sizeof(*names);

	for (size_t i = 0; i < nr; i++) {
		const struct fl_rwlock *k = fl_rwlock_find(names[i]);

		ck_assert_ptr_nonnull(k);
		ck_assert_ptr_eq(k, fl_rwlock_at(i));
		ck_assert_str_eq(k->name, names[i]);
		ck_assert_ptr_nonnull(k->doc);
		ck_assert(fl_rwlock_ok(k));
	}
	ck_assert_ptr_null(fl_rwlock_at(nr));
	ck_assert_ptr_null(fl_rwlock_find("mutex"));
}
END_TEST

START_TEST(a_table_without_a_function_is_not_complete)
{
	struct fl_rwlock k = *fl_rwlock_find("pthread");

	ck_assert(fl_rwlock_ok(NULL));
	ck_assert(fl_rwlock_ok(&k));
	k.destroy = NULL;
	ck_assert(fl_rwlock_ok(&k));
	k.align = 24;
	ck_assert(!fl_rwlock_ok(&k));
	k.align = 8;
	k.read_trylock = NULL;
	ck_assert(!fl_rwlock_ok(&k));
}
END_TEST

/* --- who may be in with whom --- */

START_TEST(a_free_one_takes_anyone)
{
	begin(_i);
	ck_assert(other_may_read());
	ck_writes();
	ck_assert(other_may_read());
	end();
}
END_TEST

START_TEST(readers_let_readers_in_and_writers_wait_for_them)
{
	struct other o;

	begin(_i);
	kind->read_lock(lock);
	ck_assert(other_may_read());
	start(&o, WRITE);
	ck_waits(&o);
	kind->read_unlock(lock);
	join(&o);
	ck_assert_int_eq(o.done, 1);
	end();
}
END_TEST

START_TEST(a_writer_lets_nobody_in)
{
	struct other o;

	begin(_i);
	kind->write_lock(lock);
	ck_assert(!other_may_read());
	start(&o, READ);
	ck_waits(&o);
	kind->write_unlock(lock);
	join(&o);
	kind->write_lock(lock);
	start(&o, WRITE);
	ck_waits(&o);
	kind->write_unlock(lock);
	join(&o);
	end();
}
END_TEST

START_TEST(a_downgraded_writer_keeps_writers_out)
{
	struct other o;

	begin(_i);
	fl_chosen_write_lock(&chosen);
	fl_chosen_downgrade(&chosen);
	ck_assert_int_eq(other_may_read(), kind->downgrade != NULL);
	start(&o, WRITE);
	ck_waits(&o);
	fl_chosen_read_unlock(&chosen);
	join(&o);
	/* It is as free as after any other reader. */
	fl_chosen_read_lock(&chosen);
	ck_assert(other_may_read());
	fl_chosen_read_unlock(&chosen);
	ck_assert(fl_chosen_read_trylock(&chosen));
	fl_chosen_read_unlock(&chosen);
	fl_chosen_write_lock(&chosen);
	ck_assert(!other_may_read());
	fl_chosen_write_unlock(&chosen);
	end();
}
END_TEST

START_TEST(a_downgrade_lets_the_waiting_reader_in)
{
	struct other o;

	begin(_i);
	fl_chosen_write_lock(&chosen);
	start(&o, READ);
	ck_waits(&o);
	fl_chosen_downgrade(&chosen);
	if (!kind->downgrade)
		fl_chosen_read_unlock(&chosen);
	join(&o); /* shares with us */
	if (kind->downgrade)
		fl_chosen_read_unlock(&chosen);
	end();
}
END_TEST

static void meet_as_readers(int nr, void *arg)
{
	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	kind->read_lock(lock);
	pthread_barrier_wait(arg); /* all are in */
	kind->read_unlock(lock);
	fl_rt_unbind_cpu();
}

START_TEST(readers_are_in_together)
{
	pthread_barrier_t in;

	begin(_i);
	pthread_barrier_init(&in, NULL, 4);
	threads_run(4, meet_as_readers, &in);
	pthread_barrier_destroy(&in);
	end();
}
END_TEST

/* Also of two locks at a time, as fork() has them, in either order. */
START_TEST(a_thread_may_have_several)
{
	void *locks[6];
	int i;

	begin(_i);
	for (i = 0; i < 6; i++) {
		locks[i] = fl_zalloc_aligned(kind->size, kind->align);
		ck_assert_int_eq(kind->init(locks[i]), 0);
		for (int j = 0; j < 2; j++) {
			kind->read_lock(locks[i]);
			kind->read_unlock(locks[i]);
		}
	}
	for (i = 0; i < 6; i++)
		kind->read_lock(locks[i]);
	for (i = 0; i < 6; i++)
		kind->read_unlock(locks[(i * 5 + 2) % 6]);
	for (i = 0; i < 6; i++) {
		kind->write_lock(locks[i]); /* free, or this hangs */
		kind->write_unlock(locks[i]);
		if (kind->destroy)
			kind->destroy(locks[i]);
		fl_free(locks[i]);
	}
	end();
}
END_TEST

/* --- interrupts --- */

static long answers;

static void answer(void *info)
{
	ck_assert_int_eq(smp_processor_id(), 1);
	answers++;
}

/* Requests to who waits, awake or asleep, for a lock that the sender has are answered; by whom does not show here. */
static void ck_answers(void)
{
	answers = 0;
	for (int i = 0; i < 50; i++)
		smp_call_function_many(1 << 1, answer, NULL);
	nap_ms(2);
	for (int i = 0; i < 50; i++)
		smp_call_function_many(1 << 1, answer, NULL);
	ck_assert_int_eq(answers, 100);
}

START_TEST(who_waits_holds_up_no_sender)
{
	struct other o;

	begin(_i);
	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
	kind->write_lock(lock);
	start(&o, READ);
	ck_answers();
	kind->write_unlock(lock);
	join(&o);
	kind->write_lock(lock);
	start(&o, WRITE);
	ck_answers();
	kind->write_unlock(lock);
	join(&o);
	nap_ms(1); /* long enough for BRAVO to be biased again */
	warm_up();
	kind->read_lock(lock);
	start(&o, WRITE);
	ck_answers();
	kind->read_unlock(lock);
	join(&o);
	fl_rt_unbind_cpu();
	end();
}
END_TEST

/* For users' locks: whoever sleeps between begin and end need not answer. */
static void sleep_long(int nr, void *arg)
{
	int *state = arg, slept;

	slept = fl_sleep_begin(); /* no CPU */
	fl_sleep_end(slept);
	ck_assert_int_eq(fl_rt_bind_cpu(1), 0);
	slept = fl_sleep_begin();
	ck_assert(fl_cpu_sleeps(1));
	__atomic_store_n(state, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(state, __ATOMIC_ACQUIRE) != 2)
		sched_yield();
	fl_sleep_end(slept);
	ck_assert(!fl_cpu_sleeps(1));
	fl_rt_unbind_cpu();
}

START_TEST(a_cpu_whose_thread_sleeps_is_idle)
{
	struct threads t;
	int state = 0;

	ck_assert_int_eq(fl_ipi_init(NCPUS), 0);
	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
	threads_start(&t, 1, sleep_long, &state);
	while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != 1)
		sched_yield();
	ck_answers();
	__atomic_store_n(&state, 2, __ATOMIC_RELEASE);
	threads_join(&t);
	fl_rt_unbind_cpu();
	fl_ipi_exit();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.rwlock");
	TCase *t = tcase_create("table");
	int nr = nr_kinds();

	tcase_add_test(t, each_kind_is_found_by_its_name);
	tcase_add_test(t, a_table_without_a_function_is_not_complete);
	tcase_add_test(t, a_cpu_whose_thread_sleeps_is_idle);
	suite_add_tcase(s, t);

	t = tcase_create("kinds");
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_free_one_takes_anyone, 0, nr);
	tcase_add_loop_test(t, readers_let_readers_in_and_writers_wait_for_them, 0, nr);
	tcase_add_loop_test(t, a_writer_lets_nobody_in, 0, nr);
	tcase_add_loop_test(t, a_downgraded_writer_keeps_writers_out, 0, nr);
	tcase_add_loop_test(t, a_downgrade_lets_the_waiting_reader_in, 0, nr);
	tcase_add_loop_test(t, readers_are_in_together, 0, nr);
	tcase_add_loop_test(t, a_thread_may_have_several, 0, nr);
	tcase_add_loop_test(t, who_waits_holds_up_no_sender, 0, nr);
	suite_add_tcase(s, t);
	return run_suite(s);
}
