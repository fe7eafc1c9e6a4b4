/* SPDX-License-Identifier: MIT */
/*
 * rwsem.c - the kernel's kind of reader-writer semaphore: who has to wait, how, and who is next.
 *
 * State: struct fl_rwsem (rwsem.h); struct fl_rwsem_waiter on the stack of each thread that waits, in a list
 * in the order of arrival; the queue of writers who spin (osq.c).
 *
 *   reader                                        writer
 *   R1  count += bias: no writer, nobody waits    W1  count 0 -> writer
 *   R2  else, if no writer is in: it is in.       W2  else spins, as long as the owner does not sleep and the time
 *       Not if readers have it already, who           is not up, and takes it when it is free, past the list
 *       would go on for ever (steal)              W3  joins the list; takes it when it is free. After 4 ms in the
 *   R3  joins the list, takes its bias back,          list sets HANDOFF: then only the first of the list may
 *       sleeps                                    W4  sleeps, and again
 *
 *   U1  who leaves it free with WAITERS set wakes the first: a writer tries again (W3), others may be faster. For a
 *       reader, U2: adds its bias; if a writer was faster, takes it back, and sets HANDOFF if the reader has waited
 *       for 4 ms; if not, all readers of the list are in at once, whatever writers are between them
 *
 * Never: two writers, or a reader and a writer. All who come in change count from a value without the other in
 * it; bias that is there in vain only keeps writers out for a moment.
 * A waiter is passed by only for so long: HANDOFF stops W1 (count is not 0), W2 and R2. Who sets it is the first of
 * the list, or does it for the first, who is woken by the next who leaves.
 * Not lost: a waiter sets WAITERS, under wait_lock, before it looks for the last time; who leaves looks at WAITERS
 * with the same instruction that lets go, and then takes wait_lock.
 *
 * Differs from the kernel's where user space has to: a spinner can't see whether the owner has a processor. (rseq
 * does not help: cpu_id is written when a thread gets one, not when it loses it.) "Sleeps in the library" is
 * known (fl_cpu_sleeps()), and for the rest the spin is bounded by what a sleep and a wake-up cost, in the queue
 * of spinners, too. A thread that acts as no CPU does not spin, since it has no place in that queue. Who sleeps looks
 * for some microseconds first (fl_park()): here a sleep is a system call and two locks. There are no signals.
 *
 * Models: kernel/locking/rwsem.c, Linux 6.12.
 */
#include "rt/native/rwlock/rwsem.h"

#include "rt/native/rwlock/locks.h"
#include "rt/native/rwlock/osq.h"
#include "rt/native/rwlock/wait.h"

#define WAIT_TIMEOUT_NS 4000000
/* About a sleep and a wake-up. The kernel spins on a writer for as long as it runs, and on readers as long as this. */
#define SPIN_NS 25000

struct fl_rwsem_waiter {
	struct fl_rwsem_waiter *next, *prev;
	bool writer;
	bool handoff_set; /* it has set RWSEM_FLAG_HANDOFF, or a waker for it. Guarded by wait_lock */
	uint64_t timeout;
	int awake; /* a reader is in; a writer may try */
};

static void add_waiter(struct fl_rwsem *sem, struct fl_rwsem_waiter *waiter)
{
	waiter->next = NULL;
	waiter->prev = sem->last;
	*(sem->last ? &sem->last->next : &sem->first) = waiter;
	sem->last = waiter;
}

static void del_waiter(struct fl_rwsem *sem, struct fl_rwsem_waiter *waiter)
{
	*(waiter->prev ? &waiter->prev->next : &sem->first) = waiter->next;
	*(waiter->next ? &waiter->next->prev : &sem->last) = waiter->prev;
}

/* --- waking --- */

/* Woken at once; more wait for the last of these to leave. */
#define MAX_READERS_WAKEUP 64

/* Whom to wake once wait_lock is free again: their words may be gone by then. */
struct wake_q {
	unsigned int nr;
	int *words[MAX_READERS_WAKEUP];
};

static void wake_q_add(struct wake_q *q, struct fl_rwsem_waiter *waiter)
{
	int *word = &waiter->awake;

	if (fl_unpark(word))
		q->words[q->nr++] = word;
}

static void wake_up_q(struct wake_q *q)
{
	for (unsigned int i = 0; i < q->nr; i++)
		fl_wake_up(q->words[i]);
}

enum wake_type {
	WAKE_ANY,	 /* it is free */
	WAKE_READERS,	 /* readers have it */
	WAKE_READ_OWNED, /* the caller reads: no writer can be faster */
};

