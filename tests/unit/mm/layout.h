/* SPDX-License-Identifier: MIT */
/* layout.h - where the areas of an mm are, as a picture; for tests of lib/mm/vma.c and its callers. */
#ifndef TESTS_MM_LAYOUT_H
#define TESTS_MM_LAYOUT_H

#include "../world.h"

#include "mm/file.h"

#include <faultline/file.h>

#define RW (FL_READ | FL_WRITE)

/*
 * Pages from address 0x10 on, page number 1. The areas are 'A', 'B', ... by order; '.' is nothing. All
 * that must always hold of them is looked at on the way.
 */
static inline const char *picture(void)
{
	static char text[16];
	struct vm_area_struct *last = NULL;
	char letter = 'A' - 1;

	for (unsigned int i = 0; i < 15; i++) {
		struct vm_area_struct *vma = vma_lookup(mm, (i + 1) * PAGE);

		if (vma && vma != last)
			letter++;
		if (vma) {
			ck_assert_uint_le(vma->vm_start, (i + 1) * PAGE);
			ck_assert_uint_ge(vma->vm_end, (i + 2) * PAGE);
			ck_assert_int_eq(vma->detached, 0);
			ck_assert_int_eq(!vma->anon_vma, !vma->anon_vma_chain);
			if (!vma->anon_vma && !vma->vm_file)
				ck_assert_uint_eq(vma->vm_pgoff, vma->vm_start / PAGE);
		}
		text[i] = vma ? letter : '.';
		last = vma;
	}
	text[15] = '\0';
	return text;
}

/* The area of page number @i. */
static inline struct vm_area_struct *area_of(unsigned int i)
{
	struct vm_area_struct *vma = vma_lookup(mm, i * PAGE);

	ck_assert_ptr_nonnull(vma);
	return vma;
}

/* Pages [@first, @first + @pages), nowhere else. */
static inline void map_at(unsigned int first, size_t pages, unsigned int prot)
{
	fl_vaddr addr;

	ck_assert_int_eq(
		fl_mmap(&addr, fl_mm, first * PAGE, pages, prot, FL_MAP_FIXED_NOREPLACE, NULL, 0),
		0);
	ck_assert_uint_eq(addr, first * PAGE);
}

/* The same with FL_MAP_NORESERVE: whether it was writable once makes no difference to neighbours. */
static inline void map_unaccounted_at(unsigned int first, size_t pages, unsigned int prot)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, fl_mm, first * PAGE, pages, prot,
				 FL_MAP_FIXED_NOREPLACE | FL_MAP_NORESERVE, NULL, 0),
			 0);
}

static inline void map_file_at(unsigned int first, size_t pages, unsigned int flags,
			       struct fl_file *file, uint64_t pgoff)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, fl_mm, first * PAGE, pages, RW,
				 flags | FL_MAP_FIXED_NOREPLACE, file, pgoff),
			 0);
}

static inline void unmap(unsigned int first, size_t pages)
{
	ck_assert_int_eq(fl_munmap(fl_mm, first * PAGE, pages), 0);
}

static inline void protect(unsigned int first, size_t pages, unsigned int prot)
{
	ck_assert_int_eq(fl_mprotect(fl_mm, first * PAGE, pages, prot), 0);
}

static inline void touch(unsigned int i)
{
	ck_assert_int_eq(fl_store(cpu0, i * PAGE, i), 0);
}

/* Puts pages [@from, @from + @pages) at page number @to. */
static inline void move(unsigned int from, size_t pages, unsigned int to)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mremap(&addr, fl_mm, from * PAGE, pages, pages,
				   FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, to * PAGE),
			 0);
	ck_assert_uint_eq(addr, to * PAGE);
}

static inline unsigned int chain_length(const struct vm_area_struct *vma)
{
	unsigned int n = 0;

	for (const struct anon_vma_chain *avc = vma->anon_vma_chain; avc;
	     avc = avc->next_same_vma) {
		ck_assert_ptr_eq(avc->vma, vma);
		n++;
	}
	return n;
}

/* How many areas are on its list. */
static inline unsigned int anon_vma_length(const struct anon_vma *anon_vma)
{
	unsigned int n = 0;

	for (const struct anon_vma_chain *avc = anon_vma->chain; avc; avc = avc->next_same_anon_vma)
		n++;
	return n;
}

/* How many mappings of a file are on its list, which has all of this mm's. */
static inline unsigned int i_mmap_length(const struct fl_file *file)
{
	const struct vm_area_struct *vma;
	unsigned int n = 0, found = 0;

	for (vma = file->mapping.i_mmap; vma; vma = vma->i_mmap_next)
		n++;
	for (vma = vma_find(mm, 0); vma; vma = vma_find(mm, vma->vm_end))
		found += vma->vm_file == file;
	ck_assert_uint_eq(n, found);
	return n;
}

/* What fork makes of an area, as far as anon_vmas go; the child's is outside of any tree. */
static inline struct vm_area_struct *fork_area(struct mm_struct *child,
					       struct vm_area_struct *parent)
{
	struct vm_area_struct *vma = vm_area_dup(child, parent);

	ck_assert_ptr_nonnull(vma);
	ck_assert_int_eq(anon_vma_fork(vma, parent), 0);
	return vma;
}

static inline void end_area(struct vm_area_struct *vma)
{
	unlink_anon_vmas(vma);
	__vm_area_free(vma);
}

static inline void add_both(TCase *cases[2], const TTest *test)
{
	tcase_add_test(cases[0], test);
	tcase_add_test(cases[1], test);
}

static inline void without_vma_locks(void)
{
	make_world("6.1", NULL);
}

static inline void with_vma_locks(void)
{
	make_world("6.5", NULL);
}

/* A suite with all of its tests twice, with and without VMA locks. */
static inline Suite *layout_suite(const char *name, TCase *cases[2])
{
	Suite *suite = suite_create(name);

	cases[0] = test_case("6.1");
	cases[1] = test_case("6.5");
	tcase_add_checked_fixture(cases[0], without_vma_locks, end_world);
	tcase_add_checked_fixture(cases[1], with_vma_locks, end_world);
	suite_add_tcase(suite, cases[0]);
	suite_add_tcase(suite, cases[1]);
	return suite;
}

#endif
