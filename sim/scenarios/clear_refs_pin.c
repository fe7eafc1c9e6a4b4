// SPDX-License-Identifier: MIT
/* clear_refs_pin.c - A1c: soft-dirty tracking parts a device from the memory that it was given. */
#include <faultline/scenario.h>

static const char story[] =
	"A buffer is registered: its page is pinned for writing, for as long as the device likes.\n"
	"clear_refs(4) makes the entry read-only. The next store faults, finds more than one\n"
	"reference, the pin, and copies the page. From then on device and program use two pages, "
	"and\n"
	"nobody is told. One thread is enough.\n"
	"9348b73c2e1b: clear_refs leaves pages alone that may be pinned, they stay soft-dirty. "
	"Since\n"
	"5.19 the fault keeps an exclusive page anyway.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr page;
	struct fl_buffer *buffer;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	/* By another CPU: this one's TLB has nothing, which is another bug (clear-refs-flush). */
	if (!err)
		err = fl_store(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->page, 1);
	if (!err)
		err = fl_buffer_register(&w->buffer, cpu, w->page, 1);
	return err;
}

static void do_track(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
	fl_store(cpu, w->page, 2);
}

static const struct fl_variant variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "the pin itself is the reference that makes the fault copy" },
	{ "linux-5.9-sc", "5.9", NULL, "sc", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.9-tso", "5.9", NULL, "tso", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED, "one mapping: no copy" },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VERIFIED, "9348b73c2e1b" },
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "no-skip-5.18", "5.18", "soft_dirty_pinned=clear", "lkmm", FL_VIOLATES("pin-coherence"),
	  "without the skip" },
	{ "no-skip-5.19", "5.19", "soft_dirty_pinned=clear", "lkmm", FL_VERIFIED,
	  "PageAnonExclusive keeps the page in place, with or without the skip" },
};

static const char *const policies[] = { "soft_dirty_pinned", "wp_reuse", NULL };

FL_SCENARIO(clear_refs_pin, .name = "clear-refs-pin", .id = "A1c", .broken = "09854ba94c6a",
	    .fixed = "9348b73c2e1b",
	    .summary = "clear_refs parts a registered buffer from its memory", .story = story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 }, .world = sizeof(struct world),
	    .set_up = set_up, .threads = { { "track", do_track } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
