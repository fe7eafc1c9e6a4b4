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

struct fl_machine;

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

/* Between the files of this folder. */

/* Natively hooks come from many threads. */
void fl_oracle_lock(void);
void fl_oracle_unlock(void);
const struct fl_machine *fl_oracle_machine(void);

/* One oracle, or what some of them share. All but finish are called with the lock held. */
struct fl_oracle {
	void (*clear)(void);   /* forget everything */
	void (*save)(void);    /* remember the records of this moment */
	void (*restore)(void); /* and go back to them */
	void (*finish)(void);  /* NULL: nothing to say at the end */
};

extern const struct fl_oracle fl_anon_exclusive_oracle;
extern const struct fl_oracle fl_vma_torn_oracle;

#endif
