// SPDX-License-Identifier: MIT
/*
 * round.c - a machine, its threads, and what must be true when they are done.
 *
 * A round makes some of the calls and not others, some more often: with all of them at once most memory would
 * be thrown away sooner or later, and oracles are silent about that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soak.h"

#include "../counted.h"

#include "oracle/native_report.h"
#include "oracle/oracle.h"
#include "rt/thread.h"

/* --- the calls --- */

#define OP(ident, often)                                                                           \
	{                                                                                          \
		.name = #ident, .run = op_##ident, .weight = often                                 \
	}
#define OP_ALWAYS(ident, often)                                                                    \
	{                                                                                          \
		.name = #ident, .run = op_##ident, .weight = often, .always = true                 \
	}

const struct op ops[] = {
	OP_ALWAYS(words, 60), OP_ALWAYS(count, 20), OP_ALWAYS(verify, 20),
	OP_ALWAYS(switch, 8), OP_ALWAYS(new, 2),    OP(lazy, 6),
	OP(rebind, 2),	      OP(fork, 4),	    OP(fork_destroy, 3),
	OP(destroy, 3),	      OP(protect_zone, 6),  OP(own, 40),
	OP(chaos_access, 40), OP(chaos_map, 8),	    OP(chaos_unmap, 5),
	OP(chaos_protect, 8), OP(chaos_move, 5),    OP(chaos_advise, 10),
	OP(anywhere, 4),      OP(poke, 6),	    OP(pin, 12),
	OP_ALWAYS(unpin, 6),  OP(pin_write, 12),    OP(reference, 5),
	OP(buffer, 4),	      OP(vmsplice, 5),	    OP(pipe_read, 5),
	OP(tee, 2),	      OP(file, 10),	    OP(file_cut, 4),
	OP(ksm, 6),	      OP(khugepaged, 3),    OP(reclaim, 8),
	OP(migrate, 8),	      OP(numa, 6),	    OP(mbind, 4),
	OP(safe_advise, 8),   OP(clear_refs, 5),    OP(pagemap, 3),
	OP(inspect, 3),	      OP(notifier, 1),	    OP(inject, 2),
	OP(strangers, 6),     OP(drain, 2),	    OP(uffd_open, 3),
	OP(uffd_register, 5), OP(uffd_protect, 6),  OP(uffd_unregister, 3),
	OP(uffd_close, 2),
};
const unsigned int nr_ops = sizeof(ops) / sizeof(ops[0]);

_Static_assert(sizeof(ops) / sizeof(ops[0]) <= 64, "struct round has room for their weights");

/* Is @name in the list of --without? */
static bool is_left_out(const char *name)
{
	size_t n = strlen(name);

	for (const char *at = options.without; at && *at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, n) && (!at[n] || at[n] == ','))
			return true;
	}
	return false;
}

static void choose_ops(struct round *r, uint64_t *random)
{
	bool few = one_in(random, 3);

	for (unsigned int i = 0; i < nr_ops; i++) {
		unsigned int weight = ops[i].weight << below(random, 3);

		if (!ops[i].always && (few ? !one_in(random, 4) : one_in(random, 3)))
			weight = 0;
		if (is_left_out(ops[i].name))
			weight = 0;
		if (ops[i].run == op_anywhere && weight)
			r->anywhere = true;
		r->weights[i] = weight;
		r->weight += weight;
	}
}

static const struct op *an_op(struct thread *t)
{
	unsigned int n = below(&t->random, t->r->weight), i = 0;

	while (n >= t->r->weights[i])
		n -= t->r->weights[i++];
	return &ops[i];
}

static void stop_failing(struct thread *t)
{
	if (t->failing && !--t->failing)
		fl_inject_fail(NULL);
}

static void *work(void *thread)
{
	struct thread *t = thread;

	bind_anywhere(t);
	while (!atomic_load_explicit(&t->r->stop, memory_order_relaxed)) {
		const struct op *op = an_op(t);

		atomic_store_explicit(&t->op, op->name, memory_order_relaxed);
		op->run(t);
		atomic_fetch_add_explicit(&t->ops, 1, memory_order_relaxed);
		stop_failing(t);
	}
	fl_inject_fail(NULL);
	atomic_store_explicit(&t->op, "the end", memory_order_relaxed);
	op_lazy(t);
	fl_cpu_unbind(t->cpu);
	atomic_fetch_sub(&t->r->running, 1);
	return NULL;
}

/* --- before and after --- */

static int make_files(struct round *r)
{
	enum fl_file_kind kind = r->seed % 2 ? FL_FILE_SHMEM : FL_FILE_REGULAR;
	int err = fl_file_create(&r->shared_file, r->m, kind, SAFE_PAGES, 0);

	if (!err)
		err = fl_file_create(&r->private_file, r->m, FL_FILE_REGULAR, SAFE_PAGES, 0);
	for (unsigned int i = 0; !err && i < NR_FILES; i++)
		err = fl_file_create(&r->files[i], r->m, i % 2 ? FL_FILE_REGULAR : FL_FILE_SHMEM,
				     16, 16);
	for (unsigned int i = 0; !err && i < NR_PIPES; i++)
		err = fl_pipe_create(&r->pipes[i].pipe, r->m, 4);
	return err;
}

