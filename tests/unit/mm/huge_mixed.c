// SPDX-License-Identifier: MIT
/*
 * huge_mixed.c - huge pages together with swap, reclaim, migration, KSM and userfaultfd, which go by base pages: what
 * they meet they leave alone or split, and no content is lost. And random mixes of all of it.
 */
#include "state.h"

#include <faultline/gup.h>
#include <faultline/inject.h>
#include <faultline/ksm.h>
#include <faultline/migrate.h>
#include <faultline/numa.h>
#include <faultline/proc.h>
#include <faultline/reclaim.h>
#include <faultline/thp.h>

#define FRAMES 384
#define FIRST 8u /* where all areas are */
#define PAGES 24u
#define HPAGE 4u /* pages */

static struct fl_mm *child;

static void begin(const char *kernel)
{
	struct fl_machine_config config = {
		.cpus = 2,
		.lru_batch = 3,
		.swap_slots = 120,
		.huge_pages = 40,
		.migration = FL_MIGRATION_CALLS,
	};

	fl_machine_config_small(&config);
	config.frames = FRAMES;
	config.levels = 3;
	fl_oracle_watch_accesses(true);
	make_world_with(&config, kernel, NULL);
}

static void end(void)
{
	check_world("end", false);
	fl_mm_destroy(child);
	child = NULL;
	fl_mm_destroy(fl_mm);
	fl_rt_rcu_barrier();
	lru_add_drain_all(machine);
	ck_assert_uint_eq(fl_machine_free_frames(machine), FRAMES - 1);
	ck_assert_uint_eq(machine->swap->inuse, 0);
	empty_caches();
	fl_cpu_unbind(cpu0);
	fl_machine_destroy(machine);
	ck_assert_int_eq(live, 0);
}

static void map_at(unsigned int i, size_t pages)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, fl_mm, AT(i), pages, RW, FL_MAP_FIXED, NULL, 0), 0);
}

static void advise(unsigned int i, size_t pages, enum fl_advice advice)
{
	ck_assert_int_eq(fl_madvise(fl_mm, AT(i), pages, advice), 0);
}

static void fill(unsigned int i, size_t pages)
{
	for (unsigned int k = i; k < i + pages; k++)
		ck_assert_int_eq(fl_store(cpu0, AT(k), k), 0);
}

static void has(unsigned int i, size_t pages)
{
	for (unsigned int k = i; k < i + pages; k++)
		ck_assert_uint_eq(load(cpu0, AT(k)), k);
}

static bool is_huge(unsigned int i)
{
	pmd_t *pmdp = pmd_offset_lockless(machine, mm->pgd, AT(i));

	return pmdp && pmd_leaf(*pmdp);
}

static uint64_t pfn_of(unsigned int i)
{
	return pte_pfn(entry_in(AT(i)));
}

/* The program is the other one now. */
static void change_sides(void)
{
	struct fl_mm *other = child;

	child = fl_mm;
	fl_mm = other;
	mm = &fl_mm->mm;
	fl_switch_mm(cpu0, fl_mm);
	fl_switch_mm(cpu1, fl_mm);
}

static void one_huge_page(void)
{
	map_at(FIRST, HPAGE);
	advise(FIRST, HPAGE, FL_MADV_HUGEPAGE);
	fill(FIRST, HPAGE);
	ck_assert(is_huge(FIRST));
}

/* --- one page at a time --- */

static void all_are_refused(unsigned int i)
{
	uint64_t pfn = pfn_of(i);
	int status;

	ck_assert_int_eq(fl_reclaim_page(cpu0, pfn), -EINVAL);
	ck_assert_int_eq(fl_migrate_page(cpu0, pfn), -EBUSY);
	ck_assert_int_eq((int)fl_move_pages(cpu0, fl_mm, AT(i), 1, &status), 0);
	ck_assert_int_eq(status, -EBUSY);
	ck_assert_int_eq(fl_swapcache_add(machine, pfn), -EINVAL);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, AT(i)), -EFAULT);
	ck_assert_uint_eq(pfn_of(i), pfn);
}

START_TEST(a_huge_page_is_neither_reclaimed_nor_moved_nor_merged)
{
	begin("6.12");
	one_huge_page();
	for (unsigned int i = FIRST; i < FIRST + HPAGE; i++)
		all_are_refused(i);
	ck_assert_uint_eq(fl_reclaim(cpu0, 10), 0);
	advise(FIRST, HPAGE, FL_MADV_PAGEOUT);
	advise(FIRST + 1, 2, FL_MADV_PAGEOUT);
	advise(FIRST, HPAGE, FL_MADV_MERGEABLE);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq((int)fl_ksm_scan(cpu0, machine), 0);
	ck_assert(is_huge(FIRST));
	has(FIRST, HPAGE);
	end();
}
END_TEST

