// SPDX-License-Identifier: MIT
/*
 * host_frames.c - see host_frames.h.
 *
 * Flags that the kernel moves on its own (LRU, referenced, active) are not looked at. Documentation/admin-guide/mm/pagemap.rst
 * has the numbers; PG_anon_exclusive is a second name of bit 34.
 */
#include "host_frames.h"

#include <string.h>
#include <unistd.h>

#define PM_PFN ((1ULL << 55) - 1)
#define PM_EXCLUSIVE (1ULL << 56)
#define PM_UFFD_WP (1ULL << 57)
#define PM_FILE (1ULL << 61)
#define PM_SWAP (1ULL << 62)
#define PM_PRESENT (1ULL << 63)
#define KPF_WRITEBACK (1ULL << 8)
#define KPF_ANON (1ULL << 12)
#define KPF_KSM (1ULL << 21)
#define KPF_ZERO_PAGE (1ULL << 24)
#define KPF_ANON_EXCLUSIVE (1ULL << 34)
#define VMA_SHARED 8
#define KNOWN 1024

static void take_page(struct page_view *p, uint64_t entry)
{
	memset(p, 0, sizeof(*p));
	if (entry & PM_PRESENT) {
		p->flags |= V_PRESENT;
		p->frame = entry & PM_PFN;
	}
	if (entry & PM_SWAP)
		p->flags |= V_SWAPPED;
	if (entry & PM_EXCLUSIVE)
		p->flags |= V_EXCLUSIVE;
	if (entry & PM_UFFD_WP)
		p->flags |= V_UFFD_WP;
	if (entry & PM_FILE)
		p->flags |= V_FILE;
}

static uint32_t page_of(uint64_t addr)
{
	if (addr < WINDOW)
		return 0;
	addr = (addr - WINDOW) / PAGE;
	return addr > WINDOW_PAGES ? WINDOW_PAGES : (uint32_t)addr;
}

static void take_vma(struct vma_view *v, const struct raw_vma *raw)
{
	*v = (struct vma_view){
		.start = page_of(raw->start),
		.end = page_of(raw->end),
		.prot = (uint32_t)raw->flags & (PROT_R | PROT_W),
		.shared = !!(raw->flags & VMA_SHARED),
		.file = raw->inode,
		.offset = raw->inode ? raw->offset / PAGE : 0,
	};
}

void frames_take(struct process_view *view, const struct raw_process *raw)
{
	for (int i = 0; i < WINDOW_PAGES; i++) {
		take_page(&view->page[i], raw->pagemap[i]);
		if (!(raw->readable & 1ULL << i))
			continue;
		view->page[i].flags |= V_READ;
		memcpy(view->page[i].word, raw->word[i], sizeof(raw->word[i]));
	}
	view->nr_vmas = raw->nr_vmas;
	for (uint32_t i = 0; i < raw->nr_vmas; i++)
		take_vma(&view->vma[i], &raw->vma[i]);
}

/* A frame is asked about once. */
struct known {
	uint64_t pfn[KNOWN], flags[KNOWN], count[KNOWN];
	bool used[KNOWN];
};

static uint64_t ask(int fd, uint64_t pfn)
{
	uint64_t value = 0;

	if (fd < 0 || pread(fd, &value, sizeof(value), (off_t)(pfn * sizeof(value))) != 8)
		return 0;
	return value;
}

bool frames_written(const struct frames *frames, const uint64_t *pfn, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (pfn[i] && ask(frames->flags, pfn[i]) & KPF_WRITEBACK)
			return true;
	return false;
}

static uint32_t look_up(const struct frames *frames, struct known *known, uint64_t pfn)
{
	uint32_t i = (uint32_t)(pfn * 2654435761U) % KNOWN;

	while (known->used[i] && known->pfn[i] != pfn)
		i = (i + 1) % KNOWN;
	if (!known->used[i]) {
		known->used[i] = true;
		known->pfn[i] = pfn;
		known->flags[i] = ask(frames->flags, pfn);
		known->count[i] = ask(frames->count, pfn);
	}
	return i;
}

static void look_at_page(const struct frames *frames, struct known *known, struct page_view *p)
{
	uint32_t i = look_up(frames, known, p->frame);
	uint64_t flags = known->flags[i];

	if (flags & KPF_ZERO_PAGE) {
		p->flags |= V_ZERO;
		p->frame = 0;
		return;
	}
	p->mapcount = (uint32_t)known->count[i];
	if (!(flags & KPF_ANON))
		return;
	p->flags |= V_ANON;
	if (flags & KPF_KSM)
		p->flags |= V_KSM;
	if (flags & KPF_ANON_EXCLUSIVE)
		p->flags |= V_ANON_EXCLUSIVE;
}

void frames_look(const struct frames *frames, struct view *view)
{
	static struct known known;

	memset(known.used, 0, sizeof(known.used));
	for (int i = 0; i < PROCESSES; i++) {
		if (!view->process[i].alive)
			continue;
		for (int page = 0; page < WINDOW_PAGES; page++) {
			struct page_view *p = &view->process[i].page[page];

			if (p->frame)
				look_at_page(frames, &known, p);
		}
	}
}
