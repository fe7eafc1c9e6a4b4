// SPDX-License-Identifier: MIT
/*
 * atomic.c - what the atomic operations return and leave behind, native engine.
 *
 * Covers access.h and atomic.h: every family with each of its return conventions, every width, words
 * in a struct. Orders are not seen by a test that runs on one machine: the check engine's litmus
 * tests have them.
 */
#include <sched.h>

#include <faultline/rt.h>

#include "threads.h"

typedef struct {
	unsigned long pte;
} pte_t;

START_TEST(loads_and_stores_take_every_width)
{
	uint8_t b = 0;
	int16_t h = 0;
	unsigned int w = 0;
	unsigned long l = 0;
	bool t = false;
	const char *p = NULL, *text = "x";

	WRITE_ONCE(b, 0xfe);
	WRITE_ONCE(h, -2);
	WRITE_ONCE(w, 0xfffffffe);
	WRITE_ONCE(l, ~1UL);
	WRITE_ONCE(t, true);
	smp_store_release(&p, text);
	ck_assert_int_eq(READ_ONCE(b), 0xfe);
	ck_assert_int_eq(READ_ONCE(h), -2);
	ck_assert_uint_eq(READ_ONCE(w), 0xfffffffe);
	ck_assert(READ_ONCE(l) == ~1UL);
	ck_assert(READ_ONCE(t));
	ck_assert_ptr_eq(smp_load_acquire(&p), text);
	smp_store_mb(l, 5);
	ck_assert_uint_eq(l, 5);
}
END_TEST

START_TEST(a_load_has_the_type_of_its_variable_without_qualifiers)
{
	const volatile unsigned char c = 200;
	__typeof__(READ_ONCE(c)) copy = READ_ONCE(c);

	copy += 100; /* not const, and still a byte */
	ck_assert_uint_eq(sizeof(READ_ONCE(c)), 1);
	ck_assert_uint_eq(copy, 44);
}
END_TEST

START_TEST(operands_are_evaluated_once)
{
	int a[2] = { 1, 10 }, *p = a, n = 5;

	ck_assert_int_eq(READ_ONCE(*p++), 1);
	ck_assert_ptr_eq(p, a + 1);
	WRITE_ONCE(*p--, n++);
	ck_assert_int_eq(a[1], 5);
	ck_assert_int_eq(xchg(p++, n++), 1);
	ck_assert_int_eq(a[0], 6);
	ck_assert_int_eq(cmpxchg(p--, 5, n++), 5);
	ck_assert_int_eq(a[1], 7);
	ck_assert_ptr_eq(p, a);
	ck_assert_int_eq(n, 8);
}
END_TEST

START_TEST(marked_accesses_nest)
{
	struct node {
		struct node *next;
		int v;
	} b = { NULL, 2 }, a = { &b, 1 }, *head = &a;

	ck_assert_int_eq(READ_ONCE(READ_ONCE(READ_ONCE(head)->next)->v), 2);
	WRITE_ONCE(READ_ONCE(head)->v, READ_ONCE(b.v) + READ_ONCE(a.v));
	ck_assert_int_eq(a.v, 3);
	ck_assert_int_eq(xchg(&a.v, xchg(&b.v, 7)), 3);
	ck_assert_int_eq(a.v, 2);
	rcu_assign_pointer(head, rcu_dereference(a.next));
	ck_assert_ptr_eq(head, &b);
}
END_TEST

START_TEST(words_in_a_struct_are_words)
{
	pte_t pte = { 1 }, old;

	old = xchg(&pte, ((pte_t){ 2 }));
	ck_assert_uint_eq(old.pte, 1);
	ck_assert_uint_eq(READ_ONCE(pte).pte, 2);

	old = cmpxchg(&pte, ((pte_t){ 1 }), ((pte_t){ 9 }));
	ck_assert_uint_eq(old.pte, 2);
	ck_assert_uint_eq(pte.pte, 2);

	old = cmpxchg(&pte, old, ((pte_t){ 3 }));
	ck_assert_uint_eq(old.pte, 2);
	ck_assert_uint_eq(pte.pte, 3);

	WRITE_ONCE(pte, old);
	ck_assert_uint_eq(smp_load_acquire(&pte).pte, 2);
	set_bit(4, &pte.pte);
	ck_assert_uint_eq(pte.pte, 18);
}
END_TEST

