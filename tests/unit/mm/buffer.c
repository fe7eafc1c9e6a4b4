// SPDX-License-Identifier: MIT
/* buffer.c - tests lib/mm/buffer.c: a range, pinned as a whole, and what the device sees. */
#include "../world.h"

#include <errno.h>

static fl_vaddr a;

static void set_up(void)
{
	make_world("6.12", NULL);
	a = map(3, FL_READ | FL_WRITE);
}

START_TEST(device_and_program_see_the_same_memory)
{
	struct fl_buffer *buffer;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_buffer_register(&buffer, cpu0, a, 3), 0);
	ck_assert_uint_eq(fl_buffer_load(buffer, 0, 0), 4);
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert(page_maybe_dma_pinned(page_of(a + i * PAGE)));
		fl_buffer_store(buffer, i, 1, 7 + i);
		ck_assert_uint_eq(load(cpu1, a + i * PAGE + 8), 7 + i);
		ck_assert_int_eq(fl_store(cpu1, a + i * PAGE, 70 + i), 0);
		ck_assert_uint_eq(fl_buffer_load(buffer, i, 0), 70 + i);
	}
	/* out of range */
	ck_assert_uint_eq(fl_buffer_load(buffer, 3, 0), 0);
	ck_assert_uint_eq(fl_buffer_load(buffer, 0, 2), 0);
	fl_buffer_store(buffer, 3, 0, 1);
	fl_buffer_unregister(cpu1, buffer);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_eq(page_count(page_of(a + i * PAGE)), 1);
}
END_TEST

START_TEST(it_survives_a_fork_and_the_end_of_the_mapping)
{
	struct fl_buffer *buffer;
	struct fl_mm *child;

	ck_assert_int_eq(fl_buffer_register(&buffer, cpu0, a, 3), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	ck_assert_uint_eq(fl_buffer_load(buffer, 0, 0), 5);
	fl_mm_destroy(child);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 3), 0);
	ck_assert_uint_eq(fl_buffer_load(buffer, 0, 0), 5);
	fl_buffer_unregister(cpu0, buffer);
}
END_TEST

START_TEST(all_of_it_or_nothing)
{
	fl_vaddr ro = map(1, FL_READ);
	struct fl_buffer *buffer;

	ck_assert_uint_eq(ro, a + 3 * PAGE);
	ck_assert_int_eq(fl_buffer_register(&buffer, cpu0, a, 4), -EFAULT);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_eq(page_count(page_of(a + i * PAGE)), 1);
	ck_assert_int_eq(fl_buffer_register(&buffer, cpu0, a, 0), -EINVAL);
	ck_assert_int_eq(fl_buffer_register(&buffer, cpu0, a + 8, 1), -EINVAL);
	ck_assert_int_eq(fl_buffer_register(&buffer, cpu0, a, SIZE_MAX), -EFAULT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.buffer");
	TCase *tc = test_case("buffer");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, device_and_program_see_the_same_memory);
	tcase_add_test(tc, it_survives_a_fork_and_the_end_of_the_mapping);
	tcase_add_test(tc, all_of_it_or_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
