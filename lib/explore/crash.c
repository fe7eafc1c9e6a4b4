/* SPDX-License-Identifier: MIT */
/*
 * crash.c - a NULL pointer in a thread's code is a finding, not the end of the checker.
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
#include <ucontext.h>

#include "exec.h"
#include "label.h"
#include "search.h"

static struct sigaction former[2];
static stack_t former_stack;
static char *own_stack;
static uintptr_t bad_address;

static __attribute__((noreturn)) void crashed(void)
{
	struct thread *t = &T[current_thread];
	char message[128];

	snprintf(message, sizeof(message),
		 "CPU%d (%s) accesses memory at %#lx, where there is none", current_thread,
		 current_thread < program->nthreads && program->name[current_thread]
			 ? program->name[current_thread]
			 : "?",
		 (unsigned long)bad_address);
	search_fail("bad-access", message);
	t->oracle = "bad-access";
	t->message = label_text(message);
	t->crashed = true;
	for (;;)
		exec_yield();
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct thread *t;
	uintptr_t sp;

	if (current_thread < 0) {
		sigaction(sig, &former[sig == SIGBUS], NULL);
		return; /* the access is done again, and faults again */
	}
	t = &T[current_thread];
	bad_address = (uintptr_t)info->si_addr;
	sp = (uintptr_t)t->fibre.stack + t->fibre.size / 2;
#if defined(__x86_64__)
	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)((sp & ~15ul) - 8);
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)crashed;
#elif defined(__aarch64__)
	uc->uc_mcontext.sp = sp & ~15ul;
	uc->uc_mcontext.pc = (uintptr_t)crashed;
#endif
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
	sigaction(SIGSEGV, &sa, &former[0]);
	sigaction(SIGBUS, &sa, &former[1]);
}

void exec_release_faults(void)
{
	if (!own_stack)
		return;
	sigaction(SIGSEGV, &former[0], NULL);
	sigaction(SIGBUS, &former[1], NULL);
	sigaltstack(&former_stack, NULL);
	free(own_stack);
	own_stack = NULL;
}
