// SPDX-License-Identifier: MIT
/*
 * vma_torn.c - tests lib/oracle/vma_torn.c: the hooks called by hand, as a right and as a broken
 * lock would call them; then the real lock, broken on purpose.
 */
#include "../world.h"

#include "mm/describe.h"
#include "oracle/about.h"
#include "oracle/hooks.h"
#include "oracle/native_report.h"
#include "oracle/oracle.h"

static char oracle[32], message[256];
static struct vm_area_struct *vma;
static fl_vaddr a;

#define RW (VM_READ | VM_WRITE)
#define WATCHED (RW | VM_UFFD_MISSING)

static void set_up(void)
{
	make_world("6.5", NULL);
	a = map(2, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	/* Made by mmap in section 0; the hooks below say what happens to it. */
	vma = vma_lookup(mm, a);
	fl_oracle_vma_free(vma);
	fl_oracle_vma_new(vma, mm, -1, RW, a, a + 2 * PAGE);
	fl_native_report_clear();
}

static uint64_t failures(void)
{
	fl_oracle_finish();
	fl_native_report_first(oracle, sizeof(oracle), message, sizeof(message));
	return fl_native_report_count();
}

/* Section @seq of the writer: registers or takes back. */
static void write_section(int seq, uint64_t flags)
{
	fl_oracle_vma_mark(vma, seq);
	fl_oracle_vma_flags(vma, flags);
	fl_oracle_vma_end_all(mm);
}

static void read_section(int seq, uint64_t flags)
{
	fl_oracle_vma_locked(1, mm, vma, seq);
	fl_oracle_vma_saw_flags(1, vma, flags);
	fl_oracle_vma_unlocking(1, vma);
}

START_TEST(who_sees_what_the_section_left_is_fine)
{
	read_section(-1, RW);
	write_section(3, WATCHED);
	read_section(3, WATCHED);
	write_section(4, RW);
	read_section(4, RW);
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

START_TEST(old_flags_after_the_section_are_torn)
{
	write_section(3, WATCHED);
	read_section(3, RW);
	ck_assert_uint_eq(failures(), 1);
	ck_assert_str_eq(oracle, "vma-torn");
	ck_assert_str_eq(message,
			 "CPU1 has VMA 0x10-0x30 read-locked and sees vm_flags read|write; "
			 "the last writer left read|write|uffd-missing");
}
END_TEST

START_TEST(flags_of_a_section_to_come_are_torn)
{
	fl_oracle_vma_locked(1, mm, vma, -1);
	fl_oracle_vma_saw_flags(1, vma, WATCHED);
	ck_assert_uint_eq(failures(), 1);
}
END_TEST

START_TEST(an_old_range_is_torn)
{
	fl_oracle_vma_mark(vma, 3);
	fl_oracle_vma_range(vma, a, a + PAGE);
	fl_oracle_vma_end_all(mm);
	fl_oracle_vma_locked(1, mm, vma, 3);
	fl_oracle_vma_saw_range(1, vma, a, a + PAGE);
	ck_assert_uint_eq(failures(), 0);
	fl_oracle_vma_saw_range(1, vma, a, a + 2 * PAGE);
	ck_assert_uint_eq(failures(), 1);
	ck_assert_str_eq(message, "CPU1 has a VMA read-locked and sees 0x10-0x30; the last writer "
				  "left 0x10-0x20");
}
END_TEST

START_TEST(sections_that_overlap_are_torn)
{
	/* The reader gets in while the section is open, */
	fl_oracle_vma_mark(vma, 3);
	fl_oracle_vma_locked(1, mm, vma, 3);
	ck_assert_uint_eq(failures(), 1);
	ck_assert_str_eq(message,
			 "CPU1 read-locks VMA 0x10-0x30 while its writer's section 3 is open");
	/* or the writer while the reader is inside. */
	fl_native_report_clear();
	fl_oracle_vma_end_all(mm);
	fl_oracle_vma_mark(vma, 4);
	ck_assert_uint_eq(failures(), 1);
	ck_assert_str_eq(message,
			 "VMA 0x10-0x30 is marked for writing (4) while CPU1 has it read-locked");
}
END_TEST

START_TEST(values_outside_of_a_section_or_of_another_area_do_not_count)
{
	fl_oracle_vma_saw_flags(1, vma, WATCHED); /* not locked: mmap_lock protects it */
	fl_oracle_vma_locked(1, mm, vma, -1);
	fl_oracle_vma_unlocking(1, vma);
	fl_oracle_vma_saw_flags(1, vma, WATCHED);
	fl_oracle_vma_locked(1, mm, (void *)0x1234560, 5); /* never heard of */
	fl_oracle_vma_saw_flags(1, (void *)0x1234560, WATCHED);
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

START_TEST(a_reset_keeps_what_set_up_did_and_forgets_the_rest)
{
	write_section(3, WATCHED);
	fl_oracle_reset(); /* first: set-up is over */
	write_section(4, RW);
	fl_oracle_vma_mark(vma, 5); /* open when the execution ends */
	fl_oracle_vma_free(vma);
	fl_oracle_reset();
	read_section(3, WATCHED);
	ck_assert_uint_eq(failures(), 0);
	read_section(3, RW);
	ck_assert_uint_eq(failures(), 1);
}
END_TEST

START_TEST(thousands_of_areas_are_told_apart)
{
	for (uintptr_t i = 1; i <= 5000; i++)
		fl_oracle_vma_new((void *)(i << 6), mm, (int)i, RW | i << 32, i, i + 1);
	for (uintptr_t i = 2; i <= 5000; i += 2)
		fl_oracle_vma_free((void *)(i << 6));
	for (uintptr_t i = 2; i <= 5000; i += 4)
		fl_oracle_vma_new((void *)(i << 6), mm, 7, VM_READ, i, i + 1);
	for (uintptr_t i = 1; i <= 5000; i++) {
		fl_oracle_vma_locked(1, mm, (void *)(i << 6), i % 2 ? (int)i : 7);
		fl_oracle_vma_saw_flags(1, (void *)(i << 6), i % 2 ? RW | i << 32 : VM_READ);
	}
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

/* Registers behind the lock's back: nobody marks the VMA. */
START_TEST(the_real_lock_without_a_mark_is_torn)
{
	write_section(vma->vm_lock_seq, vma->vm_flags);
	ck_assert_ptr_eq(lock_vma_under_rcu(mm, a), vma);
	vma_end_read(vma);
	ck_assert_uint_eq(failures(), 0);
	vma->vm_flags |= VM_UFFD_MISSING;
	ck_assert_ptr_null(lock_vma_under_rcu(mm, a));
	ck_assert_uint_eq(failures(), 1);
	ck_assert_str_eq(oracle, "vma-torn");
	vma->vm_flags &= ~VM_UFFD_MISSING;
}
END_TEST

static struct fl_subject subjects[4];
static int nr_subjects;

static void hear_about(const struct fl_subject *subject)
{
	if (nr_subjects < 4)
		subjects[nr_subjects] = *subject;
	nr_subjects++;
}

static void hear_nothing(const struct fl_event *e)
{
}

static void assert_about(const void *field)
{
	ck_assert_int_eq(nr_subjects, 2);
	ck_assert(subjects[0].memory == field && subjects[0].loaded);
	ck_assert(subjects[1].memory == field && !subjects[1].loaded);
	nr_subjects = 0;
}

/* What the reader read there, and who stored to it. */
START_TEST(it_says_which_field_it_is_about)
{
	static const struct fl_oracle_listener listener = { .event = hear_nothing,
							    .about = hear_about };

	nr_subjects = 0;
	fl_oracle_listen(&listener);
	fl_oracle_vma_locked(1, mm, vma, -1);
	fl_oracle_vma_saw_range(1, vma, a, a + 2 * PAGE);
	fl_oracle_vma_saw_flags(1, vma, RW);
	ck_assert_int_eq(nr_subjects, 0);
	fl_oracle_vma_saw_range(1, vma, a - PAGE, a + 2 * PAGE);
	assert_about(&vma->vm_start);
	fl_oracle_vma_saw_range(1, vma, a, a + PAGE);
	assert_about(&vma->vm_end);
	fl_oracle_vma_saw_flags(1, vma, WATCHED);
	assert_about(&vma->vm_flags);
	fl_oracle_listen(NULL);
	ck_assert_uint_eq(failures(), 3);
}
END_TEST

static bool is_it(const struct vm_area_struct *v, void *arg)
{
	return v == arg;
}

START_TEST(a_vma_that_is_gone_is_known_by_its_address)
{
	ck_assert(fl_oracle_vma_any(is_it, vma));
	fl_oracle_vma_free(vma);
	ck_assert(fl_oracle_vma_any(is_it, vma));
	ck_assert(!fl_oracle_vma_any(is_it, &nr_subjects));
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

START_TEST(flags_have_names)
{
	char text[128];

	vm_flags_text(text, sizeof(text), RW | VM_ACCOUNT);
	ck_assert_str_eq(text, "read|write|account");
	vm_flags_text(text, sizeof(text), VM_READ | VM_NORESERVE);
	ck_assert_str_eq(text, "read|noreserve");
	vm_flags_text(text, sizeof(text), 0);
	ck_assert_str_eq(text, "none");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.vma_torn");
	TCase *tc = test_case("vma-torn");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, who_sees_what_the_section_left_is_fine);
	tcase_add_test(tc, old_flags_after_the_section_are_torn);
	tcase_add_test(tc, flags_of_a_section_to_come_are_torn);
	tcase_add_test(tc, an_old_range_is_torn);
	tcase_add_test(tc, sections_that_overlap_are_torn);
	tcase_add_test(tc, values_outside_of_a_section_or_of_another_area_do_not_count);
	tcase_add_test(tc, a_reset_keeps_what_set_up_did_and_forgets_the_rest);
	tcase_add_test(tc, thousands_of_areas_are_told_apart);
	tcase_add_test(tc, the_real_lock_without_a_mark_is_torn);
	tcase_add_test(tc, it_says_which_field_it_is_about);
	tcase_add_test(tc, a_vma_that_is_gone_is_known_by_its_address);
	tcase_add_test(tc, flags_have_names);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
