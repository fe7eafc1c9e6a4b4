// SPDX-License-Identifier: MIT
/*
 * pae_gup_fast_migrate.c - A4 where a page moves: it is pinned, and at the same time on its way to another frame.
 *
 * The protocol and its steps are at the top of lib/mm/migrate.c and lib/mm/rmap.h.
 */
#include <faultline/migrate.h>

#include "memory.h"

static const char story[] =
	"A page moves to another frame while GUP-fast, which takes no lock, pins it for a device.\n"
	"Migration clears the entry (A1), looks for pins (A2), takes the page's exclusiveness "
	"away\n"
	"(A3) and leaves a migration entry (M4); GUP-fast reads the entry (B1), pins (B3) and\n"
	"reads the entry again (B4), which is none by now, or a migration entry: only the first "
	"pair\n"
	"of barriers matters here, A1 and A2 against B3 and B4. If both miss each other the "
	"device\n"
	"goes on with the old frame, and the program with the new one.\n"
	"A2 has a second: when nothing maps the page any more, migration counts all its "
	"references\n"
	"(M6), after a flush, which is a full barrier. GUP-fast takes its reference by a fully\n"
	"ordered operation; it is the rest of the pin, which A2 looks for, that needs the barrier\n"
	"behind it. So 6.0 without its barriers holds. The count alone decided up to 5.18, too, "
	"when\n"
	"nobody asked for pins. Asked early, before the entry is cleared, it is worth nothing.\n";

/* Read-only and clean. A dirty entry would make migration mark the page, a locked operation. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct one_page *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ);

	/* A debugger's write. */
	if (!err)
		err = fl_poke(cpu, mm, w->page, 1);
	return err ? err : find_frame(&w->pfn, mm, w->page);
}

static const struct fl_variant variants[] = {
	{ "count-early-6.0", "6.0", "migrate_count=early", "lkmm", FL_VIOLATES("pin-coherence"),
	  "pins alone are looked for (A2): the flush is a barrier for A1, the pin (B3) has none" },
	{ "count-early-6.1", "6.1", "migrate_count=early", "lkmm", FL_VERIFIED,
	  "088b8aa537c2: smp_mb() behind the pin, and before A2" },
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VERIFIED,
	  "6c287605fd56 has no barriers, but all references are counted (M6) after a flush" },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED,
	  "the flush comes after all entries (7e12beb8ca2a): A2 has its barrier alone" },
	{ "no-smp-mb-after-clear", "6.12", "migrate_count=early,pae_clear_barrier=none", "lkmm",
	  FL_VIOLATES("pin-coherence"),
	  "without a flush at the entry pins are looked for (A2) before it is clear (A1)" },
	{ "no-smp-mb-after-pin", "6.12", "migrate_count=early,gup_pin_barrier=none", "lkmm",
	  FL_VIOLATES("pin-coherence"),
	  "the entry is read again (B4) before the pin (B3) can be seen" },
	{ "barriers-instead-of-count", "6.12", "migrate_count=early", "lkmm", FL_VERIFIED,
	  "the barriers are enough for pins; not for plain references" },
	{ "count-instead-of-barriers", "6.12", "pae_clear_barrier=none,gup_pin_barrier=none",
	  "lkmm", FL_VERIFIED, "and the count after the flush is enough without them" },
	{ "no-flush", "6.12", "migrate_flush=none,pae_clear_barrier=none,gup_pin_barrier=none",
	  "lkmm", FL_VERIFIED,
	  "the entry's mapping and reference go before the count, each by a full barrier" },
	{ "ipi-flush", "6.0", "migrate_count=early,tlb_flush=ipi", "lkmm", FL_VERIFIED,
	  "the walk with interrupts off holds the flush up: what GUP-fast once relied on" },
	{ "count-early-ipi-ipi", "6.0", "migrate_count=early,tlb_flush=ipi,pgtable_free=ipi",
	  "lkmm", FL_VERIFIED, NULL },
	{ "count-early-broadcast-ipi", "6.0", "migrate_count=early,pgtable_free=ipi", "lkmm",
	  FL_VIOLATES("pin-coherence"), "what page tables wait for makes no difference" },
	{ "6.0-ipi-rcu", "6.0", "tlb_flush=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.0-ipi-ipi", "6.0", "tlb_flush=ipi,pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.0-broadcast-ipi", "6.0", "pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-ipi-rcu", "6.1", "tlb_flush=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-ipi-ipi", "6.1", "tlb_flush=ipi,pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "6.1-broadcast-ipi", "6.1", "pgtable_free=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED, "nobody asks for pins: the count does" },
	{ "linux-5.18-count-early", "5.18", "migrate_count=early", "sc",
	  FL_VIOLATES("pin-coherence"), "a pin after the look: interleaving is enough" },
	{ "linux-6.12-count-early-sc", "6.12", "migrate_count=early", "sc", FL_VERIFIED,
	  "A2 is behind the clear: since 5.19 pins are safe even so" },
	{ "plain-pte-clear", "6.12",
	  "ptep_clear=plain,migrate_count=early,migrate_flush=none,pae_clear_barrier=none", "tso",
	  FL_VIOLATES("pin-coherence"), "on x86, if no locked instruction cleared the entry" },
	{ "plain-pte-clear-fixed", "6.12",
	  "ptep_clear=plain,migrate_count=early,migrate_flush=none", "tso", FL_VERIFIED,
	  "smp_mb() between A1 and A2" },
	{ "linux-6.0-tso", "6.0", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.0-sc", "6.0", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = {
	"pae_clear_barrier", "gup_pin_barrier", "gup_pin_rmw",	"ptep_clear", "migrate_count",
	"migrate_flush",     "tlb_flush",	"pgtable_free", NULL,
};

FL_SCENARIO(
	pae_gup_fast_migrate, .name = "pae-gup-fast-migrate", .id = "A4a", .broken = NULL,
	.fixed = NULL,
	.summary = "GUP-fast pins an anonymous page that moves to another frame meanwhile",
	.story = story,
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .migration = FL_MIGRATION_CALLS },
	.world = sizeof(struct one_page), .set_up = set_up,
	.threads = { { "migration", do_migrate }, { "gup-fast", do_gup_fast_only } },
	.policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
