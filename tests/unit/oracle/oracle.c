// SPDX-License-Identifier: MIT
/* oracle.c - tests lib/oracle/oracle.c and map.c: oracles of one's own, decisions, records that are taken back. */
#include "told.h"

#include <errno.h>

#include <faultline/oracle.h>

#include "oracle/map.h"

static struct own {
	unsigned int loads, stores, resets, first_resets, finished;
	struct fl_event last;
} own;

static void own_event(void *arg, const struct fl_event *e)
{
	struct own *o = arg;

	o->loads += e->kind == FL_EVENT_LOAD;
	o->stores += e->kind == FL_EVENT_STORE;
	o->last = *e;
}

static void own_finish(void *arg, struct fl_machine *m)
{
	struct own *o = arg;

	o->finished++;
	ck_assert_ptr_eq(m, machine);
	if (o->stores > 1)
		fl_oracle_fail("own", "%u stores", o->stores);
}

static void own_reset(void *arg, bool first)
{
	struct own *o = arg;

	o->resets++;
	o->first_resets += first;
	o->stores = 0;
}

static const struct fl_custom_oracle own_oracle = {
	.name = "own",
	.arg = &own,
	.event = own_event,
	.finish = own_finish,
	.reset = own_reset,
};

static void set_up(void)
{
	memset(&own, 0, sizeof(own));
	begin_newest_world();
	fl_oracle_watch_accesses(false); /* its own are enough */
}

START_TEST(an_oracle_of_ones_own_hears_and_fails)
{
	ck_assert_int_eq(fl_oracle_register(&own_oracle), 0);
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_uint_eq(own.stores, 1);
	ck_assert_uint_eq(own.last.addr, a);
	ck_assert_uint_eq(own.last.value, 2);
	ck_assert_uint_eq(own.last.pfn, pte_pfn(entry_of(a)));
	ck_assert_ptr_eq(own.last.mm, fl_mm);
	store_on_cpu1(a, 3);
	ck_assert_uint_eq(own.last.cpu, 1);
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert_uint_eq(own.loads, 1);
	ck_assert_reported("own", "2 stores");
	fl_oracle_reset();
	ck_assert_uint_eq(own.resets, 2);
	ck_assert_uint_eq(own.first_resets, 1);
	ck_assert_silent();
	fl_oracle_unregister(&own_oracle);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_uint_eq(own.stores, 0);
	ck_assert_uint_eq(fl_oracle_wanted, 0);
}
END_TEST

static void look_at_memory(void *arg, const struct fl_event *e)
{
	if (e->kind == FL_EVENT_STORE)
		*(uint64_t *)arg = *word_of(e->addr);
}

/* So that natively nobody hears of a load of it before. */
START_TEST(a_store_is_announced_before_it_is_made)
{
	uint64_t there = 0, old;
	struct fl_custom_oracle peek = { .name = "own", .arg = &there, .event = look_at_memory };

	ck_assert_int_eq(fl_oracle_register(&peek), 0);
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_uint_eq(there, 1);
	ck_assert_int_eq(fl_fetch_add(&old, cpu0, a, 1), 0); /* not so */
	ck_assert_uint_eq(there, 3);
	fl_oracle_unregister(&peek);
}
END_TEST

START_TEST(there_is_room_for_eight)
{
	struct fl_custom_oracle many[9];

	for (unsigned int i = 0; i < 9; i++) {
		many[i] = (struct fl_custom_oracle){ .name = "many" };
		ck_assert_int_eq(fl_oracle_register(&many[i]), i < 8 ? 0 : -EBUSY);
	}
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0); /* nobody listens */
	ck_assert_silent();
	for (unsigned int i = 0; i < 9; i++)
		fl_oracle_unregister(&many[i]);
	ck_assert_int_eq(fl_oracle_register(&(struct fl_custom_oracle){ .name = "" }), -EINVAL);
	ck_assert_int_eq(fl_oracle_register(NULL), -EINVAL);
}
END_TEST

static bool never(void *arg, const struct fl_reuse_question *q)
{
	return false;
}

START_TEST(decisions_are_the_next_machines)
{
	const struct fl_decisions decisions = { .reuse = never };
	struct fl_machine_config config = { .cpus = 1 };
	struct fl_machine *m;

	ck_assert_int_eq(fl_decisions_set(&decisions), -EBUSY);
	end_world();
	ck_assert_int_eq(fl_decisions_set(&decisions), 0);
	fl_machine_config_small(&config);
	ck_assert_int_eq(fl_machine_create(&m, &config), 0);
	ck_assert_ptr_eq((void *)m->decisions.reuse, (void *)never);
	fl_machine_destroy(m);
	ck_assert_int_eq(fl_decisions_set(NULL), 0);
	ck_assert_int_eq(fl_machine_create(&m, &config), 0);
	ck_assert_ptr_null((void *)m->decisions.reuse);
	fl_machine_destroy(m);
	begin_newest_world();
}
END_TEST

struct record {
	struct fl_key key;
	int value;
};

START_TEST(records_come_back_as_they_were)
{
	static struct fl_map map = FL_MAP(struct record);
	struct record *r;

	for (int i = 0; i < 20; i++) {
		r = fl_map_get(&map, i, 1);
		r->value = i;
	}
	fl_map_save(&map);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20 + 500 * round; i++) {
			r = fl_map_get(&map, i, 1);
			r->value = -1;
		}
		fl_map_restore(&map);
		for (int i = 0; i < 2000; i++) {
			r = fl_map_find(&map, i, 1);
			ck_assert_int_eq(r != NULL, i < 20);
			ck_assert(!r || r->value == i);
			ck_assert_ptr_null(fl_map_find(&map, i, 2));
		}
	}
	fl_map_clear(&map);
	ck_assert_ptr_null(fl_map_find(&map, 1, 1));
	free(map.t.data);
	free(map.heads);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.oracle");
	TCase *tc = test_case("oracle");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, an_oracle_of_ones_own_hears_and_fails);
	tcase_add_test(tc, a_store_is_announced_before_it_is_made);
	tcase_add_test(tc, there_is_room_for_eight);
	tcase_add_test(tc, decisions_are_the_next_machines);
	tcase_add_test(tc, records_come_back_as_they_were);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
