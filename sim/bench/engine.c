// SPDX-License-Identifier: MIT
/*
 * engine.c - one run: its machine, its threads, and the time in which they are measured.
 *
 *	warm-up    until each thread has made a step, and a moment longer
 *	measure    each thread begins to count with its next step, and ends with the last one that it begins
 *	stop       threads leave their CPUs at once: nobody waits for an interrupt that a finished thread would answer
 *
 * Threads wait for each other before they act as a CPU, not after: one that waits there would not answer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "disturb.h"
#include "worker.h"

#define WARM_LEAST 0.01 /* seconds */
#define WARM_MOST 0.1
#define WARM_PART 0.1
#define SLICE_NS 10000000
#define WORTH 0.01 /* seconds of a run that was interrupted that still say something */

#define MAX_LOST 0.05

enum phase { PHASE_WARM, PHASE_MEASURE, PHASE_STOP };

struct engine {
	struct run *run;
	struct worker *workers;
	unsigned int nr;
	int phase;
	unsigned int warm; /* threads that have made a step, or failed */
	int failed;
	pthread_barrier_t barrier;
};
static struct engine engine;

double bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

unsigned int engine_threads(const struct side *side, unsigned int threads)
{
	return threads + (side->write != NULL);
}

bool figures_disturbed(const struct figures *f)
{
	return f->lost > MAX_LOST || f->stolen > MAX_LOST;
}

/* ---- a thread ---- */

static void begin_measure(struct worker *w)
{
	w->measured = true;
	meter_reset(&w->ops);
	meter_reset(&w->writes);
	w->waited = disturb_waited();
	w->cpu_seconds = disturb_thread_cpu();
}

static void end_measure(struct worker *w)
{
	double waited;

	w->end = bench_now();
	w->cpu_seconds = disturb_thread_cpu() - w->cpu_seconds;
	waited = disturb_waited();
	w->waited = waited < 0 || w->waited < 0 ? -1 : waited - w->waited;
}

static int loop(struct worker *w)
{
	const struct side *side = w->run->side;
	int (*step)(struct worker *) = w->is_writer ? side->write : side->step;
	bool warm = false;

	for (;;) {
		int phase = __atomic_load_n(&engine.phase, __ATOMIC_RELAXED);
		int err;

		if (phase == PHASE_STOP)
			return 0;
		if (phase == PHASE_MEASURE && !w->measured)
			begin_measure(w);
		err = step(w);
		if (err)
			return err;
		if (!warm)
			__atomic_fetch_add(&engine.warm, 1, __ATOMIC_RELAXED);
		warm = true;
	}
}

static int act(struct worker *w)
{
	const struct side *side = w->run->side;
	int err = 0;

	if (w->cpu)
		err = fl_cpu_bind(w->cpu);
	if (err)
		return err;
	if (w->cpu)
		fl_switch_mm(w->cpu, w->mm);
	if (side->begin)
		err = side->begin(w);
	if (!err)
		err = loop(w);
	if (w->measured)
		end_measure(w);
	if (side->end)
		side->end(w);
	if (w->cpu) {
		fl_switch_mm(w->cpu, NULL);
		fl_cpu_unbind(w->cpu);
	}
	return err;
}

static void *thread(void *arg)
{
	struct worker *w = arg;

	w->pinned = cores_pin((unsigned int)(w - engine.workers), engine.nr);
	pthread_barrier_wait(&engine.barrier);
	w->err = act(w);
	if (w->err)
		__atomic_store_n(&engine.failed, 1, __ATOMIC_RELAXED);
	return NULL;
}

static int worker_begin(struct worker *w, struct run *run, unsigned int i)
{
	int err;

	*w = (struct worker){
		.run = run,
		.nr = i,
		.is_writer = i == run->threads,
		.mm = run->mm,
		.area = AREAS + ((fl_vaddr)i << AREA_SHIFT),
		.host_area = run->host_base ? run->host_base + ((size_t)i << AREA_SHIFT) : NULL,
	};
	if (run->machine)
		w->cpu = fl_machine_cpu(run->machine, i);
	err = meter_begin(&w->ops, run->seed * 1000 + i, run->workload->time_op);
	return err ? err
		   : meter_begin(&w->writes, run->seed * 1000 + 500 + i,
				 run->workload->time_writer);
}

/* ---- the time ---- */

static bool go_on(const struct run *run, double seconds)
{
	return !__atomic_load_n(&engine.failed, __ATOMIC_RELAXED) &&
	       (!run->go_on || run->go_on(run->arg, seconds));
}

