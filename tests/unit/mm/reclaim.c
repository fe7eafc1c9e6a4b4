// SPDX-License-Identifier: MIT
/*
 * reclaim.c - tests lib/mm/vmscan.c, and what MADV_PAGEOUT, MADV_COLD and MADV_FREE have to do with it: which
 * pages go, and that programs notice nothing.
 */
#include "../world.h"

#include <errno.h>

#include <faultline/reclaim.h>

#include "mm/swap_state.h"
#include "mm/swapfile.h"
#include "mm/vmscan.h"

#define FRAMES 16

static fl_vaddr a;

static void begin_with(const char *kernel, const char *set, struct fl_machine_config *config)
{
	fl_machine_config_small(config);
	config->level_bits = 4;
	make_world_with(config, kernel, set);
	a = map(32, FL_READ | FL_WRITE);
}

static void begin(const char *kernel, const char *set)
{
	struct fl_machine_config config = { .cpus = 2, .swap_slots = 32 };

	begin_with(kernel, set, &config);
}

static unsigned int slots_used(void)
{
	struct fl_swap_info info;

	fl_inspect_swap(&info, machine);
	return info.used;
}

static void end(void)
{
	fl_mm_destroy(fl_mm);
	ck_assert_uint_eq(slots_used(), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), machine->nr_frames - 1);
	fl_cpu_unbind(cpu0);
	fl_machine_destroy(machine);
}

static void fill(unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, i + 1), 0);
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE + 8, ~(uint64_t)i), 0);
	}
}

static void has_all(unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++) {
		ck_assert_uint_eq(load(cpu0, a + i * PAGE), i + 1);
		ck_assert_uint_eq(load(cpu0, a + i * PAGE + 8), ~(uint64_t)i);
	}
}

static unsigned int present(unsigned int pages)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < pages; i++)
		n += pte_present(entry_of(a + i * PAGE));
	return n;
}

START_TEST(more_pages_than_frames)
{
	static const char *const kernels[] = { "4.8", "5.12", "5.18", "6.12", "6.17" };

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		begin(kernels[i], NULL);
		fill(32);
		has_all(32);
		ck_assert_uint_ge(slots_used(), 32 - FRAMES);
		end();
	}
}
END_TEST

START_TEST(more_pages_than_frames_and_slots_is_out_of_memory)
{
	struct fl_machine_config config = { .cpus = 2, .swap_slots = 8 };
	unsigned int i = 0;
	uint64_t word;

	begin_with("6.12", NULL, &config);
	while (!fl_store(cpu0, a + i * PAGE, i + 1) &&
	       !fl_store(cpu0, a + i * PAGE + 8, ~(uint64_t)i))
		i++;
	ck_assert_uint_ge(i, 15 + 7);
	ck_assert_int_eq(fl_store(cpu0, a + 31 * PAGE, 1), -ENOMEM);
	ck_assert_int_eq(fl_load(&word, cpu0, a + 31 * PAGE), 0); /* the zero page */
	/* what is gone can't come back without a frame, but nothing is lost */
	ck_assert_int_eq(fl_munmap(fl_mm, a + 2 * PAGE, 30), 0);
	has_all(2);
	end();
}
END_TEST

START_TEST(as_many_go_as_are_asked_for)
{
	begin("6.12", NULL);
	fill(8);
	ck_assert_uint_eq(fl_reclaim(cpu0, 3), 3);
	ck_assert_uint_eq(present(8), 5);
	ck_assert_uint_eq(slots_used(), 3);
	ck_assert_uint_eq(fl_reclaim(cpu0, 100), 5);
	ck_assert_uint_eq(fl_reclaim(cpu0, 1), 0);
	has_all(8);
	end();
}
END_TEST

START_TEST(who_was_accessed_has_a_second_chance)
{
	begin("6.12", NULL);
	fill(8);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 4, FL_MADV_COLD), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 2); /* one is warm again */
	ck_assert_uint_eq(fl_reclaim(cpu0, 3), 3);
	ck_assert_uint_eq(present(8), 5);
	ck_assert(!pte_present(entry_of(a)));
	ck_assert(pte_present(entry_of(a + PAGE)));
	has_all(8);
	end();
}
END_TEST

