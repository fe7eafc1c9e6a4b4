/* SPDX-License-Identifier: MIT */
/*
 * mm.h - address spaces, and what a program does with its memory.
 *
 * An address space (mm) belongs to its machine; a CPU has at most one loaded (fl_switch_mm()),
 * and all accesses of the CPU go to it, through the CPU's TLB, the page tables and, when these do
 * not permit the access, the page-fault handler.
 */
#ifndef FAULTLINE_MM_H
#define FAULTLINE_MM_H

#include <stdbool.h>

#include <faultline/faultline.h>

/* What a mapping permits: a set, 0 is PROT_NONE. */
enum fl_prot {
	FL_READ = 1,  /* PROT_READ: loads */
	FL_WRITE = 2, /* PROT_WRITE: stores, and loads, too */
};

/* How memory is mapped: a set. */
enum fl_map_flags {
	FL_MAP_SHARED = 1,	    /* without it: private */
	FL_MAP_FIXED = 2,	    /* at the address given, unmapping what is there */
	FL_MAP_FIXED_NOREPLACE = 4, /* the same, or -EEXIST */
	FL_MAP_POPULATE = 8,	    /* faults all pages in, for writing if they may be written */
	FL_MAP_GROWSDOWN =
		16, /* a stack: grows when the pages below it are touched; private, no file */
	FL_MAP_NORESERVE = 32, /* not accounted: fits to neighbours that are not, whether
				* written to or not */
};

/* Where mremap() may put a mapping: a set. */
enum fl_mremap_flags {
	FL_MREMAP_MAYMOVE = 1,	 /* elsewhere, if it does not fit */
	FL_MREMAP_FIXED = 2,	 /* to new_addr, unmapping what is there; with MAYMOVE */
	FL_MREMAP_DONTUNMAP = 4, /* the old range stays mapped, empty; with MAYMOVE, same size */
};

/* madvise(2): the numbers are the kernel's. */
enum fl_advice {
	FL_MADV_DONTNEED = 4, /* the pages go at once */
	FL_MADV_FREE =
		8, /* they may go, unless they are written to before; private anonymous memory */
	FL_MADV_MERGEABLE = 12,	     /* for ksmd (ksm.h) */
	FL_MADV_UNMERGEABLE = 13,    /* no longer; merged pages are copied back */
	FL_MADV_HUGEPAGE = 14,	     /* huge pages, where they fit (thp.h) */
	FL_MADV_NOHUGEPAGE = 15,     /* none */
	FL_MADV_COLD = 20,	     /* they are the next to be reclaimed (reclaim.h) */
	FL_MADV_PAGEOUT = 21,	     /* they are reclaimed at once, if nobody else maps them */
	FL_MADV_POPULATE_READ = 22,  /* faults all pages in, as loads would */
	FL_MADV_POPULATE_WRITE = 23, /* as stores would */
	FL_MADV_COLLAPSE = 25,	     /* base pages become huge ones, now (thp.h) */
};

/* An empty address space. Expected failure: -ENOMEM. The caller destroys it. */
int fl_mm_create(struct fl_mm **out, struct fl_machine *m);
/*
 * Unmaps everything and frees it. No CPU uses @mm any more; one that still has it loaded (lazy mode) is
 * interrupted, as by a flush with policy tlb_flush=ipi, and switched to none. Userfaultfds that are still open are closed;
 * pins keep their frames. NULL is allowed.
 */
void fl_mm_destroy(struct fl_mm *mm);
/* A small number that names @mm in messages: 1 for the machine's first. */
unsigned int fl_mm_id(const struct fl_mm *mm);

/*
 * Loads @mm on @cpu (NULL: none). Called by the CPU's own thread, or by set-up code for a CPU that
 * has none yet. After switch_mm_irqs_off(), Linux 6.12.
 */
void fl_switch_mm(struct fl_cpu *cpu, struct fl_mm *mm);
/*
 * @cpu runs a kernel thread from now on, no program (its accesses fail with -EINVAL), and keeps what
 * it has loaded, in case the next program is of the same mm. fl_switch_mm() ends that. Called as
 * fl_switch_mm(). After enter_lazy_tlb(), Linux 6.12.
 */
void fl_enter_lazy_tlb(struct fl_cpu *cpu);

/*
 * Maps @pages pages and stores where to *@out.
 *
 * @file: what is mapped, from its page @pgoff on; NULL: anonymous memory (with FL_MAP_SHARED: a new
 * file of shared memory of its own). @addr: where, a hint unless FL_MAP_FIXED; 0: anywhere.
 * Address 0 is never given out.
 *
 * A mapping with FL_MAP_GROWSDOWN grows down to any address below it that is accessed, up to the mapping before it and
 * a gap of 256 pages, or of a sixteenth of the address space if that is less.
 *
 * -EINVAL: no pages, unknown @prot or @flags, a fixed @addr that is no page boundary, a stack that is not private
 * anonymous memory. -ENOMEM: no
 * room, or out of memory. -EEXIST: FL_MAP_FIXED_NOREPLACE and something is there. After do_mmap(),
 * mmap_region(), Linux 6.5.
 */
int fl_mmap(fl_vaddr *out, struct fl_mm *mm, fl_vaddr addr, size_t pages, unsigned int prot,
	    unsigned int flags, struct fl_file *file, uint64_t pgoff);
