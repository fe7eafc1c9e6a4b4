// SPDX-License-Identifier: MIT
/*
 * rwlock.c - mmap_lock of each kind, and of the user's own: CPUs fault, map, unmap, protect, clear and fork at the same time.
 *
 * What the locks themselves do is for unit.rt.rwlock.
 */
#ifdef FAULTLINE_CHECK
#include <check.h>
#include <errno.h>

#include <faultline/faultline.h>

#include "../rt/threads.h"

START_TEST(there_is_no_choice)
{
	static const struct fl_rwlock kind = { .name = "mine" };
	struct fl_machine_config config = { .cpus = 2, .rwlock = &kind };
	struct fl_machine *machine;

	ck_assert_ptr_null(fl_rwlock_at(0));
	ck_assert_ptr_null(fl_rwlock_find("rwsem"));
	ck_assert_int_eq(fl_machine_create(&machine, &config), -EOPNOTSUPP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.rwlock");
	TCase *tc = tcase_create("check");

	tcase_add_test(tc, there_is_no_choice);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
#else
#include "../world.h"

#include <errno.h>

#define CPUS 4
#define ROUNDS 60
#define PAGES 6

static void make_world_of(const struct fl_rwlock *kind, const char *kernel)
{
	struct fl_machine_config config = { .cpus = CPUS, .rwlock = kind };

	fl_machine_config_small(&config);
	config.frames = 256;
	config.levels = 3;
	make_world_with(&config, kernel, NULL);
}

/* --- a crowd --- */

struct crowd {
	fl_vaddr shared; /* by all CPUs: a page has a word that all of them write alike */
	int failed;
};

#define must(c, condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			__atomic_store_n(&(c)->failed, __LINE__, __ATOMIC_RELAXED);                \
	} while (0)

/* Faults, which take mmap_lock for reading, or find their VMA without it. */
static void touch_all(struct crowd *c, struct fl_cpu *cpu, fl_vaddr own)
{
	uint64_t word;

	for (unsigned int i = 0; i < PAGES; i++) {
		must(c, !fl_store(cpu, own + i * PAGE, own + i));
		must(c, !fl_store(cpu, c->shared + i * PAGE + 8, i));
	}
	for (unsigned int i = 0; i < PAGES; i++) {
		must(c, !fl_load(&word, cpu, own + i * PAGE) && word == own + i);
		must(c, !fl_load(&word, cpu, c->shared + i * PAGE + 8) && word == i);
	}
}

static void all_kinds_of_things(struct fl_cpu *cpu, void *arg)
{
	struct crowd *c = arg;
	struct fl_mm *child;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		fl_vaddr own;

		must(c, !fl_mmap_anon(&own, fl_mm, PAGES, FL_READ | FL_WRITE));
		touch_all(c, cpu, own);
		must(c, !fl_mprotect(fl_mm, own, PAGES / 2, FL_READ));
		must(c, fl_store(cpu, own, 1) == -EFAULT);
		must(c, !fl_mprotect(fl_mm, own, PAGES / 2, FL_READ | FL_WRITE));
		if (i % 4 == 0)
			must(c, !fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY));
		if (i % 16 == fl_cpu_number(cpu)) {
			must(c, !fl_fork(&child, fl_mm));
			touch_all(c, cpu, own);
			fl_mm_destroy(child);
		}
		must(c, !fl_munmap(fl_mm, own, PAGES));
	}
}

static void run_crowd(void)
{
	struct crowd c = { .shared = map(PAGES, FL_READ | FL_WRITE) };
	struct call calls[CPUS];
	unsigned int i;

	for (i = 1; i < CPUS; i++)
		begin_on(&calls[i], fl_machine_cpu(machine, i), all_kinds_of_things, &c);
	all_kinds_of_things(cpu0, &c);
	fl_cpu_unbind(cpu0);
	for (i = 1; i < CPUS; i++)
		pthread_join(calls[i].thread, NULL);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
	ck_assert_int_eq(c.failed, 0);
}

/* Up to 6.3 each fault takes mmap_lock; up to 5.10 clear_refs downgrades. */
static const char *const kernels[] = { "5.7", "6.1", "6.12", "6.15" };
#define NR_KERNELS (sizeof(kernels) / sizeof(kernels[0]))

