// SPDX-License-Identifier: MIT
/* gup_read_uffd_wp.c - what 5.8's "GUP breaks COW" did to userfaultfd: why it went again. */
#include <faultline/scenario.h>

static const char story[] =
	"A userfaultfd handler write-protects a page and then reads it, by a call that takes a\n"
	"reference: to save it, say. In 5.8 taking a reference counts as a write, since the page\n"
	"might be shared. So the read faults, is reported to the handler as a write to a "
	"protected\n"
	"page, and waits for the handler: for itself.\n"
	"a308c71bf1e6 (5.9) takes the rule back.\n";

struct world {
	struct fl_uffd *uffd;
	fl_vaddr page;
	struct fl_pipe *pipe;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	if (!err)
		err = fl_pipe_create(&w->pipe, fl_cpu_machine(cpu), 1);
	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	if (!err)
		err = fl_store(cpu, w->page, 1);
	if (!err)
		err = fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
	return err;
}

static void do_save(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_writeprotect(w->uffd, w->page, 1, true);
	fl_vmsplice(cpu, w->pipe, w->page, 1);
}

static const struct fl_variant variants[] = {
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VIOLATES("deadlock"), "17839856fd58" },
	{ "linux-5.8-sc", "5.8", NULL, "sc", FL_VIOLATES("deadlock"), NULL },
	{ "linux-5.8-tso", "5.8", NULL, "tso", FL_VIOLATES("deadlock"), NULL },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VERIFIED, "a308c71bf1e6" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "gup_cow_break", "gup_unshare", NULL };

FL_SCENARIO(gup_read_uffd_wp, .name = "gup-read-uffd-wp", .id = "A3", .broken = "17839856fd58",
	    .fixed = "a308c71bf1e6",
	    .summary = "a handler that reads a page it protected waits for itself", .story = story,
	    .since = "5.7", .needs = { .cpus = 1, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up, .threads = { { "handler", do_save } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
