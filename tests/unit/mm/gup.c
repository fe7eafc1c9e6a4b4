// SPDX-License-Identifier: MIT
/* gup.c - tests lib/mm/gup.c: which page is pinned, by which way, and what that does to it. */
#include "../world.h"

#include <errno.h>

static long pin(fl_vaddr addr, unsigned int flags, struct fl_pin *out)
{
	return fl_pin_user_pages_fast(cpu0, addr, 1, flags, out);
}

START_TEST(an_exclusive_page_is_pinned_without_a_lock)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	/* Nobody could take mmap_lock for reading now. */
	mmap_write_lock(mm);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 1);
	mmap_write_unlock(mm);
	ck_assert_uint_eq(p.pfn, pte_pfn(entry_of(a)));
	ck_assert(page_maybe_dma_pinned(page_of(a)));
	ck_assert_int_eq(page_count(page_of(a)), 1 + GUP_PIN_COUNTING_BIAS);
	ck_assert(test_bit(MMF_HAS_PINNED, &mm->flags));
	/* What the program stores the device reads, and the other way round. */
	ck_assert_uint_eq(fl_pin_load(&p, 0), 4);
	fl_pin_store(&p, 1, 6);
	ck_assert_uint_eq(load(cpu1, a + 8), 6);
	ck_assert_uint_eq(fl_pin_load(&p, 2), 0);
	fl_unpin(cpu1, &p);
	ck_assert_int_eq(page_count(page_of(a)), 1);
	ck_assert(!irqs_disabled());
}
END_TEST

START_TEST(a_page_that_is_not_there_is_faulted_in)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);
	struct fl_pin p, q;

	ck_assert_int_eq(pin(a, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &p), 0);
	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), 1);
	ck_assert(pte_write(entry_of(a)) && PageAnonExclusive(page_of(a)));
	ck_assert_uint_eq(p.pfn, pte_pfn(entry_of(a)));
	/* To be read only: the zero page, which nobody counts. */
	ck_assert_int_eq(pin(a + PAGE, 0, &q), 1);
	ck_assert_uint_eq(q.pfn, ZERO_PFN);
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 1);
	fl_unpin(cpu0, &q);
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 1);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_read_pin_of_a_page_that_may_be_shared_unshares_it)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *old;
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 0);
	/* the failed attempt left nothing behind */
	ck_assert_int_eq(page_count(page_of(a)), 1);
	/* somebody has it: the pin gets a copy */
	old = page_of(a);
	page_ref_add(old, 1);
	ck_assert_int_eq(pin(a, 0, &p), 1);
	ck_assert_ptr_ne(page_of(a), old);
	ck_assert_uint_eq(p.pfn, pte_pfn(entry_of(a)));
	ck_assert(PageAnonExclusive(page_of(a)) && !pte_write(entry_of(a)));
	ck_assert_uint_eq(fl_pin_load(&p, 0), 4);
	/* and stays with the program's page when that is written to */
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	ck_assert_uint_eq(fl_pin_load(&p, 0), 5);
	put_page(machine, old);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_read_pin_of_the_only_reference_makes_it_exclusive)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	page = page_of(a);
	ck_assert_int_eq(pin(a, 0, &p), 1);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(PageAnonExclusive(page));
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_write_pin_needs_a_writable_entry)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE), ro = map(1, FL_READ);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_int_eq(pin(a, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &p), 0);
	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), 1);
	ck_assert(pte_write(entry_of(a)));
	fl_unpin(cpu0, &p);
	ck_assert_int_eq(pin(ro, FL_GUP_WRITE, &p), -EFAULT);
	/* not even a page that a debugger left there */
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, ro, 1), 0);
	ck_assert_int_eq(pin(ro, FL_GUP_WRITE, &p), -EFAULT);
	ck_assert_int_eq(pin(ro, FL_GUP_FAST_ONLY, &p), 1);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(several_pages_are_pinned_as_far_as_they_go)
{
	fl_vaddr a = map(4, FL_READ | FL_WRITE);
	struct fl_pin p[6];

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 4, FL_GUP_FAST_ONLY, p), 2);
	fl_unpin(cpu0, &p[0]);
	fl_unpin(cpu0, &p[1]);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 6, FL_GUP_WRITE, p), 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(p[i].pfn, pte_pfn(entry_of(a + i * PAGE)));
		fl_unpin(cpu0, &p[i]);
	}
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a + 4 * PAGE, 1, 0, p), -EFAULT);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	struct fl_pin p;

	ck_assert_int_eq(pin(PAGE + 8, 0, &p), -EINVAL);
	ck_assert_int_eq(pin(PAGE, 64, &p), -EINVAL);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, PAGE, 0, 0, &p), -EINVAL);
	ck_assert_int_eq(pin(task_size(machine), 0, &p), -EFAULT);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, PAGE, SIZE_MAX, 0, &p), -EFAULT);
}
END_TEST

