// SPDX-License-Identifier: MIT
/*
 * tlb.c - tests lib/mmu/tlb.c and shootdown.c: how long a translation lives, and who can end it.
 *
 * Each test runs with flushes that are broadcast and with flushes that interrupt.
 */
#include "../world.h"

#include <errno.h>
#include <time.h>

static pte_t *entry_at(fl_vaddr addr)
{
	return pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, addr), addr);
}

/* Does the CPU reach the word through what it has, without a fault? */
static bool hit(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access)
{
	uint64_t word = 0;

	return mmu_access(cpu, addr, access, &word);
}

START_TEST(a_translation_lives_until_it_is_flushed)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	pte_t *ptep, old;

	ck_assert_int_eq(fl_store(cpu0, a, 7), 0);
	ck_assert_uint_eq(load(cpu1, a), 7);
	/* given both CPUs have it, when the entry is cleared */
	ptep = entry_at(a);
	old = *ptep;
	*ptep = PTE_NONE;
	/* then both still reach the page, */
	ck_assert(hit(cpu0, a, MMU_STORE));
	ck_assert(hit(cpu1, a, MMU_LOAD));
	/* until the flush */
	flush_tlb_mm_range(mm, a, a + PAGE);
	ck_assert(!hit(cpu0, a, MMU_LOAD));
	ck_assert(!hit(cpu1, a, MMU_LOAD));
	*ptep = old;
}
END_TEST

START_TEST(a_flush_of_one_page_leaves_the_others)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	flush_tlb_mm_range(mm, a, a + PAGE);
	*entry_at(a) &= ~_PAGE_PRESENT;
	*entry_at(a + PAGE) &= ~_PAGE_PRESENT;
	ck_assert(!hit(cpu0, a, MMU_LOAD));
	ck_assert(hit(cpu0, a + PAGE, MMU_LOAD));
	flush_tlb_mm(mm);
	ck_assert(!hit(cpu0, a + PAGE, MMU_LOAD));
	*entry_at(a) |= _PAGE_PRESENT;
	*entry_at(a + PAGE) |= _PAGE_PRESENT;
}
END_TEST

START_TEST(a_read_only_translation_faults_once_after_an_upgrade)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	uint64_t word = 5;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	*entry_at(a) &= ~(_PAGE_RW | _PAGE_DIRTY);
	flush_tlb_mm(mm);
	ck_assert_uint_eq(load(cpu0, a), 1);
	/*
	 * given a cached read-only entry, when memory allows more, then the first store still
	 * faults
	 */
	*entry_at(a) |= _PAGE_RW;
	ck_assert(!mmu_access(cpu0, a, MMU_STORE, &word));
	/* and the second one finds out */
	ck_assert(mmu_access(cpu0, a, MMU_STORE, &word));
	ck_assert_uint_eq(load(cpu0, a), 5);
}
END_TEST

START_TEST(the_first_store_sets_dirty_and_later_ones_do_not_look)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	*entry_at(a) &= ~_PAGE_DIRTY;
	flush_tlb_mm(mm);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert(!pte_dirty(*entry_at(a)));
	ck_assert(hit(cpu0, a, MMU_STORE));
	ck_assert(pte_dirty(*entry_at(a)));
	/*
	 * Cached as writable and dirty: no look at memory, so the bit stays away if it is taken
	 * away.
	 */
	*entry_at(a) &= ~_PAGE_DIRTY;
	ck_assert(hit(cpu0, a, MMU_STORE));
	ck_assert(!pte_dirty(*entry_at(a)));
}
END_TEST

START_TEST(a_store_through_a_clean_translation_needs_permission_from_memory)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	*entry_at(a) &= ~_PAGE_DIRTY;
	flush_tlb_mm(mm);
	ck_assert_uint_eq(load(cpu0, a), 1);
	*entry_at(a) &= ~_PAGE_RW;
	ck_assert(!hit(cpu0, a, MMU_STORE));
	ck_assert(!pte_dirty(*entry_at(a)));
}
END_TEST

START_TEST(address_spaces_do_not_share_translations)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE), b;
	struct fl_mm *other;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	ck_assert_int_eq(fl_mmap_anon(&b, other, 1, FL_READ | FL_WRITE), 0);
	ck_assert_uint_eq(a, b);
	fl_switch_mm(cpu0, other);
	ck_assert_uint_eq(load(cpu0, b), 0);
	ck_assert_int_eq(fl_store(cpu0, b, 2), 0);
	fl_switch_mm(cpu0, fl_mm);
	ck_assert_uint_eq(load(cpu0, a), 1);
	fl_mm_destroy(other);
	ck_assert_uint_eq(load(cpu0, a), 1);
}
END_TEST

