// SPDX-License-Identifier: MIT
/*
 * enomem_reclaim.c - swap, reclaim and migration, with each allocation failing: enomem.h. And slots that run out,
 * and allocations that fail only for want of them.
 */
#include "enomem.h"

#include <faultline/inject.h>
#include <faultline/migrate.h>
#include <faultline/numa.h>
#include <faultline/reclaim.h>

#define FRAMES 32 /* 31 without the zero page */

static struct fl_mm *child;
static struct fl_pin pin;

static void end_child(void)
{
	fl_mm_destroy(child);
	child = NULL;
}

static bool in_swap(unsigned int i)
{
	return pte_is_swap_slot(entry_in(AT(i)));
}

/* --- from swap --- */

static void pages_in_swap(void)
{
	must_map(2, 8, RW);
	fill(2, 8);
	ck_assert_int_eq(fl_madvise(fl_mm, AT(2), 8, FL_MADV_PAGEOUT), 0);
	must(in_swap(2) && in_swap(9));
}

static int load_page(void)
{
	uint64_t word;

	return fl_load(&word, cpu0, AT(4));
}

static int store_page(void)
{
	return fl_store(cpu0, AT(4), 4);
}

VISIT(load_from_swap, .set_up = pages_in_swap, .call = load_page, .flags = UNCHANGED);
VISIT(store_to_swap, .set_up = pages_in_swap, .call = store_page, .flags = UNCHANGED);

static int poke(void)
{
	return fl_poke(cpu0, fl_mm, AT(4), 4);
}

static void read_only_pages_in_swap(void)
{
	pages_in_swap();
	ck_assert_int_eq(fl_mprotect(fl_mm, AT(2), 8, FL_READ), 0);
}

VISIT(write_to_swap_by_proc_mem, .set_up = read_only_pages_in_swap, .call = poke,
      .flags = UNCHANGED);

static int fork_(void)
{
	return fl_fork(&child, fl_mm);
}

VISIT(fork_with_pages_in_swap, .set_up = pages_in_swap, .call = fork_, .clean_up = end_child,
      .flags = UNCHANGED);

static void forked_pages_in_swap(void)
{
	pages_in_swap();
	ck_assert_int_eq(fork_(), 0);
}

VISIT(store_to_swap_after_fork, .set_up = forked_pages_in_swap, .call = store_page,
      .clean_up = end_child, .flags = UNCHANGED);

static int pin_page(void)
{
	long n = fl_pin_user_pages_fast(cpu0, AT(4), 1, FL_GUP_WRITE, &pin);

	return n < 0 ? (int)n : 0;
}

static void unpin_and_end_child(void)
{
	fl_unpin(cpu0, &pin);
	end_child();
}

VISIT(pin_of_a_page_in_swap, .set_up = forked_pages_in_swap, .call = pin_page,
      .clean_up = unpin_and_end_child, .flags = UNCHANGED);

static int mremap_away(void)
{
	fl_vaddr addr;

	return fl_mremap(&addr, fl_mm, AT(3), 6, 6, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, AT(29));
}

VISIT(mremap_of_pages_in_swap, .set_up = pages_in_swap, .call = mremap_away,
      .flags = UNCHANGED | BEST_EFFORT);

static int munmap_middle(void)
{
	return fl_munmap(fl_mm, AT(4), 2);
}

VISIT(munmap_of_pages_in_swap, .set_up = pages_in_swap, .call = munmap_middle,
      .flags = UNCHANGED | AREAS);

/* --- to swap --- */

static void pages(void)
{
	must_map(2, 8, RW);
	fill(2, 8);
}

/* What could not go is no error: it is one here. */
static int pageout(void)
{
	int err = fl_madvise(fl_mm, AT(3), 4, FL_MADV_PAGEOUT);

	for (unsigned int i = 3; !err && i < 7; i++)
		err = in_swap(i) ? 0 : -ENOMEM;
	return err;
}

VISIT(pageout_, .set_up = pages, .call = pageout, .flags = UNCHANGED);

static int reclaim_page(void)
{
	int err = fl_reclaim_page(cpu0, pte_pfn(entry_in(AT(4))));

	return err == -EBUSY ? -ENOMEM : err;
}

VISIT(reclaim_of_a_page, .set_up = pages, .call = reclaim_page, .flags = UNCHANGED);

static void forked_pages(void)
{
	pages();
	ck_assert_int_eq(fork_(), 0);
}

VISIT(reclaim_of_a_page_that_two_have, .set_up = forked_pages, .call = reclaim_page,
      .clean_up = end_child, .flags = UNCHANGED);

