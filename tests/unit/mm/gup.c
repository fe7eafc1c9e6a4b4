// SPDX-License-Identifier: MIT
/* gup.c - tests lib/mm/gup.c: which page is pinned, by which way, and what that does to it. */
#include "../world.h"

#include <errno.h>

#include <faultline/file.h>

static long pin(fl_vaddr addr, unsigned int flags, struct fl_pin *out)
{
	return fl_pin_user_pages_fast(cpu0, addr, 1, flags, out);
}

START_TEST(an_exclusive_page_is_pinned_without_a_lock)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	/* Nobody could take mmap_lock for reading now. */
	mmap_write_lock(mm);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 1);
	mmap_write_unlock(mm);
	ck_assert_uint_eq(p.pfn, pte_pfn(entry_of(a)));
	ck_assert(page_maybe_dma_pinned(page_of(a)));
	ck_assert_int_eq(page_count(page_of(a)), 1 + GUP_PIN_COUNTING_BIAS);
	ck_assert(test_bit(MMF_HAS_PINNED, &mm->flags));
	/* What the program stores the device reads, and the other way round. */
	ck_assert_uint_eq(fl_pin_load(&p, 0), 4);
	fl_pin_store(&p, 1, 6);
	ck_assert_uint_eq(load(cpu1, a + 8), 6);
	ck_assert_uint_eq(fl_pin_load(&p, 2), 0);
	fl_unpin(cpu1, &p);
	ck_assert_int_eq(page_count(page_of(a)), 1);
	ck_assert(!irqs_disabled());
}
END_TEST

START_TEST(a_page_that_is_not_there_is_faulted_in)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);
	struct fl_pin p, q;

	ck_assert_int_eq(pin(a, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &p), 0);
	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), 1);
	ck_assert(pte_write(entry_of(a)) && PageAnonExclusive(page_of(a)));
	ck_assert_uint_eq(p.pfn, pte_pfn(entry_of(a)));
	/* To be read only: the zero page, which nobody counts. */
	ck_assert_int_eq(pin(a + PAGE, 0, &q), 1);
	ck_assert_uint_eq(q.pfn, ZERO_PFN);
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 1);
	fl_unpin(cpu0, &q);
	ck_assert_int_eq(page_count(pfn_to_page(machine, ZERO_PFN)), 1);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_read_pin_of_a_page_that_may_be_shared_unshares_it)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *old;
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 0);
	/* the failed attempt left nothing behind */
	ck_assert_int_eq(page_count(page_of(a)), 1);
	/* somebody has it: the pin gets a copy */
	old = page_of(a);
	page_ref_add(old, 1);
	ck_assert_int_eq(pin(a, 0, &p), 1);
	ck_assert_ptr_ne(page_of(a), old);
	ck_assert_uint_eq(p.pfn, pte_pfn(entry_of(a)));
	ck_assert(PageAnonExclusive(page_of(a)) && !pte_write(entry_of(a)));
	ck_assert_uint_eq(fl_pin_load(&p, 0), 4);
	/* and stays with the program's page when that is written to */
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	ck_assert_uint_eq(fl_pin_load(&p, 0), 5);
	put_page(machine, old);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_read_pin_of_the_only_reference_makes_it_exclusive)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	page = page_of(a);
	ck_assert_int_eq(pin(a, 0, &p), 1);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(PageAnonExclusive(page));
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_write_pin_needs_a_writable_entry)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE), ro = map(1, FL_READ);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_int_eq(pin(a, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &p), 0);
	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), 1);
	ck_assert(pte_write(entry_of(a)));
	fl_unpin(cpu0, &p);
	ck_assert_int_eq(pin(ro, FL_GUP_WRITE, &p), -EFAULT);
	/* not even a page that a debugger left there */
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, ro, 1), 0);
	ck_assert_int_eq(pin(ro, FL_GUP_WRITE, &p), -EFAULT);
	ck_assert_int_eq(pin(ro, FL_GUP_FAST_ONLY, &p), 1);
	fl_unpin(cpu0, &p);
}
END_TEST

