// SPDX-License-Identifier: MIT
/*
 * vma_lock.c - tests lib/mm/vma_lock.c: who gets in when. What the orderings are for, real
 * threads can't show: scenario vma-lock-seq does.
 */
#include "../world.h"

#include <faultline/inject.h>

#include <errno.h>
#include <signal.h>

static fl_vaddr addr;
static struct vm_area_struct *vma;

/* |..VVVV..|  one area that was written to, so that it has its anon_vma */
static void set_up_with(const char *kernel, const char *set)
{
	make_world(kernel, set);
	addr = map(4, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, addr, 1), 0);
	vma = vma_lookup(mm, addr);
}

static void set_up(void)
{
	set_up_with("6.5", NULL);
}

static struct vm_area_struct *lock_at(fl_vaddr at)
{
	return lock_vma_under_rcu(mm, at);
}

START_TEST(marked_vma_refuses_readers_until_the_mm_unlocks)
{
	mmap_write_lock(mm);
	vma_start_write(vma);				   /* when it is marked */
	ck_assert(vma_start_read(mm, vma) != VMA_ENTERED); /* then readers are turned away */
	vma_start_write(vma);				   /* (twice is once) */
	mmap_write_unlock(mm);
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED); /* and let in once all marks are gone */
	vma_end_read(vma);
}
END_TEST

START_TEST(a_downgrade_ends_marks_too)
{
	mmap_write_lock(mm);
	vma_start_write(vma);
	mmap_write_downgrade(mm);
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED);
	vma_end_read(vma);
	mmap_read_unlock(mm);
}
END_TEST

START_TEST(other_areas_are_not_marked)
{
	struct vm_area_struct *other;
	fl_vaddr b = map(1, FL_READ);

	other = vma_lookup(mm, b);
	mmap_write_lock(mm);
	vma_start_write(vma);
	ck_assert(vma_start_read(mm, other) == VMA_ENTERED);
	vma_end_read(other);
	mmap_write_unlock(mm);
}
END_TEST

START_TEST(several_readers_are_in_at_once)
{
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED);
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED);
	vma_end_read(vma);
	vma_end_read(vma);
}
END_TEST

START_TEST(trying_to_mark_fails_while_a_reader_is_inside)
{
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED);
	mmap_write_lock(mm);
	ck_assert(!vma_try_start_write(vma));
	vma_end_read(vma);
	ck_assert(vma_try_start_write(vma));
	ck_assert(vma_start_read(mm, vma) != VMA_ENTERED);
	mmap_write_unlock(mm);
}
END_TEST

static int reader_is_in, marked;

static void read_for_a_while(struct fl_cpu *cpu, void *arg)
{
	if (vma_start_read(mm, vma) != VMA_ENTERED)
		abort();
	smp_store_release(&reader_is_in, 1);
	for (volatile int i = 0; i < 1000000; i = i + 1)
		;
	/* The writer is waiting. */
	if (READ_ONCE(marked))
		abort();
	vma_end_read(vma);
}

START_TEST(marking_waits_for_readers)
{
	struct call call;

	begin_on(&call, cpu1, read_for_a_while, NULL);
	while (!smp_load_acquire(&reader_is_in))
		cpu_relax();
	mmap_write_lock(mm);
	vma_start_write(vma);
	WRITE_ONCE(marked, 1);
	mmap_write_unlock(mm);
	end_on(&call);
}
END_TEST

START_TEST(a_fault_locks_the_area_around_its_address)
{
	ck_assert_ptr_eq(lock_at(addr), vma);
	vma_end_read(vma);
	ck_assert_ptr_eq(lock_at(addr + 4 * PAGE - 1), vma);
	vma_end_read(vma);
	ck_assert_ptr_null(lock_at(addr + 4 * PAGE));
	ck_assert_ptr_null(lock_at(addr - 1));
}
END_TEST

START_TEST(a_fault_does_not_lock_what_it_can_not_use)
{
	struct fl_uffd *uffd;
	fl_vaddr b = map(1, FL_READ);

	/* no anon_vma yet */
	ck_assert_ptr_null(lock_at(b));
	/* watched by a userfaultfd */
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, addr, 4, FL_UFFD_MISSING), 0);
	ck_assert_ptr_null(lock_at(addr));
	fl_uffd_close(uffd);
	ck_assert_ptr_eq(lock_at(addr), vma);
	vma_end_read(vma);
}
END_TEST

