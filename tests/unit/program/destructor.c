// SPDX-License-Identifier: MIT
/* destructor.c - cases for lib/program/end.c: what runs when the process ends. */
#include "case.h"

static int value = 1, times, exits;

__attribute__((destructor)) static void check_value(void)
{
	times++;
	assert(value == 1 && times == 1);
	if (exits)
		exit(1);
}

static void set_back(void)
{
	value = 1;
}

void sees_what_main_did(void)
{
	value = 2;
	atexit(set_back);
}

void fails(void)
{
	value = 2;
}

void fails_after_exit(void)
{
	value = 2;
	exit(0);
}

void ends_the_process_again(void)
{
	exits = 1;
}
