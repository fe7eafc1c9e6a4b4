// SPDX-License-Identifier: MIT
/*
 * cow.c - tests lib/mm/cow.c: use the page that is there, or copy it? Read-only entries are made
 * by KSM's write protection, or by fork; references by hand. Then the rules of the four eras: each step
 * of a rule, and the attacks that they differ in. uffd-wp is tested with userfaultfd.
 */
#include "../world.h"

#include <errno.h>
#include <sched.h>

#include "mm/lru.h"

static fl_vaddr a;
static struct page *page; /* behind it: written to, then write-protected, no longer exclusive */

static void set_up(void)
{
	make_world("6.1", NULL);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 8, 2), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	page = page_of(a);
	ck_assert(!pte_write(entry_of(a)) && !PageAnonExclusive(page));
}

START_TEST(the_only_reference_is_reused)
{
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(pte_write(entry_of(a)) && pte_dirty(entry_of(a)) && PageAnonExclusive(page));
	ck_assert_uint_eq(load(cpu1, a), 3);
	ck_assert_uint_eq(load(cpu1, a + 8), 2);
	ck_assert(!PageLocked(page));
}
END_TEST

START_TEST(an_exclusive_page_is_reused_whoever_else_has_it)
{
	SetPageAnonExclusive(page);
	page_ref_add(page, 1);
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_eq(page_of(a), page);
	put_page(machine, page);
}
END_TEST

