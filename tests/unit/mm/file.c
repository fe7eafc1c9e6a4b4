// SPDX-License-Identifier: MIT
/*
 * file.c - tests lib/mm/file.c and file_fault.c: the page cache, and what mappings of a file see. How
 * pages leave it: truncate.c. Markers: zap.c.
 */
#include "../world.h"

#include <errno.h>
#include <signal.h>

#include "mm/file.h"

static struct fl_file *file; /* four pages of a file that can have eight */

static void make_file(enum fl_file_kind kind)
{
	make_world("6.5", NULL);
	ck_assert_int_eq(fl_file_create(&file, machine, kind, 4, 8), 0);
}

static void shmem(void)
{
	make_file(FL_FILE_SHMEM);
}

static void regular(void)
{
	make_file(FL_FILE_REGULAR);
}

static void end_file(void)
{
	fl_file_put(file);
	end_world();
}

static fl_vaddr map_file(size_t pages, unsigned int prot, unsigned int flags, uint64_t pgoff)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, fl_mm, 0, pages, prot, flags, file, pgoff), 0);
	return addr;
}

static uint64_t word_of(uint64_t page, size_t i)
{
	uint64_t word = ~0ULL;

	ck_assert_int_eq(fl_file_read(&word, file, page, i), 0);
	return word;
}

/* --- the cache --- */

