// SPDX-License-Identifier: MIT
/*
 * slice.c - tests of the choice of events: lib/trace/slice.c.
 *
 * Executions made by hand, an event a line. Which events are kept is compared as a string of '+' and '-'.
 */
#include "sample.h"

#include <check.h>
#include <stdlib.h>

#define X 0x100
#define Y 0x200
#define LOCK 0x300
#define OWN 0x400 /* one thread's */
#define MAX 32

static struct flx_event ev[MAX];
static struct flx_record record;
static struct fl_site labels[MAX];

static void begin(void)
{
	memset(ev, 0, sizeof(ev));
	record = (struct flx_record){ .ev = ev, .racing = { -1, -1 } };
}

static struct flx_event *add(int thread, enum flx_kind kind, uintptr_t addr, int rf)
{
	static const struct fl_site site = { "a.c", "f", "x", 1, NULL };
	struct flx_event *e = &ev[record.n];

	sample_event(e, thread, record.n++, kind, &site, NULL);
	if (kind != FLX_FENCE)
		sample_access(e, addr, 8, 0, 1, rf);
	return e;
}

static int load(int thread, uintptr_t addr, int rf)
{
	return (int)(add(thread, FLX_READ, addr, rf) - ev);
}

static int store(int thread, uintptr_t addr, int co_after)
{
	struct flx_event *e = add(thread, FLX_WRITE, addr, FLX_NONE);

	e->co_after = co_after;
	return (int)(e - ev);
}

static int lock(int thread, int rf)
{
	struct flx_event *e = add(thread, FLX_RMW, LOCK, rf);

	e->order = FL_ACQUIRE;
	e->co_after = rf;
	return (int)(e - ev);
}

static int unlock(int thread, int co_after)
{
	int i = store(thread, LOCK, co_after);

	ev[i].order = FL_RELEASE;
	return i;
}

static void barrier(int thread)
{
	add(thread, FLX_FENCE, 0, FLX_NONE)->fence = FL_FENCE_MB;
}

static void label(int i, const char *name)
{
	labels[i] = (struct fl_site){ "a.c", "f", name, i, name };
	ev[i].step = &labels[i];
}

/* @violating: of the trace, -1 if the violation is at the end. */
static void assert_kept(int violating, const char *want)
{
	struct fl_trace *t = NULL;
	char got[MAX + 1] = "";
	bool *keep;

	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	t->violating = violating;
	keep = fl_trace_slice(t);
	ck_assert_ptr_nonnull(keep);
	for (int i = 0; i < record.n; i++)
		got[i] = keep[i] ? '+' : '-';
	ck_assert_str_eq(got, want);
	free(keep);
	fl_trace_free(t);
}

START_TEST(what_only_one_thread_touches_is_dropped)
{
	begin();
	store(0, OWN, FLX_INIT);
	load(0, OWN, 0);
	store(0, X, FLX_INIT);
	load(1, X, 2);
	assert_kept(3, "--++");
}
END_TEST

START_TEST(nothing_after_the_violation_but_labels)
{
	begin();
	store(0, X, FLX_INIT);
	store(0, Y, FLX_INIT);
	load(1, X, 0);
	load(1, Y, 1);
	label(store(1, OWN, FLX_INIT), "B9");
	assert_kept(2, "+-+-+");
}
END_TEST

START_TEST(a_step_that_reads_what_nobody_writes_is_dropped)
{
	begin();
	store(0, X, FLX_INIT);
	label(load(1, OWN, FLX_INIT), "B1");
	label(load(1, X, 0), "B2");
	assert_kept(2, "+-+");
}
END_TEST

/* Of a step that nobody else has to do with: what it did, not what it looked at first. */
START_TEST(a_step_of_its_own_shows_what_it_stored)
{
	begin();
	store(0, X, FLX_INIT);
	label(load(1, OWN, FLX_INIT), "B1");
	label(store(1, OWN, FLX_INIT), "B1");
	ev[2].step = ev[1].step;
	label(load(1, X, 0), "B2");
	assert_kept(3, "+-++");
}
END_TEST

static struct fl_trace *judged_trace(int judged)
{
	struct fl_trace *t = NULL;

	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	fl_trace_judge(t, judged);
	return t;
}