/* Programs can read what they may write, on x86; the slow path goes by the letter, the fast one by the entry. */
START_TEST(a_read_pin_needs_read_permission_if_the_page_is_not_there)
{
	fl_vaddr a = map(1, FL_WRITE);
	struct fl_pin p;

	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_int_eq(pin(a, 0, &p), -EFAULT);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(pin(a, 0, &p), 1);
	fl_unpin(cpu0, &p);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 1, 0, &p), -EFAULT);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 1, FL_GUP_FORCE, &p), 1);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(several_pages_are_pinned_as_far_as_they_go)
{
	fl_vaddr a = map(4, FL_READ | FL_WRITE);
	struct fl_pin p[6];

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 2), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 4, FL_GUP_FAST_ONLY, p), 2);
	fl_unpin(cpu0, &p[0]);
	fl_unpin(cpu0, &p[1]);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 6, FL_GUP_WRITE, p), 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(p[i].pfn, pte_pfn(entry_of(a + i * PAGE)));
		fl_unpin(cpu0, &p[i]);
	}
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a + 4 * PAGE, 1, 0, p), -EFAULT);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	struct fl_pin p;

	ck_assert_int_eq(pin(PAGE + 8, 0, &p), -EINVAL);
	ck_assert_int_eq(pin(PAGE, 64, &p), -EINVAL);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, PAGE, 0, 0, &p), -EINVAL);
	ck_assert_int_eq(pin(task_size(machine), 0, &p), -EFAULT);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, PAGE, SIZE_MAX, 0, &p), -EFAULT);
}
END_TEST

START_TEST(out_of_frames_is_an_error)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *taken[16];
	struct fl_pin p;
	int n = 0;

	while ((taken[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), -ENOMEM);
	while (n > 0)
		put_page(machine, taken[--n]);
}
END_TEST

START_TEST(fast_gives_up_while_fork_write_protects)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	raw_write_seqcount_begin(&mm->write_protect_seq);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 0);
	raw_write_seqcount_end(&mm->write_protect_seq);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 1);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_pin_outlives_the_mapping)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	uint64_t frames = fl_machine_free_frames(machine);
	struct fl_pin p;

	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), 1);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	fl_pin_store(&p, 0, 77);
	ck_assert_uint_eq(fl_pin_load(&p, 0), 77);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	fl_unpin(cpu0, &p);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

/* --- against unmapping --- */

struct race {
	fl_vaddr a;
	int stop;
};

static void pin_and_unpin(struct fl_cpu *cpu, void *arg)
{
	struct race *r = arg;
	struct fl_pin p;

	while (!READ_ONCE(r->stop)) {
		if (fl_pin_user_pages_fast(cpu, r->a, 1, FL_GUP_WRITE, &p) == 1) {
			fl_pin_store(&p, 0, 1);
			fl_unpin(cpu, &p);
		}
	}
}

START_TEST(pinning_while_the_page_comes_and_goes)
{
	struct race r = { .a = map(1, FL_READ | FL_WRITE) };
	struct call call;

	begin_on(&call, cpu1, pin_and_unpin, &r);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(fl_store(cpu0, r.a, i), 0);
		ck_assert_int_eq(fl_munmap(fl_mm, r.a, 1), 0);
		ck_assert_uint_eq(map(1, FL_READ | FL_WRITE), r.a);
	}
	WRITE_ONCE(r.stop, 1);
	end_on(&call);
	/* end_world() counts the frames. */
}
END_TEST

/* --- plain references, long-term pins, any mm --- */

START_TEST(a_plain_reference_unshares_nothing)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	page = page_of(a);
	ck_assert_int_eq(pin(a, FL_GUP_GET | FL_GUP_FAST_ONLY, &p), 1);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert(!PageAnonExclusive(page) && !test_bit(MMF_HAS_PINNED, &mm->flags));
	fl_unpin(cpu0, &p);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 1, FL_GUP_GET, &p), 1);
	ck_assert_ptr_eq(page_of(a), page);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(a_plain_reference_does_not_ask_whether_fork_runs)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	raw_write_seqcount_begin(&mm->write_protect_seq);
	ck_assert_int_eq(pin(a, FL_GUP_GET | FL_GUP_FAST_ONLY, &p), 1);
	raw_write_seqcount_end(&mm->write_protect_seq);
	fl_unpin(cpu0, &p);
}
END_TEST

