// SPDX-License-Identifier: MIT
/*
 * oracle.c - the list of oracles, the library's and the user's, their lock, and the moments that
 * concern all of them. See oracle.h.
 */
#include "oracle/oracle.h"

#include "oracle/hooks.h"
#include "oracle/map.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "mm/mm_types.h"

#define NR_CUSTOM 8

#ifdef FAULTLINE_CHECK
#define WATCH_ACCESSES true
#else
#define WATCH_ACCESSES false
#endif

static const struct fl_oracle *const oracles[] = {
	&fl_discards, /* first: others ask it */
	&fl_frame_use_oracle,
	&fl_lost_write_oracle,
	&fl_isolation_oracle,
	&fl_missed_wp_oracle,
	&fl_missed_soft_dirty_oracle,
	&fl_permission_oracle,
	&fl_pin_coherence_oracle,
	&fl_zero_oracle,
	&fl_dirty_oracle,
	&fl_device_write_oracle, /* after pin-coherence: pins that part from their page say more */
	/* Invariants last: what a program sees of their breach says more. */
	&fl_anon_exclusive_oracle,
	&fl_migration_oracle,
	&fl_refcount_oracle,
	&fl_rmap_oracle,
	&fl_vma_torn_oracle,
	&fl_left_behind_oracle,
	&fl_lock_order_oracle,
};
#define NR_ORACLES (sizeof(oracles) / sizeof(oracles[0]))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct fl_machine *machine;
static bool saved; /* is there a state to go back to? */
static bool watch_accesses = WATCH_ACCESSES;

static const struct fl_custom_oracle *customs[NR_CUSTOM];
static struct fl_decisions decisions;

bool fl_oracles_on;
uint32_t fl_oracle_wanted;

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

bool fl_oracle_in_set_up(void)
{
	return !saved;
}

static bool is_on(const struct fl_oracle *oracle)
{
	return fl_oracles_on && (watch_accesses || !oracle->accesses);
}

/* Which kinds of events does anybody want? With the lock held. */
static void update_wanted(void)
{
	fl_oracle_wanted = 0;
	for (size_t i = 0; i < NR_ORACLES; i++) {
		if (is_on(oracles[i]))
			fl_oracle_wanted |= oracles[i]->wants;
	}
	for (size_t i = 0; i < NR_CUSTOM; i++) {
		if (fl_oracles_on && customs[i] && customs[i]->event)
			fl_oracle_wanted = UINT32_MAX;
	}
	/*
	 * Of what the oracles hear a listener hears. More would be accesses to modelled memory that
	 * the search did not make, in the arguments of FL_EVENT(); a fault's have none.
	 */
	if (fl_oracles_on && fl_oracle_listener)
		fl_oracle_wanted |= FL_EVENT_BIT(FAULT);
}

void fl_oracle_watch_accesses(bool on)
{
	fl_oracle_lock();
	watch_accesses = on;
	update_wanted();
	fl_oracle_unlock();
}

void fl_oracle_listen(const struct fl_oracle_listener *listener)
{
	fl_oracle_lock();
	fl_oracle_listener = listener;
	update_wanted();
	fl_oracle_unlock();
}

void fl_oracle_tell(const struct fl_event *e)
{
	uint32_t bit = 1U << e->kind;

	fl_oracle_lock();
	for (size_t i = 0; i < NR_ORACLES; i++) {
		if (oracles[i]->wants & bit && is_on(oracles[i]))
			oracles[i]->event(e);
	}
	for (size_t i = 0; i < NR_CUSTOM; i++) {
		if (customs[i] && customs[i]->event)
			customs[i]->event(customs[i]->arg, e);
	}
	fl_oracle_unlock();
}

void fl_oracle_event(struct fl_event *e)
{
	e->cpu = (unsigned int)smp_processor_id();
	/* The CPU's own, which it has just used. */
	if (!e->mm &&
	    (e->kind == FL_EVENT_LOAD || e->kind == FL_EVENT_STORE || e->kind == FL_EVENT_FAULT))
		e->mm = (const struct fl_mm *)machine->cpus[e->cpu].state->mm;
	if (fl_oracle_listener)
		fl_oracle_listener->event(e);
	fl_oracle_tell(e);
}

/* --- records --- */

static void forget_records(const struct fl_oracle *oracle)
{
	for (size_t i = 0; oracle->tables[i]; i++)
		fl_table_clear(oracle->tables[i]);
	for (size_t i = 0; oracle->maps[i]; i++)
		fl_map_clear(oracle->maps[i]);
	if (oracle->clear)
		oracle->clear();
}

static void save_records(const struct fl_oracle *oracle)
{
	for (size_t i = 0; oracle->tables[i]; i++)
		fl_table_save(oracle->tables[i]);
	for (size_t i = 0; oracle->maps[i]; i++)
		fl_map_save(oracle->maps[i]);
	if (oracle->save)
		oracle->save();
}

static void restore_records(const struct fl_oracle *oracle)
{
	for (size_t i = 0; oracle->tables[i]; i++)
		fl_table_restore(oracle->tables[i]);
	for (size_t i = 0; oracle->maps[i]; i++)
		fl_map_restore(oracle->maps[i]);
	if (oracle->restore)
		oracle->restore();
}

/* --- moments --- */

void fl_oracle_attach(const struct fl_machine *m, bool on)
{
	fl_oracle_lock();
	machine = m;
	saved = false;
	fl_oracles_on = m && on;
	for (size_t i = 0; i < NR_ORACLES; i++)
		forget_records(oracles[i]);
	update_wanted();
	fl_oracle_unlock();
}

void fl_oracle_reset(void)
{
	bool first = !saved;

	fl_oracle_lock();
	for (size_t i = 0; i < NR_ORACLES; i++) {
		if (saved)
			restore_records(oracles[i]);
		else
			save_records(oracles[i]);
	}
	saved = true;
	for (size_t i = 0; fl_oracles_on && i < NR_CUSTOM; i++) {
		if (customs[i] && customs[i]->reset)
			customs[i]->reset(customs[i]->arg, first);
	}
	fl_oracle_unlock();
}

void fl_oracle_finish(void)
{
	for (size_t i = 0; i < NR_ORACLES; i++) {
		if (oracles[i]->finish && is_on(oracles[i]))
			oracles[i]->finish();
	}
	for (size_t i = 0; fl_oracles_on && i < NR_CUSTOM; i++) {
		if (customs[i] && customs[i]->finish)
			customs[i]->finish(customs[i]->arg, (struct fl_machine *)machine);
	}
}

/* --- the user's --- */

int fl_oracle_register(const struct fl_custom_oracle *oracle)
{
	int err = -EBUSY;

	if (!oracle || !oracle->name || !oracle->name[0])
		return -EINVAL;
	fl_oracle_lock();
	for (size_t i = 0; err && i < NR_CUSTOM; i++) {
		if (!customs[i]) {
			customs[i] = oracle;
			err = 0;
		}
	}
	update_wanted();
	fl_oracle_unlock();
	return err;
}

void fl_oracle_unregister(const struct fl_custom_oracle *oracle)
{
	fl_oracle_lock();
	for (size_t i = 0; i < NR_CUSTOM; i++) {
		if (customs[i] == oracle)
			customs[i] = NULL;
	}
	update_wanted();
	fl_oracle_unlock();
}

int fl_decisions_set(const struct fl_decisions *new)
{
	if (machine)
		return -EBUSY;
	if (new)
		decisions = *new;
	else
		memset(&decisions, 0, sizeof(decisions));
	return 0;
}

const struct fl_decisions *fl_decisions_get(void)
{
	return &decisions;
}