START_TEST(xchg_returns_the_old_value)
{
	int x = 1;
	uint8_t b = 0x11;

	ck_assert_int_eq(xchg(&x, 2), 1);
	ck_assert_int_eq(xchg_acquire(&x, 3), 2);
	ck_assert_int_eq(xchg_release(&x, 4), 3);
	ck_assert_int_eq(xchg_relaxed(&x, 5), 4);
	ck_assert_int_eq(x, 5);
	ck_assert_int_eq(xchg(&b, 0x22), 0x11);
	ck_assert_int_eq(b, 0x22);
}
END_TEST

#define CHECK_CMPXCHG(suffix)                                                                      \
	do {                                                                                       \
		long x = 1, want;                                                                  \
                                                                                                   \
		ck_assert_int_eq(cmpxchg##suffix(&x, 2, 3), 1); /* fails: what is there */         \
		ck_assert_int_eq(x, 1);                                                            \
		ck_assert_int_eq(cmpxchg##suffix(&x, 1, 3), 1); /* succeeds: what was there */     \
		ck_assert_int_eq(x, 3);                                                            \
		want = 7;                                                                          \
		ck_assert(!try_cmpxchg##suffix(&x, &want, 8));                                     \
		ck_assert_int_eq(want, 3);                                                         \
		ck_assert_int_eq(x, 3);                                                            \
		ck_assert(try_cmpxchg##suffix(&x, &want, 8));                                      \
		ck_assert_int_eq(want, 3);                                                         \
		ck_assert_int_eq(x, 8);                                                            \
	} while (0)

START_TEST(cmpxchg_returns_the_old_value_and_try_cmpxchg_whether)
{
	CHECK_CMPXCHG();
	CHECK_CMPXCHG(_acquire);
	CHECK_CMPXCHG(_release);
	CHECK_CMPXCHG(_relaxed);
}
END_TEST

/* prefix##_op for atomic_t and atomic_long_t; T the counter's type. */
#define CHECK_VOID(T, prefix)                                                                      \
	do {                                                                                       \
		prefix##_t v = { 0 };                                                              \
                                                                                                   \
		prefix##_set(&v, 5);                                                               \
		ck_assert_int_eq(prefix##_read(&v), 5);                                            \
		prefix##_set_release(&v, 6);                                                       \
		ck_assert_int_eq(prefix##_read_acquire(&v), 6);                                    \
		prefix##_add(4, &v);                                                               \
		ck_assert_int_eq(v.counter, 10);                                                   \
		prefix##_sub(3, &v);                                                               \
		ck_assert_int_eq(v.counter, 7);                                                    \
		prefix##_inc(&v);                                                                  \
		ck_assert_int_eq(v.counter, 8);                                                    \
		prefix##_dec(&v);                                                                  \
		ck_assert_int_eq(v.counter, 7);                                                    \
		prefix##_and(6, &v);                                                               \
		ck_assert_int_eq(v.counter, 6);                                                    \
		prefix##_or(9, &v);                                                                \
		ck_assert_int_eq(v.counter, 15);                                                   \
		prefix##_xor(5, &v);                                                               \
		ck_assert_int_eq(v.counter, 10);                                                   \
		prefix##_andnot(2, &v);                                                            \
		ck_assert_int_eq(v.counter, 8);                                                    \
	} while (0)

START_TEST(void_operations_change_the_counter)
{
	CHECK_VOID(int, atomic);
	CHECK_VOID(long, atomic_long);
}
END_TEST

#define CHECK_VALUES(prefix, order)                                                                \
	do {                                                                                       \
		prefix##_t v = { 10 };                                                             \
                                                                                                   \
		/* _return: the new value */                                                       \
		ck_assert_int_eq(prefix##_add_return##order(5, &v), 15);                           \
		ck_assert_int_eq(prefix##_sub_return##order(4, &v), 11);                           \
		ck_assert_int_eq(prefix##_inc_return##order(&v), 12);                              \
		ck_assert_int_eq(prefix##_dec_return##order(&v), 11);                              \
		/* fetch_: the old value */                                                        \
		ck_assert_int_eq(prefix##_fetch_add##order(5, &v), 11);                            \
		ck_assert_int_eq(prefix##_fetch_sub##order(4, &v), 16);                            \
		ck_assert_int_eq(prefix##_fetch_inc##order(&v), 12);                               \
		ck_assert_int_eq(prefix##_fetch_dec##order(&v), 13);                               \
		ck_assert_int_eq(prefix##_fetch_and##order(6, &v), 12);                            \
		ck_assert_int_eq(prefix##_fetch_or##order(3, &v), 4);                              \
		ck_assert_int_eq(prefix##_fetch_xor##order(5, &v), 7);                             \
		ck_assert_int_eq(prefix##_fetch_andnot##order(2, &v), 2);                          \
		ck_assert_int_eq(prefix##_xchg##order(&v, 20), 0);                                 \
		ck_assert_int_eq(prefix##_cmpxchg##order(&v, 19, 21), 20);                         \
		ck_assert_int_eq(prefix##_cmpxchg##order(&v, 20, 21), 20);                         \
		ck_assert_int_eq(v.counter, 21);                                                   \
	} while (0)

START_TEST(return_gives_the_new_value_and_fetch_the_old_one)
{
	CHECK_VALUES(atomic, );
	CHECK_VALUES(atomic, _acquire);
	CHECK_VALUES(atomic, _release);
	CHECK_VALUES(atomic, _relaxed);
	CHECK_VALUES(atomic_long, );
	CHECK_VALUES(atomic_long, _acquire);
	CHECK_VALUES(atomic_long, _release);
	CHECK_VALUES(atomic_long, _relaxed);
}
END_TEST

START_TEST(atomic_try_cmpxchg_hands_back_what_it_found)
{
	atomic_t v = ATOMIC_INIT(3);
	atomic_long_t l = ATOMIC_LONG_INIT(3);
	int want = 2;
	long lwant = 2;

	ck_assert(!atomic_try_cmpxchg(&v, &want, 9));
	ck_assert_int_eq(want, 3);
	ck_assert(atomic_try_cmpxchg_acquire(&v, &want, 9));
	ck_assert_int_eq(atomic_read(&v), 9);
	ck_assert(!atomic_long_try_cmpxchg_release(&l, &lwant, 9));
	ck_assert_int_eq(lwant, 3);
	ck_assert(atomic_long_try_cmpxchg_relaxed(&l, &lwant, 9));
	ck_assert_int_eq(atomic_long_read(&l), 9);
}
END_TEST

#define CHECK_CONDITIONAL(prefix)                                                                  \
	do {                                                                                       \
		prefix##_t v = { 2 };                                                              \
                                                                                                   \
		ck_assert_int_eq(prefix##_fetch_add_unless(&v, 5, 2), 2); /* held back */          \
		ck_assert_int_eq(v.counter, 2);                                                    \
		ck_assert_int_eq(prefix##_fetch_add_unless(&v, 5, 3), 2);                          \
		ck_assert_int_eq(v.counter, 7);                                                    \
		ck_assert(!prefix##_add_unless(&v, 1, 7));                                         \
		ck_assert_int_eq(v.counter, 7);                                                    \
		ck_assert(prefix##_add_unless(&v, -7, 8));                                         \
		ck_assert_int_eq(v.counter, 0);                                                    \
		ck_assert(!prefix##_inc_not_zero(&v));                                             \
		ck_assert_int_eq(v.counter, 0);                                                    \
		prefix##_set(&v, 1);                                                               \
		ck_assert(prefix##_inc_not_zero(&v));                                              \
		ck_assert_int_eq(v.counter, 2);                                                    \
		/* _and_test: whether the result is 0 */                                           \
		ck_assert(!prefix##_dec_and_test(&v));                                             \
		ck_assert(prefix##_dec_and_test(&v));                                              \
		ck_assert(!prefix##_dec_and_test(&v));                                             \
		ck_assert_int_eq(v.counter, -1);                                                   \
		ck_assert(prefix##_inc_and_test(&v));                                              \
		ck_assert(!prefix##_inc_and_test(&v));                                             \
		ck_assert_int_eq(v.counter, 1);                                                    \
		ck_assert(!prefix##_sub_and_test(2, &v));                                          \
		ck_assert(prefix##_sub_and_test(-1, &v));                                          \
		ck_assert(!prefix##_add_negative(0, &v));                                          \
		ck_assert(prefix##_add_negative(-1, &v));                                          \
		ck_assert(!prefix##_add_negative(1, &v));                                          \
	} while (0)

START_TEST(conditional_operations_say_whether)
{
	CHECK_CONDITIONAL(atomic);
	CHECK_CONDITIONAL(atomic_long);
}
END_TEST

START_TEST(counters_wrap)
{
	atomic_t v = ATOMIC_INIT(INT32_MAX);

	atomic_inc(&v);
	ck_assert_int_eq(atomic_read(&v), INT32_MIN);
	ck_assert_int_eq(atomic_fetch_sub(1, &v), INT32_MIN);
	ck_assert_int_eq(atomic_read(&v), INT32_MAX);
}
END_TEST

#define ROUNDS 20000

struct shared {
	atomic_t added, by_cmpxchg, bounded;
	atomic_long_t xored;
	pte_t by_struct;
	atomic_t below;
};

static void hammer(int nr, void *arg)
{
	struct shared *s = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		int old = atomic_read(&s->by_cmpxchg);
		pte_t pte = READ_ONCE(s->by_struct), found;

		atomic_add(nr + 1, &s->added);
		do {
		} while (!atomic_try_cmpxchg(&s->by_cmpxchg, &old, old + 1));
		while ((found = cmpxchg(&s->by_struct, pte, ((pte_t){ pte.pte + 1 }))).pte !=
		       pte.pte)
			pte = found;
		atomic_long_xor(1L << nr, &s->xored);
		if (atomic_add_unless(&s->bounded, 1, 1000))
			atomic_inc(&s->below);
	}
}

START_TEST(nothing_is_lost_among_threads)
{
	struct shared s = { .bounded = ATOMIC_INIT(0) };

	threads_run(4, hammer, &s);
	ck_assert_int_eq(atomic_read(&s.added), ROUNDS * (1 + 2 + 3 + 4));
	ck_assert_int_eq(atomic_read(&s.by_cmpxchg), 4 * ROUNDS);
	ck_assert_uint_eq(s.by_struct.pte, 4 * ROUNDS);
	ck_assert_int_eq(atomic_long_read(&s.xored), 0);
	ck_assert_int_eq(atomic_read(&s.bounded), 1000);
	ck_assert_int_eq(atomic_read(&s.below), 1000);
}
END_TEST

/*
 * Store buffering: with full barriers one of the two threads sees the other's store. Each round has
 * words of its own, in cache lines that are cold, and begins at the same time in both threads: without
 * a barrier this shows the reordering on x86 in nearly every run.
 */
#define BUFFERING_ROUNDS 20000

struct buffering {
	int how;
	int arrived[2];
	struct round {
		int word[2][16]; /* a cache line each */
		int seen[2];
	} round[BUFFERING_ROUNDS];
};

static void store_with_barrier(int how, int *word)
{
	int other = 0;

	switch (how) {
	case 0:
		WRITE_ONCE(*word, 1);
		smp_mb();
		break;
	case 1:
		xchg(word, 1);
		break;
	case 2:
		WRITE_ONCE(*word, 1);
		FL_FETCH(add, &other, 1, FL_MB, "");
		break;
	case 3:
		WRITE_ONCE(*word, 1);
		smp_mb__before_atomic();
		FL_VOID_RMW(add, &other, 1, "");
		smp_mb__after_atomic();
		break;
	default:
		smp_store_mb(*word, 1);
		break;
	}
}

static void store_then_load(int nr, void *arg)
{
	struct buffering *b = arg;
	int i;

	for (i = 1; i < BUFFERING_ROUNDS; i++) {
		struct round *r = &b->round[i];
		int spins = 0;

		smp_store_release(&b->arrived[nr], i);
		while (READ_ONCE(b->arrived[!nr]) < i) {
			if (++spins > 1000)
				sched_yield();
		}
		store_with_barrier(b->how, r->word[nr]);
		r->seen[nr] = READ_ONCE(*r->word[!nr]);
	}
}

START_TEST(full_barriers_forbid_store_buffering)
{
	struct buffering *b = calloc(1, sizeof(*b));
	int i, both_missed = 0;

	b->how = _i;
	threads_run(2, store_then_load, b);
	for (i = 1; i < BUFFERING_ROUNDS; i++)
		both_missed += !b->round[i].seen[0] && !b->round[i].seen[1];
	free(b);
	ck_assert_int_eq(both_missed, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.atomic");
	TCase *t = tcase_create("values");

	tcase_add_test(t, loads_and_stores_take_every_width);
	tcase_add_test(t, a_load_has_the_type_of_its_variable_without_qualifiers);
	tcase_add_test(t, operands_are_evaluated_once);
	tcase_add_test(t, marked_accesses_nest);
	tcase_add_test(t, words_in_a_struct_are_words);
	tcase_add_test(t, xchg_returns_the_old_value);
	tcase_add_test(t, cmpxchg_returns_the_old_value_and_try_cmpxchg_whether);
	tcase_add_test(t, void_operations_change_the_counter);
	tcase_add_test(t, return_gives_the_new_value_and_fetch_the_old_one);
	tcase_add_test(t, atomic_try_cmpxchg_hands_back_what_it_found);
	tcase_add_test(t, conditional_operations_say_whether);
	tcase_add_test(t, counters_wrap);
	suite_add_tcase(s, t);

	t = tcase_create("threads");
	tcase_set_timeout(t, 30);
	tcase_add_test(t, nothing_is_lost_among_threads);
	tcase_add_loop_test(t, full_barriers_forbid_store_buffering, 0, 5);
	suite_add_tcase(s, t);
	return run_suite(s);
}
