/* SPDX-License-Identifier: MIT */
/*
 * soak.h - a random mix of all calls of the native engine on real threads, with all oracles on.
 *
 * Time goes by in rounds. A round has a machine of its own, of random sizes and policy, some address spaces (slots),
 * and threads that each act as one of the CPUs and make random calls. At the end of a round the oracles are
 * asked, all is destroyed, and nothing may be left.
 *
 * What a thread may do with memory depends on the zone (enum zone). In two of them others change what pages are made
 * of, but not what they have, so that each thread knows what its words must be; in its own region it is the only one
 * who maps and unmaps; in the last one everybody does everything, and only the oracles judge.
 */
#ifndef TESTS_SOAK_H
#define TESTS_SOAK_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <faultline/faultline.h>
#include <faultline/oracle.h>

#define RW (FL_READ | FL_WRITE)

#define MAX_CPUS 64
#define NR_SLOTS 5
#define MAX_PINS 6
#define NR_PIPES 3
#define NR_FILES 3

/* --- addresses, in pages --- */

#define SAFE_PAGES 32  /* of a zone of words that have owners */
#define OWN_PAGES 8    /* of a thread's own region */
#define CHAOS_PAGES 64 /* where anything goes */

enum zone {
	ZONE_ANON,    /* private anonymous memory: words have owners, per address space */
	ZONE_PRIVATE, /* the same, of a private mapping of a file */
	ZONE_SHARED,  /* words have owners, the same ones in all address spaces */
	NR_ZONES,
};

#define ANYWHERE_AT 1U /* what mmap() finds for itself comes to be below the first zone */
#define ZONE_AT(zone) (64U + 64U * (zone))
#define CHAOS_AT 256U
#define OWN_AT(thread) (384U + OWN_PAGES * (thread))
#define MIN_PAGES 1024U /* of an address space: has room for all that, with MAX_CPUS threads */

/* --- options --- */

struct round;

struct options {
	double seconds, round;
	uint64_t seed, first_round;
	unsigned int threads;
	const char *profile, *set, *without;
	/* NULL: as a round chooses. */
	const struct fl_lock_strategy *lock;
	const struct fl_rwlock *rwlock;
	bool verbose, one_round;
};

extern struct options options;

/* --- words that have an owner --- */

/*
 * Its owner alone stores to it, ever larger values. Who forks looks at both numbers of the parent's: the child
 * has something from done, as it was before, to begun, as it was after.
 */
struct word {
	_Atomic uint64_t done;	/* is there for certain, unless there is something later */
	_Atomic uint64_t begun; /* the latest that may be there */
};

/* A word that everybody adds 1 to. */
struct counter {
	_Atomic uint64_t done, begun;
};

#define NR_COUNTERS 4

struct words {
	unsigned int nr; /* of word[]; the counters come after it */
	struct word *word;
	struct counter counter[NR_COUNTERS];
};

/* --- a round --- */

/* What a thread knows of its own region in one address space. */
struct own {
	bool known;
	struct {
		bool mapped;
		unsigned int prot;
		uint64_t value; /* of its first word */
	} page[OWN_PAGES];
};

/* A place for an address space. */
struct slot {
	/* How many use it; below 0: nobody may. Loaded by a CPU that is not in lazy mode is used. */
	_Atomic int users;
	struct fl_mm *mm;
	_Atomic unsigned int generation; /* counts the address spaces that it has had */
	/* Somebody has made a zone read-only, or is about to: even numbers say that all is over. */
	_Atomic unsigned int protections[NR_ZONES];
	struct words words[NR_ZONES]; /* ZONE_SHARED: the round's are used */
	struct own own[MAX_CPUS];     /* each its thread's */
	atomic_flag uffd_busy;	      /* who has set it may use the next one */
	struct fl_uffd *uffd;
};

enum { SLOT_EMPTY = -2, SLOT_BUSY = -1 };

struct held_pin {
	struct fl_pin pin;
	struct slot *slot;
	unsigned int generation;
	unsigned int page; /* of ZONE_ANON: its words can be written to through the pin */
	bool device;
};

struct thread {
	struct round *r;
	unsigned int number;
	uint64_t random;
	uint64_t sequence; /* of the values that it stores */
	struct fl_cpu *cpu;
	struct slot *slot; /* loaded, and used; NULL: none, or lazy */
	struct held_pin pins[MAX_PINS];
	unsigned int nr_pins;
	struct fl_buffer *buffer;
	unsigned int failing; /* so many calls to go with allocations that fail */
	/* for the watcher */
	_Atomic(const char *) op;
	_Atomic uint64_t ops;
	pthread_t id;
};

struct pipe {
	struct fl_pipe *pipe;
};

struct round {
	uint64_t number, seed;
	struct fl_machine *m;
	struct fl_machine_config config;
	const char *kernel;
	char set[512];
	unsigned int nr_threads, nr_cpus;
	size_t page_size;
	/* which calls this round makes, by op */
	unsigned int weights[64], weight;
	bool anywhere; /* mmap() without an address: then own regions have no holes */

