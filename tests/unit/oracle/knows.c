// SPDX-License-Identifier: MIT
/*
 * knows.c - oracles "permission" and "missed-wp" under the check engine: a CPU that has heard of an mprotect(), a
 * munmap() or a write-protection does no longer what that forbade. The flush by which it keeps to that can be left out.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/mm.h>
#include <faultline/run.h>
#include <faultline/uffd.h>

struct world {
	struct fl_mm *mm;
	struct fl_uffd *uffd;
	fl_vaddr page, flag; /* of two VMAs, in different sets of the TLB */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_cpu *other = fl_machine_cpu(fl_cpu_machine(cpu), 1);
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_mmap(&w->flag, mm, fl_page(cpu, w->page, 5), 1, FL_READ | FL_WRITE,
			      FL_MAP_FIXED_NOREPLACE, NULL, 0);
	if (!err)
		err = fl_store(cpu, w->flag, 0);
	if (!err)
		err = fl_store(other, w->flag, 0);
	return err ? err : fl_store(other, w->page, 1);
}

static void do_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (!fl_mprotect(w->mm, w->page, 1, FL_READ))
		fl_store(cpu, w->flag, 1);
}

static int set_up_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_cpu *other = fl_machine_cpu(fl_cpu_machine(cpu), 1);
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	if (!err)
		err = fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
	if (!err)
		err = fl_store(cpu, w->page, 1); /* the oracle's: the protector knows the page */
	return err ? err : fl_store(other, w->page, 1);
}

static void do_write_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (!fl_uffd_writeprotect(w->uffd, w->page, 1, true))
		fl_store(cpu, w->flag, 1);
}

static void do_unmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (!fl_munmap(w->mm, w->page, 1))
		fl_store(cpu, w->flag, 1);
}

/* Allowed again before anybody hears of it. */
static void do_protect_and_allow(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->page, 1, FL_READ);
	fl_mprotect(w->mm, w->page, 1, FL_READ | FL_WRITE);
	fl_store(cpu, w->flag, 1);
}

static void do_store_once_told(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t told = 0;

	if (!fl_load(&told, cpu, w->flag) && told)
		fl_store(cpu, w->page, 2);
}

/* Whatever the flag says. */
static void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static void explore_from(struct fl_run_result *r,
			 int (*begin)(struct fl_cpu *, struct fl_mm *, void *),
			 void (*call)(struct fl_cpu *, void *),
			 void (*user)(struct fl_cpu *, void *), const char *set, const char *model)
{
	struct fl_scenario s = {
		.name = "knows",
		.needs = { .cpus = 2, .mms = 1, .pages = 2 },
		.world = sizeof(struct world),
		.set_up = begin,
		.may_wait = FL_WAIT_UFFD,
		.threads = { { "call", call }, { "user", user } },
	};
	struct fl_run_options opt = { .kernel = "6.12", .set = set, .model = model };
	char err[1024] = "";

	memset(r, 0, sizeof(*r));
	ck_assert_msg(!fl_run_check(&s, &opt, r, err, sizeof(err)), "%s", err);
}

static void explore(struct fl_run_result *r, void (*call)(struct fl_cpu *, void *),
		    void (*user)(struct fl_cpu *, void *), const char *set, const char *model)
{
	explore_from(r, set_up, call, user, set, model);
}

static const char *const models[] = { "sc", "tso", "lkmm" };

START_TEST(who_was_told_keeps_to_it)
{
	static const char *const flush[] = { NULL, "tlb_flush=ipi" };
	struct fl_run_result r;

	for (size_t i = 0; i < 2; i++) {
		explore(&r, do_protect, do_store_once_told, flush[i], models[_i]);
		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
		fl_run_result_free(&r);
		explore(&r, do_unmap, do_store_once_told, flush[i], models[_i]);
		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
		fl_run_result_free(&r);
		explore(&r, do_protect_and_allow, do_store_once_told, flush[i], models[_i]);
		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
		fl_run_result_free(&r);
	}
}
END_TEST

START_TEST(without_a_flush_it_does_not)
{
	struct fl_run_result r;

	explore(&r, do_protect, do_store_once_told, "protect_flush=never", models[_i]);
	ck_assert_int_eq(r.verdict, FL_VERDICT_VIOLATION);
	ck_assert_str_eq(r.oracle, "permission");
	fl_run_result_free(&r);
}
END_TEST

START_TEST(the_same_for_write_protection)
{
	struct fl_run_result r;

	explore_from(&r, set_up_uffd, do_write_protect, do_store_once_told, NULL, models[_i]);
	ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
	fl_run_result_free(&r);
	explore_from(&r, set_up_uffd, do_write_protect, do_store_once_told, "protect_flush=never",
		     models[_i]);
	ck_assert_int_eq(r.verdict, FL_VERDICT_VIOLATION);
	ck_assert_str_eq(r.oracle, "missed-wp");
	fl_run_result_free(&r);
	explore_from(&r, set_up_uffd, do_write_protect, do_store, NULL, models[_i]);
	ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
	fl_run_result_free(&r);
}
END_TEST

START_TEST(who_was_not_told_may_be_late)
{
	struct fl_run_result r;

	explore(&r, do_protect, do_store, NULL, models[_i]);
	ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
	fl_run_result_free(&r);
	explore(&r, do_protect, do_store, "protect_flush=never", models[_i]);
	ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
	fl_run_result_free(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.knows");
	TCase *tc = tcase_create("check");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, who_was_told_keeps_to_it, 0, 3);
	tcase_add_loop_test(tc, without_a_flush_it_does_not, 0, 3);
	tcase_add_loop_test(tc, the_same_for_write_protection, 0, 3);
	tcase_add_loop_test(tc, who_was_not_told_may_be_late, 0, 3);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
