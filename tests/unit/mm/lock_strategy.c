// SPDX-License-Identifier: MIT
/*
 * lock_strategy.c - tests lib/mm/lock/: the table of strategies, and each of them, and two of a user's own, at work: faults
 * on four CPUs while mappings around them change. What orders what, real threads can't show: scenarios spf-* and range-lock-* do.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <faultline/lock.h>
#include <faultline/rt.h>
#include <faultline/uffd.h>

#include "../../../bench/strategy_example/own.h"
#include "mm/lock/range_pool.h"
#include "mm/lock/strategy.h"
#include "mm/mmap_lock.h"
#include "mm/pgalloc.h"
#include "mm/vma.h"
#include "oracle/native_report.h"
#include "rt/thread.h"

/* --- one of a user's own that is optimistic: a number per address space, odd while a writer is at it --- */

struct version {
	int seq;
};

static struct fl_vma *version_begin(struct fl_fault *fault)
{
	struct version *v = fl_mm_lock_state(fault->mm);

	fault->state[0] = (uint64_t)smp_load_acquire(&v->seq);
	return fault->state[0] & 1 ? NULL : fl_lock_find_vma(fault->mm, fault->addr);
}

static bool version_valid(struct fl_fault *fault, struct fl_vma *vma)
{
	struct version *v = fl_mm_lock_state(fault->mm);

	smp_rmb();
	return READ_ONCE(v->seq) == (int)fault->state[0];
}

static void version_write_begin(struct fl_mm *mm)
{
	struct version *v = fl_mm_lock_state(mm);

	WRITE_ONCE(v->seq, READ_ONCE(v->seq) + 1);
	smp_wmb();
}

static void version_mark(struct fl_vma *vma)
{
}

static void version_write_end(struct fl_mm *mm)
{
	struct version *v = fl_mm_lock_state(mm);

	smp_store_release(&v->seq, READ_ONCE(v->seq) + 1);
}

static const struct fl_lock_strategy version_lock = {
	.name = "version",
	.doc = "a sequence counter per address space",
	.source = "this test",
	.mm_size = sizeof(struct version),
	.fault_begin = version_begin,
	.fault_valid = version_valid,
	.write_begin = version_write_begin,
	.mark_vma = version_mark,
	.write_end = version_write_end,
};

/* --- the table --- */

static const char *const names[] = { "mmap-lock", "vma-rwsem-seq", "vma-refcount", "speculative",
				     "range-lock" };
#define NR_BUILT_IN 5

START_TEST(built_in_strategies_are_found)
{
	for (size_t i = 0; i < NR_BUILT_IN; i++) {
		const struct fl_lock_strategy *s = fl_lock_strategy_at(i);

		ck_assert_str_eq(s->name, names[i]);
		ck_assert_ptr_eq(fl_lock_strategy_find(names[i]), s);
		ck_assert_ptr_nonnull(s->doc);
		ck_assert_ptr_nonnull(s->source);
		ck_assert_ptr_nonnull(s->policy);
	}
	ck_assert_ptr_null(fl_lock_strategy_at(NR_BUILT_IN));
	ck_assert_ptr_null(fl_lock_strategy_find("vma"));
}
END_TEST

START_TEST(a_users_own_is_found_while_it_is_registered)
{
	ck_assert_int_eq(fl_lock_strategy_register(&own_lock), 0);
	ck_assert_int_eq(fl_lock_strategy_register(&own_lock), -EEXIST);
	ck_assert_ptr_eq(fl_lock_strategy_find("own"), &own_lock);
	ck_assert_ptr_eq(fl_lock_strategy_at(NR_BUILT_IN), &own_lock);
	fl_lock_strategy_unregister(&own_lock);
	ck_assert_ptr_null(fl_lock_strategy_find("own"));
	fl_lock_strategy_unregister(&own_lock);
}
END_TEST

