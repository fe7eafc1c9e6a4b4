// SPDX-License-Identifier: MIT
/*
 * uffd_wp.c - tests lib/mm/uffd_wp.c: protecting and un-protecting, what that does to entries in which
 * kernel, messages about writes, and write-protection as a record. Registration: uffd.c.
 */
#include "shared.h"

#include <errno.h>
#include <unistd.h>

#include "rt/thread.h"

static fl_vaddr a; /* four private pages, the first two stored to by both CPUs */
static struct fl_uffd *uffd;

static void make_pages(const char *kernel, const char *set)
{
	make_world(kernel, set);
	a = map(4, FL_READ | FL_WRITE);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 1), 0);
		ck_assert_int_eq(fl_store(cpu1, a + i * PAGE, 1), 0);
	}
	count_as_new(a);
}

static void set_up_with(const char *kernel, const char *set)
{
	make_pages(kernel, set);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_WP), 0);
}

/* With a feature of userfaultfd. */
static void set_up_features(const char *kernel, unsigned int features)
{
	make_pages(kernel, NULL);
	ck_assert_int_eq(fl_uffd_create_with(&uffd, fl_mm, features), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_WP), 0);
}

static void linux_5_12(void)
{
	set_up_with("5.12", NULL);
}

static void linux_6_1(void)
{
	set_up_with("6.1", NULL);
}

static void linux_6_12(void)
{
	set_up_with("6.12", NULL);
}

static void protect(fl_vaddr addr, size_t pages)
{
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, addr, pages, true), 0);
}

static void unprotect(fl_vaddr addr, size_t pages)
{
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, addr, pages, false), 0);
}

static int stored;

static void store_at(struct fl_cpu *cpu, void *arg)
{
	if (fl_store(cpu, *(fl_vaddr *)arg, 7))
		abort();
	__atomic_store_n(&stored, 1, __ATOMIC_RELEASE);
}

/* Until @n threads wait for user space. */
static void until_waiting(int n)
{
	while (fl_rt_nr_waiting() < n)
		cpu_relax();
}

/* --- messages --- */

START_TEST(a_write_to_a_protected_page_waits_until_it_is_not)
{
	struct fl_uffd_msg msg;
	struct call call;

	protect(a, 2);
	ck_assert(pte_uffd_wp(entry_of(a)) && !pte_write(entry_of(a)));
	ck_assert(pte_uffd_wp(entry_of(a + PAGE)));
	ck_assert_uint_eq(load(cpu0, a), 1); /* reads do not */
	stored = 0;
	/* cpu1 had a translation that let it write */
	begin_on(&call, cpu1, store_at, &a);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	ck_assert_uint_eq(msg.addr, a);
	ck_assert(msg.write && msg.wp && !msg.minor);
	until_waiting(1);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_int_eq(__atomic_load_n(&stored, __ATOMIC_ACQUIRE), 0);
	unprotect(a, 1);
	end_on(&call);
	ck_assert_uint_eq(load(cpu0, a), 7);
	ck_assert(!pte_uffd_wp(entry_of(a)) && pte_write(entry_of(a)));
	ck_assert(pte_uffd_wp(entry_of(a + PAGE)));
}
END_TEST

START_TEST(what_was_un_protected_before_the_fault_waited_wakes_nobody)
{
	struct vm_area_struct *vma = vma_lookup(mm, a);
	struct vm_fault vmf = { .m = machine, .mm = mm, .vma = vma, .address = a };
	struct fl_uffd_msg msg;

	/* |protected| the fault saw it |un-protected| now it comes to wait */
	vmf.flags = FAULT_FLAG_WRITE | FAULT_FLAG_ALLOW_RETRY;
	mmap_read_lock(mm);
	ck_assert_uint_eq(handle_userfault(&vmf, VM_UFFD_WP), VM_FAULT_RETRY);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
}
END_TEST

START_TEST(a_pin_for_writing_waits_too)
{
	struct fl_uffd_msg msg;
	struct fl_pin pin;

	protect(a, 1);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin),
			 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, 0, &pin), 1);
	fl_unpin(cpu0, &pin);
	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 1), -EIO); /* can't wait */
}
END_TEST

