/* fault_vs_register.c - a fault and a userfaultfd registration race for one VMA. */
#include <faultline/run.h>

struct world {
	struct fl_uffd *uffd;
	fl_vaddr range; /* two pages of one private anonymous VMA */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->range, mm, 2, FL_READ | FL_WRITE);

	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	return err ? err : fl_store(cpu, w->range, 1); /* the VMA gets its anon_vma */
}

static void do_register(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_register(w->uffd, cpu, w->range, 2, FL_UFFD_MISSING);
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, fl_page(cpu, w->range, 1), 1);
}

static const struct fl_variant variants[] = {
	{ "buggy", "6.4", NULL, "lkmm", FL_VIOLATES("vma-torn"), "no release, no acquire" },
	{ "fixed", "6.5", NULL, "lkmm", FL_VERIFIED, "b1f02b95758d" },
};

FL_SCENARIO(fault_vs_register, .name = "fault-vs-register", .id = "A5a",
	    .summary = "a fault trusts a VMA that is being changed",
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 }, .world = sizeof(struct world),
	    .set_up = set_up, .threads = { { "register", do_register }, { "fault", do_fault } },
	    .may_wait = FL_WAIT_UFFD, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
