// SPDX-License-Identifier: MIT
/*
 * clear_refs_cow.c - A1a: a store through a stale translation is lost in a copy. A5j: the lock that kept such copies out
 * does so no longer.
 *
 * The steps: lib/mm/soft_dirty.c, lib/mm/cow.c (C1 to C6), lib/mm/mmu_gather.h.
 */
#include "stale_store.h"

static const char story[] =
	"clear_refs(4) takes write permission from an entry and flushes the TLBs at the end. In\n"
	"between a second thread's store faults: the entry is read-only and the page has one more\n"
	"reference, so the page is copied. A third thread still stores through its old, writable\n"
	"translation, into the page that was copied from. The fault then maps the copy: the store\n"
	"is gone.\n"
	"The copy is what 09854ba94c6a brought: before, a page with one mapping was used as it "
	"was.\n"
	"Candidate fixes: mmap:W over walk and flush (F1), a flush before the page-table lock "
	"goes\n"
	"(F2), the copy under that lock (F3, which is wrong: it stops no user store), a flush by "
	"the\n"
	"fault if one is pending (F4), a counter of its own for that (F5), no copy of pages that "
	"are\n"
	"exclusive (F6).\n";

static const char story_vma_lock[] =
	"clear-refs-cow once more, release by release. 29a951dfb3c3 made clear_refs hold "
	"mmap_lock\n"
	"for writing over walk and flush, so that no fault could copy the page (F1). Since 6.4 a\n"
	"fault can do with the lock of its VMA, and mmap_lock excludes it no longer. 49b0638502da\n"
	"(6.5) is about all walks of that kind: who walks page tables says which lock he counts "
	"on,\n"
	"and the walk marks each VMA for him. Nobody saw it in 6.4, for since 5.19 a fault keeps "
	"an\n"
	"exclusive page (F6). Most variants have the older rule, so that F1 is on its own: "
	"whatever\n"
	"way around mmap_lock a later kernel gives to faults, this shows whether the walk closes "
	"it.\n";

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct stale_world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	/* Tracking has begun once before: the VMA's own flag, VM_SOFTDIRTY, is off already. */
	if (!err)
		err = fl_clear_refs(mm, FL_CLEAR_REFS_SOFT_DIRTY);
	if (!err)
		err = touch_by_stale_cpu(cpu, w);
	return err ? err : take_reference(cpu, w);
}

static void do_clear_refs(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static const struct fl_variant variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("lost-write"),
	  "F0: any further reference makes a fault copy" },
	{ "linux-5.9-tso", "5.9", NULL, "tso", FL_VIOLATES("lost-write"), NULL },
	{ "linux-5.9-sc", "5.9", NULL, "sc", FL_VIOLATES("lost-write"),
	  "interleaving is all it takes" },
	{ "linux-5.9-ipi", "5.9", "tlb_flush=ipi", "sc", FL_VIOLATES("lost-write"),
	  "whether flushes interrupt makes no difference" },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED,
	  "one mapping: the fault uses the page as it is" },
	{ "flush-at-end", "5.9", "soft_dirty_flush=end", "lkmm", FL_VIOLATES("lost-write"),
	  "a flush at the end that is really sent is too late all the same" },
	{ "f1-mmap-write", "5.9", "soft_dirty_lock=mmap-write,soft_dirty_flush=pending", "lkmm",
	  FL_VERIFIED, "F1, 29a951dfb3c3: no fault runs between the change and the flush" },
	{ "f1-mmap-write-sc", "5.9", "soft_dirty_lock=mmap-write,soft_dirty_flush=pending", "sc",
	  FL_VERIFIED, NULL },
	{ "f1-with-vma-locks", "6.4", "wp_reuse=refcount-lru", "sc", FL_VIOLATES("lost-write"),
	  "F1 when faults take the VMA's lock: mmap:W stops nobody; only F6 hides it in 6.4" },
	{ "f1-vma-marked", "6.5", "wp_reuse=refcount-lru", "sc", FL_VERIFIED,
	  "49b0638502da: the walk marks each VMA" },
	{ "f2-flush-under-ptl", "5.9", "soft_dirty_flush=pending,protect_flush=per-ptl", "lkmm",
	  FL_VERIFIED, "F2: who can see the read-only entry finds no stale translation" },
	{ "f3-copy-under-ptl", "5.9", "soft_dirty_flush=pending,wp_copy=under-ptl", "lkmm",
	  FL_VIOLATES("lost-write"), "F3: the lock excludes the kernel, not the program" },
	{ "f4-flush-if-pending", "5.9", "soft_dirty_flush=pending,wp_fault_flush=always", "lkmm",
	  FL_VERIFIED, "F4, in all VMAs" },
	{ "f4-uffd-wp-only", "5.12", "soft_dirty_lock=mmap-read", "sc", FL_VIOLATES("lost-write"),
	  "6ce64428d620 looks at VMAs with userfaultfd-wp only: soft-dirty needs F1" },
	{ "f5-own-counter", "5.9", "soft_dirty_flush=pending,wrprotect_sync=fault", "lkmm",
	  FL_VERIFIED, "F5" },
	{ "f6-anon-exclusive", "5.9", "soft_dirty_flush=pending,wp_reuse=anon-exclusive", "lkmm",
	  FL_VERIFIED, "F6, 6c287605fd56: an exclusive page is never copied" },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VIOLATES("lost-write"),
	  "F1 without its flush (0758cd830494): mmap:W ends before the stale translation does" },
	{ "linux-5.12", "5.12", NULL, "lkmm", FL_VERIFIED,
	  "912efa17e512 brings the flush back: F1 is whole" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = {
	"wp_reuse",	  "soft_dirty_lock", "soft_dirty_flush", "wp_copy", "wp_fault_flush",
	"wrprotect_sync", "protect_flush",   "vma_lock",	 NULL,
};

FL_SCENARIO(clear_refs_cow, .name = "clear-refs-cow", .id = "A1a", .broken = "09854ba94c6a",
	    .fixed = "29a951dfb3c3",
	    .summary = "a store is lost when a fault copies a page whose flush is pending",
	    .story = story, .needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct stale_world), .set_up = set_up,
	    .threads = { { "clear-refs", do_clear_refs },
			 { "fault", do_store_beside },
			 { "stale-store", do_stale_store } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));

