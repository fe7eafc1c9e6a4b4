/* SPDX-License-Identifier: MIT */
/*
 * native/base.h - the native engine's side of rt.h: an access is one inlined compiler builtin.
 *
 * Each operation takes any type of 1, 2, 4 or 8 bytes that is aligned to its size, also a struct
 * around one word (pte_t), through a pointer with any qualifiers. The text that names an access in
 * a trace vanishes here.
 *
 * Orders. FL_ONCE is relaxed; FL_ACQUIRE and FL_RELEASE are C11's, which are at least the kernel's.
 * FL_MB makes a successful read-modify-write a full barrier. A sequentially consistent builtin is
 * that where the instruction is locked (x86). Elsewhere it may end in a store-release that a later
 * load overtakes, so a fence follows it. No fence is needed in front: the store-release is after all
 * that came before, and the load of a read-modify-write that succeeded happens with its store.
 */
#ifndef FAULTLINE_RT_NATIVE_BASE_H
#define FAULTLINE_RT_NATIVE_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/rt/types.h>

#if defined(__x86_64__)
/* Each locked instruction orders everything; loads stay in order, and so do stores. */
#define FL_LOCKED_IS_FULL__ 1
#else
#define FL_LOCKED_IS_FULL__ 0
#endif

/*
 * In the build of the modelled code for `faultline stress` (FL_STRESS; never a user's) each marked access and
 * each operation on a lock is a place at which the thread can be late, and in some runs each plain access is
 * one, too: lib/stress/delay.h.
 */
#ifdef FL_STRESS
struct fl_delay {
	uint64_t passed;     /* marked places that the thread has come to in this run */
	uint64_t all_passed; /* and all places, plain ones, too */
	uint64_t next;	     /* of all, the one at which it is late next; 0: none */
	bool marked;	     /* the next access that the compiler announces is a marked one */
};
/* The calling thread's, if it is one of a scenario's; else NULL. */
extern __thread struct fl_delay *fl_delay_here __attribute__((tls_model("initial-exec")));
void fl_delay_now(struct fl_delay *delay);

static inline void fl_delay_place(void)
{
	struct fl_delay *delay = fl_delay_here;

	if (!delay)
		return;
	/* The other threads look at how far this one is. */
	__atomic_store_n(&delay->passed, delay->passed + 1, __ATOMIC_RELAXED);
	delay->marked = true;
	if (__builtin_expect(++delay->all_passed == delay->next, 0))
		fl_delay_now(delay);
}

/* A marked access that is no place: a look of a loop that waits. */
static inline void fl_delay_no_place(void)
{
	if (fl_delay_here)
		fl_delay_here->marked = true;
}
#define FL_DELAY__() fl_delay_place()
#define FL_NO_DELAY__() fl_delay_no_place()
#else
#define FL_DELAY__() ((void)0)
#define FL_NO_DELAY__() ((void)0)
#endif

/* Operands may contain marked accesses themselves: names that never shadow each other. */
#define FL_PASTE__(a, b) a##b
#define FL_PASTE2__(a, b) FL_PASTE__(a, b)
#define FL_UNIQUE__(name) FL_PASTE2__(name, __COUNTER__)

/* The type of an lvalue's value: without its qualifiers. */
#define FL_VALUE_TYPE__(x) __typeof__(({ x; }))
/*
 * volatile, so that no compiler merges or drops accesses, which it may do with relaxed atomics. By way
 * of an integer, so that -Wcast-qual has nothing to say in users' code.
 */
#define FL_ATOMIC_PTR__(p)                                                                         \
	({                                                                                         \
		_Static_assert(sizeof(*(p)) <= 8 && _Alignof(__typeof__(*(p))) >= sizeof(*(p)),    \
			       "a marked access is to one aligned word of at most 8 bytes");       \
		(volatile FL_VALUE_TYPE__(*(p)) *)(uintptr_t)(p);                                  \
	})

/*
 * ThreadSanitizer knows neither fences nor dependencies. In its builds every marked access
 * synchronises, so that it reports what no marked access orders at all. Whether the orders suffice is
 * the check engine's question.
 */
#if defined(__SANITIZE_THREAD__)
#define FL_TSAN__ 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FL_TSAN__ 1
#endif
#endif
#ifndef FL_TSAN__
#define FL_TSAN__ 0
#endif

