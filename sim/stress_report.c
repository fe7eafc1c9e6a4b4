// SPDX-License-Identifier: MIT
/* stress_report.c - a table of variants, or JSON lines. */
#include "stress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli.h"

double stress_rate(uint64_t hits, uint64_t runs)
{
	return runs ? 1e6 * (double)hits / (double)runs : 0;
}

/* Oracles that need to know more than real threads tell. */
static bool is_blind(const char *oracle)
{
	return !strcmp(oracle, "data-race") || !strcmp(oracle, "lock-order");
}

static bool can_show(const struct stress_run *run)
{
	const char *expect = run->compare ? run->variant->expect : NULL;

	return run->host == STRESS_SHOWS && !(expect && is_blind(expect));
}

bool stress_as_expected(const struct stress_run *run, bool *known)
{
	*known = !run->skipped && run->compare && run->host != STRESS_UNKNOWN && !run->luck;
	if (!*known)
		return true;
	if (can_show(run))
		return run->hits > 0;
	/* what only the check engine sees may break something else, too */
	return !run->hits || run->host == STRESS_SHOWS;
}

static const char *kernel_of(const struct stress_run *run)
{
	const char *kernel = run->used_kernel;

	if (!kernel[0])
		kernel = run->kernel ? run->kernel : run->variant ? run->variant->kernel : "-";
	return strncmp(kernel, "linux-", 6) ? kernel : kernel + 6;
}

static void expectation(char *buf, size_t size, const struct stress_run *run)
{
	bool known, as_expected = stress_as_expected(run, &known);
	const char *expect = run->compare ? run->variant->expect : NULL;

	if (run->luck)
		snprintf(buf, size, "not hit: needs %s", run->needs);
	else if (!run->hits && run->needs[0])
		snprintf(buf, size, "not on %s: needs %s", stress_host_name, run->needs);
	else if (!run->hits && expect && is_blind(expect))
		snprintf(buf, size, "only the check engine sees a %s", expect);
	else if (!known)
		snprintf(buf, size, "-");
	else if (as_expected)
		snprintf(buf, size, "as expected");
	else
		snprintf(buf, size, run->hits ? "NOT expected" : "NOT hit");
}

/* ---- the table ---- */

static const char *variant_name(const struct stress_run *run)
{
	return run->variant ? run->variant->name : "-";
}

static void widen(int *width, const char *text)
{
	int n = (int)strlen(text);

	if (n > *width)
		*width = n;
}

void stress_table_plan(struct stress_table *t, const struct stress_run *run)
{
	if (!t->scenario)
		*t = (struct stress_table){
			.scenario = 8, .variant = 7, .kernel = 6, .oracle = 14
		};
	widen(&t->scenario, run->scenario->name);
	widen(&t->variant, variant_name(run));
	widen(&t->kernel, kernel_of(run));
}

static void put_head(struct stress_table *t)
{
	if (!t->begun)
		printf("%-*s  %-*s  %-*s  %9s  %7s  %-*s  %8s  %11s  %9s  %s\n", t->scenario,
		       "scenario", t->variant, "variant", t->kernel, "kernel", "runs", "runs/s",
		       t->oracle, "oracle", "hits", "per million", "first hit", "expectation");
	t->begun = true;
}

static void put_start(const struct stress_table *t, const struct stress_run *run)
{
	printf("%-*s  %-*s  %-*s  ", t->scenario, run->scenario->name, t->variant,
	       variant_name(run), t->kernel, kernel_of(run));
	if (run->skipped)
		printf("%9s  %7s  ", "-", "-");
	else
		printf("%9" PRIu64 "  %7.0f  ", run->runs,
		       run->seconds > 0 ? (double)run->runs / run->seconds : 0);
}

static void put_oracle(const struct stress_table *t, const struct stress_run *run,
		       const struct stress_oracle *o)
{
	char time[32];

	printf("%-*s  %8" PRIu64 "  %11.1f  %9s", t->oracle, o->name, o->hits,
	       stress_rate(o->hits, run->runs), cli_time(time, sizeof(time), o->first_second));
}

