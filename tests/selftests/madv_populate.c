// SPDX-License-Identifier: MIT
/*
 * madv_populate.c - what selftests/mm/madv_populate.c checks, written anew: 21 checks in six cases. The calls are there
 * in all releases, though kernels have them since 5.14.
 */
#include "process.h"

#define PAGES 8

static int populate(fl_vaddr mem, size_t pages, bool write)
{
	return fl_madvise(parent.mm, mem, pages,
			  write ? FL_MADV_POPULATE_WRITE : FL_MADV_POPULATE_READ);
}

static void gives(int want, fl_vaddr mem, size_t pages, bool write, const char *what)
{
	int err = populate(mem, pages, write);

	holds(err == want, "%s, %s: %d, not %d", what, write ? "write" : "read", err, want);
}

static void prot_read(void)
{
	fl_vaddr mem = map_anon(&parent, PAGES, FL_READ);

	gives(0, mem, PAGES, false, "PROT_READ");
	gives(-EINVAL, mem, PAGES, true, "PROT_READ");
}

static void prot_write(void)
{
	fl_vaddr mem = map_anon(&parent, PAGES, FL_WRITE);

	gives(-EINVAL, mem, PAGES, false, "PROT_WRITE");
	gives(0, mem, PAGES, true, "PROT_WRITE");
}

static void holes(void)
{
	static const struct {
		size_t hole, first, pages;
		const char *what;
	} rows[] = {
		{ 3, 0, PAGES, "a hole in the middle" },
		{ PAGES - 1, 0, PAGES, "a hole at the end" },
		{ 0, 0, PAGES, "a hole at the start" },
	};

	for (size_t i = 0; i < 3; i++)
		for (int write = 0; write < 2; write++) {
			fl_vaddr mem = map_anon(&parent, PAGES, RW);

			unmap(&parent, mem + rows[i].hole * PAGE, 1);
			gives(-ENOMEM, mem, PAGES, write, rows[i].what);
			unmap(&parent, mem, PAGES);
		}
}

/* All pages of the range, or none of them. */
static void all(fl_vaddr mem, bool (*has)(struct process *p, fl_vaddr addr), bool want,
		const char *what)
{
	for (size_t i = 0; i < PAGES; i++)
		holds(has(&parent, mem + i * PAGE) == want, "page %zu is %s%s", i,
		      want ? "not " : "", what);
}

static void populate_all(bool write)
{
	fl_vaddr mem = map_anon(&parent, PAGES, RW);

	all(mem, populated, false, "populated");
	gives(0, mem, PAGES, write, "all");
	all(mem, populated, true, "populated");
}

static void populate_read(void)
{
	populate_all(false);
}

static void populate_write(void)
{
	populate_all(true);
}

static void softdirty(void)
{
	fl_vaddr mem = map_anon(&parent, PAGES, RW);

	clear_soft_dirty(&parent);
	all(mem, soft_dirty, false, "soft-dirty");
	gives(0, mem, PAGES, false, "all");
	all(mem, soft_dirty, false, "soft-dirty");
	gives(0, mem, PAGES, true, "all");
	all(mem, soft_dirty, true, "soft-dirty");
}

static const struct self_case cases[] = {
	{ "PROT_READ", prot_read, NULL, NULL },
	{ "PROT_WRITE", prot_write, NULL, NULL },
	{ "holes", holes, NULL, NULL },
	{ "populate for reading", populate_read, NULL, NULL },
	{ "populate for writing", populate_write, NULL, NULL },
	{ "soft-dirty", softdirty, NULL, NULL },
};

static struct fl_machine_config config;
static const int nr_cases = sizeof(cases) / sizeof(cases[0]);

static struct self_case case_of(int i)
{
	return cases[i];
}

int main(void)
{
	return run_suite("selftests.madv_populate", NULL);
}
