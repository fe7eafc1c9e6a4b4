// SPDX-License-Identifier: MIT
/*
 * enomem_huge.c - huge pages, collapse and khugepaged, with each allocation failing: enomem.h. Where there is no
 * huge page a fault makes do with a base page; a split never needs memory.
 */
#include "enomem.h"

#include <faultline/thp.h>

#define HPAGE 4u /* pages */

static struct fl_mm *child;
static struct fl_pin pins[HPAGE];

static void end_child(void)
{
	fl_mm_destroy(child);
	child = NULL;
}

static bool is_huge(unsigned int i)
{
	pmd_t *pmdp = pmd_offset_lockless(machine, mm->pgd, AT(i));

	return pmdp && pmd_leaf(*pmdp);
}

/* --- faults --- */

/* Three huge pages' worth. */
static void an_area(void)
{
	must_map(8, 12, RW);
	ck_assert_int_eq(fl_madvise(fl_mm, AT(8), 12, FL_MADV_HUGEPAGE), 0);
}

static int load_page(void)
{
	uint64_t word;

	return fl_load(&word, cpu0, AT(13));
}

static int store_page(void)
{
	return fl_store(cpu0, AT(13), 13);
}

VISIT(first_load, .set_up = an_area, .call = load_page, .flags = UNCHANGED | FALLS_BACK);
VISIT(first_store, .set_up = an_area, .call = store_page, .flags = UNCHANGED | FALLS_BACK);

static int populate(void)
{
	return fl_madvise(fl_mm, AT(8), 12, FL_MADV_POPULATE_WRITE);
}

VISIT(populate_, .set_up = an_area, .call = populate, .flags = VALUES | FALLS_BACK);

static int pin(void)
{
	long n = fl_pin_user_pages_fast(cpu0, AT(12), 1, FL_GUP_WRITE, pins);

	return n < 0 ? (int)n : 0;
}

static void unpin(void)
{
	fl_unpin(cpu0, pins);
	if (child)
		end_child();
}

VISIT(pin_of_a_new_huge_page, .set_up = an_area, .call = pin, .clean_up = unpin,
      .flags = UNCHANGED | FALLS_BACK);

static void huge_pages(void)
{
	an_area();
	fill(8, 12);
	must(is_huge(8) && is_huge(12) && is_huge(16));
}

static int advise_middle(void)
{
	return fl_madvise(fl_mm, AT(10), 4, FL_MADV_NOHUGEPAGE);
}

VISIT(advice_for_the_middle, .set_up = huge_pages, .call = advise_middle,
      .flags = UNCHANGED | AREAS);

/* --- fork --- */

static int fork_(void)
{
	return fl_fork(&child, fl_mm);
}

VISIT(fork_of_huge_pages, .set_up = huge_pages, .call = fork_, .clean_up = end_child,
      .flags = UNCHANGED);

static void a_pinned_huge_page(void)
{
	huge_pages();
	ck_assert_int_eq(pin(), 0);
}

VISIT(fork_of_a_pinned_huge_page, .set_up = a_pinned_huge_page, .call = fork_, .clean_up = unpin,
      .flags = UNCHANGED);

static void huge_pages_of_two(void)
{
	huge_pages();
	ck_assert_int_eq(fork_(), 0);
}

VISIT(store_after_fork, .set_up = huge_pages_of_two, .call = store_page, .clean_up = end_child,
      .flags = UNCHANGED);
VISIT(pin_after_fork, .set_up = huge_pages_of_two, .call = pin, .clean_up = unpin,
      .flags = UNCHANGED);

/* --- what splits --- */

static int munmap_part(void)
{
	return fl_munmap(fl_mm, AT(10), 4);
}

VISIT(munmap_of_parts, .set_up = huge_pages, .call = munmap_part, .flags = UNCHANGED | AREAS);

static int protect_part(void)
{
	return fl_mprotect(fl_mm, AT(10), 4, FL_READ);
}

VISIT(mprotect_of_parts, .set_up = huge_pages, .call = protect_part, .flags = UNCHANGED | AREAS);

static int mremap_part(void)
{
	fl_vaddr addr;

	return fl_mremap(&addr, fl_mm, AT(10), 8, 8, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, AT(31));
}

VISIT(mremap_of_parts, .set_up = huge_pages, .call = mremap_part, .flags = UNCHANGED | BEST_EFFORT);

static int dontneed_part(void)
{
	return fl_madvise(fl_mm, AT(10), 4, FL_MADV_DONTNEED);
}

VISIT(madvise_dontneed_of_parts, .set_up = huge_pages, .call = dontneed_part, .flags = NEVER_FAILS);

static void huge_pages_and_a_uffd(void)
{
	huge_pages();
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
}

static int protect_by_uffd(void)
{
	int err = fl_uffd_register(uffd, cpu0, AT(10), 4, FL_UFFD_WP);

	return err ? err : fl_uffd_writeprotect(uffd, AT(10), 4, true);
}

VISIT(uffd_writeprotect_of_parts, .set_up = huge_pages_and_a_uffd, .call = protect_by_uffd,
      .clean_up = forget_uffd, .flags = VALUES, .since = V5_12);

