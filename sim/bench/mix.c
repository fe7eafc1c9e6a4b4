// SPDX-License-Identifier: MIT
/* mix.c - zipf-mix's proportions: "touch=70,mmap=10". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define MAX_PART 1e9

const char *const mix_names[NR_MIX_KINDS] = {
	[MIX_TOUCH] = "touch", [MIX_DONTNEED] = "dontneed", [MIX_MPROTECT] = "mprotect",
	[MIX_MMAP] = "mmap",   [MIX_GUP] = "gup",	    [MIX_FORK] = "fork",
};

static const struct mix usual = {
	.weight = { [MIX_TOUCH] = 80,
		    [MIX_DONTNEED] = 6,
		    [MIX_MPROTECT] = 5,
		    [MIX_MMAP] = 5,
		    [MIX_GUP] = 3.9,
		    [MIX_FORK] = 0.1 },
};

static int kind_of(const char *name, size_t len)
{
	for (int i = 0; i < NR_MIX_KINDS; i++)
		if (strlen(mix_names[i]) == len && !strncmp(mix_names[i], name, len))
			return i;
	return -1;
}

/* "touch=70", up to @end. @seen: the kinds so far. */
static bool parse_one(struct mix *m, unsigned int *seen, const char *item, const char *end,
		      char *err, size_t size)
{
	const char *equals = memchr(item, '=', (size_t)(end - item));
	int kind = equals ? kind_of(item, (size_t)(equals - item)) : -1;
	double weight;
	char *rest;

	if (kind < 0) {
		snprintf(err, size,
			 "\"%.*s\" is not of the form KIND=PART; kinds are touch, dontneed, "
			 "mprotect, "
			 "mmap, gup, fork",
			 (int)(end - item), item);
		return false;
	}
	if (*seen & 1U << kind) {
		snprintf(err, size, "\"%s\" is there twice", mix_names[kind]);
		return false;
	}
	*seen |= 1U << kind;
	weight = strtod(equals + 1, &rest);
	if (rest != end || rest == equals + 1 || !(weight >= 0 && weight <= MAX_PART)) {
		snprintf(err, size, "\"%.*s\" is not a part from 0 to %.0e",
			 (int)(end - equals - 1), equals + 1, MAX_PART);
		return false;
	}
	m->weight[kind] = weight;
	return true;
}

bool mix_parse(struct mix *out, const char *text, char *err, size_t size)
{
	struct mix m = { 0 };
	unsigned int seen = 0;
	double sum = 0;

	if (!text) {
		*out = usual;
		return true;
	}
	for (const char *item = text;; item++) {
		const char *end = item + strcspn(item, ",");

		if (!parse_one(&m, &seen, item, end, err, size))
			return false;
		item = end;
		if (!*item)
			break;
	}
	for (int i = 0; i < NR_MIX_KINDS; i++)
		sum += m.weight[i];
	if (sum <= 0) {
		snprintf(err, size, "no part is above 0");
		return false;
	}
	*out = m;
	return true;
}
