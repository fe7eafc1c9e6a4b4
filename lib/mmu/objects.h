/* SPDX-License-Identifier: MIT */
/*
 * objects.h - memory of what faults make, from lists of the CPUs: slab caches with nothing in them but what was freed.
 *
 * Natively, once a machine is warm, a fault takes no memory from the C library: page tables, anon_vmas and their chain
 * elements come from its CPU's list, as frames do (frame.c). What is freed goes to the list of the CPU that frees it, or
 * on whose behalf it waited for a grace period, up to some number; the rest goes back to the C library.
 *
 * Under the check engine, in runs of `faultline stress`, and in machines with small tables, which are tests', each
 * object is allocated and freed, so that the engine, valgrind and AddressSanitizer see who uses it too late.
 *
 * An object is all zeroes; which allocation is to fail is asked by the caller (alloc.h).
 *
 * Models: the per-CPU lists of mm/slub.c and, for page tables, mm/page_alloc.c, Linux 6.12.
 */
#ifndef FL_MMU_OBJECTS_H
#define FL_MMU_OBJECTS_H

#include "mmu/machine.h"

enum object_kind {
	OBJECT_PGTABLE,
	OBJECT_ANON_VMA,
	OBJECT_ANON_VMA_CHAIN,
	NR_OBJECT_KINDS,
};

#if defined(FAULTLINE_CHECK) || defined(FL_STRESS)

/* The machine is not even looked at, which would be an event. */
#define object_zalloc(m, kind, size)                                                               \
	((void)sizeof(m),                                                                          \
	 (kind) == OBJECT_PGTABLE ? mm_zalloc_aligned_nofail(size, 64) : mm_zalloc_nofail(size))
#define object_free(m, kind, object) ((void)sizeof(m), fl_free(object))
#define object_free_on(m, nr, kind, object) ((void)sizeof(m), (void)(nr), fl_free(object))
#define objects_init(cpu) ((void)(cpu), 0)
#define objects_exit(cpu) ((void)(cpu))

#else

/* @kind: always of the same @size in a machine. NULL: no memory. */
void *object_zalloc(struct fl_machine *m, enum object_kind kind, size_t size);
/* NULL is allowed. */
void object_free(struct fl_machine *m, enum object_kind kind, void *object);
/* To the list of CPU @nr. */
void object_free_on(struct fl_machine *m, unsigned int nr, enum object_kind kind, void *object);
int objects_init(struct fl_cpu *cpu);
void objects_exit(struct fl_cpu *cpu);

#endif

#endif
