// SPDX-License-Identifier: MIT
/*
 * isolation.c - oracle "isolation": what a process writes to its own memory stays its own.
 *
 * Specification (fork(2), mmap(2) on MAP_PRIVATE; CVE-2020-29374): after a fork what one process
 * stores to private memory is seen by no other, neither in memory nor through a reference to a
 * page that the other one got while the page was shared. And a page that a process may only read,
 * one of the page cache or one that KSM merged, is not changed by it.
 *
 * Records: for each value other than 0 which address spaces stored it, and before which forks that
 * may have been; the forks. Judged at the end, by values: one that was stored only to private
 * memory of other address spaces, after the forks that lead to this one, was loaded here, read
 * from this one's pipe or pin, or can be read here now.
 *
 * A store is taken to come after a fork only if that is certain: on the CPU that forked, or if set-up
 * code forked. Silent about: values that both processes stored, or the kernel, or a device; stores
 * to what is not mapped any more at the end, and the same value at two pages.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#include "mm/file.h"
#include "mm/vma.h"

#define MAX_DOUBTS 1024

/* Who stored what. */
struct secret {
	struct fl_key key;  /* value, mm */
	size_t next_owner;  /* of the same value: index + 1 */
	fl_vaddr addr;	    /* where */
	size_t after_forks; /* for certain it came after the first so many of all forks */
	bool several;	    /* pages */
	bool gone;	    /* set-up code unmapped the page, and who saw it before is not known */
};

struct value {
	struct fl_key key; /* value, 0 */
	size_t owners;	   /* index + 1 */
};

struct fork {
	uint64_t parent, child;
	unsigned int cpu;
	bool set_up;
};

/* Address space @mm_id has seen @value, which it did not store itself. */
struct doubt {
	uint64_t mm_id, value;
	unsigned int cpu;
	const char *how;
};

struct reference {
	uint64_t mm_id, pfn;
	bool write;
};

static struct fl_map secrets = FL_MAP(struct secret);
static struct fl_map values = FL_MAP(struct value);
static struct fl_table forks = FL_TABLE(struct fork);
static struct fl_table doubts = FL_TABLE(struct doubt);
static struct fl_table references = FL_TABLE(struct reference);

/* How many of the first forks have come before what @cpu does now in @mm_id? */
static size_t forks_before(uint64_t mm_id, unsigned int cpu)
{
	size_t n = 0;

	for (size_t i = 0; i < forks.nr; i++) {
		const struct fork *f = fl_table_at(&forks, i);

		if (f->parent == mm_id && (f->set_up || f->cpu == cpu))
			n = i + 1;
	}
	return n;
}

static void heard_store(const struct fl_event *e)
{
	const struct fl_machine *m = fl_oracle_machine();
	uint64_t mm_id = fl_event_mm_id(e);
	struct secret *s = fl_map_find(&secrets, e->value, mm_id);
	size_t after = forks_before(mm_id, e->cpu);
	struct value *v;

	if (!e->value)
		return;
	if (s) {
		s->several |= fl_page_of(m, s->addr) != fl_page_of(m, e->addr);
		s->after_forks = after < s->after_forks ? after : s->after_forks;
		return;
	}
	v = fl_map_get(&values, e->value, 0);
	s = v ? fl_map_get(&secrets, e->value, mm_id) : NULL;
	if (!s)
		return;
	s->next_owner = v->owners;
	v->owners = secrets.t.nr;
	s->addr = e->addr;
	s->after_forks = after;
}

static void doubt(uint64_t mm_id, uint64_t value, unsigned int cpu, const char *how)
{
	struct doubt *d;

	if (!value || !mm_id || doubts.nr == MAX_DOUBTS || fl_map_find(&secrets, value, mm_id) ||
	    !fl_map_find(&values, value, 0))
		return;
	d = fl_table_add(&doubts);
	if (d)
		*d = (struct doubt){ mm_id, value, cpu, how };
}

