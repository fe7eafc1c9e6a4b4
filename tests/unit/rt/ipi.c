// SPDX-License-Identifier: MIT
/*
 * ipi.c - interrupts between CPUs, native engine: answered by each CPU once, whatever it is doing.
 *
 * Counters are plain: each is changed by handlers on one CPU only, and the protocol orders them. A
 * handler that ran twice at a time, or late, is also a report of ThreadSanitizer.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include <faultline/rt.h>

#include "rt/ipi_internal.h"
#include "rt/thread.h"
#include "threads.h"

#define NCPUS 4
#define ALL ((1ULL << NCPUS) - 1)
#define CPU(n) (1ULL << (n))

static long handled[NCPUS]; /* times that a handler ran as this CPU */
static pthread_t handled_by[NCPUS];

static void set_up(void)
{
	memset(handled, 0, sizeof(handled));
	ck_assert_int_eq(fl_ipi_init(NCPUS), 0);
}

static void tear_down(void)
{
	fl_ipi_exit();
}

static void handler(void *info)
{
	int cpu = smp_processor_id();

	ck_assert(irqs_disabled());
	handled[cpu]++;
	handled_by[cpu] = pthread_self();
	if (info)
		++*(long *)info;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

START_TEST(cpus_are_set_up_once)
{
	ck_assert_int_eq(fl_ipi_init(1), -EBUSY);
	ck_assert_int_eq(fl_ipi_ncpus(), NCPUS);
	fl_ipi_exit();
	ck_assert_int_eq(fl_ipi_init(0), -EINVAL);
	ck_assert_int_eq(fl_ipi_init(FL_MAX_CPUS + 1), -EINVAL);
	ck_assert_int_eq(fl_rt_bind_cpu(0), -EINVAL);
	ck_assert_int_eq(fl_ipi_init(FL_MAX_CPUS), 0);
	ck_assert_int_eq(fl_rt_bind_cpu(FL_MAX_CPUS - 1), 0);
	fl_rt_unbind_cpu();
}
END_TEST

static void bind_taken(int nr, void *arg)
{
	ck_assert_int_eq(fl_rt_bind_cpu(2), -EBUSY);
	ck_assert_int_eq(fl_rt_bind_cpu(1), 0);
	ck_assert_int_eq(smp_processor_id(), 1);
	fl_rt_unbind_cpu();
}

START_TEST(a_cpu_has_one_thread_and_a_thread_one_cpu)
{
	ck_assert_int_eq(smp_processor_id(), 0);
	fl_rt_unbind_cpu(); /* nothing to undo */
	ck_assert_int_eq(fl_rt_bind_cpu(NCPUS), -EINVAL);
	ck_assert_int_eq(fl_rt_bind_cpu(-1), -EINVAL);
	ck_assert_int_eq(fl_rt_bind_cpu(2), 0);
	ck_assert_int_eq(smp_processor_id(), 2);
	ck_assert_int_eq(fl_rt_bind_cpu(1), -EBUSY);
	threads_run(1, bind_taken, NULL);
	fl_rt_unbind_cpu();
	ck_assert_int_eq(smp_processor_id(), 0);
	ck_assert_int_eq(fl_rt_bind_cpu(2), 0);
	fl_rt_unbind_cpu();
}
END_TEST

START_TEST(an_idle_cpu_is_answered_for)
{
	long calls = 0;

	ck_assert_int_eq(fl_rt_bind_cpu(1), 0);
	smp_call_function_many(CPU(0) | CPU(1) | CPU(3) | CPU(63), handler, &calls);
	ck_assert_int_eq(handled[0], 1);
	ck_assert_int_eq(handled[1], 0); /* not the caller */
	ck_assert_int_eq(handled[2], 0);
	ck_assert_int_eq(handled[3], 1);
	ck_assert_int_eq(calls, 2);
	ck_assert_int_eq(smp_processor_id(), 1);
	ck_assert(!irqs_disabled());
	smp_call_function_many(0, handler, &calls);
	smp_call_function_many(CPU(1), handler, &calls);
	ck_assert_int_eq(calls, 2);
	fl_rt_unbind_cpu();
}
END_TEST

START_TEST(interrupt_flags_nest)
{
	unsigned long outer, inner;

	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
	ck_assert(!irqs_disabled());
	local_irq_save(outer);
	ck_assert(irqs_disabled());
	local_irq_save(inner);
	local_irq_restore(inner);
	ck_assert(irqs_disabled());
	local_irq_restore(outer);
	ck_assert(!irqs_disabled());
	local_irq_disable();
	ck_assert(irqs_disabled());
	local_irq_enable();
	ck_assert(!irqs_disabled());
	fl_rt_unbind_cpu();
}
END_TEST

/* CPU 0 sends to CPU 1 while that one does what the test is about. */
struct target {
	void (*busy)(struct target *t);
	int ready, done; /* marked */
	int word;	 /* to wait for */
	pthread_t self;
	spinlock_t lock;
	struct rw_semaphore sem;
};

static void send_to_busy(int nr, void *arg)
{
	struct target *t = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 1) {
		WRITE_ONCE(t->self, pthread_self());
		t->busy(t);
	} else {
		int i;

		while (!smp_load_acquire(&t->ready))
			cpu_relax();
		nap(); /* lets the target get to where it waits */
		for (i = 1; i <= 3; i++) {
			smp_call_function_many(ALL & ~CPU(2) & ~CPU(3), handler, NULL);
			ck_assert_int_eq(handled[1], i); /* done when the call returns */
			ck_assert_int_eq(handled[0], 0);
		}
		/* It is not left to the sender, unless the target does not get a core. */
		while (!pthread_equal(handled_by[1], READ_ONCE(t->self)))
			smp_call_function_many(CPU(1), handler, NULL);
		smp_store_release(&t->done, 1);
		WRITE_ONCE(t->word, 1);
		if (spin_is_locked(&t->lock))
			spin_unlock(&t->lock);
		if (rwsem_is_locked(&t->sem))
			up_write(&t->sem);
	}
	fl_rt_unbind_cpu();
}

