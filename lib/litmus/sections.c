/* SPDX-License-Identifier: MIT */
/*
 * sections.c - rcu_read_lock() and rcu_read_unlock() that have no partner.
 *
 * The memory model matches them from the inside out, flags those that are left over, and gives them no effect.
 * The engine would take an open section to last for ever. So the ones without partner are found here, in the
 * code, and taken out.
 */
#include <string.h>

#include "parse.h"

struct sections {
	struct lt_parser *p;
	struct lt_expr *open[LT_MAX_DEPTH];
	int n;
};

static void walk(struct sections *s, struct lt_stmt *st, int depth);

static void drop(struct lt_expr *e, bool *flag)
{
	e->prim.fence = FL_FENCE_BARRIER;
	*flag = true;
}

static void see(struct sections *s, struct lt_expr *e, int depth)
{
	if (e->kind != LE_PRIM || e->prim.kind != LP_FENCE)
		return;
	if (e->prim.fence == FL_FENCE_RCU_LOCK) {
		if (s->n == LT_MAX_DEPTH)
			lt_fail_at(&s->p->lx, e->site->line, "reader sections nested too deep");
		s->open[s->n++] = e;
	} else if (e->prim.fence == FL_FENCE_RCU_UNLOCK) {
		if (s->n)
			s->n--;
		else if (!depth)
			drop(e, &s->p->t->unmatched_unlock);
		else
			lt_fail_at(&s->p->lx, e->site->line,
				   "rcu_read_unlock() without rcu_read_lock() in a branch is not "
				   "understood");
	}
}

/* Both arms must leave the same sections open; which they opened themselves can't be told apart after. */
static void walk_arms(struct sections *s, struct lt_stmt *st, int depth)
{
	struct sections other = *s;

	walk(s, st->body, depth + 1);
	if (st->kind == LS_IF)
		walk(&other, st->otherwise, depth + 1);
	if (s->n != other.n || memcmp(s->open, other.open, sizeof(s->open[0]) * (size_t)s->n))
		lt_fail_at(&s->p->lx, st->line,
			   "a reader section that begins or ends in one branch only is not "
			   "understood");
}

static void walk(struct sections *s, struct lt_stmt *st, int depth)
{
	for (; st; st = st->next) {
		if (st->kind == LS_EXPR)
			see(s, st->e, depth);
		else if (st->kind == LS_BLOCK)
			walk(s, st->body, depth);
		else if (st->body)
			walk_arms(s, st, depth);
	}
}

void lt_match_sections(struct lt_parser *p, struct lt_stmt *body)
{
	struct sections s = { .p = p };

	walk(&s, body, 0);
	for (int i = 0; i < s.n; i++)
		drop(s.open[i], &p->t->unmatched_lock);
}
