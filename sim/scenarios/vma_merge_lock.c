// SPDX-License-Identifier: MIT
/* vma_merge_lock.c - A5e: a fault uses an anon_vma that a failed merge takes back. */
#include <faultline/inject.h>
#include <faultline/scenario.h>

static const char story[] =
	"mprotect() makes two neighbours alike, and the one without pages grows over the other. "
	"For\n"
	"that it gets the other's anon_vma: first the pointer, then the links by which a walk "
	"finds\n"
	"the VMA. Up to 6.4 it is write-locked after that. A fault that has its lock meanwhile "
	"maps\n"
	"a new page and ties it to that anon_vma. Then memory for the links runs out, the pointer "
	"is\n"
	"taken back, and the merge is off: the page belongs to an anon_vma that does not know its\n"
	"VMA, and that is freed with the last VMA that it does know.\n"
	"d8ab9f7b644a: the VMA is write-locked first.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr low, high; /* a VMA without pages; one with, which does not permit stores */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err;

	w->mm = mm;
	w->low = fl_page(cpu, 0, 1);
	w->high = fl_page(cpu, 0, 2);
	err = fl_mmap(&w->high, mm, w->high, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0);
	if (!err)
		err = fl_store(cpu, w->high, 1);
	if (!err)
		err = fl_mprotect(mm, w->high, 1, FL_READ);
	if (!err)
		err = fl_mmap(&w->low, mm, w->low, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0);
	return err;
}

static void do_merge(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_inject_fail_nth(FL_ALLOC_ANON_VMA, 1);
	fl_mprotect(w->mm, w->high, 1, FL_READ | FL_WRITE);
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->low, 2);
}

static const struct fl_variant variants[] = {
	{ "linux-6.4", "6.4", NULL, "sc", FL_VIOLATES("rmap"), NULL },
	{ "linux-6.4-tso", "6.4", NULL, "tso", FL_VIOLATES("rmap"), NULL },
	{ "linux-6.4-lkmm", "6.4", NULL, "lkmm", FL_VIOLATES("rmap"), NULL },
	{ "not-locked-6.5", "6.5", "merge_vma_lock=none", "sc", FL_VIOLATES("rmap"),
	  "6.5 without the fix" },
	{ "not-locked-6.15", "6.15", "merge_vma_lock=none", "sc", FL_VIOLATES("rmap"), NULL },
	{ "linux-6.3", "6.3", NULL, "sc", FL_VERIFIED, "faults wait for mmap_lock" },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "d8ab9f7b644a; also 6.4.8" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "merge_vma_lock", NULL };

FL_SCENARIO(vma_merge_lock, .name = "vma-merge-lock", .id = "A5e", .broken = "5e31275cc997",
	    .fixed = "d8ab9f7b644a",
	    .summary = "a page is tied to an anon_vma that a failed merge takes back",
	    .story = story, .since = "6.4", .needs = { .cpus = 2, .mms = 1, .vmas = 2, .pages = 2 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "merge", do_merge }, { "fault", do_fault } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
