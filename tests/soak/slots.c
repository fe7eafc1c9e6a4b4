// SPDX-License-Identifier: MIT
/*
 * slots.c - address spaces: made, forked, switched to, destroyed.
 *
 * A slot is used by whoever counts in users. Who makes or destroys its address space has set SLOT_BUSY, from
 * SLOT_EMPTY or from 0: so nobody uses it, but CPUs in lazy mode may have it loaded, and walks from pages to
 * mappings still find it, which is up to the library.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "soak.h"

static bool try_use(struct slot *slot)
{
	int n = atomic_load(&slot->users);

	while (n >= 0) {
		if (atomic_compare_exchange_weak(&slot->users, &n, n + 1))
			return true;
	}
	return false;
}

struct slot *use_slot(struct round *r, uint64_t *random)
{
	unsigned int first = below(random, NR_SLOTS);

	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		struct slot *slot = &r->slots[(first + i) % NR_SLOTS];

		if (try_use(slot))
			return slot;
	}
	return NULL;
}

void leave_slot(struct slot *slot)
{
	atomic_fetch_sub(&slot->users, 1);
}

static struct slot *take(struct round *r, uint64_t *random, int from)
{
	unsigned int first = below(random, NR_SLOTS);

	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		struct slot *slot = &r->slots[(first + i) % NR_SLOTS];
		int n = from;

		if (atomic_compare_exchange_strong(&slot->users, &n, SLOT_BUSY))
			return slot;
	}
	return NULL;
}

/* --- a new one --- */

static bool map_fixed(struct round *r, struct fl_mm *mm, unsigned int at, size_t pages,
		      unsigned int prot, unsigned int flags, struct fl_file *file)
{
	fl_vaddr addr;
	int err = fl_mmap(&addr, mm, page_at(r, at), pages, prot, FL_MAP_FIXED_NOREPLACE | flags,
			  file, 0);

	ALLOWED("mmap", err, -ENOMEM);
	return !err;
}

static size_t task_pages(const struct round *r)
{
	size_t n = (size_t)1 << (r->config.levels * r->config.level_bits);

	return n < 8 * MIN_PAGES ? n : 8 * MIN_PAGES;
}

static bool map_zones(struct round *r, struct fl_mm *mm)
{
	unsigned int end = OWN_AT(MAX_CPUS);

	if (!map_fixed(r, mm, ZONE_AT(ZONE_ANON), SAFE_PAGES, RW, 0, NULL) ||
	    !map_fixed(r, mm, ZONE_AT(ZONE_PRIVATE), SAFE_PAGES, RW, 0, r->private_file) ||
	    !map_fixed(r, mm, ZONE_AT(ZONE_SHARED), SAFE_PAGES, RW, FL_MAP_SHARED, r->shared_file))
		return false;
	/* What mmap() and mremap() choose by themselves is to be below the zones, or in the chaos. */
	for (unsigned int zone = 0; zone < NR_ZONES; zone++) {
		if (!map_fixed(r, mm, ZONE_AT(zone) + SAFE_PAGES, 64 - SAFE_PAGES, 0, 0, NULL))
			return false;
	}
	return map_fixed(r, mm, CHAOS_AT + CHAOS_PAGES, OWN_AT(0) - CHAOS_AT - CHAOS_PAGES, 0, 0,
			 NULL) &&
	       map_fixed(r, mm, OWN_AT(0), end - OWN_AT(0), 0, 0, NULL) &&
	       (task_pages(r) <= end || map_fixed(r, mm, end, task_pages(r) - end, 0, 0, NULL));
}

static void forget(struct slot *slot)
{
	for (unsigned int zone = 0; zone < ZONE_SHARED; zone++) {
		struct words *words = &slot->words[zone];

		for (unsigned int i = 0; i < words->nr; i++)
			words->word[i] = (struct word){ 0 };
		memset(words->counter, 0, sizeof(words->counter));
	}
	memset(slot->own, 0, sizeof(slot->own));
}

static void publish(struct slot *slot, struct fl_mm *mm)
{
	slot->mm = mm;
	slot->uffd = NULL;
	for (unsigned int zone = 0; zone < NR_ZONES; zone++)
		atomic_store(&slot->protections[zone], 0);
	atomic_fetch_add(&slot->generation, 1);
	atomic_store(&slot->users, 0);
}

static int make_mm(struct round *r, struct slot *slot)
{
	struct fl_mm *mm;
	int err = fl_mm_create(&mm, r->m);

	ALLOWED("mm_create", err, -ENOMEM);
	if (!err && !map_zones(r, mm)) {
		fl_mm_destroy(mm);
		err = -ENOMEM;
	}
	if (err)
		return err;
	forget(slot);
	publish(slot, mm);
	return 0;
}

int first_slot(struct round *r)
{
	atomic_store(&r->slots[0].users, SLOT_BUSY);
	return make_mm(r, &r->slots[0]);
}

void op_new(struct thread *t)
{
	struct slot *slot = take(t->r, &t->random, SLOT_EMPTY);

	if (slot && make_mm(t->r, slot))
		atomic_store(&slot->users, SLOT_EMPTY);
}

