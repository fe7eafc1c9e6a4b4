/* SPDX-License-Identifier: MIT */
/* parse.h - what the parts of the parser share: parse.c, parse_state.c (init, condition), parse_code.c. */
#ifndef FL_LITMUS_PARSE_H
#define FL_LITMUS_PARSE_H

#include "ast.h"
#include "lex.h"

struct lt_parser {
	struct lt_lexer lx;
	struct lt_test *t;
	struct lt_thread *thread; /* in hand */
	int depth;
	/* "0:r1=x" of the initial state comes before the thread that it is for. */
	struct lt_reg_init {
		int thread;
		const char *name;
		struct lt_const c;
		int line;
		bool used;
	} reg_init[LT_MAX_VARS];
	int nreg_init;
};

/* Guards against stack overflow by nested input. */
void lt_enter(struct lt_parser *p);
void lt_leave(struct lt_parser *p);

/* The shared location of this name; made if there is none and @create. -1. */
int lt_global(struct lt_parser *p, const struct lt_token *name, bool create);
/* The local of the thread; -1. */
int lt_slot(const struct lt_thread *th, const struct lt_token *name);
int lt_new_slot(struct lt_parser *p, const struct lt_token *name);

void lt_parse_init(struct lt_parser *p);
/* locations, filter, the condition; up to the end of the file. */
void lt_parse_final(struct lt_parser *p);
/* { ... } */
struct lt_stmt *lt_parse_body(struct lt_parser *p);
/* Takes rcu_read_lock() and rcu_read_unlock() without partner out of the thread in hand. */
void lt_match_sections(struct lt_parser *p, struct lt_stmt *body);
/* Refuses an expression with accesses that nothing orders; its operands have been looked at. */
void lt_check_unordered(struct lt_parser *p, const struct lt_expr *e, int line);
/* "int *": type words and stars, skipped; false: no type here. *stars counts. */
bool lt_skip_type(struct lt_parser *p, int *stars);
bool lt_at_type(const struct lt_lexer *lx);

#endif
