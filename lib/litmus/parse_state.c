/* SPDX-License-Identifier: MIT */
/* parse_state.c - the initial state, and what is asked: locations, filter, the condition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

/* "0:" or "P0:" before a register; -1: none, nothing is taken. */
static int accept_thread(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_token next = lt_peek(lx);
	int64_t n = -1;

	if (!lt_is(&next, ":"))
		return -1;
	if (lx->tok.kind == LT_NUMBER)
		n = lx->tok.value;
	else if (lx->tok.kind == LT_NAME && lx->tok.text[0] == 'P' && lx->tok.len > 1)
		n = strtol(lx->tok.text + 1, NULL, 10);
	if (n < 0 || n >= FLX_MAX_THREADS)
		lt_expected(lx, "a thread's number");
	lt_next(lx);
	lt_next(lx);
	return (int)n;
}

static struct lt_const parse_value(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_const c = { .global = -1 };
	bool minus;

	if (lt_accept(lx, "(")) {
		c = parse_value(p);
		lt_expect(lx, ")");
		return c;
	}
	minus = lt_accept(lx, "-");
	if (lx->tok.kind == LT_NUMBER) {
		c.value = minus ? -lx->tok.value : lx->tok.value;
		lt_next(lx);
		return c;
	}
	lt_accept(lx, "&");
	if (minus || lx->tok.kind != LT_NAME)
		lt_expected(lx, "a number or the name of a location");
	c.global = lt_global(p, &lx->tok, true);
	lt_next(lx);
	return c;
}

static bool is_type_word(const struct lt_token *t)
{
	struct lt_lexer lx = { .tok = *t };

	return lt_at_type(&lx);
}

static void init_register(struct lt_parser *p, int thread)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_reg_init *r = &p->reg_init[p->nreg_init];

	if (p->nreg_init == LT_MAX_VARS)
		lt_fail(lx, "more than %d registers in the initial state", LT_MAX_VARS);
	if (lx->tok.kind != LT_NAME)
		lt_expected(lx, "a register's name");
	*r = (struct lt_reg_init){
		.thread = thread,
		.name = lt_copy(p->t, lx->tok.text, lx->tok.len),
		.c = { .global = -1 },
		.line = lx->tok.line,
	};
	p->nreg_init++;
	lt_next(lx);
	if (lt_accept(lx, "="))
		r->c = parse_value(p);
}

static void init_location(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	bool brackets = lt_accept(lx, "[");
	struct lt_global *g;

	if (lx->tok.kind != LT_NAME)
		lt_expected(lx, "the name of a location");
	g = &p->t->global[lt_global(p, &lx->tok, true)];
	lt_next(lx);
	if (brackets)
		lt_expect(lx, "]");
	if (lt_at(lx, "["))
		lt_fail(lx, "arrays are not understood");
	if (!lt_accept(lx, "="))
		return;
	if (lt_at(lx, "{"))
		lt_fail(lx, "an initial value in braces is not understood");
	lt_accept(lx, "ATOMIC_INIT");
	g->init = parse_value(p);
}

void lt_parse_init(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;

	lt_expect(lx, "{");
	while (!lt_at(lx, "}")) {
		int thread, stars;

		if (lt_accept(lx, ";"))
			continue;
		if (is_type_word(&lx->tok))
			lt_skip_type(p, &stars);
		while (lt_accept(lx, "*"))
			;
		thread = accept_thread(p);
		if (thread >= 0)
			init_register(p, thread);
		else
			init_location(p);
		if (!lt_at(lx, "}"))
			lt_expect(lx, ";");
	}
	lt_next(lx);
}

static int add_var(struct lt_parser *p, int thread, const struct lt_token *name, bool shown)
{
	struct lt_test *t = p->t;
	struct lt_var *v;
	struct lt_var new = { .thread = thread, .slot = -1, .global = -1, .shown = shown };
	char text[128];

	if (thread >= 0) {
		if (thread >= t->nthreads)
			lt_fail_at(&p->lx, name->line, "there is no thread P%d", thread);
		new.slot = lt_slot(t->thread[thread], name);
		snprintf(text, sizeof(text), "%d:%.*s", thread,
			 (int)(name->len > 100 ? 100 : name->len), name->text);
	} else {
		new.global = lt_global(p, name, true);
		snprintf(text, sizeof(text), "%.*s", (int)(name->len > 100 ? 100 : name->len),
			 name->text);
	}
	for (int i = 0; i < t->nvars; i++)
		if (!strcmp(t->var[i].text, text)) {
			t->var[i].shown |= shown;
			return i;
		}
	if (t->nvars == LT_MAX_VARS)
		lt_fail(&p->lx, "more than %d registers and locations are asked for", LT_MAX_VARS);
	v = &t->var[t->nvars];
	*v = new;
	v->text = lt_copy(t, text, strlen(text));
	return t->nvars++;
}

/* "1:r0", "x", "[x]", "*x" */
static int parse_var(struct lt_parser *p, bool shown)
{
	struct lt_lexer *lx = &p->lx;
	bool brackets = lt_accept(lx, "[");
	int thread = accept_thread(p), var;

	if (lx->tok.kind != LT_NAME)
		lt_expected(lx, "a register such as 0:r1, or a location");
	var = add_var(p, thread, &lx->tok, shown);
	lt_next(lx);
	if (brackets)
		lt_expect(lx, "]");
	else if (lt_at(lx, "["))
		lt_fail(lx, "arrays are not understood");
	return var;
}

