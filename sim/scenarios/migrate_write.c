// SPDX-License-Identifier: MIT
/*
 * migrate_write.c - a write through a reference, while the page is copied to another frame.
 *
 * Found by the model; docs/findings.md has what is known of it. The steps are at the top of lib/mm/migrate.c.
 */
#include "memory.h"

static const char story[] =
	"A page moves to another frame. When no entry maps it any more migration counts its "
	"references\n"
	"(M6): are there others, it gives up, for their owners may write. Else it copies the page "
	"(M7).\n"
	"Somebody took a reference before the entry was cleared, writes, and drops it, which is a "
	"full\n"
	"barrier. If M6 does not find the reference any more, M7 should copy what was written. But "
	"M6 is a\n"
	"plain load and a branch, which orders no later loads: M7 may have read words before M6. "
	"The copy\n"
	"lacks the write.\n"
	"Pages of files have their count frozen after the copy, a second look; anonymous pages "
	"that "
	"are not in\n"
	"the swap cache don't. Who takes the page lock when he has written (debuggers) is in order "
	"with all of\n"
	"the migration, and who has a pin since 6.1 with the look for pins, which has a barrier "
	"behind it.\n";

/* The writer has the page in its TLB. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return set_up_one_page(other_cpu(cpu, 1), mm, world);
}

/* Each writes through a reference that it has for a moment, and looks for what it wrote. */
static void do_reference(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;
	uint64_t word;

	if (!fl_write_by_reference(cpu, w->page, 7, FL_GUP_FAST_ONLY))
		fl_load(&word, cpu, w->page);
}

static void do_pin(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;
	struct fl_pin pin;
	uint64_t word;

	if (fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) != 1)
		return;
	fl_pin_store(&pin, 0, 7);
	fl_unpin(cpu, &pin);
	fl_load(&word, cpu, w->page);
}

static void do_poke(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;
	uint64_t word;

	if (!fl_poke(cpu, w->mm, w->page, 7))
		fl_load(&word, cpu, w->page);
}

static const struct fl_variant variants[] = {
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VIOLATES("lost-write"),
	  "nothing orders the copy (M7) behind the count (M6)" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, "x86 keeps loads in order" },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VIOLATES("lost-write"), NULL },
	{ "smp-rmb", "6.12", "migrate_count_barrier=smp_rmb", "lkmm", FL_VERIFIED,
	  "a load barrier between the two" },
	{ "smp-rmb-4.8", "4.8", "migrate_count_barrier=smp_rmb", "lkmm", FL_VERIFIED, NULL },
};

static const struct fl_variant pin_variants[] = {
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VIOLATES("lost-write"),
	  "the look for pins (A2) is a load before others, too" },
	{ "linux-6.0-tso", "6.0", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.0-sc", "6.0", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VERIFIED,
	  "088b8aa537c2: behind A2 comes a full barrier" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const struct fl_variant poke_variants[] = {
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, "set_page_dirty_lock()" },
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "migrate_count_barrier", "migrate_count",
					"pae_restore_barrier", NULL };

#define MIGRATE_WRITE(ident, the_name, the_fix, the_summary, the_thread, fn, the_variants)         \
	FL_SCENARIO(ident, .name = the_name, .id = "new", .broken = NULL, .fixed = the_fix,        \
		    .summary = the_summary, .story = story,                                        \
		    .needs = { .cpus = 2,                                                          \
			       .mms = 1,                                                           \
			       .vmas = 1,                                                          \
			       .pages = 1,                                                         \
			       .migration = FL_MIGRATION_CALLS },                                  \
		    .world = sizeof(struct one_page), .set_up = set_up,                            \
		    .threads = { { "migration", do_migrate }, { the_thread, fn } },                \
		    .policies = policies, .variants = the_variants,                                \
		    .nr_variants = FL_ARRAY_SIZE(the_variants))

MIGRATE_WRITE(migrate_write_ref, "migrate-write-ref", NULL,
	      "a write through a reference while the page moves to another frame", "reference",
	      do_reference, variants);
MIGRATE_WRITE(migrate_write_pin, "migrate-write-pin", "088b8aa537c2", "the same through a pin",
	      "pin", do_pin, pin_variants);
MIGRATE_WRITE(migrate_write_poke, "migrate-write-poke", NULL,
	      "the same by a debugger, who takes the page lock", "debugger", do_poke,
	      poke_variants);
