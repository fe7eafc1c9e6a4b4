// SPDX-License-Identifier: MIT
/*
 * uffd.c - tests lib/mm/uffd.c: a fault that user space answers, what can be registered. VMAs: vma.c.
 * A handler is a thread that is no CPU, as a monitor process would be.
 */
#include "shared.h"

#include <errno.h>

#include "rt/thread.h"

static fl_vaddr a; /* four registered pages */
static struct fl_uffd *uffd;

static void set_up_with(const char *kernel)
{
	make_world(kernel, NULL);
	a = map(4, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_MISSING), 0);
}

static void linux_6_1(void)
{
	set_up_with("6.1");
}

static void linux_6_5(void)
{
	set_up_with("6.5");
}

struct handler {
	pthread_t thread;
	int answers; /* how many */
	struct fl_uffd_msg last;
};

/* Fills each page with its address and a half; every fourth one is the zero page. */
static void *answer(void *arg)
{
	struct handler *h = arg;

	for (int i = 0; i < h->answers; i++) {
		uint64_t words[2];

		if (fl_uffd_read(&h->last, uffd))
			abort();
		words[0] = h->last.addr;
		words[1] = h->last.addr + 8;
		if (h->last.addr == a + 3 * PAGE) {
			if (fl_uffd_zeropage(uffd, h->last.addr))
				abort();
		} else if (fl_uffd_copy(uffd, h->last.addr, words)) {
			abort();
		}
	}
	return NULL;
}

static void begin_handler(struct handler *h, int answers)
{
	*h = (struct handler){ .answers = answers };
	ck_assert_int_eq(pthread_create(&h->thread, NULL, answer, h), 0);
}

START_TEST(a_missing_page_is_provided_by_the_handler)
{
	struct handler h;

	begin_handler(&h, 3);
	ck_assert_uint_eq(load(cpu0, a + 8), a + 8);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 5), 0);
	ck_assert_uint_eq(load(cpu0, a + 3 * PAGE), 0);
	pthread_join(h.thread, NULL);
	ck_assert_uint_eq(h.last.addr, a + 3 * PAGE);
	ck_assert(!h.last.write);
	ck_assert_uint_eq(load(cpu1, a), a);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 5);
	ck_assert_uint_eq(load(cpu1, a + PAGE + 8), a + PAGE + 8);
	ck_assert(PageAnonExclusive(page_of(a)) && pte_write(entry_of(a)));
	/* What is there does not fault again; the zero page is copied without asking. */
	ck_assert_int_eq(fl_store(cpu0, a + 3 * PAGE, 1), 0);
	ck_assert_uint_eq(load(cpu1, a + 3 * PAGE), 1);
}
END_TEST

static void touch(struct fl_cpu *cpu, void *arg)
{
	if (fl_store(cpu, *(fl_vaddr *)arg, 1))
		abort();
}

START_TEST(two_cpus_wait_for_one_page_and_one_answer_is_enough)
{
	struct fl_uffd_msg msg;
	struct call call;
	struct handler h;
	fl_vaddr at = a + 8;

	begin_on(&call, cpu1, touch, &at);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	ck_assert_uint_eq(msg.addr, a);
	ck_assert(msg.write);
	/* cpu1's message was read; now cpu0 asks for the same page */
	begin_handler(&h, 1);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	pthread_join(h.thread, NULL);
	end_on(&call);
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_uint_eq(load(cpu0, a + 8), 1);
	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
}
END_TEST

START_TEST(messages_come_in_the_order_of_the_faults)
{
	fl_vaddr first = a + PAGE, second = a;
	struct fl_uffd_msg msg = { 0 };
	uint64_t words[2] = { 0 };
	struct call call;

	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
	begin_on(&call, cpu1, touch, &first);
	while (fl_uffd_try_read(&msg, uffd))
		cpu_relax();
	ck_assert_uint_eq(msg.addr, first);
	ck_assert_int_eq(fl_uffd_copy(uffd, first, words), 0);
	end_on(&call);
	begin_on(&call, cpu1, touch, &second);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	ck_assert_uint_eq(msg.addr, second);
	ck_assert_int_eq(fl_uffd_copy(uffd, second, words), 0);
	end_on(&call);
}
END_TEST

