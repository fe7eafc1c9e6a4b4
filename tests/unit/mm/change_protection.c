// SPDX-License-Identifier: MIT
/*
 * change_protection.c - tests lib/mm/change_protection.c: what entries become, what is flushed and when,
 * and when an entry may be writable. NUMA hinting: numa.c; uffd-wp and markers: uffd_wp.c.
 */
#include "shared.h"

#include <stdio.h>
#include <string.h>

#define RO (_PAGE_PRESENT | _PAGE_USER)
#define RW (RO | _PAGE_RW)

static fl_vaddr a; /* two private pages, stored to by both CPUs */
static struct vm_area_struct *vma;
static struct mmu_gather tlb;

static void set_up_with(const char *kernel, const char *set)
{
	make_world(kernel, set);
	a = map(2, FL_READ | FL_WRITE);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 1), 0);
		ck_assert_int_eq(fl_store(cpu1, a + i * PAGE, 1), 0);
	}
	vma = vma_lookup(mm, a);
}

static void linux_6_1(void)
{
	set_up_with("6.1", NULL);
}

static long protect(pte_t newprot, unsigned int flags)
{
	long n;

	tlb_gather_mmu(&tlb, mm);
	n = change_protection(&tlb, vma, vma->vm_start, vma->vm_end, newprot, flags);
	tlb_finish_mmu(&tlb);
	return n;
}

/* Does a store by cpu1 go through a translation that its TLB kept? Then nobody saw it. */
static bool store_is_unseen(fl_vaddr addr)
{
	ck_assert(!pte_write(entry_of(addr)));
	ck_assert_int_eq(fl_store(cpu1, addr, 2), 0);
	return !pte_write(entry_of(addr));
}

START_TEST(what_is_not_protection_stays)
{
	pte_t was = entry_of(a);

	ck_assert_int_eq(protect(RO, 0), 2);
	ck_assert_uint_eq(entry_of(a), was & ~_PAGE_RW);
	ck_assert(pte_dirty(was) && pte_young(was) && pte_soft_dirty(was));
	ck_assert_int_eq(protect(_PAGE_PROTNONE | _PAGE_USER, 0), 2);
	ck_assert(pte_protnone(entry_of(a)));
	ck_assert_int_eq(protect(RW, 0), 2);
	ck_assert_uint_eq(entry_of(a), was);
}
END_TEST

START_TEST(rights_that_were_taken_are_flushed)
{
	protect(RO, 0);
	ck_assert(!store_is_unseen(a));
	ck_assert(!store_is_unseen(a + PAGE));
}
END_TEST

START_TEST(rights_that_were_given_need_no_flush)
{
	protect(RO, 0);
	tlb_gather_mmu(&tlb, mm);
	change_protection(&tlb, vma, a, a + PAGE, RW, 0);
	ck_assert(!tlb.cleared_ptes);
	change_protection(&tlb, vma, a, a + PAGE, RW, 0);
	ck_assert(!tlb.cleared_ptes);
	change_protection(&tlb, vma, a, a + PAGE, RO, 0);
	ck_assert(tlb.cleared_ptes);
	ck_assert_uint_eq(tlb.start, a);
	ck_assert_uint_eq(tlb.end, a + PAGE);
	tlb_finish_mmu(&tlb);
}
END_TEST

START_TEST(only_the_range_changes)
{
	tlb_gather_mmu(&tlb, mm);
	ck_assert_int_eq(change_protection(&tlb, vma, a + PAGE, a + 2 * PAGE, RO, 0), 1);
	tlb_finish_mmu(&tlb);
	ck_assert(pte_write(entry_of(a)));
	ck_assert(!pte_write(entry_of(a + PAGE)));
}
END_TEST

/* protect_flush: is it flushed when change_protection() returns? With never, it is not afterwards. */
static const struct {
	const char *set;
	bool before, after;
} flush_points[] = {
	{ "protect_flush=end", false, true },	   { "protect_flush=per-ptl", true, true },
	{ "protect_flush=per-entry", true, true }, { "protect_flush=never", false, false },
	{ "tlb_pending=bool", true, true }, /* flushes before it takes the announcement back */
};