static unsigned long long under_vma_lock(void)
{
	struct fl_counters c;

	fl_inspect_counters(&c, machine);
	return c.faults_vma_lock;
}

/* Up to 6.9 a fault that finds its access not permitted looks again. */
START_TEST(what_is_not_permitted_is_reported)
{
	bool again = machine->policy.vma_bad_access == FL_BAD_ACCESS_RETRY;
	unsigned long long before;
	struct fl_signal sig;

	ck_assert_int_eq(fl_mprotect(fl_mm, addr, 4, FL_READ), 0);
	before = under_vma_lock();
	ck_assert_int_eq(fl_store(cpu0, addr, 2), -EFAULT);
	ck_assert_uint_eq(under_vma_lock(), before + !again);
	fl_last_signal(&sig, cpu0);
	ck_assert_int_eq(sig.signo, SIGSEGV);
	ck_assert_int_eq(sig.code, SEGV_ACCERR);
	/* no lock is left behind */
	ck_assert_int_eq(fl_munmap(fl_mm, addr, 4), 0);
}
END_TEST

/* 6.12 and later. */
START_TEST(faults_of_all_kinds_do_with_the_lock)
{
	unsigned long long before = under_vma_lock();
	struct fl_file *file;
	struct fl_uffd *uffd;
	fl_vaddr a, b;
	uint64_t word;

	/* the first in an area that has no anon_vma yet */
	ck_assert_int_eq(
		fl_mmap(&a, fl_mm, 10 * PAGE, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_ptr_nonnull(vma_lookup(mm, a)->anon_vma);
	ck_assert_uint_eq(under_vma_lock(), ++before);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	/* of a file: read, written to, copied */
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 2, 0), 0);
	ck_assert_int_eq(fl_mmap(&b, fl_mm, 0, 2, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0), 0);
	ck_assert_int_eq(fl_load(&word, cpu0, b), 0);
	ck_assert_int_eq(fl_store(cpu0, b + PAGE, 1), 0);
	before += 2;
	ck_assert_uint_eq(under_vma_lock(), before);
	ck_assert_int_eq(fl_munmap(fl_mm, b, 2), 0);
	ck_assert_int_eq(fl_mmap(&b, fl_mm, 0, 2, FL_READ | FL_WRITE, 0, file, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, b, 1), 0);
	ck_assert_uint_eq(under_vma_lock(), ++before);
	fl_file_put(file);
	/* watched by a userfaultfd, which they do not have to ask */
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, addr, 4, FL_UFFD_WP), 0);
	ck_assert_int_eq(fl_store(cpu0, addr + PAGE, 1), 0);
	ck_assert_uint_eq(under_vma_lock(), ++before);
	fl_uffd_close(uffd);
}
END_TEST

static void answer(struct fl_cpu *cpu, void *arg)
{
	struct fl_uffd_msg msg;

	if (fl_uffd_read(&msg, arg) || fl_uffd_zeropage(arg, msg.addr))
		abort();
}

START_TEST(who_waits_for_a_handler_has_let_go_of_the_lock)
{
	struct fl_uffd *uffd;
	struct call call;

	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, addr, 4, FL_UFFD_MISSING), 0);
	begin_on(&call, cpu1, answer, uffd);
	ck_assert_uint_eq(load(cpu0, addr + PAGE), 0);
	end_on(&call);
	/* Nobody is inside: this would wait for ever. */
	fl_uffd_close(uffd);
}
END_TEST

START_TEST(a_first_fault_does_not_wait_for_mmap_lock)
{
	fl_vaddr b;
	struct vm_area_struct *other;

	ck_assert_int_eq(
		fl_mmap(&b, fl_mm, 10 * PAGE, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0), 0);
	other = lock_at(b);
	ck_assert_ptr_nonnull(other);
	fl_chosen_write_lock(&mm->mmap_lock); /* who may wait for us */
	ck_assert_uint_eq(handle_mm_fault(other, b, FAULT_FLAG_WRITE | FAULT_FLAG_VMA_LOCK),
			  VM_FAULT_RETRY);
	fl_chosen_write_unlock(&mm->mmap_lock);
	/* It has let go of both. */
	mmap_write_lock(mm);
	ck_assert(vma_try_start_write(other));
	mmap_write_unlock(mm);
	ck_assert_ptr_null(other->anon_vma);
}
END_TEST