	struct slot slots[NR_SLOTS];
	struct words shared;
	struct fl_file *shared_file, *private_file;
	struct fl_file *files[NR_FILES]; /* chaos */
	struct pipe pipes[NR_PIPES];
	struct thread threads[MAX_CPUS];
	struct thread handler;
	_Atomic bool stop, stop_handler;
	_Atomic unsigned int running;
};

/* --- main.c --- */

/* Something is wrong that no oracle is for. */
void soak_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double now(void);
void print_round(const struct round *r, FILE *f);

/* --- random.c --- */

uint64_t next_random(uint64_t *state);
/* A state of its own for each @seed and @n. */
uint64_t random_state(uint64_t seed, uint64_t n);
/* Below @n, which is not 0. */
static inline unsigned int below(uint64_t *state, unsigned int n)
{
	return (unsigned int)(next_random(state) >> 16) % n;
}
static inline bool one_in(uint64_t *state, unsigned int n)
{
	return !below(state, n);
}

/* --- config.c --- */

/* A machine for round @r: sizes, policy. */
int make_machine(struct round *r, uint64_t *random);

/* --- round.c --- */

/* 0, or a negative errno if it could not be set up. Failures are counted by fl_oracle_fail(). */
int run_round(struct round *r, double seconds);

/* --- slots.c --- */

/* Uses a slot that has an address space; NULL: there was none to be had. */
struct slot *use_slot(struct round *r, uint64_t *random);
void leave_slot(struct slot *slot);
int first_slot(struct round *r);
/* The thread's CPU has a slot loaded afterwards; false: none could be had. */
bool load_a_slot(struct thread *t);
/* The thread acts as some CPU that has no thread. */
void bind_anywhere(struct thread *t);
void destroy_all_slots(struct round *r);
void free_slots(struct round *r);
int alloc_slots(struct round *r);

/* --- words.c --- */

/* Each word of each address space is what it must be; nothing runs any more. */
void check_all_words(struct thread *t);
/* The owner is about to have @value there. */
struct word *own_word(struct thread *t, struct slot *slot, enum zone zone, unsigned int n);
void inherit_words(struct words *child, struct words *parent, bool after);
unsigned int a_word_of(struct thread *t, unsigned int nr);

/* --- uffd.c --- */

void *handle_faults(void *handler);

/* --- watch.c --- */

/* Until @end, or a failure, or nothing goes on any more (then the process ends). */
void watch(struct round *r, double end);
void watch_until_done(struct round *r);

/* --- trace.c --- */

/* Prints from now on what happens to the page at @addr, of any address space. */
void trace_page(fl_vaddr addr);

/* --- the calls --- */

typedef void op_fn(struct thread *t);

struct op {
	const char *name;
	op_fn *run;
	unsigned int weight; /* against others, where it is made at all */
	bool always;
};

extern const struct op ops[];
extern const unsigned int nr_ops;

op_fn op_words, op_count, op_verify, op_protect_zone;				   /* words.c */
op_fn op_switch, op_lazy, op_rebind, op_fork, op_fork_destroy, op_destroy, op_new; /* slots.c */
op_fn op_own;									   /* own.c */
op_fn op_chaos_access, op_chaos_map, op_chaos_unmap, op_chaos_protect, op_chaos_move,
	op_chaos_advise, op_anywhere, op_poke;		       /* chaos.c */
op_fn op_pin, op_unpin, op_pin_write, op_reference, op_buffer; /* pins.c */
op_fn op_vmsplice, op_pipe_read, op_tee;		       /* pipes.c */
op_fn op_file, op_file_cut;				       /* files.c */
op_fn op_ksm, op_khugepaged, op_reclaim, op_migrate, op_numa, op_mbind,
	op_safe_advise; /* daemons.c */
op_fn op_clear_refs, op_pagemap, op_inspect, op_notifier, op_inject, op_strangers,
	op_drain; /* proc.c */
op_fn op_uffd_open, op_uffd_register, op_uffd_protect, op_uffd_unregister,
	op_uffd_close; /* uffd.c */

/* --- what they are made of --- */

static inline fl_vaddr page_at(const struct round *r, unsigned int page)
{
	return (fl_vaddr)page * r->page_size;
}

static inline uint64_t new_value(struct thread *t)
{
	return (uint64_t)(t->number + 1) << 48 | ++t->sequence;
}

/* A part of the chaos. */
static inline unsigned int a_range(struct thread *t, unsigned int *pages)
{
	unsigned int at = below(&t->random, CHAOS_PAGES), max = CHAOS_PAGES - at;

	if (max > 12 && !one_in(&t->random, 12))
		max = 12;
	*pages = 1 + below(&t->random, max);
	return CHAOS_AT + at;
}

/* A call that documents @... has answered @err: anything else is wrong. */
void check_errno(const char *call, long err, ...);
#define ALLOWED(call, err, ...) check_errno(call, err, __VA_ARGS__, 0)

#endif
