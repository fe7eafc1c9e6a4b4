/* SPDX-License-Identifier: MIT */
/*
 * run.h - running a scenario under an engine and reading the result.
 *
 * fl_run_check() is in the check library only, fl_run_native() in the native one. Both build a fresh
 * machine for the run and free it. One run at a time per process.
 */
#ifndef FAULTLINE_RUN_H
#define FAULTLINE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <faultline/scenario.h>

/* What a run says. */
enum fl_verdict {
	FL_VERDICT_VERIFIED,	 /* no execution is a violation, and all were explored */
	FL_VERDICT_VIOLATION,	 /* one is */
	FL_VERDICT_INCONCLUSIVE, /* a limit was reached, or the run was stopped */
};

/* What to run, and how. All zero but for a variant or a kernel is a good choice. */
struct fl_run_options {
	const char *variant; /* a declared variant; NULL: none, then kernel is needed */
	const char *kernel;  /* overrides the variant's release profile; NULL: as it is */
	const char *set;     /* further "field=value,..." overrides; NULL: none */
	const char *model;   /* NULL: the variant's, else "lkmm" */
	/*
	 * "exhaustive", also if NULL; "random"; "pct:D", random priorities that find bugs of depth D with a stated
	 * probability; "preemptions:N", all executions with at most N preemptions.
	 */
	const char *search;
	uint64_t max_executions; /* 0: no limit; of random searches: runs */
	double timeout;		 /* seconds; 0: no limit */
	unsigned int jobs;	 /* processes that share an exhaustive search; 0: one */
	/*
	 * Where an exhaustive search that does not come to its end is saved, if it took longer than checkpoint_after
	 * seconds, and in between once a minute; NULL: nowhere. And the checkpoint to go on from, or NULL.
	 */
	const char *checkpoint, *resume;
	double checkpoint_after; /* seconds; 0: always */
	uint64_t seed;		 /* of random searches; native: of the delays */
	uint64_t iterations;	 /* native: how often; 0: once */
	/*
	 * Called now and then from the calling thread; true stops the run. NULL: none. @done: the part of the search
	 * that is finished, as far as one can tell; below 0: unknown.
	 */
	bool (*progress)(void *arg, uint64_t executions, double seconds, double done);
	void *progress_arg;	  /* handed to it */
	struct fl_weaken *weaken; /* the command's own: lib/run/weaken.h; NULL: the code as it is */
};

/*
 * How likely a search "pct:D" finds a bug of depth D: one for which D orders between two steps suffice, and that
 * shows with loads of the newest store. All 0 for other searches.
 */
struct fl_pct {
	unsigned int threads, steps; /* n and k: the most that a run had */
	double choices;		     /* in how many ways a run's own choices can go */
	uint64_t runs;		     /* to which it applies */
	double per_run, all_runs;    /* the probability is at least this */
};

struct fl_trace; /* a recorded execution, lib/trace */

/* What a run found. The caller's; fl_run_result_free() frees what it holds. */
struct fl_run_result {
	enum fl_verdict verdict; /* natively: violation if an oracle failed, else inconclusive */
	const char *kernel, *model, *search; /* as used; static strings or the options' own */
	char oracle[32];		     /* of a violation: "anon-exclusive" */
	char message[256];		     /* one line: what is wrong */
	uint64_t executions;		     /* complete ones */
	uint64_t blocked;		     /* explored but not completed */
	/*
	 * Of an exhaustive search that remembers all executions (`faultline program --stats`): how often it came to one for
	 * the second time. Above 0 is an error of the engine. Other searches: 0, or runs that were the same by chance.
	 */
	uint64_t duplicates;
	uint32_t events;   /* in the longest execution */
	uint64_t runs;	   /* of random searches; executions are the different ones */
	uint64_t found_in; /* the first of them, counted from 1, that was a violation; else 0 */
	struct fl_pct pct; /* what "pct:D" promises */
	bool saved;	   /* what is left of the search is in the checkpoint */
	bool unsaved;	   /* it is not, since the search was shorter than checkpoint_after */
	bool cleared;	   /* the search has come to its end, and the checkpoint was removed */
	int save_err;	   /* or why not: a negative errno */
	char note[160];	   /* what a search that was not exhaustive can say, or "" */
	char unseen[160];  /* of a program: library calls whose accesses are not seen, or "" */
	uint64_t hits;	   /* native: iterations in which an oracle failed */
	double seconds;	   /* that it took */
	struct fl_trace *trace; /* of a violation; fl_run_result_free() frees it */
};

