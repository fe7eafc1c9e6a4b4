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
 *   alloc_page():  own list; else a batch of the machine's; else one of any other CPU's; else, on a
 *                  machine with swap, some page goes out (mm/vmscan.c), and once more
 *   put_page():    the last reference puts the frame on the list of the CPU that drops it
 *
 * Machines with huge pages have one more list, of blocks of frames. A block is taken whole
 * (alloc_hpage()), and is one page then; or it is broken up for a CPU that found no frame on its own
 * list and the machine's. Who finds no block looks whether all frames of one are on lists, takes them
 * off there and puts the block on its list. All of it happens under the locks of all lists that it
 * touches, the blocks' first, so that whoever finds a list empty finds the frames on another one.
 *
 * A reference count is raised from 0 by the allocator alone. So GUP-fast, which looks at frames
 * that may be free (try_get_folio(), gup.c), either fails to raise it or holds a frame that is in
 * use; which one that is now, it finds out by reading the entry again.
 *
 * Models: rmqueue_pcplist(), free_unref_page(), __folio_put(), prep_compound_page(),
 * free_tail_page_prepare(), mm/page_alloc.c, Linux 6.1: that there are such lists, nothing of their
 * sizes; buddies are merged when somebody wants a block, not when they are free.
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

/*
 * Frames that a CPU fetches at once when its list is empty. Large, as Linux 6.7 makes its batches for a busy CPU: if CPUs
 * have neighbouring frames, the processor that fetches the struct pages of one in advance takes them from the other.
 */
#define PCP_BATCH 256

uintptr_t fl_block_mask;

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

/* --- blocks --- */

/* @list's lock is held. Ends with the last frame of the block as the list's first. */
static void push_block(struct fl_machine *m, struct frame_list *list, uint32_t head)
{
	for (uint32_t pfn = head + hpage_nr(m); pfn-- > head;) {
		pfn_to_page(m, pfn)->next = list->head;
		list->head = pfn;
	}
}

static void break_block(struct fl_machine *m, struct frame_list *to)
{
	struct frame_list *blocks = &m->state->free_huge;
	uint32_t head;

	spin_lock(&blocks->lock);
	head = blocks->head;
	if (head) {
		blocks->head = pfn_to_page(m, head)->next;
		spin_lock(&to->lock);
		push_block(m, to, head);
		spin_unlock(&to->lock);
	}
	spin_unlock(&blocks->lock);
}

static struct frame_list *base_list(struct fl_machine *m, unsigned int i)
{
	return i < m->nr_cpus ? m->cpus[i].free : &m->state->free;
}

/* All lists' locks are held. Takes off @list what belongs to whole blocks. */
static void take_off_blocks(struct fl_machine *m, struct frame_list *list)
{
	struct page *last = NULL;
	uint32_t pfn, next;

	for (pfn = list->head; pfn; pfn = next) {
		struct page *page = pfn_to_page(m, pfn);

		next = page->next;
		if (m->block_frames[pfn >> m->level_bits] < hpage_nr(m))
			last = page;
		else if (last)
			last->next = next;
		else
			list->head = next;
	}
}

/* Blocks whose frames are all on lists become whole again. */
static void merge_blocks(struct fl_machine *m)
{
	struct frame_list *blocks = &m->state->free_huge;
	uint64_t nr_blocks = m->nr_frames >> m->level_bits;

	spin_lock(&blocks->lock);
	spin_lock(&m->state->free.lock);
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		spin_lock(&m->cpus[i].free->lock);

	memset(m->block_frames, 0, (nr_blocks + 1) * sizeof(*m->block_frames));
	for (unsigned int i = 0; i <= m->nr_cpus; i++) {
		for (uint32_t pfn = base_list(m, i)->head; pfn; pfn = pfn_to_page(m, pfn)->next)
			m->block_frames[pfn >> m->level_bits]++;
	}
	for (unsigned int i = 0; i <= m->nr_cpus; i++)
		take_off_blocks(m, base_list(m, i));
	for (uint64_t b = nr_blocks; b-- > 1;) {
		struct page *head = pfn_to_page(m, b << m->level_bits);

		if (m->block_frames[b] < hpage_nr(m))
			continue;
		head->next = blocks->head;
		blocks->head = head->pfn;
	}

	for (unsigned int i = m->nr_cpus; i-- > 0;)
		spin_unlock(&m->cpus[i].free->lock);
	spin_unlock(&m->state->free.lock);
	spin_unlock(&blocks->lock);
}

