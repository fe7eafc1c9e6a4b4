// SPDX-License-Identifier: MIT
/*
 * kernel.c - strategies (lock.h) and reader-writer locks (rwlock.h) by their names, and a machine that has them. All else is
 * as in the newest release.
 */
#include "bench.h"

#include <string.h>

#include <faultline/lock.h>
#include <faultline/rwlock.h>

const char *kernel_strategy(size_t i)
{
	const struct fl_lock_strategy *s = fl_lock_strategy_at(i);

	return s ? s->name : NULL;
}

const char *kernel_strategy_doc(size_t i)
{
	return fl_lock_strategy_at(i)->doc;
}

const char *kernel_rwlock(size_t i)
{
	const struct fl_rwlock *l = fl_rwlock_at(i);

	return l ? l->name : NULL;
}

const char *kernel_rwlock_doc(size_t i)
{
	return fl_rwlock_at(i)->doc;
}

bool kernel_tries_vma(const struct kernel *kernel)
{
	return strcmp(kernel->strategy, "mmap-lock") != 0;
}

int kernel_machine(struct fl_machine **out, const struct kernel *kernel, unsigned int cpus,
		   uint64_t frames)
{
	const struct fl_policy_profile *newest = fl_policy_profile(fl_policy_nr_profiles() - 1);
	struct fl_machine_config config = {
		.cpus = cpus,
		.frames = frames,
		.no_oracles = 1,
		.lock = fl_lock_strategy_find(kernel->strategy),
		.rwlock = fl_rwlock_find(kernel->rwlock),
	};
	struct fl_policy *policy;
	char err[256];
	int ret;

	ret = fl_policy_create(&policy, newest->name, NULL, err, sizeof(err));
	if (ret)
		return ret;
	config.policy = policy;
	ret = fl_machine_create(out, &config);
	fl_policy_free(policy);
	return ret;
}
