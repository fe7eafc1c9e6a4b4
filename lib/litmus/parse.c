/* SPDX-License-Identifier: MIT */
/* parse.c - a test as a whole: name, initial state, threads, condition; and its memory. */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "litmus.h"

#define CHUNK ((size_t)16 << 10)
#define MAX_FILE ((size_t)4 << 20)

struct lt_chunk {
	struct lt_chunk *next;
	size_t used, size;
	char data[] __attribute__((aligned(16)));
};

void *lt_alloc(struct lt_test *t, size_t size)
{
	struct lt_chunk *c = t->chunks;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (!c || c->size - c->used < size) {
		size_t room = size > CHUNK ? size : CHUNK;

		c = calloc(1, sizeof(*c) + room);
		if (!c)
			abort();
		c->size = room;
		c->next = t->chunks;
		t->chunks = c;
	}
	p = c->data + c->used;
	c->used += size;
	return p;
}

const char *lt_copy(struct lt_test *t, const char *text, size_t len)
{
	char *s = lt_alloc(t, len + 1);

	memcpy(s, text, len);
	return s;
}

void lt_free(struct lt_test *t)
{
	if (!t)
		return;
	while (t->chunks) {
		struct lt_chunk *c = t->chunks;

		t->chunks = c->next;
		free(c);
	}
	free(t);
}

void lt_enter(struct lt_parser *p)
{
	if (++p->depth > LT_MAX_DEPTH)
		lt_fail(&p->lx, "nested more than %d deep", LT_MAX_DEPTH);
}

void lt_leave(struct lt_parser *p)
{
	p->depth--;
}

static bool same_name(const char *a, const struct lt_token *b)
{
	return strlen(a) == b->len && !memcmp(a, b->text, b->len);
}

int lt_global(struct lt_parser *p, const struct lt_token *name, bool create)
{
	struct lt_test *t = p->t;

	for (int i = 0; i < t->nglobals; i++)
		if (same_name(t->global[i].name, name))
			return i;
	if (!create)
		return -1;
	if (t->nglobals == LT_MAX_GLOBALS)
		lt_fail_at(&p->lx, name->line, "more than %d shared locations", LT_MAX_GLOBALS);
	t->global[t->nglobals] = (struct lt_global){
		.name = lt_copy(t, name->text, name->len),
		.init = { .global = -1 },
	};
	return t->nglobals++;
}

int lt_slot(const struct lt_thread *th, const struct lt_token *name)
{
	for (int i = 0; i < th->nslots; i++)
		if (same_name(th->slot[i].name, name))
			return i;
	return -1;
}

int lt_new_slot(struct lt_parser *p, const struct lt_token *name)
{
	struct lt_thread *th = p->thread;
	struct lt_slot *s = &th->slot[th->nslots];

	if (th->nslots == LT_MAX_SLOTS)
		lt_fail_at(&p->lx, name->line, "more than %d names in a thread", LT_MAX_SLOTS);
	*s = (struct lt_slot){
		.name = lt_copy(p->t, name->text, name->len),
		.init = { .global = -1 },
	};
	for (int i = 0; i < p->nreg_init; i++)
		if (p->reg_init[i].thread == th->number && same_name(p->reg_init[i].name, name)) {
			s->init = p->reg_init[i].c;
			s->known = p->reg_init[i].used = true;
		}
	return th->nslots++;
}

/* "P" and a number. */
static int thread_number(const struct lt_token *tok)
{
	int n = 0;

	if (tok->kind != LT_NAME || tok->len < 2 || tok->len > 4 || tok->text[0] != 'P')
		return -1;
	for (size_t i = 1; i < tok->len; i++) {
		if (!isdigit((unsigned char)tok->text[i]))
			return -1;
		n = n * 10 + tok->text[i] - '0';
	}
	return n;
}

static void parse_parameter(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	int stars, slot;

	if (!lt_skip_type(p, &stars))
		lt_expected(lx, "a parameter's type");
	if (lx->tok.kind != LT_NAME)
		lt_expected(lx, "a parameter's name");
	if (!stars)
		lt_fail(lx, "parameter \"%.*s\" is not a pointer", (int)lx->tok.len, lx->tok.text);
	if (lt_slot(p->thread, &lx->tok) >= 0)
		lt_fail(lx, "two parameters \"%.*s\"", (int)lx->tok.len, lx->tok.text);
	slot = lt_new_slot(p, &lx->tok);
	p->thread->slot[slot].param = p->thread->slot[slot].known = true;
	p->thread->slot[slot].init = (struct lt_const){ .global = lt_global(p, &lx->tok, true) };
	lt_next(lx);
}

