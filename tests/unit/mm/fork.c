// SPDX-License-Identifier: MIT
/*
 * fork.c - tests lib/mm/fork.c: what parent and child share, what they don't, and who is pinned. Which
 * of the two copies at the next write is cow.c's.
 */
#include "../world.h"

#include <errno.h>

static struct fl_mm *child;

/* Parent on CPU 0, child on CPU 1. */
static void do_fork(void)
{
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	fl_switch_mm(cpu1, child);
}

static pte_t entry_in(struct fl_mm *which, fl_vaddr addr)
{
	pmd_t *pmdp = pmd_offset_lockless(machine, which->mm.pgd, addr);

	return pmdp && *pmdp ? *pte_offset_map(machine, *pmdp, addr) : 0;
}

static struct page *child_page(fl_vaddr addr)
{
	return pfn_to_page(machine, pte_pfn(entry_in(child, addr)));
}

/* --- sharing --- */

START_TEST(a_private_page_is_shared_until_one_of_both_writes)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	for (unsigned int i = 0; i < 2; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 1), 0);
	do_fork();
	ck_assert_ptr_eq(child_page(a), page_of(a));
	ck_assert_int_eq(page_mapcount(page_of(a)), 2);
	ck_assert_int_eq(page_count(page_of(a)), 2);
	ck_assert(!pte_write(entry_of(a)) && !pte_write(entry_in(child, a)));

	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_int_eq(fl_store(cpu1, a + PAGE, 3), 0);
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 1);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 3);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(areas_come_along_and_nothing_else)
{
	fl_vaddr rw = map(2, FL_READ | FL_WRITE), ro = map(1, FL_READ);
	uint64_t word;

	ck_assert_int_eq(fl_munmap(fl_mm, rw, 1), 0);
	do_fork();
	ck_assert_int_eq(fl_load(&word, cpu1, rw), -EFAULT);
	ck_assert_int_eq(fl_store(cpu1, rw + PAGE, 1), 0);
	ck_assert_int_eq(fl_store(cpu1, ro, 1), -EFAULT);
	ck_assert_uint_eq(load(cpu1, ro), 0);
	ck_assert_uint_ne(fl_mm_id(child), fl_mm_id(fl_mm));
	/* what either does to its areas from now on is its own affair */
	ck_assert_int_eq(fl_munmap(child, ro, 1), 0);
	ck_assert_uint_eq(load(cpu0, ro), 0);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(an_empty_address_space_can_fork)
{
	do_fork();
	ck_assert_int_eq(fl_store(cpu1, PAGE, 1), -EFAULT);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(the_zero_page_needs_no_reference)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 1), 0); /* without it nothing is copied */
	do_fork();
	ck_assert(pte_special(entry_in(child, a)));
	ck_assert_int_eq(fl_store(cpu1, a, 1), 0);
	ck_assert_uint_eq(load(cpu0, a), 0);
	fl_mm_destroy(child);
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 1);
}
END_TEST

START_TEST(old_translations_of_the_parent_are_gone)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	/* both CPUs run the parent and may write without a look at the page table */
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu1, a, 2), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_store(cpu1, a, 3), 0);
	fl_switch_mm(cpu1, child);
	ck_assert_uint_eq(load(cpu1, a), 2);
	ck_assert_uint_eq(load(cpu0, a), 3);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(children_of_children)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_mm *grandchild;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	do_fork();
	ck_assert_int_eq(fl_fork(&grandchild, child), 0);
	ck_assert_int_eq(page_mapcount(page_of(a)), 3);
	ck_assert_int_eq(fl_store(cpu1, a, 2), 0);
	fl_switch_mm(cpu1, grandchild);
	ck_assert_uint_eq(load(cpu1, a), 1);
	fl_mm_destroy(fl_mm);
	fl_mm_destroy(child);
	ck_assert_uint_eq(load(cpu1, a), 1);
	fl_mm = grandchild; /* end_world() does the rest */
	mm = &fl_mm->mm;
}
END_TEST

START_TEST(the_child_has_no_userfaultfd)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);
	struct vm_area_struct *vma;
	struct fl_uffd *uffd;
	pte_t *ptep;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 2, FL_UFFD_MISSING | FL_UFFD_WP), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 2, true), 0);
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a + PAGE);
	*ptep = make_pte_marker_uffd_wp();
	do_fork();
	vma = vma_lookup(&child->mm, a);
	ck_assert_uint_eq(vma->vm_flags & __VM_UFFD_FLAGS, 0);
	ck_assert_ptr_null(vma->uffd_ctx);
	ck_assert(!pte_uffd_wp(entry_in(child, a)));
	ck_assert(pte_none(entry_in(child, a + PAGE)));
	ck_assert(pte_uffd_wp(entry_of(a)) && pte_marker_uffd_wp(entry_of(a + PAGE)));
	/* nobody waits for an answer */
	ck_assert_int_eq(fl_store(cpu1, a, 2), 0);
	ck_assert_int_eq(fl_store(cpu1, a + PAGE, 2), 0);
	fl_mm_destroy(child);
	fl_uffd_close(uffd);
}
END_TEST