static int swapcache_add(void)
{
	return fl_swapcache_add(machine, pte_pfn(entry_in(AT(4))));
}

static void swapcache_remove(void)
{
	ck_assert_int_eq(fl_swapcache_remove(machine, pte_pfn(entry_in(AT(4)))), 0);
}

VISIT(swap_cache, .set_up = pages, .call = swapcache_add, .clean_up = swapcache_remove,
      .flags = UNCHANGED);

static void all_frames_in_use(void)
{
	must_map(2, 40, RW);
	fill(2, FRAMES - 1);
	ck_assert_uint_eq(fl_machine_free_frames(machine), 0);
}

static int store_a_new_page(void)
{
	return fl_store(cpu0, AT(40), 40);
}

/* Reclaim passes by pages that have no slot, and takes others. */
VISIT(store_that_reclaims, .set_up = all_frames_in_use, .call = store_a_new_page,
      .flags = UNCHANGED | BEST_EFFORT);

/* --- migration --- */

static int migrate(void)
{
	return fl_migrate_page(cpu0, pte_pfn(entry_in(AT(4))));
}

VISIT(migrate_page, .set_up = pages, .call = migrate, .flags = UNCHANGED);
VISIT(migrate_page_that_two_have, .set_up = forked_pages, .call = migrate, .clean_up = end_child,
      .flags = UNCHANGED);

static int move_pages(void)
{
	int status[4], err = 0;

	fl_move_pages(cpu0, fl_mm, AT(3), 4, status);
	for (unsigned int i = 0; !err && i < 4; i++)
		err = status[i];
	return err;
}

VISIT(move_pages_, .set_up = pages, .call = move_pages, .flags = UNCHANGED);

static void a_files_page(void)
{
	must_make_file(FL_FILE_REGULAR, 8);
	must_map_file(2, 8, FL_MAP_SHARED, 0);
	fill(2, 4);
	fl_lru_add_drain_all(machine); /* a batch has a reference */
}

VISIT(migrate_page_of_a_file, .set_up = a_files_page, .call = migrate, .clean_up = put_file,
      .flags = UNCHANGED);

static void hinted_pages(void)
{
	pages();
	fl_lru_add_drain_all(machine);
	ck_assert_int_ge((int)fl_change_prot_numa(fl_mm, AT(2), 8), 0);
}

/* A page that can't move stays, and the access goes on. */
VISIT(hinting_fault_that_migrates, .set_up = hinted_pages, .call = store_page,
      .flags = NEVER_FAILS);

static const struct visit *const visits[] = {
	&load_from_swap,
	&store_to_swap,
	&write_to_swap_by_proc_mem,
	&fork_with_pages_in_swap,
	&store_to_swap_after_fork,
	&pin_of_a_page_in_swap,
	&mremap_of_pages_in_swap,
	&munmap_of_pages_in_swap,
	&pageout_,
	&reclaim_of_a_page,
	&reclaim_of_a_page_that_two_have,
	&swap_cache,
	&store_that_reclaims,
	&migrate_page,
	&migrate_page_that_two_have,
	&move_pages_,
	&migrate_page_of_a_file,
	&hinting_fault_that_migrates,
};

START_TEST(all_allocations_may_fail)
{
	visit(visits[_i]);
}
END_TEST

/* --- no slots --- */

/* @slots of them, and @fail: the test says that there are none. */
static void begin_without_slots(unsigned int slots)
{
	struct fl_machine_config config = like;

	config.swap_slots = slots;
	fl_machine_config_small(&config);
	config.frames = FRAMES;
	config.levels = 3;
	fl_oracle_watch_accesses(true);
	make_world_with(&config, "6.12", NULL);
	must_map(2, 60, RW);
}

static void end_without_slots(void)
{
	fl_inject_fail(NULL);
	check_world("no slots", false);
	fl_mm_destroy(fl_mm);
	fl_rt_rcu_barrier();
	lru_add_drain_all(machine);
	ck_assert_uint_eq(fl_machine_free_frames(machine), FRAMES - 1);
	ck_assert_uint_eq(machine->swap->inuse, 0);
	fl_cpu_unbind(cpu0);
	fl_machine_destroy(machine);
	ck_assert_int_eq(live, 0);
}

static void no_slots(void)
{
	fl_inject_fail(&(struct fl_fail_attr){ .kinds = FL_ALLOC_SWAP });
}

static void has(unsigned int i, unsigned int n)
{
	uint64_t word;

	for (unsigned int k = i; k < i + n; k++) {
		ck_assert_int_eq(fl_load(&word, cpu0, AT(k)), 0);
		ck_assert_uint_eq(word, k);
	}
}

