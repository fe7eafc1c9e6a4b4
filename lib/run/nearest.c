// SPDX-License-Identifier: MIT
/*
 * nearest.c - close names by edit distance: insertions, deletions, substitutions, and swapped
 * neighbours, which count once. A name that contains the mistyped one is close too.
 */
#include "nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_NAME 64
#define MAX_SHOWN 3

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	size_t d[3][MAX_NAME + 1]; /* the row before last, the last, this one */

	if (n > MAX_NAME || m > MAX_NAME)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		d[1][j] = j;
	for (size_t i = 1; i <= n; i++) {
		d[2][0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = d[1][j - 1] + (a[i - 1] != b[j - 1]);

			d[2][j] = min3(d[1][j] + 1, d[2][j - 1] + 1, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[0][j - 2] + 1 < d[2][j])
				d[2][j] = d[0][j - 2] + 1;
		}
		memcpy(d[0], d[1], sizeof(d[0]));
		memcpy(d[1], d[2], sizeof(d[1]));
	}
	return d[1][m];
}

/* How far @known is from what was typed; more than @limit: not worth a mention. */
static size_t farness(const char *name, const char *known, size_t limit)
{
	size_t d = distance(name, known);

	if (d > limit && strlen(name) >= 2 && strstr(known, name))
		return limit;
	return d;
}

void fl_nearest(char *buf, size_t size, const char *name, const char *const *known, size_t n)
{
	size_t limit = strlen(name) / 3 + 1, at = 0;
	const char *best[MAX_SHOWN];
	size_t far[MAX_SHOWN];
	size_t shown = 0;

	for (size_t i = 0; i < n; i++) {
		size_t d = farness(name, known[i], limit), k;

		if (d > limit)
			continue;
		for (k = 0; k < shown && far[k] <= d; k++)
			;
		if (k == MAX_SHOWN)
			continue;
		if (shown < MAX_SHOWN)
			shown++;
		memmove(&best[k + 1], &best[k], (shown - k - 1) * sizeof(best[0]));
		memmove(&far[k + 1], &far[k], (shown - k - 1) * sizeof(far[0]));
		best[k] = known[i];
		far[k] = d;
	}
	buf[0] = '\0';
	if (!shown)
		return;
	at = snprintf(buf, size, "; did you mean");
	for (size_t k = 0; k < shown && at < size; k++)
		at += snprintf(buf + at, size - at, "%s \"%s\"",
			       !k	       ? ""
			       : k + 1 < shown ? ","
					       : " or",
			       best[k]);
	if (at < size)
		snprintf(buf + at, size - at, "?");
}
