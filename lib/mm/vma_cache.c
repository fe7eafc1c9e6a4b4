// SPDX-License-Identifier: MIT
/*
 * vma_cache.c - the slab cache of VMAs, where freed ones wait to be VMAs again.
 *
 * State: a list per CPU, with its lock. What is on it was detached (vm_refcnt is 0), and keeps the fields of
 * its last life: readers who found it in a tree may still look at it, which is why its memory is never
 * given to anything else (SLAB_TYPESAFE_BY_RCU; here never before the machine ends, in kernels after a
 * grace period).
 *
 * A list per CPU for the reason of frame.c: one lock would order all threads that map anything. The
 * last one freed comes back first; with none of its own a CPU takes from others, as from a slab of
 * which it frees and allocates objects.
 *
 * Models: vm_area_cachep, kernel/fork.c, Linux 6.15 (3104138517fc).
 * Policy: vma_free, in vma.c.
 */
#include "mm/vma_cache.h"

#include <errno.h>

struct vma_cache {
	spinlock_t lock;
	struct vm_area_struct *head;
};

static struct vm_area_struct *pop(struct vma_cache *cache)
{
	struct vm_area_struct *vma;

	spin_lock(&cache->lock);
	vma = cache->head;
	if (vma)
		cache->head = vma->detached_next;
	spin_unlock(&cache->lock);
	return vma;
}

struct vm_area_struct *vma_cache_get(struct fl_machine *m)
{
	struct fl_cpu *cpu = this_cpu(m);
	struct vm_area_struct *vma = pop(cpu->vmas);

	for (unsigned int i = 0; !vma && i < m->nr_cpus; i++) {
		if (i != cpu->nr)
			vma = pop(m->cpus[i].vmas);
	}
	return vma;
}

void vma_cache_put(struct fl_machine *m, struct vm_area_struct *vma)
{
	struct vma_cache *cache = this_cpu(m)->vmas;

	spin_lock(&cache->lock);
	vma->detached_next = cache->head;
	cache->head = vma;
	spin_unlock(&cache->lock);
}

int vma_cache_init(struct fl_cpu *cpu)
{
	if (cpu->machine->policy.vma_free != FL_VMA_FREE_TYPESAFE)
		return 0;
	cpu->vmas = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*cpu->vmas), 64);
	return cpu->vmas ? 0 : -ENOMEM;
}

void vma_cache_exit(struct fl_cpu *cpu)
{
	struct vm_area_struct *vma;

	while (cpu->vmas && (vma = cpu->vmas->head)) {
		cpu->vmas->head = vma->detached_next;
		fl_free(vma->vm_lock);
		fl_free(vma);
	}
	fl_free(cpu->vmas);
}