START_TEST(pageout_takes_what_is_asked_for)
{
	begin("6.12", NULL);
	fill(8);
	ck_assert_int_eq(fl_madvise(fl_mm, a + PAGE, 3, FL_MADV_PAGEOUT), 0);
	ck_assert_uint_eq(present(8), 5);
	ck_assert(pte_present(entry_of(a)) && pte_present(entry_of(a + 4 * PAGE)));
	ck_assert(pte_is_swap_slot(entry_of(a + PAGE)));
	/* what is in swap already stays so, holes are -ENOMEM */
	ck_assert_int_eq(fl_madvise(fl_mm, a, 32, FL_MADV_PAGEOUT), 0);
	ck_assert_uint_eq(present(8), 0);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 33, FL_MADV_PAGEOUT), -ENOMEM);
	has_all(8);
	end();
}
END_TEST

START_TEST(pageout_leaves_what_others_map)
{
	struct fl_mm *child;

	begin("6.12", NULL);
	fill(2);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 2, FL_MADV_PAGEOUT), 0);
	ck_assert_uint_eq(present(2), 2);
	/* fl_reclaim() does not */
	ck_assert_uint_eq(fl_reclaim(cpu0, 2), 2);
	ck_assert_uint_eq(slots_used(), 2);
	fl_switch_mm(cpu0, child);
	has_all(2);
	fl_switch_mm(cpu0, fl_mm);
	has_all(2);
	fl_mm_destroy(child);
	end();
}
END_TEST

START_TEST(pages_that_wait_for_the_lru_are_reclaimed_too)
{
	struct fl_machine_config config = { .cpus = 2, .swap_slots = 32, .lru_batch = 8 };

	begin_with("6.12", NULL, &config);
	fill(3);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 3, FL_MADV_PAGEOUT), 0);
	ck_assert_uint_eq(present(3), 0);
	has_all(3);
	fill(32);
	has_all(32);
	end();
}
END_TEST

START_TEST(lazyfree_pages_go_without_a_slot)
{
	begin("6.12", NULL);
	fill(3);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 3, FL_MADV_FREE), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 9), 0); /* wanted again */
	for (unsigned int i = 0; i < 3; i++)
		fl_reclaim_page(cpu0, pte_pfn(entry_of(a + i * PAGE)));
	ck_assert_uint_eq(slots_used(), 0);
	ck_assert(pte_none(entry_of(a)) && pte_none(entry_of(a + 2 * PAGE)));
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 9);
	/* from now on it is a page like others */
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(a + PAGE))), 0);
	ck_assert_uint_eq(slots_used(), 1);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 9);
	end();
}
END_TEST

START_TEST(madv_free_forgets_what_is_in_swap)
{
	begin("6.12", NULL);
	fill(2);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 2, FL_MADV_PAGEOUT), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 2); /* in the swap cache */
	ck_assert(PageSwapCache(page_of(a + PAGE)));
	ck_assert_int_eq(fl_madvise(fl_mm, a, 2, FL_MADV_FREE), 0);
	ck_assert(pte_none(entry_of(a)));
	ck_assert(!PageSwapCache(page_of(a + PAGE)));
	ck_assert_uint_eq(slots_used(), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(a + PAGE))), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 0);
	end();
}
END_TEST

/* Somebody has a reference of a lazyfree page, and writes to it later. What does the program see? */
static uint64_t lazyfree_beside_io(const char *kernel, const char *set)
{
	struct fl_pin pin;
	uint64_t word;

	begin(kernel, set);
	fill(1);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 1, FL_MADV_FREE), 0);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 1, FL_GUP_GET, &pin), 1);
	fl_reclaim_page(cpu0, pin.pfn);
	fl_pin_store(&pin, 0, 7);
	fl_unpin_dirty(cpu0, &pin);
	word = load(cpu0, a);
	end();
	return word;
}

