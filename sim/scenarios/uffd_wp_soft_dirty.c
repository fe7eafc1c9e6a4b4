// SPDX-License-Identifier: MIT
/* uffd_wp_soft_dirty.c - A2: userfaultfd gives an entry more than its VMA's default. */
#include <faultline/scenario.h>

static const char story[] =
	"Shared memory under soft-dirty tracking: after clear_refs(4) each first store has to "
	"fault,\n"
	"so the VMA's default protection is read-only. Registering the range with userfaultfd-wp "
	"and\n"
	"unregistering it again (from 6.0 on; or protecting and un-protecting) runs "
	"uffd_wp_range(), which "
	"took\n"
	"the protection from vm_flags, where the mapping is writable. The entry becomes writable, "
	"and\n"
	"the next store is not seen.\n"
	"931298e103c2: the VMA's vm_page_prot, and single entries writable where\n"
	"can_change_pte_writable() permits.\n";

struct world {
	struct fl_mm *mm;
	struct fl_uffd *uffd;
	fl_vaddr page; /* shared */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, NULL, 0);

	w->mm = mm;
	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	return err;
}

/* The five steps of the patch. */
static void do_unregister(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->page, 1);
	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
	fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
	fl_uffd_unregister(w->uffd, cpu, w->page, 1);
	fl_store(cpu, w->page, 2);
}

/* Its second way: the range stays registered. */
static void do_unprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->page, 1);
	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
	fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
	fl_uffd_writeprotect(w->uffd, w->page, 1, true);
	fl_uffd_writeprotect(w->uffd, w->page, 1, false);
	fl_store(cpu, w->page, 2);
}

#define WRITENOTIFY_ONLY "uffd_wp_prot=vm-flags,uffd_wp_upgrade=none"

/* From 6.1 on both ways end alike. */
/* clang-format off */
#define VARIANTS_FROM_6_1 \
	{ "linux-6.1", "6.1", NULL, "lkmm", FL_VIOLATES("missed-soft-dirty"), NULL }, \
	{ "linux-6.1-sc", "6.1", NULL, "sc", FL_VIOLATES("missed-soft-dirty"), NULL }, \
	{ "linux-6.1-tso", "6.1", NULL, "tso", FL_VIOLATES("missed-soft-dirty"), NULL }, \
	{ "writenotify-alone", "6.3", WRITENOTIFY_ONLY, "lkmm", FL_VIOLATES("missed-soft-dirty"), \
	  "51d3d5eb74ff without the patch" }, \
	{ "linux-6.3", "6.3", NULL, "lkmm", FL_VERIFIED, \
	  "931298e103c2, with the follow-up: no upgrade when protecting" }, \
	{ "upgrade-always", "6.3", "uffd_wp_upgrade=always", "lkmm", FL_VERIFIED, \
	  "the patch as first posted" }, \
	{ "upgrade-never", "6.3", "uffd_wp_upgrade=none", "lkmm", FL_VERIFIED, "only more faults" }, \
	{ "no-soft-dirty-check", "6.3", "change_writable=no-soft-dirty", "lkmm", \
	  FL_VIOLATES("missed-soft-dirty"), "can_change_pte_writable() ignores soft-dirty" }, \
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL }
/* clang-format on */

static const struct fl_variant unregister_variants[] = {
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VERIFIED,
	  "unregistering leaves the entries alone" },
	{ "linux-6.0", "6.0", NULL, "lkmm", FL_VIOLATES("missed-soft-dirty"), "f369b07c8614" },
	VARIANTS_FROM_6_1,
};

static const struct fl_variant protect_variants[] = {
	{ "linux-5.19", "5.19", NULL, "lkmm", FL_VIOLATES("missed-soft-dirty"), "b1f9e876862d" },
	VARIANTS_FROM_6_1,
};

static const char *const unregister_policies[] = {
	"uffd_wp_prot",
	"uffd_wp_upgrade",
	"uffd_wp_writenotify",
	"change_writable",
	"uffd_wp_memory",
	"uffd_unregister",
	NULL,
};

static const char *const protect_policies[] = {
	"uffd_wp_prot",	   "uffd_wp_upgrade", "uffd_wp_writenotify",
	"change_writable", "uffd_wp_memory",  NULL,
};

FL_SCENARIO(uffd_wp_soft_dirty, .name = "uffd-wp-soft-dirty", .id = "A2", .broken = "f369b07c8614",
	    .fixed = "931298e103c2",
	    .summary = "a store after leaving userfaultfd-wp is not soft-dirty", .story = story,
	    .since = "5.19", .needs = { .cpus = 1, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "unregister", do_unregister } }, .policies = unregister_policies,
	    .variants = unregister_variants, .nr_variants = FL_ARRAY_SIZE(unregister_variants));

FL_SCENARIO(uffd_wp_soft_dirty_2, .name = "uffd-wp-soft-dirty-protect", .id = "A2",
	    .broken = "b1f9e876862d", .fixed = "931298e103c2",
	    .summary = "a store after taking userfaultfd-wp back is not soft-dirty", .story = story,
	    .since = "5.19", .needs = { .cpus = 1, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "unprotect", do_unprotect } }, .policies = protect_policies,
	    .variants = protect_variants, .nr_variants = FL_ARRAY_SIZE(protect_variants));