START_TEST(a_page_that_somebody_else_has_is_copied)
{
	uint64_t frames = fl_machine_free_frames(machine);

	ck_assert_uint_eq(load(cpu1, a), 1);
	page_ref_add(page, 1);
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_ne(page_of(a), page);
	ck_assert(PageAnonExclusive(page_of(a)) && pte_write(entry_of(a)));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(page_mapcount(page), 0);
	ck_assert_int_eq(page_mapcount(page_of(a)), 1);
	/* the whole page came along; the old one is as it was; no TLB has the old one */
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
	ck_assert_uint_eq(load(cpu1, a), 3);
	ck_assert_uint_eq(frame_words(machine, page_to_pfn(page))[0], 1);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	put_page(machine, page);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

START_TEST(a_locked_page_is_copied)
{
	ck_assert(trylock_page(page));
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_ne(page_of(a), page);
}
END_TEST

static vm_fault_t unshare(void)
{
	vm_fault_t fault;

	mmap_read_lock(mm);
	fault = handle_mm_fault(vma_lookup(mm, a), a, FAULT_FLAG_UNSHARE);
	mmap_read_unlock(mm);
	return fault;
}

START_TEST(unsharing_the_only_reference_makes_it_exclusive_and_no_more)
{
	pte_t before = entry_of(a);

	ck_assert_uint_eq(unshare(), 0);
	ck_assert(PageAnonExclusive(page));
	ck_assert_uint_eq(entry_of(a), before);
}
END_TEST

START_TEST(unsharing_a_shared_page_copies_it_read_only)
{
	page_ref_add(page, 1);
	ck_assert_uint_eq(unshare(), 0);
	ck_assert_ptr_ne(page_of(a), page);
	ck_assert(PageAnonExclusive(page_of(a)));
	ck_assert(!pte_write(entry_of(a)) && !pte_dirty(entry_of(a)));
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
	put_page(machine, page);
}
END_TEST

START_TEST(without_a_frame_nothing_changes)
{
	struct page *taken[16];
	int n = 0;

	page_ref_add(page, 1);
	while ((taken[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(fl_store(cpu0, a, 3), -ENOMEM);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_uint_eq(load(cpu0, a), 1);
	while (n > 0)
		put_page(machine, taken[--n]);
	put_page(machine, page);
}
END_TEST

/* --- each step of each rule --- */

static struct fl_mm *child;

static void fork_and_forget(void)
{
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	fl_mm_destroy(child);
}

/* A world with one page, not exclusive, that is new to the LRU's batch, or of three. */
static void make_era(const char *kernel, const char *set, unsigned int lru_batch)
{
	struct fl_machine_config config = { .cpus = 2, .lru_batch = lru_batch };

	fl_machine_config_small(&config);
	make_world_with(&config, kernel, set);
	a = map(1, FL_READ | FL_WRITE);
}

enum { MAPCOUNT, REFCOUNT, REFCOUNT_LRU, ANON_EXCLUSIVE, NR_ERAS };
static const char *const eras[NR_ERAS] = { "5.7", "5.9", "5.18", "5.19" };

static const struct step {
	const char *what;
	unsigned int references; /* somebody else's */
	bool swapcache, ksm, locked, shared;
	int batch; /* whose LRU batch has it; 0: nobody's */
	bool reuse[NR_ERAS];
} steps[] = {
	{ "alone", .reuse = { 1, 1, 1, 1 } },
	{ "a reference", .references = 1, .reuse = { 1, 0, 0, 0 } },
	{ "three references", .references = 3, .reuse = { 1, 0, 0, 0 } },
	{ "a second mapping", .shared = true, .reuse = { 0, 0, 0, 0 } },
	{ "the page lock", .locked = true, .reuse = { 0, 0, 0, 0 } }, /* mapcount waits: below */
	{ "the swap cache", .swapcache = true, .reuse = { 1, 0, 1, 1 } },
	{ "both", .swapcache = true, .references = 1, .reuse = { 1, 0, 0, 0 } },
	{ "KSM, alone", .ksm = true, .reuse = { 1, 0, 0, 0 } },
	{ "KSM, a reference", .ksm = true, .references = 1, .reuse = { 0, 0, 0, 0 } },
	{ "KSM, swap cache", .ksm = true, .swapcache = true, .reuse = { 0, 0, 0, 0 } },
	{ "own LRU batch", .batch = 1, .reuse = { 1, 0, 1, 1 } },
	{ "another LRU batch", .batch = 2, .reuse = { 1, 0, 0, 0 } },
	{ "own LRU batch, swap cache", .batch = 1, .swapcache = true, .reuse = { 1, 0, 1, 1 } },
	{ "own LRU batch, reference", .batch = 1, .references = 1, .reuse = { 1, 0, 0, 0 } },
};
#define NR_STEPS ((int)(sizeof(steps) / sizeof(steps[0])))

static void touch(struct fl_cpu *cpu, void *arg)
{
	(void)arg;
	fl_store(cpu, a, 1);
}

/* Also empties the LRU batch of the CPU that does it. */
static void unmap_child(struct fl_cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	if (fl_munmap(child, a, 1))
		abort();
}

static void prepare(const struct step *step)
{
	struct call call;

	if (step->batch == 2) {
		begin_on(&call, cpu1, touch, NULL);
		end_on(&call);
	} else {
		ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	}
	page = page_of(a);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	if (!step->shared) { /* fl_mm_destroy() would empty all batches */
		if (step->batch == 1) {
			begin_on(&call, cpu1, unmap_child, NULL);
			end_on(&call);
		} else {
			unmap_child(cpu0, NULL);
		}
		if (step->batch)
			ck_assert_int_eq(page_count(page), 2);
	}
	if (step->references)
		page_ref_add(page, (int)step->references);
	if (step->swapcache)
		ck_assert_int_eq(fl_swapcache_add(machine, page_to_pfn(page)), 0);
	if (step->ksm)
		set_bit(PG_ksm, &page->flags);
	if (step->locked)
		ck_assert(trylock_page(page));
}

static void one_step(const struct step *step, int era)
{
	struct fl_counters *counters;

	if (step->locked && era == MAPCOUNT)
		return;
	make_era(eras[era], NULL, step->batch ? 3 : FL_LRU_NO_BATCH);
	counters = &cpu0->counters;
	prepare(step);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_msg((page_of(a) == page) == step->reuse[era], "%s, %s", eras[era], step->what);
	ck_assert_uint_eq(counters->cow_reuses, step->reuse[era]);
	ck_assert_uint_eq(counters->cow_copies, !step->reuse[era]);
	ck_assert(pte_write(entry_of(a)) && pte_dirty(entry_of(a)));
	ck_assert_int_eq(PageAnonExclusive(page_of(a)), era == ANON_EXCLUSIVE);
	ck_assert_uint_eq(load(cpu1, a), 2);
	ck_assert(step->locked || !PageLocked(page));
	/* the swap cache was in the way, or lets go of what nobody maps any more */
	if (!step->references && !step->ksm)
		ck_assert(!PageSwapCache(page));
	if (step->reuse[era])
		ck_assert(!PageKsm(page));
	if (PageSwapCache(page)) {
		ClearPageSwapCache(page);
		put_page(machine, page);
	}
	if (step->references)
		put_page_refs(machine, page, (int)step->references);
	fl_mm_destroy(child);
	end_world();
}

START_TEST(a_merged_page_is_used_as_it_is_from_5_1_on)
{
	static const struct step merged = { "KSM, alone", .ksm = true };

	make_era(_i ? "5.7" : "4.8", NULL, FL_LRU_NO_BATCH);
	prepare(&merged);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_int_eq(page_of(a) == page, _i);
	ck_assert(!PageKsm(page_of(a)));
	ck_assert_uint_eq(load(cpu1, a), 2);
	fl_mm_destroy(child);
	end_world();
}
END_TEST

START_TEST(a_step_of_a_rule)
{
	for (int era = 0; era < NR_ERAS; era++)
		one_step(&steps[_i], era);
}
END_TEST

START_TEST(a_page_that_is_reused_moves_to_the_anon_vma_of_its_new_owner)
{
	static const char *const moves[] = { "5.7", "5.18", "6.12" };
	struct anon_vma other;

	make_era(moves[_i], NULL, FL_LRU_NO_BATCH);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	fork_and_forget();
	page_of(a)->mapping = &other;
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_ptr_eq(page_of(a)->mapping, vma_lookup(mm, a)->anon_vma);
	end_world();
}
END_TEST

/* --- the page lock, up to 5.8 --- */

/* Waits until @page has @n references: the fault has let go of the PTL. */
static void await_references(int n)
{
	while (page_count(page) != n)
		sched_yield();
}

START_TEST(a_locked_page_is_waited_for_without_the_ptl)
{
	struct call call;

	make_era("5.7", NULL, FL_LRU_NO_BATCH);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	fork_and_forget();
	page = page_of(a);
	ck_assert(trylock_page(page));
	begin_on(&call, cpu1, touch, NULL);
	await_references(2);
	ck_assert(!pte_write(entry_of(a)));
	unlock_page(page);
	end_on(&call);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(pte_write(entry_of(a)));
	ck_assert_int_eq(page_count(page), 1);
	end_world();
}
END_TEST

START_TEST(while_it_waits_the_entry_may_change)
{
	struct call call;
	spinlock_t *ptl;
	pte_t *ptep;

	make_era("5.7", NULL, FL_LRU_NO_BATCH);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	fork_and_forget();
	page = page_of(a);
	ck_assert(trylock_page(page));
	begin_on(&call, cpu1, touch, NULL);
	await_references(2);
	ptep = pte_offset_map_lock(mm, *pmd_offset_lockless(machine, mm->pgd, a), a, &ptl);
	set_pte(ptep, pte_mkwrite(ptep_get(ptep)));
	spin_unlock(ptl);
	unlock_page(page);
	end_on(&call);
	ck_assert_uint_eq(cpu1->counters.cow_reuses + cpu1->counters.cow_copies, 0);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert_int_eq(page_count(page), 1);
	end_world();
}
END_TEST

/* --- the attacks (CVE-2020-29374) --- */

static const struct attack {
	const char *kernel;
	bool leaks;		/* the reference is taken after the fork */
	bool leaks_before_fork; /* the page is the parent's alone when it is taken */
} attacks[] = {
	{ "4.8", true, true },	  { "5.7", true, true },    { "5.8", false, true },
	{ "5.9", false, false },  { "5.11", false, false }, { "5.18", false, false },
	{ "5.19", false, false }, { "6.1", false, false },  { "6.12", false, false },
};
#define NR_ATTACKS ((int)(sizeof(attacks) / sizeof(attacks[0])))

static struct fl_pipe *pipe_a;

/* Parent on CPU 0, child on CPU 1; a page that both have. */
static void begin_attack(const char *kernel, bool splice_first)
{
	make_era(kernel, NULL, FL_LRU_NO_BATCH);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_pipe_create(&pipe_a, machine, 1), 0);
	if (splice_first)
		ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a, 1), 1);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	fl_switch_mm(cpu1, child);
}

static void end_attack(bool leaks)
{
	uint64_t words[2];

	ck_assert_int_eq(fl_pipe_read(words, pipe_a), 0);
	ck_assert_uint_eq(words[0], leaks ? 2 : 1);
	fl_pipe_close(pipe_a);
	fl_mm_destroy(child);
	end_world();
}

START_TEST(a_child_that_keeps_a_reference_reads_what_its_parent_stores)
{
	begin_attack(attacks[_i].kernel, false);
	ck_assert_int_eq(fl_vmsplice(cpu1, pipe_a, a, 1), 1);
	ck_assert_int_eq(fl_munmap(child, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	end_attack(attacks[_i].leaks);
}
END_TEST

START_TEST(a_parent_that_keeps_a_reference_reads_what_its_child_stores)
{
	begin_attack(attacks[_i].kernel, false);
	ck_assert_int_eq(fl_vmsplice(cpu0, pipe_a, a, 1), 1);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu1, a, 2), 0);
	end_attack(attacks[_i].leaks);
}
END_TEST

START_TEST(the_same_with_a_reference_from_before_the_fork)
{
	begin_attack(attacks[_i].kernel, true);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu1, a, 2), 0);
	end_attack(attacks[_i].leaks_before_fork);
}
END_TEST

