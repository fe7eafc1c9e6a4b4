// SPDX-License-Identifier: MIT
/*
 * vma_lock_seq.c - A5a: a fault trusts a VMA that its writer has not finished changing.
 *
 * The protocol and its steps are at the top of lib/mm/vma_lock.c.
 */
#include "memory.h"

static const char story[] =
	"One store to mm_lock_seq (A5) opens all VMAs of the mm to faults again. While that\n"
	"store can overtake the changes before it (A4), or a fault can read the VMA (B4) ahead of\n"
	"its own look at mm_lock_seq (B3), the fault finds the VMA open and its flags old: a "
	"range\n"
	"is registered with userfaultfd, and the handler never hears of the fault.\n"
	"The fix gives the store a release and the load an acquire. It also marks the store of\n"
	"vm_lock_seq (A2), which readers meet without a lock: a back-port to 6.4 has to do that\n"
	"in vma_try_start_write() too, which newer kernels do not have.\n";

struct world {
	struct fl_uffd *uffd;
	fl_vaddr range; /* two pages of one private anonymous VMA */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_written(&w->range, cpu, mm, 2);

	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	return err;
}

static void do_register(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_register(w->uffd, cpu, w->range, 2, FL_UFFD_MISSING);
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	/* The whole fault path hangs on this line. */
	fl_store(cpu, fl_page(cpu, w->range, 1), 1);
}

static const struct fl_variant variants[] = {
	{ "linux-6.4", "6.4", NULL, "lkmm", FL_VIOLATES("vma-torn"),
	  "neither release nor acquire" },
	{ "linux-6.5", "6.5", NULL, "lkmm", FL_VERIFIED, "b1f02b95758d; also 6.4.8" },
	{ "no-release", "6.5", "vma_unlock_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "the unlock (A5) overtakes the new flags (A4)" },
	{ "no-acquire", "6.5", "vma_check_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "the flags (B4) are read ahead of the look at mm_lock_seq (B3)" },
	{ "plain-mark", "6.5", "vma_mark=plain", "lkmm", FL_VIOLATES("data-race"),
	  "the mark (A2) is a plain store, the early check reads it without a lock" },
	{ "backport-hazard", "6.5", "vma_try_mark=plain,vma_mark_function=try-start-write", "lkmm",
	  FL_VIOLATES("data-race"), "the fix without vma_try_start_write(), which 6.4 still has" },
	{ "linux-6.14", "6.14", NULL, "lkmm", FL_VERIFIED, "a sequence counter" },
	{ "6.14-no-wmb", "6.14", "vma_unlock_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "the counter's end without its barrier" },
	{ "linux-6.15", "6.15", NULL, "lkmm", FL_VERIFIED, "a reference count" },
	{ "no-acquire-inc", "6.15", "vma_inc_order=relaxed", "lkmm", FL_VIOLATES("vma-torn"),
	  "A5f: the numbers (B2, B3) are read ahead of the increment (D1)" },
	{ "no-second-look", "6.5", "vma_checks=no-sequence", "sc", FL_VIOLATES("vma-torn"),
	  "a reader trusts its early check: the mark (A2) can have come in between" },
	{ "no-second-look-6.15", "6.15", "vma_checks=no-sequence", "sc", FL_VIOLATES("vma-torn"),
	  "the same with a reference count" },
	{ "mark-outside", "6.5", "vma_mark_place=outside", "sc", FL_VIOLATES("vma-torn"),
	  "the gate is open again (A3) before the mark is there (A2)" },
	{ "mark-outside-6.15", "6.15", "vma_mark_place=outside", "sc", FL_VIOLATES("vma-torn"),
	  "the same with a reference count" },
	{ "relaxed-wait", "6.15", "vma_wait_order=relaxed", "lkmm", FL_VIOLATES("data-race"),
	  "as 6.15 has it: a control dependency (C2) does not hold plain stores back, by the "
	  "letter" },
	{ "no-acquire-inc-tso", "6.15", "vma_inc_order=relaxed", "tso", FL_VERIFIED, NULL },
	{ "no-acquire-inc-sc", "6.15", "vma_inc_order=relaxed", "sc", FL_VERIFIED, NULL },
	{ "linux-6.4-tso", "6.4", NULL, "tso", FL_VERIFIED,
	  "x86 keeps stores in order, and loads: the bug can't show" },
	{ "linux-6.4-sc", "6.4", NULL, "sc", FL_VERIFIED, "interleaving alone breaks nothing" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.5-sc", "6.5", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = {
	"vma_lock",
	"vma_unlock_order",
	"vma_check_order",
	"vma_mark",
	"vma_try_mark",
	"vma_early_check",
	"vma_mark_function",
	"mm_lock_seq",
	"vma_inc_order",
	"vma_wait_order",
	"vma_checks",
	"vma_mark_place",
	NULL,
};

FL_SCENARIO(vma_lock_seq, .name = "vma-lock-seq", .id = "A5a,A5f", .broken = "5e31275cc997",
	    .fixed = "b1f02b95758d",
	    .summary = "a fault trusts a VMA that its writer has not finished changing",
	    .story = story, .since = "6.4", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "register", do_register }, { "fault", do_fault } },
	    /* A fault that waits for its handler is the good ending. */
	    .may_wait = FL_WAIT_UFFD, .policies = policies, .variants = variants,
	    .nr_variants = FL_ARRAY_SIZE(variants));