START_TEST(the_flush_is_where_the_policy_says)
{
	set_up_with("6.1", flush_points[_i].set);
	mmap_read_lock(mm);
	tlb_gather_mmu(&tlb, mm);
	change_protection(&tlb, vma, a, a + 2 * PAGE, RO, 0);
	ck_assert_int_eq(!store_is_unseen(a), flush_points[_i].before);
	tlb_finish_mmu(&tlb);
	mmap_read_unlock(mm);
	ck_assert_int_eq(!store_is_unseen(a + PAGE), flush_points[_i].after);
	end_world();
}
END_TEST

static struct fl_flush_question asked[4];
static int nr_asked, pending_when_asked;
static bool answer;

static bool decide(void *arg, const struct fl_flush_question *q)
{
	ck_assert_ptr_eq(arg, &answer);
	pending_when_asked = mm_tlb_flush_pending(mm);
	asked[nr_asked++] = *q;
	return answer;
}

START_TEST(a_user_may_decide_about_each_flush)
{
	/* against the policy, whatever it says */
	for (int now = 0; now < 2; now++) {
		set_up_with("6.1", now ? "protect_flush=end" : "protect_flush=per-entry");
		machine->decisions = (struct fl_decisions){ .arg = &answer, .flush_now = decide };
		answer = now;
		nr_asked = 0;
		mmap_read_lock(mm);
		tlb_gather_mmu(&tlb, mm);
		change_protection(&tlb, vma, a, a + 2 * PAGE, RO, 0);
		change_protection(&tlb, vma, a, a + 2 * PAGE, RO, 0); /* nothing to ask */
		ck_assert_int_eq(nr_asked, 2);
		ck_assert_uint_eq(asked[0].addr, a);
		ck_assert_uint_eq(asked[1].addr, a + PAGE);
		ck_assert_uint_eq(asked[1].mm, fl_mm_id(fl_mm));
		ck_assert(asked[0].machine == machine && asked[0].was_write);
		ck_assert(asked[0].was_dirty && asked[0].was_accessed);
		ck_assert_int_eq(store_is_unseen(a), !now);
		tlb_finish_mmu(&tlb);
		mmap_read_unlock(mm);
		ck_assert(!store_is_unseen(a + PAGE));
		end_world();
	}
}
END_TEST

START_TEST(a_change_is_announced_before_it_is_made)
{
	set_up_with("6.1", _i ? "tlb_pending=bool" : NULL);
	machine->decisions = (struct fl_decisions){ .arg = &answer, .flush_now = decide };
	nr_asked = pending_when_asked = 0;
	protect(RO, 0);
	ck_assert_int_eq(pending_when_asked, 1);
	ck_assert(!mm_tlb_flush_pending(mm));
	end_world();
}
END_TEST

/* --- may it be writable? --- */

/* What the entry and its VMA are, and which mutant says yes where the rule says no. */
static const struct {
	unsigned long vm_flags;
	pte_t pte;
	bool exclusive, may;
	const char *mutant; /* NULL: none does */
} rules[] = {
	{ VM_WRITE, _PAGE_SOFT_DIRTY, true, true, NULL },
	{ VM_WRITE, _PAGE_SOFT_DIRTY, false, false, "no-anon-exclusive" },
	{ VM_WRITE, 0, true, false, "no-soft-dirty" },
	{ VM_WRITE | VM_SOFTDIRTY, 0, true, true, NULL },
	{ VM_WRITE | VM_SOFTDIRTY | VM_UFFD_WP, _PAGE_UFFD_WP, true, false, "no-uffd-wp" },
	{ VM_WRITE | VM_SOFTDIRTY, _PAGE_UFFD_WP, true, true, NULL }, /* the bit means nothing */
	{ VM_WRITE | VM_SHARED, _PAGE_SOFT_DIRTY | _PAGE_DIRTY, false, true, NULL },
	{ VM_WRITE | VM_SHARED, _PAGE_SOFT_DIRTY, false, false, "no-dirty" },
	{ VM_WRITE | VM_SHARED, _PAGE_DIRTY, false, false, "no-soft-dirty" },
	{ VM_READ, _PAGE_SOFT_DIRTY | _PAGE_DIRTY, true, false, NULL },
	{ VM_WRITE, _PAGE_SOFT_DIRTY | _PAGE_PROTNONE, true, false, NULL },
};