/* A shared mapping is read-only while userfaultfd waits for writes. */
START_TEST(the_childs_shared_mapping_waits_for_nobody)
{
	struct vm_area_struct *vma;
	struct fl_uffd *uffd;
	fl_vaddr a;

	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, NULL, 0), 0);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 1, FL_UFFD_WP), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 1, true), 0);
	ck_assert(pte_marker_uffd_wp(entry_of(a)));
	do_fork();
	ck_assert(!pte_write(vma_lookup(mm, a)->vm_page_prot));
	vma = vma_lookup(&child->mm, a);
	ck_assert_uint_eq(vma->vm_flags & __VM_UFFD_FLAGS, 0);
	ck_assert(pte_write(vma->vm_page_prot));
	ck_assert_int_eq(fl_store(cpu1, a, 2), 0);
	ck_assert(pte_marker_uffd_wp(entry_of(a)));
	fl_mm_destroy(child);
}
END_TEST

START_TEST(the_sequence_count_says_that_entries_were_copied)
{
	unsigned int seq = mm->write_protect_seq.sequence;
	fl_vaddr a = map(1, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	do_fork();
	ck_assert_uint_eq(mm->write_protect_seq.sequence, seq + 2);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(without_the_policy_nobody_counts)
{
	fl_vaddr a;

	make_world("5.9", NULL);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	do_fork();
	ck_assert_uint_eq(mm->write_protect_seq.sequence, 0);
	fl_mm_destroy(child);
	end_world();
}
END_TEST

/* --- pins --- */

struct rule {
	const char *kernel, *set;
	bool kept; /* the parent keeps a page that is pinned, the child has a copy */
};

static const struct rule rules[] = {
	{ "5.7", NULL, false }, { "5.9", "fork_pinned=wrprotect-first", true },
	{ "5.9", NULL, true },	{ "5.11", NULL, true },
	{ "6.12", NULL, true },
};

static void pinned_page(const struct rule *rule, unsigned int flags)
{
	bool kept = rule->kept;
	fl_vaddr a, b;
	struct fl_pin p;

	make_world(rule->kernel, rule->set);
	a = map(2, FL_READ | FL_WRITE);
	b = a + PAGE;
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, b, 2), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, flags, &p), 1);
	do_fork();
	/* an ordinary page is shared all the same */
	ck_assert_ptr_eq(page_of(b), child_page(b));
	ck_assert_int_eq(page_of(a) != child_page(a), kept);
	ck_assert_int_eq(pte_write(entry_of(a)) != 0, kept);
	ck_assert_uint_eq(load(cpu1, a), 1);
	/* pin and mapping are one page still, or part here */
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_uint_eq(fl_pin_load(&p, 0), kept ? 3 : 1);
	ck_assert_uint_eq(load(cpu1, a), 1);
	if (kept) {
		ck_assert_int_eq(page_mapcount(page_of(a)), 1);
		ck_assert(pte_write(entry_in(child, a)) && pte_dirty(entry_in(child, a)));
	}
	/* the child had no pin */
	ck_assert(!test_bit(MMF_HAS_PINNED, &child->mm.flags));
	fl_unpin(cpu0, &p);
	fl_mm_destroy(child);
	end_world();
}

START_TEST(a_page_pinned_to_be_written)
{
	pinned_page(&rules[_i], FL_GUP_WRITE);
}
END_TEST

START_TEST(a_page_pinned_to_be_read)
{
	pinned_page(&rules[_i], 0);
}
END_TEST

START_TEST(a_pin_that_is_gone_does_not_count)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &p), 1);
	fl_unpin(cpu0, &p);
	do_fork();
	ck_assert_ptr_eq(page_of(a), child_page(a));
	ck_assert(!PageAnonExclusive(page_of(a)));
	fl_mm_destroy(child);
}
END_TEST

START_TEST(without_a_frame_for_the_copy_there_is_no_child)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);
	struct page *taken[16];
	struct fl_pin p;
	int n = 0;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a + PAGE, 1, FL_GUP_WRITE, &p), 1);
	while ((taken[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(fl_fork(&child, fl_mm), -ENOMEM);
	ck_assert_int_eq(page_count(page_of(a)), 1);
	ck_assert_int_eq(page_mapcount(page_of(a)), 1);
	ck_assert_ptr_null(mm->next);
	/* the parent goes on with the pages that it had */
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 4), 0);
	ck_assert_uint_eq(fl_pin_load(&p, 0), 4);
	while (n > 0)
		put_page(machine, taken[--n]);
	fl_unpin(cpu0, &p);
}
END_TEST

