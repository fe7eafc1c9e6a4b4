/* SPDX-License-Identifier: MIT */
/* modes.c - ways to search: their names, and what to say of one that was not exhaustive. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forward.h"

#define THERE_ARE "There are: exhaustive, random, pct:D, preemptions:N"

static const struct mode {
	const char *name;
	unsigned int min, max; /* of the number behind it; both 0: there is none */
	const char *number;
	void (*search)(void);
} modes[] = {
	[FLX_EXHAUSTIVE] = { "exhaustive", 0, 0, NULL, NULL },
	[FLX_RANDOM] = { "random", 0, 0, NULL, forward_random },
	[FLX_PCT] = { "pct", 1, FLX_MAX_DEPTH, "D, the depth of the bugs to be found",
		      forward_pct },
	[FLX_PREEMPTIONS] = { "preemptions", 0, 1000000, "N, how many there may be",
			      forward_preemptions },
};

#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

static bool parse_number(unsigned int *out, const struct mode *m, const char *text)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	*out = (unsigned int)n;
	return !errno && text[0] >= '0' && text[0] <= '9' && !*end && n >= m->min && n <= m->max;
}

int flx_search_parse(struct flx_options *o, const char *text, char *err, size_t err_size)
{
	for (size_t i = 0; text && i < NR_MODES; i++) {
		const struct mode *m = &modes[i];
		size_t n = strlen(m->name);

		if (strncmp(text, m->name, n) || (text[n] && text[n] != ':'))
			continue;
		if (!m->number && text[n])
			break;
		o->search = (enum flx_search)i;
		o->bound = 0;
		if (!m->number || (text[n] && parse_number(&o->bound, m, text + n + 1)))
			return 0;
		snprintf(
			err, err_size,
			"search \"%s\" is not of the form %s:%c with %s, from %u to %u. " THERE_ARE,
			text, m->name, m->number[0], m->number, m->min, m->max);
		return -EINVAL;
	}
	if (!text)
		return 0;
	snprintf(err, err_size, "unknown search \"%s\". " THERE_ARE, text);
	return -EINVAL;
}

void forward_note(struct flx_result *r, const struct flx_options *o)
{
	char *buf = r->note;
	size_t size = sizeof(r->note);
	const char *kind = o->search == FLX_RANDOM ? "random " : "";

	if (o->search == FLX_EXHAUSTIVE || r->verdict != FLX_INCONCLUSIVE || r->oracle[0])
		return;
	if (o->search != FLX_PREEMPTIONS)
		snprintf(buf, size,
			 "no violation in %" PRIu64 " %sruns, with %" PRIu64
			 " different executions; "
			 "there may be others",
			 r->runs, kind, r->executions);
	else if (r->within_bound)
		snprintf(buf, size,
			 "no violation with at most %u preemption%s; there are schedules "
			 "with more",
			 o->bound, o->bound == 1 ? "" : "s");
	else
		snprintf(buf, size,
			 "no violation so far, but not all with at most %u preemption%s was "
			 "explored",
			 o->bound, o->bound == 1 ? "" : "s");
}

void forward_search(void)
{
	S.forward = true;
	modes[S.opt->search].search();
	forward_free();
}
