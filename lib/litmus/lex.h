/* SPDX-License-Identifier: MIT */
/* lex.h - the tokens of a litmus test. Its parts have comments of their own kind: enum lt_mode. */
#ifndef FL_LITMUS_LEX_H
#define FL_LITMUS_LEX_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In C "(*" starts an expression; in the other parts a comment. */
enum lt_mode { LM_STATE, LM_CODE };

enum lt_token_kind { LT_EOF, LT_NAME, LT_NUMBER, LT_PUNCT };

struct lt_token {
	enum lt_token_kind kind;
	const char *text;
	size_t len;
	int64_t value;
	int line;
};

struct lt_lexer {
	const char *file, *start, *p, *end;
	int line;
	enum lt_mode mode;
	struct lt_token tok; /* the token in hand */
	jmp_buf failed;
	char *err;
	size_t err_size;
};

/* Does not return: longjmp() to lx->failed with the message "file:line: ..." written. */
void lt_fail_at(struct lt_lexer *lx, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
/* As above, at the token in hand. */
void lt_fail(struct lt_lexer *lx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* "expected ..., found ..." */
void lt_expected(struct lt_lexer *lx, const char *what) __attribute__((noreturn));

void lt_next(struct lt_lexer *lx);
/* Reads the token in hand again, in another mode. */
void lt_switch_mode(struct lt_lexer *lx, enum lt_mode mode);
/* The token after the one in hand. */
struct lt_token lt_peek(struct lt_lexer *lx);

bool lt_is(const struct lt_token *t, const char *text); /* a name or punctuation */
bool lt_at(const struct lt_lexer *lx, const char *text);
bool lt_accept(struct lt_lexer *lx, const char *text);
void lt_expect(struct lt_lexer *lx, const char *text);

#endif
