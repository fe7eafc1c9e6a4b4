// SPDX-License-Identifier: MIT
/*
 * machine.c - building a machine and taking it down; its CPUs.
 *
 * State: struct fl_machine, which is constant from here on (mmu/machine.h), and first values of all
 * that changes. Nothing runs yet, or any more: there is no protocol.
 */
#include "mmu/machine.h"

#include "mm/describe.h"
#include "mm/lru.h"
#include "mm/anon_vma_cache.h"
#include "mm/vma.h"
#include "mm/vma_cache.h"
#include "mm/mmu_gather.h"
#include "mm/ksm.h"
#include "mm/lock/range_lock.h"
#include "mm/lock/speculative.h"
#include "mm/lock/strategy.h"
#include "mm/swapfile.h"
#include "mm/vmscan.h"
#include "mmu/describe.h"
#include "mmu/frame.h"
#include "mmu/owned.h"
#include "mmu/mmu.h"
#include "oracle/oracle.h"
#include "rt/ipi_internal.h"
#ifndef FAULTLINE_CHECK
#include "rt/native/rwlock/chosen.h"
#endif
#include "rt/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/rwlock.h>
#include <faultline/thp.h>

enum { NATIVE_SIZES, SMALL_SIZES };

static const struct fl_machine_config sizes[] = {
	[NATIVE_SIZES] = {
		.cpus = 1,
		.frames = 4096,
		.page_words = 512,
		.levels = 4,
		.level_bits = 9,
		.tlb_sets = 64,
		.tlb_ways = 4,
		.lru_batch = 15,
	},
	[SMALL_SIZES] = {
		.cpus = 1,
		.frames = 16,
		.page_words = 2,
		.levels = 2,
		.level_bits = 2,
		.tlb_sets = 4,
		.tlb_ways = 1,
		.lru_batch = FL_LRU_NO_BATCH,
	},
};

/* Those of a field that is 0. */
#ifdef FAULTLINE_CHECK
#define DEFAULT_SIZES SMALL_SIZES
#else
#define DEFAULT_SIZES NATIVE_SIZES
#endif

void fl_machine_config_small(struct fl_machine_config *config)
{
	struct fl_machine_config given = *config;

	*config = sizes[SMALL_SIZES];
	config->policy = given.policy;
	config->no_oracles = given.no_oracles;
	config->uffd_must_answer = given.uffd_must_answer;
	if (given.lru_batch)
		config->lru_batch = given.lru_batch;
	config->tlb_speculate = given.tlb_speculate;
	config->fault_around = given.fault_around;
	config->migration = given.migration;
	config->swap_slots = given.swap_slots;
	config->mempolicy = given.mempolicy;
	config->mmu_notifiers = given.mmu_notifiers;
	config->count_tlb_hits = given.count_tlb_hits;
	config->rwlock = given.rwlock;
	config->huge_pages = given.huge_pages;
	config->lock = given.lock;
	if (given.cpus)
		config->cpus = given.cpus;
}

/* tlb_single_page_flush_ceiling of x86; at most as many as there are entries. */
#define TLB_FLUSH_CEILING 33

static bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static bool sizes_ok(const struct fl_machine_config *c)
{
	return c->cpus >= 1 && c->cpus <= FL_MAX_CPUS && c->frames >= 2 &&
	       c->frames <= UINT32_MAX && power_of_two(c->page_words) && c->page_words >= 2 &&
	       c->page_words <= 512 && c->levels >= 2 && c->levels <= 5 && c->level_bits >= 1 &&
	       c->level_bits <= 9 && power_of_two(c->tlb_sets) && c->tlb_sets <= 1U << 16 &&
	       c->tlb_ways >= 1 && c->tlb_ways <= 64 && c->lru_batch <= 1024 &&
	       c->swap_slots < UINT32_MAX && (!c->fault_around || power_of_two(c->fault_around));
}

static void take_sizes(struct fl_machine_config *c)
{
	const struct fl_machine_config *d = &sizes[DEFAULT_SIZES];

	c->cpus = c->cpus ? c->cpus : d->cpus;
	c->frames = c->frames ? c->frames : d->frames;
	c->page_words = c->page_words ? c->page_words : d->page_words;
	c->levels = c->levels ? c->levels : d->levels;
	c->level_bits = c->level_bits ? c->level_bits : d->level_bits;
	c->tlb_sets = c->tlb_sets ? c->tlb_sets : d->tlb_sets;
	c->tlb_ways = c->tlb_ways ? c->tlb_ways : d->tlb_ways;
	c->lru_batch = c->lru_batch ? c->lru_batch : d->lru_batch;
	if (c->lru_batch == FL_LRU_NO_BATCH)
		c->lru_batch = 0;
}