START_TEST(an_area_that_moved_away_is_let_go_of)
{
	/* |..VVVV..| becomes |..VV....|; the tree still says otherwise, as it may to a reader */
	vma->vm_end -= 2 * PAGE;
	ck_assert_ptr_null(lock_at(addr + 3 * PAGE));
	ck_assert_int_eq(rwsem_is_locked(&vma->vm_lock->lock), 0);
	vma->vm_end += 2 * PAGE;
}
END_TEST

START_TEST(an_area_that_was_taken_out_is_not_found)
{
	ck_assert_int_eq(fl_munmap(fl_mm, addr, 2), 0);
	ck_assert_ptr_null(lock_at(addr));
	ck_assert_ptr_nonnull(lock_at(addr + 2 * PAGE));
	vma_end_read(vma_lookup(mm, addr + 2 * PAGE));
}
END_TEST

START_TEST(an_area_that_goes_after_the_lookup_says_so)
{
	struct vm_area_struct *found;

	rcu_read_lock(); /* keeps it allocated, and does not keep it in the tree */
	found = vma_tree_lookup(&mm->tree, addr);
	ck_assert_ptr_eq(found, vma);
	ck_assert_int_eq(fl_munmap(fl_mm, addr, 4), 0);
	ck_assert(vma_start_read(mm, found) == VMA_ENTERED);
	ck_assert_int_eq(found->detached, 1);
	up_read(&found->vm_lock->lock);
	rcu_read_unlock();
}
END_TEST

START_TEST(one_that_a_neighbour_grew_over_after_the_lookup_says_so)
{
	struct vm_area_struct *upper;

	ck_assert_int_eq(fl_mprotect(fl_mm, addr + PAGE, 3, FL_READ), 0);
	upper = vma_lookup(mm, addr + PAGE);
	rcu_read_lock();
	ck_assert_int_eq(upper->detached, 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, addr + PAGE, 3, FL_READ | FL_WRITE), 0);
	ck_assert_ptr_eq(vma_lookup(mm, addr + PAGE), vma);
	ck_assert_int_eq(upper->detached, 1);
	rcu_read_unlock();
}
END_TEST

START_TEST(areas_are_marked_before_they_change)
{
	struct vm_area_struct *fresh, *upper;

	/* When it is cut in two, both are marked; */
	mmap_write_lock(mm);
	ck_assert_int_eq(split_vma(mm, vma, addr + PAGE), 0);
	upper = vma_lookup(mm, addr + PAGE);
	ck_assert(vma_start_read(mm, vma) != VMA_ENTERED &&
		  vma_start_read(mm, upper) != VMA_ENTERED);
	mmap_write_unlock(mm);
	/* when they are joined, */
	mmap_write_lock(mm);
	ck_assert_ptr_eq(vma_merge(mm, upper), vma);
	ck_assert(vma_start_read(mm, vma) != VMA_ENTERED);
	mmap_write_unlock(mm);
	/* when one is new, */
	mmap_write_lock(mm);
	fresh = vm_area_alloc(mm, addr + 4 * PAGE, addr + 5 * PAGE, VM_READ | VM_MAYREAD);
	ck_assert_int_eq(vma_link(mm, fresh), 0);
	ck_assert(vma_start_read(mm, fresh) != VMA_ENTERED);
	mmap_write_unlock(mm);
	/* and when its flags change. */
	mmap_write_lock(mm);
	vm_flags_reset(vma, vma->vm_flags);
	ck_assert(vma_start_read(mm, vma) != VMA_ENTERED);
	mmap_write_unlock(mm);
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED);
	vma_end_read(vma);
}
END_TEST

