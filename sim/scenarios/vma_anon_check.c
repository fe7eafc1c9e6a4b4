// SPDX-License-Identifier: MIT
/* vma_anon_check.c - A5b: a fault trusts an anon_vma that it saw before it had the VMA's lock. */
#include "memory.h"

static const char story[] =
	"A fault under the lock of one VMA must not look at other VMAs. So it asks first whether "
	"the\n"
	"VMA has its anon_vma already; without one the fault would look at neighbours, to share\n"
	"theirs. In 6.4 it asked before it had the lock. In between mremap(MREMAP_DONTUNMAP) "
	"moves\n"
	"the pages away and takes the anon_vma with them. The fault then goes through the\n"
	"neighbours with no lock that keeps them there, and munmap() frees one under its eyes.\n"
	"657b5146955e: it asks again, with the lock.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr page, neighbour;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	/* By the other CPU, so that this one's access is a fault. */
	int err = map_written(&w->page, other_cpu(cpu, 1), mm, 1);

	w->mm = mm;
	if (!err)
		err = fl_mmap_anon(&w->neighbour, mm, 1, FL_READ);
	return err;
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->page, 2);
}

static void do_move(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr there;

	fl_mremap(&there, w->mm, w->page, 1, 1, FL_MREMAP_MAYMOVE | FL_MREMAP_DONTUNMAP, 0);
	fl_munmap(w->mm, w->neighbour, 1);
}

static const struct fl_variant variants[] = {
	{ "linux-6.4", "6.4", NULL, "sc", FL_VIOLATES("use-after-free"), NULL },
	{ "before-lock", "6.5", "vma_anon_check=before-lock", "sc", FL_VIOLATES("use-after-free"),
	  "6.5 without the fix" },
	{ "before-lock-tso", "6.5", "vma_anon_check=before-lock", "tso",
	  FL_VIOLATES("use-after-free"), NULL },
	{ "before-lock-lkmm", "6.5", "vma_anon_check=before-lock", "lkmm",
	  FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "657b5146955e; also 6.4.10" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "vma_anon_check", NULL };

FL_SCENARIO(vma_anon_check, .name = "vma-anon-check", .id = "A5b", .broken = "5e31275cc997",
	    .fixed = "657b5146955e",
	    .summary = "a fault looks at neighbours that it has no lock for", .story = story,
	    .since = "6.4", .needs = { .cpus = 2, .mms = 1, .vmas = 2, .pages = 2 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "fault", do_fault }, { "move", do_move } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