/* Who builds the machine may have set up interrupts for it already. */
static int ipi_begin(struct fl_machine *m)
{
	int err;

	if (fl_ipi_ncpus() >= (int)m->nr_cpus)
		return 0;
	err = should_fail_alloc(FL_ALLOC_MACHINE) ? -ENOMEM : fl_ipi_init((int)m->nr_cpus);
	m->owns_ipi = !err;
	if (!err && m->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST &&
	    m->policy.pgtable_free != FL_PGTABLE_FREE_IPI &&
	    !(m->huge_pages && m->policy.collapse_sync == FL_COLLAPSE_SYNC_IPI))
		fl_ipi_quiet();
	return err;
}

static int cpu_init(struct fl_machine *m, unsigned int nr)
{
	struct fl_cpu *cpu = &m->cpus[nr];

	cpu->machine = m;
	cpu->nr = nr;
	cpu->state = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*cpu->state), 64);
	cpu->free = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*cpu->free), 64);
	if (!cpu->state || !cpu->free || lru_init(cpu) || tlb_ubc_init(cpu) ||
	    vma_cache_init(cpu) || anon_vma_cache_init(cpu) || objects_init(cpu) ||
	    range_pool_init(cpu) || vma_copy_init(cpu))
		return -ENOMEM;
	return tlb_init(cpu);
}

static int machine_init(struct fl_machine *m, unsigned int nr_slots)
{
	int err;

	m->cpus = host_aligned_alloc(FL_ALLOC_MACHINE, _Alignof(struct fl_cpu),
				     m->nr_cpus * sizeof(*m->cpus));
	if (m->cpus)
		memset(m->cpus, 0, m->nr_cpus * sizeof(*m->cpus));
	m->state = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*m->state), 64);
	if (!m->cpus || !m->state)
		return -ENOMEM;
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		err = cpu_init(m, i);
		if (err)
			return err;
	}
	err = frames_init(m);
	if (!err)
		err = ksm_init(m);
	if (!err)
		err = swap_init(m, nr_slots);
	return err ? err : ipi_begin(m);
}

/* @kind is one that address spaces can have; for the default NULL, to be told from others at once. */
static int take_rwlock(const struct fl_rwlock **kind)
{
#ifdef FAULTLINE_CHECK
	return *kind ? -EOPNOTSUPP : 0;
#else
	if (*kind == fl_rwlock_at(0))
		*kind = NULL;
	return fl_rwlock_ok(*kind) ? 0 : -EINVAL;
#endif
}

/* Nobody would look at the flag else. Releases have all four of these, or none, but for 5.19. */
static bool keeps_anon_exclusive(const struct fl_policy *policy)
{
	return policy->wp_reuse == FL_WP_REUSE_ANON_EXCLUSIVE ||
	       policy->gup_unshare == FL_GUP_UNSHARE_ANON_EXCLUSIVE ||
	       policy->fork_pinned == FL_FORK_PINNED_ANON_EXCLUSIVE ||
	       policy->gup_force_write == FL_GUP_FORCE_ANON_EXCLUSIVE;
}

