/* SPDX-License-Identifier: MIT */
/* print.c - a test's result as herd7 prints it, and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ast.h"
#include "litmus.h"

static const char *global_at(const struct lt_test *t, int64_t v)
{
	for (int i = 0; i < t->nglobals; i++)
		if ((int64_t)(intptr_t)t->global[i].addr == v)
			return t->global[i].name;
	return NULL;
}

static void put_value(FILE *f, const struct lt_test *t, int64_t v)
{
	const char *name = global_at(t, v);

	if (name)
		fputs(name, f);
	else
		fprintf(f, "%" PRId64, v);
}

static void put_var(FILE *f, const struct lt_var *v)
{
	fprintf(f, v->global < 0 ? "%s" : "[%s]", v->text);
}

/* An operand of a junction goes in parentheses if it binds less tightly. */
static void put_cond(FILE *f, const struct lt_test *t, const struct lt_cond *c, int level)
{
	static const char *const sign[] = {
		[LC_AND] = " /\\ ",
		[LC_OR] = " \\/ ",
		[LC_IMPLIES] = " => ",
	};
	static const int binds[] = { [LC_AND] = 3, [LC_OR] = 2, [LC_IMPLIES] = 1 };

	switch (c->kind) {
	case LC_TRUE:
		fputs("true", f);
		break;
	case LC_FALSE:
		fputs("false", f);
		break;
	case LC_EQ:
		put_var(f, &t->var[c->var]);
		if (c->c.global >= 0)
			fprintf(f, "=%s", t->global[c->c.global].name);
		else
			fprintf(f, "=%" PRId64, c->c.value);
		break;
	case LC_EQ_VAR:
		put_var(f, &t->var[c->var]);
		fputc('=', f);
		put_var(f, &t->var[c->other]);
		break;
	case LC_NOT:
		fputs("not (", f);
		put_cond(f, t, c->a, 0);
		fputc(')', f);
		break;
	default:
		if (binds[c->kind] < level)
			fputc('(', f);
		put_cond(f, t, c->a, binds[c->kind]);
		fputs(sign[c->kind], f);
		put_cond(f, t, c->b, binds[c->kind]);
		if (binds[c->kind] < level)
			fputc(')', f);
	}
}

static bool as_asked(const struct lt_test *t, const struct lt_result *r)
{
	switch (t->quantifier) {
	case LQ_EXISTS:
		return r->positive > 0;
	case LQ_NOT_EXISTS:
		return r->positive == 0;
	default:
		return r->negative == 0;
	}
}

void lt_print(FILE *f, const struct lt_test *t, const struct lt_result *r)
{
	static const char *const kind[] = { "Allowed", "Forbidden", "Required" };
	static const char *const word[] = { "exists", "~exists", "forall" };
	bool turned = t->quantifier == LQ_NOT_EXISTS;
	const struct lt_states *s = &r->states;

	fprintf(f, "Test %s %s\nStates %zu\n", t->name, kind[t->quantifier], s->n);
	for (size_t i = 0; i < s->n; i++) {
		for (int k = 0; k < s->nvars; k++) {
			if (k)
				fputc(' ', f);
			put_var(f, &t->var[t->order[k]]);
			fputc('=', f);
			put_value(f, t, s->value[i * (size_t)s->nvars + (size_t)k]);
			fputc(';', f);
		}
		fputc('\n', f);
	}
	fprintf(f, "%s%s\nWitnesses\nPositive: %" PRIu64 " Negative: %" PRIu64 "\n",
		r->cut ? "Loop " : "", as_asked(t, r) ? "Ok" : "No",
		turned ? r->negative : r->positive, turned ? r->positive : r->negative);
	if (t->unmatched_lock)
		fputs("Flag unmatched-rcu-lock\n", f);
	if (t->unmatched_unlock)
		fputs("Flag unmatched-rcu-unlock\n", f);
	if (r->race)
		fputs("Flag data-race\n", f);
	fprintf(f, "Condition %s (", word[t->quantifier]);
	put_cond(f, t, t->cond, 0);
	fprintf(f, ")\nObservation %s %s %" PRIu64 " %" PRIu64 "\n", t->name, lt_observation(r),
		r->positive, r->negative);
	if (!r->complete)
		fputs("Incomplete: the time was over, there may be more states\n", f);
	if (!r->covered)
		fputs("Not covered: executions with a cycle in program order and reads-from (load "
		      "buffering) are left out, and may change the answer\n",
		      f);
	fprintf(f, "Time %s %.2f\n\n", t->name, r->seconds);
}

static void put_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned int)(unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void put_state(FILE *f, const struct lt_test *t, const int64_t *v, int n)
{
	fputc('{', f);
	for (int k = 0; k < n; k++) {
		const char *name = global_at(t, v[k]);

		if (k)
			fputs(", ", f);
		put_string(f, t->var[t->order[k]].text);
		fputs(": ", f);
		if (name)
			put_string(f, name);
		else
			fprintf(f, "%" PRId64, v[k]);
	}
	fputc('}', f);
}

void lt_print_json(FILE *f, const struct lt_test *t, const struct lt_result *r, const char *model)
{
	const struct lt_states *s = &r->states;

	fputs("{\"file\": ", f);
	put_string(f, t->file);
	fputs(", \"name\": ", f);
	put_string(f, t->name);
	fprintf(f, ", \"model\": \"%s\", \"observation\": \"%s\", \"states\": [", model,
		lt_observation(r));
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			fputs(", ", f);
		put_state(f, t, &s->value[i * (size_t)s->nvars], s->nvars);
	}
	fprintf(f,
		"], \"positive\": %" PRIu64 ", \"negative\": %" PRIu64 ", \"race\": %s, "
		"\"covered\": %s, \"complete\": %s, \"executions\": %" PRIu64
		", \"seconds\": %.6f}\n",
		r->positive, r->negative, r->race ? "true" : "false", r->covered ? "true" : "false",
		r->complete ? "true" : "false", r->executions, r->seconds);
}
