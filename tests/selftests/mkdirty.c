// SPDX-License-Identifier: MIT
/*
 * mkdirty.c - what selftests/mm/mkdirty.c checks, written anew: whoever sets an entry dirty in memory that may not be
 * written to must not make it writable. Five of its six cases; huge pages are not migrated here.
 */
#include "process.h"

static fl_vaddr map_huge(unsigned int prot)
{
	size_t pages = fl_hpage_pages(machine), bytes = pages * PAGE;
	fl_vaddr mem = map_anon(&parent, 2 * pages, prot);

	mem = (mem + bytes - 1) / bytes * bytes;
	advise(&parent, mem, pages, FL_MADV_HUGEPAGE);
	return mem;
}

static bool is_huge(fl_vaddr mem)
{
	struct fl_pte_info info;

	ck_assert_int_eq(fl_inspect_pte(&info, parent.mm, mem), 0);
	return info.huge;
}

static void sigsegv(fl_vaddr mem)
{
	holds(write_faults(&parent, mem), "a write to read-only memory was made");
}

static void poke(fl_vaddr mem)
{
	ck_assert_int_eq(fl_poke(child.cpu, parent.mm, mem, 1), 0);
	holds(load(&parent, mem) == 1, "what was written by ptrace is not there");
	sigsegv(mem);
}

static void ptrace_write(void)
{
	fl_vaddr mem = map_anon(&parent, 1, FL_READ);

	ck_assert_uint_eq(load(&parent, mem), 0);
	poke(mem);
}

static void ptrace_write_thp(void)
{
	fl_vaddr mem = map_huge(FL_READ);

	poke(mem);
	holds(is_huge(mem), "no huge page");
}

static void page_migration(void)
{
	fl_vaddr mem = map_anon(&parent, 1, RW);
	uint64_t pfn;

	fill(&parent, mem, 1);
	protect(&parent, mem, 1, FL_READ);
	pfn = FL_PM_PFN(pagemap_of(&parent, mem));
	fl_lru_add_drain_all(machine);
	ck_assert_int_eq(fl_migrate_page(parent.cpu, pfn), 0);
	ck_assert_uint_ne(FL_PM_PFN(pagemap_of(&parent, mem)), pfn);
	sigsegv(mem);
}

static void pte_mapped_thp(void)
{
	size_t pages = fl_hpage_pages(machine);
	fl_vaddr mem = map_huge(RW);

	fill(&parent, mem, 1);
	ck_assert(is_huge(mem));
	protect(&parent, mem, pages, FL_READ);
	protect(&parent, mem + (pages - 1) * PAGE, 1, RW);
	ck_assert(!is_huge(mem));
	sigsegv(mem);
	sigsegv(mem + PAGE);
}

static void uffdio_copy(void)
{
	static const uint64_t words[] = { 1, 2 };
	fl_vaddr mem = map_anon(&parent, 1, FL_READ);
	struct fl_uffd *uffd;

	ck_assert_int_eq(fl_uffd_create(&uffd, parent.mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, parent.cpu, mem, 1, FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_uffd_copy(uffd, mem, words), 0);
	sigsegv(mem);
	fl_uffd_close(uffd);
}

static const struct self_case cases[] = {
	{ "PTRACE write access", ptrace_write, NULL, NULL },
	{ "PTRACE write access to THP", ptrace_write_thp, NULL, NULL },
	{ "page migration", page_migration, NULL, NULL },
	{ "PTE-mapping a THP", pte_mapped_thp, NULL, NULL },
	{ "UFFDIO_COPY", uffdio_copy, NULL, NULL },
};

static struct fl_machine_config config = { .huge_pages = 8, .migration = FL_MIGRATION_CALLS };
static const int nr_cases = sizeof(cases) / sizeof(cases[0]);

static struct self_case case_of(int i)
{
	return cases[i];
}

int main(void)
{
	return run_suite("selftests.mkdirty", NULL);
}
