// SPDX-License-Identifier: MIT
/* memory.c - see memory.h. */
#include "memory.h"

#include <faultline/migrate.h>

struct fl_cpu *other_cpu(const struct fl_cpu *cpu, unsigned int i)
{
	return fl_machine_cpu(fl_cpu_machine(cpu), i);
}

int map_written(fl_vaddr *out, struct fl_cpu *cpu, struct fl_mm *mm, size_t pages)
{
	int err = fl_mmap_anon(out, mm, pages, FL_READ | FL_WRITE);

	return err ? err : fl_store(cpu, *out, 1);
}

int map_written_beside(fl_vaddr *out, struct fl_cpu *cpu, struct fl_mm *mm)
{
	fl_vaddr other;
	int err = map_written(out, cpu, mm, 1);

	return err ? err : fl_mmap_anon(&other, mm, 1, FL_READ);
}

int map_huge_written(fl_vaddr *out, struct fl_cpu *cpu, struct fl_mm *mm)
{
	size_t pages = fl_hpage_pages(fl_cpu_machine(cpu));
	int err = fl_mmap(out, mm, fl_page(cpu, 0, pages), pages, FL_READ | FL_WRITE, FL_MAP_FIXED,
			  NULL, 0);

	if (!err)
		err = fl_madvise(mm, *out, pages, FL_MADV_HUGEPAGE);
	return err ? err : fl_store(cpu, *out, 1);
}

int find_frame(uint64_t *pfn, struct fl_mm *mm, fl_vaddr addr)
{
	struct fl_pte_info pte;
	int err = fl_inspect_pte(&pte, mm, addr);

	*pfn = err ? 0 : pte.pfn;
	return err;
}

int set_up_one_page(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct one_page *w = world;
	int err = map_written(&w->page, cpu, mm, 1);

	w->mm = mm;
	return err ? err : find_frame(&w->pfn, mm, w->page);
}

void do_reclaim(struct fl_cpu *cpu, void *world)
{
	fl_reclaim_page(cpu, ((struct one_page *)world)->pfn);
}

void do_migrate(struct fl_cpu *cpu, void *world)
{
	fl_migrate_page(cpu, ((struct one_page *)world)->pfn);
}

void do_gup_fast_only(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;

	fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_FAST_ONLY, &w->pin);
}

int set_up_two_pages(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct two_pages *w = world;

	w->mm = mm;
	return map_written(&w->range, cpu, mm, 2);
}

void do_unmap_two_pages(struct fl_cpu *cpu, void *world)
{
	struct two_pages *w = world;

	(void)cpu;
	fl_munmap(w->mm, w->range, 2);
}

void do_store_to_second(struct fl_cpu *cpu, void *world)
{
	struct two_pages *w = world;

	fl_store(cpu, fl_page(cpu, w->range, 1), 2);
}
