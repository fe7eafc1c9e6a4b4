/* SPDX-License-Identifier: MIT */
/*
 * counts_c.c - known counts and verdicts of programs written in C with the public macros.
 *
 * Covers: that READ_ONCE(), atomics, locks, sequence counters, bit operations and reference counts of
 * include/faultline/rt.h reach the engine as the events they should be (a wrong order or an event too many
 * changes a count or a verdict), and that plain accesses under a lock are no executions of their own.
 * Not here: the same shapes as tables, with all outcomes (counts.c).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/explore/c_program.h"

struct state {
	int x, y, data, other;
	atomic_t next, serving, pin;
	spinlock_t lock;
	struct rw_semaphore sem;
	seqcount_t seq;
	refcount_t ref;
	unsigned long bits;
};

/* ---- store buffering ---- */

static void sb0(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	READ_ONCE(s->y);
}

static void sb1(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->y, 1);
	READ_ONCE(s->x);
}

static void sb0_mb(void *p)
{
	struct state *s = p;

	smp_store_mb(s->x, 1);
	c_seen[0][0] = READ_ONCE(s->y);
}

static void sb1_mb(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->y, 1);
	smp_mb();
	c_seen[1][0] = READ_ONCE(s->x);
}

static void sb0_xchg(void *p)
{
	struct state *s = p;

	xchg(&s->x, 1);
	c_seen[0][0] = READ_ONCE(s->y);
}

static const char *both_zero(void *p)
{
	(void)p;
	return c_seen[0][0] || c_seen[1][0] ? NULL : "both missed the other's store";
}

/* ---- message passing ---- */

static void mp0_release(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	smp_store_release(&s->y, 1);
}

static void mp0_plain(void *p)
{
	struct state *s = p;

	s->data = 41;
	s->data++;
	smp_store_release(&s->y, 1);
}

static void mp0_wmb(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	smp_wmb();
	WRITE_ONCE(s->y, 1);
}

static void mp1_acquire(void *p)
{
	struct state *s = p;

	c_seen[1][0] = smp_load_acquire(&s->y);
	c_seen[1][1] = READ_ONCE(s->x);
}

static void mp1_rmb(void *p)
{
	struct state *s = p;

	c_seen[1][0] = READ_ONCE(s->y);
	smp_rmb();
	c_seen[1][1] = READ_ONCE(s->x);
}

static void mp1_once(void *p)
{
	struct state *s = p;

	c_seen[1][0] = READ_ONCE(s->y);
	c_seen[1][1] = READ_ONCE(s->x);
}

static void mp1_plain(void *p)
{
	struct state *s = p;

	if (smp_load_acquire(&s->y)) {
		c_seen[1][0] = 1;
		c_seen[1][1] = s->data == 42;
	}
}

static const char *stale(void *p)
{
	(void)p;
	return c_seen[1][0] && !c_seen[1][1] ? "the flag came before the data" : NULL;
}

/* ---- PageAnonExclusive against GUP-fast ---- */

static bool gup_mb, gup_wr;

static void gup_init(void *p)
{
	struct state *s = p;

	s->x = 1; /* the entry */
	s->y = 1; /* exclusive */
}

static void gup0(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 0);
	if (gup_mb)
		smp_mb();
	if (atomic_read(&s->pin) == 0) {
		WRITE_ONCE(s->y, 0);
		if (gup_wr)
			smp_wmb();
		WRITE_ONCE(s->x, 1);
		c_seen[0][0] = 1;
	}
}

static void gup1(void *p)
{
	struct state *s = p;
	int r = READ_ONCE(s->x);

	if (!r)
		return;
	atomic_inc(&s->pin);
	if (gup_mb)
		smp_mb();
	if (READ_ONCE(s->x) == r) {
		if (gup_wr)
			smp_rmb();
		c_seen[1][0] = READ_ONCE(s->y);
	} else {
		atomic_dec(&s->pin);
	}
}

static const char *pinned_shared(void *p)
{
	(void)p;
	return c_seen[0][0] && c_seen[1][0] ? "a pinned page is no longer exclusive" : NULL;
}

/* ---- locks ---- */

static int rounds;

static void ticket(void *p)
{
	struct state *s = p;

	for (int i = 0; i < rounds; i++) {
		int me = atomic_fetch_add_relaxed(1, &s->next);

		FL_AWAIT_MASK(&s->serving.counter, ~0u, (unsigned int)me, FL_ACQUIRE, "serving");
		s->data++;
		atomic_set_release(&s->serving, me + 1);
	}
}