START_TEST(ranges_must_be_registered_for_it)
{
	fl_vaddr b = map(2, FL_READ | FL_WRITE), end = a + 8 * PAGE;

	ck_assert_uint_eq(b, a + 4 * PAGE);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, b, 1, true), -ENOENT);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 5, true), -ENOENT);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, end, 1, true), -ENOENT);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a + 8, 1, true), -EINVAL);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 0, true), -EINVAL);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, SIZE_MAX, true), -EINVAL);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, b, 2, FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, b, 1, true), -ENOENT);
}
END_TEST

/* Up to 5.19. */
static bool leaves_protection(void)
{
	return machine->policy.uffd_unregister == FL_UFFD_UNREGISTER_LEAVE;
}

START_TEST(giving_the_range_back_ends_it)
{
	struct fl_uffd_msg msg;
	struct call call;

	protect(a, 2);
	begin_on(&call, cpu1, store_at, &a);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	until_waiting(1);
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a, 4), 0);
	end_on(&call);
	if (!leaves_protection())
		ck_assert(!pte_uffd_wp(entry_of(a)));
	ck_assert_int_eq(pte_uffd_wp(entry_of(a + PAGE)), leaves_protection());
	ck_assert(!(vma_lookup(mm, a)->vm_flags & __VM_UFFD_FLAGS));
	ck_assert_ptr_null(vma_lookup(mm, a)->uffd_ctx);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 3), 0); /* nobody is asked, whatever the bit */
	ck_assert_uint_eq(load(cpu1, a + PAGE), 3);
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a + 1, 1), -EINVAL);
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a + 8 * PAGE, 1), -EINVAL);
}
END_TEST

START_TEST(part_of_a_range_can_be_given_back)
{
	/* |WWWW| -> |W..W| */
	protect(a, 4);
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a + PAGE, 2), 0);
	ck_assert(pte_uffd_wp(entry_of(a)));
	ck_assert_int_eq(pte_uffd_wp(entry_of(a + PAGE)), leaves_protection());
	for (int i = 0; i < 4; i++) {
		struct vm_area_struct *vma = vma_lookup(mm, a + i * PAGE);

		ck_assert_int_eq(!!(vma->vm_flags & VM_UFFD_WP), i == 0 || i == 3);
		ck_assert_ptr_eq(vma->uffd_ctx, i == 0 || i == 3 ? uffd : NULL);
	}
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_WP), 0);
	ck_assert_uint_eq(vma_lookup(mm, a)->vm_end, a + 4 * PAGE);
}
END_TEST

START_TEST(what_was_left_protected_is_so_again_if_registered_again)
{
	struct fl_uffd_msg msg;
	struct call call;

	protect(a, 1);
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a, 4), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_WP), 0);
	begin_on(&call, cpu1, store_at, &a);
	if (leaves_protection()) {
		ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
		unprotect(a, 1);
	}
	end_on(&call);
	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
}
END_TEST

START_TEST(a_hole_in_the_range_is_not_registered)
{
	bool holes = mm->machine->policy.uffd_wp_holes == FL_YES; /* they are passed over */

	ck_assert_int_eq(fl_munmap(fl_mm, a + PAGE, 1), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 4, true), holes ? 0 : -ENOENT);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a + PAGE, 2, true), holes ? 0 : -ENOENT);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a + PAGE, 1, true), -ENOENT);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a + 2 * PAGE, 2, true), 0);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

START_TEST(closing_ends_it_too)
{
	struct call call;

	protect(a, 2);
	begin_on(&call, cpu1, store_at, &a);
	until_waiting(1);
	fl_uffd_close(uffd);
	end_on(&call);
	ck_assert(!pte_uffd_wp(entry_of(a)) && !pte_uffd_wp(entry_of(a + PAGE)));
	ck_assert_uint_eq(load(cpu0, a), 7);
}
END_TEST

/* --- what entries become --- */

