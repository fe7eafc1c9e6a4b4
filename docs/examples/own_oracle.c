/* own_oracle.c - an oracle of one's own: a page that only one CPU may write to. */
#include <stdio.h>
#include <string.h>

#include <faultline/oracle.h>
#include <faultline/run.h>

#define NOBODY (~0U)

/* What the oracle remembers. Memory of its own: the engine does not put it back, reset() does. */
static struct owner {
	uint64_t pfn;
	unsigned int cpu;
} owner, after_set_up;

static void hear(void *arg, const struct fl_event *e)
{
	struct owner *o = arg;

	if (e->kind != FL_EVENT_STORE || e->pfn != o->pfn)
		return;
	if (o->cpu != NOBODY && o->cpu != e->cpu)
		fl_oracle_fail("one-writer", "CPU%u stores to CPU%u's page", e->cpu, o->cpu);
	o->cpu = e->cpu;
}

/* Before each execution: back to what set-up code left. */
static void reset(void *arg, bool first)
{
	if (first)
		after_set_up = owner;
	owner = after_set_up;
}

static const struct fl_custom_oracle one_writer = {
	.name = "one-writer",
	.arg = &owner,
	.event = hear,
	.reset = reset,
};

/* The scenario: two CPUs, one page. */

struct world {
	fl_vaddr page;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	struct fl_pte_info pte;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	if (!err)
		err = fl_store(cpu, w->page, 1);
	if (!err)
		err = fl_inspect_pte(&pte, mm, w->page);
	if (!err)
		owner = (struct owner){ pte.pfn, NOBODY };
	return err;
}

static void store(struct fl_cpu *cpu, void *world)
{
	const struct world *w = world;

	fl_store(cpu, w->page, 2 + fl_cpu_number(cpu));
}

static void look(struct fl_cpu *cpu, void *world)
{
	const struct world *w = world;
	uint64_t word;

	fl_load(&word, cpu, w->page);
}

static const struct fl_scenario good = {
	.name = "one-writer",
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	.world = sizeof(struct world),
	.set_up = set_up,
	.threads = { { "writer", store }, { "reader", look } },
};

static const struct fl_scenario bad = {
	.name = "two-writers",
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	.world = sizeof(struct world),
	.set_up = set_up,
	.threads = { { "writer", store }, { "writer too", store } },
};

static int run(const struct fl_scenario *s, enum fl_verdict expect)
{
	struct fl_run_options opt = { .kernel = "6.12" };
	struct fl_run_result r;
	char err[256];
	int ok;

	if (fl_run_check(s, &opt, &r, err, sizeof(err))) {
		fprintf(stderr, "%s: %s\n", s->name, err);
		return 1;
	}
	printf("%s: %s\n", s->name, r.verdict == FL_VERDICT_VERIFIED ? "verified" : r.message);
	ok = r.verdict == expect;
	fl_run_result_free(&r);
	return !ok;
}

int main(void)
{
	int bad_runs;

	if (fl_oracle_register(&one_writer))
		return 1;
	bad_runs = run(&good, FL_VERDICT_VERIFIED) + run(&bad, FL_VERDICT_VIOLATION);
	fl_oracle_unregister(&one_writer);
	return bad_runs;
}
