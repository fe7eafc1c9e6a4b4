/* SPDX-License-Identifier: MIT */
/* parse_code.c - statements and expressions of a thread. */
#include <stdio.h>
#include <string.h>

#include "parse.h"

static struct lt_expr *parse_expr(struct lt_parser *p);
static struct lt_expr *parse_unary(struct lt_parser *p);

bool lt_at_type(const struct lt_lexer *lx)
{
	static const char *const words[] = {
		"int",	   "long",	 "unsigned", "signed",	 "short",    "char",
		"void",	   "volatile",	 "const",    "struct",	 "intptr_t", "uintptr_t",
		"bool",	   "size_t",	 "int8_t",   "int16_t",	 "int32_t",  "int64_t",
		"uint8_t", "uint16_t",	 "uint32_t", "uint64_t", "atomic_t", "u8",
		"u16",	   "u32",	 "u64",	     "s8",	 "s16",	     "s32",
		"s64",	   "spinlock_t",
	};

	if (lx->tok.kind != LT_NAME)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (lt_at(lx, words[i]))
			return true;
	return false;
}

bool lt_skip_type(struct lt_parser *p, int *stars)
{
	struct lt_lexer *lx = &p->lx;

	*stars = 0;
	if (!lt_at_type(lx))
		return false;
	while (lt_at_type(lx) || lt_at(lx, "*")) {
		if (lt_accept(lx, "struct")) {
			if (!lt_accept(lx, "srcu_struct"))
				lt_fail(lx, "the only struct that is understood is srcu_struct");
			continue;
		}
		*stars += lt_at(lx, "*");
		lt_next(lx);
	}
	return true;
}

/* A text that goes over several lines, in messages of one. */
static void join_lines(char *s)
{
	char *to = s;

	for (; *s; s++) {
		bool space = strchr(" \t\r\n", *s);

		if (!space)
			*to++ = *s;
		else if (!strchr(" \t\r\n", s[1]))
			*to++ = ' ';
	}
	*to = 0;
}

static struct fl_site *new_site(struct lt_parser *p, const char *from, int line)
{
	struct fl_site *s = lt_alloc(p->t, sizeof(*s));
	size_t len = (size_t)(p->lx.tok.text - from);
	char *text;

	while (len && strchr(" \t\r\n;", from[len - 1]))
		len--;
	s->file = p->t->file;
	s->func = p->thread->name;
	text = lt_alloc(p->t, len + 1);
	memcpy(text, from, len);
	join_lines(text);
	s->text = text;
	s->line = line;
	return s;
}

static struct lt_expr *new_expr(struct lt_parser *p, enum lt_expr_kind kind)
{
	struct lt_expr *e = lt_alloc(p->t, sizeof(*e));

	e->kind = kind;
	e->c.global = -1;
	return e;
}

static void parse_arguments(struct lt_parser *p, struct lt_expr *e, const struct lt_token *name)
{
	struct lt_lexer *lx = &p->lx;

	lt_expect(lx, "(");
	for (const char *a = e->prim.args; *a; a++) {
		struct lt_expr *arg;

		if (lt_at(lx, ")"))
			break;
		arg = parse_expr(p);
		switch (*a) {
		case 'L':
			if (arg->kind != LE_LOAD || arg->prim.order != FL_PLAIN)
				lt_fail_at(lx, name->line,
					   "the argument of %.*s() must have the form *pointer",
					   (int)name->len, name->text);
			e->x = arg->x;
			break;
		case 'X':
			e->x = arg;
			break;
		case 'V':
			e->v = arg;
			break;
		default:
			e->w = arg;
		}
		if (a[1] && !lt_at(lx, ")"))
			lt_expect(lx, ",");
		else if (a[1])
			lt_fail(lx, "%.*s() takes %zu arguments", (int)name->len, name->text,
				strlen(e->prim.args));
	}
	if (*e->prim.args && !e->x)
		lt_fail(lx, "%.*s() takes %zu arguments", (int)name->len, name->text,
			strlen(e->prim.args));
	lt_expect(lx, ")");
}

