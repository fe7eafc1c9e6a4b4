// SPDX-License-Identifier: MIT
/*
 * clear_refs_gup_fast.c - A1c with the fix: clear_refs looks for pins, and GUP-fast takes one after that.
 *
 * Found by the model; docs/findings.md has what is known of it.
 */
#include <errno.h>

#include <faultline/scenario.h>

static const char story[] =
	"9348b73c2e1b: clear_refs(4) leaves pages alone that may be pinned, since the next write\n"
	"fault would copy them away from their pin. It looks at the count of references, then\n"
	"takes the entry and write-protects it (D3), all under the page-table lock. GUP-fast "
	"needs\n"
	"no lock: between the look and D3 it finds the entry writable, pins the page, finds the\n"
	"entry unchanged, and is done. The entry becomes read-only after that, and the next store\n"
	"copies the page: device and program use two pages.\n"
	"fork has the same two steps and write_protect_seq around them (57efa1fe5957); clear_refs\n"
	"has nothing. Interleaving is all it takes. Since 5.19 the fault keeps an exclusive "
	"page.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr page; /* private, anonymous, written; VM_SOFTDIRTY is off */
	struct fl_pin pin;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_clear_refs(mm, FL_CLEAR_REFS_SOFT_DIRTY);
	/* By another CPU: this one's TLB has nothing, which is another bug (clear-refs-flush). */
	if (!err)
		err = fl_store(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->page, 1);
	/* Sets MMF_HAS_PINNED: it is not the first pin. */
	if (!err && fl_pin_user_pages(cpu, mm, w->page, 1, FL_GUP_WRITE, &w->pin) != 1)
		err = -EFAULT;
	if (!err)
		fl_unpin(cpu, &w->pin);
	return err;
}

static void do_track(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
	fl_store(cpu, w->page, 2);
}

static void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	/* Kept: the oracle looks at the page when all is over. The slow path would wait for clear_refs. */
	fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &w->pin);
}

static const struct fl_variant variants[] = {
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VIOLATES("pin-coherence"),
	  "9348b73c2e1b: the look for pins and D3 are two steps" },
	{ "linux-5.11-tso", "5.11", NULL, "tso", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.11-sc", "5.11", NULL, "sc", FL_VIOLATES("pin-coherence"),
	  "interleaving is all it takes" },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VIOLATES("pin-coherence"), NULL },
	{ "linux-5.18-sc", "5.18", NULL, "sc", FL_VIOLATES("pin-coherence"), NULL },
	{ "reuse-by-mapcount", "5.18", "wp_reuse=mapcount", "lkmm", FL_VERIFIED,
	  "it is the copy that parts them" },
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VERIFIED,
	  "PageAnonExclusive keeps the page in place" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "soft_dirty_pinned", "wp_reuse", NULL };

FL_SCENARIO(clear_refs_gup_fast, .name = "clear-refs-gup-fast", .id = "new",
	    .broken = "09854ba94c6a", .fixed = "6c287605fd56",
	    .summary = "clear_refs looks for pins, and GUP-fast takes one after that",
	    .story = story, .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "track", do_track }, { "gup-fast", do_gup_fast } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
