// SPDX-License-Identifier: MIT
/*
 * ro_pin.c - A3: read-only pins of pages that are shared, or were: which eras keep them, and the race
 * of a design that was not merged.
 */
#include "memory.h"

static const char story_write[] =
	"A page is shared with a child. The parent gives it to a device that only reads, and then\n"
	"writes to it: the fault copies the page, the device goes on reading the old one.\n"
	"Before 5.19 nothing but a writable pin helped. a7f226604170: such a pin first gives the\n"
	"parent a page of its own (unshare).\n";

static const char story_two[] =
	"A design that kept mapcount: a long-term read-only pin of a page with more than one "
	"mapping\n"
	"first gets a page of its own. Two threads pin the same page while the child that shares "
	"it\n"
	"exits. The first one finds two mappings and is on its way to unshare; then the child is\n"
	"gone, the second one finds one mapping and pins the page as it is; then the first one\n"
	"replaces it.\n"
	"13b65d69e404 of that tree asks again when the entry is clear.\n";

struct world {
	struct fl_mm *parent, *child;
	fl_vaddr page;
	struct fl_pin pin[2];
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_written_beside(&w->page, cpu, mm);

	w->parent = mm;
	if (!err)
		err = fl_fork(&w->child, mm);
	return err;
}

static void do_pin_and_write(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_LONGTERM, &w->pin[0]);
	fl_store(cpu, w->page, 2);
}

static void do_pin_0(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_pin_user_pages(cpu, w->parent, w->page, 1, FL_GUP_LONGTERM, &w->pin[0]);
}

static void do_pin_1(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_pin_user_pages(cpu, w->parent, w->page, 1, FL_GUP_LONGTERM, &w->pin[1]);
}

static void do_exit(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	/* As far as the page is concerned. */
	fl_madvise(w->child, w->page, 1, FL_MADV_DONTNEED);
}

static const struct fl_variant write_variants[] = {
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED, "every reference breaks COW" },
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.18-tso", "5.18", NULL, "tso", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.18-sc", "5.18", NULL, "sc", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VERIFIED, "a7f226604170" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

#define MAPCOUNT "wp_reuse=mapcount,fork_pinned=check,"

static const struct fl_variant two_variants[] = {
	{ "mapcount", "5.9", MAPCOUNT "gup_unshare=mapcount", "sc", FL_VIOLATES("pin-coherence"),
	  "the alternative design" },
	{ "mapcount-recheck", "5.9", MAPCOUNT "gup_unshare=mapcount-recheck", "sc", FL_VERIFIED,
	  "13b65d69e404: asked again under the lock, the entry clear" },
	{ "linux-5.19", "5.19", NULL, "sc", FL_VERIFIED, "PageAnonExclusive" },
	{ "linux-5.19-tso", "5.19", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "wp_reuse", "gup_unshare", "gup_cow_break", NULL };

FL_SCENARIO(ro_pin_write, .name = "ro-pin-write", .id = "A3", .broken = "always",
	    .fixed = "a7f226604170",
	    .summary = "a read-only pin of a shared page is left behind by the next write",
	    .story = story_write, .needs = { .cpus = 1, .mms = 2, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "pin-write", do_pin_and_write } }, .policies = policies,
	    .variants = write_variants, .nr_variants = FL_ARRAY_SIZE(write_variants));

FL_SCENARIO(two_ro_pins, .name = "two-ro-pins", .id = "A3", .broken = "a downstream tree",
	    .fixed = "13b65d69e404 of that tree",
	    .summary = "two read-only pins of a page whose other owner exits", .story = story_two,
	    .since = "5.19", .needs = { .cpus = 3, .mms = 2, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "pin", do_pin_0 }, { "pin-too", do_pin_1 }, { "exit", do_exit } },
	    .policies = policies, .variants = two_variants,
	    .nr_variants = FL_ARRAY_SIZE(two_variants));