/* Whose pin on @pfn it is, if that is sure; else 0. */
static uint64_t pinned_by(uint64_t pfn)
{
	uint64_t mm_id = 0;

	for (size_t i = 0; i < references.nr; i++) {
		const struct reference *r = fl_table_at(&references, i);

		if (r->pfn == pfn && mm_id && mm_id != r->mm_id)
			return 0;
		if (r->pfn == pfn)
			mm_id = r->mm_id;
	}
	return mm_id;
}

static void heard_pin(const struct fl_event *e)
{
	struct reference *r = fl_table_add(&references);

	if (r)
		*r = (struct reference){ fl_event_mm_id(e), e->pfn, e->write };
}

static void heard_unpin(const struct fl_event *e)
{
	for (size_t i = references.nr; i-- > 0;) {
		const struct reference *r = fl_table_at(&references, i);

		if (r->pfn == e->pfn && r->write == e->write) {
			fl_table_remove(&references, i);
			return;
		}
	}
}

/* By set-up code: what is mapped there at the end says nothing about where the value went. */
static void forget(const struct fl_event *e)
{
	for (size_t i = 0; i < secrets.t.nr; i++) {
		struct secret *s = fl_table_at(&secrets.t, i);

		if ((!e->mm || s->key.b == fl_event_mm_id(e)) && fl_event_covers(e, s->addr))
			s->gone = true;
	}
}

static void heard_fork(const struct fl_event *e)
{
	struct fork *f = fl_table_add(&forks);

	if (f)
		*f = (struct fork){ fl_event_mm_id(e), e->value, e->cpu, fl_oracle_in_set_up() };
}

static void event(const struct fl_event *e)
{
	switch (e->kind) {
	case FL_EVENT_STORE:
		heard_store(e);
		break;
	case FL_EVENT_LOAD:
		doubt(fl_event_mm_id(e), e->value, e->cpu, "loads");
		break;
	case FL_EVENT_PIPE_READ:
		if (e->mm)
			doubt(fl_event_mm_id(e), e->value, e->cpu, "reads from its pipe");
		else
			doubt(pinned_by(e->pfn), e->value, e->cpu, "reads through its pin");
		break;
	case FL_EVENT_PIN:
		heard_pin(e);
		break;
	case FL_EVENT_UNPIN:
		heard_unpin(e);
		break;
	case FL_EVENT_DISCARD:
		if (fl_oracle_in_set_up())
			forget(e);
		break;
	default:
		heard_fork(e);
		break;
	}
}

/* --- at the end --- */

static const struct secret *secret_at(size_t i)
{
	return i ? fl_table_at(&secrets.t, i - 1) : NULL;
}

/* May @mm_id have @value from an ancestor, by one of the first @limit forks? */
static bool inherited(uint64_t mm_id, uint64_t value, size_t limit)
{
	for (size_t i = 0; i < limit && i < forks.nr; i++) {
		const struct fork *f = fl_table_at(&forks, i);
		const struct secret *s;

		if (f->child != mm_id)
			continue;
		s = fl_map_find(&secrets, value, f->parent);
		if ((s && s->after_forks <= i) || inherited(f->parent, value, i))
			return true;
	}
	return false;
}

/* One who stored @value, if all who did stored it to private memory only. */
static const struct secret *private_owner(uint64_t value)
{
	const struct value *v = fl_map_find(&values, value, 0);
	const struct secret *first = v ? secret_at(v->owners) : NULL;

	for (const struct secret *s = first; s; s = secret_at(s->next_owner)) {
		struct vm_area_struct *vma = fl_final_vma(s->key.b, s->addr);

		if (!vma || vma->vm_flags & VM_SHARED || s->several || s->gone ||
		    fl_discarded(s->key.b, s->addr))
			return NULL;
	}
	return fl_kernel_value(value) ? NULL : first;
}

