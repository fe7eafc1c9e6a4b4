// SPDX-License-Identifier: MIT
/* report.c - see report.h. */
#include "report.h"

#include <errno.h>
#include <string.h>

static void write_file(FILE *out, const struct script *script, const char *name, const char *file,
		       const char *options)
{
	FILE *f = fopen(file, "we");

	if (!f) {
		fprintf(out, "  can't write %s: %s\n", file, strerror(errno));
		return;
	}
	fprintf(f, "# %s\n", name);
	script_write(script, f);
	if (fclose(f))
		fprintf(out, "  can't write %s: %s\n", file, strerror(errno));
	else
		fprintf(out, "  again: faultline differential%s %s\n", options, file);
}

void report_divergence(FILE *out, const struct sides *sides, const struct script *script,
		       unsigned int at, enum verdict verdict, const char *name, const char *file,
		       const char *options)
{
	char text[512];

	if (verdict == BROKEN)
		fprintf(out, "%s: no verdict, a process of the host could not go on\n", name);
	else if (verdict == HANGS)
		fprintf(out, "%s: the host does not return from step %u\n", name, at + 1);
	else
		fprintf(out, "%s: DIFFERS at step %u of %u\n", name, at + 1, script->n);
	for (unsigned int i = 0; i <= at && i < script->n; i++) {
		step_print(text, sizeof(text), &script->step[i]);
		fprintf(out, "    %s\n", text);
	}
	if (verdict == DIFFERS)
		compare_explain(out, &sides->host_result, &sides->our_result, &sides->host_view,
				&sides->our_view);
	if (file)
		write_file(out, script, name, file, options);
	fflush(out);
}

void report_left_out(const struct sides *sides, const struct script *script, const char *name)
{
	char text[512];

	for (unsigned int i = 0; i < script->n; i++) {
		if (!sides->left_out[i])
			continue;
		step_print(text, sizeof(text), &script->step[i]);
		fprintf(stderr, "faultline: %s: step %u, \"%s\", was left out: %s\n", name, i + 1,
			text, sides->left_out[i]);
	}
}
