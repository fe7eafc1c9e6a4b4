// SPDX-License-Identifier: MIT
/* refcount.c - reference counts, native engine. */
#include <faultline/rt.h>

#include "threads.h"

START_TEST(the_last_put_is_told)
{
	refcount_t r = REFCOUNT_INIT(1);

	refcount_inc(&r);
	refcount_add(2, &r);
	ck_assert_uint_eq(refcount_read(&r), 4);
	ck_assert(!refcount_dec_and_test(&r));
	ck_assert(!refcount_sub_and_test(2, &r));
	refcount_inc(&r);
	refcount_dec(&r);
	ck_assert(refcount_dec_and_test(&r));
	ck_assert_uint_eq(refcount_read(&r), 0);
}
END_TEST

START_TEST(a_dead_object_is_not_revived)
{
	refcount_t r;

	refcount_set(&r, 0);
	ck_assert(!refcount_inc_not_zero(&r));
	ck_assert(!refcount_inc_not_zero_acquire(&r));
	ck_assert_uint_eq(refcount_read(&r), 0);
	refcount_set_release(&r, 1);
	ck_assert(refcount_inc_not_zero(&r));
	ck_assert(refcount_inc_not_zero_acquire(&r));
	ck_assert_uint_eq(refcount_read(&r), 3);
}
END_TEST

struct object {
	refcount_t refs;
	int users; /* plain: each user of the object counts itself under the reference */
	int value[4];
	atomic_t freed;
};

#define ROUNDS 3000

static void get_use_put(int nr, void *arg)
{
	struct object *o = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (!refcount_inc_not_zero_acquire(&o->refs))
			break;
		o->value[nr]++;
		if (refcount_dec_and_test(&o->refs))
			atomic_inc(&o->freed);
	}
	if (refcount_dec_and_test(&o->refs)) {
		/* Everybody's plain stores come before: dec is a release, the last an acquire. */
		for (i = 0; i < 4; i++)
			o->users += o->value[i];
		atomic_inc(&o->freed);
	}
}

START_TEST(one_thread_is_last_and_sees_all)
{
	struct object o = { .refs = REFCOUNT_INIT(4) };

	threads_run(4, get_use_put, &o);
	ck_assert_int_eq(atomic_read(&o.freed), 1);
	ck_assert_int_eq(o.users, 4 * ROUNDS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.refcount");
	TCase *t = tcase_create("refcount");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, the_last_put_is_told);
	tcase_add_test(t, a_dead_object_is_not_revived);
	tcase_add_test(t, one_thread_is_last_and_sees_all);
	suite_add_tcase(s, t);
	return run_suite(s);
}
