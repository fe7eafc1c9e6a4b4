/* SPDX-License-Identifier: MIT */
/* mutant_shapes_rc11.c - the rules of rc11. See mutant_shapes.h. */
#include "mutant_shapes.h"

static const struct mutant_shape shapes[] = {
	{ FLX_MUT_NO_RACES, FLX_RC11, MISSES, "Wp x 1 | Rp x" },
	{ FLX_MUT_NO_HB_COHERENCE, FLX_RC11, ADDS, "W x 1; Wr y 1 | Ra y; R x" },
	{ FLX_MUT_NO_READER_KNOWN, FLX_RC11, ADDS, "W x 1 | R x; Wr y 1 | Ra y; R x" },
	{ FLX_MUT_NO_READER_MISSES, FLX_RC11, ADDS, "W y 1 | xchg.rlx y 1; R y | W y 3" },
	{ FLX_MUT_NO_SW, FLX_RC11, ADDS, "W x 1; Wr y 1 | Ra y; R x" },
	{ FLX_MUT_SW_NO_STORE, FLX_RC11, ADDS, "W x 1; Wr y 1 | Ra y; R x" },
	{ FLX_MUT_SW_NO_RELEASE_FENCE, FLX_RC11, ADDS, "W x 1; f.rel; W y 1 | R y; f.acq; R x" },
	{ FLX_MUT_SW_NO_LOAD, FLX_RC11, ADDS, "W x 1; Wr y 1 | Ra y; R x" },
	{ FLX_MUT_SW_NO_ACQUIRE_FENCE, FLX_RC11, ADDS, "W x 1; f.rel; W y 1 | R y; f.acq; R x" },
	{ FLX_MUT_SW_NO_SEQUENCE, FLX_RC11, ADDS, "W x 1; Wr y 1 | xchg.rlx y 1 | Ra y; R x" },
	{ FLX_MUT_HB_NO_CREATE, FLX_RC11, ADDS, "W x 1; spawn 1 | R x" },
	{ FLX_MUT_HB_NO_JOIN, FLX_RC11, ADDS, "join 1; R x | W x 1" },
	{ FLX_MUT_NO_PSC, FLX_RC11, ADDS, "Ws x 1; Rs y | Ws y 1; Rs x" },
	{ FLX_MUT_PSC_NO_ACCESS, FLX_RC11, ADDS, "Ws x 1; Rs y | Ws y 1; Rs x" },
	{ FLX_MUT_PSC_NO_FENCE_FIRST, FLX_RC11, ADDS, "W x 1; f.sc; R y | Ws y 1; Rs x" },
	{ FLX_MUT_PSC_NO_FENCE_LAST, FLX_RC11, ADDS, "W x 1; f.sc; R y | Ws y 1; Rs x" },
	{ FLX_MUT_PSC_F_NO_ECO, FLX_RC11, ADDS, "W x 1 | R x; f.sc; R y | R y; f.sc; R x | W y 1" },
	{ FLX_MUT_PSC_NO_CO, FLX_RC11, ADDS, "Ws x 1; Ws y 1 | Ws y 3; Rs x" },
	{ FLX_MUT_PSC_NO_FR, FLX_RC11, ADDS, "Ws x 1; Rs y | Ws y 1; Rs x" },
	{ FLX_MUT_PSC_NO_RF, FLX_RC11, ADDS, "W x 1 | R x; f.sc; R y | R y; f.sc; R x | W y 1" },
	{ FLX_MUT_SCB_NO_SB, FLX_RC11, ADDS, "Ws x 1; Rs y | Ws y 1; Rs x" },
	{ FLX_MUT_SCB_NO_SB_HB_SB, FLX_RC11, ADDS, "Ra x; Rs y | Ws z 1; Ws x 2 | Ws y 1; Rs z" },
	{ FLX_MUT_SCB_NO_HB_LOC, FLX_RC11, ADDS, "Ws x 1 | Rs x; Rs y | Rs y; Rs x | Ws y 1" },
	{ FLX_MUT_FAIL_AS_SUCCESS, FLX_RC11, LOSES, "Ws x 1; cas.sc y 5 6 | Ws y 1; cas.sc x 5 6" },
};

const struct mutant_shapes mutant_shapes_rc11 = { shapes, sizeof(shapes) / sizeof(shapes[0]) };
