// SPDX-License-Identifier: MIT
/*
 * lost_write.c - oracle "lost-write": no store of a program disappears.
 *
 * Specification (coherence of memory, which every processor promises per location, and which
 * paging must not undo): a CPU that stored to a word and then loads it sees its own last store, or
 * what another CPU stored there. At the end the word holds the last store of one of the CPUs.
 *
 * Records: per word (address space and address) what set-up code left there, the values that each
 * CPU has stored since, and which of them was its last. By values, not by an order: two stores
 * that nothing orders may be heard of either way round. A load that does not fit when it is heard
 * of is kept and judged at the end, when all stores are known. Words of a shared mapping that are
 * the same word of a file are then taken together.
 *
 * Silent about: ranges that were discarded in the run (discards.h), values that the kernel or a
 * device stored anywhere, memory that is no longer mapped at the end, a word with more than
 * MAX_VALUES different stores, and old values that another CPU had stored, too.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#define MAX_VALUES 64
#define MAX_DOUBTS 1024
#define ABOUT_WORD(mm, address) .mm_id = (mm), .addr = (address), .end = (address) + 1

struct word {
	struct fl_key key; /* mm, address */
	uint64_t base;	   /* what set-up code stored last */
	bool has_base;
	bool too_many;
	unsigned int nr_values;
	size_t values; /* in the list of stores: index + 1 */
	size_t alias;  /* at the end: another word that is the same in the file, index + 1 */
};

struct store {
	size_t next;
	uint64_t value;
	unsigned int cpu;
	bool last; /* of this CPU */
};

/* A load of something else than what should be there, by what is known so far. */
struct doubt {
	uint64_t mm_id;
	fl_vaddr addr;
	unsigned int cpu;
	bool own; /* expected: its own store, else set-up's */
	uint64_t saw, expected;
};

/* Words that are one word of a file. Only at the end. */
struct file_word {
	struct fl_key key; /* mapping, number of the word */
	size_t words;
};

static struct fl_map words = FL_MAP(struct word);
static struct fl_table stores = FL_TABLE(struct store);
static struct fl_table doubts = FL_TABLE(struct doubt);
static struct fl_map file_words = FL_MAP(struct file_word);

static struct store *store_at(size_t i)
{
	return i ? fl_table_at(&stores, i - 1) : NULL;
}

static struct word *word_at(size_t i)
{
	return i ? fl_table_at(&words.t, i - 1) : NULL;
}

static void note_store(struct word *w, unsigned int cpu, uint64_t value)
{
	struct store *found = NULL;

	for (struct store *s = store_at(w->values); s; s = store_at(s->next)) {
		if (s->cpu == cpu)
			s->last = false;
		if (s->cpu == cpu && s->value == value)
			found = s;
	}
	if (!found && w->nr_values < MAX_VALUES) {
		found = fl_table_add(&stores);
		if (found) {
			found->next = w->values;
			w->values = stores.nr;
			w->nr_values++;
		}
	}
	if (!found) {
		w->too_many = true;
		return;
	}
	found->value = value;
	found->cpu = cpu;
	found->last = true;
}

static void heard_store(const struct fl_event *e)
{
	struct word *w = fl_map_get(&words, fl_event_mm_id(e), e->addr);

	if (!w)
		return;
	if (fl_oracle_in_set_up()) {
		w->base = e->value;
		w->has_base = true;
	} else {
		note_store(w, e->cpu, e->value);
	}
}

/* Did anybody, or with @cpu >= 0 anybody else, store @value to @w in this run? */
static bool stored(const struct word *w, int cpu, uint64_t value)
{
	for (const struct store *s = store_at(w->values); s; s = store_at(s->next)) {
		if (s->value == value && (int)s->cpu != cpu)
			return true;
	}
	return w->too_many;
}

static const struct store *own_last(const struct word *w, unsigned int cpu)
{
	for (const struct store *s = store_at(w->values); s; s = store_at(s->next)) {
		if (s->cpu == cpu && s->last)
			return s;
	}
	return NULL;
}

