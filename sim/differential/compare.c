// SPDX-License-Identifier: MIT
/* compare.c - two views of the same moment, and how they differ in words. */
#define _GNU_SOURCE /* strerrorname_np() */
#include "view.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define NAMES 1024 /* a power of two, some times the pages of all processes */
#define MAX_LINES 12

/* Numbers to names, 1, 2, ..., in the order in which they are asked for. */
struct names {
	uint64_t key[NAMES];
	uint32_t name[NAMES], last;
};

static uint32_t name_of(struct names *names, uint64_t key)
{
	uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15ULL) >> 40) % NAMES;

	while (names->name[i] && names->key[i] != key)
		i = (i + 1) % NAMES;
	if (!names->name[i]) {
		names->key[i] = key;
		names->name[i] = ++names->last;
	}
	return names->name[i];
}

static void rename_page(struct page_view *p, struct names *frames, unsigned int see)
{
	if (!(see & SEE_FLAGS))
		p->flags &= ~(uint32_t)(V_ZERO | V_ANON | V_KSM | V_ANON_EXCLUSIVE);
	if (!(see & SEE_REPLACED))
		p->flags &= ~(uint32_t)V_REPLACED;
	if (!(see & SEE_MAPCOUNT) || p->flags & V_ZERO)
		p->mapcount = 0;
	if (!(see & SEE_FRAMES) || p->flags & V_ZERO || !(p->flags & V_PRESENT))
		p->frame = 0;
	else
		p->frame = name_of(frames, p->frame);
}

/*
 * MAP_POPULATE over what was there, and mremap() there, which gives merged pages frames of their own when those of the target are free.
 * KSM: which of two equal pages stays is nobody's business.
 */
static bool may_replace(const struct step *step, bool had_merged)
{
	return step->op == OP_KSM_SCAN || (step->op == OP_MMAP && step->v[F_MAP] & MAPS_POPULATE) ||
	       (had_merged && step->op == OP_MREMAP && step->v[F_REMAP] & REMAP_FIXED);
}

void view_note_replaced(struct view *view, struct memory *memory, const struct step *step)
{
	for (int i = 0; i < PROCESSES; i++) {
		bool may = may_replace(step, i == step->process && memory->merged[i]);

		memory->merged[i] = false;
		for (int page = 0; page < WINDOW_PAGES; page++) {
			struct page_view *p = &view->process[i].page[page];
			uint64_t *before = &memory->frame[i][page], now = 0;

			if (view->process[i].alive && p->flags & V_PRESENT && !(p->flags & V_ZERO))
				now = p->frame;
			if (*before && now && now != *before && !may)
				p->flags |= V_REPLACED;
			*before = now;
			memory->merged[i] |= now && p->flags & V_KSM;
		}
	}
}

void view_rename(struct view *view, unsigned int see)
{
	static struct names frames, files;

	memset(&frames, 0, sizeof(frames));
	memset(&files, 0, sizeof(files));
	for (int i = 0; i < PROCESSES; i++) {
		struct process_view *p = &view->process[i];

		if (!p->alive)
			continue;
		for (int page = 0; page < WINDOW_PAGES; page++)
			if (p->page[page].flags)
				rename_page(&p->page[page], &frames, see);
		for (uint32_t k = 0; k < p->nr_vmas; k++)
			if (p->vma[k].file)
				p->vma[k].file = name_of(&files, p->vma[k].file);
	}
}

static bool same_result(const struct result *a, const struct result *b)
{
	return a->skipped == b->skipped && a->ret == b->ret && a->err == b->err &&
	       a->signo == b->signo && a->code == b->code && a->at == b->at &&
	       a->nr_words == b->nr_words &&
	       !memcmp(a->word, b->word, a->nr_words * sizeof(a->word[0]));
}

static bool same_faults(const struct result *a, const struct result *b)
{
	return a->faults < 0 || b->faults < 0 || a->faults == b->faults;
}

static bool same_page(const struct page_view *a, const struct page_view *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool same_vmas(const struct process_view *a, const struct process_view *b)
{
	return a->nr_vmas == b->nr_vmas && !memcmp(a->vma, b->vma, a->nr_vmas * sizeof(a->vma[0]));
}

static bool same_process(const struct process_view *a, const struct process_view *b)
{
	if (a->alive != b->alive)
		return false;
	return !a->alive || (!memcmp(a->page, b->page, sizeof(a->page)) && same_vmas(a, b));
}

bool compare(const struct result *host, const struct result *ours, const struct view *host_view,
	     const struct view *our_view)
{
	if (!same_result(host, ours) || !same_faults(host, ours))
		return false;
	for (int i = 0; i < PROCESSES; i++)
		if (!same_process(&host_view->process[i], &our_view->process[i]))
			return false;
	return true;
}

/* ---- in words ---- */

static const char *signal_name(int signo)
{
	return signo == SIGSEGV ? "SIGSEGV" : signo == SIGBUS ? "SIGBUS" : "signal";
}

static const char *code_name(int signo, int code)
{
	if (signo == SIGSEGV)
		return code == SEGV_MAPERR   ? "SEGV_MAPERR"
		       : code == SEGV_ACCERR ? "SEGV_ACCERR"
					     : "";
	return code == BUS_ADRERR ? "BUS_ADRERR" : "";
}

static void add(char *text, size_t size, const char *what)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s", n ? " " : "", what);
}