static void poll(struct target *t)
{
	smp_store_release(&t->ready, 1);
	while (!smp_load_acquire(&t->done))
		fl_ipi_poll();
}

static void relax(struct target *t)
{
	smp_store_release(&t->ready, 1);
	while (!smp_load_acquire(&t->done))
		cpu_relax();
}

static void wait_for_spinlock(struct target *t)
{
	spin_lock(&t->lock); /* for CPU 0, which unlocks it later */
	smp_store_release(&t->ready, 1);
	spin_lock(&t->lock);
}

static void wait_to_read(struct target *t)
{
	down_write(&t->sem);
	smp_store_release(&t->ready, 1);
	down_read(&t->sem);
}

static void wait_to_write(struct target *t)
{
	down_write(&t->sem);
	smp_store_release(&t->ready, 1);
	down_write(&t->sem);
}

static void wait_for_word(struct target *t)
{
	smp_store_release(&t->ready, 1);
	ck_assert_int_eq(FL_AWAIT_MASK(&t->word, 3, 1, FL_ACQUIRE, "word"), 1);
}

static void wait_for_user(struct target *t)
{
	smp_store_release(&t->ready, 1);
	ck_assert_int_eq(FL_AWAIT_MASK_MAY_WAIT(&t->word, 3, 1, FL_ACQUIRE, "word"), 1);
}

static void (*const busy_with[])(struct target *t) = {
	poll, relax, wait_for_spinlock, wait_to_read, wait_to_write, wait_for_word, wait_for_user,
};

START_TEST(a_busy_cpu_answers)
{
	struct target t = { .busy = busy_with[_i] };

	threads_run(2, send_to_busy, &t);
	ck_assert_int_ge(handled[1], 3);
}
END_TEST

struct silence {
	int sent, off;
};