static void unmap(struct fl_cpu *cpu, void *arg)
{
	if (fl_munmap(fl_mm, *(fl_vaddr *)arg, 1))
		abort();
}

START_TEST(a_cpu_that_was_away_comes_back_without_old_translations)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_mm *other;
	struct call call;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	fl_switch_mm(cpu0, other);
	/* given it is elsewhere, so not asked, when another CPU unmaps */
	begin_on(&call, cpu1, unmap, &a);
	end_on(&call);
	fl_switch_mm(cpu0, fl_mm);
	ck_assert(!hit(cpu0, a, MMU_LOAD));
	fl_mm_destroy(other);
}
END_TEST

START_TEST(more_pages_than_entries_are_no_problem)
{
	fl_vaddr a = map(12, FL_READ | FL_WRITE);

	for (uint64_t i = 0; i < 12; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, i), 0);
	for (uint64_t i = 0; i < 12; i++)
		ck_assert_uint_eq(load(cpu0, a + i * PAGE), i);
}
END_TEST

struct irqs_off {
	fl_vaddr addr;
	int inside, leave;
};

static void stay_with_irqs_off(struct fl_cpu *cpu, void *arg)
{
	struct irqs_off *w = arg;
	unsigned long flags;

	load(cpu, w->addr);
	local_irq_save(flags);
	smp_store_release(&w->inside, 1);
	while (!smp_load_acquire(&w->leave))
		cpu_relax();
	smp_store_release(&w->inside, 0);
	local_irq_restore(flags);
}

/* Of no CPU: nobody that the flush would ask. */
static void *let_it_leave(void *arg)
{
	struct irqs_off *w = arg;

	for (volatile int i = 0; i < 1000000; i = i + 1)
		;
	smp_store_release(&w->leave, 1);
	return NULL;
}

START_TEST(only_an_interrupt_waits_for_sections_with_interrupts_off)
{
	struct irqs_off w = { .addr = map(1, FL_READ | FL_WRITE) };
	pthread_t later;
	struct call call;

	begin_on(&call, cpu1, stay_with_irqs_off, &w);
	while (!smp_load_acquire(&w.inside))
		cpu_relax();
	if (machine->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST) {
		flush_tlb_mm(mm);
		ck_assert(READ_ONCE(w.inside));
		smp_store_release(&w.leave, 1);
	} else {
		ck_assert_int_eq(pthread_create(&later, NULL, let_it_leave, &w), 0);
		flush_tlb_mm(mm);
		ck_assert(!READ_ONCE(w.inside));
		pthread_join(later, NULL);
	}
	end_on(&call);
}
END_TEST

struct flusher {
	fl_vaddr addr;
	int running, stop;
};

/* Stores to the page as often as it can. */
static void use_page(struct fl_cpu *cpu, void *arg)
{
	struct flusher *w = arg;
	uint64_t word = 1;

	while (!READ_ONCE(w->stop)) {
		fl_ipi_poll();
		if (mmu_access(cpu, w->addr, MMU_STORE, &word))
			WRITE_ONCE(w->running, 1);
	}
}

/* The same by the fast path alone; loads only. */
static void use_page_fast(struct fl_cpu *cpu, void *arg)
{
	struct flusher *w = arg;
	uint64_t word;

	while (!READ_ONCE(w->stop)) {
		if (fl_load(&word, cpu, w->addr) || word != 1)
			abort();
		WRITE_ONCE(w->running, 1);
	}
}

/*
 * Whoever is in the page while it is taken away must be out when the flush returns. Without the
 * TLB's lock (broadcast) this fails within the two seconds in nearly every run, on two cores.
 */
START_TEST(no_store_arrives_after_the_flush)
{
	struct flusher w = { .addr = map(1, FL_READ | FL_WRITE) };
	time_t end = time(NULL) + 2;
	struct call call;
	uint64_t *word, seen;
	pte_t *ptep, old;

	ck_assert_int_eq(fl_store(cpu0, w.addr, 0), 0);
	ptep = entry_at(w.addr);
	word = frame_words(machine, pte_pfn(*ptep));
	begin_on(&call, cpu1, use_page, &w);
	while (!READ_ONCE(w.running))
		cpu_relax();
	while (time(NULL) <= end) {
		old = xchg_relaxed(ptep, PTE_NONE);
		flush_tlb_mm_range(mm, w.addr, w.addr + PAGE);
		WRITE_ONCE(*word, 0);
		for (volatile int k = 0; k < 400; k = k + 1)
			;
		seen = READ_ONCE(*word);
		ck_assert_uint_eq(seen, 0);
		WRITE_ONCE(*ptep, old);
		/* Let it in again, or there is nothing to flush. */
		for (volatile int k = 0; k < 400; k = k + 1)
			;
	}
	WRITE_ONCE(w.stop, 1);
	end_on(&call);
}
END_TEST

