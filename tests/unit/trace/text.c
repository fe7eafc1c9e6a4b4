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
		"  CPU1: B4 READ_ONCE(*ptep) (gup.c:101)\n"
		"  does not see CPU0: A1 ptep_clear_flush(ptep) (ksm.c:41)\n"
		"\n"
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
		"   ^ older than CPU0's A1 (ksm.c:41): no smp_mb() between B3 and B4\n"
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
		assert_has(text, "older than CPU0's A1");
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

/* A load of each of two threads, in a program; the second one's place is in @file. */
static struct fl_trace *program_trace(const char *program, const char *file, const char *second)
{
	const struct fl_site site[] = {
		{ "a.c", "f", "atomic_load(&x)", 5, NULL },
		{ file, "g", second, 17, NULL },
	};
	struct fl_trace_info info = sample_info;
	struct flx_event ev[2];
	struct flx_record record = { .n = 2, .ev = ev, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;

	info.program = program;
	for (int i = 0; i < 2; i++) {
		sample_event(&ev[i], i, 0, FLX_READ, &site[i], NULL);
		sample_access(&ev[i], 0x100, 4, 0, 0, FLX_INIT);
	}
	ck_assert_int_eq(fl_trace_create(&t, &info, 2, sample_names, &record, NULL), 0);
	return t;
}

static void assert_places(const char *program, const char *file, const char *first,
			  const char *second)
{
	struct fl_trace *t = program_trace(program, file, "atomic_load(&y)");
	char *text = picture(t, 120, true);

	assert_has(text, first);
	assert_has(text, second);
	free(text);
	fl_trace_free(t);
}

START_TEST(places_in_the_programs_own_file_are_lines)
{
	assert_places("dir/a.c", "a.c", "-> 0  line 5\n", "-> 0  line 17\n");
	assert_places("dir/a.c", "b.h", "-> 0  a.c:5\n", "-> 0  b.h:17\n");
	assert_places("dir/b.c", "a.c", "-> 0  a.c:5\n", "-> 0  a.c:17\n");
}
END_TEST

/* At every width, each of the words is whole in some line, wherever the next space and comma are. */
START_TEST(a_word_that_fits_a_line_is_not_broken)
{
	static const char *const words[] = { "shared_counter_of_all", "expected_value",
					     "desired_value" };
	struct fl_trace *t = program_trace(
		"a.c", "a.c", "r=*shared_counter_of_all+*expected_value+*desired_value");

	for (int width = 60; width <= 160; width++) {
		char *text = picture(t, width, true);

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			assert_has(text, words[i]);
		free(text);
	}
	fl_trace_free(t);
}
END_TEST

START_TEST(what_one_thread_did_alone_is_shown_if_there_is_nothing_else)
{
	static const struct fl_site site = { "a.c", "f", "spin_lock(&alone)", 1, NULL };
	struct flx_event ev;
	struct flx_record record = { .n = 1, .ev = &ev, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;
	char *text;

	sample_event(&ev, 0, 0, FLX_RMW, &site, NULL);
	sample_access(&ev, 0x100, 4, 0, 1, FLX_INIT);
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 1, sample_names, &record, NULL), 0);
	text = picture(t, 120, false);
	assert_has(text, "spin_lock(&alone)");
	assert_lacks(text, "left out");
	free(text);
	fl_trace_free(t);
}
END_TEST

START_TEST(a_line_of_several_statements_is_told_from_one)
{
	ck_assert(fl_trace_has_several_statements("x = 1; y = 2"));
	ck_assert(fl_trace_has_several_statements("void f(void) { x = 1"));
	ck_assert(fl_trace_has_several_statements("if (a && (b || atomic_load(&..."));
	ck_assert(!fl_trace_has_several_statements("for (int i = 0; i < 3; i++)"));
	ck_assert(!fl_trace_has_several_statements("while (!atomic_load(&x))"));
}
END_TEST

