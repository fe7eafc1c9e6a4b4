// SPDX-License-Identifier: MIT
/*
 * frame.c - the page allocator: which frames are free.
 *
 * State: one list of free frames per CPU and one for the machine, each with its lock; struct page
 * of a free frame has no references and no flags.
 *
 * Why a list per CPU: so have kernels, and it matters beyond speed. If each allocation took one
 * lock, any two threads that fault would be ordered by it, and the model would hide races that a
 * kernel has.
 *
 *   alloc_page():  own list; else a batch of the machine's; else one of any other CPU's
 *   put_page():    the last reference puts the frame on the list of the CPU that drops it
 *
 * A reference count is raised from 0 by the allocator alone. So GUP-fast, which looks at frames
 * that may be free (try_get_folio(), gup.c), either fails to raise it or holds a frame that is in
 * use; which one that is now, it finds out by reading the entry again.
 *
 * Models: rmqueue_pcplist(), free_unref_page(), __folio_put(), mm/page_alloc.c, Linux 6.1: that
 * there are such lists, nothing of their sizes.
 */
#include "mmu/frame.h"

#include "oracle/hooks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Natively the C library copies and clears: it, too, loads and stores whole words, only several at
 * once. ThreadSanitizer would take it for plain accesses.
 */
#if !defined(FAULTLINE_CHECK) && !FL_TSAN__
#define WHOLE_FRAMES true
#else
#define WHOLE_FRAMES false
#endif

/* Frames that a CPU fetches at once when its list is empty. */
#define PCP_BATCH 16

static void frame_list_push(struct frame_list *list, struct page *page)
{
	spin_lock(&list->lock);
	page->next = list->head;
	list->head = page->pfn;
	spin_unlock(&list->lock);
}

static struct page *frame_list_pop(struct fl_machine *m, struct frame_list *list)
{
	struct page *page = NULL;
	uint32_t head, next;

	spin_lock(&list->lock);
	head = list->head;
	if (head) {
		page = pfn_to_page(m, head);
		next = page->next;
		list->head = next;
		__builtin_prefetch(pfn_to_page(m, next), 1); /* it will be wanted as soon */
	}
	spin_unlock(&list->lock);
	return page;
}

/*
 * Moves up to PCP_BATCH frames, taking each lock once: @to's inside of @from's, so that they are on
 * a list at all times. Another CPU that finds @from empty would else find no frame anywhere.
 */
static void frame_list_move(struct fl_machine *m, struct frame_list *from, struct frame_list *to)
{
	struct page *last = NULL;
	uint32_t head, next;

	spin_lock(&from->lock);
	head = next = from->head;
	for (int n = 0; next && n < PCP_BATCH; n++) {
		last = pfn_to_page(m, next);
		next = last->next;
	}
	if (last) {
		from->head = next;
		spin_lock(&to->lock);
		last->next = to->head;
		to->head = head;
		spin_unlock(&to->lock);
	}
	spin_unlock(&from->lock);
}

static struct page *alloc_page_slow(struct fl_machine *m, struct fl_cpu *cpu)
{
	struct page *page;

	frame_list_move(m, &m->state->free, cpu->free);
	page = frame_list_pop(m, cpu->free);
	for (unsigned int i = 0; !page && i < m->nr_cpus; i++) {
		if (i != cpu->nr)
			page = frame_list_pop(m, m->cpus[i].free);
	}
	return page;
}

struct page *alloc_page(struct fl_machine *m)
{
	struct fl_cpu *cpu = this_cpu(m);
	struct page *page = frame_list_pop(m, cpu->free);

	if (!page)
		page = alloc_page_slow(m, cpu);
	if (page) {
		atomic_set(&page->_refcount, 1);
		FL_EVENT(.kind = FL_EVENT_FRAME_ALLOC, .pfn = page_to_pfn(page));
	}
	return page;
}