static struct lt_cond *new_cond(struct lt_parser *p, enum lt_cond_kind kind, struct lt_cond *a,
				struct lt_cond *b)
{
	struct lt_cond *c = lt_alloc(p->t, sizeof(*c));

	c->kind = kind;
	c->a = a;
	c->b = b;
	return c;
}

static struct lt_cond *parse_implies(struct lt_parser *p, bool shown);

static struct lt_cond *parse_atom(struct lt_parser *p, bool shown)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_cond *c;
	bool differs;
	struct lt_token next;

	lt_enter(p);
	if (lt_accept(lx, "(")) {
		c = parse_implies(p, shown);
		lt_expect(lx, ")");
	} else if (lt_accept(lx, "~") || lt_accept(lx, "not")) {
		c = new_cond(p, LC_NOT, parse_atom(p, shown), NULL);
	} else if (lt_accept(lx, "true")) {
		c = new_cond(p, LC_TRUE, NULL, NULL);
	} else if (lt_accept(lx, "false")) {
		c = new_cond(p, LC_FALSE, NULL, NULL);
	} else {
		c = new_cond(p, LC_EQ, NULL, NULL);
		c->var = parse_var(p, shown);
		differs = lt_accept(lx, "!=") || lt_accept(lx, "<>");
		if (!differs && !lt_accept(lx, "=="))
			lt_expect(lx, "=");
		next = lt_peek(lx);
		if (lt_at(lx, "[") || lt_at(lx, "*") || lt_is(&next, ":")) {
			lt_accept(lx, "*");
			c->kind = LC_EQ_VAR;
			c->other = parse_var(p, shown);
		} else {
			c->c = parse_value(p);
		}
		if (differs)
			c = new_cond(p, LC_NOT, c, NULL);
	}
	lt_leave(p);
	return c;
}

static struct lt_cond *parse_and(struct lt_parser *p, bool shown)
{
	struct lt_cond *c = parse_atom(p, shown);

	while (lt_accept(&p->lx, "/\\"))
		c = new_cond(p, LC_AND, c, parse_atom(p, shown));
	return c;
}

static struct lt_cond *parse_or(struct lt_parser *p, bool shown)
{
	struct lt_cond *c = parse_and(p, shown);

	while (lt_accept(&p->lx, "\\/"))
		c = new_cond(p, LC_OR, c, parse_and(p, shown));
	return c;
}

static struct lt_cond *parse_implies(struct lt_parser *p, bool shown)
{
	struct lt_cond *c = parse_or(p, shown);

	if (!lt_accept(&p->lx, "=>"))
		return c;
	lt_enter(p);
	c = new_cond(p, LC_IMPLIES, c, parse_implies(p, shown));
	lt_leave(p);
	return c;
}

static void parse_locations(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	int stars;

	lt_expect(lx, "[");
	while (!lt_at(lx, "]")) {
		parse_var(p, true);
		/* A type may follow: how to print it. */
		if (lt_at_type(lx))
			lt_skip_type(p, &stars);
		else
			lt_accept(lx, "*");
		if (!lt_at(lx, "]"))
			lt_expect(lx, ";");
	}
	lt_next(lx);
}

static const struct lt_test *sorting;

/* Registers by thread and name, then locations by name. */
static int compare_vars(const void *a, const void *b)
{
	const struct lt_var *x = &sorting->var[*(const int *)a],
			    *y = &sorting->var[*(const int *)b];

	if ((x->global < 0) != (y->global < 0))
		return x->global < 0 ? -1 : 1;
	if (x->global < 0 && x->thread != y->thread)
		return x->thread - y->thread;
	return strcmp(x->text, y->text);
}

void lt_parse_final(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_test *t = p->t;

	if (lt_accept(lx, "locations"))
		parse_locations(p);
	if (lt_accept(lx, "filter"))
		t->filter = parse_implies(p, false);
	t->quantifier = LQ_EXISTS;
	if (lx->tok.kind == LT_EOF) {
		t->quantifier = LQ_FORALL;
		t->cond = new_cond(p, LC_TRUE, NULL, NULL);
	} else if (lt_accept(lx, "~") || lt_accept(lx, "not")) {
		t->quantifier = LQ_NOT_EXISTS;
		lt_expect(lx, "exists");
	} else if (lt_accept(lx, "forall")) {
		t->quantifier = LQ_FORALL;
	} else if (!lt_at(lx, "(") && !lt_accept(lx, "final")) {
		lt_expect(lx, "exists");
	}
	if (!t->cond)
		t->cond = parse_implies(p, true);
	lt_accept(lx, ";");
	if (lx->tok.kind != LT_EOF)
		lt_expected(lx, "the end of the condition");
	for (int i = 0; i < t->nvars; i++)
		if (t->var[i].shown)
			t->order[t->nshown++] = i;
	sorting = t;
	qsort(t->order, (size_t)t->nshown, sizeof(t->order[0]), compare_vars);
}
