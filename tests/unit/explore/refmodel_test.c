/* SPDX-License-Identifier: MIT */
/*
 * refmodel_test.c - is the reference of the engine's tests right?
 *
 * Covers refmodel*.c and random_prog.c without the engine: text in both directions; the known verdicts
 * and data races of tests/counts/shapes.c, among them the `Result:` lines of Linux 6.12
 * tools/memory-model/litmus-tests, and of rc11_shapes.c; axioms against machines for sc, tso and most of rc11
 * on random programs; what sc allows tso allows, what tso allows lkmm allows; theorems on rc11.
 * Not here: the engine (fuzz_engine.c).
 *
 * ENGINE_TEST_SECONDS sets the time for random programs (default 8).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random_prog.h"
#include "rc11_shapes.h"
#include "refmodel_internal.h"
#include "../../counts/shapes.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static double budget(double normal)
{
	const char *s = getenv("ENGINE_TEST_SECONDS");

	return s ? atof(s) : normal;
}

static void parse(struct rm_prog *p, const char *text)
{
	char err[128] = "";

	ck_assert_msg(!rm_parse(p, text, err, sizeof(err)), "%s: %s", text, err);
}

static bool check_known(const struct shape *k, enum rm_model m)
{
	struct rm_prog p;
	struct rm_cond c;
	struct rm_result r;
	size_t holds = 0;
	char err[128] = "", verdict;

	parse(&p, k->prog);
	ck_assert_msg(!rm_parse_cond(&c, &p, k->cond, err, sizeof(err)), "%s: %s", k->name, err);
	ck_assert_int_eq(rm_enumerate(&p, m, 1000000, &r), 0);
	for (size_t i = 0; i < r.complete.n; i++)
		holds += rm_cond_holds(&c, r.complete.e[i].out);
	verdict = !holds ? 'N' : holds == r.complete.n ? 'A' : 'S';
	ck_assert_msg(r.complete.n > 0, "%s: no execution under %s", k->name, rm_model_name[m]);
	if (k->needs_lb && m == RM_LKMM) {
		ck_assert_msg(verdict == 'N', "%s has no cycle", k->name);
		verdict = 'S';
	}
	if (verdict != k->verdict[m])
		fprintf(stderr, "%s: %c under %s, must be %c\n", k->name, verdict, rm_model_name[m],
			k->verdict[m]);
	rm_result_free(&r);
	return verdict == k->verdict[m];
}

START_TEST(axioms_give_the_known_verdicts)
{
	int wrong = 0;

	for (size_t i = 0; i < nr_shapes; i++)
		for (int m = 0; m <= RM_LKMM; m++)
			wrong += !check_known(&shapes[i], m);
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(axioms_find_the_known_races)
{
	int wrong = 0;

	for (size_t i = 0; i < nr_race_shapes; i++) {
		const struct race_shape *k = &race_shapes[i];
		struct rm_prog p;
		struct rm_result r;
		int ta, na, tb, nb;
		bool ok;

		parse(&p, k->prog);
		ck_assert_int_eq(rm_enumerate(&p, RM_LKMM, 1000000, &r), 0);
		ok = r.race == !!k->racing;
		if (k->racing) {
			ck_assert_int_eq(sscanf(k->racing, "%d.%d %d.%d", &ta, &na, &tb, &nb), 4);
			ok &= r.racing[p.first[ta] + na] >> (p.first[tb] + nb) & 1;
		}
		if (!ok)
			fprintf(stderr, "%s: race %d\n", k->name, r.race);
		wrong += !ok;
		rm_result_free(&r);
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(rc11_gives_the_known_verdicts_and_races)
{
	int wrong = 0;

	for (size_t i = 0; i < nr_rc11_shapes; i++) {
		const struct rc11_shape *k = &rc11_shapes[i];
		char err[128] = "", verdict;
		struct rm_prog p;
		struct rm_cond c;
		struct rm_result r;
		size_t holds = 0;

		parse(&p, k->prog);
		ck_assert_msg(!rm_parse_cond(&c, &p, k->cond, err, sizeof(err)), "%s: %s", k->name,
			      err);
		ck_assert_int_eq(rm_enumerate(&p, RM_RC11, 1000000, &r), 0);
		for (size_t j = 0; j < r.complete.n; j++)
			holds += rm_cond_holds(&c, r.complete.e[j].out);
		verdict = !holds ? 'N' : holds == r.complete.n ? 'A' : 'S';
		if (verdict != k->verdict || r.race != k->race || !r.complete.n) {
			fprintf(stderr, "%s: %c, race %d, must be %c, %d\n", k->name, verdict,
				r.race, k->verdict, k->race);
			wrong++;
		}
		rm_result_free(&r);
	}
	ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(waiting_for_ever_is_found)
{
	static const struct {
		const char *prog;
		size_t complete, stuck;
	} row[] = {
		{ "W x 1 | await x 1", 1, 0 },
		{ "W x 1 | await x 2", 0, 1 },
		{ "W x 1; W x 2 | await x 1", 1, 1 }, /* looked too late */
		{ "lock l | lock l", 0, 2 },
		{ "lock l; unlock l | lock l; unlock l", 2, 0 },
		/* ABBA: first one first, other one first, or each has one. */
		{ "lock a; lock b; unlock b; unlock a | lock b; lock a; unlock a; unlock b", 2, 1 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (int m = 0; m < RM_NR_MODELS; m++) {
			struct rm_prog p;
			struct rm_result r;

			parse(&p, row[i].prog);
			ck_assert_int_eq(rm_enumerate(&p, m, 1000000, &r), 0);
			ck_assert_msg(r.complete.n == row[i].complete && r.stuck.n == row[i].stuck,
				      "%s, %s: %zu complete, %zu stuck", row[i].prog,
				      rm_model_name[m], r.complete.n, r.stuck.n);
			rm_result_free(&r);
		}
	}
}
END_TEST

