/* SPDX-License-Identifier: MIT */
/*
 * trace.h - a recorded execution: what a violation looks like, and what a replay needs.
 *
 * A trace owns copies of all that it shows, so it outlives the exploration, the machine and the
 * build: expression texts, file names without folders, values already in words. Nothing in it depends on
 * addresses. Only one thread may use a trace at a time: printing and saving look up the source lines of
 * plain accesses on first use.
 */
#ifndef FL_TRACE_H
#define FL_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <faultline/run.h>

#include "../explore/explore.h"

#define FL_TRACE_FORMAT "faultline-trace"
#define FL_TRACE_VERSION 1

/*
 * What an oracle was told at an event (lib/run/witness.h). Of an access: the event is a program's
 * store to an address, or the like. Else something was said right behind the event.
 */
struct fl_trace_told {
	bool access, judged; /* judged: the oracle that failed means it */
	bool program;	     /* an access by a program's own instruction */
	char text[96];	     /* "store [0x10] = 0x3" */
	char result[64];     /* "  pfn=3" */
	uintptr_t pc;	     /* in the scenario; 0: unknown */
	const struct fl_site *where;
	struct fl_trace_told *next; /* said at the same event */
};

/* What the trace knows of an event beyond the engine's record. */
struct fl_trace_note {
	const char *read, *written;   /* the values in words; NULL: the event has none */
	const struct fl_site *where;  /* its source line, once looked up, if no site has it */
	const char *name;	      /* of the variable; NULL: unknown */
	struct fl_trace_told *access; /* NULL: nobody was told of it */
	struct fl_trace_told *said;   /* a list */
	bool judged;		      /* the oracle that failed means it */
};

struct fl_trace_block; /* memory, in a list */

#define FL_TRACE_MAX_POINTERS 64

struct fl_trace {
	struct fl_trace_info info;
	int nthreads;
	const char *thread[FLX_MAX_THREADS]; /* names; NULL: none */
	struct flx_record record; /* sites and steps are the trace's own, one object per site */
	int violating; /* the last event of its thread when the oracle failed in it; -1: elsewhere */
	struct fl_trace_note *note; /* for each event */
	int named[2]; /* that contradict each other, as far as the oracle said so; -1 */
	bool resolved;
	bool out_of_memory; /* some copy failed; the creator turns it into -ENOMEM */
	struct fl_trace_block *blocks;
	struct fl_site **sites;
	size_t nr_sites;
	uint64_t pointer
		[FL_TRACE_MAX_POINTERS]; /* values that look like one, in order of appearance */
	int nr_pointers;
};

/* Puts @value, as stored at @addr, into words. */
typedef void (*fl_trace_describe_fn)(char *buf, size_t size, uintptr_t addr, unsigned int width,
				     uint64_t value);

/* Copies all it is given. @names are those of the first @nthreads threads. 0 or -ENOMEM. */
int fl_trace_create(struct fl_trace **out, const struct fl_trace_info *info, int nthreads,
		    const char *const *names, const struct flx_record *record,
		    fl_trace_describe_fn describe);

/* Gives locations names, for the lines that do not show them. False: it has none. */
typedef bool (*fl_trace_name_fn)(char *buf, size_t size, uintptr_t addr, unsigned int width);
void fl_trace_set_names(struct fl_trace *t, fl_trace_name_fn name);

/* What the whole run found, once it is over. */
void fl_trace_set_outcome(struct fl_trace *t, const char *oracle, const char *message,
			  uint64_t executions, double seconds);

/* The oracle failed in @thread, which had passed @passed events (a read-modify-write is two). */
void fl_trace_set_violating(struct fl_trace *t, int thread, int passed);

/* An oracle was told of @told at @event (-1: nothing happens). Copied. */
void fl_trace_tell(struct fl_trace *t, int event, const struct fl_trace_told *told);
/* The oracle that failed judged by @event (-1: nothing happens). The first two are named. */
void fl_trace_judge(struct fl_trace *t, int event);

/* What was said right behind @event by which the oracle judged; NULL: nothing. */
const struct fl_trace_told *fl_trace_judged_call(const struct fl_trace *t, int event);

/* For those who build a trace: memory and strings that go with it. */
struct fl_trace *fl_trace_alloc(const struct fl_trace_info *info, int nr_events);
void *fl_trace_mem(struct fl_trace *t, size_t size);
const char *fl_trace_str(struct fl_trace *t, const char *s);
/* The trace's copy of @site, the same one for equal sites. NULL gives NULL. */
const struct fl_site *fl_trace_site(struct fl_trace *t, const struct fl_site *site);

