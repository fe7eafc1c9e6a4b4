// SPDX-License-Identifier: MIT
/*
 * enomem_page.c - faults, fork, pins, pages of files, userfaultfd's answers, ksmd, with each allocation failing:
 * enomem.h.
 *
 * None of these may change what a page has in it, whether it comes to an end or not.
 */
#include "enomem.h"

#include <faultline/ksm.h>
#include <faultline/numa.h>
#include <faultline/pipe.h>

static struct fl_mm *child, *grandchild;
static struct fl_pipe *pipes[2];
static struct fl_buffer *buffer;
static struct fl_pin pins[8];
static long nr_pins;

static void unpin_all(void)
{
	while (nr_pins > 0)
		fl_unpin(cpu0, &pins[--nr_pins]);
}

static void end_children(void)
{
	fl_mm_destroy(child);
	fl_mm_destroy(grandchild);
	child = grandchild = NULL;
}

/* --- faults --- */

static void an_area(void)
{
	must_map(2, 8, RW);
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

VISIT(first_load, .set_up = an_area, .call = load_page, .flags = UNCHANGED);
VISIT(first_store, .set_up = an_area, .call = store_page, .flags = UNCHANGED);

static void an_area_that_was_read(void)
{
	an_area();
	ck_assert_int_eq(load_page(), 0);
}

VISIT(store_after_a_load, .set_up = an_area_that_was_read, .call = store_page, .flags = UNCHANGED);

static void an_area_with_a_neighbour(void)
{
	must_map(2, 2, FL_READ);
	must_map(4, 2, RW);
	must_map(6, 2, FL_READ);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, AT(3), 3), 0);
}

VISIT(first_store_beside_an_area_with_pages, .set_up = an_area_with_a_neighbour, .call = store_page,
      .flags = UNCHANGED);

static int exchange(void)
{
	uint64_t old;

	return fl_xchg(&old, cpu0, AT(4), 4);
}

VISIT(first_exchange, .set_up = an_area, .call = exchange, .flags = UNCHANGED);

static int poke(void)
{
	return fl_poke(cpu0, fl_mm, AT(4), 4);
}

static void a_read_only_area(void)
{
	must_map(2, 8, FL_READ);
}

VISIT(write_by_proc_mem, .set_up = a_read_only_area, .call = poke, .flags = UNCHANGED);

static int copy_out(void)
{
	const uint64_t words[6] = { 2, 2, 3, 3, 4, 4 };

	return fl_copy_out(cpu0, AT(2), words, 6, NULL);
}

VISIT(copy_to_several_pages, .set_up = an_area, .call = copy_out);

static void pages_that_are_shared(void)
{
	an_area();
	fill(2, 8);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
}

VISIT(store_after_fork, .set_up = pages_that_are_shared, .call = store_page,
      .clean_up = end_children, .flags = UNCHANGED);

static void the_childs_turn(void)
{
	struct fl_mm *parent = fl_mm;

	pages_that_are_shared();
	fl_mm = child;
	mm = &child->mm;
	child = parent;
	fl_switch_mm(cpu0, fl_mm);
}

VISIT(store_of_the_child, .set_up = the_childs_turn, .call = store_page, .clean_up = end_children,
      .flags = UNCHANGED);

/* --- fork --- */

static int fork_(void)
{
	return fl_fork(&child, fl_mm);
}

static void all_kinds_of_areas(void)
{
	must_make_file(FL_FILE_SHMEM, 8);
	must_map(2, 6, RW);
	fill(2, 5);
	must_map(10, 4, FL_READ);
	must_map_file(20, 6, 0, 0);
	fill(21, 2);
	must_map_file(30, 6, FL_MAP_SHARED, 0);
	fill(30, 1);
	must_map(40, 8, RW);
	fill(40, 8);
	ck_assert_int_eq(fl_madvise(fl_mm, AT(40), 4, FL_MADV_MERGEABLE), 0);
	must_register(44, 2, FL_UFFD_MISSING);
}

static void end_all_kinds(void)
{
	end_children();
	forget_uffd();
	put_file();
}

VISIT(fork_of_all_kinds_of_areas, .set_up = all_kinds_of_areas, .call = fork_,
      .clean_up = end_all_kinds, .flags = UNCHANGED);