START_TEST(what_can_not_work_is_refused)
{
	const struct fl_lock_strategy no_name = { .fault_begin = version_begin,
						  .mark_vma = version_mark };
	const struct fl_lock_strategy no_mark = { .name = "x", .fault_begin = version_begin };
	const struct fl_lock_strategy no_end = { .name = "x",
						 .vma_size = SIZE_MAX,
						 .fault_begin = version_begin,
						 .mark_vma = version_mark };
	struct fl_machine_config config = { .lock = &no_mark };
	struct fl_machine *m;

	ck_assert_int_eq(fl_lock_strategy_register(NULL), -EINVAL);
	ck_assert_int_eq(fl_lock_strategy_register(&no_name), -EINVAL);
	ck_assert_int_eq(fl_lock_strategy_register(&no_mark), -EINVAL);
	ck_assert_int_eq(fl_machine_create(&m, &config), -EINVAL);
	ck_assert_int_eq(fl_lock_strategy_register(&no_end), -EINVAL);
	config.lock = &no_end;
	ck_assert_int_eq(fl_machine_create(&m, &config), -EINVAL);
}
END_TEST

START_TEST(only_so_many_can_be_registered)
{
	struct fl_lock_strategy many[17];
	char name[17][16];

	for (int i = 0; i < 17; i++) {
		snprintf(name[i], sizeof(name[i]), "s%d", i);
		many[i] = own_lock;
		many[i].name = name[i];
		ck_assert_int_eq(fl_lock_strategy_register(&many[i]), i < 16 ? 0 : -EBUSY);
	}
	for (int i = 0; i < 17; i++)
		fl_lock_strategy_unregister(&many[i]);
}
END_TEST

/* --- one CPU --- */

static struct fl_machine *machine;
static struct fl_mm *mm;
static const struct fl_lock_strategy *strategy;

static const struct fl_lock_strategy *strategy_nr(int i)
{
	if (i < NR_BUILT_IN)
		return fl_lock_strategy_at((size_t)i);
	return i == NR_BUILT_IN ? &own_lock : &version_lock;
}
#define NR_STRATEGIES (NR_BUILT_IN + 2)

static void begin(int nr, const char *kernel, unsigned int cpus)
{
	struct fl_machine_config config = { .cpus = cpus, .frames = 4096 };
	struct fl_policy *policy;

	strategy = config.lock = strategy_nr(nr);
	ck_assert_int_eq(fl_policy_create(&policy, kernel, NULL, NULL, 0), 0);
	config.policy = policy;
	fl_native_report_clear();
	ck_assert_int_eq(fl_machine_create(&machine, &config), 0);
	fl_policy_free(policy);
	ck_assert_int_eq(fl_mm_create(&mm, machine), 0);
	for (unsigned int i = 0; i < cpus; i++)
		fl_switch_mm(fl_machine_cpu(machine, i), mm);
}

static void end(void)
{
	char oracle[64] = "", message[256] = "";

	fl_mm_destroy(mm);
	ck_assert_uint_eq(fl_machine_free_frames(machine), machine->nr_frames - 1);
	fl_machine_destroy(machine);
	if (fl_native_report_count())
		fl_native_report_first(oracle, sizeof(oracle), message, sizeof(message));
	ck_assert_msg(!fl_native_report_count(), "%s: %s: %s", strategy->name, oracle, message);
}

static fl_vaddr map_pages(size_t pages)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap_anon(&addr, mm, pages, FL_READ | FL_WRITE), 0);
	return addr;
}

