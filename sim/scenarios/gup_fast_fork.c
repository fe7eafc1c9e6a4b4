// SPDX-License-Identifier: MIT
/*
 * gup_fast_fork.c - B5: a page is pinned without a lock while fork decides who shares it.
 *
 * The protocol and its steps are at the top of lib/mm/fork.c; tests/litmus/seqcount-fork-*.litmus have
 * what is left of it when all but the order is taken away.
 */
#include <errno.h>

#include "memory.h"

static const char story[] =
	"fork shares the pages of a process and write-protects them; one that is pinned for a\n"
	"device it copies for the child, for the parent's next write would move the parent away\n"
	"from it. GUP-fast pins without a lock: between fork's look for pins and its\n"
	"write-protection it finds the entry writable, pins, and finds it unchanged.\n"
	"57efa1fe5957: fork makes write_protect_seq odd before (K4), and GUP-fast that meets that\n"
	"gives its pin back.\n"
	"For that K4 must be seen before fork looks for pins (P1). By the kernel's memory model "
	"it\n"
	"need not: the section begins with smp_wmb(), and neither that nor the page-table lock\n"
	"orders a store before a load. Locks of x86 do, so there is no more to this on x86 than\n"
	"5.9's bug. Since 5.19 fork takes the child's reference before P1, a store to the word "
	"that\n"
	"it looks at; with the barrier behind the pin (6.1) that is enough.\n";

static const char story_first[] =
	"As gup-fast-fork, and the pin is the first that the process ever has. So fork does not\n"
	"even look at the page: MMF_HAS_PINNED is not set yet. GUP-fast sets it, then reads\n"
	"write_protect_seq; fork makes that odd, then reads the flag: a store and a load on each\n"
	"side. GUP-fast has a full barrier in between, its pin. fork has none in any release, by\n"
	"the kernel's memory model; on x86 the page-table lock is one.\n"
	"Nobody has reported it, and to show it a processor would have to hold the store back "
	"over\n"
	"the allocation and the locking of a page table.\n";

static const char story_huge[] =
	"As gup-fast-fork with a huge page, which is pinned and forked as a whole. Its pins are\n"
	"counted in a word of their own, and the child's reference, which makes fork's look at a\n"
	"small page safe since 6.1, goes to another word. So nothing orders that look behind K4, "
	"by\n"
	"the kernel's memory model; on x86 the page-table lock does.\n";

struct world {
	struct fl_mm *mm, *child;
	fl_vaddr
		page; /* private, anonymous, written; of base size, or the first part of a huge one */
	struct fl_pin pin;
};

static int set_up_first(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	return map_written(&w->page, cpu, mm, 1);
}

/* Then MMF_HAS_PINNED is set. */
static int pin_once(struct fl_cpu *cpu, struct world *w)
{
	if (fl_pin_user_pages(cpu, w->mm, w->page, 1, FL_GUP_WRITE, &w->pin) != 1)
		return -EFAULT;
	fl_unpin(cpu, &w->pin);
	return 0;
}

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_first(cpu, mm, world);

	return err ? err : pin_once(cpu, world);
}

static int set_up_huge(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_huge_written(&w->page, cpu, mm);

	w->mm = mm;
	return err ? err : pin_once(cpu, w);
}

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_fork(&w->child, w->mm);
	fl_store(cpu, w->page, 2);
}

static void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	/* Kept: the oracle looks at the page when all is over. The slow path would wait for fork. */
	fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &w->pin);
}

