// SPDX-License-Identifier: MIT
/* choice.c - see choice.h. */
#include "choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/run/nearest.h"
#include "../cli.h"

#define MAX_NAME 64

/* All names of a kind. */
typedef const char *(*name_at)(size_t i);

static const char *workload_name(size_t i)
{
	return i < nr_workloads ? workloads[i]->name : NULL;
}

static size_t names_of(const char **out, name_at at)
{
	size_t n = 0;

	while (n < BENCH_MAX_LIST && at(n)) {
		out[n] = at(n);
		n++;
	}
	return n;
}

static void join(char *buf, size_t size, const char **names, size_t n)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", names[i]);
}

/* The number of @name in @at's list; -1 after an error message. */
static int find(const char *kind, const char *name, name_at at)
{
	const char *names[BENCH_MAX_LIST];
	size_t n = names_of(names, at);
	char near[256], all[1024];

	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	fl_nearest(near, sizeof(near), name, names, n);
	join(all, sizeof(all), names, n);
	cli_error("no %s \"%s\"%s there are %s", kind, name, near[0] ? near : ";", all);
	return -1;
}

/* Calls @add with each item of "a,b", or of @all for "all", if there is such a list; false: one was refused. */
static bool each(void *arg, const char *option, const char *list, name_at all,
		 bool (*add)(void *arg, const char *item))
{
	const char *whole = list;
	char item[MAX_NAME];

	if (all && !strcmp(list, "all")) {
		for (size_t i = 0; all(i); i++)
			if (!add(arg, all(i)))
				return false;
		return true;
	}
	for (;;) {
		size_t n = strcspn(list, ",");

		if (!n || n >= sizeof(item))
			return !cli_error("%s \"%s\": an empty item, or too long a one", option,
					  whole);
		snprintf(item, sizeof(item), "%.*s", (int)n, list);
		if (!add(arg, item))
			return false;
		if (!list[n])
			return true;
		list += n + 1;
	}
}

/* Once is enough. */
static bool add_name(const char **names, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(names[i], name))
			return true;
	if (*n < BENCH_MAX_LIST)
		names[(*n)++] = name;
	return true;
}

bool choose_workload(struct choice *c, const char *name)
{
	int i = find("workload", name, workload_name);

	if (i < 0)
		return false;
	for (size_t k = 0; k < c->nr_workloads; k++)
		if (c->workload[k] == workloads[i])
			return true;
	if (c->nr_workloads < BENCH_MAX_LIST)
		c->workload[c->nr_workloads++] = workloads[i];
	return true;
}

static bool add_strategy(void *arg, const char *item)
{
	struct choice *c = arg;
	int i = find("strategy", item, kernel_strategy);

	return i >= 0 && add_name(c->strategy, &c->nr_strategies, kernel_strategy((size_t)i));
}

static bool add_rwlock(void *arg, const char *item)
{
	struct choice *c = arg;
	int i = find("reader-writer lock", item, kernel_rwlock);

	return i >= 0 && add_name(c->rwlock, &c->nr_rwlocks, kernel_rwlock((size_t)i));
}

static bool add_threads(void *arg, const char *item)
{
	struct choice *c = arg;
	uint64_t n;

	if (!cli_number(&n, "--threads", item, 1))
		return false;
	if (n > BENCH_MAX_CPUS)
		return !cli_error(
			"--threads \"%s\" is more than %d, the CPUs that a machine can have", item,
			BENCH_MAX_CPUS);
	for (size_t i = 0; i < c->nr_threads; i++)
		if (c->threads[i] == n)
			return true;
	if (c->nr_threads < BENCH_MAX_LIST)
		c->threads[c->nr_threads++] = (unsigned int)n;
	return true;
}

bool choose_strategies(struct choice *c, const char *list)
{
	return each(c, "--strategy", list, kernel_strategy, add_strategy);
}

bool choose_rwlocks(struct choice *c, const char *list)
{
	return each(c, "--rwlock", list, kernel_rwlock, add_rwlock);
}

bool choose_threads(struct choice *c, const char *list)
{
	return each(c, "--threads", list, NULL, add_threads);
}

void choose_rest(struct choice *c)
{
	unsigned int cores = cores_count() < BENCH_MAX_CPUS ? cores_count() : BENCH_MAX_CPUS - 1;

	if (!c->nr_workloads)
		for (size_t i = 0; i < nr_workloads; i++)
			c->workload[c->nr_workloads++] = workloads[i];
	if (!c->nr_strategies)
		c->nr_strategies = names_of(c->strategy, kernel_strategy);
	if (!c->nr_rwlocks)
		c->rwlock[c->nr_rwlocks++] = kernel_rwlock(0);
	if (!c->nr_threads)
		for (unsigned int n = 1; n <= cores; n *= 2)
			c->threads[c->nr_threads++] = n;
}

bool choice_fits(const struct choice *c)
{
	for (size_t i = 0; i < c->nr_workloads; i++)
		for (size_t k = 0; k < c->nr_threads; k++)
			if (engine_threads(&c->workload[i]->ours, c->threads[k]) > BENCH_MAX_CPUS)
				return !cli_error(
					"--threads \"%u\": %s has a writer besides, and a machine "
					"can have %d CPUs",
					c->threads[k], c->workload[i]->name, BENCH_MAX_CPUS);
	return true;
}

bool choice_has(const struct choice *c, const struct workload *w)
{
	for (size_t i = 0; i < c->nr_workloads; i++)
		if (c->workload[i] == w)
			return true;
	return false;
}

void choice_list(void)
{
	printf("Workloads:\n");
	for (size_t i = 0; i < nr_workloads; i++)
		printf("  %-22s  %s\n", workloads[i]->name, workloads[i]->doc);
	printf("\nStrategies (--strategy):\n");
	for (size_t i = 0; kernel_strategy(i); i++)
		printf("  %-22s  %s\n", kernel_strategy(i), kernel_strategy_doc(i));
	printf("\nReader-writer locks below mmap_lock (--rwlock):\n");
	for (size_t i = 0; kernel_rwlock(i); i++)
		printf("  %-22s  %s\n", kernel_rwlock(i), kernel_rwlock_doc(i));
}
