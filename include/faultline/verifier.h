/* SPDX-License-Identifier: MIT */
/*
 * verifier.h - what a program under `faultline program` can ask of the checker.
 *
 * The names with __VERIFIER_ are those of other checkers (SV-COMP, GenMC, Nidhugg), so that their
 * programs run as they are; a program may also declare them itself and include nothing. A program that
 * uses them has no other implementation of them: it is for the checker.
 */
#ifndef FAULTLINE_VERIFIER_H
#define FAULTLINE_VERIFIER_H

/* Executions in which @condition is 0 do not count. */
void fl_assume(int condition);
/* Any number from 0 to @n - 1: one execution for each. */
int fl_choose(int n);

/* As fl_assume(). */
void __VERIFIER_assume(int condition);
/* A violation, "verifier-error", if @condition is 0. */
void __VERIFIER_assert(int condition);
/* A violation, "verifier-error". */
void __VERIFIER_error(void) __attribute__((__noreturn__));
/* A violation, "verifier-error". */
void reach_error(void);

/*
 * Any number, of a few: one execution for each. An int or another signed integer is from -1 to 2 and an
 * unsigned one from 0 to 3; `faultline program --nondet MIN..MAX` gives another range to all of them,
 * below 0 for the signed ones only.
 */
int __VERIFIER_nondet_int(void);
long __VERIFIER_nondet_long(void);
long long __VERIFIER_nondet_longlong(void);
short __VERIFIER_nondet_short(void);
char __VERIFIER_nondet_char(void);
unsigned int __VERIFIER_nondet_uint(void);
unsigned int __VERIFIER_nondet_unsigned(void);
unsigned long __VERIFIER_nondet_ulong(void);
unsigned long long __VERIFIER_nondet_ulonglong(void);
unsigned short __VERIFIER_nondet_ushort(void);
unsigned char __VERIFIER_nondet_uchar(void);
_Bool __VERIFIER_nondet_bool(void);
/* From @min to @max. */
int __VERIFIER_nondet_int_range(int min, int max);

#endif
