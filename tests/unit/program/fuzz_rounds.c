// SPDX-License-Identifier: MIT
/*
 * fuzz_rounds.c - random C programs with loops and equal threads, explored in several ways that have to agree.
 *
 * Covers: lib/explore/round.c (what is left out of loops must not lose an outcome), symmetry.c (of executions that differ
 * in which of the equal threads does what, one) and commute.c (of those that differ in the order of additions, one). Each program of random_c.c is explored
 *
 * - as always;
 * - without symmetry: the executions found before must be one of each set, found by exchanging threads in all ways;
 * - with the order of all additions: the same final values;
 * - also without the rules of round.c, where a loop ends at a small bound: the same final values of all variables;
 * - by preempt.c, which shares these rules but none of the search: the same executions;
 * - with data races as violations, as always and without both rules: a race in both or in none.
 *
 *     fuzz_rounds [SECONDS [SEED [MUTANT]]]
 *
 * MUTANT: one of FLX_PROGRAM_MUTANTS (lib/explore/mutant.h), to see whether it is found.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "explore/memory.h"
#include "explore/search.h"
#include "explore_c.h"
#include "program/load.h"
#include "random_c.h"

#define PROGRAMS 40 /* per file */
#define LOOP_BOUND 4
#define MOST_EXECUTIONS 1500

static double seconds = 20;
static uint64_t first_seed = 1;
static enum flx_mutant tested_mutant;

/* A set of hashes. */
struct set {
	uint64_t *hash;
	int n, cap;
};

static bool has(const struct set *s, uint64_t h)
{
	for (int i = 0; i < s->n; i++)
		if (s->hash[i] == h)
			return true;
	return false;
}

static void put(struct set *s, uint64_t h)
{
	if (has(s, h))
		return;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->hash = realloc(s->hash, s->cap * sizeof(*s->hash));
	}
	s->hash[s->n++] = h;
}

static bool within(const struct set *a, const struct set *b)
{
	for (int i = 0; i < a->n; i++)
		if (!has(b, a->hash[i]))
			return false;
	return true;
}

static struct exploration {
	const struct random_c *shape;
	struct set outcomes, orbits;
	struct flx_result result;
	char err[256];
	bool ended; /* nothing was left out */
} * current;

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
	return h * 0xff51afd7ed558ccdull;
}

/* Of all the program's variables, by what they are at the end. */
static uint64_t hash_of_variables(void)
{
	uintptr_t start;
	size_t size;
	uint64_t h = 1;

	for (int i = 0; loaded_variables(i, &start, &size); i++)
		for (uintptr_t a = start & ~3ul; a + 4 <= start + size; a += 4) {
			size_t offset, whole;
			const char *name = symbol_at(a, &offset, &whole);

			if (name &&
			    (!strcmp(name, "x") || !strcmp(name, "y") || !strcmp(name, "z") ||
			     !strcmp(name, "k") || !strcmp(name, "p") || !strcmp(name, "out")))
				h = mix(h, *(const uint32_t *)a);
		}
	return h;
}

/* Thread numbers begin with main(). */
static uint64_t name_of(int e, const int *as)
{
	return e < 0 ? 1000000 : (uint64_t)as[G.ev[e].thread] << 32 | G.ev[e].idx;
}

/* Of G, were each thread t the thread as[t]. */
static uint64_t hash_as(const int *as)
{
	uint64_t sum = 0;

	for (int t = 0; t < G.nthreads; t++)
		for (int i = 0; i < G.tn[t]; i++) {
			const struct ev *e = &G.ev[G.tev[t][i]];
			uint64_t h = mix(as[t], i);

			h = mix(h, e->kind);
			if (e->kind == EV_CHOICE)
				h = mix(h, e->rval);
			if (e->kind == EV_READ)
				h = mix(mix(h, locs[e->loc].addr), name_of(e->rf, as));
			if (e->kind == EV_WRITE)
				h = mix(mix(h, locs[e->loc].addr), name_of(e->co_prev, as));
			sum += h;
		}
	return sum;
}

