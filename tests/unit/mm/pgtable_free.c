// SPDX-License-Identifier: MIT
/*
 * pgtable_free.c - tests lib/mm/pgtable_free.c: which page tables munmap() takes away, and whom it
 * waits for. Use of a table that is free shows under valgrind and AddressSanitizer.
 */
#include "../world.h"

#include <sched.h>
#include <time.h>

#include "mm/zap.h"

/* A table of leaf entries spans four pages; the machine's third level, if it has one, sixteen. */
static pmd_t pmd_of(fl_vaddr addr)
{
	pmd_t *pmdp = pmd_offset_lockless(machine, mm->pgd, addr);

	return pmdp ? *pmdp : 0;
}

static void linux_6_5(void)
{
	make_world("6.5", NULL);
}

static void three_levels(void)
{
	struct fl_machine_config config = {
		.cpus = 2, .frames = 80, .page_words = 2, .levels = 3, .level_bits = 2
	};

	make_world_with(&config, "6.5", NULL);
}

static void touch(fl_vaddr addr, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		ck_assert_int_eq(fl_store(cpu0, addr + i * PAGE, i + 1), 0);
}

START_TEST(a_table_goes_with_the_last_mapping_in_its_span)
{
	fl_vaddr a = map(3, FL_READ | FL_WRITE), b; /* pages 1 to 3, 4 to 9 */

	ck_assert_uint_eq(a, PAGE);
	b = map(6, FL_READ);
	touch(a, 3);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 2), 0);
	ck_assert(pmd_of(a)); /* page 3 is still there */
	ck_assert_uint_eq(load(cpu1, a + 2 * PAGE), 3);
	ck_assert_int_eq(fl_munmap(fl_mm, a + 2 * PAGE, 1), 0);
	ck_assert(!pmd_of(a));
	for (unsigned int i = 0; i < 6; i++)
		ck_assert_uint_eq(load(cpu0, b + i * PAGE), 0);
	/* the one in the middle, then from both sides */
	ck_assert_int_eq(fl_munmap(fl_mm, b, 4), 0);
	ck_assert(!pmd_of(b) && pmd_of(b + 4 * PAGE));
	a = map(3, FL_READ | FL_WRITE);
	ck_assert_uint_eq(a, PAGE);
	touch(a, 3);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 2);
}
END_TEST

START_TEST(tables_of_all_levels_go)
{
	fl_vaddr a = map(20, FL_READ | FL_WRITE); /* pages 1 to 20 */

	touch(a, 20);
	ck_assert(mm->pgd->entries[0] && mm->pgd->entries[1]);
	ck_assert_int_eq(fl_munmap(fl_mm, 4 * PAGE, 14), 0); /* 4 to 17 */
	ck_assert(pmd_of(3 * PAGE) && pmd_of(18 * PAGE));
	ck_assert(!pmd_of(4 * PAGE) && !pmd_of(15 * PAGE));
	ck_assert_int_eq(fl_munmap(fl_mm, 18 * PAGE, 3), 0);
	ck_assert(!mm->pgd->entries[1] && mm->pgd->entries[0]);
	ck_assert_int_eq(fl_munmap(fl_mm, PAGE, 3), 0);
	ck_assert(!mm->pgd->entries[0]);
	ck_assert_uint_eq(fl_machine_free_frames(machine), machine->nr_frames - 1);
	a = map(20, FL_READ | FL_WRITE);
	touch(a, 20);
}
END_TEST

START_TEST(a_walk_after_munmap_finds_no_table)
{
	fl_vaddr a = map(3, FL_READ | FL_WRITE);
	uint64_t word;

	touch(a, 3);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 3), 0);
	ck_assert(!mmu_access(cpu1, a, MMU_LOAD, &word));
	ck_assert(!mmu_access(cpu0, a, MMU_STORE, &word));
}
END_TEST

START_TEST(tables_come_and_go)
{
	for (int round = 0; round < 200; round++) {
		fl_vaddr a = map(15, FL_READ | FL_WRITE);

		touch(a, 15);
		ck_assert_int_eq(fl_munmap(fl_mm, a, 15), 0);
		ck_assert(!pmd_of(a));
	}
}
END_TEST

/* --- whom it waits for --- */

struct in_table {
	bool irqs_off, rcu; /* as GUP-fast */
	int inside, leave, left;
	struct ptdesc *table;
	pte_t first;
};

