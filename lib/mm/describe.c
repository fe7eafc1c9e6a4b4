// SPDX-License-Identifier: MIT
/* describe.c - fields of VMAs and mms in words. Not instrumented. */
#include "mm/describe.h"

#include <stdio.h>

#include "mm/mm_types.h"
#include "mm/vma_refcnt.h"
#include "mmu/describe.h"
#include "oracle/hooks.h"

void vm_flags_text(char *buf, size_t n, uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} names[] = {
		{ VM_READ, "read" },
		{ VM_WRITE, "write" },
		{ VM_SHARED, "shared" },
		{ VM_UFFD_MISSING, "uffd-missing" },
		{ VM_UFFD_WP, "uffd-wp" },
		{ VM_SOFTDIRTY, "soft-dirty" },
		{ VM_GROWSDOWN, "growsdown" },
		{ VM_HUGEPAGE, "hugepage" },
		{ VM_NOHUGEPAGE, "nohugepage" },
		{ VM_MERGEABLE, "mergeable" },
		{ VM_UFFD_MINOR, "uffd-minor" },
		{ VM_ACCOUNT, "account" },
		{ VM_NORESERVE, "noreserve" },
	};

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (flags & names[i].flag)
			fl_text_add(buf, n, "%s%s", buf[0] ? "|" : "", names[i].name);
	}
	if (!buf[0])
		fl_text_add(buf, n, "none");
}

static void vm_refcnt_text(char *buf, size_t n, unsigned int count)
{
	unsigned int counted = count & ~VMA_LOCK_OFFSET;

	buf[0] = '\0';
	fl_text_add(buf, n, "%s", !count ? "detached" : !counted ? "nobody" : "attached");
	if (counted > 1)
		fl_text_add(buf, n, "+%u reader%s", counted - 1, counted == 2 ? "" : "s");
	if (count & VMA_LOCK_OFFSET)
		fl_text_add(buf, n, "+writer");
}

/* vm_page_prot: an entry without a frame. */
static void prot_text(char *buf, size_t n, pte_t prot)
{
	snprintf(buf, n, "%s", pte_protnone(prot) ? "none" : pte_write(prot) ? "rw" : "ro");
}

struct wanted {
	uintptr_t addr;
	uint64_t value;
	char *buf;
	size_t n;
};

static bool describe_vma(const struct vm_area_struct *vma, void *arg)
{
	struct wanted *w = arg;

	if (w->addr == (uintptr_t)&vma->vm_flags)
		vm_flags_text(w->buf, w->n, w->value);
	else if (w->addr == (uintptr_t)&vma->vm_refcnt)
		vm_refcnt_text(w->buf, w->n, (unsigned int)w->value);
	else if (w->addr == (uintptr_t)&vma->vm_start || w->addr == (uintptr_t)&vma->vm_end)
		snprintf(w->buf, w->n, "0x%llx", (unsigned long long)w->value);
	else if (w->addr == (uintptr_t)&vma->vm_page_prot)
		prot_text(w->buf, w->n, w->value);
	else if (w->addr == (uintptr_t)&vma->vm_policy)
		snprintf(w->buf, w->n, "%s", w->value ? "a policy" : "no policy");
	else
		return false;
	return true;
}

/*
 * A number that each mm has: of several, whose it is. Not so for VMAs, which change hands. @mm may be gone: nothing is
 * read from it.
 */
static bool describe_mm(const struct mm_struct *mm, uint64_t id, void *arg)
{
	const struct wanted *w = arg;

	if (w->addr != (uintptr_t)&mm->mm_lock_seq && w->addr != (uintptr_t)&mm->write_protect_seq)
		return false;
	w->buf[0] = '\0';
	fl_text_add(w->buf, w->n, "%d of mm %u", (int)w->value, (unsigned int)id);
	return true;
}

static bool is_another(const struct mm_struct *mm, uint64_t id, void *first)
{
	return mm != first;
}

/*
 * The execution that is described can have been cut off anywhere: the tree is whole, but vm_start
 * and vm_end of its areas need not be those of the tree. Mms that threads made are not in the list any more.
 */
int mm_describe(const struct fl_machine *m, uintptr_t addr, uint64_t value, char *buf, size_t n)
{
	struct mm_struct *mm = m->state->mms;
	bool several = mm && (mm->next || fl_oracle_mm_any(is_another, mm));
	struct wanted w = { addr, value, buf, n };

	for (; mm; mm = mm->next) {
		if ((several && describe_mm(mm, mm->id, &w)) ||
		    vma_tree_any(&mm->tree, describe_vma, &w) ||
		    fl_describe_in_table(m, mm->pgd, addr, value, buf, n))
			return 1;
	}
	/* Not in a tree yet, or any more. */
	return (several && fl_oracle_mm_any(describe_mm, &w)) ||
	       fl_oracle_vma_any(describe_vma, &w);
}