START_TEST(pages_of_another_mm_are_pinned_under_its_lock)
{
	fl_vaddr a = map(6, FL_READ | FL_WRITE);
	struct fl_pin p[7];

	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	fl_switch_mm(cpu0, NULL);
	ck_assert_int_eq(pin(a, 0, p), -EINVAL);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 7, FL_GUP_WRITE, p), 6);
	ck_assert_uint_eq(fl_pin_load(&p[0], 0), 4);
	for (unsigned int i = 0; i < 6; i++) {
		ck_assert_uint_eq(p[i].pfn, pte_pfn(entry_of(a + i * PAGE)));
		ck_assert(page_maybe_dma_pinned(page_of(a + i * PAGE)));
	}
	/* all of them at once, in three leaf tables, without the lock */
	for (unsigned int i = 0; i < 6; i++)
		fl_unpin(cpu0, &p[i]);
	fl_switch_mm(cpu0, fl_mm);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 6, FL_GUP_FAST_ONLY, p), 6);
	for (unsigned int i = 0; i < 6; i++) {
		ck_assert_uint_eq(p[i].pfn, pte_pfn(entry_of(a + i * PAGE)));
		fl_unpin(cpu0, &p[i]);
		ck_assert_int_eq(page_count(page_of(a + i * PAGE)), 1);
	}
	ck_assert_uint_eq(cpu0->counters.gup_fast, 6);
	ck_assert_uint_eq(cpu0->counters.gup_slow, 6);
}
END_TEST

START_TEST(a_device_that_wrote_leaves_a_dirty_page)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(pin(a, FL_GUP_WRITE, &p), 1);
	ck_assert(!test_bit(PG_dirty, &page_of(a)->flags));
	fl_unpin_dirty(cpu0, &p);
	ck_assert(test_bit(PG_dirty, &page_of(a)->flags) && !PageLocked(page_of(a)));
	ck_assert_int_eq(page_count(page_of(a)), 1);
}
END_TEST

START_TEST(a_write_by_reference_leaves_a_dirty_page_and_no_reference)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE), ro = map(1, FL_READ);

	ck_assert_int_eq(fl_write_by_reference(cpu0, a, 1, FL_GUP_FAST_ONLY), -EAGAIN);
	ck_assert_int_eq(fl_write_by_reference(cpu0, a + 8, 5, 0), 0);
	ck_assert_uint_eq(load(cpu1, a + 8), 5);
	ck_assert_uint_eq(load(cpu1, a), 0);
	ck_assert(test_bit(PG_dirty, &page_of(a)->flags));
	ck_assert_int_eq(page_count(page_of(a)), 1);
	ck_assert_int_eq(fl_write_by_reference(cpu0, a, 6, FL_GUP_FAST_ONLY), 0);
	ck_assert_uint_eq(load(cpu0, a), 6);
	ck_assert_int_eq(fl_write_by_reference(cpu0, ro, 1, 0), -EFAULT);
	ck_assert_int_eq(fl_write_by_reference(cpu0, task_size(machine), 1, 0), -EFAULT);
	ck_assert_int_eq(fl_write_by_reference(cpu0, a + 4, 1, 0), -EINVAL);
	ck_assert_int_eq(fl_write_by_reference(cpu0, a, 1, FL_GUP_LONGTERM), -EINVAL);
}
END_TEST

START_TEST(flags_that_do_not_go_together_are_refused)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin p;

	ck_assert_int_eq(pin(a, FL_GUP_FORCE | FL_GUP_WRITE, &p), -EINVAL);
	ck_assert_int_eq(pin(a, FL_GUP_GET | FL_GUP_LONGTERM, &p), -EINVAL);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 1, FL_GUP_FAST_ONLY, &p), -EINVAL);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 0, 0, &p), -EINVAL);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, task_size(machine), 1, 0, &p), -EFAULT);
}
END_TEST

