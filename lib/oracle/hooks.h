/* SPDX-License-Identifier: MIT */
/*
 * hooks.h - what the modelled code tells the oracles as it goes.
 *
 * Each hook gets values that the code has in hand: a hook makes no access to modelled memory, so
 * that it neither is an event nor changes what is explored. The oracles' records are memory of the
 * host, forgotten by fl_oracle_reset() (oracle.h); lib/oracle is compiled without instrumentation.
 *
 * Under the check engine hooks are called in an order that extends program order and reads-from.
 * Natively from many threads at once: the records have a mutex.
 */
#ifndef FL_ORACLE_HOOKS_H
#define FL_ORACLE_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/extend.h>
#include <faultline/rt/site.h>

#include "oracle/about.h"

struct mm_struct;
struct vm_area_struct;

/* False: no records are kept (fl_oracle_enable()). Set before threads run. */
extern bool fl_oracles_on;

#define FL_HOOK(call)                                                                              \
	do {                                                                                       \
		if (fl_oracles_on)                                                                 \
			call;                                                                      \
	} while (0)

/* A bit per kind of event: does anybody listen? Set before threads run. */
extern uint32_t fl_oracle_wanted;

/*
 * oracle.c: tells all oracles, the library's and the user's. @e->cpu is filled in, and of a
 * program's access @e->mm, too.
 */
void fl_oracle_event(struct fl_event *e);
/*
 * FL_EVENT(.kind = FL_EVENT_PIN, .mm = FL_EVENT_MM(mm), .addr = addr, .pfn = pfn)
 * The arguments are values in hand: they may be evaluated twice. A store is announced before it is
 * made, a load after it: natively nobody then hears of a value before its store. An atomic operation of a
 * program is told as its load and then its store, after it was made.
 */
#define FL_EVENT(...)                                                                              \
	do {                                                                                       \
		if (fl_oracle_wanted >> ((struct fl_event){ __VA_ARGS__ }).kind & 1)               \
			fl_oracle_event(&(struct fl_event){ __VA_ARGS__ });                        \
	} while (0)
#define FL_EVENT_MM(mm) ((const struct fl_mm *)(mm))

/*
 * A decision of which no access tells: a line in pictures, here, with @label (or NULL). Nobody listens
 * during a search, nor natively.
 */
#define FL_SAY(label, text)                                                                        \
	do {                                                                                       \
		if (fl_oracle_listener)                                                            \
			fl_oracle_listener->say(FL_SITE_LABELLED(label, text));                    \
	} while (0)

/* anon_exclusive.c: @cpu now holds a pin on frame @pfn of @mm, and no longer does. */
void fl_oracle_pinned(unsigned int cpu, const struct mm_struct *mm, uint64_t pfn, bool write);
void fl_oracle_unpinned(uint64_t pfn, bool write);

/*
 * vma_torn.c: the writer's side. A VMA's fields after it was set up, with the number in
 * vm_lock_seq; a mark of section @seq; new values of fields; the end of all sections of @mm,
 * before the store that makes it known; its memory is given back.
 */
void fl_oracle_vma_new(const struct vm_area_struct *vma, const struct mm_struct *mm, int seq,
		       uint64_t flags, uint64_t start, uint64_t end);
void fl_oracle_vma_mark(const struct vm_area_struct *vma, int seq);
void fl_oracle_vma_flags(const struct vm_area_struct *vma, uint64_t flags);
void fl_oracle_vma_range(const struct vm_area_struct *vma, uint64_t start, uint64_t end);
void fl_oracle_vma_end_all(const struct mm_struct *mm);
void fl_oracle_vma_free(const struct vm_area_struct *vma);
/* Until @fn says true: all VMAs, whether they are in a tree or not, or gone: for traces, which know addresses only. */
bool fl_oracle_vma_any(bool (*fn)(const struct vm_area_struct *vma, void *arg), void *arg);

/* The same for the mms that have or had VMAs, with their numbers. They may be gone: their addresses alone count. */
bool fl_oracle_mm_any(bool (*fn)(const struct mm_struct *mm, uint64_t id, void *arg), void *arg);

/* notifier.c: a subscriber to @mm was told of an invalidation's end, and has @left of them under way now. */
void fl_oracle_notifier_end(const struct mm_struct *mm, int left);

/*
 * vma_torn.c: the reader's side, on @cpu. It has the VMA locked, having read @seq from vm_lock_seq;
 * values that it read from the VMA and acts on; it is about to unlock.
 */
void fl_oracle_vma_locked(unsigned int cpu, const struct mm_struct *mm,
			  const struct vm_area_struct *vma, int seq);
void fl_oracle_vma_saw_flags(unsigned int cpu, const struct vm_area_struct *vma, uint64_t flags);
void fl_oracle_vma_saw_range(unsigned int cpu, const struct vm_area_struct *vma, uint64_t start,
			     uint64_t end);
void fl_oracle_vma_unlocking(unsigned int cpu, const struct vm_area_struct *vma);
/* @copy, of what section @seq left, was valid: vma_lock=speculative. */
void fl_oracle_vma_copied(unsigned int cpu, const struct vm_area_struct *vma, int seq,
			  const struct vm_area_struct *copy);

#endif
