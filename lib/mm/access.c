// SPDX-License-Identifier: MIT
/*
 * access.c - a program's loads and stores, and a debugger's.
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
#include "mmu/mmu.h"

#include <errno.h>

static int user_access(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, uint64_t *word)
{
	struct mm_struct *mm = cpu->state->mm;
	int err;

	if (!mm || addr % FL_WORD_SIZE)
		return -EINVAL;
	if (addr >= task_size(cpu->machine))
		return -EFAULT;
	for (;;) {
		fl_ipi_poll();
		if (mmu_access(cpu, addr, access, word))
			return 0;
		err = do_user_addr_fault(mm, addr, access == MMU_STORE);
		if (err)
			return err;
	}
}

int fl_load(uint64_t *out, struct fl_cpu *cpu, fl_vaddr addr)
{
	uint64_t word;
	int err = user_access(cpu, addr, MMU_LOAD, &word);

	if (!err)
		*out = word;
	return err;
}

int fl_store(struct fl_cpu *cpu, fl_vaddr addr, uint64_t word)
{
	return user_access(cpu, addr, MMU_STORE, &word);
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
	if (!err) {
		uint64_t *words = frame_words(m, page_to_pfn(page));

		WRITE_ONCE(words[(addr & (page_size(m) - 1)) / FL_WORD_SIZE], word);
		SetPageDirty(page);
		put_page(m, page);
	}
	mmap_read_unlock(mm);
	return err;
}
