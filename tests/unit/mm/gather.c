// SPDX-License-Identifier: MIT
/*
 * gather.c - tests lib/mm/mmu_gather.c: what a batch flushes, when it gives pages back, and what
 * others see of it; each policy on both sides. Whether the orders suffice is the scenarios' question.
 */
#include "../world.h"

#include <sched.h>

#include "mm/mmu_gather.h"

static fl_vaddr a;

static void set_up_with(const char *set)
{
	make_world("6.5", set);
	a = map(2, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	ck_assert_uint_eq(load(cpu1, a), 1); /* in its TLB from now on */
	ck_assert_uint_eq(load(cpu1, a + PAGE), 2);
}

static void linux_6_5(void)
{
	set_up_with(NULL);
}

/* Clears the entry as a zap does. */
static struct page *unhook(struct mmu_gather *tlb, fl_vaddr addr)
{
	struct page *page = page_of(addr);
	pte_t *ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, addr), addr);

	ptep_get_and_clear(mm, addr, ptep);
	tlb_flush_pte_range(tlb, addr, PAGE);
	page_remove_rmap(page);
	return page;
}

/* Does CPU 1 reach @addr without a look at the page table? */
static bool is_cached(fl_vaddr addr)
{
	pte_t *ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, addr), addr);
	pte_t pte = *ptep;
	uint64_t word;
	bool hit;

	*ptep = PTE_NONE;
	hit = mmu_access(cpu1, addr, MMU_LOAD, &word);
	*ptep = pte;
	return hit;
}

START_TEST(a_page_goes_when_no_translation_of_it_is_left)
{
	struct mmu_gather tlb;
	struct page *page;

	tlb_gather_mmu(&tlb, mm);
	page = unhook(&tlb, a);
	ck_assert(!tlb_remove_page(&tlb, page));
	ck_assert(is_cached(a));
	ck_assert_int_eq(page_count(page), 1);
	tlb_finish_mmu(&tlb);
	ck_assert(!is_cached(a));
	ck_assert_int_eq(page_count(page), 0);
	ck_assert(is_cached(a + PAGE)); /* nobody noted it */
}
END_TEST

START_TEST(a_batch_in_which_nothing_is_noted_flushes_nothing)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	tlb_flush_mmu(&tlb);
	tlb_finish_mmu(&tlb);
	ck_assert(is_cached(a));
}
END_TEST

START_TEST(a_flush_alone_keeps_the_pages)
{
	struct mmu_gather tlb;
	struct page *page;

	tlb_gather_mmu(&tlb, mm);
	page = unhook(&tlb, a);
	tlb_remove_page(&tlb, page);
	tlb_flush_mmu_tlbonly(&tlb);
	ck_assert(!is_cached(a));
	ck_assert_int_eq(page_count(page), 1);
	tlb_flush_mmu(&tlb);
	ck_assert_int_eq(page_count(page), 0);
	ck_assert_int_eq(mm->tlb_flush_pending.counter, 1);
	tlb_finish_mmu(&tlb);
}
END_TEST

START_TEST(the_end_of_an_mm_is_one_flush_of_all)
{
	struct mmu_gather tlb;

	tlb_gather_mmu_fullmm(&tlb, mm);
	tlb_remove_page(&tlb, unhook(&tlb, a));
	tlb_flush_mmu(&tlb);
	ck_assert(!is_cached(a));
	tlb_remove_page(&tlb, unhook(&tlb, a + PAGE));
	ck_assert(!is_cached(a + PAGE));
	tlb_finish_mmu(&tlb);
	ck_assert_uint_eq(fl_machine_free_frames(machine), machine->nr_frames - 1);
}
END_TEST

/* --- tlb_pending --- */

START_TEST(batches_are_counted)
{
	struct mmu_gather one, two;

	ck_assert(!mm_tlb_flush_pending(mm));
	tlb_gather_mmu(&one, mm);
	ck_assert(mm_tlb_flush_pending(mm) && !mm_tlb_flush_nested(mm));
	tlb_gather_mmu(&two, mm);
	ck_assert(mm_tlb_flush_nested(mm));
	tlb_finish_mmu(&one);
	ck_assert(mm_tlb_flush_pending(mm) && !mm_tlb_flush_nested(mm));
	inc_tlb_flush_pending(mm);
	tlb_finish_mmu(&two);
	ck_assert(mm_tlb_flush_pending(mm));
	dec_tlb_flush_pending(mm);
	ck_assert(!mm_tlb_flush_pending(mm));
}
END_TEST

