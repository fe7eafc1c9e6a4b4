// SPDX-License-Identifier: MIT
/* bitops.c - atomic operations on single bits, native engine. */
#include <faultline/rt.h>

#include "threads.h"

START_TEST(each_bit_of_the_word_is_reached)
{
	unsigned long word = 0;

	ck_assert(!test_bit(_i, &word));
	set_bit(_i, &word);
	ck_assert(test_bit(_i, &word));
	ck_assert(word == 1UL << _i);
	clear_bit(_i, &word);
	ck_assert(word == 0);
}
END_TEST

START_TEST(test_and_returns_the_old_bit)
{
	unsigned long word = 1UL << 63;

	ck_assert(!test_and_set_bit(62, &word));
	ck_assert(test_and_set_bit(62, &word));
	ck_assert(word == 3UL << 62);
	ck_assert(test_and_clear_bit(63, &word));
	ck_assert(!test_and_clear_bit(63, &word));
	ck_assert(word == 1UL << 62);
}
END_TEST

START_TEST(other_bits_stay)
{
	unsigned long word = 0xf0;

	set_bit(0, &word);
	clear_bit(4, &word);
	ck_assert_uint_eq(word, 0xe1);
}
END_TEST

struct shared {
	unsigned long word;
	unsigned long inside; /* guarded by bit 40 of word */
};

#define ROUNDS 5000

static void own_bit_and_bit_lock(int nr, void *arg)
{
	struct shared *s = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		set_bit(nr, &s->word);
		ck_assert(test_bit(nr, &s->word)); /* nobody else touches it */
		while (test_and_set_bit(40, &s->word))
			cpu_relax();
		s->inside++;
		ck_assert(test_and_clear_bit(40, &s->word));
		clear_bit(nr, &s->word);
	}
}

START_TEST(bits_of_a_word_do_not_disturb_each_other)
{
	struct shared s = { 0 };

	threads_run(3, own_bit_and_bit_lock, &s);
	ck_assert_uint_eq(s.word, 0);
	ck_assert_uint_eq(s.inside, 3 * ROUNDS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.bitops");
	TCase *t = tcase_create("bitops");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, each_bit_of_the_word_is_reached, 0, 64);
	tcase_add_test(t, test_and_returns_the_old_bit);
	tcase_add_test(t, other_bits_stay);
	tcase_add_test(t, bits_of_a_word_do_not_disturb_each_other);
	suite_add_tcase(s, t);
	return run_suite(s);
}
