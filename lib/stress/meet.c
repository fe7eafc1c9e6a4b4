// SPDX-License-Identifier: MIT
/* meet.c - see meet.h. */
#include "stress/meet.h"

#include <string.h>

struct fl_meet_word fl_meet_word[FL_ARENA_NOTED / 8];
unsigned char fl_meet_seen[1U << FL_MEET_BITS];

void fl_meet_forget(void)
{
	memset(fl_meet_seen, 0, sizeof(fl_meet_seen));
	memset(fl_meet_word, 0, sizeof(fl_meet_word));
}

void fl_meet_reset(void)
{
	size_t used = fl_arena_used();

	memset(fl_meet_word, 0, used < FL_ARENA_NOTED ? used : FL_ARENA_NOTED);
}
