// SPDX-License-Identifier: MIT
/* pipe.c - tests lib/mm/pipe.c: references in pipes, their order, and their end. */
#include "../world.h"

#include <errno.h>

static fl_vaddr a;
static struct fl_pipe *pipe_a;

static void set_up(void)
{
	make_world("6.12", NULL);
	a = map(4, FL_READ | FL_WRITE);
	for (unsigned int i = 0; i < 4; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, i), 0);
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE + 8, 10 * i), 0);
	}
	ck_assert_int_eq(fl_pipe_create(&pipe_a, machine, 3), 0);
}

static void tear_down(void)
{
	fl_pipe_close(pipe_a);
	end_world();
}

START_TEST(pages_come_out_in_the_order_they_went_in)
{
	uint64_t words[2], word;

	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a, 2), 2);
	ck_assert_int_eq(page_count(page_of(a)), 2);
	ck_assert(!page_maybe_dma_pinned(page_of(a)));
	ck_assert_int_eq(fl_pipe_peek(&word, pipe_a, 1), 0);
	ck_assert_uint_eq(word, 0);
	ck_assert_int_eq(fl_pipe_peek(&word, pipe_a, 2), -EINVAL);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert_int_eq(fl_pipe_read(words, pipe_a), 0);
		ck_assert_uint_eq(words[0], i);
		ck_assert_uint_eq(words[1], 10 * i);
		ck_assert_int_eq(page_count(page_of(a + i * PAGE)), 1);
	}
	ck_assert_int_eq(fl_pipe_read(words, pipe_a), -EAGAIN);
	ck_assert_int_eq(fl_pipe_peek(&word, pipe_a, 0), -EAGAIN);
}
END_TEST

START_TEST(a_full_pipe_takes_no_more)
{
	uint64_t words[2];

	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a, 4), 3);
	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a + 3 * PAGE, 1), -EAGAIN);
	ck_assert_int_eq(page_count(page_of(a + 3 * PAGE)), 1);
	/* round the end of the ring */
	ck_assert_int_eq(fl_pipe_read(words, pipe_a), 0);
	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a + 3 * PAGE, 1), 1);
	for (unsigned int i = 1; i < 4; i++) {
		ck_assert_int_eq(fl_pipe_read(words, pipe_a), 0);
		ck_assert_uint_eq(words[0], i);
	}
}
END_TEST

START_TEST(what_can_not_be_had_is_an_error)
{
	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a + 3 * PAGE, 2), 1);
	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a + 4 * PAGE, 1), -EFAULT);
	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a + 8, 1), -EINVAL);
}
END_TEST

START_TEST(a_page_that_is_not_there_is_the_zero_page)
{
	fl_vaddr b = map(1, FL_READ);
	uint64_t words[2] = { 1, 1 };

	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, b, 1), 1);
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 2);
	ck_assert_int_eq(fl_pipe_read(words, pipe_a), 0);
	ck_assert_uint_eq(words[0] | words[1], 0);
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 1);
}
END_TEST

START_TEST(a_pipe_keeps_a_page_that_is_unmapped)
{
	uint64_t words[2];

	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a + PAGE, 1), 1);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 4), 0);
	ck_assert_int_eq(fl_pipe_read(words, pipe_a), 0);
	ck_assert_uint_eq(words[1], 10);
	ck_assert_uint_eq(fl_machine_free_frames(machine), machine->nr_frames - 1);
}
END_TEST

START_TEST(tee_duplicates_the_oldest)
{
	struct fl_pipe *b;
	uint64_t words[2];

	ck_assert_int_eq(fl_pipe_create(&b, machine, 2), 0);
	ck_assert_int_eq(fl_tee(pipe_a, b, 1), -EAGAIN);
	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a + PAGE, 3), 3);
	ck_assert_int_eq(fl_tee(pipe_a, b, 5), 2);
	ck_assert_int_eq(fl_tee(pipe_a, b, 1), -EAGAIN);
	ck_assert_int_eq(fl_tee(b, b, 1), -EINVAL);
	ck_assert_int_eq(page_count(page_of(a + PAGE)), 3);
	ck_assert_int_eq(page_count(page_of(a + 3 * PAGE)), 2);
	ck_assert_int_eq(fl_pipe_read(words, b), 0);
	ck_assert_uint_eq(words[0], 1);
	ck_assert_int_eq(fl_pipe_read(words, pipe_a), 0);
	ck_assert_uint_eq(words[0], 1);
	fl_pipe_close(b); /* with a page in it */
	ck_assert_int_eq(page_count(page_of(a + 2 * PAGE)), 2);
}
END_TEST

START_TEST(a_pipe_has_sixteen_slots_unless_told)
{
	fl_vaddr b = map(8, FL_READ);
	struct fl_pipe *p;

	ck_assert_int_eq(fl_pipe_create(&p, machine, 0), 0);
	ck_assert_int_eq(fl_vmsplice(cpu0, p, b, 8), 8);
	ck_assert_int_eq(fl_vmsplice(cpu0, p, b, 7), 7);
	ck_assert_int_eq(fl_vmsplice(cpu0, p, b, 8), 1);
	ck_assert_int_eq(fl_vmsplice(cpu0, p, b, 8), -EAGAIN);
	fl_pipe_close(p);
	fl_pipe_close(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.pipe");
	TCase *tc = test_case("pipe");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, pages_come_out_in_the_order_they_went_in);
	tcase_add_test(tc, a_full_pipe_takes_no_more);
	tcase_add_test(tc, what_can_not_be_had_is_an_error);
	tcase_add_test(tc, a_page_that_is_not_there_is_the_zero_page);
	tcase_add_test(tc, a_pipe_keeps_a_page_that_is_unmapped);
	tcase_add_test(tc, tee_duplicates_the_oldest);
	tcase_add_test(tc, a_pipe_has_sixteen_slots_unless_told);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
