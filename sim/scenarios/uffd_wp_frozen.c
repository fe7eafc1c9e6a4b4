// SPDX-License-Identifier: MIT
/*
 * uffd_wp_frozen.c - the question that closes the thread on F5: can a protected page change before
 * the protect call returns?
 */
#include "stale_store.h"

static const char story[] =
	"UFFDIO_WRITEPROTECT protects a page and flushes at the end. In between another thread's\n"
	"store faults on the protected entry and becomes a message. The handler reads the "
	"message,\n"
	"takes the page for frozen, and copies it. A third thread, whose translation is older, "
	"still\n"
	"stores to it: what the handler has is not what the page is.\n"
	"Whoever waits for the call to return sees none of this; a message can come earlier. With "
	"F5\n"
	"in the write fault alone the answer is yes, it can change. If handle_userfault() flushes\n"
	"too before the handler can hear of it, no.\n";

static void do_protect(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	fl_uffd_writeprotect(w->uffd, w->page, 1, true);
}

static void do_handle(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;
	struct fl_uffd_msg msg;
	uint64_t copy;

	if (!fl_uffd_read(&msg, w->uffd))
		fl_load(&copy, cpu, w->page);
}

static const struct fl_variant variants[] = {
	{ "f5-fault-only", "5.11", "wrprotect_sync=fault", "sc", FL_VIOLATES("missed-wp"),
	  "the write fault asks, handle_userfault() does not" },
	{ "f5-fault-and-uffd", "5.11", "wrprotect_sync=fault-and-uffd", "sc", FL_VERIFIED,
	  "handle_userfault() flushes the address before it posts the message" },
	{ "linux-5.12", "5.12", NULL, "sc", FL_VIOLATES("missed-wp"),
	  "6ce64428d620 comes behind handle_userfault(): no promise before the call returns" },
	{ "f2-flush-under-ptl", "5.12", "protect_flush=per-ptl", "sc", FL_VERIFIED,
	  "F2 answers this one, too" },
	{ "f2-flush-under-ptl-tso", "5.12", "protect_flush=per-ptl", "tso", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "wrprotect_sync", "protect_flush", "wp_fault_flush", NULL };

FL_SCENARIO(uffd_wp_frozen, .name = "uffd-wp-frozen", .id = "A1b", .broken = "292924b26024",
	    .summary = "a protected page changes while its handler copies it", .story = story,
	    .since = "5.7", .needs = { .cpus = 4, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct stale_world), .set_up = set_up_uffd_wp,
	    .threads = { { "protect", do_protect },
			 { "fault", do_store_beside },
			 { "stale-store", do_stale_store },
			 { "handler", do_handle } },
	    .may_wait = FL_WAIT_UFFD, .policies = policies, .variants = variants,
	    .nr_variants = FL_ARRAY_SIZE(variants));
