// SPDX-License-Identifier: MIT
/*
 * own.c - a region that one thread alone maps, unmaps, protects and moves, with what must be there written down.
 *
 * Others fork it, reclaim it, move its pages, merge them. A page of it is mapped or not, has a protection, and
 * its first word a value. After a call that failed for want of memory nothing is known, until all is mapped anew.
 */
#include <errno.h>

#include "soak.h"

static fl_vaddr own_at(const struct thread *t, unsigned int i)
{
	return page_at(t->r, OWN_AT(t->number) + i);
}

static struct own *own_of(struct thread *t)
{
	return &t->slot->own[t->number];
}

/* In rounds in which mmap() chooses, something else may come to a hole. */
static bool is_certain(const struct thread *t, const struct own *own, unsigned int i)
{
	return own->page[i].mapped || !t->r->anywhere;
}

static void note(struct own *own, unsigned int at, unsigned int n, bool mapped, unsigned int prot)
{
	for (unsigned int i = at; i < at + n; i++) {
		own->page[i].mapped = mapped;
		own->page[i].prot = prot;
		own->page[i].value = 0;
	}
}

static void map_own(struct thread *t, struct own *own, unsigned int at, unsigned int n,
		    unsigned int prot)
{
	fl_vaddr addr;
	int err = fl_mmap(&addr, t->slot->mm, own_at(t, at), n, prot,
			  FL_MAP_FIXED | (one_in(&t->random, 8) ? FL_MAP_POPULATE : 0), NULL, 0);

	ALLOWED("mmap", err, -ENOMEM);
	if (!err && addr != own_at(t, at))
		soak_fail("mmap(MAP_FIXED) at %#llx is at %#llx", (unsigned long long)own_at(t, at),
			  (unsigned long long)addr);
	if (!err)
		note(own, at, n, true, prot);
	else
		own->known = false;
}

static void reset(struct thread *t, struct own *own)
{
	own->known = true;
	map_own(t, own, 0, OWN_PAGES, RW);
}

static void unmap_own(struct thread *t, struct own *own, unsigned int at, unsigned int n)
{
	int err = fl_munmap(t->slot->mm, own_at(t, at), n);

	ALLOWED("munmap", err, -ENOMEM);
	if (!err)
		note(own, at, n, false, 0);
	else
		own->known = false;
}

static bool all_mapped(const struct own *own, unsigned int at, unsigned int n)
{
	for (unsigned int i = at; i < at + n; i++) {
		if (!own->page[i].mapped)
			return false;
	}
	return true;
}

static void protect_own(struct thread *t, struct own *own, unsigned int at, unsigned int n)
{
	static const unsigned int prots[] = { 0, FL_READ, RW, RW };
	unsigned int prot = prots[below(&t->random, 4)];
	int err;

	if (!all_mapped(own, at, n))
		return;
	err = fl_mprotect(t->slot->mm, own_at(t, at), n, prot);
	ALLOWED("mprotect", err, -ENOMEM);
	for (unsigned int i = at; !err && i < at + n; i++)
		own->page[i].prot = prot;
	own->known = !err;
}

static void empty_own(struct thread *t, struct own *own, unsigned int at, unsigned int n)
{
	int err;

	if (!all_mapped(own, at, n))
		return;
	err = fl_madvise(t->slot->mm, own_at(t, at), n, FL_MADV_DONTNEED);
	ALLOWED("madvise(DONTNEED)", err, 0);
	for (unsigned int i = at; i < at + n; i++)
		own->page[i].value = 0;
}

/* --- accesses --- */

static const char *rights(const struct own *own, unsigned int i)
{
	if (!own->page[i].mapped)
		return "where nothing is mapped";
	return own->page[i].prot ? "which is read-only" : "which is inaccessible";
}

static void store_own(struct thread *t, struct own *own, unsigned int i)
{
	/* Some pages are equal, for ksmd. */
	uint64_t value = one_in(&t->random, 4) ? 1 + below(&t->random, 2) : new_value(t);
	int err = fl_store(t->cpu, own_at(t, i), value);

	if (!own->page[i].mapped || !(own->page[i].prot & FL_WRITE)) {
		if (err != -EFAULT)
			soak_fail("a store to %#llx, %s, answers %d",
				  (unsigned long long)own_at(t, i), rights(own, i), err);
		return;
	}
	ALLOWED("store", err, -ENOMEM);
	if (!err)
		own->page[i].value = value;
}