/* Until @n threads wait for user space. */
static void until_waiting(int n)
{
	while (fl_rt_nr_waiting() < n)
		cpu_relax();
}

START_TEST(the_oldest_message_is_read_first)
{
	fl_vaddr first = a + PAGE, second = a;
	struct fl_uffd_msg msg[2];
	struct call call[2];

	fl_cpu_unbind(cpu0); /* this thread is the handler */
	begin_on(&call[0], cpu1, touch, &first);
	until_waiting(1);
	begin_on(&call[1], cpu0, touch, &second);
	until_waiting(2);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(fl_uffd_read(&msg[i], uffd), 0);
	ck_assert_uint_eq(msg[0].addr, first);
	ck_assert_uint_eq(msg[1].addr, second);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fl_uffd_zeropage(uffd, msg[i].addr), 0);
		pthread_join(call[i].thread, NULL);
	}
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
}
END_TEST

START_TEST(an_answer_wakes_also_those_whose_message_nobody_read)
{
	struct fl_uffd_msg msg;
	struct call call;

	begin_on(&call, cpu1, touch, &a);
	until_waiting(1);
	ck_assert_int_eq(fl_uffd_zeropage(uffd, a), 0);
	end_on(&call);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
}
END_TEST

START_TEST(answers_go_to_free_registered_places)
{
	uint64_t words[2] = { 1, 2 }, frames;
	fl_vaddr other = map(1, FL_READ);

	ck_assert_int_eq(fl_uffd_copy(uffd, a, words), 0);
	frames = fl_machine_free_frames(machine);
	ck_assert_int_eq(fl_uffd_copy(uffd, a, words), -EEXIST);
	ck_assert_int_eq(fl_uffd_zeropage(uffd, a), -EEXIST);
	ck_assert_int_eq(fl_uffd_copy(uffd, other, words), -ENOENT);
	ck_assert_int_eq(fl_uffd_copy(uffd, a + 8 * PAGE, words), -ENOENT);
	ck_assert_int_eq(fl_uffd_copy(uffd, a + 8, words), -EINVAL);
	ck_assert_int_eq(fl_uffd_copy(uffd, a, NULL), -EINVAL);
	ck_assert_int_eq(fl_uffd_zeropage(uffd, a + 8), -EINVAL);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
}
END_TEST

START_TEST(a_pin_waits_for_the_handler_too)
{
	struct handler h;
	struct fl_pin pin;

	begin_handler(&h, 1);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	pthread_join(h.thread, NULL);
	ck_assert_uint_eq(fl_pin_load(&pin, 1), a + 8);
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(who_can_not_wait_gets_an_error)
{
	/* A debugger holds mmap_lock all the time. */
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 1), -EIO);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

START_TEST(closing_lets_waiting_faults_go_on)
{
	struct fl_uffd_msg msg;
	struct call call;

	begin_on(&call, cpu1, touch, &a);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	fl_uffd_close(uffd);
	end_on(&call);
	ck_assert_uint_eq(load(cpu0, a), 1);
}
END_TEST

/* --- what can be registered --- */

enum memory { ANON, SHMEM, OTHER_FILE };