START_TEST(wrapped_numbers_refuse_and_recover)
{
	/* A number that comes round again looks like a mark; the next unlock ends that. */
	vma->vm_lock_seq = -1;
	mm->mm_lock_seq = -1;
	ck_assert(vma_start_read(mm, vma) != VMA_ENTERED);
	mmap_write_lock(mm);
	mmap_write_unlock(mm);
	ck_assert_int_eq(mm->mm_lock_seq, 0);
	ck_assert(vma_start_read(mm, vma) == VMA_ENTERED);
	vma_end_read(vma);
	mm->mm_lock_seq = INT32_MAX;
	mmap_write_lock(mm);
	mmap_write_unlock(mm);
	ck_assert_int_eq(mm->mm_lock_seq, INT32_MIN);
	vma->vm_lock_seq = 0;
}
END_TEST

/* --- many at once --- */

#define ROUNDS 4000

static void fault_and_unmap(struct fl_cpu *cpu, void *arg)
{
	fl_vaddr shared = addr + 2 * PAGE;
	uint64_t word;

	for (int i = 0; i < ROUNDS; i++) {
		fl_vaddr a;

		if (fl_store(cpu, addr, i) || fl_load(&word, cpu, shared))
			abort();
		if (i % 16 == 0) {
			if (fl_mmap_anon(&a, fl_mm, 1 + i / 16 % 3, FL_READ | FL_WRITE) ||
			    fl_store(cpu, a, i) || fl_munmap(fl_mm, a, 1 + i / 16 % 3))
				abort();
		}
	}
}

START_TEST(faults_and_writers_of_two_cpus_get_along)
{
	struct call call;

	begin_on(&call, cpu1, fault_and_unmap, NULL);
	fault_and_unmap(cpu0, NULL);
	end_on(&call);
}
END_TEST

static void no_locks(void)
{
	set_up_with("6.3", NULL);
}

START_TEST(without_the_lock_faults_take_mmap_lock)
{
	ck_assert_ptr_null(lock_at(addr));
	mmap_write_lock(mm);
	vma_start_write(vma);
	ck_assert(vma_try_start_write(vma));
	mmap_write_unlock(mm);
	ck_assert_int_eq(mm->mm_lock_seq, 0);
}
END_TEST

/*
 * |.PV.....|: V, which has pages, becomes as P, which has none and would take it over. Memory for that runs out: was P
 * marked by then?
 */
static bool marked_by_failed_merge(void)
{
	struct vm_area_struct *prev;
	fl_vaddr b = 8 * PAGE;
	int seq;

	ck_assert_int_eq(fl_mmap(&b, fl_mm, b + PAGE, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0),
			 0);
	ck_assert_int_eq(fl_store(cpu0, b, 1), 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, b, 1, FL_READ), 0);
	b -= PAGE;
	ck_assert_int_eq(fl_mmap(&b, fl_mm, b, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0), 0);
	prev = vma_lookup(mm, b);
	ck_assert_ptr_ne(prev, vma_lookup(mm, b + PAGE));
	seq = mm->mm_lock_seq;
	fl_inject_fail_nth(FL_ALLOC_ANON_VMA, 1);
	ck_assert_int_eq(fl_mprotect(fl_mm, b + PAGE, 1, FL_READ | FL_WRITE), -ENOMEM);
	fl_inject_fail(NULL);
	ck_assert_ptr_eq(vma_lookup(mm, b), prev);
	ck_assert_ptr_null(prev->anon_vma);
	return prev->vm_lock_seq == seq;
}

START_TEST(who_takes_over_pages_is_marked_before_it_gets_their_owner)
{
	ck_assert(marked_by_failed_merge());
}
END_TEST

START_TEST(up_to_6_4_afterwards)
{
	ck_assert(!marked_by_failed_merge());
}
END_TEST

START_TEST(a_new_area_is_marked_from_the_start)
{
	struct vm_area_struct *fresh = vm_area_alloc(mm, 8 * PAGE, 9 * PAGE, VM_READ | VM_MAYREAD);
	bool locked = machine->policy.insert_vma_lock == FL_VMA_WRITE_LOCKED;

	mmap_write_lock(mm);
	ck_assert_int_eq(vma_link(mm, fresh), 0);
	ck_assert_int_eq(fresh->vm_lock_seq == mm->mm_lock_seq, locked);
	mmap_write_unlock(mm);
}
END_TEST

static void linux_6_4(void)
{
	set_up_with("6.4", NULL);
}

static void ipi(void)
{
	set_up_with("6.5", "tlb_flush=ipi");
}

