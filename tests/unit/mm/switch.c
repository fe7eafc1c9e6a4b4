// SPDX-License-Identifier: MIT
/*
 * switch.c - tests lib/mm/switch.c: what a CPU keeps of an address space that it leaves, and what it
 * drops when it comes back. In all executions: tests/unit/mmu/flush.c.
 */
#include "../world.h"

#include <errno.h>

static struct fl_mm *others[TLB_NR_DYN_ASIDS + 1];

/* Does @cpu have a translation of @addr? Then the access succeeds although the entry is gone. */
static bool cached(struct fl_cpu *cpu, fl_vaddr addr)
{
	pte_t *ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, addr), addr);
	pte_t old = *ptep;
	uint64_t word;
	bool hit;

	*ptep = PTE_NONE;
	hit = mmu_access(cpu, addr, MMU_LOAD, &word);
	*ptep = old;
	return hit;
}

static fl_vaddr touched(struct fl_cpu *cpu)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu, a, 1), 0);
	return a;
}

/* To @n address spaces, one after the other, and back. */
static void go_away(struct fl_cpu *cpu, int n)
{
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(fl_mm_create(&others[i], machine), 0);
		fl_switch_mm(cpu, others[i]);
	}
	fl_switch_mm(cpu, fl_mm);
	for (int i = 0; i < n; i++)
		fl_mm_destroy(others[i]);
}

static bool has_generations(void)
{
	return machine->policy.tlb_gen != FL_TLB_GEN_NONE;
}

static bool broadcast(void)
{
	return machine->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST;
}

START_TEST(translations_survive_if_the_cpu_can_tell_that_they_are_current)
{
	fl_vaddr a = touched(cpu0);

	go_away(cpu0, 1);
	ck_assert_int_eq(cached(cpu0, a), broadcast() || has_generations());
}
END_TEST

START_TEST(a_flush_meanwhile_is_made_up_for)
{
	fl_vaddr a = touched(cpu0);

	fl_switch_mm(cpu0, NULL);
	flush_tlb_mm_range(mm, a, a + PAGE);
	fl_switch_mm(cpu0, fl_mm);
	ck_assert(!cached(cpu0, a));
}
END_TEST

START_TEST(a_context_is_given_to_the_next_mm_in_turn)
{
	fl_vaddr a = touched(cpu0);

	/* ours is one of six, */
	go_away(cpu0, TLB_NR_DYN_ASIDS - 1);
	ck_assert_int_eq(cached(cpu0, a), broadcast() || has_generations());
	ck_assert_uint_eq(load(cpu0, a), 1);
	/* so the sixth other one gets it, and its entries with it */
	go_away(cpu0, TLB_NR_DYN_ASIDS);
	ck_assert_int_eq(cached(cpu0, a), broadcast());
	ck_assert_uint_eq(load(cpu0, a), 1);
}
END_TEST

START_TEST(mm_cpumask_says_who_has_it_loaded)
{
	ck_assert_uint_eq(mm->cpu_bitmap, 3);
	fl_switch_mm(cpu0, NULL);
	ck_assert_uint_eq(mm->cpu_bitmap, 2);
	/* a lazy CPU stays in it */
	fl_enter_lazy_tlb(cpu1);
	ck_assert_uint_eq(mm->cpu_bitmap, 2);
	fl_switch_mm(cpu1, NULL);
	ck_assert_uint_eq(mm->cpu_bitmap, 0);
	fl_switch_mm(cpu0, fl_mm);
	fl_switch_mm(cpu0, fl_mm);
	ck_assert_uint_eq(mm->cpu_bitmap, 1);
}
END_TEST

START_TEST(no_program_runs_on_a_lazy_cpu)
{
	fl_vaddr a = touched(cpu0);
	uint64_t word;

	fl_enter_lazy_tlb(cpu0);
	ck_assert_int_eq(fl_load(&word, cpu0, a), -EINVAL);
	fl_enter_lazy_tlb(cpu0);
	fl_switch_mm(cpu0, fl_mm);
	ck_assert_uint_eq(load(cpu0, a), 1);
	/* without anything loaded there is nothing to be lazy about */
	fl_switch_mm(cpu0, NULL);
	fl_enter_lazy_tlb(cpu0);
	ck_assert_int_eq(fl_load(&word, cpu0, a), -EINVAL);
	ck_assert_int_eq(cpu0->state->is_lazy, 0);
}
END_TEST

START_TEST(lazy_mode_keeps_the_translations)
{
	fl_vaddr a = touched(cpu0);

	fl_enter_lazy_tlb(cpu0);
	fl_switch_mm(cpu0, fl_mm);
	/* x86 before it had generations dropped all */
	ck_assert_int_eq(cached(cpu0, a), broadcast() || has_generations());
}
END_TEST

START_TEST(a_flush_of_a_lazy_cpu_is_not_lost)
{
	fl_vaddr a = touched(cpu1);

	fl_enter_lazy_tlb(cpu1);
	flush_tlb_mm_range(mm, a, a + PAGE);
	/* not interrupted, or told to leave */
	if (!broadcast())
		ck_assert_int_eq(cpu1->state->loaded_mm == mm,
				 machine->policy.tlb_lazy == FL_TLB_LAZY_SKIP);
	fl_switch_mm(cpu1, fl_mm);
	ck_assert(!cached(cpu1, a));
	ck_assert_uint_eq(mm->cpu_bitmap, 3);
}
END_TEST

