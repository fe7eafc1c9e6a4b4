/* SPDX-License-Identifier: MIT */
/*
 * rw_sections.h - what the suites of reader-writer locks do while they have one: sections that notice who is in
 * with them.
 *
 * A reader counts itself in readers once it has the lock, and until it lets go; a writer who is about to downgrade does
 * so before.
 */
#ifndef TESTS_UNIT_RT_RW_SECTIONS_H
#define TESTS_UNIT_RT_RW_SECTIONS_H

#include <check.h>
#include <sched.h>

#include <faultline/rt.h>

struct shared {
	long a, b; /* plain: equal outside of write sections; ThreadSanitizer looks */
	atomic_t readers, writers;
};

static inline void read_section(struct shared *s)
{
	ck_assert_int_eq(atomic_read(&s->writers), 0);
	ck_assert_int_eq(s->a, s->b);
}

static inline void write_section(struct shared *s)
{
	ck_assert_int_eq(atomic_inc_return(&s->writers), 1);
	ck_assert_int_eq(atomic_read(&s->readers), 0);
	s->a++;
	if (s->a % 64 == 0)
		sched_yield();
	s->b++;
	atomic_dec(&s->writers);
}

#endif
