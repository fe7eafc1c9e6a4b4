// SPDX-License-Identifier: MIT
/*
 * check.c - own.c under the check engine: a fault against a writer, in all orders that the kernel's memory model allows. It exits
 * 0 if the strategy holds, and the one that does not wait for faults is found out.
 */
#include "own.h"

#include <stdio.h>

#include <faultline/run.h>
#include <faultline/scenario.h>

struct world {
	struct fl_mm *mm;
	fl_vaddr pages; /* the first one was written to */
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *arg)
{
	struct world *w = arg;
	int err = fl_mmap_anon(&w->pages, mm, 2, FL_READ | FL_WRITE);

	w->mm = mm;
	return err ? err : fl_store(cpu, w->pages, 1);
}

static void protect(struct fl_cpu *cpu, void *arg)
{
	struct world *w = arg;

	fl_mprotect(w->mm, w->pages, 2, FL_READ);
	/* Fails, whatever the fault did: who comes too late has made the page writable for good. */
	fl_store(cpu, fl_page(cpu, w->pages, 1), 3);
}

static void unmap(struct fl_cpu *cpu, void *arg)
{
	struct world *w = arg;

	(void)cpu;
	fl_munmap(w->mm, w->pages, 2);
}

static void fault(struct fl_cpu *cpu, void *arg)
{
	struct world *w = arg;

	fl_store(cpu, fl_page(cpu, w->pages, 1), 2);
}

#define RUNS(id, title, locked, writer)                                                            \
	FL_SCENARIO(id, .name = title, .summary = "a strategy of one's own",                       \
		    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2, .lock = &(locked) },    \
		    .world = sizeof(struct world), .set_up = set_up,                               \
		    .threads = { { "write", writer }, { "fault", fault } })
RUNS(own_unmap, "own-unmap", own_lock, unmap);
RUNS(own_protect, "own-protect", own_lock, protect);
RUNS(own_broken_unmap, "own-broken-unmap", own_broken_lock, unmap);
RUNS(own_broken_protect, "own-broken-protect", own_broken_lock, protect);

static int expect(const char *name, const char *model, enum fl_verdict verdict)
{
	struct fl_run_options opt = { .kernel = "6.12", .model = model };
	struct fl_run_result result;
	char err[256] = "";
	int ret = fl_run_check(fl_scenario_find(name), &opt, &result, err, sizeof(err));

	if (ret) {
		fprintf(stderr, "fl_run_check: %d: %s\n", ret, err);
		return 1;
	}
	printf("%s %s: %s, %llu executions\n", name, model,
	       result.verdict == FL_VERDICT_VIOLATION ? result.message : "holds",
	       (unsigned long long)result.executions);
	if (result.verdict != verdict && result.trace)
		fl_trace_print(result.trace, stdout);
	return result.verdict != verdict;
}

int main(void)
{
	return expect("own-unmap", "sc", FL_VERDICT_VERIFIED) ||
	       expect("own-unmap", "lkmm", FL_VERDICT_VERIFIED) ||
	       expect("own-protect", "lkmm", FL_VERDICT_VERIFIED) ||
	       expect("own-broken-unmap", "sc", FL_VERDICT_VIOLATION) ||
	       expect("own-broken-protect", "sc", FL_VERDICT_VIOLATION);
}
