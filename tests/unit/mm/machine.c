// SPDX-License-Identifier: MIT
/* machine.c - tests lib/mm/machine.c and mm.c: machines of all sizes, CPUs, address spaces. */
#include "../world.h"

#include <errno.h>
#include <string.h>

static int create(struct fl_machine_config config)
{
	int err = fl_machine_create(&machine, &config);

	if (!err)
		fl_machine_destroy(machine);
	return err;
}

START_TEST(nothing_given_is_a_machine_like_any_other)
{
	struct fl_machine_config config = { 0 };
	fl_vaddr a;

	make_world_with(&config, "6.12", NULL);
	ck_assert_uint_eq(fl_machine_page_size(machine), 4096);
	ck_assert_uint_eq(fl_machine_nr_cpus(machine), 1);
	ck_assert_ptr_null(fl_machine_cpu(machine, 1));
	ck_assert_uint_eq(task_size(machine), 1ULL << 48);
	a = map(1000, FL_READ | FL_WRITE);
	ck_assert_uint_eq(fl_page(cpu0, a, 999), a + 999 * 4096);
	ck_assert_int_eq(fl_store(cpu0, a + 999 * 4096 + 4088, 7), 0);
	ck_assert_uint_eq(load(cpu0, a + 999 * 4096 + 4088), 7);
	ck_assert_uint_eq(load(cpu0, a + 999 * 4096 + 4080), 0);
	end_world();
}
END_TEST

START_TEST(sizes_out_of_range_are_refused)
{
	ck_assert_int_eq(create((struct fl_machine_config){ .cpus = 65 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .frames = 1 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .page_words = 3 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .page_words = 1024 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .levels = 1 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .levels = 6 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .level_bits = 10 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .tlb_sets = 6 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .tlb_ways = 65 }), -EINVAL);
	ck_assert_int_eq(create((struct fl_machine_config){ .cpus = 64, .frames = 2 }), 0);
	fl_machine_destroy(NULL);
	fl_mm_destroy(NULL);
}
END_TEST

START_TEST(one_thread_per_cpu_and_one_cpu_per_thread)
{
	make_world("6.1", NULL);
	ck_assert_int_eq(fl_cpu_bind(cpu1), -EBUSY);
	fl_cpu_unbind(cpu1); /* not ours: nothing happens */
	fl_cpu_unbind(cpu0);
	ck_assert_int_eq(fl_cpu_bind(cpu1), 0);
	ck_assert_uint_eq(fl_cpu_number(cpu1), 1);
	ck_assert_ptr_eq(fl_cpu_machine(cpu1), machine);
	fl_cpu_unbind(cpu1);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
	end_world();
}
END_TEST

START_TEST(address_spaces_are_apart)
{
	struct fl_mm *other;
	fl_vaddr a, b;

	make_world("6.5", NULL);
	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	ck_assert_uint_eq(fl_mm_id(fl_mm), 1);
	ck_assert_uint_eq(fl_mm_id(other), 2);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_mmap_anon(&b, other, 1, FL_READ | FL_WRITE), 0);
	fl_switch_mm(cpu1, other);
	ck_assert_uint_eq(mm->cpu_bitmap, 1);
	ck_assert_uint_eq(other->mm.cpu_bitmap, 2);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu1, b, 2), 0);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_uint_eq(load(cpu1, b), 2);
	fl_mm_destroy(other);
	ck_assert_ptr_null(cpu1->state->mm);
	ck_assert_uint_eq(load(cpu0, a), 1);
	end_world();
}
END_TEST

START_TEST(the_policy_is_a_copy)
{
	struct fl_machine_config config = { 0 };
	char err[256];
	struct fl_policy *policy;

	ck_assert_int_eq(fl_policy_create(&policy, "6.4", NULL, err, sizeof(err)), 0);
	config.policy = policy;
	ck_assert_int_eq(fl_machine_create(&machine, &config), 0);
	fl_policy_free(policy);
	ck_assert_int_eq(machine->policy.vma_unlock_order, FL_VMA_UNLOCK_RELAXED);
	fl_machine_destroy(machine);
	/* and the newest kernel's if none is given */
	config.policy = NULL;
	ck_assert_int_eq(fl_machine_create(&machine, &config), 0);
	ck_assert_int_eq(machine->policy.vma_unlock_order, FL_VMA_UNLOCK_WMB);
	fl_machine_destroy(machine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.machine");
	TCase *tc = test_case("machine");

	tcase_add_test(tc, nothing_given_is_a_machine_like_any_other);
	tcase_add_test(tc, sizes_out_of_range_are_refused);
	tcase_add_test(tc, one_thread_per_cpu_and_one_cpu_per_thread);
	tcase_add_test(tc, address_spaces_are_apart);
	tcase_add_test(tc, the_policy_is_a_copy);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
