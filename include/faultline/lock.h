/* SPDX-License-Identifier: MIT */
/*
 * lock.h - lock strategies: how a page fault is kept apart from who changes mappings.
 *
 * Writers (mmap(), munmap(), mprotect(), fork(), ...) always have the address space's mmap_lock for writing, so there is
 * one at a time. A fault that can't go the strategy's way takes mmap_lock for reading, as in kernels: so a strategy may
 * always say no. What it has to promise is one thing: between fault_begin() and fault_end() nobody changes the mapping,
 * or, if it is optimistic, fault_valid() finds out that somebody did.
 *
 *   writer, mmap_lock held                            fault
 *   write_begin(mm)                                   vma = fault_begin(fault)   NULL: with mmap_lock
 *   mark_vma(vma): waits for faults in it, if           look at the mapping, find a page, ...
 *     there is anything to wait for; then keeps         fault_valid(fault, vma)  optimistic ones alone: under the
 *     new ones out                                                               page table's lock, before it changes
 *   mark_range(mm, start, end): the same for          fault_end(fault, vma)
 *     addresses that a marked mapping is to get
 *   attach_vma(vma), detach_vma(vma): it gets
 *     into the tree, it is about to leave it
 *   write_end(mm): all marks end
 *
 * The built-in ones are policy values (vma_lock) with all that goes with them; docs/locks.md compares them. One of your own
 * is a struct of functions, written with <faultline/rt.h>, which a machine gets with fl_machine_config.lock: it works
 * natively and under the check engine. bench/strategy_example/ has one.
 */
#ifndef FAULTLINE_LOCK_H
#define FAULTLINE_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/faultline.h>

/* A mapping. Opaque; fl_vma_start() and its like look into it. */
struct fl_vma;

/* One fault, as its strategy sees it. On the stack of its thread. */
struct fl_fault {
	struct fl_mm *mm;  /* of the program */
	fl_vaddr addr;	   /* of the page, in bytes */
	uint64_t state[4]; /* the strategy's own, from fault_begin() to fault_end(); not zeroed */
};

/*
 * A strategy. Constant, and its caller's, as long as a machine uses it. Functions that are NULL do nothing, but for
 * fault_begin and mark_vma, without which a user's is none. They must not call other functions of the library than those
 * below and the primitives of rt.h.
 */
struct fl_lock_strategy {
	const char *name;   /* "vma-refcount" */
	const char *doc;    /* one line */
	const char *source; /* where it is from: a release, a patch, a paper */
	/*
	 * Built-in ones: the settings "field=value,..." that choose it, over whatever the machine's policy says. NULL:
	 * a user's, which is the functions below.
	 */
	const char *policy;
	size_t mm_size; /* bytes of its own in each address space, zeroed: fl_mm_lock_state(). At most 65536 */
	size_t vma_size; /* the same in each mapping: fl_vma_lock_state() */

	/* An address space begins; not 0 is an error, -ENOMEM. Nobody else knows it yet. */
	int (*mm_init)(struct fl_mm *mm);
	/* It ends; nobody uses it any more. */
	void (*mm_exit)(struct fl_mm *mm);
	/* A mapping begins. It has its range; nobody else knows it yet. */
	void (*vma_init)(struct fl_vma *vma);

	/*
	 * The mapping that has fault->addr (fl_lock_find_vma()), so that it stays as it is until fault_end(). NULL: the
	 * fault takes mmap_lock. The library looks itself whether the mapping has the address, and is attached, and
	 * ends the fault if not. If it is optimistic (fault_valid), nothing has to be held: the library makes a copy of
	 * the mapping, within the caller's reader section of RCU, which lasts until fault_end().
	 */
	struct fl_vma *(*fault_begin)(struct fl_fault *fault);
	/*
	 * Optimistic ones: is what was read of the mapping since fault_begin() still so? Called once the copy is made,
	 * and, with the page table's lock held, just before the fault changes an entry. It orders the reads before
	 * itself (smp_rmb()). NULL: not optimistic.
	 */
	bool (*fault_valid)(struct fl_fault *fault, struct fl_vma *vma);
	/* Undoes fault_begin(). Not with optimistic ones that found no mapping. */
	void (*fault_end)(struct fl_fault *fault, struct fl_vma *vma);

	/* mmap_lock was just taken for writing. */
	void (*write_begin)(struct fl_mm *mm);
	/*
	 * @vma is about to change: waits for faults that have it and keeps new ones out until write_end(). Can be
	 * called for one that is marked already. Must not wait for anything that a fault may wait for: faults wait for
	 * page table locks, and for frames.
	 */
	void (*mark_vma)(struct fl_vma *vma);
	/* The same without waiting: false if a fault has it. NULL: mark_vma(), true. */
	bool (*try_mark_vma)(struct fl_vma *vma);
	/* [start, end), where there may be no mapping, is about to be that of a marked one. */
	void (*mark_range)(struct fl_mm *mm, fl_vaddr start, fl_vaddr end);
	/* @vma, with all its fields, is about to be found by faults. It is marked. */
	void (*attach_vma)(struct fl_vma *vma);
	/* @vma is about to leave, and its memory to go, when RCU allows that. It is marked. */
	void (*detach_vma)(struct fl_vma *vma);
	/* All marks of @mm end: mmap_lock is about to be let go of, or held for reading only. */
	void (*write_end)(struct fl_mm *mm);
};

/* The strategy with this name, built-in or registered; NULL: there is none. Any thread. */
const struct fl_lock_strategy *fl_lock_strategy_find(const char *name);
/* Number @i of all there are, the built-in ones first; NULL after the last. Any thread. */
const struct fl_lock_strategy *fl_lock_strategy_at(size_t i);
/*
 * fl_lock_strategy_find() and fl_lock_strategy_at() know @strategy from now on. Kept by reference: it stays the caller's,
 * and valid until it is unregistered. A machine need not have it registered. -EINVAL: no name, fault_begin or mark_vma is
 * missing, more memory of its own than it may have. -EEXIST: the name is taken. -EBUSY: there are 16 already. Any thread.
 */
int fl_lock_strategy_register(const struct fl_lock_strategy *strategy);
/* Takes it back; one that is not registered does no harm. Any thread. */
void fl_lock_strategy_unregister(const struct fl_lock_strategy *strategy);

/* --- for a strategy's functions --- */

/*
 * The mapping that has @addr, without a lock. In a reader section of RCU, which keeps its memory there. It may be on its
 * way out, or about to begin or end elsewhere.
 */
struct fl_vma *fl_lock_find_vma(struct fl_mm *mm, fl_vaddr addr);
/* Where it begins, in bytes, and the first byte after it. Marked accesses. */
fl_vaddr fl_vma_start(const struct fl_vma *vma);
/* The first byte after it. */
fl_vaddr fl_vma_end(const struct fl_vma *vma);
/* The address space that it is in. */
struct fl_mm *fl_vma_mm(const struct fl_vma *vma);
/* The strategy's own memory in @mm: mm_size bytes. */
void *fl_mm_lock_state(struct fl_mm *mm);
/* The same in @vma: vma_size bytes. */
void *fl_vma_lock_state(struct fl_vma *vma);

#endif
