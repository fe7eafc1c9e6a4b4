// SPDX-License-Identifier: MIT
/* frame.c - tests lib/mmu/frame.c: who has which frame, and how many references. */
#include "../world.h"

START_TEST(frames_are_given_out_once_until_there_are_none)
{
	struct page *pages[16];
	uint64_t n = fl_machine_free_frames(machine);

	/*
	 * More than the CPU's own share: it gets those of the machine and of the other CPU as
	 * well.
	 */
	for (uint64_t i = 0; i < n; i++) {
		pages[i] = alloc_page(machine);
		ck_assert_ptr_nonnull(pages[i]);
		ck_assert_int_eq(page_count(pages[i]), 1);
		ck_assert_uint_ne(page_to_pfn(pages[i]), ZERO_PFN);
		for (uint64_t k = 0; k < i; k++)
			ck_assert_ptr_ne(pages[k], pages[i]);
	}
	ck_assert_ptr_null(alloc_page(machine));
	put_page(machine, pages[n - 1]);
	ck_assert_ptr_eq(alloc_page(machine), pages[n - 1]);
	for (uint64_t i = 0; i < n; i++)
		put_page(machine, pages[i]);
	ck_assert_uint_eq(fl_machine_free_frames(machine), n);
}
END_TEST

START_TEST(the_last_reference_frees_and_forgets_all_flags)
{
	struct page *page = alloc_page(machine);
	uint64_t n = fl_machine_free_frames(machine);

	SetPageAnonExclusive(page);
	page_ref_add(page, GUP_PIN_COUNTING_BIAS);
	ck_assert(page_maybe_dma_pinned(page));
	put_page(machine, page);
	ck_assert_uint_eq(fl_machine_free_frames(machine), n);
	ck_assert(PageAnonExclusive(page));
	put_page_refs(machine, page, GUP_PIN_COUNTING_BIAS);
	ck_assert_uint_eq(fl_machine_free_frames(machine), n + 1);
	ck_assert(!PageAnonExclusive(page));
}
END_TEST

START_TEST(a_free_frame_can_not_be_referenced)
{
	struct page *page = alloc_page(machine);

	ck_assert(page_ref_try_add(page, 1));
	ck_assert_int_eq(page_count(page), 2);
	put_page_refs(machine, page, 2);
	ck_assert(!page_ref_try_add(page, 1));
	ck_assert_int_eq(page_count(page), 0);
}
END_TEST

START_TEST(pinned_is_what_has_1024_references)
{
	struct page *page = alloc_page(machine);

	page_ref_add(page, 1022);
	ck_assert(!page_maybe_dma_pinned(page));
	page_ref_add(page, 1);
	ck_assert(page_maybe_dma_pinned(page));
	put_page_refs(machine, page, 1024);
}
END_TEST

START_TEST(contents_are_copied_and_cleared_by_word)
{
	struct page *a = alloc_page(machine), *b = alloc_page(machine);
	uint64_t *from = frame_words(machine, page_to_pfn(a)),
		 *to = frame_words(machine, page_to_pfn(b));

	from[0] = 1;
	from[1] = 2;
	copy_frame(machine, page_to_pfn(b), page_to_pfn(a));
	ck_assert_uint_eq(to[0], 1);
	ck_assert_uint_eq(to[1], 2);
	clear_frame(machine, page_to_pfn(a));
	ck_assert_uint_eq(from[0] | from[1], 0);
	ck_assert_uint_eq(to[1], 2);
	put_page(machine, a);
	put_page(machine, b);
}
END_TEST

START_TEST(only_one_has_the_page_lock)
{
	struct page *page = alloc_page(machine);

	ck_assert(trylock_page(page));
	ck_assert(!trylock_page(page));
	unlock_page(page);
	ck_assert(trylock_page(page));
	unlock_page(page);
	put_page(machine, page);
}
END_TEST

struct many {
	struct page *got[400];
	int n;
};

static void take_and_give(struct fl_cpu *cpu, void *arg)
{
	struct many *m = arg;

	for (int round = 0; round < 200; round++) {
		m->n = 0;
		while (m->n < 400 && (m->got[m->n] = alloc_page(machine)))
			m->n++;
		for (int i = 0; i < m->n; i++) {
			/* Nobody else has it. */
			if (atomic_fetch_add(1, &m->got[i]->_mapcount) != -1)
				abort();
			atomic_dec(&m->got[i]->_mapcount);
		}
		while (m->n > 0)
			put_page(machine, m->got[--m->n]);
	}
}

START_TEST(two_cpus_never_get_the_same_frame)
{
	struct many here, there;
	struct call call;

	begin_on(&call, cpu1, take_and_give, &there);
	take_and_give(cpu0, &here);
	end_on(&call);
}
END_TEST

static void small(void)
{
	make_world("6.1", NULL);
}

static void large(void)
{
	/* Fewer frames than both want together, more than a CPU starts with. */
	struct fl_machine_config config = { .cpus = 2, .frames = 500 };

	make_world_with(&config, "6.1", NULL);
}

int main(void)
{
	Suite *suite = suite_create("mmu.frame");
	TCase *tc = test_case("frame"), *many = test_case("many");

	tcase_add_checked_fixture(tc, small, end_world);
	tcase_add_test(tc, frames_are_given_out_once_until_there_are_none);
	tcase_add_test(tc, the_last_reference_frees_and_forgets_all_flags);
	tcase_add_test(tc, a_free_frame_can_not_be_referenced);
	tcase_add_test(tc, pinned_is_what_has_1024_references);
	tcase_add_test(tc, contents_are_copied_and_cleared_by_word);
	tcase_add_test(tc, only_one_has_the_page_lock);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(many, large, end_world);
	tcase_add_test(many, two_cpus_never_get_the_same_frame);
	suite_add_tcase(suite, many);
	return run_suite(suite);
}