START_TEST(a_flag_is_set_by_hand_and_cleared_for_all)
{
	struct mmu_gather tlb;

	set_up_with("tlb_pending=bool");
	tlb_gather_mmu(&tlb, mm);
	ck_assert(!mm_tlb_flush_pending(mm));
	inc_tlb_flush_pending(mm);
	inc_tlb_flush_pending(mm);
	ck_assert(mm_tlb_flush_pending(mm) && !mm_tlb_flush_nested(mm));
	dec_tlb_flush_pending(mm);
	ck_assert(!mm_tlb_flush_pending(mm)); /* 16af97dc5a89 */
	dec_tlb_flush_pending(mm);
	tlb_finish_mmu(&tlb);
	ck_assert_int_eq(mm->tlb_flush_pending.counter, 0);
	end_world();
}
END_TEST

START_TEST(nobody_sees_anything)
{
	struct mmu_gather tlb;

	set_up_with("tlb_pending=none");
	tlb_gather_mmu(&tlb, mm);
	inc_tlb_flush_pending(mm);
	ck_assert(!mm_tlb_flush_pending(mm));
	dec_tlb_flush_pending(mm);
	tlb_finish_mmu(&tlb);
	ck_assert_int_eq(mm->tlb_flush_pending.counter, 0);
	end_world();
}
END_TEST

/* Two batches over one page: the second one finds it gone already. Does it flush? */
static bool second_batch_flushes(const char *set)
{
	struct mmu_gather first, second;
	bool flushed;

	set_up_with(set);
	tlb_gather_mmu(&first, mm);
	tlb_remove_page(&first, unhook(&first, a));
	tlb_gather_mmu(&second, mm);
	tlb_finish_mmu(&second);
	flushed = !is_cached(a);
	tlb_finish_mmu(&first);
	ck_assert(!is_cached(a));
	end_world();
	return flushed;
}

START_TEST(a_batch_that_is_not_alone_flushes_all)
{
	ck_assert(second_batch_flushes("tlb_nested=flush"));
	ck_assert(!second_batch_flushes("tlb_nested=ignored"));
}
END_TEST

/* --- when it is announced --- */

/*
 * While the flush is under way: it waits for CPU 1, which is in the middle of an access, because this
 * thread has its TLB's lock, the first member of struct tlb.
 */
static int pending_during_flush(struct mmu_gather *tlb, void (*finish)(struct fl_cpu *, void *))
{
	struct rw_semaphore *access = (struct rw_semaphore *)cpu1->tlb;
	struct call call;
	int pending;

	fl_cpu_unbind(cpu0);
	down_write(access);
	begin_on(&call, cpu0, finish, tlb);
	while (READ_ONCE(access->count) == FL_RWSEM_WRITER)
		sched_yield();
	pending = READ_ONCE(mm->tlb_flush_pending.counter);
	up_write(access);
	pthread_join(call.thread, NULL);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
	return pending;
}

static void finish(struct fl_cpu *cpu, void *tlb)
{
	(void)cpu;
	tlb_finish_mmu(tlb);
}

static void announced(const char *set, int while_open, int while_flushing)
{
	struct mmu_gather tlb;

	set_up_with(set);
	tlb_gather_mmu(&tlb, mm);
	tlb_remove_page(&tlb, unhook(&tlb, a));
	ck_assert_int_eq(mm->tlb_flush_pending.counter, while_open);
	ck_assert_int_eq(pending_during_flush(&tlb, finish), while_flushing);
	ck_assert_int_eq(mm->tlb_flush_pending.counter, 0);
	end_world();
}

START_TEST(a_batch_is_pending_from_before_its_changes_to_after_its_flush)
{
	announced("tlb_flush=broadcast", 1, 1);
}
END_TEST

START_TEST(a_mutant_announces_too_late)
{
	announced("tlb_flush=broadcast,tlb_pending_inc=after-change", 0, 1);
}
END_TEST

START_TEST(a_mutant_is_done_too_early)
{
	announced("tlb_flush=broadcast,tlb_pending_dec=before-flush", 1, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.gather");
	TCase *tc = test_case("batch"), *policies = test_case("policies");

	tcase_add_checked_fixture(tc, linux_6_5, end_world);
	tcase_add_test(tc, a_page_goes_when_no_translation_of_it_is_left);
	tcase_add_test(tc, a_batch_in_which_nothing_is_noted_flushes_nothing);
	tcase_add_test(tc, a_flush_alone_keeps_the_pages);
	tcase_add_test(tc, the_end_of_an_mm_is_one_flush_of_all);
	tcase_add_test(tc, batches_are_counted);
	tcase_add_test(policies, a_flag_is_set_by_hand_and_cleared_for_all);
	tcase_add_test(policies, nobody_sees_anything);
	tcase_add_test(policies, a_batch_that_is_not_alone_flushes_all);
	tcase_add_test(policies, a_batch_is_pending_from_before_its_changes_to_after_its_flush);
	tcase_add_test(policies, a_mutant_announces_too_late);
	tcase_add_test(policies, a_mutant_is_done_too_early);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, policies);
	return run_suite(suite);
}
