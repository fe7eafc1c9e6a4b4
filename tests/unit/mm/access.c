// SPDX-License-Identifier: MIT
/*
 * access.c - tests lib/mm/access.c and the signals of arch_fault.c. Plain loads and stores, and a
 * debugger's: fault.c.
 */
#include "../world.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static fl_vaddr a; /* two pages, read and write; then one that may be read; then one of nothing */

static void set_up(void)
{
	make_world("6.5", NULL);
	a = map(2, FL_READ | FL_WRITE);
	map(1, FL_READ);
	map(1, 0);
}

START_TEST(atomic_operations_return_what_was_there)
{
	uint64_t old;

	ck_assert_int_eq(fl_xchg(&old, cpu0, a, 5), 0); /* from nothing: a fault for writing */
	ck_assert_uint_eq(old, 0);
	ck_assert(!pte_special(entry_of(a)) && pte_dirty(entry_of(a)));
	ck_assert_int_eq(fl_fetch_add(&old, cpu1, a, 3), 0);
	ck_assert_uint_eq(old, 5);
	ck_assert_int_eq(fl_fetch_add(&old, cpu1, a, ~0ULL), 0);
	ck_assert_uint_eq(old, 8);
	ck_assert_int_eq(fl_cmpxchg(&old, cpu0, a, 1, 2), 0);
	ck_assert_uint_eq(old, 7);
	ck_assert_uint_eq(load(cpu1, a), 7);
	ck_assert_int_eq(fl_cmpxchg(&old, cpu0, a, 7, 2), 0);
	ck_assert_uint_eq(old, 7);
	ck_assert_uint_eq(load(cpu1, a), 2);
	ck_assert_int_eq(fl_xchg(&old, cpu1, a, 6), 0);
	ck_assert_uint_eq(old, 2);
	ck_assert_uint_eq(load(cpu0, a + 8), 0);
}
END_TEST

START_TEST(atomic_operations_need_write_permission_whatever_they_do)
{
	uint64_t old = 77;

	ck_assert_uint_eq(load(cpu0, a + 2 * PAGE), 0);
	ck_assert_int_eq(fl_cmpxchg(&old, cpu0, a + 2 * PAGE, 1, 2), -EFAULT);
	ck_assert_int_eq(fl_fetch_add(&old, cpu0, a + 2 * PAGE, 0), -EFAULT);
	ck_assert_int_eq(fl_xchg(&old, cpu0, a + 4, 0), -EINVAL);
	ck_assert_int_eq(fl_xchg(&old, cpu0, task_size(machine), 0), -EFAULT);
	ck_assert_uint_eq(old, 77);
	/* and the zero page is left */
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_int_eq(fl_cmpxchg(&old, cpu0, a, 1, 2), 0);
	ck_assert(!pte_special(entry_of(a)));
}
END_TEST

#define ROUNDS 50000

static void add(struct fl_cpu *cpu, void *arg)
{
	uint64_t old, got;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (fl_fetch_add(&old, cpu, a, 1) || fl_load(&old, cpu, a + 8))
			abort();
		do {
			got = old;
			if (fl_cmpxchg(&old, cpu, a + 8, got, got + 2))
				abort();
		} while (old != got);
	}
}

START_TEST(atomic_operations_of_two_cpus_are_all_there)
{
	struct call call;

	begin_on(&call, cpu1, add, NULL);
	add(cpu0, NULL);
	end_on(&call);
	ck_assert_uint_eq(load(cpu0, a), 2 * ROUNDS);
	ck_assert_uint_eq(load(cpu0, a + 8), 4 * ROUNDS);
}
END_TEST