static void send_to_silent(int nr, void *arg)
{
	struct silence *s = arg;
	unsigned long flags;
	int i;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 1) {
		local_irq_save(flags);
		smp_store_release(&s->off, 1);
		nap(); /* the request arrives */
		for (i = 0; i < 1000; i++)
			fl_ipi_poll();
		ck_assert_int_eq(READ_ONCE(s->sent), 0);
		ck_assert_int_eq(handled[1], 0);
		local_irq_restore(flags); /* answers, if it has arrived */
		while (!READ_ONCE(s->sent))
			cpu_relax();
		ck_assert_int_eq(handled[1], 1);
	} else {
		while (!smp_load_acquire(&s->off))
			cpu_relax();
		smp_call_function_many(CPU(1), handler, NULL);
		WRITE_ONCE(s->sent, 1);
	}
	fl_rt_unbind_cpu();
}

START_TEST(a_cpu_with_interrupts_off_answers_later)
{
	struct silence s = { 0 };

	threads_run(2, send_to_silent, &s);
}
END_TEST

static void send_then_watch(int nr, void *arg)
{
	int *state = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 1) {
		local_irq_disable();
		smp_store_release(state, 1);
		while (READ_ONCE(fl_native_this_cpu.pending) == FL_IPI_NONE) /* until it arrives */
			sched_yield();
		ck_assert_int_eq(handled[1], 0);
		local_irq_enable();
		ck_assert_int_eq(handled[1], 1); /* at once, without any access */
	} else {
		while (!smp_load_acquire(state))
			cpu_relax();
		smp_call_function_many(CPU(1), handler, NULL);
	}
	fl_rt_unbind_cpu();
}

START_TEST(turning_interrupts_on_answers)
{
	int state = 0;

	threads_run(2, send_then_watch, &state);
}
END_TEST

#define ROUNDS 300

struct storm {
	long calls[NCPUS]; /* by sender and target: only that pair's handler counts here */
};

static void count_calls(void *info)
{
	struct storm *s = info;

	handler(NULL);
	s->calls[smp_processor_id()]++;
}

static void send_to_all(int nr, void *arg)
{
	struct storm *s = (struct storm *)arg + nr;
	int i;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (i = 1; i <= ROUNDS; i++) {
		smp_call_function_many(ALL, count_calls, s);
		ck_assert_int_eq(s->calls[(nr + 1) % NCPUS], i);
	}
	fl_rt_unbind_cpu(); /* the others' requests are answered by themselves from here */
}

START_TEST(cpus_that_all_send_to_each_other_get_through)
{
	struct storm storms[NCPUS] = { 0 };
	int sender, target;

	threads_run(_i, send_to_all, storms);
	for (target = 0; target < NCPUS; target++) {
		int senders = target < _i ? _i - 1 : _i;

		ck_assert_int_eq(handled[target], senders * ROUNDS);
		for (sender = 0; sender < _i; sender++)
			ck_assert_int_eq(storms[sender].calls[target],
					 sender == target ? 0 : ROUNDS);
	}
}
END_TEST

/* CPU 3 comes and goes; the others send to it. */
static void come_and_go(int nr, void *arg)
{
	atomic_t *senders = arg;
	int i;

	if (nr == 3) {
		while (atomic_read(senders)) {
			ck_assert_int_eq(fl_rt_bind_cpu(3), 0);
			for (i = 0; i < 10; i++)
				fl_ipi_poll();
			fl_rt_unbind_cpu();
		}
		return;
	}
	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (i = 0; i < ROUNDS; i++)
		smp_call_function_many(CPU(3), handler, NULL);
	fl_rt_unbind_cpu();
	atomic_dec(senders);
}

START_TEST(a_cpu_that_comes_and_goes_misses_nothing)
{
	atomic_t senders = ATOMIC_INIT(3);

	threads_run(4, come_and_go, &senders);
	ck_assert_int_eq(handled[3], 3 * ROUNDS);
}
END_TEST

