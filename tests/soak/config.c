// SPDX-License-Identifier: MIT
/*
 * config.c - a random machine: sizes that make memory scarce, and a policy that is expected to be right.
 *
 * What all releases get wrong is set right: docs/findings.md, tests/history/affected.tsv.
 */
#include <stdio.h>
#include <string.h>

#include <faultline/lock.h>
#include <faultline/rwlock.h>

#include "soak.h"

/* What no release does. */
#define REPAIRED                                                                                   \
	"soft_dirty_migration=wrprotect,fork_seq_barrier=smp_mb,migrate_count_barrier=smp_rmb,"    \
	"wrprotect_sync=fault-and-uffd,ksm_replace=keep,soft_dirty_pinned=mark"

/* Releases by era, with what they lack. */
static const struct {
	const char *kernel, *set;
} kernels[] = {
	{ "6.17", "" },
	{ "6.17", "" },
	{ "6.15", ",vma_foreign=pin" },
	{ "6.14", "" },
	{ "6.12", "" },
	{ "6.12", "" },
	{ "6.5", "" },
	{ "6.3", ",stack_growth=mmap-write" },
};
#define NR_KERNELS (sizeof(kernels) / sizeof(kernels[0]))

/* Choices that kernels leave open, or that differ by processor. */
static const char *const choices[] = {
	"tlb_flush=ipi",	 "tlb_flush=broadcast",	    "pgtable_free=ipi",
	"protect_flush=per-ptl", "protect_flush=per-entry", "tlb_gen=none",
	"unmap_flush=at-once",	 "tlb_lazy=leave-mm",
};
#define NR_CHOICES (sizeof(choices) / sizeof(choices[0]))

static void choose_policy(struct round *r, uint64_t *random)
{
	unsigned int k = below(random, NR_KERNELS);
	size_t n;

	r->kernel = options.profile ? options.profile : kernels[k].kernel;
	n = (size_t)snprintf(r->set, sizeof(r->set), "%s%s", REPAIRED,
			     options.profile ? "" : kernels[k].set);
	if (one_in(random, 2))
		n += (size_t)snprintf(r->set + n, sizeof(r->set) - n, ",tlb_flush=ipi");
	for (size_t i = 2; i < NR_CHOICES; i++) {
		if (one_in(random, 6))
			n += (size_t)snprintf(r->set + n, sizeof(r->set) - n, ",%s", choices[i]);
	}
	if (options.set)
		snprintf(r->set + n, sizeof(r->set) - n, ",%s", options.set);
}

/* { levels, level_bits }: at least MIN_PAGES pages. */
static const unsigned char geometries[][2] = { { 5, 2 }, { 4, 3 }, { 3, 4 }, { 2, 5 }, { 4, 9 } };

static unsigned int nr_strategies(void)
{
	unsigned int n = 0;

	while (fl_lock_strategy_at(n))
		n++;
	return n;
}

static unsigned int nr_rwlocks(void)
{
	unsigned int n = 0;

	while (fl_rwlock_at(n))
		n++;
	return n;
}

static void choose_sizes(struct round *r, uint64_t *random)
{
	static const unsigned int words[] = { 2, 4, 8, 16, 64 };
	struct fl_machine_config *c = &r->config;
	unsigned int g = below(random, sizeof(geometries) / sizeof(geometries[0]));
	unsigned int spaces;

	memset(c, 0, sizeof(*c));
	r->nr_threads = options.threads;
	/* One for the handler of userfaults, and some for threads to go to. */
	r->nr_cpus = r->nr_threads + 1 + below(random, 3);
	if (r->nr_cpus > MAX_CPUS)
		r->nr_cpus = MAX_CPUS;
	c->cpus = r->nr_cpus;
	c->levels = geometries[g][0];
	c->level_bits = geometries[g][1];
	c->page_words = words[below(random, sizeof(words) / sizeof(words[0]))];
	c->tlb_sets = 1U << below(random, 6);
	c->tlb_ways = 1 + below(random, 4);
	c->lru_batch = one_in(random, 3) ? FL_LRU_NO_BATCH : 1 + below(random, 15);
	/* What the zones of all address spaces need at most, or some of it. */
	spaces = NR_SLOTS * (3 * SAFE_PAGES + CHAOS_PAGES + OWN_PAGES * r->nr_threads);
	c->frames = one_in(random, 2) ? spaces * 2 : 100 + below(random, spaces / 2);
	if (one_in(random, 2))
		c->swap_slots = one_in(random, 2) ? 2 * spaces : 20 + below(random, spaces / 4);
	if (one_in(random, 2))
		c->migration = FL_MIGRATION_CALLS | (one_in(random, 2) ? FL_MIGRATION_FAULTS : 0);
	if (c->level_bits < 9 && one_in(random, 2)) {
		c->huge_pages = 1 + below(random, 12);
		c->frames += (uint64_t)c->huge_pages << c->level_bits;
	}
	c->mempolicy = one_in(random, 2);
	c->mmu_notifiers = one_in(random, 2);
	c->lock = one_in(random, 2) ? fl_lock_strategy_at(below(random, nr_strategies())) : NULL;
	c->rwlock = one_in(random, 2) ? fl_rwlock_at(below(random, nr_rwlocks())) : NULL;
	c->lock = options.lock ? options.lock : c->lock;
	c->rwlock = options.rwlock ? options.rwlock : c->rwlock;
}

int make_machine(struct round *r, uint64_t *random)
{
	struct fl_policy *policy;
	char err[256];
	int ret;

	choose_sizes(r, random);
	choose_policy(r, random);
	ret = fl_policy_create(&policy, r->kernel, r->set, err, sizeof(err));
	if (ret) {
		fprintf(stderr, "soak: %s\n", err);
		return ret;
	}
	r->config.policy = policy;
	ret = fl_machine_create(&r->m, &r->config);
	fl_policy_free(policy);
	r->config.policy = NULL;
	if (!ret)
		r->page_size = fl_machine_page_size(r->m);
	return ret;
}
