// SPDX-License-Identifier: MIT
/*
 * access.c - a program's loads, stores and atomic operations, and a debugger's.
 *
 *   L1  answer interrupts           a shootdown that waits for this CPU goes on here
 *   L2  try the access (mmu/tlb.c)  done, or fault
 *   L3  do_user_addr_fault(); back to L1
 *
 * Models: the processor between two instructions; mem_rw(), fs/proc/base.c, and
 * __access_remote_vm(), mm/memory.c, Linux 6.1.
 * Policy: none.
 */
#include "mm/fault.h"
#include "mm/gup.h"
#include "mm/mmap_lock.h"
#include "mm/stack.h"
#include "mmu/mmu.h"
#include "oracle/hooks.h"

#include <errno.h>
#include <signal.h>

/* 0: the access may be tried. */
static int check_access(struct fl_cpu *cpu, fl_vaddr addr, bool write)
{
	if (!cpu->state->mm || addr % FL_WORD_SIZE)
		return -EINVAL;
	if (addr < task_size(cpu->machine))
		return 0;
	force_sig_fault(cpu->machine, SIGSEGV, SEGV_MAPERR, addr, write);
	return -EFAULT;
}

static int user_access(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, uint64_t *word)
{
	int err = check_access(cpu, addr, access == MMU_STORE);

	while (!err) {
		fl_ipi_poll();
		if (mmu_access(cpu, addr, access, word))
			break;
		FL_EVENT(.kind = FL_EVENT_FAULT, .addr = addr, .write = access == MMU_STORE);
		err = do_user_addr_fault(cpu->state->mm, addr, access == MMU_STORE);
	}
	return err;
}

static int user_rmw(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_rmw op, uint64_t a, uint64_t b,
		    uint64_t *old)
{
	int err = check_access(cpu, addr, true);

	while (!err) {
		fl_ipi_poll();
		if (mmu_rmw(cpu, addr, op, a, b, old))
			break;
		FL_EVENT(.kind = FL_EVENT_FAULT, .addr = addr, .write = true);
		err = do_user_addr_fault(cpu->state->mm, addr, true);
	}
	return err;
}

int fl_load(uint64_t *out, struct fl_cpu *cpu, fl_vaddr addr)
{
	uint64_t word;
	int err;

	if (mmu_load_fast(cpu, addr, out))
		return 0;
	err = user_access(cpu, addr, MMU_LOAD, &word);
	if (!err)
		*out = word;
	return err;
}

int fl_store(struct fl_cpu *cpu, fl_vaddr addr, uint64_t word)
{
	if (mmu_store_fast(cpu, addr, word))
		return 0;
	return user_access(cpu, addr, MMU_STORE, &word);
}

int fl_xchg(uint64_t *old, struct fl_cpu *cpu, fl_vaddr addr, uint64_t word)
{
	return user_rmw(cpu, addr, MMU_XCHG, word, 0, old);
}

int fl_fetch_add(uint64_t *old, struct fl_cpu *cpu, fl_vaddr addr, uint64_t word)
{
	return user_rmw(cpu, addr, MMU_ADD, word, 0, old);
}

int fl_cmpxchg(uint64_t *old, struct fl_cpu *cpu, fl_vaddr addr, uint64_t expected, uint64_t word)
{
	return user_rmw(cpu, addr, MMU_CMPXCHG, expected, word, old);
}

int fl_copy_in(uint64_t *words, struct fl_cpu *cpu, fl_vaddr addr, size_t n, size_t *done)
{
	size_t i = 0;
	int err = 0;

	while (i < n) {
		err = fl_load(&words[i], cpu, addr + i * FL_WORD_SIZE);
		if (err)
			break;
		i++;
	}
	if (done)
		*done = i;
	return err;
}

int fl_copy_out(struct fl_cpu *cpu, fl_vaddr addr, const uint64_t *words, size_t n, size_t *done)
{
	size_t i = 0;
	int err = 0;

	while (i < n) {
		err = fl_store(cpu, addr + i * FL_WORD_SIZE, words[i]);
		if (err)
			break;
		i++;
	}
	if (done)
		*done = i;
	return err;
}

void fl_last_signal(struct fl_signal *out, const struct fl_cpu *cpu)
{
	*out = cpu->signal;
}

int fl_poke(struct fl_cpu *cpu, struct fl_mm *fl_mm, fl_vaddr addr, uint64_t word)
{
	struct fl_machine *m = cpu->machine;
	struct mm_struct *mm = &fl_mm->mm;
	struct vm_area_struct *vma;
	struct page *page;
	int err;

	if (addr % FL_WORD_SIZE)
		return -EINVAL;
	if (addr >= task_size(m))
		return -EFAULT;
	mmap_read_lock(mm);
	err = get_user_page_remote(mm, page_align_down(m, addr), FOLL_GET | FOLL_WRITE | FOLL_FORCE,
				   &page, &vma);
	if (!vma && m->policy.stack_growth == FL_STACK_MMAP_WRITE) {
		if (!expand_stack(mm, addr))
			return -EFAULT;
		err = get_user_page_remote(mm, page_align_down(m, addr),
					   FOLL_GET | FOLL_WRITE | FOLL_FORCE, &page, &vma);
	}
	if (!err) {
		uint64_t *words = frame_words(m, page_to_pfn(page));

		FL_EVENT(.kind = FL_EVENT_KERNEL_STORE, .mm = FL_EVENT_MM(mm), .addr = addr,
			 .pfn = page_to_pfn(page), .value = word);
		WRITE_ONCE(words[(addr & (page_size(m) - 1)) / FL_WORD_SIZE], word);
		/* set_page_dirty_lock(). Who has the page locked counts references: migrate.c. */
		lock_page(page);
		FL_STEP("B7", SetPageDirty(page)); /* rmap_unmap.c */
		unlock_page(page);
		put_page(m, page);
	}
	mmap_read_unlock(mm);
	return err;
}
