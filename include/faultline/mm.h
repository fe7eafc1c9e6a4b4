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

#include <faultline/faultline.h>

/* What a mapping permits. */
enum fl_prot {
	FL_READ = 1,
	FL_WRITE = 2,
};

/* An empty address space. Expected failure: -ENOMEM. The caller destroys it. */
int fl_mm_create(struct fl_mm **out, struct fl_machine *m);
/*
 * Unmaps everything and frees it. No CPU uses @mm any more (one that still has it loaded is
 * switched to none). Userfaultfds that are still open are closed; pins keep their frames. NULL is
 * allowed.
 */
void fl_mm_destroy(struct fl_mm *mm);
/* A small number that names @mm in messages: 1 for the machine's first. */
unsigned int fl_mm_id(const struct fl_mm *mm);

/*
 * Loads @mm on @cpu (NULL: none). Called by the CPU's own thread, or by set-up code for a CPU that
 * has none yet. After switch_mm_irqs_off(), Linux 6.12, without lazy TLB mode.
 */
void fl_switch_mm(struct fl_cpu *cpu, struct fl_mm *mm);

/*
 * Maps @pages pages of private anonymous memory where there is room; @prot is a set of enum
 * fl_prot. Address 0 is never given out. -ENOMEM: no room, or out of memory. -EINVAL: no pages,
 * or unknown @prot. After mmap_region(), Linux 6.5.
 */
int fl_mmap_anon(fl_vaddr *out, struct fl_mm *mm, size_t pages, unsigned int prot);
/*
 * Unmaps a range; parts that are not mapped do no harm. -EINVAL: not on a page boundary, or no
 * pages. -ENOMEM: no memory for a split. After do_vmi_align_munmap(), Linux 6.5, without the
 * downgrade.
 */
int fl_munmap(struct fl_mm *mm, fl_vaddr addr, size_t pages);

/*
 * One access of the program that runs on @cpu, to the word at @addr. An access faults as often as
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
int fl_store(struct fl_cpu *cpu, fl_vaddr addr, uint64_t word);

/*
 * Writes a word through /proc/PID/mem: with FOLL_FORCE, so also where the mapping is private but
 * not writable. There it leaves a clean, read-only, exclusive anonymous page, as
 * do_anonymous_page() makes one without VM_WRITE. @cpu is the writer's; @mm need not be loaded.
 * Errors as fl_store(). After mem_rw() and access_remote_vm(), Linux 6.1.
 */
int fl_poke(struct fl_cpu *cpu, struct fl_mm *mm, fl_vaddr addr, uint64_t word);

#endif