START_TEST(an_operation_goes_with_the_variable)
{
	static const struct {
		const char *operation, *name, *want;
	} cases[] = {
		{ "atomic load", "x", "x: atomic load" },
		{ "plain write", "x[2]", "x[2]: plain write" },
		{ "atomic load", NULL, "atomic load" },
		{ "pthread_mutex_lock()", "m", "pthread_mutex_lock(&m)" },
		{ "pthread_mutex_lock()", "malloc#1+8", "pthread_mutex_lock(malloc#1+8)" },
		{ "atomic_thread_fence()", NULL, "atomic_thread_fence()" },
	};
	char buf[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fl_trace_access(buf, sizeof(buf), cases[i].operation, cases[i].name);
		ck_assert_str_eq(buf, cases[i].want);
	}
}
END_TEST

/* "v[0]" and the like, as program/name.c has them: one name for each 16 bytes. */
static bool name_by_index(char *buf, size_t size, uintptr_t addr, unsigned int width)
{
	if (width)
		snprintf(buf, size, "v%zu[%zu]", (size_t)addr / 16, (size_t)(addr % 16 / width));
	else
		snprintf(buf, size, "v%zu", (size_t)addr / 16);
	return true;
}

START_TEST(an_index_is_named_only_of_what_has_several_parts)
{
	static const struct fl_site call = { .text = "pthread_mutex_lock()" };
	static const struct {
		const struct fl_site *site;
		uintptr_t addr;
		unsigned int size;
		const char *want;
	} cases[] = {
		{ NULL, 16, 1, "v1" },	  /* a bit-field */
		{ NULL, 32, 1, "v2[0]" }, /* characters */
		{ NULL, 33, 1, "v2[1]" }, /* ... */
		{ NULL, 48, 4, "v3[0]" }, /* integers */
		{ &call, 64, 8, "v4" },	  /* an object of a library */
		{ NULL, 80, 0, "v5" },	  /* what is freed */
	};
	enum { N = sizeof(cases) / sizeof(cases[0]) };
	struct flx_event ev[N];
	struct flx_record record = { .n = N, .ev = ev, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;

	for (int i = 0; i < N; i++) {
		sample_event(&ev[i], 0, i, FLX_WRITE, cases[i].site, NULL);
		sample_access(&ev[i], cases[i].addr, cases[i].size, 0, 1, FLX_NONE);
	}
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 1, sample_names, &record, NULL), 0);
	fl_trace_set_names(t, name_by_index);
	for (int i = 0; i < N; i++)
		ck_assert_str_eq(t->note[i].name, cases[i].want);
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
	assert_has(text, "no access to anything that threads could share");
	free(text);
	fl_trace_free(t);
}
END_TEST

/* ---- executions of a few events, a line each ---- */

#define MAX 12

static struct flx_event made[MAX];
static int nr_made;

static struct flx_event *make(int thread, enum flx_kind kind, const struct fl_site *site,
			      uintptr_t addr, uint64_t rval, uint64_t wval, int rf)
{
	struct flx_event *e = &made[nr_made];

	sample_event(e, thread, nr_made++, kind, site, NULL);
	sample_access(e, addr, 8, rval, wval, rf);
	return e;
}

static const struct fl_site made_site = { "a.c", "f", "p->x", 5, NULL };

static struct fl_trace *made_trace(const char *program, fl_trace_describe_fn describe)
{
	struct flx_record record = { .n = nr_made, .ev = made, .racing = { -1, -1 } };
	struct fl_trace_info info = sample_info;
	struct fl_trace *t = NULL;

	info.program = program;
	ck_assert_int_eq(fl_trace_create(&t, &info, 2, sample_names, &record, describe), 0);
	return t;
}

/* It runs on no CPU of the scenario, but messages call all threads that. */
START_TEST(who_runs_a_callback_is_called_a_cpu_too)
{
	struct fl_trace *t;
	char *text;

	nr_made = 0;
	make(0, FLX_WRITE, &made_site, 0x100, 0, 1, FLX_NONE);
	make(2, FLX_READ, &made_site, 0x100, 1, 0, 0);
	t = made_trace(NULL, NULL);
	text = picture(t, 120, false);
	assert_has(text, "CPU 2  call_rcu\n");
	free(text);
	fl_trace_free(t);
}
END_TEST

