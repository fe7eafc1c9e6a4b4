// SPDX-License-Identifier: MIT
/*
 * generate.c - seeded sequences: mostly calls that make sense where they are made, sometimes not.
 *
 * A rough idea of each process's mappings is kept: what is mapped, and how. It follows the calls as if all of them worked.
 * Many calls go where the one before them went: what is wrong shows where several things meet.
 */
#include "generate.h"

#include <string.h>

enum kind {
	NOTHING,
	PRIVATE,
	SHARED,
	FILE_SHARED,
	FILE_PRIVATE,
};

struct process {
	bool alive, uffd;
	uint8_t kind[WINDOW_PAGES], watched[WINDOW_PAGES];
};

struct generator {
	const struct abilities *able;
	uint64_t random;
	struct process process[PROCESSES];
	unsigned int pinned[NR_BUFFERS], piped[NR_PIPES];
	uint64_t value;
	unsigned int uffd_weight, ksm_weight;
	unsigned int home, span; /* where in the window most happens */
	int last_process;
	unsigned int last_page; /* of the step before */
};

/* splitmix64 */
static uint64_t next(struct generator *g)
{
	uint64_t z = g->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned int below(struct generator *g, unsigned int n)
{
	return (unsigned int)(next(g) % n);
}

static bool one_in(struct generator *g, unsigned int n)
{
	return !below(g, n);
}

/* ---- operands ---- */

static unsigned int any_page(struct generator *g)
{
	if (one_in(g, 16))
		return below(g, WINDOW_PAGES);
	if (one_in(g, 4))
		return g->last_page;
	return g->home + below(g, g->span);
}

/* One that is mapped, if a few tries find one. */
static unsigned int mapped_page(struct generator *g, const struct process *p)
{
	unsigned int page = any_page(g);

	for (int i = 0; i < 8 && p->kind[page] == NOTHING && !one_in(g, 20); i++)
		page = any_page(g);
	return page;
}

static unsigned int some_pages(struct generator *g, unsigned int page)
{
	unsigned int max = WINDOW_PAGES - page, n = 1 + below(g, one_in(g, 8) ? 16 : 4);

	return n > max ? max : n;
}

/* To the end of what looks like one mapping, now and then. */
static unsigned int range_pages(struct generator *g, const struct process *p, unsigned int page)
{
	unsigned int n = some_pages(g, page);

	if (one_in(g, 4))
		for (n = 1; page + n < WINDOW_PAGES && p->kind[page + n] == p->kind[page]; n++)
			;
	return n;
}

static unsigned int a_prot(struct generator *g)
{
	static const uint8_t prots[] = { 3, 3, 3, 3, 3, 3, 1, 1, 1, 0, 2 };

	return prots[below(g, sizeof(prots))];
}

/* Where KSM is to find equal pages there are few values. */
static uint64_t a_value(struct generator *g)
{
	if (g->ksm_weight)
		return 1 + below(g, 2);
	return ++g->value;
}

static void fill(struct process *p, uint64_t page, uint64_t n, uint8_t kind)
{
	for (uint64_t i = page; i < page + n && i < WINDOW_PAGES; i++) {
		p->kind[i] = kind;
		p->watched[i] = 0;
	}
}

static int any_process(struct generator *g)
{
	int i = (int)below(g, PROCESSES);

	if (one_in(g, 4))
		i = g->last_process;
	while (!g->process[i].alive)
		i = (i + 1) % PROCESSES;
	return i;
}

/* ---- calls ---- */

static void make_mmap(struct generator *g, struct step *s, struct process *p)
{
	static const uint8_t kinds[] = { KIND_ANON,	     KIND_ANON,		KIND_ANON,
					 KIND_ANON,	     KIND_SHARED,	KIND_MEMFD,
					 KIND_MEMFD_PRIVATE, KIND_MEMFD_PRIVATE };

	s->v[F_PAGE] = any_page(g);
	s->v[F_PAGES] = some_pages(g, (unsigned int)s->v[F_PAGE]);
	s->v[F_PROT] = a_prot(g);
	s->v[F_KIND] = kinds[below(g, sizeof(kinds))];
	s->v[F_MAP] = one_in(g, 8) ? MAPS_NOREPLACE : one_in(g, 30) ? 0 : MAPS_FIXED;
	if (one_in(g, 8))
		s->v[F_MAP] |= MAPS_POPULATE;
	if (one_in(g, 8))
		s->v[F_MAP] |= MAPS_NORESERVE;
	if (s->v[F_KIND] == KIND_MEMFD || s->v[F_KIND] == KIND_MEMFD_PRIVATE) {
		s->v[F_FILE] = below(g, NR_FILES);
		/* mostly where a neighbour would be continued */
		s->v[F_OFFSET] = one_in(g, 4) ? below(g, FILE_PAGES) : s->v[F_PAGE] % FILE_PAGES;
	}
	fill(p, s->v[F_PAGE], s->v[F_PAGES], (uint8_t)(PRIVATE + s->v[F_KIND]));
}

static void make_range(struct generator *g, struct step *s, const struct process *p)
{
	s->v[F_PAGE] = mapped_page(g, p);
	s->v[F_PAGES] = range_pages(g, p, (unsigned int)s->v[F_PAGE]);
}

static void make_munmap(struct generator *g, struct step *s, struct process *p)
{
	make_range(g, s, p);
	fill(p, s->v[F_PAGE], s->v[F_PAGES], NOTHING);
}

static void make_mprotect(struct generator *g, struct step *s, struct process *p)
{
	make_range(g, s, p);
	s->v[F_PROT] = a_prot(g);
}

static void make_access(struct generator *g, struct step *s, struct process *p)
{
	s->v[F_PAGE] = mapped_page(g, p);
	s->v[F_WORD] = g->ksm_weight ? one_in(g, 8) : below(g, WORDS);
	if (op_has_field(s->op, F_VALUE))
		s->v[F_VALUE] = a_value(g);
}

static void make_madvise(struct generator *g, struct step *s, struct process *p)
{
	static const uint8_t advices[] = { ADVICE_DONTNEED,	 ADVICE_DONTNEED,
					   ADVICE_FREE,		 ADVICE_FREE,
					   ADVICE_COLD,		 ADVICE_PAGEOUT,
					   ADVICE_PAGEOUT,	 ADVICE_POPULATE_READ,
					   ADVICE_POPULATE_WRITE };

	make_range(g, s, p);
	s->v[F_ADVICE] = advices[below(g, sizeof(advices))];
}

/* Places that stay in the window. */
static void make_mremap(struct generator *g, struct step *s, struct process *p)
{
	static const uint8_t how[] = {
		REMAP_MAYMOVE | REMAP_FIXED,
		REMAP_MAYMOVE | REMAP_FIXED,
		REMAP_MAYMOVE | REMAP_FIXED | REMAP_DONTUNMAP,
		REMAP_MAYMOVE,
		0,
		0,
		REMAP_FIXED,
		REMAP_MAYMOVE | REMAP_DONTUNMAP,
	};
	uint64_t max;

	make_range(g, s, p);
	s->v[F_REMAP] = how[below(g, one_in(g, 10) ? 8 : 6)];
	s->v[F_NEW] = s->v[F_PAGES];
	if (!(s->v[F_REMAP] & REMAP_DONTUNMAP) || one_in(g, 10))
		if (one_in(g, 2) || !(s->v[F_REMAP] & REMAP_FIXED))
			s->v[F_NEW] = 1 + below(g, 6);
	if (one_in(g, 12))
		s->v[F_PAGES] = 0;
	s->v[F_TO] = any_page(g);
	max = WINDOW_PAGES - (s->v[F_TO] > s->v[F_PAGE] ? s->v[F_TO] : s->v[F_PAGE]);
	if (s->v[F_NEW] > max)
		s->v[F_NEW] = max;
	if (s->v[F_REMAP] & REMAP_FIXED)
		fill(p, s->v[F_TO], s->v[F_NEW], p->kind[s->v[F_PAGE]]);
	else
		s->v[F_TO] = 0;
}

/* Another process, or the same one. */
static void make_remote(struct generator *g, struct step *s, struct process *p)
{
	int other = any_process(g);

	if (!g->able->has[ABLE_REMOTE]) {
		s->op = OP_WRITE;
		make_access(g, s, p);
		return;
	}
	s->v[F_PROCESS] = (uint64_t)other;
	p = &g->process[other];
	if (s->op == OP_READV)
		make_range(g, s, p);
	else
		make_access(g, s, p);
}

static void make_vmsplice(struct generator *g, struct step *s, struct process *p)
{
	make_range(g, s, p);
	s->v[F_PIPE] = below(g, NR_PIPES);
	g->piped[s->v[F_PIPE]]++;
}

static void make_pipe_read(struct generator *g, struct step *s, struct process *p)
{
	s->v[F_PIPE] = below(g, NR_PIPES);
	if (!g->piped[s->v[F_PIPE]])
		s->v[F_PIPE] = (s->v[F_PIPE] + 1) % NR_PIPES;
	if (g->piped[s->v[F_PIPE]])
		g->piped[s->v[F_PIPE]]--;
}

static void make_pin(struct generator *g, struct step *s, struct process *p)
{
	unsigned int i = below(g, NR_BUFFERS);

	if (g->able->has[ABLE_PIN]) {
		s->v[F_BUFFER] = i;
		if (!g->pinned[i]) {
			s->op = OP_PIN;
			make_range(g, s, p);
			g->pinned[i] = (unsigned int)s->v[F_PAGES];
			return;
		}
		s->op = one_in(g, 3) ? OP_UNPIN : one_in(g, 2) ? OP_PIN_READ : OP_PIN_WRITE;
		if (s->op == OP_UNPIN) {
			g->pinned[i] = 0;
			return;
		}
		s->v[F_PAGE] = below(g, g->pinned[i]);
		s->v[F_WORD] = below(g, WORDS);
		if (s->op == OP_PIN_WRITE)
			s->v[F_VALUE] = a_value(g);
		return;
	}
	s->op = OP_WRITE;
	make_access(g, s, p);
}

/* Anonymous memory has no minor faults, and all of a range must allow what is asked for. */
static void make_uffd_range(struct generator *g, struct step *s, struct process *p)
{
	static const uint8_t modes[] = { MODE_MISSING, MODE_WP, MODE_WP, MODE_MISSING | MODE_WP,
					 MODE_MINOR,   MODE_WP, MODE_WP, MODE_MINOR | MODE_WP };
	unsigned int mode;

	make_range(g, s, p);
	if (s->op == OP_UFFD_REGISTER && one_in(g, 3)) { /* all there is */
		s->v[F_PAGE] = g->home;
		s->v[F_PAGES] = g->span;
	}
	mode = modes[below(g, sizeof(modes))];
	if (s->op == OP_UFFD_REGISTER)
		s->v[F_MODE] = mode;
	for (uint64_t i = s->v[F_PAGE]; i < s->v[F_PAGE] + s->v[F_PAGES]; i++)
		p->watched[i] = s->op == OP_UFFD_REGISTER ? (uint8_t)mode : 0;
}

/* A page that is watched so, if there is one. */
static unsigned int watched_page(struct generator *g, const struct process *p, unsigned int mode)
{
	unsigned int page = mapped_page(g, p);

	for (int i = 0; i < 40 && !(p->watched[page] & mode && p->kind[page] != NOTHING); i++)
		page = g->home + below(g, g->span);
	return page;
}

static void make_uffd_page(struct generator *g, struct step *s, struct process *p,
			   unsigned int mode)
{
	s->v[F_PAGE] = watched_page(g, p, mode);
	s->v[F_PAGES] = range_pages(g, p, (unsigned int)s->v[F_PAGE]);
	if (op_has_field(s->op, F_VALUE))
		s->v[F_VALUE] = a_value(g);
	s->v[F_WP] = s->op == OP_UFFD_WRITEPROTECT ? !one_in(g, 4) : one_in(g, 4);
}

static bool watches(const struct process *p, unsigned int mode)
{
	for (int i = 0; i < WINDOW_PAGES; i++)
		if (p->watched[i] & mode)
			return true;
	return false;
}

/* Which mode lets a call do something. */
static unsigned int mode_for(enum op op)
{
	if (op == OP_UFFD_WRITEPROTECT)
		return MODE_WP;
	return op == OP_UFFD_CONTINUE ? MODE_MINOR : MODE_WP | MODE_MISSING;
}

/* Mostly a process that has one. */
static int uffd_process(struct generator *g, int process)
{
	for (int i = 0; i < PROCESSES && !one_in(g, 8); i++)
		if (g->process[i].alive && g->process[i].uffd)
			return i;
	return process;
}

static void make_uffd(struct generator *g, struct step *s, struct process *p)
{
	static const uint8_t calls[] = { OP_UFFD_REGISTER,     OP_UFFD_REGISTER,
					 OP_UFFD_REGISTER,     OP_UFFD_UNREGISTER,
					 OP_UFFD_COPY,	       OP_UFFD_COPY,
					 OP_UFFD_COPY,	       OP_UFFD_ZEROPAGE,
					 OP_UFFD_CONTINUE,     OP_UFFD_CONTINUE,
					 OP_UFFD_WRITEPROTECT, OP_UFFD_WRITEPROTECT,
					 OP_UFFD_WRITEPROTECT, OP_UFFD_WRITEPROTECT };

	if (!g->able->has[ABLE_UFFD]) {
		s->op = OP_WRITE;
		make_access(g, s, p);
		return;
	}
	s->process = uffd_process(g, s->process);
	p = &g->process[s->process];
	if (!p->uffd) {
		s->op = OP_UFFD_OPEN;
		if (g->able->has[ABLE_UFFD_ASYNC])
			s->v[F_FEATURES] = one_in(g, 3) ? below(g, 4) : 0;
		p->uffd = true;
		return;
	}
	s->op = one_in(g, 40) ? OP_UFFD_CLOSE : (enum op)calls[below(g, sizeof(calls))];
	if (s->op == OP_UFFD_CLOSE) {
		p->uffd = false;
		memset(p->watched, 0, sizeof(p->watched));
		return;
	}
	if (!watches(p, mode_for(s->op)) && !one_in(g, 10))
		s->op = OP_UFFD_REGISTER;
	if (s->op == OP_UFFD_REGISTER || s->op == OP_UFFD_UNREGISTER)
		make_uffd_range(g, s, p);
	else
		make_uffd_page(g, s, p, mode_for(s->op));
}

static void make_punch(struct generator *g, struct step *s, struct process *p)
{
	s->v[F_FILE] = below(g, NR_FILES);
	s->v[F_OFFSET] = below(g, FILE_PAGES);
	s->v[F_PAGES] = 1 + below(g, 8);
}

/* ksmd merges what it has seen unchanged in two passes. */
static void make_ksm(struct generator *g, struct step *s, struct process *p)
{
	if (!one_in(g, 3)) {
		s->op = OP_KSM_SCAN;
		return;
	}
	s->op = OP_MADVISE;
	make_range(g, s, p);
	s->v[F_ADVICE] = one_in(g, 4) ? ADVICE_UNMERGEABLE : ADVICE_MERGEABLE;
	if (s->v[F_ADVICE] == ADVICE_MERGEABLE && one_in(g, 2)) { /* all there is */
		s->v[F_PAGE] = g->home;
		s->v[F_PAGES] = g->span;
	}
}

/* Small files for a while, so that accesses get SIGBUS; but mostly not. */
static void make_truncate(struct generator *g, struct step *s, struct process *p)
{
	s->v[F_FILE] = below(g, NR_FILES);
	s->v[F_SIZE] = one_in(g, 3) ? below(g, FILE_PAGES) : FILE_PAGES / 2 + below(g, FILE_PAGES);
}

static void make_fork(struct generator *g, struct step *s, struct process *p)
{
	for (int i = 0; i < PROCESSES; i++) {
		if (g->process[i].alive)
			continue;
		s->v[F_CHILD] = (uint64_t)i;
		g->process[i] = *p;
		g->process[i].uffd = false;
		memset(g->process[i].watched, 0, sizeof(g->process[i].watched));
		return;
	}
	s->op = OP_READ;
	make_access(g, s, p);
}

/* Not the last one. */
static void make_exit(struct generator *g, struct step *s, struct process *p)
{
	int n = 0;

	for (int i = 0; i < PROCESSES; i++)
		n += g->process[i].alive;
	if (n > 1) {
		p->alive = false;
		return;
	}
	s->op = OP_WRITE;
	make_access(g, s, p);
}

static const struct {
	enum op op;
	unsigned int weight;
	void (*make)(struct generator *g, struct step *s, struct process *p);
} makers[] = {
	{ OP_MMAP, 14, make_mmap },	     { OP_MUNMAP, 4, make_munmap },
	{ OP_MPROTECT, 8, make_mprotect },   { OP_MADVISE, 8, make_madvise },
	{ OP_READ, 14, make_access },	     { OP_WRITE, 22, make_access },
	{ OP_MREMAP, 8, make_mremap },	     { OP_PUNCH, 2, make_punch },
	{ OP_READV, 3, make_remote },	     { OP_WRITEV, 3, make_remote },
	{ OP_POKE, 4, make_remote },	     { OP_VMSPLICE, 4, make_vmsplice },
	{ OP_PIPE_READ, 3, make_pipe_read }, { OP_PIN, 8, make_pin },
	{ OP_UFFD_OPEN, 0, make_uffd },	     { OP_TRUNCATE, 2, make_truncate },
	{ OP_KSM_SCAN, 0, make_ksm },	     { OP_FORK, 4, make_fork },
	{ OP_EXIT, 2, make_exit },
};

#define NR_MAKERS (sizeof(makers) / sizeof(makers[0]))

/*
 * Userfaultfd is in some sequences only: it makes much of the rest fail. KSM in few: its passes take their time.
 */
static unsigned int weight_of(const struct generator *g, size_t maker)
{
	if (makers[maker].make == make_ksm)
		return g->ksm_weight;
	return makers[maker].make == make_uffd ? g->uffd_weight : makers[maker].weight;
}

static void make_step(struct generator *g, struct step *s)
{
	unsigned int all = 0, k, i = 0;

	for (size_t m = 0; m < NR_MAKERS; m++)
		all += weight_of(g, m);
	k = below(g, all);
	while (k >= weight_of(g, i))
		k -= weight_of(g, i++);
	memset(s, 0, sizeof(*s));
	s->op = makers[i].op;
	s->process = any_process(g);
	makers[i].make(g, s, &g->process[s->process]);
	g->last_process = s->process;
	if (op_has_field(s->op, F_PAGE) && s->op != OP_PIN_READ && s->op != OP_PIN_WRITE)
		g->last_page =
			(unsigned int)(s->v[F_REMAP] & REMAP_FIXED ? s->v[F_TO] : s->v[F_PAGE]);
	if (!op_has_process(s->op))
		s->process = -1;
}

void generate(struct script *out, uint64_t seed, uint64_t number, unsigned int steps,
	      const struct abilities *able)
{
	struct generator g = { .able = able, .random = seed };

	g.random = next(&g) ^ number;
	g.random = next(&g);
	g.process[0].alive = true;
	g.uffd_weight = one_in(&g, 2) ? 0 : 5 + below(&g, 40);
	g.ksm_weight = one_in(&g, 16) ? 20 : 0;
	g.span = 6 + below(&g, 20);
	g.home = WINDOW_PAGES / 2 - below(&g, g.span);
	g.last_page = g.home;
	out->n = steps;
	for (unsigned int i = 0; i < steps; i++)
		make_step(&g, &out->step[i]);
}
