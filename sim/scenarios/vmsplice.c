// SPDX-License-Identifier: MIT
/* vmsplice.c - A3a: a reference that is no mapping, and whose page a write fault may use. */
#include "memory.h"

static const char story[] =
	"A page is shared by fork. One process puts a reference to it into a pipe (vmsplice) and\n"
	"unmaps it. The other one writes a secret: the fault counts one mapping and uses the page "
	"as\n"
	"it is. The first process reads the secret from its pipe. No privilege is needed, and "
	"there\n"
	"is no hurry.\n"
	"17839856fd58 (5.8) breaks COW before a reference is taken. 09854ba94c6a (5.9) asks for "
	"one\n"
	"reference instead of one mapping; PageAnonExclusive (5.19) asks who may share it.\n";

struct world {
	struct fl_mm *parent, *child;
	struct fl_pipe *pipe;
	fl_vaddr page;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_machine *m = fl_cpu_machine(cpu);
	struct world *w = world;
	int err = map_written_beside(&w->page, cpu, mm);

	w->parent = mm;
	if (!err)
		err = fl_pipe_create(&w->pipe, m, 1);
	if (!err)
		err = fl_fork(&w->child, mm);
	if (!err)
		fl_switch_mm(fl_machine_cpu(m, 1), w->child);
	return err;
}

static void take_and_unmap(struct fl_cpu *cpu, struct world *w, struct fl_mm *mm)
{
	fl_vmsplice(cpu, w->pipe, w->page, 1);
	fl_munmap(mm, w->page, 1);
}

static void parent_writes(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->page, 7);
}

static void child_reads(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	take_and_unmap(cpu, w, w->child);
	fl_pipe_peek(&word, w->pipe, 0);
}

static void parent_reads(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	take_and_unmap(cpu, w, w->parent);
	fl_pipe_peek(&word, w->pipe, 0);
}

static void child_writes(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->page, 7);
}

static const struct fl_variant variants[] = {
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VIOLATES("isolation"), "one mapping is one owner" },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.7-tso", "5.7", NULL, "tso", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.7-sc", "5.7", NULL, "sc", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED,
	  "17839856fd58: the reference is to a copy" },
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VERIFIED, "09854ba94c6a: two references, a copy" },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED, "53a05ad9f21d" },
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VERIFIED, "6c287605fd56" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "wp_reuse", "gup_cow_break", NULL };

FL_SCENARIO(vmsplice_child, .name = "vmsplice-child", .id = "A3a", .cve = "CVE-2020-29374",
	    .broken = "always", .fixed = "17839856fd58, 09854ba94c6a",
	    .summary = "a child reads what its parent writes, from a pipe", .story = story,
	    .needs = { .cpus = 2, .mms = 2, .vmas = 1, .pages = 1 }, .world = sizeof(struct world),
	    .set_up = set_up, .threads = { { "parent", parent_writes }, { "child", child_reads } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));

FL_SCENARIO(vmsplice_parent, .name = "vmsplice-parent", .id = "A3a", .cve = "CVE-2020-29374",
	    .broken = "always", .fixed = "17839856fd58, 09854ba94c6a",
	    .summary = "a parent reads what its child writes, from a pipe", .story = story,
	    .needs = { .cpus = 2, .mms = 2, .vmas = 1, .pages = 1 }, .world = sizeof(struct world),
	    .set_up = set_up, .threads = { { "parent", parent_reads }, { "child", child_writes } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
