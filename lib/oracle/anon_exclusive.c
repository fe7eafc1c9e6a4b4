// SPDX-License-Identifier: MIT
/*
 * anon_exclusive.c - oracle "anon-exclusive": a pinned anonymous page is exclusive.
 *
 * Specification (Documentation/core-api/pin_user_pages.rst; mm/gup.c,
 * sanity_check_pinned_pages(), Linux 6.1): once an anonymous page is pinned with FOLL_PIN,
 * PageAnonExclusive sticks until it is unpinned. Otherwise the next write fault copies the page,
 * and device and program go on with two pages.
 *
 * And (the comments on PG_anon_exclusive, include/linux/page-flags.h): a writable entry of an
 * anonymous page implies the flag, and a page with the flag is mapped by one mm.
 *
 * Records: one per pin that was handed out and not taken back. Judged at the end of the run, when
 * all that is on its way has arrived: the flag may be clear for a moment only if the pin fails.
 * Means nothing before the flag decides who may write (policy wp_reuse, 5.19).
 */
#include "oracle/final.h"
#include "oracle/hooks.h"
#include "oracle/oracle.h"
#include "oracle/table.h"

#include <faultline/oracle.h>

#include "mm/mm_types.h"

struct pin {
	uint64_t mm_id; /* it may be gone at the end */
	uint64_t pfn;
	unsigned int cpu;
	bool write;
};

static struct fl_table pins = FL_TABLE(struct pin);

void fl_oracle_pinned(unsigned int cpu, const struct mm_struct *mm, uint64_t pfn, bool write)
{
	struct pin *pin;

	fl_oracle_lock();
	pin = fl_table_add(&pins);
	if (pin)
		*pin = (struct pin){ .mm_id = mm->id, .pfn = pfn, .cpu = cpu, .write = write };
	fl_oracle_unlock();
}

void fl_oracle_unpinned(uint64_t pfn, bool write)
{
	fl_oracle_lock();
	for (size_t i = pins.nr; i-- > 0;) {
		const struct pin *pin = fl_table_at(&pins, i);

		if (pin->pfn == pfn && pin->write == write) {
			fl_table_remove(&pins, i);
			break;
		}
	}
	fl_oracle_unlock();
}

/* Does another mm map the page, too? */
struct other {
	uint64_t pfn, mm_id;
	bool found;
};

static void find_other(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	struct other *other = arg;

	other->found |= pte_pfn(pte) == other->pfn && mm->id != other->mm_id;
}

/*
 * The page whose flags speak for @pfn: the head of a huge page that a PMD maps. *@several: is it, or that,
 * mapped more than once?
 */
static const struct page *flags_page(const struct fl_machine *m, uint64_t pfn, bool *several)
{
	const struct page *page = pfn_to_page(m, pfn), *head = page;

	*several = page->_mapcount.counter >= 1;
	if (fl_block_mask)
		head = (const struct page *)((uintptr_t)page & fl_block_mask);
	if (!fl_block_mask || !head->compound || head->_entire_mapcount.counter < 0)
		return page;
	*several = page->_mapcount.counter + head->_entire_mapcount.counter + 1 >= 1;
	return head;
}

/*
 * Of a page that may have been unmapped since it was pinned. Nothing says of a huge one's whether a PMD did: then its own flag never
 * was set, and that at the head, which nobody changes any more, speaks for it. As sanity_check_pinned_pages().
 */
static bool is_exclusive(const struct fl_machine *m, uint64_t pfn)
{
	const struct page *page = pfn_to_page(m, pfn), *head = page;
	bool several;

	if (flags_page(m, pfn, &several)->flags & FL_BIT(PG_anon_exclusive))
		return true;
	if (fl_block_mask)
		head = (const struct page *)((uintptr_t)page & fl_block_mask);
	return head->compound && page->_mapcount.counter < 0 && head->_mapcount.counter < 0 &&
	       head->_entire_mapcount.counter < 0 && head->flags & FL_BIT(PG_anon_exclusive);
}

static void judge_entry(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	struct other other = { pte_pfn(pte), mm->id, false };
	bool several;
	const struct page *page = flags_page(mm->machine, pte_pfn(pte), &several);
	bool exclusive = page->flags & FL_BIT(PG_anon_exclusive);

	if (!fl_final_page_is_anon(pte_pfn(pte)))
		return;
	if (pte_write(pte) && !exclusive)
		fl_about_entry(mm->id, addr);
	if (pte_write(pte) && !exclusive)
		fl_oracle_fail("anon-exclusive",
			       "mm %llu may write to frame %llu at %#llx, which is not exclusive",
			       (unsigned long long)mm->id, (unsigned long long)pte_pfn(pte),
			       (unsigned long long)addr);
	/* Most are mapped once. */
	if (!exclusive || !several)
		return;
	fl_final_each_page(find_other, &other);
	if (other.found)
		fl_about_entry(mm->id, addr);
	if (other.found)
		fl_oracle_fail("anon-exclusive",
			       "frame %llu is exclusive to mm %llu, and another mm maps it, too",
			       (unsigned long long)pte_pfn(pte), (unsigned long long)mm->id);
}

static void finish(void)
{
	const struct fl_machine *m = fl_oracle_machine();
	bool failed = false;

	if (m->policy.wp_reuse != FL_WP_REUSE_ANON_EXCLUSIVE)
		return;
	for (size_t i = 0; i < pins.nr; i++) {
		const struct pin *pin = fl_table_at(&pins, i);

		if (!fl_final_page_is_anon(pin->pfn) || is_exclusive(m, pin->pfn))
			continue;
		failed = true;
		FL_ABOUT(.kinds = FL_EVENT_BIT(PIN), .pfn = pin->pfn, .by_cpu = true,
			 .cpu = pin->cpu);
		fl_oracle_fail("anon-exclusive",
			       "CPU%u keeps a %s pin on frame %llu, which is no longer "
			       "exclusive to mm %llu",
			       pin->cpu, pin->write ? "writable" : "read-only",
			       (unsigned long long)pin->pfn, (unsigned long long)pin->mm_id);
	}
	/* The entry is most often the same mistake. */
	if (!failed)
		fl_final_each_page(judge_entry, NULL);
}

const struct fl_oracle fl_anon_exclusive_oracle = { .tables = { &pins }, .finish = finish };
