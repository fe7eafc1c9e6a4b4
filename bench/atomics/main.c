// SPDX-License-Identifier: MIT
/*
 * main.c - bench_atomics: does one operation N times, in a function of its own: bench/atomics/run counts what
 * instructions that takes.
 *
 *   bench_atomics OPERATION SETTINGS N
 *
 * The machine is warm: page tables and whatever else a CPU keeps have been made before, by the same
 * operation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/faultline.h>
#include <faultline/file.h>
#include <faultline/gup.h>
#include <faultline/machine.h>
#include <faultline/mm.h>

#define RW (FL_READ | FL_WRITE)
#define BATCH 64u

static struct fl_machine *machine;
static struct fl_cpu *cpu;
static struct fl_mm *mm, *child;
static struct fl_file *file;
static fl_vaddr range;
static size_t n;
static int failed;

static fl_vaddr at(size_t i)
{
	return fl_page(cpu, range, i);
}

static void check(int err)
{
	failed |= err;
}

static void load(size_t i)
{
	uint64_t word;

	check(fl_load(&word, cpu, at(i)));
}

static void store(size_t i)
{
	check(fl_store(cpu, at(i), i));
}

static void each(void (*access)(size_t i))
{
	for (size_t i = 0; i < n; i++)
		access(i);
}

static void map_anon(void)
{
	check(fl_mmap_anon(&range, mm, n, RW));
}

static void map_and_store(void)
{
	map_anon();
	each(store);
}

static void unmap(void)
{
	check(fl_munmap(mm, range, n));
}

/* --- operations: before, what is counted, after --- */

static void prepare_hit(void)
{
	check(fl_mmap_anon(&range, mm, 1, RW));
	store(0);
}

static void hit_load(size_t i)
{
	(void)i;
	load(0);
}

static void hit_store(size_t i)
{
	(void)i;
	store(0);
}

static void end_hit(void)
{
	check(fl_munmap(mm, range, 1));
}

/* All translations are of before a switch: other pages took their places. */
static void prepare_miss(void)
{
	map_and_store();
	fl_switch_mm(cpu, NULL);
	check(fl_mprotect(mm, range, n, FL_READ));
	check(fl_mprotect(mm, range, n, RW));
	fl_switch_mm(cpu, mm);
}

static void prepare_cow(void)
{
	map_and_store();
	check(fl_fork(&child, mm));
}

static void end_cow(void)
{
	unmap();
	fl_mm_destroy(child);
}

static void prepare_file(void)
{
	uint64_t word;

	check(fl_file_create(&file, machine, FL_FILE_SHMEM, n, 0));
	check(fl_mmap(&range, mm, 0, n, RW, FL_MAP_SHARED, file, 0));
	for (size_t i = 0; i < n; i++) /* all in the page cache */
		check(fl_load(&word, cpu, at(i)));
	unmap();
	check(fl_mmap(&range, mm, 0, n, RW, FL_MAP_SHARED, file, 0));
}

static void end_file(void)
{
	unmap();
	fl_file_put(file);
}

static struct fl_pin pins[BATCH];

static void pin(size_t i)
{
	if (i % BATCH == 0 && fl_pin_user_pages_fast(cpu, at(i), BATCH, 0, pins) != BATCH)
		failed = 1;
	if (i % BATCH == 0)
		for (size_t j = 0; j < BATCH; j++)
			fl_unpin(cpu, &pins[j]);
}

static const struct operation {
	const char *name;
	void (*prepare)(void);
	void (*one)(size_t i);
	void (*end)(void);
} operations[] = {
	{ "hit-load", prepare_hit, hit_load, end_hit },
	{ "hit-store", prepare_hit, hit_store, end_hit },
	{ "miss", prepare_miss, load, unmap },
	{ "anon", map_anon, store, unmap },
	{ "zero", map_anon, load, unmap },
	{ "cow", prepare_cow, store, end_cow },
	{ "file", prepare_file, load, end_file },
	{ "gup", map_and_store, pin, unmap },
};

/* What is counted. Not inlined: its name is looked for. */
void measured(void (*one)(size_t i));
__attribute__((noinline)) void measured(void (*one)(size_t i))
{
	each(one);
}

static int make_machine(const char *set)
{
	struct fl_machine_config config = { .frames = 4 * n + 1024, .no_oracles = 1 };
	struct fl_policy *policy;
	char err[256];
	int ret = fl_policy_create(&policy, "6.12", set, err, sizeof(err));

	if (ret) {
		fprintf(stderr, "bench_atomics: %s\n", err);
		return ret;
	}
	config.policy = policy;
	ret = fl_machine_create(&machine, &config);
	fl_policy_free(policy);
	if (ret)
		return ret;
	cpu = fl_machine_cpu(machine, 0);
	ret = fl_mm_create(&mm, machine);
	if (ret)
		return ret;
	fl_switch_mm(cpu, mm);
	return fl_cpu_bind(cpu);
}

int main(int argc, char **argv)
{
	const struct operation *op = NULL;

	for (size_t i = 0; argc == 4 && i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (!strcmp(argv[1], operations[i].name))
			op = &operations[i];
	}
	if (!op) {
		fprintf(stderr, "usage: bench_atomics OPERATION SETTINGS N\n");
		return 2;
	}
	n = strtoul(argv[3], NULL, 10) / BATCH * BATCH;
	if (make_machine(argv[2]))
		return 1;
	op->prepare();
	each(op->one);
	op->end();
	op->prepare();
	measured(op->one);
	op->end();
	fl_mm_destroy(mm);
	fl_cpu_unbind(cpu);
	fl_machine_destroy(machine);
	return failed != 0;
}