/* False: it should end now. */
static bool wait_until(const struct run *run, double end, double begin)
{
	double now;

	while ((now = bench_now()) < end) {
		double left = 1e9 * (end - now);
		struct timespec t = { .tv_nsec = left < SLICE_NS ? (long)left : SLICE_NS };

		nanosleep(&t, NULL);
		if (!go_on(run, bench_now() - begin))
			return false;
	}
	return true;
}

static bool warm_up(const struct run *run)
{
	double begin = bench_now(), warm = run->seconds * WARM_PART;

	while (__atomic_load_n(&engine.warm, __ATOMIC_RELAXED) < engine.nr)
		if (!wait_until(run, bench_now() + 0.0005, bench_now()))
			return false;
	warm = warm < WARM_LEAST ? WARM_LEAST : warm > WARM_MOST ? WARM_MOST : warm;
	return wait_until(run, begin + warm, bench_now());
}

/* ---- what came out ---- */

static void add_counters(struct figures *out, const struct run *run, const struct fl_counters *a,
			 const struct fl_counters *b)
{
	uint64_t under_vma_lock = b->faults_vma_lock - a->faults_vma_lock;

	out->faults = b->faults - a->faults;
	out->retries = b->retries - a->retries;
	out->shootdowns = b->shootdowns - a->shootdowns;
	/* They were read while they changed: a fault or two may be in the one and not yet in the other. */
	if (kernel_tries_vma(run->kernel) && out->faults > under_vma_lock)
		out->fallbacks = out->faults - under_vma_lock;
}

static void add_worker(struct figures *out, const struct worker *w, gsl_histogram *ops,
		       gsl_histogram *writes)
{
	if (!w->measured)
		return;
	out->ops += w->ops.count;
	out->writer_ops += w->writes.count;
	latency_add(ops, w->ops.h);
	latency_add(writes, w->writes.h);
}

static void copy_writes(struct figures *out)
{
	out->ops = out->writer_ops;
	out->ops_per_second = out->writer_ops_per_second;
	out->op = out->writer;
	out->samples = out->writer_samples;
}

static int sum_up(struct figures *out)
{
	gsl_histogram *ops = latency_new(), *writes = latency_new();

	for (unsigned int i = 0; ops && writes && i < engine.nr; i++)
		add_worker(out, &engine.workers[i], ops, writes);
	if (ops && writes) {
		out->op = latency_quantiles(ops);
		out->writer = latency_quantiles(writes);
		out->samples = latency_samples(ops);
		out->writer_samples = latency_samples(writes);
	}
	if (out->seconds > 0) {
		out->ops_per_second = (double)out->ops / out->seconds;
		out->writer_ops_per_second = (double)out->writer_ops / out->seconds;
	}
	if (engine.run->workload->writers_only)
		copy_writes(out);
	gsl_histogram_free(ops);
	gsl_histogram_free(writes);
	return ops && writes ? 0 : -ENOMEM;
}

static void sum_lost(struct figures *out, double process)
{
	struct disturb d = {
		.process = process,
		.wall = out->seconds,
		.threads = engine.nr,
		.cores = cores_count(),
	};

	out->pinned = true;
	for (unsigned int i = 0; i < engine.nr; i++) {
		const struct worker *w = &engine.workers[i];

		d.cpu += w->cpu_seconds;
		d.waited = d.waited < 0 || w->waited < 0 ? -1 : d.waited + w->waited;
		out->pinned &= w->pinned;
	}
	out->lost = disturb_lost(&d);
}

/* ---- a run ---- */

static int make_machine(struct run *run)
{
	uint64_t frames = run->side->frames ? run->side->frames(run) : 1024;
	int err;

	if (!run->kernel)
		return 0;
	err = kernel_machine(&run->machine, run->kernel, engine.nr, frames);
	return err ? err : fl_mm_create(&run->mm, run->machine);
}

/* Others that the address space has: neighbours do not touch, so that they stay what they are. */
static int map_others(struct run *run)
{
	int err = 0;

	for (unsigned int i = 0; run->mm && !err && i < run->opt->vmas; i++) {
		fl_vaddr addr = OTHER_AREAS + 2ULL * BENCH_PAGE * i;

		err = fl_mmap(&addr, run->mm, addr, 1, FL_READ | FL_WRITE, FL_MAP_FIXED_NOREPLACE,
			      NULL, 0);
	}
	return err;
}