/* CPU 1 is in the table, and reads it when it is told to. */
static void be_in_table(struct fl_cpu *cpu, void *arg)
{
	struct in_table *t = arg;
	unsigned long flags = 0;

	(void)cpu;
	if (t->irqs_off)
		local_irq_save(flags);
	if (t->rcu)
		rcu_read_lock();
	WRITE_ONCE(t->inside, 1);
	while (!READ_ONCE(t->leave))
		sched_yield();
	if (t->table)
		t->first = READ_ONCE(t->table->entries[0]) | (pte_t)READ_ONCE(t->table->ptl.val);
	WRITE_ONCE(t->left, 1);
	if (t->rcu)
		rcu_read_unlock();
	if (t->irqs_off)
		local_irq_restore(flags);
}

static void unmap_all(struct fl_cpu *cpu, void *arg)
{
	struct in_table *t = arg;

	(void)cpu;
	if (fl_munmap(fl_mm, PAGE, 3))
		abort();
	/* What munmap waited for has happened by now. */
	t->first = READ_ONCE(t->left);
	WRITE_ONCE(t->leave, 1);
}

START_TEST(with_rcu_the_table_outlives_its_readers)
{
	struct in_table t = { .irqs_off = true, .rcu = true };
	struct call call;

	make_world("6.5", "pgtable_free=rcu,tlb_flush=broadcast");
	touch(map(3, FL_READ | FL_WRITE), 3);
	t.table = pmd_pgtable(pmd_of(PAGE));
	begin_on(&call, cpu1, be_in_table, &t);
	while (!READ_ONCE(t.inside))
		sched_yield();
	ck_assert_int_eq(fl_munmap(fl_mm, PAGE, 3), 0); /* does not wait */
	ck_assert(!pmd_of(PAGE));
	WRITE_ONCE(t.leave, 1);
	end_on(&call);
	ck_assert_uint_eq(t.first, 0);
	end_world();
}
END_TEST

/* Did munmap() return with CPU 1 still in its section? */
static bool munmap_waits(const char *set)
{
	struct in_table t = { .irqs_off = true }, unmap = { 0 };
	struct call in, out;
	bool waits;

	make_world("6.5", set);
	touch(map(3, FL_READ | FL_WRITE), 3);
	begin_on(&in, cpu1, be_in_table, &t);
	while (!READ_ONCE(t.inside))
		sched_yield();
	fl_cpu_unbind(cpu0);
	begin_on(&out, cpu0, unmap_all, &unmap);
	for (int i = 0; i < 100 && !READ_ONCE(unmap.leave); i++) {
		struct timespec nap = { .tv_nsec = 2000000 };

		nanosleep(&nap, NULL);
	}
	waits = !READ_ONCE(unmap.leave);
	WRITE_ONCE(t.leave, 1);
	pthread_join(in.thread, NULL);
	pthread_join(out.thread, NULL);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
	ck_assert(!pmd_of(PAGE));
	end_world();
	return waits;
}

START_TEST(with_ipi_munmap_waits_for_sections_with_interrupts_off)
{
	ck_assert(munmap_waits("pgtable_free=ipi,tlb_flush=broadcast"));
	ck_assert(!munmap_waits("pgtable_free=rcu,tlb_flush=broadcast"));
	ck_assert(!munmap_waits("pgtable_free=after-flush,tlb_flush=broadcast"));
	ck_assert(!munmap_waits("pgtable_free=before-flush,tlb_flush=broadcast"));
	/* the flush itself is an interrupt */
	ck_assert(munmap_waits("pgtable_free=after-flush,tlb_flush=ipi"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.pgtable_free");
	TCase *two = test_case("two levels"), *three = test_case("three levels");
	TCase *waiting = test_case("waiting");

	tcase_add_checked_fixture(two, linux_6_5, end_world);
	tcase_add_test(two, a_table_goes_with_the_last_mapping_in_its_span);
	tcase_add_test(two, a_walk_after_munmap_finds_no_table);
	tcase_add_test(two, tables_come_and_go);
	tcase_add_checked_fixture(three, three_levels, end_world);
	tcase_add_test(three, tables_of_all_levels_go);
	tcase_add_test(waiting, with_rcu_the_table_outlives_its_readers);
	tcase_add_test(waiting, with_ipi_munmap_waits_for_sections_with_interrupts_off);
	suite_add_tcase(suite, two);
	suite_add_tcase(suite, three);
	suite_add_tcase(suite, waiting);
	return run_suite(suite);
}
