// SPDX-License-Identifier: MIT
/*
 * pipe.c - pipes that hold references to pages, which vmsplice() puts there.
 *
 * State: a ring of pages, each with a plain reference (FOLL_GET); guarded by the pipe's lock, which may
 * be held for long, since a page can have to be faulted in. A rw_semaphore stands for the mutex.
 *
 * Why pipes matter: such a reference is no mapping and no pin, costs nothing, needs no privilege and
 * lasts until somebody reads the pipe. Whoever decides by mappings that a page has one user decides
 * wrongly (CVE-2020-29374).
 *
 * Models: vmsplice_to_pipe(), iter_to_pipe(), link_pipe(), fs/splice.c, Linux 6.12. Where a kernel
 * would wait, and with SPLICE_F_NONBLOCK, the answer is -EAGAIN.
 * Policy: none; whether the reference breaks COW is gup.c's.
 */
#include "mm/mm.h"
#include "mmu/frame.h"
#include "mmu/owned.h"
#include "oracle/hooks.h"

#include <errno.h>

#define PIPE_DEF_BUFFERS 16
/* Pages that are asked for at once: iter_to_pipe(). */
#define PIPE_BATCH 16

struct pipe_buffer {
	struct page *page;
	struct mm_struct *from; /* whose memory it was; for oracles */
};

struct fl_pipe {
	struct owned owned;
	struct fl_machine *machine; /* constant, as is slots */
	unsigned int slots;
	struct rw_semaphore lock;
	unsigned int tail; /* the oldest page's slot */
	unsigned int nr;   /* slots in use, from tail on, round the end */
	struct pipe_buffer bufs[];
};

static void destroy_pipe(struct owned *owned)
{
	fl_pipe_close((struct fl_pipe *)((char *)owned - offsetof(struct fl_pipe, owned)));
}

int fl_pipe_create(struct fl_pipe **out, struct fl_machine *m, unsigned int slots)
{
	struct fl_pipe *pipe;

	slots = slots ? slots : PIPE_DEF_BUFFERS;
	pipe = mm_zalloc(FL_ALLOC_OBJECT, sizeof(*pipe) + slots * sizeof(struct pipe_buffer));
	if (!pipe)
		return -ENOMEM;
	pipe->machine = m;
	pipe->slots = slots;
	init_rwsem(&pipe->lock);
	machine_owns(m, &pipe->owned, destroy_pipe);
	*out = pipe;
	return 0;
}

/*
 * Oracles are told whose memory it was. Natively the struct must stay for that: a new mm could be at its address.
 */
#ifdef FAULTLINE_CHECK
static void grab_from(const struct pipe_buffer *buf)
{
	(void)buf;
}

static void drop_from(const struct pipe_buffer *buf)
{
	(void)buf;
}
#else
static void grab_from(const struct pipe_buffer *buf)
{
	mmgrab(buf->from);
}

static void drop_from(const struct pipe_buffer *buf)
{
	mmdrop(buf->from);
}
#endif

/* With the lock held; there is room. Takes the caller's reference over. */
static void add_to_pipe(struct fl_pipe *pipe, struct page *page, struct mm_struct *from)
{
	struct pipe_buffer *buf = &pipe->bufs[(pipe->tail + pipe->nr) % pipe->slots];

	buf->page = page;
	buf->from = from;
	grab_from(buf);
	pipe->nr++;
}

/* With the lock held; there is one. */
static void drop_oldest(struct fl_pipe *pipe)
{
	put_page(pipe->machine, pipe->bufs[pipe->tail].page);
	drop_from(&pipe->bufs[pipe->tail]);
	pipe->tail = (pipe->tail + 1) % pipe->slots;
	pipe->nr--;
}

