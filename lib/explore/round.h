/* SPDX-License-Identifier: MIT */
/*
 * round.h - rounds of loops that lead nowhere, told by the thread's state (spin.h).
 *
 * Two of them, both with nothing in them that anybody else could notice:
 *
 * - A thread comes back to an operation in the state in which it was there before. It will do the same
 *   again for as long as it reads the same, so the load that closed the round is taken for an await that goes on only
 *   with another value (LABEL_SPINS).
 *
 * - A load B leaves the thread in the state in which an earlier load A of the same location would have left it
 *   had it read B's value: "while (!compare_exchange(&x, &old, new));", after one that failed. Then there is
 *   another execution in which A reads what B reads and the round between them is left out. It has
 *   fewer accesses that others could be ordered by, A as many orderings as B, and the same to follow, so all that can come
 *   of this one can come of that (LABEL_AGAIN). If the round has more loads, what the old ones have read may be seen only until
 *   they are done again: then B is compared with A some loads later.
 */
#ifndef FL_ROUND_H
#define FL_ROUND_H

#include "graph.h"

/* Does it take the state of thread @t, which does @next next, to see? Rounds end behind a load, or before one. */
bool round_needs_state(int t, enum ev_kind next);
/* @l is what thread @t, at the end of its events in G, does next: is that the end of such a round? Sets l->stop. */
void round_look(struct label *l, int t);

#endif