START_TEST(a_lazy_cpu_leaves_page_tables_that_go)
{
	fl_enter_lazy_tlb(cpu1);
	__flush_tlb_mm_range(mm, PAGE, 2 * PAGE, true);
	if (!broadcast()) {
		ck_assert_ptr_null(cpu1->state->loaded_mm);
		ck_assert_ptr_null(cpu1->state->pgd);
		ck_assert_uint_eq(mm->cpu_bitmap, 1);
	}
	fl_switch_mm(cpu1, fl_mm);
	ck_assert_uint_eq(mm->cpu_bitmap, 3);
}
END_TEST

START_TEST(an_mm_that_goes_is_taken_off_lazy_cpus)
{
	struct fl_mm *other;
	fl_vaddr b;

	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	fl_switch_mm(cpu1, other);
	ck_assert_int_eq(fl_mmap_anon(&b, other, 1, FL_READ | FL_WRITE), 0);
	ck_assert_int_eq(fl_store(cpu1, b, 7), 0);
	fl_enter_lazy_tlb(cpu1);
	fl_mm_destroy(other);
	ck_assert_ptr_null(cpu1->state->loaded_mm);
	ck_assert_ptr_null(cpu1->state->pgd);
	fl_switch_mm(cpu1, fl_mm);
}
END_TEST

static struct fl_mm *lazy_mm, *other_mm;
static int lazy;

static void go_on(struct fl_cpu *cpu, void *arg)
{
	fl_switch_mm(cpu, lazy_mm);
	fl_enter_lazy_tlb(cpu);
	__atomic_store_n(&lazy, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 50; i++)
		fl_switch_mm(cpu, i & 1 ? NULL : other_mm);
}

/* The CPU's state is its own, and who destroys must not free what it still has to do with. */
START_TEST(a_lazy_cpu_may_switch_while_its_mm_goes)
{
	struct call call;

	ck_assert_int_eq(fl_mm_create(&other_mm, machine), 0);
	for (int i = 0; i < 200; i++) {
		lazy = 0;
		ck_assert_int_eq(fl_mm_create(&lazy_mm, machine), 0);
		begin_on(&call, cpu1, go_on, NULL);
		while (!__atomic_load_n(&lazy, __ATOMIC_ACQUIRE))
			cpu_relax();
		fl_mm_destroy(lazy_mm);
		end_on(&call);
		ck_assert_ptr_null(cpu1->state->loaded_mm);
		ck_assert_uint_eq(other_mm->mm.cpu_bitmap, 0);
	}
	fl_mm_destroy(other_mm);
	fl_switch_mm(cpu1, fl_mm);
}
END_TEST

START_TEST(a_range_above_the_ceiling_is_all)
{
	fl_vaddr a = map(8, FL_READ | FL_WRITE);

	ck_assert_uint_eq(machine->tlb_flush_ceiling, 4);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	flush_tlb_mm_range(mm, a + PAGE, a + 5 * PAGE);
	ck_assert(cached(cpu0, a));
	flush_tlb_mm_range(mm, a + PAGE, a + 6 * PAGE);
	ck_assert(!cached(cpu0, a));
}
END_TEST

static void old(void)
{
	make_world("4.8", "tlb_flush=ipi");
}

static void new (void)
{
	make_world("6.12", "tlb_flush=ipi");
}

static void arm(void)
{
	make_world("6.12", "tlb_flush=broadcast");
}

static void skip_without_generations(void)
{
	make_world("4.8", "tlb_flush=ipi,tlb_lazy=skip");
}

int main(void)
{
	static void (*const fixtures[])(void) = { old, new, arm, skip_without_generations };
	static const char *const names[] = { "4.8", "6.12", "broadcast", "skip" };
	Suite *suite = suite_create("mm.switch");

	for (int i = 0; i < 4; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, translations_survive_if_the_cpu_can_tell_that_they_are_current);
		tcase_add_test(tc, a_flush_meanwhile_is_made_up_for);
		tcase_add_test(tc, a_context_is_given_to_the_next_mm_in_turn);
		tcase_add_test(tc, mm_cpumask_says_who_has_it_loaded);
		tcase_add_test(tc, no_program_runs_on_a_lazy_cpu);
		tcase_add_test(tc, lazy_mode_keeps_the_translations);
		tcase_add_test(tc, a_flush_of_a_lazy_cpu_is_not_lost);
		tcase_add_test(tc, a_lazy_cpu_leaves_page_tables_that_go);
		tcase_add_test(tc, an_mm_that_goes_is_taken_off_lazy_cpus);
		tcase_add_test(tc, a_lazy_cpu_may_switch_while_its_mm_goes);
		tcase_add_test(tc, a_range_above_the_ceiling_is_all);
		suite_add_tcase(suite, tc);
	}
	return run_suite(suite);
}