START_TEST(parent_and_child_do_not_see_each_other)
{
	begin_attack(attacks[_i].kernel, false);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_int_eq(fl_store(cpu1, a, 3), 0);
	ck_assert_uint_eq(load(cpu0, a), 2);
	fl_pipe_close(pipe_a);
	fl_mm_destroy(child);
	end_world();
}
END_TEST

/* --- a copy that need not be, and what it does to a pin --- */

START_TEST(a_stranger_takes_a_written_page_from_its_pin)
{
	static const struct {
		const char *kernel;
		bool part;
	} expected[] = { { "5.7", false }, { "5.9", true }, { "5.18", true }, { "6.12", false } };
	struct fl_pin p;
	pte_t *ptep;

	make_era(expected[_i].kernel, NULL, FL_LRU_NO_BATCH);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE | FL_GUP_LONGTERM, &p), 1);
	/* something made the entry read-only without unmapping the page */
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a);
	*ptep = pte_wrprotect(*ptep);
	flush_tlb_mm(mm);
	ck_assert_int_eq(fl_store(cpu0, a, 7), 0);
	ck_assert_uint_eq(fl_pin_load(&p, 0), expected[_i].part ? 0 : 7);
	fl_unpin(cpu0, &p);
	end_world();
}
END_TEST

/* --- flushes that are pending --- */

