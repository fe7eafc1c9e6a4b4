// SPDX-License-Identifier: MIT
/* random.c - seeded random numbers: xorshift64*. */
#include "soak.h"

uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

uint64_t random_state(uint64_t seed, uint64_t n)
{
	uint64_t state = (seed + 1) * 0x9e3779b97f4a7c15u ^ (n + 1) * 0xbf58476d1ce4e5b9u;

	state = state ? state : 1;
	for (int i = 0; i < 4; i++)
		next_random(&state);
	return state;
}
