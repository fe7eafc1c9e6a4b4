/* SPDX-License-Identifier: MIT */
/*
 * programs.c - the table of programs.h.
 *
 * Sources: "GenMC" and "Nidhugg" are the columns of the comparison of model checkers that the project
 * keeps (GenMC -rc11: relaxed C11 accesses are lkmm's marked ones where no fences are used; Nidhugg
 * --tso --optimal and --sc). "formula" is counted by hand, in a comment at the builder. "reference" is
 * what tests/unit/explore/refmodel.c says; it is run again by the test unless too_large is set.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "programs.h"

/* Appends to @buf; @size is all of it. */
static void put(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void put(char *buf, size_t size, const char *fmt, ...)
{
	size_t n = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + n, size - n, fmt, ap);
	va_end(ap);
}

static const char *bar(int i)
{
	return i ? " | " : "";
}

static const char *semi(int i)
{
	return i ? "; " : "";
}

/* Ring of store buffering. Each load reads 0 or 1: 2^n; sc forbids only all zeros. */
static void sbn(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int i = 0; i < n; i++)
		put(buf, size, "%sW x%d 1; R x%d", bar(i), i, (i + 1) % n);
}

static void sbn_mb(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int i = 0; i < n; i++)
		put(buf, size, "%sW x%d 1; mb; R x%d", bar(i), i, (i + 1) % n);
}

static void mp(char *buf, size_t size, int n, int k)
{
	(void)n, (void)k;
	put(buf, size, "W x 1; W y 1 | R y; R x");
}

static void iriw(char *buf, size_t size, int n, int k)
{
	(void)n, (void)k;
	put(buf, size, "W x 1 | R x; R y | W y 1 | R y; R x");
}

/* n additions to one word: each order of them is an execution. */
static void fai(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int i = 0; i < n; i++)
		put(buf, size, "%sadd.rlx x 1", bar(i));
}

/* n stores to one word. */
static void stores(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int i = 0; i < n; i++)
		put(buf, size, "%sW x %d", bar(i), i + 1);
}

/* One writer of n words, a reader for each. */
static void rw(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int i = 0; i < n; i++)
		put(buf, size, "%sW x%d 1", semi(i), i);
	for (int i = 0; i < n; i++)
		put(buf, size, " | R x%d", i);
}

/* One writer of n values, k readers with one load each: (n + 1)^k. */
static void values(char *buf, size_t size, int n, int k)
{
	for (int i = 0; i < n; i++)
		put(buf, size, "%sW x %d", semi(i), i + 1);
	for (int i = 0; i < k; i++)
		put(buf, size, " | R x");
}

/* One writer of n values, one reader with k loads: coherence leaves (n + k choose k). */
static void corr(char *buf, size_t size, int n, int k)
{
	for (int i = 0; i < n; i++)
		put(buf, size, "%sW x %d", semi(i), i + 1);
	put(buf, size, " | ");
	for (int i = 0; i < k; i++)
		put(buf, size, "%sR x", semi(i));
}

/*
 * n writers a[i] = a[i - 1] + 1, a reader that scans down for the first zero. With relaxed loads
 * (n + 1) 2^(n - 1), under sc and tso (n + 3) 2^(n - 2): the closed forms fit every published count.
 */
static void lastzero(char *buf, size_t size, int n, int k)
{
	(void)k;
	/* Leaves at the first zero. */
	for (int i = n; i >= 0; i--) {
		put(buf, size, "%sR a%d", semi(n - i), i);
		if (i)
			put(buf, size, "; ifeq r%d 0 %d", n - i, 2 * i - 1);
	}
	for (int i = 1; i <= n; i++)
		put(buf, size, " | R a%d; W a%d r0+1", i - 1, i);
}

/* Ticket lock, n threads, k times each: the order of the tickets decides all. (nk)! / k!^n. */
static void ticket(char *buf, size_t size, int n, int k)
{
	for (int t = 0; t < n; t++) {
		put(buf, size, "%s", bar(t));
		for (int i = 0; i < k; i++)
			put(buf, size,
			    "%sadd.rlx next 1; await.acq serving r%d; Rp data; Wp data r%d+1; "
			    "Wr serving r%d+1",
			    semi(i), 3 * i, 3 * i + 2, 3 * i);
	}
}

