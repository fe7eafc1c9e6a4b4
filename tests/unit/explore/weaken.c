/* SPDX-License-Identifier: MIT */
/*
 * weaken.c - orderings that an exploration finds, and explorations with weaker ones.
 *
 * Covers: what can stand in place of an ordering, and in which order that is tried; that the places of a program
 * are its barriers and its ordered accesses, each once, and none of its locks; that a weakened place is weak
 * and others are not; that a replay is weakened, too.
 * Not here: C11 programs, rows and groups of them (tests/cli/barriers.t).
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "c_program.h"
#include "../../../lib/explore/weaken.h"

/* ---- what is weaker ---- */

struct weaker_case {
	enum flx_ordering ordering;
	enum flx_kind kind;
	int written, n, to[FLX_MAX_WEAKER];
};

static const struct weaker_case cases[] = {
	{ FLX_OF_ACCESS, FLX_READ, FL_ONCE, 0, { 0 } },
	{ FLX_OF_ACCESS, FLX_READ, FL_ACQUIRE, 1, { FL_ONCE } },
	{ FLX_OF_ACCESS, FLX_READ, FL_SEQ_CST, 2, { FL_ONCE, FL_ACQUIRE } },
	{ FLX_OF_ACCESS, FLX_WRITE, FL_RELEASE, 1, { FL_ONCE } },
	{ FLX_OF_ACCESS, FLX_WRITE, FL_SEQ_CST, 2, { FL_ONCE, FL_RELEASE } },
	{ FLX_OF_ACCESS, FLX_WRITE, FL_PLAIN, 0, { 0 } },
	{ FLX_OF_ACCESS, FLX_RMW, FL_ACQUIRE, 1, { FL_ONCE } },
	{ FLX_OF_ACCESS, FLX_RMW, FL_ACQ_REL, 3, { FL_ONCE, FL_ACQUIRE, FL_RELEASE } },
	{ FLX_OF_ACCESS, FLX_RMW, FL_MB, 3, { FL_ONCE, FL_ACQUIRE, FL_RELEASE } },
	{ FLX_OF_ACCESS, FLX_RMW, FL_SEQ_CST, 4, { FL_ONCE, FL_ACQUIRE, FL_RELEASE, FL_ACQ_REL } },
	{ FLX_OF_FAILURE, FLX_RMW, FL_PLAIN, 0, { 0 } },
	{ FLX_OF_FAILURE, FLX_RMW, FL_SEQ_CST, 2, { FL_ONCE, FL_ACQUIRE } },
	{ FLX_OF_BARRIER, FLX_FENCE, FL_FENCE_BARRIER, 0, { 0 } },
	{ FLX_OF_BARRIER, FLX_FENCE, FL_FENCE_RCU_LOCK, 0, { 0 } },
	{ FLX_OF_BARRIER, FLX_FENCE, FL_FENCE_WMB, 1, { FL_FENCE_BARRIER } },
	{ FLX_OF_BARRIER, FLX_FENCE, FL_FENCE_AFTER_ATOMIC, 1, { FL_FENCE_BARRIER } },
	{ FLX_OF_BARRIER,
	  FLX_FENCE,
	  FL_FENCE_MB,
	  3,
	  { FL_FENCE_BARRIER, FL_FENCE_RMB, FL_FENCE_WMB } },
	{ FLX_OF_BARRIER,
	  FLX_FENCE,
	  FL_FENCE_SYNC_RCU,
	  4,
	  { FL_FENCE_BARRIER, FL_FENCE_RMB, FL_FENCE_WMB, FL_FENCE_MB } },
	{ FLX_OF_BARRIER, FLX_FENCE, FL_FENCE_C11_ACQUIRE, 1, { FL_FENCE_BARRIER } },
	{ FLX_OF_BARRIER,
	  FLX_FENCE,
	  FL_FENCE_C11_SEQ_CST,
	  4,
	  { FL_FENCE_BARRIER, FL_FENCE_C11_ACQUIRE, FL_FENCE_C11_RELEASE, FL_FENCE_C11_ACQ_REL } },
};

