// SPDX-License-Identifier: MIT
/*
 * uffd.c - tests lib/mm/uffd.c: a fault that user space answers. Which areas are registered: vma.c.
 * A handler is a thread that is no CPU, as a monitor process would be.
 */
#include "../world.h"

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
	ck_assert_int_eq(rwsem_is_locked(&mm->mmap_lock), 0);
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
	ck_assert_int_eq(rwsem_is_locked(&mm->mmap_lock), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.uffd");
	TCase *cases[2] = { test_case("6.1"), test_case("6.5") };

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
		suite_add_tcase(suite, cases[i]);
	}
	return run_suite(suite);
}
