// SPDX-License-Identifier: MIT
/*
 * vma_torn.c - oracle "vma-torn": who has a VMA read-locked sees it as its last writer left it.
 *
 * Specification (Documentation/mm/process_addrs.rst, "VMA read locks"): no read-locked section
 * overlaps a write-locked one, and a read-locked section sees all stores of the write-locked
 * sections before it.
 *
 * Records: per VMA its values in the writer's order, whether a write section is open, and the
 * values at the end of the last few sections by number; per CPU the VMA that it has read-locked
 * and the number that it found there. A reader with number S in hand must see exactly what
 * section S left: a later section can't have begun, because it would have to mark the VMA first
 * and waits for the reader.
 *
 * Who locks nothing (vma_lock=speculative) is a reader at the moment at which its copy was valid: number S, what S left.
 *
 * Judged at once, with the values that the fault goes by.
 */
#include "oracle/about.h"
#include "oracle/hooks.h"
#include "oracle/oracle.h"
#include "oracle/table.h"

#include <stdio.h>
#include <string.h>

#include <faultline/oracle.h>
#include <faultline/rt/ipi.h>

#include "mm/describe.h"
#include "mm/mm_types.h"

#define NR_BUCKETS 4096
#define NR_SECTIONS 4 /* remembered per VMA */

struct values {
	uint64_t flags, start, end;
};

struct section {
	int seq;
	struct values left;
};

struct record {
	const struct vm_area_struct *vma; /* NULL: free */
	const struct vm_area_struct *was; /* for traces: what it was before that */
	const struct mm_struct *mm;
	uint64_t mm_id;
	size_t next; /* in its bucket, or in the list of free ones: index + 1; 0 ends it */
	struct values now;
	bool open;
	int open_seq;
	unsigned int nr_sections; /* ever; the last NR_SECTIONS are in the ring */
	struct section ring[NR_SECTIONS];
};

/* From a VMA to its record. Large, and restored only if a VMA came or went. */
struct index {
	size_t bucket[NR_BUCKETS];
	size_t free;
};

struct reader {
	const struct vm_area_struct *vma; /* NULL: none */
	int seq;
};

static struct fl_table records = FL_TABLE(struct record);
static struct fl_table open_records = FL_TABLE(size_t); /* indices */
static struct index heads, saved_heads;
static bool heads_changed;
static struct reader readers[FL_MAX_CPUS];

static size_t bucket_of(const void *vma)
{
	return ((uintptr_t)vma >> 4) * 0x9e3779b97f4a7c15ULL >> 52;
}

static struct record *find(const struct vm_area_struct *vma)
{
	size_t i = heads.bucket[bucket_of(vma)];

	while (i) {
		struct record *r = fl_table_at(&records, i - 1);

		if (r->vma == vma)
			return r;
		i = r->next;
	}
	return NULL;
}

struct text {
	char text[40];
};

static struct text range_of(const struct values *v)
{
	struct text t;

	snprintf(t.text, sizeof(t.text), "0x%llx-0x%llx", (unsigned long long)v->start,
		 (unsigned long long)v->end);
	return t;
}

/* What the reader has read there, and who stored to it last. */
static void about(const void *field)
{
	FL_ABOUT(.memory = field, .loaded = true);
	FL_ABOUT(.memory = field);
}

static size_t index_of(const struct record *r)
{
	return (size_t)((const char *)r - records.data) / records.record;
}

/* --- the writer's side --- */

static void section_end(struct record *r, int seq)
{
	r->ring[r->nr_sections++ % NR_SECTIONS] = (struct section){ seq, r->now };
	r->open = false;
}

void fl_oracle_vma_new(const struct vm_area_struct *vma, const struct mm_struct *mm, int seq,
		       uint64_t flags, uint64_t start, uint64_t end)
{
	size_t i, *bucket = &heads.bucket[bucket_of(vma)];
	struct record *r;

	fl_oracle_lock();
	fl_permission_lifted(mm, start, end, flags);
	if (heads.free) {
		i = heads.free;
		r = fl_table_at(&records, i - 1);
		heads.free = r->next;
	} else {
		r = fl_table_add(&records);
		i = records.nr;
	}
	if (r) {
		memset(r, 0, sizeof(*r));
		r->vma = vma;
		r->mm = mm;
		r->mm_id = mm->id;
		r->now = (struct values){ flags, start, end };
		r->next = *bucket;
		*bucket = i;
		section_end(r, seq);
	}
	heads_changed = true;
	fl_oracle_unlock();
}

