// SPDX-License-Identifier: MIT
/*
 * madv_free_io.c - B15: a page that MADV_FREE was for is dropped while somebody writes to it through a reference.
 *
 * The protocol and its steps (A1, L2, L3 and B3 to B8) are at the top of lib/mm/rmap_unmap.c.
 */
#include "memory.h"

/* MADV_FREE has been called for the page, nobody has written to it since. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct one_page *w = world;
	int err = set_up_one_page(cpu, mm, w);

	return err ? err : fl_madvise(mm, w->page, 1, FL_MADV_FREE);
}

/* --- direct I/O --- */

static const char io_story[] =
	"The program has said that it does not need a page's content (MADV_FREE), and then reads a "
	"file into\n"
	"the page, past the page cache. GUP-fast takes the page (B3), a device writes to it, "
	"and only then\n"
	"is the page dirty (B7). Reclaim, meanwhile, finds a clean entry and a clean page, and "
	"drops the mapping.\n"
	"The frame stays, since there is a reference, but the next load finds zeroes. So it is "
	"since there is\n"
	"MADV_FREE (4.5); 4.12 (802a3a92ad7a) dropped such pages in another way, and asked no "
	"more.\n"
	"6c8e2a256915 (5.18): reclaim clears the entry (A1) and then asks whether anybody has a "
	"reference\n"
	"(L2). A full barrier between the two, against B3 and B4: one of both sees the other. And "
	"a load barrier\n"
	"before it asks whether the page is dirty (L3): a reference that is gone has left the page "
	"dirty.\n";

static void do_io(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;
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

FL_SCENARIO(madv_free_io, .name = "madv-free-io", .id = "B15", .broken = "854e9ed09ded",
	    .fixed = "6c8e2a256915", .summary = "direct I/O reads into a page that reclaim drops",
	    .story = io_story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct one_page), .set_up = set_up,
	    .threads = { { "reclaim", do_reclaim }, { "direct-io", do_io } },
	    .policies = io_policies, .variants = io_variants,
	    .nr_variants = FL_ARRAY_SIZE(io_variants));

/* --- somebody who marks the page dirty without its lock --- */

static const char poke_story[] =
	"As madv-free-io, but who writes has a plain reference: it writes, marks the page "
	"dirty (B7)\n"
	"and drops the reference, without the page lock that reclaim has. Reclaim counts "
	"references (L2)\n"
	"and asks whether the page is dirty (L3). If L3 is read before L2 it may find the page "
	"clean, and then no\n"
	"reference: the word is lost. 6c8e2a256915 has a load barrier in between.\n";

static void do_poke(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;
	uint64_t word;

	if (!fl_write_by_reference(cpu, w->page, 7, FL_GUP_FAST_ONLY))
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

FL_SCENARIO(madv_free_poke, .name = "madv-free-poke", .id = "B15", .broken = "854e9ed09ded",
	    .fixed = "6c8e2a256915",
	    .summary = "a write through a reference to a page that reclaim drops",
	    .story = poke_story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct one_page), .set_up = set_up,
	    .threads = { { "reclaim", do_reclaim }, { "reference", do_poke } },
	    .policies = poke_policies, .variants = poke_variants,
	    .nr_variants = FL_ARRAY_SIZE(poke_variants));