/* Private anonymous memory where there is room: @pages pages with @prot, a set of enum fl_prot. Errors as fl_mmap(). */
int fl_mmap_anon(fl_vaddr *out, struct fl_mm *mm, size_t pages, unsigned int prot);
/*
 * Unmaps a range; parts that are not mapped do no harm. -EINVAL: not on a page boundary, or no
 * pages. -ENOMEM: no memory for a split. After do_vmi_align_munmap(), Linux 6.5, without the
 * downgrade.
 */
int fl_munmap(struct fl_mm *mm, fl_vaddr addr, size_t pages);
/*
 * Gives a range another protection. -EINVAL: not on a page boundary, unknown @prot. -ENOMEM: part
 * of it is not mapped (what is before that was changed), or no memory. -EACCES: write permission for
 * a shared mapping of a file that may not be written. After do_mprotect_pkey(), Linux 6.1.
 */
int fl_mprotect(struct fl_mm *mm, fl_vaddr addr, size_t pages, unsigned int prot);
/*
 * Moves, grows or shrinks a mapping; @flags: enum fl_mremap_flags. @old_pages 0 duplicates a shared
 * mapping. -EINVAL: a bad combination. -EFAULT: not one mapping. -ENOMEM: no room (in place, without
 * FL_MREMAP_MAYMOVE), or no memory. After mremap(), mm/mremap.c, Linux 6.1.
 */
int fl_mremap(fl_vaddr *out, struct fl_mm *mm, fl_vaddr old, size_t old_pages, size_t new_pages,
	      unsigned int flags, fl_vaddr new_addr);
/*
 * @advice: enum fl_advice. -EOPNOTSUPP: PAGEOUT on a machine without swap, HUGEPAGE, NOHUGEPAGE and COLLAPSE on one
 * without huge pages. -EINVAL: unknown, or not for this kind of mapping. -ENOMEM: part of the
 * range is not mapped (the rest was done), or no memory. -EFAULT: FL_MADV_POPULATE_* met what would
 * be SIGBUS. -EAGAIN, -EINTR: as the fault says. After do_madvise(), Linux 6.1.
 */
int fl_madvise(struct fl_mm *mm, fl_vaddr addr, size_t pages, enum fl_advice advice);

/*
 * A copy of @parent, private pages shared until one of both writes. The caller destroys it. -ENOMEM:
 * nothing was made. After dup_mmap() and copy_page_range(), Linux 5.7 to 6.12.
 */
int fl_fork(struct fl_mm **child, struct fl_mm *parent);

/*
 * A load of the program that runs on @cpu, from the word at @addr. An access faults as often as
 * it has to and is then made. It has no order against other accesses but what the hardware gives:
 * none.
 *
 *   -EFAULT  nothing is mapped there, or not for this kind of access (SIGSEGV)
 *   -EINVAL  @addr is not on a word boundary, or the CPU has no address space
 *   -ENOMEM  out of frames
 *   -EINTR   waited for a userfaultfd handler, and the run ended meanwhile
 *   -EIO     the fault could not be handled (SIGBUS)
 */
int fl_load(uint64_t *out, struct fl_cpu *cpu, fl_vaddr addr);
/* A store, in the same terms. */
int fl_store(struct fl_cpu *cpu, fl_vaddr addr, uint64_t word);
/*
 * An atomic exchange, fully ordered, as the two below; *@old is what was there. They need write permission
 * whatever they do. Errors as fl_load().
 */
int fl_xchg(uint64_t *old, struct fl_cpu *cpu, fl_vaddr addr, uint64_t word);
/* Adds @word. */
int fl_fetch_add(uint64_t *old, struct fl_cpu *cpu, fl_vaddr addr, uint64_t word);
/* Stores @word if the word is @expected. */
int fl_cmpxchg(uint64_t *old, struct fl_cpu *cpu, fl_vaddr addr, uint64_t expected, uint64_t word);
/*
 * @n words from user memory, one access after the other, as a program's memcpy() would. Errors as fl_load(): then *@done
 * words were copied; @done may be NULL.
 */
int fl_copy_in(uint64_t *words, struct fl_cpu *cpu, fl_vaddr addr, size_t n, size_t *done);
/* @n words to user memory, in the same terms. */
int fl_copy_out(struct fl_cpu *cpu, fl_vaddr addr, const uint64_t *words, size_t n, size_t *done);

/* What the process would get for the last access of @cpu that failed with -EFAULT or -EIO. */
struct fl_signal {
	int signo;     /* SIGSEGV, SIGBUS; 0: no access failed yet */
	int code;      /* SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR */
	fl_vaddr addr; /* that was accessed */
	bool write;    /* it was a store, or a read-modify-write */
};
/* By the CPU's own thread. */
void fl_last_signal(struct fl_signal *out, const struct fl_cpu *cpu);

/*
 * Writes a word through /proc/PID/mem: with FOLL_FORCE, so also where the mapping is private but
 * not writable. There it leaves a clean, read-only, exclusive anonymous page, as
 * do_anonymous_page() makes one without VM_WRITE. @cpu is the writer's; @mm need not be loaded.
 * Errors as fl_store(). After mem_rw() and access_remote_vm(), Linux 6.1.
 */
int fl_poke(struct fl_cpu *cpu, struct fl_mm *mm, fl_vaddr addr, uint64_t word);

#endif