static void ticket_relaxed(void *p)
{
	struct state *s = p;
	int me = atomic_fetch_add_relaxed(1, &s->next);

	FL_AWAIT_MASK(&s->serving.counter, ~0u, (unsigned int)me, FL_ACQUIRE, "serving");
	s->data++;
	atomic_set(&s->serving, me + 1);
}

static void spin(void *p)
{
	struct state *s = p;

	for (int i = 0; i < rounds; i++) {
		spin_lock(&s->lock);
		s->data++;
		s->other = s->data;
		spin_unlock(&s->lock);
	}
}

static const char *lost_count(void *p)
{
	struct state *s = p;
	int n = 0;

	while (n < C_THREADS && c_prog->thread[n])
		n++;
	return s->data == n * rounds ? NULL : "an increment was lost";
}

static void try_spin(void *p)
{
	struct state *s = p;

	if (spin_trylock(&s->lock)) {
		s->data = 1;
		s->data = 0;
		spin_unlock(&s->lock);
	}
}

static void sem_read(void *p)
{
	struct state *s = p;

	down_read(&s->sem);
	c_seen[0][0] |= s->data != s->other;
	up_read(&s->sem);
}

static void sem_write(void *p)
{
	struct state *s = p;

	down_write(&s->sem);
	s->data++;
	s->other++;
	up_write(&s->sem);
}

static void sem_downgrade(void *p)
{
	struct state *s = p;

	down_write(&s->sem);
	s->data++;
	s->other++;
	downgrade_write(&s->sem);
	c_seen[0][0] |= s->data != s->other;
	up_read(&s->sem);
}

static const char *torn(void *p)
{
	(void)p;
	return c_seen[0][0] ? "a reader met a half-done change" : NULL;
}

/* ---- sequence counters ---- */

static void seq_write(void *p)
{
	struct state *s = p;

	for (int i = 1; i <= rounds; i++) {
		write_seqcount_begin(&s->seq);
		WRITE_ONCE(s->x, i);
		WRITE_ONCE(s->y, i);
		write_seqcount_end(&s->seq);
	}
}

static void seq_read(void *p)
{
	struct state *s = p;
	unsigned int start = raw_read_seqcount(&s->seq);
	int a, b;

	if (start & 1)
		return;
	a = READ_ONCE(s->x);
	b = READ_ONCE(s->y);
	if (!read_seqcount_retry(&s->seq, start))
		c_seen[0][0] |= a != b;
}

static void seq_read_wait(void *p)
{
	struct state *s = p;
	unsigned int start = read_seqcount_begin(&s->seq);
	int a = READ_ONCE(s->x), b = READ_ONCE(s->y);

	if (!read_seqcount_retry(&s->seq, start))
		c_seen[0][0] |= a != b;
}

static void seq_read_bug(void *p)
{
	struct state *s = p;
	unsigned int start = raw_read_seqcount(&s->seq);
	int a, b;

	if (start & 1)
		return;
	a = READ_ONCE(s->x);
	b = READ_ONCE(s->y);
	if (READ_ONCE(s->seq.sequence) == start)
		c_seen[0][0] |= a != b;
}

/* ---- counters and bits ---- */

static void inc(void *p)
{
	struct state *s = p;

	atomic_inc(&s->next);
}

static void inc_torn(void *p)
{
	struct state *s = p;

	atomic_set(&s->next, atomic_read(&s->next) + 1);
}

static const char *three(void *p)
{
	struct state *s = p;

	return atomic_read(&s->next) == 3 ? NULL : "an increment was lost";
}

static void ref_init(void *p)
{
	struct state *s = p;

	refcount_set(&s->ref, 3);
}

static void ref_put(void *p)
{
	struct state *s = p;

	c_seen[0][0] += refcount_dec_and_test(&s->ref);
}

static const char *one_last(void *p)
{
	(void)p;
	return c_seen[0][0] == 1 ? NULL : "not exactly one was the last";
}

static void bit_take(void *p)
{
	struct state *s = p;

	c_seen[0][0] += !test_and_set_bit(3, &s->bits);
}

static void bit_set_other(void *p)
{
	struct state *s = p;

	set_bit(5, &s->bits);
	clear_bit(5, &s->bits);
	set_bit(6, &s->bits);
}

