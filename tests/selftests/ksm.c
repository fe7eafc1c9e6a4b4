// SPDX-License-Identifier: MIT
/*
 * ksm.c - what selftests/mm/ksm_functional_tests.c checks, written anew, as far as the model reaches: four of its nine
 * cases. There is no merging with the zero page, and no prctl(PR_SET_MEMORY_MERGE), which the other five are about.
 */
#include "process.h"

#define PAGES 8

/* Equal pages, merged. */
static fl_vaddr map_and_merge(unsigned int prot)
{
	fl_vaddr mem = map_anon(&parent, PAGES, RW);
	uint64_t pfn;

	for (size_t i = 0; i < PAGES; i++)
		fill(&parent, mem + i * PAGE, 0xcf);
	protect(&parent, mem, PAGES, prot);
	advise(&parent, mem, PAGES, FL_MADV_MERGEABLE);
	fl_lru_add_drain_all(machine);
	for (int pass = 0; pass < 3; pass++)
		ck_assert_int_ge(fl_ksm_scan(parent.cpu, machine), 0);
	pfn = FL_PM_PFN(pagemap_of(&parent, mem));
	for (size_t i = 1; i < PAGES; i++)
		ck_assert_uint_eq(FL_PM_PFN(pagemap_of(&parent, mem + i * PAGE)), pfn);
	return mem;
}

/* Do two addresses map the same page? */
static bool duplicates(fl_vaddr mem)
{
	for (size_t i = 0; i < PAGES; i++)
		for (size_t j = i + 1; j < PAGES; j++) {
			uint64_t a = pagemap_of(&parent, mem + i * PAGE);
			uint64_t b = pagemap_of(&parent, mem + j * PAGE);

			if (a & b & FL_PM_PRESENT && FL_PM_PFN(a) == FL_PM_PFN(b))
				return true;
		}
	return false;
}

static void unmerge(fl_vaddr mem)
{
	advise(&parent, mem, PAGES, FL_MADV_UNMERGEABLE);
	holds(!duplicates(mem), "pages are still shared");
}

static void test_unmerge(void)
{
	fl_vaddr mem = map_and_merge(RW);

	unmerge(mem);
	for (size_t i = 0; i < PAGES; i++)
		holds(reads(&parent, mem + i * PAGE, 0xcf), "page %zu has another content", i);
}

static void test_unmerge_discarded(void)
{
	fl_vaddr mem = map_and_merge(RW);

	advise(&parent, mem, PAGES / 2, FL_MADV_DONTNEED);
	unmerge(mem);
	for (size_t i = 0; i < PAGES; i++)
		holds(populated(&parent, mem + i * PAGE) == (i >= PAGES / 2),
		      "page %zu: unmerging filled a hole, or made one", i);
}

static void test_unmerge_uffd_wp(void)
{
	fl_vaddr mem = map_and_merge(RW);
	struct fl_uffd *uffd;

	ck_assert_int_eq(fl_uffd_create(&uffd, parent.mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, parent.cpu, mem, PAGES, FL_UFFD_WP), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, PAGES, true), 0);
	unmerge(mem);
	for (size_t i = 0; i < PAGES; i++)
		holds(uffd_wp(&parent, mem + i * PAGE), "page %zu lost its protection", i);
	fl_uffd_close(uffd);
}

static void test_prot_none(void)
{
	fl_vaddr mem = map_and_merge(0);

	for (size_t i = 0; i < PAGES / 2; i++)
		ck_assert_int_eq(fl_poke(child.cpu, parent.mm, mem + i * PAGE, i), 0);
	unmerge(mem);
	protect(&parent, mem, PAGES, FL_READ);
	for (size_t i = 0; i < PAGES; i++)
		holds(load(&parent, mem + i * PAGE) == (i < PAGES / 2 ? i : 0xcf),
		      "page %zu has another content", i);
}

static const struct self_case cases[] = {
	{ "unmerge", test_unmerge, NULL, NULL },
	{ "unmerge_discarded", test_unmerge_discarded, NULL, NULL },
	/* Up to 6.1 break_ksm() made a write fault: userfaultfd kept it off, and nobody heard of that. */
	{ "unmerge_uffd_wp", test_unmerge_uffd_wp, "5.7 5.8 5.9 5.11 5.12 5.18 5.19 6.0 6.1",
	  "4.8" },
	{ "prot_none", test_prot_none, NULL, NULL },
};

static struct fl_machine_config config;
static const int nr_cases = sizeof(cases) / sizeof(cases[0]);

static struct self_case case_of(int i)
{
	return cases[i];
}

int main(void)
{
	return run_suite("selftests.ksm", NULL);
}
