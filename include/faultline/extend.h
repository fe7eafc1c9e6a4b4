/* SPDX-License-Identifier: MIT */
/*
 * extend.h - decisions and oracles of your own, from outside the library.
 *
 * A decision: where the modelled kernel asks whether a page is copied or used as it is, or whether a
 * flush may wait, a function of yours may answer. It is called at the place where the kernel's own rule
 * stands, with the page-table lock held, and must not call back into the library; natively it may look around
 * (inspect.h, but not fl_inspect_vma()). Under the check engine it has what the question says and no more.
 *
 * An oracle: a set of functions that hear what happens and say, with fl_oracle_fail() (oracle.h), when
 * something that must always hold does not.
 */
#ifndef FAULTLINE_EXTEND_H
#define FAULTLINE_EXTEND_H

#include <stdbool.h>
#include <stddef.h>

#include <faultline/faultline.h>

/* What do_wp_page() knows when it decides. */
struct fl_reuse_question {
	struct fl_machine *machine;	     /* whose page it is */
	unsigned int mm;		     /* fl_mm_id() of the address space that writes */
	fl_vaddr addr;			     /* of the page, in bytes */
	uint64_t pfn;			     /* of its frame */
	int refcount, mapcount;		     /* page_count(), page_mapcount() */
	bool anon_exclusive, ksm, swapcache; /* PageAnonExclusive(), PageKsm(), PageSwapCache() */
	bool kernel;			     /* what the policy's own rule says: true is reuse */
};
/* What change_protection() knows when it took rights from an entry. */
struct fl_flush_question {
	struct fl_machine *machine;		 /* whose TLBs they are */
	unsigned int mm;			 /* fl_mm_id() */
	fl_vaddr addr;				 /* of the page, in bytes */
	bool was_write, was_dirty, was_accessed; /* the entry's bits before */
};

/* Functions that decide; they run on the thread that asks, so natively on several at once. */
struct fl_decisions {
	void *arg; /* handed to both */
	/* True: use the page as it is. NULL: as policy wp_reuse says. */
	bool (*reuse)(void *arg, const struct fl_reuse_question *q);
	/* True: flush now, under the PTL. NULL: as policy protect_flush says. */
	bool (*flush_now)(void *arg, const struct fl_flush_question *q);
};
/*
 * For the machines made from now on in this process; NULL: none. @decisions is copied, what arg points to is not.
 * -EBUSY: there is a machine. By one thread at a time.
 */
int fl_decisions_set(const struct fl_decisions *decisions);

/* What an oracle, or a trace of your own, hears of. Fields that do not apply are 0. */
enum fl_event_kind {
	FL_EVENT_LOAD,	      /* of a program: addr, pfn, value */
	FL_EVENT_STORE,	      /* the same */
	FL_EVENT_FRAME_ALLOC, /* pfn */
	FL_EVENT_FRAME_FREE,  /* pfn: its last reference was dropped */
	FL_EVENT_PIN,	      /* mm, addr, pfn, write */
	FL_EVENT_UNPIN,	      /* pfn, write */
	FL_EVENT_FORK,	      /* mm: the parent; value: the child's fl_mm_id() */
	/*
	 * Contents of [addr, end) may go from now on: munmap, DONTNEED, ... value: 1: by madvise(); 2: the
	 * same, of a shared mapping: entries go, the content stays
	 */
	FL_EVENT_DISCARD,
	FL_EVENT_SOFT_DIRTY_CLEARED, /* clear_refs(4) is about to return */
	FL_EVENT_PROTECTED, /* mprotect() or munmap() of [addr, end) is about to return; value: prot */
	FL_EVENT_UFFD_PROTECT, /* UFFDIO_WRITEPROTECT of [addr, end) is about to return; write: on */
	FL_EVENT_UFFD_MESSAGE, /* a handler reads about addr; write, value: 1 if wp */
	FL_EVENT_FLUSH,	       /* a flush of [addr, end) is complete */
	/*
	 * The kernel or a device writes value: write(), ptrace, a pin; pfn. ptrace: mm, addr. A pin: addr is
	 * the place in the frame.
	 */
	FL_EVENT_KERNEL_STORE,
	/* A word is read through a reference: value. mm: who put it into a pipe. NULL: a pin; pfn */
	FL_EVENT_PIPE_READ,
	FL_EVENT_DONTNEED_DONE, /* madvise(MADV_DONTNEED) of [addr, end) is about to return */
	FL_EVENT_FAULT,		/* a program's access to addr is not permitted: write */
};
/* One of them; valid during the call that hears of it. */
struct fl_event {
	enum fl_event_kind kind; /* says which of the others mean something */
	unsigned int cpu;	 /* fl_cpu_number() of who did it */
	const struct fl_mm
		*mm;	     /* whose addresses these are; to be compared, not to be called with */
	fl_vaddr addr, end;  /* a word, or the range [addr, end), in bytes */
	uint64_t pfn, value; /* of a frame; of a word, or as the kind says */
	bool write;	     /* as the kind says */
};

/*
 * An oracle. Its functions are called one at a time, under a lock of the library: they must not call back into it, but
 * finish may look around (inspect.h), and each may call fl_oracle_fail().
 */
struct fl_custom_oracle {
	const char *name; /* as a verdict cites it */
	void *arg;	  /* handed to all three */
	/* In an order that extends program order and what is seen of other threads. May be NULL. */
	void (*event)(void *arg, const struct fl_event *e);
	/* At the end of an execution, with its final values in memory. May be NULL. */
	void (*finish)(void *arg, struct fl_machine *m);
	/*
	 * Forget what the last execution did: back to what was known when set-up code had run. Called
	 * before each execution, the first time to remember that state (@first). May be NULL.
	 */
	void (*reset)(void *arg, bool first);
};
/*
 * Just before fl_oracle_fail(), once or several times: the failure is about @e, of which the oracle heard. The
 * picture of the execution then shows that event, and names the first two. @e is compared by its values during the
 * call, and stays the caller's. From an oracle's own functions only; nothing natively, where there is no picture.
 */
void fl_oracle_about(const struct fl_event *e);
/*
 * @oracle hears of all machines from now on. Kept by reference: it stays the caller's, and valid until
 * fl_oracle_unregister(). -EBUSY: there are 8 already. -EINVAL: no name. Any thread, but not from an oracle.
 */
int fl_oracle_register(const struct fl_custom_oracle *oracle);
/* Takes it back; one that is not registered does no harm. Any thread, but not from an oracle. */
void fl_oracle_unregister(const struct fl_custom_oracle *oracle);

#endif
