// SPDX-License-Identifier: MIT
/*
 * anon_vma_cache.c - the slab cache of anon_vmas, where freed ones wait to be anon_vmas again.
 *
 * State: a list per CPU, with its lock. What is on it has no references, and may be looked at by who
 * found it through page->mapping when the page was still mapped: its root and its refcount, and it may be
 * locked. So memory of an anon_vma is never given to anything else (SLAB_TYPESAFE_BY_RCU; here never before
 * the machine ends, in kernels after a grace period), and its rwsem is initialised once.
 *
 * A list per CPU for the reason of frame.c: one lock would order all threads that map anything. With
 * none of its own a CPU takes from others, as from a slab of which it frees and allocates objects.
 *
 * Models: anon_vma_cachep, mm/rmap.c, Linux 4.8 to 6.12.
 * Policy: none; there on machines with rmap_walks.
 */
#include "mm/anon_vma_cache.h"

#include "mm/rmap.h"

struct anon_vma_cache {
	spinlock_t lock;
	struct anon_vma *head;
};

static struct anon_vma *pop(struct anon_vma_cache *cache)
{
	struct anon_vma *anon_vma;

	spin_lock(&cache->lock);
	anon_vma = cache->head;
	if (anon_vma)
		cache->head = anon_vma->free_next;
	spin_unlock(&cache->lock);
	return anon_vma;
}

struct anon_vma *anon_vma_cache_get(struct fl_machine *m)
{
	struct fl_cpu *cpu = this_cpu(m);
	struct anon_vma *anon_vma = pop(cpu->anon_vmas);

	for (unsigned int i = 0; !anon_vma && i < m->nr_cpus; i++) {
		if (i != cpu->nr)
			anon_vma = pop(m->cpus[i].anon_vmas);
	}
	return anon_vma;
}

void anon_vma_cache_put(struct fl_machine *m, struct anon_vma *anon_vma)
{
	struct anon_vma_cache *cache = this_cpu(m)->anon_vmas;

	spin_lock(&cache->lock);
	anon_vma->free_next = cache->head;
	cache->head = anon_vma;
	spin_unlock(&cache->lock);
}

int anon_vma_cache_init(struct fl_cpu *cpu)
{
	if (!cpu->machine->rmap_walks)
		return 0;
	cpu->anon_vmas = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*cpu->anon_vmas), 64);
	return cpu->anon_vmas ? 0 : -ENOMEM;
}

void anon_vma_cache_exit(struct fl_cpu *cpu)
{
	struct anon_vma *anon_vma;

	while (cpu->anon_vmas && (anon_vma = cpu->anon_vmas->head)) {
		cpu->anon_vmas->head = anon_vma->free_next;
		fl_free(anon_vma);
	}
	fl_free(cpu->anon_vmas);
}
