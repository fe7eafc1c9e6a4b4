/* SPDX-License-Identifier: MIT */
/* lex.c - see lex.h. */
#include "lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void fail_va(struct lt_lexer *lx, int line,
							  const char *fmt, va_list ap)
{
	int n = snprintf(lx->err, lx->err_size, "%s:%d: ", lx->file, line);

	if (n > 0 && (size_t)n < lx->err_size)
		vsnprintf(lx->err + n, lx->err_size - (size_t)n, fmt, ap);
}

void lt_fail_at(struct lt_lexer *lx, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_va(lx, line, fmt, ap);
	va_end(ap);
	longjmp(lx->failed, 1);
}

void lt_fail(struct lt_lexer *lx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_va(lx, lx->tok.line, fmt, ap);
	va_end(ap);
	longjmp(lx->failed, 1);
}

void lt_expected(struct lt_lexer *lx, const char *what)
{
	int len = lx->tok.len > 60 ? 60 : (int)lx->tok.len;

	if (lx->tok.kind == LT_EOF)
		lt_fail(lx, "expected %s, found the end of the file", what);
	lt_fail(lx, "expected %s, found \"%.*s\"", what, len, lx->tok.text);
}

static bool starts(const struct lt_lexer *lx, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(lx->end - lx->p) >= n && !memcmp(lx->p, text, n);
}

static void skip_to(struct lt_lexer *lx, const char *close)
{
	int line = lx->line;
	size_t n = strlen(close);

	lx->p += 2;
	while (!starts(lx, close)) {
		if (lx->p == lx->end)
			lt_fail_at(lx, line, "the comment that starts here does not end");
		lx->line += *lx->p++ == '\n';
	}
	lx->p += n;
}

/* herd's comments nest. */
static void skip_nested(struct lt_lexer *lx)
{
	int line = lx->line, depth = 0;

	do {
		if (starts(lx, "(*")) {
			depth++;
			lx->p += 2;
		} else if (starts(lx, "*)")) {
			depth--;
			lx->p += 2;
		} else if (lx->p == lx->end) {
			lt_fail_at(lx, line, "the comment that starts here does not end");
		} else {
			lx->line += *lx->p++ == '\n';
		}
	} while (depth);
}

static void skip_space(struct lt_lexer *lx)
{
	for (;;) {
		if (lx->p == lx->end)
			return;
		if (*lx->p == '\n')
			lx->line++;
		if (isspace((unsigned char)*lx->p)) {
			lx->p++;
		} else if (starts(lx, "/*")) {
			skip_to(lx, "*/");
		} else if (starts(lx, "//")) {
			while (lx->p < lx->end && *lx->p != '\n')
				lx->p++;
		} else if (lx->mode == LM_STATE && starts(lx, "(*")) {
			skip_nested(lx);
		} else {
			return;
		}
	}
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void number(struct lt_lexer *lx)
{
	uint64_t v = 0;
	int base = 10;

	if (starts(lx, "0x") || starts(lx, "0X")) {
		base = 16;
		lx->p += 2;
	}
	for (; lx->p < lx->end && isxdigit((unsigned char)*lx->p); lx->p++) {
		int c = tolower((unsigned char)*lx->p), digit = c <= '9' ? c - '0' : c - 'a' + 10;

		if (digit >= base)
			break;
		if (v > (INT64_MAX - 15) / 16)
			lt_fail_at(lx, lx->line, "number too large");
		v = v * (unsigned int)base + (unsigned int)digit;
	}
	while (lx->p < lx->end && strchr("uUlL", *lx->p) && *lx->p)
		lx->p++;
	if (lx->p < lx->end && name_char(*lx->p))
		lt_fail_at(lx, lx->line, "not a number");
	lx->tok.kind = LT_NUMBER;
	lx->tok.value = (int64_t)v;
}

void lt_next(struct lt_lexer *lx)
{
	static const char *const pairs[] = {
		"/\\", "\\/", "==", "!=", "<>", "<=", ">=", "=>", "&&", "||", "<<",
		">>",  "++",  "--", "+=", "-=", "*=", "|=", "&=", "^=", "->",
	};

	skip_space(lx);
	lx->tok.text = lx->p;
	lx->tok.line = lx->line;
	lx->tok.value = 0;
	if (lx->p == lx->end) {
		lx->tok.kind = LT_EOF;
		lx->tok.len = 0;
		return;
	}
	if (isdigit((unsigned char)*lx->p)) {
		number(lx);
	} else if (name_char(*lx->p)) {
		lx->tok.kind = LT_NAME;
		while (lx->p < lx->end && name_char(*lx->p))
			lx->p++;
	} else {
		lx->tok.kind = LT_PUNCT;
		lx->p++;
		for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
			if (lx->p < lx->end && lx->p[-1] == pairs[i][0] && *lx->p == pairs[i][1]) {
				lx->p++;
				break;
			}
	}
	lx->tok.len = (size_t)(lx->p - lx->tok.text);
}

void lt_switch_mode(struct lt_lexer *lx, enum lt_mode mode)
{
	lx->mode = mode;
	lx->p = lx->tok.text;
	lx->line = lx->tok.line;
	lt_next(lx);
}

struct lt_token lt_peek(struct lt_lexer *lx)
{
	struct lt_token saved = lx->tok, next;
	const char *p = lx->p;
	int line = lx->line;

	lt_next(lx);
	next = lx->tok;
	lx->tok = saved;
	lx->p = p;
	lx->line = line;
	return next;
}

bool lt_is(const struct lt_token *t, const char *text)
{
	return (t->kind == LT_NAME || t->kind == LT_PUNCT) && t->len == strlen(text) &&
	       !memcmp(t->text, text, t->len);
}

bool lt_at(const struct lt_lexer *lx, const char *text)
{
	return lt_is(&lx->tok, text);
}

bool lt_accept(struct lt_lexer *lx, const char *text)
{
	if (!lt_at(lx, text))
		return false;
	lt_next(lx);
	return true;
}

void lt_expect(struct lt_lexer *lx, const char *text)
{
	char what[32];

	if (lt_accept(lx, text))
		return;
	snprintf(what, sizeof(what), "\"%s\"", text);
	lt_expected(lx, what);
}
