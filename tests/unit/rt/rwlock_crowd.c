// SPDX-License-Identifier: MIT
/*
 * rwlock_crowd.c - the kinds of reader-writer locks, each, all at once on more CPUs than there are cores: writers are
 * alone, nobody starves. One step after the other: rwlock.c.
 *
 * Each case gets the number of a kind.
 */
#include <sched.h>
#include <string.h>

#include <faultline/rt.h>
#include <faultline/rwlock.h>

#include "rt/native/rwlock/chosen.h"
#include "rt/native/rwlock/wait.h"
#include "rt/thread.h"
#include "rw_sections.h"
#include "rwlock_kind.h"
#include "threads.h"

#define ROUNDS 400

static void mixed(int nr, void *arg)
{
	struct shared *s = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (int i = 0; i < ROUNDS; i++) {
		switch ((i + nr) % 4) {
		case 0:
			fl_chosen_write_lock(&chosen);
			write_section(s);
			fl_chosen_write_unlock(&chosen);
			break;
		case 1:
			fl_chosen_write_lock(&chosen);
			write_section(s);
			atomic_inc(&s->readers);
			fl_chosen_downgrade(&chosen);
			read_section(s);
			atomic_dec(&s->readers);
			fl_chosen_read_unlock(&chosen);
			break;
		case 2:
			if (!fl_chosen_read_trylock(&chosen))
				break;
			atomic_inc(&s->readers);
			read_section(s);
			atomic_dec(&s->readers);
			fl_chosen_read_unlock(&chosen);
			break;
		default:
			fl_chosen_read_lock(&chosen);
			atomic_inc(&s->readers);
			read_section(s);
			atomic_dec(&s->readers);
			fl_chosen_read_unlock(&chosen);
			break;
		}
	}
	fl_rt_unbind_cpu();
}

START_TEST(writers_exclude_all_readers_exclude_writers)
{
	struct shared s = { 0 };

	begin(_i);
	threads_run(NCPUS, mixed, &s);
	ck_assert_int_eq(s.a, NCPUS * ROUNDS / 2);
	ck_assert_int_eq(s.a, s.b);
	end();
}
END_TEST

struct rare {
	struct shared shared;
	int stop;
};

/* A writer now and then, so that BRAVO is biased again in between, and readers all the time. */
static void write_rarely(int nr, void *arg)
{
	struct rare *rare = arg;
	struct shared *s = &rare->shared;
	uint64_t end;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	while (nr && !READ_ONCE(rare->stop)) {
		kind->read_lock(lock);
		atomic_inc(&s->readers);
		read_section(s);
		atomic_dec(&s->readers);
		kind->read_unlock(lock);
	}
	end = fl_now_ns() + 50000000;
	while (!nr && fl_now_ns() < end) {
		uint64_t next = fl_now_ns() + 20000;

		kind->write_lock(lock);
		write_section(s);
		kind->write_unlock(lock);
		while (fl_now_ns() < next)
			cpu_relax();
	}
	WRITE_ONCE(rare->stop, 1);
	fl_rt_unbind_cpu();
}

START_TEST(a_rare_writer_excludes_readers)
{
	struct rare rare = { 0 };

	begin(_i);
	threads_run(3, write_rarely, &rare);
	ck_assert_int_eq(rare.shared.a, rare.shared.b);
	end();
}
END_TEST

#define TURNS 20

struct crowd {
	int stop;
	bool writers;
	int turns;
};

/* CPU 0 wants in now and then; the others are in all the time, overlapping. */
static void crowd_or_lone(int nr, void *arg)
{
	struct crowd *c = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (!nr) {
		for (; c->turns < TURNS; c->turns++) {
			c->writers ? kind->read_lock(lock) : kind->write_lock(lock);
			c->writers ? kind->read_unlock(lock) : kind->write_unlock(lock);
		}
		WRITE_ONCE(c->stop, 1);
	}
	while (!READ_ONCE(c->stop)) {
		c->writers ? kind->write_lock(lock) : kind->read_lock(lock);
		sched_yield();
		c->writers ? kind->write_unlock(lock) : kind->read_unlock(lock);
	}
	fl_rt_unbind_cpu();
}

START_TEST(a_writer_comes_in_while_readers_come_and_go)
{
	struct crowd c = { .writers = false };

	begin(_i);
	threads_run(4, crowd_or_lone, &c);
	ck_assert_int_eq(c.turns, TURNS);
	end();
}
END_TEST

START_TEST(a_reader_comes_in_while_writers_come_and_go)
{
	struct crowd c = { .writers = true };

	/* With the one, glibc starves writers, with the other, readers: pthread.c. */
	if (strstr(fl_rwlock_at((size_t)_i)->name, "pthread"))
		return;
	begin(_i);
	threads_run(4, crowd_or_lone, &c);
	ck_assert_int_eq(c.turns, TURNS);
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.rwlock_crowd");
	TCase *t = tcase_create("kinds");
	int nr = nr_kinds();

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, writers_exclude_all_readers_exclude_writers, 0, nr);
	tcase_add_loop_test(t, a_rare_writer_excludes_readers, 0, nr);
	tcase_add_loop_test(t, a_writer_comes_in_while_readers_come_and_go, 0, nr);
	tcase_add_loop_test(t, a_reader_comes_in_while_writers_come_and_go, 0, nr);
	suite_add_tcase(s, t);
	return run_suite(s);
}