static struct lt_expr *parse_call(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_token name = lx->tok;
	struct lt_expr *e = new_expr(p, LE_PRIM);

	if (!lt_find_prim(name.text, name.len, &e->prim))
		lt_fail(lx, "%.*s() is not a primitive of linux-kernel.def",
			(int)(name.len > 60 ? 60 : name.len), name.text);
	if (e->prim.kind == LP_LOAD)
		e->kind = LE_LOAD;
	lt_next(lx);
	parse_arguments(p, e, &name);
	lt_check_unordered(p, e, name.line);
	e->site = new_site(p, name.text, name.line);
	return e;
}

/* An unknown name may still be assigned further down (in a loop) or not at all: parse_thread() checks. */
static struct lt_expr *parse_name(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_expr *e = new_expr(p, LE_LOCAL);

	e->slot = lt_slot(p->thread, &lx->tok);
	if (e->slot < 0) {
		e->slot = lt_new_slot(p, &lx->tok);
		p->thread->slot[e->slot].used_line = lx->tok.line;
	}
	lt_next(lx);
	return e;
}

static struct lt_expr *parse_primary(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_expr *e;
	struct lt_token next;

	if (lx->tok.kind == LT_NUMBER) {
		e = new_expr(p, LE_CONST);
		e->c.value = lx->tok.value;
		lt_next(lx);
	} else if (lx->tok.kind == LT_NAME) {
		next = lt_peek(lx);
		e = lt_is(&next, "(") ? parse_call(p) : parse_name(p);
	} else if (lt_accept(lx, "(")) {
		e = parse_expr(p);
		lt_expect(lx, ")");
	} else {
		lt_expected(lx, "an expression");
	}
	if (lt_at(lx, "[") || lt_at(lx, ".") || lt_at(lx, "->") || lt_at(lx, "++") ||
	    lt_at(lx, "--"))
		lt_fail(lx, "\"%.*s\" is not understood", (int)lx->tok.len, lx->tok.text);
	return e;
}

static void need_value(struct lt_parser *p, const struct lt_expr *e)
{
	if (e->kind == LE_PRIM && !e->prim.has_value)
		lt_fail_at(&p->lx, e->site->line, "\"%s\" has no value", e->site->text);
}

static struct lt_expr *parse_unary(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_token tok = lx->tok, next = lt_peek(lx);
	struct lt_lexer at_next = { .tok = next };
	struct lt_expr *e;
	int stars;

	lt_enter(p);
	if (lt_at(lx, "(") && lt_at_type(&at_next)) {
		lt_next(lx);
		lt_skip_type(p, &stars);
		lt_expect(lx, ")");
		e = parse_unary(p);
	} else if (lt_accept(lx, "*")) {
		e = new_expr(p, LE_LOAD);
		e->prim = (struct lt_prim){ .kind = LP_LOAD, .order = FL_PLAIN, .has_value = true };
		e->x = parse_unary(p);
		e->site = new_site(p, tok.text, tok.line);
	} else if (lt_at(lx, "-") || lt_at(lx, "!") || lt_at(lx, "~")) {
		e = new_expr(p, LE_UNARY);
		e->op = lx->tok.text[0];
		lt_next(lx);
		e->x = parse_unary(p);
		need_value(p, e->x);
	} else {
		e = parse_primary(p);
	}
	lt_leave(p);
	return e;
}

static const struct {
	const char *text;
	enum lt_binop op;
	int level; /* binds tighter if higher */
} binary[] = {
	{ "*", LB_MUL, 10 }, { "/", LB_DIV, 10 },  { "+", LB_ADD, 9 },	{ "-", LB_SUB, 9 },
	{ "<", LB_LT, 7 },   { ">", LB_GT, 7 },	   { "<=", LB_LE, 7 },	{ ">=", LB_GE, 7 },
	{ "==", LB_EQ, 6 },  { "!=", LB_NE, 6 },   { "&", LB_AND, 5 },	{ "^", LB_XOR, 4 },
	{ "|", LB_OR, 3 },   { "&&", LB_LAND, 2 }, { "||", LB_LOR, 1 },
};

static bool touches_memory(const struct lt_expr *e)
{
	return e && (e->kind == LE_LOAD || e->kind == LE_PRIM || touches_memory(e->x) ||
		     touches_memory(e->v));
}

