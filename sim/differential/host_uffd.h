/* SPDX-License-Identifier: MIT */
/* host_uffd.h - userfaultfd in a process under test: one per process, and faults that nobody answers are SIGBUS. */
#ifndef FL_DIFFERENTIAL_HOST_UFFD_H
#define FL_DIFFERENTIAL_HOST_UFFD_H

#include "script.h"

/* 0, or -1: errno. */
int uffd_step(const struct step *s);
/* In a new process: the one of its parent is not its own. */
void uffd_forget(void);

#endif
