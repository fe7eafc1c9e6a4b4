/* SPDX-License-Identifier: MIT */
/*
 * call.h - for the functions that the program's calls of libraries become.
 *
 * The linker turns the program's reference to pthread_mutex_lock into __wrap_pthread_mutex_lock, and so on for
 * the names of wraps.h. Such a function runs on the fibre of the calling thread. It acts on shared
 * memory by the events below, each with the place in the program from which it was called. What
 * belongs to the thread alone is in its struct self, outside of the modelled memory: thread code runs in an
 * order that extends program order and reads-from, so it is the same in each run.
 *
 * Before and after the exploration (constructors, say) the same functions act directly.
 */
#ifndef FL_PROGRAM_CALL_H
#define FL_PROGRAM_CALL_H

#include <setjmp.h>

#include "explore/exec.h"
#include "explore/memory.h"
#include "rt/check/access.h"

/* A function of wraps.h. */
#define CALL(type, name, ...)                                                                      \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

/* The place in the program that is calling. */
#define PC ((uintptr_t)__builtin_return_address(0))

/* What an event is in messages; where it is, the trace finds out from the PC. */
#define WHAT(what)                                                                                 \
	({                                                                                         \
		static const struct fl_site site__ = { .text = (what) };                           \
		&site__;                                                                           \
	})

/* ---- events: event.c ---- */

uint64_t call_load(const volatile void *addr, unsigned int size, enum fl_order order,
		   const struct fl_site *site, uintptr_t pc);
void call_store(volatile void *addr, unsigned int size, uint64_t val, enum fl_order order,
		const struct fl_site *site, uintptr_t pc);
/* Whether the condition held; *old is what was read. */
bool call_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
	      enum fl_order order, const struct fl_site *site, uintptr_t pc, uint64_t *old);
/* Waits until the condition holds. Returns what was read. */
uint64_t call_wait_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
		       enum fl_order order, const struct fl_site *site, uintptr_t pc);
uint64_t call_wait(const volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a,
		   uint64_t b, enum fl_order order, const struct fl_site *site, uintptr_t pc);
/* What the called function does to the caller's memory, as the caller's own plain accesses. */
void call_read(void *to, const void *from, size_t size, uintptr_t pc);
void call_write(void *to, const void *from, size_t size, uintptr_t pc);
/* Before a function of the C library looks at the program's memory by itself. No events: races are not seen. */
void call_show_memory(void);
/* For malloc() and the like; never NULL. */
void *allocate_memory(size_t size, size_t align, enum deed_kind kind);
/* memmove(). */
void *copy_memory(void *to, const void *from, size_t n, uintptr_t pc);
/* A value for *@out, if that is wanted. */
#define CALL_RETURN(out, value, pc)                                                                \
	do {                                                                                       \
		__typeof__(*(out)) value__ = (value);                                              \
		if (out)                                                                           \
			call_write((out), &value__, sizeof(value__), (pc));                        \
	} while (0)

/* The program can't be explored: the reason is for its author. */
_Noreturn void call_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The execution is a violation. */
_Noreturn void call_violation(const char *oracle, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- the calling thread: threads.c ---- */

#define MAX_HELD 32
#define MAX_KEYS 64

struct held { /* a lock that the thread has */
	const void *lock;
	unsigned int kind, depth; /* depth: times that it was locked again */
	uint64_t word;		  /* what the lock's word is without it */
};

struct cleanup; /* cleanup.c */

struct self {
	jmp_buf end;	   /* in its first function */
	void *result;	   /* for pthread_join() */
	char *tls;	   /* the program's thread-local variables */
	uint64_t emulated; /* of these, which it has touched: tls.c */
	struct held held[MAX_HELD];
	int nheld;
	struct {
		unsigned int key;
		void *value;
	} specific[MAX_KEYS];
	int nspecific, nkeys; /* set; created */
	uint32_t gone;	      /* threads that this one has joined or detached */
	uint64_t random;
	long clock;
	unsigned int timeouts; /* of timed waits, so far */
	unsigned int woken;    /* of these, those before it was woken in such a wait */
	struct cleanup *cleanup;
};

struct self *self(void);
/* For what is not on the thread's stack and makes a difference: a loop that changes it does not only wait. */
static inline struct self *changing_self(void)
{
	if (!outside())
		T[current_thread].own_stores++;
	return self();
}
/* Ends the calling thread. */
_Noreturn void thread_exit(void *result);
/* "thread 2 (reader)" */
const char *thread_name(int thread);

struct held *held_find(const void *lock); /* or NULL */
void held_add(const void *lock, unsigned int kind, uint64_t word);
void held_drop(struct held *h);
/* It is locked once more, or (@by -1) unlocked once of several times. */
void held_deepen(struct held *h, int by);

/* ---- the rest ---- */

/*
 * A timed wait at @pc, for @cond if it is for a condition variable, times out; @lock is what it is for, or was released
 * meanwhile, or NULL. Does not return if that has led nowhere new before, or too often to new states.
 */
void call_timed_out(const void *cond, const void *lock, uintptr_t pc);
/* One did not time out. */
void call_woken(void);
/* Somebody finds @lock taken, and does not wait. */
void call_tried_in_vain(const void *lock);
/* Where a wait timed out too often, and where it did not as often as somebody could notice; 0: nowhere. */
uintptr_t timed_out_too_often(void);
uintptr_t timed_out_unnoticed(void);
/* Was an execution left because of a wait that timed out? */
bool timed_out_in_vain(void);
bool timeout_begin(void);

/* Thread-specific data of a thread that ends. */
void keys_thread_ends(void);
void run_exit_handlers(void);
void exit_reset(void);
void exit_forget(void);
void tls_begin_thread(char *block);
size_t tls_block_size(void);
void tls_forget(void);
void threads_forget(void);
void thread_run_main(void *arg);

/* Mutex operations for condition variables. */
void mutex_relock(void *mutex, uintptr_t pc, const struct fl_site *site);
void mutex_release(void *mutex, uintptr_t pc, const struct fl_site *site);

/* What the command line chose for verifier.c. */
extern int nondet_min, nondet_max;

uintptr_t thread_start_routine(int thread);

#endif
