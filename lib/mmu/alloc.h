/* SPDX-License-Identifier: MIT */
/*
 * alloc.h - memory for the model's objects: each place that allocates is one where a test can have it fail.
 *
 * All of lib/mmu and lib/mm allocates by what is here, so that include/faultline/inject.h reaches it. A new
 * place joins by its wording:
 *
 *	table = mm_zalloc_aligned(FL_ALLOC_PGTABLE, size, 64);	     in place of fl_zalloc_aligned()
 *	m->cpus = host_calloc(FL_ALLOC_MACHINE, n, sizeof(*m->cpus)); in place of calloc()
 *	page = alloc_page(m);					      a frame: frame.h
 *
 * and who takes something from a list or a bitmap of his own (swap slots, frames, objects that wait to be
 * used again) asks first, also if there is something on the list, and answers as if there were none left:
 *
 *	if (should_fail_alloc(FL_ALLOC_SWAP))
 *		return 0;
 *
 * Then tests/unit/mm/enomem*.c have to visit it: tests/alloc_sites.py names the places that they do not,
 * and places that allocate in another way. mm_zalloc_nofail() is for what kernels have without allocating
 * (on their stacks), or what should_fail_alloc() next to it was asked for: it says so.
 *
 * The cost is a load and a branch where nothing is to fail, and no event.
 */
#ifndef FL_MMU_ALLOC_H
#define FL_MMU_ALLOC_H

#include <stdbool.h>
#include <stdlib.h>

#include <faultline/faultline.h>
#include <faultline/rt.h>

#include "rt/fail.h"

/* A place that allocates; constant. */
struct alloc_site {
	const char *file, *func;
	int line;
	enum fl_alloc_kind kind;
};

/* The calling thread counts allocations of this kind: is this the one? */
bool should_fail_alloc_at(const struct alloc_site *site);

#define ALLOC_SITE__(what)                                                                         \
	({                                                                                         \
		static const struct alloc_site alloc_site__ = {                                    \
			.file = __FILE__,                                                          \
			.func = __func__,                                                          \
			.line = __LINE__,                                                          \
			.kind = (what),                                                            \
		};                                                                                 \
		&alloc_site__;                                                                     \
	})
/* Is there to be no memory here? @what: enum fl_alloc_kind. */
#define should_fail_alloc(what)                                                                    \
	(__builtin_expect((fl_rt_fail()->kinds & (unsigned int)(what)) != 0, 0) &&                 \
	 should_fail_alloc_at(ALLOC_SITE__(what)))

/* As fl_zalloc() and fl_zalloc_aligned(): modelled memory, freed by fl_free(). */
#define mm_zalloc(what, size) (should_fail_alloc(what) ? NULL : fl_zalloc(size))
#define mm_zalloc_aligned(what, size, align)                                                       \
	(should_fail_alloc(what) ? NULL : fl_zalloc_aligned(size, align))
#define mm_zalloc_nofail(size) fl_zalloc(size)
#define mm_zalloc_aligned_nofail(size, align) fl_zalloc_aligned(size, align)
/* As calloc() and aligned_alloc(): memory of the host, freed by free(). */
#define host_calloc(what, n, size) (should_fail_alloc(what) ? NULL : calloc(n, size))
#define host_aligned_alloc(what, align, size)                                                      \
	(should_fail_alloc(what) ? NULL : aligned_alloc(align, size))

#endif
