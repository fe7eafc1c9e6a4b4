/* SPDX-License-Identifier: MIT */
/*
 * chosen.h - a reader-writer lock of whatever kind the user has chosen. The default's fast path is inline and calls
 * nothing by a pointer: it is on the way of each fault.
 */
#ifndef FL_RT_NATIVE_RWLOCK_CHOSEN_H
#define FL_RT_NATIVE_RWLOCK_CHOSEN_H

#include "rt/native/rwlock/rwsem.h"

struct fl_rwlock;

struct fl_chosen_lock {
	const struct fl_rwlock *kind; /* NULL: rwsem below. Constant, as is the next */
	void *lock;		      /* of @kind */
	/* A writer without downgrade() acts as a reader. Changed by the writer who is in alone. */
	bool writer_reads;
	struct fl_rwsem rwsem;
};

/* Is @kind complete? NULL is. */
bool fl_rwlock_ok(const struct fl_rwlock *kind);

/*
 * @memory: kind->size bytes, aligned and zeroed, that go after fl_chosen_exit(); NULL with the default. What init()
 * of the kind returns.
 */
int fl_chosen_init(struct fl_chosen_lock *l, const struct fl_rwlock *kind, void *memory);
void fl_chosen_exit(struct fl_chosen_lock *l);

/* Of a kind that is not the default. */
void fl_chosen_other_read_lock(struct fl_chosen_lock *l);
bool fl_chosen_other_read_trylock(struct fl_chosen_lock *l);
void fl_chosen_other_read_unlock(struct fl_chosen_lock *l);
void fl_chosen_other_write_lock(struct fl_chosen_lock *l);
void fl_chosen_other_write_unlock(struct fl_chosen_lock *l);
void fl_chosen_other_downgrade(struct fl_chosen_lock *l);

#define FL_CHOSEN_DEFAULT__(l) __builtin_expect(!(l)->kind, 1)

static inline void fl_chosen_read_lock(struct fl_chosen_lock *l)
{
	if (FL_CHOSEN_DEFAULT__(l))
		fl_rwsem_read_lock(&l->rwsem);
	else
		fl_chosen_other_read_lock(l);
}

static inline bool fl_chosen_read_trylock(struct fl_chosen_lock *l)
{
	return FL_CHOSEN_DEFAULT__(l) ? fl_rwsem_read_trylock(&l->rwsem)
				      : fl_chosen_other_read_trylock(l);
}

static inline void fl_chosen_read_unlock(struct fl_chosen_lock *l)
{
	if (FL_CHOSEN_DEFAULT__(l))
		fl_rwsem_read_unlock(&l->rwsem);
	else
		fl_chosen_other_read_unlock(l);
}

static inline void fl_chosen_write_lock(struct fl_chosen_lock *l)
{
	if (FL_CHOSEN_DEFAULT__(l))
		fl_rwsem_write_lock(&l->rwsem);
	else
		fl_chosen_other_write_lock(l);
}

static inline void fl_chosen_write_unlock(struct fl_chosen_lock *l)
{
	if (FL_CHOSEN_DEFAULT__(l))
		fl_rwsem_write_unlock(&l->rwsem);
	else
		fl_chosen_other_write_unlock(l);
}

/* From writer to reader: no other writer comes in between, and readers if the kind can do that. */
static inline void fl_chosen_downgrade(struct fl_chosen_lock *l)
{
	if (FL_CHOSEN_DEFAULT__(l))
		fl_rwsem_downgrade(&l->rwsem);
	else
		fl_chosen_other_downgrade(l);
}

#endif
