// SPDX-License-Identifier: MIT
/* describe.c - values of modelled memory in words. Not instrumented: nothing here is an event. */
#include "mmu/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mmu/frame.h"
#include "mmu/pgtable.h"

static const struct fl_machine *machine;

void fl_text_add(char *buf, size_t n, const char *fmt, ...)
{
	size_t used = n ? strnlen(buf, n) : 0;
	va_list ap;

	if (used + 1 >= n)
		return;
	va_start(ap, fmt);
	vsnprintf(buf + used, n - used, fmt, ap);
	va_end(ap);
}

/* A page that is elsewhere, or on its way. */
static void swap_text(char *buf, size_t n, uint64_t pte)
{
	static const char *const flavours[] = { "read", "read-exclusive", "write" };

	if (pte_is_swap_slot(pte))
		fl_text_add(buf, n, "swap slot=%llu%s", (unsigned long long)pte_swp_offset(pte),
			    pte_swp_exclusive(pte) ? " exclusive" : "");
	else
		fl_text_add(buf, n, "migration-%s pfn=%llu",
			    flavours[pte_swp_type(pte) - SWP_MIGRATION_READ],
			    (unsigned long long)pte_swp_offset(pte));
	if (pte_uffd_wp(pte))
		fl_text_add(buf, n, " uffd-wp");
}

void pte_text(char *buf, size_t n, uint64_t pte)
{
	buf[0] = '\0';
	if (pte_none(pte)) {
		fl_text_add(buf, n, "none");
		return;
	}
	if (pte_is_swap_slot(pte) || pte_is_migration(pte)) {
		swap_text(buf, n, pte);
		return;
	}
	fl_text_add(buf, n, "%s pfn=%llu", pte_write(pte) ? "rw" : "ro",
		    (unsigned long long)pte_pfn(pte));
	fl_text_add(buf, n, " %s", pte_dirty(pte) ? "dirty" : "clean");
	if (!(pte & _PAGE_ACCESSED))
		fl_text_add(buf, n, " old");
	if (pte_special(pte))
		fl_text_add(buf, n, " zero-page");
	if (pte_protnone(pte))
		fl_text_add(buf, n, " protnone");
	if (pte & _PAGE_UFFD_WP)
		fl_text_add(buf, n, " uffd-wp");
}

static void page_flags_text(char *buf, size_t n, uint64_t flags)
{
	static const char *const names[NR_PAGEFLAGS] = {
		[PG_locked] = "locked",
		[PG_uptodate] = "uptodate",
		[PG_dirty] = "dirty",
		[PG_lru] = "lru",
		[PG_swapbacked] = "swapbacked",
		[PG_swapcache] = "swapcache",
		[PG_writeback] = "writeback",
		[PG_anon] = "anon",
		[PG_anon_exclusive] = "anon-exclusive",
		[PG_ksm] = "ksm",
	};

	buf[0] = '\0';
	for (unsigned int i = 0; i < NR_PAGEFLAGS; i++) {
		/* Every page in use has these: they would only hide the others. */
		if (i == PG_uptodate || i == PG_lru || i == PG_swapbacked)
			continue;
		if (flags & FL_BIT(i))
			fl_text_add(buf, n, "%s%s", buf[0] ? "|" : "", names[i]);
	}
	if (!buf[0])
		fl_text_add(buf, n, "no flags");
}

static void refcount_text(char *buf, size_t n, int count)
{
	int pins = count / GUP_PIN_COUNTING_BIAS, plain = count % GUP_PIN_COUNTING_BIAS;

	buf[0] = '\0';
	fl_text_add(buf, n, "%d", plain);
	/* Half a pin: GUP-fast has taken its reference and is about to make it a pin. */
	if (pins)
		fl_text_add(buf, n, " + %d pin%s", pins, pins == 1 ? "" : "s");
}

/* The struct page that @addr is in, or NULL. */
static struct page *find_page(const struct fl_machine *m, uintptr_t addr)
{
	for (uint64_t pfn = 0; pfn < m->nr_frames; pfn++) {
		struct page *page = pfn_to_page(m, pfn);

		if (addr >= (uintptr_t)page && addr < (uintptr_t)(page + 1))
			return page;
	}
	return NULL;
}

static size_t page_field(const struct page *page, uintptr_t addr)
{
	return addr - (uintptr_t)page;
}

static int describe_page(const struct fl_machine *m, uintptr_t addr, uint64_t value, char *buf,
			 size_t n)
{
	const struct page *page = find_page(m, addr);

	if (!page)
		return 0;
	switch (page_field(page, addr)) {
	case offsetof(struct page, flags):
		page_flags_text(buf, n, value);
		return 1;
	case offsetof(struct page, _refcount):
		refcount_text(buf, n, (int)value);
		return 1;
	case offsetof(struct page, _mapcount):
	case offsetof(struct page, _entire_mapcount):
		buf[0] = '\0';
		fl_text_add(buf, n, "%d", (int)value + 1);
		return 1;
	case offsetof(struct page, compound):
		snprintf(buf, n, "%s", value ? "a huge page" : "base pages");
		return 1;
	default:
		return 0;
	}
}

