// SPDX-License-Identifier: MIT
/* describe.c - fields of VMAs in words. Not instrumented. */
#include "mm/describe.h"

#include "mm/mm_types.h"
#include "mmu/describe.h"

void vm_flags_text(char *buf, size_t n, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} names[] = {
		{ VM_READ, "read" },	   { VM_WRITE, "write" },
		{ VM_SHARED, "shared" },   { VM_UFFD_MISSING, "uffd-missing" },
		{ VM_UFFD_WP, "uffd-wp" }, { VM_SOFTDIRTY, "soft-dirty" },
	};

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (flags & names[i].flag)
			fl_text_add(buf, n, "%s%s", buf[0] ? "|" : "", names[i].name);
	}
	if (!buf[0])
		fl_text_add(buf, n, "none");
}

int mm_describe(const struct fl_machine *m, uintptr_t addr, uint64_t value, char *buf, size_t n)
{
	for (const struct mm_struct *mm = m->state->mms; mm; mm = mm->next) {
		const struct vm_area_struct *vma = vma_tree_find(&mm->tree, 0);

		for (; vma; vma = vma_tree_find(&mm->tree, vma->vm_end)) {
			if (addr == (uintptr_t)&vma->vm_flags) {
				vm_flags_text(buf, n, value);
				return 1;
			}
		}
	}
	return 0;
}