static struct fl_trace *pointers(const char *program)
{
	static const struct fl_site publish = { "a.c", "f", "rcu_assign_pointer(root, top)", 1,
						NULL };
	static const struct fl_site other = { "a.c", "f", "rcu_assign_pointer(other, top)", 2,
					      NULL };
	static const struct fl_site find = { "b.c", "g", "rcu_dereference(root)", 3, NULL };
	static const struct fl_site look = { "b.c", "g", "rcu_dereference(other)", 4, NULL };

	nr_made = 0;
	make(0, FLX_WRITE, &publish, 0x100, 0, 0x7f12ULL << 32 | 0x10, FLX_NONE);
	make(1, FLX_READ, &find, 0x100, 0x7f12ULL << 32 | 0x10, 0, 0);
	make(0, FLX_WRITE, &other, 0x200, 0, 0x7f12ULL << 32 | 0x20, FLX_NONE);
	make(1, FLX_READ, &look, 0x200, 0x7f12ULL << 32 | 0x30, 0, FLX_INIT);
	make(0, FLX_WRITE, &publish, 0x100, 0, 0, FLX_NONE)->co_after = 0;
	return made_trace(program, NULL);
}

START_TEST(a_pointer_has_a_name_where_it_is_met_again)
{
	struct fl_trace *t = pointers(NULL);
	char *text = picture(t, 120, true);

	assert_has(text, "rcu_assign_pointer(root, top) = object 1  a.c:1\n");
	assert_has(text, "rcu_dereference(root) -> object 1  ");
	assert_has(text, "rcu_assign_pointer(other, top)  ");
	assert_lacks(text, "rcu_assign_pointer(other, top) =");
	assert_has(text, "rcu_dereference(other) -> not NULL  ");
	assert_has(text, "rcu_assign_pointer(root, top) = NULL  ");
	free(text);
	fl_trace_free(t);
	t = pointers("list.c");
	text = picture(t, 120, true);
	assert_has(text, "= ptr1");
	assert_has(text, "-> ptr1");
	assert_has(text, "= ptr2");
	free(text);
	fl_trace_free(t);
}
END_TEST

static void describe_flags(char *buf, size_t size, uintptr_t addr, unsigned int width,
			   uint64_t value)
{
	(void)addr, (void)width;
	snprintf(buf, size, "%s", value ? "locked|dirty" : "locked");
}

START_TEST(a_flag_that_is_set_already_changes_nothing)
{
	static const struct fl_site set = { "a.c", "f", "SetPageDirty(page)", 5, NULL };
	struct fl_trace *t;
	char *text;

	nr_made = 0;
	make(0, FLX_RMW, &set, 0x100, 0, 1, FLX_INIT);
	make(1, FLX_RMW, &set, 0x100, 1, 1, 0)->co_after = 0;
	t = made_trace(NULL, describe_flags);
	text = picture(t, 120, false);
	assert_has(text, "SetPageDirty(page)  sets dirty  ");
	assert_has(text, "SetPageDirty(page)  changes nothing  ");
	free(text);
	fl_trace_free(t);
}
END_TEST

/* The braces are the macro's: the access is the step. */
START_TEST(a_step_in_braces_is_its_access)
{
	static const struct fl_site site = { "a.c", "f", "smp_store_release(p, next)", 5, NULL };
	static const struct fl_site step = { "a.c", "f", "({ smp_store_release(p, next); })", 5,
					     "A5" };
	struct fl_trace *t;
	char *text;

	nr_made = 0;
	make(0, FLX_WRITE, &site, 0x100, 0, 2, FLX_NONE)->step = &step;
	make(1, FLX_READ, &made_site, 0x100, 2, 0, 0);
	t = made_trace(NULL, NULL);
	text = picture(t, 120, false);
	assert_has(text, "A5 smp_store_release(p, next) = 2  a.c:5");
	free(text);
	fl_trace_free(t);
}
END_TEST