/* Room for all threads' areas. Nobody else maps anything in the host's process. */
static int find_room(struct run *run)
{
	size_t size = (size_t)(engine.nr + 1) << AREA_SHIFT, align = (size_t)1 << AREA_SHIFT;
	char *p;

	if (run->kernel)
		return 0;
	p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	munmap(p, size);
	run->host_base = p + (align - (uintptr_t)p % align) % align;
	return 0;
}

static int start(struct run *run)
{
	int err = 0;

	pthread_barrier_init(&engine.barrier, NULL, engine.nr);
	for (unsigned int i = 0; !err && i < engine.nr; i++) {
		err = -pthread_create(&engine.workers[i].thread, NULL, thread, &engine.workers[i]);
		engine.workers[i].started = !err;
	}
	return err;
}

/* Until then operations were counted: a thread ends with the step that it is in. */
static double last_end(double begin)
{
	double end = begin;

	for (unsigned int i = 0; i < engine.nr; i++)
		if (engine.workers[i].measured && engine.workers[i].end > end)
			end = engine.workers[i].end;
	return end;
}

static int measure(struct run *run, struct figures *out)
{
	struct fl_counters a = { 0 }, b = { 0 };
	double begin, process, stolen;
	bool whole;

	if (!warm_up(run))
		return -EINTR;
	stolen = disturb_stolen();
	process = disturb_process_cpu();
	if (run->machine)
		fl_inspect_counters(&a, run->machine);
	begin = bench_now();
	__atomic_store_n(&engine.phase, PHASE_MEASURE, __ATOMIC_RELAXED);
	whole = wait_until(run, begin + run->seconds, begin);
	__atomic_store_n(&engine.phase, PHASE_STOP, __ATOMIC_RELAXED);
	if (run->machine) {
		fl_inspect_counters(&b, run->machine);
		add_counters(out, run, &a, &b);
	}
	for (unsigned int i = 0; i < engine.nr; i++)
		pthread_join(engine.workers[i].thread, NULL);
	out->seconds = last_end(begin) - begin;
	if (out->seconds > 0)
		out->stolen = (disturb_stolen() - stolen) / (cores_count() * out->seconds);
	sum_lost(out, disturb_process_cpu() - process);
	return whole || out->seconds >= WORTH ? sum_up(out) : -EINTR;
}

static int run_threads(struct run *run, struct figures *out)
{
	int err = start(run), ret;

	if (err)
		exit(2); /* the others wait at the barrier for good */
	ret = measure(run, out);
	if (ret == -EINTR) {
		__atomic_store_n(&engine.phase, PHASE_STOP, __ATOMIC_RELAXED);
		for (unsigned int i = 0; i < engine.nr; i++)
			pthread_join(engine.workers[i].thread, NULL);
	}
	pthread_barrier_destroy(&engine.barrier);
	for (unsigned int i = 0; i < engine.nr; i++)
		if (engine.workers[i].err)
			ret = engine.workers[i].err;
	return ret;
}

static int make_all(struct run *run)
{
	int err = make_machine(run);

	if (!err)
		err = map_others(run);
	if (!err)
		err = find_room(run);
	if (!err && run->side->setup)
		err = run->side->setup(run);
	for (unsigned int i = 0; !err && i < engine.nr; i++)
		err = worker_begin(&engine.workers[i], run, i);
	return err;
}

static void end_all(struct run *run)
{
	for (unsigned int i = 0; i < engine.nr; i++) {
		meter_end(&engine.workers[i].ops);
		meter_end(&engine.workers[i].writes);
	}
	if (run->side->teardown)
		run->side->teardown(run);
	if (run->mm)
		fl_mm_destroy(run->mm);
	if (run->file)
		fl_file_put(run->file);
	fl_machine_destroy(run->machine);
	run->machine = NULL;
	run->mm = NULL;
	run->file = NULL;
}

int engine_run(struct run *run, struct figures *out)
{
	int err;

	*out = (struct figures){ 0 };
	engine = (struct engine){ .run = run, .nr = engine_threads(run->side, run->threads) };
	engine.workers = aligned_alloc(_Alignof(struct worker), engine.nr * sizeof(struct worker));
	if (!engine.workers)
		return -ENOMEM;
	memset(engine.workers, 0, engine.nr * sizeof(struct worker));
	err = make_all(run);
	if (!err)
		err = run_threads(run, out);
	end_all(run);
	free(engine.workers);
	return err;
}
