// SPDX-License-Identifier: MIT
/*
 * vma_tree.c - tests lib/mm/vma_tree.c: against a plain array, over random insertions,
 * replacements and deletions; and with readers who take no lock.
 */
#include "../world.h"

#define SLOTS 400 /* places for areas, at multiples of 16 */

static struct vma_tree tree;
static struct vm_area_struct *areas[SLOTS]; /* the model: area i is [16 i, 16 i + 12) */
static uint64_t random_state;

/* xorshift64*. */
static uint64_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dULL;
}

/* Never looked into. */
static struct vm_area_struct *some_vma(uint64_t n)
{
	return (struct vm_area_struct *)(uintptr_t)(0x1000 + 16 * n);
}

static struct vma_entry area(uint64_t i, struct vm_area_struct *vma)
{
	return (struct vma_entry){ 16 * i, 16 * i + 12, vma };
}

static void insert(uint64_t i, struct vm_area_struct *vma)
{
	struct vma_entry e = area(i, vma);
	struct vma_txn txn;

	vma_txn_begin(&txn, &tree);
	ck_assert_int_eq(vma_txn_insert(&txn, &e), 0);
	vma_txn_commit(&txn, false);
	areas[i] = vma;
}

static void erase(uint64_t i)
{
	struct vma_txn txn;

	vma_txn_begin(&txn, &tree);
	ck_assert_int_eq(vma_txn_replace(&txn, 16 * i + 5, NULL, 0), 0);
	vma_txn_commit(&txn, false);
	areas[i] = NULL;
}

/* All three lookups, at every address that matters. */
static void compare(void)
{
	struct vm_area_struct *before = NULL, *after[SLOTS + 1];

	after[SLOTS] = NULL;
	for (int i = SLOTS - 1; i >= 0; i--)
		after[i] = areas[i] ? areas[i] : after[i + 1];
	for (uint64_t i = 0; i < SLOTS; i++) {
		ck_assert_ptr_eq(vma_tree_find_before(&tree, 16 * i), before);
		ck_assert_ptr_eq(vma_tree_lookup(&tree, 16 * i), areas[i]);
		ck_assert_ptr_eq(vma_tree_lookup(&tree, 16 * i + 11), areas[i]);
		ck_assert_ptr_eq(vma_tree_lookup(&tree, 16 * i + 12), NULL);
		ck_assert_ptr_eq(vma_tree_find(&tree, 16 * i), after[i]);
		ck_assert_ptr_eq(vma_tree_find(&tree, 16 * i + 12), after[i + 1]);
		before = areas[i] ? areas[i] : before;
	}
}

START_TEST(an_empty_tree_finds_nothing)
{
	ck_assert_ptr_null(vma_tree_lookup(&tree, 0));
	ck_assert_ptr_null(vma_tree_find(&tree, 0));
	ck_assert_ptr_null(vma_tree_find_before(&tree, ~0ULL));
}
END_TEST

START_TEST(ascending_descending_and_back_to_nothing)
{
	for (uint64_t i = 0; i < SLOTS; i++)
		insert(i, some_vma(i));
	compare();
	for (uint64_t i = 0; i < SLOTS; i++)
		erase(i);
	ck_assert_ptr_null(tree.root);
	for (uint64_t i = SLOTS; i-- > 0;)
		insert(i, some_vma(i));
	compare();
	for (uint64_t i = SLOTS; i-- > 0;)
		erase(i);
	ck_assert_ptr_null(tree.root);
}
END_TEST

START_TEST(random_changes_agree_with_an_array)
{
	random_state = 42;
	for (int n = 0; n < 20000; n++) {
		uint64_t i = next_random() % SLOTS;
		/* Long phases that fill, and that empty. */
		bool fill = next_random() % 8 ? n / 2500 % 2 == 0 : n / 2500 % 2;

		if (fill && !areas[i])
			insert(i, some_vma(next_random() % 1000));
		else if (!fill && areas[i])
			erase(i);
		if (n % 500 == 0)
			compare();
	}
	compare();
}
END_TEST

