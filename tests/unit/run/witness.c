// SPDX-License-Identifier: MIT
/*
 * witness.c - tests of what a picture knows from oracles: lib/run/witness.c, lib/oracle/about.c.
 *
 * A scenario of two programs and an oracle of its own that judges at the end. The oracles of the library are
 * looked at with their scenarios: tests/cli/replay.sh.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/extend.h>
#include <faultline/mm.h>
#include <faultline/oracle.h>
#include <faultline/run.h>
#include <faultline/scenario.h>

#include "mmu/frame.h"
#include "oracle/hooks.h"
#include "oracle/oracle.h"

struct world {
	fl_vaddr page;
};

enum { OTHER = 8 };

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	return fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);
}

/* Results are looked at: a call that is the last thing in a function would leave no frame of it. */
enum { FIRST_STORE = __LINE__ + 5, SECOND_STORE = FIRST_STORE + 1 };
static void do_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	ck_assert_int_eq(fl_store(cpu, w->page, 5), 0);
	ck_assert_int_eq(fl_store(cpu, w->page, 7), 0);
}

enum { THE_LOAD = __LINE__ + 6 };
static void do_load(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	ck_assert_int_eq(fl_load(&word, cpu, w->page), 0);
	if (word == 7)
		FL_SAY("Z1", "seven is what it is");
}

static const struct fl_variant variants[] = {
	{ "all", "5.9", NULL, "sc", FL_VIOLATES("seven"), NULL },
};

static struct fl_scenario scenario = {
	.name = "seven",
	.id = "T1",
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	.world = sizeof(struct world),
	.set_up = set_up,
	.threads = { { "store", do_store }, { "load", do_load } },
	.variants = variants,
	.nr_variants = FL_ARRAY_SIZE(variants),
};

/* Whoever stores 7 must not be seen by another CPU. */
static struct {
	struct fl_event stored, loaded;
	bool has_stored, has_loaded, says, at_once;
} heard;

/* In the thread that loads: what it loaded last there, and who stored that. */
static void fail_at_once(const struct fl_event *e)
{
	const struct fl_machine *m = fl_oracle_machine();
	const uint64_t *word = frame_words(m, e->pfn) + e->addr % page_size(m) / sizeof(uint64_t);

	FL_ABOUT(.memory = word, .loaded = true);
	FL_ABOUT(.memory = word);
	fl_oracle_fail("seven", "CPU%u loads 7", e->cpu);
}

static void hear(void *arg, const struct fl_event *e)
{
	if (e->kind == FL_EVENT_STORE && e->value == 7) {
		heard.stored = *e;
		heard.has_stored = true;
	}
	if (e->kind == FL_EVENT_LOAD && e->value == 7) {
		heard.loaded = *e;
		heard.has_loaded = true;
		if (heard.at_once)
			fail_at_once(e);
	}
}

static void judge(void *arg, struct fl_machine *m)
{
	if (!heard.has_stored || !heard.has_loaded)
		return;
	if (heard.says) {
		fl_oracle_about(&heard.stored);
		fl_oracle_about(&heard.loaded);
	}
	fl_oracle_fail("seven", "CPU%u loads 7", heard.loaded.cpu);
}

static void forget(void *arg, bool first)
{
	heard.has_stored = heard.has_loaded = false;
}

static const struct fl_custom_oracle seven = {
	.name = "seven",
	.event = hear,
	.finish = judge,
	.reset = forget,
};

static struct fl_run_result result;
static char *picture;

static void look(bool says)
{
	const struct fl_run_options opt = { .variant = "all" };
	size_t size;
	char err[1024];
	FILE *f;

	heard.says = says;
	ck_assert_int_eq(fl_oracle_register(&seven), 0);
	ck_assert_msg(!fl_run_check(&scenario, &opt, &result, err, sizeof(err)), "%s", err);
	fl_oracle_unregister(&seven);
	ck_assert_int_eq(result.verdict, FL_VERDICT_VIOLATION);
	ck_assert_str_eq(result.oracle, "seven");
	ck_assert_ptr_nonnull(result.trace);
	f = open_memstream(&picture, &size);
	ck_assert_ptr_nonnull(f);
	fl_trace_print(result.trace, f);
	fclose(f);
}

static void forget_picture(void)
{
	free(picture);
	picture = NULL;
	fl_run_result_free(&result);
}

