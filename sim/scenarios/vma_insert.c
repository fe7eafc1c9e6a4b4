// SPDX-License-Identifier: MIT
/* vma_insert.c - A5d: a fault uses a VMA that mmap() has put into the tree and goes on to change. */
#include <faultline/file.h>
#include <faultline/scenario.h>

static const char story[] =
	"mmap() puts a new VMA into the tree and then goes on with it: a shared mapping of a file\n"
	"that wants to hear of writes loses write permission in vm_page_prot. In 6.4 nothing kept\n"
	"faults under the VMA's lock out until mmap() was done. A load in between maps the file's\n"
	"page writable, and a store then goes past the file: its page is never marked dirty.\n"
	"In 6.4 itself such faults still took mmap_lock, so this came to nothing; since 6.6 they "
	"do\n"
	"not. 33313a747e81: a new VMA is write-locked before it is in the tree.\n";

struct world {
	struct fl_mm *mm;
	struct fl_file *file;
	fl_vaddr page;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	w->page = fl_page(cpu, 0, 1);
	return fl_file_create(&w->file, fl_cpu_machine(cpu), FL_FILE_REGULAR, 1, 0);
}

static void do_mmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr addr;

	(void)cpu;
	fl_mmap(&addr, w->mm, w->page, 1, FL_READ | FL_WRITE, FL_MAP_SHARED | FL_MAP_FIXED, w->file,
		0);
}

static void do_use(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	if (!fl_load(&word, cpu, w->page))
		fl_store(cpu, w->page, 1);
}

static const struct fl_variant variants[] = {
	{ "not-locked", "6.12", "insert_vma_lock=none", "sc", FL_VIOLATES("missed-dirty"),
	  "6.12 without the fix" },
	{ "not-locked-tso", "6.12", "insert_vma_lock=none", "tso", FL_VIOLATES("missed-dirty"),
	  NULL },
	{ "not-locked-lkmm", "6.12", "insert_vma_lock=none", "lkmm", FL_VIOLATES("missed-dirty"),
	  NULL },
	{ "not-locked-6.15", "6.15", "insert_vma_lock=none", "sc", FL_VIOLATES("missed-dirty"),
	  NULL },
	{ "linux-6.4", "6.4", NULL, "sc", FL_VERIFIED, "faults of files take mmap_lock" },
	{ "linux-6.12", "6.12", NULL, "sc", FL_VERIFIED, "33313a747e81" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12-lkmm", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "insert_vma_lock", "vma_lock_files", NULL };

FL_SCENARIO(vma_insert, .name = "vma-insert", .id = "A5d2", .broken = "5e31275cc997",
	    .fixed = "33313a747e81", .summary = "a fault uses a VMA that mmap() is not done with",
	    .story = story, .since = "6.4", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "mmap", do_mmap }, { "use", do_use } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
