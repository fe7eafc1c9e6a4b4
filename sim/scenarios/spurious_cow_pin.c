// SPDX-License-Identifier: MIT
/* spurious_cow_pin.c - A3b: a copy that nobody needs takes a page away from a device. */
#include <errno.h>

#include "memory.h"

static const char story[] =
	"A page of one process alone is pinned for a device. mprotect() makes its entry read-only\n"
	"and writable again; the entry stays read-only until the next store. That store finds "
	"more\n"
	"than one reference: the pin's own, or one that anybody takes for a moment without "
	"knowing\n"
	"whose page it is. So it copies, and the device keeps the old page. A fault can't tell "
	"such\n"
	"references from a sharer's.\n"
	"6c287605fd56: an exclusive page is used as it is, whoever else has a reference.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr page;
	uint64_t pfn;
	struct fl_pin pin;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_written(&w->page, cpu, mm, 1);

	w->mm = mm;
	if (!err && fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE, &w->pin) != 1)
		err = -EFAULT;
	w->pfn = w->pin.pfn;
	return err;
}

static void do_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->page, 1, FL_READ);
	fl_mprotect(w->mm, w->page, 1, FL_READ | FL_WRITE);
	fl_store(cpu, w->page, 2);
}

static void do_speculate(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (!fl_page_try_get(fl_cpu_machine(cpu), w->pfn))
		fl_page_put(fl_cpu_machine(cpu), w->pfn);
}

static const struct fl_variant variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("pin-coherence"), "09854ba94c6a" },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "53a05ad9f21d knows the swap cache's and the LRU's references, not the pin's" },
	{ "linux-5.18-tso", "5.18", NULL, "tso", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.18-sc", "5.18", NULL, "sc", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED, "one mapping, whatever the references" },
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VERIFIED, "6c287605fd56" },
	{ "linux-5.19-sc", "5.19", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "wp_reuse", "mprotect_upgrade", NULL };

FL_SCENARIO(spurious_cow_pin, .name = "spurious-cow-pin", .id = "A3b", .broken = "09854ba94c6a",
	    .fixed = "6c287605fd56",
	    .summary = "a copy that nobody needs parts a pin from the memory it is for",
	    .story = story, .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "protect", do_protect }, { "speculate", do_speculate } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
