// SPDX-License-Identifier: MIT
/*
 * vma_refcnt.c - tests lib/mm/vma_refcnt.c and vma_cache.c: the count, and VMAs that come back. The
 * orderings are scenario vma-lock-seq's, the races vma-foreign's.
 */
#include "../world.h"

#include "mm/describe.h"
#include "mm/vma_cache.h"
#include "mm/vma_refcnt.h"

static fl_vaddr addr;
static struct vm_area_struct *vma;

static void set_up_with(const char *kernel, const char *set)
{
	make_world(kernel, set);
	addr = map(2, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, addr, 1), 0);
	vma = vma_lookup(mm, addr);
}

static void set_up(void)
{
	set_up_with("6.17", NULL);
}

static unsigned int count(void)
{
	return refcount_read(&vma->vm_refcnt);
}

START_TEST(the_tree_counts_and_each_reader_does)
{
	ck_assert_uint_eq(count(), 1);
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED);
	ck_assert_ptr_eq(lock_vma_under_rcu(mm, addr), vma);
	ck_assert_uint_eq(count(), 3);
	vma_end_read(vma);
	vma_end_read(vma);
	ck_assert_uint_eq(count(), 1);
	/* A mark leaves nothing behind. */
	mmap_write_lock(mm);
	vma_start_write(vma);
	ck_assert_uint_eq(count(), 1);
	ck_assert(vma_start_read(mm, vma) == VMA_CLOSED);
	ck_assert_uint_eq(count(), 1);
	mmap_write_unlock(mm);
}
END_TEST

START_TEST(nobody_enters_while_a_writer_is_at_the_gate)
{
	mmap_write_lock(mm);
	ck_assert(__vma_enter_locked(vma, 1));
	ck_assert_uint_eq(count(), VMA_LOCK_OFFSET + 1);
	ck_assert(vma_refcount_inc(vma, &machine->policy) == VMA_CLOSED);
	ck_assert_uint_eq(count(), VMA_LOCK_OFFSET + 1);
	ck_assert(!__vma_exit_locked(vma));
	ck_assert_uint_eq(count(), 1);
	mmap_write_unlock(mm);
}
END_TEST

START_TEST(what_is_in_no_tree_can_not_be_entered)
{
	struct vm_area_struct *fresh;

	ck_assert_int_eq(fl_munmap(fl_mm, addr, 2), 0);
	ck_assert_uint_eq(count(), 0);
	ck_assert(vma_refcount_inc(vma, &machine->policy) == VMA_DETACHED);
	/* One that is new is not in a tree yet. */
	fresh = vm_area_alloc(mm, addr, addr + PAGE, VM_READ | VM_MAYREAD);
	ck_assert_uint_eq(refcount_read(&fresh->vm_refcnt), 0);
	ck_assert(!__vma_enter_locked(fresh, 1)); /* nobody to wait for */
	mmap_write_lock(mm);
	ck_assert_int_eq(vma_link(mm, fresh), 0);
	ck_assert_uint_eq(refcount_read(&fresh->vm_refcnt), 1);
	mmap_write_unlock(mm);
}
END_TEST

START_TEST(memory_comes_back_at_once_for_any_mm)
{
	struct fl_mm *other;
	fl_vaddr there;

	struct fl_uffd *uffd;

	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, addr, 2, FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, addr, 2), 0);
	ck_assert_int_eq(fl_mmap_anon(&there, other, 1, FL_READ), 0);
	ck_assert_ptr_eq(vma_lookup(&other->mm, there), vma);
	ck_assert_ptr_eq(vma->vm_mm, &other->mm);
	ck_assert(!vma->anon_vma && !vma->anon_vma_chain && !vma->detached_next);
	ck_assert(!vma->uffd_ctx && !vma->vm_file && !vma->vm_ops);
	/* Who came by way of its last life is turned away, and leaves no count behind. */
	ck_assert(vma_start_read(mm, vma) == VMA_CLOSED);
	ck_assert_uint_eq(count(), 1);
	ck_assert_uint_eq(refcount_read(&other->mm.mm_count), 1);
	ck_assert(vma_start_read(&other->mm, vma) == VMA_ENTERED);
	vma_end_read(vma);
	fl_mm_destroy(other);
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(another_cpu_takes_it_if_it_has_none)
{
	struct vm_area_struct *one, *two;

	ck_assert_int_eq(fl_munmap(fl_mm, addr, 2), 0);
	fl_cpu_unbind(cpu0);
	ck_assert_int_eq(fl_cpu_bind(cpu1), 0);
	one = vma_cache_get(machine);
	two = vma_cache_get(machine);
	ck_assert_ptr_eq(one, vma);
	ck_assert_ptr_null(two);
	vma_cache_put(machine, one);
	fl_cpu_unbind(cpu1);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
}
END_TEST

