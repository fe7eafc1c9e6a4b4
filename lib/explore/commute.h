/* SPDX-License-Identifier: MIT */
/*
 * commute.h - read-modify-writes whose order nobody can tell.
 *
 * Threads that each add to a counter and don't look at what it was do so in n! orders, and all come to the same.
 * Such an addition is one event, EV_ADD, without a place in co and without reads-from; whoever reads the
 * location afterwards finds the sum. That is right as long as
 *
 * - its result is not used (flow.h), and it does not acquire: no happens-before comes of its order;
 * - every other access of the location comes before it or after it in happens-before, so that none can read
 *   a part of the sum or find its place between two additions;
 * - it is of one kind with all others of the location: additions and "or"s don't commute;
 * - no fence behind it acquires, and no fence at all is seq_cst: psc looks at co.
 *
 * The first is asked before, the rest is taken for granted until an execution shows otherwise; then that is learnt
 * (learn.h), and the exploration begins anew. Of graphs with reads-from and co, each stands for all in which these
 * additions come in an order that does not go against (po | rf); there always is one.
 *
 * Only under rc11. What is shown to somebody (a violation's record) is one of these graphs: commute_expand().
 */
#ifndef FL_COMMUTE_H
#define FL_COMMUTE_H

#include "exec.h"

void commute_begin(bool on);
/* Is the operation for which a thread has stopped such an addition? */
bool commute_takes(const struct op *op);
/* Event @e of G is new, or reads something else: is what was taken for granted still true? */
void commute_look(int e);
/*
 * What a load of @loc behind event @after (of whose thread it is the next) finds if it reads store @w: with all additions
 * between the two. @after EV_NONE: at the end of the execution.
 */
uint64_t commute_value(const struct graph *g, int loc, int w, int after);
/* Makes each EV_ADD of G the two events of a read-modify-write. @event: two numbers of G's events, which may change. */
void commute_expand(int event[2]);

#endif