/* n threads take a spinlock k times each: the order of the sections. (nk)! / k!^n. */
static void locks(char *buf, size_t size, int n, int k)
{
	for (int t = 0; t < n; t++) {
		put(buf, size, "%s", bar(t));
		for (int i = 0; i < k; i++)
			put(buf, size, "%slock l; unlock l", semi(i));
	}
}

/* The same with plain data inside: its values follow from the order. */
static void locked_data(char *buf, size_t size, int n, int k)
{
	for (int t = 0; t < n; t++) {
		put(buf, size, "%s", bar(t));
		for (int i = 0; i < k; i++)
			put(buf, size, "%slock l; Rp x; Wp x r%d+1; unlock l", semi(i), i);
	}
}

/* n threads take the lock once, one more k times: (n + k)! / k!. */
static void uneven_locks(char *buf, size_t size, int n, int k)
{
	locks(buf, size, n, 1);
	put(buf, size, " | ");
	for (int i = 0; i < k; i++)
		put(buf, size, "%slock l; unlock l", semi(i));
}

/* n locks, one per thread: nothing to choose. */
static void own_locks(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int t = 0; t < n; t++)
		put(buf, size, "%slock l%d; unlock l%d", bar(t), t, t);
}

static void abba(char *buf, size_t size, int n, int k)
{
	(void)n, (void)k;
	put(buf, size, "lock a; lock b; unlock b; unlock a | lock b; lock a; unlock a; unlock b");
}

static void trylocks(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int t = 0; t < n; t++)
		put(buf, size, "%strylock l; ifeq r0 0 1; unlock l", bar(t));
}

/* n threads hand a token round in turn: one way. */
static void relay(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int t = 0; t < n; t++)
		put(buf, size, "%sawait.acq x %d; Wr x %d", bar(t), t, t + 1);
}

/* n waiters for one store, which is the last one: one way, nobody waits for ever. */
static void waiters(char *buf, size_t size, int n, int k)
{
	put(buf, size, "W x 1");
	if (k)
		put(buf, size, "; W x 2"); /* a waiter that comes late misses the 1 */
	for (int t = 0; t < n; t++)
		put(buf, size, " | await x 1");
}

/* The same with a grace period after the wait; the last store is the one that nobody waits for. */
static void waiters_sync(char *buf, size_t size, int n, int k)
{
	put(buf, size, "W x 1; W x 2");
	for (int t = 0; t < n; t++)
		put(buf, size, " | await x 1%s", k ? "; sync" : "");
}

/* n threads compete with cmpxchg from 0: who wins; the losers all read the winner. */
static void cas(char *buf, size_t size, int n, int k)
{
	(void)k;
	for (int t = 0; t < n; t++)
		put(buf, size, "%scas.rlx x 0 %d", bar(t), t + 1);
}

/* A writer with n updates, k readers that try once. */
static void seqlock(char *buf, size_t size, int n, int k)
{
	for (int i = 1; i <= n; i++)
		put(buf, size, "%sW s %d; wmb; W a %d; W b %d; Wr s %d", semi(i - 1), 2 * i - 1, i,
		    i, 2 * i);
	for (int r = 0; r < k; r++) {
		put(buf, size, " | Ra s; ");
		for (int i = 1; i <= n; i++)
			put(buf, size, "ifeq r0 %d %d; ", 2 * i - 1, 4 + n - i);
		put(buf, size, "R a; R b; rmb; R s");
	}
}

/*
 * PageAnonExclusive against GUP-fast (n: with smp_mb(), k: with smp_wmb() and smp_rmb()). Thread 0 clears
 * the entry, looks for pins, clears exclusive, sets the entry again; thread 1 pins between two looks.
 */