/* --- a copy of one --- */

void inherit_words(struct words *child, struct words *parent, bool after)
{
	for (unsigned int i = 0; i < parent->nr; i++) {
		if (after)
			child->word[i].begun = atomic_load(&parent->word[i].begun);
		else
			child->word[i].done = atomic_load(&parent->word[i].done);
	}
	for (unsigned int i = 0; i < NR_COUNTERS; i++) {
		if (after)
			child->counter[i].begun = atomic_load(&parent->counter[i].begun);
		else
			child->counter[i].done = atomic_load(&parent->counter[i].done);
	}
}

static void inherit(struct slot *child, struct slot *parent, bool after)
{
	for (unsigned int zone = 0; zone < ZONE_SHARED; zone++)
		inherit_words(&child->words[zone], &parent->words[zone], after);
}

static bool lift_protections(struct thread *t, struct fl_mm *mm)
{
	int err = 0;

	for (unsigned int zone = 0; !err && zone < NR_ZONES; zone++)
		err = fl_mprotect(mm, page_at(t->r, ZONE_AT(zone)), SAFE_PAGES, RW);
	ALLOWED("mprotect", err, -ENOMEM);
	return !err;
}

void op_fork(struct thread *t)
{
	struct slot *parent = t->slot, *slot;
	struct fl_mm *child;
	int err;

	if (!load_a_slot(t))
		return;
	parent = t->slot;
	slot = take(t->r, &t->random, SLOT_EMPTY);
	if (!slot)
		return;
	forget(slot);
	inherit(slot, parent, false);
	err = fl_fork(&child, parent->mm);
	ALLOWED("fork", err, -ENOMEM);
	if (!err && !lift_protections(t, child)) {
		fl_mm_destroy(child);
		err = -ENOMEM;
	}
	if (err) {
		atomic_store(&slot->users, SLOT_EMPTY);
		return;
	}
	inherit(slot, parent, true);
	publish(slot, child);
}

/* As a child that does nothing. */
void op_fork_destroy(struct thread *t)
{
	struct fl_mm *child;
	int err;

	if (!load_a_slot(t))
		return;
	err = fl_fork(&child, t->slot->mm);
	ALLOWED("fork", err, -ENOMEM);
	if (!err)
		fl_mm_destroy(child);
}

/* --- the end of one --- */

static void destroy(struct slot *slot)
{
	fl_mm_destroy(slot->mm);
	slot->mm = NULL;
	slot->uffd = NULL;
	atomic_store(&slot->users, SLOT_EMPTY);
}

void op_destroy(struct thread *t)
{
	struct slot *slot = take(t->r, &t->random, 0);

	if (slot)
		destroy(slot);
}

void destroy_all_slots(struct round *r)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		if (r->slots[i].mm)
			destroy(&r->slots[i]);
	}
}

/* --- which one a CPU has loaded --- */

bool load_a_slot(struct thread *t)
{
	if (!t->slot)
		op_switch(t);
	return t->slot;
}

void op_switch(struct thread *t)
{
	struct slot *old = t->slot;

	t->slot = use_slot(t->r, &t->random);
	fl_switch_mm(t->cpu, t->slot ? t->slot->mm : NULL);
	if (old)
		leave_slot(old);
}

void op_lazy(struct thread *t)
{
	struct slot *old = t->slot;

	if (one_in(&t->random, 4))
		fl_switch_mm(t->cpu, NULL);
	else
		fl_enter_lazy_tlb(t->cpu);
	t->slot = NULL;
	if (old)
		leave_slot(old);
}

void bind_anywhere(struct thread *t)
{
	int err;

	do {
		t->cpu = fl_machine_cpu(t->r->m, below(&t->random, t->r->nr_cpus));
		err = fl_cpu_bind(t->cpu);
		ALLOWED("cpu_bind", err, -EBUSY);
	} while (err);
}

/* The thread goes to another CPU; its own is idle then, maybe with an address space in lazy mode. */
void op_rebind(struct thread *t)
{
	op_lazy(t);
	fl_cpu_unbind(t->cpu);
	bind_anywhere(t);
}

/* --- memory of the harness --- */

static int alloc_words(struct words *words, unsigned int nr)
{
	words->nr = nr;
	words->word = calloc(nr, sizeof(*words->word));
	return words->word ? 0 : -ENOMEM;
}

int alloc_slots(struct round *r)
{
	/* The last page of a zone has the counters. */
	unsigned int nr = (SAFE_PAGES - 1) * r->config.page_words;

	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		atomic_store(&r->slots[i].users, SLOT_EMPTY);
		for (unsigned int zone = 0; zone < ZONE_SHARED; zone++) {
			if (alloc_words(&r->slots[i].words[zone], nr))
				return -ENOMEM;
		}
	}
	return alloc_words(&r->shared, nr);
}

void free_slots(struct round *r)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		for (unsigned int zone = 0; zone < ZONE_SHARED; zone++)
			free(r->slots[i].words[zone].word);
	}
	free(r->shared.word);
}
