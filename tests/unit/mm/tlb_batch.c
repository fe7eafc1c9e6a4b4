// SPDX-License-Identifier: MIT
/* tlb_batch.c - tests lib/mm/tlb_batch.c: reclaim's deferred flushes, and who hears of them. */
#include "../world.h"

#include <sched.h>

#include "mm/mmu_gather.h"
#include "mm/zap.h"

static fl_vaddr a;

/* Page i of @a is in the TLB of CPU 1; reclaim, on CPU 0, took page 0 away and has yet to flush. */
static void reclaimed(const char *set)
{
	pte_t *ptep;

	make_world("6.5", set);
	a = map(2, FL_READ | FL_WRITE);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 1), 0);
		ck_assert_uint_eq(load(cpu1, a + i * PAGE), 1);
	}
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a);
	page_remove_rmap(page_of(a));
	put_page(machine, page_of(a));
	set_tlb_ubc_flush_pending(cpu0, mm, ptep_get_and_clear(mm, a, ptep), a);
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

START_TEST(reclaim_flushes_what_it_noted_and_no_more)
{
	struct fl_mm *others[6];

	reclaimed(NULL);
	ck_assert(is_cached(a));
	try_to_unmap_flush(cpu0);
	ck_assert(!is_cached(a));
	ck_assert(is_cached(a + PAGE));
	/* a range grows at both ends; and there is room for more than one address space */
	set_tlb_ubc_flush_pending(cpu0, mm, entry_of(a + PAGE), a + PAGE);
	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(fl_mm_create(&others[i], machine), 0);
		set_tlb_ubc_flush_pending(cpu0, &others[i]->mm, _PAGE_PRESENT, 0);
	}
	try_to_unmap_flush(cpu0);
	for (int i = 0; i < 6; i++)
		fl_mm_destroy(others[i]);
	ck_assert(!is_cached(a + PAGE));
	end_world();
}
END_TEST

static bool hears_of_it(const char *set)
{
	bool heard;

	reclaimed(set);
	zap_page_range_single(vma_lookup(mm, a), a, a + PAGE, NULL);
	heard = !is_cached(a);
	try_to_unmap_flush(cpu0);
	ck_assert(!is_cached(a));
	end_world();
	return heard;
}

START_TEST(who_meets_an_empty_entry_flushes_for_reclaim)
{
	ck_assert(!hears_of_it("tlb_batched=none"));
	ck_assert(hears_of_it("tlb_batched=bool"));
	ck_assert(hears_of_it("tlb_batched=counter"));
}
END_TEST

START_TEST(a_flush_that_was_made_is_not_made_again)
{
	const char *policies[] = { "tlb_batched=bool", "tlb_batched=counter" };

	for (int i = 0; i < 2; i++) {
		reclaimed(policies[i]);
		flush_tlb_batched_pending(mm);
		ck_assert(!is_cached(a));
		ck_assert_uint_eq(load(cpu1, a + PAGE), 1);
		flush_tlb_batched_pending(mm);
		ck_assert(is_cached(a + PAGE));
		end_world();
	}
}
END_TEST

static void flush(struct fl_cpu *cpu, void *arg)
{
	(void)cpu, (void)arg;
	flush_tlb_batched_pending(mm);
}

/*
 * B11: reclaim notes another entry, under another PTL, while the flush for the first one is under
 * way. Does the next one who asks flush again? The flush is held up as in gather.c.
 */
static bool second_note_counts(const char *set)
{
	struct rw_semaphore *access;
	struct call call;
	bool counts;

	reclaimed(set);
	access = (struct rw_semaphore *)cpu1->tlb;
	fl_cpu_unbind(cpu0);
	down_write(access);
	begin_on(&call, cpu0, flush, NULL);
	while (READ_ONCE(access->count) == FL_RWSEM_WRITER)
		sched_yield();
	set_tlb_ubc_flush_pending(cpu0, mm, entry_of(a + PAGE), a + PAGE);
	up_write(access);
	pthread_join(call.thread, NULL);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 1); /* cached again */
	flush_tlb_batched_pending(mm);
	counts = !is_cached(a + PAGE);
	end_world();
	return counts;
}

START_TEST(what_comes_during_a_flush_is_not_forgotten)
{
	ck_assert(!second_note_counts("tlb_flush=broadcast,tlb_batched=bool"));
	ck_assert(second_note_counts("tlb_flush=broadcast,tlb_batched=counter"));
}
END_TEST

START_TEST(the_counts_do_not_run_into_each_other)
{
	reclaimed("tlb_batched=counter");
	for (int i = 0; i < 40000; i++)
		set_tlb_ubc_flush_pending(cpu0, mm, _PAGE_PRESENT, a);
	ck_assert_int_gt(atomic_read(&mm->tlb_flush_batched), 0);
	ck_assert_int_lt(atomic_read(&mm->tlb_flush_batched) & 0xffff, 0x8000);
	flush_tlb_batched_pending(mm);
	ck_assert(!is_cached(a));
	end_world();
}
END_TEST

/* B6: page 1 was hinted just now, and CPU 1 still has it cached. Does reclaim's flush reach it? */
static bool hint_is_flushed(const char *set, bool pending)
{
	pte_t hint;
	bool cached;

	reclaimed(set);
	try_to_unmap_flush(cpu0);
	hint = pte_modify(entry_of(a + PAGE), _PAGE_PROTNONE | _PAGE_USER);
	ck_assert(pte_protnone(hint));
	if (pending)
		inc_tlb_flush_pending(mm);
	set_tlb_ubc_flush_pending(cpu0, mm, hint, a + PAGE);
	try_to_unmap_flush_dirty(cpu0);
	cached = is_cached(a + PAGE);
	if (pending)
		dec_tlb_flush_pending(mm);
	end_world();
	return !cached;
}

START_TEST(a_hint_is_noted_while_its_own_flush_is_pending)
{
	ck_assert(hint_is_flushed(NULL, true));
	ck_assert(!hint_is_flushed(NULL, false)); /* then it was flushed, and no CPU has it */
	ck_assert(!hint_is_flushed("pte_accessible=present", true));
}
END_TEST

START_TEST(only_dirty_entries_are_flushed_before_a_page_is_written)
{
	reclaimed(NULL);
	try_to_unmap_flush(cpu0);
	set_tlb_ubc_flush_pending(cpu0, mm, pte_mkclean(entry_of(a + PAGE)), a + PAGE);
	try_to_unmap_flush_dirty(cpu0);
	ck_assert(is_cached(a + PAGE));
	set_tlb_ubc_flush_pending(cpu0, mm, entry_of(a + PAGE), a + PAGE);
	try_to_unmap_flush_dirty(cpu0);
	ck_assert(!is_cached(a + PAGE));
	end_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.tlb_batch");
	TCase *tc = test_case("tlb_batch");

	tcase_add_test(tc, reclaim_flushes_what_it_noted_and_no_more);
	tcase_add_test(tc, who_meets_an_empty_entry_flushes_for_reclaim);
	tcase_add_test(tc, a_flush_that_was_made_is_not_made_again);
	tcase_add_test(tc, what_comes_during_a_flush_is_not_forgotten);
	tcase_add_test(tc, the_counts_do_not_run_into_each_other);
	tcase_add_test(tc, a_hint_is_noted_while_its_own_flush_is_pending);
	tcase_add_test(tc, only_dirty_entries_are_flushed_before_a_page_is_written);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