START_TEST(private_pages_become_writable_at_once_since_6_3)
{
	static const struct {
		const char *kernel, *set;
		bool write;
	} rows[] = {
		{ "5.12", NULL, false },
		{ "6.1", NULL, false },
		{ "6.3", NULL, true },
		{ "6.3", "uffd_wp_upgrade=none", false },
		{ "6.3", "uffd_wp_upgrade=always", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_up_with(rows[i].kernel, rows[i].set);
		protect(a, 1);
		unprotect(a, 2);
		ck_assert_int_eq(pte_write(entry_of(a)), rows[i].write);
		/* A page that was never protected loses the right with it: fact sheet A1b. */
		ck_assert_int_eq(pte_write(entry_of(a + PAGE)), rows[i].write);
		ck_assert_int_eq(fl_store(cpu1, a + PAGE, 2), 0);
		ck_assert(pte_write(entry_of(a + PAGE)));
		end_world();
	}
}
END_TEST

START_TEST(the_first_form_of_the_upgrade_is_harmless_alone)
{
	static const char *const sets[] = {
		"uffd_wp_upgrade=always",
		"uffd_wp_upgrade=always,change_writable=no-uffd-wp",
		"uffd_wp_upgrade=resolve,change_writable=no-uffd-wp",
	};

	for (int i = 0; i < 3; i++) {
		set_up_with("6.3", sets[i]);
		protect(a, 1);
		ck_assert(pte_uffd_wp(entry_of(a)));
		/* protected and writable: a write nobody hears of */
		ck_assert_int_eq(pte_write(entry_of(a)), i == 1);
		end_world();
	}
}
END_TEST

/*
 * A2 of the fact sheet, step by step: soft-dirty tracking waits for a write to shared memory, when
 * userfaultfd-wp comes and goes. fl_clear_refs() and the rest are the real ones; step 1's store is done by
 * hand, and so is 5's, where it needs no fault.
 */
struct a2 {
	const char *kernel, *set;
	bool lost;
};

static const struct a2 a2[] = {
	{ "5.19", NULL, true },
	{ "6.1", NULL, true },
	{ "6.3", NULL, false },
	{ "6.12", NULL, false },
	{ "6.3", "uffd_wp_prot=vm-flags", true },
	{ "6.3", "uffd_wp_upgrade=none", false }, /* only slower */
	{ "6.3", "change_writable=no-soft-dirty", true },
	{ "6.3", "change_writable=no-uffd-wp", false },
	{ "6.3", "change_writable=no-anon-exclusive", false },
	{ "6.3", "change_writable=no-dirty", false },
	/* Without it the VMA's default is read-only all the same: tracking asks for notice. */
	{ "6.3", "uffd_wp_writenotify=no", false },
};

START_TEST(un_protecting_does_not_give_what_soft_dirty_tracking_waits_for)
{
	const struct a2 *row = &a2[_i / 2];
	bool by_unregister = _i % 2, lost;
	struct vm_area_struct *vma;
	struct fl_file *file;
	fl_vaddr s = 8 * PAGE;
	uint64_t shown;

	make_world(row->kernel, row->set);
	lost = row->lost && !(by_unregister && leaves_protection());
	file = make_file();
	vma = map_file(file, s, VM_SHARED | VM_SOFTDIRTY);
	ck_assert(pte_write(vma->vm_page_prot));
	map_entry(vma, s, STORED); /* 1 */

	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0); /* 2 */
	ck_assert(!(vma->vm_flags & VM_SOFTDIRTY) && !pte_write(vma->vm_page_prot));
	ck_assert_uint_eq(bits_of(s), _PAGE_ACCESSED | _PAGE_DIRTY);

	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0); /* 3 */
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, s, SHARED_PAGES, FL_UFFD_WP), 0);
	ck_assert(!pte_write(vma->vm_page_prot));
	ck_assert_uint_eq(bits_of(s), _PAGE_ACCESSED | _PAGE_DIRTY);

	if (by_unregister) { /* 4 */
		ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, s, SHARED_PAGES), 0);
	} else {
		protect(s, 1);
		ck_assert_uint_eq(bits_of(s), _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_UFFD_WP);
		unprotect(s, 1);
	}
	ck_assert(!pte_write(vma->vm_page_prot));
	ck_assert_uint_eq(bits_of(s), _PAGE_ACCESSED | _PAGE_DIRTY | (lost ? _PAGE_RW : 0));

	if (lost || vma->vm_ops->fault) { /* 5 */
		ck_assert_int_eq(fl_store(cpu0, s, 1), 0);
		ck_assert_int_eq(fl_pagemap(&shown, fl_mm, s, 1), 0);
		ck_assert_int_eq(!!(shown & FL_PM_SOFT_DIRTY), !lost);
	}
	ck_assert_int_eq(fl_munmap(fl_mm, s, SHARED_PAGES), 0);
	free_file(file);
	end_world();
}
END_TEST