/* By a fault without mmap_lock, but for mmap-lock. */
START_TEST(a_fault_goes_the_strategys_way)
{
	bool locks = strcmp(strategy_nr(_i)->name, "mmap-lock") != 0;
	struct fl_counters c;
	struct fl_cpu *cpu;
	fl_vaddr a;

	begin(_i, "6.12", 1);
	cpu = fl_machine_cpu(machine, 0);
	ck_assert_int_eq(fl_cpu_bind(cpu), 0);
	a = map_pages(4);
	ck_assert_int_eq(fl_store(cpu, a, 1), 0); /* has an anon_vma now */
	for (size_t i = 1; i < 4; i++)
		ck_assert_int_eq(fl_store(cpu, fl_page(cpu, a, i), 1), 0);
	fl_inspect_counters(&c, machine);
	ck_assert_uint_ge(c.faults_vma_lock, locks ? 3 : 0);
	if (!locks)
		ck_assert_uint_eq(c.faults_vma_lock, 0);
	ck_assert_uint_eq(c.faults_busy + c.faults_invalid, 0);
	/* what is not mapped, and what is not permitted */
	ck_assert_int_eq(fl_store(cpu, fl_page(cpu, a, 4), 1), -EFAULT);
	ck_assert_int_eq(fl_mprotect(mm, a, 4, FL_READ), 0);
	ck_assert_int_eq(fl_store(cpu, a, 2), -EFAULT);
	fl_cpu_unbind(cpu);
	end();
}
END_TEST

/* One CPU has a mapping with pages. */
static struct vm_area_struct *begin_with_a_mapping(int nr, fl_vaddr *a)
{
	struct fl_cpu *cpu;

	begin(nr, "6.12", 2);
	cpu = fl_machine_cpu(machine, 0);
	ck_assert_int_eq(fl_cpu_bind(cpu), 0);
	*a = map_pages(4);
	ck_assert_int_eq(fl_store(cpu, *a, 1), 0);
	return vma_lookup(&mm->mm, *a);
}

START_TEST(a_marked_mapping_is_not_for_faults)
{
	struct fault_lock lock;
	fl_vaddr a;
	struct vm_area_struct *vma = begin_with_a_mapping(_i, &a), *found;

	mmap_write_lock(&mm->mm);
	vma_start_write(vma);
	ck_assert_ptr_null(fault_lock_begin(&lock, &mm->mm, a));
	mmap_write_unlock(&mm->mm);
	found = fault_lock_begin(&lock, &mm->mm, a);
	ck_assert_ptr_nonnull(found);
	if (fault_is_optimistic(&mm->mm)) {
		ck_assert(fault_lock_valid(&lock));
		mmap_write_lock(&mm->mm);
		vma_start_write(vma);
		ck_assert(!fault_lock_valid(&lock));
		mmap_write_unlock(&mm->mm);
		ck_assert(!fault_lock_valid(&lock));
	}
	fault_lock_end(&lock, found);
	fl_cpu_unbind(fl_machine_cpu(machine, 0));
	end();
}
END_TEST

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", strategy->name, what);
	abort();
}

static int protected;

static void *protects(void *arg)
{
	fl_cpu_bind(fl_machine_cpu(machine, 1));
	fl_mprotect(mm, *(fl_vaddr *)arg, 4, FL_READ);
	WRITE_ONCE(protected, 1);
	fl_cpu_unbind(fl_machine_cpu(machine, 1));
	return NULL;
}

START_TEST(a_writer_waits_for_faults)
{
	struct fault_lock lock;
	struct vm_area_struct *vma;
	pthread_t thread;
	fl_vaddr a;

	begin_with_a_mapping(_i, &a);
	if (!fault_is_optimistic(&mm->mm)) {
		vma = fault_lock_begin(&lock, &mm->mm, a);
		ck_assert_ptr_nonnull(vma);
		WRITE_ONCE(protected, 0);
		ck_assert_int_eq(pthread_create(&thread, NULL, protects, &a), 0);
		for (int i = 0; i < 50; i++) {
			usleep(1000);
			fl_ipi_poll();
			ck_assert_int_eq(READ_ONCE(protected), 0);
		}
		fault_lock_end(&lock, vma);
		fl_cpu_unbind(fl_machine_cpu(machine, 0));
		pthread_join(thread, NULL);
		ck_assert_int_eq(READ_ONCE(protected), 1);
	} else {
		fl_cpu_unbind(fl_machine_cpu(machine, 0));
	}
	end();
}
END_TEST