/* The least hash over all ways to exchange equal threads. */
static uint64_t hash_of_orbit(const struct random_c *p)
{
	int as[FLX_MAX_THREADS] = { 0 };
	uint64_t least = UINT64_MAX;
	int n = p->nthreads, ways = 1;

	for (int i = 0; i < n; i++)
		ways *= n;
	for (int way = 0; way < ways; way++) {
		unsigned int taken = 0;
		bool fits = true;

		for (int i = 0, w = way; i < n; i++, w /= n) {
			int to = w % n;

			fits &= p->group[to] == p->group[i] && !(taken >> to & 1);
			taken |= 1u << to;
			as[1 + i] = 1 + to;
		}
		if (fits) {
			uint64_t h = hash_as(as);

			least = h < least ? h : least;
		}
	}
	return least;
}

static void on_execution(void *arg)
{
	/* What was found before something was learnt (learn.h) counts no more. */
	if (S.res->executions == 1)
		current->outcomes.n = current->orbits.n = 0;
	put(&current->outcomes, hash_of_variables());
	put(&current->orbits, hash_of_orbit(current->shape));
}

static void explore(struct exploration *x, const struct random_c *shape, const struct build *b,
		    int chosen, const struct flx_options *o)
{
	char err[256] = "";

	memset(x, 0, sizeof(*x));
	x->shape = shape;
	current = x;
	if (explore_c(b, chosen, o, &x->result, err, sizeof(err)))
		snprintf(x->err, sizeof(x->err), "%s", err);
	/* After a deadlock the search goes on for some thousand executions, after a worse violation it does not. */
	x->ended = !x->err[0] && (!x->result.oracle[0] || !strcmp(x->result.oracle, "deadlock")) &&
		   x->result.executions < MOST_EXECUTIONS && x->result.seconds < 1;
}

static void release(struct exploration *x)
{
	free(x->outcomes.hash);
	free(x->orbits.hash);
}

static struct {
	unsigned long programs, compared[5], with_rounds, with_symmetry, with_additions, races,
		deadlocks, executions, outcomes;
} stats;

static bool is_deadlock(const struct exploration *x)
{
	return !strcmp(x->result.oracle, "deadlock");
}

static bool same_outcomes(const struct exploration *a, const struct exploration *b)
{
	return within(&a->outcomes, &b->outcomes) && within(&b->outcomes, &a->outcomes);
}

static bool same_orbits(const struct exploration *a, const struct exploration *b)
{
	return within(&a->orbits, &b->orbits) && within(&b->orbits, &a->orbits);
}

static const char *compare_symmetry(const struct exploration *all, const struct exploration *plain)
{
	if (!all->ended || !plain->ended)
		return NULL;
	stats.compared[0]++;
	stats.with_symmetry += all->result.executions < plain->result.executions;
	if (strcmp(all->result.oracle, plain->result.oracle))
		return "symmetry changes the verdict";
	if (all->result.duplicates || plain->result.duplicates)
		return "executions are found twice";
	if (!same_outcomes(all, plain))
		return "symmetry changes the outcomes";
	return same_orbits(all, plain) ? NULL : "symmetry changes the executions";
}

static const char *compare_rounds(const struct exploration *plain, const struct exploration *whole)
{
	if (!plain->ended || !whole->ended)
		return NULL;
	stats.compared[1]++;
	stats.with_rounds += whole->result.executions > plain->result.executions;
	return same_outcomes(plain, whole) ? NULL : "leaving out rounds changes the outcomes";
}

static const char *compare_additions(const struct exploration *plain,
				     const struct exploration *ordered)
{
	if (!plain->ended || !ordered->ended)
		return NULL;
	stats.compared[4]++;
	stats.with_additions += plain->result.executions < ordered->result.executions;
	if (is_deadlock(plain) != is_deadlock(ordered) ||
	    plain->result.executions > ordered->result.executions)
		return "leaving out orders of additions adds something";
	return same_outcomes(plain, ordered)
		       ? NULL
		       : "leaving out orders of additions changes the outcomes";
}

