// SPDX-License-Identifier: MIT
/* vma_foreign.c - A5h: a reader wakes the writer of an mm that is gone. */
#include <faultline/scenario.h>

static const char story[] =
	"The memory of a VMA comes back at once, as a VMA of any mm. A fault finds a VMA in its\n"
	"tree; munmap() frees it, and another process maps something with it. The fault counts\n"
	"itself in (D1), sees that the VMA is not of its mm, and counts itself out (D5). The "
	"other\n"
	"process was about to unmap it and waited for readers: so the fault has to wake it (D6), "
	"in\n"
	"the mm that the VMA has now. But the writer saw the count already, went on, and exited:\n"
	"its mm is freed. 9bbffee67ffd: the reader holds that mm meanwhile.\n";

struct world {
	struct fl_mm *mm, *other;
	fl_vaddr page;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ);

	w->mm = mm;
	return err ? err : fl_mm_create(&w->other, fl_cpu_machine(cpu));
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_load(&word, cpu, w->page);
}

/* One CPU, so that the VMA's memory comes back at once: munmap() in one process, then the life of another one. */
static void do_unmap_and_exit(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr page;

	(void)cpu;
	fl_munmap(w->mm, w->page, 1);
	fl_mmap_anon(&page, w->other, 1, FL_READ);
	fl_mm_destroy(w->other);
}

static const struct fl_variant variants[] = {
	{ "linux-6.15", "6.15", NULL, "sc", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.15-tso", "6.15", NULL, "tso", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.15-lkmm", "6.15", NULL, "lkmm", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, "9bbffee67ffd" },
	{ "linux-6.17-tso", "6.17", NULL, "tso", FL_VERIFIED, NULL },
	{ "no-detach-wait", "6.17", "vma_detach=nowait", "sc", FL_VIOLATES("use-after-free"),
	  "A5g1: a VMA that leaves its tree does not wait for a reader who counts" },
	{ "no-detach-wait-tso", "6.17", "vma_detach=nowait", "tso", FL_VIOLATES("use-after-free"),
	  NULL },
	{ "exit-attached", "6.17", "vma_exit=attached", "sc", FL_VIOLATES("use-after-free"),
	  "A5g4: an mm that exits leaves VMAs behind that readers can enter, and their vm_mm is "
	  "gone" },
	{ "exit-attached-tso", "6.17", "vma_exit=attached", "tso", FL_VIOLATES("use-after-free"),
	  NULL },
};

static const char *const policies[] = { "vma_lock",   "vma_free", "vma_foreign",
					"vma_detach", "vma_exit", NULL };

FL_SCENARIO(vma_foreign, .name = "vma-foreign", .id = "A5g1,A5g4,A5h", .broken = "3104138517fc",
	    .fixed = "9bbffee67ffd", .summary = "a reader wakes the writer of an mm that is gone",
	    .story = story, .since = "6.15",
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 }, .world = sizeof(struct world),
	    .set_up = set_up, .threads = { { "fault", do_fault }, { "exit", do_unmap_and_exit } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