START_TEST(nor_is_what_a_split_leaves_of_it)
{
	begin("6.12");
	one_huge_page();
	advise(FIRST + 1, 1, FL_MADV_DONTNEED);
	ck_assert(!is_huge(FIRST));
	all_are_refused(FIRST);
	all_are_refused(FIRST + 3);
	ck_assert_uint_eq(fl_reclaim(cpu0, 10), 0);
	advise(FIRST, HPAGE, FL_MADV_PAGEOUT);
	advise(FIRST, HPAGE, FL_MADV_COLD);
	has(FIRST, 1);
	has(FIRST + 2, 2);
	ck_assert_uint_eq(load(cpu0, AT(FIRST + 1)), 0);
	end();
}
END_TEST

START_TEST(cold_advice_is_for_a_whole_huge_page)
{
	begin("6.12");
	one_huge_page();
	advise(FIRST, 2, FL_MADV_COLD);
	ck_assert(is_huge(FIRST) && pte_young(entry_in(AT(FIRST))));
	advise(FIRST, HPAGE, FL_MADV_COLD);
	ck_assert(is_huge(FIRST) && !pte_young(entry_in(AT(FIRST))));
	has(FIRST, HPAGE);
	ck_assert(pte_young(entry_in(AT(FIRST))));
	end();
}
END_TEST

/* The parent's base pages are looked for where the child has a huge page by now, and the other way round. */
START_TEST(base_pages_of_one_are_found_where_the_other_has_a_huge_page)
{
	begin("6.12");
	map_at(FIRST, HPAGE);
	fill(FIRST, HPAGE);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	change_sides();
	fill(FIRST, 1); /* something has to be writable */
	advise(FIRST, HPAGE, FL_MADV_COLLAPSE);
	ck_assert(is_huge(FIRST));
	change_sides();
	ck_assert(!is_huge(FIRST));
	fl_lru_add_drain_all(machine);
	ck_assert_int_eq(fl_migrate_page(cpu0, pfn_of(FIRST + 1)), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pfn_of(FIRST + 2)), 0);
	ck_assert(pte_is_swap_slot(entry_in(AT(FIRST + 2))));
	has(FIRST, HPAGE);
	change_sides();
	ck_assert(is_huge(FIRST));
	has(FIRST, HPAGE);
	end();
}
END_TEST

/* --- collapse --- */

START_TEST(what_is_in_swap_is_not_collapsed)
{
	begin("6.12");
	map_at(FIRST, HPAGE);
	advise(FIRST, HPAGE, FL_MADV_NOHUGEPAGE);
	fill(FIRST, HPAGE);
	advise(FIRST, HPAGE, FL_MADV_HUGEPAGE);
	fl_lru_add_drain_all(machine);
	advise(FIRST + 2, 1, FL_MADV_PAGEOUT);
	ck_assert(pte_is_swap_slot(entry_in(AT(FIRST + 2))));
	ck_assert_int_eq(fl_madvise(fl_mm, AT(FIRST), HPAGE, FL_MADV_COLLAPSE), -EINVAL);
	ck_assert_int_eq((int)fl_khugepaged_scan(cpu0, fl_mm), 0);
	ck_assert(!is_huge(FIRST) && pte_is_swap_slot(entry_in(AT(FIRST + 2))));
	check_world("collapse over swap", false);
	has(FIRST, HPAGE);
	/* It is back, and in the swap cache, too. */
	ck_assert_int_eq(fl_madvise(fl_mm, AT(FIRST), HPAGE, FL_MADV_COLLAPSE), 0);
	ck_assert(is_huge(FIRST));
	ck_assert_uint_eq(machine->swap->inuse, 0);
	has(FIRST, HPAGE);
	end();
}
END_TEST

/* As collapse would meet it while somebody moves the page. */
START_TEST(what_is_about_to_move_is_not_collapsed)
{
	pte_t *ptep, old;

	begin("6.12");
	map_at(FIRST, HPAGE);
	fill(FIRST, HPAGE);
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, AT(FIRST)),
			      AT(FIRST + 3));
	old = *ptep;
	*ptep = make_swp_pte(SWP_MIGRATION_WRITE, pte_pfn(old));
	ck_assert_int_eq(fl_madvise(fl_mm, AT(FIRST), HPAGE, FL_MADV_COLLAPSE), -EINVAL);
	ck_assert(!is_huge(FIRST) && pte_is_migration(entry_in(AT(FIRST + 3))));
	*ptep = old;
	has(FIRST, HPAGE);
	end();
}
END_TEST

