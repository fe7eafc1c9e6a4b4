// SPDX-License-Identifier: MIT
/* log.c - see log.h. */
#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

void log_begin(struct log_writer *w, FILE *f, const char *release, unsigned int see)
{
	memset(&w->before, 0, sizeof(w->before));
	w->f = f;
	fprintf(f, "# what a host did; for 'faultline differential FILE'\nH %s %u\n", release, see);
}

static void log_result(FILE *f, const struct result *r)
{
	fprintf(f, "R %" PRId64 " %d %d %d %d %d %u", r->ret, r->err, r->signo, r->code, r->at,
		r->faults, r->nr_words);
	for (unsigned int i = 0; i < r->nr_words; i++)
		fprintf(f, " %" PRIu64, r->word[i]);
	fprintf(f, "\n");
}

static void log_vmas(FILE *f, int i, const struct process_view *p)
{
	fprintf(f, "V %d %u", i, p->nr_vmas);
	for (uint32_t k = 0; k < p->nr_vmas; k++)
		fprintf(f, " %u %u %u %u %" PRIu64 " %" PRIu64, p->vma[k].start, p->vma[k].end,
			p->vma[k].prot, p->vma[k].shared, p->vma[k].file, p->vma[k].offset);
	fprintf(f, "\n");
}

static void log_page(FILE *f, int i, int page, const struct page_view *p)
{
	fprintf(f, "P %d %d %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", i, page, p->flags,
		p->mapcount, p->frame, p->word[0], p->word[1]);
}

static void log_process(FILE *f, int i, const struct process_view *before,
			const struct process_view *now)
{
	if (before->nr_vmas != now->nr_vmas ||
	    memcmp(before->vma, now->vma, now->nr_vmas * sizeof(now->vma[0])))
		log_vmas(f, i, now);
	for (int page = 0; page < WINDOW_PAGES; page++)
		if (memcmp(&before->page[page], &now->page[page], sizeof(now->page[0])))
			log_page(f, i, page, &now->page[page]);
}

void log_step(struct log_writer *w, const struct step *step, const struct result *result,
	      const struct view *view)
{
	unsigned int alive = 0;
	char text[512];

	step_print(text, sizeof(text), step);
	fprintf(w->f, "S %s\n", text);
	log_result(w->f, result);
	for (int i = 0; i < PROCESSES; i++)
		alive |= view->process[i].alive ? 1U << i : 0u;
	fprintf(w->f, "A %u\n", alive);
	for (int i = 0; i < PROCESSES; i++)
		if (view->process[i].alive)
			log_process(w->f, i, &w->before.process[i], &view->process[i]);
	w->before = *view;
}

/* ---- reading ---- */

static bool bad(const struct log_reader *r, const char *what)
{
	fprintf(stderr, "faultline: %s:%u: %s\n", r->name, r->line, what);
	return false;
}

static bool line_is_whole(struct log_reader *r)
{
	if (strchr(r->next, '\n'))
		return true;
	r->cut = true;
	return bad(r, feof(r->f) ? "the log ends in the middle of a line: it was cut short"
				 : "the line is too long, or has a NUL in it");
}

/* The next line that is no comment, into r->next. False: there is none. */
static bool read_line(struct log_reader *r)
{
	do {
		if (!fgets(r->next, sizeof(r->next), r->f)) {
			r->next[0] = '\0';
			return false;
		}
		r->line++;
		if (!line_is_whole(r))
			return false;
	} while (r->next[0] == '#' || r->next[0] == '\n');
	return true;
}

bool log_open(struct log_reader *r, FILE *f, const char *name)
{
	*r = (struct log_reader){ .f = f, .name = name };
	if (!read_line(r) || sscanf(r->next, "H %79s %u", r->release, &r->see) != 2)
		return r->cut ? false
			      : bad(r, "no log: it does not begin with \"H RELEASE NUMBER\"");
	read_line(r);
	return !r->cut;
}

