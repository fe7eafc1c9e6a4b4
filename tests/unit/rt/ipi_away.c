// SPDX-License-Identifier: MIT
/*
 * ipi_away.c - interrupts to CPUs whose threads do not look: the sender does the work, but never inside of a
 * section. What must not be held up is so by the time limit of each test.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include <faultline/rt.h>

#include "rt/ipi_internal.h"
#include "rt/thread.h"
#include "threads.h"

#define MANY 16
#define CPU(n) (1ULL << (n))
#define TIME_LIMIT 60

static long handled[MANY];

static void set_up(void)
{
	for (int i = 0; i < MANY; i++)
		handled[i] = 0;
	ck_assert_int_eq(fl_ipi_init(MANY), 0);
}

/* As on a host without membarrier(2). */
static void set_up_fences(void)
{
	set_up();
	fl_native_fences = true;
}

static void tear_down(void)
{
	fl_ipi_exit();
}

static void handler(void *info)
{
	(void)info;
	ck_assert(irqs_disabled());
	handled[smp_processor_id()]++;
}

/* --- a thread that is somewhere else --- */

struct away {
	void (*where)(struct away *away);
	pthread_barrier_t barrier;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	sem_t sem;
	int pipe[2];
	int gone, back; /* marked */
};

static void sleeps(struct away *away)
{
	(void)away;
	nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
}

static void computes(struct away *away)
{
	while (!__atomic_load_n(&away->back, __ATOMIC_RELAXED))
		;
}

static void waits_at_a_barrier(struct away *away)
{
	pthread_barrier_wait(&away->barrier);
}

static void waits_for_a_condition(struct away *away)
{
	pthread_mutex_lock(&away->mutex);
	while (!away->back)
		pthread_cond_wait(&away->cond, &away->mutex);
	pthread_mutex_unlock(&away->mutex);
}

static void waits_for_a_semaphore(struct away *away)
{
	while (sem_wait(&away->sem))
		;
}

static void reads_from_a_pipe(struct away *away)
{
	char c;

	ck_assert_int_eq(read(away->pipe[0], &c, 1), 1);
}

static void (*const places[])(struct away *away) = {
	sleeps,
	computes,
	waits_at_a_barrier,
	waits_for_a_condition,
	waits_for_a_semaphore,
	reads_from_a_pipe,
};

static void call_back(struct away *away)
{
	pthread_mutex_lock(&away->mutex);
	__atomic_store_n(&away->back, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&away->cond);
	pthread_mutex_unlock(&away->mutex);
	if (away->where == waits_at_a_barrier)
		pthread_barrier_wait(&away->barrier);
	sem_post(&away->sem);
	ck_assert_int_eq(write(away->pipe[1], "", 1), 1);
}

#define REQUESTS 200

static void go_away(int nr, void *arg)
{
	struct away *away = arg;
	long before;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 1) {
		smp_store_release(&away->gone, 1);
		away->where(away);
	} else {
		while (!smp_load_acquire(&away->gone))
			cpu_relax();
		for (int i = 1; i <= REQUESTS; i++) {
			before = handled[1];
			smp_call_function_many(CPU(1), handler, NULL);
			ck_assert_int_eq(handled[1], before + 1);
		}
		call_back(away);
	}
	fl_rt_unbind_cpu();
}

START_TEST(a_thread_that_does_not_look_holds_up_nobody)
{
	struct away away = { .where = places[_i],
			     .mutex = PTHREAD_MUTEX_INITIALIZER,
			     .cond = PTHREAD_COND_INITIALIZER };

	ck_assert_int_eq(pipe(away.pipe), 0);
	pthread_barrier_init(&away.barrier, NULL, 2);
	sem_init(&away.sem, 0, 0);
	threads_run(2, go_away, &away);
	ck_assert_int_eq(handled[1], REQUESTS);
	sem_destroy(&away.sem);
	pthread_barrier_destroy(&away.barrier);
	close(away.pipe[0]);
	close(away.pipe[1]);
}
END_TEST

/* --- threads that end --- */

static void end_bound(int nr, void *arg)
{
	(void)arg;
	ck_assert_int_eq(fl_rt_bind_cpu(nr + 1), 0);
}

START_TEST(a_thread_that_ends_gives_its_cpu_back)
{
	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
	threads_run(2, end_bound, NULL);
	smp_call_function_many(CPU(1) | CPU(2), handler, NULL);
	ck_assert_int_eq(handled[1], 1);
	ck_assert_int_eq(handled[2], 1);
	threads_run(2, end_bound, NULL); /* else it were busy */
	synchronize_rcu();
	fl_rt_unbind_cpu();
}
END_TEST

static void send_unbound(int nr, void *arg)
{
	(void)nr;
	(void)arg;
	for (int i = 1; i <= REQUESTS; i++)
		smp_call_function_many(CPU(0) | CPU(1), handler, NULL);
}

START_TEST(a_thread_without_a_cpu_asks_cpu_0_as_well)
{
	ck_assert_int_eq(fl_rt_bind_cpu(0), 0);
	threads_run(1, send_unbound, NULL);
	ck_assert_int_eq(handled[0], REQUESTS);
	ck_assert_int_eq(handled[1], REQUESTS);
	fl_rt_unbind_cpu();
}
END_TEST

/* --- sections --- */

#define SECTION_NS 30000000

struct section {
	int inside, over; /* marked */
};

static void stay_inside(int nr, void *arg)
{
	struct section *s = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 1) {
		local_irq_disable();
		smp_store_release(&s->inside, 1);
		nanosleep(&(struct timespec){ .tv_nsec = SECTION_NS }, NULL);
		ck_assert_int_eq(handled[1], 0);
		WRITE_ONCE(s->over, 1);
		local_irq_enable();
	} else {
		while (!smp_load_acquire(&s->inside))
			cpu_relax();
		smp_call_function_many(CPU(1), handler, NULL);
		ck_assert_int_eq(READ_ONCE(s->over), 1);
	}
	fl_rt_unbind_cpu();
}

