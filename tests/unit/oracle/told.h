/* SPDX-License-Identifier: MIT */
/*
 * told.h - the world of ../world.h for tests of lib/oracle: accesses are watched, set-up can end, and what is
 * reported is looked at.
 *
 * Events come from real calls, or are told by hand where a kernel that is broken would have to be written first.
 */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include "../world.h"

#include "oracle/hooks.h"
#include "oracle/native_report.h"
#include "oracle/oracle.h"

static char oracle[32], message[256];
static fl_vaddr a; /* a page with 1 in its first word, stored by set-up code on CPU 0 */

static inline void begin_world(const char *kernel)
{
	fl_oracle_watch_accesses(true);
	make_world(kernel, NULL);
	fl_native_report_clear();
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
}

static inline void begin_newest_world(void)
{
	begin_world("6.12");
}

static inline void set_up_ends(void)
{
	fl_oracle_reset();
}

/* A name and no more, or with @kind the kind of event: .addr = a, .value = 1, ... */
#define TELL(k, ...) fl_oracle_tell(&(struct fl_event){ .kind = FL_EVENT_##k, __VA_ARGS__ })

static inline uint64_t failures(void)
{
	fl_native_report_clear();
	fl_oracle_finish();
	fl_native_report_first(oracle, sizeof(oracle), message, sizeof(message));
	return fl_native_report_count();
}

#define ck_assert_silent()                                                                         \
	do {                                                                                       \
		uint64_t n__ = failures();                                                         \
		ck_assert_msg(n__ == 0, "%s: %s", oracle, message);                                \
	} while (0)
#define ck_assert_reported(name, text)                                                             \
	do {                                                                                       \
		ck_assert_uint_gt(failures(), 0);                                                  \
		ck_assert_str_eq(oracle, name);                                                    \
		ck_assert_msg(strstr(message, text) != NULL, "%s", message);                       \
	} while (0)

struct store_args {
	fl_vaddr addr;
	uint64_t value;
};

static inline void store_thread(struct fl_cpu *cpu, void *arg)
{
	const struct store_args *args = arg;

	if (fl_store(cpu, args->addr, args->value))
		abort();
}

static inline void load_thread(struct fl_cpu *cpu, void *arg)
{
	struct store_args *args = arg;

	if (fl_load(&args->value, cpu, args->addr))
		abort();
}

/* By CPU 1's own thread. */
static inline void store_on_cpu1(fl_vaddr addr, uint64_t value)
{
	struct store_args args = { addr, value };
	struct call c;

	begin_on(&c, cpu1, store_thread, &args);
	end_on(&c);
}

static inline uint64_t load_on_cpu1(fl_vaddr addr)
{
	struct store_args args = { addr, 0 };
	struct call c;

	begin_on(&c, cpu1, load_thread, &args);
	end_on(&c);
	return args.value;
}

/* Breaks things: behind everybody's back. */
static inline uint64_t *word_of(fl_vaddr addr)
{
	return &frame_words(machine, pte_pfn(entry_of(addr)))[addr % PAGE / FL_WORD_SIZE];
}

static inline pte_t *ptep_of(fl_vaddr addr)
{
	return pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, addr), addr);
}

static inline struct vm_area_struct *vma_of(fl_vaddr addr)
{
	return vma_lookup(mm, addr);
}

#endif