START_TEST(shared_pages_that_nobody_waits_for_become_writable)
{
	struct vm_area_struct *vma;
	fl_vaddr s = 8 * PAGE;
	struct fl_file *file;

	make_world("6.3", NULL);
	file = make_file();
	vma = map_file(file, s, VM_SHARED | VM_SOFTDIRTY);
	map_entry(vma, s, STORED);
	map_entry(vma, s + PAGE, STORED & ~_PAGE_DIRTY);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, s, 4, FL_UFFD_WP), 0);
	ck_assert(!pte_write(vma->vm_page_prot)); /* userfaultfd asks for notice */
	protect(s, 2);
	unprotect(s, 2);
	ck_assert(pte_write(entry_of(s)));
	ck_assert(!pte_write(entry_of(s + PAGE))); /* clean: somebody may have to know */
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, s, 4), 0);
	ck_assert(pte_write(vma->vm_page_prot));
	ck_assert_int_eq(fl_munmap(fl_mm, s, 4), 0);
	free_file(file);
	end_world();
}
END_TEST

START_TEST(other_changes_of_protection_do_not_end_it)
{
	/* NUMA hinting of a protected page of shared memory: 51d3d5eb74ff */
	struct vm_area_struct *vma;
	fl_vaddr s = 8 * PAGE;
	struct fl_file *file;

	make_world("6.1", _i ? "uffd_wp_writenotify=yes" : NULL);
	file = make_file();
	vma = map_file(file, s, VM_SHARED | VM_SOFTDIRTY);
	map_entry(vma, s, STORED);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, s, 4, FL_UFFD_WP), 0);
	protect(s, 1);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, s, 1), 1);
	load(cpu0, s);
	ck_assert(pte_uffd_wp(entry_of(s)));
	ck_assert_int_eq(pte_write(entry_of(s)), !_i);
	ck_assert_int_eq(fl_munmap(fl_mm, s, 4), 0);
	free_file(file);
	end_world();
}
END_TEST

/* --- places without a page --- */

START_TEST(empty_places_are_protected_by_markers_if_asked_for)
{
	set_up_features("6.4", 0);
	protect(a, 4);
	ck_assert(pte_none(entry_of(a + 2 * PAGE)));
	end_world();

	set_up_features("6.4", FL_UFFD_FEATURE_WP_UNPOPULATED);
	ck_assert(pte_none(entry_of(a + 3 * PAGE))); /* in a table that is not there yet */
	protect(a, 4);
	ck_assert(pte_marker_uffd_wp(entry_of(a + 2 * PAGE)));
	ck_assert(pte_marker_uffd_wp(entry_of(a + 3 * PAGE)));
	protect(a, 4);
	ck_assert(pte_marker_uffd_wp(entry_of(a + 3 * PAGE)));
	unprotect(a + 3 * PAGE, 1);
	ck_assert(pte_none(entry_of(a + 3 * PAGE)));
	ck_assert_int_eq(fl_store(cpu0, a + 3 * PAGE, 1), 0); /* as any other */
	ck_assert(!pte_uffd_wp(entry_of(a + 3 * PAGE)));
	end_world();
}
END_TEST

START_TEST(a_page_that_comes_to_a_marker_is_protected)
{
	fl_vaddr at = a + 2 * PAGE;
	struct fl_uffd_msg msg;
	struct call call;

	set_up_features("6.4", FL_UFFD_FEATURE_WP_UNPOPULATED);
	at = a + 2 * PAGE;
	protect(at, 2);
	ck_assert_uint_eq(load(cpu0, at), 0); /* a read over a marker */
	ck_assert(pte_uffd_wp(entry_of(at)) && pte_special(entry_of(at)));
	for (int i = 0; i < 2; i++, at += PAGE) {
		begin_on(&call, cpu1, store_at, &at);
		ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
		ck_assert(msg.wp && msg.addr == at);
		unprotect(at, 1);
		end_on(&call);
		ck_assert_uint_eq(load(cpu0, at), 7);
	}
	end_world();
}
END_TEST

START_TEST(markers_that_are_left_over_mean_nothing)
{
	*entry_at(a + 2 * PAGE) = make_pte_marker_uffd_wp();
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a, 4), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * PAGE, 1), 0);
	ck_assert(!pte_uffd_wp(entry_of(a + 2 * PAGE)));
}
END_TEST

