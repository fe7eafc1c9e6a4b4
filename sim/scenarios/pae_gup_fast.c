// SPDX-License-Identifier: MIT
/*
 * pae_gup_fast.c - A4a and A4b: a page is pinned and at the same time made shareable.
 *
 * The protocol and its steps are at the top of lib/mm/rmap.h.
 */
#include <faultline/scenario.h>

static const char story[] =
	"KSM takes a page's exclusiveness away while GUP-fast, which takes no lock, pins it.\n"
	"KSM clears the entry (A1), looks for pins (A2), clears PageAnonExclusive (A3) and\n"
	"restores the entry (A4); GUP-fast reads the entry (B1), pins (B3), reads the entry\n"
	"again (B4) and tests the flag (B5). The page is read-only and clean already, so A4\n"
	"puts back what B1 saw.\n"
	"A4a: A1 and A2 against B3 and B4. Without a full barrier on both sides each misses\n"
	"the other.\n"
	"A4b: A3 and A4 against B4 and B5. Without order on both sides GUP-fast sees the entry\n"
	"restored, and the flag still set.\n"
	"Either way a pinned page may be shared: the next write fault copies it, and the device\n"
	"goes on with the old page. A TLB flush helps only where it interrupts the CPU that is\n"
	"in GUP-fast.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr page; /* private, anonymous, read-only, clean, exclusive */
	struct fl_pin pin;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ);

	w->mm = mm;
	/* A debugger's write: leaves a page that the program can't write to, so it is clean. */
	if (!err)
		err = fl_poke(cpu, mm, w->page, 1);
	return err;
}

static void do_ksm(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_ksm_write_protect(cpu, w->mm, w->page);
}

static void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	/* Kept: the oracle looks at the page when all is over. */
	fl_pin_user_pages_fast(cpu, w->page, 1, 0, &w->pin);
}

static const struct fl_variant variants[] = {
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VIOLATES("anon-exclusive"),
	  "nothing against A4b; A4a is held up by the flush and by try_get_folio()" },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VERIFIED, "088b8aa537c2" },
	{ "no-smp-mb-after-pin", "6.1", "gup_pin_barrier=none,ksm_flush=none", "lkmm",
	  FL_VIOLATES("anon-exclusive"),
	  "A4a: the entry is read again (B4) before the pin (B3) can be seen" },
	{ "one-rmw-pin", "6.1", "gup_pin_rmw=one,gup_pin_barrier=none,ksm_flush=none", "lkmm",
	  FL_VERIFIED, "up to 5.13 the whole pin was one ordered operation: it needs no smp_mb()" },
	{ "no-smp-rmb-before-ae-test", "6.1", "gup_unshare_barrier=none", "lkmm",
	  FL_VIOLATES("anon-exclusive"), "A4b: the flag (B5) is read before the entry (B4)" },
	{ "no-smp-wmb-before-restore", "6.1", "pae_restore_barrier=none", "lkmm",
	  FL_VIOLATES("anon-exclusive"),
	  "A4b: the entry is back (A4) before the flag is off (A3)" },
	{ "no-smp-mb-after-clear", "6.1", "pae_clear_barrier=none,ksm_flush=none", "lkmm",
	  FL_VIOLATES("anon-exclusive"),
	  "A4a: pins are looked for (A2) before the entry is clear (A1)" },
	{ "flush-no-pin-barrier", "6.1", "gup_pin_barrier=none", "lkmm", FL_VERIFIED,
	  "with the flush, KSM's count of references sees try_get_folio()'s, which is ordered" },
	{ "barriers-without-flush", "6.1", "ksm_flush=none", "lkmm", FL_VERIFIED,
	  "the four barriers are enough: what 088b8aa537c2 is about" },
	{ "flush-instead-of-smp-mb", "6.1", "pae_clear_barrier=none", "lkmm", FL_VERIFIED,
	  "a completed flush is a full barrier where it is done" },
	{ "ipi-flush", "6.1",
	  "pae_clear_barrier=none,gup_pin_barrier=none,gup_unshare_barrier=none,tlb_flush=ipi",
	  "lkmm", FL_VERIFIED,
	  "the walk with interrupts off holds the flush up: what GUP-fast once relied on" },
	{ "broadcast-flush", "6.1",
	  "pae_clear_barrier=none,gup_pin_barrier=none,gup_unshare_barrier=none", "lkmm",
	  FL_VIOLATES("anon-exclusive"), "the same belief where a flush interrupts nobody" },
	{ "6.0-ipi-rcu", "6.0", "tlb_flush=ipi", "lkmm", FL_VIOLATES("anon-exclusive"),
	  "flushes interrupt, tables wait for RCU: nothing holds A3 and A4 in order" },
	{ "6.0-ipi-ipi", "6.0", "tlb_flush=ipi,pgtable_free=ipi", "lkmm",
	  FL_VIOLATES("anon-exclusive"),
	  "tables wait for interrupts as well: GUP-fast as it was before RCU" },
	{ "6.0-broadcast-ipi", "6.0", "pgtable_free=ipi", "lkmm", FL_VIOLATES("anon-exclusive"),
	  NULL },
	{ "6.1-ipi-rcu", "6.1", "tlb_flush=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-ipi-ipi", "6.1", "tlb_flush=ipi,pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-broadcast-ipi", "6.1", "pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "plain-pte-clear", "6.0", "ptep_clear=plain,ksm_flush=none", "tso",
	  FL_VIOLATES("anon-exclusive"), "A4a on x86, if no locked instruction cleared the entry" },
	{ "plain-pte-clear-fixed", "6.1", "ptep_clear=plain,ksm_flush=none", "tso", FL_VERIFIED,
	  "smp_mb() between A1 and A2" },
	{ "linux-6.0-tso", "6.0", NULL, "tso", FL_VERIFIED,
	  "clear and pin are locked instructions: x86 can't show it" },
	{ "linux-6.0-sc", "6.0", NULL, "sc", FL_VERIFIED, "interleaving alone breaks nothing" },
	{ "linux-6.1-tso", "6.1", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.1-sc", "6.1", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = {
	"pae_clear_barrier", "pae_restore_barrier",
	"gup_pin_barrier",   "gup_unshare_barrier",
	"gup_pin_rmw",	     "ptep_clear",
	"ksm_flush",	     "tlb_flush",
	"pgtable_free",	     NULL,
};

FL_SCENARIO(pae_gup_fast, .name = "pae-gup-fast", .id = "A4a,A4b", .broken = "6c287605fd56",
	    .fixed = "088b8aa537c2",
	    .summary = "GUP-fast pins an anonymous page that KSM makes shareable at the same time",
	    .story = story, .since = "5.19",
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 }, .world = sizeof(struct world),
	    .set_up = set_up, .threads = { { "ksm", do_ksm }, { "gup-fast", do_gup_fast } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