/* --- ranges of all kinds --- */

/* A huge page; base pages, some in swap; a hole; another huge page. */
static void a_mixed_range(void)
{
	map_at(FIRST, PAGES);
	advise(FIRST + 4, 4, FL_MADV_NOHUGEPAGE);
	advise(FIRST, 4, FL_MADV_HUGEPAGE);
	advise(FIRST + 12, 8, FL_MADV_HUGEPAGE);
	fill(FIRST, 8);
	fill(FIRST + 12, 4);
	fl_lru_add_drain_all(machine);
	advise(FIRST + 6, 2, FL_MADV_PAGEOUT);
	ck_assert(is_huge(FIRST) && !is_huge(FIRST + 4) && is_huge(FIRST + 12));
	ck_assert(pte_is_swap_slot(entry_in(AT(FIRST + 6))));
}

static void has_mixed_range(void)
{
	has(FIRST, 8);
	has(FIRST + 12, 4);
	for (unsigned int i = 8; i < 12; i++)
		ck_assert_uint_eq(load(cpu0, AT(FIRST + i)), 0);
}

START_TEST(pagemap_shows_a_mixed_range)
{
	uint64_t map[PAGES];

	begin("6.12");
	a_mixed_range();
	ck_assert_int_eq(fl_pagemap(map, fl_mm, AT(FIRST), PAGES), 0);
	for (unsigned int i = 0; i < PAGES; i++) {
		bool there = i < 6 || (i >= 12 && i < 16);

		ck_assert_int_eq(!!(map[i] & FL_PM_PRESENT), there);
		ck_assert_int_eq(!!(map[i] & FL_PM_SWAP), i == 6 || i == 7);
		if (there)
			ck_assert_uint_eq(FL_PM_PFN(map[i]), pfn_of(FIRST + i));
	}
	/* From within a huge page to within a table. */
	ck_assert_int_eq(fl_pagemap(map, fl_mm, AT(FIRST + 2), 5), 0);
	ck_assert_uint_eq(FL_PM_PFN(map[0]), pfn_of(FIRST + 2));
	ck_assert(map[4] & FL_PM_SWAP);
	end();
}
END_TEST

START_TEST(fork_and_mprotect_of_a_mixed_range)
{
	begin("6.12");
	a_mixed_range();
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	check_world("fork", false);
	ck_assert_int_eq(fl_mprotect(fl_mm, AT(FIRST + 2), 12, FL_READ), 0);
	check_world("mprotect", false);
	ck_assert_int_eq(fl_store(cpu0, AT(FIRST + 3), 1), -EFAULT);
	ck_assert_int_eq(fl_store(cpu0, AT(FIRST + 7), 1), -EFAULT);
	ck_assert_int_eq(fl_store(cpu0, AT(FIRST + 12), 1), -EFAULT);
	ck_assert_int_eq(fl_store(cpu0, AT(FIRST + 15), 1), 0);
	fill(FIRST + 15, 1);
	has_mixed_range();
	change_sides();
	has_mixed_range();
	ck_assert_int_eq(fl_store(cpu0, AT(FIRST + 3), 1), 0);
	ck_assert_int_eq(fl_store(cpu0, AT(FIRST + 7), 1), 0);
	change_sides();
	has_mixed_range();
	end();
}
END_TEST

START_TEST(a_mixed_range_is_discarded)
{
	begin("6.12");
	a_mixed_range();
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	advise(FIRST + 2, 12, FL_MADV_DONTNEED);
	check_world("zap", false);
	has(FIRST, 2);
	has(FIRST + 14, 2);
	for (unsigned int i = 2; i < 14; i++)
		ck_assert_uint_eq(load(cpu0, AT(FIRST + i)), 0);
	change_sides();
	has_mixed_range();
	end();
}
END_TEST

/* --- userfaultfd --- */

START_TEST(userfaultfd_protects_parts_of_a_huge_page)
{
	const uint64_t words[2] = { 1, 1 };
	struct fl_uffd *uffd;

	begin("6.12");
	a_mixed_range();
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(
		fl_uffd_register(uffd, cpu0, AT(FIRST), PAGES, FL_UFFD_WP | FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, AT(FIRST + 2), 6, true), 0);
	for (unsigned int i = 0; i < 8; i++)
		ck_assert_int_eq(pte_uffd_wp(entry_in(AT(FIRST + i))), i >= 2);
	has(FIRST, 8);
	fill(FIRST, 2);
	ck_assert_int_eq(fl_uffd_copy(uffd, AT(FIRST + 13), words), -EEXIST);
	ck_assert_int_eq(fl_uffd_copy(uffd, AT(FIRST + 8), words), 0);
	ck_assert_int_eq(fl_uffd_copy(uffd, AT(FIRST + 16), words), 0);
	ck_assert(!is_huge(FIRST + 16)); /* no others beside it */
	ck_assert_int_eq(fl_madvise(fl_mm, AT(FIRST + 4), 4, FL_MADV_COLLAPSE), -EINVAL);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, AT(FIRST), PAGES, false), 0);
	fill(FIRST, 8);
	has(FIRST, 8);
	has(FIRST + 12, 4);
	end();
}
END_TEST

