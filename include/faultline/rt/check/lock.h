/* SPDX-License-Identifier: MIT */
/*
 * check/lock.h - locks under the check engine.
 *
 * A lock operation is one read-modify-write that waits for its condition: there is no spinning to
 * explore. spin_lock() is the LKR/LKW pair of the memory model and spin_unlock() its UL; a
 * rw_semaphore is a counter with acquire and release operations.
 */
#ifndef FAULTLINE_RT_CHECK_LOCK_H
#define FAULTLINE_RT_CHECK_LOCK_H

bool fl_rmw_set_from_zero(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_rwsem_read(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_await_mask(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);

/* Waits until (*p & mask) == want, returns *p. */
#define FL_AWAIT_MASK(p, mask, want, order, text)                                                  \
	FL_FROM_U64__(*(p), fl_ev_await((p), sizeof(*(p)), fl_await_mask, (mask), (want), (order), \
					0, FL_SITE(text)))
/* As above; waiting for ever is a legal end (user space need not answer). */
#define FL_AWAIT_MASK_MAY_WAIT(p, mask, want, order, text)                                         \
	FL_FROM_U64__(*(p), fl_ev_await((p), sizeof(*(p)), fl_await_mask, (mask), (want), (order), \
					FL_RMW_MAY_WAIT, FL_SITE(text)))

#define FL_LOCK_RMW__(p, fn, a, order, flags, text)                                                \
	({                                                                                         \
		uint64_t fl_old__;                                                                 \
		fl_ev_rmw((p), sizeof(*(p)), (fn), (uint64_t)(a), 0, (order),                      \
			  (flags) | FL_RMW_GIVEN, FL_SITE(text), &fl_old__);                       \
	})

/* What lock this is, for who watches the order of locks (lib/rt/lock_watch.h). */
void fl_lock_named(const void *lock, const char *name);

/*
 * A marked store: an object may be published by smp_wmb() and a store of its address, as pmd_install()
 * does. Whoever locks it then writes to the lock, which smp_wmb() orders after marked stores alone.
 */
#define spin_lock_init(l)                                                                          \
	do {                                                                                       \
		FL_STORE(&(l)->val, 0, FL_ONCE, "spin_lock_init(" #l ")");                         \
		fl_lock_named(&(l)->val, #l);                                                      \
	} while (0)
#define spin_lock(l)                                                                               \
	((void)FL_LOCK_RMW__(&(l)->val, fl_rmw_set_from_zero, 1, FL_ACQUIRE,                       \
			     FL_RMW_AWAIT | FL_RMW_LOCK, "spin_lock(" #l ")"))
#define spin_trylock(l)                                                                            \
	FL_LOCK_RMW__(&(l)->val, fl_rmw_set_from_zero, 1, FL_ACQUIRE, FL_RMW_LOCK,                 \
		      "spin_trylock(" #l ")")
#define spin_unlock(l) fl_ev_unlock(&(l)->val, sizeof((l)->val), FL_SITE("spin_unlock(" #l ")"))
#define spin_is_locked(l) (FL_LOAD(&(l)->val, FL_ONCE, "spin_is_locked(" #l ")") != 0)

#define init_rwsem(s)                                                                              \
	do {                                                                                       \
		(s)->count = 0;                                                                    \
		fl_lock_named(&(s)->count, #s);                                                    \
	} while (0)
#define down_read(s)                                                                               \
	((void)FL_LOCK_RMW__(&(s)->count, fl_rmw_rwsem_read, 0, FL_ACQUIRE, FL_RMW_AWAIT,          \
			     "down_read(" #s ")"))
#define down_read_trylock(s)                                                                       \
	FL_LOCK_RMW__(&(s)->count, fl_rmw_rwsem_read, 0, FL_ACQUIRE, 0, "down_read_trylock(" #s ")")
#define down_write(s)                                                                              \
	((void)FL_LOCK_RMW__(&(s)->count, fl_rmw_set_from_zero, FL_RWSEM_WRITER, FL_ACQUIRE,       \
			     FL_RMW_AWAIT, "down_write(" #s ")"))
#define down_write_trylock(s)                                                                      \
	FL_LOCK_RMW__(&(s)->count, fl_rmw_set_from_zero, FL_RWSEM_WRITER, FL_ACQUIRE, 0,           \
		      "down_write_trylock(" #s ")")
#define up_read(s)                                                                                 \
	((void)FL_LOCK_RMW__(&(s)->count, fl_rmw_add, -FL_RWSEM_READER, FL_RELEASE, 0,             \
			     "up_read(" #s ")"))
#define up_write(s)                                                                                \
	((void)FL_LOCK_RMW__(&(s)->count, fl_rmw_add, -FL_RWSEM_WRITER, FL_RELEASE, 0,             \
			     "up_write(" #s ")"))
#define downgrade_write(s)                                                                         \
	((void)FL_LOCK_RMW__(&(s)->count, fl_rmw_add, FL_RWSEM_READER - FL_RWSEM_WRITER,           \
			     FL_RELEASE, 0, "downgrade_write(" #s ")"))
#define rwsem_is_locked(s) (FL_LOAD(&(s)->count, FL_ONCE, "rwsem_is_locked(" #s ")") != 0)

#endif