static void *registers(void *arg)
{
	struct fl_cpu *cpu = fl_machine_cpu(machine, 1);
	struct fl_uffd *uffd;

	fl_cpu_bind(cpu);
	need(!fl_uffd_create(&uffd, mm), "a userfaultfd");
	need(!fl_uffd_register(uffd, cpu, *(fl_vaddr *)arg, 4, FL_UFFD_MISSING), "register");
	WRITE_ONCE(protected, 1);
	fl_uffd_close(uffd);
	fl_cpu_unbind(cpu);
	return NULL;
}

/* A valid copy, with the page table's lock: its entry may come before userfaultfd is told of all, not after. */
START_TEST(userfaultfd_waits_for_faults_that_are_valid)
{
	struct fault_lock lock;
	struct vm_area_struct *vma;
	pthread_t thread;
	spinlock_t *ptl;
	fl_vaddr a;

	begin_with_a_mapping(_i, &a);
	vma = fault_lock_begin(&lock, &mm->mm, fl_page(fl_machine_cpu(machine, 0), a, 1));
	ck_assert_ptr_nonnull(vma);
	ptl = pte_lockptr(pmd_read_lockless(machine, mm->mm.pgd, a));
	if (fault_is_optimistic(&mm->mm)) {
		spin_lock(ptl);
		ck_assert(fault_lock_valid(&lock));
	}
	WRITE_ONCE(protected, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, registers, &a), 0);
	for (int i = 0; i < 50; i++) {
		usleep(1000);
		fl_ipi_poll();
		ck_assert_int_eq(READ_ONCE(protected), 0);
	}
	if (fault_is_optimistic(&mm->mm))
		spin_unlock(ptl);
	fault_lock_end(&lock, vma);
	fl_cpu_unbind(fl_machine_cpu(machine, 0));
	pthread_join(thread, NULL);
	ck_assert_int_eq(READ_ONCE(protected), 1);
	end();
}
END_TEST

/* A strategy brings all that goes with it, whatever the release. */
START_TEST(it_works_in_any_release)
{
	static const char *const kernels[] = { "4.8", "5.11", "6.4", "6.5", "6.12", "6.17" };

	for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++) {
		struct fl_cpu *cpu;
		struct fl_mm *child;
		fl_vaddr a, b;
		uint64_t word;

		begin(_i, kernels[k], 1);
		cpu = fl_machine_cpu(machine, 0);
		ck_assert_int_eq(fl_cpu_bind(cpu), 0);
		a = map_pages(8);
		for (size_t i = 0; i < 8; i++)
			ck_assert_int_eq(fl_store(cpu, fl_page(cpu, a, i), i), 0);
		ck_assert_int_eq(fl_fork(&child, mm), 0);
		ck_assert_int_eq(fl_store(cpu, fl_page(cpu, a, 3), 33), 0);
		ck_assert_int_eq(fl_munmap(mm, fl_page(cpu, a, 4), 1), 0);
		ck_assert_int_eq(fl_mremap(&b, mm, a, 4, 16, FL_MREMAP_MAYMOVE, 0), 0);
		ck_assert_int_eq(fl_load(&word, cpu, fl_page(cpu, b, 3)), 0);
		ck_assert_uint_eq(word, 33);
		ck_assert_int_eq(fl_store(cpu, fl_page(cpu, b, 15), 15), 0);
		fl_mm_destroy(child);
		fl_cpu_unbind(cpu);
		end();
	}
}
END_TEST

/* --- four CPUs --- */

#define CPUS 4u
#define PART 16u   /* pages of each CPU; behind them one that the writer protects */
#define ROUNDS 120 /* of a fault thread */

static fl_vaddr range;
static int writer_goes_on;

static fl_vaddr part_of(const struct fl_cpu *cpu, unsigned int nr)
{
	return fl_page(cpu, range, nr * (PART + 1));
}

