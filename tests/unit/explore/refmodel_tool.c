/* SPDX-License-Identifier: MIT */
/*
 * refmodel_tool.c - what the reference says of a program, for people and scripts.
 *
 *	refmodel_tool lkmm 'W x 1; mb; R y | W y 1; mb; R x' ['0:r0=0 1:r0=0']
 *	refmodel_tool lkmm -		one program per line from standard input, one line of output each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refmodel.h"

#define LIMIT 200000000

static int cmp_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The distinct outcomes of a set with the number of graphs of each. */
static void print_outcomes(const struct rm_prog *p, const struct rm_set *s, const char *sep)
{
	char **text = calloc(s->n + 1, sizeof(*text)), buf[1024];
	size_t same = 1;

	for (size_t i = 0; i < s->n; i++) {
		rm_format_out(p, s->e[i].out, buf, sizeof(buf));
		text[i] = strdup(buf);
	}
	qsort(text, s->n, sizeof(*text), cmp_text);
	for (size_t i = 0; i < s->n; i++, same++) {
		if (i + 1 < s->n && !strcmp(text[i], text[i + 1]))
			continue;
		printf("%s%zux %s", sep, same, text[i]);
		same = 0;
	}
	for (size_t i = 0; i < s->n; i++)
		free(text[i]);
	free(text);
}

static int judge(enum rm_model m, const char *text, const char *cond, const char *sep)
{
	char err[128];
	struct rm_prog p;
	struct rm_result r;
	struct rm_cond c;
	size_t holds = 0;

	if (rm_parse(&p, text, err, sizeof(err))) {
		printf("error %s\n", err);
		return 2;
	}
	if (!rm_judges(m, &p)) {
		printf("error %s has no meaning for this program\n", rm_model_name[m]);
		return 2;
	}
	if (rm_enumerate(&p, m, LIMIT, &r)) {
		printf("error too large\n");
		return 2;
	}
	printf("executions %zu stuck %zu race %d", r.complete.n, r.stuck.n, r.race);
	if (cond) {
		if (rm_parse_cond(&c, &p, cond, err, sizeof(err))) {
			printf("error %s\n", err);
			return 2;
		}
		for (size_t i = 0; i < r.complete.n; i++)
			holds += rm_cond_holds(&c, r.complete.e[i].out);
		printf(" holds %zu", holds);
	}
	print_outcomes(&p, &r.complete, sep);
	if (r.stuck.n)
		printf("%sstuck:", sep);
	print_outcomes(&p, &r.stuck, sep);
	printf("\n");
	rm_result_free(&r);
	return 0;
}

int main(int argc, char **argv)
{
	enum rm_model m = RM_LKMM;
	char line[4096];

	if (argc < 3) {
		fprintf(stderr, "usage: refmodel_tool sc|tso|lkmm|rc11 PROGRAM|- [CONDITION]\n");
		return 2;
	}
	for (int i = 0; i < RM_NR_MODELS; i++)
		if (!strcmp(argv[1], rm_model_name[i]))
			m = i;
	if (strcmp(argv[2], "-"))
		return judge(m, argv[2], argc > 3 ? argv[3] : NULL, "\n  ");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		judge(m, line, NULL, " ;");
		fflush(stdout);
	}
	return 0;
}
