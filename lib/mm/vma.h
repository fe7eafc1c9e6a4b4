/* SPDX-License-Identifier: MIT */
/* vma.h - VMAs come, go, split, merge and change. All under mmap:W unless said otherwise. */
#ifndef FL_MM_VMA_H
#define FL_MM_VMA_H

#include "mm/mm_types.h"

/*
 * Under mmap:R or mmap:W. vma_find(): the first that ends after @addr; vma_find_before(): the last
 * that starts before it. For loops over VMAs, which rely on mmap_lock alone.
 */
#define vma_find(mm, addr) vma_tree_find(&(mm)->tree, addr)
#define vma_find_before(mm, addr) vma_tree_find_before(&(mm)->tree, addr)

/*
 * One lookup. Kernels do it in a reader section of RCU, too; here it is one only where mmap:R does not keep the nodes
 * there (stack.c).
 */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, uint64_t addr)
{
	bool rcu = mm->machine->policy.stack_growth == FL_STACK_MMAP_READ_NODE;
	struct vm_area_struct *vma;

	if (rcu)
		rcu_read_lock();
	vma = vma_tree_lookup(&mm->tree, addr);
	if (rcu)
		rcu_read_unlock();
	return vma;
}

static inline uint64_t vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> vma->vm_mm->machine->page_shift;
}

/* Are there readers of VMAs and of their tree who hold no mmap_lock? */
static inline bool vma_lockless_readers(const struct mm_struct *mm)
{
	return mm->machine->policy.vma_lock != FL_VMA_LOCK_NONE;
}

/* Do faults read fields of VMAs while these change, and find out later? */
extern bool
	fl_vma_optimistic_readers; /* constant, memory of the host: there is one machine at a time */

/* A store to a field of a VMA that is in the tree, marked: by a marked access if somebody reads it meanwhile. */
#define vma_set(vma, field, value)                                                                 \
	do {                                                                                       \
		if (fl_vma_optimistic_readers)                                                     \
			WRITE_ONCE((vma)->field, value);                                           \
		else                                                                               \
			(vma)->field = (value);                                                    \
	} while (0)
/*
 * The flags, read by who came by a page's or a file's mappings, without mmap_lock and the VMA's. Kernels' accesses are plain
 * there, and one of a file's VMA that is just changed is as good as the other: here both are marked.
 */
#define vma_flags_unlocked(vma) READ_ONCE((vma)->vm_flags)
/* The same as step @label of a protocol. Without parentheses: its text is what pictures show. */
#define vma_set_step(label, vma, field, value)                                                     \
	do {                                                                                       \
		if (fl_vma_optimistic_readers)                                                     \
			FL_STEP(label, ({ WRITE_ONCE(vma->field, value); }));                      \
		else                                                                               \
			FL_STEP(label, vma->field = value);                                        \
	} while (0)

/* --- vma.c --- */

/* A VMA outside of the tree; NULL: no memory. */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm, uint64_t start, uint64_t end,
				     unsigned long flags);
/*
 * A copy of @orig for @mm, which may be another one: a VMA outside of the tree, with @orig's range,
 * flags, offset, file (without a reference) and userfaultfd. Its anon_vma is @orig's, its chain is
 * empty: anon_vma_clone() or anon_vma_fork() comes next. NULL: no memory.
 */
struct vm_area_struct *vm_area_dup(struct mm_struct *mm, const struct vm_area_struct *orig);
/*
 * Not in the tree (any more), off the lists of its anon_vmas and of its file. With per-VMA locks its
 * memory goes after a grace period.
 */
void vm_area_free(struct vm_area_struct *vma);
/* At once; nobody else can find it. Also for the end of an mm. */
void __vm_area_free(struct vm_area_struct *vma);
/* The same, with the reference to its file. */
void remove_vma(struct vm_area_struct *vma);

/*
 * The entries' protection for a mapping with @flags: without write permission in a private one, so
 * that a write faults. What else wants to hear of writes is vma_set_page_prot()'s.
 */
pte_t vm_get_page_prot(unsigned long flags);

/* Puts a new VMA into the tree, marked, and on its file's list. -ENOMEM: it is not in. */
int vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
/* Cuts @vma in two at @addr, inside it: @vma keeps the part below. -ENOMEM. */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, uint64_t addr);
/* The same; returns the upper part. NULL: no memory. */
struct vm_area_struct *__split_vma(struct mm_struct *mm, struct vm_area_struct *vma, uint64_t addr);
/*
 * Marks and detaches @first, which lies before @end, and all VMAs from there up to @end, which none
 * reaches across, and takes them out of the tree: *@list, linked by detached_next. -ENOMEM: nothing was
 * changed.
 */