void result_print(char *text, size_t size, const struct result *r)
{
	const char *name = r->err ? strerrorname_np(r->err) : NULL;
	char part[64];

	text[0] = '\0';
	if (r->skipped) {
		snprintf(text, size, "skipped");
		return;
	}
	if (r->signo)
		snprintf(text, size, "%s %s at page %d", signal_name(r->signo),
			 code_name(r->signo, r->code), r->at);
	else if (r->err)
		snprintf(text, size, "%s", name ? name : "unknown errno");
	else if (r->ret == OUTSIDE)
		snprintf(text, size, "mapped outside of the window");
	else
		snprintf(text, size, "%" PRId64, r->ret);
	if (r->faults >= 0) {
		snprintf(part, sizeof(part), "faults %d", r->faults);
		add(text, size, part);
	}
	for (unsigned int i = 0; i < r->nr_words; i++) {
		snprintf(part, sizeof(part), "%s%" PRIu64, i ? "" : "words ", r->word[i]);
		add(text, size, part);
	}
}

static const struct {
	uint32_t bit;
	const char *name;
} flag_names[] = {
	{ V_PRESENT, "present" }, { V_SWAPPED, "swapped" },
	{ V_FILE, "file" },	  { V_EXCLUSIVE, "exclusive" },
	{ V_UFFD_WP, "uffd-wp" }, { V_ZERO, "zero-page" },
	{ V_ANON, "anon" },	  { V_ANON_EXCLUSIVE, "anon-exclusive" },
	{ V_KSM, "ksm" },	  { V_REPLACED, "replaced" },
};

void page_print(char *text, size_t size, const struct page_view *p)
{
	char part[96];

	text[0] = '\0';
	if (!p->flags)
		snprintf(text, size, "none");
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (p->flags & flag_names[i].bit)
			add(text, size, flag_names[i].name);
	if (p->frame) {
		snprintf(part, sizeof(part), "frame %" PRIu64, p->frame);
		add(text, size, part);
	}
	if (p->mapcount) {
		snprintf(part, sizeof(part), "mapped %u", p->mapcount);
		add(text, size, part);
	}
	if (p->flags & V_READ) {
		snprintf(part, sizeof(part), "words %" PRIu64 " %" PRIu64, p->word[0], p->word[1]);
		add(text, size, part);
	}
}

void vma_print(char *text, size_t size, const struct vma_view *v)
{
	int n = snprintf(text, size, "%u-%u %c%c%c", v->start, v->end - 1,
			 v->prot & PROT_R ? 'r' : '-', v->prot & PROT_W ? 'w' : '-',
			 v->shared ? 's' : 'p');

	if (v->file && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " file %" PRIu64 " offset %" PRIu64, v->file,
			 v->offset);
}

static int explain_result(FILE *f, const struct result *host, const struct result *ours)
{
	char a[4096], b[4096];

	if (same_result(host, ours) && same_faults(host, ours))
		return 0;
	result_print(a, sizeof(a), host);
	result_print(b, sizeof(b), ours);
	fprintf(f, "  the call itself: host %s, simulator %s\n", a, b);
	return 1;
}

static int explain_vmas(FILE *f, int i, const struct process_view *host,
			const struct process_view *ours)
{
	char text[128];

	if (same_vmas(host, ours))
		return 0;
	fprintf(f, "  process %d mappings: host", i);
	for (uint32_t k = 0; k < host->nr_vmas; k++) {
		vma_print(text, sizeof(text), &host->vma[k]);
		fprintf(f, "%s %s", k ? "," : "", text);
	}
	fprintf(f, "; simulator");
	for (uint32_t k = 0; k < ours->nr_vmas; k++) {
		vma_print(text, sizeof(text), &ours->vma[k]);
		fprintf(f, "%s %s", k ? "," : "", text);
	}
	fprintf(f, "\n");
	return 1;
}

static int explain_process(FILE *f, int i, const struct process_view *host,
			   const struct process_view *ours)
{
	char a[256], b[256];
	int lines = 0;

	if (host->alive != ours->alive) {
		fprintf(f, "  process %d: host %s, simulator %s\n", i,
			host->alive ? "alive" : "gone", ours->alive ? "alive" : "gone");
		return 1;
	}
	if (!host->alive)
		return 0;
	lines += explain_vmas(f, i, host, ours);
	for (int page = 0; page < WINDOW_PAGES && lines < MAX_LINES; page++) {
		if (same_page(&host->page[page], &ours->page[page]))
			continue;
		page_print(a, sizeof(a), &host->page[page]);
		page_print(b, sizeof(b), &ours->page[page]);
		fprintf(f, "  process %d page %d: host %s; simulator %s\n", i, page, a, b);
		lines++;
	}
	return lines;
}

void compare_explain(FILE *f, const struct result *host, const struct result *ours,
		     const struct view *host_view, const struct view *our_view)
{
	int lines = explain_result(f, host, ours);

	for (int i = 0; i < PROCESSES && lines < MAX_LINES; i++)
		lines += explain_process(f, i, &host_view->process[i], &our_view->process[i]);
}
