// SPDX-License-Identifier: MIT
/*
 * zipf_mix.c - a mix of everything, by proportions (--mix), on --vmas VMAs of 16 pages that all threads share. Which VMA is
 * drawn from a Zipf distribution: a few are hot, as in programs. GSL draws, by Walker's alias method.
 *
 *	touch      a write to a page                          the operation that is timed; all are counted
 *	dontneed   MADV_DONTNEED of the VMA
 *	mprotect   to read-only and back                      a writer's operation, as the next ones
 *	mmap       a new mapping in place of the old one
 *	gup        a page is pinned and unpinned
 *	fork       a child, which ends at once
 *
 * A write can meet a moment in which the VMA is read-only: such a SIGSEGV is part of the mix.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "area.h"

#define PAGES 16
#define STRIDE ((fl_vaddr)(PAGES + 1) * BENCH_PAGE) /* neighbours do not touch */
#define STEP 64

struct mixer {
	gsl_rng *rng;
	gsl_ran_discrete_t *vma, *kind;
};

static uint64_t frames(const struct run *run)
{
	return area_frames(run, 1024) + 2ULL * run->opt->vmas * PAGES;
}

static fl_vaddr vma_at(size_t i)
{
	return AREAS + i * STRIDE;
}

static int map(struct fl_mm *mm, size_t i)
{
	fl_vaddr out;

	return fl_mmap(&out, mm, vma_at(i), PAGES, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0);
}

static int setup(struct run *run)
{
	int err = 0;

	for (size_t i = 0; !err && i < run->opt->vmas; i++)
		err = map(run->mm, i);
	return err;
}

/* ---- chance ---- */

static gsl_ran_discrete_t *zipf(size_t n, double theta)
{
	double *weight = malloc(n * sizeof(*weight));
	gsl_ran_discrete_t *d = NULL;

	for (size_t i = 0; weight && i < n; i++)
		weight[i] = pow((double)(i + 1), -theta);
	if (weight)
		d = gsl_ran_discrete_preproc(n, weight);
	free(weight);
	return d;
}

static void end(struct worker *w)
{
	struct mixer *m = w->state;

	if (!m)
		return;
	gsl_rng_free(m->rng);
	gsl_ran_discrete_free(m->vma);
	gsl_ran_discrete_free(m->kind);
	free(m);
}

static int begin(struct worker *w)
{
	const struct options *opt = w->run->opt;
	struct mixer *m = calloc(1, sizeof(*m));

	w->state = m;
	if (!m)
		return -ENOMEM;
	m->rng = gsl_rng_alloc(gsl_rng_taus2);
	m->vma = zipf(opt->vmas, opt->theta);
	m->kind = gsl_ran_discrete_preproc(NR_MIX_KINDS, opt->mix.weight);
	if (!m->rng || !m->vma || !m->kind)
		return -ENOMEM;
	gsl_rng_set(m->rng, (unsigned long)(w->run->seed * 64 + w->nr + 1));
	return 0;
}

/* ---- the kinds ---- */

static int touch(struct worker *w, fl_vaddr vma)
{
	struct mixer *m = w->state;
	fl_vaddr addr = vma + gsl_rng_uniform_int(m->rng, PAGES) * BENCH_PAGE;
	uint64_t t = op_begin(&w->ops);
	int err = fl_store(w->cpu, addr, 1);

	op_end(&w->ops, t);
	return err == -EFAULT ? 0 : err;
}

static int pin(struct worker *w, fl_vaddr vma)
{
	struct mixer *m = w->state;
	fl_vaddr addr = vma + gsl_rng_uniform_int(m->rng, PAGES) * BENCH_PAGE;
	struct fl_pin p;
	long n = fl_pin_user_pages_fast(w->cpu, addr, 1, FL_GUP_WRITE, &p);

	if (n == 1)
		fl_unpin(w->cpu, &p);
	return n < 0 && n != -EFAULT ? (int)n : 0;
}

static int protect(struct worker *w, fl_vaddr vma)
{
	int err = fl_mprotect(w->mm, vma, PAGES, FL_READ);

	return err ? err : fl_mprotect(w->mm, vma, PAGES, FL_READ | FL_WRITE);
}

static int fork_and_end(struct worker *w)
{
	struct fl_mm *child;
	int err = fl_fork(&child, w->mm);

	if (!err)
		fl_mm_destroy(child);
	return err;
}

static int change(struct worker *w, enum mix_kind kind, size_t i)
{
	uint64_t t = op_begin(&w->writes);
	int err;

	if (kind == MIX_MPROTECT)
		err = protect(w, vma_at(i));
	else if (kind == MIX_MMAP)
		err = map(w->mm, i);
	else
		err = fork_and_end(w);
	op_end(&w->writes, t);
	return err;
}

static int one(struct worker *w, enum mix_kind kind, size_t i)
{
	if (kind == MIX_TOUCH)
		return touch(w, vma_at(i));
	w->ops.count++;
	switch (kind) {
	case MIX_DONTNEED:
		return fl_madvise(w->mm, vma_at(i), PAGES, FL_MADV_DONTNEED);
	case MIX_GUP:
		return pin(w, vma_at(i));
	default:
		return change(w, kind, i);
	}
}

static int step(struct worker *w)
{
	struct mixer *m = w->state;
	int err = 0;

	for (int n = 0; !err && n < STEP; n++)
		err = one(w, (enum mix_kind)gsl_ran_discrete(m->rng, m->kind),
			  gsl_ran_discrete(m->rng, m->vma));
	return err;
}

const struct workload zipf_mix = {
	.name = "zipf-mix",
	.doc = "a mix of all of it by proportions (--mix), on VMAs of which some are hot",
	.op = "operations",
	.writer = "mmaps, mprotects, forks",
	.ours = { .frames = frames, .setup = setup, .begin = begin, .step = step, .end = end },
};
