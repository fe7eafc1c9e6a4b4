// SPDX-License-Identifier: MIT
/*
 * reclaim_pin.c - A3b by way of swap: reclaim unmaps a page that a device was given, and a write copies it away from there.
 *
 * The steps: lib/mm/vmscan.c (V1 to V9), lib/mm/swap_fault.c (S1 to S6).
 */
#include "memory.h"

static const char story[] =
	"A buffer is registered: its page is pinned for writing. Reclaim cannot free the page, but "
	"it gives\n"
	"it a slot in swap and unmaps it before it finds that out. The program reads the page, "
	"which brings\n"
	"it back read-only, and writes to it: the fault finds more than one reference, the pin, "
	"and "
	"copies\n"
	"the page. From then on device and program use two pages. One thread is enough.\n"
	"feb889fb40fa (5.11): a page that may be pinned gets no slot. Since 5.19 a page that was\n"
	"exclusive when it was unmapped comes back as such, and stays where it is.\n";

struct world {
	struct one_page one;
	struct fl_buffer *buffer;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_one_page(cpu, mm, world);

	return err ? err : fl_buffer_register(&w->buffer, cpu, w->one.page, 1);
}

static void do_reclaim_and_write(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	do_reclaim(cpu, world);
	fl_load(&word, cpu, w->one.page);
	fl_store(cpu, w->one.page, 2);
}

static const struct fl_variant variants[] = {
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED, "one mapping: no copy" },
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("pin-coherence"), "09854ba94c6a" },
	{ "linux-5.9-tso", "5.9", NULL, "tso", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.9-sc", "5.9", NULL, "sc", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VERIFIED, "feb889fb40fa" },
	{ "take-5.18", "5.18", "swap_pinned=take", "lkmm", FL_VIOLATES("pin-coherence"),
	  "without that" },
	{ "take-5.19", "5.19", "swap_pinned=take", "lkmm", FL_VERIFIED,
	  "1493a1913e34: an exclusive page comes back as one" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "swap_pinned", "wp_reuse", "swap_exclusive", NULL };

FL_SCENARIO(reclaim_pin, .name = "reclaim-pin", .id = "A3b", .broken = "09854ba94c6a",
	    .fixed = "feb889fb40fa",
	    .summary = "a pinned page goes to swap and comes back read-only, and a write copies it",
	    .story = story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "program", do_reclaim_and_write } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
