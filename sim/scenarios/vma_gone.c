// SPDX-License-Identifier: MIT
/*
 * vma_gone.c - A5: what a fault has to look at when it has got the lock of the VMA that it found, and what keeps that VMA
 * there. No kernel does without: all that is violated here is mutants. Steps: lib/mm/vma_lock.c.
 */
#include <faultline/uffd.h>

#include "memory.h"

struct world {
	struct fl_mm *mm;
	struct fl_uffd *uffd;
	fl_vaddr range; /* two pages of one VMA */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	return map_written(&w->range, cpu, mm, 2);
}

static void do_unmap_all(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_munmap(w->mm, w->range, 2);
}

static void do_unmap_upper(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, fl_page(cpu, w->range, 1), 1);
}

static void do_split(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, fl_page(cpu, w->range, 1), 1, FL_READ);
}

static void do_load(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_load(&word, cpu, fl_page(cpu, w->range, 1));
}

static const char story[] =
	"A fault finds a VMA in the tree and waits for nobody: when it has the VMA's lock, "
	"munmap()\n"
	"may have taken the VMA out, and ended its marks. The memory is still there, as RCU keeps\n"
	"it, and all of its fields look as before. So the fault has to ask whether it is "
	"detached.\n"
	"And it has to be in a reader section of RCU when it unlocks the VMA: as soon as the lock "
	"is\n"
	"free munmap() goes on and frees the VMA, while up_read() still looks for who waits.\n";

static const struct fl_variant variants[] = {
	{ "no-detached-check", "6.12", "vma_checks=no-detached", "sc", FL_VIOLATES("permission"),
	  "the fault maps a page where nothing is mapped any more" },
	{ "no-detached-check-6.5", "6.5", "vma_checks=no-detached", "sc", FL_VERIFIED,
	  "6.5 asks for the anon_vma first; as munmap() does not downgrade here, it is gone by "
	  "then" },
	{ "no-rcu", "6.5", "vma_end_read=no-rcu", "sc", FL_VIOLATES("use-after-free"),
	  "the VMA's lock is freed while it is let go of" },
	{ "no-rcu-tso", "6.5", "vma_end_read=no-rcu", "tso", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.4", "6.4", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.5-lkmm", "6.5", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "vma_checks", "vma_end_read", NULL };

FL_SCENARIO(vma_gone, .name = "vma-gone", .id = "A5",
	    .summary = "a fault uses a VMA that munmap() has taken out of the tree", .story = story,
	    .since = "6.4", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "unmap", do_unmap_all }, { "fault", do_load } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));

static const char shrunk_story[] =
	"The tree says where a VMA is, and is read before the VMA is locked. In between munmap() "
	"may\n"
	"have taken away the part that the fault is about: then the fault has a VMA that is "
	"locked,\n"
	"in the tree, and not at its address. It has to compare again.\n";

static const struct fl_variant shrunk_variants[] = {
	{ "no-range-check", "6.5", "vma_checks=no-range", "sc", FL_VIOLATES("permission"),
	  "the fault maps a page where nothing is mapped any more" },
	{ "no-range-check-6.15", "6.15", "vma_checks=no-range", "sc", FL_VIOLATES("permission"),
	  NULL },
	{ "linux-6.4", "6.4", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const shrunk_policies[] = { "vma_lock", "vma_checks", NULL };

FL_SCENARIO(vma_shrunk, .name = "vma-shrunk", .id = "A5",
	    .summary = "a fault uses a VMA that has shrunk away from its address",
	    .story = shrunk_story, .since = "6.4",
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 }, .world = sizeof(struct world),
	    .set_up = set_up, .threads = { { "unmap", do_unmap_upper }, { "fault", do_load } },
	    .policies = shrunk_policies, .variants = shrunk_variants,
	    .nr_variants = FL_ARRAY_SIZE(shrunk_variants));

static const char dup_story[] =
	"vm_refcnt counts the tree and the readers of a VMA. vm_area_dup() copies a VMA as a "
	"whole:\n"
	"with the count the copy would look as if it were in the tree before it is, and would "
	"have\n"
	"readers that nobody is going to count out. mprotect() splits a VMA while a fault has it\n"
	"locked, and then waits for the copy's reader, for ever.\n"
	"The series that brought the count copies all but vm_refcnt.\n";

static const struct fl_variant dup_variants[] = {
	{ "copied", "6.15", "vma_dup=count", "sc", FL_VIOLATES("deadlock"),
	  "A5g3: the copy has a reader that nobody is" },
	{ "copied-tso", "6.15", "vma_dup=count", "tso", FL_VIOLATES("deadlock"), NULL },
	{ "linux-6.15", "6.15", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.15-tso", "6.15", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.15-lkmm", "6.15", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "each VMA has a lock of its own" },
};

static const char *const dup_policies[] = { "vma_lock", "vma_dup", NULL };

FL_SCENARIO(vma_dup, .name = "vma-dup", .id = "A5g3",
	    .summary = "a copy of a VMA counts the readers of its original", .story = dup_story,
	    .since = "6.15", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "split", do_split }, { "fault", do_load } }, .policies = dup_policies,
	    .variants = dup_variants, .nr_variants = FL_ARRAY_SIZE(dup_variants));

