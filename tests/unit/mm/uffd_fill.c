// SPDX-License-Identifier: MIT
/*
 * uffd_fill.c - tests lib/mm/uffd_fill.c: pages that user space provides, in private and in shared memory.
 * The wait for them: uffd.c.
 */
#include "shared.h"

#include <errno.h>

static fl_vaddr a;		    /* four private pages */
static const fl_vaddr s = 8 * PAGE; /* four pages of the file */
static struct fl_file *file;
static struct vm_area_struct *vma; /* at s */
static struct fl_uffd *uffd;
static const uint64_t words[2] = { 11, 12 };

static void set_up_with(const char *kernel, const char *set, unsigned long flags)
{
	make_world(kernel, set);
	a = map(4, FL_READ | FL_WRITE);
	file = make_file();
	vma = map_file(file, s, flags | VM_SOFTDIRTY);
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_MISSING | FL_UFFD_WP), 0);
	ck_assert_int_eq(
		fl_uffd_register(uffd, cpu0, s, 4, FL_UFFD_MISSING | FL_UFFD_WP | FL_UFFD_MINOR),
		0);
}

static void shared_6_3(void)
{
	set_up_with("6.3", NULL, VM_SHARED);
}

static void private_6_3(void)
{
	set_up_with("6.3", NULL, 0);
}

static void tear_down(void)
{
	ck_assert_int_eq(fl_munmap(fl_mm, s, 4), 0);
	free_file(file);
	end_world();
}

START_TEST(a_copy_in_shared_memory_goes_to_the_file)
{
	struct page *page;

	ck_assert_int_eq(fl_uffd_copy(uffd, s, words), 0);
	page = file->mapping.pages[0];
	ck_assert_ptr_nonnull(page);
	ck_assert_ptr_eq(page_of(s), page);
	ck_assert(!PageAnon(page));
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_int_eq(page_mapcount(page), 1);
	ck_assert_uint_eq(bits_of(s), _PAGE_RW | _PAGE_DIRTY | _PAGE_SOFT_DIRTY);
	ck_assert_uint_eq(load(cpu0, s + 8), 12);
	ck_assert_int_eq(fl_uffd_zeropage(uffd, s + PAGE), 0);
	ck_assert_ptr_eq(page_of(s + PAGE), file->mapping.pages[1]);
	ck_assert_uint_eq(load(cpu0, s + PAGE), 0);
}
END_TEST

START_TEST(what_the_file_has_is_not_copied_over)
{
	uint64_t frames;

	file_page(file, 0);
	frames = fl_machine_free_frames(machine);
	ck_assert_int_eq(fl_uffd_copy(uffd, s, words), -EEXIST);
	ck_assert_int_eq(fl_uffd_zeropage(uffd, s), -EEXIST);
	file->mapping.size = 3;
	ck_assert_int_eq(fl_uffd_copy(uffd, s + 3 * PAGE, words), -EFAULT);
	ck_assert_ptr_null(file->mapping.pages[3]);
	/* the entry is taken, the file has no page: what was put in comes out again */
	map_entry(vma, s + PAGE, 0);
	put_page(machine, file->mapping.pages[1]);
	file->mapping.pages[1] = NULL;
	ck_assert_int_eq(fl_uffd_copy(uffd, s + PAGE, words), -EEXIST);
	ck_assert_ptr_null(file->mapping.pages[1]);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
}
END_TEST

