// SPDX-License-Identifier: MIT
/* stop.c - see stop.h. */
#include "stop.h"

#include <stdio.h>
#include <string.h>
#include <unwind.h>

int fl_stop_thread = FL_STOP_NOWHERE;
uintptr_t fl_replay_caller;
static int stop_passed;

__attribute__((noinline)) void fl_replay_here(const char *what)
{
	__asm__ volatile("" : : "r"(what) : "memory");
}

void fl_stop_at(int thread, int passed)
{
	fl_stop_thread = thread;
	stop_passed = passed;
}

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *pc)
{
	if (!program->has_code(_Unwind_GetIP(frame)))
		return _URC_NO_REASON;
	*(uintptr_t *)pc = _Unwind_GetIP(frame);
	return _URC_NORMAL_STOP;
}

uintptr_t fl_program_pc(void)
{
	uintptr_t pc = 0;

	if (program->ordinary && program->has_code)
		_Unwind_Backtrace(look, &pc);
	return pc;
}

void fl_stop_before(const struct fl_site *site)
{
	char what[512];
	const char *slash;

	exec_flush();
	if (T[current_thread].pos != stop_passed)
		return;
	slash = site && site->file ? strrchr(site->file, '/') : NULL;
	if (site && site->file)
		snprintf(what, sizeof(what), "CPU %d is about to do %s, %s:%d", current_thread,
			 site->text, slash ? slash + 1 : site->file, site->line);
	else
		snprintf(what, sizeof(what), "%s %d is about to do %s",
			 program->ordinary ? "Thread" : "CPU", current_thread,
			 site ? site->text : "a plain access");
	fl_stop_at(FL_STOP_NOWHERE, 0);
	fl_replay_caller = fl_program_pc();
	fl_replay_here(what);
}

void fl_stop_at_oracle(const char *oracle, const char *message)
{
	char what[512];

	if (fl_stop_thread != FL_STOP_AT_ORACLE || current_thread < 0)
		return;
	snprintf(what, sizeof(what), "CPU %d: %s: %s", current_thread, oracle, message);
	fl_stop_at(FL_STOP_NOWHERE, 0);
	fl_replay_here(what);
}

bool fl_stop_position(int *thread, int *passed)
{
	if (current_thread < 0)
		return false;
	/* an announced plain store counts as done; making it an event here would let others run */
	*thread = current_thread;
	*passed = T[current_thread].pos + (T[current_thread].plain_store.size > 0);
	return true;
}