/* U2, of the first of the list. False: a writer was faster. */
static bool grant_first_reader(struct fl_rwsem *sem, struct fl_rwsem_waiter *waiter)
{
	long adjustment = RWSEM_READER_BIAS;
	long old = __atomic_fetch_add(&sem->count, adjustment, __ATOMIC_ACQ_REL);

	if (!(old & RWSEM_WRITER_LOCKED)) {
		fl_rwsem_set_reader_owned(sem);
		return true;
	}
	if (fl_now_ns() > waiter->timeout) {
		if (!(old & RWSEM_FLAG_HANDOFF))
			adjustment -= RWSEM_FLAG_HANDOFF;
		waiter->handoff_set = true;
	}
	__atomic_fetch_sub(&sem->count, adjustment, __ATOMIC_RELAXED);
	return false;
}

/* U2, of all of them, up to a limit. @granted: bias that count has for the first already. */
static void grant_readers(struct fl_rwsem *sem, long granted, struct wake_q *q)
{
	struct fl_rwsem_waiter *waiter, *next, *woken[MAX_READERS_WAKEUP];
	unsigned int nr = 0;
	long adjustment;

	for (waiter = sem->first; waiter && nr < MAX_READERS_WAKEUP; waiter = next) {
		next = waiter->next;
		if (waiter->writer)
			continue;
		del_waiter(sem, waiter);
		woken[nr++] = waiter;
	}
	adjustment = nr * RWSEM_READER_BIAS - granted;
	if (!sem->first)
		adjustment -= RWSEM_FLAG_WAITERS;
	/* It was the first's, who is in. Nobody else sets or clears it: we have wait_lock. */
	if (__atomic_load_n(&sem->count, __ATOMIC_RELAXED) & RWSEM_FLAG_HANDOFF)
		adjustment -= RWSEM_FLAG_HANDOFF;
	__atomic_fetch_add(&sem->count, adjustment, __ATOMIC_ACQ_REL);
	/* Not before all are counted: the first could leave, and find itself the last. */
	for (unsigned int i = 0; i < nr; i++)
		wake_q_add(q, woken[i]);
}

/* U1. Under wait_lock; the list is not empty. */
static void mark_wake(struct fl_rwsem *sem, enum wake_type type, struct wake_q *q)
{
	struct fl_rwsem_waiter *first = sem->first;

	if (first->writer) {
		if (type == WAKE_ANY)
			wake_q_add(q, first);
	} else if (type == WAKE_READ_OWNED) {
		grant_readers(sem, 0, q);
	} else if (grant_first_reader(sem, first)) {
		grant_readers(sem, RWSEM_READER_BIAS, q);
	}
}

static void clear_nonspinnable(struct fl_rwsem *sem)
{
	if (__atomic_load_n(&sem->owner, __ATOMIC_RELAXED) & RWSEM_NONSPINNABLE)
		__atomic_fetch_and(&sem->owner, ~RWSEM_NONSPINNABLE, __ATOMIC_RELAXED);
}

/* For one who has joined the list: it may have become free just before. */
static void cond_wake(struct fl_rwsem *sem, long count, struct wake_q *q)
{
	if (count & RWSEM_WRITER_LOCKED)
		return;
	if (!(count & RWSEM_READER_MASK))
		clear_nonspinnable(sem);
	mark_wake(sem, count & RWSEM_READER_MASK ? WAKE_READERS : WAKE_ANY, q);
}

static void lock_and_wake(struct fl_rwsem *sem, enum wake_type type)
{
	struct wake_q q;

	q.nr = 0;
	spin_lock(&sem->wait_lock);
	if (sem->first)
		mark_wake(sem, type, &q);
	spin_unlock(&sem->wait_lock);
	wake_up_q(&q);
}

void fl_rwsem_wake(struct fl_rwsem *sem)
{
	clear_nonspinnable(sem);
	lock_and_wake(sem, WAKE_ANY);
}

void fl_rwsem_wake_readers(struct fl_rwsem *sem)
{
	lock_and_wake(sem, WAKE_READ_OWNED);
}

/* --- readers --- */

/* R2. Readers who come to readers join the list if anyone is in it: else a writer there would not get its turn. */
static bool may_steal(const struct fl_rwsem *sem, long count)
{
	unsigned long owner = __atomic_load_n(&sem->owner, __ATOMIC_RELAXED);

	if (count & (RWSEM_WRITER_LOCKED | RWSEM_FLAG_HANDOFF))
		return false;
	return !(owner & RWSEM_READER_OWNED) || count >> RWSEM_READER_SHIFT == 1;
}

