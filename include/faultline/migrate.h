/* SPDX-License-Identifier: MIT */
/*
 * migrate.h - moving pages to other frames while programs use them: compaction, move_pages(2), NUMA balancing.
 *
 * There are no nodes: a page that moves gets any free frame. Only on machines that are made for it
 * (fl_machine_config.migration); on others both calls are -EOPNOTSUPP. Pages of anonymous memory and of files move; KSM's, huge ones
 * and those in the swap cache stay where they are.
 */
#ifndef FAULTLINE_MIGRATE_H
#define FAULTLINE_MIGRATE_H

#include <faultline/faultline.h>

/* Who may move pages: a set. */
enum fl_migration {
	FL_MIGRATION_CALLS = 1,	 /* the calls below */
	FL_MIGRATION_FAULTS = 2, /* each hinting fault (numa.h) tries to move its page as well */
};

/*
 * Moves the page in frame number @pfn, whoever maps it, to another frame; tries once. As compaction does: it knows no
 * address, and holds no lock of any address space. @cpu is the one that does it. -EBUSY: somebody else has it in hand, or it
 * can't be moved. -EAGAIN: it is locked, or somebody has a reference (a pin): all is as before. -ENOMEM: no free frame.
 * -EINVAL: no such frame. -EOPNOTSUPP. After migrate_pages(), mm/migrate.c, Linux 4.8 to 6.12.
 */
int fl_migrate_page(struct fl_cpu *cpu, uint64_t pfn);

/*
 * The same for the @pages pages that @mm has from @addr on. @status, the caller's array of as many, unless NULL, gets an
 * answer for each of them: 0, or as above, or -ENOENT: nothing is mapped there; -EFAULT: no mapping, or the zero page. Returns
 * how many have moved. -EINVAL: no page boundary. -EOPNOTSUPP. After move_pages(2), mm/migrate.c, Linux 6.1, which finds pages
 * under mmap:R and moves them without.
 */
long fl_move_pages(struct fl_cpu *cpu, struct fl_mm *mm, fl_vaddr addr, size_t pages, int *status);

#endif
