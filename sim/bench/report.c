// SPDX-License-Identifier: MIT
/* report.c - the table. */
#include "report.h"

#include <inttypes.h>
#include <string.h>

#define WIDTH 9
#define FEW 2000 /* samples: p99.9 is the second of them */

static void widen(int *width, const char *text)
{
	int n = (int)strlen(text);

	if (n > *width)
		*width = n;
}

void table_widen(struct table *t, const char *workload, const char *strategy, const char *rwlock)
{
	widen(&t->workload, "workload");
	widen(&t->workload, workload);
	widen(&t->strategy, "strategy");
	widen(&t->strategy, strategy);
	widen(&t->rwlock, "rwlock");
	widen(&t->rwlock, rwlock);
}

static void put_head(struct table *t)
{
	static const char *const heads[] = { "ops/s", "spread",	    "p50",     "p99",
					     "p99.9", "writer/s",   "p50",     "p99",
					     "p99.9", "shootdowns", "retries", "fallbacks" };

	printf("%-*s  %-*s  %-*s  threads", t->workload, "workload", t->strategy, "strategy",
	       t->rwlock, "rwlock");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (i >= 5 && i < 9 && !t->writers)
			continue;
		printf("  %*s", i == 9 ? WIDTH + 1 : i == 1 ? 6 : WIDTH, heads[i]);
	}
	putchar('\n');
	t->begun = true;
}

static const char *rate(char *buf, size_t size, double per_second)
{
	if (per_second >= 1e6)
		snprintf(buf, size, "%.3f M", per_second / 1e6);
	else if (per_second >= 1e3)
		snprintf(buf, size, "%.1f k", per_second / 1e3);
	else
		snprintf(buf, size, "%.1f", per_second);
	return buf;
}

static const char *time_of(char *buf, size_t size, double ns)
{
	if (ns < 9999.5)
		snprintf(buf, size, "%.0f ns", ns);
	else if (ns < 9.9995e6)
		snprintf(buf, size, "%.1f us", ns / 1e3);
	else
		snprintf(buf, size, "%.1f ms", ns / 1e6);
	return buf;
}

static void put_quantiles(const struct quantiles *q, uint64_t samples)
{
	const double values[] = { q->p50, q->p99, q->p999 };
	char buf[32];

	for (size_t i = 0; i < 3; i++)
		printf("  %*s", WIDTH, samples ? time_of(buf, sizeof(buf), values[i]) : "-");
}

static void put_writers(const struct cell *c, const struct result *r)
{
	char buf[32];

	printf("  %*s", WIDTH,
	       c->workload->writer ? rate(buf, sizeof(buf), r->writer_ops_per_second) : "-");
	put_quantiles(&r->writer, r->writer_samples);
}

static void put_counters(const struct cell *c, const struct result *r)
{
	if (c->host) {
		printf("  %*s  %*s  %*s", WIDTH + 1, "-", WIDTH, "-", WIDTH, "-");
		return;
	}
	printf("  %*" PRIu64 "  %*" PRIu64, WIDTH + 1, r->shootdowns, WIDTH, r->retries);
	if (kernel_tries_vma(&c->kernel))
		printf("  %*" PRIu64, WIDTH, r->fallbacks);
	else
		printf("  %*s", WIDTH, "-");
}

static void put_row(struct table *t, const struct cell *c)
{
	struct result r;
	char buf[32];

	cell_result(&r, c);
	printf("%-*s  %-*s  %-*s  %7u", t->workload, c->workload->name, t->strategy,
	       c->kernel.strategy, t->rwlock, c->kernel.rwlock, c->threads);
	printf("  %*s", WIDTH, rate(buf, sizeof(buf), r.ops_per_second));
	if (r.runs > 1)
		printf("  %5.0f%%", 100 * r.spread);
	else
		printf("  %6s", "-");
	put_quantiles(&r.op, r.samples);
	if (t->writers)
		put_writers(c, &r);
	put_counters(c, &r);
	if (r.disturbed)
		printf("  disturbed, %u of %u runs", r.disturbed, r.runs);
	putchar('\n');
	t->disturbed |= r.disturbed > 0;
	t->crowded |= !r.pinned;
	t->tail |= r.samples / r.runs < FEW ||
		   (r.writer_samples && r.writer_samples / r.runs < FEW);
}

void table_group(struct table *t, const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!cells[i].nr)
			continue;
		if (!t->begun)
			put_head(t);
		put_row(t, &cells[i]);
	}
	fflush(stdout);
}

void table_end(const struct table *t)
{
	if (!t->begun)
		return;
	printf("\nMedians of the runs; spread: between the fastest and the slowest. Counters are "
	       "those of all runs.\n");
	if (t->disturbed)
		printf("disturbed: others had the processors for more than 5%% of the time, also "
		       "when the run was made "
		       "again.\n");
	if (t->crowded)
		printf("More threads than cores (%u), a writer among them: those are not bound to "
		       "cores, and wait for "
		       "each other.\n",
		       cores_count());
	if (t->tail)
		printf("Some runs have fewer than %d timed operations: p99.9 says little there; "
		       "--seconds takes more.\n",
		       FEW);
}
