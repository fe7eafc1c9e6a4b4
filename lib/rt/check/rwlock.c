/* SPDX-License-Identifier: MIT */
/*
 * rwlock.c - under the check engine there is one kind of mmap_lock, the engine's own: no choice. The functions are
 * there so that a program links with either library; nobody waits in a lock that no machine can have.
 */
#include <faultline/rwlock.h>

const struct fl_rwlock *fl_rwlock_at(size_t i)
{
	return NULL;
}

const struct fl_rwlock *fl_rwlock_find(const char *name)
{
	return NULL;
}

void fl_wait(unsigned int *step)
{
}

int fl_sleep_begin(void)
{
	return -1;
}

void fl_sleep_end(int slept)
{
}