static void heard_load(const struct fl_event *e)
{
	const struct word *w = fl_map_find(&words, fl_event_mm_id(e), e->addr);
	const struct store *own;
	struct doubt *d;
	uint64_t want;

	if (!w || fl_oracle_in_set_up())
		return;
	own = own_last(w, e->cpu);
	if (!own && !w->has_base)
		return;
	want = own ? own->value : w->base;
	if (e->value == want || stored(w, own ? (int)e->cpu : -1, e->value) ||
	    doubts.nr == MAX_DOUBTS)
		return;
	d = fl_table_add(&doubts);
	if (d)
		*d = (struct doubt){ w->key.a, w->key.b, e->cpu, own != NULL, e->value, want };
}

/* Set-up code unmaps, or the like. */
static void forget(const struct fl_event *e)
{
	for (size_t i = 0; i < words.t.nr; i++) {
		struct word *w = fl_table_at(&words.t, i);

		if ((!e->mm || w->key.a == fl_event_mm_id(e)) && fl_event_covers(e, w->key.b))
			w->has_base = false;
	}
}

static void event(const struct fl_event *e)
{
	if (e->kind == FL_EVENT_STORE)
		heard_store(e);
	else if (e->kind == FL_EVENT_LOAD)
		heard_load(e);
	else if (fl_oracle_in_set_up())
		forget(e);
}

/* --- at the end --- */

/* The words that are the same one of a file, in a ring of lists: w->alias. */
static void find_aliases(void)
{
	const struct fl_machine *m = fl_oracle_machine();

	fl_map_clear(&file_words);
	for (size_t i = 0; i < words.t.nr; i++) {
		struct word *w = fl_table_at(&words.t, i);
		struct vm_area_struct *vma = fl_final_vma(w->key.a, w->key.b);
		struct file_word *f;
		uint64_t word;

		w->alias = 0;
		if (!vma || !(vma->vm_flags & VM_SHARED) || !vma->vm_file)
			continue;
		word = fl_final_pgoff(vma, w->key.b) * m->page_words +
		       (w->key.b & (page_size(m) - 1)) / FL_WORD_SIZE;
		f = fl_map_get(&file_words, (uintptr_t)vma->vm_file, word);
		if (!f)
			continue;
		w->alias = f->words;
		f->words = i + 1;
	}
}

/* The first of the words that are one with @w. The list is good for all of them. */
static const struct word *first_alias(const struct word *w)
{
	const struct fl_machine *m = fl_oracle_machine();
	struct vm_area_struct *vma = fl_final_vma(w->key.a, w->key.b);
	const struct file_word *f;

	if (!vma || !(vma->vm_flags & VM_SHARED) || !vma->vm_file)
		return w;
	f = fl_map_find(&file_words, (uintptr_t)vma->vm_file,
			fl_final_pgoff(vma, w->key.b) * m->page_words +
				(w->key.b & (page_size(m) - 1)) / FL_WORD_SIZE);
	return f ? word_at(f->words) : w;
}

/* The word can't be judged: it went, or one of its names did. */
static bool is_out(const struct word *w)
{
	if (!fl_final_vma(w->key.a, w->key.b))
		return true;
	for (w = first_alias(w); w; w = word_at(w->alias)) {
		if (w->too_many || fl_discarded(w->key.a, w->key.b))
			return true;
	}
	return false;
}

/* Under a name that is no longer there it may be any file's. */
static bool stored_elsewhere(uint64_t value)
{
	for (size_t i = 0; i < words.t.nr; i++) {
		const struct word *w = fl_table_at(&words.t, i);

		if ((stored(w, -1, value) || (w->has_base && w->base == value)) &&
		    (!fl_final_vma(w->key.a, w->key.b) || fl_discarded(w->key.a, w->key.b)))
			return true;
	}
	return false;
}

