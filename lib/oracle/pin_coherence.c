// SPDX-License-Identifier: MIT
/*
 * pin_coherence.c - oracle "pin-coherence": a pinned page is the page that is mapped.
 *
 * Specification (Documentation/core-api/pin_user_pages.rst; the cover letter of 6c287605fd56): while
 * a FOLL_PIN pin on an address is held and the program did not discard the range, what is mapped
 * there is the pinned page, or nothing for the moment.
 *
 * Records: pins that were handed out and not taken back, with their address. Judged at the end, by
 * the entries. Read-only pins from before kernels unshared for them (5.19) are judged like any
 * other, though they were known to part: what a scenario expects of a release says so.
 *
 * Never reported: plain references (FOLL_GET), the zero page, read-only pins of a file's pages in
 * private mappings (a write there makes an anonymous page, and always did).
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/oracle.h"
#include "oracle/table.h"

#include <faultline/oracle.h>

struct pin {
	uint64_t mm_id, pfn;
	fl_vaddr addr;
	unsigned int cpu;
	bool write;
};

static struct fl_table pins = FL_TABLE(struct pin);

static void event(const struct fl_event *e)
{
	struct pin *pin;

	if (e->kind == FL_EVENT_PIN) {
		pin = fl_table_add(&pins);
		if (pin)
			*pin = (struct pin){ fl_event_mm_id(e), e->pfn, e->addr, e->cpu, e->write };
		return;
	}
	for (size_t i = pins.nr; i-- > 0;) {
		pin = fl_table_at(&pins, i);
		/* Set-up code alone discards in an order with pins; threads: discards.h. */
		if (e->kind == FL_EVENT_UNPIN
			    ? pin->pfn == e->pfn && pin->write == e->write
			    : fl_oracle_in_set_up() &&
				      (!e->mm || pin->mm_id == fl_event_mm_id(e)) &&
				      fl_event_covers(e, pin->addr)) {
			fl_table_remove(&pins, i);
			if (e->kind == FL_EVENT_UNPIN)
				return;
		}
	}
}

/* Does the kernel promise it for this page? */
static bool is_promised(const struct pin *pin)
{
	const struct page *page = pfn_to_page(fl_oracle_machine(), pin->pfn);
	struct vm_area_struct *vma = fl_final_vma(pin->mm_id, pin->addr);

	if (!vma || pin->pfn == ZERO_PFN)
		return false;
	return page->flags & FL_BIT(PG_anon) || vma->vm_flags & VM_SHARED || pin->write;
}

static void finish(void)
{
	for (size_t i = 0; i < pins.nr; i++) {
		const struct pin *pin = fl_table_at(&pins, i);
		pte_t pte = fl_final_pte(pin->mm_id, pin->addr);

		if (!pte_present(pte) || pte_pfn(pte) == pin->pfn || !is_promised(pin) ||
		    fl_discarded(pin->mm_id, pin->addr))
			continue;
		FL_ABOUT(.kinds = FL_EVENT_BIT(PIN), .mm_id = pin->mm_id, .pfn = pin->pfn,
			 .by_cpu = true, .cpu = pin->cpu);
		fl_about_entry(pin->mm_id, pin->addr);
		FL_ABOUT(.aside = true, .kinds = FL_ABOUT_ACCESS, .mm_id = pin->mm_id,
			 .addr = pin->addr, .end = pin->addr + page_size(fl_oracle_machine()));
		fl_oracle_fail(
			"pin-coherence",
			"CPU%u keeps a %s pin on frame %llu for %#llx of mm %llu, where frame "
			"%llu is mapped now",
			pin->cpu, pin->write ? "writable" : "read-only",
			(unsigned long long)pin->pfn, (unsigned long long)pin->addr,
			(unsigned long long)pin->mm_id, (unsigned long long)pte_pfn(pte));
	}
}

const struct fl_oracle fl_pin_coherence_oracle = {
	.tables = { &pins },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(PIN) | FL_EVENT_BIT(UNPIN) | FL_EVENT_BIT(DISCARD),
	.accesses = true,
};