/* Does CPU 1 translate @a without a look at the page table? */
static bool cpu1_has_translation(void)
{
	pte_t *ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a);
	struct page *other = alloc_page(machine);
	pte_t entry = *ptep;
	uint64_t word;

	frame_words(machine, page_to_pfn(other))[0] = 99;
	*ptep = pfn_pte(page_to_pfn(other), _PAGE_PRESENT | _PAGE_USER | _PAGE_RW);
	word = load(cpu1, a);
	*ptep = entry;
	flush_tlb_mm(mm);
	put_page(machine, other);
	return word != 99;
}

static const struct flush_rule {
	const char *set;
	unsigned long vm_flags; /* of the VMA */
	bool pending, wrprotect_pending, flushes;
} flush_rules[] = {
	{ "wp_fault_flush=none", VM_UFFD_WP, true, false, false },
	{ "wp_fault_flush=uffd-wp", VM_UFFD_WP, true, false, true },
	{ "wp_fault_flush=uffd-wp", VM_UFFD_WP, false, false, false },
	{ "wp_fault_flush=uffd-wp", 0, true, false, false },
	{ "wp_fault_flush=always", 0, true, false, true },
	{ "wp_fault_flush=always", 0, false, false, false },
	{ "wp_fault_flush=before-ptl", VM_UFFD_WP, true, false, true },
	{ "wp_fault_flush=before-ptl", 0, true, false, false },
	{ "wp_fault_flush=after-copy", VM_UFFD_WP, true, false, false }, /* nothing is copied */
	{ "wp_fault_flush=if-writable", VM_UFFD_WP, true, false, false },
	{ "wp_fault_flush=wrong-flag", VM_UFFD_WP, true, false, false },
	{ "wp_fault_flush=wrong-flag", VM_UFFD_MISSING, true, false, true },
	{ "wp_fault_flush=none,wrprotect_sync=fault", 0, false, true, true },
	{ "wp_fault_flush=none,wrprotect_sync=fault-and-uffd", 0, false, true, true },
	{ "wp_fault_flush=none,wrprotect_sync=fault", 0, true, false, false },
	{ "wp_fault_flush=none,wrprotect_sync=none", 0, false, true, false },
};
#define NR_FLUSH_RULES ((int)(sizeof(flush_rules) / sizeof(flush_rules[0])))

