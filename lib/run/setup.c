// SPDX-License-Identifier: MIT
/* setup.c - from options to a policy, from a scenario to a machine with its world on it. */
#include "run/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <faultline/rt/alloc.h>

#include "rt/lacks.h"
#include "run/nearest.h"

#define MAX_VARIANTS 64

static const char *const models[] = { "sc", "tso", "lkmm" };

static int unknown_variant(const struct fl_scenario *s, const char *name, char *err, size_t size)
{
	const char *known[MAX_VARIANTS] = { NULL };
	char near[256];
	size_t n = s->nr_variants < MAX_VARIANTS ? s->nr_variants : MAX_VARIANTS, at;

	for (size_t i = 0; i < n; i++)
		known[i] = s->variants[i].name;
	fl_nearest(near, sizeof(near), name, known, n);
	at = snprintf(err, size, "%s has no variant \"%s\"%s There are: ", s->name, name,
		      near[0] ? near : ".");
	for (size_t i = 0; i < n && at < size; i++)
		at += snprintf(err + at, size - at, "%s%s", i ? ", " : "", known[i]);
	return -EINVAL;
}

static int choose_variant(struct fl_run *run, const char *name, char *err, size_t size)
{
	const struct fl_scenario *s = run->scenario;

	if (!name)
		return 0;
	for (size_t i = 0; i < s->nr_variants; i++)
		if (!strcmp(s->variants[i].name, name))
			run->variant = &s->variants[i];
	return run->variant ? 0 : unknown_variant(s, name, err, size);
}

int fl_run_find_model(const char **out, const char *name, char *err, size_t size)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		if (strcmp(models[i], name))
			continue;
		*out = models[i];
		return 0;
	}
	if (!strcmp(name, "rc11"))
		snprintf(err, size,
			 "memory model \"rc11\" is for programs ('faultline program'), not for "
			 "scenarios. There are: sc, tso, lkmm");
	else
		snprintf(err, size, "unknown memory model \"%s\". There are: sc, tso, lkmm", name);
	return -EINVAL;
}

static int choose_model(struct fl_run *run, const char *name, char *err, size_t size)
{
	if (!name)
		name = run->variant && run->variant->model ? run->variant->model : "lkmm";
	return fl_run_find_model(&run->model, name, err, size);
}

static int choose_set(struct fl_run *run, const char *own, char *err, size_t size)
{
	const char *base = run->variant && run->variant->set ? run->variant->set : "";
	int n = snprintf(run->set, sizeof(run->set), "%s%s%s", base, base[0] && own ? "," : "",
			 own ? own : "");

	if (n >= 0 && (size_t)n < sizeof(run->set))
		return 0;
	snprintf(err, size, "more settings than fit into %zu characters", sizeof(run->set));
	return -EINVAL;
}

/* Settings alone are changes to the newest kernel. */
static const char *choose_kernel(const struct fl_run *run, const char *name)
{
	if (!name && run->variant)
		name = run->variant->kernel;
	if (!name)
		return fl_policy_profile(fl_policy_nr_profiles() - 1)->name;
	return strncmp(name, "linux-", 6) ? name : name + 6;
}

static int nr_threads(const struct fl_scenario *s)
{
	int n = 0;

	while (n < FL_MAX_THREADS && s->threads[n].run)
		n++;
	return n;
}

int fl_run_choose(struct fl_run *run, const struct fl_scenario *s, const struct fl_run_options *opt,
		  char *err, size_t err_size)
{
	int ret;

	memset(run, 0, sizeof(*run));
	run->scenario = s;
	run->nthreads = nr_threads(s);
	ret = choose_variant(run, opt->variant, err, err_size);
	if (!ret)
		ret = choose_model(run, opt->model, err, err_size);
	if (!ret)
		ret = choose_set(run, opt->set, err, err_size);
	if (ret)
		return ret;
	run->kernel = choose_kernel(run, opt->kernel);
	return fl_policy_create(&run->policy, run->kernel, run->set, err, err_size);
}

void fl_run_forget(struct fl_run *run)
{
	fl_policy_free(run->policy);
	run->policy = NULL;
}

/*
 * As small as the scenario permits. Frames are shared out to the CPUs, and no thread should need
 * another one's: each page, a copy of it, one to spare.
 */
static void fit_machine(const struct fl_run *run, struct fl_machine_config *config)
{
	const struct fl_scenario *s = run->scenario;

	config->frames = 1 + (uint64_t)config->cpus * (2 * (uint64_t)s->needs.pages + 1);
	if (config->huge_pages) {
		uint64_t nr = s->needs.small_huge_pages ? 2 : 4;

		config->level_bits = nr == 2 ? 1 : 2;
		config->levels = nr == 2 ? 4 : 2; /* 16 pages either way */
		config->frames = (config->frames + nr - 1) / nr * nr + config->huge_pages * nr;
	}
}

static void size_machine(const struct fl_run *run, struct fl_machine_config *config)
{
	const struct fl_scenario *s = run->scenario;
	int cpus = s->needs.cpus > run->nthreads ? s->needs.cpus : run->nthreads;

	memset(config, 0, sizeof(*config));
	config->cpus = (unsigned int)cpus;
	config->policy = run->policy;
	config->uffd_must_answer = !(s->may_wait & FL_WAIT_UFFD);
	config->tlb_speculate = s->needs.tlb_speculate;
	config->migration = s->needs.migration;
	config->swap_slots = s->needs.swap_slots;
	config->mempolicy = s->needs.mempolicy;
	config->lock = s->needs.lock;
	config->mmu_notifiers = s->needs.mmu_notifiers;
	config->huge_pages = (unsigned int)s->needs.huge_pages;
#ifdef FAULTLINE_CHECK
	fit_machine(run, config);
#else
	if (run->small) {
		fl_machine_config_small(config);
		fit_machine(run, config);
	}
#endif
}

int fl_run_build(struct fl_run *run)
{
	const struct fl_scenario *s = run->scenario;
	struct fl_machine_config config;
	int err;

	fl_rt_lacks_nothing();
	size_machine(run, &config);
	err = fl_machine_create(&run->machine, &config);
	if (err)
		return err;
	err = fl_mm_create(&run->mm, run->machine);
	if (err)
		goto destroy_machine;
	for (unsigned int i = 0; i < config.cpus; i++)
		fl_switch_mm(fl_machine_cpu(run->machine, i), run->mm);
	err = -ENOMEM;
	run->state = fl_zalloc(s->world ? s->world : 1);
	if (!run->state)
		goto destroy_mm;
	err = s->set_up ? s->set_up(fl_machine_cpu(run->machine, 0), run->mm, run->state) : 0;
	if (fl_rt_lacked()[0])
		err = -EOPNOTSUPP;
	if (err)
		goto free_state;
	return 0;

free_state:
	fl_free(run->state);
destroy_mm:
	fl_mm_destroy(run->mm);
destroy_machine:
	fl_machine_destroy(run->machine);
	run->machine = NULL;
	return err;
}

void fl_run_tear_down(struct fl_run *run)
{
	if (!run->machine)
		return;
#ifndef FAULTLINE_CHECK
	/* An arena goes as a whole; and an execution may have left things in it in any state. */
	if (!run->small) {
		fl_free(run->state);
		fl_mm_destroy(run->mm);
	}
#endif
	fl_machine_destroy(run->machine);
	run->machine = NULL;
}