static void parse_thread(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_test *t = p->t;
	struct lt_thread *th;

	lt_accept(lx, "static");
	if (lt_accept(lx, "void"))
		lt_accept(lx, "*");
	if (thread_number(&lx->tok) < 0)
		lt_expected(lx, "a thread, such as \"P0(int *x)\", or the condition");
	if (thread_number(&lx->tok) != t->nthreads)
		lt_fail(lx, "expected thread P%d here, found %.*s", t->nthreads, (int)lx->tok.len,
			lx->tok.text);
	if (t->nthreads == FLX_MAX_THREADS)
		lt_fail(lx, "more than %d threads", FLX_MAX_THREADS);
	th = lt_alloc(t, sizeof(*th));
	th->number = t->nthreads;
	th->name = lt_copy(t, lx->tok.text, lx->tok.len);
	p->thread = t->thread[t->nthreads++] = th;
	lt_next(lx);
	lt_expect(lx, "(");
	while (!lt_at(lx, ")")) {
		parse_parameter(p);
		if (!lt_at(lx, ")"))
			lt_expect(lx, ",");
	}
	lt_next(lx);
	lt_switch_mode(lx, LM_CODE);
	th->body = lt_parse_body(p);
	lt_match_sections(p, th->body);
	lt_switch_mode(lx, LM_STATE);
	for (int i = 0; i < th->nslots; i++)
		if (!th->slot[i].known)
			lt_fail_at(lx, th->slot[i].used_line,
				   "\"%s\" is neither a local nor a parameter of %s",
				   th->slot[i].name, th->name);
}

static bool at_final(const struct lt_lexer *lx)
{
	static const char *const words[] = { "exists",	  "~",	    "not",   "forall",
					     "locations", "filter", "final", "observed" };

	if (lx->tok.kind == LT_EOF)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (lt_at(lx, words[i]))
			return true;
	return false;
}

/* "C name", then free text up to the "{" of the initial state. */
static void parse_head(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	const char *s;

	lx->mode = LM_STATE;
	lt_next(lx);
	if (!lt_at(lx, "C"))
		lt_expected(lx, "\"C\" and the test's name");
	while (lx->p < lx->end && (*lx->p == ' ' || *lx->p == '\t'))
		lx->p++;
	for (s = lx->p; lx->p < lx->end && !isspace((unsigned char)*lx->p); lx->p++)
		;
	if (s == lx->p)
		lt_fail_at(lx, lx->line, "expected the test's name after \"C\"");
	p->t->name = lt_copy(p->t, s, (size_t)(lx->p - s));
	for (bool quoted = false;;) {
		if (lx->p == lx->end)
			lt_fail_at(lx, lx->line, "no initial state: expected \"{\"");
		if (!quoted && lx->end - lx->p >= 2 && !memcmp(lx->p, "(*", 2)) {
			lt_next(lx); /* skips the comment and takes what follows */
			lx->p = lx->tok.text;
			lx->line = lx->tok.line;
			continue;
		}
		if (*lx->p == '"')
			quoted = !quoted;
		if (*lx->p == '\n')
			lx->line++;
		if (*lx->p == '{' && !quoted)
			break;
		lx->p++;
	}
	lt_next(lx);
}

static void parse_test(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;

	parse_head(p);
	lt_parse_init(p);
	while (!at_final(lx))
		parse_thread(p);
	if (!p->t->nthreads)
		lt_expected(lx, "a thread, such as \"P0(int *x)\"");
	for (int i = 0; i < p->nreg_init; i++)
		if (p->reg_init[i].thread >= p->t->nthreads)
			lt_fail_at(lx, p->reg_init[i].line, "there is no thread P%d",
				   p->reg_init[i].thread);
	lt_parse_final(p);
}

static bool parse_guarded(struct lt_parser *p)
{
	if (setjmp(p->lx.failed))
		return false;
	if (memchr(p->lx.start, 0, (size_t)(p->lx.end - p->lx.start)))
		lt_fail_at(&p->lx, 1, "not a text file");
	parse_test(p);
	return true;
}

struct lt_test *lt_parse(const char *file, const char *text, size_t len, char *err, size_t err_size)
{
	struct lt_parser *p = calloc(1, sizeof(*p));
	struct lt_test *t = calloc(1, sizeof(*t));

	if (!p || !t)
		abort();
	p->t = t;
	t->file = lt_copy(t, file, strlen(file));
	p->lx = (struct lt_lexer){
		.file = t->file,
		.start = text,
		.p = text,
		.end = text + len,
		.line = 1,
		.err = err,
		.err_size = err_size,
	};
	if (!parse_guarded(p)) {
		lt_free(t);
		t = NULL;
	}
	free(p);
	return t;
}

struct lt_test *lt_read(const char *file, char *err, size_t err_size)
{
	FILE *f = fopen(file, "r");
	struct lt_test *t;
	char *text;
	size_t n;

	if (!f) {
		snprintf(err, err_size, "%s: %s", file, strerror(errno));
		return NULL;
	}
	text = malloc(MAX_FILE + 1);
	if (!text)
		abort();
	n = fread(text, 1, MAX_FILE + 1, f);
	if (ferror(f) || n > MAX_FILE) {
		snprintf(err, err_size, "%s: %s", file, ferror(f) ? strerror(errno) : "too large");
		t = NULL;
	} else {
		t = lt_parse(file, text, n, err, err_size);
	}
	free(text);
	fclose(f);
	return t;
}