static void load_own(struct thread *t, struct own *own, unsigned int i)
{
	uint64_t value;
	int err = fl_load(&value, t->cpu, own_at(t, i));

	if (!own->page[i].mapped || !own->page[i].prot) {
		if (err != -EFAULT)
			soak_fail("a load from %#llx, %s, answers %d",
				  (unsigned long long)own_at(t, i), rights(own, i), err);
		return;
	}
	ALLOWED("load", err, -ENOMEM);
	if (!err && value != own->page[i].value)
		soak_fail("thread %u, mm %u: loads %#llx at %#llx, should be %#llx", t->number,
			  fl_mm_id(t->slot->mm), (unsigned long long)value,
			  (unsigned long long)own_at(t, i), (unsigned long long)own->page[i].value);
}

static void access_own(struct thread *t, struct own *own)
{
	for (unsigned int n = 1 + below(&t->random, 6); n; n--) {
		unsigned int i = below(&t->random, OWN_PAGES);

		if (!is_certain(t, own, i))
			continue;
		if (one_in(&t->random, 2))
			store_own(t, own, i);
		load_own(t, own, i);
	}
}

/* --- mremap --- */

static void note_move(struct own *own, unsigned int from, unsigned int to, unsigned int n,
		      unsigned int old_n, bool stays)
{
	for (unsigned int i = 0; i < n; i++)
		own->page[to + i] = own->page[from + i];
	for (unsigned int i = from; i < from + old_n; i++) {
		own->page[i].mapped = stays;
		own->page[i].value = 0;
	}
}

/* @old_n pages from @from on become @n from @to on. */
static void move_own(struct thread *t, struct own *own, unsigned int from, unsigned int to,
		     unsigned int old_n, unsigned int n)
{
	bool stays = old_n == n && one_in(&t->random, 3);
	fl_vaddr addr;
	int err;

	err = fl_mremap(&addr, t->slot->mm, own_at(t, from), old_n, n,
			FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED | (stays ? FL_MREMAP_DONTUNMAP : 0),
			own_at(t, to));
	/* -EFAULT: it is more than one area. */
	ALLOWED("mremap", err, -ENOMEM, -EFAULT);
	if (!err)
		note_move(own, from, to, n, old_n, stays);
	/* Without memory for a split the old range stays, empty, and mremap() says nothing: in kernels, too. */
	if (err || (!stays && t->failing))
		own->known = false;
}

/* In place. */
static void resize_own(struct thread *t, struct own *own, unsigned int at, unsigned int old_n,
		       unsigned int n)
{
	unsigned int prot = own->page[at].prot;
	fl_vaddr addr;
	int err = fl_mremap(&addr, t->slot->mm, own_at(t, at), old_n, n, 0, 0);

	ALLOWED("mremap", err, -ENOMEM, -EFAULT);
	if (!err && n < old_n)
		note(own, at + n, old_n - n, false, 0);
	else if (!err && n > old_n)
		note(own, at + old_n, n - old_n, true, prot);
	else if (err == -ENOMEM && n < old_n)
		own->known = false;
}

static void mremap_own(struct thread *t, struct own *own, unsigned int at, unsigned int n)
{
	unsigned int to = below(&t->random, OWN_PAGES - n + 1);
	unsigned int new_n = 1 + below(&t->random, OWN_PAGES - at);

	if (!all_mapped(own, at, n))
		return;
	if (one_in(&t->random, 3))
		resize_own(t, own, at, n, new_n);
	else if (to + n <= at || at + n <= to)
		move_own(t, own, at, to, n, 1 + below(&t->random, n));
}

void op_own(struct thread *t)
{
	unsigned int at = below(&t->random, OWN_PAGES), n = 1 + below(&t->random, OWN_PAGES - at);
	struct own *own;

	if (!load_a_slot(t))
		return;
	own = own_of(t);
	if (!own->known)
		reset(t, own);
	if (!own->known)
		return;
	access_own(t, own);
	switch (below(&t->random, 8)) {
	case 0:
		map_own(t, own, at, n, one_in(&t->random, 4) ? FL_READ : RW);
		break;
	case 1:
		unmap_own(t, own, at, n);
		break;
	case 2:
	case 3:
		protect_own(t, own, at, n);
		break;
	case 4:
		empty_own(t, own, at, n);
		break;
	case 5:
	case 6:
		mremap_own(t, own, at, n);
		break;
	default:
		break;
	}
	if (own->known)
		access_own(t, own);
}
