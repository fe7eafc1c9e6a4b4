// SPDX-License-Identifier: MIT
/* walk_lock.c - A5j: a walk under mmap_lock for writing counts on no faults, and faults lock their VMA alone. */
#include <faultline/proc.h>

#include "stale_store.h"

static const char story[] =
	"Since 5.11 clear_refs walks the page tables with mmap_lock held for writing, so that no\n"
	"fault runs between its change of an entry and its flush: a copy that a fault made there\n"
	"would miss what goes through old translations (clear-refs-cow). In 6.4 a fault needs "
	"only\n"
	"the lock of its VMA, which the walk does not take: the lost store is back, wherever a "
	"fault\n"
	"may copy. What kept it from users of 6.4 is that since 5.19 a page that is the mapping's\n"
	"own is never copied: so here that rule is the one of 5.18.\n"
	"49b0638502da: who walks page tables says which lock he counts on, and the walk\n"
	"write-locks each VMA for him.\n";

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct stale_world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	/* Tracking has begun once before: with VM_SOFTDIRTY to be cleared, clear_refs would lock the VMA for that. */
	if (!err)
		err = fl_clear_refs(mm, FL_CLEAR_REFS_SOFT_DIRTY);
	if (!err)
		err = touch_by_stale_cpu(cpu, w);
	return err ? err : take_reference(cpu, w);
}

static void do_walk(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	(void)cpu;
	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static const struct fl_variant variants[] = {
	{ "not-locked", "6.4", "wp_reuse=refcount-lru", "sc", FL_VIOLATES("lost-write"), NULL },
	{ "not-locked-tso", "6.4", "wp_reuse=refcount-lru", "tso", FL_VIOLATES("lost-write"),
	  NULL },
	{ "not-locked-6.12", "6.12", "wp_reuse=refcount-lru,soft_dirty_lock=mmap-write", "sc",
	  FL_VIOLATES("lost-write"), "6.12 without the fix" },
	{ "linux-6.4", "6.4", NULL, "sc", FL_VERIFIED, "an exclusive page is never copied" },
	{ "before-vma-locks", "6.3", "wp_reuse=refcount-lru", "sc", FL_VERIFIED,
	  "mmap_lock for writing keeps faults out" },
	{ "locked", "6.5", "wp_reuse=refcount-lru", "sc", FL_VERIFIED, "49b0638502da" },
	{ "locked-tso", "6.5", "wp_reuse=refcount-lru", "tso", FL_VERIFIED, NULL },
	{ "locked-6.17", "6.17", "wp_reuse=refcount-lru", "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "soft_dirty_lock", "wp_reuse", NULL };

FL_SCENARIO(walk_lock, .name = "walk-lock", .id = "A5j", .broken = "5e31275cc997",
	    .fixed = "49b0638502da",
	    .summary = "a walk counts on mmap_lock, and faults take the lock of their VMA",
	    .story = story, .since = "6.4", .needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct stale_world), .set_up = set_up,
	    .threads = { { "walk", do_walk },
			 { "fault", do_store_beside },
			 { "stale-store", do_stale_store } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