static void linux_6_12(void)
{
	set_up_with("6.12", NULL);
}

static void linux_6_14(void)
{
	set_up_with("6.14", NULL);
}

static void linux_6_15(void)
{
	set_up_with("6.15", NULL);
}

static void linux_6_17(void)
{
	set_up_with("6.17", NULL);
}

/* What every form of the lock does. */
static void add_newer(Suite *suite, const char *name, void (*begin)(void))
{
	TCase *tc = test_case(name);

	tcase_add_checked_fixture(tc, begin, end_world);
	tcase_add_test(tc, marked_vma_refuses_readers_until_the_mm_unlocks);
	tcase_add_test(tc, a_downgrade_ends_marks_too);
	tcase_add_test(tc, other_areas_are_not_marked);
	tcase_add_test(tc, several_readers_are_in_at_once);
	tcase_add_test(tc, marking_waits_for_readers);
	tcase_add_test(tc, a_fault_locks_the_area_around_its_address);
	tcase_add_test(tc, what_is_not_permitted_is_reported);
	tcase_add_test(tc, faults_of_all_kinds_do_with_the_lock);
	tcase_add_test(tc, who_waits_for_a_handler_has_let_go_of_the_lock);
	tcase_add_test(tc, a_first_fault_does_not_wait_for_mmap_lock);
	tcase_add_test(tc, an_area_that_was_taken_out_is_not_found);
	tcase_add_test(tc, areas_are_marked_before_they_change);
	tcase_add_test(tc, faults_and_writers_of_two_cpus_get_along);
	suite_add_tcase(suite, tc);
}

int main(void)
{
	Suite *suite = suite_create("mm.vma_lock");
	TCase *tc = test_case("6.5"), *none = test_case("6.3"), *old = test_case("6.4"),
	      *x86 = test_case("ipi");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, marked_vma_refuses_readers_until_the_mm_unlocks);
	tcase_add_test(tc, a_downgrade_ends_marks_too);
	tcase_add_test(tc, other_areas_are_not_marked);
	tcase_add_test(tc, several_readers_are_in_at_once);
	tcase_add_test(tc, trying_to_mark_fails_while_a_reader_is_inside);
	tcase_add_test(tc, marking_waits_for_readers);
	tcase_add_test(tc, a_fault_locks_the_area_around_its_address);
	tcase_add_test(tc, a_fault_does_not_lock_what_it_can_not_use);
	tcase_add_test(tc, an_area_that_moved_away_is_let_go_of);
	tcase_add_test(tc, an_area_that_was_taken_out_is_not_found);
	tcase_add_test(tc, an_area_that_goes_after_the_lookup_says_so);
	tcase_add_test(tc, one_that_a_neighbour_grew_over_after_the_lookup_says_so);
	tcase_add_test(tc, areas_are_marked_before_they_change);
	tcase_add_test(tc, what_is_not_permitted_is_reported);
	tcase_add_test(tc, who_takes_over_pages_is_marked_before_it_gets_their_owner);
	tcase_add_test(tc, a_new_area_is_marked_from_the_start);
	tcase_add_test(tc, wrapped_numbers_refuse_and_recover);
	tcase_add_test(tc, faults_and_writers_of_two_cpus_get_along);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(none, no_locks, end_world);
	tcase_add_test(none, without_the_lock_faults_take_mmap_lock);
	tcase_add_test(none, faults_and_writers_of_two_cpus_get_along);
	suite_add_tcase(suite, none);
	tcase_add_checked_fixture(old, linux_6_4, end_world);
	tcase_add_test(old, marked_vma_refuses_readers_until_the_mm_unlocks);
	tcase_add_test(old, up_to_6_4_afterwards);
	tcase_add_test(old, a_new_area_is_marked_from_the_start);
	suite_add_tcase(suite, old);
	tcase_add_checked_fixture(x86, ipi, end_world);
	tcase_add_test(x86, faults_and_writers_of_two_cpus_get_along);
	suite_add_tcase(suite, x86);
	add_newer(suite, "6.12", linux_6_12);
	add_newer(suite, "6.14", linux_6_14);
	add_newer(suite, "6.15", linux_6_15);
	add_newer(suite, "6.17", linux_6_17);
	return run_suite(suite);
}