/* Whose @value must not be seen in @mm_id? */
static const struct secret *stolen(uint64_t mm_id, uint64_t value)
{
	if (fl_map_find(&secrets, value, mm_id) || inherited(mm_id, value, forks.nr))
		return NULL;
	return private_owner(value);
}

static void about(const struct secret *s, uint64_t value)
{
	FL_ABOUT(.kinds = FL_EVENT_BIT(STORE), .mm_id = s->key.b, .addr = s->addr,
		 .end = s->addr + 1, .of_value = true, .value = value);
}

static void judge_seen(const struct doubt *d)
{
	const struct secret *s = stolen(d->mm_id, d->value);

	if (!s)
		return;
	about(s, d->value);
	FL_ABOUT(.kinds = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(PIPE_READ), .by_cpu = true,
		 .cpu = d->cpu, .of_value = true, .value = d->value);
	fl_oracle_fail("isolation",
		       "CPU%u, mm %llu, %s %#llx, which mm %llu wrote to private memory", d->cpu,
		       (unsigned long long)d->mm_id, d->how, (unsigned long long)d->value,
		       (unsigned long long)s->key.b);
}

/* What can be read there at the end. */
static void judge_page(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	const struct fl_machine *m = fl_oracle_machine();
	const uint64_t *words = fl_final_words(m, pte);

	for (unsigned int i = 0; i < m->page_words; i++) {
		const struct secret *s = words[i] ? stolen(mm->id, words[i]) : NULL;

		if (!s)
			continue;
		about(s, words[i]);
		fl_about_entry(mm->id, addr);
		fl_oracle_fail("isolation",
			       "mm %llu can read %#llx at %#llx, which mm %llu wrote to "
			       "private memory",
			       (unsigned long long)mm->id, (unsigned long long)words[i],
			       (unsigned long long)addr + i * FL_WORD_SIZE,
			       (unsigned long long)s->key.b);
	}
}

static void judge_file_page(const struct page *page)
{
	const struct fl_machine *m = fl_oracle_machine();
	const uint64_t *words = frame_words(m, page_to_pfn(page));

	for (unsigned int i = 0; i < m->page_words; i++) {
		const struct secret *s = words[i] ? private_owner(words[i]) : NULL;

		if (!s)
			continue;
		about(s, words[i]);
		fl_oracle_fail("isolation",
			       "a page of a file has %#llx, which mm %llu wrote to a "
			       "private mapping",
			       (unsigned long long)words[i], (unsigned long long)s->key.b);
	}
}

/* Files that are mapped by now: another one's pages can't be found, nor read by a program. */
static void judge_files(void)
{
	struct mm_struct *mm = fl_oracle_machine()->state->mms;
	struct vm_area_struct *vma;

	for (; mm; mm = mm->next) {
		for (vma = vma_find(mm, 0); vma; vma = vma_find(mm, vma->vm_end)) {
			const struct address_space *mapping = vma->vm_file ? &vma->vm_file->mapping
									   : NULL;

			for (uint64_t i = 0; mapping && i < mapping->capacity; i++) {
				if (mapping->pages[i])
					judge_file_page(mapping->pages[i]);
			}
		}
	}
}

static void finish(void)
{
	const struct mm_struct *mms = fl_oracle_machine()->state->mms;

	if (!secrets.t.nr || secrets.t.lost || values.t.lost || forks.lost || references.lost)
		return;
	for (size_t i = 0; i < doubts.nr; i++)
		judge_seen(fl_table_at(&doubts, i));
	if (mms && mms->next) {
		fl_final_each_page(judge_page, NULL);
		fl_final_each_swap(judge_page, NULL);
	}
	judge_files();
}

const struct fl_oracle fl_isolation_oracle = {
	.tables = { &forks, &doubts, &references },
	.maps = { &secrets, &values },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(PIPE_READ) |
		 FL_EVENT_BIT(PIN) | FL_EVENT_BIT(UNPIN) | FL_EVENT_BIT(DISCARD) |
		 FL_EVENT_BIT(FORK),
	.accesses = true,
};