int fl_machine_create(struct fl_machine **out, const struct fl_machine_config *config)
{
	const struct fl_policy_release *newest = &fl_policy_releases[fl_policy_nr_releases - 1];
	struct fl_machine_config c = *config;
	struct fl_machine *m;
	int err;

	take_sizes(&c);
	if (!sizes_ok(&c))
		return -EINVAL;
	err = take_rwlock(&c.rwlock);
	if (err)
		return err;
#ifndef FAULTLINE_CHECK
	if (fl_oracle_machine())
		return -EBUSY;
#endif
	m = host_calloc(FL_ALLOC_MACHINE, 1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	if (c.policy)
		m->policy = *c.policy;
	else
		fl_policy_init(&m->policy, newest->profile.name, NULL, NULL, 0);
	err = lock_strategy_choose(m, c.lock);
	if (err) {
		free(m);
		return err;
	}
	fl_vma_optimistic_readers = m->policy.vma_lock == FL_VMA_LOCK_SPECULATIVE ||
				    m->policy.vma_lock == FL_VMA_LOCK_USER;
	m->nr_cpus = c.cpus;
	m->nr_frames = c.frames;
	m->page_words = c.page_words;
	m->page_shift = (unsigned int)__builtin_ctz(c.page_words * FL_WORD_SIZE);
	m->levels = c.levels;
	m->level_bits = c.level_bits;
	m->tlb_sets = c.tlb_sets;
	m->tlb_ways = c.tlb_ways;
	m->tlb_flush_ceiling = TLB_FLUSH_CEILING;
	if (m->tlb_flush_ceiling > c.tlb_sets * c.tlb_ways)
		m->tlb_flush_ceiling = c.tlb_sets * c.tlb_ways;
	m->tlb_speculate = c.tlb_speculate;
	m->tlb_fast = m->policy.tlb_flush == FL_TLB_FLUSH_IPI && !c.count_tlb_hits;
	m->task_size = 1ULL << (m->page_shift + m->levels * m->level_bits);
	m->lru_batch = c.lru_batch;
	m->huge_pages = c.huge_pages > 0;
	m->huge_blocks = c.huge_pages;
#if defined(FAULTLINE_CHECK) || defined(FL_STRESS)
	m->uffd_must_answer = c.uffd_must_answer;
#endif
	m->anon_exclusive = keeps_anon_exclusive(&m->policy);
	m->fault_around = c.fault_around;
	m->migration = c.migration;
	m->mempolicy = c.mempolicy;
	m->mmu_notifiers = c.mmu_notifiers;
	m->rwlock = c.rwlock;
	m->rmap_walks = m->migration || c.swap_slots;
	if (c.swap_slots)
		m->try_to_free_pages = try_to_free_pages;
	m->decisions = *fl_decisions_get();
	m->describe_more = mm_describe;
	fl_describe_attach(m);
	fl_oracle_attach(m, !c.no_oracles);
	err = machine_init(m, c.swap_slots);
	if (err)
		fl_machine_destroy(m);
	else
		*out = m;
	return err;
}

void fl_machine_destroy(struct fl_machine *m)
{
	if (!m)
		return;
#if !defined(FAULTLINE_CHECK) && !defined(FL_STRESS) /* their memory goes as a whole */
	while (m->state && m->state->mms)
		fl_mm_destroy((struct fl_mm *)m->state->mms);
	destroy_owned(m);
	fl_rt_rcu_barrier(); /* VMAs and tree nodes on their way */
#endif
	fl_oracle_attach(NULL, false);
	fl_describe_attach(NULL);
	if (m->owns_ipi)
		fl_ipi_exit();
	frames_exit(m);
	for (unsigned int i = 0; m->cpus && i < m->nr_cpus; i++) {
		tlb_exit(&m->cpus[i]);
		tlb_ubc_exit(&m->cpus[i]);
		lru_exit(&m->cpus[i]);
		vma_cache_exit(&m->cpus[i]);
		anon_vma_cache_exit(&m->cpus[i]);
		objects_exit(&m->cpus[i]);
		range_pool_exit(&m->cpus[i]);
		fl_free(m->cpus[i].vma_copy);
		fl_free(m->cpus[i].free);
		fl_free(m->cpus[i].state);
	}
	swap_exit(m);
	ksm_destroy(m);
	fl_free(m->state);
	free(m->cpus);
	free(m);
}

struct fl_cpu *fl_machine_cpu(struct fl_machine *m, unsigned int i)
{
	return i < m->nr_cpus ? &m->cpus[i] : NULL;
}

unsigned int fl_machine_nr_cpus(const struct fl_machine *m)
{
	return m->nr_cpus;
}

size_t fl_machine_page_size(const struct fl_machine *m)
{
	return page_size(m);
}

size_t fl_hpage_pages(const struct fl_machine *m)
{
	return hpage_nr(m);
}

uint64_t fl_machine_free_frames(struct fl_machine *m)
{
	return frames_free(m);
}

int fl_cpu_bind(struct fl_cpu *cpu)
{
#ifdef FAULTLINE_CHECK
	return smp_processor_id() == (int)cpu->nr ? 0 : -EBUSY;
#else
	return fl_rt_bind_cpu((int)cpu->nr);
#endif
}

void fl_cpu_unbind(struct fl_cpu *cpu)
{
#ifndef FAULTLINE_CHECK
	if (smp_processor_id() == (int)cpu->nr)
		fl_rt_unbind_cpu();
#endif
}

unsigned int fl_cpu_number(const struct fl_cpu *cpu)
{
	return cpu->nr;
}

struct fl_machine *fl_cpu_machine(const struct fl_cpu *cpu)
{
	return cpu->machine;
}

fl_vaddr fl_page(const struct fl_cpu *cpu, fl_vaddr range, size_t i)
{
	return range + ((uint64_t)i << cpu->machine->page_shift);
}