static void gup(char *buf, size_t size, int n, int k)
{
	const char *m = n ? "mb; " : "", *w = k ? "wmb; " : "", *r = k ? "rmb; " : "";

	put(buf, size,
	    "pte=1 pae=1 : W pte 0; %sR pin; ifne r0 0 %d; W pae 0; %sW pte 1 | "
	    "R pte; ifeq r0 0 %d; vadd pin 1; %sR pte; ifne r2 1 %d; %sR pae; ifeq r2 1 1; "
	    "vadd pin -1",
	    m, k ? 3 : 2, w, 6 + !!n + !!k, m, 1 + !!k, r);
}

/* n readers with a section of two loads, a writer with a grace period between two stores. */
static void rcu(char *buf, size_t size, int n, int k)
{
	put(buf, size, k ? "W x 1; sync; W y 1" : "W x 1; W y 1");
	for (int t = 0; t < n; t++)
		put(buf, size, " | rl; R y; R x; ru");
}

#define ALL(n)                                                                                     \
	{                                                                                          \
		n, n, n                                                                            \
	}

const struct count counts[] = {
	{ "sb", sbn, 2, 0, { 3, 4, 4 }, 0, false, "GenMC, Nidhugg" },
	{ "sb3", sbn, 3, 0, { 7, 8, 8 }, 0, false, "GenMC, Nidhugg" },
	{ "sb4", sbn, 4, 0, { 15, 16, 16 }, 0, false, "GenMC, Nidhugg" },
	{ "sb7", sbn, 7, 0, { 127, 128, 128 }, 0, true, "GenMC, Nidhugg" },
	{ "sb10", sbn, 10, 0, { 1023, 1024, 1024 }, 0, true, "formula" },
	{ "sb14", sbn, 14, 0, { 16383, 16384, 16384 }, 0, true, "GenMC, Nidhugg" },
	{ "sb2+mb", sbn_mb, 2, 0, ALL(3), 0, false, "formula" },
	{ "sb3+mb", sbn_mb, 3, 0, ALL(7), 0, false, "formula" },
	{ "mp", mp, 0, 0, { 3, 3, 4 }, 0, false, "GenMC, Nidhugg" },
	{ "iriw", iriw, 0, 0, { 15, 15, 16 }, 0, false, "GenMC, Nidhugg" },
	{ "fai3", fai, 3, 0, ALL(6), 0, false, "GenMC, Nidhugg" },
	{ "fai4", fai, 4, 0, ALL(24), 0, false, "GenMC, Nidhugg" },
	{ "fai6", fai, 6, 0, ALL(720), 0, true, "GenMC, Nidhugg" },
	{ "fai7", fai, 7, 0, ALL(5040), 0, true, "GenMC, Nidhugg" },
	{ "stores4", stores, 4, 0, ALL(24), 0, false, "formula" },
	{ "stores6", stores, 6, 0, ALL(720), 0, true, "formula" },
	{ "rw3", rw, 3, 0, ALL(8), 0, false, "GenMC, Nidhugg" },
	{ "rw5", rw, 5, 0, ALL(32), 0, false, "GenMC, Nidhugg" },
	{ "rw7", rw, 7, 0, ALL(128), 0, true, "GenMC, Nidhugg" },
	{ "values 3 3", values, 3, 3, ALL(64), 0, false, "formula" },
	{ "values 4 4", values, 4, 4, ALL(625), 0, true, "formula" },
	{ "corr 2 2", corr, 2, 2, ALL(6), 0, false, "formula" },
	{ "corr 3 3", corr, 3, 3, ALL(20), 0, false, "formula" },
	{ "corr 4 4", corr, 4, 4, ALL(70), 0, false, "formula" },
	{ "lastzero3", lastzero, 3, 0, { 12, 12, 16 }, 0, false, "GenMC, Nidhugg" },
	{ "lastzero4", lastzero, 4, 0, { 28, 28, 40 }, 0, false, "GenMC, Nidhugg" },
	{ "lastzero5", lastzero, 5, 0, { 64, 64, 96 }, 0, true, "GenMC, Nidhugg" },
	{ "lastzero7", lastzero, 7, 0, { 320, 320, 512 }, 0, true, "GenMC, Nidhugg" },
	{ "lastzero12", lastzero, 12, 0, { 15360, 15360, 26624 }, 0, true, "GenMC, Nidhugg" },
	{ "ticket21", ticket, 2, 1, ALL(2), 0, false, "GenMC" },
	{ "ticket22", ticket, 2, 2, ALL(6), 0, true, "GenMC" },
	{ "ticket23", ticket, 2, 3, ALL(20), 0, true, "GenMC" },
	{ "ticket31", ticket, 3, 1, ALL(6), 0, true, "GenMC" },
	{ "ticket32", ticket, 3, 2, ALL(90), 0, true, "GenMC" },
	{ "ticket33", ticket, 3, 3, ALL(1680), 0, true, "GenMC" },
	{ "locks21", locks, 2, 1, ALL(2), 0, false, "formula" },
	{ "locks31", locks, 3, 1, ALL(6), 0, false, "formula" },
	{ "locks22", locks, 2, 2, ALL(6), 0, false, "formula" },
	{ "locks51", locks, 5, 1, ALL(120), 0, true, "formula" },
	{ "locks32", locks, 3, 2, ALL(90), 0, true, "formula" },
	{ "locks33", locks, 3, 3, ALL(1680), 0, true, "formula" },
	{ "locks42", locks, 4, 2, ALL(2520), 0, true, "formula" },
	{ "uneven locks 2 2", uneven_locks, 2, 2, ALL(12), 0, false, "formula" },
	{ "uneven locks 3 2", uneven_locks, 3, 2, ALL(60), 0, true, "formula" },
	{ "locked data 21", locked_data, 2, 1, ALL(2), 0, false, "formula" },
	{ "locked data 22", locked_data, 2, 2, ALL(6), 0, true, "formula" },
	{ "locked data 32", locked_data, 3, 2, ALL(90), 0, true, "formula" },
	{ "own locks 4", own_locks, 4, 0, ALL(1), 0, false, "formula" },
	{ "abba", abba, 0, 0, ALL(3), 1, false, "formula" },
	{ "trylocks2", trylocks, 2, 0, ALL(4), 0, false, "reference" },
	{ "trylocks3", trylocks, 3, 0, ALL(21), 0, false, "reference" },
	{ "relay5", relay, 5, 0, ALL(1), 0, false, "formula" },
	{ "waiters5", waiters, 5, 0, ALL(1), 0, false, "formula" },
	/* Each waiter sees the 1 or misses it. */
	{ "late waiters3", waiters, 3, 1, ALL(8), 7, false, "formula" },
	{ "late waiters2, sync", waiters_sync, 2, 1, ALL(4), 3, false, "formula" },
	{ "cas5", cas, 5, 0, ALL(5), 0, false, "formula" },
	{ "seqlock11", seqlock, 1, 1, { 11, 11, 11 }, 0, false, "GenMC, Nidhugg" },
	{ "seqlock21", seqlock, 2, 1, { 37, 37, 39 }, 0, false, "GenMC, Nidhugg" },
	{ "seqlock22", seqlock, 2, 2, { 1369, 1369, 1521 }, 0, true, "GenMC, Nidhugg" },
	{ "seqlock32", seqlock, 3, 2, { 7921, 7921, 9801 }, 0, true, "GenMC, Nidhugg" },
	{ "gup", gup, 1, 1, ALL(7), 0, false, "reference; GenMC with C11 fences" },
	{ "gup without smp_mb()", gup, 0, 1, { 7, 9, 9 }, 0, false, "reference" },
	{ "gup without smp_wmb() and smp_rmb()", gup, 1, 0, { 7, 7, 9 }, 0, false, "reference" },
	{ "gup without barriers", gup, 0, 0, { 7, 9, 11 }, 0, false, "reference" },
	{ "rcu1", rcu, 1, 1, ALL(3), 0, false, "reference" },
	{ "rcu2", rcu, 2, 1, ALL(9), 0, false, "reference" },
	{ "rcu3", rcu, 3, 1, ALL(27), 0, false, "reference" },
};

const size_t nr_counts = sizeof(counts) / sizeof(counts[0]);