/*
 * Explores the executions of @s. 0, or -EINVAL with a one-line reason in @err (unknown variant, kernel, policy field, value,
 * model; the line lists what there is), -ENOTSUP if the engine can't take the scenario, or it makes a call for which its
 * machine was not made (the line says which, and what .needs lacks), or a negative errno of set_up, as it is. @result is
 * filled in if 0.
 */
int fl_run_check(const struct fl_scenario *s, const struct fl_run_options *opt,
		 struct fl_run_result *result, char *err, size_t err_size);
/*
 * Runs @s on real threads, as often as @opt says. Errors as fl_run_check(), and those of pthread_create(). In the native
 * library only.
 */
int fl_run_native(const struct fl_scenario *s, const struct fl_run_options *opt,
		  struct fl_run_result *result, char *err, size_t err_size);
/* Frees the trace. */
void fl_run_result_free(struct fl_run_result *result);

/* Which run a trace is from. The strings are the trace's; those that do not apply are NULL. */
struct fl_trace_info {
	const char *scenario, *id; /* its name, and that of the bug catalogue */
	const char *program;	   /* the source file, if it is of a program and no scenario */
	const char *const
		*cc_args; /* its arguments for the compiler, NULL at the end; NULL: none */
	int nondet_min, nondet_max;   /* its range of choices; both 0: the usual one */
	const char *variant;	      /* as chosen; kernel and set say all that it meant */
	const char *kernel, *set;     /* release profile, and what differed from it */
	const char *model;	      /* "sc", "tso", "lkmm", "rc11" */
	const char *oracle, *message; /* what is violated, in one word and in one line */
	uint64_t executions;	      /* complete ones that were explored before */
	double seconds;		      /* that it took to find it */
	/* Orderings that were weaker than in the source (lib/explore/weaken.h). */
	const struct flx_weakening *weakened;
	int nr_weakened; /* of weakened */
};

/* Of @t, and as long as that is there. */
const struct fl_trace_info *fl_trace_info(const struct fl_trace *t);

/*
 * Writes the picture of the failing execution, a column per CPU, to @f: the events that a reader needs to
 * see what went wrong. One thread at a time per trace.
 */
void fl_trace_print(const struct fl_trace *t, FILE *f);
/* The same with all events. */
void fl_trace_print_all(const struct fl_trace *t, FILE *f);
/* Writes a trace file that `faultline replay` takes; 0 or a negative errno. */
int fl_trace_save(const struct fl_trace *t, const char *path);
/*
 * Writes the execution as one HTML file that needs no network: a column per CPU, arrows from stores to
 * loads, values and coherence orders. @again: the command that shows it again, NULL: none. 0 or a negative
 * errno.
 */
int fl_trace_save_html(const struct fl_trace *t, const char *path, const char *again);
/*
 * Reads a trace file; fl_trace_free() frees it. 0, or with a one-line reason in @err: a negative errno
 * of opening it, -EINVAL if it is not a trace, cut off, damaged, or of another version; -ENOMEM.
 */
int fl_trace_load(struct fl_trace **out, const char *path, char *err, size_t err_size);
/* NULL is allowed. */
void fl_trace_free(struct fl_trace *t);

/*
 * Runs exactly the recorded execution again, with the kernel, settings and model of the trace. As
 * fl_run_check(), and -ESTALE with the first event that no longer fits in @err. In the check library only.
 */
int fl_run_replay(const struct fl_scenario *s, const struct fl_trace *want,
		  struct fl_run_result *result, char *err, size_t err_size);

#endif