START_TEST(shared_memory_has_markers_without_asking)
{
	struct fl_file *file;
	fl_vaddr s = 8 * PAGE;

	make_world(_i ? "6.0" : "5.19", NULL);
	file = make_file();
	map_file(file, s, VM_SHARED);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, s, 4, FL_UFFD_WP), 0);
	protect(s, 4);
	ck_assert(pte_marker_uffd_wp(entry_of(s + 3 * PAGE)));
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, s, 4), 0);
	ck_assert_int_eq(pte_none(entry_of(s + 3 * PAGE)), !leaves_protection());
	ck_assert_int_eq(fl_store(cpu0, s + 3 * PAGE, 4), 0);
	ck_assert(pte_present(entry_of(s + 3 * PAGE)) && !pte_uffd_wp(entry_of(s + 3 * PAGE)));
	ck_assert_int_eq(fl_munmap(fl_mm, s, 4), 0);
	free_file(file);
	end_world();
}
END_TEST

/* --- a record of writes --- */

static bool unwritten(fl_vaddr addr)
{
	uint64_t entry;

	ck_assert_int_eq(fl_pagemap(&entry, fl_mm, addr, 1), 0);
	return entry & FL_PM_UFFD_WP;
}

START_TEST(a_write_can_resolve_itself)
{
	struct fl_uffd_msg msg;

	set_up_features("6.12", FL_UFFD_FEATURE_WP_ASYNC);
	for (int round = 0; round < 20; round++) {
		protect(a, 4);
		for (int i = 0; i < 4; i++)
			ck_assert(unwritten(a + i * PAGE));
		load(cpu0, a + 3 * PAGE);
		for (int i = 0; i < 4; i++) {
			ck_assert(unwritten(a + i * PAGE));
			ck_assert_int_eq(fl_store(i % 2 ? cpu0 : cpu1, a + i * PAGE, 5), 0);
			ck_assert(!unwritten(a + i * PAGE));
			ck_assert_uint_eq(load(cpu0, a + i * PAGE), 5);
		}
		ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
		if (round % 2) {
			ck_assert_int_eq(fl_munmap(fl_mm, a + 3 * PAGE, 1), 0);
			ck_assert_uint_eq(map(1, FL_READ | FL_WRITE), a + 3 * PAGE);
			count_as_new(a + 3 * PAGE);
			ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a + 3 * PAGE, 1, FL_UFFD_WP),
					 0);
		}
	}
	end_world();
}
END_TEST

/* --- locks, and who is told --- */

static int returned;

static void protect_it(struct fl_cpu *cpu, void *arg)
{
	if (fl_uffd_writeprotect(uffd, a, 1, *(bool *)arg))
		abort();
	__atomic_store_n(&returned, 1, __ATOMIC_RELEASE);
}

static const struct {
	const char *set;
	bool writer, marked;
	int wrprotect;
} walks[] = {
	{ "uffd_wp_lock=mmap-read", false, false, 0 },
	{ "uffd_wp_lock=mmap-write", true, false, 0 },
	{ "uffd_wp_lock=mmap-write-vma", true, true, 0 },
	{ "wrprotect_sync=fault", false, false, 1 },
};

START_TEST(the_walk_is_locked_and_announced_as_the_policy_says)
{
	bool on = _i % 2;
	struct vm_area_struct *vma;
	struct call call;
	spinlock_t *ptl;
	long want;

	set_up_with("6.5", walks[_i / 2].set);
	vma = vma_lookup(mm, a);
	ptl = ptl_of(a);
	want = walks[_i / 2].writer ? RWSEM_WRITER_LOCKED : RWSEM_READER_BIAS;
	returned = 0;
	spin_lock(ptl);
	begin_on(&call, cpu1, protect_it, &on);
	while (__atomic_load_n(&mm->mmap_lock.rwsem.count, __ATOMIC_ACQUIRE) != want)
		cpu_relax();
	while (atomic_read(&mm->tlb_flush_pending) != 1)
		cpu_relax();
	ck_assert_int_eq(atomic_read(&mm->wrprotect_pending), walks[_i / 2].wrprotect);
	ck_assert_int_eq(__atomic_load_n(&vma->vm_lock_seq, __ATOMIC_RELAXED) ==
				 READ_ONCE(mm->mm_lock_seq),
			 walks[_i / 2].marked);
	usleep(2000);
	ck_assert_int_eq(__atomic_load_n(&returned, __ATOMIC_ACQUIRE), 0);
	spin_unlock(ptl);
	end_on(&call);
	ck_assert_int_eq(pte_uffd_wp(entry_of(a)), on);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
	ck_assert_int_eq(atomic_read(&mm->tlb_flush_pending), 0);
	ck_assert_int_eq(atomic_read(&mm->wrprotect_pending), 0);
	end_world();
}
END_TEST