START_TEST(continue_maps_what_the_file_has)
{
	struct page *page = file_page(file, 2);

	ck_assert_int_eq(fl_uffd_continue(uffd, s + 2 * PAGE), 0);
	ck_assert_ptr_eq(page_of(s + 2 * PAGE), page);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_int_eq(page_mapcount(page), 1);
	ck_assert(pte_write(entry_of(s + 2 * PAGE)));
	ck_assert_int_eq(fl_uffd_continue(uffd, s + 2 * PAGE), -EEXIST);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_int_eq(fl_uffd_continue(uffd, s), -EFAULT);
	ck_assert_int_eq(fl_uffd_continue(uffd, a), -EINVAL);
	ck_assert_int_eq(fl_uffd_continue(uffd, 14 * PAGE), -ENOENT);
	ck_assert_int_eq(fl_uffd_continue(uffd, s + 1), -EINVAL);
	ck_assert_int_eq(fl_uffd_continue_wp(uffd, s + 1), -EINVAL);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

START_TEST(a_private_mapping_gets_pages_of_its_own)
{
	struct page *page = file_page(file, 1);

	ck_assert_int_eq(fl_uffd_copy(uffd, s, words), 0);
	ck_assert(PageAnon(page_of(s)) && PageAnonExclusive(page_of(s)));
	ck_assert(pte_write(entry_of(s)));
	ck_assert_ptr_null(file->mapping.pages[0]);
	/* and the file's only for reading */
	ck_assert_int_eq(fl_uffd_continue(uffd, s + PAGE), 0);
	ck_assert_ptr_eq(page_of(s + PAGE), page);
	ck_assert(!pte_write(entry_of(s + PAGE)));
	ck_assert_int_eq(fl_uffd_zeropage(uffd, s + 2 * PAGE), 0);
	ck_assert(pte_special(entry_of(s + 2 * PAGE)));
	file->mapping.size = 3;
	ck_assert_int_eq(fl_uffd_zeropage(uffd, s + 3 * PAGE), -EFAULT);
	ck_assert_int_eq(fl_uffd_copy(uffd, s + 3 * PAGE, words), -EFAULT);
}
END_TEST

/* Also without a page of its own: fork() copies what the VMA may have, which its anon_vma says. */
START_TEST(a_child_inherits_what_was_filled_in)
{
	struct fl_pte_info info;
	struct fl_mm *child;

	ck_assert_ptr_null(vma_lookup(mm, a)->anon_vma);
	ck_assert_int_eq(fl_uffd_zeropage(uffd, a), 0);
	ck_assert_ptr_nonnull(vma_lookup(mm, a)->anon_vma);
	ck_assert_ptr_null(vma->anon_vma);
	file_page(file, 1);
	ck_assert_int_eq(fl_uffd_continue(uffd, s + PAGE), 0);
	ck_assert_ptr_nonnull(vma->anon_vma);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_inspect_pte(&info, child, a), 0);
	ck_assert(info.present && info.special);
	ck_assert_int_eq(fl_inspect_pte(&info, child, s + PAGE), 0);
	ck_assert(info.present && !info.special);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(shared_memory_needs_no_anon_vma)
{
	ck_assert_int_eq(fl_uffd_zeropage(uffd, s), 0);
	ck_assert_int_eq(fl_uffd_copy(uffd, s + PAGE, words), 0);
	ck_assert_ptr_null(vma->anon_vma);
}
END_TEST

START_TEST(pages_can_arrive_protected)
{
	file_page(file, 3);
	ck_assert_int_eq(fl_uffd_copy_wp(uffd, a, words), 0);
	ck_assert_int_eq(fl_uffd_copy_wp(uffd, s, words), 0);
	ck_assert_int_eq(fl_uffd_continue_wp(uffd, s + 3 * PAGE), 0);
	ck_assert(pte_uffd_wp(entry_of(a)) && !pte_write(entry_of(a)));
	ck_assert(pte_uffd_wp(entry_of(s)) && !pte_write(entry_of(s)));
	ck_assert(pte_uffd_wp(entry_of(s + 3 * PAGE)) && !pte_write(entry_of(s + 3 * PAGE)));
	ck_assert_uint_eq(load(cpu0, a), 11);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 1, false), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	/* only where a write would be heard of */
	ck_assert_int_eq(fl_uffd_unregister(uffd, cpu0, a, 4), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 4, FL_UFFD_MISSING), 0);
	ck_assert_int_eq(fl_uffd_copy_wp(uffd, a + PAGE, words), -EINVAL);
	ck_assert_int_eq(fl_uffd_copy_wp(uffd, a + 1, words), -EINVAL);
	ck_assert_int_eq(fl_uffd_copy_wp(uffd, a, NULL), -EINVAL);
}
END_TEST

START_TEST(a_page_takes_a_markers_place)
{
	*entry_at(a) = make_pte_marker_uffd_wp();
	*entry_at(a + PAGE) = make_pte_marker_uffd_wp();
	ck_assert_int_eq(fl_uffd_zeropage(uffd, a), -EEXIST);
	ck_assert_int_eq(fl_uffd_copy(uffd, a, words), 0);
	ck_assert(!pte_uffd_wp(entry_of(a)));
	ck_assert_int_eq(fl_uffd_copy_wp(uffd, a + PAGE, words), 0);
	ck_assert(pte_uffd_wp(entry_of(a + PAGE)));
	*entry_at(s) = make_pte_marker_uffd_wp();
	ck_assert_int_eq(fl_uffd_copy(uffd, s, words), 0);
	ck_assert(pte_present(entry_of(s)));
}
END_TEST

START_TEST(read_only_entries_are_dirty_since_5_16)
{
	bool always = _i;

	set_up_with("6.3", always ? NULL : "uffd_install_dirty=writable", VM_SHARED);
	file_page(file, 0);
	mmap_write_lock(mm);
	vm_flags_reset(vma, vma->vm_flags & ~VM_WRITE);
	vma_set_page_prot(vma);
	mmap_write_unlock(mm);
	ck_assert_int_eq(fl_uffd_continue(uffd, s), 0);
	ck_assert(!pte_write(entry_of(s)));
	ck_assert_int_eq(pte_dirty(entry_of(s)), always);
	/* then the page itself must be */
	ck_assert_int_eq(test_bit(PG_dirty, &page_of(s)->flags), !always);
	ck_assert_int_eq(fl_uffd_copy(uffd, a, words), 0);
	ck_assert(pte_dirty(entry_of(a)));
	tear_down();
}
END_TEST

static void load_it(struct fl_cpu *cpu, void *arg)
{
	if (fl_load(arg, cpu, s))
		abort();
}