START_TEST(a_file_is_zeroes_until_it_is_written)
{
	uint64_t word, frames = fl_machine_free_frames(machine);

	ck_assert_uint_eq(word_of(3, 1), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	ck_assert_int_eq(fl_file_write(file, 3, 1, 7), 0);
	ck_assert_uint_eq(word_of(3, 1), 7);
	ck_assert_uint_eq(word_of(3, 0), 0);
	ck_assert_uint_eq(word_of(2, 1), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	ck_assert_int_eq(fl_file_read(&word, file, 4, 0), -EINVAL);
	ck_assert_int_eq(fl_file_read(&word, file, 0, 2), -EINVAL);
	ck_assert_int_eq(fl_file_write(file, 4, 0, 1), -EINVAL);
	ck_assert_int_eq(fl_file_write(file, 0, 2, 1), -EINVAL);
}
END_TEST

START_TEST(a_file_of_no_size_or_kind_is_refused)
{
	struct fl_file *other;

	ck_assert_int_eq(fl_file_create(&other, machine, FL_FILE_SHMEM, 0, 0), -EINVAL);
	ck_assert_int_eq(fl_file_create(&other, machine, FL_FILE_SHMEM, 3, 2), -EINVAL);
	ck_assert_int_eq(fl_file_create(&other, machine, (enum fl_file_kind)9, 1, 1), -EINVAL);
	ck_assert_int_eq(fl_file_create(&other, machine, FL_FILE_SHMEM, SIZE_MAX, 0), -ENOMEM);
	ck_assert_int_eq(fl_file_create(&other, machine, FL_FILE_SHMEM, 0, 1), 0);
	fl_file_put(other);
	fl_file_put(NULL);
}
END_TEST

START_TEST(a_page_in_the_cache_has_one_reference_and_is_not_anonymous)
{
	struct page *page;

	ck_assert_int_eq(fl_file_write(file, 1, 0, 7), 0);
	page = filemap_get_page(&file->mapping, 1);
	ck_assert_ptr_nonnull(page);
	ck_assert_int_eq(page_count(page), 2); /* ours is one of them */
	ck_assert_int_eq(page_mapcount(page), 0);
	ck_assert(!PageAnon(page) && !PageLocked(page));
	ck_assert_int_eq(PageSwapBacked(page), file->shmem);
	ck_assert_ptr_eq(page->mapping, &file->mapping);
	ck_assert_uint_eq(page->index, 1);
	put_page(machine, page);
	ck_assert_ptr_null(filemap_get_page(&file->mapping, 2));
	ck_assert_ptr_null(filemap_get_page(&file->mapping, 1000));
	ck_assert_int_eq(filemap_grab_page(&page, &file->mapping, 4), -EFAULT);
}
END_TEST

START_TEST(a_place_in_the_cache_has_one_page_and_is_inside_the_file)
{
	struct page *page = alloc_page(machine), *first;

	ck_assert_int_eq(fl_file_write(file, 1, 0, 7), 0);
	ck_assert_int_eq(filemap_add_page(&file->mapping, page, 1), -EEXIST);
	ck_assert_int_eq(filemap_add_page(&file->mapping, page, 4), -EFAULT);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_ptr_null(file->mapping.pages[4]);
	ck_assert_int_eq(filemap_add_page(&file->mapping, page, 2), 0);
	ck_assert_int_eq(page_count(page), 2);
	first = filemap_lock_page(&file->mapping, 2);
	ck_assert_ptr_eq(first, page);
	ck_assert(PageLocked(page));
	ck_assert_ptr_null(filemap_lock_page(&file->mapping, 3));
	unlock_page(page);
	put_page(machine, first);
	put_page(machine, page);
	ck_assert_uint_eq(word_of(1, 0), 7);
}
END_TEST

START_TEST(out_of_frames_is_an_error_for_files_too)
{
	fl_vaddr a = map_file(4, FL_READ | FL_WRITE, FL_MAP_SHARED, 0);
	fl_vaddr p = map_file(4, FL_READ | FL_WRITE, 0, 0);
	uint64_t n = fl_machine_free_frames(machine), word;
	struct page *taken[16];

	for (uint64_t i = 0; i < n; i++)
		taken[i] = alloc_page(machine);
	ck_assert_int_eq(fl_file_write(file, 0, 0, 7), -ENOMEM);
	ck_assert_int_eq(fl_store(cpu0, a, 1), -ENOMEM);
	ck_assert_int_eq(fl_load(&word, cpu0, a), -ENOMEM);
	ck_assert_int_eq(fl_store(cpu0, p, 1), -ENOMEM);
	put_page(machine, taken[--n]);
	/* one frame: enough for the copy, not for what is to be copied */
	ck_assert_int_eq(fl_store(cpu0, p, 1), -ENOMEM);
	ck_assert_uint_eq(fl_machine_free_frames(machine), 1);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	while (n > 0)
		put_page(machine, taken[--n]);
	ck_assert_int_eq(fl_store(cpu0, p, 2), 0);
	ck_assert_uint_eq(word_of(0, 0), 1);
}
END_TEST

/* --- mappings --- */

START_TEST(shared_mappings_of_all_address_spaces_and_the_file_are_one)
{
	fl_vaddr a = map_file(3, FL_READ | FL_WRITE, FL_MAP_SHARED, 1), b;
	struct fl_mm *other;

	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	ck_assert_int_eq(fl_mmap(&b, other, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 2), 0);
	fl_switch_mm(cpu1, other);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 0);
	ck_assert_int_eq(fl_store(cpu1, b, 5), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 5);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE + 8, 6), 0);
	ck_assert_uint_eq(load(cpu1, b + 8), 6);
	ck_assert_uint_eq(word_of(2, 1), 6);
	ck_assert_int_eq(fl_file_write(file, 2, 1, 8), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE + 8), 8);
	/* the cache's reference, and one per entry */
	ck_assert_int_eq(page_count(page_of(a + PAGE)), 3);
	ck_assert_int_eq(page_mapcount(page_of(a + PAGE)), 2);
	ck_assert(PageDirty(page_of(a + PAGE)));
	fl_mm_destroy(other);
	ck_assert_int_eq(page_count(page_of(a + PAGE)), 2);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 3), 0);
	ck_assert_uint_eq(word_of(2, 1), 8);
}
END_TEST

START_TEST(a_private_mapping_sees_the_file_until_it_writes)
{
	fl_vaddr a = map_file(2, FL_READ | FL_WRITE, 0, 0);
	struct page *page;

	ck_assert_int_eq(fl_file_write(file, 0, 0, 1), 0);
	ck_assert_int_eq(fl_file_write(file, 0, 1, 2), 0);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert(!pte_write(entry_of(a)));
	ck_assert_int_eq(fl_file_write(file, 0, 0, 3), 0);
	ck_assert_uint_eq(load(cpu0, a), 3);
	page = page_of(a);
	/* over the file's page: a copy (cow.c) */
	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert(PageAnon(page_of(a)) && PageAnonExclusive(page_of(a)));
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
	ck_assert_uint_eq(word_of(0, 0), 3);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(page_mapcount(page), 0);
	/* where nothing was mapped: a copy at once */
	ck_assert_int_eq(fl_file_write(file, 1, 1, 9), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 5), 0);
	page = page_of(a + PAGE);
	ck_assert(PageAnon(page) && PageAnonExclusive(page) && pte_write(entry_of(a + PAGE)));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_ptr_eq(page->mapping, vma_lookup(mm, a)->anon_vma);
	ck_assert_uint_eq(load(cpu1, a + PAGE + 8), 9);
	ck_assert_uint_eq(word_of(1, 0), 0);
	page = filemap_get_page(&file->mapping, 1);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert(!PageLocked(page) && !PageAnon(page));
	put_page(machine, page);
}
END_TEST