START_TEST(atomic_accesses_are_stores_that_say_what_was_there)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	uint64_t old = 0;

	ck_assert(!mmu_rmw(cpu0, a, MMU_ADD, 1, 0, &old));
	ck_assert_int_eq(fl_store(cpu0, a + 8, 5), 0);
	*entry_at(a) &= ~_PAGE_DIRTY;
	flush_tlb_mm(mm);
	ck_assert(mmu_rmw(cpu0, a + 8, MMU_ADD, 3, 0, &old));
	ck_assert_uint_eq(old, 5);
	ck_assert(pte_dirty(*entry_at(a)));
	ck_assert(mmu_rmw(cpu0, a + 8, MMU_XCHG, 20, 0, &old));
	ck_assert_uint_eq(old, 8);
	ck_assert(mmu_rmw(cpu0, a + 8, MMU_CMPXCHG, 20, 21, &old));
	ck_assert_uint_eq(old, 20);
	ck_assert_uint_eq(load(cpu1, a + 8), 21);
	/* one that changes nothing is a store as well */
	*entry_at(a) &= ~_PAGE_DIRTY;
	flush_tlb_mm(mm);
	ck_assert(mmu_rmw(cpu0, a + 8, MMU_CMPXCHG, 20, 22, &old));
	ck_assert_uint_eq(old, 21);
	ck_assert(pte_dirty(*entry_at(a)));
	*entry_at(a) &= ~_PAGE_RW;
	flush_tlb_mm(mm);
	ck_assert(!mmu_rmw(cpu0, a + 8, MMU_CMPXCHG, 20, 22, &old));
}
END_TEST

/* --- the fast path (mmu/tlb.h): large pages, interrupts, nobody watches --- */

static void fast(void)
{
	struct fl_machine_config config = { .cpus = 2, .frames = 64, .no_oracles = 1 };

	make_world_with(&config, "6.12", "tlb_flush=ipi");
	ck_assert(machine->tlb_fast);
}

/* Does the fast path find it, and the word that is there? */
static bool finds(struct fl_cpu *cpu, fl_vaddr addr, uint64_t want)
{
	uint64_t word;

	if (!mmu_load_fast(cpu, addr, &word))
		return false;
	ck_assert_uint_eq(word, want);
	return true;
}

START_TEST(the_fast_path_finds_what_is_cached_until_it_is_flushed)
{
	fl_vaddr a = map(3, FL_READ | FL_WRITE);
	pte_t old;

	ck_assert(!finds(cpu0, a, 0));
	ck_assert_int_eq(fl_store(cpu0, a + 4088, 7), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * 4096, 9), 0);
	ck_assert(finds(cpu0, a + 4088, 7) && finds(cpu0, a, 0) && finds(cpu0, a + 2 * 4096, 9));
	ck_assert(!finds(cpu0, a + 4096, 0));
	ck_assert(!finds(cpu1, a, 0));
	old = *entry_at(a);
	*entry_at(a) = PTE_NONE;
	ck_assert_uint_eq(load(cpu0, a + 4088), 7);
	flush_tlb_mm_range(mm, a, a + 4096);
	ck_assert(!finds(cpu0, a, 0));
	ck_assert(finds(cpu0, a + 2 * 4096, 9));
	*entry_at(a) = old;
	ck_assert_uint_eq(load(cpu0, a + 4088), 7);
}
END_TEST

START_TEST(the_fast_path_leaves_what_needs_a_look_at_the_entry)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert(mmu_store_fast(cpu0, a, 2));
	ck_assert_uint_eq(load(cpu1, a), 2);
	/* not dirty yet */
	*entry_at(a) &= ~_PAGE_DIRTY;
	flush_tlb_mm(mm);
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert(!mmu_store_fast(cpu0, a, 3));
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert(pte_dirty(*entry_at(a)));
	/* read-only */
	*entry_at(a) &= ~_PAGE_RW;
	flush_tlb_mm(mm);
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert(!mmu_store_fast(cpu0, a, 4));
}
END_TEST

