/* SPDX-License-Identifier: MIT */
/*
 * alloc.h - memory for modelled objects.
 *
 * Zeroed, aligned to 16 bytes (fl_zalloc_aligned: to @align, a power of two). NULL when there is
 * none left. Under the check engine the memory belongs to the exploration: it is the same at the
 * same point of every execution, an access after fl_free() is reported as use-after-free, and all
 * of it goes when the exploration ends. Any thread may call.
 */
#ifndef FAULTLINE_RT_ALLOC_H
#define FAULTLINE_RT_ALLOC_H

#include <stddef.h>

void *fl_zalloc(size_t size);
void *fl_zalloc_aligned(size_t size, size_t align);
void fl_free(void *p);

/*
 * The caller computed @obj (any address inside an object of fl_zalloc()) from the marked load it did
 * last, other than by loading a pointer: e.g. a page table from the frame number in an entry.
 * Accesses to that object carry an address dependency from that load. Nothing in native runs.
 */
#ifdef FAULTLINE_CHECK
void fl_addr_dep(const void *obj);
#else
#define fl_addr_dep(obj) ((void)(obj))
#endif

#endif