START_TEST(weaker_orderings_come_weakest_first)
{
	const struct weaker_case *c = &cases[_i];
	const struct flx_place p = {
		.ordering = c->ordering,
		.kind = c->kind,
		.written = c->written,
	};
	int to[FLX_MAX_WEAKER], n = flx_weaker(&p, to);

	ck_assert_int_eq(n, c->n);
	for (int i = 0; i < n; i++) {
		ck_assert_msg(to[i] == c->to[i], "place %d: %s", i, flx_ordering_name(&p, to[i]));
		ck_assert(flx_is_weaker(&p, to[i], c->written));
		for (int k = 0; k < i; k++)
			ck_assert(!flx_is_weaker(&p, to[i], to[k]));
	}
}
END_TEST

START_TEST(acquire_and_release_are_not_weaker_than_each_other)
{
	const struct flx_place p = { .kind = FLX_RMW, .written = FL_SEQ_CST };

	ck_assert(!flx_is_weaker(&p, FL_ACQUIRE, FL_RELEASE));
	ck_assert(!flx_is_weaker(&p, FL_RELEASE, FL_ACQUIRE));
	ck_assert(!flx_is_weaker(&p, FL_SEQ_CST, FL_SEQ_CST));
}
END_TEST

/* ---- programs ---- */

struct state {
	int data, flag, x, y;
	spinlock_t lock;
	struct rw_semaphore sem;
};

static void send(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->data, 1);
	smp_store_release(&s->flag, 1);
}

static void receive(void *p)
{
	struct state *s = p;

	c_seen[1][0] = smp_load_acquire(&s->flag);
	c_seen[1][1] = READ_ONCE(s->data);
}

static const char *sees_data(void *p)
{
	(void)p;
	return c_seen[1][0] && !c_seen[1][1] ? "flag without data" : NULL;
}

static const struct c_program message = {
	.size = sizeof(struct state),
	.thread = { send, receive },
	.check = sees_data,
};

static void raise_x(void *p)
{
	struct state *s = p;

	WRITE_ONCE(s->x, 1);
	smp_mb();
	c_seen[0][0] = READ_ONCE(s->y);
}

static void raise_y(void *p)
{
	struct state *s = p;

	xchg(&s->y, 1);
	c_seen[1][0] = READ_ONCE(s->x);
}

static const char *one_sees_the_other(void *p)
{
	(void)p;
	return !c_seen[0][0] && !c_seen[1][0] ? "nobody saw the other" : NULL;
}

static const struct c_program flags = {
	.size = sizeof(struct state),
	.thread = { raise_x, raise_y },
	.check = one_sees_the_other,
};

static void lock_all(void *p)
{
	struct state *s = p;

	spin_lock(&s->lock);
	down_write(&s->sem);
	s->data++;
	downgrade_write(&s->sem);
	up_read(&s->sem);
	spin_unlock(&s->lock);
	if (down_read_trylock(&s->sem))
		up_read(&s->sem);
	rcu_read_lock();
	rcu_read_unlock();
	barrier();
}

static const struct c_program locks = {
	.size = sizeof(struct state),
	.thread = { lock_all, lock_all },
};

/* The places of @p, which is correct as it is written. */
static struct flx_places places_of(const struct c_program *p)
{
	struct flx_places places = { 0 };
	const struct flx_options fo = { .model = FLX_LKMM, .places = &places };
	struct flx_program fp;
	struct flx_result r;
	char err[256];

	c_make(p, &fp);
	ck_assert_msg(!flx_explore(&fp, &fo, &r, err, sizeof(err)), "%s", err);
	ck_assert_int_eq(r.verdict, FLX_VERIFIED);
	return places;
}

static const struct flx_place *find(const struct flx_places *places, const char *text)
{
	for (int i = 0; i < places->n; i++)
		if (!strcmp(places->at[i].site->text, text))
			return &places->at[i];
	ck_abort_msg("no place \"%s\"", text);
	return NULL;
}

/* @p with one ordering changed. */
static enum flx_verdict verdict_with(const struct c_program *p, const struct flx_place *place,
				     int to, struct flx_record **record)
{
	const struct flx_weakening w = { .place = *place, .to = to };
	const struct flx_options fo = { .model = FLX_LKMM, .weaken = &w, .nr_weaken = 1 };
	struct flx_program fp;
	struct flx_result r;
	char err[256];

	c_make(p, &fp);
	ck_assert_msg(!flx_explore(&fp, &fo, &r, err, sizeof(err)), "%s", err);
	if (record)
		*record = r.record;
	else
		flx_record_free(r.record);
	return r.verdict;
}

