// SPDX-License-Identifier: MIT
/*
 * thp_collapse.c - B17 and B18: khugepaged takes a page table away while GUP-fast is in it.
 *
 * The steps H are at the top of lib/mm/khugepaged.c, the steps B at the top of lib/mm/gup.c.
 */
#include <faultline/scenario.h>

static const char story_pin[] =
	"khugepaged makes a huge page of base pages. It clears the PMD (H4), makes sure that "
	"nobody\n"
	"has a reference to the pages but those who map them (H6), and copies them (H7). GUP-fast "
	"has\n"
	"read the PMD before. It takes a page (B3) after khugepaged looked, and reads the entry "
	"again\n"
	"(B4), which is as it was: entries go only when their page is copied. So the pin is on a "
	"page\n"
	"that nobody maps any more, and what the device writes is lost.\n"
	"Fixed by reading the PMD again, too. A flush that interrupts waits for GUP-fast, and\n"
	"hides it.\n";

static const char story_table[] =
	"khugepaged makes a huge page of base pages, and keeps the page table that it replaced, to "
	"split\n"
	"the PMD again one day. MADV_DONTNEED throws the huge page away, and the table with it, at "
	"once.\n"
	"GUP-fast has read the PMD before all of this, and is still in the table.\n"
	"Page tables that munmap frees wait for GUP-fast (for RCU, or an interrupt). This one did "
	"not,\n"
	"until khugepaged sent an interrupt to all CPUs (H5).\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr range; /* base pages: one, the rest is empty */
	size_t pages;
	struct fl_pin pin;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err;

	w->mm = mm;
	w->pages = fl_hpage_pages(fl_cpu_machine(cpu));
	err = fl_mmap(&w->range, mm, fl_page(cpu, 0, w->pages), w->pages, FL_READ | FL_WRITE,
		      FL_MAP_FIXED, NULL, 0);
	return err ? err : fl_store(cpu, w->range, 1);
}

static void do_collapse(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->range, w->pages, FL_MADV_COLLAPSE);
}

static void do_collapse_and_discard(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->range, w->pages, FL_MADV_COLLAPSE);
	fl_madvise(w->mm, w->range, w->pages, FL_MADV_DONTNEED);
}

static void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	/* Kept: the oracle looks at the page when all is over. */
	fl_pin_user_pages_fast(cpu, w->range, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &w->pin);
}

static void do_gup_fast_and_unpin(struct fl_cpu *cpu, void *world)
{
	const unsigned int flags = FL_GUP_WRITE | FL_GUP_FAST_ONLY;
	struct world *w = world;

	if (fl_pin_user_pages_fast(cpu, w->range, 1, flags, &w->pin) == 1)
		fl_unpin(cpu, &w->pin);
}

static const struct fl_variant variants_pin[] = {
	{ "linux-6.0-sc", "6.0", NULL, "sc", FL_VIOLATES("pin-coherence"),
	  "the PMD is not read again" },
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "the entry alone is read again" },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VERIFIED, "70cbc3cc78a9 and 2ba99c5e0881" },
	{ "linux-6.1-pte", "6.1", "gup_recheck=pte,collapse_sync=none", "lkmm",
	  FL_VIOLATES("pin-coherence"), "without both" },
	{ "recheck-alone", "6.1", "collapse_sync=none", "lkmm", FL_VERIFIED, "70cbc3cc78a9" },
	{ "no-smp-mb-after-pin", "6.1", "collapse_sync=none,gup_pin_barrier=none", "lkmm",
	  FL_VERIFIED, "all references are counted, and the first one is taken with full order" },
	{ "ipi-flush", "6.0", "tlb_flush=ipi", "lkmm", FL_VERIFIED,
	  "the flush of H4 waits for GUP-fast" },
	{ "linux-6.0-tso", "6.0", NULL, "tso", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-6.1-tso", "6.1", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.1-sc", "6.1", NULL, "sc", FL_VERIFIED, NULL },
};

static const struct fl_variant variants_table[] = {
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VIOLATES("use-after-free"), "nobody waits" },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VERIFIED, "2ba99c5e0881" },
	{ "recheck-alone", "6.1", "collapse_sync=none", "lkmm", FL_VIOLATES("use-after-free"),
	  "B17's fix looks at the entry again, in a table that is free" },
	{ "ipi-flush", "6.0", "tlb_flush=ipi", "lkmm", FL_VERIFIED,
	  "the flush of H4 waits for GUP-fast" },
	{ "linux-6.0-tso", "6.0", NULL, "tso", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.1-tso", "6.1", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.0-sc", "6.0", NULL, "sc", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.1-sc", "6.1", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "gup_recheck", "collapse_sync", "tlb_flush", NULL };

FL_SCENARIO(thp_collapse_pin, .name = "thp-collapse-pin", .id = "B17", .broken = "2667f50e8b81",
	    .fixed = "70cbc3cc78a9",
	    .summary = "GUP-fast pins a base page while khugepaged collapses it",
	    .story = story_pin,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .huge_pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "khugepaged", do_collapse }, { "gup-fast", do_gup_fast } },
	    .policies = policies, .variants = variants_pin,
	    .nr_variants = FL_ARRAY_SIZE(variants_pin));

FL_SCENARIO(thp_collapse_table, .name = "thp-collapse-table", .id = "B18", .broken = "2667f50e8b81",
	    .fixed = "2ba99c5e0881",
	    .summary = "GUP-fast is in a page table that khugepaged took away, and it is freed",
	    .story = story_table,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .huge_pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "khugepaged", do_collapse_and_discard },
			 { "gup-fast", do_gup_fast_and_unpin } },
	    .policies = policies, .variants = variants_table,
	    .nr_variants = FL_ARRAY_SIZE(variants_table));
