/* SPDX-License-Identifier: MIT */
/*
 * learn.h - which memory threads share, and in which pieces, found out by looking.
 *
 * In an ordinary program most memory is one thread's own: stacks, objects that are never handed on. Plain
 * accesses to it need no events. That is taken for granted of each word until a second thread comes by, or an
 * atomic access; then the word is shared, for good, and the exploration begins anew, since accesses that
 * had no events should have had some. In the same way, accesses of different sizes cut a word into pieces that
 * none of them divides; a plain access is as many events as it has pieces.
 *
 * What is learnt only ever grows, so this ends, and the last exploration has seen everything.
 */
#ifndef FL_LEARN_H
#define FL_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Something was learnt that the exploration so far did not know. */
extern bool learn_again;

/* A plain access of @thread to memory that may be its own: does it need events? */
bool learn_plain(uintptr_t addr, size_t size, int thread);
/* Nobody has been there, in any execution. */
bool learn_is_untouched(uintptr_t addr, size_t size);
/* Whoever uses the memory, it is shared. */
void learn_shared(uintptr_t addr, size_t size);
/* An atomic access, or memory that is shared from the start. False: other accesses divide it. */
bool learn_atomic(uintptr_t addr, size_t size);
/* @thread ends the memory's life (fl_free()): what others do with it matters from now on. */
void learn_handed_on(uintptr_t addr, size_t size, int thread);

/* Ends at the next place at which [@addr, @addr + @size) is divided: how many bytes from @addr, at most 8. */
size_t learn_piece(uintptr_t addr, size_t size);
/* Makes @addr a place at which its word is divided. */
void learn_cut(uintptr_t addr);

/* Of accesses to the word at @addr: their order can be told (commute.h, retry.h). */
void learn_order_matters(uintptr_t addr);
bool learn_if_order_matters(uintptr_t addr);
/* Somebody has to look whether it can (retry.h). */
void learn_watch(uintptr_t addr);
bool learn_is_watched(uintptr_t addr);

void learn_forget(void);

#endif
