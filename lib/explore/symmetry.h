/* SPDX-License-Identifier: MIT */
/*
 * symmetry.h - threads that are equal: of all executions that differ only in which of them does what, one.
 *
 * Threads are equal if one thread creates them one right after the other, with the same function and
 * argument, and joins either none of them or all, again with nothing in between, and without being told that they
 * ended differently. What a thread does depends only on what it reads, so to exchange two equal threads in an execution
 * gives an execution. Not equal after all are threads that ask who they are, or hand on an address of their own: what is
 * done with that may tell them apart. That is learnt on the way, and the exploration begins again.
 *
 * A thread's key is the list of its accesses' places in co (of a load: of the store that it reads) and of the values that
 * were chosen for it: what its next event is depends on nothing else. The execution
 * that counts is the one in which the keys of equal threads do not decrease, in lexicographical order.
 * Exchanging threads moves the keys with them, so of each set of executions there is one. It is looked for in complete
 * executions, and, where that is certain, before: symmetry_forbids().
 *
 * The idea of exploring one execution of each set together with the search of revisit.c is from M. Kokologiannakis,
 * I. Marmanis, V. Vafeiadis, "SPORE: Combining symmetry and partial order reduction", PLDI 2024; the
 * rules here are others, and fewer.
 */
#ifndef FL_SYMMETRY_H
#define FL_SYMMETRY_H

#include <stdbool.h>

#include "graph.h"

/* G is a complete or blocked execution: is another one of its set the one that counts? */
bool symmetry_elsewhere(void);
/*
 * The load @r of a read-modify-write, the last event, is to read a store that another one has taken. May no execution that
 * counts come of it?
 */
bool symmetry_forbids(int r);
/* What thread @t does next, @l, may show that it differs from threads that are taken to be equal to it. */
void symmetry_look(const struct label *l, int t);
/* Thread @t has asked who it is. */
void symmetry_known(int t);
/* At the beginning of an exploration. */
void symmetry_begin(bool on);

#endif