static const char *compare_steps(const struct exploration *plain, const struct exploration *steps)
{
	if (!plain->ended || !steps->ended)
		return NULL;
	stats.compared[2]++;
	if (is_deadlock(plain) != is_deadlock(steps))
		return "preemptions: another verdict";
	if (!same_outcomes(plain, steps))
		return "preemptions: other outcomes";
	return same_orbits(plain, steps) ? NULL : "preemptions: other executions";
}

/* Only one of them may have come to its end: who has found a race stops soon. */
static const char *compare_races(const struct exploration *all, const struct exploration *whole)
{
	bool a = !strcmp(all->result.oracle, "data-race"),
	     b = !strcmp(whole->result.oracle, "data-race");

	if ((!a && !all->ended) || (!b && !whole->ended))
		return NULL;
	stats.compared[3]++;
	stats.races += a;
	return a == b ? NULL : "races are found by one alone";
}

enum way { ALL, PLAIN, ORDERED, WHOLE, STEPS, RACES, RACES_WHOLE, NR_WAYS };

static void explore_in_all_ways(struct exploration x[NR_WAYS], const struct random_c *shape,
				const struct build *b, int chosen, enum flx_model model)
{
	for (enum way w = 0; w < NR_WAYS; w++) {
		const struct flx_options o = {
			.model = model,
			.loop_bound = LOOP_BOUND,
			.max_executions = MOST_EXECUTIONS,
			.timeout = 1,
			.on_execution = on_execution,
			.no_symmetry = w != ALL && w != RACES,
			.no_commute = w == ORDERED || w == RACES_WHOLE,
			.mutant = w == WHOLE || w == RACES_WHOLE ? FLX_MUT_NO_ROUNDS
				  : w == STEPS			 ? FLX_MUT_NONE
								 : tested_mutant,
			.search = w == STEPS ? FLX_PREEMPTIONS : FLX_EXHAUSTIVE,
			.bound = 10000,
			.races = w >= RACES,
		};

		explore(&x[w], shape, b, chosen, &o);
	}
}

/* What differs, or NULL. */
static const char *compare(const struct random_c *shape, const struct build *b, int chosen,
			   enum flx_model model)
{
	struct exploration x[NR_WAYS];
	const char *difference = NULL;

	explore_in_all_ways(x, shape, b, chosen, model);
	stats.programs++;
	stats.deadlocks += is_deadlock(&x[PLAIN]);
	stats.executions += x[PLAIN].result.executions;
	stats.outcomes += (unsigned long)x[PLAIN].outcomes.n;
	for (enum way w = 0; w < NR_WAYS && !difference; w++)
		if (x[w].err[0]) {
			printf("%s\n", x[w].err);
			difference = "an exploration failed";
		}
	if (!difference)
		difference = compare_symmetry(&x[ALL], &x[PLAIN]);
	if (!difference)
		difference = compare_rounds(&x[PLAIN], &x[WHOLE]);
	if (!difference)
		difference = compare_additions(&x[PLAIN], &x[ORDERED]);
	if (!difference)
		difference = compare_steps(&x[ORDERED], &x[STEPS]);
	if (!difference)
		difference = compare_races(&x[RACES], &x[RACES_WHOLE]);
	for (enum way w = 0; w < NR_WAYS; w++) {
		if (difference)
			printf("%s%lu executions, %d outcomes (%s)%s", w ? ", " : "",
			       (unsigned long)x[w].result.executions, x[w].outcomes.n,
			       x[w].result.oracle, w == NR_WAYS - 1 ? "\n" : "");
		release(&x[w]);
	}
	return difference;
}