/* --- random mixes --- */

#define STEPS 400

static const char *const kernels[] = { "5.12", "5.18", "6.1", "6.12", "6.17" };
#define NR_KERNELS (sizeof(kernels) / sizeof(kernels[0]))
#define SEEDS 8

/* What a program has in its pages, and whether it may write to them. */
struct model {
	uint64_t value[PAGES];
	bool read_only[PAGES];
};

static struct model ours, theirs; /* fl_mm's, child's */
static uint64_t rng_state, next_value;
static char where[120];

static unsigned int below(unsigned int n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (unsigned int)(rng_state >> 20) % n;
}

static void verify(struct fl_mm *of, const struct model *model)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		const struct vm_area_struct *vma = vma_lookup(&of->mm, AT(FIRST + i));
		uint64_t value = value_of(vma, AT(FIRST + i), entry_of_mm(&of->mm, AT(FIRST + i)));

		must_say(value == model->value[i], "%s: page %u has %lu, not %lu", where, i,
			 (unsigned long)value, (unsigned long)model->value[i]);
	}
}

static void a_store(unsigned int i)
{
	int err = fl_store(cpu0, AT(FIRST + i), ++next_value);

	must_say(err == (ours.read_only[i] ? -EFAULT : 0), "%s: store to %u: %d", where, i, err);
	if (!err)
		ours.value[i] = next_value;
}

/* Equal pages, for KSM. */
static void equal_stores(unsigned int i, unsigned int n)
{
	for (unsigned int k = i; k < i + n; k++) {
		if (!ours.read_only[k] && !fl_store(cpu0, AT(FIRST + k), 1))
			ours.value[k] = 1;
	}
}

static void a_load(unsigned int i)
{
	uint64_t word = load(cpu0, AT(FIRST + i));

	must_say(word == ours.value[i], "%s: loaded %lu from %u", where, (unsigned long)word, i);
}

static void a_discard(unsigned int i, unsigned int n)
{
	advise(FIRST + i, n, FL_MADV_DONTNEED);
	memset(&ours.value[i], 0, n * sizeof(ours.value[0]));
}

static void a_protection(unsigned int i, unsigned int n)
{
	bool read_only = !below(3);

	must(!fl_mprotect(fl_mm, AT(FIRST + i), n, read_only ? FL_READ : RW));
	for (unsigned int k = i; k < i + n; k++)
		ours.read_only[k] = read_only;
}

static void a_fork(void)
{
	fl_mm_destroy(child);
	must(!fl_fork(&child, fl_mm));
	theirs = ours;
}

static void other_side(void)
{
	struct model other = theirs;

	if (!child)
		return;
	theirs = ours;
	ours = other;
	change_sides();
}

static void a_pin(unsigned int i)
{
	struct fl_pin pin;

	if (ours.read_only[i] ||
	    fl_pin_user_pages_fast(cpu0, AT(FIRST + i), 1, FL_GUP_WRITE, &pin) != 1)
		return;
	if (!below(3))
		a_fork();
	fl_reclaim_page(cpu0, pfn_of(FIRST + i));
	fl_migrate_page(cpu0, pfn_of(FIRST + i));
	fl_madvise(fl_mm, AT(FIRST), PAGES, FL_MADV_COLLAPSE);
	fl_pin_store(&pin, 0, ++next_value);
	ours.value[i] = next_value;
	fl_unpin_dirty(cpu0, &pin);
}

/* A range is anew: no advice, no protection, nothing in it. */
static void a_mapping(unsigned int i, unsigned int n)
{
	map_at(FIRST + i, n);
	memset(&ours.value[i], 0, n * sizeof(ours.value[0]));
	memset(&ours.read_only[i], 0, n * sizeof(ours.read_only[0]));
}