START_TEST(beyond_the_end_of_the_file_is_a_bus_error)
{
	fl_vaddr a = map_file(6, FL_READ | FL_WRITE, FL_MAP_SHARED, 0);
	fl_vaddr p = map_file(1, FL_READ | FL_WRITE, 0, 4);
	uint64_t frames = fl_machine_free_frames(machine), word;
	struct fl_signal signal;

	ck_assert_int_eq(fl_load(&word, cpu0, a + 4 * PAGE), -EIO);
	ck_assert_int_eq(fl_store(cpu0, a + 5 * PAGE + 8, 1), -EIO);
	fl_last_signal(&signal, cpu0);
	ck_assert_int_eq(signal.signo, SIGBUS);
	ck_assert_int_eq(signal.code, BUS_ADRERR);
	ck_assert_uint_eq(signal.addr, a + 5 * PAGE + 8);
	ck_assert(signal.write);
	ck_assert_int_eq(fl_store(cpu0, p, 1), -EIO);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	/* the file may grow under its mappings */
	ck_assert_int_eq(fl_file_truncate(file, 5), 0);
	ck_assert_uint_eq(load(cpu0, a + 4 * PAGE), 0);
	ck_assert_int_eq(fl_store(cpu0, p, 1), 0);
	ck_assert_int_eq(fl_load(&word, cpu0, a + 5 * PAGE), -EIO);
}
END_TEST

START_TEST(the_first_write_is_told_to_a_file_that_asks)
{
	fl_vaddr a = map_file(2, FL_READ | FL_WRITE, FL_MAP_SHARED, 0);
	struct page *page;

	ck_assert_uint_eq(load(cpu0, a), 0);
	page = page_of(a);
	ck_assert(!PageDirty(page));
	ck_assert(file->shmem || !pte_write(entry_of(a)));
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert(PageDirty(page) || file->shmem);
	ck_assert(pte_write(entry_of(a)) && pte_dirty(entry_of(a)));
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert(!PageLocked(page));
	/* and without a read before */
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 1), 0);
	ck_assert(PageDirty(page_of(a + PAGE)) && !PageLocked(page_of(a + PAGE)));
	ck_assert_int_eq(page_count(page_of(a + PAGE)), 2);
}
END_TEST

START_TEST(a_page_that_left_its_file_is_not_made_writable)
{
	fl_vaddr a = map_file(1, FL_READ | FL_WRITE, FL_MAP_SHARED, 0);
	struct vm_fault vmf = { .m = machine, .mm = mm, .vma = vma_lookup(mm, a) };
	struct page *page;

	ck_assert_uint_eq(load(cpu0, a), 0);
	page = vmf.page = page_of(a);
	get_page(page);
	ck_assert_int_eq(fl_file_punch_hole(file, 0, 1), 0);
	ck_assert_int_eq((int)vmf.vma->vm_ops->page_mkwrite(&vmf), VM_FAULT_NOPAGE);
	ck_assert(!PageLocked(page) && !PageDirty(page));
	ck_assert_int_eq(page_count(page), 1);
	put_page(machine, page);
}
END_TEST

/* --- while a fault waits for the lock of its page, which this thread has --- */

struct watched {
	fl_vaddr addr;
	int err;
	uint64_t word;
};

static void watched_load(struct fl_cpu *cpu, void *arg)
{
	struct watched *w = arg;

	w->err = fl_load(&w->word, cpu, w->addr);
}

static struct page *lock_and_fault(struct call *call, struct watched *w)
{
	struct page *page;

	ck_assert_int_eq(fl_file_write(file, 0, 0, 7), 0);
	page = filemap_get_page(&file->mapping, 0);
	ck_assert(trylock_page(page));
	begin_on(call, cpu1, watched_load, w);
	while (page_count(page) < 3) /* the cache's, ours, and the fault's */
		;
	return page;
}

START_TEST(a_fault_does_not_map_a_page_that_left_its_file)
{
	struct watched w = { .addr = map_file(1, FL_READ, FL_MAP_SHARED, 0) };
	struct call call;
	struct page *page = lock_and_fault(&call, &w);

	delete_from_page_cache(&file->mapping, page);
	unlock_page(page);
	end_on(&call);
	ck_assert_int_eq(w.err, 0);
	ck_assert_uint_eq(w.word, 0);
	ck_assert_ptr_ne(page_of(w.addr), page);
	ck_assert_int_eq(page_count(page), 1);
	put_page(machine, page);
}
END_TEST