static void write_main(FILE *f, int first, int n)
{
	fputs("int main(void)\n{\n\tswitch (chosen) {\n", f);
	for (int i = first; i < first + n; i++)
		fprintf(f, "\tcase %d: run_%d(); break;\n", i, i);
	fputs("\t}\n\treturn 0;\n}\n", f);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static const char *const levels[] = { "-O1", "-O2", "-O0", "-O3" };
static const enum flx_model models[] = { FLX_RC11, FLX_RC11, FLX_SC, FLX_TSO };
static const char *const model_names[] = { "sc", "tso", "lkmm", "rc11" };

static void show(uint64_t seed, int run, const char *difference, const char *level,
		 enum flx_model model)
{
	printf("%s: seed %lu, %s, %s\n", difference, (unsigned long)seed, level,
	       model_names[model]);
	random_c_write(stdout, seed, run);
	fflush(stdout);
}

/* False: they differ somewhere. */
static int one_file(uint64_t seed, double until, const char *level)
{
	/* Two functions that do the same would be one, and their threads equal. */
	const char *cc_args[] = { level, "-w", "-fno-ipa-icf", NULL };
	char path[] = "/tmp/fuzz_rounds.XXXXXX.c", err[512];
	int fd = mkstemps(path, 2), bad = 0;
	FILE *f = fdopen(fd, "w");
	struct random_c shape[PROGRAMS];
	struct build b;

	random_c_begin(f);
	for (int i = 0; i < PROGRAMS; i++)
		shape[i] = random_c_write(f, seed + i, 1 + i);
	write_main(f, 1, PROGRAMS);
	fclose(f);
	if (build_program(&b, path, cc_args, err, sizeof(err)))
		ck_abort_msg("%s", err);
	for (int i = 0; i < PROGRAMS && now() < until; i++) {
		enum flx_model model = models[(seed + i) % 4];
		const char *difference = compare(&shape[i], &b, 1 + i, model);

		if (difference) {
			show(seed + i, 1 + i, difference, level, model);
			bad++;
		}
	}
	build_close(&b);
	unlink(path);
	return bad;
}

START_TEST(all_ways_to_explore_agree)
{
	double until = now() + seconds;
	uint64_t seed = first_seed;
	int bad = 0;

	for (int k = 0; now() < until; k++, seed += PROGRAMS)
		bad += one_file(seed, until, levels[k % 4]);
	printf("%lu programs from seed %lu, %lu executions, %lu outcomes, %lu deadlocks, %lu "
	       "races; compared: "
	       "symmetry %lu (%lu with fewer executions), rounds %lu (%lu), additions %lu (%lu), "
	       "preemptions %lu, races %lu; %d "
	       "differ\n",
	       stats.programs, (unsigned long)first_seed, stats.executions, stats.outcomes,
	       stats.deadlocks, stats.races, stats.compared[0], stats.with_symmetry,
	       stats.compared[1], stats.with_rounds, stats.compared[4], stats.with_additions,
	       stats.compared[2], stats.compared[3], bad);
	fflush(stdout);
	ck_assert_int_eq(bad, 0);
}
END_TEST

#define NAME(name, rule) #name,
static const char *const mutant_name[] = { FLX_PROGRAM_MUTANTS(NAME) };

static enum flx_mutant mutant_by_name(const char *name)
{
	for (int i = 0; FLX_NR_MUTANTS + 1 + i < FLX_NR_ALL_MUTANTS; i++)
		if (!strcmp(mutant_name[i], name))
			return FLX_NR_MUTANTS + 1 + i;
	return FLX_MUT_NONE;
}

int main(int argc, char **argv)
{
	Suite *s = suite_create("fuzz_rounds");
	TCase *tc = tcase_create("fuzz");
	SRunner *sr;
	int failed;

	if (getenv("ENGINE_TEST_SECONDS"))
		seconds = atof(getenv("ENGINE_TEST_SECONDS"));
	if (argc > 1)
		seconds = atof(argv[1]);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		tested_mutant = mutant_by_name(argv[3]);
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, all_ways_to_explore_agree);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
