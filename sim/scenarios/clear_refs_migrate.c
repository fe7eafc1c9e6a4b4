// SPDX-License-Identifier: MIT
/*
 * clear_refs_migrate.c - soft-dirty is cleared while the page moves to another frame.
 *
 * Found by the model; docs/findings.md has what is known of it.
 */
#include "memory.h"

static const char story[] =
	"A page moves to another frame. Where it was mapped there is a migration entry meanwhile, "
	"which says\n"
	"what the old entry permitted (M4). clear_refs(4) meets it: it takes the soft-dirty bit, "
	"and "
	"leaves the\n"
	"entry a writable one (D3). When the page is back its entry is made from that (M8): "
	"writable, and\n"
	"not soft-dirty. The next store does not fault, so nobody sets the bit, and a checkpoint "
	"that "
	"copies what\n"
	"is soft-dirty misses it.\n"
	"mprotect() makes such an entry a readable one. Interleaving is all it takes.\n";

static void do_track(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;

	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
	fl_store(cpu, w->page, 2);
}

static const struct fl_variant variants[] = {
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VIOLATES("missed-soft-dirty"),
	  "the migration entry stays writable" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VIOLATES("missed-soft-dirty"), NULL },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VIOLATES("missed-soft-dirty"), NULL },
	{ "linux-4.8-sc", "4.8", NULL, "sc", FL_VIOLATES("missed-soft-dirty"), NULL },
	{ "wrprotect", "6.12", "soft_dirty_migration=wrprotect", "lkmm", FL_VERIFIED,
	  "as mprotect() does: a readable one" },
	{ "wrprotect-tso", "6.12", "soft_dirty_migration=wrprotect", "tso", FL_VERIFIED, NULL },
	{ "wrprotect-sc", "6.12", "soft_dirty_migration=wrprotect", "sc", FL_VERIFIED, NULL },
	{ "wrprotect-4.8", "4.8", "soft_dirty_migration=wrprotect", "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "soft_dirty_migration", NULL };

FL_SCENARIO(
	clear_refs_migrate, .name = "clear-refs-migrate", .id = "new", .broken = NULL,
	.fixed = NULL, .summary = "soft-dirty is cleared while the page moves to another frame",
	.story = story,
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .migration = FL_MIGRATION_CALLS },
	.world = sizeof(struct one_page), .set_up = set_up_one_page,
	.threads = { { "migration", do_migrate }, { "track", do_track } }, .policies = policies,
	.variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