START_TEST(a_write_fault_flushes_what_another_has_yet_to)
{
	const struct flush_rule *rule = &flush_rules[_i];
	pte_t *ptep;

	make_era("6.12", rule->set, FL_LRU_NO_BATCH);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu1, a, 1), 0); /* its TLB lets it write */
	vma_lookup(mm, a)->vm_flags |= rule->vm_flags;
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a);
	*ptep = pte_wrprotect(*ptep);
	atomic_set(&mm->tlb_flush_pending, rule->pending);
	atomic_set(&mm->wrprotect_pending, rule->wrprotect_pending);
	mmap_read_lock(mm);
	ck_assert_uint_eq(handle_mm_fault(vma_lookup(mm, a), a, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	mmap_read_unlock(mm);
	ck_assert(pte_write(entry_of(a)));
	ck_assert_int_eq(cpu1_has_translation(), !rule->flushes);
	vma_lookup(mm, a)->vm_flags &= ~rule->vm_flags;
	end_world();
}
END_TEST

START_TEST(a_copy_is_complete_wherever_it_is_made)
{
	static const char *const sets[] = { "wp_copy=unlocked", "wp_copy=under-ptl",
					    "wp_fault_flush=after-copy" };

	make_era("6.12", sets[_i], FL_LRU_NO_BATCH);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 8, 2), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	page = page_of(a);
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_ne(page_of(a), page);
	ck_assert_uint_eq(load(cpu1, a), 3);
	ck_assert_uint_eq(load(cpu1, a + 8), 2);
	fl_mm_destroy(child);
	end_world();
}
END_TEST

/* --- the entry of a copy --- */

START_TEST(an_unshared_copy_keeps_soft_dirty_and_uffd_wp)
{
	pte_t *ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a);

	page_ref_add(page, 1);
	*ptep = pte_mkuffd_wp(pte_clear_soft_dirty(*ptep));
	ck_assert_uint_eq(unshare(), 0);
	ck_assert(pte_uffd_wp(entry_of(a)) && !pte_soft_dirty(entry_of(a)));
	put_page(machine, page);
	page = page_of(a);
	ClearPageAnonExclusive(page);
	page_ref_add(page, 1);
	*ptep = pte_mksoft_dirty(pte_clear_uffd_wp(*ptep));
	ck_assert_uint_eq(unshare(), 0);
	ck_assert(!pte_uffd_wp(entry_of(a)) && pte_soft_dirty(entry_of(a)));
	put_page(machine, page);
}
END_TEST

