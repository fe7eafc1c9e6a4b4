/* SPDX-License-Identifier: MIT */
/*
 * enomem.h - a call with each of its allocations failing, one after the other.
 *
 * A visit is a call and what it is made in. For n = 1, 2, ... until the call makes no n-th allocation: a
 * fresh address space; the n-th allocation fails; the call answers -ENOMEM, or does without. Then nothing is
 * torn: oracles are silent, VMAs, anon_vmas and files know of each other what they should, nothing is
 * announced that is over, contents are what they were, as far as the call promises. The same call again does
 * it. In the end nothing is left, neither frames nor memory of fl_zalloc().
 *
 * That all places that allocate are visited is tests/alloc_sites.py's to see: each suite appends those where an
 * allocation failed to the file that FL_ALLOC_SITES names.
 */
#ifndef TESTS_MM_ENOMEM_H
#define TESTS_MM_ENOMEM_H

#include "state.h"

/* --- a visit --- */

enum visit_flags {
	UNCHANGED = 1,	 /* -ENOMEM: nothing has happened to the address space */
	VALUES = 2,	 /* -ENOMEM: no page has changed, though areas may have */
	BEST_EFFORT = 4, /* what can't be had for want of memory is no failure of the call's */
	AREAS = 16,	 /* -ENOMEM: nor where areas begin, and which have an anon_vma */
	NEVER_FAILS = 8, /* there is another way for each allocation */
	FALLS_BACK = 32, /* without a huge page base pages do */
};

/* Kernels that differ in what they allocate: in order, so that a visit can begin with one. */
static const char *const kernels[] = { "5.7", "5.12", "6.1", "6.5", "6.12", "6.15" };
enum { V5_7, V5_12, V6_1, V6_5, V6_12, V6_15, NR_KERNELS };

struct visit {
	const char *name;
	void (*set_up)(void);
	int (*call)(void); /* 0 or a negative errno */
	void (*clean_up)(
		void); /* what the call made, or set_up; NULL: the address space has it all */
	unsigned int flags;
	unsigned int since; /* of kernels[] */
	const char *set;    /* policy fields that differ; NULL: none */
};

/* The machine of all visits; a suite may want more of it. */
static struct fl_machine_config like = {
	.cpus = 2, .frames = 64, .lru_batch = 3, .mempolicy = 1, .mmu_notifiers = 1
};

/* What visits work with. */
static struct fl_file *file;
static struct fl_uffd *uffd;

/* --- what the address space looks like --- */

struct page_state {
	bool mapped, shared, mergeable, uffd_wp;
	unsigned int prot, uffd_mode;
	bool anon_vma;
	fl_vaddr start; /* of its area */
	uint64_t value; /* what the program would read */
};

static void look(struct page_state *states)
{
	memset(states, 0, NR_PAGES * sizeof(*states));
	for (unsigned int i = 1; i < NR_PAGES; i++) {
		struct vm_area_struct *vma = vma_lookup(mm, AT(i));
		struct page_state *s = &states[i];
		struct fl_vma_info info;

		if (!vma)
			continue;
		must(!fl_inspect_vma(&info, fl_mm, AT(i)));
		s->mapped = true;
		s->shared = info.shared;
		s->mergeable = info.mergeable;
		s->prot = info.prot;
		s->uffd_mode = info.uffd_mode;
		s->anon_vma = info.anon_vma;
		s->start = info.start;
		s->uffd_wp = pte_uffd_wp(entry_in(AT(i)));
		s->value = value_of(vma, AT(i), entry_in(AT(i)));
	}
}

static void compare(const struct page_state *before, const struct page_state *now,
		    unsigned int flags, const char *where)
{
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		const struct page_state *b = &before[i], *n = &now[i];

		if (flags & UNCHANGED) {
			must_say(b->mapped == n->mapped && b->shared == n->shared &&
					 b->mergeable == n->mergeable && b->prot == n->prot &&
					 b->uffd_mode == n->uffd_mode && b->uffd_wp == n->uffd_wp,
				 "%s: page %u is not as it was", where, i);
		}
		if (flags & AREAS)
			must_say(b->start == n->start && b->anon_vma == n->anon_vma,
				 "%s: the area of page %u is not as it was", where, i);
		if (flags & (UNCHANGED | VALUES))
			must_say(b->value == n->value, "%s: page %u had %lu, has %lu", where, i,
				 (unsigned long)b->value, (unsigned long)n->value);
	}
}

/* --- visiting --- */

static void note_site(const struct fl_alloc_point *at)
{
	const char *path = getenv("FL_ALLOC_SITES");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "%s:%d\n", at->file, at->line);
	fclose(f);
}

static void begin_mm(void)
{
	ck_assert_int_eq(fl_mm_create(&fl_mm, machine), 0);
	mm = &fl_mm->mm;
	for (unsigned int i = 0; i < fl_machine_nr_cpus(machine); i++)
		fl_switch_mm(fl_machine_cpu(machine, i), fl_mm);
}

static void end_mm(const struct visit *v, const char *where)
{
	if (v->clean_up)
		v->clean_up();
	fl_mm_destroy(fl_mm);
	fl_rt_rcu_barrier();
	lru_add_drain_all(machine);
	ck_assert_msg(fl_machine_free_frames(machine) == machine->nr_frames - 1,
		      "%s: %lu frames are missing", where,
		      (unsigned long)(machine->nr_frames - 1 - fl_machine_free_frames(machine)));
	ck_assert_msg(!machine->swap || !machine->swap->inuse, "%s: %u slots are not free", where,
		      machine->swap ? machine->swap->inuse : 0);
}

