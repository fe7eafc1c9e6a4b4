/* SPDX-License-Identifier: MIT */
/*
 * prims.c - the functions that a test may call, with the meaning that linux-kernel.def gives them.
 *
 * The atomic_*() functions form families: an operation, a form (no value, _return, fetch_, a test) and an
 * ordering as suffix. They are taken apart here instead of being listed.
 */
#include <string.h>

#include "ast.h"

static const struct {
	const char *name;
	struct lt_prim prim;
} fixed[] = {
	{ "READ_ONCE", { .kind = LP_LOAD, .args = "L", .order = FL_ONCE, .has_value = true } },
	{ "WRITE_ONCE", { .kind = LP_STORE, .args = "LV", .order = FL_ONCE } },
	{ "smp_load_acquire",
	  { .kind = LP_LOAD, .args = "X", .order = FL_ACQUIRE, .has_value = true } },
	{ "smp_store_release", { .kind = LP_STORE, .args = "XV", .order = FL_RELEASE } },
	{ "smp_store_mb", { .kind = LP_STORE_MB, .args = "LV", .order = FL_ONCE } },
	{ "rcu_dereference",
	  { .kind = LP_LOAD, .args = "L", .order = FL_ONCE, .has_value = true } },
	{ "rcu_assign_pointer", { .kind = LP_STORE, .args = "LV", .order = FL_RELEASE } },

	{ "smp_mb", { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_MB } },
	{ "smp_rmb", { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_RMB } },
	{ "smp_wmb", { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_WMB } },
	{ "barrier", { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_BARRIER } },
	{ "smp_mb__before_atomic",
	  { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_BEFORE_ATOMIC } },
	{ "smp_mb__after_atomic",
	  { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_AFTER_ATOMIC } },
	{ "smp_mb__after_spinlock",
	  { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_AFTER_SPINLOCK } },
	{ "smp_mb__after_unlock_lock",
	  { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_AFTER_UNLOCK_LOCK } },
	{ "smp_mb__after_srcu_read_unlock",
	  { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_AFTER_SRCU_READ_UNLOCK } },
	{ "rcu_read_lock", { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_RCU_LOCK } },
	{ "rcu_read_unlock", { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_RCU_UNLOCK } },
	{ "synchronize_rcu", { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_SYNC_RCU } },
	{ "synchronize_rcu_expedited",
	  { .kind = LP_FENCE, .args = "", .fence = FL_FENCE_SYNC_RCU } },

	{ "spin_lock", { .kind = LP_LOCK, .args = "X" } },
	{ "spin_unlock", { .kind = LP_UNLOCK, .args = "X" } },
	{ "spin_trylock", { .kind = LP_TRYLOCK, .args = "X", .has_value = true } },
	{ "spin_is_locked", { .kind = LP_IS_LOCKED, .args = "X", .has_value = true } },

	{ "srcu_read_lock", { .kind = LP_SRCU_LOCK, .args = "X", .has_value = true } },
	{ "srcu_down_read", { .kind = LP_SRCU_LOCK, .args = "X", .has_value = true } },
	{ "srcu_read_unlock", { .kind = LP_SRCU_UNLOCK, .args = "XV" } },
	{ "srcu_up_read", { .kind = LP_SRCU_UNLOCK, .args = "XV" } },
	{ "synchronize_srcu", { .kind = LP_SYNC_SRCU, .args = "X" } },
	{ "synchronize_srcu_expedited", { .kind = LP_SYNC_SRCU, .args = "X" } },

	{ "atomic_read", { .kind = LP_LOAD, .args = "X", .order = FL_ONCE, .has_value = true } },
	{ "atomic_set", { .kind = LP_STORE, .args = "XV", .order = FL_ONCE } },
	{ "atomic_read_acquire",
	  { .kind = LP_LOAD, .args = "X", .order = FL_ACQUIRE, .has_value = true } },
	{ "atomic_set_release", { .kind = LP_STORE, .args = "XV", .order = FL_RELEASE } },
	{ "atomic_add_unless",
	  { .kind = LP_ADD_UNLESS, .args = "XVW", .order = FL_MB, .has_value = true } },
	{ "atomic_sub_and_test",
	  { .kind = LP_OP_TEST, .args = "VX", .op = LO_SUB, .order = FL_MB, .has_value = true } },
	{ "atomic_dec_and_test",
	  { .kind = LP_OP_TEST,
	    .args = "X",
	    .op = LO_SUB,
	    .by_one = true,
	    .order = FL_MB,
	    .has_value = true } },
	{ "atomic_inc_and_test",
	  { .kind = LP_OP_TEST,
	    .args = "X",
	    .op = LO_ADD,
	    .by_one = true,
	    .order = FL_MB,
	    .has_value = true } },
};

