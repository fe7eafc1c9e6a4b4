// SPDX-License-Identifier: MIT
/*
 * reclaim_flush.c - B10 and B11: reclaim has cleared an entry and put the flush off, and a program believes that
 * nothing is there.
 *
 * The steps: lib/mm/rmap_unmap.c (U1 to U7), lib/mm/tlb_batch.c (R1 to R5, B1 to B4), lib/mm/vmscan.c (V1 to V9).
 */
#include "memory.h"

struct world {
	struct one_page one;
	fl_vaddr other; /* in another page table */
};

/* CPU 1, the program's, has a writable translation. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return set_up_one_page(other_cpu(cpu, 1), mm, world);
}

/* --- B10: mprotect() meets the entry --- */

static const char protect_story[] =
	"Reclaim takes a page away. It clears the entry, and puts the flush off: one flush is to "
	"do\n"
	"for many pages. The program gives up write permission for the page. mprotect() finds no "
	"page\n"
	"there, so there is nothing to flush for it, and it returns. The program's processor still "
	"has\n"
	"the translation, and a store goes through.\n"
	"3ea277194daa (4.13): reclaim leaves a mark in the mm, under the page-table lock; who "
	"finds an\n"
	"entry changed takes the same lock, sees the mark, and flushes for reclaim.\n";

static void do_protect_and_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->one.mm, w->one.page, 1, FL_READ);
	fl_store(cpu, w->one.page, 2);
}

static const struct fl_variant protect_variants[] = {
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VIOLATES("permission"), "nobody hears of it" },
	{ "linux-4.8-tso", "4.8", NULL, "tso", FL_VIOLATES("permission"), NULL },
	{ "linux-4.8-sc", "4.8", NULL, "sc", FL_VIOLATES("permission"), NULL },
	{ "linux-4.8-ipi", "4.8", "tlb_flush=ipi", "tso", FL_VIOLATES("permission"),
	  "x86: flushes interrupt" },
	{ "linux-4.8-flush-at-once", "4.8", "unmap_flush=at-once", "lkmm", FL_VERIFIED,
	  "arm64 put nothing off then" },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VERIFIED, "3ea277194daa: a flag" },
	{ "linux-5.7-tso", "5.7", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-5.7-sc", "5.7", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, "5ee2fa2f0636: two counts" },
	{ "linux-6.12-ipi", "6.12", "tlb_flush=ipi", "tso", FL_VERIFIED, NULL },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const protect_policies[] = { "tlb_batched", "unmap_flush", NULL };

FL_SCENARIO(
	reclaim_protect, .name = "reclaim-mprotect", .id = "B10", .broken = "72b252aed506",
	.fixed = "3ea277194daa",
	.summary = "a store after mprotect(), through a translation that reclaim has yet to flush",
	.story = protect_story,
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	.world = sizeof(struct world), .set_up = set_up,
	.threads = { { "reclaim", do_reclaim }, { "program", do_protect_and_store } },
	.policies = protect_policies, .variants = protect_variants,
	.nr_variants = FL_ARRAY_SIZE(protect_variants));

/* --- B11: the mark is wiped out --- */

static const char flag_story[] =
	"The mark was a flag. A thread's mprotect() of one page finds it set, flushes, and clears "
	"it. In\n"
	"between another thread accesses a second page, under another page-table lock, and reclaim "
	"takes\n"
	"that one away and sets the flag, which the first clears without having flushed for it.\n"
	"mprotect() of the second page finds the flag clear, and a store goes through.\n"
	"5ee2fa2f0636 (5.17): two counts in one word, of flushes that are pending and of those "
	"that were\n"
	"made; what was made is stored only if nothing came meanwhile.\n";

/* The flag is set, for a page that went before. Of the second one somebody has a reference: it will not be written. */
static int set_up_flag(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	/* As far away as the next page table. */
	if (!err)
		err = fl_mmap(&w->other, mm, fl_page(cpu, w->one.page, 4), 1, FL_READ | FL_WRITE,
			      FL_MAP_FIXED_NOREPLACE, NULL, 0);
	if (!err)
		err = fl_store(other_cpu(cpu, 1), w->other, 3);
	if (!err)
		err = fl_reclaim_page(cpu, w->one.pfn);
	if (!err)
		err = find_frame(&w->one.pfn, mm, w->other);
	return err ? err : fl_page_try_get(fl_cpu_machine(cpu), w->one.pfn);
}

static void do_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->one.mm, w->one.page, 1, FL_READ);
}