void stress_table_row(struct stress_table *t, const struct stress_run *run)
{
	char expected[512];

	put_head(t);
	expectation(expected, sizeof(expected), run);
	put_start(t, run);
	if (run->nr_oracles)
		put_oracle(t, run, &run->oracle[0]);
	else if (run->skipped)
		printf("%-*s  %8s  %11s  %9s", t->oracle, "-", "-", "-", "-");
	else
		printf("%-*s  %8d  %11s  %9s", t->oracle, "-", 0, "-", "-");
	printf("  %s\n", expected);
	for (int i = 1; i < run->nr_oracles; i++) {
		printf("%*s", t->scenario + t->variant + t->kernel + 6 + 9 + 2 + 7 + 2, "");
		put_oracle(t, run, &run->oracle[i]);
		putchar('\n');
	}
	for (int i = 0; i < run->nr_oracles; i++) {
		const struct stress_oracle *o = &run->oracle[i];

		printf("    %s: %s (run %" PRIu64 " of seed %" PRIu64 "%s%s)\n", o->name,
		       o->message, o->first_run, run->seed, o->stalls[0] ? ", --stalls " : "",
		       o->stalls);
	}
	fflush(stdout);
}

/* ---- JSON ---- */

static void put_string(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s ? json_string(s) : json_null());
}

static void put_count(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *json_oracle(const struct stress_run *run, const struct stress_oracle *from)
{
	json_t *o = json_object();

	put_string(o, "oracle", from->name);
	put_string(o, "message", from->message);
	put_count(o, "hits", from->hits);
	json_object_set_new(o, "per_million", json_real(stress_rate(from->hits, run->runs)));
	put_count(o, "first_run", from->first_run);
	put_string(o, "stalls", from->stalls[0] ? from->stalls : NULL);
	json_object_set_new(o, "first_hit_seconds", json_real(from->first_second));
	return o;
}

static const char *host_verdict(enum stress_host host)
{
	return host == STRESS_SHOWS ? "violation" : host == STRESS_HOLDS ? "verified" : NULL;
}

void stress_report_json(const struct stress_run *run)
{
	bool known, as_expected = stress_as_expected(run, &known);
	const char *expect = run->compare ? run->variant->expect : NULL;
	json_t *o = json_object(), *oracles = json_array();

	put_string(o, "scenario", run->scenario->name);
	put_string(o, "id", run->scenario->id);
	put_string(o, "variant", run->variant ? run->variant->name : NULL);
	put_string(o, "kernel", kernel_of(run));
	put_string(o, "set", run->set);
	put_string(o, "model", run->compare ? run->variant->model : NULL);
	put_count(o, "seed", run->seed);
	put_count(o, "processes", run->processes);
	json_object_set_new(o, "skipped", json_boolean(run->skipped));
	put_count(o, "runs", run->runs);
	json_object_set_new(o, "seconds", json_real(run->seconds));
	json_object_set_new(o, "runs_per_second",
			    json_real(run->seconds > 0 ? (double)run->runs / run->seconds : 0));
	put_count(o, "hits", run->hits);
	json_object_set_new(o, "hits_per_million", json_real(stress_rate(run->hits, run->runs)));
	json_object_set_new(o, "first_hit_seconds",
			    run->nr_oracles ? json_real(run->oracle[0].first_second) : json_null());
	for (int i = 0; i < run->nr_oracles; i++)
		json_array_append_new(oracles, json_oracle(run, &run->oracle[i]));
	json_object_set_new(o, "oracles", oracles);
	json_object_set_new(o, "cut_short", json_boolean(run->cut_short));
	put_string(o, "expected", !run->compare ? NULL : expect ? "violation" : "verified");
	put_string(o, "expected_oracle", expect);
	put_string(o, "host_verdict", host_verdict(run->host));
	put_string(o, "needs", run->needs[0] ? run->needs : NULL);
	json_object_set_new(o, "as_expected", known ? json_boolean(as_expected) : json_null());
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}