static void assert_kept_judging(int judged, const char *want)
{
	struct fl_trace *t = judged_trace(judged);
	bool *keep = fl_trace_slice(t);

	ck_assert_ptr_nonnull(keep);
	for (int i = 0; i < record.n; i++)
		ck_assert_msg(keep[i] == (want[i] == '+'), "event %d of %s", i, want);
	free(keep);
	fl_trace_free(t);
}

START_TEST(a_store_that_was_judged_brings_the_load_that_missed_it)
{
	begin();
	load(0, X, FLX_INIT);
	store(0, OWN, FLX_INIT);
	store(1, X, FLX_INIT);
	store(1, Y, FLX_INIT);
	assert_kept_judging(2, "+-+-");
}
END_TEST

START_TEST(a_load_that_was_judged_brings_its_store)
{
	begin();
	store(0, X, FLX_INIT);
	store(0, OWN, FLX_INIT);
	load(1, X, 0);
	assert_kept_judging(2, "+-+");
}
END_TEST

/* A thread without labels that a labelled one has read from. */
START_TEST(who_changed_what_a_step_s_thread_read_has_a_column)
{
	begin();
	store(0, Y, FLX_INIT);
	load(1, Y, 0);
	label(store(1, X, FLX_INIT), "B1");
	assert_kept_judging(2, "+++");
}
END_TEST

START_TEST(barriers_tell_nothing_if_no_load_is_late)
{
	begin();
	store(0, X, FLX_INIT);
	barrier(0);
	store(0, Y, FLX_INIT);
	load(1, Y, 2);
	load(1, X, 0);
	assert_kept(4, "+-+++");
}
END_TEST

/* Who passed a lock on to a reader is news; another reader is none. */
START_TEST(readers_of_a_lock_have_nothing_to_tell)
{
	static const struct fl_site down = { "a.c", "f", "down_read(sem)", 1, NULL };

	begin();
	lock(0, FLX_INIT);
	store(0, X, FLX_INIT);
	lock(1, 0);
	ev[0].site = ev[2].site = &down;
	load(1, X, 1);
	assert_kept(3, "-+-+");
}
END_TEST

START_TEST(message_passing_keeps_both_loads_and_their_stores)
{
	begin();
	store(0, X, FLX_INIT);
	barrier(0);
	store(0, Y, FLX_INIT);
	load(1, Y, 2);
	load(1, X, FLX_INIT);
	ev[4].newer = 0;
	assert_kept(4, "+++++");
}
END_TEST

START_TEST(of_repeated_loads_the_last_is_kept)
{
	begin();
	store(0, X, FLX_INIT);
	load(1, X, 0);
	load(1, X, 0);
	load(1, X, 0);
	load(1, OWN, FLX_INIT);
	assert_kept(4, "+--++");
}
END_TEST

/* Both increments are from 0: each load, and the store that it did not see. */
START_TEST(a_lost_update_at_the_end)
{
	begin();
	load(0, X, FLX_INIT);
	load(1, X, FLX_INIT);
	store(0, X, FLX_INIT);
	store(1, X, 2);
	store(1, OWN, FLX_INIT);
	assert_kept(-1, "++++-");
}
END_TEST

START_TEST(a_lock_that_was_handed_over_is_kept_where_it_orders)
{
	begin();
	label(store(0, X, FLX_INIT), "A1"); /* 0 */
	lock(0, FLX_INIT);
	unlock(0, 1);		    /* 2 */
	lock(1, 2);		    /* 3 */
	unlock(1, 3);		    /* 4 */
	label(load(1, X, 0), "B1"); /* 5 */
	lock(0, 4);		    /* 6: orders nothing that is kept */
	unlock(0, 6);
	assert_kept(5, "+-++-+--");
}
END_TEST

START_TEST(of_nested_hand_overs_the_tightest_is_kept)
{
	begin();
	label(store(0, X, FLX_INIT), "A1");	      /* 0 */
	unlock(0, FLX_INIT);			      /* 1: before A2 */
	label(store(0, X, 0), "A2");		      /* 2 */
	ev[store(0, Y, FLX_INIT)].order = FL_RELEASE; /* 3 */
	lock(1, 1);
	ev[load(1, Y, 3)].order = FL_ACQUIRE; /* 5 */
	label(load(1, X, 2), "B1");
	assert_kept(6, "+-++-++");
}
END_TEST