/* --- a user's own rule --- */

static struct fl_reuse_question asked;
static unsigned int times_asked;
static bool answer;

static bool own_rule(void *arg, const struct fl_reuse_question *q)
{
	ck_assert_ptr_eq(arg, &times_asked);
	times_asked++;
	asked = *q;
	return answer;
}

START_TEST(a_users_rule_decides_and_knows_what_the_kernel_would)
{
	machine->decisions = (struct fl_decisions){ .arg = &times_asked, .reuse = own_rule };
	times_asked = 0;
	page_ref_add(page, 1);
	answer = true;
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(PageAnonExclusive(page));
	ck_assert_uint_eq(times_asked, 1);
	ck_assert(!asked.kernel && !asked.anon_exclusive && !asked.ksm && !asked.swapcache);
	ck_assert_int_eq(asked.refcount, 2);
	ck_assert_int_eq(asked.mapcount, 1);
	ck_assert_uint_eq(asked.pfn, page_to_pfn(page));
	ck_assert_uint_eq(asked.addr, a);
	ck_assert_uint_eq(asked.mm, fl_mm_id(fl_mm));
	ck_assert_ptr_eq(asked.machine, machine);
	put_page(machine, page);

	/* the other way round: a copy of what is exclusive */
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	SetPageAnonExclusive(page);
	answer = false;
	ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
	ck_assert_ptr_ne(page_of(a), page);
	ck_assert(asked.kernel && asked.anon_exclusive);
	ck_assert_uint_eq(times_asked, 2);
	machine->decisions = (struct fl_decisions){ 0 };
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.cow");
	TCase *tc = test_case("cow"), *rules = test_case("rules"),
	      *isolation = test_case("isolation");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, the_only_reference_is_reused);
	tcase_add_test(tc, an_exclusive_page_is_reused_whoever_else_has_it);
	tcase_add_test(tc, a_page_that_somebody_else_has_is_copied);
	tcase_add_test(tc, a_locked_page_is_copied);
	tcase_add_test(tc, unsharing_the_only_reference_makes_it_exclusive_and_no_more);
	tcase_add_test(tc, unsharing_a_shared_page_copies_it_read_only);
	tcase_add_test(tc, without_a_frame_nothing_changes);
	tcase_add_test(tc, an_unshared_copy_keeps_soft_dirty_and_uffd_wp);
	tcase_add_test(tc, a_users_rule_decides_and_knows_what_the_kernel_would);
	suite_add_tcase(suite, tc);

	tcase_add_loop_test(rules, a_step_of_a_rule, 0, NR_STEPS);
	tcase_add_loop_test(rules, a_merged_page_is_used_as_it_is_from_5_1_on, 0, 2);
	tcase_add_loop_test(rules, a_page_that_is_reused_moves_to_the_anon_vma_of_its_new_owner, 0,
			    3);
	tcase_add_test(rules, a_locked_page_is_waited_for_without_the_ptl);
	tcase_add_test(rules, while_it_waits_the_entry_may_change);
	tcase_add_loop_test(rules, a_write_fault_flushes_what_another_has_yet_to, 0,
			    NR_FLUSH_RULES);
	tcase_add_loop_test(rules, a_copy_is_complete_wherever_it_is_made, 0, 3);
	suite_add_tcase(suite, rules);

	tcase_add_loop_test(isolation, a_child_that_keeps_a_reference_reads_what_its_parent_stores,
			    0, NR_ATTACKS);
	tcase_add_loop_test(isolation, a_parent_that_keeps_a_reference_reads_what_its_child_stores,
			    0, NR_ATTACKS);
	tcase_add_loop_test(isolation, the_same_with_a_reference_from_before_the_fork, 0,
			    NR_ATTACKS);
	tcase_add_loop_test(isolation, parent_and_child_do_not_see_each_other, 0, NR_ATTACKS);
	tcase_add_loop_test(isolation, a_stranger_takes_a_written_page_from_its_pin, 0, 4);
	suite_add_tcase(suite, isolation);
	return run_suite(suite);
}
