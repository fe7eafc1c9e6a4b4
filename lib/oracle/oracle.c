// SPDX-License-Identifier: MIT
/*
 * oracle.c - the list of oracles, their lock, and the moments that concern all of them. See
 * oracle.h.
 */
#include "oracle/oracle.h"

#include "oracle/hooks.h"

#include <pthread.h>
#include <stddef.h>

static const struct fl_oracle *const oracles[] = {
	&fl_anon_exclusive_oracle,
	&fl_vma_torn_oracle,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct fl_machine *machine;
static bool saved; /* is there a state to go back to? */

bool fl_oracles_on;

void fl_oracle_lock(void)
{
	pthread_mutex_lock(&lock);
}

void fl_oracle_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

const struct fl_machine *fl_oracle_machine(void)
{
	return machine;
}

void fl_oracle_attach(const struct fl_machine *m, bool on)
{
	fl_oracle_lock();
	machine = m;
	saved = false;
	fl_oracles_on = m && on;
	for (size_t i = 0; i < sizeof(oracles) / sizeof(oracles[0]); i++)
		oracles[i]->clear();
	fl_oracle_unlock();
}

void fl_oracle_reset(void)
{
	fl_oracle_lock();
	for (size_t i = 0; i < sizeof(oracles) / sizeof(oracles[0]); i++) {
		if (saved)
			oracles[i]->restore();
		else
			oracles[i]->save();
	}
	saved = true;
	fl_oracle_unlock();
}

void fl_oracle_finish(void)
{
	for (size_t i = 0; fl_oracles_on && i < sizeof(oracles) / sizeof(oracles[0]); i++) {
		if (oracles[i]->finish)
			oracles[i]->finish();
	}
}
