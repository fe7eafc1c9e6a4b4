// SPDX-License-Identifier: MIT
/* stack_growth.c - A5d1, B4: a stack grows while others use it, or walk the tree of VMAs. Steps: lib/mm/stack.c. */
#include <faultline/proc.h>
#include <faultline/scenario.h>

struct world {
	struct fl_mm *mm;
	fl_vaddr stack; /* two pages, with room below */
	uint64_t word;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err;

	w->mm = mm;
	err = fl_mmap(&w->stack, mm, fl_page(cpu, 0, 8), 2, FL_READ | FL_WRITE,
		      FL_MAP_FIXED | FL_MAP_GROWSDOWN, NULL, 0);
	/* Gives the VMA its anon_vma: without one, 6.4 never tries the VMA lock. The second page is still to come. */
	return err ? err : fl_store(cpu, w->stack, 1);
}

static void do_grow(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->stack - FL_WORD_SIZE, 2);
}

static void do_read(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_load(&w->word, cpu, fl_page(cpu, w->stack, 1));
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, fl_page(cpu, w->stack, 1), 3);
}

static void do_walk(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_madvise(w->mm, w->stack, 1, FL_MADV_FREE);
}

static const char story[] =
	"A program touches what is below its stack: the fault moves vm_start and vm_pgoff of the\n"
	"VMA. Faults of other threads that have locked this VMA alone read both, to know whether\n"
	"their address is in it, and which page of it they are about. In 6.4 nothing told them to\n"
	"stay out. c137381f71ae: the VMA is write-locked first.\n";

static const struct fl_variant variants[] = {
	{ "linux-6.4", "6.4", NULL, "sc", FL_VIOLATES("vma-torn"),
	  "as released: under mmap_lock for reading" },
	{ "linux-6.4-tso", "6.4", NULL, "tso", FL_VIOLATES("vma-torn"), NULL },
	{ "linux-6.4-lkmm", "6.4", NULL, "lkmm", FL_VIOLATES("vma-torn"), NULL },
	{ "mmap-write-alone", "6.5", "stack_vma_lock=none", "sc", FL_VIOLATES("vma-torn"),
	  "6.4.1: mmap_lock for writing stops nobody who has the VMA's lock" },
	{ "mmap-write-alone-tso", "6.5", "stack_vma_lock=none", "tso", FL_VIOLATES("vma-torn"),
	  NULL },
	{ "linux-6.3", "6.3", NULL, "sc", FL_VERIFIED, "no VMA locks" },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "c137381f71ae; also 6.4.3" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.5-lkmm", "6.5", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "stack_vma_lock", "stack_growth", NULL };

FL_SCENARIO(stack_vma_lock, .name = "stack-vma-lock", .id = "A5d1", .broken = "5e31275cc997",
	    .fixed = "c137381f71ae", .summary = "a stack grows under a fault that uses its VMA",
	    .story = story, .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 3 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "grow", do_grow }, { "fault", do_read } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));

static const char index_story[] =
	"The stack grew with mmap_lock held for reading, as faults have it, up to 6.4: the lock "
	"of\n"
	"the page tables and the anon_vma's kept two that grow it apart, but linear_page_index()\n"
	"of any other fault in this VMA reads vm_start and vm_pgoff with neither. It can read the\n"
	"new vm_start and the old vm_pgoff, and give its new page a wrong number: who walks from\n"
	"pages to their mappings does not find that one again.\n"
	"9471f1f2f502: to grow a stack takes mmap_lock for writing.\n";

static const struct fl_variant index_variants[] = {
	{ "linux-4.8", "4.8", NULL, "sc", FL_VIOLATES("rmap"), NULL },
	{ "linux-6.3", "6.3", NULL, "sc", FL_VIOLATES("rmap"), NULL },
	{ "linux-6.3-tso", "6.3", NULL, "tso", FL_VIOLATES("rmap"), NULL },
	{ "mmap-write", "6.3", "stack_growth=mmap-write", "sc", FL_VERIFIED,
	  "what 9471f1f2f502 did, in a kernel without VMA locks" },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "9471f1f2f502; also 6.4.1" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.5-lkmm", "6.5", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const index_policies[] = { "stack_growth", NULL };

FL_SCENARIO(stack_page_index, .name = "stack-page-index", .id = "new", .broken = "always",
	    .fixed = "9471f1f2f502",
	    .summary = "a page gets a wrong number while the stack that it is in grows",
	    .story = index_story, .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 3 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "grow", do_grow }, { "fault", do_fault } }, .policies = index_policies,
	    .variants = index_variants, .nr_variants = FL_ARRAY_SIZE(index_variants));

static const char rot_story[] =
	"StackRot. A fault that grows a stack held mmap_lock for reading, up to 6.4. Since 6.1 "
	"the\n"
	"VMAs are in a tree whose nodes are replaced, not changed: the stack's new start is in a\n"
	"new node, and the old one is freed after a grace period. Who walks the tree with "
	"mmap_lock\n"
	"held for reading relied on that lock, and is in no reader section of RCU: the grace "
	"period\n"
	"does not wait for it, and it goes on in a node that is freed.\n"
	"9471f1f2f502: to grow a stack takes mmap_lock for writing. What the fault found before "
	"is\n"
	"looked up again, because it had to let go of the lock in between.\n";

static const struct fl_variant rot_variants[] = {
	{ "linux-6.1", "6.1", NULL, "sc", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.1-tso", "6.1", NULL, "tso", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.3", "6.3", NULL, "sc", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.4", "6.4", NULL, "sc", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.0", "6.0", NULL, "sc", FL_VERIFIED, "an rbtree has no nodes of its own" },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "9471f1f2f502; also 6.4.1, 6.3.11, 6.1.37" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.5-lkmm", "6.5", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const rot_policies[] = { "stack_growth", NULL };

FL_SCENARIO(stack_rot, .name = "stack-rot", .id = "B4", .cve = "CVE-2023-3269",
	    .broken = "d4af56c5c7c6", .fixed = "9471f1f2f502",
	    .summary = "a walk through the VMAs while a stack grows uses a node that is freed",
	    .story = rot_story, .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 3 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "grow", do_grow }, { "walk", do_walk } }, .policies = rot_policies,
	    .variants = rot_variants, .nr_variants = FL_ARRAY_SIZE(rot_variants));