void fl_oracle_vma_mark(const struct vm_area_struct *vma, int seq)
{
	struct record *r;
	size_t *slot;

	fl_oracle_lock();
	r = find(vma);
	for (unsigned int cpu = 0; r && cpu < FL_MAX_CPUS; cpu++) {
		if (readers[cpu].vma == vma)
			fl_oracle_fail(
				"vma-torn",
				"VMA %s is marked for writing (%d) while CPU%u has it read-locked",
				range_of(&r->now).text, seq, cpu);
	}
	if (r && !r->open) {
		slot = fl_table_add(&open_records);
		if (slot)
			*slot = index_of(r);
		r->open = true;
	}
	if (r)
		r->open_seq = seq;
	fl_oracle_unlock();
}

void fl_oracle_vma_flags(const struct vm_area_struct *vma, uint64_t flags)
{
	struct record *r;

	fl_oracle_lock();
	r = find(vma);
	if (r) {
		r->now.flags = flags;
		fl_permission_lifted(r->mm, r->now.start, r->now.end, flags);
	}
	fl_oracle_unlock();
}

void fl_oracle_vma_range(const struct vm_area_struct *vma, uint64_t start, uint64_t end)
{
	struct record *r;

	fl_oracle_lock();
	r = find(vma);
	if (r) {
		r->now.start = start;
		r->now.end = end;
		fl_permission_lifted(r->mm, start, end, r->now.flags);
	}
	fl_oracle_unlock();
}

void fl_oracle_vma_end_all(const struct mm_struct *mm)
{
	fl_oracle_lock();
	for (size_t i = 0; i < open_records.nr;) {
		struct record *r = fl_table_at(&records, *(size_t *)fl_table_at(&open_records, i));

		if (r->open && r->mm != mm) {
			i++;
			continue;
		}
		if (r->open)
			section_end(r, r->open_seq);
		fl_table_remove(&open_records, i);
	}
	fl_oracle_unlock();
}

void fl_oracle_vma_free(const struct vm_area_struct *vma)
{
	size_t *link = &heads.bucket[bucket_of(vma)];

	fl_oracle_lock();
	while (*link) {
		struct record *r = fl_table_at(&records, *link - 1);

		if (r->vma == vma) {
			size_t i = *link;

			heads_changed = true;
			*link = r->next;
			r->was = r->vma;
			r->vma = NULL;
			r->open = false;
			r->next = heads.free;
			heads.free = i;
			break;
		}
		link = &r->next;
	}
	fl_oracle_unlock();
}

bool fl_oracle_vma_any(bool (*fn)(const struct vm_area_struct *vma, void *arg), void *arg)
{
	for (size_t i = 0; i < records.nr; i++) {
		const struct record *r = fl_table_at(&records, i);

		if (r->vma && fn(r->vma, arg))
			return true;
	}
	for (size_t i = 0; i < records.nr; i++) {
		const struct record *r = fl_table_at(&records, i);

		if (!r->vma && r->was && fn(r->was, arg))
			return true;
	}
	return false;
}

bool fl_oracle_mm_any(bool (*fn)(const struct mm_struct *mm, uint64_t id, void *arg), void *arg)
{
	for (size_t i = 0; i < records.nr; i++) {
		const struct record *r = fl_table_at(&records, i);

		if (fn(r->mm, r->mm_id, arg))
			return true;
	}
	return false;
}

/* --- the reader's side --- */

/* What section @seq left; NULL: not known (any more). */
static const struct values *left_by(const struct record *r, int seq)
{
	unsigned int n = r->nr_sections < NR_SECTIONS ? r->nr_sections : NR_SECTIONS;

	for (unsigned int i = 1; i <= n; i++) {
		const struct section *s = &r->ring[(r->nr_sections - i) % NR_SECTIONS];

		if (s->seq == seq)
			return &s->left;
	}
	return NULL;
}

