/* SPDX-License-Identifier: MIT */
/* alloc.c - memory of modelled objects, native engine: the C library's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <faultline/rt/alloc.h>

#define MIN_ALIGN 16
/* The host's, of x86 and most others. What is larger is used all over the place: page frames. */
#define HUGE_PAGE (2UL << 20)

void *fl_zalloc_aligned(size_t size, size_t align)
{
	void *p;

	if (align < MIN_ALIGN)
		align = MIN_ALIGN;
	if (size >= 2 * HUGE_PAGE && align < HUGE_PAGE)
		align = HUGE_PAGE;
	if (size > SIZE_MAX - align)
		return NULL;
	/* A multiple of the alignment, as C11 wants it, and an address of its own for size 0. */
	size = size ? (size + align - 1) & ~(align - 1) : align;
	p = aligned_alloc(align, size);
	/* Advice: if the host does not take it, its TLB misses more often. */
	if (p && align >= HUGE_PAGE)
		madvise(p, size, MADV_HUGEPAGE);
	return p ? memset(p, 0, size) : NULL;
}

void *fl_zalloc(size_t size)
{
	/* calloc() knows which memory is zero already; it aligns to 16 on our machines. */
	_Static_assert(_Alignof(max_align_t) >= MIN_ALIGN, "calloc() aligns to 16 bytes");
	return calloc(1, size ? size : 1);
}

void fl_free(void *p)
{
	free(p);
}