/* Which allocations fail. */
struct failing {
	uint64_t n;    /* the first that does */
	bool for_good; /* and all after it: also those that put things back */
};

static void fail_from(const struct failing *f)
{
	fl_inject_fail(&(struct fl_fail_attr){
		.kinds = FL_ALLOC_ANY,
		.space = f->n - 1,
		.times = f->for_good ? 0 : 1,
	});
}

/* What @v promises then. What can't be put back for want of memory may be visible in the areas. */
static unsigned int promised(const struct visit *v, const struct failing *f)
{
	if (f->for_good && v->flags & UNCHANGED)
		return VALUES;
	return v->flags;
}

/* The call with these allocations failing. False: it makes fewer. */
static bool visit_nth(const struct visit *v, const struct failing *f, const char *kernel)
{
	struct page_state before[NR_PAGES], now[NR_PAGES];
	struct fl_alloc_point at;
	char where[240];
	bool failed;
	int err;

	v->set_up();
	look(before);
	fl_native_report_clear();
	fail_from(f);
	err = v->call();
	failed = fl_inject_failed(&at);
	fl_inject_fail(NULL);
	if (!failed) {
		ck_assert_msg(!err, "%s, %s: %d without a failure", v->name, kernel, err);
		check_world(v->name, false);
		return false;
	}
	note_site(&at);
	snprintf(where, sizeof(where), "%s, %s: no %s in %s() (%s:%d), allocation %lu%s", v->name,
		 kernel, fl_alloc_kind_name(at.kind), at.func, at.file, at.line,
		 (unsigned long)f->n, f->for_good ? " and all after it" : "");
	check_world(where, f->for_good);
	look(now);
	if (!err) {
		ck_assert_msg(v->flags & (BEST_EFFORT | NEVER_FAILS) ||
				      at.kind == FL_ALLOC_FALLBACK ||
				      (v->flags & FALLS_BACK && at.kind == FL_ALLOC_HUGE),
			      "%s: no error", where);
		return true;
	}
	ck_assert_msg(err == -ENOMEM && !(v->flags & NEVER_FAILS), "%s: error %d", where, err);
	compare(before, now, promised(v, f), where);
	err = v->call();
	ck_assert_msg(!err, "%s: again: %d", where, err);
	check_world(where, f->for_good);
	return true;
}

static void visit_all(const struct visit *v, bool for_good, const char *kernel)
{
	struct failing f = { .for_good = for_good };
	long objects = live;
	bool more = true;

	while (more) {
		f.n++;
		begin_mm();
		more = visit_nth(v, &f, kernel);
		end_mm(v, v->name);
		empty_caches();
		ck_assert_msg(live == objects, "%s, %s: %ld objects are left after allocation %lu",
			      v->name, kernel, live - objects, (unsigned long)f.n);
		ck_assert_uint_lt(f.n, 1000);
	}
}

/* In all kernels that have the call. */
static void visit(const struct visit *v)
{
	for (unsigned int k = v->since; k < NR_KERNELS; k++) {
		struct fl_machine_config config = like;

		fl_machine_config_small(&config);
		config.frames = like.frames;
		config.levels = 3;
		fl_oracle_watch_accesses(true);
		make_world_with(&config, kernels[k], v->set);
		fl_mm_destroy(fl_mm);
		fl_rt_rcu_barrier();
		visit_all(v, false, kernels[k]);
		visit_all(v, true, kernels[k]);
		fl_cpu_unbind(cpu0);
		fl_machine_destroy(machine);
		ck_assert_int_eq(live, 0);
	}
}

#define VISIT(ident, ...) static const struct visit ident = { .name = #ident, __VA_ARGS__ }

/* --- what set_up and call are made of --- */

static inline int map_at(unsigned int i, size_t pages, unsigned int prot)
{
	fl_vaddr addr;

	return fl_mmap(&addr, fl_mm, AT(i), pages, prot, FL_MAP_FIXED_NOREPLACE, NULL, 0);
}

static inline void must_map(unsigned int i, size_t pages, unsigned int prot)
{
	ck_assert_int_eq(map_at(i, pages, prot), 0);
}

static inline void must_map_file(unsigned int i, size_t pages, unsigned int flags, uint64_t pgoff)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, fl_mm, AT(i), pages, RW, FL_MAP_FIXED_NOREPLACE | flags,
				 file, pgoff),
			 0);
}

/* Pages [@i, @i + @pages), each with its number. */
static inline void fill(unsigned int i, size_t pages)
{
	for (unsigned int k = i; k < i + pages; k++)
		must(!fl_store(cpu0, AT(k), k));
}

static inline void must_make_file(enum fl_file_kind kind, size_t pages)
{
	ck_assert_int_eq(fl_file_create(&file, machine, kind, pages, 0), 0);
	ck_assert_int_eq(fl_file_write(file, 0, 0, 100), 0);
}

static inline void put_file(void)
{
	fl_file_put(file);
	file = NULL;
}

static inline void must_register(unsigned int i, size_t pages, unsigned int mode)
{
	if (!uffd)
		ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, AT(i), pages, mode), 0);
}

/* The address space closes it. */
static inline void forget_uffd(void)
{
	uffd = NULL;
}

/* Each visit is a test. */
static inline int run_visits(const char *name, const TTest *test, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tc = test_case("visits");

	tcase_add_loop_test(tc, test, 0, (int)n);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

#endif