#define FL_C11_LOAD_ORDER__(order)                                                                 \
	((order) == FL_ACQUIRE || FL_TSAN__ ? __ATOMIC_ACQUIRE : __ATOMIC_RELAXED)
#define FL_C11_STORE_ORDER__(order)                                                                \
	((order) == FL_RELEASE || FL_TSAN__ ? __ATOMIC_RELEASE : __ATOMIC_RELAXED)
#define FL_C11_RMW_ORDER__(order)                                                                  \
	((order) == FL_MB || FL_TSAN__ ? __ATOMIC_SEQ_CST                                          \
	 : (order) == FL_ACQUIRE       ? __ATOMIC_ACQUIRE                                          \
	 : (order) == FL_RELEASE       ? __ATOMIC_RELEASE                                          \
				       : __ATOMIC_RELAXED)
#define FL_C11_FAILED_ORDER__ FL_C11_LOAD_ORDER__(FL_ONCE)
/* The second half of FL_MB, after success. */
#define FL_AFTER_RMW__(order)                                                                      \
	do {                                                                                       \
		if ((order) == FL_MB && !FL_LOCKED_IS_FULL__)                                      \
			__atomic_thread_fence(__ATOMIC_SEQ_CST);                                   \
	} while (0)

#define FL_LOAD(p, order, text) (FL_DELAY__(), FL_LOAD__(p, order, FL_UNIQUE__(fl_load_)))
/* Of a loop that waits: only the first look at it is a place. */
#define FL_LOAD_AGAIN__(p, order) (FL_NO_DELAY__(), FL_LOAD__(p, order, FL_UNIQUE__(fl_load_)))
#define FL_LOAD__(p, order, got)                                                                   \
	({                                                                                         \
		FL_VALUE_TYPE__(*(p)) got;                                                         \
		__atomic_load(FL_ATOMIC_PTR__(p), &got, FL_C11_LOAD_ORDER__(order));               \
		got;                                                                               \
	})

#define FL_STORE(p, v, order, text) FL_STORE__(p, v, order, FL_UNIQUE__(fl_store_))
#define FL_STORE__(p, v, order, val)                                                               \
	do {                                                                                       \
		FL_VALUE_TYPE__(*(p)) val = (v);                                                   \
		FL_DELAY__();                                                                      \
		__atomic_store(FL_ATOMIC_PTR__(p), &val, FL_C11_STORE_ORDER__(order));             \
	} while (0)

/* The value that was there before. */
#define FL_XCHG(p, v, order, text)                                                                 \
	FL_XCHG__(p, v, order, FL_UNIQUE__(fl_xchg_), FL_UNIQUE__(fl_xchg_))
#define FL_XCHG__(p, v, order, val, old)                                                           \
	({                                                                                         \
		FL_VALUE_TYPE__(*(p)) val = (v), old;                                              \
		FL_DELAY__();                                                                      \
		__atomic_exchange(FL_ATOMIC_PTR__(p), &val, &old, FL_C11_RMW_ORDER__(order));      \
		FL_AFTER_RMW__(order);                                                             \
		old;                                                                               \
	})

#define FL_CMPXCHG(p, o, n, order, text)                                                           \
	FL_CMPXCHG__(p, o, n, order, FL_UNIQUE__(fl_cmpxchg_), FL_UNIQUE__(fl_cmpxchg_))
#define FL_CMPXCHG__(p, o, n, order, old, val)                                                     \
	({                                                                                         \
		FL_VALUE_TYPE__(*(p)) old = (o), val = (n);                                        \
		FL_DELAY__();                                                                      \
		if (__atomic_compare_exchange(FL_ATOMIC_PTR__(p), &old, &val, false,               \
					      FL_C11_RMW_ORDER__(order), FL_C11_FAILED_ORDER__))   \
			FL_AFTER_RMW__(order);                                                     \
		old;                                                                               \
	})

/* @op is add, and, or, xor; *@p is an integer. */
#define FL_FETCH(op, p, v, order, text) FL_FETCH__(op, p, v, order, FL_UNIQUE__(fl_fetch_))
#define FL_FETCH__(op, p, v, order, old)                                                           \
	({                                                                                         \
		FL_DELAY__();                                                                      \
		FL_VALUE_TYPE__(*(p))                                                              \
		old = __atomic_fetch_##op(FL_ATOMIC_PTR__(p), (v), FL_C11_RMW_ORDER__(order));     \
		FL_AFTER_RMW__(order);                                                             \
		old;                                                                               \
	})
