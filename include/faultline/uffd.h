/* SPDX-License-Identifier: MIT */
/*
 * uffd.h - userfaultfd: faults of a range become messages that user space answers.
 *
 * A fault in a registered range posts a message and waits. Some thread reads it and resolves it
 * with fl_uffd_copy() or fl_uffd_zeropage(). Nobody has to: a fault then waits for ever, which is
 * a legal end of a run.
 */
#ifndef FAULTLINE_UFFD_H
#define FAULTLINE_UFFD_H

#include <stdbool.h>

#include <faultline/faultline.h>

/* Which faults of a range become messages: a set. */
enum fl_uffd_mode {
	FL_UFFD_MISSING = 1, /* UFFDIO_REGISTER_MODE_MISSING: faults where there is no page */
	FL_UFFD_WP = 2,	     /* UFFDIO_REGISTER_MODE_WP: writes to pages that were protected */
	FL_UFFD_MINOR =
		4, /* UFFDIO_REGISTER_MODE_MINOR: the file has the page, the entry is none */
};

/* What a userfaultfd does differently: a set. */
enum fl_uffd_features {
	FL_UFFD_FEATURE_WP_UNPOPULATED = 1, /* anonymous memory without a page can be protected */
	FL_UFFD_FEATURE_WP_ASYNC = 2,	    /* faults clear the protection without a message */
	FL_UFFD_FEATURE_SIGBUS = 4,	    /* no messages: who would wait fails with -EIO */
};

/* A message: a fault that waits. */
struct fl_uffd_msg {
	fl_vaddr addr; /* of the page */
	bool write;    /* UFFD_PAGEFAULT_FLAG_WRITE */
	bool wp;       /* UFFD_PAGEFAULT_FLAG_WP: there is a page, it is protected */
	bool minor;    /* UFFD_PAGEFAULT_FLAG_MINOR */
};

/* A userfaultfd of @mm; the caller's, to be closed. Expected failure: -ENOMEM. */
int fl_uffd_create(struct fl_uffd **out, struct fl_mm *mm);
/* With features, a set of enum fl_uffd_features. -EINVAL: this kernel does not have one of them. */
int fl_uffd_create_with(struct fl_uffd **out, struct fl_mm *mm, unsigned int features);
/*
 * Takes it off all ranges, lets waiting faults go on, and frees it. No thread uses or waits on
 * @uffd any more but those in faults. fl_mm_destroy() closes what is left open. NULL is allowed.
 * After userfaultfd_release().
 */
void fl_uffd_close(struct fl_uffd *uffd);

/*
 * Watches @pages pages from @addr on; @mode: a set of enum fl_uffd_mode, in place of the one
 * before unless that has all of them.
 * -EINVAL: not on a page boundary, no pages, unknown mode, nothing mapped there, or this kernel has the
 * mode not, or not for this kind of memory. -EBUSY: another userfaultfd has part of it. -EPERM: a file
 * that may not be written. -ENOMEM. -EAGAIN: only with policy vma_mark_function=try-start-write, a fault
 * was using the range. After userfaultfd_register(), fs/userfaultfd.c, Linux 5.7 to 6.12.
 */
int fl_uffd_register(struct fl_uffd *uffd, struct fl_cpu *cpu, fl_vaddr addr, size_t pages,
		     unsigned int mode);

/*
 * Stops watching: protection is taken back, who waits goes on. -EINVAL as for fl_uffd_register(). After
 * userfaultfd_unregister().
 */
int fl_uffd_unregister(struct fl_uffd *uffd, struct fl_cpu *cpu, fl_vaddr addr, size_t pages);
/*
 * UFFDIO_WRITEPROTECT: protects a range, or takes protection back and wakes who waits for it.
 * -ENOENT: part of it is not registered with mode FL_UFFD_WP. -EINVAL, -ENOMEM. After
 * mwriteprotect_range(), mm/userfaultfd.c, Linux 6.1.
 */
int fl_uffd_writeprotect(struct fl_uffd *uffd, fl_vaddr addr, size_t pages, bool protect);
/*
 * UFFDIO_CONTINUE for one page: maps the page that the file has. -EFAULT: the file has none. -EINVAL:
 * beyond its end. -EEXIST: something is mapped. After mfill_atomic_pte_continue().
 */
int fl_uffd_continue(struct fl_uffd *uffd, fl_vaddr addr);
/* The same with UFFDIO_CONTINUE_MODE_WP: the page arrives write-protected. */
int fl_uffd_continue_wp(struct fl_uffd *uffd, fl_vaddr addr);
/* UFFDIO_WAKE: faults in the range that wait go on, and look again. After userfaultfd_wake(). */
void fl_uffd_wake(struct fl_uffd *uffd, fl_vaddr addr, size_t pages);

/* The next message, to the caller's memory; waits for one. -EINTR if the run ends meanwhile. After userfaultfd_read(). */
int fl_uffd_read(struct fl_uffd_msg *out, struct fl_uffd *uffd);
/* The same without waiting: -EAGAIN if there is none. */
int fl_uffd_try_read(struct fl_uffd_msg *out, struct fl_uffd *uffd);

/*
 * UFFDIO_COPY for one page: puts a page there that has the words of @words (one page full of them; they stay the caller's)
 * and wakes who waits for it. -EEXIST: there is a page already (waiters are woken too). -ENOENT: the range is not
 * registered with @uffd. -EINVAL: not a page boundary. -ENOMEM. After mfill_atomic_copy(), mm/userfaultfd.c.
 */
int fl_uffd_copy(struct fl_uffd *uffd, fl_vaddr addr, const uint64_t *words);
/* The same with UFFDIO_COPY_MODE_WP: the page arrives write-protected. */
int fl_uffd_copy_wp(struct fl_uffd *uffd, fl_vaddr addr, const uint64_t *words);
/* UFFDIO_ZEROPAGE: puts the zero page there; else as fl_uffd_copy(). After mfill_atomic_zeropage(). */
int fl_uffd_zeropage(struct fl_uffd *uffd, fl_vaddr addr);

#endif
