// SPDX-License-Identifier: MIT
/*
 * enomem_make.c - making things, with each allocation failing: enomem.h. A machine is made and used again by a
 * visit of its own; what belongs to a machine is visited as all else.
 */
#include "enomem.h"

#include <faultline/migrate.h>
#include <faultline/pipe.h>

static struct fl_mm *other;
static struct fl_pipe *pipe_made;

static void nothing(void)
{
}

static int make_mm(void)
{
	return fl_mm_create(&other, machine);
}

static void end_mm_made(void)
{
	fl_mm_destroy(other);
}

VISIT(address_space, .set_up = nothing, .call = make_mm, .clean_up = end_mm_made);

static int make_file(void)
{
	return fl_file_create(&file, machine, FL_FILE_SHMEM, 4, 8);
}

VISIT(file_, .set_up = nothing, .call = make_file, .clean_up = put_file);

static int make_pipe(void)
{
	return fl_pipe_create(&pipe_made, machine, 3);
}

static void close_pipe(void)
{
	fl_pipe_close(pipe_made);
}

VISIT(pipe_, .set_up = nothing, .call = make_pipe, .clean_up = close_pipe);

static int make_uffd(void)
{
	return fl_uffd_create(&uffd, fl_mm);
}

VISIT(userfaultfd, .set_up = nothing, .call = make_uffd, .clean_up = forget_uffd);

static int make_mmu_notifier(void)
{
	struct fl_mmu_notifier *n;

	return fl_mmu_notifier_register(&n, fl_mm);
}

VISIT(mmu_notifier, .set_up = nothing, .call = make_mmu_notifier, .flags = UNCHANGED);

static const struct visit *const visits[] = { &address_space, &file_, &pipe_, &userfaultfd,
					      &mmu_notifier };

START_TEST(all_allocations_may_fail)
{
	visit(visits[_i]);
}
END_TEST

/* --- a machine --- */

/* @lock: NULL, or one that has memory of its own per CPU. */
static int make_machine(const char *kernel, bool plain, const char *lock)
{
	/* All that a machine can have. */
	struct fl_machine_config config = {
		.cpus = 2,
		.lru_batch = 3,
		.swap_slots = 3,
		.huge_pages = 2,
		.migration = FL_MIGRATION_CALLS,
		.mempolicy = 1,
		.mmu_notifiers = 1,
	};
	struct fl_policy *policy;
	char text[512];
	int err;

	if (plain)
		config.swap_slots = config.huge_pages = 0;
	fl_machine_config_small(&config);
	if (plain)
		config.level_bits = 9; /* CPUs keep page tables: mmu/objects.c */
	ck_assert_int_eq(fl_policy_create(&policy, kernel, NULL, text, sizeof(text)), 0);
	config.policy = policy;
	config.lock = lock ? fl_lock_strategy_find(lock) : NULL;
	err = fl_machine_create(&machine, &config);
	fl_policy_free(policy);
	return err;
}

START_TEST(all_parts_of_a_machine_may_fail)
{
	static const char *const locks[] = { NULL, "range-lock", "speculative" };
	const char *kernel = kernels[_i / 6], *lock = locks[_i / 2 % 3];
	bool plain = _i % 2, failed = true;
	struct fl_alloc_point at;

	for (uint64_t n = 1; failed; n++) {
		int err;

		fl_inject_fail_nth(FL_ALLOC_ANY, n);
		err = make_machine(kernel, plain, lock);
		failed = fl_inject_failed(&at);
		fl_inject_fail_nth(FL_ALLOC_ANY, 0);
		ck_assert_int_eq(err, failed ? -ENOMEM : 0);
		if (failed)
			note_site(&at);
		else
			fl_machine_destroy(machine);
		ck_assert_int_eq(live, 0);
	}
	/* Nothing is in the way of the next one. */
	ck_assert_int_eq(make_machine(kernel, plain, lock), 0);
	fl_machine_destroy(machine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.enomem_make");
	TCase *tc = test_case("visits");

	/* A lock that needs memory, on another that does. */
	like.rwlock = fl_rwlock_find("bravo-pthread");
	tcase_add_loop_test(tc, all_parts_of_a_machine_may_fail, 0, 6 * NR_KERNELS);
	tcase_add_loop_test(tc, all_allocations_may_fail, 0, sizeof(visits) / sizeof(*visits));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
