// SPDX-License-Identifier: MIT
/* seqcount.c - sequence counters, native engine: no reader keeps a torn pair. */
#include <faultline/rt.h>

#include "threads.h"

START_TEST(a_section_without_a_writer_is_not_retried)
{
	seqcount_t seq = SEQCNT_ZERO;
	unsigned int start = read_seqcount_begin(&seq);

	ck_assert(!read_seqcount_retry(&seq, start));
	write_seqcount_begin(&seq);
	ck_assert_uint_eq(raw_read_seqcount(&seq) & 1, 1);
	ck_assert(read_seqcount_retry(&seq, start));
	write_seqcount_end(&seq);
	ck_assert(read_seqcount_retry(&seq, start)); /* the writer has gone, its data are new */
	ck_assert_uint_eq(raw_read_seqcount(&seq), 2);
	seqcount_init(&seq);
	ck_assert_uint_eq(read_seqcount_begin(&seq), 0);
}
END_TEST

#define WRITES 20000

struct shared {
	seqcount_t seq;
	unsigned long a, b; /* b == ~a outside of write sections */
	int done;
	atomic_t torn, reads;
};

static void write_or_read(int nr, void *arg)
{
	struct shared *s = arg;
	unsigned long i, a, b;
	unsigned int start;

	if (!nr) {
		/* On until somebody has read something: the readers may get a core late. */
		for (i = 0; i < WRITES || !atomic_read(&s->reads); i++) {
			write_seqcount_begin(&s->seq);
			WRITE_ONCE(s->a, i);
			WRITE_ONCE(s->b, ~i);
			write_seqcount_end(&s->seq);
		}
		smp_store_release(&s->done, 1);
		return;
	}
	while (!smp_load_acquire(&s->done)) {
		do {
			start = read_seqcount_begin(&s->seq);
			a = READ_ONCE(s->a);
			b = READ_ONCE(s->b);
		} while (read_seqcount_retry(&s->seq, start));
		if (b != ~a)
			atomic_inc(&s->torn);
		atomic_inc(&s->reads);
	}
}

START_TEST(readers_see_whole_pairs)
{
	struct shared s = { .b = ~0UL };

	threads_run(3, write_or_read, &s);
	ck_assert_int_eq(atomic_read(&s.torn), 0);
	ck_assert_int_gt(atomic_read(&s.reads), 0);
	ck_assert_uint_ge(raw_read_seqcount(&s.seq), 2 * WRITES);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rt.seqcount");
	TCase *t = tcase_create("seqcount");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_section_without_a_writer_is_not_retried);
	tcase_add_test(t, readers_see_whole_pairs);
	suite_add_tcase(s, t);
	return run_suite(s);
}
