/* SPDX-License-Identifier: MIT */
/*
 * unordered.c - accesses of one expression that C does not order.
 *
 * herd7 leaves them unordered; a thread that runs orders them. Between loads of different locations that
 * makes no difference to the memory model. Everything else of that kind is refused.
 */
#include "parse.h"

static bool touches(const struct lt_expr *e)
{
	return e && (e->kind == LE_LOAD || e->kind == LE_PRIM || touches(e->x) || touches(e->v) ||
		     touches(e->w));
}

/* Nothing but relaxed loads through parameters; the slots of those. */
static bool simple_loads(const struct lt_thread *th, const struct lt_expr *e, uint64_t *slots)
{
	if (!e)
		return true;
	if (e->kind == LE_PRIM)
		return false;
	if (e->kind == LE_LOAD) {
		if (e->prim.order == FL_ACQUIRE || e->x->kind != LE_LOCAL ||
		    !th->slot[e->x->slot].param)
			return false;
		*slots |= 1ull << e->x->slot;
		return true;
	}
	return simple_loads(th, e->x, slots) && simple_loads(th, e->v, slots);
}

static void check_pair(struct lt_parser *p, const struct lt_expr *a, const struct lt_expr *b,
		       int line)
{
	uint64_t x = 0, y = 0;

	if (!touches(a) || !touches(b))
		return;
	if (!simple_loads(p->thread, a, &x) || !simple_loads(p->thread, b, &y) || (x & y))
		lt_fail_at(&p->lx, line,
			   "accesses of one expression that nothing orders are not understood");
}

void lt_check_unordered(struct lt_parser *p, const struct lt_expr *e, int line)
{
	if (e->kind == LE_BINARY || e->kind == LE_PRIM) {
		check_pair(p, e->x, e->v, line);
		check_pair(p, e->x, e->w, line);
		check_pair(p, e->v, e->w, line);
	}
	if (e->kind == LE_PRIM && e->prim.kind >= LP_XCHG && e->prim.kind <= LP_OP_NEGATIVE &&
	    (touches(e->v) || touches(e->w)))
		lt_fail_at(&p->lx, line,
			   "an access in the operand of a read-modify-write is not understood");
}