START_TEST(one_that_a_neighbour_grows_over_is_detached)
{
	struct vm_area_struct *upper;

	ck_assert_int_eq(fl_mprotect(fl_mm, addr + PAGE, 1, FL_READ), 0);
	upper = vma_lookup(mm, addr + PAGE);
	ck_assert_ptr_ne(upper, vma);
	ck_assert_int_eq(fl_mprotect(fl_mm, addr + PAGE, 1, FL_READ | FL_WRITE), 0);
	ck_assert_ptr_eq(vma_lookup(mm, addr + PAGE), vma);
	ck_assert_uint_eq(refcount_read(&upper->vm_refcnt), 0);
}
END_TEST

static int reader_is_in, gone;

static void read_for_a_while(struct fl_cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	if (vma_start_read(mm, vma) != VMA_ENTERED)
		abort();
	smp_store_release(&reader_is_in, 1);
	for (volatile int i = 0; i < 1000000; i = i + 1)
		;
	if (READ_ONCE(gone))
		abort();
	vma_end_read(vma);
}

START_TEST(detaching_waits_for_readers)
{
	struct call call;

	begin_on(&call, cpu1, read_for_a_while, NULL);
	while (!smp_load_acquire(&reader_is_in))
		cpu_relax();
	/* without a mark, which would wait, too */
	vma_refcount_detach(vma);
	WRITE_ONCE(gone, 1);
	end_on(&call);
	ck_assert_uint_eq(count(), 0);
	vma_refcount_attach(vma);
}
END_TEST

START_TEST(odd_means_locked)
{
	int seq, other;

	ck_assert(mmap_lock_speculate_try_begin(mm, &seq));
	ck_assert(!mmap_lock_speculate_retry(mm, seq));
	mmap_write_lock(mm);
	ck_assert_int_eq(mm->mm_lock_seq & 1, 1);
	ck_assert(!mmap_lock_speculate_try_begin(mm, &other));
	ck_assert(mmap_lock_speculate_retry(mm, seq));
	mmap_write_downgrade(mm);
	ck_assert_int_eq(mm->mm_lock_seq & 1, 0);
	ck_assert(mmap_lock_speculate_retry(mm, seq));
	ck_assert(mmap_lock_speculate_try_begin(mm, &seq));
	mmap_read_unlock(mm);
	ck_assert(!mmap_lock_speculate_retry(mm, seq));
}
END_TEST

START_TEST(counts_are_told_in_words)
{
	static const struct {
		unsigned int count;
		const char *text;
	} cases[] = {
		{ 0, "detached" },
		{ 1, "attached" },
		{ 2, "attached+1 reader" },
		{ 3, "attached+2 readers" },
		{ VMA_LOCK_OFFSET, "nobody+writer" },
		{ VMA_LOCK_OFFSET + 2, "attached+1 reader+writer" },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(mm_describe(machine, (uintptr_t)&vma->vm_refcnt, cases[i].count,
					     text, sizeof(text)),
				 1);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

static void counter(void)
{
	set_up_with("6.12", NULL);
}

START_TEST(before_6_14_the_number_changes_at_the_end_only)
{
	int seq = mm->mm_lock_seq;

	mmap_write_lock(mm);
	ck_assert_int_eq(mm->mm_lock_seq, seq);
	mmap_write_unlock(mm);
	ck_assert_int_eq(mm->mm_lock_seq, seq + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.vma_refcnt");
	TCase *tc = test_case("6.17"), *old = test_case("6.12");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, the_tree_counts_and_each_reader_does);
	tcase_add_test(tc, nobody_enters_while_a_writer_is_at_the_gate);
	tcase_add_test(tc, what_is_in_no_tree_can_not_be_entered);
	tcase_add_test(tc, memory_comes_back_at_once_for_any_mm);
	tcase_add_test(tc, another_cpu_takes_it_if_it_has_none);
	tcase_add_test(tc, one_that_a_neighbour_grows_over_is_detached);
	tcase_add_test(tc, detaching_waits_for_readers);
	tcase_add_test(tc, odd_means_locked);
	tcase_add_test(tc, counts_are_told_in_words);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(old, counter, end_world);
	tcase_add_test(old, before_6_14_the_number_changes_at_the_end_only);
	suite_add_tcase(suite, old);
	return run_suite(suite);
}