static const struct fl_variant variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "f3c64eda3e50: looks for pins, then write-protects" },
	{ "linux-5.9-tso", "5.9", NULL, "tso", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.9-sc", "5.9", NULL, "sc", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "57efa1fe5957: the count of references (P1) is read before K4 can be seen" },
	{ "linux-5.11-tso", "5.11", NULL, "tso", FL_VERIFIED, "a lock is a locked instruction" },
	{ "linux-5.11-sc", "5.11", NULL, "sc", FL_VERIFIED, NULL },
	{ "smp-mb-5.11", "5.11", "fork_seq_barrier=smp_mb", "lkmm", FL_VERIFIED,
	  "a full barrier between K4 and P1" },
	{ "smp-mb-5.18", "5.18", "fork_seq_barrier=smp_mb", "lkmm", FL_VIOLATES("pin-coherence"),
	  "since the pin is two operations (5.14), GUP-fast needs one, too" },
	{ "two-smp-mb-5.18", "5.18", "fork_seq_barrier=smp_mb,gup_pin_barrier=smp_mb", "lkmm",
	  FL_VERIFIED, NULL },
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "the child's reference comes before P1 (fb3d824d1a46): half of it" },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VERIFIED,
	  "088b8aa537c2 has the other half, the barrier behind the pin" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "6.0-ipi-rcu", "6.0", "tlb_flush=ipi", "lkmm", FL_VIOLATES("pin-coherence"),
	  "fork flushes at its end, behind all of this" },
	{ "6.0-ipi-ipi", "6.0", "tlb_flush=ipi,pgtable_free=ipi", "lkmm",
	  FL_VIOLATES("pin-coherence"), NULL },
	{ "6.0-broadcast-ipi", "6.0", "pgtable_free=ipi", "lkmm", FL_VIOLATES("pin-coherence"),
	  NULL },
	{ "6.1-ipi-rcu", "6.1", "tlb_flush=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-ipi-ipi", "6.1", "tlb_flush=ipi,pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-broadcast-ipi", "6.1", "pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "share", "5.11", "fork_pinned=share", "sc", FL_VIOLATES("pin-coherence"),
	  "up to 5.8 nobody looked for pins" },
	{ "write-protect-first", "5.9", "fork_pinned=wrprotect-first", "lkmm",
	  FL_VIOLATES("pin-coherence"),
	  "70e806e4e645, first form: the entry first, then the look for pins, and no barrier" },
	{ "write-protect-first-tso", "5.9", "fork_pinned=wrprotect-first", "tso", FL_VERIFIED,
	  "f3c64eda3e50 dropped it for the lack of barriers: x86 has them" },
	{ "no-seqcount", "6.12", "fork_seqcount=none", "sc", FL_VIOLATES("pin-coherence"),
	  "PageAnonExclusive does not replace write_protect_seq" },
};

static const struct fl_variant first_variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "MMF_HAS_PINNED is read before K4 can be seen" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "the reference helps with the count, not with the flag" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, "a lock is a locked instruction" },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, "interleaving alone breaks nothing" },
	{ "smp-mb-5.11", "5.11", "fork_seq_barrier=smp_mb", "lkmm", FL_VERIFIED, NULL },
	{ "smp-mb-6.12", "6.12", "fork_seq_barrier=smp_mb", "lkmm", FL_VERIFIED,
	  "a full barrier between K4 and P1: what no kernel has" },
};

static const struct fl_variant huge_variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.9-sc", "5.9", NULL, "sc", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.11-tso", "5.11", NULL, "tso", FL_VERIFIED, "a lock is a locked instruction" },
	{ "linux-5.11-sc", "5.11", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "what settles it for small pages does not for huge ones" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "smp-mb-6.12", "6.12", "fork_seq_barrier=smp_mb", "lkmm", FL_VERIFIED,
	  "a full barrier between K4 and P1: what no kernel has" },
};

static const char *const policies[] = { "fork_pinned",	    "fork_seqcount",
					"fork_seq_barrier", "gup_pin_barrier",
					"gup_pin_rmw",	    "tlb_flush",
					"pgtable_free",	    NULL };

FL_SCENARIO(gup_fast_fork, .name = "gup-fast-fork", .id = "B5,A4", .broken = "f3c64eda3e50",
	    .fixed = "57efa1fe5957", .summary = "fork shares a page that GUP-fast pins meanwhile",
	    .story = story, .since = "5.9", .needs = { .cpus = 2, .mms = 2, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "fork", do_fork }, { "gup-fast", do_gup_fast } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));

FL_SCENARIO(gup_fast_fork_first, .name = "gup-fast-fork-first", .id = "new",
	    .broken = "f3c64eda3e50",
	    .summary = "the same with the first pin that the process ever has",
	    .story = story_first, .since = "5.9",
	    .needs = { .cpus = 2, .mms = 2, .vmas = 1, .pages = 1 }, .world = sizeof(struct world),
	    .set_up = set_up_first, .threads = { { "fork", do_fork }, { "gup-fast", do_gup_fast } },
	    .policies = policies, .variants = first_variants,
	    .nr_variants = FL_ARRAY_SIZE(first_variants));

FL_SCENARIO(gup_fast_fork_huge, .name = "gup-fast-fork-huge", .id = "new", .broken = "f3c64eda3e50",
	    .fixed = NULL,
	    .summary = "the same with a huge page, whose pins have a count of their own",
	    .story = story_huge, .since = "5.9",
	    .needs = { .cpus = 2,
		       .mms = 2,
		       .vmas = 1,
		       .pages = 1,
		       .huge_pages = 2,
		       .small_huge_pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up_huge,
	    .threads = { { "fork", do_fork }, { "gup-fast", do_gup_fast } }, .policies = policies,
	    .variants = huge_variants, .nr_variants = FL_ARRAY_SIZE(huge_variants));
