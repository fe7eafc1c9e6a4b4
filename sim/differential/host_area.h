/* SPDX-License-Identifier: MIT */
/* host_area.h - what the harness and its children share: memory, and numbers of files. */
#ifndef FL_DIFFERENTIAL_HOST_AREA_H
#define FL_DIFFERENTIAL_HOST_AREA_H

#include <stdatomic.h>
#include <sys/types.h>

#include "view.h"

struct raw_vma {
	uint64_t start, end, flags, offset, inode;
};

/* What a child sees of itself. */
struct raw_process {
	uint64_t pagemap[WINDOW_PAGES];
	uint64_t word[WINDOW_PAGES][WORDS];
	uint64_t readable; /* a bit per page: word[] is its content */
	uint32_t nr_vmas;
	struct raw_vma vma[WINDOW_PAGES];
};

/* A child. */
struct slot {
	_Atomic uint32_t go, done; /* futexes: commands that were given, and carried out */
	pid_t pid, made;	   /* its own; of the child that it has forked, or -1 */
	pid_t other;		   /* step.v[F_PROCESS]'s */
	struct step step;	   /* NR_OPS: just look */
	struct result result;
	struct raw_process raw;
};

struct area {
	struct slot slot[PROCESSES];
	int file[NR_FILES], pipe_in[NR_PIPES], pipe_out[NR_PIPES], ring[NR_BUFFERS];
	bool paged_out; /* MADV_PAGEOUT was called in this sequence */
};

/* For ever. */
void child_run(struct area *area, int self) __attribute__((noreturn));
/* What it sees. */
void child_look(struct raw_process *raw);
/* In each new process, before. */
void child_look_begin(void);

void futex_wait(_Atomic uint32_t *at, uint32_t old, int milliseconds);
void futex_wake(_Atomic uint32_t *at);

#endif
