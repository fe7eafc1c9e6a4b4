/* SPDX-License-Identifier: MIT */
/* learn.c - see learn.h. A table by the address of the (8-byte) word. */
#include "learn.h"

#include <stdlib.h>
#include <string.h>

#include "search.h"

#define NOBODY 0xff

struct word {
	uintptr_t addr; /* 0: free */
	uint8_t cuts;	/* bit k: divided before byte k */
	uint8_t atomic; /* bit k: byte k is atomically accessed together with the one before it */
	uint8_t owner;
	bool shared, used; /* used: as shared memory, so the cuts have mattered */
	bool ordered;	   /* the order of accesses can be told */
	bool watched;
};

bool learn_again;

static struct word *table;
static size_t size_of_table, nr_words;
static bool some_watched;

static struct word *slot(uintptr_t addr)
{
	size_t i = (addr >> 3) * 0x9e3779b97f4a7c15ull >> 20 & (size_of_table - 1);

	while (table[i].addr && table[i].addr != addr)
		i = (i + 1) & (size_of_table - 1);
	return &table[i];
}

static void grow(void)
{
	struct word *old = table;
	size_t n = size_of_table;

	size_of_table = n ? 2 * n : 1024;
	table = calloc(size_of_table, sizeof(*table));
	if (!table)
		abort();
	for (size_t i = 0; i < n; i++)
		if (old[i].addr)
			*slot(old[i].addr) = old[i];
	free(old);
}

static struct word *word_of(uintptr_t addr)
{
	struct word *w;

	if (2 * nr_words >= size_of_table)
		grow();
	addr &= ~(uintptr_t)7;
	w = slot(addr);
	if (!w->addr) {
		*w = (struct word){ .addr = addr, .cuts = 1, .owner = NOBODY };
		nr_words++;
	}
	return w;
}

static void begin_again(void)
{
	learn_again = S.opt->mutant != FLX_MUT_NO_RESTART;
}

static void share(struct word *w)
{
	/* What its owner did so far had no events. */
	if (!w->shared && w->owner != NOBODY)
		begin_again();
	w->shared = true;
}

bool learn_plain(uintptr_t addr, size_t size, int thread)
{
	bool shared = false;

	for (uintptr_t a = addr & ~(uintptr_t)7; a < addr + size; a += 8) {
		struct word *w = word_of(a);

		if (w->owner != NOBODY && w->owner != thread)
			share(w);
		if (!w->shared)
			w->owner = (uint8_t)thread;
		shared |= w->shared;
	}
	if (!shared)
		return false;
	/* All or nothing: an access that is half shared is shared. */
	for (uintptr_t a = addr & ~(uintptr_t)7; a < addr + size; a += 8)
		share(word_of(a));
	return true;
}

void learn_handed_on(uintptr_t addr, size_t size, int thread)
{
	for (uintptr_t a = addr & ~(uintptr_t)7; a < addr + size; a += 8) {
		struct word *w = word_of(a);

		if (w->owner != NOBODY && w->owner != thread)
			share(w);
		w->owner = (uint8_t)thread;
	}
}

bool learn_is_untouched(uintptr_t addr, size_t size)
{
	for (uintptr_t a = addr & ~(uintptr_t)7; a < addr + size; a += 8) {
		const struct word *w = word_of(a);

		if (w->owner != NOBODY || w->shared)
			return false;
	}
	return true;
}

void learn_shared(uintptr_t addr, size_t size)
{
	for (uintptr_t a = addr & ~(uintptr_t)7; a < addr + size; a += 8)
		share(word_of(a));
}

static void cut(uintptr_t addr, bool matters)
{
	struct word *w = word_of(addr);
	uint8_t bit = (uint8_t)(1u << (addr & 7));

	if (w->cuts & bit)
		return;
	/* Bytes that an atomic access takes together stay together; whoever divides them is told so. */
	if (w->atomic & bit)
		return;
	w->cuts |= bit;
	if (matters && w->used)
		begin_again();
}

void learn_cut(uintptr_t addr)
{
	cut(addr, true);
}

bool learn_atomic(uintptr_t addr, size_t size)
{
	struct word *w = word_of(addr);
	uint8_t inner = 0;

	if (((addr & 7) + size) > 8)
		return false;
	share(w);
	for (size_t k = 1; k < size; k++)
		inner |= (uint8_t)(1u << ((addr & 7) + k));
	if (w->cuts & inner) {
		/* Cut by plain accesses before it was known to be one piece. */
		if (w->atomic & ~inner & w->cuts)
			return false;
		w->cuts &= (uint8_t)~inner;
		begin_again();
	}
	w->atomic |= inner;
	w->used = true;
	cut(addr, true);
	if ((addr & 7) + size < 8)
		cut(addr + size, true);
	return true;
}

size_t learn_piece(uintptr_t addr, size_t size)
{
	struct word *w = word_of(addr);
	size_t n = 1;

	w->used = true;
	while (n < size && ((addr + n) & 7) && !(w->cuts >> ((addr + n) & 7) & 1))
		n++;
	return n;
}

void learn_order_matters(uintptr_t addr)
{
	struct word *w = word_of(addr);

	if (!w->ordered)
		begin_again();
	w->ordered = true;
}

bool learn_if_order_matters(uintptr_t addr)
{
	return word_of(addr)->ordered;
}

void learn_watch(uintptr_t addr)
{
	struct word *w = word_of(addr);

	if (w->watched)
		return;
	w->watched = some_watched = true;
	begin_again();
}

bool learn_is_watched(uintptr_t addr)
{
	return some_watched && word_of(addr)->watched;
}

void learn_forget(void)
{
	free(table);
	table = NULL;
	size_of_table = nr_words = 0;
	some_watched = false;
	learn_again = false;
}
