// SPDX-License-Identifier: MIT
/*
 * swapin_reuse.c - A3: a page that comes back from swap is used as it is, though a child has a reference.
 *
 * The steps: lib/mm/swap_fault.c (S1 to S6).
 */
#include "memory.h"

static const char story[] =
	"A page is in swap when a process forks. The child reads it, which brings it back, puts a\n"
	"reference into a pipe (vmsplice), and unmaps it. The parent writes a secret: its fault "
	"brings the\n"
	"page in as well, from the swap cache, counts one user, its own swap entry, and maps the "
	"page\n"
	"writable. The child reads the secret from its pipe: CVE-2020-29374 by way of swap.\n"
	"09854ba94c6a (5.9) taught do_wp_page() to count references; do_swap_page() asked the old "
	"question\n"
	"until c145e0b47c77 (5.18). Since 1493a1913e34 (5.19) an entry also says that the page "
	"was\n"
	"exclusive; fork() takes that back.\n";

struct world {
	struct fl_pipe *pipe;
	fl_vaddr page;
};

/* The child, on CPU 1: a reference, and no mapping any more. */
static int splice(struct fl_cpu *cpu, struct fl_mm *child, struct world *w)
{
	long n;

	fl_switch_mm(cpu, child);
	n = fl_vmsplice(cpu, w->pipe, w->page, 1);
	if (n != 1)
		return n < 0 ? (int)n : -1;
	return fl_munmap(child, w->page, 1);
}

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_machine *m = fl_cpu_machine(cpu);
	struct world *w = world;
	struct fl_mm *child;
	uint64_t pfn;
	int err = map_written_beside(&w->page, cpu, mm);

	if (!err)
		err = fl_pipe_create(&w->pipe, m, 1);
	if (!err)
		err = find_frame(&pfn, mm, w->page);
	if (!err)
		err = fl_reclaim_page(cpu, pfn);
	if (!err)
		err = fl_fork(&child, mm);
	return err ? err : splice(fl_machine_cpu(m, 1), child, w);
}

static void do_write(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static void do_read(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_pipe_peek(&word, ((struct world *)world)->pipe, 0);
}

static const struct fl_variant variants[] = {
	{ "linux-5.12", "5.12", NULL, "lkmm", FL_VIOLATES("isolation"),
	  "one user: mappings and entries are counted" },
	{ "linux-5.12-tso", "5.12", NULL, "tso", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.12-sc", "5.12", NULL, "sc", FL_VIOLATES("isolation"), NULL },
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VIOLATES("isolation"), "as do_wp_page() did then" },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED,
	  "17839856fd58: a reference breaks COW, the child has a page of its own" },
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("isolation"), "09854ba94c6a forgot swap" },
	{ "linux-5.12-refcount", "5.12", "swap_exclusive=refcount", "lkmm", FL_VERIFIED,
	  "c145e0b47c77" },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED, "c145e0b47c77" },
	{ "linux-5.18-tso", "5.18", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-5.18-sc", "5.18", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VERIFIED, "1493a1913e34" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "always-exclusive", "6.12", "swap_exclusive=always", "sc", FL_VIOLATES("isolation"),
	  "who has the page back takes it for his own" },
};

static const char *const policies[] = { "swap_exclusive", "gup_cow_break", NULL };

FL_SCENARIO(swapin_reuse, .name = "swapin-reuse", .id = "A3a", .broken = "always",
	    .fixed = "c145e0b47c77",
	    .summary = "a child sees, through a pipe, what its parent writes to a page from swap",
	    .story = story,
	    .needs = { .cpus = 2, .mms = 2, .vmas = 2, .pages = 2, .swap_slots = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "parent", do_write }, { "child", do_read } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