START_TEST(text_survives_a_round_trip)
{
	static const struct rp_size size = { 1, 3, 1, 6, 14, 3 };

	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct rm_prog p, q;
		char a[2048], b[2048], err[128] = "";

		rp_generate(&p, seed, RP_ALL, &size);
		rm_format(&p, a, sizeof(a));
		ck_assert_msg(!rm_parse(&q, a, err, sizeof(err)), "%s: %s", a, err);
		rm_format(&q, b, sizeof(b));
		ck_assert_str_eq(a, b);
		ck_assert_msg(rp_valid(&p), "%s", a);
	}
}
END_TEST

static void expect_subset(const struct rm_prog *p, uint64_t seed, const struct rm_set *a,
			  const struct rm_set *b, const char *what)
{
	char text[2048], out[512];
	size_t w;

	if (rm_set_subset(a, b, &w))
		return;
	rm_format(p, text, sizeof(text));
	rm_format_out(p, a->e[w].out, out, sizeof(out));
	ck_abort_msg("seed %llu: %s\n  %s\n  %s", (unsigned long long)seed, what, text, out);
}

/*
 * A wrong axiom shows when some program of this size has an execution that only one side allows. Each
 * of nine mistakes tried while this was written (RMWs or failed RMWs wrongly locked, co or fr left
 * out of ghb, no draining before synchronize_rcu() or before a reader section ends, no RCU axiom, a
 * store buffer read from the wrong end, ...) showed by program 350; some 8,000 run by default.
 */