static void two_pinned_pages(void)
{
	an_area();
	fill(2, 4);
	nr_pins = fl_pin_user_pages_fast(cpu0, AT(3), 2, FL_GUP_WRITE, pins);
	ck_assert_int_eq(nr_pins, 2);
}

static void unpin_and_end_children(void)
{
	unpin_all();
	end_children();
}

VISIT(fork_with_pinned_pages, .set_up = two_pinned_pages, .call = fork_,
      .clean_up = unpin_and_end_children, .flags = UNCHANGED);

static void a_child_of_a_child(void)
{
	struct fl_mm *first;

	pages_that_are_shared();
	ck_assert_int_eq(fl_fork(&grandchild, child), 0);
	first = fl_mm;
	fl_mm = grandchild;
	mm = &fl_mm->mm;
	grandchild = child;
	child = NULL;
	fl_switch_mm(cpu0, fl_mm);
	fl_switch_mm(cpu1, fl_mm);
	fl_mm_destroy(first);
	ck_assert_int_eq(store_page(), 0);
}

VISIT(fork_of_a_grandchild, .set_up = a_child_of_a_child, .call = fork_, .clean_up = end_children,
      .flags = UNCHANGED);

/* --- pins --- */

static int pin_for(unsigned int i, size_t n, unsigned int flags)
{
	nr_pins = fl_pin_user_pages_fast(cpu0, AT(i), n, flags, pins);
	if (nr_pins == (long)n)
		return 0;
	if (nr_pins < 0) {
		int err = (int)nr_pins;

		nr_pins = 0;
		return err;
	}
	/* Some: who wants all would ask for the rest. */
	unpin_all();
	return -ENOMEM;
}

static int pin_to_write(void)
{
	return pin_for(3, 3, FL_GUP_WRITE);
}

static int pin_to_read(void)
{
	return pin_for(3, 3, 0);
}

static int pin_longterm(void)
{
	return pin_for(3, 3, FL_GUP_WRITE | FL_GUP_LONGTERM);
}

VISIT(pins_of_new_pages, .set_up = an_area, .call = pin_to_write, .clean_up = unpin_all,
      .flags = UNCHANGED);
VISIT(pins_to_read, .set_up = an_area, .call = pin_to_read, .clean_up = unpin_all,
      .flags = UNCHANGED);
VISIT(pins_after_fork, .set_up = pages_that_are_shared, .call = pin_to_write,
      .clean_up = unpin_and_end_children, .flags = UNCHANGED);
VISIT(pins_to_read_after_fork, .set_up = pages_that_are_shared, .call = pin_to_read,
      .clean_up = unpin_and_end_children, .flags = UNCHANGED);
VISIT(longterm_pins_after_fork, .set_up = pages_that_are_shared, .call = pin_longterm,
      .clean_up = unpin_and_end_children, .flags = UNCHANGED);

static int pin_remote(void)
{
	nr_pins = fl_pin_user_pages(cpu0, fl_mm, AT(4), 1, FL_GUP_WRITE | FL_GUP_FORCE, pins);
	if (nr_pins < 0) {
		int err = (int)nr_pins;

		nr_pins = 0;
		return err;
	}
	return 0;
}

VISIT(pin_by_force, .set_up = a_read_only_area, .call = pin_remote, .clean_up = unpin_all,
      .flags = UNCHANGED);

static int register_buffer(void)
{
	return fl_buffer_register(&buffer, cpu0, AT(3), 4);
}

/* What can't be had is asked for once more. */
static void end_buffer(void)
{
	fl_buffer_unregister(cpu0, buffer);
	end_children();
}

VISIT(buffer_of_new_pages, .set_up = an_area, .call = register_buffer, .clean_up = end_buffer,
      .flags = UNCHANGED | BEST_EFFORT);
VISIT(buffer_after_fork, .set_up = pages_that_are_shared, .call = register_buffer,
      .clean_up = end_buffer, .flags = UNCHANGED | BEST_EFFORT);

static void an_area_and_pipes(void)
{
	an_area();
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(fl_pipe_create(&pipes[i], machine, 4), 0);
}