void fl_oracle_vma_locked(unsigned int cpu, const struct mm_struct *mm,
			  const struct vm_area_struct *vma, int seq)
{
	const struct record *r;

	fl_oracle_lock();
	r = find(vma);
	/* Of another mm by now: it will find out, and its number says nothing. */
	if (r && r->mm != mm)
		r = NULL;
	if (r)
		readers[cpu] = (struct reader){ vma, seq };
	if (r && r->open && r->open_seq == seq)
		fl_oracle_fail("vma-torn",
			       "CPU%u read-locks VMA %s while its writer's section %d is open", cpu,
			       range_of(&r->now).text, seq);
	fl_oracle_unlock();
}

void fl_oracle_vma_saw_flags(unsigned int cpu, const struct vm_area_struct *vma, uint64_t flags)
{
	const struct values *left;
	const struct record *r;
	char saw[128], want[128];

	fl_oracle_lock();
	r = find(vma);
	left = r && readers[cpu].vma == vma ? left_by(r, readers[cpu].seq) : NULL;
	if (left && left->flags != flags) {
		vm_flags_text(saw, sizeof(saw), flags);
		vm_flags_text(want, sizeof(want), left->flags);
		about(&vma->vm_flags);
		fl_oracle_fail("vma-torn",
			       "CPU%u has VMA %s read-locked and sees vm_flags %s; "
			       "the last writer left %s",
			       cpu, range_of(left).text, saw, want);
	}
	fl_oracle_unlock();
}

void fl_oracle_vma_saw_range(unsigned int cpu, const struct vm_area_struct *vma, uint64_t start,
			     uint64_t end)
{
	const struct values saw = { .start = start, .end = end };
	const struct values *left;
	const struct record *r;

	fl_oracle_lock();
	r = find(vma);
	left = r && readers[cpu].vma == vma ? left_by(r, readers[cpu].seq) : NULL;
	if (left && (left->start != start || left->end != end)) {
		about(left->start != start ? (const void *)&vma->vm_start : &vma->vm_end);
		fl_oracle_fail("vma-torn",
			       "CPU%u has a VMA read-locked and sees %s; the last writer left %s",
			       cpu, range_of(&saw).text, range_of(left).text);
	}
	fl_oracle_unlock();
}

/* A fault that locks nothing goes by a copy, which was valid a moment ago: a later section may have begun. */
void fl_oracle_vma_copied(unsigned int cpu, const struct vm_area_struct *vma, int seq,
			  const struct vm_area_struct *copy)
{
	const struct values saw = { copy->vm_flags, copy->vm_start, copy->vm_end };
	const struct values *left;
	const struct record *r;
	char flags[128], want[128];

	fl_oracle_lock();
	r = find(vma);
	left = r ? left_by(r, seq) : NULL;
	if (left &&
	    (left->flags != saw.flags || left->start != saw.start || left->end != saw.end)) {
		vm_flags_text(flags, sizeof(flags), saw.flags);
		vm_flags_text(want, sizeof(want), left->flags);
		about(left->flags != saw.flags	 ? (const void *)&vma->vm_flags
		      : left->start != saw.start ? (const void *)&vma->vm_start
						 : &vma->vm_end);
		fl_oracle_fail("vma-torn",
			       "CPU%u goes by a copy of VMA %s with %s, vm_flags %s; "
			       "section %d left vm_flags %s",
			       cpu, range_of(left).text, range_of(&saw).text, flags, seq, want);
	}
	fl_oracle_unlock();
}

void fl_oracle_vma_unlocking(unsigned int cpu, const struct vm_area_struct *vma)
{
	fl_oracle_lock();
	readers[cpu].vma = NULL;
	fl_oracle_unlock();
}

/* --- what is no table --- */

static void clear(void)
{
	memset(&heads, 0, sizeof(heads));
	memset(readers, 0, sizeof(readers));
}

static void save(void)
{
	saved_heads = heads;
	heads_changed = false;
}

/* Set-up code is no reader. */
static void restore(void)
{
	memset(readers, 0, sizeof(readers));
	if (heads_changed)
		heads = saved_heads;
	heads_changed = false;
}

const struct fl_oracle fl_vma_torn_oracle = {
	.tables = { &records, &open_records },
	.clear = clear,
	.save = save,
	.restore = restore,
};