#define FL_VOID_RMW(op, p, v, text)                                                                \
	(FL_DELAY__(),                                                                             \
	 (void)__atomic_fetch_##op(FL_ATOMIC_PTR__(p), (v), FL_C11_RMW_ORDER__(FL_ONCE)))

/* Adds @v unless the value is @u. */
#define FL_FETCH_ADD_UNLESS(p, v, u, order, text)                                                  \
	FL_FETCH_ADD_UNLESS__(p, v, u, order, FL_UNIQUE__(fl_unless_), FL_UNIQUE__(fl_unless_),    \
			      FL_UNIQUE__(fl_unless_), FL_UNIQUE__(fl_unless_))
#define FL_FETCH_ADD_UNLESS__(p, v, u, order, ptr, add, unless, old)                               \
	({                                                                                         \
		__typeof__(FL_ATOMIC_PTR__(p)) ptr = FL_ATOMIC_PTR__(p);                           \
		FL_VALUE_TYPE__(*(p)) add = (v), unless = (u);                                     \
		FL_DELAY__();                                                                      \
		FL_VALUE_TYPE__(*(p)) old = __atomic_load_n(ptr, FL_C11_FAILED_ORDER__);           \
		while (old != unless) {                                                            \
			if (__atomic_compare_exchange_n(ptr, &old, old + add, true,                \
							FL_C11_RMW_ORDER__(order),                 \
							FL_C11_FAILED_ORDER__)) {                  \
				FL_AFTER_RMW__(order);                                             \
				break;                                                             \
			}                                                                          \
		}                                                                                  \
		old;                                                                               \
	})

/* Adds 1 unless the value is 0, or @limit or more. Unsigned. */
#define FL_FETCH_INC_LIMITED(p, limit, order, text)                                                \
	FL_FETCH_INC_LIMITED__(p, limit, order, FL_UNIQUE__(fl_limited_),                          \
			       FL_UNIQUE__(fl_limited_), FL_UNIQUE__(fl_limited_))
#define FL_FETCH_INC_LIMITED__(p, limit, order, ptr, most, old)                                    \
	({                                                                                         \
		__typeof__(FL_ATOMIC_PTR__(p)) ptr = FL_ATOMIC_PTR__(p);                           \
		FL_VALUE_TYPE__(*(p)) most = (limit);                                              \
		FL_DELAY__();                                                                      \
		FL_VALUE_TYPE__(*(p)) old = __atomic_load_n(ptr, FL_C11_FAILED_ORDER__);           \
		while (old && old < most) {                                                        \
			if (__atomic_compare_exchange_n(ptr, &old, old + 1, true,                  \
							FL_C11_RMW_ORDER__(order),                 \
							FL_C11_FAILED_ORDER__)) {                  \
				FL_AFTER_RMW__(order);                                             \
				break;                                                             \
			}                                                                          \
		}                                                                                  \
		old;                                                                               \
	})

#define FL_FENCE(kind, text) fl_native_fence(kind)

/* What the check engine explores all values of. */
#define FL_CHOOSE(n, text) ((uint64_t)0)

/* gcc would say at each fence that ThreadSanitizer models none: see above. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wtsan"
#endif

/* @kind is a constant: one case is left of the switch. RCU has its own functions (native/rcu.h). */
static inline __attribute__((always_inline)) void fl_native_fence(enum fl_fence kind)
{
	switch (kind) {
	case FL_FENCE_MB:
#if defined(__x86_64__)
		/* What gcc makes of the fence; clang makes it mfence, which takes ten times as long. */
		__asm__ __volatile__("lock orq $0, (%%rsp)" ::: "memory", "cc");
#else
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
		break;
	case FL_FENCE_RMB:
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		break;
	case FL_FENCE_WMB:
		__atomic_thread_fence(__ATOMIC_RELEASE);
		break;
	case FL_FENCE_BEFORE_ATOMIC:
	case FL_FENCE_AFTER_ATOMIC:
	case FL_FENCE_AFTER_SPINLOCK:
	case FL_FENCE_AFTER_UNLOCK_LOCK:
		/* Beside a read-modify-write, spin_lock() among them. */
		if (!FL_LOCKED_IS_FULL__)
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
		else
			__atomic_signal_fence(__ATOMIC_SEQ_CST);
		break;
	default:
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		break;
	}
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif
