// SPDX-License-Identifier: MIT
/*
 * text.c - tests of the picture: lib/trace/{trace,rows,text,resolve}.c.
 *
 * One hand-made execution (sample.h), printed. Whether an engine's records lead to good pictures is for
 * tests/cli.
 */
#include "sample.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

static char *picture(const struct fl_trace *t, int width, bool all_events)
{
	const struct fl_trace_style style = { .width = width, .all_events = all_events };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(f);
	fl_trace_print_style(t, f, &style);
	fclose(f);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "no \"%s\" in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	ck_assert_msg(!strstr(text, part), "\"%s\" in:\n%s", part, text);
}

static int longest_line(const char *text)
{
	int longest = 0;

	while (*text) {
		int n = (int)strcspn(text, "\n");

		longest = n > longest ? n : longest;
		text += n + (text[n] == '\n');
	}
	return longest;
}

START_TEST(a_column_per_cpu)
{
	static const char want[] =
		"  CPU 0  ksm                                                        "
		"CPU 1  gup-fast\n"
		"  ----------------------------------------------------------------  "
		"--------------------------------------------------------------\n"
		"                                                                    "
		"B1 READ_ONCE(*ptep) -> ro pfn=3                      gup.c:88\n"
		"  A1 ptep_clear_flush(ptep)  reads ro pfn=3, stores none  ksm.c:41\n"
		"     smp_mb()                                             ksm.c:50\n"
		"  A2 page_maybe_dma_pinned(page)  reads 1                 ksm.c:52\n"
		"                                                                    "
		"   atomic_add(PIN_BIAS, &page->refs) -> 1, now 1025  gup.c:95\n"
		"                                                                    "
		"B4 READ_ONCE(*ptep) -> ro pfn=3                      gup.c:101\n"
		"                                                                    "
		"   ^ older than A1: no smp_mb() between B3 and B4\n"
		"                                                                    "
		"     read the initial value\n";
	/* nothing is left out, and nothing is said of it */
	struct fl_trace *t = sample_trace();
	char *text = picture(t, 160, false);

	ck_assert_str_eq(text, want);
	free(text);
	fl_trace_free(t);
}
END_TEST

START_TEST(no_line_is_longer_than_asked)
{
	struct fl_trace *t = sample_trace();

	for (int width = 60; width <= 160; width++) {
		char *text = picture(t, width, true);

		ck_assert_msg(longest_line(text) <= width, "at width %d:\n%s", width, text);
		assert_has(text, "older than A1");
		free(text);
	}
	fl_trace_free(t);
}
END_TEST

/* Events of a step share its line; one that matters to nobody does not appear at all. */
static struct fl_trace *two_part_step(bool second_matters)
{
	static const struct fl_site step = { "a.c", "f", "set_up_both(p)", 5, "A1" };
	static const struct fl_site one = { "a.c", "g", "WRITE_ONCE(p->one, 1)", 7, NULL };
	static const struct fl_site two = { "a.c", "g", "WRITE_ONCE(p->two, 7)", 8, NULL };
	static const struct fl_site see_one = { "b.c", "h", "READ_ONCE(p->one)", 9, NULL };
	static const struct fl_site see_two = { "b.c", "h", "READ_ONCE(p->two)", 10, NULL };
	struct flx_event ev[4];
	struct flx_record record = { .n = 4, .ev = ev, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;

	sample_event(&ev[0], 0, 0, FLX_WRITE, &one, &step);
	sample_access(&ev[0], 0x100, 4, 0, 1, FLX_NONE);
	sample_event(&ev[1], 0, 1, FLX_WRITE, &two, &step);
	sample_access(&ev[1], second_matters ? 0x200 : 0x300, 4, 0, 7, FLX_NONE);
	sample_event(&ev[2], 1, 0, FLX_READ, &see_one, NULL);
	sample_access(&ev[2], 0x100, 4, 1, 0, 0);
	sample_event(&ev[3], 1, 1, FLX_READ, &see_two, NULL);
	sample_access(&ev[3], 0x200, 4, 7, 0, 1);
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	return t;
}

START_TEST(a_step_with_one_event_is_one_line)
{
	struct fl_trace *t = two_part_step(false);
	char *text = picture(t, 120, false);

	assert_has(text, "A1 set_up_both(p)  stores 1  a.c:5\n");
	assert_lacks(text, "p->one, 1");
	assert_lacks(text, "WRITE_ONCE(p->two, 7)");
	free(text);
	fl_trace_free(t);
}
END_TEST

START_TEST(a_step_with_several_has_a_line_for_each)
{
	struct fl_trace *t = two_part_step(true);
	char *text = picture(t, 120, false);

	assert_has(text, "A1 set_up_both(p)           a.c:5\n");
	assert_has(text, "     WRITE_ONCE(p->one, 1)  a.c:7\n"); /* the text has the value */
	assert_has(text, "     WRITE_ONCE(p->two, 7)  a.c:8\n");
	assert_has(text, "READ_ONCE(p->one) -> 1  b.c:9\n");
	free(text);
	fl_trace_free(t);
}
END_TEST

__attribute__((noinline)) static uintptr_t here(void)
{
	return (uintptr_t)__builtin_return_address(0);
}

/* A plain write by CPU 0 and a marked read by CPU 1. */
static struct fl_trace *race(uintptr_t pc)
{
	static const struct fl_site site = { "vma.c", "lock_vma", "READ_ONCE(vma->flags)", 33,
					     NULL };
	struct flx_event ev[2];
	struct flx_record record = { .n = 2, .ev = ev, .racing = { 0, 1 } };
	struct fl_trace *t = NULL;

	sample_event(&ev[0], 0, 0, FLX_WRITE, NULL, NULL);
	sample_access(&ev[0], 0x100, 8, 0, 5, FLX_NONE);
	ev[0].pc = pc;
	ev[0].order = FL_PLAIN;
	sample_event(&ev[1], 1, 0, FLX_READ, &site, NULL);
	sample_access(&ev[1], 0x100, 8, 5, 0, 0);
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	return t;
}

START_TEST(a_data_race_names_both_sites)
{
	const int line = __LINE__ + 1;
	struct fl_trace *t = race(here());
	char *text = picture(t, 120, false), want[256];

	if (system("addr2line --version >/dev/null 2>&1")) {
		assert_has(text, "data race: write by CPU0 at ");
	} else {
		snprintf(want, sizeof(want),
			 "  data race: write by CPU0 at text.c:%d a_data_race_names_both_sites",
			 line);
		assert_has(text, want);
	}
	assert_has(text, ", marked read by CPU1 at vma.c:33 lock_vma\n");
	assert_has(text, "^ data race with CPU 1\n");
	free(text);
	fl_trace_free(t);
}
END_TEST

START_TEST(an_unknown_address_still_has_a_picture)
{
	struct fl_trace *t = race(16);
	char *text = picture(t, 120, false);

	assert_has(text, "plain access");
	free(text);
	fl_trace_free(t);
}
END_TEST

START_TEST(without_addr2line_the_module_is_named)
{
	struct fl_trace *t = race(here());
	char *path = strdup(getenv("PATH") ? getenv("PATH") : ""), *text;

	setenv("PATH", "/nowhere", 1);
	text = picture(t, 120, false);
	setenv("PATH", path, 1);
	assert_has(text, "plain write in ");
	free(text);
	free(path);
	fl_trace_free(t);
}
END_TEST

START_TEST(a_terminal_is_not_written_to_by_a_text)
{
	static const struct fl_site site = { "a.c", "f", "x\033[2J\007y", 1, NULL };
	struct flx_event ev;
	struct flx_record record = { .n = 1, .ev = &ev, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;
	char *text;

	sample_event(&ev, 0, 0, FLX_READ, &site, NULL);
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 1, sample_names, &record, NULL), 0);
	text = picture(t, 120, false);
	assert_lacks(text, "\033");
	assert_lacks(text, "\007");
	free(text);
	fl_trace_free(t);
}
END_TEST

START_TEST(nothing_to_show_says_so)
{
	struct flx_record record = { .n = 0, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;
	char *text;

	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	text = picture(t, 120, false);
	assert_has(text, "no thread did anything");
	free(text);
	fl_trace_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace text");
	TCase *tc = tcase_create("picture");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_column_per_cpu);
	tcase_add_test(tc, no_line_is_longer_than_asked);
	tcase_add_test(tc, a_step_with_one_event_is_one_line);
	tcase_add_test(tc, a_step_with_several_has_a_line_for_each);
	tcase_add_test(tc, a_data_race_names_both_sites);
	tcase_add_test(tc, an_unknown_address_still_has_a_picture);
	tcase_add_test(tc, without_addr2line_the_module_is_named);
	tcase_add_test(tc, a_terminal_is_not_written_to_by_a_text);
	tcase_add_test(tc, nothing_to_show_says_so);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
