// SPDX-License-Identifier: MIT
/*
 * words.c - words with an owner, and counters: whatever happens to their pages, they have what was stored.
 *
 * Word n of a zone belongs to thread n % threads: pages are shared by all of them. Counters are at the zone's
 * last page, two to a page at least.
 */
#include <errno.h>

#include "soak.h"

static struct words *words_of(struct thread *t, struct slot *slot, enum zone zone)
{
	return zone == ZONE_SHARED ? &t->r->shared : &slot->words[zone];
}

static fl_vaddr word_at(const struct round *r, enum zone zone, unsigned int n)
{
	return page_at(r, ZONE_AT(zone)) + (fl_vaddr)n * FL_WORD_SIZE;
}

/* A random one of those that the thread owns. */
unsigned int a_word_of(struct thread *t, unsigned int nr)
{
	unsigned int threads = t->r->nr_threads;

	return below(&t->random, nr / threads) * threads + t->number;
}

struct word *own_word(struct thread *t, struct slot *slot, enum zone zone, unsigned int n)
{
	return &words_of(t, slot, zone)->word[n];
}

/* May @value be there? From then on it is certain what is. */
static void check_word(const struct thread *t, struct word *w, const char *how, fl_vaddr addr,
		       uint64_t value)
{
	uint64_t done = atomic_load(&w->done), begun = atomic_load(&w->begun);

	if (value < done || value > begun)
		soak_fail("thread %u, mm %u: %s %#llx at %#llx, should be %#llx%s%#llx", t->number,
			  t->slot ? fl_mm_id(t->slot->mm) : 0, how, (unsigned long long)value,
			  (unsigned long long)addr, (unsigned long long)done,
			  done == begun ? " = " : " to ", (unsigned long long)begun);
	atomic_store(&w->done, value);
	atomic_store(&w->begun, value);
}

/* What an access to a zone may answer, if nobody has made it read-only meanwhile. */
static void check_access(struct thread *t, const char *call, int err, enum zone zone,
			 unsigned int protections)
{
	if (err == -EFAULT && t->slot &&
	    (protections % 2 || atomic_load(&t->slot->protections[zone]) != protections))
		return;
	ALLOWED(call, err, -ENOMEM, -EINTR);
}

static void store(struct thread *t, enum zone zone, unsigned int n)
{
	struct word *w = own_word(t, t->slot, zone, n);
	fl_vaddr addr = word_at(t->r, zone, n);
	unsigned int protections = atomic_load(&t->slot->protections[zone]);
	uint64_t value = new_value(t), old;
	int err;

	atomic_store(&w->begun, value);
	switch (below(&t->random, 4)) {
	case 0:
		err = fl_xchg(&old, t->cpu, addr, value);
		break;
	case 1:
		err = fl_copy_out(t->cpu, addr, &value, 1, NULL);
		break;
	default:
		err = fl_store(t->cpu, addr, value);
		break;
	}
	check_access(t, "store", err, zone, protections);
	if (!err)
		atomic_store(&w->done, value);
}

static void load(struct thread *t, enum zone zone, unsigned int n)
{
	struct word *w = own_word(t, t->slot, zone, n);
	fl_vaddr addr = word_at(t->r, zone, n);
	uint64_t value;
	int err = fl_load(&value, t->cpu, addr);

	ALLOWED("load", err, -ENOMEM, -EINTR);
	if (!err)
		check_word(t, w, "loads", addr, value);
}

/* What was not stored for want of memory: nothing later is there. */
static void settle(struct thread *t, enum zone zone, unsigned int n)
{
	load(t, zone, n);
}

void op_words(struct thread *t)
{
	enum zone zone = below(&t->random, NR_ZONES);

	if (!load_a_slot(t))
		return;
	for (unsigned int i = 1 + below(&t->random, 8); i; i--) {
		unsigned int n = a_word_of(t, words_of(t, t->slot, zone)->nr);

		load(t, zone, n);
		if (one_in(&t->random, 3))
			continue;
		store(t, zone, n);
		if (one_in(&t->random, 2))
			settle(t, zone, n);
	}
}

/* Somebody else's words: they only grow. */
void op_verify(struct thread *t)
{
	enum zone zone = below(&t->random, NR_ZONES);
	uint64_t value, again, done;
	unsigned int n;
	int err;

	if (!load_a_slot(t))
		return;
	n = below(&t->random, words_of(t, t->slot, zone)->nr);
	done = atomic_load(&words_of(t, t->slot, zone)->word[n].done);
	err = fl_load(&value, t->cpu, word_at(t->r, zone, n));
	if (!err)
		err = fl_load(&again, t->cpu, word_at(t->r, zone, n));
	ALLOWED("load", err, -ENOMEM, -EINTR);
	if (err)
		return;
	if (value < done || again < value)
		soak_fail("thread %u, mm %u: loads %#llx, then %#llx at %#llx, of at least %#llx",
			  t->number, fl_mm_id(t->slot->mm), (unsigned long long)value,
			  (unsigned long long)again, (unsigned long long)word_at(t->r, zone, n),
			  (unsigned long long)done);
}

