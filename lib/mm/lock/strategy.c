// SPDX-License-Identifier: MIT
/*
 * strategy.c - the table of lock strategies: the built-in ones, and those of users.
 *
 * State: registered[], guarded by its mutex; memory of the host, no event. A built-in strategy is a set of policy
 * settings: what a fault and a writer then call is decided where vma_lock is read (strategy.h, vma_lock.c).
 */
#include "mm/lock/strategy.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* Who marks what, from 6.5 on: a strategy without these would be one with known bugs (A5 of the facts). */
#define ALL_MARKS                                                                                  \
	",fork_vma_lock=start-write,insert_vma_lock=start-write,merge_vma_lock=start-write"        \
	",mbind_vma_lock=start-write,stack_vma_lock=start-write,stack_growth=mmap-write"           \
	",take_all_locks_vma=start-write,soft_dirty_lock=mmap-write-vma,vma_mark_function=start-"  \
	"write"
/* Marks by number, in the order that they need. */
#define ORDERED                                                                                    \
	",mm_lock_seq=counter,vma_unlock_order=release,vma_check_order=acquire,vma_mark=once"      \
	",vma_try_mark=once,vma_early_check=once"

static const struct fl_lock_strategy built_in[] = {
	{ .name = "mmap-lock",
	  .doc = "one rw_semaphore for all of the address space",
	  .source = "Linux up to 6.3",
	  .policy = "vma_lock=none,vma_free=rcu" },
	{ .name = "vma-rwsem-seq",
	  .doc = "a rw_semaphore and a sequence number in each mapping",
	  .source = "Linux 6.4 to 6.14 (5e31275cc997)",
	  .policy = "vma_lock=rwsem-seq,vma_free=rcu" ORDERED ALL_MARKS },
	{ .name = "vma-refcount",
	  .doc = "a reference count and a sequence number in each mapping",
	  .source = "Linux 6.15 (f35ab95ca0af)",
	  .policy = "vma_lock=refcnt,vma_free=typesafe,vma_inc_order=acquire,vma_wait_order=acquire"
		    ",vma_detach=wait,vma_attach_order=release,vma_foreign=pin" ORDERED ALL_MARKS },
	{ .name = "speculative",
	  .doc = "nothing: a copy of the mapping, and a look whether it has changed",
	  .source = "Speculative page faults, v11 (Dufour, 2018), never merged",
	  .policy = "vma_lock=speculative,vma_free=rcu" ORDERED ALL_MARKS },
	{ .name = "range-lock",
	  .doc = "a list of locked address ranges, without a lock of its own",
	  .source = "Scalable Range Locks (Kogan, Dice, Issa; EuroSys 2020)",
	  .policy = "vma_lock=range-lock,vma_free=rcu" ORDERED ALL_MARKS },
};
#define NR_BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

#define NR_REGISTERED 16
#define MAX_STATE 65536 /* bytes; the header says so */
static const struct fl_lock_strategy *registered[NR_REGISTERED];
static size_t nr_registered;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* With the mutex. */
static const struct fl_lock_strategy *at(size_t i)
{
	if (i < NR_BUILT_IN)
		return &built_in[i];
	return i - NR_BUILT_IN < nr_registered ? registered[i - NR_BUILT_IN] : NULL;
}

const struct fl_lock_strategy *fl_lock_strategy_at(size_t i)
{
	const struct fl_lock_strategy *strategy;

	pthread_mutex_lock(&mutex);
	strategy = at(i);
	pthread_mutex_unlock(&mutex);
	return strategy;
}

/* With the mutex. */
static const struct fl_lock_strategy *find(const char *name)
{
	const struct fl_lock_strategy *strategy;

	for (size_t i = 0; (strategy = at(i)); i++) {
		if (strcmp(strategy->name, name) == 0)
			return strategy;
	}
	return NULL;
}

const struct fl_lock_strategy *fl_lock_strategy_find(const char *name)
{
	const struct fl_lock_strategy *strategy;

	pthread_mutex_lock(&mutex);
	strategy = find(name);
	pthread_mutex_unlock(&mutex);
	return strategy;
}

/* Built-in ones have no functions. */
static bool usable(const struct fl_lock_strategy *strategy)
{
	return strategy->policy ||
	       (strategy->fault_begin && strategy->mark_vma && strategy->mm_size <= MAX_STATE &&
		strategy->vma_size <= MAX_STATE);
}

int fl_lock_strategy_register(const struct fl_lock_strategy *strategy)
{
	int err = 0;

	if (!strategy || !strategy->name || !strategy->name[0] || !usable(strategy))
		return -EINVAL;
	pthread_mutex_lock(&mutex);
	if (find(strategy->name))
		err = -EEXIST;
	else if (nr_registered == NR_REGISTERED)
		err = -EBUSY;
	else
		registered[nr_registered++] = strategy;
	pthread_mutex_unlock(&mutex);
	return err;
}

void fl_lock_strategy_unregister(const struct fl_lock_strategy *strategy)
{
	size_t left = 0;

	pthread_mutex_lock(&mutex);
	for (size_t i = 0; i < nr_registered; i++) {
		if (registered[i] != strategy)
			registered[left++] = registered[i];
	}
	nr_registered = left;
	pthread_mutex_unlock(&mutex);
}

int lock_strategy_choose(struct fl_machine *m, const struct fl_lock_strategy *strategy)
{
	if (!strategy)
		return 0;
	if (!usable(strategy))
		return -EINVAL;
	if (strategy->policy)
		return fl_policy_change(&m->policy, strategy->policy);
	if (fl_policy_change(&m->policy, "vma_free=rcu" ALL_MARKS))
		return -EINVAL;
	m->policy.vma_lock = FL_VMA_LOCK_USER;
	m->user_lock = strategy;
	return 0;
}