START_TEST(an_address_space_works_with_each_kind)
{
	const struct fl_rwlock *kind = fl_rwlock_at((size_t)_i / NR_KERNELS);

	make_world_of(kind, kernels[(size_t)_i % NR_KERNELS]);
	/* The default is not asked by its table. */
	ck_assert_ptr_eq(mm->mmap_lock.kind, _i < (int)NR_KERNELS ? NULL : kind);
	run_crowd();
	end_world();
}
END_TEST

/* --- a user's own --- */

static struct {
	int made, in, read, wrote, refuse;
} mine;

static int mine_init(void *lock)
{
	if (mine.refuse)
		return -EAGAIN;
	*(int *)lock = 0;
	__atomic_fetch_add(&mine.made, 1, __ATOMIC_RELAXED);
	return 0;
}

static void mine_destroy(void *lock)
{
	__atomic_fetch_sub(&mine.made, 1, __ATOMIC_RELAXED);
}

static bool mine_trylock(void *lock)
{
	if (__atomic_exchange_n((int *)lock, 1, __ATOMIC_ACQUIRE))
		return false;
	__atomic_fetch_add(&mine.read, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&mine.in, 1, __ATOMIC_RELAXED);
	return true;
}

static void mine_read_lock(void *lock)
{
	unsigned int step = 0;

	while (!mine_trylock(lock))
		fl_wait(&step);
}

static void mine_unlock(void *lock)
{
	__atomic_fetch_sub(&mine.in, 1, __ATOMIC_RELAXED);
	__atomic_store_n((int *)lock, 0, __ATOMIC_RELEASE);
}

static void mine_write_lock(void *lock)
{
	mine_read_lock(lock);
	__atomic_fetch_sub(&mine.read, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&mine.wrote, 1, __ATOMIC_RELAXED);
}

/* A spinlock: not even readers share it. */
static const struct fl_rwlock my_kind = {
	.name = "mine",
	.size = sizeof(int),
	.align = _Alignof(int),
	.init = mine_init,
	.destroy = mine_destroy,
	.read_lock = mine_read_lock,
	.read_trylock = mine_trylock,
	.read_unlock = mine_unlock,
	.write_lock = mine_write_lock,
	.write_unlock = mine_unlock,
};

START_TEST(an_address_space_works_with_a_lock_of_the_users)
{
	memset(&mine, 0, sizeof(mine));
	make_world_of(&my_kind, "6.1");
	ck_assert_int_eq(mine.made, 1);
	run_crowd();
	ck_assert_int_eq(mine.in, 0);
	ck_assert_int_ge(mine.read, CPUS * ROUNDS * PAGES);
	ck_assert_int_ge(mine.wrote, CPUS * ROUNDS * 4);
	end_world();
	ck_assert_int_eq(mine.made, 0);
}
END_TEST

START_TEST(a_lock_that_can_not_be_made_is_an_error)
{
	struct fl_mm *other;

	memset(&mine, 0, sizeof(mine));
	make_world_of(&my_kind, "6.12");
	mine.refuse = 1;
	ck_assert_int_eq(fl_mm_create(&other, machine), -EAGAIN);
	mine.refuse = 0;
	end_world();
	ck_assert_int_eq(mine.made, 0);
}
END_TEST

START_TEST(a_machine_takes_no_incomplete_lock)
{
	struct fl_rwlock kind = my_kind;
	struct fl_machine_config config = { .cpus = 2, .rwlock = &kind };

	kind.write_unlock = NULL;
	ck_assert_int_eq(fl_machine_create(&machine, &config), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.rwlock");
	TCase *tc = test_case("kinds");
	int nr = 0;

	while (fl_rwlock_at((size_t)nr))
		nr++;
	tcase_add_loop_test(tc, an_address_space_works_with_each_kind, 0, nr * (int)NR_KERNELS);
	tcase_add_test(tc, an_address_space_works_with_a_lock_of_the_users);
	tcase_add_test(tc, a_lock_that_can_not_be_made_is_an_error);
	tcase_add_test(tc, a_machine_takes_no_incomplete_lock);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
#endif