struct text {
	const char *p;
	size_t len;
};

static bool drop_prefix(struct text *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (t->len < n || memcmp(t->p, prefix, n))
		return false;
	t->p += n;
	t->len -= n;
	return true;
}

static bool drop_suffix(struct text *t, const char *suffix)
{
	size_t n = strlen(suffix);

	if (t->len < n || memcmp(t->p + t->len - n, suffix, n))
		return false;
	t->len -= n;
	return true;
}

static bool equal(const struct text *t, const char *s)
{
	return t->len == strlen(s) && !memcmp(t->p, s, t->len);
}

/* xchg(), cmpxchg(), atomic_xchg(), atomic_cmpxchg() */
static bool exchange(struct text t, struct lt_prim *out)
{
	drop_prefix(&t, "atomic_");
	if (equal(&t, "xchg")) {
		out->kind = LP_XCHG;
		out->args = "XV";
		return true;
	}
	if (equal(&t, "cmpxchg")) {
		out->kind = LP_CMPXCHG;
		out->args = "XVW";
		return true;
	}
	return false;
}

static bool operation(const struct text *t, struct lt_prim *out)
{
	static const struct {
		const char *name;
		enum lt_rmw_op op;
		bool by_one;
	} ops[] = {
		{ "add", LO_ADD, false }, { "sub", LO_SUB, false },	  { "inc", LO_ADD, true },
		{ "dec", LO_SUB, true },  { "and", LO_AND, false },	  { "or", LO_OR, false },
		{ "xor", LO_XOR, false }, { "andnot", LO_ANDNOT, false },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (equal(t, ops[i].name)) {
			out->op = ops[i].op;
			out->by_one = ops[i].by_one;
			out->args = ops[i].by_one ? "X" : "VX";
			return true;
		}
	return false;
}

bool lt_find_prim(const char *name, size_t len, struct lt_prim *out)
{
	struct text t = { name, len };
	bool arithmetic, suffix = true;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (equal(&t, fixed[i].name)) {
			*out = fixed[i].prim;
			return true;
		}
	*out = (struct lt_prim){ .has_value = true };
	if (drop_suffix(&t, "_relaxed"))
		out->order = FL_ONCE;
	else if (drop_suffix(&t, "_acquire"))
		out->order = FL_ACQUIRE;
	else if (drop_suffix(&t, "_release"))
		out->order = FL_RELEASE;
	else {
		out->order = FL_MB;
		suffix = false;
	}
	if (exchange(t, out))
		return true;
	if (!drop_prefix(&t, "atomic_"))
		return false;
	if (equal(&t, "add_negative")) {
		out->kind = LP_OP_NEGATIVE;
		out->op = LO_ADD;
		out->args = "VX";
		return true;
	}
	if (drop_prefix(&t, "fetch_")) {
		out->kind = LP_OP_FETCH;
		return operation(&t, out);
	}
	if (drop_suffix(&t, "_return")) {
		out->kind = LP_OP_RETURN;
		arithmetic = operation(&t, out) && (out->op == LO_ADD || out->op == LO_SUB);
		return arithmetic;
	}
	/* The void forms order nothing. */
	out->kind = LP_OP;
	out->order = FL_ONCE;
	out->has_value = false;
	return !suffix && operation(&t, out);
}
