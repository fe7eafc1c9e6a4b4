/* SPDX-License-Identifier: MIT */
/*
 * crash.c - what the processor objects to in a thread's code is a finding, not the end of the checker.
 *
 * The handler runs on a stack of its own and only changes where the thread goes on: into crashed(), on
 * the fibre's stack, which reports and gives up the processor for good. A fault outside of a thread is
 * the checker's own and is raised again with the former handler.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "label.h"
#include "search.h"

static const struct fault {
	int signal;
	const char *oracle, *what; /* what: NULL for an access, whose address is told */
} faults[] = {
	{ SIGSEGV, "bad-access", NULL },
	{ SIGBUS, "bad-access", NULL },
	{ SIGFPE, "bad-division", "divides by zero, or the smallest number by -1" },
	{ SIGILL, "trap", "comes to an instruction that ends the program (__builtin_trap())" },
	{ SIGTRAP, "trap", "comes to an instruction that ends the program (__builtin_trap())" },
};
#define NR_FAULTS (sizeof(faults) / sizeof(faults[0]))

static const struct fault stack_overflow = {
	.oracle = "stack-overflow",
	.what = "has used up its stack: endless recursion, or too much in local variables",
};

static struct sigaction former[NR_FAULTS];
static stack_t former_stack;
static char *own_stack;
static const struct fault *fault;
static uintptr_t bad_address;

static void crashed(void)
{
	struct thread *t = &T[current_thread];
	char address[64], message[256];

	snprintf(address, sizeof(address), "accesses memory at %#lx, where there is none",
		 (unsigned long)bad_address);
	snprintf(message, sizeof(message), "CPU%d (%s) %s", current_thread,
		 current_thread < program->nthreads && program->name[current_thread]
			 ? program->name[current_thread]
			 : "?",
		 fault->what ? fault->what : address);
	search_fail(fault->oracle, message);
	t->oracle = label_text(fault->oracle);
	t->message = label_text(message);
	t->stop = LABEL_STOPPED;
	for (;;)
		exec_yield();
}

static int fault_of(int signal)
{
	int i = 0;

	while (faults[i].signal != signal)
		i++;
	return i;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	if (current_thread < 0) {
		sigaction(signal, &former[fault_of(signal)], NULL);
		return; /* the instruction is done again, and faults again */
	}
	bad_address = (uintptr_t)info->si_addr;
	fault = fibre_overflows(&T[current_thread].fibre, bad_address) ? &stack_overflow
								       : &faults[fault_of(signal)];
	fibre_redirect(&T[current_thread].fibre, context, crashed);
}

void exec_catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_size = 64 << 10 };

	own_stack = malloc(stack.ss_size);
	if (!own_stack)
		return;
	stack.ss_sp = own_stack;
	sigaltstack(&stack, &former_stack);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < NR_FAULTS; i++)
		sigaction(faults[i].signal, &sa, &former[i]);
}

void exec_release_faults(void)
{
	if (!own_stack)
		return;
	for (size_t i = 0; i < NR_FAULTS; i++)
		sigaction(faults[i].signal, &former[i], NULL);
	sigaltstack(&former_stack, NULL);
	free(own_stack);
	own_stack = NULL;
}