/* --- while the parent runs --- */

struct race {
	fl_vaddr a;
	int stop;
	int parted; /* how often pin and mapping were two pages */
};

/* Two words that are never far apart: the second follows the first. */
static void count_up(struct fl_cpu *cpu, void *arg)
{
	struct race *r = arg;

	for (uint64_t i = 1; !READ_ONCE(r->stop); i++) {
		fl_store(cpu, r->a, i);
		fl_store(cpu, r->a + PAGE, i);
	}
}

START_TEST(a_child_does_not_see_what_the_parent_stores_later)
{
	struct race r = { .a = map(2, FL_READ | FL_WRITE) };
	struct call call;

	ck_assert_int_eq(fl_store(cpu0, r.a, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, r.a + PAGE, 0), 0);
	begin_on(&call, cpu1, count_up, &r);
	for (int i = 0; i < 300; i++) {
		uint64_t first, second;

		ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
		fl_switch_mm(cpu0, child);
		first = load(cpu0, r.a);
		second = load(cpu0, r.a + PAGE);
		ck_assert(second <= first && first <= second + 1);
		ck_assert_uint_eq(load(cpu0, r.a), first);
		fl_switch_mm(cpu0, NULL);
		fl_mm_destroy(child);
	}
	WRITE_ONCE(r.stop, 1);
	end_on(&call);
	fl_switch_mm(cpu0, fl_mm);
}
END_TEST

static void pin_and_store(struct fl_cpu *cpu, void *arg)
{
	struct race *r = arg;
	struct fl_pin p;

	for (uint64_t i = 1; !READ_ONCE(r->stop); i++) {
		if (fl_pin_user_pages_fast(cpu, r->a, 1, FL_GUP_WRITE, &p) != 1)
			continue;
		fl_store(cpu, r->a, i);
		if (fl_pin_load(&p, 0) != i)
			WRITE_ONCE(r->parted, r->parted + 1);
		fl_unpin(cpu, &p);
	}
}

START_TEST(a_pin_taken_while_fork_runs_stays_with_its_page)
{
	struct race r = { .a = map(1, FL_READ | FL_WRITE) };
	struct call call;

	ck_assert_int_eq(fl_store(cpu0, r.a, 0), 0);
	begin_on(&call, cpu1, pin_and_store, &r);
	for (int i = 0; i < 2000; i++) {
		ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
		fl_mm_destroy(child);
	}
	WRITE_ONCE(r.stop, 1);
	end_on(&call);
	ck_assert_int_eq(r.parted, 0);
	ck_assert_int_eq(page_count(page_of(r.a)), 1);
}
END_TEST

static void linux_6_12(void)
{
	make_world("6.12", NULL);
}

static void linux_5_7(void)
{
	make_world("5.7", NULL);
}

static void ipi(void)
{
	make_world("6.12", "tlb_flush=ipi");
}

int main(void)
{
	static void (*const fixtures[])(void) = { linux_6_12, linux_5_7, ipi };
	static const char *const names[] = { "6.12", "5.7", "ipi" };
	Suite *suite = suite_create("mm.fork");
	TCase *pins = test_case("pins"), *newest = test_case("newest");
	const int nr_rules = sizeof(rules) / sizeof(rules[0]);

	for (int i = 0; i < 3; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, a_private_page_is_shared_until_one_of_both_writes);
		tcase_add_test(tc, areas_come_along_and_nothing_else);
		tcase_add_test(tc, an_empty_address_space_can_fork);
		tcase_add_test(tc, the_zero_page_needs_no_reference);
		tcase_add_test(tc, old_translations_of_the_parent_are_gone);
		tcase_add_test(tc, children_of_children);
		tcase_add_test(tc, the_child_has_no_userfaultfd);
		tcase_add_test(tc, a_child_does_not_see_what_the_parent_stores_later);
		suite_add_tcase(suite, tc);
	}
	tcase_add_checked_fixture(newest, linux_6_12, end_world);
	tcase_add_test(newest, the_childs_shared_mapping_waits_for_nobody);
	tcase_add_test(newest, the_sequence_count_says_that_entries_were_copied);
	tcase_add_test(newest, a_pin_that_is_gone_does_not_count);
	tcase_add_test(newest, without_a_frame_for_the_copy_there_is_no_child);
	tcase_add_test(newest, a_pin_taken_while_fork_runs_stays_with_its_page);
	suite_add_tcase(suite, newest);
	tcase_add_test(pins, without_the_policy_nobody_counts);
	tcase_add_loop_test(pins, a_page_pinned_to_be_written, 0, nr_rules);
	tcase_add_loop_test(pins, a_page_pinned_to_be_read, 0, nr_rules);
	suite_add_tcase(suite, pins);
	return run_suite(suite);
}
