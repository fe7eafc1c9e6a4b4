// SPDX-License-Identifier: MIT
/*
 * thp_vmsplice.c - A3: the attack of CVE-2020-29374 on a huge page, which worked until 5.18.
 *
 * vmsplice.c has it for base pages.
 */
#include <errno.h>

#include "memory.h"

static const char story[] =
	"A child takes a reference to a huge page that it shares with its parent, by vmsplice, "
	"and\n"
	"unmaps it. The parent writes a secret. Base pages have been copied here since 5.9, "
	"because of\n"
	"the reference. Huge pages were judged by their mappings up to 5.17: the parent's is the "
	"only\n"
	"one, so the page is used as it is, and the child reads the secret from its pipe.\n"
	"Fixed by one rule for both (3bff7e3f1f16).\n";

struct world {
	struct fl_mm *child;
	struct fl_pipe *pipe;
	fl_vaddr huge;
	size_t pages;
};

/* The child's part of it comes first. */
static int take_and_unmap(struct fl_cpu *cpu, struct world *w)
{
	fl_switch_mm(cpu, w->child);
	if (fl_vmsplice(cpu, w->pipe, w->huge, 1) != 1)
		return -ENOMEM;
	return fl_munmap(w->child, w->huge, w->pages);
}

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_huge_written(&w->huge, cpu, mm);

	w->pages = fl_hpage_pages(fl_cpu_machine(cpu));
	if (!err)
		err = fl_fork(&w->child, mm);
	if (!err)
		err = fl_pipe_create(&w->pipe, fl_cpu_machine(cpu), 1);
	if (!err)
		err = take_and_unmap(other_cpu(cpu, 1), w);
	return err;
}

static void do_parent(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->huge, 42);
}

static void do_child(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_pipe_peek(&word, w->pipe, 0);
}

static const struct fl_variant variants[] = {
	{ "linux-5.12", "5.12", NULL, "lkmm", FL_VIOLATES("isolation"),
	  "mappings, not references, of huge pages" },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VIOLATES("isolation"), "the same for base pages" },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED, "3bff7e3f1f16" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-5.12-tso", "5.12", NULL, "tso", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.12-sc", "5.12", NULL, "sc", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.18-sc", "5.18", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "wp_reuse", "gup_cow_break", NULL };

FL_SCENARIO(thp_vmsplice, .name = "thp-vmsplice", .id = "A3", .cve = "CVE-2020-29374",
	    .broken = "2.6.38", .fixed = "3bff7e3f1f16",
	    .summary = "a child reads through a pipe what its parent writes to a huge page",
	    .story = story,
	    .needs = { .cpus = 2, .mms = 2, .vmas = 1, .pages = 2, .huge_pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "parent", do_parent }, { "child", do_child } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
