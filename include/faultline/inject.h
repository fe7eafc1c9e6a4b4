/* SPDX-License-Identifier: MIT */
/*
 * inject.h - what happens to any page at any time, made to happen: references that somebody takes
 * without knowing whose page it is, the page lock, the swap cache, the LRU's batches. And memory that
 * runs out.
 *
 * Page-cache lookups, compaction, GUP-fast before its second look: all take a reference first and find
 * out then. COW decisions that count references can't tell these from others.
 */
#ifndef FAULTLINE_INJECT_H
#define FAULTLINE_INJECT_H

#include <stdbool.h>

#include <faultline/faultline.h>

/*
 * A reference to frame @pfn unless it is free: -EAGAIN. fl_page_put() drops it. Here and below -EINVAL:
 * there is no such frame. Any thread. After folio_try_get().
 */
int fl_page_try_get(struct fl_machine *m, uint64_t pfn);
/* Drops a reference of the caller's; the last one frees the frame. After put_page(). */
void fl_page_put(struct fl_machine *m, uint64_t pfn);
/* The page lock. -EAGAIN: somebody has it. The caller has a reference. After trylock_page(). */
int fl_page_trylock(struct fl_machine *m, uint64_t pfn);
/* By whoever has it. After unlock_page(). */
void fl_page_unlock(struct fl_machine *m, uint64_t pfn);
/*
 * Puts an anonymous page that is still mapped into the swap cache, with the cache's reference, as
 * reclaim does first. -EINVAL: no anonymous page, or on a machine with swap one
 * that is part of a huge page. -EBUSY: it is in there, or locked. -ENOMEM. After add_to_swap().
 */
int fl_swapcache_add(struct fl_machine *m, uint64_t pfn);
/* Takes it out again unless somebody uses it: -EBUSY. -EINVAL: it is not in there. After try_to_free_swap(). */
int fl_swapcache_remove(struct fl_machine *m, uint64_t pfn);
/* Empties the calling CPU's batch of pages on their way to the LRU. After lru_add_drain(), mm/swap.c. */
void fl_lru_add_drain(struct fl_cpu *cpu);
/* Every CPU's; any thread. After lru_add_drain_all(). */
void fl_lru_add_drain_all(struct fl_machine *m);

/*
 * Failing allocations. Each thread says for itself which of its allocations fail: nothing that other threads
 * do makes a difference, so the same calls fail at the same place each time. Under the check engine a thread
 * begins each execution with none that fails, and so does set-up code's rule not reach the threads.
 *
 * A test that visits all of them:
 *
 *	for (n = 1;; n++) {
 *		...a fresh machine...
 *		fl_inject_fail_nth(FL_ALLOC_ANY, n);
 *		err = fl_fork(&child, mm);
 *		if (fl_inject_left())
 *			break;		there are fewer than n
 *		fl_inject_failed(&at);	where it was
 *		...err is -ENOMEM, nothing has changed...
 *	}
 *
 * What stands in for memory that kernels have without asking is no allocation here.
 */

/* What an allocation is for: a set. */
enum fl_alloc_kind {
	FL_ALLOC_FRAME = 1,	/* a page frame. After fail_page_alloc */
	FL_ALLOC_HUGE = 2,	/* the frames of a huge page */
	FL_ALLOC_SWAP = 4,	/* a swap slot */
	FL_ALLOC_PGTABLE = 8,	/* a page table. From here on after failslab */
	FL_ALLOC_VMA = 16,	/* a VMA, and its lock, also one that was used before */
	FL_ALLOC_TREE = 32,	/* a node of a tree of VMAs */
	FL_ALLOC_ANON_VMA = 64, /* an anon_vma, or an element of its chains */
	FL_ALLOC_KSM = 128,	/* what ksmd keeps of a page or an address space */
	FL_ALLOC_OBJECT = 256,	/* an address space, a file, a pipe, a buffer, a userfaultfd */
	FL_ALLOC_MACHINE = 512, /* a part of a machine */
	FL_ALLOC_FALLBACK =
		1024,	     /* what can be done without: no call fails for it, it takes longer */
	FL_ALLOC_ANY = 2047, /* all of them */
};

/* Which allocations fail. */
struct fl_fail_attr {
	unsigned int kinds; /* of these, a set of enum fl_alloc_kind; others don't count */
	uint64_t space;	    /* so many succeed first */
	uint64_t interval;  /* then every so many-th fails; 0: all */
	uint64_t times;	    /* so often; 0: from then on */
};
/*
 * @attr holds for the calling thread's allocations from now on, in place of what was said before; it is
 * copied. NULL: none fails. After CONFIG_FAULT_INJECTION.
 */
void fl_inject_fail(const struct fl_fail_attr *attr);
/* The @n-th allocation from now on of one of @kinds fails, and no other; 0: none. After /proc/self/fail-nth. */
void fl_inject_fail_nth(unsigned int kinds, uint64_t n);
/* How many of the thread's allocations it is to the next that fails, which counts; 0: none will. */
uint64_t fl_inject_left(void);

/* A place that allocates. Its strings are constants. */
struct fl_alloc_point {
	enum fl_alloc_kind kind; /* what it allocates */
	const char *func, *file; /* where, in the library's source */
	int line;		 /* the same */
};
/* Where the calling thread's last allocation failed since it said which; false: none has. */
bool fl_inject_failed(struct fl_alloc_point *out);
/* "frame", "page table" and so on, for messages. One of them, no set. */
const char *fl_alloc_kind_name(enum fl_alloc_kind kind);

#endif