START_TEST(a_message_may_say_that_the_content_is_frozen)
{
	/* The entry is protected in memory, cpu1's TLB still lets write: somebody has yet to flush. */
	bool frozen = _i == 2;
	struct fl_uffd_msg msg;
	struct call call, late;

	set_up_with("6.1", _i == 0   ? NULL
			   : _i == 1 ? "wrprotect_sync=fault"
				     : "wrprotect_sync=fault-and-uffd");
	*entry_at(a) = pte_mkuffd_wp(entry_of(a));
	atomic_inc(&mm->wrprotect_pending);
	tlb_drop_range(cpu0, mm->asid, a, a + PAGE);
	fl_cpu_unbind(cpu0);
	begin_on(&call, cpu0, store_at, &a);
	until_waiting(1);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	stored = 0;
	begin_on(&late, cpu1, store_at, &a);
	if (frozen)
		until_waiting(2);
	else
		pthread_join(late.thread, NULL);
	ck_assert_int_eq(__atomic_load_n(&stored, __ATOMIC_ACQUIRE), !frozen);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 1, false), 0);
	if (frozen)
		pthread_join(late.thread, NULL);
	pthread_join(call.thread, NULL);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
	atomic_dec(&mm->wrprotect_pending);
	end_world();
}
END_TEST

int main(void)
{
	static void (*const fixtures[])(void) = { linux_5_12, linux_6_1, linux_6_12 };
	static const char *const names[] = { "5.12", "6.1", "6.12" };
	Suite *suite = suite_create("mm.uffd_wp");
	TCase *own = test_case("own world");

	for (int i = 0; i < 3; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, a_write_to_a_protected_page_waits_until_it_is_not);
		tcase_add_test(tc, what_was_un_protected_before_the_fault_waited_wakes_nobody);
		tcase_add_test(tc, a_pin_for_writing_waits_too);
		tcase_add_test(tc, ranges_must_be_registered_for_it);
		tcase_add_test(tc, giving_the_range_back_ends_it);
		tcase_add_test(tc, part_of_a_range_can_be_given_back);
		tcase_add_test(tc, what_was_left_protected_is_so_again_if_registered_again);
		tcase_add_test(tc, a_hole_in_the_range_is_not_registered);
		tcase_add_test(tc, closing_ends_it_too);
		tcase_add_test(tc, markers_that_are_left_over_mean_nothing);
		suite_add_tcase(suite, tc);
	}
	tcase_add_test(own, private_pages_become_writable_at_once_since_6_3);
	tcase_add_test(own, the_first_form_of_the_upgrade_is_harmless_alone);
	tcase_add_loop_test(own, un_protecting_does_not_give_what_soft_dirty_tracking_waits_for, 0,
			    2 * sizeof(a2) / sizeof(a2[0]));
	tcase_add_test(own, shared_pages_that_nobody_waits_for_become_writable);
	tcase_add_loop_test(own, other_changes_of_protection_do_not_end_it, 0, 2);
	tcase_add_test(own, empty_places_are_protected_by_markers_if_asked_for);
	tcase_add_test(own, a_page_that_comes_to_a_marker_is_protected);
	tcase_add_loop_test(own, shared_memory_has_markers_without_asking, 0, 2);
	tcase_add_test(own, a_write_can_resolve_itself);
	tcase_add_loop_test(own, the_walk_is_locked_and_announced_as_the_policy_says, 0,
			    2 * sizeof(walks) / sizeof(walks[0]));
	tcase_add_loop_test(own, a_message_may_say_that_the_content_is_frozen, 0, 3);
	suite_add_tcase(suite, own);
	return run_suite(suite);
}
