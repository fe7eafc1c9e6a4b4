/* SPDX-License-Identifier: MIT */
/*
 * lock_order.h - which lock may be taken inside which: the one table that oracle lock-order reads and
 * docs/model.md shows. After the comments at the top of mm/rmap.c and mm/filemap.c, Linux 6.12.
 */
#ifndef FL_MM_LOCK_ORDER_H
#define FL_MM_LOCK_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct lock_class {
	const char *name; /* as spin_lock_init() or init_rwsem() was given it */
	bool nests;	  /* two of the class may be held, in an order of their own */
};

/* From the outermost to the innermost: what stands below may be taken inside what stands above. */
extern const struct lock_class lock_order[];
extern const size_t nr_lock_classes;

#endif
