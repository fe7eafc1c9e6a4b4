// SPDX-License-Identifier: MIT
/*
 * stress_host.c - what a variant can show on this host, and what it would need.
 *
 * A processor of x86 keeps tso: an execution that only lkmm allows won't be seen, however long one tries.
 * What the variant declares, or another one of the same kernel under another model, mostly says it; else
 * the check engine is asked.
 */
#include "stress.h"

#include <stdio.h>
#include <string.h>

#include "../lib/trace/trace.h"

#define ASK_SECONDS 5

#if defined(__x86_64__)
#define HOST_MODEL "tso"
const char stress_host_name[] = "x86";
#else
#define HOST_MODEL "lkmm"
const char stress_host_name[] = "this machine";
#endif

/* Stronger models first: what breaks under one breaks under those after it. */
static int strength(const char *model)
{
	static const char *const models[] = { "sc", "tso", "lkmm" };
	int i = 0;

	while (i < 2 && strcmp(models[i], model))
		i++;
	return i;
}

/* What @v's declared verdict under its model says of the host's. */
static enum stress_host declared(const struct fl_variant *v)
{
	int host = strength(HOST_MODEL), its = strength(v->model);

	if (v->expect && its <= host)
		return STRESS_SHOWS;
	if (!v->expect && its >= host)
		return STRESS_HOLDS;
	return STRESS_UNKNOWN;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_kernel(const struct fl_variant *a, const struct fl_variant *b)
{
	return same(a->kernel, b->kernel) && same(a->set, b->set);
}

static enum stress_host declared_by_any(const struct stress_run *run)
{
	const struct fl_scenario *s = run->scenario;

	for (size_t i = 0; i < s->nr_variants; i++) {
		const struct fl_variant *v = &s->variants[i];

		if (same_kernel(v, run->variant) && declared(v) != STRESS_UNKNOWN)
			return declared(v);
	}
	return STRESS_UNKNOWN;
}

/* Explores. False: it could not be, or not to the end. */
static bool explore(const struct stress_run *run, const char *model, struct fl_run_result *result)
{
	const struct fl_run_options opt = {
		.variant = run->variant ? run->variant->name : NULL,
		.kernel = run->kernel,
		.set = run->set,
		.model = model,
		.timeout = ASK_SECONDS,
	};
	char err[512];

	if (fl_run_check(run->scenario, &opt, result, err, sizeof(err)))
		return false;
	if (result->verdict != FL_VERDICT_INCONCLUSIVE)
		return true;
	fl_run_result_free(result);
	return false;
}

static enum stress_host ask(const struct stress_run *run)
{
	struct fl_run_result result;
	enum stress_host host;

	if (!explore(run, HOST_MODEL, &result))
		return STRESS_UNKNOWN;
	host = result.verdict == FL_VERDICT_VIOLATION ? STRESS_SHOWS : STRESS_HOLDS;
	fl_run_result_free(&result);
	return host;
}

/* The order of two accesses that @barrier is for, and that the violation does without. */
static const char *order_of(const char *why)
{
	if (strstr(why, "smp_wmb()"))
		return "store-store";
	if (strstr(why, "smp_rmb()"))
		return "load-load";
	return "an order that tso keeps";
}

/* By the late load in the violation that lkmm allows: "no smp_wmb() between A3 and A4". */
static void say_what_it_needs(struct stress_run *run)
{
	struct fl_run_result result;
	const char *why = NULL;

	snprintf(run->needs, sizeof(run->needs), "a weaker memory model");
	if (!explore(run, "lkmm", &result))
		return;
	if (result.verdict == FL_VERDICT_VERIFIED)
		run->needs[0] = '\0';
	for (int i = 0; result.trace && i < result.trace->record.n && !why; i++)
		if (result.trace->record.ev[i].why[0])
			why = result.trace->record.ev[i].why;
	if (why)
		snprintf(run->needs, sizeof(run->needs), "%s (%s)", order_of(why), why);
	fl_run_result_free(&result);
}

void stress_ask_host(struct stress_run *run, bool may_explore)
{
	bool chosen = !run->variant || run->kernel || run->set;

	run->host = chosen ? STRESS_UNKNOWN : declared_by_any(run);
	if (!may_explore)
		return;
	if (run->host == STRESS_UNKNOWN)
		run->host = ask(run);
	if (run->host != STRESS_HOLDS || !strcmp(HOST_MODEL, "lkmm"))
		return;
	if (chosen || run->variant->expect)
		say_what_it_needs(run);
}

static bool breaks_sc(const struct stress_run *run)
{
	const struct fl_scenario *s = run->scenario;

	for (size_t i = 0; i < s->nr_variants; i++) {
		const struct fl_variant *v = &s->variants[i];

		if (same_kernel(v, run->variant) && v->expect && !strength(v->model))
			return true;
	}
	return false;
}

/* A store buffer is empty again long before a delay is over. */
void stress_ask_luck(struct stress_run *run)
{
	struct fl_run_result result;

	if (run->host != STRESS_SHOWS || !run->compare || breaks_sc(run) ||
	    !explore(run, "sc", &result))
		return;
	run->luck = result.verdict == FL_VERDICT_VERIFIED;
	if (run->luck)
		snprintf(run->needs, sizeof(run->needs), "a store buffer, and luck");
	fl_run_result_free(&result);
}
