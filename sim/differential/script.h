/* SPDX-License-Identifier: MIT */
/*
 * script.h - a sequence of calls as data and as text. The same sequence runs on the simulator and on the host.
 *
 * One line per step: who makes the call (0 to 3; "-": nobody in particular), its name, operands as NAME=VALUE; '#' begins
 * a comment. Memory is a window of WINDOW_PAGES pages at WINDOW, the same in all processes; pages are numbers in it.
 */
#ifndef FL_DIFFERENTIAL_SCRIPT_H
#define FL_DIFFERENTIAL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PAGE 4096ULL
#define WINDOW_PAGES 64
/* In the middle of nowhere; two leaf tables have half of it each. */
#define WINDOW (0x200000200000ULL - WINDOW_PAGES / 2 * PAGE)
#define PROCESSES 4
#define NR_FILES 2    /* memfds */
#define FILE_PAGES 32 /* their size at the start, */
#define FILE_MAX 64   /* and at most */
#define NR_PIPES 2
#define NR_BUFFERS 2 /* io_uring's registered ones */
#define WORDS 2	     /* of a page that are written and looked at */
#define WORD_INDEX(word) ((word) ? 511u : 0u)
#define MAX_STEPS 1000

enum op {
	OP_MMAP,
	OP_MUNMAP,
	OP_MPROTECT,
	OP_MREMAP,
	OP_MADVISE,
	OP_FORK,
	OP_EXIT,
	OP_READ,
	OP_WRITE,
	OP_VMSPLICE,
	OP_PIPE_READ,
	OP_READV,
	OP_WRITEV,
	OP_POKE,
	OP_PIN,
	OP_UNPIN,
	OP_PIN_READ,
	OP_PIN_WRITE,
	OP_UFFD_OPEN,
	OP_UFFD_CLOSE,
	OP_UFFD_REGISTER,
	OP_UFFD_UNREGISTER,
	OP_UFFD_COPY,
	OP_UFFD_ZEROPAGE,
	OP_UFFD_CONTINUE,
	OP_UFFD_WRITEPROTECT,
	OP_PUNCH,
	OP_TRUNCATE,
	OP_KSM_SCAN,
	NR_OPS,
};

enum field {
	F_PAGE,
	F_PAGES,
	F_PROT,
	F_KIND,
	F_MAP,
	F_FILE,
	F_OFFSET,
	F_NEW,
	F_TO,
	F_REMAP,
	F_ADVICE,
	F_CHILD,
	F_WORD,
	F_VALUE,
	F_PIPE,
	F_PROCESS,
	F_BUFFER,
	F_FEATURES,
	F_MODE,
	F_WP,
	F_SIZE,
	NR_FIELDS,
};

enum { KIND_ANON, KIND_SHARED, KIND_MEMFD, KIND_MEMFD_PRIVATE };
enum { PROT_R = 1, PROT_W = 2 };
enum { MAPS_FIXED = 1, MAPS_NOREPLACE = 2, MAPS_POPULATE = 4, MAPS_NORESERVE = 8 };
enum { REMAP_MAYMOVE = 1, REMAP_FIXED = 2, REMAP_DONTUNMAP = 4 };
enum { MODE_MISSING = 1, MODE_WP = 2, MODE_MINOR = 4 };
enum { FEATURE_UNPOPULATED = 1, FEATURE_ASYNC = 2 };
/* The kernel's numbers of those that there are. */
enum {
	ADVICE_DONTNEED = 4,
	ADVICE_FREE = 8,
	ADVICE_MERGEABLE = 12,
	ADVICE_UNMERGEABLE = 13,
	ADVICE_COLD = 20,
	ADVICE_PAGEOUT = 21,
	ADVICE_POPULATE_READ = 22,
	ADVICE_POPULATE_WRITE = 23,
};

struct step {
	enum op op;
	int process; /* -1: none */
	uint64_t v[NR_FIELDS];
};

struct script {
	struct step step[MAX_STEPS];
	unsigned int n;
};

const char *op_name(enum op op);
/* Is the call made by one of the processes? */
bool op_has_process(enum op op);
/* Does it have this operand? */
bool op_has_field(enum op op, enum field field);

/* One line, without its end. */
void step_print(char *text, size_t size, const struct step *step);
/* False: @why says what is wrong with the line. *@out is untouched if it has no step. @empty: it has none. */
bool step_parse(struct step *out, const char *line, bool *empty, char *why, size_t size);
/* Do all operands stay in the window, as those of step_parse() do? */
bool step_is_valid(const struct step *step, char *why, size_t size);

/* False after a message "FILE:LINE: ..." to stderr. */
bool script_read(struct script *out, FILE *f, const char *name);
void script_write(const struct script *script, FILE *f);

#endif
