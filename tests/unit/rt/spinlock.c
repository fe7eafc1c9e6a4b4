// SPDX-License-Identifier: MIT
/*
 * spinlock.c - spin locks, native engine. That a waiter answers interrupts: ipi.c.
 */
#include <sched.h>

#include <faultline/rt.h>

#include "threads.h"

START_TEST(trylock_succeeds_once)
{
	spinlock_t lock;

	spin_lock_init(&lock);
	ck_assert(!spin_is_locked(&lock));
	ck_assert(spin_trylock(&lock));
	ck_assert(spin_is_locked(&lock));
	ck_assert(!spin_trylock(&lock));
	spin_unlock(&lock);
	ck_assert(!spin_is_locked(&lock));
	spin_lock(&lock);
	ck_assert(!spin_trylock(&lock));
	spin_unlock(&lock);
}
END_TEST

#define ROUNDS 20000

struct shared {
	spinlock_t lock;
	int owner;
	long count;
	atomic_t inside;
};

static void count_under_lock(int nr, void *arg)
{
	struct shared *s = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (i & 1) {
			while (!spin_trylock(&s->lock))
				sched_yield();
		} else {
			spin_lock(&s->lock);
		}
		ck_assert_int_eq(atomic_inc_return_relaxed(&s->inside), 1);
		s->owner = nr;
		s->count++;
		if (i % 512 == 0)
			sched_yield(); /* leaves the others spinning */
		ck_assert_int_eq(s->owner, nr);
		atomic_dec(&s->inside);
		spin_unlock(&s->lock);
	}
}

START_TEST(one_thread_at_a_time)
{
	struct shared s = { .count = 0 };

	threads_run(4, count_under_lock, &s);
	ck_assert_int_eq(s.count, 4 * ROUNDS);
	ck_assert(!spin_is_locked(&s.lock));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.spinlock");
	TCase *t = tcase_create("spinlock");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, trylock_succeeds_once);
	tcase_add_test(t, one_thread_at_a_time);
	suite_add_tcase(s, t);
	return run_suite(s);
}
