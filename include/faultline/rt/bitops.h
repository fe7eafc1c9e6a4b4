/* SPDX-License-Identifier: MIT */
/*
 * bitops.h - atomic operations on one bit of an unsigned long.
 *
 * Documentation/atomic_bitops.txt: set_bit() and clear_bit() are void, so unordered; test_and_*()
 * are fully ordered; test_bit() is a marked load. @nr is below the number of bits in a long.
 */
#ifndef FAULTLINE_RT_BITOPS_H
#define FAULTLINE_RT_BITOPS_H

#define FL_BIT(nr) (1UL << (nr))

#define set_bit(nr, p) FL_VOID_RMW(or, p, FL_BIT(nr), "set_bit(" #nr ", " #p ")")
#define clear_bit(nr, p) FL_VOID_RMW(and, p, ~FL_BIT(nr), "clear_bit(" #nr ", " #p ")")
#define test_bit(nr, p) ((FL_LOAD(p, FL_ONCE, "test_bit(" #nr ", " #p ")") & FL_BIT(nr)) != 0)
#define test_and_set_bit(nr, p)                                                                    \
	((FL_FETCH(or, p, FL_BIT(nr), FL_MB, "test_and_set_bit(" #nr ", " #p ")") & FL_BIT(nr)) != \
	 0)
#define test_and_clear_bit(nr, p)                                                                  \
	((FL_FETCH(and, p, ~FL_BIT(nr), FL_MB, "test_and_clear_bit(" #nr ", " #p ")") &            \
	  FL_BIT(nr)) != 0)

#endif