START_TEST(a_labelled_thread_tells_its_own_story)
{
	begin();
	store(0, Y, FLX_INIT);
	label(store(0, X, FLX_INIT), "A1");
	load(1, Y, 0); /* of a store that is not told of */
	load(1, X, 1); /* of one that is, but B1 finds the same */
	label(load(1, X, 1), "B1");
	assert_kept(4, "-+--+");
}
END_TEST

START_TEST(what_a_label_looked_for_too_early_is_kept)
{
	begin();
	label(load(0, X, FLX_INIT), "A1");
	store(1, X, FLX_INIT);
	assert_kept(-1, "++");
}
END_TEST

START_TEST(a_deadlock_has_its_waits_and_the_holders)
{
	begin();
	lock(0, FLX_INIT); /* 0 */
	store(0, OWN, FLX_INIT);
	ev[load(1, LOCK, FLX_NONE)].blocked = true; /* 2 */
	ev[load(0, Y, FLX_NONE)].blocked = true;
	assert_kept(-1, "+-++");
}
END_TEST

START_TEST(barriers_stand_between_kept_accesses)
{
	begin();
	barrier(0);
	store(0, X, FLX_INIT);
	barrier(0);
	barrier(0); /* a second one adds nothing */
	store(0, Y, FLX_INIT);
	barrier(0);
	load(1, Y, 4);
	load(1, X, FLX_INIT);
	ev[7].newer = 1;
	assert_kept(7, "-++-+-++");
}
END_TEST

START_TEST(accesses_that_overlap_are_of_one_place)
{
	begin();
	store(0, X, FLX_INIT);
	load(1, X + 4, 0);
	ev[1].size = 4;
	assert_kept(1, "++");
}
END_TEST

START_TEST(co_that_runs_in_circles_ends)
{
	begin();
	store(0, X, 1);
	store(1, X, 0);
	load(0, X, FLX_INIT);
	ev[2].newer = 1;
	label(2, "A1");
	assert_kept(-1, "-++");
}
END_TEST

/* Adds to the step of event @i. */
static void same_step(int i, int k)
{
	ev[k].step = ev[i].step;
}

static void plain(int i)
{
	ev[i].order = FL_PLAIN;
}

static void lock_site(int i)
{
	static const struct fl_site down = { "a.c", "f", "down_write(sem)", 1, NULL };

	ev[i].site = &down;
}

/* The pointer to what the step is about was stored by the other thread, too. */
START_TEST(plain_accesses_of_a_step_lead_to_its_marked_one)
{
	begin();
	label(store(0, Y, FLX_INIT), "A1");
	store(0, X, FLX_INIT);
	label(load(1, Y, 0), "B1");
	plain(2);
	same_step(2, load(1, X, 1));
	assert_kept(3, "++-+");
}
END_TEST

START_TEST(a_plain_access_that_is_a_step_of_its_own_is_kept)
{
	begin();
	label(store(0, Y, FLX_INIT), "A1");
	label(load(1, Y, 0), "B1");
	plain(1);
	load(1, OWN, FLX_INIT);
	assert_kept(2, "+++");
}
END_TEST

/* Whoever takes or drops a reference, on the way. */
START_TEST(a_count_that_nobody_looks_at_is_not_what_a_step_did)
{
	static const struct fl_site put = { "a.c", "f", "refcount_dec(&mm->count)", 1, NULL };
	int look;

	begin();
	label(add(0, FLX_RMW, Y, FLX_INIT) - ev, "A1");
	ev[0].site = &put;
	same_step(0, store(0, X, FLX_INIT));
	add(1, FLX_RMW, Y, 0)->co_after = 0;
	label(load(1, X, 1), "B1");
	assert_kept(3, "-+-+");
	look = load(1, Y, 2);
	assert_kept(look, "+++++");
}
END_TEST

/* An object is made, then published; who finds it reads what it was made with. */
START_TEST(how_an_object_was_made_is_not_the_story)
{
	begin();
	plain(store(0, X, FLX_INIT));
	label(store(0, Y, FLX_INIT), "A1");
	label(load(1, Y, 1), "B1");
	label(load(1, X, 0), "B2");
	plain(3);
	assert_kept(3, "-+++");
	ev[3].newer = 0;
	ev[3].rf = FLX_INIT;
	assert_kept(3, "++++");
}
END_TEST

