/* SPDX-License-Identifier: MIT */
/* mutant_shapes_search.c - how graphs are run under sc and tso, and the search. See mutant_shapes.h. */
#include "mutant_shapes.h"

static const struct mutant_shape shapes[] = {
	/* sc and tso */
	{ FLX_MUT_RUN_NO_RF, FLX_SC, ADDS, "W x 1 | R x; R y | W y 1 | R y; R x" },
	{ FLX_MUT_RUN_NO_RF, FLX_TSO, ADDS, "W x 1 | R x; R y | W y 1 | R y; R x" },
	{ FLX_MUT_RUN_NO_FR, FLX_SC, ADDS, "W x 1; R x | W x 2" },
	{ FLX_MUT_RUN_NO_FR, FLX_TSO, ADDS, "W x 1; mb; R y | W y 1; mb; R x" },
	{ FLX_MUT_RUN_NO_CO, FLX_SC, ADDS, "W x 1; W y 1 | W y 2; W x 2" },
	{ FLX_MUT_RUN_NO_CO, FLX_TSO, ADDS, "W x 1; W y 1 | W y 2; W x 2" },
	{ FLX_MUT_TSO_NO_LOCKED, FLX_TSO, ADDS, "xchg.rlx x 1; R y | xchg.rlx y 1; R x" },
	{ FLX_MUT_TSO_NO_FORWARDING, FLX_TSO, LOSES, "W x 1; R x; R y | W y 1; R y; R x" },
	/* the search */
	{ FLX_MUT_NO_REVISIT, FLX_SC, LOSES, "R x | W x 1" },
	{ FLX_MUT_NO_REVISIT, FLX_LKMM, LOSES, "R x | W x 1" },
	{ FLX_MUT_NO_MAXIMALITY, FLX_SC, REPEATS, "R x | W x 1; W x 2" },
	{ FLX_MUT_NO_MAXIMALITY, FLX_LKMM, REPEATS, "R x | W x 1; W x 2" },
	{ FLX_MUT_LOAD_ALWAYS_MAXIMAL, FLX_SC, REPEATS,
	  "R y; lock l; unlock l | lock l; unlock l; W y 1" },
	{ FLX_MUT_STORE_ALWAYS_MAXIMAL, FLX_SC, REPEATS, "R x; W y 1 | W y 2; W x 3" },
	{ FLX_MUT_GP_ALWAYS_MAXIMAL, FLX_SC, REPEATS, "R x; sync | W x 1" },
	{ FLX_MUT_NEWEST_THEN, FLX_SC, LOSES, "lock l; unlock l | lock l; unlock l" },
	{ FLX_MUT_ORPHAN_READERS, FLX_SC, ADDS, "R x | R x; W x 2 | W x 3" },
	{ FLX_MUT_NO_CO, FLX_SC, LOSES, "W x 1 | W x 2" },
	{ FLX_MUT_NO_CO, FLX_LKMM, LOSES, "W x 1; W y 2 | W y 1; W x 2" },
	{ FLX_MUT_NO_STALE, FLX_SC, LOSES, "W x 1 | R x" },
	{ FLX_MUT_NO_STALE, FLX_LKMM, LOSES, "W x 1; W x 2; Wr y 1 | R y; R x" },
	{ FLX_MUT_PLACE_ALL, FLX_SC, ADDS, "W x 1; R x | W x 2" },
	{ FLX_MUT_READ_ALL, FLX_SC, ADDS, "W x 1 | R x; R y | W y 1 | R y; R x" },
	{ FLX_MUT_SPLIT_RMW, FLX_SC, ADDS, "xchg.rlx x 1 | W x 2" },
	{ FLX_MUT_PLACE_BLOCKED, FLX_SC, WASTES, "await x 2 | W x 2 | W x 1" },
	{ FLX_MUT_WAIT_ON_OLDER, FLX_SC, WASTES, "await x 1 | W x 1" },
	{ FLX_MUT_NO_PATIENCE, FLX_SC, WASTES, "await x 1 | W x 1" },
	{ FLX_MUT_GP_LASTS_ALONE, FLX_SC, ADDS, "sync" },
	{ FLX_MUT_WAIT_ON_STALE, FLX_SC, ADDS, "lock l; unlock l | lock l; unlock l" },
	{ FLX_MUT_ALWAYS_SURE, FLX_LKMM, CLAIMS,
	  "W x 2; mb; W y 1 | await y 1; W x 1 | await x 1" },
};

const struct mutant_shapes mutant_shapes_search = { shapes, sizeof(shapes) / sizeof(shapes[0]) };