START_TEST(axioms_and_machines_agree)
{
	static const struct rp_size size = { 2, 3, 2, 5, 9, 3 };
	double end = now() + budget(8);
	uint64_t n = 0, execs = 0, stuck = 0;

	for (uint64_t seed = 0; now() < end; seed++) {
		struct rm_result ax[RM_LKMM + 1], op;
		struct rm_prog p;

		rp_generate(&p, seed, RP_ALL & ~(seed & 1 ? RP_PLAIN : 0), &size);
		if (rp_cost(&p) > 200000)
			continue;
		for (int m = 0; m <= RM_LKMM; m++)
			ck_assert_int_eq(rm_enumerate(&p, m, 10000000, &ax[m]), 0);
		for (int m = 0; m < RM_LKMM; m++) {
			ck_assert_int_eq(rm_operational(&p, m, 10000000, &op), 0);
			expect_subset(&p, seed, &op.complete, &ax[m].complete,
				      "a machine's execution is forbidden by the axioms");
			expect_subset(&p, seed, &ax[m].complete, &op.complete,
				      "the axioms allow what no machine does");
			expect_subset(&p, seed, &op.stuck, &ax[m].stuck,
				      "a machine waits for ever, the axioms don't");
			expect_subset(&p, seed, &ax[m].stuck, &op.stuck,
				      "the axioms wait for ever, no machine does");
			rm_result_free(&op);
		}
		expect_subset(&p, seed, &ax[RM_SC].complete, &ax[RM_TSO].complete,
			      "sc allows what tso forbids");
		expect_subset(&p, seed, &ax[RM_TSO].complete, &ax[RM_LKMM].complete,
			      "tso allows what lkmm forbids");
		n++;
		execs += ax[RM_LKMM].complete.n;
		stuck += ax[RM_LKMM].stuck.n;
		for (int m = 0; m <= RM_LKMM; m++)
			rm_result_free(&ax[m]);
	}
	printf("refmodel: %llu programs, %llu executions and %llu stuck ones under lkmm\n",
	       (unsigned long long)n, (unsigned long long)execs, (unsigned long long)stuck);
}
END_TEST

/* A seq_cst fence between any two operations, and no other order. */
static bool fence_all(const struct rm_prog *p, struct rm_prog *q)
{
	char text[4096], err[128], op[64];
	struct rm_prog r = *p;
	size_t n = 0;

	for (int i = 0; i < p->nops; i++) {
		r.op[i].fail = FL_PLAIN;
		if (p->op[i].kind == RM_LOCK || p->op[i].kind == RM_TRYLOCK ||
		    p->op[i].kind == RM_SKIP_EQ || p->op[i].kind == RM_SKIP_NE ||
		    p->op[i].kind == RM_SPAWN || p->op[i].kind == RM_JOIN)
			return false; /* the text of a skip would count fences */
		if (p->op[i].loc >= 0 && p->op[i].kind != RM_DEP)
			r.op[i].order = FL_ONCE;
	}
	for (int l = 0; l < p->nlocs; l++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s=%d ", p->loc_name[l],
				      p->init[l]);
	n += (size_t)snprintf(text + n, sizeof(text) - n, ": ");
	for (int t = 0; t < p->nthreads; t++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", t ? " | f.sc" : "f.sc");
		for (int i = p->first[t]; i < p->first[t + 1]; i++) {
			rm_format_op(&r, i, op, sizeof(op));
			n += (size_t)snprintf(text + n, sizeof(text) - n, "; %s; f.sc", op);
		}
	}
	ck_assert_msg(!rm_parse(q, text, err, sizeof(err)), "%s: %s", text, err);
	return true;
}

static bool make_all_seq_cst(const struct rm_prog *p, struct rm_prog *q)
{
	*q = *p;
	for (int i = 0; i < p->nops; i++) {
		enum rm_kind k = p->op[i].kind;

		if (k == RM_LOCK || k == RM_TRYLOCK || k == RM_UNLOCK)
			return false;
		if (p->op[i].loc >= 0 && k != RM_DEP)
			q->op[i].order = FL_SEQ_CST;
		q->op[i].fail = k == RM_CAS ? FL_SEQ_CST : FL_PLAIN;
	}
	return true;
}

