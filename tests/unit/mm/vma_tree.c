// SPDX-License-Identifier: MIT
/*
 * vma_tree.c - tests lib/mm/vma_tree.c: against a plain array, over random insertions,
 * replacements and deletions, of areas of equal and of any size; and with readers who take no lock.
 */
#include "../world.h"

#include <string.h>

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

/* The last leaf has one area, which grows over what belonged to the leaf before it. */
START_TEST(an_area_can_go_over_to_another_leaf)
{
	struct vma_entry grown = { 16 * 15 - 4, 16 * 15 + 12, some_vma(15) };
	struct vma_txn txn;

	for (uint64_t i = 0; i < 17; i++)
		insert(i, some_vma(i));
	erase(16);
	erase(14);
	vma_txn_begin(&txn, &tree);
	ck_assert_int_eq(vma_txn_replace(&txn, 16 * 15, &grown, 1), 0);
	vma_txn_commit(&txn, false);
	ck_assert_ptr_eq(vma_tree_lookup(&tree, grown.start), some_vma(15));
	ck_assert_ptr_eq(vma_tree_find(&tree, 16 * 14), some_vma(15));
	ck_assert_ptr_null(vma_tree_find(&tree, grown.end));
	ck_assert_ptr_eq(vma_tree_find_before(&tree, 16 * SLOTS), some_vma(15));
	ck_assert_uint_eq(vma_tree_gap(&tree, 0, 16 * SLOTS, 17), grown.end);
	ck_assert_ptr_null(vma_tree_lookup(&tree, grown.start - 1));
	for (uint64_t i = 0; i < 14; i++)
		ck_assert_ptr_eq(vma_tree_lookup(&tree, 16 * i), some_vma(i));
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

/* --- areas of any size --- */

#define BYTES 3000

static uint16_t owner[BYTES]; /* the model: which area each byte belongs to; 0: none */

static struct vma_entry range(uint64_t start, uint64_t end, uint64_t n)
{
	return (struct vma_entry){ start, end, some_vma(n) };
}

static void own(uint64_t start, uint64_t end, uint16_t n)
{
	for (uint64_t i = start; i < end; i++)
		owner[i] = n;
}

/* The bounds of what has the same owner as byte @i. */
static uint64_t first_of(uint64_t i)
{
	while (i > 0 && owner[i - 1] == owner[i])
		i--;
	return i;
}

static uint64_t end_of(uint64_t i)
{
	uint16_t n = owner[i];

	while (i < BYTES && owner[i] == n)
		i++;
	return i;
}

static void compare_gaps(void)
{
	for (uint64_t len = 1; len < 40; len += 3) {
		for (uint64_t from = 0; from < BYTES; from += 1 + next_random() % 300) {
			uint64_t at = from, run = 0, i;

			for (i = from; i < BYTES && run < len; i++) {
				run = owner[i] ? 0 : run + 1;
				at = i + 1 - run;
			}
			ck_assert_uint_eq(vma_tree_gap(&tree, from, BYTES, len),
					  run == len ? at : UINT64_MAX);
		}
	}
}

static void compare_bytes(void)
{
	struct vm_area_struct *next = NULL, *before = NULL;

	for (uint64_t i = BYTES; i-- > 0;) {
		struct vm_area_struct *vma = owner[i] ? some_vma(owner[i]) : NULL;

		next = vma ? vma : next;
		ck_assert_ptr_eq(vma_tree_lookup(&tree, i), vma);
		ck_assert_ptr_eq(vma_tree_find(&tree, i), next);
	}
	for (uint64_t i = 0; i < BYTES; i++) {
		ck_assert_ptr_eq(vma_tree_find_before(&tree, i), before);
		if (owner[i])
			before = some_vma(owner[i]);
	}
	compare_gaps();
}

static uint16_t next_owner;

static uint16_t new_owner(void)
{
	return ++next_owner;
}

/* A new area in the free range that byte @i is in. */
static void random_insert(struct vma_txn *txn, uint64_t i)
{
	uint64_t start = i, end = end_of(i);
	uint16_t n = new_owner();
	struct vma_entry e;

	if (end > start + 12)
		end = start + 1 + next_random() % 12;
	e = range(start, end, n);
	ck_assert_int_eq(vma_txn_insert(txn, &e), 0);
	own(start, end, n);
}

/* The area that byte @i is in goes, splits, shrinks, or grows to one side or both. */
static void random_replace(struct vma_txn *txn, uint64_t i)
{
	uint64_t start = first_of(i), end = end_of(i), low = start, high = end;
	uint16_t n = owner[i], m = new_owner();
	struct vma_entry e[2];

	if (start && !owner[start - 1])
		low = start - next_random() % (start - first_of(start - 1) + 1);
	if (end < BYTES && !owner[end])
		high = end + next_random() % (end_of(end) - end + 1);
	switch (next_random() % 4) {
	case 0:
		ck_assert_int_eq(vma_txn_replace(txn, i, NULL, 0), 0);
		own(start, end, 0);
		break;
	case 1:
		e[0] = range(low, high, n);
		ck_assert_int_eq(vma_txn_replace(txn, i, e, 1), 0);
		own(low, high, n);
		break;
	case 2:
		if (i == start)
			break;
		e[0] = range(low, i, n);
		e[1] = range(i, high, m);
		ck_assert_int_eq(vma_txn_replace(txn, start, e, 2), 0);
		own(low, i, n);
		own(i, high, m);
		break;
	case 3:
		e[0] = range(i, end, n);
		ck_assert_int_eq(vma_txn_replace(txn, start, e, 1), 0);
		own(start, i, 0);
		break;
	}
}

START_TEST(areas_of_any_size_agree_with_an_array_of_bytes)
{
	static uint16_t saved[BYTES];

	random_state = 4711;
	next_owner = 0;
	memset(owner, 0, sizeof(owner));
	for (int n = 0; n < 12000; n++) {
		unsigned int changes = 1 + next_random() % (n % 100 ? 3 : 60);
		struct vma_txn txn;

		memcpy(saved, owner, sizeof(owner));
		vma_txn_begin(&txn, &tree);
		while (changes--) {
			uint64_t i = next_random() % BYTES;

			if (owner[i])
				random_replace(&txn, i);
			else if (n / 3000 % 2 == 0 || next_random() % 4 == 0)
				random_insert(&txn, i);
		}
		if (next_random() % 5 == 0) {
			vma_txn_abort(&txn);
			memcpy(owner, saved, sizeof(owner));
		} else {
			vma_txn_commit(&txn, next_random() % 2);
		}
		if (n % 60 == 0)
			compare_bytes();
	}
	compare_bytes();
	/* All of it in one go. */
	{
		struct vma_txn txn;

		vma_txn_begin(&txn, &tree);
		for (uint64_t i = 0; i < BYTES; i = end_of(i)) {
			if (owner[i])
				ck_assert_int_eq(vma_txn_replace(&txn, i, NULL, 0), 0);
		}
		vma_txn_commit(&txn, true);
		ck_assert_ptr_null(tree.root);
	}
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
	tcase_add_test(tc, an_area_can_go_over_to_another_leaf);
	tcase_add_test(tc, an_aborted_change_leaves_no_trace);
	tcase_add_test(tc, areas_of_any_size_agree_with_an_array_of_bytes);
	tcase_add_test(tc, readers_without_a_lock_find_what_is_there_all_the_time);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