static void assert_has(const char *part)
{
	ck_assert_msg(strstr(picture, part), "no \"%s\" in:\n%s", part, picture);
}

static void assert_lacks(const char *part)
{
	ck_assert_msg(!strstr(picture, part), "\"%s\" in:\n%s", part, picture);
}

static const char *at(int line)
{
	static char place[32];

	snprintf(place, sizeof(place), "witness.c:%d", line);
	return place;
}

START_TEST(what_an_oracle_is_about_is_named_and_shown)
{
	char named[128];

	look(true);
	snprintf(named, sizeof(named), "  CPU0: store [0x10] = 0x7 (%s)\n", at(SECOND_STORE));
	assert_has(named);
	snprintf(named, sizeof(named), "  against CPU1: load [0x10] -> 0x7 (%s)\n", at(THE_LOAD));
	assert_has(named);
	assert_has("CPU 0  store");
	assert_has("CPU 1  load");
	assert_has("store [0x10] = 0x7  pfn=");
	assert_has("load [0x10] -> 0x7  pfn=");
	forget_picture();
}
END_TEST

START_TEST(an_access_has_the_scenario_s_line_not_the_model_s)
{
	look(true);
	assert_has(at(FIRST_STORE));
	assert_has(at(SECOND_STORE));
	assert_lacks("WRITE_ONCE(*memory");
	assert_lacks("tlb->lock");
	forget_picture();
}
END_TEST

/* The first store finds nothing mapped, the second what the first one left. */
START_TEST(a_picture_tells_faults_and_hits)
{
	look(true);
	assert_has("store [0x10] faults");
	assert_has("store [0x10] = 0x7  pfn=");
	assert_has(", by the TLB");
	assert_has(", page table walked");
	forget_picture();
}
END_TEST

START_TEST(an_oracle_that_says_nothing_has_a_picture_that_names_nothing)
{
	look(false);
	assert_lacks("against");
	assert_has("CPU 1  load");
	forget_picture();
}
END_TEST

START_TEST(an_oracle_that_fails_at_once_names_what_its_thread_read)
{
	char named[160];

	heard.at_once = true;
	look(false);
	heard.at_once = false;
	snprintf(named, sizeof(named), "  CPU1: load [0x10] -> 0x7 (%s)\n", at(THE_LOAD));
	assert_has(named);
	snprintf(named, sizeof(named), "  against CPU0: store [0x10] = 0x7 (%s)\n",
		 at(SECOND_STORE));
	assert_has(named);
	forget_picture();
}
END_TEST

START_TEST(a_decision_that_reads_nothing_has_a_line)
{
	look(true);
	assert_has("Z1 seven is what it is");
	assert_has(at(THE_LOAD + 2));
	forget_picture();
}
END_TEST

/* The trace's events are those of the run that was heard; a replay has the same, with all that was told. */
START_TEST(a_replay_shows_the_same)
{
	struct fl_run_result again;
	char *text = NULL, err[1024];
	size_t size;
	FILE *f;

	look(true);
	ck_assert_int_eq(fl_oracle_register(&seven), 0);
	ck_assert_msg(!fl_run_replay(&scenario, result.trace, &again, err, sizeof(err)), "%s", err);
	fl_oracle_unregister(&seven);
	f = open_memstream(&text, &size);
	fl_trace_print(again.trace, f);
	fclose(f);
	fl_run_result_free(&again);
	ck_assert_msg(!strcmp(picture, text), "%s\nis not\n%s", text, picture);
	assert_has("store [0x10] = 0x7");
	free(text);
	forget_picture();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("witness");
	TCase *tc = tcase_create("picture");
	SRunner *sr;
	int failed;

	suite_add_tcase(s, tc);
	tcase_add_test(tc, what_an_oracle_is_about_is_named_and_shown);
	tcase_add_test(tc, an_access_has_the_scenario_s_line_not_the_model_s);
	tcase_add_test(tc, a_picture_tells_faults_and_hits);
	tcase_add_test(tc, an_oracle_that_says_nothing_has_a_picture_that_names_nothing);
	tcase_add_test(tc, an_oracle_that_fails_at_once_names_what_its_thread_read);
	tcase_add_test(tc, a_decision_that_reads_nothing_has_a_line);
	tcase_add_test(tc, a_replay_shows_the_same);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