/* Anything but seq_cst, plain accesses and locks. A failed trylock is a relaxed load. */
static bool has_weak_atomics(const struct rm_prog *p)
{
	for (int i = 0; i < p->nops; i++) {
		const struct rm_op *op = &p->op[i];

		if (op->kind == RM_LOCK || op->kind == RM_UNLOCK)
			continue;
		if ((rm_has_value(op) || op->kind == RM_STORE) && op->order != FL_PLAIN &&
		    op->order != FL_SEQ_CST)
			return true;
		if (op->kind == RM_CAS && op->fail != FL_SEQ_CST)
			return true;
	}
	return false;
}

static bool weaken_one(const struct rm_prog *p, uint64_t seed, struct rm_prog *q)
{
	int i = (int)(seed / 12 % (uint64_t)p->nops);

	*q = *p;
	if (p->op[i].kind == RM_FENCE) {
		if (p->op[i].fence == FL_FENCE_C11_SEQ_CST)
			q->op[i].fence = FL_FENCE_C11_ACQ_REL;
		else if (p->op[i].fence == FL_FENCE_C11_ACQ_REL)
			q->op[i].fence = seed & 1 ? FL_FENCE_C11_ACQUIRE : FL_FENCE_C11_RELEASE;
		else
			return false;
		return true;
	}
	if (p->op[i].order == FL_SEQ_CST)
		q->op[i].order = rm_writes(&p->op[i]) && rm_reads(&p->op[i]) ? FL_ACQ_REL
				 : rm_writes(&p->op[i])			     ? FL_RELEASE
									     : FL_ACQUIRE;
	else if (p->op[i].order > FL_ONCE)
		q->op[i].order = FL_ONCE;
	else
		return false;
	return true;
}

static bool has_seq_cst_fence(const struct rm_prog *p)
{
	for (int i = 0; i < p->nops; i++)
		if (p->op[i].kind == RM_FENCE && p->op[i].fence == FL_FENCE_C11_SEQ_CST)
			return true;
	return false;
}

static void expect_equal(const struct rm_prog *p, uint64_t seed, const struct rm_result *a,
			 const struct rm_result *b, const char *only_a, const char *only_b)
{
	expect_subset(p, seed, &a->complete, &b->complete, only_a);
	expect_subset(p, seed, &a->stuck, &b->stuck, only_a);
	expect_subset(p, seed, &b->complete, &a->complete, only_b);
	expect_subset(p, seed, &b->stuck, &a->stuck, only_b);
}

/*
 * What is known of RC11: it is the view machine's where no access is seq_cst (but with seq_cst fences the
 * machine runs them in an order, and RC11 does not ask that it goes along reads-from); it is sc if all are, if there
 * is a seq_cst fence between any two, or if nothing races and no atomic is weaker (DRF); it allows
 * what sc allows; and a weaker order allows more.
 */