START_TEST(release_and_acquire_are_places_and_needed)
{
	struct flx_places places = places_of(&message);
	const struct flx_place *release = find(&places, "smp_store_release(&s->flag, 1)"),
			       *acquire = find(&places, "smp_load_acquire(&s->flag)");

	ck_assert_int_eq(places.n, 2);
	ck_assert_int_eq(release->written, FL_RELEASE);
	ck_assert_int_eq(acquire->written, FL_ACQUIRE);
	ck_assert_int_eq(verdict_with(&message, release, FL_ONCE, NULL), FLX_VIOLATION);
	ck_assert_int_eq(verdict_with(&message, acquire, FL_ONCE, NULL), FLX_VIOLATION);
	ck_assert_int_eq(verdict_with(&message, release, FL_RELEASE, NULL), FLX_VERIFIED);
	free(places.at);
}
END_TEST

START_TEST(full_barriers_are_needed_between_store_and_load)
{
	struct flx_places places = places_of(&flags);
	const struct flx_place *mb = find(&places, "smp_mb()"),
			       *rmw = find(&places, "xchg(&s->y, 1)");

	ck_assert_int_eq(places.n, 2);
	for (int i = 0, to[FLX_MAX_WEAKER], n = flx_weaker(mb, to); i < n; i++)
		ck_assert_int_eq(verdict_with(&flags, mb, to[i], NULL), FLX_VIOLATION);
	for (int i = 0, to[FLX_MAX_WEAKER], n = flx_weaker(rmw, to); i < n; i++)
		ck_assert_int_eq(verdict_with(&flags, rmw, to[i], NULL), FLX_VIOLATION);
	free(places.at);
}
END_TEST

START_TEST(locks_and_reader_sections_are_no_places)
{
	struct flx_places places = places_of(&locks);

	ck_assert_msg(!places.n, "%s", places.n ? places.at[0].site->text : "");
	free(places.at);
}
END_TEST

START_TEST(a_place_is_the_same_in_a_copy_of_its_site)
{
	struct flx_places places = places_of(&message);
	struct flx_place place = *find(&places, "smp_store_release(&s->flag, 1)");
	struct fl_site copy = *place.site;
	const char *slash = strrchr(copy.file, '/');

	/* As traces have it. */
	copy.file = slash ? slash + 1 : copy.file;
	place.site = &copy;
	ck_assert_int_eq(verdict_with(&message, &place, FL_ONCE, NULL), FLX_VIOLATION);
	copy.line++;
	ck_assert_int_eq(verdict_with(&message, &place, FL_ONCE, NULL), FLX_VERIFIED);
	free(places.at);
}
END_TEST

START_TEST(a_replay_is_weakened_as_the_exploration_was)
{
	struct flx_places places = places_of(&flags);
	struct flx_weakening w = { .place = *find(&places, "smp_mb()"), .to = FL_FENCE_WMB };
	struct flx_options fo = { .model = FLX_LKMM, .weaken = &w, .nr_weaken = 1 };
	struct flx_program fp;
	struct flx_record *record;
	struct flx_result r;
	char err[256] = "";

	ck_assert_int_eq(verdict_with(&flags, &w.place, w.to, &record), FLX_VIOLATION);
	c_make(&flags, &fp);
	ck_assert_msg(!flx_replay(&fp, &fo, record, &r, err, sizeof(err)), "%s", err);
	ck_assert_int_eq(r.verdict, FLX_VIOLATION);
	flx_record_free(r.record);
	fo.nr_weaken = 0;
	ck_assert_int_ne(flx_replay(&fp, &fo, record, &r, err, sizeof(err)), 0);
	flx_record_free(r.record);
	flx_record_free(record);
	free(places.at);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("weaken");
	TCase *table = tcase_create("table"), *engine = tcase_create("engine");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(table, weaker_orderings_come_weakest_first, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(table, acquire_and_release_are_not_weaker_than_each_other);
	suite_add_tcase(suite, table);
	tcase_add_test(engine, release_and_acquire_are_places_and_needed);
	tcase_add_test(engine, full_barriers_are_needed_between_store_and_load);
	tcase_add_test(engine, locks_and_reader_sections_are_no_places);
	tcase_add_test(engine, a_place_is_the_same_in_a_copy_of_its_site);
	tcase_add_test(engine, a_replay_is_weakened_as_the_exploration_was);
	suite_add_tcase(suite, engine);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