START_TEST(beyond_the_end_of_a_file_there_is_no_page)
{
	struct fl_file *file;
	struct fl_pin p[2];
	fl_vaddr a;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 1, 2), 0);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 2, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0), 0);
	ck_assert_int_eq(pin(a + PAGE, FL_GUP_WRITE, p), -EFAULT);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a + PAGE, 1, 0, p), -EFAULT);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 2, 0, p), 1);
	fl_unpin(cpu0, &p[0]);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a + PAGE, 1), -EIO); /* as SIGBUS */
	ck_assert_int_eq(fl_munmap(fl_mm, a, 2), 0);
	fl_file_put(file);
}
END_TEST

/* --- read-only long-term pins: later writes must be seen through them --- */

enum way { SLOW, FAST };
enum sharing { CHILD_LIVES, CHILD_GONE, EXCLUSIVE, ZERO_PAGE };

static const struct pin_rule {
	const char *kernel, *set;
	bool shared;	 /* of a page that a child has, too: is what is written later seen? */
	bool was_shared; /* of one that a child had */
} pin_rules[] = {
	{ "5.7", NULL, false, true },
	{ "5.8", NULL, true, true },
	{ "5.9", NULL, false, false },
	{ "5.18", NULL, false, false },
	{ "5.19", NULL, true, true },
	{ "6.12", NULL, true, true },
	{ "6.12", "gup_recheck=pte", true, true },
	{ "6.12", "gup_recheck=none", true, true },
	{ "5.7", "gup_unshare=mapcount,fork_pinned=check", true, true },
	{ "5.7", "gup_unshare=mapcount-recheck,fork_pinned=check", true, true },
};
#define NR_PIN_RULES ((int)(sizeof(pin_rules) / sizeof(pin_rules[0])))

static void read_only_pin(const struct pin_rule *rule, enum way way, enum sharing sharing,
			  bool seen)
{
	struct fl_mm *child = NULL;
	fl_vaddr a;
	struct fl_pin p;

	make_world(rule->kernel, rule->set);
	a = map(1, FL_READ | FL_WRITE);
	if (sharing == ZERO_PAGE)
		ck_assert_uint_eq(load(cpu0, a), 0);
	else
		ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	if (sharing == CHILD_LIVES || sharing == CHILD_GONE)
		ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	if (sharing == CHILD_GONE) {
		fl_mm_destroy(child);
		child = NULL;
	}
	if (way == FAST)
		ck_assert_int_eq(pin(a, FL_GUP_LONGTERM, &p), 1);
	else
		ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, a, 1, FL_GUP_LONGTERM, &p), 1);
	ck_assert_uint_ne(p.pfn, ZERO_PFN);
	ck_assert_uint_eq(fl_pin_load(&p, 0), sharing == ZERO_PAGE ? 0 : 1);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_msg((fl_pin_load(&p, 0) == 2) == seen, "%s %s, %d, %d", rule->kernel,
		      rule->set ? rule->set : "", way, sharing);
	if (child) {
		fl_switch_mm(cpu1, child);
		ck_assert_uint_eq(load(cpu1, a), 1);
		fl_mm_destroy(child);
	}
	fl_unpin(cpu0, &p);
	end_world();
}

START_TEST(a_read_only_pin_of_a_page_that_a_child_has)
{
	read_only_pin(&pin_rules[_i], SLOW, CHILD_LIVES, pin_rules[_i].shared);
	read_only_pin(&pin_rules[_i], FAST, CHILD_LIVES, pin_rules[_i].shared);
}
END_TEST

START_TEST(a_read_only_pin_of_a_page_that_a_child_had)
{
	read_only_pin(&pin_rules[_i], SLOW, CHILD_GONE, pin_rules[_i].was_shared);
	read_only_pin(&pin_rules[_i], FAST, CHILD_GONE, pin_rules[_i].was_shared);
}
END_TEST