START_TEST(the_fast_path_knows_good_addresses_from_bad_ones)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	uint64_t word;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_load(&word, cpu0, a + 1), -EINVAL);
	ck_assert_int_eq(fl_store(cpu0, a + 4, 1), -EINVAL);
	ck_assert_int_eq(fl_load(&word, cpu0, a | 1ULL << 48), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, a | 1ULL << 60), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, a - 4096), -EFAULT);
}
END_TEST

START_TEST(the_fast_path_is_off_without_a_program)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE), b;
	struct fl_mm *other;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	fl_enter_lazy_tlb(cpu0);
	ck_assert(!finds(cpu0, a, 1));
	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	ck_assert_int_eq(fl_mmap_anon(&b, other, 1, FL_READ | FL_WRITE), 0);
	ck_assert_uint_eq(a, b);
	fl_switch_mm(cpu0, other);
	ck_assert(!finds(cpu0, a, 1));
	ck_assert_int_eq(fl_store(cpu0, b, 2), 0);
	ck_assert(finds(cpu0, a, 2));
	fl_switch_mm(cpu0, NULL);
	ck_assert(!finds(cpu0, a, 2));
	fl_switch_mm(cpu0, fl_mm);
	ck_assert(finds(cpu0, a, 1));
	fl_mm_destroy(other);
}
END_TEST

START_TEST(an_interrupt_comes_before_the_next_hit)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct flusher w = { .addr = a };
	struct call call;

	ck_assert_int_eq(fl_store(cpu1, a, 1), 0);
	begin_on(&call, cpu1, use_page_fast, &w);
	while (!READ_ONCE(w.running))
		cpu_relax();
	flush_tlb_mm(mm); /* returns: it was answered */
	WRITE_ONCE(w.stop, 1);
	end_on(&call);
}
END_TEST

START_TEST(hits_are_counted_if_asked_for)
{
	struct fl_machine_config config = { .frames = 64, .no_oracles = 1, .count_tlb_hits = 1 };
	uint64_t hits;
	fl_vaddr a;

	make_world_with(&config, "6.12", "tlb_flush=ipi");
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	hits = cpu0->counters.tlb_hits;
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_uint_eq(cpu0->counters.tlb_hits, hits + 5);
	ck_assert_uint_gt(cpu0->counters.tlb_misses, 0);
	end_world();
}
END_TEST

static void broadcast(void)
{
	make_world("6.1", "tlb_flush=broadcast");
}

static void ipi(void)
{
	make_world("6.1", "tlb_flush=ipi");
}

int main(void)
{
	Suite *suite = suite_create("mmu.tlb");
	TCase *cases[2] = { test_case("broadcast"), test_case("ipi") };
	TCase *fast_case = test_case("fast"), *counts = test_case("counts");

	for (int i = 0; i < 2; i++) {
		tcase_add_checked_fixture(cases[i], i ? ipi : broadcast, end_world);
		tcase_add_test(cases[i], a_translation_lives_until_it_is_flushed);
		tcase_add_test(cases[i], a_flush_of_one_page_leaves_the_others);
		tcase_add_test(cases[i], a_read_only_translation_faults_once_after_an_upgrade);
		tcase_add_test(cases[i], the_first_store_sets_dirty_and_later_ones_do_not_look);
		tcase_add_test(cases[i],
			       a_store_through_a_clean_translation_needs_permission_from_memory);
		tcase_add_test(cases[i], address_spaces_do_not_share_translations);
		tcase_add_test(cases[i], a_cpu_that_was_away_comes_back_without_old_translations);
		tcase_add_test(cases[i], more_pages_than_entries_are_no_problem);
		tcase_add_test(cases[i], only_an_interrupt_waits_for_sections_with_interrupts_off);
		tcase_add_test(cases[i], no_store_arrives_after_the_flush);
		tcase_add_test(cases[i], atomic_accesses_are_stores_that_say_what_was_there);
		suite_add_tcase(suite, cases[i]);
	}
	tcase_add_checked_fixture(fast_case, fast, end_world);
	tcase_add_test(fast_case, the_fast_path_finds_what_is_cached_until_it_is_flushed);
	tcase_add_test(fast_case, the_fast_path_leaves_what_needs_a_look_at_the_entry);
	tcase_add_test(fast_case, the_fast_path_knows_good_addresses_from_bad_ones);
	tcase_add_test(fast_case, the_fast_path_is_off_without_a_program);
	tcase_add_test(fast_case, an_interrupt_comes_before_the_next_hit);
	suite_add_tcase(suite, fast_case);
	tcase_add_test(counts, hits_are_counted_if_asked_for);
	suite_add_tcase(suite, counts);
	return run_suite(suite);
}