static struct lt_expr *parse_binary(struct lt_parser *p, int level)
{
	struct lt_lexer *lx = &p->lx;
	const char *from = lx->tok.text;
	int line = lx->tok.line;
	struct lt_expr *left = parse_unary(p);

	lt_enter(p);
	for (;;) {
		struct lt_expr *e;
		size_t i;

		for (i = 0; i < sizeof(binary) / sizeof(binary[0]); i++)
			if (lt_at(lx, binary[i].text) && binary[i].level >= level)
				break;
		if (i == sizeof(binary) / sizeof(binary[0]))
			break;
		lt_next(lx);
		e = new_expr(p, LE_BINARY);
		e->op = binary[i].op;
		e->x = left;
		e->v = parse_binary(p, binary[i].level + 1);
		need_value(p, e->x);
		need_value(p, e->v);
		lt_check_unordered(p, e, lx->tok.line);
		if (e->op == LB_DIV)
			e->site = new_site(p, from, line);
		if ((e->op == LB_LAND || e->op == LB_LOR) && touches_memory(e->v))
			lt_fail(lx,
				"an access to the right of \"%s\" is not understood; herd7 has no "
				"\"%s\", two ifs say the same",
				binary[i].text, binary[i].text);
		left = e;
	}
	if (lt_at(lx, "?") || lt_at(lx, "%") || lt_at(lx, "<<") || lt_at(lx, ">>"))
		lt_fail(lx, "\"%.*s\" is not understood", (int)lx->tok.len, lx->tok.text);
	lt_leave(p);
	return left;
}

/* An expression whose value is used. */
static struct lt_expr *parse_expr(struct lt_parser *p)
{
	struct lt_expr *e = parse_binary(p, 1);

	need_value(p, e);
	return e;
}

static struct lt_stmt *new_stmt(struct lt_parser *p, enum lt_stmt_kind kind)
{
	struct lt_stmt *s = lt_alloc(p->t, sizeof(*s));

	s->kind = kind;
	s->line = p->lx.tok.line;
	return s;
}

static struct lt_stmt *parse_stmt(struct lt_parser *p);

static struct lt_stmt *parse_assignment(struct lt_parser *p, int slot)
{
	struct lt_stmt *s = new_stmt(p, LS_ASSIGN);

	lt_expect(&p->lx, "=");
	s->slot = slot;
	s->e = parse_expr(p);
	p->thread->slot[slot].known = true;
	return s;
}

/* "int r0, *r1 = x;" */
static struct lt_stmt *parse_declaration(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_stmt *block = new_stmt(p, LS_BLOCK), **tail = &block->body;
	int stars;

	lt_skip_type(p, &stars);
	do {
		int slot;

		while (lt_accept(lx, "*"))
			;
		if (lx->tok.kind != LT_NAME)
			lt_expected(lx, "a name");
		slot = lt_slot(p->thread, &lx->tok);
		if (slot < 0)
			slot = lt_new_slot(p, &lx->tok);
		p->thread->slot[slot].known = true;
		lt_next(lx);
		if (lt_at(lx, "[") || lt_at(lx, "("))
			lt_fail(lx, "only integers and pointers are understood");
		if (!lt_at(lx, "="))
			continue;
		*tail = parse_assignment(p, slot);
		tail = &(*tail)->next;
	} while (lt_accept(lx, ","));
	lt_expect(lx, ";");
	return block;
}

/* "*p = e", "r = e", or an expression for its effect; without the ";". */
static struct lt_stmt *parse_simple(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_token first = lx->tok, next = lt_peek(lx);
	struct lt_stmt *s;
	struct lt_expr *e;

	if (first.kind == LT_NAME && lt_is(&next, "=")) {
		int slot = lt_slot(p->thread, &first);

		if (slot < 0)
			slot = lt_new_slot(p, &first);
		lt_next(lx);
		return parse_assignment(p, slot);
	}
	e = parse_binary(p, 1);
	if (lt_accept(lx, "=")) {
		if (e->kind != LE_LOAD || e->prim.order != FL_PLAIN)
			lt_fail_at(lx, first.line, "not something to assign to");
		s = new_stmt(p, LS_STORE);
		s->x = e->x;
		s->e = parse_expr(p);
		lt_check_unordered(p, &(struct lt_expr){ .kind = LE_BINARY, .x = s->x, .v = s->e },
				   first.line);
		s->site = new_site(p, first.text, first.line);
		return s;
	}
	s = new_stmt(p, LS_EXPR);
	s->e = e;
	return s;
}