/* Its own pages of the common mapping, and a mapping of its own that moves. */
static void *faults(void *arg)
{
	struct fl_cpu *cpu = arg;
	fl_vaddr part = part_of(cpu, fl_cpu_number(cpu)), own, moved;
	uint64_t base = 1000ULL * (fl_cpu_number(cpu) + 1), word;

	need(!fl_cpu_bind(cpu), "bind");
	need(!fl_mmap_anon(&own, mm, 2, FL_READ | FL_WRITE), "mmap");
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		for (size_t i = 0; i < PART; i++)
			need(!fl_store(cpu, fl_page(cpu, part, i), base * round + i), "store");
		need(!fl_store(cpu, own, round), "store to its own");
		need(!fl_mremap(&moved, mm, own, 2, round % 2 ? 4 : 2, FL_MREMAP_MAYMOVE, 0) ||
			     round % 2 == 0,
		     "mremap");
		if (round % 2) {
			need(!fl_store(cpu, fl_page(cpu, moved, 3), round), "store behind it");
			need(!fl_munmap(mm, fl_page(cpu, moved, 2), 2), "munmap");
			own = moved;
		}
		need(!fl_load(&word, cpu, own) && word == round, "its own word");
		for (size_t i = 0; i < PART; i++)
			need(!fl_load(&word, cpu, fl_page(cpu, part, i)) &&
				     word == base * round + i,
			     "its word");
		need(!fl_madvise(mm, part, PART, FL_MADV_DONTNEED), "madvise");
		need(!fl_load(&word, cpu, part) && word == 0, "no word");
	}
	fl_cpu_unbind(cpu);
	return NULL;
}

/* Splits the common mapping and joins it again, between the others' parts; maps and unmaps; forks. */
static void *writes(void *arg)
{
	struct fl_cpu *cpu = arg;

	need(!fl_cpu_bind(cpu), "bind");
	for (unsigned int i = 0; READ_ONCE(writer_goes_on); i++) {
		fl_vaddr gap = fl_page(cpu, part_of(cpu, i % (CPUS - 1)), PART), addr;
		struct fl_mm *child;
		uint64_t word;

		need(!fl_mprotect(mm, gap, 1, FL_READ), "mprotect");
		need(fl_store(cpu, gap, 1) == -EFAULT, "a store that is not permitted");
		need(!fl_mprotect(mm, gap, 1, FL_READ | FL_WRITE), "mprotect back");
		need(!fl_store(cpu, gap, i), "a store that is");
		need(!fl_mmap_anon(&addr, mm, 4, FL_READ | FL_WRITE), "mmap");
		need(!fl_store(cpu, fl_page(cpu, addr, 2), i), "a store to it");
		need(!fl_munmap(mm, fl_page(cpu, addr, 1), 2), "munmap");
		/* somebody else may map something there now */
		need(!fl_load(&word, cpu, fl_page(cpu, addr, 3)) && word == 0, "what is left");
		need(!fl_munmap(mm, addr, 1) && !fl_munmap(mm, fl_page(cpu, addr, 3), 1),
		     "munmap of the rest");
		if (i % 8 == 0) {
			need(!fl_fork(&child, mm), "fork");
			fl_mm_destroy(child);
		}
	}
	fl_cpu_unbind(cpu);
	return NULL;
}

START_TEST(faults_and_writers_get_along)
{
	pthread_t threads[CPUS];
	struct fl_counters c;

	begin(_i, "6.12", CPUS);
	range = map_pages(CPUS * (PART + 1));
	WRITE_ONCE(writer_goes_on, 1);
	for (unsigned int i = 0; i < CPUS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, i < CPUS - 1 ? faults : writes,
						fl_machine_cpu(machine, i)),
				 0);
	for (unsigned int i = 0; i < CPUS - 1; i++)
		pthread_join(threads[i], NULL);
	WRITE_ONCE(writer_goes_on, 0);
	pthread_join(threads[CPUS - 1], NULL);
	fl_inspect_counters(&c, machine);
	ck_assert_uint_gt(c.faults, ROUNDS * PART);
	if (strcmp(strategy->name, "mmap-lock") != 0)
		ck_assert_uint_gt(c.faults_vma_lock, 0);
	end();
}
END_TEST