/* A1, which belongs to the lock, is after its release: the other one has it by now, and looks at X. */
START_TEST(a_store_outside_of_its_lock_has_the_hand_over)
{
	begin();
	lock_site(lock(0, FLX_INIT));
	lock_site(unlock(0, 0));
	lock_site(lock(1, 1));
	label(load(1, X, FLX_INIT), "B1");
	label(store(0, X, FLX_INIT), "A1");
	lock_site(unlock(1, 2));
	label(load(1, X, 4), "B2");
	assert_kept(6, "-++++-+");
	/* Nothing to look at in that section. */
	ev[3].addr = OWN;
	assert_kept(6, "----+-+");
}
END_TEST

START_TEST(a_counter_that_changes_when_all_is_over_is_not_the_story)
{
	begin();
	store(1, Y, FLX_INIT);
	label(load(0, X, FLX_INIT), "A1");
	label(load(0, Y, 0), "A2");
	add(1, FLX_RMW, X, FLX_INIT);
	assert_kept(2, "+++-");
	store(1, OWN, FLX_INIT);
	label(4, "B9");
	assert_kept(2, "+++++");
}
END_TEST

START_TEST(reader_sections_count_if_somebody_waits_for_them)
{
	begin();
	add(1, FLX_FENCE, 0, FLX_NONE)->fence = FL_FENCE_RCU_LOCK;
	load(1, X, FLX_INIT);
	add(1, FLX_FENCE, 0, FLX_NONE)->fence = FL_FENCE_RCU_UNLOCK;
	store(0, X, FLX_INIT);
	add(0, FLX_FENCE, 0, FLX_NONE)->fence = FL_FENCE_SYNC_RCU;
	load(1, X, 3);
	assert_kept(5, "-+-+-+"); /* the wait comes after all that matters */
	ev[store(0, X, 3)].step = NULL;
	ev[5].rf = 6;
	ev[5].newer = FLX_NONE;
	label(1, "B1");
	assert_kept(5, "+++++++");
}
END_TEST

static void tell(struct fl_trace *t, int event, bool access, const char *text)
{
	struct fl_trace_told told = { .access = access, .judged = access, .program = access };

	fl_trace_fit(told.text, sizeof(told.text), "%s", text);
	fl_trace_tell(t, event, &told);
}

/* All by one thread: C0 asks, C7 makes the entry, hardware sets a bit in it, the walk finds it. */
START_TEST(how_an_access_got_where_it_should_not)
{
	static const struct fl_site walk = { "walk.c", "f", "READ_ONCE(*ptep)", 1, NULL };
	static const char want[] = "-+-+-+";
	struct fl_trace *t = NULL;
	bool *keep;

	begin();
	label(load(0, OWN, FLX_INIT), "C0");  /* 0: before the fault */
	label(load(0, OWN, FLX_INIT), "C0");  /* 1 */
	label(load(0, LOCK, FLX_INIT), "B1"); /* 2: of another protocol */
	label(store(0, Y, FLX_INIT), "C7");   /* 3 */
	load(0, Y, 3);			      /* 4 */
	ev[4].site = &walk;
	store(0, X, FLX_INIT); /* 5 */
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	tell(t, 0, false, "store [0x10] faults");
	tell(t, 5, true, "store [0x10] = 0x1");
	keep = fl_trace_slice(t);
	ck_assert_ptr_nonnull(keep);
	for (int i = 0; i < record.n; i++)
		ck_assert_msg(keep[i] == (want[i] == '+'), "event %d", i);
	free(keep);
	fl_trace_free(t);
}
END_TEST

START_TEST(whoever_made_it_the_entry_that_was_used_is_shown)
{
	static const struct fl_site walk = { "walk.c", "f", "READ_ONCE(*ptep)", 1, NULL };
	struct fl_trace *t = NULL;
	bool *keep;

	begin();
	store(0, Y, FLX_INIT);
	label(store(0, OWN, FLX_INIT), "A1");
	load(0, Y, 0);
	ev[2].site = &walk;
	store(0, X, FLX_INIT);
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	tell(t, 3, true, "store [0x10] = 0x1");
	keep = fl_trace_slice(t);
	ck_assert_ptr_nonnull(keep);
	ck_assert(keep[0] && keep[1] && !keep[2] && keep[3]);
	free(keep);
	fl_trace_free(t);
}
END_TEST

