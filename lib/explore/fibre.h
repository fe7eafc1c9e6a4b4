/* SPDX-License-Identifier: MIT */
/*
 * fibre.h - one stack per simulated thread, and a switch between stacks that costs a few ns.
 *
 * A fibre starts at fibre_start() and is started anew for each replay, so it never has to be unwound.
 */
#ifndef FL_FIBRE_H
#define FL_FIBRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fibre {
	void *sp;
	char *stack; /* mapped, with a guard page below */
	size_t size;
	void (*entry)(void *arg);
	void *arg;
};

int fibre_create(struct fibre *f, size_t stack_size);
void fibre_destroy(struct fibre *f);
/* The next switch to @f calls @entry(@arg) on an empty stack. @entry must not return. */
void fibre_start(struct fibre *f, void (*entry)(void *arg), void *arg);
/* Called right before the first switch to @f, if several were prepared. */
void fibre_will_start(struct fibre *f);
/* Is @addr in the guard page below the stack? */
bool fibre_overflows(const struct fibre *f, uintptr_t addr);
/* Where the signal came, from a handler's ucontext_t. */
uintptr_t fibre_interrupted_at(const void *context);
/*
 * For a signal handler that interrupted @f, with the ucontext_t it got: @f goes on in @fn, which must not return, on
 * the middle of its stack.
 */
void fibre_redirect(const struct fibre *f, void *context, void (*fn)(void));
/* Saves the running context in *@save and continues at @load. */
void fibre_switch(void **save, void *load);

/*
 * Calls @fn with nothing of the caller's left in registers: they would be a part of the state of what it calls (spin.h), and
 * differ between runs.
 */
void fibre_call(void (*fn)(void *arg), void *arg);

#endif