START_TEST(a_fault_that_comes_second_leaves_no_reference)
{
	struct watched w = { .addr = map_file(1, FL_READ, FL_MAP_SHARED, 0) };
	struct call call;
	struct page *page = lock_and_fault(&call, &w);
	pmd_t pmd;

	/* as if another fault had the page locked: our reference is the entry's */
	ck_assert_int_eq(pte_alloc(mm, pmd_alloc(mm, w.addr), &pmd), 0);
	page_add_file_rmap(page);
	*pte_offset_map(machine, pmd, w.addr) =
		pfn_pte(page_to_pfn(page), vma_lookup(mm, w.addr)->vm_page_prot);
	unlock_page(page);
	end_on(&call);
	ck_assert_uint_eq(w.word, 7);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_int_eq(page_mapcount(page), 1);
}
END_TEST

START_TEST(the_file_behind_a_mapping_can_be_asked_for)
{
	fl_vaddr a = map_file(1, FL_READ, FL_MAP_SHARED, 0), anon = map(1, FL_READ);
	struct fl_file *found = fl_file_of(fl_mm, a);

	ck_assert_ptr_eq(found, file);
	fl_file_put(found);
	ck_assert_ptr_null(fl_file_of(fl_mm, anon));
	ck_assert_ptr_null(fl_file_of(fl_mm, 15 * PAGE));
	/* a mapping keeps its file */
	ck_assert_int_eq(fl_file_create(&found, machine, FL_FILE_SHMEM, 1, 0), 0);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 1, FL_READ | FL_WRITE, 0, found, 0), 0);
	ck_assert_int_eq(fl_file_write(found, 0, 1, 3), 0);
	fl_file_put(found);
	ck_assert_uint_eq(load(cpu0, a + 8), 3);
}
END_TEST

START_TEST(a_pinned_page_outlives_its_file)
{
	struct fl_file *other;
	struct page *page;

	ck_assert_int_eq(fl_file_create(&other, machine, FL_FILE_SHMEM, 1, 0), 0);
	ck_assert_int_eq(fl_file_write(other, 0, 1, 3), 0);
	page = filemap_get_page(&other->mapping, 0);
	fl_file_put(other);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_ptr_null(page->mapping);
	ck_assert_uint_eq(frame_words(machine, page_to_pfn(page))[1], 3);
	put_page(machine, page);
}
END_TEST

/* --- userfaultfd --- */

static void watch(struct fl_uffd **uffd, fl_vaddr a, unsigned long flag)
{
	struct vm_area_struct *vma = vma_lookup(mm, a);

	ck_assert_int_eq(fl_uffd_create(uffd, fl_mm), 0);
	mmap_write_lock(mm);
	vm_flags_reset(vma, vma->vm_flags | flag);
	vma->uffd_ctx = *uffd;
	mmap_write_unlock(mm);
}

START_TEST(a_page_that_the_cache_lacks_is_userfaultfds)
{
	fl_vaddr a = map_file(2, FL_READ | FL_WRITE, FL_MAP_SHARED, 0);
	struct watched w = { .addr = a + PAGE };
	struct fl_uffd_msg msg;
	struct fl_uffd *uffd;
	struct call call;

	ck_assert_int_eq(fl_file_write(file, 0, 0, 3), 0);
	watch(&uffd, a, VM_UFFD_MISSING);
	ck_assert_uint_eq(load(cpu0, a), 3); /* the cache has it */
	begin_on(&call, cpu1, watched_load, &w);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	ck_assert_uint_eq(msg.addr, a + PAGE);
	ck_assert_int_eq(fl_file_write(file, 1, 0, 4), 0);
	fl_uffd_close(uffd);
	end_on(&call);
	ck_assert_int_eq(w.err, 0);
	ck_assert_uint_eq(w.word, 4);
}
END_TEST