/* The entry is dropped when the store is made: between change and flush. */
START_TEST(a_flush_that_came_too_late_is_shown)
{
	static const struct fl_site lookup = { "tlb.h", "f", "READ_ONCE(entry->tag)", 1, NULL };
	static const struct fl_site drop = { "tlb.c", "f", "WRITE_ONCE(entry->tag, 0)", 1, NULL };
	static const char want[] = "-+-+";
	struct fl_trace *t = NULL;
	bool *keep;

	begin();
	load(0, Y, FLX_INIT); /* 0 */
	ev[0].site = &lookup;
	label(store(0, X, FLX_INIT), "A1"); /* 1 */
	store(1, OWN, FLX_INIT);	    /* 2 */
	store(1, Y, FLX_INIT);		    /* 3 */
	ev[3].site = &drop;
	ck_assert_int_eq(fl_trace_create(&t, &sample_info, 2, sample_names, &record, NULL), 0);
	tell(t, 1, true, "store [0x10] = 0x1");
	keep = fl_trace_slice(t);
	ck_assert_ptr_nonnull(keep);
	for (int i = 0; i < record.n; i++)
		ck_assert_msg(keep[i] == (want[i] == '+'), "event %d", i);
	free(keep);
	fl_trace_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace slice");
	TCase *tc = tcase_create("slice");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, what_only_one_thread_touches_is_dropped);
	tcase_add_test(tc, nothing_after_the_violation_but_labels);
	tcase_add_test(tc, a_step_that_reads_what_nobody_writes_is_dropped);
	tcase_add_test(tc, a_step_of_its_own_shows_what_it_stored);
	tcase_add_test(tc, a_store_that_was_judged_brings_the_load_that_missed_it);
	tcase_add_test(tc, a_load_that_was_judged_brings_its_store);
	tcase_add_test(tc, who_changed_what_a_step_s_thread_read_has_a_column);
	tcase_add_test(tc, barriers_tell_nothing_if_no_load_is_late);
	tcase_add_test(tc, readers_of_a_lock_have_nothing_to_tell);
	tcase_add_test(tc, message_passing_keeps_both_loads_and_their_stores);
	tcase_add_test(tc, of_repeated_loads_the_last_is_kept);
	tcase_add_test(tc, a_lost_update_at_the_end);
	tcase_add_test(tc, a_lock_that_was_handed_over_is_kept_where_it_orders);
	tcase_add_test(tc, of_nested_hand_overs_the_tightest_is_kept);
	tcase_add_test(tc, a_labelled_thread_tells_its_own_story);
	tcase_add_test(tc, what_a_label_looked_for_too_early_is_kept);
	tcase_add_test(tc, a_deadlock_has_its_waits_and_the_holders);
	tcase_add_test(tc, barriers_stand_between_kept_accesses);
	tcase_add_test(tc, accesses_that_overlap_are_of_one_place);
	tcase_add_test(tc, co_that_runs_in_circles_ends);
	tcase_add_test(tc, plain_accesses_of_a_step_lead_to_its_marked_one);
	tcase_add_test(tc, a_plain_access_that_is_a_step_of_its_own_is_kept);
	tcase_add_test(tc, a_count_that_nobody_looks_at_is_not_what_a_step_did);
	tcase_add_test(tc, how_an_object_was_made_is_not_the_story);
	tcase_add_test(tc, a_store_outside_of_its_lock_has_the_hand_over);
	tcase_add_test(tc, a_counter_that_changes_when_all_is_over_is_not_the_story);
	tcase_add_test(tc, reader_sections_count_if_somebody_waits_for_them);
	tcase_add_test(tc, how_an_access_got_where_it_should_not);
	tcase_add_test(tc, a_flush_that_came_too_late_is_shown);
	tcase_add_test(tc, whoever_made_it_the_entry_that_was_used_is_shown);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