/* Where in a page table @addr is: its level and what it maps. */
struct place {
	unsigned int level;
	fl_vaddr start;
};

static int find_entry(const struct fl_machine *m, const struct ptdesc *table, unsigned int level,
		      fl_vaddr base, uintptr_t addr, struct place *place)
{
	unsigned int shift = m->page_shift + level * m->level_bits;

	if (!table)
		return 0;
	for (uint64_t i = 0; i < 1ULL << m->level_bits; i++) {
		const pte_t *entry = &table->entries[i];

		if ((uintptr_t)entry == addr) {
			*place = (struct place){ level, base + (i << shift) };
			return 1;
		}
		if (level > 0 && pmd_table(*entry) &&
		    find_entry(m, pmd_pgtable(*entry), level - 1, base + (i << shift), addr, place))
			return 1;
	}
	return 0;
}

/* Of the address spaces that are loaded somewhere. */
static int find_any_entry(const struct fl_machine *m, uintptr_t addr, struct place *place)
{
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		if (find_entry(m, m->cpus[i].state->pgd, m->levels - 1, 0, addr, place))
			return 1;
	}
	return 0;
}

/* An entry above the leaf tables. One that was made invalid still says what it maps. */
static void pmd_text(char *buf, size_t n, uint64_t pmd)
{
	bool invalid = !(pmd & PMD_INVALID_MASK);

	if (!pmd_leaf(pmd)) {
		snprintf(buf, n, "%s", pmd ? "a table" : "none");
		return;
	}
	pte_text(buf, n, invalid ? pmd | _PAGE_PRESENT : pmd);
	fl_text_add(buf, n, "%s huge", invalid ? " invalid" : "");
}

int fl_describe_in_table(const struct fl_machine *m, const struct ptdesc *pgd, uintptr_t addr,
			 uint64_t value, char *buf, size_t n)
{
	struct place place;

	if (!find_entry(m, pgd, m->levels - 1, 0, addr, &place))
		return 0;
	if (place.level > 0)
		pmd_text(buf, n, value);
	else
		pte_text(buf, n, value);
	return 1;
}

int fl_describe(const struct fl_machine *m, uintptr_t addr, uint64_t value, char *buf, size_t n)
{
	if (n == 0)
		return 0;
	if (describe_page(m, addr, value, buf, n))
		return 1;
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		if (fl_describe_in_table(m, m->cpus[i].state->pgd, addr, value, buf, n))
			return 1;
	return m->describe_more ? m->describe_more(m, addr, value, buf, n) : 0;
}

static int describe_frame_addr(const struct fl_machine *m, uintptr_t addr, char *buf, size_t n)
{
	for (uint64_t pfn = 0; pfn < m->nr_frames; pfn++) {
		uintptr_t words = (uintptr_t)frame_words(m, pfn);

		if (addr >= words && addr < words + page_size(m)) {
			snprintf(buf, n, "frame %llu: word %llu", (unsigned long long)pfn,
				 (unsigned long long)(addr - words) / FL_WORD_SIZE);
			return 1;
		}
	}
	return 0;
}

int fl_describe_addr(const struct fl_machine *m, uintptr_t addr, char *buf, size_t n)
{
	const struct page *page = find_page(m, addr);
	const char *field = "";
	struct place place;

	if (page) {
		switch (page_field(page, addr)) {
		case offsetof(struct page, flags):
			field = ": flags";
			break;
		case offsetof(struct page, _refcount):
			field = ": references";
			break;
		case offsetof(struct page, _mapcount):
			field = ": mappings";
			break;
		case offsetof(struct page, _entire_mapcount):
			field = ": huge mappings";
			break;
		case offsetof(struct page, _pincount):
			field = ": pins";
			break;
		case offsetof(struct page, compound):
			field = ": size";
			break;
		default:
			break;
		}
		snprintf(buf, n, "frame %u%s", page->pfn, field);
		return 1;
	}
	if (find_any_entry(m, addr, &place)) {
		snprintf(buf, n, "%s for 0x%llx", place.level ? "table" : "entry",
			 (unsigned long long)place.start);
		return 1;
	}
	return describe_frame_addr(m, addr, buf, n);
}

void fl_describe_attach(const struct fl_machine *m)
{
	machine = m;
}

void fl_describe_value(char *buf, size_t size, uintptr_t addr, unsigned int width, uint64_t value)
{
	if (!machine || !fl_describe(machine, addr, value, buf, size))
		buf[0] = '\0';
}
