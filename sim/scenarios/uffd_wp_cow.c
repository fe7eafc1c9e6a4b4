// SPDX-License-Identifier: MIT
/*
 * uffd_wp_cow.c - A1b: the same loss, by way of userfaultfd's write-protection.
 *
 * The steps: lib/mm/uffd_wp.c, lib/mm/cow.c (C1 to C6), lib/mm/mmu_gather.h.
 */
#include "stale_store.h"

static const char story[] =
	"UFFDIO_WRITEPROTECT takes protection back from a page that never had any. Private memory\n"
	"gets the protection of a private mapping, which is read-only: the entry loses its write\n"
	"permission on the way, and the flush comes at the end. A store of another thread faults;\n"
	"the entry has no uffd-wp, so no handler is asked, and the page is copied, since it has "
	"one\n"
	"more reference. A third thread stores through its old translation, into the old page.\n"
	"6ce64428d620 (F4): under the page-table lock the fault asks whether a flush is pending "
	"for\n"
	"the mm, and flushes its address before it goes on. The count went up before the entry\n"
	"changed and goes down after the flush, so who sees the change sees the count.\n";

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_uffd_wp(cpu, mm, world);

	return err ? err : take_reference(cpu, world);
}

static void do_unprotect(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	fl_uffd_writeprotect(w->uffd, w->page, 1, false);
}

static const struct fl_variant variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("lost-write"), "F0" },
	{ "linux-5.9-tso", "5.9", NULL, "tso", FL_VIOLATES("lost-write"), NULL },
	{ "linux-5.9-sc", "5.9", NULL, "sc", FL_VIOLATES("lost-write"), NULL },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED, "reuse by mapcount hides the race" },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VIOLATES("lost-write"),
	  "29a951dfb3c3 was for clear_refs alone" },
	{ "linux-5.12", "5.12", NULL, "lkmm", FL_VERIFIED, "F4, 6ce64428d620" },
	{ "linux-5.12-tso", "5.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-5.12-sc", "5.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-5.12-ipi", "5.12", "tlb_flush=ipi", "tso", FL_VERIFIED, "x86: flushes interrupt" },
	{ "f1-mmap-write", "5.11", "uffd_wp_lock=mmap-write", "lkmm", FL_VERIFIED, "F1" },
	{ "f2-flush-under-ptl", "5.11", "protect_flush=per-ptl", "lkmm", FL_VERIFIED, "F2" },
	{ "f2-flush-per-entry", "5.11", "protect_flush=per-entry", "lkmm", FL_VERIFIED, NULL },
	{ "f3-copy-under-ptl", "5.11", "wp_copy=under-ptl", "lkmm", FL_VIOLATES("lost-write"),
	  "F3: wrong" },
	{ "f5-own-counter", "5.11", "wrprotect_sync=fault", "lkmm", FL_VERIFIED, "F5" },
	{ "f6-anon-exclusive", "5.11", "wp_reuse=anon-exclusive", "lkmm", FL_VERIFIED, "F6" },
	{ "pending-after-change", "5.12", "tlb_pending_inc=after-change", "sc",
	  FL_VIOLATES("lost-write"), "announced too late: the fault asks in between" },
	{ "pending-off-before-flush", "5.12", "tlb_pending_dec=before-flush", "sc",
	  FL_VIOLATES("lost-write"), "taken back too early" },
	{ "asked-before-ptl", "5.12", "wp_fault_flush=before-ptl", "lkmm",
	  FL_VIOLATES("lost-write"), "the count is read ahead of the entry that it is about" },
	{ "asked-before-ptl-tso", "5.12", "wp_fault_flush=before-ptl", "tso", FL_VERIFIED,
	  "the entry was read first, and x86 keeps loads in order: the lock is there for others" },
	{ "asked-before-ptl-sc", "5.12", "wp_fault_flush=before-ptl", "sc", FL_VERIFIED, NULL },
	{ "asked-after-copy", "5.12", "wp_fault_flush=after-copy", "sc", FL_VIOLATES("lost-write"),
	  "the store is in the old page by then" },
	{ "asked-if-writable", "5.12", "wp_fault_flush=if-writable", "sc",
	  FL_VIOLATES("lost-write"), "the entry is read-only, that is what the fault is about" },
	{ "asked-in-wrong-vmas", "5.12", "wp_fault_flush=wrong-flag", "sc",
	  FL_VIOLATES("lost-write"), "VMAs with userfaultfd-missing, not -wp" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = {
	"wp_fault_flush", "wp_reuse",	     "uffd_wp_lock",	"wp_copy", "wrprotect_sync",
	"protect_flush",  "tlb_pending_inc", "tlb_pending_dec", NULL,
};

FL_SCENARIO(uffd_wp_cow, .name = "uffd-wp-cow", .id = "A1b", .broken = "09854ba94c6a",
	    .fixed = "6ce64428d620",
	    .summary = "a store is lost when userfaultfd's flush is pending and a fault copies",
	    .story = story, .since = "5.7", .needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct stale_world), .set_up = set_up,
	    .threads = { { "unprotect", do_unprotect },
			 { "fault", do_store_beside },
			 { "stale-store", do_stale_store } },
	    .may_wait = FL_WAIT_UFFD, .policies = policies, .variants = variants,
	    .nr_variants = FL_ARRAY_SIZE(variants));