static const struct {
	const char *kernel;
	enum memory memory;
	unsigned int features, mode;
	int ret;
} modes[] = {
	{ "4.8", ANON, 0, FL_UFFD_MISSING, 0 },
	{ "4.8", ANON, 0, FL_UFFD_WP, -EINVAL },
	{ "5.7", ANON, 0, FL_UFFD_WP, 0 },
	{ "5.7", SHMEM, 0, FL_UFFD_WP, -EINVAL },
	{ "5.7", SHMEM, 0, FL_UFFD_MISSING, 0 },
	{ "5.19", SHMEM, 0, FL_UFFD_MISSING | FL_UFFD_WP, 0 },
	{ "5.12", SHMEM, 0, FL_UFFD_MINOR, -EINVAL },
	{ "5.18", SHMEM, 0, FL_UFFD_MINOR, 0 },
	{ "5.18", ANON, 0, FL_UFFD_MINOR, -EINVAL },
	{ "5.18", SHMEM, 0, FL_UFFD_MISSING | FL_UFFD_MINOR, 0 },
	{ "6.12", OTHER_FILE, 0, FL_UFFD_MISSING, -EINVAL },
	{ "6.12", OTHER_FILE, 0, FL_UFFD_WP, -EINVAL },
	{ "6.12", OTHER_FILE, FL_UFFD_FEATURE_WP_ASYNC, FL_UFFD_WP, 0 },
	{ "6.12", OTHER_FILE, FL_UFFD_FEATURE_WP_ASYNC, FL_UFFD_MISSING | FL_UFFD_WP, -EINVAL },
	{ "6.12", ANON, 0, 0, -EINVAL },
	{ "6.12", ANON, 0, 8, -EINVAL },
};

START_TEST(modes_are_for_kinds_of_memory_and_kernels)
{
	struct vm_area_struct *vma = NULL;
	struct fl_file *file;
	fl_vaddr at;

	make_world(modes[_i].kernel, NULL);
	file = make_file();
	at = modes[_i].memory == ANON ? map(4, FL_READ | FL_WRITE) : 8 * PAGE;
	if (modes[_i].memory == OTHER_FILE)
		file->vm_ops = &generic_file_vm_ops;
	if (modes[_i].memory != ANON)
		vma = map_file(file, at, VM_SHARED);
	ck_assert_int_eq(fl_uffd_create_with(&uffd, fl_mm, modes[_i].features), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, at, 4, modes[_i].mode), modes[_i].ret);
	ck_assert_ptr_eq(vma_lookup(mm, at)->uffd_ctx, modes[_i].ret ? NULL : uffd);
	if (vma && !modes[_i].ret) {
		/* not without the right to write */
		ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, at, 4), 0);
		vma->vm_flags &= ~VM_MAYWRITE;
		ck_assert_int_eq(fl_uffd_register(uffd, cpu0, at, 4, modes[_i].mode), -EPERM);
	}
	fl_munmap(fl_mm, at, 4);
	free_file(file);
	end_world();
}
END_TEST

START_TEST(features_are_for_kernels)
{
	static const struct {
		const char *kernel;
		unsigned int has;
	} kernels[] = {
		{ "6.3", 0 },
		{ "6.4", FL_UFFD_FEATURE_WP_UNPOPULATED },
		{ "6.12", FL_UFFD_FEATURE_WP_UNPOPULATED | FL_UFFD_FEATURE_WP_ASYNC },
	};

	make_world(kernels[_i].kernel, NULL);
	for (unsigned int features = 0; features < 4; features++) {
		int want = features & ~kernels[_i].has ? -EINVAL : 0;

		ck_assert_int_eq(fl_uffd_create_with(&uffd, fl_mm, features), want);
	}
	ck_assert_int_eq(fl_uffd_create_with(&uffd, fl_mm, 8), -EINVAL);
	end_world();
}
END_TEST

START_TEST(registering_again_sets_modes_that_are_not_there_yet)
{
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 2, FL_UFFD_WP), 0);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_flags & __VM_UFFD_FLAGS, VM_UFFD_WP);
	ck_assert_uint_eq(vma_lookup(mm, a + 2 * PAGE)->vm_flags & __VM_UFFD_FLAGS,
			  VM_UFFD_MISSING);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_MISSING | FL_UFFD_WP), 0);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_end, a + 4 * PAGE);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_WP), 0);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_flags & __VM_UFFD_FLAGS,
			  VM_UFFD_MISSING | VM_UFFD_WP);
}
END_TEST

