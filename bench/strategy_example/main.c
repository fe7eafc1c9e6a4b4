// SPDX-License-Identifier: MIT
/*
 * main.c - own.c at work, natively: threads fault in their parts of one mapping while another one maps, protects and unmaps.
 * It exits 0 if all that was written is there afterwards, and says how the faults went.
 */
#include "own.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4u /* the last one is the writer */
#define PAGES 64u
#define ROUNDS 200u

static struct fl_machine *machine;
static struct fl_mm *mm;
static fl_vaddr range;

static void need(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %d\n", what, err);
	exit(1);
}

static void *faults(void *arg)
{
	struct fl_cpu *cpu = arg;
	unsigned int nr = fl_cpu_number(cpu);
	fl_vaddr part = fl_page(cpu, range, nr * PAGES);

	need(fl_cpu_bind(cpu), "fl_cpu_bind");
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		for (size_t i = 0; i < PAGES; i++)
			need(fl_store(cpu, fl_page(cpu, part, i), round * nr + i), "fl_store");
		for (size_t i = 0; i < PAGES; i++) {
			uint64_t word;

			need(fl_load(&word, cpu, fl_page(cpu, part, i)), "fl_load");
			need(word != round * nr + i, "another word was written");
		}
		need(fl_madvise(mm, part, PAGES, FL_MADV_DONTNEED), "fl_madvise");
	}
	fl_cpu_unbind(cpu);
	return NULL;
}

static void *writes(void *arg)
{
	struct fl_cpu *cpu = arg;

	need(fl_cpu_bind(cpu), "fl_cpu_bind");
	for (unsigned int i = 0; i < ROUNDS * 10; i++) {
		fl_vaddr addr;

		need(fl_mmap_anon(&addr, mm, 4, FL_READ | FL_WRITE), "fl_mmap_anon");
		need(fl_store(cpu, addr, i), "fl_store");
		need(fl_mprotect(mm, addr, 2, FL_READ), "fl_mprotect");
		need(fl_munmap(mm, addr, 4), "fl_munmap");
	}
	fl_cpu_unbind(cpu);
	return NULL;
}

int main(void)
{
	struct fl_machine_config config = { .cpus = THREADS, .lock = &own_lock };
	pthread_t threads[THREADS];
	struct fl_counters c;

	need(fl_lock_strategy_register(&own_lock), "fl_lock_strategy_register");
	need(fl_lock_strategy_find("own") != &own_lock, "fl_lock_strategy_find");
	need(fl_machine_create(&machine, &config), "fl_machine_create");
	need(fl_mm_create(&mm, machine), "fl_mm_create");
	need(fl_mmap_anon(&range, mm, THREADS * PAGES, FL_READ | FL_WRITE), "fl_mmap_anon");
	for (unsigned int i = 0; i < THREADS; i++)
		fl_switch_mm(fl_machine_cpu(machine, i), mm);
	for (unsigned int i = 0; i < THREADS; i++)
		need(pthread_create(&threads[i], NULL, i + 1 < THREADS ? faults : writes,
				    fl_machine_cpu(machine, i)),
		     "pthread_create");
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	fl_inspect_counters(&c, machine);
	printf("%llu faults: %llu without mmap_lock; given up: %llu for a writer, %llu for more\n",
	       (unsigned long long)c.faults, (unsigned long long)c.faults_vma_lock,
	       (unsigned long long)c.faults_busy, (unsigned long long)c.faults_more);
	fl_machine_destroy(machine);
	fl_lock_strategy_unregister(&own_lock);
	need(!c.faults_vma_lock, "no fault went the strategy's way");
	return 0;
}