START_TEST(an_entry_may_be_writable_if_a_fault_would_do_no_more)
{
	static const char *const mutants[] = { "all", "no-soft-dirty", "no-uffd-wp",
					       "no-anon-exclusive", "no-dirty" };
	unsigned long flags = rules[_i].vm_flags;

	for (int i = 0; i < 5; i++) {
		bool yes = rules[_i].may ||
			   (rules[_i].mutant && !strcmp(rules[_i].mutant, mutants[i]));
		char set[64];
		pte_t pte;

		snprintf(set, sizeof(set), "change_writable=%s", mutants[i]);
		set_up_with("6.1", set);
		if (!rules[_i].exclusive)
			ClearPageAnonExclusive(page_of(a));
		pte = pfn_pte(pte_pfn(entry_of(a)), _PAGE_USER | rules[_i].pte);
		if (!(pte & _PAGE_PROTNONE))
			pte |= _PAGE_PRESENT;
		vma->vm_flags = flags;
		ck_assert_msg(can_change_pte_writable(vma, a, pte) == yes, "rule %d with %s", _i,
			      mutants[i]);
		vma->vm_flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE;
		end_world();
	}
}
END_TEST

START_TEST(the_zero_page_never_becomes_writable)
{
	fl_vaddr b = map(1, FL_READ | FL_WRITE);

	load(cpu0, b);
	count_as_new(b);
	ck_assert(!can_change_pte_writable(vma_lookup(mm, b), b, entry_of(b)));
}
END_TEST

START_TEST(upgrades_are_made_only_if_asked_for)
{
	protect(RO, MM_CP_TRY_CHANGE_WRITABLE);
	ck_assert(pte_write(entry_of(a)));
	protect(RO, 0);
	ck_assert(!pte_write(entry_of(a)));
	*entry_at(a) &= ~_PAGE_SOFT_DIRTY;
	track(a);
	protect(RO, MM_CP_TRY_CHANGE_WRITABLE);
	ck_assert(!pte_write(entry_of(a)));
	ck_assert(pte_write(entry_of(a + PAGE)));
}
END_TEST

START_TEST(up_to_5_19_dirty_entries_become_writable_at_the_wrong_time)
{
	protect(RO, 0);
	*entry_at(a) &= ~_PAGE_SOFT_DIRTY;
	*entry_at(a + PAGE) &= ~_PAGE_DIRTY;
	count_as_new(a);
	protect(RO, MM_CP_DIRTY_ACCT);
	ck_assert(!pte_write(entry_of(a))); /* nobody would miss the fault */
	track(a);
	protect(RO, MM_CP_DIRTY_ACCT);
	ck_assert(pte_write(entry_of(a))); /* soft-dirty tracking does: 76aefad628aa */
	ck_assert(!pte_write(entry_of(a + PAGE)));
}
END_TEST

static const struct vm_operations_struct with_mkwrite = {
	.page_mkwrite = (unsigned int (*)(struct vm_fault *))do_wp_page,
};