START_TEST(replacing_can_split_and_join)
{
	struct vma_entry halves[2] = { { 160, 164, some_vma(1) }, { 164, 172, some_vma(2) } };
	struct vma_entry whole = { 160, 172, some_vma(3) };
	struct vma_txn txn;

	for (uint64_t i = 0; i < 40; i++)
		insert(i, some_vma(100 + i));
	/* |0123456789ab|  becomes  |0123|456789ab| */
	vma_txn_begin(&txn, &tree);
	ck_assert_int_eq(vma_txn_replace(&txn, 160, halves, 2), 0);
	/* Until it is published, nobody sees it. */
	ck_assert_ptr_eq(vma_tree_lookup(&tree, 160), some_vma(110));
	vma_txn_commit(&txn, false);
	ck_assert_ptr_eq(vma_tree_lookup(&tree, 163), some_vma(1));
	ck_assert_ptr_eq(vma_tree_lookup(&tree, 164), some_vma(2));
	/* and back, in two steps of one transaction */
	vma_txn_begin(&txn, &tree);
	ck_assert_int_eq(vma_txn_replace(&txn, 164, NULL, 0), 0);
	ck_assert_int_eq(vma_txn_replace(&txn, 160, &whole, 1), 0);
	vma_txn_commit(&txn, false);
	areas[10] = some_vma(3);
	compare();
}
END_TEST

START_TEST(an_aborted_change_leaves_no_trace)
{
	struct vma_entry e = area(7, some_vma(7));
	struct vma_txn txn;

	for (uint64_t i = 0; i < 100; i += 2)
		insert(i, some_vma(i));
	vma_txn_begin(&txn, &tree);
	ck_assert_int_eq(vma_txn_insert(&txn, &e), 0);
	ck_assert_int_eq(vma_txn_replace(&txn, 16 * 8, NULL, 0), 0);
	vma_txn_abort(&txn);
	compare();
}
END_TEST

static int stop;

/* Even areas are always there, odd ones come and go. */
static void look_up(struct fl_cpu *cpu, void *arg)
{
	uint64_t i = 0;

	while (!READ_ONCE(stop)) {
		struct vm_area_struct *vma;

		i = (i + 7) % SLOTS;
		rcu_read_lock();
		vma = vma_tree_lookup(&tree, 16 * i);
		rcu_read_unlock();
		if (vma != some_vma(i) && (i % 2 == 0 || vma))
			abort();
	}
}

START_TEST(readers_without_a_lock_find_what_is_there_all_the_time)
{
	struct vma_txn txn;
	struct call call;

	for (uint64_t i = 0; i < SLOTS; i += 2)
		insert(i, some_vma(i));
	begin_on(&call, cpu1, look_up, NULL);
	random_state = 7;
	for (int n = 0; n < 3000; n++) {
		uint64_t i = next_random() % SLOTS | 1;
		struct vma_entry e = area(i, some_vma(i));

		vma_txn_begin(&txn, &tree);
		if (areas[i])
			ck_assert_int_eq(vma_txn_replace(&txn, 16 * i, NULL, 0), 0);
		else
			ck_assert_int_eq(vma_txn_insert(&txn, &e), 0);
		areas[i] = areas[i] ? NULL : some_vma(i);
		vma_txn_commit(&txn, true);
	}
	WRITE_ONCE(stop, 1);
	end_on(&call);
	compare();
}
END_TEST

static void set_up(void)
{
	make_world("6.5", NULL);
}

static void tear_down(void)
{
	vma_tree_destroy(&tree);
	end_world();
}

int main(void)
{
	Suite *suite = suite_create("mm.vma_tree");
	TCase *tc = test_case("tree");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, an_empty_tree_finds_nothing);
	tcase_add_test(tc, ascending_descending_and_back_to_nothing);
	tcase_add_test(tc, random_changes_agree_with_an_array);
	tcase_add_test(tc, replacing_can_split_and_join);
	tcase_add_test(tc, an_aborted_change_leaves_no_trace);
	tcase_add_test(tc, readers_without_a_lock_find_what_is_there_all_the_time);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