static void do_protect_other(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->other, 4);
	fl_mprotect(w->one.mm, w->other, 1, FL_READ);
	fl_store(cpu, w->other, 5);
}

static const struct fl_variant flag_variants[] = {
	{ "linux-5.12", "5.12", NULL, "lkmm", FL_VIOLATES("permission"), "a flag" },
	{ "linux-5.12-tso", "5.12", NULL, "tso", FL_VIOLATES("permission"), NULL },
	{ "linux-5.12-sc", "5.12", NULL, "sc", FL_VIOLATES("permission"), NULL },
	{ "linux-5.12-counter", "5.12", "tlb_batched=counter", "lkmm", FL_VERIFIED,
	  "5ee2fa2f0636" },
	{ "compiler-barrier", "5.18", "tlb_batched_order=compiler", "lkmm",
	  FL_VIOLATES("permission"),
	  "what the code common to all processors has between the entry and the count" },
	{ "compiler-barrier-tso", "5.18", "tlb_batched_order=compiler", "tso", FL_VERIFIED,
	  "x86 keeps stores in order" },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED, "5ee2fa2f0636" },
	{ "linux-5.18-tso", "5.18", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-5.18-sc", "5.18", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const flag_policies[] = { "tlb_batched", "tlb_batched_order", NULL };

FL_SCENARIO(reclaim_flag, .name = "reclaim-flag", .id = "B11", .broken = "3ea277194daa",
	    .fixed = "5ee2fa2f0636",
	    .summary = "the flag that says that reclaim has yet to flush is wiped out",
	    .story = flag_story, .since = "5.7",
	    .needs = { .cpus = 3, .mms = 1, .vmas = 2, .pages = 2, .swap_slots = 2 },
	    .world = sizeof(struct world), .set_up = set_up_flag,
	    .threads = { { "reclaim", do_reclaim },
			 { "program", do_protect_other },
			 { "mprotect", do_protect } },
	    .policies = flag_policies, .variants = flag_variants,
	    .nr_variants = FL_ARRAY_SIZE(flag_variants));

/* --- what the order of reclaim is for --- */

static const char write_story[] = "Reclaim takes a dirty page away and writes it to swap. "
				  "Translations of it must be gone before it\n"
				  "is written: a store that comes later, through one of them, is "
				  "in the page and not in swap, and goes\n"
				  "with the page. That is what try_to_unmap_flush_dirty() is for; "
				  "all other flushes may wait until the\n"
				  "frames are given back. And these must not wait longer: else the "
				  "store is in somebody else's page.\n";

static void do_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_store(cpu, w->one.page, 2);
	fl_load(&word, cpu, w->one.page);
}

static const struct fl_variant write_variants[] = {
	{ "flush-before-free", "6.12", "reclaim_flush=before-free", "lkmm",
	  FL_VIOLATES("lost-write"), "the store comes after the page was written" },
	{ "flush-before-free-tso", "6.12", "reclaim_flush=before-free", "tso",
	  FL_VIOLATES("lost-write"), NULL },
	{ "flush-before-free-sc", "6.12", "reclaim_flush=before-free", "sc",
	  FL_VIOLATES("lost-write"), NULL },
	{ "flush-after-free", "6.12", "reclaim_flush=after-free", "sc", FL_VIOLATES("stale-tlb"),
	  "the frame is free, and the translation still there" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, "as all kernels do" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.12-ipi", "6.12", "tlb_flush=ipi", "tso", FL_VERIFIED, NULL },
};

static const char *const write_policies[] = { "reclaim_flush", "unmap_flush", NULL };

FL_SCENARIO(reclaim_write, .name = "reclaim-write", .id = "reclaim order", .fixed = "72b252aed506",
	    .summary = "a store through an old translation, behind the write to swap",
	    .story = write_story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "reclaim", do_reclaim }, { "program", do_store } },
	    .policies = write_policies, .variants = write_variants,
	    .nr_variants = FL_ARRAY_SIZE(write_variants));
