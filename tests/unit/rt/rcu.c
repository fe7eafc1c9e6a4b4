// SPDX-License-Identifier: MIT
/*
 * rcu.c - RCU, native engine: grace periods wait for readers, callbacks come after them. What happens
 * to interrupts meanwhile: ipi.c.
 */
#include <sched.h>
#include <time.h>

#include <faultline/rt.h>

#include "rt/ipi_internal.h"
#include "rt/thread.h"
#include "threads.h"

static void set_up(void)
{
	ck_assert_int_eq(fl_ipi_init(MAX_THREADS), 0);
}

static void tear_down(void)
{
	fl_rt_rcu_barrier();
	fl_ipi_exit();
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

struct story {
	struct rcu_head head;
	int reading, waiting, over; /* steps of the story, marked */
	atomic_t callbacks;
	bool by_callback;
};

static void at_callback(struct rcu_head *head)
{
	struct story *s = (struct story *)head;

	atomic_inc(&s->callbacks);
	WRITE_ONCE(s->over, 1);
}

static void reader_and_updater(int nr, void *arg)
{
	struct story *s = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 0) {
		rcu_read_lock();
		rcu_read_lock();
		WRITE_ONCE(s->reading, 1);
		while (!READ_ONCE(s->waiting))
			cpu_relax();
		nap(); /* a grace period that does not wait would be over */
		rcu_read_unlock();
		nap();
		ck_assert_int_eq(READ_ONCE(s->over), 0); /* the outer section is open still */
		rcu_read_unlock();
	} else {
		while (!READ_ONCE(s->reading))
			cpu_relax();
		WRITE_ONCE(s->waiting, 1);
		if (s->by_callback) {
			call_rcu(&s->head, at_callback);
		} else {
			synchronize_rcu();
			WRITE_ONCE(s->over, 1);
		}
	}
	fl_rt_unbind_cpu();
}

START_TEST(synchronize_rcu_waits_for_the_outermost_section)
{
	struct story s = { .over = 0 };

	threads_run(2, reader_and_updater, &s);
	ck_assert_int_eq(s.over, 1);
}
END_TEST

START_TEST(a_callback_waits_for_the_outermost_section)
{
	struct story s = { .by_callback = true };

	threads_run(2, reader_and_updater, &s);
	fl_rt_rcu_barrier();
	ck_assert_int_eq(READ_ONCE(s.over), 1);
	ck_assert_int_eq(atomic_read(&s.callbacks), 1);
}
END_TEST

START_TEST(a_grace_period_needs_no_reader)
{
	synchronize_rcu(); /* from a thread without a CPU */
	ck_assert_int_eq(fl_rt_bind_cpu(1), 0);
	synchronize_rcu();
	fl_rt_unbind_cpu();
}
END_TEST

#define ROUNDS 2000

struct object {
	struct rcu_head head;
	long value, same; /* plain: written before the object is published, and by its death */
};

struct world {
	struct object *current;
	int done;
	atomic_t freed, reads;
};

static struct world world;

static struct object *new_object(long value)
{
	struct object *o = fl_zalloc(sizeof(*o));

	ck_assert_ptr_nonnull(o);
	o->value = o->same = value;
	return o;
}

static void free_object(struct rcu_head *head)
{
	struct object *o = (void *)((char *)head - offsetof(struct object, head));

	o->value = -1;
	fl_free(o);
	atomic_inc(&world.freed);
}

static void replace_or_read(int nr, void *arg)
{
	struct object *o;
	long i, last = 0;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (i = 1; !nr && (i <= ROUNDS || !atomic_read(&world.reads)); i++) {
		o = world.current;
		rcu_assign_pointer(world.current, new_object(i));
		if (i % 100) {
			call_rcu(&o->head, free_object);
		} else {
			synchronize_rcu();
			free_object(&o->head);
		}
	}
	if (!nr)
		smp_store_release(&world.done, 1);
	while (nr && !smp_load_acquire(&world.done)) {
		rcu_read_lock();
		o = rcu_dereference(world.current);
		ck_assert_int_ge(o->value, last);
		ck_assert_int_eq(o->same, o->value);
		last = o->value;
		rcu_read_unlock();
		atomic_inc(&world.reads);
	}
	fl_rt_unbind_cpu();
}

START_TEST(readers_never_meet_a_freed_object)
{
	world.current = new_object(0);
	threads_run(3, replace_or_read, NULL);
	fl_rt_rcu_barrier();
	ck_assert_int_ge(atomic_read(&world.freed), ROUNDS);
	ck_assert_int_eq(world.current->value, atomic_read(&world.freed));
	fl_free(world.current);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.rcu");
	TCase *t = tcase_create("rcu");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, synchronize_rcu_waits_for_the_outermost_section);
	tcase_add_test(t, a_callback_waits_for_the_outermost_section);
	tcase_add_test(t, a_grace_period_needs_no_reader);
	tcase_add_test(t, readers_never_meet_a_freed_object);
	suite_add_tcase(s, t);
	return run_suite(s);
}