/* --- counters --- */

static fl_vaddr counter_at(const struct round *r, enum zone zone, unsigned int n)
{
	return page_at(r, ZONE_AT(zone) + SAFE_PAGES - 1) +
	       (fl_vaddr)(n % r->config.page_words) * FL_WORD_SIZE;
}

static unsigned int nr_counters(const struct round *r)
{
	return r->config.page_words < NR_COUNTERS ? r->config.page_words : NR_COUNTERS;
}

static void check_counter(const struct thread *t, const char *how, uint64_t value, uint64_t least,
			  uint64_t most)
{
	if (value < least || value > most)
		soak_fail("thread %u, mm %u: a counter %s %llu, should be %llu to %llu", t->number,
			  t->slot ? fl_mm_id(t->slot->mm) : 0, how, (unsigned long long)value,
			  (unsigned long long)least, (unsigned long long)most);
}

static int add_one(struct thread *t, fl_vaddr addr, uint64_t *old)
{
	uint64_t expected;
	int err;

	if (!one_in(&t->random, 3))
		return fl_fetch_add(old, t->cpu, addr, 1);
	err = fl_load(old, t->cpu, addr);
	while (!err) {
		expected = *old;
		err = fl_cmpxchg(old, t->cpu, addr, expected, expected + 1);
		if (!err && *old == expected)
			break;
	}
	return err;
}

void op_count(struct thread *t)
{
	enum zone zone = below(&t->random, NR_ZONES);
	unsigned int n = below(&t->random, nr_counters(t->r)), protections;
	struct counter *c;
	uint64_t old, least;
	int err;

	if (!load_a_slot(t))
		return;
	c = &words_of(t, t->slot, zone)->counter[n];
	protections = atomic_load(&t->slot->protections[zone]);
	least = atomic_load(&c->done);
	atomic_fetch_add(&c->begun, 1);
	err = add_one(t, counter_at(t->r, zone, n), &old);
	check_access(t, "fetch_add", err, zone, protections);
	if (err) {
		atomic_fetch_sub(&c->begun, 1);
		return;
	}
	check_counter(t, "had", old, least, atomic_load(&c->begun) - 1);
	atomic_fetch_add(&c->done, 1);
}

/* --- at the end --- */

static void check_zone(struct thread *t, struct slot *slot, enum zone zone)
{
	struct words *words = words_of(t, slot, zone);
	uint64_t value;

	for (unsigned int n = 0; n < words->nr; n++) {
		if (!fl_load(&value, t->cpu, word_at(t->r, zone, n)))
			check_word(t, &words->word[n], "at the end there is",
				   word_at(t->r, zone, n), value);
	}
	for (unsigned int n = 0; n < nr_counters(t->r); n++) {
		if (!fl_load(&value, t->cpu, counter_at(t->r, zone, n)))
			check_counter(t, "has", value, words->counter[n].done,
				      words->counter[n].begun);
	}
}

void check_all_words(struct thread *t)
{
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		struct slot *slot = &t->r->slots[i];

		if (!slot->mm || slot->uffd)
			continue;
		fl_switch_mm(t->cpu, slot->mm);
		t->slot = slot;
		for (unsigned int zone = 0; zone < NR_ZONES; zone++)
			check_zone(t, slot, zone);
		t->slot = NULL;
		fl_switch_mm(t->cpu, NULL);
	}
}

/* --- read-only, and back --- */

void op_protect_zone(struct thread *t)
{
	enum zone zone = below(&t->random, NR_ZONES);
	unsigned int at = ZONE_AT(zone) + below(&t->random, SAFE_PAGES), none;
	size_t pages = 1 + below(&t->random, ZONE_AT(zone) + SAFE_PAGES - at);
	_Atomic unsigned int *protections;
	int err;

	if (!load_a_slot(t))
		return;
	protections = &t->slot->protections[zone];
	none = atomic_load(protections);
	if (none % 2 || !atomic_compare_exchange_strong(protections, &none, none + 1))
		return;
	err = fl_mprotect(t->slot->mm, page_at(t->r, at), pages, FL_READ);
	ALLOWED("mprotect", err, -ENOMEM);
	if (!err && one_in(&t->random, 2))
		op_verify(t);
	err = fl_mprotect(t->slot->mm, page_at(t->r, at), pages, RW);
	ALLOWED("mprotect", err, -ENOMEM);
	/* Without memory it stays as it is, for good: odd. */
	if (!err)
		atomic_fetch_add(protections, 1);
}