/* All four or none, for the test's sake. */
static int vmsplice(void)
{
	uint64_t words[2];
	long n = fl_vmsplice(cpu0, pipes[0], AT(3), 4);

	if (n < 0)
		return (int)n;
	if (n < 4) {
		while (!fl_pipe_read(words, pipes[0]))
			;
		return -ENOMEM;
	}
	return (int)fl_tee(pipes[0], pipes[1], 4) == 4 ? 0 : -EIO;
}

static void close_pipes(void)
{
	for (int i = 0; i < 2; i++)
		fl_pipe_close(pipes[i]);
}

VISIT(vmsplice_and_tee, .set_up = an_area_and_pipes, .call = vmsplice, .clean_up = close_pipes,
      .flags = UNCHANGED | BEST_EFFORT);

/* --- files --- */

static void a_private_mapping(void)
{
	must_make_file(FL_FILE_SHMEM, 8);
	must_map_file(2, 8, 0, 0);
}

static void a_shared_mapping(void)
{
	must_make_file(FL_FILE_REGULAR, 8);
	must_map_file(2, 8, FL_MAP_SHARED, 0);
}

VISIT(load_from_a_file, .set_up = a_private_mapping, .call = load_page, .clean_up = put_file,
      .flags = UNCHANGED);
VISIT(store_to_a_private_mapping, .set_up = a_private_mapping, .call = store_page,
      .clean_up = put_file, .flags = UNCHANGED);
VISIT(store_to_a_shared_mapping, .set_up = a_shared_mapping, .call = store_page,
      .clean_up = put_file, .flags = UNCHANGED);

static void a_private_mapping_that_was_read(void)
{
	a_private_mapping();
	ck_assert_int_eq(load_page(), 0);
}

VISIT(store_to_a_files_page, .set_up = a_private_mapping_that_was_read, .call = store_page,
      .clean_up = put_file, .flags = UNCHANGED);

static int write_file(void)
{
	return fl_file_write(file, 2, 0, 4);
}

VISIT(write_to_a_file, .set_up = a_private_mapping, .call = write_file, .clean_up = put_file,
      .flags = UNCHANGED);

/* --- userfaultfd --- */

static void a_watched_area(void)
{
	an_area();
	must_register(2, 8, FL_UFFD_MISSING);
}

static void end_uffd_and_file(void)
{
	forget_uffd();
	put_file();
}

static const uint64_t words[2] = { 4, 4 };

static int uffd_copy(void)
{
	return fl_uffd_copy(uffd, AT(4), words);
}

static int uffd_zeropage(void)
{
	return fl_uffd_zeropage(uffd, AT(4));
}

VISIT(uffd_copy_to_anonymous_memory, .set_up = a_watched_area, .call = uffd_copy,
      .clean_up = forget_uffd, .flags = UNCHANGED);
VISIT(uffd_zeropage_to_anonymous_memory, .set_up = a_watched_area, .call = uffd_zeropage,
      .clean_up = forget_uffd, .flags = UNCHANGED);

static void watched_shared_memory(void)
{
	must_make_file(FL_FILE_SHMEM, 8);
	must_map_file(2, 8, FL_MAP_SHARED, 0);
	must_register(2, 8, FL_UFFD_MISSING);
}

VISIT(uffd_copy_to_shared_memory, .set_up = watched_shared_memory, .call = uffd_copy,
      .clean_up = end_uffd_and_file, .flags = UNCHANGED);
VISIT(uffd_zeropage_to_shared_memory, .set_up = watched_shared_memory, .call = uffd_zeropage,
      .clean_up = end_uffd_and_file, .flags = UNCHANGED);

static void watched_private_mapping(void)
{
	must_make_file(FL_FILE_SHMEM, 8);
	must_map_file(2, 8, 0, 0);
	must_register(2, 8, FL_UFFD_MISSING);
}

VISIT(uffd_copy_to_a_private_mapping, .set_up = watched_private_mapping, .call = uffd_copy,
      .clean_up = end_uffd_and_file, .flags = UNCHANGED);

static void shared_memory_with_pages(void)
{
	must_make_file(FL_FILE_SHMEM, 8);
	must_map_file(2, 8, FL_MAP_SHARED, 0);
	must_register(2, 8, FL_UFFD_MINOR);
}