/* What a call clears on its way is not what it is about; what it stores with a mark is. */
START_TEST(a_plain_number_within_a_call_is_not_shown)
{
	static const struct fl_site call = { "a.c", "f", "try_to_unmap_flush(cpu)", 5, "V8" };
	static const struct fl_site assign = { "a.c", "f", "vma->detached = 1", 6, "W2" };
	struct fl_trace *t;
	char *text;

	nr_made = 0;
	make(0, FLX_WRITE, &made_site, 0x100, 0, 0, FLX_NONE)->step = &call;
	make(0, FLX_WRITE, &made_site, 0x200, 0, 1, FLX_NONE)->step = &assign;
	made[0].order = made[1].order = FL_PLAIN;
	t = made_trace(NULL, NULL);
	text = picture(t, 120, false);
	assert_has(text, "V8 try_to_unmap_flush(cpu)  ");
	assert_lacks(text, "stores 0");
	assert_has(text, "W2 vma->detached = 1  stores 1");
	free(text);
	fl_trace_free(t);
	made[0].order = FL_ONCE;
	t = made_trace(NULL, NULL);
	text = picture(t, 120, false);
	assert_has(text, "V8 try_to_unmap_flush(cpu)  stores 0");
	free(text);
	fl_trace_free(t);
}
END_TEST

/* CPU 1's store is between A4 and A7: A5 and A6 only take and drop a lock. */
START_TEST(the_line_above_says_between_which_steps)
{
	static const struct fl_site step[] = {
		{ "a.c", "f",
		  "set_pte_at(mm, haddr, &table->entries[i], pmd_leaf_pte(entry, i), something)", 4,
		  "A4" },
		{ "a.c", "f", "lock(w)", 5, "A5" },
		{ "a.c", "f", "unlock(w)", 6, "A6" },
		{ "a.c", "f", "flush(w)", 7, "A7" },
	};
	static const struct fl_site down = { "a.c", "f", "spin_lock(ptl)", 1, NULL };
	struct fl_trace_told told = { .judged = true };
	static const struct fl_site here = { "s.c", "run", "x", 9, NULL };
	struct fl_trace *t;
	char *text;

	nr_made = 0;
	make(0, FLX_WRITE, &made_site, 0x100, 0, 1, FLX_NONE)->step = &step[0];
	make(0, FLX_RMW, &down, 0x300, 0, 1, FLX_INIT)->step = &step[1];
	make(1, FLX_WRITE, &made_site, 0x200, 0, 1, FLX_NONE);
	make(0, FLX_RMW, &down, 0x300, 1, 0, 1)->step = &step[2];
	make(0, FLX_WRITE, &made_site, 0x100, 0, 2, FLX_NONE)->step = &step[3];
	made[4].co_after = 0;
	t = made_trace(NULL, NULL);
	fl_trace_fit(told.text, sizeof(told.text), "0x10-0x20 is now read-only");
	told.where = &here;
	fl_trace_tell(t, 2, &told);
	fl_trace_judge(t, 2);
	fl_trace_judge(t, 0);
	text = picture(t, 160, false);
	assert_has(text,
		   "  CPU1: 0x10-0x20 is now read-only (s.c:9)\n"
		   "  against CPU0: A4 set_pte_at(mm, haddr, &table->entries[i], "
		   "pmd_leaf_pte(...)) (a.c:4)\n"
		   "  CPU1's \"0x10-0x20 is now read-only\" comes between CPU0's A4 (a.c:4) and A7 "
		   "(a.c:7)\n");
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
	tcase_add_test(tc, places_in_the_programs_own_file_are_lines);
	tcase_add_test(tc, a_word_that_fits_a_line_is_not_broken);
	tcase_add_test(tc, what_one_thread_did_alone_is_shown_if_there_is_nothing_else);
	tcase_add_test(tc, a_line_of_several_statements_is_told_from_one);
	tcase_add_test(tc, an_operation_goes_with_the_variable);
	tcase_add_test(tc, an_index_is_named_only_of_what_has_several_parts);
	tcase_add_test(tc, nothing_to_show_says_so);
	tcase_add_test(tc, who_runs_a_callback_is_called_a_cpu_too);
	tcase_add_test(tc, a_pointer_has_a_name_where_it_is_met_again);
	tcase_add_test(tc, a_flag_that_is_set_already_changes_nothing);
	tcase_add_test(tc, a_step_in_braces_is_its_access);
	tcase_add_test(tc, a_plain_number_within_a_call_is_not_shown);
	tcase_add_test(tc, the_line_above_says_between_which_steps);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
