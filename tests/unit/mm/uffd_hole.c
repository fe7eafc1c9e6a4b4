// SPDX-License-Identifier: MIT
/*
 * uffd_hole.c - tests lib/mm/uffd_fill.c against lib/mm/truncate.c under the check engine: a handler maps a page of
 * shared memory while a hole is made there. In each execution what is mapped is what the file has.
 */
#include <check.h>
#include <stdlib.h>

#include <faultline/file.h>
#include <faultline/oracle.h>
#include <faultline/run.h>
#include <faultline/uffd.h>

struct world {
	struct fl_file *file;
	struct fl_uffd *uffd;
	fl_vaddr page; /* of shared memory */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w, unsigned int mode)
{
	int err = fl_file_create(&w->file, fl_cpu_machine(cpu), FL_FILE_SHMEM, 1, 0);

	if (!err && mode == FL_UFFD_MINOR)
		err = fl_file_write(w->file, 0, 0, 5);
	if (!err)
		err = fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, w->file, 0);
	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	return err ? err : fl_uffd_register(w->uffd, cpu, w->page, 1, mode);
}

static int set_up_minor(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return set_up(cpu, mm, world, FL_UFFD_MINOR);
}

static int set_up_missing(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return set_up(cpu, mm, world, FL_UFFD_MISSING);
}

static void do_continue(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_uffd_continue(((struct world *)world)->uffd, ((struct world *)world)->page);
}

static void do_copy(struct fl_cpu *cpu, void *world)
{
	static const uint64_t words[] = { 5, 5 };

	(void)cpu;
	fl_uffd_copy(((struct world *)world)->uffd, ((struct world *)world)->page, words);
}

/* A store to the old page would be lost as well. */
static void do_punch(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t mapped = 0, has = 0;

	fl_file_punch_hole(w->file, 0, 1);
	if (!fl_load(&mapped, cpu, w->page) && mapped == 5 && !fl_file_read(&has, w->file, 0, 0) &&
	    has == 0)
		fl_oracle_fail("hole", "the mapping has 5, the file has a hole there");
}

static const struct {
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*answer)(struct fl_cpu *cpu, void *world);
} rows[] = {
	{ set_up_minor, do_continue },
	{ set_up_missing, do_copy },
};

START_TEST(a_page_that_left_the_file_is_not_mapped)
{
	struct fl_scenario s = {
		.name = "uffd-hole",
		.needs = { .cpus = 2, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = rows[_i].set_up,
		.threads = { { "answer", rows[_i].answer }, { "punch", do_punch } },
		.may_wait = FL_WAIT_UFFD,
	};
	struct fl_run_options opt = { .kernel = "6.12", .model = "sc" };
	struct fl_run_result result = { 0 };
	char err[1024] = "";

	ck_assert_msg(!fl_run_check(&s, &opt, &result, err, sizeof(err)), "%s", err);
	ck_assert_msg(result.verdict == FL_VERDICT_VERIFIED, "%s: %s", result.oracle,
		      result.message);
	fl_run_result_free(&result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.uffd_hole");
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_page_that_left_the_file_is_not_mapped, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
