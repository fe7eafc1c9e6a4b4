/* main.c - runs every variant of the scenarios that are linked in, from a program of one's own. */
#include <stdio.h>
#include <string.h>

#include <faultline/run.h>

/* Runs one variant and shows what came out; 0 if it is what the variant declares. */
static int run(const struct fl_scenario *s, const struct fl_variant *v)
{
	struct fl_run_options opt = { .variant = v->name };
	struct fl_run_result r;
	char err[256];
	int bad;

	if (fl_run_check(s, &opt, &r, err, sizeof(err))) {
		fprintf(stderr, "%s: %s\n", s->name, err);
		return 1;
	}
	printf("%s %s: %s\n", s->name, v->name,
	       r.verdict == FL_VERDICT_VERIFIED ? "verified" : r.message);
	if (r.trace)
		fl_trace_print(r.trace, stdout);
	bad = v->expect ? r.verdict != FL_VERDICT_VIOLATION || strcmp(r.oracle, v->expect) != 0
			: r.verdict != FL_VERDICT_VERIFIED;
	fl_run_result_free(&r);
	return bad;
}

int main(void)
{
	int bad = 0;

	for (const struct fl_scenario *s = fl_scenario_first(); s; s = s->next)
		for (size_t i = 0; i < s->nr_variants; i++)
			bad += run(s, &s->variants[i]);
	return bad;
}