START_TEST(without_slots_pages_stay_and_new_ones_cannot_be_had)
{
	begin_without_slots(8);
	fill(2, FRAMES - 1);
	no_slots();
	ck_assert_int_eq(fl_store(cpu0, AT(40), 40), -ENOMEM);
	ck_assert_uint_eq(fl_reclaim(cpu0, 4), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_in(AT(4)))), -EBUSY);
	ck_assert_int_eq(fl_swapcache_add(machine, pte_pfn(entry_in(AT(4)))), -ENOMEM);
	for (unsigned int i = 2; i < FRAMES; i++)
		ck_assert(pte_present(entry_in(AT(i))));
	has(2, FRAMES - 1);
	fl_inject_fail(NULL);
	ck_assert_int_eq(fl_store(cpu0, AT(40), 40), 0);
	has(2, FRAMES - 1);
	end_without_slots();
}
END_TEST

/* Slots in use by pages that are out. */
static void use_up_slots(void)
{
	ck_assert_int_eq(fl_madvise(fl_mm, AT(2), 8, FL_MADV_PAGEOUT), 0);
	ck_assert_uint_eq(machine->swap->inuse, 8);
}

START_TEST(when_all_slots_are_in_use_it_is_the_same)
{
	begin_without_slots(8);
	fill(2, 8);
	use_up_slots();
	fill(10, FRAMES - 1);
	ck_assert_int_eq(fl_store(cpu0, AT(50), 50), -ENOMEM);
	ck_assert_uint_eq(fl_reclaim(cpu0, 4), 0);
	has(10, FRAMES - 1);
	/* One page less in memory: there is room for one more. */
	ck_assert_int_eq(fl_munmap(fl_mm, AT(10), 1), 0);
	fl_lru_add_drain_all(machine);
	ck_assert_int_eq(fl_store(cpu0, AT(50), 50), 0);
	/* And one less in swap: another one can go there. */
	ck_assert_int_eq(fl_store(cpu0, AT(51), 51), -ENOMEM);
	ck_assert_int_eq(fl_munmap(fl_mm, AT(2), 1), 0);
	ck_assert_int_eq(fl_store(cpu0, AT(51), 51), 0);
	end_without_slots();
}
END_TEST

START_TEST(slots_of_pages_that_are_in_memory_again_are_taken_from_them)
{
	begin_without_slots(8);
	fill(2, 8);
	use_up_slots();
	has(2, 8);
	ck_assert_uint_eq(machine->swap->inuse, 8);
	fill(10, 20);
	fl_lru_add_drain_all(machine);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_in(AT(20)))), 0);
	ck_assert_uint_eq(machine->swap->inuse, 8);
	has(2, 28);
	end_without_slots();
}
END_TEST

/* Neither a lazyfree page nor a clean one of a file needs a slot. */
START_TEST(what_needs_no_slot_goes_all_the_same)
{
	fl_vaddr addr;
	uint64_t word;

	begin_without_slots(8);
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_REGULAR, 8, 0), 0);
	ck_assert_int_eq(fl_mmap(&addr, fl_mm, AT(62), 1, FL_READ, FL_MAP_FIXED, file, 3), 0);
	ck_assert_int_eq(fl_load(&word, cpu0, addr), 0);
	fill(2, FRAMES - 2);
	fl_lru_add_drain_all(machine);
	ck_assert_int_eq(fl_madvise(fl_mm, AT(2), 2, FL_MADV_FREE), 0);
	no_slots();
	ck_assert_int_eq(fl_store(cpu0, AT(40), 40), 0);
	ck_assert_int_eq(fl_store(cpu0, AT(41), 41), 0);
	ck_assert_int_eq(fl_store(cpu0, AT(42), 42), 0);
	ck_assert_int_eq(fl_store(cpu0, AT(43), 43), -ENOMEM);
	has(4, FRAMES - 4);
	has(40, 3);
	put_file();
	end_without_slots();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.enomem_reclaim");
	TCase *tc = test_case("visits");

	like.frames = FRAMES;
	like.swap_slots = 40;
	like.migration = FL_MIGRATION_CALLS | FL_MIGRATION_FAULTS;
	tcase_add_loop_test(tc, all_allocations_may_fail, 0, sizeof(visits) / sizeof(*visits));
	tcase_add_test(tc, without_slots_pages_stay_and_new_ones_cannot_be_had);
	tcase_add_test(tc, when_all_slots_are_in_use_it_is_the_same);
	tcase_add_test(tc, slots_of_pages_that_are_in_memory_again_are_taken_from_them);
	tcase_add_test(tc, what_needs_no_slot_goes_all_the_same);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