#define NO_F6 "wp_reuse=refcount-lru"

static const struct fl_variant vma_lock_variants[] = {
	{ "no-f6-6.4", "6.4", NO_F6, "sc", FL_VIOLATES("lost-write"),
	  "the first release in which a fault does not need mmap_lock" },
	{ "no-f6-6.4-tso", "6.4", NO_F6, "tso", FL_VIOLATES("lost-write"), NULL },
	{ "no-f6-6.4-lkmm", "6.4", NO_F6, "lkmm", FL_VIOLATES("lost-write"), NULL },
	{ "no-f6-5.12", "5.12", NO_F6, "sc", FL_VERIFIED, "F1: a fault waits for mmap_lock" },
	{ "no-f6-6.3", "6.3", NO_F6, "sc", FL_VERIFIED, NULL },
	{ "no-f6-6.5", "6.5", NO_F6, "sc", FL_VERIFIED, "49b0638502da: the walk marks each VMA" },
	{ "no-f6-6.5-tso", "6.5", NO_F6, "tso", FL_VERIFIED, NULL },
	{ "no-f6-6.5-lkmm", "6.5", NO_F6, "lkmm", FL_VERIFIED, NULL },
	{ "no-f6-6.12", "6.12", NO_F6, "sc", FL_VERIFIED, NULL },
	{ "no-f6-6.14", "6.14", NO_F6, "sc", FL_VERIFIED, "mm_lock_seq is a sequence counter" },
	{ "no-f6-6.15", "6.15", NO_F6, "sc", FL_VERIFIED, "the VMA's lock is a reference count" },
	{ "no-f6-6.17", "6.17", NO_F6, "sc", FL_VERIFIED, NULL },
	{ "no-f6-6.17-unmarked", "6.17", NO_F6 ",soft_dirty_lock=mmap-write", "sc",
	  FL_VIOLATES("lost-write"), "the rule holds for that kind of lock, too" },
	{ "linux-6.4", "6.4", NULL, "lkmm", FL_VERIFIED,
	  "F6: the page is exclusive, and the fault that gets in copies nothing" },
	{ "unmarked-6.5", "6.5", "soft_dirty_lock=mmap-write", "lkmm", FL_VERIFIED,
	  "the same with a lock that is in order (A5a)" },
	{ "linux-6.17", "6.17", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const vma_lock_policies[] = { "soft_dirty_lock", "vma_lock", "wp_reuse", NULL };

FL_SCENARIO(clear_refs_vma_lock, .name = "clear-refs-vma-lock", .id = "A1a,A5j",
	    .broken = "5e31275cc997", .fixed = "49b0638502da",
	    .summary = "clear_refs holds mmap_lock, and faults do not need it any more",
	    .story = story_vma_lock, .needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 1 },
	    .since = "6.4", .world = sizeof(struct stale_world), .set_up = set_up,
	    .threads = { { "clear-refs", do_clear_refs },
			 { "fault", do_store_beside },
			 { "stale-store", do_stale_store } },
	    .policies = vma_lock_policies, .variants = vma_lock_variants,
	    .nr_variants = FL_ARRAY_SIZE(vma_lock_variants));