/* As userfaultfd says, neighbours that are alike then are one; and again when it is over. */
START_TEST(what_is_registered_alike_is_one_area)
{
	fl_vaddr free_page = a + 4 * PAGE;

	ck_assert_uint_eq(map(2, FL_READ | FL_WRITE), free_page);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_end, free_page);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, free_page, 1, FL_UFFD_MISSING), 0);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_end, free_page + PAGE);
	ck_assert_uint_eq(vma_lookup(mm, free_page + PAGE)->vm_start, free_page + PAGE);
	/* a part of the middle, and an end that a neighbour grows over */
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a + PAGE, 1), 0);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_end, a + PAGE);
	ck_assert_uint_eq(vma_lookup(mm, a + PAGE)->vm_end, a + 2 * PAGE);
	ck_assert_ptr_null(vma_lookup(mm, a + PAGE)->uffd_ctx);
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a + 3 * PAGE, 2), 0);
	ck_assert_uint_eq(vma_lookup(mm, a + 3 * PAGE)->vm_start, a + 3 * PAGE);
	ck_assert_uint_eq(vma_lookup(mm, a + 3 * PAGE)->vm_end, a + 6 * PAGE);
	/* of one that is not registered nothing changes; all else is nobody's, and one */
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a, 6), 0);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_end, a + 6 * PAGE);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_flags & __VM_UFFD_FLAGS, 0);
	ck_assert_ptr_null(vma_lookup(mm, a)->uffd_ctx);
}
END_TEST

START_TEST(waking_is_no_answer)
{
	struct fl_uffd_msg msg;
	struct call call;

	begin_on(&call, cpu1, touch, &a);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	until_waiting(1);
	fl_uffd_wake(uffd, a + PAGE, 1); /* somebody else */
	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
	fl_uffd_wake(uffd, a, 1);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0); /* it asks again */
	ck_assert_uint_eq(msg.addr, a);
	ck_assert(msg.write && !msg.wp && !msg.minor);
	ck_assert_int_eq(fl_uffd_zeropage(uffd, a), 0);
	end_on(&call);
}
END_TEST

static int result;

static void store_or_be_killed(struct fl_cpu *cpu, void *arg)
{
	result = fl_store(cpu, a, 1);
}

START_TEST(nobody_has_to_answer)
{
	struct call call;

	begin_on(&call, cpu1, store_or_be_killed, NULL);
	/* when all that still run wait for user space, the run is over */
	until_waiting(1);
	fl_rt_stop_waiting(true);
	end_on(&call);
	fl_rt_stop_waiting(false);
	ck_assert_int_eq(result, -EINTR);
	ck_assert_uint_eq(entry_of(a), PTE_NONE);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.uffd");
	TCase *cases[2] = { test_case("6.1"), test_case("6.5") };
	TCase *own = test_case("own world");

	for (int i = 0; i < 2; i++) {
		tcase_add_checked_fixture(cases[i], i ? linux_6_5 : linux_6_1, end_world);
		tcase_add_test(cases[i], a_missing_page_is_provided_by_the_handler);
		tcase_add_test(cases[i], two_cpus_wait_for_one_page_and_one_answer_is_enough);
		tcase_add_test(cases[i], messages_come_in_the_order_of_the_faults);
		tcase_add_test(cases[i], the_oldest_message_is_read_first);
		tcase_add_test(cases[i], an_answer_wakes_also_those_whose_message_nobody_read);
		tcase_add_test(cases[i], answers_go_to_free_registered_places);
		tcase_add_test(cases[i], a_pin_waits_for_the_handler_too);
		tcase_add_test(cases[i], who_can_not_wait_gets_an_error);
		tcase_add_test(cases[i], closing_lets_waiting_faults_go_on);
		tcase_add_test(cases[i], nobody_has_to_answer);
		tcase_add_test(cases[i], registering_again_sets_modes_that_are_not_there_yet);
		tcase_add_test(cases[i], what_is_registered_alike_is_one_area);
		tcase_add_test(cases[i], waking_is_no_answer);
		suite_add_tcase(suite, cases[i]);
	}
	tcase_add_loop_test(own, modes_are_for_kinds_of_memory_and_kernels, 0,
			    sizeof(modes) / sizeof(modes[0]));
	tcase_add_loop_test(own, features_are_for_kernels, 0, 3);
	suite_add_tcase(suite, own);
	return run_suite(suite);
}
