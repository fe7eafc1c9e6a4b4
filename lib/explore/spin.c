/* SPDX-License-Identifier: MIT */
/* spin.c - see spin.h. */
#include "spin.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unwind.h>

#include "flow.h"

#if defined(__x86_64__)
/* rbx, rbp, r12..r15 in DWARF's numbers; flow.h has the same order */
static const int saved[] = { 3, 6, 12, 13, 14, 15 };
#else
static const int saved[] = { 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 };
#endif
#define NR_SAVED (sizeof(saved) / sizeof(saved[0]))

struct capture {
	uintptr_t pc;
	bool found;
	uintptr_t sp;
	uint64_t reg[NR_SAVED];
};

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *arg)
{
	struct capture *c = arg;

	if (_Unwind_GetIP(frame) != c->pc)
		return _URC_NO_REASON;
	c->found = true;
	c->sp = _Unwind_GetCFA(frame);
	for (size_t i = 0; i < NR_SAVED; i++)
		c->reg[i] = _Unwind_GetGR(frame, saved[i]);
	return _URC_NORMAL_STOP;
}

static void mix(uint64_t state[2], uint64_t v)
{
	state[0] = (state[0] ^ v) * 0x9e3779b97f4a7c15ull;
	state[0] ^= state[0] >> 29;
	state[1] = (state[1] + v) * 0xff51afd7ed558ccdull;
	state[1] ^= state[1] >> 31;
}

uintptr_t spin_capture(uintptr_t pc, uintptr_t what, uintptr_t stack_end, uint64_t state[2])
{
	struct capture c = { .pc = pc };
	unsigned int live;
	uint64_t word;

	if (state)
		state[0] = state[1] = 0;
	_Unwind_Backtrace(look, &c);
	if (!c.found)
		return 0;
	if (!state)
		return c.sp;
	mix(state, pc);
	mix(state, what);
	mix(state, c.sp);
	/* A thread's end has no place: what called its function. */
	live = pc ? flow_saved_in_use(pc) : 0;
	for (size_t i = 0; i < NR_SAVED; i++)
		mix(state, live >> i & 1 ? c.reg[i] : 0);
	for (uintptr_t a = c.sp; a + sizeof(word) <= stack_end; a += sizeof(word)) {
		memcpy(&word, (const void *)a, sizeof(word));
		mix(state, word);
	}
	state[0] |= 1; /* 0 means that nothing is known */
	return c.sp;
}