/* --- marks that end too late --- */

static void do_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_mprotect(w->mm, w->range, 2, FL_READ);
}

/* Nothing is mapped there. */
static void do_write_lock(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, fl_page(cpu, w->range, 2), 1);
}

static const char late_story[] =
	"One store ends all marks of an mm. If a writer made it only after it has let go of\n"
	"mmap_lock, it would end the marks of the writer that comes next: a fault finds the VMA\n"
	"open while that one changes it.\n";

static const struct fl_variant late_variants[] = {
	{ "after-unlock", "6.5", "vma_end_all=after-unlock", "sc", FL_VIOLATES("vma-torn"), NULL },
	{ "after-unlock-tso", "6.5", "vma_end_all=after-unlock", "tso", FL_VIOLATES("vma-torn"),
	  NULL },
	{ "after-unlock-6.14", "6.14", "vma_end_all=after-unlock", "sc", FL_VIOLATES("vma-torn"),
	  NULL },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const late_policies[] = { "vma_lock", "vma_end_all", NULL };

FL_SCENARIO(vma_end_late, .name = "vma-end-late", .id = "A5",
	    .summary = "a writer ends the marks of the writer that comes next", .story = late_story,
	    .since = "6.4", .needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "first", do_write_lock }, { "next", do_protect }, { "fault", do_load } },
	    .policies = late_policies, .variants = late_variants,
	    .nr_variants = FL_ARRAY_SIZE(late_variants));

/* --- VMAs that come back --- */

static void do_remap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr at;

	(void)cpu;
	fl_mmap(&at, w->mm, w->range, 1, FL_READ, FL_MAP_FIXED, NULL, 0);
}

static int set_up_untouched(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	(void)cpu;
	w->mm = mm;
	return fl_mmap_anon(&w->range, mm, 1, FL_READ | FL_WRITE);
}

static void do_load_first(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_load(&word, cpu, w->range);
}

static const char reuse_story[] =
	"The memory of a VMA comes back at once. A fault that found the VMA's last life in the "
	"tree\n"
	"enters the next one, if that is attached already: then all of its fields have to be "
	"there.\n"
	"The store that attaches is a release, the reader's increment an acquire.\n";

static const struct fl_variant reuse_variants[] = {
	{ "linux-6.15", "6.15", NULL, "sc", FL_VERIFIED,
	  "under lkmm, in a smaller world: unit.mm.vma_reuse" },
	{ "linux-6.15-tso", "6.15", NULL, "tso", FL_VERIFIED, NULL },
	{ "no-release", "6.15", "vma_attach_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "A5g2: attached (the count is 1) before it is what it is going to be" },
	{ "no-acquire", "6.15", "vma_inc_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "the fields are read before the count is" },
	{ "no-release-tso", "6.15", "vma_attach_order=relaxed", "tso", FL_VERIFIED,
	  "x86 keeps stores in order" },
};

static const char *const reuse_policies[] = { "vma_free", "vma_attach_order", "vma_inc_order",
					      NULL };

FL_SCENARIO(vma_reuse, .name = "vma-reuse", .id = "A5g2", .fixed = "3104138517fc",
	    .summary = "a fault meets the next life of the VMA that it found", .story = reuse_story,
	    .since = "6.15", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up_untouched,
	    .threads = { { "remap", do_remap }, { "fault", do_load_first } },
	    .policies = reuse_policies, .variants = reuse_variants,
	    .nr_variants = FL_ARRAY_SIZE(reuse_variants));
