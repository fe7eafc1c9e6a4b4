// SPDX-License-Identifier: MIT
/*
 * pae_gup_fast_unmap.c - A4a where reclaim is the one that takes a page's exclusiveness away.
 *
 * The protocol and its steps are at the top of lib/mm/rmap.h; reclaim's are in lib/mm/rmap_unmap.c (U1 to U7).
 */
#include "memory.h"

static const char story[] =
	"Reclaim takes a page out of the page table while GUP-fast, which takes no lock, pins it. "
	"Reclaim\n"
	"clears the entry (A1), looks for pins (A2), and clears PageAnonExclusive (A3); the entry "
	"refers to\n"
	"swap from then on. GUP-fast reads the entry (B1), pins (B3), and reads the entry again "
	"(B4).\n"
	"Without a full barrier on both sides each misses the other, and a page is pinned that may "
	"be\n"
	"shared: by a fork, which copies the swap entry.\n"
	"KSM flushes when it has cleared the entry, which is a full barrier on its side "
	"(pae-gup-fast).\n"
	"Reclaim puts the flush off, so here both barriers of 088b8aa537c2 count. The second pair, "
	"around\n"
	"the flag, does not: the old entry never comes back once the flag is clear.\n";

static const struct fl_variant variants[] = {
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VIOLATES("anon-exclusive"),
	  "no barrier on either side" },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VERIFIED, "088b8aa537c2" },
	{ "no-smp-mb-after-clear", "6.1", "pae_clear_barrier=none", "lkmm",
	  FL_VIOLATES("anon-exclusive"),
	  "pins are looked for (A2) before the entry is clear (A1): no flush is in between" },
	{ "no-smp-mb-after-pin", "6.1", "gup_pin_barrier=none", "lkmm",
	  FL_VIOLATES("anon-exclusive"),
	  "the entry is read again (B4) before the pin (B3) can be seen" },
	{ "no-second-pair", "6.1", "pae_restore_barrier=none,gup_unshare_barrier=none", "lkmm",
	  FL_VERIFIED, "the entry does not come back: A4b can't happen" },
	{ "flush-at-once", "6.1", "pae_clear_barrier=none,unmap_flush=at-once", "lkmm", FL_VERIFIED,
	  "a completed flush is a full barrier where it is done" },
	{ "flush-at-once-no-pin-barrier", "6.0", "unmap_flush=at-once", "lkmm",
	  FL_VIOLATES("anon-exclusive"), "and does nothing for the one who pins, if broadcast" },
	{ "ipi-flush-at-once", "6.0", "unmap_flush=at-once,tlb_flush=ipi", "lkmm", FL_VERIFIED,
	  "the walk with interrupts off holds the flush up" },
	{ "ipi-flush-deferred", "6.0", "tlb_flush=ipi", "lkmm", FL_VIOLATES("anon-exclusive"),
	  "a flush that comes later holds nobody up" },
	{ "6.0-ipi-ipi", "6.0", "tlb_flush=ipi,pgtable_free=ipi", "lkmm",
	  FL_VIOLATES("anon-exclusive"), "what page tables wait for makes no difference" },
	{ "6.0-broadcast-ipi", "6.0", "pgtable_free=ipi", "lkmm", FL_VIOLATES("anon-exclusive"),
	  NULL },
	{ "ipi-flush-at-once-ipi", "6.0", "unmap_flush=at-once,tlb_flush=ipi,pgtable_free=ipi",
	  "lkmm", FL_VERIFIED, NULL },
	{ "6.1-ipi-rcu", "6.1", "tlb_flush=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-ipi-ipi", "6.1", "tlb_flush=ipi,pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-broadcast-ipi", "6.1", "pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "plain-pte-clear", "6.0", "ptep_clear=plain", "tso", FL_VERIFIED,
	  "the lock of the swap slot, between A1 and A2, is a locked instruction" },
	{ "linux-6.0-tso", "6.0", NULL, "tso", FL_VERIFIED,
	  "clear and pin are locked instructions: x86 can't show it" },
	{ "linux-6.0-sc", "6.0", NULL, "sc", FL_VERIFIED, "interleaving alone breaks nothing" },
	{ "linux-6.1-tso", "6.1", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.1-sc", "6.1", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = {
	"pae_clear_barrier",   "pae_restore_barrier", "gup_pin_barrier",
	"gup_unshare_barrier", "ptep_clear",	      "unmap_flush",
	"tlb_flush",	       "pgtable_free",	      NULL,
};

FL_SCENARIO(pae_gup_fast_unmap, .name = "pae-gup-fast-unmap", .id = "A4a", .broken = "6c287605fd56",
	    .fixed = "088b8aa537c2",
	    .summary = "GUP-fast pins an anonymous page that reclaim unmaps at the same time",
	    .story = story, .since = "5.19",
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct one_page), .set_up = set_up_one_page,
	    .threads = { { "reclaim", do_reclaim }, { "gup-fast", do_gup_fast_only } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