START_TEST(out_of_frames_is_an_error)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *taken[16];
	struct fl_pin p;
	int n = 0;

	while ((taken[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), -ENOMEM);
	while (n > 0)
		put_page(machine, taken[--n]);
}
END_TEST

START_TEST(fast_gives_up_while_fork_write_protects)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	raw_write_seqcount_begin(&mm->write_protect_seq);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 0);
	raw_write_seqcount_end(&mm->write_protect_seq);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 1);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_pin_outlives_the_mapping)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	uint64_t frames = fl_machine_free_frames(machine);
	struct fl_pin p;

	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), 1);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	fl_pin_store(&p, 0, 77);
	ck_assert_uint_eq(fl_pin_load(&p, 0), 77);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	fl_unpin(cpu0, &p);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

/* --- against unmapping --- */

struct race {
	fl_vaddr a;
	int stop;
};

static void pin_and_unpin(struct fl_cpu *cpu, void *arg)
{
	struct race *r = arg;
	struct fl_pin p;

	while (!READ_ONCE(r->stop)) {
		if (fl_pin_user_pages_fast(cpu, r->a, 1, FL_GUP_WRITE, &p) == 1) {
			fl_pin_store(&p, 0, 1);
			fl_unpin(cpu, &p);
		}
	}
}

START_TEST(pinning_while_the_page_comes_and_goes)
{
	struct race r = { .a = map(1, FL_READ | FL_WRITE) };
	struct call call;

	begin_on(&call, cpu1, pin_and_unpin, &r);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(fl_store(cpu0, r.a, i), 0);
		ck_assert_int_eq(fl_munmap(fl_mm, r.a, 1), 0);
		ck_assert_uint_eq(map(1, FL_READ | FL_WRITE), r.a);
	}
	WRITE_ONCE(r.stop, 1);
	end_on(&call);
	/* end_world() counts the frames. */
}
END_TEST

static void linux_6_0(void)
{
	make_world("6.0", NULL);
}

static void linux_6_5(void)
{
	make_world("6.5", NULL);
}

static void ipi(void)
{
	make_world("6.1", "tlb_flush=ipi");
}

int main(void)
{
	static void (*const fixtures[])(void) = { linux_6_0, linux_6_5, ipi };
	static const char *const names[] = { "6.0", "6.5", "ipi" };
	Suite *suite = suite_create("mm.gup");

	for (int i = 0; i < 3; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, an_exclusive_page_is_pinned_without_a_lock);
		tcase_add_test(tc, a_page_that_is_not_there_is_faulted_in);
		tcase_add_test(tc, a_read_pin_of_a_page_that_may_be_shared_unshares_it);
		tcase_add_test(tc, a_read_pin_of_the_only_reference_makes_it_exclusive);
		tcase_add_test(tc, a_write_pin_needs_a_writable_entry);
		tcase_add_test(tc, several_pages_are_pinned_as_far_as_they_go);
		tcase_add_test(tc, nonsense_is_refused);
		tcase_add_test(tc, out_of_frames_is_an_error);
		tcase_add_test(tc, fast_gives_up_while_fork_write_protects);
		tcase_add_test(tc, a_pin_outlives_the_mapping);
		tcase_add_test(tc, pinning_while_the_page_comes_and_goes);
		suite_add_tcase(suite, tc);
	}
	return run_suite(suite);
}
