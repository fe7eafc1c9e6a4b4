/* SPDX-License-Identifier: MIT */
/* describe.h - what lib/mm adds to mmu/describe.h. */
#ifndef FL_MM_DESCRIBE_H
#define FL_MM_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

struct fl_machine;

/* "read|write|uffd-missing"; without what all private mappings have. */
void vm_flags_text(char *buf, size_t n, uint64_t flags);
/* fl_describe() for fields of VMAs. */
int mm_describe(const struct fl_machine *m, uintptr_t addr, uint64_t value, char *buf, size_t n);

#endif