/* More nodes than a CPU's pool begins with, and they come back. */
START_TEST(nodes_of_range_locks_are_used_again)
{
	struct fl_cpu *cpu;
	struct fl_mm *child;
	fl_vaddr a;

	begin(4, "6.12", 1);
	cpu = fl_machine_cpu(machine, 0);
	ck_assert_int_eq(fl_cpu_bind(cpu), 0);
	a = map_pages(1200);
	for (size_t i = 0; i < 1200; i += 2)
		ck_assert_int_eq(fl_mprotect(mm, fl_page(cpu, a, i), 1, FL_READ), 0);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(fl_fork(&child, mm), 0); /* 1200 at once */
		ck_assert_int_eq(fl_store(cpu, fl_page(cpu, a, 2 * (size_t)i + 1), 1), 0);
		fl_mm_destroy(child);
	}
	fl_cpu_unbind(cpu);
	end();
}
END_TEST

static atomic_t pool_begun;

#define HELD 32

/* Has some nodes, and is the only one that has them. */
static void *has_nodes(void *cpu)
{
	struct range_node *nodes[HELD];

	if (cpu)
		fl_cpu_bind(cpu);
	atomic_fetch_inc(&pool_begun);
	while (atomic_read(&pool_begun) < 2)
		cpu_relax();
	for (int i = 0; i < 50000; i++) {
		for (int n = 0; n < HELD; n++) {
			nodes[n] = range_node_get(machine);
			need(nodes[n], "a node");
			need(!xchg(&nodes[n]->write, 1), "a node that nobody has");
		}
		for (int n = 0; n < HELD; n++) {
			WRITE_ONCE(nodes[n]->write, 0);
			range_node_put(machine, nodes[n]);
		}
	}
	if (cpu)
		fl_cpu_unbind(cpu);
	return NULL;
}

/* Writers need be no CPU: they do not take CPU 0's nodes from its own thread. */
START_TEST(threads_without_a_cpu_have_nodes_of_their_own)
{
	pthread_t threads[3];

	begin(4, "6.12", 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, has_nodes,
						i ? NULL : fl_machine_cpu(machine, 0)),
				 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	end();
}
END_TEST

/* Takes all nodes that its CPU can have, then protects. */
static void *protects_without_nodes(void *arg)
{
	struct range_node *all = NULL, *node;

	fl_cpu_bind(fl_machine_cpu(machine, 1));
	while ((node = range_node_get(machine))) {
		node->link = all;
		all = node;
	}
	fl_mprotect(mm, *(fl_vaddr *)arg, 4, FL_READ);
	WRITE_ONCE(protected, 1);
	for (; all; all = node) {
		node = all->link;
		range_node_put(machine, all);
	}
	fl_cpu_unbind(fl_machine_cpu(machine, 1));
	return NULL;
}

/* The fault's node is not left in the list then: nobody would see that it was released. */
START_TEST(a_writer_without_nodes_waits_for_a_fault_that_was_alone)
{
	struct fault_lock lock;
	struct vm_area_struct *vma;
	pthread_t thread;
	fl_vaddr a;

	begin_with_a_mapping(4, &a);
	ck_assert(!READ_ONCE(mm->mm.range.head));
	vma = fault_lock_begin(&lock, &mm->mm, a);
	ck_assert_ptr_nonnull(vma);
	WRITE_ONCE(protected, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, protects_without_nodes, &a), 0);
	for (int i = 0; i < 5000 && !READ_ONCE(mm->mm.range.all); i++)
		usleep(1000);
	usleep(20000);
	ck_assert(READ_ONCE(mm->mm.range.all));
	ck_assert_int_eq(READ_ONCE(protected), 0);
	fault_lock_end(&lock, vma);
	for (int i = 0; i < 5000 && !READ_ONCE(protected); i++)
		usleep(1000);
	ck_assert_int_eq(READ_ONCE(protected), 1);
	pthread_join(thread, NULL);
	fl_cpu_unbind(fl_machine_cpu(machine, 0));
	end();
}
END_TEST