START_TEST(a_read_only_pin_of_a_page_of_ones_own)
{
	read_only_pin(&pin_rules[_i], SLOW, EXCLUSIVE, true);
	read_only_pin(&pin_rules[_i], FAST, EXCLUSIVE, true);
}
END_TEST

START_TEST(a_read_only_long_term_pin_is_never_of_the_zero_page)
{
	read_only_pin(&pin_rules[_i], SLOW, ZERO_PAGE, true);
	read_only_pin(&pin_rules[_i], FAST, ZERO_PAGE, true);
}
END_TEST

START_TEST(before_5_11_fast_does_not_ask_whether_fork_runs)
{
	fl_vaddr a;
	struct fl_pin p;

	make_world("5.9", NULL);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	raw_write_seqcount_begin(&mm->write_protect_seq);
	ck_assert_int_eq(pin(a, FL_GUP_FAST_ONLY, &p), 1);
	raw_write_seqcount_end(&mm->write_protect_seq);
	fl_unpin(cpu0, &p);
	end_world();
}
END_TEST

/* --- 5.8: every reference counts as a write --- */

START_TEST(in_5_8_a_reference_breaks_cow)
{
	fl_vaddr a, ro;
	struct fl_mm *child;
	struct page *page;
	struct fl_pin p;

	make_world("5.8", NULL);
	a = map(1, FL_READ | FL_WRITE);
	ro = map(1, FL_READ);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	page = page_of(a);
	ck_assert_int_eq(pin(a, FL_GUP_GET | FL_GUP_FAST_ONLY, &p), 0);
	ck_assert_int_eq(pin(a, FL_GUP_GET, &p), 1);
	ck_assert_ptr_ne(page_of(a), page);
	ck_assert(pte_write(entry_of(a)));
	fl_unpin(cpu0, &p);
	/* also where the program may not write: read-only, dirty, and its own */
	ck_assert_int_eq(pin(ro, FL_GUP_GET, &p), 1);
	ck_assert_uint_ne(p.pfn, ZERO_PFN);
	ck_assert_uint_eq(p.pfn, pte_pfn(entry_of(ro)));
	ck_assert(!pte_write(entry_of(ro)) && pte_dirty(entry_of(ro)));
	fl_unpin(cpu0, &p);
	fl_mm_destroy(child);
	end_world();
}
END_TEST

/* --- FOLL_FORCE --- */

START_TEST(a_forced_write_goes_to_a_page_of_the_mms_own)
{
	static const char *const kernels[] = { "4.8", "5.7", "5.8", "5.19", "6.0", "6.12" };
	fl_vaddr ro;
	struct fl_mm *child;
	struct fl_pin p;

	make_world(kernels[_i], NULL);
	ro = map(1, FL_READ);
	ck_assert_uint_eq(load(cpu0, ro), 0);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, ro, 1, FL_GUP_WRITE, &p), -EFAULT);
	for (uint64_t word = 1; word < 3; word++) {
		ck_assert_int_eq(
			fl_pin_user_pages(cpu0, fl_mm, ro, 1, FL_GUP_WRITE | FL_GUP_FORCE, &p), 1);
		ck_assert_uint_ne(p.pfn, ZERO_PFN);
		fl_pin_store(&p, 0, word);
		ck_assert_uint_eq(load(cpu0, ro), word);
		ck_assert(!pte_write(entry_of(ro)));
		fl_unpin(cpu0, &p);
	}
	/* not to one that a child has, too */
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	fl_switch_mm(cpu1, child);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, ro, 9), 0);
	ck_assert_uint_eq(load(cpu0, ro), 9);
	ck_assert_uint_eq(load(cpu1, ro), 2);
	fl_mm_destroy(child);
	end_world();
}
END_TEST

