/* SPDX-License-Identifier: MIT */
/*
 * scenario.h - a reproducer: a story, a world, a short function per thread, a table of variants.
 *
 * The same scenario runs under the check engine (all executions that a memory model allows) and
 * natively (real threads). It holds no model code and makes no assertion that an oracle makes:
 * variants differ by policy fields alone. FL_SCENARIO() registers it before main().
 *
 * Shared state belongs in the world or in memory of fl_zalloc(): the check engine puts these back to what
 * set_up left before each execution, but not static variables.
 */
#ifndef FAULTLINE_SCENARIO_H
#define FAULTLINE_SCENARIO_H

#include <stddef.h>

#include <faultline/compiler.h>
#include <faultline/faultline.h>

#define FL_MAX_THREADS 8

/* Expected verdict of a variant. */
#define FL_VERIFIED NULL
#define FL_VIOLATES(oracle) (oracle)

/* A kernel, and what is known of it. */
struct fl_variant {
	const char *name;   /* "linux-6.4"; unique in the scenario */
	const char *kernel; /* release profile: "6.4" */
	const char *set;    /* what differs from it, "field=value,field=value"; NULL: nothing */
	const char *model;  /* "sc", "tso", "lkmm" */
	const char *expect; /* FL_VERIFIED or FL_VIOLATES("oracle") */
	const char *why;    /* one line for `faultline show` */
};

/* A thread of a scenario. */
struct fl_thread_def {
	const char *name; /* heads its column in pictures: "fault" */
	/* What it does, as @cpu; @world: see fl_scenario. May be called many times. */
	void (*run)(struct fl_cpu *cpu, void *world);
};

/* Waiting for ever that is no deadlock: a set. */
enum fl_may_wait {
	FL_WAIT_UFFD = 1, /* a fault that waits for its userfaultfd handler is a legal end */
};

/* All that is declared of a bug. Strings and arrays are constants of the scenario's file. */
struct fl_scenario {
	const char *name; /* "vma-lock-seq" */
	const char *id;	  /* of the bug catalogue: "A5a" */
	const char *cve;  /* NULL: none */
	const char *
		broken; /* commit or release that brought the bug; NULL: no release has it, or not known */
	const char *fixed;   /* commit that fixed it; NULL: none, or no release has the bug */
	const char *since;   /* the first release that has what is needed; NULL: all do */
	const char *summary; /* one line */
	const char *story;   /* a paragraph: who races, what breaks */
	/*
	 * How large a world it needs, and what its machine must be able to: the check engine's machine is made no larger. A
	 * call that needs more than this ends the run with an error.
	 */
	struct {
		int cpus, mms, vmas, pages; /* cpus: at least one per thread; pages: in all */
		int tlb_speculate;	    /* fl_machine_config */
		unsigned int migration;	    /* the same */
		unsigned int swap_slots;    /* the same */
		int mempolicy;		    /* the same */
		int mmu_notifiers;	    /* the same */
		int huge_pages;		    /* the same; beside pages */
		int small_huge_pages;	    /* of two base pages in check runs, not four */
		const struct fl_lock_strategy *lock; /* the machine's; NULL: the policy's */
	} needs;
	size_t world; /* bytes of per-run state, zeroed before set_up */
	/* Runs alone on CPU 0, before the threads. 0 or a negative errno, which ends the run. */
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	struct fl_thread_def
		threads[FL_MAX_THREADS];   /* thread i runs on CPU i; ends at run == NULL */
	unsigned int may_wait;		   /* enum fl_may_wait */
	const char *const *policies;	   /* fields that matter here, NULL-terminated */
	const struct fl_variant *variants; /* the first one is what it is about */
	size_t nr_variants;		   /* of variants */
	struct fl_scenario *next;	   /* the registry's */
};

/* Adds @s, which must stay valid, to the registry. Called by FL_SCENARIO(); not thread-safe. */
void fl_scenario_register(struct fl_scenario *s);
/* The registered scenarios by name; NULL ends the list. */
const struct fl_scenario *fl_scenario_first(void);
/* NULL if there is none of that name. */
const struct fl_scenario *fl_scenario_find(const char *name);

#define FL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define FL_SCENARIO(ident, ...)                                                                    \
	static struct fl_scenario fl_scenario_##ident = { __VA_ARGS__ };                           \
	__attribute__((constructor)) static void fl_scenario_register_##ident(void)                \
	{                                                                                          \
		fl_scenario_register(&fl_scenario_##ident);                                        \
	}                                                                                          \
	struct fl_scenario

#endif
