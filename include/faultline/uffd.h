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

enum fl_uffd_mode {
	FL_UFFD_MISSING = 1, /* UFFDIO_REGISTER_MODE_MISSING: faults where there is no page */
};

struct fl_uffd_msg {
	fl_vaddr addr; /* of the page that is missing */
	bool write;    /* UFFD_PAGEFAULT_FLAG_WRITE */
};

/* A userfaultfd of @mm; the caller's, to be closed. Expected failure: -ENOMEM. */
int fl_uffd_create(struct fl_uffd **out, struct fl_mm *mm);
/*
 * Takes it off all ranges, lets waiting faults go on, and frees it. No thread uses or waits on
 * @uffd any more but those in faults. fl_mm_destroy() closes what is left open. NULL is allowed.
 * After userfaultfd_release().
 */
void fl_uffd_close(struct fl_uffd *uffd);

/*
 * Watches @pages pages from @addr on. -EINVAL: not on a page boundary, no pages, unknown mode,
 * nothing mapped there. -EBUSY: another userfaultfd has part of it. -ENOMEM. -EAGAIN: only with
 * policy vma_mark_function=try-start-write, a fault was using the range. After
 * userfaultfd_register(), fs/userfaultfd.c, Linux 6.4.
 */
int fl_uffd_register(struct fl_uffd *uffd, struct fl_cpu *cpu, fl_vaddr addr, size_t pages,
		     unsigned int mode);

/* The next message; waits for one. -EINTR if the run ends meanwhile. */
int fl_uffd_read(struct fl_uffd_msg *out, struct fl_uffd *uffd);
/* The same without waiting: -EAGAIN if there is none. */
int fl_uffd_try_read(struct fl_uffd_msg *out, struct fl_uffd *uffd);

/*
 * UFFDIO_COPY and UFFDIO_ZEROPAGE for one page: puts a page there that has the words of @words
 * (one page full of them), or the zero page, and wakes who waits for it. -EEXIST: there is a page
 * already (waiters are woken too). -ENOENT: the range is not registered with @uffd. -EINVAL: not
 * a page boundary. -ENOMEM.
 */
int fl_uffd_copy(struct fl_uffd *uffd, fl_vaddr addr, const uint64_t *words);
int fl_uffd_zeropage(struct fl_uffd *uffd, fl_vaddr addr);

#endif
