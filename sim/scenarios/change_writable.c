// SPDX-License-Identifier: MIT
/*
 * change_writable.c - A2, the rest of its table: what can_change_pte_writable() must look at, and what
 * breaks without each look.
 */
#include <faultline/scenario.h>

static const char story[] =
	"mprotect() gives write permission back. To spare write faults it makes single entries\n"
	"writable at once, where can_change_pte_writable() permits: not if userfaultfd waits for "
	"the\n"
	"write, not if a private page may be shared, not if a file system has to hear of the "
	"first\n"
	"write to a shared page.\n";

struct world {
	struct fl_mm *mm, *child;
	struct fl_uffd *uffd;
	struct fl_file *file;
	fl_vaddr page;
};

static void protect_and_back(struct world *w)
{
	fl_mprotect(w->mm, w->page, 1, FL_READ);
	fl_mprotect(w->mm, w->page, 1, FL_READ | FL_WRITE);
}

/* --- userfaultfd --- */

static int set_up_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	if (!err)
		err = fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
	if (!err)
		err = fl_store(cpu, w->page, 1);
	return err;
}

static void do_uffd(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_writeprotect(w->uffd, w->page, 1, true);
	protect_and_back(w);
	fl_store(cpu, w->page, 2);
}

/* --- a page that a child shares --- */

static int set_up_shared(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_store(cpu, w->page, 1);
	if (!err)
		err = fl_fork(&w->child, mm);
	return err;
}

/* The parent, and then the child on the same CPU. */
static void do_shared(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	protect_and_back(w);
	fl_store(cpu, w->page, 7);
	fl_switch_mm(cpu, w->child);
	fl_load(&word, cpu, w->page);
}

/* --- a clean page of a file --- */

static int set_up_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	uint64_t word;
	int err = fl_file_create(&w->file, fl_cpu_machine(cpu), FL_FILE_REGULAR, 1, 0);

	w->mm = mm;
	if (!err)
		err = fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, w->file, 0);
	if (!err)
		err = fl_load(&word, cpu, w->page);
	return err;
}

static void do_file(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	protect_and_back(w);
	fl_store(cpu, w->page, 2);
}

static const char *const policies[] = { "change_writable", "mprotect_upgrade", NULL };

static const struct fl_variant uffd_variants[] = {
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "no-uffd-wp-check", "6.12", "change_writable=no-uffd-wp", "lkmm",
	  FL_VIOLATES("missed-wp"), "the protected entry becomes writable" },
};

static const struct fl_variant shared_variants[] = {
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "no-exclusive-check", "6.12", "change_writable=no-anon-exclusive", "lkmm",
	  FL_VIOLATES("isolation"), "the shared page becomes writable" },
};

static const struct fl_variant file_variants[] = {
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "no-dirty-check", "6.12", "change_writable=no-dirty", "lkmm", FL_VIOLATES("missed-dirty"),
	  "the clean page becomes writable, the file system hears of no write" },
};

FL_SCENARIO(change_writable_uffd, .name = "change-writable-uffd", .id = "A2",
	    .summary = "mprotect() makes a page writable that userfaultfd protects", .story = story,
	    .since = "6.0", .needs = { .cpus = 1, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up_uffd,
	    .threads = { { "protect", do_uffd } }, .may_wait = FL_WAIT_UFFD, .policies = policies,
	    .variants = uffd_variants, .nr_variants = FL_ARRAY_SIZE(uffd_variants));

FL_SCENARIO(change_writable_shared, .name = "change-writable-shared", .id = "A2",
	    .summary = "mprotect() makes a page writable that a child shares", .story = story,
	    .since = "6.0", .needs = { .cpus = 1, .mms = 2, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up_shared,
	    .threads = { { "parent-child", do_shared } }, .policies = policies,
	    .variants = shared_variants, .nr_variants = FL_ARRAY_SIZE(shared_variants));

FL_SCENARIO(change_writable_file, .name = "change-writable-file", .id = "A2",
	    .summary = "mprotect() makes a page writable that its file has clean", .story = story,
	    .since = "6.0", .needs = { .cpus = 1, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up_file,
	    .threads = { { "protect", do_file } }, .policies = policies, .variants = file_variants,
	    .nr_variants = FL_ARRAY_SIZE(file_variants));