void fl_pipe_close(struct fl_pipe *pipe)
{
	if (!pipe)
		return;
	machine_disowns(pipe->machine, &pipe->owned);
	while (pipe->nr > 0)
		drop_oldest(pipe);
	fl_free(pipe);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* As many of @n pages as there is room for; the others are let go of. True: there is more room. */
static bool add_pages(struct fl_pipe *pipe, struct fl_cpu *cpu, struct fl_pin *got, long n,
		      size_t *done)
{
	long i = 0;

	for (; i < n && pipe->nr < pipe->slots; i++, ++*done)
		add_to_pipe(pipe, pfn_to_page(pipe->machine, got[i].pfn), cpu->state->mm);
	if (i == n)
		return true;
	for (; i < n; i++)
		fl_unpin(cpu, &got[i]);
	return false;
}

/* iter_to_pipe() takes a batch of pages and looks for room then: those that find none were faulted in all the same. */
long fl_vmsplice(struct fl_cpu *cpu, struct fl_pipe *pipe, fl_vaddr addr, size_t pages)
{
	struct fl_pin got[PIPE_BATCH];
	size_t done = 0, want;
	long n = 0;

	down_write(&pipe->lock);
	if (pages && pipe->nr == pipe->slots) {
		n = -EAGAIN;
		pages = 0;
	}
	while (done < pages) {
		want = smaller(pages - done, PIPE_BATCH);
		n = fl_pin_user_pages_fast(cpu, addr + done * page_size(pipe->machine), want,
					   FL_GUP_GET, got);
		if (n <= 0 || !add_pages(pipe, cpu, got, n, &done))
			break;
	}
	up_write(&pipe->lock);
	return done ? (long)done : n;
}

/* Two pipes are locked in the order of their addresses: pipe_double_lock(). */
static void lock_both(struct fl_pipe *a, struct fl_pipe *b)
{
	down_write((uintptr_t)a < (uintptr_t)b ? &a->lock : &b->lock);
	down_write((uintptr_t)a < (uintptr_t)b ? &b->lock : &a->lock);
}

long fl_tee(struct fl_pipe *from, struct fl_pipe *to, size_t pages)
{
	size_t done;

	if (from == to)
		return -EINVAL;
	lock_both(from, to);
	for (done = 0; done < pages && done < from->nr && to->nr < to->slots; done++) {
		const struct pipe_buffer *buf = &from->bufs[(from->tail + done) % from->slots];

		get_page(buf->page);
		add_to_pipe(to, buf->page, buf->from);
	}
	up_write(&to->lock);
	up_write(&from->lock);
	return done || !pages ? (long)done : -EAGAIN;
}

/* Word @i of the oldest page. With the lock held; there is one. */
static uint64_t read_word(const struct fl_pipe *pipe, size_t i)
{
	const struct pipe_buffer *buf = &pipe->bufs[pipe->tail];
	uint64_t pfn = page_to_pfn(buf->page), word;

	word = READ_ONCE(frame_words(pipe->machine, pfn)[i]);
	FL_EVENT(.kind = FL_EVENT_PIPE_READ, .mm = FL_EVENT_MM(buf->from), .pfn = pfn,
		 .value = word);
	return word;
}

int fl_pipe_read(uint64_t *words, struct fl_pipe *pipe)
{
	int err = -EAGAIN;

	down_write(&pipe->lock);
	if (pipe->nr > 0) {
		for (unsigned int i = 0; i < pipe->machine->page_words; i++)
			words[i] = read_word(pipe, i);
		drop_oldest(pipe);
		err = 0;
	}
	up_write(&pipe->lock);
	return err;
}

int fl_pipe_peek(uint64_t *out, const struct fl_pipe *pipe, size_t i)
{
	struct rw_semaphore *lock = (struct rw_semaphore *)(uintptr_t)&pipe->lock;
	int err = -EAGAIN;

	if (i >= pipe->machine->page_words)
		return -EINVAL;
	down_read(lock);
	if (pipe->nr > 0) {
		*out = read_word(pipe, i);
		err = 0;
	}
	up_read(lock);
	return err;
}
