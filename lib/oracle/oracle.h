/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - the oracles as a whole, for those who run scenarios (hooks.h is for the modelled
 * code).
 *
 * An oracle states what must always hold, from the specification and not from the code it judges.
 * Its records are made by hooks and live outside the modelled memory, one set per process, as
 * there is one machine at a time. All functions here are called while no thread of the machine
 * runs.
 */
#ifndef FL_ORACLE_ORACLE_H
#define FL_ORACLE_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/extend.h>

#include "oracle/about.h"

struct fl_machine;
struct fl_map;
struct fl_table;
struct mm_struct;

/*
 * A new machine: all records are forgotten. NULL: it is gone. Called by fl_machine_create() and
 * _destroy().
 */
void fl_oracle_attach(const struct fl_machine *m, bool on);

/*
 * Before an execution. The records go back to what they were when this was called first for the
 * machine: what set-up code did stays known, what the last execution did is forgotten.
 */
void fl_oracle_reset(void);

/* After an execution, with its final values in memory: what can only be said at the end. */
void fl_oracle_finish(void);

/*
 * Oracles that hear of each access of a program are for scenarios: natively their records would grow
 * with all the memory that a long run uses. True from now on, also for machines to come: they are on.
 * Under the check engine they always are.
 */
void fl_oracle_watch_accesses(bool on);

/* Tells the oracles of @e as it is; fl_oracle_event() without filling anything in. For tests. */
void fl_oracle_tell(const struct fl_event *e);

/* fl_decisions_set()'s, for fl_machine_create(). */
const struct fl_decisions *fl_decisions_get(void);

/* Between the files of this folder. */

/* Natively hooks come from many threads. */
void fl_oracle_lock(void);
void fl_oracle_unlock(void);
const struct fl_machine *fl_oracle_machine(void);
/*
 * Set-up code runs: alone, so that what is heard is in order, and before all that threads do. False
 * from the first fl_oracle_reset() of a machine on.
 */
bool fl_oracle_in_set_up(void);

#define FL_ORACLE_RECORDS 4 /* at least one more than an oracle has of a kind */

/* One oracle, or what some of them share. All but finish are called with the lock held. NULL: nothing to do. */
struct fl_oracle {
	/* Its records, ended by NULL: oracle.c forgets them, sets them aside and takes them back. */
	struct fl_table *tables[FL_ORACLE_RECORDS];
	struct fl_map *maps[FL_ORACLE_RECORDS];
	/* The same for what it keeps beside them. */
	void (*clear)(void);   /* forget everything */
	void (*save)(void);    /* remember this moment */
	void (*restore)(void); /* and go back to it */
	void (*finish)(void);  /* say what can be said at the end */
	void (*event)(const struct fl_event *e);
	uint32_t wants; /* a bit per kind of event */
	bool accesses;	/* off natively unless fl_oracle_watch_accesses(true) */
};

/*
 * permission.c, from vma_torn.c's hooks: a VMA with these vm_flags is about to be there, or had its
 * flags set to them.
 */
void fl_permission_lifted(const struct mm_struct *mm, fl_vaddr start, fl_vaddr end, uint64_t flags);

extern const struct fl_oracle fl_anon_exclusive_oracle;
extern const struct fl_oracle fl_device_write_oracle;
extern const struct fl_oracle fl_dirty_oracle;
extern const struct fl_oracle fl_discards; /* discards.h: no oracle, what several of them share */
extern const struct fl_oracle fl_frame_use_oracle;
extern const struct fl_oracle fl_isolation_oracle;
extern const struct fl_oracle fl_left_behind_oracle; /* "permission", at the end */
extern const struct fl_oracle fl_lock_order_oracle;
extern const struct fl_oracle fl_lost_write_oracle;
extern const struct fl_oracle fl_migration_oracle;
extern const struct fl_oracle fl_missed_soft_dirty_oracle;
extern const struct fl_oracle fl_missed_wp_oracle;
extern const struct fl_oracle fl_permission_oracle;
extern const struct fl_oracle fl_pin_coherence_oracle;
extern const struct fl_oracle fl_refcount_oracle;
extern const struct fl_oracle fl_rmap_oracle;
extern const struct fl_oracle fl_vma_torn_oracle;
extern const struct fl_oracle fl_zero_oracle;

#endif
