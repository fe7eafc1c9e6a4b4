// SPDX-License-Identifier: MIT
/*
 * pin_coherence.c - oracle "pin-coherence": a pinned page is the page that is mapped.
 *
 * Specification (Documentation/core-api/pin_user_pages.rst; the cover letter of 6c287605fd56): while
 * a FOLL_PIN pin on an address is held and the program did not discard the range, what is mapped
 * there is the pinned page, or nothing for the moment.
 *
 * Records: pins that were handed out and not taken back, with their address. Judged at the end, by
 * the entries; one for swap must lead back to the pinned page. Read-only pins from before kernels unshared for them (5.19) are judged like any
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

#include <stdio.h>

#include "mm/swapfile.h"

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
	struct vm_area_struct *vma = fl_final_vma(pin->mm_id, pin->addr);

	if (!vma || pin->pfn == ZERO_PFN)
		return false;
	return fl_final_page_is_anon(pin->pfn) || vma->vm_flags & VM_SHARED || pin->write;
}

/* Is another page than the pinned one there, or in swap, and that will come back? */
static bool has_parted(const struct pin *pin, pte_t pte)
{
	const struct fl_machine *m = fl_oracle_machine();
	const struct page *page;

	if (pte_present(pte))
		return pte_pfn(pte) != pin->pfn;
	if (!pte_is_swap_slot(pte) || pte_swp_offset(pte) > m->nr_slots)
		return false;
	page = swap_slot(m, pte_swp_offset(pte))->folio;
	return !page || page_to_pfn(page) != pin->pfn;
}

static void tell_where(char *buf, size_t n, pte_t pte)
{
	if (pte_present(pte))
		snprintf(buf, n, "frame %llu is mapped now", (unsigned long long)pte_pfn(pte));
	else
		snprintf(buf, n, "swap slot %llu has the page now",
			 (unsigned long long)pte_swp_offset(pte));
}

static void finish(void)
{
	char where[64];

	for (size_t i = 0; i < pins.nr; i++) {
		const struct pin *pin = fl_table_at(&pins, i);
		pte_t pte = fl_final_pte(pin->mm_id, pin->addr);

		if (!has_parted(pin, pte) || !is_promised(pin) ||
		    fl_discarded(pin->mm_id, pin->addr))
			continue;
		tell_where(where, sizeof(where), pte);
		FL_ABOUT(.kinds = FL_EVENT_BIT(PIN), .mm_id = pin->mm_id, .pfn = pin->pfn,
			 .by_cpu = true, .cpu = pin->cpu);
		fl_about_entry(pin->mm_id, pin->addr);
		FL_ABOUT(.aside = true, .kinds = FL_ABOUT_ACCESS, .mm_id = pin->mm_id,
			 .addr = pin->addr, .end = pin->addr + page_size(fl_oracle_machine()));
		fl_oracle_fail("pin-coherence",
			       "CPU%u keeps a %s pin on frame %llu for %#llx of mm %llu, where %s",
			       pin->cpu, pin->write ? "writable" : "read-only",
			       (unsigned long long)pin->pfn, (unsigned long long)pin->addr,
			       (unsigned long long)pin->mm_id, where);
	}
}

const struct fl_oracle fl_pin_coherence_oracle = {
	.tables = { &pins },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(PIN) | FL_EVENT_BIT(UNPIN) | FL_EVENT_BIT(DISCARD),
	.accesses = true,
};