/* For a shared, writable mapping. */
static const struct {
	const char *set;
	unsigned long flags;
	bool mkwrite, wants;
} notify[] = {
	{ NULL, VM_SOFTDIRTY, false, false },
	{ NULL, VM_SOFTDIRTY, true, true },
	{ NULL, 0, false, true }, /* soft-dirty tracking */
	{ "uffd_wp_writenotify=no", VM_SOFTDIRTY | VM_UFFD_WP, false, false },
	{ "uffd_wp_writenotify=yes", VM_SOFTDIRTY | VM_UFFD_WP, false, true },
	{ "uffd_wp_writenotify=yes", VM_SOFTDIRTY | VM_UFFD_MISSING, false, false },
};

START_TEST(the_default_of_a_shared_mapping_is_read_only_if_somebody_wants_to_know)
{
	struct vm_area_struct v = { 0 };

	make_world("6.1", notify[_i].set);
	v.vm_mm = mm;
	v.vm_ops = notify[_i].mkwrite ? &with_mkwrite : &shmem_vm_ops;
	v.vm_flags = VM_READ | VM_WRITE | VM_SHARED | notify[_i].flags;
	ck_assert_int_eq(vma_wants_writenotify(&v), notify[_i].wants);
	ck_assert_int_eq(vma_wants_manual_pte_write_upgrade(&v), notify[_i].wants);
	vma_set_page_prot(&v);
	ck_assert_uint_eq(v.vm_page_prot, notify[_i].wants ? RO : RW);
	/* A read-only, or a private one: nothing to ask for. */
	v.vm_flags &= ~VM_WRITE;
	ck_assert(!vma_wants_writenotify(&v));
	vma_set_page_prot(&v);
	ck_assert_uint_eq(v.vm_page_prot, RO);
	v.vm_ops = NULL;
	v.vm_flags = (v.vm_flags | VM_WRITE) & ~VM_SHARED;
	ck_assert(!vma_wants_writenotify(&v));
	ck_assert(vma_wants_manual_pte_write_upgrade(&v));
	vma_set_page_prot(&v);
	ck_assert_uint_eq(v.vm_page_prot, RO);
	end_world();
}
END_TEST

START_TEST(write_protections_are_counted_if_somebody_asks)
{
	make_world("6.1", _i ? "wrprotect_sync=fault" : NULL);
	wrprotect_pending_begin(mm);
	wrprotect_pending_begin(mm);
	ck_assert_int_eq(atomic_read(&mm->wrprotect_pending), _i ? 2 : 0);
	wrprotect_pending_end(mm);
	wrprotect_pending_end(mm);
	ck_assert_int_eq(atomic_read(&mm->wrprotect_pending), 0);
	end_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.change_protection");
	TCase *tc = test_case("6.1"), *own = test_case("own world");

	tcase_add_checked_fixture(tc, linux_6_1, end_world);
	tcase_add_test(tc, what_is_not_protection_stays);
	tcase_add_test(tc, rights_that_were_taken_are_flushed);
	tcase_add_test(tc, rights_that_were_given_need_no_flush);
	tcase_add_test(tc, only_the_range_changes);
	tcase_add_test(tc, the_zero_page_never_becomes_writable);
	tcase_add_test(tc, upgrades_are_made_only_if_asked_for);
	tcase_add_test(tc, up_to_5_19_dirty_entries_become_writable_at_the_wrong_time);
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(own, the_flush_is_where_the_policy_says, 0,
			    sizeof(flush_points) / sizeof(flush_points[0]));
	tcase_add_test(own, a_user_may_decide_about_each_flush);
	tcase_add_loop_test(own, a_change_is_announced_before_it_is_made, 0, 2);
	tcase_add_loop_test(own, an_entry_may_be_writable_if_a_fault_would_do_no_more, 0,
			    sizeof(rules) / sizeof(rules[0]));
	tcase_add_loop_test(own,
			    the_default_of_a_shared_mapping_is_read_only_if_somebody_wants_to_know,
			    0, sizeof(notify) / sizeof(notify[0]));
	tcase_add_loop_test(own, write_protections_are_counted_if_somebody_asks, 0, 2);
	suite_add_tcase(suite, own);
	return run_suite(suite);
}