START_TEST(a_page_that_the_cache_has_is_a_minor_fault_and_userfaultfds)
{
	fl_vaddr a = map_file(2, FL_READ | FL_WRITE, FL_MAP_SHARED, 0);
	struct watched w = { .addr = a };
	struct fl_uffd_msg msg;
	struct fl_uffd *uffd;
	struct page *page;
	struct call call;

	ck_assert_int_eq(fl_file_write(file, 0, 0, 3), 0);
	watch(&uffd, a, VM_UFFD_MINOR);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 0); /* the cache has it not */
	begin_on(&call, cpu1, watched_load, &w);
	ck_assert_int_eq(fl_uffd_read(&msg, uffd), 0);
	ck_assert_uint_eq(msg.addr, a);
	ck_assert(pte_none(entry_of(a)));
	page = filemap_get_page(&file->mapping, 0);
	ck_assert_int_eq(page_count(page), 2); /* the waiting fault holds none */
	put_page(machine, page);
	fl_uffd_close(uffd);
	end_on(&call);
	ck_assert_int_eq(w.err, 0);
	ck_assert_uint_eq(w.word, 3);
}
END_TEST

/* --- together --- */

#define SHARED_PAGES 64
#define ROUNDS 20000

static void write_own_words(struct fl_cpu *cpu, void *arg)
{
	fl_vaddr a = *(fl_vaddr *)arg;
	unsigned int self = fl_cpu_number(cpu);

	for (unsigned int i = 0; i < ROUNDS; i++) {
		fl_vaddr at = a + i % SHARED_PAGES * 64 + self * 8;
		uint64_t word;

		if (fl_store(cpu, at, i) || fl_load(&word, cpu, at) || word != i)
			abort();
	}
}

START_TEST(two_cpus_make_the_pages_of_a_file)
{
	struct fl_machine_config config = {
		.cpus = 2, .frames = 256, .page_words = 8, .levels = 3, .level_bits = 4
	};
	struct call call;
	fl_vaddr a;

	make_world_with(&config, "6.5", NULL);
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_REGULAR, SHARED_PAGES, 0), 0);
	a = map_file(SHARED_PAGES, FL_READ | FL_WRITE, FL_MAP_SHARED, 0);
	begin_on(&call, cpu1, write_own_words, &a);
	write_own_words(cpu0, &a);
	end_on(&call);
	fl_lru_add_drain_all(machine); /* a batch has a reference of each of its pages */
	ck_assert_uint_eq(fl_machine_free_frames(machine), 255 - SHARED_PAGES);
	for (unsigned int i = 0; i < SHARED_PAGES; i++) {
		ck_assert_uint_eq(word_of(i, 0), word_of(i, 1));
		ck_assert_int_eq(page_count(page_of(a + i * 64)), 2);
		ck_assert_int_eq(page_mapcount(page_of(a + i * 64)), 1);
	}
	end_file();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.file");
	TCase *cases[2] = { test_case("shmem"), test_case("regular") };
	TCase *many = test_case("many");

	for (int i = 0; i < 2; i++) {
		tcase_add_checked_fixture(cases[i], i ? regular : shmem, end_file);
		tcase_add_test(cases[i], a_file_is_zeroes_until_it_is_written);
		tcase_add_test(cases[i], a_file_of_no_size_or_kind_is_refused);
		tcase_add_test(cases[i],
			       a_page_in_the_cache_has_one_reference_and_is_not_anonymous);
		tcase_add_test(cases[i], a_place_in_the_cache_has_one_page_and_is_inside_the_file);
		tcase_add_test(cases[i], out_of_frames_is_an_error_for_files_too);
		tcase_add_test(cases[i],
			       shared_mappings_of_all_address_spaces_and_the_file_are_one);
		tcase_add_test(cases[i], a_private_mapping_sees_the_file_until_it_writes);
		tcase_add_test(cases[i], beyond_the_end_of_the_file_is_a_bus_error);
		tcase_add_test(cases[i], the_first_write_is_told_to_a_file_that_asks);
		tcase_add_test(cases[i], a_fault_does_not_map_a_page_that_left_its_file);
		tcase_add_test(cases[i], a_fault_that_comes_second_leaves_no_reference);
		tcase_add_test(cases[i], the_file_behind_a_mapping_can_be_asked_for);
		tcase_add_test(cases[i], a_pinned_page_outlives_its_file);
		suite_add_tcase(suite, cases[i]);
	}
	tcase_add_test(cases[1], a_page_that_left_its_file_is_not_made_writable);
	tcase_add_test(cases[0], a_page_that_the_cache_lacks_is_userfaultfds);
	tcase_add_test(cases[0], a_page_that_the_cache_has_is_a_minor_fault_and_userfaultfds);
	tcase_add_test(many, two_cpus_make_the_pages_of_a_file);
	suite_add_tcase(suite, many);
	return run_suite(suite);
}
