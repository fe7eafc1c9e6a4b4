// SPDX-License-Identifier: MIT
/*
 * chaos.c - memory in which every thread does everything at the same time. Only the oracles judge; and calls
 * answer what they document.
 */
#include <errno.h>

#include "soak.h"

static fl_vaddr chaos_word(struct thread *t)
{
	unsigned int words = CHAOS_PAGES * t->r->config.page_words;

	return page_at(t->r, CHAOS_AT) + (fl_vaddr)below(&t->random, words) * FL_WORD_SIZE;
}

void op_chaos_access(struct thread *t)
{
	uint64_t word, some[4];
	fl_vaddr addr;
	size_t done;
	int err = 0;

	if (!load_a_slot(t))
		return;
	for (unsigned int i = 1 + below(&t->random, 8); i; i--) {
		addr = chaos_word(t);
		switch (below(&t->random, 6)) {
		case 0:
			err = fl_fetch_add(&word, t->cpu, addr, 1ULL << 32);
			break;
		case 1:
			err = fl_copy_in(some, t->cpu, addr, 4, &done);
			break;
		case 2:
		case 3:
			err = fl_load(&word, t->cpu, addr);
			break;
		default:
			err = fl_store(t->cpu, addr, new_value(t));
			break;
		}
		ALLOWED("access", err, -EFAULT, -ENOMEM, -EIO, -EINTR);
	}
}

static unsigned int a_prot(struct thread *t)
{
	return one_in(&t->random, 4) ? below(&t->random, 4) : RW;
}

static unsigned int map_flags(struct thread *t, struct fl_file *file)
{
	unsigned int flags = 0;

	if (one_in(&t->random, 3))
		flags |= FL_MAP_SHARED;
	else if (!file && one_in(&t->random, 6))
		flags |= FL_MAP_GROWSDOWN;
	if (one_in(&t->random, 6))
		flags |= FL_MAP_POPULATE;
	if (one_in(&t->random, 6))
		flags |= FL_MAP_NORESERVE;
	return flags;
}

static struct fl_file *a_file(struct thread *t)
{
	return one_in(&t->random, 2) ? NULL : t->r->files[below(&t->random, NR_FILES)];
}

void op_chaos_map(struct thread *t)
{
	unsigned int pages, at = a_range(t, &pages);
	struct fl_file *file = a_file(t);
	fl_vaddr addr;
	int err;

	if (!load_a_slot(t))
		return;
	err = fl_mmap(&addr, t->slot->mm, page_at(t->r, at), pages, a_prot(t),
		      map_flags(t, file) |
			      (one_in(&t->random, 2) ? FL_MAP_FIXED : FL_MAP_FIXED_NOREPLACE),
		      file, below(&t->random, 8));
	ALLOWED("mmap", err, -ENOMEM, -EEXIST);
}

/* Wherever the kernel likes. */
void op_anywhere(struct thread *t)
{
	unsigned int pages, at = a_range(t, &pages);
	struct fl_file *file = a_file(t);
	fl_vaddr addr;
	int err;

	if (!load_a_slot(t))
		return;
	if (one_in(&t->random, 3)) {
		err = fl_munmap(
			t->slot->mm,
			page_at(t->r, ANYWHERE_AT + below(&t->random, ZONE_AT(0) - ANYWHERE_AT)),
			1);
		ALLOWED("munmap", err, -ENOMEM);
		return;
	}
	pages = 1 + pages % 6;
	if (one_in(&t->random, 3)) {
		err = fl_mremap(&addr, t->slot->mm, page_at(t->r, at), below(&t->random, 4), pages,
				FL_MREMAP_MAYMOVE, 0);
		ALLOWED("mremap", err, -ENOMEM, -EFAULT, -EINVAL);
		return;
	}
	err = fl_mmap(&addr, t->slot->mm, one_in(&t->random, 2) ? page_at(t->r, at) : 0, pages,
		      a_prot(t), map_flags(t, file), file, 0);
	ALLOWED("mmap", err, -ENOMEM);
}

void op_chaos_unmap(struct thread *t)
{
	unsigned int pages, at = a_range(t, &pages);

	if (load_a_slot(t))
		ALLOWED("munmap", fl_munmap(t->slot->mm, page_at(t->r, at), pages), -ENOMEM);
}

void op_chaos_protect(struct thread *t)
{
	unsigned int pages, at = a_range(t, &pages);

	if (load_a_slot(t))
		ALLOWED("mprotect", fl_mprotect(t->slot->mm, page_at(t->r, at), pages, a_prot(t)),
			-ENOMEM, -EACCES);
}

void op_chaos_move(struct thread *t)
{
	unsigned int pages, at = a_range(t, &pages), room, to = a_range(t, &room);
	unsigned int flags = FL_MREMAP_FIXED | FL_MREMAP_MAYMOVE;
	size_t n = 1 + below(&t->random, room);
	fl_vaddr addr;
	int err;

	if (!load_a_slot(t))
		return;
	if (one_in(&t->random, 3)) {
		flags |= FL_MREMAP_DONTUNMAP;
		n = pages;
		if (to + n > CHAOS_AT + CHAOS_PAGES)
			to = CHAOS_AT;
	} else if (one_in(&t->random, 4)) {
		flags = 0;
		n = 1 + below(&t->random, CHAOS_AT + CHAOS_PAGES - at);
	} else if (one_in(&t->random, 6)) {
		pages = 0;
	}
	err = fl_mremap(&addr, t->slot->mm, page_at(t->r, at), pages, n, flags,
			flags ? page_at(t->r, to) : 0);
	ALLOWED("mremap", err, -ENOMEM, -EFAULT, -EINVAL);
}

void op_chaos_advise(struct thread *t)
{
	static const enum fl_advice advices[] = {
		FL_MADV_DONTNEED,  FL_MADV_DONTNEED,	  FL_MADV_FREE,
		FL_MADV_MERGEABLE, FL_MADV_UNMERGEABLE,	  FL_MADV_HUGEPAGE,
		FL_MADV_COLLAPSE,  FL_MADV_NOHUGEPAGE,	  FL_MADV_COLD,
		FL_MADV_PAGEOUT,   FL_MADV_POPULATE_READ, FL_MADV_POPULATE_WRITE,
	};
	unsigned int pages, at = a_range(t, &pages);
	enum fl_advice advice = advices[below(&t->random, sizeof(advices) / sizeof(advices[0]))];

	if (load_a_slot(t))
		ALLOWED("madvise", fl_madvise(t->slot->mm, page_at(t->r, at), pages, advice),
			-ENOMEM, -EOPNOTSUPP, -EINVAL, -EFAULT, -EAGAIN, -EINTR);
}

/* A debugger's write: to the chaos of any address space. */
void op_poke(struct thread *t)
{
	struct slot *slot = use_slot(t->r, &t->random);

	if (!slot)
		return;
	ALLOWED("poke", fl_poke(t->cpu, slot->mm, chaos_word(t), new_value(t)), -EFAULT, -ENOMEM,
		-EIO, -EINTR);
	leave_slot(slot);
}
