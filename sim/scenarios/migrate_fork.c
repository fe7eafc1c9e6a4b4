// SPDX-License-Identifier: MIT
/*
 * migrate_fork.c - B34: a process forks while one of its pages is on its way to another frame.
 *
 * The protocol and its steps are at the top of lib/mm/migrate.c.
 */
#include <faultline/migrate.h>

#include "memory.h"

static const char story[] =
	"While a page moves, a migration entry stands where it was mapped (M4). It says what the "
	"page\n"
	"was there, and M8 makes it so again: writable, exclusive, or just readable. fork that\n"
	"meets one gives a copy to the child, so from then on the page is shared: both entries\n"
	"must become readable ones, the parent's as well. Else M8 makes the page writable, or\n"
	"exclusive, in both: the next write copies nothing, and the child sees what the parent\n"
	"writes to its private memory.\n"
	"The same happens if M8 makes all anonymous pages exclusive: one that parent and child "
	"have\n"
	"shared for long then is taken for one's own by whoever writes first.\n";

struct world {
	struct one_page parent; /* written */
	struct fl_mm *child;
};

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_fork(&w->child, w->parent.mm);
}

static const struct fl_variant variants[] = {
	{ "fork-untouched", "6.12", "fork_migration=untouched", "sc", FL_VIOLATES("anon-exclusive"),
	  "a writable migration entry is copied as it is" },
	{ "restore-exclusive", "6.12", "migrate_restore=exclusive", "sc",
	  FL_VIOLATES("anon-exclusive"), "fork made the entries readable, M8 the page exclusive" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-5.19-sc", "5.19", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "fork_migration", "migrate_restore", "migrate_flush",
					NULL };

FL_SCENARIO(
	migrate_fork, .name = "migrate-fork", .id = "B34",
	.summary = "fork copies the entry of a page that is on its way to another frame",
	.story = story,
	.needs = { .cpus = 2, .mms = 2, .vmas = 1, .pages = 2, .migration = FL_MIGRATION_CALLS },
	.world = sizeof(struct world), .set_up = set_up_one_page,
	.threads = { { "migration", do_migrate }, { "fork", do_fork } }, .policies = policies,
	.variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