/* From the area to elsewhere, and back. */
static void a_move(unsigned int i, unsigned int n)
{
	const unsigned int flags = FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED;
	fl_vaddr to = AT(FIRST + PAGES + 4 + below(4)), addr;

	for (unsigned int k = i; k < i + n; k++) {
		if (ours.read_only[k])
			return;
	}
	for (unsigned int k = 0; k < n; k++) /* one VMA at a time */
		must(!fl_mremap(&addr, fl_mm, AT(FIRST + i + k), 1, 1, flags, to + k * PAGE));
	for (unsigned int k = 0; k < n; k++)
		must(!fl_mremap(&addr, fl_mm, to + k * PAGE, 1, 1, flags, AT(FIRST + i + k)));
}

static void a_step(void)
{
	unsigned int i = below(PAGES), n = 1 + below(PAGES - i);
	uint64_t pfn = 1 + below(FRAMES - 1);

	switch (below(22)) {
	case 0:
		advise(FIRST + i, n, FL_MADV_HUGEPAGE);
		break;
	case 1:
		advise(FIRST + i, n, below(4) ? FL_MADV_HUGEPAGE : FL_MADV_NOHUGEPAGE);
		break;
	case 2:
		advise(FIRST + i, n, FL_MADV_PAGEOUT);
		break;
	case 3:
		advise(FIRST + i, n, FL_MADV_COLD);
		break;
	case 4:
		a_discard(i, n < 6 ? n : 6);
		break;
	case 5:
		a_protection(i, n);
		break;
	case 6:
		fl_madvise(fl_mm, AT(FIRST + i), n, FL_MADV_COLLAPSE);
		break;
	case 7:
		fl_khugepaged_scan(cpu0, fl_mm);
		break;
	case 8:
		a_fork();
		break;
	case 9:
		other_side();
		break;
	case 10:
		fl_reclaim(cpu0, n);
		break;
	case 11:
		fl_reclaim_page(cpu0,
				pte_present(entry_in(AT(FIRST + i))) ? pfn_of(FIRST + i) : pfn);
		break;
	case 12:
		fl_migrate_page(cpu0, pfn);
		break;
	case 13:
		fl_move_pages(cpu0, fl_mm, AT(FIRST + i), n, NULL);
		break;
	case 14:
		advise(FIRST + i, n, below(2) ? FL_MADV_MERGEABLE : FL_MADV_UNMERGEABLE);
		break;
	case 15:
		must(fl_ksm_scan(cpu0, machine) >= 0);
		break;
	case 16:
		must(fl_change_prot_numa(fl_mm, AT(FIRST + i), n) >= 0);
		break;
	case 17:
		a_pin(i);
		break;
	case 18:
		if (!below(4))
			a_mapping(i, n < 4 ? n : 4);
		break;
	case 19:
		a_move(i, n < 4 ? n : 4);
		break;
	case 20:
		equal_stores(i, n);
		break;
	default:
		fl_lru_add_drain_all(machine);
		break;
	}
}

START_TEST(no_mix_loses_anything)
{
	const char *kernel = kernels[_i % NR_KERNELS];
	unsigned int seed = (unsigned int)_i / NR_KERNELS + 1;

	begin(kernel);
	memset(&ours, 0, sizeof(ours));
	rng_state = 0x9e3779b97f4a7c15u * seed;
	next_value = 100;
	map_at(FIRST, PAGES);
	for (unsigned int step = 0; step < STEPS; step++) {
		snprintf(where, sizeof(where), "%s, seed %u, step %u", kernel, seed, step);
		a_step();
		for (int k = below(4); k > 0; k--)
			a_store(below(PAGES));
		a_load(below(PAGES));
		verify(fl_mm, &ours);
		if (child)
			verify(child, &theirs);
		check_world(where, false);
	}
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.huge_mixed");
	TCase *tc = test_case("mixed");

	tcase_add_test(tc, a_huge_page_is_neither_reclaimed_nor_moved_nor_merged);
	tcase_add_test(tc, nor_is_what_a_split_leaves_of_it);
	tcase_add_test(tc, cold_advice_is_for_a_whole_huge_page);
	tcase_add_test(tc, base_pages_of_one_are_found_where_the_other_has_a_huge_page);
	tcase_add_test(tc, what_is_in_swap_is_not_collapsed);
	tcase_add_test(tc, what_is_about_to_move_is_not_collapsed);
	tcase_add_test(tc, pagemap_shows_a_mixed_range);
	tcase_add_test(tc, fork_and_mprotect_of_a_mixed_range);
	tcase_add_test(tc, a_mixed_range_is_discarded);
	tcase_add_test(tc, userfaultfd_protects_parts_of_a_huge_page);
	tcase_add_loop_test(tc, no_mix_loses_anything, 0, SEEDS * (int)NR_KERNELS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