static int uffd_continue(void)
{
	return fl_uffd_continue(uffd, AT(2));
}

VISIT(uffd_continue_, .set_up = shared_memory_with_pages, .call = uffd_continue,
      .clean_up = end_uffd_and_file, .flags = UNCHANGED, .since = V6_1);

static void a_protected_page(void)
{
	an_area();
	fill(2, 8);
	must_register(2, 8, FL_UFFD_WP);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, AT(2), 8, true), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, AT(4), 1, false), 0);
}

static void end_uffd_and_children(void)
{
	forget_uffd();
	end_children();
}

VISIT(store_after_unprotecting, .set_up = a_protected_page, .call = store_page,
      .clean_up = end_uffd_and_children, .flags = UNCHANGED);

/* --- ksmd --- */

static void equal_pages(void)
{
	an_area();
	for (unsigned int i = 2; i < 6; i++)
		ck_assert_int_eq(fl_store(cpu0, AT(i), 7), 0);
	fill(6, 2);
	ck_assert_int_eq(fl_madvise(fl_mm, AT(2), 8, FL_MADV_MERGEABLE), 0);
}

/* Three passes: the first only looks. */
static int scan(void)
{
	for (int i = 0; i < 3; i++) {
		long n = fl_ksm_scan(cpu0, machine);

		if (n < 0)
			return (int)n;
	}
	return 0;
}

VISIT(ksm_passes, .set_up = equal_pages, .call = scan, .flags = UNCHANGED);

static void merged_pages(void)
{
	equal_pages();
	ck_assert_int_eq(scan(), 0);
}

static int unmerge(void)
{
	return fl_ksm_unmerge(cpu0, fl_mm, AT(2), 8);
}

VISIT(ksm_unmerge, .set_up = merged_pages, .call = unmerge, .flags = UNCHANGED);

static void merged_pages_after_fork(void)
{
	merged_pages();
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
}

VISIT(store_to_a_merged_page, .set_up = merged_pages_after_fork, .call = store_page,
      .clean_up = end_children, .flags = UNCHANGED);
VISIT(ksm_passes_over_two_address_spaces, .set_up = merged_pages_after_fork, .call = scan,
      .clean_up = end_children, .flags = UNCHANGED);

/* --- hinting --- */

static void hinted_pages(void)
{
	pages_that_are_shared();
	ck_assert_int_ge((int)fl_change_prot_numa(fl_mm, AT(2), 8), 0);
}

VISIT(store_to_a_hinted_page, .set_up = hinted_pages, .call = store_page, .clean_up = end_children,
      .flags = UNCHANGED);

static const struct visit *const visits[] = {
	&first_load,
	&first_store,
	&store_after_a_load,
	&first_store_beside_an_area_with_pages,
	&first_exchange,
	&write_by_proc_mem,
	&copy_to_several_pages,
	&store_after_fork,
	&store_of_the_child,
	&fork_of_all_kinds_of_areas,
	&fork_with_pinned_pages,
	&fork_of_a_grandchild,
	&pins_of_new_pages,
	&pins_to_read,
	&pins_after_fork,
	&pins_to_read_after_fork,
	&longterm_pins_after_fork,
	&pin_by_force,
	&buffer_of_new_pages,
	&buffer_after_fork,
	&vmsplice_and_tee,
	&load_from_a_file,
	&store_to_a_private_mapping,
	&store_to_a_shared_mapping,
	&store_to_a_files_page,
	&write_to_a_file,
	&uffd_copy_to_anonymous_memory,
	&uffd_zeropage_to_anonymous_memory,
	&uffd_copy_to_shared_memory,
	&uffd_zeropage_to_shared_memory,
	&uffd_copy_to_a_private_mapping,
	&uffd_continue_,
	&store_after_unprotecting,
	&ksm_passes,
	&ksm_unmerge,
	&store_to_a_merged_page,
	&ksm_passes_over_two_address_spaces,
	&store_to_a_hinted_page,
};

START_TEST(all_allocations_may_fail)
{
	visit(visits[_i]);
}
END_TEST

int main(void)
{
	return run_visits("mm.enomem_page", all_allocations_may_fail,
			  sizeof(visits) / sizeof(*visits));
}