static const char *bits_kept(void *p)
{
	struct state *s = p;

	return c_seen[0][0] == 1 && s->bits == (1ul << 3 | 1ul << 6) ? NULL : "a bit was lost";
}

static void not_zero(void *p)
{
	struct state *s = p;

	if (atomic_inc_not_zero(&s->pin))
		c_seen[1][0] = 1;
}

static void drop(void *p)
{
	struct state *s = p;

	if (atomic_dec_and_test(&s->pin))
		c_seen[0][0] = 1;
}

static void one_pin(void *p)
{
	struct state *s = p;

	atomic_set(&s->pin, 1);
}

static const char *revived(void *p)
{
	struct state *s = p;

	/* Either the last user is gone and nobody comes any more, or the new one came in time. */
	return c_seen[0][0] == c_seen[1][0] || atomic_read(&s->pin) != c_seen[1][0]
		       ? "a dead object was revived"
		       : NULL;
}

static const struct row {
	struct c_program p;
	int rounds;
	uint64_t executions[3]; /* sc, tso, lkmm; 0: violated, so the number is not looked at */
	const char *why;
} rows[] = {
	{ { "sb", sizeof(struct state), NULL, { sb0, sb1 }, NULL }, 0, { 3, 4, 4 }, "" },
	{ { "sb mb", sizeof(struct state), NULL, { sb0_mb, sb1_mb }, both_zero },
	  0,
	  { 3, 3, 3 },
	  "" },
	{ { "sb xchg", sizeof(struct state), NULL, { sb0_xchg, sb1_mb }, both_zero },
	  0,
	  { 3, 3, 3 },
	  "" },
	{ { "mp release acquire", sizeof(struct state), NULL, { mp0_release, mp1_acquire }, stale },
	  0,
	  { 3, 3, 3 },
	  "" },
	{ { "mp wmb rmb", sizeof(struct state), NULL, { mp0_wmb, mp1_rmb }, stale },
	  0,
	  { 3, 3, 3 },
	  "" },
	{ { "mp release once", sizeof(struct state), NULL, { mp0_release, mp1_once }, stale },
	  0,
	  { 3, 3, 0 },
	  "no acquire" },
	{ { "mp plain data", sizeof(struct state), NULL, { mp0_plain, mp1_plain }, stale },
	  0,
	  { 2, 2, 2 },
	  "plain accesses that are ordered have one value" },
	{ { "fai3", sizeof(struct state), NULL, { inc, inc, inc }, three }, 0, { 6, 6, 6 }, "3!" },
	{ { "torn increment", sizeof(struct state), NULL, { inc, inc, inc_torn }, three },
	  0,
	  { 0, 0, 0 },
	  "a load and a store are no increment" },
	{ { "ticket21", sizeof(struct state), NULL, { ticket, ticket }, lost_count },
	  1,
	  { 2, 2, 2 },
	  "" },
	{ { "ticket22", sizeof(struct state), NULL, { ticket, ticket }, lost_count },
	  2,
	  { 6, 6, 6 },
	  "" },
	{ { "ticket32", sizeof(struct state), NULL, { ticket, ticket, ticket }, lost_count },
	  2,
	  { 90, 90, 90 },
	  "" },
	{ { "ticket relaxed",
	    sizeof(struct state),
	    NULL,
	    { ticket_relaxed, ticket_relaxed },
	    lost_count },
	  1,
	  { 2, 2, 0 },
	  "no release: the data race is lkmm's" },
	{ { "spin31", sizeof(struct state), NULL, { spin, spin, spin }, lost_count },
	  1,
	  { 6, 6, 6 },
	  "3!" },
	{ { "spin22", sizeof(struct state), NULL, { spin, spin }, lost_count },
	  2,
	  { 6, 6, 6 },
	  "4! / (2! 2!)" },
	{ { "spin32", sizeof(struct state), NULL, { spin, spin, spin }, lost_count },
	  2,
	  { 90, 90, 90 },
	  "6! / (2! 2! 2!)" },
	{ { "trylock2", sizeof(struct state), NULL, { try_spin, try_spin }, NULL },
	  0,
	  { 4, 4, 4 },
	  "one first, the other misses it or comes after; twice" },
	{ { "rwsem, two readers", sizeof(struct state), NULL, { sem_read, sem_read }, torn },
	  0,
	  { 6, 6, 6 },
	  "4! / (2! 2!) orders of the counter's changes" },
	{ { "rwsem, two writers", sizeof(struct state), NULL, { sem_write, sem_write }, torn },
	  0,
	  { 2, 2, 2 },
	  "" },
	{ { "rwsem, two readers and a writer",
	    sizeof(struct state),
	    NULL,
	    { sem_read, sem_read, sem_write },
	    torn },
	  0,
	  { 14, 14, 14 },
	  "readers one after the other: 2 orders, 3 places; overlapping: 4 ways, 2 places" },
	{ { "rwsem, downgrade", sizeof(struct state), NULL, { sem_read, sem_downgrade }, torn },
	  0,
	  { 4, 4, 4 },
	  "before, or after the downgrade, with the last three changes in 3 orders" },
	{ { "seqcount11", sizeof(struct state), NULL, { seq_write, seq_read }, torn },
	  1,
	  { 11, 11, 11 },
	  "seqlock11 of GenMC" },
	{ { "seqcount21", sizeof(struct state), NULL, { seq_write, seq_read }, torn },
	  2,
	  { 37, 37, 39 },
	  "seqlock21 of Nidhugg and GenMC" },
	{ { "seqcount, waiting reader",
	    sizeof(struct state),
	    NULL,
	    { seq_write, seq_read_wait },
	    torn },
	  1,
	  { 10, 10, 10 },
	  "seqlock11 without the one that leaves at an odd count" },
	{ { "seqcount bug", sizeof(struct state), NULL, { seq_write, seq_read_bug }, torn },
	  1,
	  { 11, 11, 0 },
	  "no smp_rmb()" },
	{ { "refcount", sizeof(struct state), ref_init, { ref_put, ref_put, ref_put }, one_last },
	  0,
	  { 6, 6, 6 },
	  "3!" },
	{ { "bits", sizeof(struct state), NULL, { bit_take, bit_take, bit_set_other }, bits_kept },
	  0,
	  { 20, 20, 20 },
	  "5! / 3!" },
	{ { "inc_not_zero", sizeof(struct state), one_pin, { drop, not_zero }, revived },
	  0,
	  { 2, 2, 2 },
	  "" },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool run(const struct c_program *p, enum flx_model m, uint64_t want, const char *why)
{
	static const char *const models[] = { "sc", "tso", "lkmm" };
	struct flx_result r;
	char err[256] = "";
	int e = c_explore(p, m, &r, err, sizeof(err));
	bool ok = !e && !r.duplicates &&
		  (want ? r.verdict == FLX_VERIFIED && r.executions == want
			: r.verdict == FLX_VIOLATION && r.record);

	if (!ok)
		fprintf(stderr,
			"%s under %s: verdict %d (%s: %s), %llu executions, %llu duplicates, must "
			"be %llu%s; "
			"%s %d %s\n",
			p->name, models[m], r.verdict, r.oracle, r.message,
			(unsigned long long)r.executions, (unsigned long long)r.duplicates,
			(unsigned long long)want, want ? "" : " (violated)", why, e, err);
	if (!e)
		flx_record_free(r.record);
	return ok;
}

START_TEST(programs_have_the_known_counts)
{
	int wrong = 0;

	for (size_t i = 0; i < NR_ROWS; i++) {
		rounds = rows[i].rounds;
		for (int m = FLX_SC; m <= FLX_LKMM; m++)
			wrong += !run(&rows[i].p, m, rows[i].executions[m], rows[i].why);
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(each_barrier_of_gup_fast_is_needed)
{
	static const struct c_program gup = {
		"gup", sizeof(struct state), gup_init, { gup0, gup1 }, pinned_shared
	};
	static const struct {
		bool mb, wr;
		uint64_t executions[3];
	} variants[] = {
		{ true, true, { 7, 7, 7 } },
		{ false, true, { 7, 0, 0 } }, /* x86 too delays the store past the load */
		{ true, false, { 7, 7, 0 } }, /* x86 keeps loads and stores in order */
		{ false, false, { 7, 0, 0 } },
	};
	int wrong = 0;

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		gup_mb = variants[i].mb;
		gup_wr = variants[i].wr;
		for (int m = FLX_SC; m <= FLX_LKMM; m++)
			wrong += !run(&gup, m, variants[i].executions[m], "gup");
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("counts_c");
	TCase *tc = tcase_create("counts_c");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, programs_have_the_known_counts);
	tcase_add_test(tc, each_barrier_of_gup_fast_is_needed);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