static void judge_load(const struct doubt *d)
{
	const struct word *w = fl_map_find(&words, d->mm_id, d->addr);

	if (!w || is_out(w) || stored(w, d->own ? (int)d->cpu : -1, d->saw))
		return;
	for (const struct word *a = first_alias(w); a; a = word_at(a->alias)) {
		/* Its own store under another name may be the later one. */
		if (a != w &&
		    (stored(a, -1, d->saw) || (!d->own && a->has_base && a->base == d->saw)))
			return;
	}
	if (fl_kernel_value(d->saw) || stored_elsewhere(d->saw))
		return;
	if (d->own)
		FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), ABOUT_WORD(d->mm_id, d->addr),
			 .by_cpu = true, .cpu = d->cpu, .of_value = true, .value = d->expected);
	FL_ABOUT(.kinds = FL_EVENT_BIT(LOAD), ABOUT_WORD(d->mm_id, d->addr), .by_cpu = true,
		 .cpu = d->cpu, .of_value = true, .value = d->saw);
	FL_ABOUT(.aside = true, .kinds = FL_ABOUT_ACCESS, ABOUT_WORD(d->mm_id, d->addr));
	if (d->own)
		fl_oracle_fail("lost-write",
			       "CPU%u stored %#llx at %#llx and then loads %#llx, which nobody has "
			       "stored there since",
			       d->cpu, (unsigned long long)d->expected, (unsigned long long)d->addr,
			       (unsigned long long)d->saw);
	else
		fl_oracle_fail(
			"lost-write",
			"CPU%u loads %#llx at %#llx, where %#llx was stored and nothing since",
			d->cpu, (unsigned long long)d->saw, (unsigned long long)d->addr,
			(unsigned long long)d->expected);
}

/* Could @value be the last store to it? */
static bool may_be_last(const struct word *w, uint64_t value)
{
	const struct word *first = first_alias(w);
	bool any = false, has_base = false;

	for (const struct word *a = first; a; a = word_at(a->alias)) {
		for (const struct store *s = store_at(a->values); s; s = store_at(s->next)) {
			any = true;
			if (s->last && s->value == value)
				return true;
		}
		has_base |= a->has_base;
	}
	for (const struct word *a = first; a && !any; a = word_at(a->alias)) {
		if (a->has_base && a->base == value)
			return true;
	}
	return !any && !has_base;
}

static void judge_final(const struct word *w)
{
	const struct store *s = store_at(w->values);
	uint64_t value;

	if (!fl_final_word(&value, w->key.a, w->key.b) || may_be_last(w, value) || is_out(w) ||
	    fl_kernel_value(value) || stored_elsewhere(value))
		return;
	if (s)
		FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), ABOUT_WORD(w->key.a, w->key.b),
			 .by_cpu = true, .cpu = s->cpu, .of_value = true, .value = s->value);
	FL_ABOUT(.aside = true, .kinds = FL_ABOUT_ACCESS, ABOUT_WORD(w->key.a, w->key.b));
	if (s)
		fl_oracle_fail(
			"lost-write",
			"%#llx, which CPU%u stored at %#llx, is lost: at the end there is %#llx",
			(unsigned long long)s->value, s->cpu, (unsigned long long)w->key.b,
			(unsigned long long)value);
	else
		fl_oracle_fail("lost-write",
			       "%#llx, stored at %#llx before, is lost: at the end there is %#llx",
			       (unsigned long long)w->base, (unsigned long long)w->key.b,
			       (unsigned long long)value);
}

static void finish(void)
{
	if (!words.t.nr || words.t.lost || stores.lost)
		return;
	find_aliases();
	for (size_t i = 0; i < doubts.nr; i++)
		judge_load(fl_table_at(&doubts, i));
	for (size_t i = 0; i < words.t.nr; i++)
		judge_final(fl_table_at(&words.t, i));
}

const struct fl_oracle fl_lost_write_oracle = {
	.tables = { &stores, &doubts },
	.maps = { &words },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(DISCARD),
	.accesses = true,
};
