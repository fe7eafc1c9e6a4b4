// SPDX-License-Identifier: MIT
/*
 * spf.c - speculative page faults, which lock nothing: what they have to look at, and when. No kernel has them: they are the
 * patches that per-VMA locks came instead of. Steps: lib/mm/lock/speculative.c.
 */
#include "memory.h"

static void do_protect(struct fl_cpu *cpu, void *world)
{
	struct two_pages *w = world;

	(void)cpu;
	fl_mprotect(w->mm, w->range, 2, FL_READ);
}

/* A read is permitted before and after. */
static void do_read_fault(struct fl_cpu *cpu, void *world)
{
	struct two_pages *w = world;
	uint64_t word;

	fl_load(&word, cpu, fl_page(cpu, w->range, 1));
}

#define SPF "vma_lock=speculative"
#define IPI ",pgtable_free=ipi"

static const char unmap_story[] =
	"A speculative fault works on a copy of its VMA and locks nothing but, at the end, the "
	"page\n"
	"table. munmap() marks the VMA, takes the entries away under that lock, and then frees "
	"the\n"
	"table. So the fault has to look at the VMA's number twice: with interrupts off, which "
	"keep\n"
	"the table there, before it touches the lock, which is in the table; and once it has the "
	"lock,\n"
	"as munmap() may have been there in between. Where tables go after a grace period the\n"
	"reader section that the fault is in keeps them, too.\n";

static const struct fl_variant unmap_variants[] = {
	{ "speculative", "6.12", SPF, "lkmm", FL_VERIFIED, NULL },
	{ "speculative-tso", "6.12", SPF, "tso", FL_VERIFIED, NULL },
	{ "speculative-sc", "6.12", SPF, "sc", FL_VERIFIED, NULL },
	{ "speculative-ipi", "6.12", SPF IPI, "sc", FL_VERIFIED,
	  "page tables are freed after an interrupt to all CPUs" },
	{ "no-second-look", "6.12", SPF ",spf_checks=no-second", "sc", FL_VIOLATES("refcount"),
	  "the fault maps a page where nothing is mapped any more" },
	{ "no-first-look", "6.12", SPF ",spf_checks=no-first", "sc", FL_VERIFIED,
	  "the reader section keeps the table" },
	{ "no-first-look-ipi", "6.12", SPF IPI ",spf_checks=no-first", "sc",
	  FL_VIOLATES("use-after-free"), "the lock that it tries for is in a table that is gone" },
};

static const char *const unmap_policies[] = { "vma_lock", "spf_checks", "pgtable_free", NULL };

FL_SCENARIO(spf_unmap, .name = "spf-unmap",
	    .summary = "munmap() takes a page table away from a fault that locks nothing",
	    .story = unmap_story, .since = "6.5",
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct two_pages), .set_up = set_up_two_pages,
	    .threads = { { "unmap", do_unmap_two_pages }, { "fault", do_store_to_second } },
	    .policies = unmap_policies, .variants = unmap_variants,
	    .nr_variants = FL_ARRAY_SIZE(unmap_variants));

static const char protect_story[] =
	"The copy of the VMA is made while a writer may be at it. It is good if the VMA's number "
	"is\n"
	"the same before and after: as long as the writer's changes come after his mark, and the\n"
	"fault's second look at the number comes after its reads. The page table's lock is "
	"between\n"
	"these, but taking a lock keeps later reads behind it, not earlier ones ahead: without\n"
	"smp_rmb() the fault goes by flags that are newer than the number it finds unchanged.\n";

static const struct fl_variant protect_variants[] = {
	{ "speculative", "6.12", SPF, "lkmm", FL_VERIFIED, NULL },
	{ "speculative-tso", "6.12", SPF, "tso", FL_VERIFIED, NULL },
	{ "speculative-seqcount", "6.14", SPF, "lkmm", FL_VERIFIED, "with 6.14's mm_lock_seq" },
	{ "no-smp-rmb", "6.12", SPF ",spf_read_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "the flags are read after the last look at the number" },
	{ "no-smp-wmb", "6.12", SPF ",spf_mark_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "the flags change before the mark" },
	{ "no-smp-rmb-tso", "6.12", SPF ",spf_read_order=relaxed", "tso", FL_VERIFIED,
	  "x86 keeps loads in order" },
};

static const char *const protect_policies[] = { "vma_lock", "spf_read_order", "spf_mark_order",
						NULL };

FL_SCENARIO(spf_protect, .name = "spf-protect",
	    .summary = "mprotect() changes a VMA that a fault is copying", .story = protect_story,
	    .since = "6.5", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct two_pages), .set_up = set_up_two_pages,
	    .threads = { { "protect", do_protect }, { "fault", do_read_fault } },
	    .policies = protect_policies, .variants = protect_variants,
	    .nr_variants = FL_ARRAY_SIZE(protect_variants));