struct page *__alloc_hpage(struct fl_machine *m)
{
	struct page *head = frame_list_pop(m, &m->state->free_huge);

	if (!head) {
		merge_blocks(m);
		head = frame_list_pop(m, &m->state->free_huge);
	}
	if (!head)
		return NULL;
	WRITE_ONCE(head->compound, 1);
	atomic_set(&head->_refcount, 1);
	for (uint32_t i = 0; fl_oracle_wanted && i < hpage_nr(m); i++)
		FL_EVENT(.kind = FL_EVENT_FRAME_ALLOC, .pfn = head->pfn + i);
	return head;
}

static void free_hpage(struct fl_machine *m, struct page *head)
{
	/* First, as in free_page(). */
	for (uint32_t i = 0; fl_oracle_wanted && i < hpage_nr(m); i++)
		FL_EVENT(.kind = FL_EVENT_FRAME_FREE, .pfn = head->pfn + i);
	for (uint32_t i = 0; i < hpage_nr(m); i++) {
		struct page *page = head + i;

		if (READ_ONCE(page->flags))
			WRITE_ONCE(page->flags, 0);
	}
	WRITE_ONCE(head->mapping, NULL);
	/* Nobody raises its count from 0: who still takes a page of it for a part of it gets nothing. */
	WRITE_ONCE(head->compound, 0);
	frame_list_push(&m->state->free_huge, head);
}

/* --- base frames --- */

static struct page *alloc_page_elsewhere(struct fl_machine *m, struct fl_cpu *cpu)
{
	struct page *page;

	frame_list_move(m, &m->state->free, cpu->free);
	page = frame_list_pop(m, cpu->free);
	if (!page && m->huge_pages) {
		break_block(m, cpu->free);
		page = frame_list_pop(m, cpu->free);
	}
	for (unsigned int i = 0; !page && i < m->nr_cpus; i++) {
		if (i != cpu->nr)
			page = frame_list_pop(m, m->cpus[i].free);
	}
	return page;
}

/* What others free meanwhile they may need themselves: so as often as something went. */
static struct page *alloc_page_slow(struct fl_machine *m, struct fl_cpu *cpu)
{
	struct page *page = alloc_page_elsewhere(m, cpu);

	while (!page && m->try_to_free_pages && m->try_to_free_pages(m)) {
		page = frame_list_pop(m, cpu->free);
		if (!page)
			page = alloc_page_elsewhere(m, cpu);
	}
	return page;
}

static struct page *page_begin(struct page *page)
{
	if (page) {
		atomic_set(&page->_refcount, 1);
		FL_EVENT(.kind = FL_EVENT_FRAME_ALLOC, .pfn = page_to_pfn(page));
	}
	return page;
}

struct page *__alloc_page(struct fl_machine *m)
{
	struct fl_cpu *cpu = this_cpu(m);
	struct page *page = frame_list_pop(m, cpu->free);

	if (!page)
		page = alloc_page_slow(m, cpu);
	return page_begin(page);
}

struct page *__alloc_page_nowait(struct fl_machine *m)
{
	struct fl_cpu *cpu = this_cpu(m);
	struct page *page = frame_list_pop(m, cpu->free);

	if (!page)
		page = alloc_page_elsewhere(m, cpu);
	return page_begin(page);
}

void free_frozen_page(struct fl_machine *m, struct page *page)
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
	page = compound_head(page);
	if (!atomic_sub_and_test(nr, &page->_refcount))
		return;
	if (PageHead(page))
		free_hpage(m, page);
	else
		free_frozen_page(m, page);
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

void clear_huge_page(struct fl_machine *m, struct page *head)
{
	for (uint64_t i = 0; i < hpage_nr(m); i++)
		clear_frame(m, page_to_pfn(head) + i);
}

uint64_t frames_free(struct fl_machine *m)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i <= m->nr_cpus; i++) {
		for (uint32_t pfn = base_list(m, i)->head; pfn; pfn = pfn_to_page(m, pfn)->next)
			n++;
	}
	for (uint32_t pfn = m->state->free_huge.head; pfn; pfn = pfn_to_page(m, pfn)->next)
		n += hpage_nr(m);
	return n;
}

