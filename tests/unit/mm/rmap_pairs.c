// SPDX-License-Identifier: MIT
/*
 * rmap_pairs.c - a walk from a page to its places while the last of these goes, and its anon_vma becomes another one
 * (lib/mm/rmap_walk.c, anon_vma.c). As pairs.c, with calls from inside, for those of reclaim and migration have
 * too much around the walk.
 *
 * The page is a child's, so its anon_vma has a root that is not itself; used again, it is its own root. So
 * who walks after all that has one anon_vma's lock and looks at another one, and gives back a lock that he has not.
 */
#include "pair.h"

#include "mm/mm.h"
#include "mm/rmap_walk.h"

/* A page of the child's own, with a reference and locked, as a walk wants it; and memory that nobody touched yet. */
static int set_up_childs_page(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_machine *m = fl_cpu_machine(cpu);
	struct world *w = world;
	int err = set_up_written(cpu, mm, world);

	if (!err)
		err = fl_mmap(&w->other, mm, fl_page(cpu, w->page, 4), 1, FL_READ | FL_WRITE,
			      FL_MAP_FIXED_NOREPLACE, NULL, 0);
	if (!err)
		err = fork_to_cpu1(cpu, mm, w);
	if (!err)
		err = fl_store(fl_machine_cpu(m, 1), w->page, 2);
	w->mm = w->child;
	if (!err)
		err = find_frame(w);
	if (err)
		return err;
	get_page(pfn_to_page(m, w->pfn));
	lock_page(pfn_to_page(m, w->pfn));
	return 0;
}

/* --- the walk --- */

static bool look(struct fl_machine *m, struct page *page, struct vm_area_struct *vma, fl_vaddr addr,
		 void *arg)
{
	struct page_vma_mapped_walk pvmw = { .page = page, .vma = vma, .address = addr };

	(void)arg;
	if (page_vma_mapped_walk(m, &pvmw))
		page_vma_mapped_walk_done(&pvmw);
	return true;
}

/* As reclaim does. */
static void do_walk(struct fl_cpu *cpu, void *world)
{
	const struct rmap_walk_control rwc = { .rmap_one = look };
	struct fl_machine *m = fl_cpu_machine(cpu);

	rmap_walk(m, pfn_to_page(m, ((struct world *)world)->pfn), &rwc);
}

/* As migration does. */
static void do_get_and_walk(struct fl_cpu *cpu, void *world)
{
	const struct rmap_walk_control rwc = { .rmap_one = look, .anon_vma_held = true };
	struct fl_machine *m = fl_cpu_machine(cpu);
	struct page *page = pfn_to_page(m, ((struct world *)world)->pfn);
	struct anon_vma *anon_vma = page_get_anon_vma(m, page);

	if (!anon_vma)
		return;
	rmap_walk(m, page, &rwc);
	put_anon_vma(m, anon_vma);
}

/* --- who takes the page, and makes another anon_vma --- */

static void do_unmap_and_touch(struct fl_cpu *cpu, void *world)
{
	do_unmap(cpu, world);
	fl_store(cpu, ((struct world *)world)->other, 5);
}

/* Who has the lock for a moment, as fork does: the walk has to wait for it. */
static void do_lock_unmap_and_touch(struct fl_cpu *cpu, void *world)
{
	struct fl_machine *m = fl_cpu_machine(cpu);
	struct page *page = pfn_to_page(m, ((struct world *)world)->pfn);
	struct anon_vma *anon_vma = READ_ONCE(page->mapping);

	anon_vma_lock_write(anon_vma);
	anon_vma_unlock_write(anon_vma);
	do_unmap_and_touch(cpu, world);
}

/* --- */

/*
 * Under tso what is locked comes from the load of the root, as it does by W3's address dependency. The engine knows one
 * such load for an object, that of page->mapping, so under lkmm W4 would seem to come before it.
 */
static const struct pair pairs[] = {
	{ "a walk", set_up_childs_page, { do_walk, do_unmap_and_touch }, .model = "tso" },
	{ "a walk with a reference", set_up_childs_page, { do_get_and_walk, do_unmap_and_touch } },
	{ "a walk that has to wait",
	  set_up_childs_page,
	  { do_walk, do_lock_unmap_and_touch },
	  .model = "tso" },
};

/* No policy has to do with it. */
static const char *const releases[] = { "6.12", NULL };

START_TEST(a_walk_meets_an_anon_vma_that_goes)
{
	static const struct pair_table table = {
		.releases = releases, .vmas = 2, .pages = 3, .migration = FL_MIGRATION_CALLS
	};

	verify_pair(&table, &pairs[_i]);
}
END_TEST

int main(void)
{
	const struct pair_test tests[] = {
		{ a_walk_meets_an_anon_vma_that_goes, FL_ARRAY_SIZE(pairs) },
		{ NULL, 0 },
	};

	return pairs_main("mm.rmap_pairs", tests);
}