void fl_rwsem_read_slow(struct fl_rwsem *sem, long count)
{
	struct fl_rwsem_waiter waiter = { .timeout = fl_now_ns() + WAIT_TIMEOUT_NS };
	long adjustment = -RWSEM_READER_BIAS;
	struct wake_q q;

	q.nr = 0;
	if (may_steal(sem, count)) {
		fl_rwsem_set_reader_owned(sem);
		/* We are the first: those who wait come along. */
		if (count >> RWSEM_READER_SHIFT == 1 && count & RWSEM_FLAG_WAITERS)
			lock_and_wake(sem, WAKE_READ_OWNED);
		return;
	}
	spin_lock(&sem->wait_lock);
	if (!sem->first) {
		/* Our bias has been in all the time. Acquire: the writer who left. */
		if (!(__atomic_load_n(&sem->count, __ATOMIC_ACQUIRE) & RWSEM_WRITER_LOCKED)) {
			spin_unlock(&sem->wait_lock);
			fl_rwsem_set_reader_owned(sem);
			return;
		}
		adjustment += RWSEM_FLAG_WAITERS;
	}
	add_waiter(sem, &waiter); /* R3 */
	count = __atomic_add_fetch(&sem->count, adjustment, __ATOMIC_ACQ_REL);
	cond_wake(sem, count, &q);
	spin_unlock(&sem->wait_lock);
	wake_up_q(&q);
	fl_park(&waiter.awake);
}

/* --- writers who spin, one behind the other (optimistic spinning) --- */

enum owner_state { OWNER_NULL, OWNER_WRITER, OWNER_READER, OWNER_NONSPINNABLE };

static enum owner_state owner_state(unsigned long owner)
{
	if (owner & RWSEM_NONSPINNABLE)
		return OWNER_NONSPINNABLE;
	if (owner & RWSEM_READER_OWNED)
		return OWNER_READER;
	return owner ? OWNER_WRITER : OWNER_NULL;
}

static bool owner_sleeps(unsigned long owner)
{
	unsigned int cpu = (unsigned int)(owner >> RWSEM_OWNER_SHIFT) - 1;

	return cpu < FL_MAX_CPUS && fl_cpu_sleeps((int)cpu);
}

/* Waits as long as the same writer has it and does not sleep. */
static enum owner_state spin_on_owner(const struct fl_rwsem *sem, uint64_t end)
{
	unsigned long owner = __atomic_load_n(&sem->owner, __ATOMIC_RELAXED), now = owner;
	unsigned int step = 0;

	if (owner_state(owner) != OWNER_WRITER)
		return owner_state(owner);
	while (now == owner) {
		if (owner_sleeps(owner) || fl_time_is_up(&step, end))
			return OWNER_NONSPINNABLE;
		cpu_relax();
		now = __atomic_load_n(&sem->owner, __ATOMIC_RELAXED);
	}
	return owner_state(now);
}

