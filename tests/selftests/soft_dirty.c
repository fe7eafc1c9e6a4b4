// SPDX-License-Identifier: MIT
/*
 * soft_dirty.c - what selftests/mm/soft-dirty.c checks, written anew: 15 checks in five cases.
 */
#include "process.h"

#define ROUNDS 100 /* the kernel's has 10,000, all alike */

/* A flush that was put off and never made (0758cd830494): translations that let writes through stay. */
#define NO_FLUSH "5.7 5.8 5.9 5.11"
/* mprotect() took the bit for its opposite, in mappings that want to hear of writes (76aefad628aa). */
#define INVERTED_TEST "4.8 5.7 5.8 5.9 5.11 5.12 5.18 5.19"

static void rounds(fl_vaddr mem)
{
	for (int i = 0; i < ROUNDS; i++) {
		holds(!soft_dirty(&parent, mem), "round %d: dirty before the write", i);
		clear_soft_dirty(&parent);
		ck_assert_int_eq(fl_store(parent.cpu, mem, (uint64_t)i), 0);
		holds(soft_dirty(&parent, mem), "round %d: not dirty after the write", i);
		clear_soft_dirty(&parent);
	}
}

static void simple(void)
{
	fl_vaddr mem = map_anon(&parent, 1, RW);

	clear_soft_dirty(&parent);
	rounds(mem);
}

static void vma_reuse(void)
{
	fl_vaddr mem = map_anon(&parent, 1, RW), again;

	holds(soft_dirty(&parent, mem), "a new mapping is not dirty");
	clear_soft_dirty(&parent);
	holds(!soft_dirty(&parent, mem), "dirty after clear_refs");
	unmap(&parent, mem, 1);
	again = map_anon(&parent, 1, RW);
	ck_assert_uint_eq(again, mem);
	holds(soft_dirty(&parent, mem), "a new mapping at an old address is not dirty");
}

static void hugepage(void)
{
	size_t pages = fl_hpage_pages(machine), bytes = pages * PAGE;
	fl_vaddr mem = map_anon(&parent, 2 * pages, RW);
	struct fl_counters before, after;

	fl_inspect_counters(&before, machine);
	mem = (mem + bytes - 1) / bytes * bytes;
	advise(&parent, mem, pages, FL_MADV_HUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		fill(&parent, mem + i * PAGE, i);
	fl_inspect_counters(&after, machine);
	ck_assert_uint_eq(after.thp_faults, before.thp_faults + 1);
	clear_soft_dirty(&parent);
	rounds(mem);
	fl_inspect_counters(&after, machine);
	holds(before.thp_splits == after.thp_splits, "the huge page was split");
}

enum kind { ANON, MEMFD, REGULAR_FILE };

static void mprotect_case(enum kind kind)
{
	struct fl_file *file = NULL;
	fl_vaddr mem;

	if (kind == ANON) {
		mem = map_anon(&parent, 1, RW);
	} else {
		ck_assert_int_eq(fl_file_create(&file, machine,
						kind == MEMFD ? FL_FILE_SHMEM : FL_FILE_REGULAR, 1,
						0),
				 0);
		mem = map_file(&parent, 1, RW, FL_MAP_SHARED, file);
		fl_file_put(file);
	}
	fill(&parent, mem, 1);
	holds(soft_dirty(&parent, mem), "a new page that was written to is not dirty");
	clear_soft_dirty(&parent);
	holds(!soft_dirty(&parent, mem), "dirty after clear_refs");
	protect(&parent, mem, 1, FL_READ);
	holds(!soft_dirty(&parent, mem), "dirty after mprotect(PROT_READ)");
	protect(&parent, mem, 1, RW);
	holds(!soft_dirty(&parent, mem), "dirty after mprotect(PROT_READ | PROT_WRITE)");
	fill(&parent, mem, 2);
	holds(soft_dirty(&parent, mem), "not dirty after another write");
	unmap(&parent, mem, 1);
}

static void mprotect_anon(void)
{
	mprotect_case(ANON);
}

static void mprotect_memfd(void)
{
	mprotect_case(MEMFD);
}

static void mprotect_file(void)
{
	mprotect_case(REGULAR_FILE);
}

static const struct self_case cases[] = {
	{ "simple", simple, NO_FLUSH, NULL },
	{ "vma_reuse", vma_reuse, NULL, NULL },
	{ "hugepage", hugepage, NULL, NULL },
	{ "mprotect, anon", mprotect_anon, NO_FLUSH, NULL },
	{ "mprotect, memfd", mprotect_memfd, INVERTED_TEST, NULL },
	{ "mprotect, file", mprotect_file, INVERTED_TEST, NULL },
};

static struct fl_machine_config config = { .huge_pages = 8 };
static const int nr_cases = sizeof(cases) / sizeof(cases[0]);

static struct self_case case_of(int i)
{
	return cases[i];
}

int main(void)
{
	return run_suite("selftests.soft_dirty", NULL);
}