START_TEST(lazyfree_pages_that_somebody_has_stay_from_5_18_on)
{
	ck_assert_uint_eq(lazyfree_beside_io("5.12", NULL), 0);
	ck_assert_uint_eq(lazyfree_beside_io("5.18", NULL), 7);
	ck_assert_uint_eq(lazyfree_beside_io("6.12", "madv_free_reclaim=no-smp-mb"), 7);
	ck_assert_uint_eq(lazyfree_beside_io("6.12", "madv_free_reclaim=no-smp-rmb"), 7);
}
END_TEST

static fl_vaddr map_file(struct fl_file **file, enum fl_file_kind kind, unsigned int flags)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_file_create(file, machine, kind, 2, 0), 0);
	ck_assert_int_eq(fl_mmap(&addr, fl_mm, 0, 2, FL_READ | FL_WRITE, flags, *file, 0), 0);
	return addr;
}

START_TEST(clean_pages_of_files_go)
{
	struct fl_file *file;
	uint64_t frames;
	fl_vaddr f;

	begin("6.12", NULL);
	f = map_file(&file, FL_FILE_REGULAR, FL_MAP_SHARED);
	frames = fl_machine_free_frames(machine);
	ck_assert_uint_eq(load(cpu0, f), 0);
	ck_assert_int_eq(fl_store(cpu0, f + PAGE, 5), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(f))), 0);
	ck_assert(pte_none(entry_of(f)));
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	/* dirty ones stay */
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(f + PAGE))), -EBUSY);
	ck_assert_uint_eq(load(cpu0, f + PAGE), 5);
	ck_assert_uint_eq(load(cpu0, f), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, f, 2), 0);
	fl_file_put(file);
	end();
}
END_TEST

START_TEST(shared_memory_stays)
{
	struct fl_file *file;
	fl_vaddr f;

	begin("6.12", NULL);
	f = map_file(&file, FL_FILE_SHMEM, FL_MAP_SHARED);
	ck_assert_int_eq(fl_store(cpu0, f, 5), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(f))), -EBUSY);
	ck_assert(pte_present(entry_of(f)));
	ck_assert_int_eq(fl_munmap(fl_mm, f, 2), 0);
	fl_file_put(file);
	end();
}
END_TEST

START_TEST(private_copies_of_files_go_to_swap)
{
	struct fl_file *file;
	fl_vaddr f;

	begin("6.12", NULL);
	f = map_file(&file, FL_FILE_REGULAR, 0);
	ck_assert_int_eq(fl_store(cpu0, f, 5), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(f))), 0);
	ck_assert(pte_is_swap_slot(entry_of(f)));
	ck_assert_uint_eq(load(cpu0, f), 5);
	ck_assert_int_eq(fl_munmap(fl_mm, f, 2), 0);
	fl_file_put(file);
	end();
}
END_TEST

/* --- at random, with few frames --- */

#define STRESS_PAGES 24
#define STEPS 20000

struct stress {
	struct fl_mm *mm;
	fl_vaddr range;
	uint64_t seed;
	uint64_t words[STRESS_PAGES]; /* what is there */
	bool failed;
};

static uint64_t next_random(struct stress *s)
{
	s->seed = s->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return s->seed >> 33;
}

