/* SPDX-License-Identifier: MIT */
/*
 * faultline.h - everything that a program or a scenario needs: machines, address spaces, accesses.
 *
 * Objects, in the order in which a user meets them:
 *
 *   struct fl_policy    in what this kernel differs from others            (policy.h)
 *   struct fl_machine   CPUs, frames, page-table geometry, one policy      (machine.h)
 *   struct fl_cpu       a CPU of a machine; a thread acts as one CPU       (machine.h)
 *   struct fl_mm        an address space                                   (mm.h)
 *   struct fl_pin       a reference to a page, as a device would hold it   (gup.h)
 *   struct fl_uffd      a userfaultfd                                      (uffd.h)
 *   struct fl_file      shared memory, or a file, to be mapped             (file.h)
 *   struct fl_pipe      a pipe that holds references to pages              (pipe.h)
 *
 * All are opaque, except struct fl_pin, which is the caller's. Functions return 0 or a negative
 * errno value, never print and never exit. Under the check engine the same calls are made by the
 * threads of a scenario (scenario.h).
 *
 * -EOPNOTSUPP is for calls for which the machine was not made (fl_machine_config): reclaim without swap, migration, huge
 * pages, memory policies, mmu notifiers. They do nothing then. A run of a scenario that makes such a call has no verdict: it
 * ends with an error that names the call and what to set.
 *
 * Threads: a function that takes a struct fl_cpu is called by the thread that acts as that CPU
 * (fl_cpu_bind()); all others may be called by any thread, also at the same time, unless said
 * otherwise.
 */
#ifndef FAULTLINE_FAULTLINE_H
#define FAULTLINE_FAULTLINE_H

#include <stddef.h>
#include <stdint.h>

struct fl_policy;
struct fl_machine;
struct fl_cpu;
struct fl_mm;
struct fl_uffd;
struct fl_file;

/* An address of a simulated program, in bytes. Not a pointer of the host. */
typedef uint64_t fl_vaddr;

/* Memory is read and written in words of this many bytes. */
#define FL_WORD_SIZE 8

#include <faultline/policy.h>
#include <faultline/machine.h>
#include <faultline/mm.h>
#include <faultline/file.h>
#include <faultline/gup.h>
#include <faultline/pipe.h>
#include <faultline/uffd.h>
#include <faultline/proc.h>
#include <faultline/ksm.h>
#include <faultline/migrate.h>
#include <faultline/mmu_notifier.h>
#include <faultline/numa.h>
#include <faultline/thp.h>
#include <faultline/inspect.h>
#include <faultline/inject.h>
#include <faultline/reclaim.h>
#include <faultline/rwlock.h>
#include <faultline/extend.h>
#include <faultline/lock.h>

#endif