START_TEST(a_section_is_waited_for_also_if_its_thread_sleeps)
{
	struct section s = { 0 };

	threads_run(2, stay_inside, &s);
	ck_assert_int_eq(handled[1], 1);
}
END_TEST

/*
 * CPU 1 goes from section to section and looks at nothing, so that each request ends in a claim. The handler
 * counts in two plain words with some time in between: a section that finds them different, or changing, has
 * a handler inside. A section must not find less than `done`, either: so many calls have returned.
 */
struct race {
	long first, second; /* the CPU's own state: plain */
	long done;	    /* marked */
	int ready, over;    /* marked */
};

#define CLAIMS 60000

static void change_state(void *info)
{
	struct race *r = info;

	r->first++;
	/* Up to a microsecond: the target comes out of membarrier()'s interrupt later than we. */
	for (volatile long i = r->first % 32 * 32; i > 0;)
		i = i - 1;
	r->second++;
}

/* Stores that miss all caches: what is stored after them, T1, takes long to be seen. */
static void fill_store_buffer(unsigned int n)
{
	static struct {
		long word[8];
	} far[1 << 18];

	for (unsigned int i = 0; i < 4; i++)
		WRITE_ONCE(far[(n * 4 + i) * 0x9e3779b1u >> 14].word[0], n);
}

static void look_inside(struct race *r, unsigned int n)
{
	long done = smp_load_acquire(&r->done), first;
	unsigned long flags;

	fill_store_buffer(n);
	flags = fl_native_irq_save();
	first = r->first;
	if (first != r->second)
		ck_abort_msg("a section began inside of a handler");
	if (first < done)
		ck_abort_msg("a handler that is over does not show: %ld, not %ld", first, done);
	for (volatile int i = 0; i < 20;)
		i = i + 1;
	barrier();
	if (first != *(volatile long *)&r->first || first != *(volatile long *)&r->second)
		ck_abort_msg("a handler ran inside of a section");
	(void)flags;
	fl_native_access_end(); /* and not fl_native_irq_restore(), which would look */
	for (volatile int i = 0; i < 20;)
		i = i + 1;
}

static void race(int nr, void *arg)
{
	struct race *r = arg;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	if (nr == 1) {
		WRITE_ONCE(r->ready, 1);
		for (unsigned int n = 0; !READ_ONCE(r->over); n++)
			look_inside(r, n);
	} else {
		while (!READ_ONCE(r->ready))
			cpu_relax();
		for (int i = 1; i <= CLAIMS; i++) {
			smp_call_function_many(CPU(1), change_state, r);
			smp_store_release(&r->done, i);
		}
		WRITE_ONCE(r->over, 1);
	}
	fl_rt_unbind_cpu();
}

START_TEST(no_handler_runs_inside_of_a_section)
{
	struct race r = { 0 };

	threads_run(2, race, &r);
	ck_assert_int_eq(r.first, CLAIMS);
}
END_TEST

/* --- all at once --- */

#define ROUNDS 200

struct crowd {
	long state[MANY][2]; /* each CPU's */
	atomic_t left;
	int nr;
};

static void change_own(void *info)
{
	struct crowd *c = info;
	long *state = c->state[smp_processor_id()];

	state[0]++;
	barrier();
	state[1]++;
}

static void crowd(int nr, void *arg)
{
	struct crowd *c = arg;
	volatile long *state = c->state[nr];
	unsigned long flags;

	ck_assert_int_eq(fl_rt_bind_cpu(nr), 0);
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 4 == nr % 4)
			smp_call_function_many((1ULL << c->nr) - 1, change_own, c);
		if (i % 64 == nr)
			nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
		for (int j = 0; j < 10; j++) {
			local_irq_save(flags);
			if (state[0] !=
			    state[1]) /* no ck_assert(): it writes to a file each time */
				ck_abort_msg("a handler runs");
			local_irq_restore(flags);
		}
	}
	atomic_dec(&c->left);
	/* Bound, and gone: the others go on. */
	while (atomic_read(&c->left))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	fl_rt_unbind_cpu();
}

START_TEST(more_cpus_than_cores_get_through)
{
	struct crowd c = { .nr = MANY, .left = ATOMIC_INIT(MANY) };

	threads_run(MANY, crowd, &c);
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(c.state[i][0], (long)(MANY - 1) * ROUNDS / 4);
		ck_assert_int_eq(c.state[i][1], (long)(MANY - 1) * ROUNDS / 4);
	}
}
END_TEST

static void add(Suite *s, const char *name, void (*begin)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, begin, tear_down);
	tcase_set_timeout(t, TIME_LIMIT);
	tcase_add_loop_test(t, a_thread_that_does_not_look_holds_up_nobody, 0,
			    (int)(sizeof(places) / sizeof(places[0])));
	tcase_add_test(t, a_thread_that_ends_gives_its_cpu_back);
	tcase_add_test(t, a_thread_without_a_cpu_asks_cpu_0_as_well);
	tcase_add_test(t, a_section_is_waited_for_also_if_its_thread_sleeps);
	tcase_add_test(t, no_handler_runs_inside_of_a_section);
	tcase_add_test(t, more_cpus_than_cores_get_through);
	suite_add_tcase(s, t);
}

int main(void)
{
	Suite *s = suite_create("rt.ipi_away");

	add(s, "membarrier", set_up);
	add(s, "fences", set_up_fences);
	return run_suite(s);
}