static bool try_write_lock_unqueued(struct fl_rwsem *sem)
{
	long count = __atomic_load_n(&sem->count, __ATOMIC_RELAXED);

	while (!(count & (RWSEM_LOCK_MASK | RWSEM_FLAG_HANDOFF))) {
		if (__atomic_compare_exchange_n(&sem->count, &count, count | RWSEM_WRITER_LOCKED,
						true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			__atomic_store_n(&sem->owner, fl_rwsem_self(), __ATOMIC_RELAXED);
			return true;
		}
	}
	return false;
}

/* Nobody spins any more until the readers have left, who take too long. */
static void set_nonspinnable(struct fl_rwsem *sem)
{
	unsigned long owner = __atomic_load_n(&sem->owner, __ATOMIC_RELAXED);

	while ((owner & RWSEM_READER_OWNED) && !(owner & RWSEM_NONSPINNABLE) &&
	       !__atomic_compare_exchange_n(&sem->owner, &owner, owner | RWSEM_NONSPINNABLE, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* W2 */
static bool optimistic_spin(struct fl_rwsem *sem)
{
	unsigned long owner = __atomic_load_n(&sem->owner, __ATOMIC_RELAXED);
	int self = fl_native_this_cpu.id;
	enum owner_state state;
	unsigned int step = 0;
	bool taken = false;
	uint64_t end;

	if (!fl_native_this_cpu.bound || owner & RWSEM_NONSPINNABLE ||
	    (!(owner & RWSEM_READER_OWNED) && owner_sleeps(owner)))
		return false;
	end = fl_now_ns() + SPIN_NS;
	if (!fl_osq_lock(&sem->osq, self, end))
		return false;
	for (;;) {
		state = spin_on_owner(sem, end);
		if (state == OWNER_NONSPINNABLE)
			break;
		taken = try_write_lock_unqueued(sem);
		if (taken)
			break;
		if (fl_time_is_up(&step, end)) {
			if (state == OWNER_READER)
				set_nonspinnable(sem);
			break;
		}
		cpu_relax();
	}
	fl_osq_unlock(&sem->osq, self);
	return taken;
}

/* --- writers in the list --- */

/* W3. Under wait_lock; on success @waiter is off the list. */
static bool try_write_lock(struct fl_rwsem *sem, struct fl_rwsem_waiter *waiter)
{
	long count = __atomic_load_n(&sem->count, __ATOMIC_RELAXED), new;

	do {
		if (count & RWSEM_FLAG_HANDOFF && sem->first->handoff_set && sem->first != waiter)
			return false;
		if (count & RWSEM_LOCK_MASK) {
			if (count & RWSEM_FLAG_HANDOFF || sem->first != waiter ||
			    fl_now_ns() <= waiter->timeout)
				return false;
			new = count | RWSEM_FLAG_HANDOFF;
		} else {
			new = (count | RWSEM_WRITER_LOCKED) & ~RWSEM_FLAG_HANDOFF;
			if (sem->first == sem->last)
				new &= ~RWSEM_FLAG_WAITERS;
		}
	} while (!__atomic_compare_exchange_n(&sem->count, &count, new, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	if (new &RWSEM_FLAG_HANDOFF) {
		waiter->handoff_set = true;
		return false;
	}
	del_waiter(sem, waiter);
	__atomic_store_n(&sem->owner, fl_rwsem_self(), __ATOMIC_RELAXED);
	return true;
}

static void join_list(struct fl_rwsem *sem, struct fl_rwsem_waiter *waiter)
{
	struct wake_q q;

	q.nr = 0;
	add_waiter(sem, waiter);
	if (sem->first == waiter) {
		__atomic_fetch_or(&sem->count, RWSEM_FLAG_WAITERS, __ATOMIC_ACQ_REL);
		return;
	}
	cond_wake(sem, __atomic_load_n(&sem->count, __ATOMIC_RELAXED), &q);
	if (q.nr) {
		spin_unlock(&sem->wait_lock);
		wake_up_q(&q);
		spin_lock(&sem->wait_lock);
	}
}

void fl_rwsem_write_slow(struct fl_rwsem *sem)
{
	struct fl_rwsem_waiter waiter = { .writer = true };
	unsigned int step = 0;

	if (optimistic_spin(sem))
		return;
	waiter.timeout = fl_now_ns() + WAIT_TIMEOUT_NS;
	spin_lock(&sem->wait_lock);
	join_list(sem, &waiter);
	for (;;) {
		/* Before the look: who leaves after it wakes us. */
		__atomic_store_n(&waiter.awake, 0, __ATOMIC_RELAXED);
		if (try_write_lock(sem, &waiter))
			break;
		spin_unlock(&sem->wait_lock);
		/* It is ours next: do not sleep if the writer who is in leaves in a moment. */
		if (waiter.handoff_set && spin_on_owner(sem, fl_now_ns() + SPIN_NS) == OWNER_NULL)
			fl_native_wait(&step);
		else
			fl_park(&waiter.awake); /* W4 */
		spin_lock(&sem->wait_lock);
	}
	spin_unlock(&sem->wait_lock);
}

/* --- the table --- */

static int rwsem_init(void *lock)
{
	fl_rwsem_init(lock);
	return 0;
}

static void rwsem_read_lock(void *lock)
{
	fl_rwsem_read_lock(lock);
}

static bool rwsem_read_trylock(void *lock)
{
	return fl_rwsem_read_trylock(lock);
}

static void rwsem_read_unlock(void *lock)
{
	fl_rwsem_read_unlock(lock);
}

static void rwsem_write_lock(void *lock)
{
	fl_rwsem_write_lock(lock);
}

static void rwsem_write_unlock(void *lock)
{
	fl_rwsem_write_unlock(lock);
}

static void rwsem_downgrade(void *lock)
{
	fl_rwsem_downgrade(lock);
}

const struct fl_rwlock fl_rwlock_rwsem = {
	.name = "rwsem",
	.doc = "the kernel's: a list, writers spin while the owner runs, handoff after 4 ms",
	.source = "kernel/locking/rwsem.c, Linux 6.12",
	.size = sizeof(struct fl_rwsem),
	.align = _Alignof(struct fl_rwsem),
	.init = rwsem_init,
	.read_lock = rwsem_read_lock,
	.read_trylock = rwsem_read_trylock,
	.read_unlock = rwsem_read_unlock,
	.write_lock = rwsem_write_lock,
	.write_unlock = rwsem_write_unlock,
	.downgrade = rwsem_downgrade,
};