static void send_inside_reader_section(int nr, void *arg)
{
	int *reading = arg;
	int i;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 0) {
		rcu_read_lock();
		WRITE_ONCE(*reading, 1);
		nap(); /* CPU 1 sleeps in synchronize_rcu(), waiting for us */
		for (i = 1; i <= 10; i++) {
			smp_call_function_many(CPU(1), handler, NULL);
			ck_assert_int_eq(handled[1], i);
		}
		rcu_read_unlock();
	} else {
		while (!READ_ONCE(*reading))
			cpu_relax();
		synchronize_rcu();
		ck_assert_int_eq(smp_processor_id(), 1);
		ck_assert_int_eq(handled[1], 10);
	}
	fl_rt_unbind_cpu();
}

START_TEST(a_cpu_that_waits_for_readers_is_answered_for)
{
	int reading = 0;

	threads_run(2, send_inside_reader_section, &reading);
}
END_TEST

static void wait_for_nobody(int nr, void *arg)
{
	int *word = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	ck_assert_int_eq(FL_AWAIT_MASK_MAY_WAIT(word, ~0, 7, FL_ACQUIRE, "word"), 3);
	fl_rt_unbind_cpu();
}

START_TEST(a_run_in_which_all_wait_can_be_ended)
{
	struct threads t;
	int word = 3;

	ck_assert_int_eq(fl_rt_nr_waiting(), 0);
	threads_start(&t, 2, wait_for_nobody, &word);
	while (fl_rt_nr_waiting() != 2)
		sched_yield();
	fl_rt_stop_waiting(true);
	threads_join(&t);
	ck_assert_int_eq(fl_rt_nr_waiting(), 0);
	WRITE_ONCE(word, 7); /* a condition that holds needs no waiting */
	ck_assert_int_eq(FL_AWAIT_MASK_MAY_WAIT(&word, ~0, 7, FL_ACQUIRE, "word"), 7);
	fl_rt_stop_waiting(false);
}
END_TEST

struct ping_pong {
	int turn, rounds;
	atomic_t ended;
};

/* Wakes the other, and waits at once: most of the time both wait, but never are both stuck. */
static void ping_and_wait(int nr, void *arg)
{
	struct ping_pong *p = arg;
	int i;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (i = 0; i < p->rounds; i++) {
		ck_assert_int_eq(FL_AWAIT_MASK_MAY_WAIT(&p->turn, 1, nr, FL_ACQUIRE, "turn") & 1,
				 nr);
		if (i % 16 == 0)
			nap(); /* the other one goes to sleep */
		smp_store_release(&p->turn, !nr);
	}
	fl_rt_unbind_cpu();
	atomic_inc(&p->ended);
}

START_TEST(who_can_go_on_is_not_stuck)
{
	struct ping_pong p = { .rounds = 200 };
	struct threads t;

	threads_start(&t, 2, ping_and_wait, &p);
	while (!atomic_read(&p.ended)) {
		if (fl_rt_nr_waiting() == 2)
			fl_rt_stop_waiting(true);
	}
	threads_join(&t);
	fl_rt_stop_waiting(false);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.ipi");
	TCase *t = tcase_create("cpus");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, cpus_are_set_up_once);
	tcase_add_test(t, a_cpu_has_one_thread_and_a_thread_one_cpu);
	tcase_add_test(t, interrupt_flags_nest);
	suite_add_tcase(s, t);

	t = tcase_create("requests");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, an_idle_cpu_is_answered_for);
	tcase_add_loop_test(t, a_busy_cpu_answers, 0,
			    (int)(sizeof(busy_with) / sizeof(busy_with[0])));
	tcase_add_test(t, a_cpu_with_interrupts_off_answers_later);
	tcase_add_test(t, turning_interrupts_on_answers);
	tcase_add_loop_test(t, cpus_that_all_send_to_each_other_get_through, 1, NCPUS + 1);
	tcase_add_test(t, a_cpu_that_comes_and_goes_misses_nothing);
	tcase_add_test(t, a_cpu_that_waits_for_readers_is_answered_for);
	tcase_add_test(t, a_run_in_which_all_wait_can_be_ended);
	tcase_add_test(t, who_can_go_on_is_not_stuck);
	suite_add_tcase(s, t);
	return run_suite(s);
}