/* The last blocks there are. Returns where they begin; what is before and behind them is base frames. */
static uint64_t hand_out_blocks(struct fl_machine *m, uint64_t *nr)
{
	uint64_t nr_blocks = m->nr_frames >> m->level_bits, n = m->huge_blocks;

	/* The first one has the zero page in it. */
	if (n >= nr_blocks)
		n = nr_blocks ? nr_blocks - 1 : 0;
	*nr = n << m->level_bits;
	for (uint64_t b = nr_blocks; b-- > nr_blocks - n;)
		frame_list_push(&m->state->free_huge, pfn_to_page(m, b << m->level_bits));
	return (nr_blocks - n) << m->level_bits;
}

/*
 * Each CPU starts with its share, at most a few batches, so that no thread of a small world needs
 * the machine's list. Pushed from the last frame to the first: numbers are given out in order.
 */
static void hand_out(struct fl_machine *m)
{
	uint64_t in_blocks = 0, first = m->huge_pages ? hand_out_blocks(m, &in_blocks) : 0;
	uint64_t usable = m->nr_frames - 1 - in_blocks, share = usable / m->nr_cpus;

	if (share > 4 * PCP_BATCH)
		share = 4 * PCP_BATCH;
	for (uint64_t n = usable; n > 0; n--) {
		uint64_t pfn = in_blocks && n >= first ? n + in_blocks : n;
		uint64_t cpu = (n - 1) / (share ? share : 1);
		struct frame_list *list = &m->state->free;

		if (share && cpu < m->nr_cpus)
			list = m->cpus[cpu].free;
		frame_list_push(list, pfn_to_page(m, pfn));
	}
}

/*
 * With huge pages, the descriptors of a block lie next to each other, on a boundary of their own size:
 * compound_head().
 */
static struct page *alloc_descriptors(struct fl_machine *m, uint64_t first, uint64_t n)
{
	uint64_t nr = hpage_nr(m), left;

	if (!m->huge_pages)
		return mm_zalloc_aligned(FL_ALLOC_MACHINE, n * sizeof(struct page), 64);
	if (n < nr &&
	    first & (nr - 1)) /* one frame per section: it has its place with the block's first */
		return m->sections[first & ~(nr - 1)].pages + (first & (nr - 1));
	left = m->nr_frames - first;
	if (n < nr)
		n = left < nr ? left : nr;
	return mm_zalloc_aligned(FL_ALLOC_MACHINE, n * sizeof(struct page),
				 nr * sizeof(struct page));
}

static void free_descriptors(struct fl_machine *m, uint64_t section)
{
	if (!m->huge_pages || m->section_frames > 1 || !(section & (hpage_nr(m) - 1)))
		fl_free(m->sections[section].pages);
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
	fl_block_mask = m->huge_pages ? ~(uintptr_t)(hpage_nr(m) * sizeof(struct page) - 1) : 0;
	if (m->huge_pages)
		m->block_frames = host_calloc(FL_ALLOC_MACHINE, (m->nr_frames >> m->level_bits) + 1,
					      sizeof(*m->block_frames));
	if (m->huge_pages && !m->block_frames)
		return -ENOMEM;
	nr_sections = m->nr_frames / n;
	m->sections = host_calloc(FL_ALLOC_MACHINE, nr_sections, sizeof(*m->sections));
	if (!m->sections)
		return -ENOMEM;
	for (uint64_t s = 0; s < nr_sections; s++) {
		m->sections[s].pages = alloc_descriptors(m, s * n, n);
		if (!m->sections[s].pages)
			return -ENOMEM;
		m->sections[s].words = mm_zalloc_aligned(FL_ALLOC_MACHINE, n << m->page_shift, 64);
		if (!m->sections[s].words)
			return -ENOMEM;
	}
	for (uint64_t pfn = 0; pfn < m->nr_frames; pfn++) {
		pfn_to_page(m, pfn)->pfn = (uint32_t)pfn;
		pfn_to_page(m, pfn)->_mapcount.counter = -1;
		pfn_to_page(m, pfn)->_entire_mapcount.counter = -1;
	}
	pfn_to_page(m, ZERO_PFN)->_refcount.counter = 1;
	hand_out(m);
	return 0;
}

void frames_exit(struct fl_machine *m)
{
	for (uint64_t s = 0; m->sections && s < m->nr_frames / m->section_frames; s++) {
		fl_free(m->sections[s].words);
		free_descriptors(m, s);
	}
	free(m->sections);
	free(m->block_frames);
	fl_block_mask = 0;
}