int vma_detach_range(struct vm_area_struct **list, struct mm_struct *mm,
		     struct vm_area_struct *first, uint64_t end);
/* vma_link() for a copy of @orig: who walks the list of their file comes to @orig first. */
int vma_link_after(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *orig);

/* Marks @vma and stores its flags. */
void vm_flags_reset(struct vm_area_struct *vma, unsigned long flags);

/* For a VMA that is not in the tree yet, or by vma_commit(). Marked, if others can find it. */
void vma_set_range(struct vm_area_struct *vma, uint64_t start, uint64_t end, uint64_t pgoff);
/* Where VMAs that are in the tree begin and end: a change of several of them, at once. */
struct vma_change {
	struct vm_area_struct *vma; /* gets this range */
	uint64_t start, end, pgoff;
	struct vm_area_struct *other; /* shrinks to this one; or NULL */
	uint64_t other_start, other_end;
	struct vm_area_struct *insert; /* new, outside of the tree: takes over what @vma leaves */
	struct vm_area_struct *remove[2]; /* @vma grows over them */
};
/*
 * All of them are marked, and @vma has the anon_vmas of those whose pages it takes over. What goes is
 * freed. -ENOMEM: nothing was changed.
 */
int vma_commit(struct mm_struct *mm, const struct vma_change *change);

/* --- vma_merge.c --- */

/*
 * [start, end), inside @vma, is about to get @new_flags, but for which it stays as it is: makes it a
 * VMA of its own, or a part of its neighbours where they are alike then. Returns the VMA that it is in
 * now, which is larger only if it was merged: then it has the flags (VM_SOFTDIRTY may differ). It is
 * marked as far as it had to be. The caller stores the flags: vm_flags_reset(), which marks, and
 * vma_set_page_prot().
 *
 *	vma = vma_modify_flags(mm, vma, start, end, flags);
 *	if (!vma)
 *		return -ENOMEM;
 *	vm_flags_reset(vma, flags);
 *	vma_set_page_prot(vma);
 *	next = vma->vm_end;	(can be after @end, the neighbour has the flags)
 *
 * NULL: no memory; the mapping is as it was, though it may be split.
 */
struct vm_area_struct *vma_modify_flags(struct mm_struct *mm, struct vm_area_struct *vma,
					uint64_t start, uint64_t end, unsigned long new_flags);
/* The same for userfaultfd: [start, end) is about to get this context, too. The caller stores both. */
struct vm_area_struct *vma_modify_flags_uffd(struct mm_struct *mm, struct vm_area_struct *vma,
					     uint64_t start, uint64_t end, unsigned long new_flags,
					     struct fl_uffd *new_ctx);
/* The same for mbind(): is about to get this policy. What it returns may have an equal one already. */
struct vm_area_struct *vma_modify_policy(struct mm_struct *mm, struct vm_area_struct *vma,
					 uint64_t start, uint64_t end, struct mempolicy *new_pol);
/*
 * Joins @vma, which was changed already, with its neighbours where they are alike; returns what it is
 * part of now.
 */
struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *vma);

/* What a range is, or is going to be. */
struct vma_merge_struct {
	struct mm_struct *mm;
	struct vm_area_struct *prev; /* the VMA before the range, and the one behind it; or NULL */
	struct vm_area_struct *next;
	uint64_t start, end, pgoff;
	unsigned long flags;
	struct fl_file *file;
	struct fl_uffd *uffd_ctx;
	struct mempolicy *policy;
	bool extends; /* src grows: nobody asks for its parents (vma_merge_extend()) */
	struct vm_area_struct *src; /* whose pages are in it, or come to it; NULL: a new mapping */
};
/*
 * Nothing is mapped in the range: a neighbour grows over it, or both become one. Returns it, marked;
 * NULL: they are not alike, or no memory; then nothing was changed.
 */
struct vm_area_struct *vma_merge_new_range(const struct vma_merge_struct *vmg);
/* @vma grows by @delta bytes, into free space. NULL: no memory. */
struct vm_area_struct *vma_merge_extend(struct mm_struct *mm, struct vm_area_struct *vma,
					uint64_t delta);
/*
 * For mremap(): a VMA like *@vmap for [addr, addr + len), in the tree and marked, whose first page is
 * @pgoff: a new one, or (*@merged) a neighbour there that grew. @keep_source: *@vmap is not that
 * neighbour. Else it can be: *@vmap is what it is part of afterwards. NULL: no memory.
 */
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, uint64_t addr, uint64_t len,
				uint64_t pgoff, bool keep_source, bool *merged);

#endif