/*
 * Finds the source lines of plain accesses, and of events whose site has no file: asks addr2line
 * once; without it, symbols.
 */
void fl_trace_resolve(struct fl_trace *t);

/* "list.c:12 in push()" for the return address @pc; false: it is not known. */
bool fl_trace_place_of(char *buf, size_t size, uintptr_t pc);

/* Then the pair in the record is the free and the use; else, if there is one, a data race's. */
bool fl_trace_is_use_after_free(const struct fl_trace *t);

/* hardware.c: no doing of the kernel's or of a program, but how the model is hardware. */
bool fl_trace_is_machinery(const struct flx_event *e);
/* A TLB entry is dropped. */
bool fl_trace_is_flush(const struct flx_event *e);
/* What hardware does, in words; false: the event's own text is as good. */
bool fl_trace_hardware_text(char *buf, size_t size, const struct fl_trace *t, int event);
/* Where a program's access found its translation: ", by the TLB". */
const char *fl_trace_translation(const struct fl_trace *t, int event);
/* The store that made the entry by which a program's access got there. -1: the TLB's, or an older one. */
int fl_trace_entry_of(const struct fl_trace *t, int event);
/* Another CPU's flush that comes after an access by the TLB and would have met its entry; -1: none. */
int fl_trace_late_flush(const struct fl_trace *t, int event);

/*
 * The store that the late load @event should have seen: of those between the one it read and the
 * newest shown above it, the first with a label, as that is what the reader looks for.
 */
int fl_trace_missed_store(const struct fl_trace *t, int event);

/* The event that is the violation, or, if none is, one that a reader looks at first; -1: no events. */
int fl_trace_culprit(const struct fl_trace *t);

/* Makes @s fit for a terminal and for JSON: control characters become spaces, what is not UTF-8 '?'. */
void fl_trace_make_printable(char *s);

/* snprintf() of what may be cut. */
void fl_trace_fit(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What an event does, in the engine's words: "atomic load", "pthread_mutex_lock()", "plain write". */
const char *fl_trace_operation(const struct flx_event *e);

/* Without what only the compiler needs in an FL_STEP(). */
void fl_trace_tidy(char *buf, size_t size, const char *text);

/* Is a source line, perhaps cut, more than one statement? */
bool fl_trace_has_several_statements(const char *line);

/* The end of an object, which has no value. */
bool fl_trace_frees(const struct flx_event *e);

/* The same with the variable's name, or NULL: "x: atomic load", "pthread_mutex_lock(&m)". */
void fl_trace_access(char *buf, size_t size, const char *operation, const char *name);

/* The place of an event in the source: its site's, or the looked-up one; NULL if unknown. */
const struct fl_site *fl_trace_where(const struct fl_trace *t, int event);

/* The same, of the scenario if it is a program's access. For people; orderings are weakened elsewhere. */
const struct fl_site *fl_trace_shown_where(const struct fl_trace *t, int event);

struct fl_trace_style {
	int width;	 /* characters per line; 0: the terminal's up to 160, else 120 */
	bool all_events; /* also those that a reader does not need */
};

/* The picture, and before it, for a data race, the two accesses. */
void fl_trace_print_style(const struct fl_trace *t, FILE *f, const struct fl_trace_style *style);

/* One line of the picture. */
struct fl_trace_row {
	int event; /* -1 for a remark under another row */
	int thread;
	const char *label; /* "A1" or NULL */
	char *text;	   /* the row's own */
	int result;	   /* where in it begins what was found or left; its length: nowhere */
	const struct fl_site *where; /* NULL: none shown */
};

struct fl_trace_rows {
	int n;
	int left_out; /* events that have no row */
	struct fl_trace_row *row;
};

/*
 * The causal slice: a flag for each event that a reader needs to understand the violation, in
 * memory that the caller frees. NULL: out of memory.
 */
bool *fl_trace_slice(const struct fl_trace *t);

/*
 * conflict.c: which two events contradict each other, and between which steps the one lies. False:
 * it is not known. Lines, the last one without newline.
 */
bool fl_trace_conflict(char *buf, size_t size, const struct fl_trace *t);

/* Which lines the picture has, in order. 0 or -ENOMEM; fl_trace_rows_free() either way. */
int fl_trace_rows(const struct fl_trace *t, bool all_events, struct fl_trace_rows *rows);
void fl_trace_rows_free(struct fl_trace_rows *rows);
/* pointers.c: puts "object 1" for "ptr7" in them. 0 or -ENOMEM. */
int fl_trace_name_pointers(struct fl_trace_rows *rows);

#endif