/* The numbers of a line, after its letter. False: other than @n of them. */
static bool numbers(const char *line, uint64_t *out, size_t max, size_t *n)
{
	const char *at = line + 1;
	char *end;

	for (*n = 0;; ++*n, at = end) {
		uint64_t value = strtoull(at, &end, 10);

		if (end == at)
			break;
		if (*n == max)
			return false;
		out[*n] = value;
	}
	return at[strspn(at, " \n")] == '\0';
}

static bool take_result(struct result *result, const uint64_t *v, size_t n)
{
	if (n < 7 || v[6] != n - 7 || v[6] > 2 * WINDOW_PAGES)
		return false;
	*result = (struct result){ .ret = (int64_t)v[0],
				   .err = (int)v[1],
				   .signo = (int)v[2],
				   .code = (int)v[3],
				   .at = (int)v[4],
				   .faults = (int)v[5],
				   .nr_words = (unsigned int)v[6] };
	memcpy(result->word, &v[7], v[6] * sizeof(v[0]));
	return true;
}

static bool take_alive(struct view *view, const uint64_t *v, size_t n)
{
	for (int i = 0; n == 1 && i < PROCESSES; i++)
		view->process[i].alive = v[0] >> i & 1;
	return n == 1;
}

static bool take_vmas(struct view *view, const uint64_t *v, size_t n)
{
	struct process_view *p;

	if (n < 2 || v[0] >= PROCESSES || v[1] > WINDOW_PAGES || n != 2 + 6 * v[1])
		return false;
	p = &view->process[v[0]];
	p->nr_vmas = (uint32_t)v[1];
	for (uint64_t i = 0; i < v[1]; i++) {
		const uint64_t *vma = &v[2 + 6 * i];

		p->vma[i] = (struct vma_view){ .start = (uint32_t)vma[0],
					       .end = (uint32_t)vma[1],
					       .prot = (uint32_t)vma[2],
					       .shared = (uint32_t)vma[3],
					       .file = vma[4],
					       .offset = vma[5] };
	}
	return true;
}

static bool take_page(struct view *view, const uint64_t *v, size_t n)
{
	if (n != 7 || v[0] >= PROCESSES || v[1] >= WINDOW_PAGES)
		return false;
	view->process[v[0]].page[v[1]] = (struct page_view){ .flags = (uint32_t)v[2],
							     .mapcount = (uint32_t)v[3],
							     .frame = v[4],
							     .word = { v[5], v[6] } };
	return true;
}

static bool take_line(const char *line, struct result *result, struct view *view)
{
	uint64_t v[2 + 6 * WINDOW_PAGES];
	size_t n;

	if (!numbers(line, v, sizeof(v) / sizeof(v[0]), &n))
		return false;
	switch (line[0]) {
	case 'R':
		return take_result(result, v, n);
	case 'A':
		return take_alive(view, v, n);
	case 'V':
		return take_vmas(view, v, n);
	case 'P':
		return take_page(view, v, n);
	default:
		return false;
	}
}

enum log_end log_next(struct log_reader *r, struct step *step, struct result *result,
		      struct view *view)
{
	unsigned int seen = 0;
	char why[256];
	bool empty;

	if (!r->next[0])
		return LOG_OVER;
	if (r->next[0] != 'S' || !step_parse(step, r->next + 1, &empty, why, sizeof(why)) ||
	    empty) {
		bad(r, r->next[0] != 'S' ? "not a step: \"S ...\"" : why);
		return LOG_BAD;
	}
	while (read_line(r) && r->next[0] != 'S') {
		seen |= r->next[0] == 'R' ? 1U : r->next[0] == 'A' ? 2U : 0u;
		if (!take_line(r->next, result, view)) {
			bad(r, "not what a log says of a step");
			return LOG_BAD;
		}
	}
	if (r->cut)
		return LOG_BAD;
	if (seen != 3) {
		bad(r, "the step before has no line \"R ...\", or no line \"A ...\"");
		return LOG_BAD;
	}
	return LOG_STEP;
}
