/* SPDX-License-Identifier: MIT */
/*
 * seqcount.h - sequence counters (include/linux/seqlock.h, Linux 6.12).
 *
 *   writer (serialised by its own lock)      reader
 *   W1  sequence++ (odd)                     R1  s = sequence, wait while odd    acquire [a]
 *   W2  smp_wmb()                 [b]        R2  read the data
 *   W3  change the data                      R3  smp_rmb()                       [b]
 *   W4  smp_wmb()                 [a]        R4  sequence != s: start again
 *   W5  sequence++ (even)
 *
 * [a] who sees W5 sees W3. [b] who sees any of W3 sees W1 at R4. A write section orders stores only:
 * the loads in it may move past either end.
 */
#ifndef FAULTLINE_RT_SEQCOUNT_H
#define FAULTLINE_RT_SEQCOUNT_H

#define SEQCNT_ZERO                                                                                \
	{                                                                                          \
		0                                                                                  \
	}
#define seqcount_init(s)                                                                           \
	do {                                                                                       \
		(s)->sequence = 0;                                                                 \
	} while (0)
#define raw_read_seqcount(s) FL_LOAD(&(s)->sequence, FL_ACQUIRE, "raw_read_seqcount(" #s ")")
/* Waits while a writer is inside. */
#define read_seqcount_begin(s)                                                                     \
	FL_AWAIT_MASK(&(s)->sequence, 1u, 0u, FL_ACQUIRE, "read_seqcount_begin(" #s ")")
#define read_seqcount_retry(s, start)                                                              \
	({                                                                                         \
		smp_rmb();                                                                         \
		FL_LOAD(&(s)->sequence, FL_ONCE, "read_seqcount_retry(" #s ", " #start ")") !=     \
			(start);                                                                   \
	})
#define raw_write_seqcount_begin(s)                                                                \
	do {                                                                                       \
		FL_STORE(&(s)->sequence, READ_ONCE((s)->sequence) + 1, FL_ONCE,                    \
			 "raw_write_seqcount_begin(" #s ")");                                      \
		smp_wmb();                                                                         \
	} while (0)
#define raw_write_seqcount_end(s)                                                                  \
	do {                                                                                       \
		smp_wmb();                                                                         \
		FL_STORE(&(s)->sequence, READ_ONCE((s)->sequence) + 1, FL_ONCE,                    \
			 "raw_write_seqcount_end(" #s ")");                                        \
	} while (0)
#define write_seqcount_begin(s) raw_write_seqcount_begin(s)
#define write_seqcount_end(s) raw_write_seqcount_end(s)

#endif