/* Without memory a call fails and changes nothing. */
static void one_step(struct fl_cpu *cpu, struct stress *s)
{
	uint64_t r = next_random(s), i = r % STRESS_PAGES, word = 0;
	fl_vaddr addr = s->range + i * PAGE + (r >> 8 & 8);
	int err;

	switch (r >> 12 & 15) {
	case 0:
		err = fl_madvise(s->mm, s->range + i * PAGE, 1, FL_MADV_DONTNEED);
		if (!err)
			s->words[i] = 0;
		break;
	case 1:
		err = fl_madvise(s->mm, s->range, STRESS_PAGES, FL_MADV_PAGEOUT);
		break;
	case 2:
		fl_reclaim(cpu, r >> 16 & 3);
		err = 0;
		break;
	case 3:
		fl_reclaim_page(cpu, 1 + (r >> 16) % (2 * FRAMES - 1));
		err = 0;
		break;
	case 4:
		err = fl_mprotect(s->mm, s->range + i * PAGE, 1, FL_READ);
		if (!err)
			err = fl_mprotect(s->mm, s->range + i * PAGE, 1, FL_READ | FL_WRITE);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		word = r + 1;
		err = fl_store(cpu, s->range + i * PAGE, word);
		if (!err)
			s->words[i] = word;
		break;
	default:
		err = fl_load(&word, cpu, addr);
		if (!err && !(addr & 8))
			s->failed |= word != s->words[i];
		break;
	}
	s->failed |= err && err != -ENOMEM;
}

static void stress_thread(struct fl_cpu *cpu, void *arg)
{
	struct stress *s = arg;

	for (int i = 0; i < STEPS && !s->failed; i++)
		one_step(cpu, s);
}

/* Two address spaces, one of them the other's child, want more than there is. */
static void stress(const char *kernel, const char *set)
{
	struct fl_machine_config config = { .cpus = 2,
					    .swap_slots = 2 * STRESS_PAGES,
					    .lru_batch = 4 };
	struct stress s[2] = { { .seed = 1 }, { .seed = 2 } };
	struct call call;

	fl_machine_config_small(&config);
	config.level_bits = 4;
	config.frames = 2 * FRAMES;
	make_world_with(&config, kernel, set);
	a = map(STRESS_PAGES, FL_READ | FL_WRITE);
	for (unsigned int i = 0; i < STRESS_PAGES; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, i + 1), 0);
		s[0].words[i] = s[1].words[i] = i + 1;
	}
	s[0].range = s[1].range = a;
	s[0].mm = fl_mm;
	ck_assert_int_eq(fl_fork(&s[1].mm, fl_mm), 0);
	fl_switch_mm(cpu1, s[1].mm);
	begin_on(&call, cpu1, stress_thread, &s[1]);
	stress_thread(cpu0, &s[0]);
	end_on(&call);
	ck_assert(!s[0].failed && !s[1].failed);
	for (int k = 0; k < 2; k++) {
		for (unsigned int i = 0; i < STRESS_PAGES; i++)
			ck_assert_uint_eq(load(k ? cpu1 : cpu0, a + i * PAGE), s[k].words[i]);
	}
	fl_switch_mm(cpu1, fl_mm);
	fl_mm_destroy(s[1].mm);
	end();
}

START_TEST(two_programs_with_few_frames_keep_their_contents)
{
	stress("4.8", NULL);
	stress("5.12", NULL);
	stress("5.18", NULL);
	stress("6.12", NULL);
	stress("6.12", "tlb_flush=ipi");
	stress("6.17", "unmap_flush=at-once,tlb_flush=ipi");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.reclaim");
	TCase *tc = test_case("reclaim");

	tcase_add_test(tc, more_pages_than_frames);
	tcase_add_test(tc, more_pages_than_frames_and_slots_is_out_of_memory);
	tcase_add_test(tc, as_many_go_as_are_asked_for);
	tcase_add_test(tc, who_was_accessed_has_a_second_chance);
	tcase_add_test(tc, pageout_takes_what_is_asked_for);
	tcase_add_test(tc, pageout_leaves_what_others_map);
	tcase_add_test(tc, pages_that_wait_for_the_lru_are_reclaimed_too);
	tcase_add_test(tc, lazyfree_pages_go_without_a_slot);
	tcase_add_test(tc, madv_free_forgets_what_is_in_swap);
	tcase_add_test(tc, lazyfree_pages_that_somebody_has_stay_from_5_18_on);
	tcase_add_test(tc, clean_pages_of_files_go);
	tcase_add_test(tc, shared_memory_stays);
	tcase_add_test(tc, private_copies_of_files_go_to_swap);
	tcase_add_test(tc, two_programs_with_few_frames_keep_their_contents);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