START_TEST(a_minor_fault_ends_when_the_entry_is_there)
{
	struct vm_fault vmf = { .m = machine, .mm = mm, .vma = vma, .address = s };
	struct fl_uffd_msg msg;
	uint64_t word;
	struct call call;

	vmf.flags = FAULT_FLAG_ALLOW_RETRY;
	file_page(file, 0);
	ck_assert_int_eq(fl_uffd_continue(uffd, s), 0);
	mmap_read_lock(mm); /* it came late */
	ck_assert_uint_eq(handle_userfault(&vmf, VM_UFFD_MINOR), VM_FAULT_RETRY);
	ck_assert_int_eq(fl_uffd_try_read(&msg, uffd), -EAGAIN);
	ck_assert_int_eq(fl_munmap(fl_mm, s, 4), 0);
	vma = map_file(file, s, VM_SHARED);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, s, 4, FL_UFFD_MINOR), 0);
	frame_words(machine, page_to_pfn(file_page(file, 0)))[0] = 77;
	begin_on(&call, cpu1, load_it, &word);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	ck_assert(msg.minor && !msg.wp && msg.addr == s);
	ck_assert_int_eq(fl_uffd_continue(uffd, s), 0);
	end_on(&call);
	ck_assert_uint_eq(word, 77);
}
END_TEST

struct fill {
	int (*fill)(struct fl_uffd *uffd, fl_vaddr addr);
	int ret;
};

static int copy(struct fl_uffd *ctx, fl_vaddr addr)
{
	return fl_uffd_copy(ctx, addr, words);
}

static void fill_it(struct fl_cpu *cpu, void *arg)
{
	struct fill *f = arg;

	(void)cpu;
	f->ret = f->fill(uffd, s);
}

/* Else a fault could map it first, and the answer take it out of the file again. */
START_TEST(a_new_page_is_locked_until_its_entry_is_there)
{
	struct fill f = { .fill = copy };
	struct page *page;
	struct call call;

	entry_at(s); /* makes the table */
	spin_lock(ptl_of(s));
	begin_on(&call, cpu1, fill_it, &f);
	while (!(page = READ_ONCE(file->mapping.pages[0])))
		;
	ck_assert(PageLocked(page));
	ck_assert(pte_none(entry_of(s)));
	spin_unlock(ptl_of(s));
	end_on(&call);
	ck_assert_int_eq(f.ret, 0);
	ck_assert(!PageLocked(page));
	ck_assert_ptr_eq(page_of(s), page);
}
END_TEST

START_TEST(continue_waits_for_the_page_and_does_not_map_one_that_left_the_file)
{
	struct fill f = { .fill = fl_uffd_continue };
	struct page *page = file_page(file, 0);
	struct call call;

	get_page(page);
	lock_page(page);
	begin_on(&call, cpu1, fill_it, &f);
	while (page_count(page) < 3)
		;				      /* it has found the page */
	delete_from_page_cache(&file->mapping, page); /* as a hole does */
	ck_assert(pte_none(entry_of(s)));
	unlock_page(page);
	end_on(&call);
	ck_assert_int_eq(f.ret, -EFAULT);
	ck_assert(pte_none(entry_of(s)));
	ck_assert_int_eq(page_count(page), 1);
	put_page(machine, page);
}
END_TEST

START_TEST(without_frames_nothing_changes)
{
	struct page *all[16];
	int n = 0;

	while ((all[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(fl_uffd_copy(uffd, a, words), -ENOMEM);
	ck_assert_int_eq(fl_uffd_copy(uffd, s, words), -ENOMEM);
	ck_assert_uint_eq(entry_of(a), PTE_NONE);
	ck_assert_ptr_null(file->mapping.pages[0]);
	while (n)
		put_page(machine, all[--n]);
	ck_assert_int_eq(fl_uffd_copy(uffd, s, words), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.uffd_fill");
	TCase *tc = test_case("shared"), *priv = test_case("private"),
	      *own = test_case("own world");

	tcase_add_checked_fixture(tc, shared_6_3, tear_down);
	tcase_add_test(tc, a_copy_in_shared_memory_goes_to_the_file);
	tcase_add_test(tc, shared_memory_needs_no_anon_vma);
	tcase_add_test(tc, what_the_file_has_is_not_copied_over);
	tcase_add_test(tc, continue_maps_what_the_file_has);
	tcase_add_test(tc, pages_can_arrive_protected);
	tcase_add_test(tc, a_page_takes_a_markers_place);
	tcase_add_test(tc, a_minor_fault_ends_when_the_entry_is_there);
	tcase_add_test(tc, a_new_page_is_locked_until_its_entry_is_there);
	tcase_add_test(tc, continue_waits_for_the_page_and_does_not_map_one_that_left_the_file);
	tcase_add_test(tc, without_frames_nothing_changes);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(priv, private_6_3, tear_down);
	tcase_add_test(priv, a_child_inherits_what_was_filled_in);
	tcase_add_test(priv, a_private_mapping_gets_pages_of_its_own);
	suite_add_tcase(suite, priv);
	tcase_add_loop_test(own, read_only_entries_are_dirty_since_5_16, 0, 2);
	suite_add_tcase(suite, own);
	return run_suite(suite);
}
