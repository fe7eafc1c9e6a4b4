// SPDX-License-Identifier: MIT
/*
 * uffd_wp_mremap.c - what selftests/mm/uffd-wp-mremap.c checks of base pages, and of one huge page, written anew: memory
 * that was write-protected by userfaultfd is moved, userfaultfd does not follow, and no entry is protected any more.
 *
 * Shared memory does not go to swap here. The marker that it would leave is there after MADV_DONTNEED, too.
 */
#include "process.h"

#define PAGES 4

/* The bit stayed behind before 0cef0bb836e3. */
#define FROM_5_19 "5.19 6.0 6.1 6.3 6.4 6.5 6.12"
#define FROM_5_7 "5.7 5.8 5.9 5.11 5.12 5.18 " FROM_5_19

static const struct row {
	const char *name;
	bool shared, absent, huge;
	const char *broken, *missing;
} rows[] = {
	{ "private, resident", false, false, false, FROM_5_7, "4.8" },
	{ "private, in swap", false, true, false, FROM_5_7, "4.8" },
	{ "private, resident, huge", false, false, true, FROM_5_7, "4.8" },
	{ "shared, resident", true, false, false, FROM_5_19, "4.8 5.7 5.8 5.9 5.11 5.12 5.18" },
	{ "shared, markers", true, true, false, FROM_5_19, "4.8 5.7 5.8 5.9 5.11 5.12 5.18" },
};

static const struct row *row;

static void all(fl_vaddr mem, bool want, const char *when)
{
	for (size_t i = 0; i < PAGES; i++)
		holds(uffd_wp(&parent, mem + i * PAGE) == want, "page %zu is %sprotected %s", i,
		      want ? "not " : "", when);
}

static void move_protected(void)
{
	size_t bytes = PAGES * PAGE;
	fl_vaddr mem, moved;
	struct fl_uffd *uffd;

	if (row->shared)
		mem = map_file(&parent, 2 * PAGES, RW, FL_MAP_SHARED, NULL);
	else
		mem = map_anon(&parent, 2 * PAGES, RW);
	mem = (mem + bytes - 1) / bytes * bytes;
	ck_assert_uint_eq(fl_hpage_pages(machine), PAGES);
	if (row->huge)
		advise(&parent, mem, PAGES, FL_MADV_HUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		fill(&parent, mem + i * PAGE, i);
	ck_assert_int_eq(fl_uffd_create(&uffd, parent.mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, parent.cpu, mem, PAGES, FL_UFFD_WP), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, mem, PAGES, true), 0);
	for (size_t i = 0; row->absent && i < PAGES; i++) {
		if (row->shared)
			advise(&parent, mem + i * PAGE, 1, FL_MADV_DONTNEED);
		else
			swap_out(&parent, mem + i * PAGE);
		ck_assert(!(pagemap_of(&parent, mem + i * PAGE) & FL_PM_PRESENT));
	}
	all(mem, true, "at the start");
	ck_assert_int_eq(fl_mremap(&moved, parent.mm, mem, PAGES, PAGES,
				   FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, mem + 4 * bytes),
			 0);
	all(moved, false, "after mremap()");
	/* And if the bit is there nobody is asked, for the copy has no userfaultfd. */
	for (size_t i = 0; i < PAGES; i++) {
		ck_assert(reads(&parent, moved + i * PAGE, i));
		fill(&parent, moved + i * PAGE, i + 1);
		ck_assert(reads(&parent, moved + i * PAGE, i + 1));
	}
	fl_uffd_close(uffd);
}

static struct fl_machine_config config = { .swap_slots = 8, .huge_pages = 8 };
static const int nr_cases = sizeof(rows) / sizeof(rows[0]);

static struct self_case case_of(int i)
{
	struct self_case c = { .run = move_protected };

	row = &rows[i];
	snprintf(c.name, sizeof(c.name), "%s", row->name);
	c.broken = row->broken;
	c.missing = row->missing;
	return c;
}

int main(void)
{
	return run_suite("selftests.uffd_wp_mremap", NULL);
}
