/* SPDX-License-Identifier: MIT */
/*
 * host_lru.h - empties the CPUs' LRU batches.
 *
 * Pages on their way to an LRU list, or from one to another, have a reference of a CPU's batch. Whether a page is reused or copied
 * would depend on it, and so on what others did here.
 */
#ifndef FL_DIFFERENTIAL_HOST_LRU_H
#define FL_DIFFERENTIAL_HOST_LRU_H

/* This CPU's. */
void drain_lru(void);
/* All CPUs': of what threads of the kernel did, wherever they ran. */
void drain_all_lru(void);

#endif