/* --- collapse --- */

static void base_pages(void)
{
	must_map(8, 12, RW);
	fill(8, 4);
	fill(13, 1);
	fill(16, 3);
	ck_assert_int_eq(fl_madvise(fl_mm, AT(8), 12, FL_MADV_HUGEPAGE), 0);
}

static int collapse(void)
{
	return fl_madvise(fl_mm, AT(8), 12, FL_MADV_COLLAPSE);
}

VISIT(collapse_, .set_up = base_pages, .call = collapse, .flags = UNCHANGED);

static void base_pages_of_two(void)
{
	base_pages();
	ck_assert_int_eq(fork_(), 0);
	fill(8, 1); /* something has to be writable */
	fill(13, 1);
	fill(16, 1);
}

VISIT(collapse_of_shared_pages, .set_up = base_pages_of_two, .call = collapse,
      .clean_up = end_child, .flags = UNCHANGED);

/* Whatever it finds to do; three tables all in all. */
static int khugepaged(void)
{
	long n = fl_khugepaged_scan(cpu0, fl_mm);

	if (n < 0)
		return (int)n;
	return is_huge(8) && is_huge(12) && is_huge(16) ? 0 : -ENOMEM;
}

VISIT(khugepaged_, .set_up = base_pages, .call = khugepaged, .flags = UNCHANGED);

static const struct visit *const visits[] = {
	&first_load,
	&first_store,
	&populate_,
	&pin_of_a_new_huge_page,
	&advice_for_the_middle,
	&fork_of_huge_pages,
	&fork_of_a_pinned_huge_page,
	&store_after_fork,
	&pin_after_fork,
	&munmap_of_parts,
	&mprotect_of_parts,
	&mremap_of_parts,
	&madvise_dontneed_of_parts,
	&uffd_writeprotect_of_parts,
	&collapse_,
	&collapse_of_shared_pages,
	&khugepaged_,
};

START_TEST(all_allocations_may_fail)
{
	visit(visits[_i]);
}
END_TEST

/* --- no huge pages --- */

static void begin(void)
{
	struct fl_machine_config config = like;

	config.huge_pages = 4;
	fl_machine_config_small(&config);
	config.frames = 32;
	config.levels = 3;
	fl_oracle_watch_accesses(true);
	make_world_with(&config, "6.12", NULL);
}

static void end(void)
{
	check_world("no huge pages", false);
	fl_mm_destroy(fl_mm);
	fl_rt_rcu_barrier();
	lru_add_drain_all(machine);
	ck_assert_uint_eq(fl_machine_free_frames(machine), 31);
	fl_cpu_unbind(cpu0);
	fl_machine_destroy(machine);
	ck_assert_int_eq(live, 0);
}

static void no_huge_pages(void)
{
	fl_inject_fail(&(struct fl_fail_attr){ .kinds = FL_ALLOC_HUGE });
}

static void has(unsigned int i, unsigned int n)
{
	uint64_t word;

	for (unsigned int k = i; k < i + n; k++) {
		ck_assert_int_eq(fl_load(&word, cpu0, AT(k)), 0);
		ck_assert_uint_eq(word, k);
	}
}

START_TEST(without_huge_pages_there_are_base_pages)
{
	begin();
	no_huge_pages();
	an_area();
	fill(8, 12);
	must(!is_huge(8) && !is_huge(12) && !is_huge(16));
	ck_assert_int_eq(collapse(), -ENOMEM);
	ck_assert_int_eq(fl_khugepaged_scan(cpu0, fl_mm), 0);
	must(!is_huge(8) && !is_huge(12) && !is_huge(16));
	has(8, 12);
	fl_inject_fail(NULL);
	ck_assert_int_eq(collapse(), 0);
	must(is_huge(8) && is_huge(12) && is_huge(16));
	has(8, 12);
	end();
}
END_TEST

/* One page of each block is somebody's. */
START_TEST(when_no_block_is_free_it_is_the_same)
{
	begin();
	must_map(24, 31, RW);
	fill(24, 31);
	ck_assert_uint_eq(fl_machine_free_frames(machine), 0);
	for (unsigned int i = 24; i < 55; i++) {
		if (pte_pfn(entry_in(AT(i))) % HPAGE)
			ck_assert_int_eq(fl_madvise(fl_mm, AT(i), 1, FL_MADV_DONTNEED), 0);
	}
	an_area();
	fill(8, 12);
	must(!is_huge(8) && !is_huge(12) && !is_huge(16));
	ck_assert_int_eq(collapse(), -ENOMEM);
	has(8, 12);
	ck_assert_int_eq(fl_munmap(fl_mm, AT(24), 31), 0);
	ck_assert_int_eq(collapse(), 0);
	must(is_huge(8) && is_huge(12) && is_huge(16));
	has(8, 12);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.enomem_huge");
	TCase *tc = test_case("visits");

	like.huge_pages = 8;
	tcase_add_loop_test(tc, all_allocations_may_fail, 0, sizeof(visits) / sizeof(*visits));
	tcase_add_test(tc, without_huge_pages_there_are_base_pages);
	tcase_add_test(tc, when_no_block_is_free_it_is_the_same);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