static void free_page(struct fl_machine *m, struct page *page)
{
	/* First: the store before it, to the reference count, is the end of the frame's content. */
	FL_EVENT(.kind = FL_EVENT_FRAME_FREE, .pfn = page_to_pfn(page));
	WRITE_ONCE(page->flags, 0);
	WRITE_ONCE(page->mapping, NULL); /* ksmd may look (mm/ksm_tree.c) */
	frame_list_push(this_cpu(m)->free, page);
}

void put_page_refs(struct fl_machine *m, struct page *page, int nr)
{
	/*
	 * Fully ordered: whatever any holder did comes before the next owner's life with the
	 * frame.
	 */
	if (atomic_sub_and_test(nr, &page->_refcount))
		free_page(m, page);
}

void clear_frame(struct fl_machine *m, uint64_t pfn)
{
	uint64_t *words = frame_words(m, pfn);

	if (WHOLE_FRAMES) {
		memset(words, 0, page_size(m));
		return;
	}
	for (unsigned int i = 0; i < m->page_words; i++)
		WRITE_ONCE(words[i], 0);
}

void copy_frame(struct fl_machine *m, uint64_t to, uint64_t from)
{
	uint64_t *dst = frame_words(m, to), *src = frame_words(m, from);

	if (WHOLE_FRAMES) {
		memcpy(dst, src, page_size(m));
		return;
	}
	for (unsigned int i = 0; i < m->page_words; i++)
		WRITE_ONCE(dst[i], READ_ONCE(src[i]));
}

uint64_t frames_free(struct fl_machine *m)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i <= m->nr_cpus; i++) {
		struct frame_list *list = i < m->nr_cpus ? m->cpus[i].free : &m->state->free;

		for (uint32_t pfn = list->head; pfn; pfn = pfn_to_page(m, pfn)->next)
			n++;
	}
	return n;
}

/*
 * Each CPU starts with its share, at most a few batches, so that no thread of a small world needs
 * the machine's list. Pushed from the last frame to the first: numbers are given out in order.
 */
static void hand_out(struct fl_machine *m)
{
	uint64_t usable = m->nr_frames - 1, share = usable / m->nr_cpus;

	if (share > 4 * PCP_BATCH)
		share = 4 * PCP_BATCH;
	for (uint64_t pfn = usable; pfn > 0; pfn--) {
		uint64_t cpu = (pfn - 1) / (share ? share : 1);
		struct frame_list *list = &m->state->free;

		if (share && cpu < m->nr_cpus)
			list = m->cpus[cpu].free;
		frame_list_push(list, pfn_to_page(m, pfn));
	}
}

int frames_init(struct fl_machine *m)
{
	uint64_t nr_sections, n;

	/*
	 * One frame per section in check runs: an address dependency on the number in an entry then
	 * leads to that frame and not to all of them (fl_addr_dep()).
	 */
#ifdef FAULTLINE_CHECK
	n = 1;
#else
	n = m->nr_frames;
#endif
	m->section_frames = n;
	nr_sections = m->nr_frames / n;
	m->sections = calloc(nr_sections, sizeof(*m->sections));
	if (!m->sections)
		return -ENOMEM;
	for (uint64_t s = 0; s < nr_sections; s++) {
		m->sections[s].pages = fl_zalloc_aligned(n * sizeof(struct page), 64);
		m->sections[s].words = fl_zalloc_aligned(n << m->page_shift, 64);
		if (!m->sections[s].pages || !m->sections[s].words)
			return -ENOMEM;
	}
	for (uint64_t pfn = 0; pfn < m->nr_frames; pfn++) {
		pfn_to_page(m, pfn)->pfn = (uint32_t)pfn;
		pfn_to_page(m, pfn)->_mapcount.counter = -1;
	}
	pfn_to_page(m, ZERO_PFN)->_refcount.counter = 1;
	hand_out(m);
	return 0;
}

void frames_exit(struct fl_machine *m)
{
	for (uint64_t s = 0; m->sections && s < m->nr_frames / m->section_frames; s++) {
		fl_free(m->sections[s].words);
		fl_free(m->sections[s].pages);
	}
	free(m->sections);
}
