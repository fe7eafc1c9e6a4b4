// SPDX-License-Identifier: MIT
/*
 * madv_free_io.c - B15: a page that MADV_FREE was for is dropped while somebody writes to it through a reference.
 *
 * The protocol and its steps (L1 to L3, D1 to D5) are at the top of lib/mm/rmap_unmap.c.
 */
#include <faultline/scenario.h>

struct world {
	struct fl_mm *mm;
	fl_vaddr page; /* MADV_FREE has been called for it, nobody has written to it since */
	uint64_t pfn;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	struct fl_pte_info pte;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_store(cpu, w->page, 1);
	if (!err)
		err = fl_madvise(mm, w->page, 1, FL_MADV_FREE);
	if (!err)
		err = fl_inspect_pte(&pte, mm, w->page);
	w->pfn = pte.pfn;
	return err;
}

static void do_reclaim(struct fl_cpu *cpu, void *world)
{
	fl_reclaim_page(cpu, ((struct world *)world)->pfn);
}

/* --- direct I/O --- */

static const char io_story[] =
	"The program has said that it does not need a page's content (MADV_FREE), and then reads a "
	"file into\n"
	"the page, past the page cache. GUP-fast takes the page (D1), a device writes to it (D3), "
	"and only then\n"
	"is the page dirty (D4). Reclaim, meanwhile, finds a clean entry and a clean page, and "
	"drops the mapping.\n"
	"The frame stays, since there is a reference, but the next load finds zeroes.\n"
	"6c8e2a256915 (5.18): reclaim clears the entry (L1) and then asks whether anybody has a "
	"reference\n"
	"(L2). A full barrier between the two, against D1 and D2: one of both sees the other. And "
	"a load barrier\n"
	"before it asks whether the page is dirty (L3): a reference that is gone has left the page "
	"dirty.\n";

static void do_io(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;
	uint64_t word;

	if (fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) != 1)
		return;
	fl_pin_store(&pin, 0, 7);
	fl_unpin_dirty(cpu, &pin);
	fl_load(&word, cpu, w->page);
}

static const struct fl_variant io_variants[] = {
	{ "linux-5.12", "5.12", NULL, "lkmm", FL_VIOLATES("lost-write"), "dirty is all it asks" },
	{ "linux-5.12-tso", "5.12", NULL, "tso", FL_VIOLATES("lost-write"), NULL },
	{ "linux-5.12-sc", "5.12", NULL, "sc", FL_VIOLATES("lost-write"), NULL },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED, "6c8e2a256915" },
	{ "linux-5.18-tso", "5.18", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-5.18-sc", "5.18", NULL, "sc", FL_VERIFIED, NULL },
	{ "no-smp-mb", "5.18", "madv_free_reclaim=no-smp-mb", "lkmm", FL_VIOLATES("lost-write"),
	  "references are counted (L2) before the entry is clear (L1)" },
	{ "no-smp-mb-tso", "5.18", "madv_free_reclaim=no-smp-mb", "tso", FL_VERIFIED,
	  "a locked instruction clears the entry" },
	{ "no-smp-mb-flush", "5.18", "madv_free_reclaim=no-smp-mb,unmap_flush=at-once", "lkmm",
	  FL_VERIFIED, "a completed flush is a full barrier" },
	{ "plain-pte-clear", "5.18", "madv_free_reclaim=no-smp-mb,ptep_clear=plain", "tso",
	  FL_VERIFIED, "the flush that is put off is noted by a locked instruction" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const io_policies[] = { "madv_free_reclaim", "unmap_flush", "ptep_clear", NULL };

FL_SCENARIO(madv_free_io, .name = "madv-free-io", .id = "B15", .broken = "802a3a92ad7a",
	    .fixed = "6c8e2a256915", .summary = "direct I/O reads into a page that reclaim drops",
	    .story = io_story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "reclaim", do_reclaim }, { "direct-io", do_io } },
	    .policies = io_policies, .variants = io_variants,
	    .nr_variants = FL_ARRAY_SIZE(io_variants));

/* --- a debugger, which marks the page dirty without its lock --- */

static const char poke_story[] =
	"As madv-free-io, but who writes is a debugger. It has a reference, writes, marks the page "
	"dirty (D4)\n"
	"and drops the reference (D5), without the page lock that reclaim has. Reclaim counts "
	"references (L2)\n"
	"and asks whether the page is dirty (L3). If L3 is read before L2 it may find the page "
	"clean, and then no\n"
	"reference: the word is lost. 6c8e2a256915 has a load barrier in between.\n";

static void do_poke(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	if (!fl_poke(cpu, w->mm, w->page, 7))
		fl_load(&word, cpu, w->page);
}

static const struct fl_variant poke_variants[] = {
	{ "linux-5.12", "5.12", NULL, "sc", FL_VIOLATES("lost-write"), "dirty is all it asks" },
	{ "no-smp-rmb", "5.18", "madv_free_reclaim=no-smp-rmb", "lkmm", FL_VIOLATES("lost-write"),
	  "dirty (L3) is read before references are counted (L2)" },
	{ "no-smp-rmb-tso", "5.18", "madv_free_reclaim=no-smp-rmb", "tso", FL_VERIFIED,
	  "x86 keeps loads in order" },
	{ "no-smp-rmb-sc", "5.18", "madv_free_reclaim=no-smp-rmb", "sc", FL_VERIFIED, NULL },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED, "6c8e2a256915" },
	{ "linux-5.18-tso", "5.18", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const poke_policies[] = { "madv_free_reclaim", NULL };

FL_SCENARIO(madv_free_poke, .name = "madv-free-poke", .id = "B15", .broken = "802a3a92ad7a",
	    .fixed = "6c8e2a256915", .summary = "a debugger writes to a page that reclaim drops",
	    .story = poke_story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "reclaim", do_reclaim }, { "debugger", do_poke } },
	    .policies = poke_policies, .variants = poke_variants,
	    .nr_variants = FL_ARRAY_SIZE(poke_variants));
