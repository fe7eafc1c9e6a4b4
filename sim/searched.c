// SPDX-License-Identifier: MIT
/* searched.c - see searched.h. */
#include "searched.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

void searched_print_open(const struct fl_run_result *r, const char *limit)
{
	if (r->oracle[0])
		printf("  perhaps %s: %s\n", r->oracle, limit);
	else if (!r->note[0])
		printf("  no violation so far, but not all was explored: %s\n", limit);
	else if (limit == r->note)
		printf("  %s\n", r->note);
	else
		printf("  %s: %s\n", r->note, limit);
}

int searched_counts(char *buf, size_t size, const struct fl_run_result *r)
{
	if (!r->runs)
		return snprintf(buf, size, "executions %" PRIu64, r->executions);
	if (r->found_in)
		return snprintf(buf, size,
				"executions %" PRIu64 " in %" PRIu64 " runs, found in run %" PRIu64,
				r->executions, r->runs, r->found_in);
	return snprintf(buf, size, "executions %" PRIu64 " in %" PRIu64 " runs", r->executions,
			r->runs);
}

static unsigned int depth_of(const struct fl_run_result *r)
{
	unsigned int depth = 0;

	return sscanf(r->search, "pct:%u", &depth) == 1 ? depth : 0;
}

static void put_probability(char *buf, size_t size, double p)
{
	if (p > 0.9999)
		snprintf(buf, size, "more than 0.9999");
	else
		snprintf(buf, size, "%.4g", p);
}

void searched_print_odds(const struct fl_run_result *r)
{
	const struct fl_pct *m = &r->pct;
	char choices[32] = "", one[32], all[32];

	if (!m->threads)
		return;
	if (m->choices > 1)
		snprintf(choices, sizeof(choices), ", %.4g choices", m->choices);
	put_probability(one, sizeof(one), m->per_run);
	put_probability(all, sizeof(all), m->all_runs);
	printf("  a bug of depth %u: found with probability 1/(n*k^%u%s) = %s by a run, %s by "
	       "%" PRIu64 " runs, at least\n",
	       depth_of(r), depth_of(r) - 1, m->choices > 1 ? "*choices" : "", one, all, m->runs);
	printf("  (n = %u threads, k = %u steps%s; one that shows if loads read the newest "
	       "store)\n",
	       m->threads, m->steps, choices);
}

bool searched_print_checkpoint(const struct fl_run_result *r, const char *file, bool quiet)
{
	if (r->save_err) {
		cli_error("can't write the checkpoint to \"%s\": %s; --checkpoint FILE chooses "
			  "another place",
			  file, strerror(-r->save_err));
		return false;
	}
	if (quiet)
		return true;
	if (r->saved)
		printf("  saved: --resume %s goes on from here\n", file);
	else if (r->unsaved)
		printf("  not saved: it took less than a minute; --checkpoint FILE saves it "
		       "anyway\n");
	else if (r->cleared)
		printf("  removed: the checkpoint %s, as the search has come to its end\n", file);
	return true;
}

void searched_json(json_t *o, const struct fl_run_result *r)
{
	const struct fl_pct *m = &r->pct;

	json_object_set_new(o, "search", json_string(r->search));
	if (!r->runs)
		return;
	json_object_set_new(o, "runs", json_integer((json_int_t)r->runs));
	json_object_set_new(o, "found_in",
			    r->found_in ? json_integer((json_int_t)r->found_in) : json_null());
	if (!m->threads)
		return;
	json_object_set_new(o, "pct",
			    json_pack("{s:i, s:i, s:i, s:f, s:I, s:f, s:f}", "depth",
				      (int)depth_of(r), "threads", (int)m->threads, "steps",
				      (int)m->steps, "choices", m->choices, "runs",
				      (json_int_t)m->runs, "per_run", m->per_run, "all_runs",
				      m->all_runs));
}