static struct lt_stmt *parse_if(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_stmt *s = new_stmt(p, LS_IF);

	lt_expect(lx, "(");
	s->e = parse_expr(p);
	lt_expect(lx, ")");
	s->body = parse_stmt(p);
	if (lt_accept(lx, "else"))
		s->otherwise = parse_stmt(p);
	return s;
}

static struct lt_stmt *parse_while(struct lt_parser *p)
{
	struct lt_stmt *s = new_stmt(p, LS_WHILE);

	lt_expect(&p->lx, "(");
	s->e = parse_expr(p);
	lt_expect(&p->lx, ")");
	s->body = parse_stmt(p);
	p->t->has_loop = true;
	return s;
}

static struct lt_stmt *parse_do(struct lt_parser *p)
{
	struct lt_stmt *s = new_stmt(p, LS_DO);

	s->body = parse_stmt(p);
	lt_expect(&p->lx, "while");
	lt_expect(&p->lx, "(");
	s->e = parse_expr(p);
	lt_expect(&p->lx, ")");
	lt_expect(&p->lx, ";");
	p->t->has_loop = true;
	return s;
}

static struct lt_stmt *parse_for(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_stmt *block = new_stmt(p, LS_BLOCK), *s = new_stmt(p, LS_WHILE);

	lt_expect(lx, "(");
	if (lt_at_type(lx)) {
		block->body = parse_declaration(p);
	} else {
		if (!lt_at(lx, ";"))
			block->body = parse_simple(p);
		lt_expect(lx, ";");
	}
	if (lt_at(lx, ";"))
		lt_fail(lx, "a for loop without a condition is not understood");
	s->e = parse_expr(p);
	lt_expect(lx, ";");
	if (!lt_at(lx, ")"))
		s->step = parse_simple(p);
	lt_expect(lx, ")");
	s->body = parse_stmt(p);
	if (block->body)
		block->body->next = s;
	else
		block->body = s;
	p->t->has_loop = true;
	return block;
}

struct lt_stmt *lt_parse_body(struct lt_parser *p)
{
	struct lt_stmt *block = new_stmt(p, LS_BLOCK), **tail = &block->body;

	lt_expect(&p->lx, "{");
	while (!lt_at(&p->lx, "}")) {
		if (p->lx.tok.kind == LT_EOF)
			lt_expected(&p->lx, "\"}\"");
		*tail = parse_stmt(p);
		while (*tail)
			tail = &(*tail)->next;
	}
	/* What follows the last body is the condition, in another mode: it is read again there. */
	lt_next(&p->lx);
	return block;
}

static struct lt_stmt *parse_stmt(struct lt_parser *p)
{
	struct lt_lexer *lx = &p->lx;
	struct lt_stmt *s;

	lt_enter(p);
	if (lt_at(lx, "{"))
		s = lt_parse_body(p);
	else if (lt_accept(lx, ";"))
		s = new_stmt(p, LS_BLOCK);
	else if (lt_accept(lx, "if"))
		s = parse_if(p);
	else if (lt_accept(lx, "while"))
		s = parse_while(p);
	else if (lt_accept(lx, "do"))
		s = parse_do(p);
	else if (lt_accept(lx, "for"))
		s = parse_for(p);
	else if (lt_at(lx, "goto") || lt_at(lx, "switch") || lt_at(lx, "return") ||
		 lt_at(lx, "break") || lt_at(lx, "continue") || lt_at(lx, "else"))
		lt_fail(lx, "\"%.*s\" is not understood", (int)lx->tok.len, lx->tok.text);
	else if (lt_at_type(lx))
		s = parse_declaration(p);
	else {
		s = parse_simple(p);
		lt_expect(lx, ";");
	}
	lt_leave(p);
	return s;
}
