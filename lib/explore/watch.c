/* SPDX-License-Identifier: MIT */
/*
 * watch.c - see watch.h.
 *
 * Patience is counted in ticks of the timer, which come late or not at all while the process does not run: a busy
 * machine or a debugger makes no thread look endless.
 */
#define _GNU_SOURCE
#include "watch.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include "exec.h"
#include "search.h"

#define PERIOD_MS 100
#define PATIENCE_MS 5000

static struct {
	bool running;
	timer_t timer;
	struct sigaction former;
	uint64_t stretch; /* of the thread's code, as seen last */
	int ticks;	  /* since then */
	uintptr_t place;
} watch;

static int signal_number(void)
{
	return SIGRTMIN;
}

static void goes_on(void)
{
	struct thread *t = &T[current_thread];

	S.res->endless = true;
	S.res->endless_pc = watch.place;
	S.stop = true;
	t->stop = LABEL_BOUND;
	for (;;)
		exec_yield();
}

/* The innermost place in the program; it is told as the return address of a call. */
static bool is_place(uintptr_t pc)
{
	if (!program->has_code || !program->has_code(pc))
		return false;
	watch.place = pc + 1;
	return true;
}

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *arg)
{
	(void)arg;
	return is_place(_Unwind_GetIP(frame)) ? _URC_NORMAL_STOP : _URC_NO_REASON;
}

static bool time_is_up(void)
{
	return S.opt->timeout > 0 && now_seconds() - S.started > S.opt->timeout;
}

static void on_tick(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	if (current_thread < 0 || watch.stretch != exec_stretches) {
		watch.stretch = exec_stretches;
		watch.ticks = 0;
		return;
	}
	if (++watch.ticks * PERIOD_MS < PATIENCE_MS && !time_is_up())
		return;
	watch.place = 0;
	if (!is_place(fibre_interrupted_at(context)))
		_Unwind_Backtrace(look, NULL);
	fibre_redirect(&T[current_thread].fibre, context, goes_on);
}

void watch_begin(void)
{
	const struct itimerspec period = {
		.it_interval.tv_nsec = PERIOD_MS * 1000000l,
		.it_value.tv_nsec = PERIOD_MS * 1000000l,
	};
	struct sigaction sa = {
		.sa_sigaction = on_tick,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = signal_number(),
	};

	event._sigev_un._tid = gettid();
	sigemptyset(&sa.sa_mask);
	sigaction(signal_number(), &sa, &watch.former);
	watch.running = !timer_create(CLOCK_MONOTONIC, &event, &watch.timer);
	if (watch.running)
		timer_settime(watch.timer, 0, &period, NULL);
}

void watch_end(void)
{
	if (watch.running)
		timer_delete(watch.timer);
	watch.running = false;
	sigaction(signal_number(), &watch.former, NULL);
}
