/* SPDX-License-Identifier: MIT */
/*
 * mapped.h - at the end of a run no page is mapped where nothing is mapped.
 *
 * The oracle "permission" judges by what each CPU has heard of, which nobody knows of real threads. What is left
 * behind tells, too: munmap() returned, all threads are over, and there is an entry with no VMA.
 */
#ifndef FL_STRESS_MAPPED_H
#define FL_STRESS_MAPPED_H

/* Fails the oracle "permission" for the first such page. After a run, with its world still there. */
void fl_mapped_check(void);

#endif
