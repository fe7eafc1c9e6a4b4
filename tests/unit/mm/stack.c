// SPDX-License-Identifier: MIT
/* stack.c - tests lib/mm/stack.c: mappings that grow downwards. The races are stack-vma-lock's and stack-rot's. */
#include "../world.h"

#include <faultline/gup.h>

#include <errno.h>
#include <signal.h>

/* |........SS......|  16 pages in all; the guard gap is one page */
static fl_vaddr stack;

static void stack_at(fl_vaddr at, size_t pages)
{
	ck_assert_int_eq(fl_mmap(&stack, fl_mm, at, pages, FL_READ | FL_WRITE,
				 FL_MAP_FIXED | FL_MAP_GROWSDOWN, NULL, 0),
			 0);
}

static const char *const kernels[] = { "4.8", "6.1", "6.4", "6.5", "6.17" };
#define NR_KERNELS (sizeof(kernels) / sizeof(kernels[0]))

static void begin(int i)
{
	make_world(kernels[i], NULL);
	stack_at(8 * PAGE, 2);
}

static struct vm_area_struct *vma_at(fl_vaddr addr)
{
	return vma_lookup(mm, addr);
}

START_TEST(an_access_below_makes_it_grow)
{
	struct vm_area_struct *vma;

	begin(_i);
	vma = vma_at(stack);
	ck_assert_int_eq(fl_store(cpu0, 5 * PAGE, 7), 0);
	ck_assert_uint_eq(vma->vm_start, 5 * PAGE);
	ck_assert_uint_eq(vma->vm_end, 10 * PAGE);
	/* page numbers go on as they were */
	ck_assert_uint_eq(vma->vm_pgoff, 5);
	ck_assert_ptr_eq(vma_at(6 * PAGE), vma);
	ck_assert_ptr_null(vma_at(5 * PAGE - 1));
	ck_assert_uint_eq(load(cpu1, 5 * PAGE), 7);
	/* again, and with pages that it had before; nothing is marked or locked any more */
	ck_assert_int_eq(fl_store(cpu1, 4 * PAGE + 8, 8), 0);
	ck_assert_uint_eq(vma->vm_start, 4 * PAGE);
	ck_assert_int_eq(fl_munmap(fl_mm, 4 * PAGE, 6), 0);
	end_world();
}
END_TEST

START_TEST(other_mappings_do_not_grow)
{
	fl_vaddr addr;
	uint64_t word;

	make_world(kernels[_i], NULL);
	ck_assert_int_eq(fl_mmap(&addr, fl_mm, 8 * PAGE, 1, FL_READ, FL_MAP_FIXED, NULL, 0), 0);
	ck_assert_int_eq(fl_load(&word, cpu0, 7 * PAGE), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, 9 * PAGE), -EFAULT);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	end_world();
}
END_TEST

START_TEST(a_gap_stays_below_it)
{
	struct fl_signal sig;
	fl_vaddr addr;

	begin(_i);
	ck_assert_int_eq(
		fl_mmap(&addr, fl_mm, 3 * PAGE, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0), 0);
	/* |...V....SS|: page 4 is the gap */
	ck_assert_int_eq(fl_store(cpu0, 5 * PAGE, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, 4 * PAGE, 1), -EFAULT);
	fl_last_signal(&sig, cpu0);
	ck_assert_int_eq(sig.signo, SIGSEGV);
	ck_assert_int_eq(sig.code, SEGV_MAPERR);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	/* not before one that nobody may access */
	ck_assert_int_eq(fl_mprotect(fl_mm, 3 * PAGE, 1, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, 4 * PAGE, 1), 0);
	end_world();
}
END_TEST

START_TEST(address_0_is_never_reached)
{
	begin(_i);
	ck_assert_int_eq(fl_store(cpu0, PAGE, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, 0, 1), -EFAULT);
	ck_assert_uint_eq(vma_at(stack)->vm_start, PAGE);
	end_world();
}
END_TEST

