// SPDX-License-Identifier: MIT
/* objects.c - see objects.h. */
#include "mmu/objects.h"

#include <errno.h>
#include <string.h>

#if !defined(FAULTLINE_CHECK) && !defined(FL_STRESS)

/* Tables of fewer entries are those of tests. */
#define KEPT_LEVEL_BITS 9
/* Of each kind, on a CPU's list: a megabyte of page tables. */
#define MOST_KEPT 256

struct free_object {
	struct free_object *next;
};

struct object_cache {
	spinlock_t lock;
	struct {
		struct free_object *head;
		unsigned int nr;
	} free[NR_OBJECT_KINDS];
};

void *object_zalloc(struct fl_machine *m, enum object_kind kind, size_t size)
{
	struct object_cache *cache = this_cpu(m)->objects;
	struct free_object *object = NULL;

	if (cache) {
		spin_lock(&cache->lock);
		object = cache->free[kind].head;
		if (object) {
			cache->free[kind].head = object->next;
			cache->free[kind].nr--;
		}
		spin_unlock(&cache->lock);
	}
	if (object)
		return memset(object, 0, size);
	if (kind == OBJECT_PGTABLE)
		return mm_zalloc_aligned_nofail(size, 64); /* asked by the caller */
	return mm_zalloc_nofail(size);			   /* the same */
}

void object_free_on(struct fl_machine *m, unsigned int nr, enum object_kind kind, void *object)
{
	struct object_cache *cache = m->cpus[nr].objects;
	struct free_object *freed = object;

	if (!object)
		return;
	if (cache) {
		spin_lock(&cache->lock);
		if (cache->free[kind].nr < MOST_KEPT) {
			freed->next = cache->free[kind].head;
			cache->free[kind].head = freed;
			cache->free[kind].nr++;
			freed = NULL;
		}
		spin_unlock(&cache->lock);
	}
	fl_free(freed);
}

void object_free(struct fl_machine *m, enum object_kind kind, void *object)
{
	object_free_on(m, (unsigned int)smp_processor_id(), kind, object);
}

int objects_init(struct fl_cpu *cpu)
{
	if (cpu->machine->level_bits < KEPT_LEVEL_BITS)
		return 0;
	cpu->objects = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*cpu->objects), 64);
	return cpu->objects ? 0 : -ENOMEM;
}

void objects_exit(struct fl_cpu *cpu)
{
	for (int i = 0; cpu->objects && i < NR_OBJECT_KINDS; i++) {
		struct free_object *object = cpu->objects->free[i].head, *next;

		for (; object; object = next) {
			next = object->next;
			fl_free(object);
		}
	}
	fl_free(cpu->objects);
}

#endif