START_TEST(rc11_has_its_properties)
{
	double end = now() + budget(8);
	uint64_t n = 0, execs = 0, views = 0, drf = 0, weaker = 0, fenced = 0, all_sc = 0;

	for (uint64_t seed = 0; now() < end; seed++) {
		struct rm_result rc11, sc, other, steps;
		struct rm_prog p, q;

		rp_program_c11(&p, seed, NULL);
		if (rp_cost(&p) > 20000)
			continue;
		ck_assert_int_eq(rm_enumerate(&p, RM_RC11, 10000000, &rc11), 0);
		ck_assert_int_eq(rm_enumerate(&p, RM_SC, 10000000, &sc), 0);
		expect_subset(&p, seed, &sc.complete, &rc11.complete,
			      "sc allows what rc11 forbids");
		expect_subset(&p, seed, &sc.stuck, &rc11.stuck, "sc waits, rc11 does not");
		if (!rm_operational(&p, RM_RC11, 10000000, &other)) {
			ck_assert_int_eq(rm_enumerate(&p, RM_RC11_STEPS, 10000000, &steps), 0);
			expect_equal(&p, seed, &steps, &other, "the machine of views has not",
				     "the axioms forbid what the machine of views does");
			if (!has_seq_cst_fence(&p))
				expect_equal(&p, seed, &steps, &rc11, "steps allow more",
					     "differs without seq_cst");
			rm_result_free(&other);
			rm_result_free(&steps);
			views++;
		}
		if (!rc11.race && !has_weak_atomics(&p)) {
			expect_equal(&p, seed, &rc11, &sc, "free of races, but not sc",
				     "free of races, but not sc");
			drf++;
		}
		if (weaken_one(&p, seed, &q)) {
			ck_assert_int_eq(rm_enumerate(&q, RM_RC11, 10000000, &other), 0);
			expect_subset(&p, seed, &rc11.complete, &other.complete,
				      "forbidden with a weaker order");
			rm_result_free(&other);
			weaker++;
		}
		rm_result_free(&sc);
		if (make_all_seq_cst(&p, &q)) {
			ck_assert_int_eq(rm_enumerate(&q, RM_RC11, 10000000, &other), 0);
			ck_assert_int_eq(rm_enumerate(&q, RM_SC, 10000000, &sc), 0);
			expect_equal(&q, seed, &other, &sc, "all seq_cst, but not sc",
				     "all seq_cst, but less than sc");
			rm_result_free(&other);
			rm_result_free(&sc);
			all_sc++;
		}
		if (rp_cost(&p) < 2000 && fence_all(&p, &q)) {
			ck_assert_int_eq(rm_enumerate(&q, RM_RC11, 10000000, &other), 0);
			ck_assert_int_eq(rm_enumerate(&q, RM_SC, 10000000, &sc), 0);
			expect_equal(&q, seed, &other, &sc, "fences everywhere, but not sc",
				     "fences everywhere, but less than sc");
			rm_result_free(&other);
			rm_result_free(&sc);
			fenced++;
		}
		n++;
		execs += rc11.complete.n;
		rm_result_free(&rc11);
	}
	printf("refmodel: rc11: %llu programs, %llu executions; %llu against views, %llu free of "
	       "races, %llu weakened, %llu all seq_cst, %llu fenced\n",
	       (unsigned long long)n, (unsigned long long)execs, (unsigned long long)views,
	       (unsigned long long)drf, (unsigned long long)weaker, (unsigned long long)all_sc,
	       (unsigned long long)fenced);
}
END_TEST

static bool has_unlock(const struct rm_prog *p, void *arg)
{
	(void)arg;
	for (int i = 0; i < p->nops; i++)
		if (p->op[i].kind == RM_UNLOCK)
			return true;
	return false;
}

START_TEST(shrinking_leaves_what_is_needed)
{
	static const struct rp_size size = { 3, 3, 4, 6, 18, 3 };
	int seen = 0;

	for (uint64_t seed = 0; seed < 200; seed++) {
		struct rm_prog p;

		rp_generate(&p, seed, RP_ALL, &size);
		if (!has_unlock(&p, NULL))
			continue;
		rp_shrink(&p, has_unlock, NULL);
		ck_assert_int_eq(p.nthreads, 1);
		ck_assert_int_le(p.nops, 3); /* lock and unlock, or trylock, if, unlock */
		ck_assert(rp_valid(&p));
		seen++;
	}
	ck_assert_int_gt(seen, 20);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("refmodel");
	TCase *tc = tcase_create("reference");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, axioms_give_the_known_verdicts);
	tcase_add_test(tc, axioms_find_the_known_races);
	tcase_add_test(tc, rc11_gives_the_known_verdicts_and_races);
	tcase_add_test(tc, waiting_for_ever_is_found);
	tcase_add_test(tc, text_survives_a_round_trip);
	tcase_add_test(tc, axioms_and_machines_agree);
	tcase_add_test(tc, rc11_has_its_properties);
	tcase_add_test(tc, shrinking_leaves_what_is_needed);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