static void put_files(struct round *r)
{
	fl_file_put(r->shared_file);
	fl_file_put(r->private_file);
	for (unsigned int i = 0; i < NR_FILES; i++)
		fl_file_put(r->files[i]);
	for (unsigned int i = 0; i < NR_PIPES; i++)
		fl_pipe_close(r->pipes[i].pipe);
}

static void init_thread(struct round *r, struct thread *t, unsigned int number)
{
	t->r = r;
	t->number = number;
	t->random = random_state(r->seed, number + 1);
	atomic_store(&t->op, "nothing");
}

static int start_threads(struct round *r)
{
	int err;

	init_thread(r, &r->handler, r->nr_threads);
	err = pthread_create(&r->handler.id, NULL, handle_faults, &r->handler);
	for (unsigned int i = 0; !err && i < r->nr_threads; i++) {
		init_thread(r, &r->threads[i], i);
		atomic_fetch_add(&r->running, 1);
		err = pthread_create(&r->threads[i].id, NULL, work, &r->threads[i]);
	}
	/* Without threads there is no test. */
	if (err) {
		fprintf(stderr, "soak: threads: %s\n", strerror(err));
		_Exit(2);
	}
	return 0;
}

static void stop_threads(struct round *r)
{
	atomic_store(&r->stop, true);
	watch_until_done(r);
	for (unsigned int i = 0; i < r->nr_threads; i++)
		pthread_join(r->threads[i].id, NULL);
	atomic_store(&r->stop_handler, true);
	pthread_join(r->handler.id, NULL);
}

static void drop_pins(struct round *r, struct fl_cpu *cpu)
{
	for (unsigned int i = 0; i < r->nr_threads; i++) {
		struct thread *t = &r->threads[i];

		while (t->nr_pins)
			fl_unpin_dirty(cpu, &t->pins[--t->nr_pins].pin);
		if (t->buffer)
			fl_buffer_unregister(cpu, t->buffer);
	}
}

static void describe_page(const struct round *r, uint64_t pfn, char *buf, size_t size)
{
	struct fl_page_info page;

	buf[0] = '\0';
	if (fl_inspect_page(&page, r->m, pfn) || page.free)
		return;
	snprintf(buf, size, "frame %llu, %d references, %d mappings%s%s%s%s%s%s%s",
		 (unsigned long long)pfn, page.refcount, page.mapcount, page.anon ? ", anon" : "",
		 page.anon_exclusive ? ", exclusive" : "", page.ksm ? ", ksm" : "",
		 page.swapcache ? ", swapcache" : "", page.dirty ? ", dirty" : "",
		 page.lru ? ", lru" : "", page.huge ? ", huge" : "");
}

static void report_missing(const struct round *r, uint64_t missing)
{
	char buf[160] = "";

	for (uint64_t pfn = 1; !buf[0] && pfn < r->config.frames; pfn++)
		describe_page(r, pfn, buf, sizeof(buf));
	soak_fail("%llu frames are missing at the end: %s", (unsigned long long)missing, buf);
}

/* Nothing is left of all that was in it. */
static void check_empty(struct round *r)
{
	uint64_t free = fl_machine_free_frames(r->m);
	struct fl_swap_info swap;

	if (free != r->config.frames - 1)
		report_missing(r, r->config.frames - 1 - free);
	fl_inspect_swap(&swap, r->m);
	if (swap.used)
		soak_fail("%u swap slots are in use at the end", swap.used);
}

/*
 * What was unmapped while somebody had a reference, or the lock, stays in the swap cache until reclaim comes along: in
 * kernels, too.
 */
static void empty_swap_cache(struct round *r)
{
	for (uint64_t pfn = 1; pfn < r->config.frames; pfn++)
		ALLOWED("swapcache_remove", fl_swapcache_remove(r->m, pfn), -EINVAL);
}

static void finish(struct round *r)
{
	struct thread *t = &r->handler;

	fl_oracle_finish();
	t->cpu = fl_machine_cpu(r->m, 0);
	if (fl_cpu_bind(t->cpu))
		soak_fail("CPU 0 can't be bound at the end");
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		if (r->slots[i].mm)
			fl_uffd_close(r->slots[i].uffd);
		r->slots[i].uffd = NULL;
	}
	check_all_words(t);
	drop_pins(r, t->cpu);
	destroy_all_slots(r);
	put_files(r);
	fl_lru_add_drain_all(r->m);
	empty_swap_cache(r);
	fl_cpu_unbind(t->cpu);
	fl_rt_rcu_barrier();
	check_empty(r);
	if (!fl_native_report_count())
		fl_oracle_finish();
}

int run_round(struct round *r, double seconds)
{
	uint64_t random = random_state(r->seed, 0);
	long objects;
	int err;

	err = make_machine(r, &random);
	if (err)
		return err;
	choose_ops(r, &random);
	err = alloc_slots(r);
	if (!err)
		err = make_files(r);
	if (!err)
		err = first_slot(r);
	if (!err) {
		fl_oracle_reset(); /* set-up is over */
		start_threads(r);
		watch(r, now() + seconds);
		stop_threads(r);
		finish(r);
	}
	fl_machine_destroy(r->m);
	objects = __atomic_load_n(&live, __ATOMIC_SEQ_CST);
	if (!err && objects)
		soak_fail("%ld objects are left when the machine is gone", objects);
	free_slots(r);
	return err;
}