START_TEST(a_forced_write_waits_for_who_watches_writes)
{
	struct vm_area_struct *vma;
	fl_vaddr ro;
	struct fl_pin p;

	make_world("6.12", NULL);
	ro = map(1, FL_READ);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, ro, 1), 0);
	ck_assert(!pte_soft_dirty(entry_of(ro)));
	/* soft-dirty tracking: the write has to be recorded by a fault */
	vma = vma_lookup(mm, ro);
	vma->vm_flags &= ~VM_SOFTDIRTY;
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, ro, 1, FL_GUP_WRITE | FL_GUP_FORCE, &p), 1);
	ck_assert(pte_soft_dirty(entry_of(ro)));
	fl_unpin(cpu0, &p);
	end_world();
}
END_TEST

static void linux_6_0(void)
{
	make_world("6.0", NULL);
}

static void linux_6_5(void)
{
	make_world("6.5", NULL);
}

static void linux_5_11(void)
{
	make_world("5.11", NULL);
}

static void ipi(void)
{
	make_world("6.1", "tlb_flush=ipi");
}

int main(void)
{
	static void (*const fixtures[])(void) = { linux_6_0, linux_6_5, ipi };
	static const char *const names[] = { "6.0", "6.5", "ipi" };
	Suite *suite = suite_create("mm.gup");
	TCase *old = test_case("5.11"), *rules = test_case("rules");

	for (int i = 0; i < 3; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, an_exclusive_page_is_pinned_without_a_lock);
		tcase_add_test(tc, a_page_that_is_not_there_is_faulted_in);
		tcase_add_test(tc, a_read_pin_of_a_page_that_may_be_shared_unshares_it);
		tcase_add_test(tc, a_read_pin_of_the_only_reference_makes_it_exclusive);
		tcase_add_test(tc, a_write_pin_needs_a_writable_entry);
		tcase_add_test(tc, a_read_pin_needs_read_permission_if_the_page_is_not_there);
		tcase_add_test(tc, several_pages_are_pinned_as_far_as_they_go);
		tcase_add_test(tc, nonsense_is_refused);
		tcase_add_test(tc, out_of_frames_is_an_error);
		tcase_add_test(tc, fast_gives_up_while_fork_write_protects);
		tcase_add_test(tc, a_pin_outlives_the_mapping);
		tcase_add_test(tc, pinning_while_the_page_comes_and_goes);
		tcase_add_test(tc, a_plain_reference_unshares_nothing);
		tcase_add_test(tc, a_plain_reference_does_not_ask_whether_fork_runs);
		tcase_add_test(tc, pages_of_another_mm_are_pinned_under_its_lock);
		tcase_add_test(tc, a_device_that_wrote_leaves_a_dirty_page);
		tcase_add_test(tc, a_write_by_reference_leaves_a_dirty_page_and_no_reference);
		tcase_add_test(tc, flags_that_do_not_go_together_are_refused);
		tcase_add_test(tc, beyond_the_end_of_a_file_there_is_no_page);
		suite_add_tcase(suite, tc);
	}
	tcase_add_checked_fixture(old, linux_5_11, end_world);
	tcase_add_test(old, pages_of_another_mm_are_pinned_under_its_lock);
	tcase_add_test(old, fast_gives_up_while_fork_write_protects);
	tcase_add_test(old, a_plain_reference_does_not_ask_whether_fork_runs);
	suite_add_tcase(suite, old);
	tcase_add_loop_test(rules, a_read_only_pin_of_a_page_that_a_child_has, 0, NR_PIN_RULES);
	tcase_add_loop_test(rules, a_read_only_pin_of_a_page_that_a_child_had, 0, NR_PIN_RULES);
	tcase_add_loop_test(rules, a_read_only_pin_of_a_page_of_ones_own, 0, NR_PIN_RULES);
	tcase_add_loop_test(rules, a_read_only_long_term_pin_is_never_of_the_zero_page, 0,
			    NR_PIN_RULES);
	tcase_add_test(rules, before_5_11_fast_does_not_ask_whether_fork_runs);
	tcase_add_test(rules, in_5_8_a_reference_breaks_cow);
	tcase_add_loop_test(rules, a_forced_write_goes_to_a_page_of_the_mms_own, 0, 6);
	tcase_add_test(rules, a_forced_write_waits_for_who_watches_writes);
	suite_add_tcase(suite, rules);
	return run_suite(suite);
}