START_TEST(words_are_copied_up_to_the_first_that_faults)
{
	const uint64_t out[6] = { 1, 2, 3, 4, 5, 6 };
	uint64_t in[8] = { 0 };
	size_t done = 99;

	ck_assert_int_eq(fl_copy_out(cpu0, a, out, 4, &done), 0);
	ck_assert_uint_eq(done, 4);
	ck_assert_int_eq(fl_copy_in(in, cpu1, a + 8, 3, NULL), 0);
	ck_assert_uint_eq(in[0], 2);
	ck_assert_uint_eq(in[2], 4);
	/* two words into the page, then one that may only be read */
	ck_assert_int_eq(fl_copy_out(cpu0, a + PAGE, out, 3, &done), -EFAULT);
	ck_assert_uint_eq(done, 2);
	ck_assert_uint_eq(load(cpu0, a + PAGE + 8), 2);
	/* and one that may not */
	ck_assert_int_eq(fl_copy_in(in, cpu0, a + PAGE, 8, &done), -EFAULT);
	ck_assert_uint_eq(done, 4);
	ck_assert_uint_eq(in[1], 2);
	ck_assert_uint_eq(in[3], 0);
	ck_assert_int_eq(fl_copy_in(in, cpu0, a, 0, &done), 0);
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(fl_copy_in(in, cpu0, a + 1, 1, &done), -EINVAL);
}
END_TEST

static void expect_signal(int signo, int code, fl_vaddr addr, bool write)
{
	struct fl_signal signal;

	fl_last_signal(&signal, cpu0);
	ck_assert_int_eq(signal.signo, signo);
	ck_assert_int_eq(signal.code, code);
	ck_assert_uint_eq(signal.addr, addr);
	ck_assert_int_eq(signal.write, write);
}

START_TEST(the_signal_says_what_was_wrong)
{
	uint64_t word;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	expect_signal(0, 0, 0, false);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * PAGE + 8, 1), -EFAULT);
	expect_signal(SIGSEGV, SEGV_ACCERR, a + 2 * PAGE + 8, true);
	ck_assert_int_eq(fl_load(&word, cpu0, a + 4 * PAGE), -EFAULT);
	expect_signal(SIGSEGV, SEGV_MAPERR, a + 4 * PAGE, false);
	ck_assert_int_eq(fl_load(&word, cpu0, a + 3 * PAGE), -EFAULT);
	expect_signal(SIGSEGV, SEGV_ACCERR, a + 3 * PAGE, false);
	ck_assert_int_eq(fl_store(cpu0, task_size(machine), 1), -EFAULT);
	expect_signal(SIGSEGV, SEGV_MAPERR, task_size(machine), true);
	ck_assert_int_eq(fl_load(&word, cpu0, a), 0);
	expect_signal(SIGSEGV, SEGV_MAPERR, task_size(machine), true);
	/* under the lock of the VMA as well: it has an anon_vma by now */
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a + 2 * PAGE, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * PAGE, 1), -EFAULT);
	expect_signal(SIGSEGV, SEGV_ACCERR, a + 2 * PAGE, true);
	/* what a debugger may not is nobody's signal */
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a + 4 * PAGE, 1), -EFAULT);
	expect_signal(SIGSEGV, SEGV_ACCERR, a + 2 * PAGE, true);
}
END_TEST

static void poke(struct fl_cpu *cpu, void *arg)
{
	if (fl_poke(cpu, fl_mm, a, 7))
		abort();
	atomic_store((atomic_int *)arg, 1);
}

START_TEST(a_debugger_waits_for_the_page_lock_when_it_has_written)
{
	atomic_int done = 0;
	struct page *page;
	struct call c;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	page = page_of(a);
	ck_assert(trylock_page(page));
	begin_on(&c, cpu1, poke, &done);
	while (load(cpu0, a) != 7)
		usleep(1000);
	usleep(20000);
	ck_assert_int_eq(atomic_load(&done), 0);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert(!test_bit(PG_dirty, &page->flags));
	unlock_page(page);
	end_on(&c);
	ck_assert(test_bit(PG_dirty, &page->flags) && !PageLocked(page));
	ck_assert_int_eq(page_count(page), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.access");
	TCase *tc = test_case("access");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, atomic_operations_return_what_was_there);
	tcase_add_test(tc, atomic_operations_need_write_permission_whatever_they_do);
	tcase_add_test(tc, atomic_operations_of_two_cpus_are_all_there);
	tcase_add_test(tc, words_are_copied_up_to_the_first_that_faults);
	tcase_add_test(tc, the_signal_says_what_was_wrong);
	tcase_add_test(tc, a_debugger_waits_for_the_page_lock_when_it_has_written);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