/* Who comes last puts the list in order: the next ones are alone again, and leave nothing there. */
START_TEST(a_range_lock_is_quick_again_after_a_writer)
{
	struct fault_lock lock;
	struct vm_area_struct *vma;
	fl_vaddr a;

	begin_with_a_mapping(4, &a);
	vma = fault_lock_begin(&lock, &mm->mm, a);
	ck_assert_ptr_nonnull(vma);
	mmap_write_lock(&mm->mm);
	vma_start_write_range(&mm->mm, fl_page(fl_machine_cpu(machine, 0), a, 8),
			      fl_page(fl_machine_cpu(machine, 0), a, 9));
	mmap_write_unlock(&mm->mm);
	fault_lock_end(&lock, vma);
	ck_assert(READ_ONCE(mm->mm.range.head));
	vma = fault_lock_begin(&lock, &mm->mm, a);
	ck_assert_ptr_nonnull(vma);
	fault_lock_end(&lock, vma);
	ck_assert(!READ_ONCE(mm->mm.range.head));
	fl_cpu_unbind(fl_machine_cpu(machine, 0));
	end();
}
END_TEST

/* What writers left in the list is taken out by faults, on other CPUs. In the end more than a CPU can have. */
START_TEST(nodes_come_back_from_other_cpus)
{
	struct vm_area_struct *vma, *other;
	struct fault_lock lock;
	fl_vaddr a, behind;
	struct fl_cpu *cpu;

	begin_with_a_mapping(4, &a);
	cpu = fl_machine_cpu(machine, 0);
	ck_assert_int_eq(fl_mprotect(mm, a, 2, FL_READ), 0);
	other = vma_lookup(&mm->mm, a);
	behind = fl_page(cpu, a, 2);
	for (int i = 0; i < 40000; i++) {
		fl_rt_swap_cpu(1);
		vma = fault_lock_begin(&lock, &mm->mm, behind);
		ck_assert_ptr_nonnull(vma);
		fl_rt_swap_cpu(0);
		mmap_write_lock(&mm->mm);
		vma_start_write(other);
		ck_assert(!READ_ONCE(mm->mm.range.all));
		mmap_write_unlock(&mm->mm);
		fl_rt_swap_cpu(1);
		fault_lock_end(&lock, vma);
		fl_rt_swap_cpu(0);
		if (i % 2000 == 0)
			fl_rt_rcu_barrier();
	}
	fl_cpu_unbind(cpu);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.lock_strategy");
	TCase *tc = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, built_in_strategies_are_found);
	tcase_add_test(tc, a_users_own_is_found_while_it_is_registered);
	tcase_add_test(tc, what_can_not_work_is_refused);
	tcase_add_test(tc, only_so_many_can_be_registered);
	suite_add_tcase(suite, tc);
	tc = tcase_create("at work");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_fault_goes_the_strategys_way, 0, NR_STRATEGIES);
	/* from 1 on: mmap-lock has no way of its own */
	tcase_add_loop_test(tc, a_marked_mapping_is_not_for_faults, 1, NR_STRATEGIES);
	tcase_add_loop_test(tc, a_writer_waits_for_faults, 1, NR_STRATEGIES);
	tcase_add_loop_test(tc, userfaultfd_waits_for_faults_that_are_valid, 1, NR_STRATEGIES);
	tcase_add_loop_test(tc, it_works_in_any_release, 0, NR_STRATEGIES);
	tcase_add_loop_test(tc, faults_and_writers_get_along, 0, NR_STRATEGIES);
	tcase_add_test(tc, nodes_of_range_locks_are_used_again);
	tcase_add_test(tc, a_range_lock_is_quick_again_after_a_writer);
	tcase_add_test(tc, nodes_come_back_from_other_cpus);
	tcase_add_test(tc, threads_without_a_cpu_have_nodes_of_their_own);
	tcase_add_test(tc, a_writer_without_nodes_waits_for_a_fault_that_was_alone);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