START_TEST(gup_grows_it_up_to_6_4)
{
	bool old = _i < 3;
	struct fl_pin pin;

	begin(_i);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, 7 * PAGE, 1, FL_GUP_WRITE, &pin),
			 old ? 1 : -EFAULT);
	if (old)
		fl_unpin(cpu0, &pin);
	/* /proc/PID/mem always does */
	ck_assert_int_eq(fl_poke(cpu1, fl_mm, 6 * PAGE, 5), 0);
	ck_assert_uint_eq(load(cpu0, 6 * PAGE), 5);
	ck_assert_int_eq(fl_poke(cpu1, fl_mm, 12 * PAGE, 5), -EFAULT);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	end_world();
}
END_TEST

START_TEST(it_is_private_anonymous_memory)
{
	fl_vaddr addr;

	make_world("6.17", NULL);
	ck_assert_int_eq(
		fl_mmap(&addr, fl_mm, 0, 1, FL_READ, FL_MAP_SHARED | FL_MAP_GROWSDOWN, NULL, 0),
		-EINVAL);
	end_world();
}
END_TEST

START_TEST(a_fault_under_the_lock_of_the_vma_is_waited_for)
{
	struct vm_area_struct *vma;

	make_world("6.5", NULL);
	stack_at(8 * PAGE, 2);
	ck_assert_int_eq(fl_store(cpu0, stack, 1), 0);
	vma = vma_at(stack);
	ck_assert_int_eq(fl_store(cpu0, 7 * PAGE, 1), 0);
	/* It was marked, with a number that is over. */
	ck_assert_int_eq(vma->vm_lock_seq, mm->mm_lock_seq - 1);
	end_world();
}
END_TEST

START_TEST(without_the_lock_nobody_is)
{
	struct vm_area_struct *vma;
	int seq;

	make_world("6.5", "stack_vma_lock=none");
	stack_at(8 * PAGE, 2);
	ck_assert_int_eq(fl_store(cpu0, stack, 1), 0);
	vma = vma_at(stack);
	seq = vma->vm_lock_seq;
	ck_assert_int_eq(fl_store(cpu0, 7 * PAGE, 1), 0);
	ck_assert_int_eq(vma->vm_lock_seq, seq);
	end_world();
}
END_TEST

/* Enough of it that the tree's nodes are split and joined meanwhile: natively with real sizes. */
START_TEST(a_large_one_grows_page_by_page)
{
	struct fl_machine_config config = { .cpus = 2, .level_bits = 5 };

	fl_machine_config_small(&config);
	config.level_bits = 5;
	config.frames = 512;
	make_world_with(&config, kernels[_i], NULL);
	stack_at(1000 * PAGE, 1);
	for (fl_vaddr addr = 999 * PAGE; addr > 800 * PAGE; addr -= PAGE)
		ck_assert_int_eq(fl_store(cpu0, addr, addr), 0);
	for (fl_vaddr addr = 999 * PAGE; addr > 800 * PAGE; addr -= PAGE)
		ck_assert_uint_eq(load(cpu1, addr), addr);
	end_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.stack");
	TCase *tc = test_case("stack");

	tcase_add_loop_test(tc, an_access_below_makes_it_grow, 0, NR_KERNELS);
	tcase_add_loop_test(tc, other_mappings_do_not_grow, 0, NR_KERNELS);
	tcase_add_loop_test(tc, a_gap_stays_below_it, 0, NR_KERNELS);
	tcase_add_loop_test(tc, address_0_is_never_reached, 0, NR_KERNELS);
	tcase_add_loop_test(tc, gup_grows_it_up_to_6_4, 0, NR_KERNELS);
	tcase_add_loop_test(tc, a_large_one_grows_page_by_page, 0, NR_KERNELS);
	tcase_add_test(tc, it_is_private_anonymous_memory);
	tcase_add_test(tc, a_fault_under_the_lock_of_the_vma_is_waited_for);
	tcase_add_test(tc, without_the_lock_nobody_is);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
