/* SPDX-License-Identifier: MIT */
/* chosen.c - a lock that is not the default: by way of its table of functions. */
#include "rt/native/rwlock/chosen.h"

#include <faultline/rwlock.h>

#include "rt/native/rwlock/locks.h"

bool fl_rwlock_ok(const struct fl_rwlock *kind)
{
	if (!kind)
		return true;
	return kind->size && kind->align && !(kind->align & (kind->align - 1)) && kind->init &&
	       kind->read_lock && kind->read_trylock && kind->read_unlock && kind->write_lock &&
	       kind->write_unlock;
}

int fl_chosen_init(struct fl_chosen_lock *l, const struct fl_rwlock *kind, void *memory)
{
	*l = (struct fl_chosen_lock){ .kind = kind, .lock = memory };
	if (kind)
		return kind->init(memory);
	fl_rwsem_init(&l->rwsem);
	return 0;
}

void fl_chosen_exit(struct fl_chosen_lock *l)
{
	if (l->kind && l->kind->destroy)
		l->kind->destroy(l->lock);
}

void fl_chosen_other_read_lock(struct fl_chosen_lock *l)
{
	l->kind->read_lock(l->lock);
}

bool fl_chosen_other_read_trylock(struct fl_chosen_lock *l)
{
	return l->kind->read_trylock(l->lock);
}

void fl_chosen_other_read_unlock(struct fl_chosen_lock *l)
{
	/* While it is set nobody else is in. */
	if (!l->writer_reads) {
		l->kind->read_unlock(l->lock);
		return;
	}
	l->writer_reads = false;
	l->kind->write_unlock(l->lock);
}

void fl_chosen_other_write_lock(struct fl_chosen_lock *l)
{
	l->kind->write_lock(l->lock);
}

void fl_chosen_other_write_unlock(struct fl_chosen_lock *l)
{
	l->kind->write_unlock(l->lock);
}

void fl_chosen_other_downgrade(struct fl_chosen_lock *l)
{
	if (l->kind->downgrade)
		l->kind->downgrade(l->lock);
	else
		l->writer_reads = true;
}
