/* SPDX-License-Identifier: MIT */
/* refmodel_text.c - programs and conditions of refmodel.h as text, and editing them. */
#include "refmodel.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rm_model_name[RM_NR_MODELS] = { "sc", "tso", "lkmm", "rc11" };

/* One row per word of the language; both directions use it. */
static const struct word {
	const char *text;
	enum rm_kind kind;
	enum fl_order order;
	enum fl_fence fence;
	int args; /* values after the location */
	bool loc, noreturn;
	enum fl_order fail;
} words[] = {
	{ "R", RM_LOAD, FL_ONCE, 0, 0, true, false },
	{ "Ra", RM_LOAD, FL_ACQUIRE, 0, 0, true, false },
	{ "Rp", RM_LOAD, FL_PLAIN, 0, 0, true, false },
	{ "W", RM_STORE, FL_ONCE, 0, 1, true, false },
	{ "Wr", RM_STORE, FL_RELEASE, 0, 1, true, false },
	{ "Wp", RM_STORE, FL_PLAIN, 0, 1, true, false },
	{ "xchg", RM_XCHG, FL_MB, 0, 1, true, false },
	{ "xchg.acq", RM_XCHG, FL_ACQUIRE, 0, 1, true, false },
	{ "xchg.rel", RM_XCHG, FL_RELEASE, 0, 1, true, false },
	{ "xchg.rlx", RM_XCHG, FL_ONCE, 0, 1, true, false },
	{ "add", RM_ADD, FL_MB, 0, 1, true, false },
	{ "add.acq", RM_ADD, FL_ACQUIRE, 0, 1, true, false },
	{ "add.rel", RM_ADD, FL_RELEASE, 0, 1, true, false },
	{ "add.rlx", RM_ADD, FL_ONCE, 0, 1, true, false },
	{ "vadd", RM_ADD, FL_ONCE, 0, 1, true, true },
	{ "cas", RM_CAS, FL_MB, 0, 2, true, false },
	{ "cas.acq", RM_CAS, FL_ACQUIRE, 0, 2, true, false },
	{ "cas.rel", RM_CAS, FL_RELEASE, 0, 2, true, false },
	{ "cas.rlx", RM_CAS, FL_ONCE, 0, 2, true, false },
	{ "addu", RM_ADD_UNLESS, FL_MB, 0, 2, true, false },
	{ "addu.acq", RM_ADD_UNLESS, FL_ACQUIRE, 0, 2, true, false },
	{ "addu.rel", RM_ADD_UNLESS, FL_RELEASE, 0, 2, true, false },
	{ "addu.rlx", RM_ADD_UNLESS, FL_ONCE, 0, 2, true, false },
	{ "await", RM_AWAIT, FL_ONCE, 0, 1, true, false },
	{ "await.acq", RM_AWAIT, FL_ACQUIRE, 0, 1, true, false },
	{ "Rs", RM_LOAD, FL_SEQ_CST, 0, 0, true, false },
	{ "Ws", RM_STORE, FL_SEQ_CST, 0, 1, true, false },
	{ "xchg.ar", RM_XCHG, FL_ACQ_REL, 0, 1, true, false },
	{ "xchg.sc", RM_XCHG, FL_SEQ_CST, 0, 1, true, false },
	{ "add.ar", RM_ADD, FL_ACQ_REL, 0, 1, true, false },
	{ "add.sc", RM_ADD, FL_SEQ_CST, 0, 1, true, false },
	{ "cas.ar", RM_CAS, FL_ACQ_REL, 0, 2, true, false },
	{ "cas.sc", RM_CAS, FL_SEQ_CST, 0, 2, true, false },
	{ "cas.rlx.acq", RM_CAS, FL_ONCE, 0, 2, true, false, FL_ACQUIRE },
	{ "cas.acq.acq", RM_CAS, FL_ACQUIRE, 0, 2, true, false, FL_ACQUIRE },
	{ "cas.rel.acq", RM_CAS, FL_RELEASE, 0, 2, true, false, FL_ACQUIRE },
	{ "cas.ar.acq", RM_CAS, FL_ACQ_REL, 0, 2, true, false, FL_ACQUIRE },
	{ "cas.sc.acq", RM_CAS, FL_SEQ_CST, 0, 2, true, false, FL_ACQUIRE },
	{ "cas.rlx.sc", RM_CAS, FL_ONCE, 0, 2, true, false, FL_SEQ_CST },
	{ "cas.acq.sc", RM_CAS, FL_ACQUIRE, 0, 2, true, false, FL_SEQ_CST },
	{ "cas.rel.sc", RM_CAS, FL_RELEASE, 0, 2, true, false, FL_SEQ_CST },
	{ "cas.ar.sc", RM_CAS, FL_ACQ_REL, 0, 2, true, false, FL_SEQ_CST },
	{ "cas.sc.sc", RM_CAS, FL_SEQ_CST, 0, 2, true, false, FL_SEQ_CST },
	{ "await.sc", RM_AWAIT, FL_SEQ_CST, 0, 1, true, false },
	{ "lock", RM_LOCK, FL_ACQUIRE, 0, 0, true, false },
	{ "trylock", RM_TRYLOCK, FL_ACQUIRE, 0, 0, true, false },
	{ "unlock", RM_UNLOCK, FL_RELEASE, 0, 0, true, false },
	{ "dep", RM_DEP, 0, 0, 0, true, false },
	{ "mb", RM_FENCE, 0, FL_FENCE_MB, 0, false, false },
	{ "rmb", RM_FENCE, 0, FL_FENCE_RMB, 0, false, false },
	{ "wmb", RM_FENCE, 0, FL_FENCE_WMB, 0, false, false },
	{ "before", RM_FENCE, 0, FL_FENCE_BEFORE_ATOMIC, 0, false, false },
	{ "after", RM_FENCE, 0, FL_FENCE_AFTER_ATOMIC, 0, false, false },
	{ "aspin", RM_FENCE, 0, FL_FENCE_AFTER_SPINLOCK, 0, false, false },
	{ "aul", RM_FENCE, 0, FL_FENCE_AFTER_UNLOCK_LOCK, 0, false, false },
	{ "f.acq", RM_FENCE, 0, FL_FENCE_C11_ACQUIRE, 0, false, false },
	{ "f.rel", RM_FENCE, 0, FL_FENCE_C11_RELEASE, 0, false, false },
	{ "f.ar", RM_FENCE, 0, FL_FENCE_C11_ACQ_REL, 0, false, false },
	{ "f.sc", RM_FENCE, 0, FL_FENCE_C11_SEQ_CST, 0, false, false },
	{ "spawn", RM_SPAWN, 0, 0, 1, false, false },
	{ "join", RM_JOIN, 0, 0, 1, false, false },
	{ "rl", RM_FENCE, 0, FL_FENCE_RCU_LOCK, 0, false, false },
	{ "ru", RM_FENCE, 0, FL_FENCE_RCU_UNLOCK, 0, false, false },
	{ "sync", RM_FENCE, 0, FL_FENCE_SYNC_RCU, 0, false, false },
};

#define NR_WORDS (sizeof(words) / sizeof(words[0]))

bool rm_has_value(const struct rm_op *op)
{
	switch (op->kind) {
	case RM_LOAD:
	case RM_XCHG:
	case RM_ADD:
	case RM_CAS:
	case RM_ADD_UNLESS:
	case RM_AWAIT:
	case RM_TRYLOCK:
		return true;
	default:
		return false;
	}
}

bool rm_apply(const struct rm_op *op, int old, int a, int b, int *new_value)
{
	switch (op->kind) {
	case RM_XCHG:
		*new_value = a;
		return true;
	case RM_ADD:
		*new_value = old + a;
		return true;
	case RM_CAS:
		*new_value = b;
		return old == a;
	case RM_ADD_UNLESS:
		*new_value = old + a;
		return old != b;
	case RM_LOCK:
	case RM_TRYLOCK:
		*new_value = 1;
		return old == 0;
	default:
		return false;
	}
}

static bool names_thread(const struct rm_op *op)
{
	return op->kind == RM_SPAWN || op->kind == RM_JOIN;
}

struct parser {
	struct rm_prog *p;
	char *err;
	size_t err_size;
	int t;
};

static int complain(struct parser *ps, const char *what, const char *where)
{
	snprintf(ps->err, ps->err_size, "%s: '%s'", what, where);
	return -EINVAL;
}

static int find_loc(struct rm_prog *p, const char *name, bool add)
{
	for (int l = 0; l < p->nlocs; l++)
		if (!strcmp(p->loc_name[l], name))
			return l;
	if (!add || p->nlocs == RM_MAX_LOCS || strlen(name) >= sizeof(p->loc_name[0]) ||
	    !isalpha((unsigned char)name[0]))
		return -1;
	strcpy(p->loc_name[p->nlocs], name);
	return p->nlocs++;
}

/* rN counts the operations with a value of thread @t. */
static int nth_value(const struct rm_prog *p, int t, int n)
{
	for (int i = p->first[t]; i < p->nops && p->op[i].thread == t; i++)
		if (rm_has_value(&p->op[i]) && n-- == 0)
			return i;
	return -1;
}

static int value_number(const struct rm_prog *p, int i)
{
	int n = 0;

	for (int j = p->first[p->op[i].thread]; j < i; j++)
		n += rm_has_value(&p->op[j]);
	return n;
}

static int parse_arg(struct parser *ps, const char *s, struct rm_arg *arg)
{
	char *end;

	arg->op = -1;
	arg->c = 0;
	if (*s == 'r') {
		arg->op = nth_value(ps->p, ps->t, (int)strtol(s + 1, &end, 10));
		if (arg->op < 0)
			return complain(ps, "no such value", s);
		s = end;
		if (!*s)
			return 0;
	}
	arg->c = (int)strtol(s, &end, 10);
	if (*end || end == s)
		return complain(ps, "not a value", s);
	return 0;
}

static int parse_skip(struct parser *ps, struct rm_op *op, char **save)
{
	char *l = strtok_r(NULL, " ", save), *v = strtok_r(NULL, " ", save),
	     *n = strtok_r(NULL, " ", save);

	if (!l || !v || !n || parse_arg(ps, l, &op->b) || parse_arg(ps, v, &op->a))
		return complain(ps, "bad condition", l ? l : "");
	op->skip = atoi(n);
	return 0;
}

static int parse_op(struct parser *ps, char *text)
{
	char *save, *w = strtok_r(text, " ", &save), *s;
	struct rm_prog *p = ps->p;
	struct rm_op *op = &p->op[p->nops];
	int err;

	if (!w)
		return 0;
	if (p->nops == RM_MAX_OPS)
		return complain(ps, "too many operations", w);
	memset(op, 0, sizeof(*op));
	op->thread = ps->t;
	op->loc = -1;
	op->a.op = op->b.op = -1;
	if (!strcmp(w, "ifeq") || !strcmp(w, "ifne")) {
		op->kind = w[2] == 'e' ? RM_SKIP_EQ : RM_SKIP_NE;
		err = parse_skip(ps, op, &save);
		if (!err)
			p->nops++;
		return err;
	}
	for (size_t i = 0; i < NR_WORDS; i++) {
		if (strcmp(words[i].text, w))
			continue;
		op->kind = words[i].kind;
		op->order = words[i].order;
		op->fail = words[i].fail;
		op->fence = words[i].fence;
		op->noreturn = words[i].noreturn;
		if (words[i].loc) {
			s = strtok_r(NULL, " ", &save);
			op->loc = s ? find_loc(p, s, true) : -1;
			if (op->loc < 0)
				return complain(ps, "bad location", s ? s : w);
		}
		for (int a = 0; a < words[i].args; a++) {
			s = strtok_r(NULL, " ", &save);
			if (!s)
				return complain(ps, "value missing", w);
			err = parse_arg(ps, s, a ? &op->b : &op->a);
			if (err)
				return err;
		}
		if (strtok_r(NULL, " ", &save))
			return complain(ps, "too many words", w);
		p->nops++;
		return 0;
	}
	return complain(ps, "unknown word", w);
}

static int parse_init(struct parser *ps, char *text)
{
	char *save;

	for (char *s = strtok_r(text, " ", &save); s; s = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(s, '=');
		int l;

		if (!eq)
			return complain(ps, "not an initial value", s);
		*eq = 0;
		l = find_loc(ps->p, s, true);
		if (l < 0)
			return complain(ps, "bad location", s);
		ps->p->init[l] = atoi(eq + 1);
	}
	return 0;
}

int rm_parse(struct rm_prog *p, const char *text, char *err, size_t err_size)
{
	struct parser ps = { .p = p, .err = err, .err_size = err_size };
	char *copy = strdup(text), *body = copy, *colon = strchr(copy, ':');
	int ret = 0;

	memset(p, 0, sizeof(*p));
	if (colon) {
		*colon = 0;
		ret = parse_init(&ps, copy);
		body = colon + 1;
	}
	while (!ret && body) {
		char *thread = strsep(&body, "|"), *o;

		if (ps.t == RM_MAX_THREADS) {
			ret = complain(&ps, "too many threads", thread);
			break;
		}
		p->first[ps.t] = p->nops;
		while (!ret && (o = strsep(&thread, ";")))
			ret = parse_op(&ps, o);
		ps.t++;
		p->first[ps.t] = p->nops;
	}
	p->nthreads = ps.t;
	for (int i = 0; !ret && i < p->nops; i++)
		if (p->op[i].skip && i + 1 + p->op[i].skip > p->first[p->op[i].thread + 1])
			ret = complain(&ps, "skips past the end", "if");
	for (int i = 0; !ret && i < p->nops; i++) {
		if (!names_thread(&p->op[i]))
			continue;
		if (p->op[i].a.op >= 0 || p->op[i].a.c < 0 || p->op[i].a.c >= p->nthreads)
			ret = complain(&ps, "no such thread", "spawn or join");
		for (int j = 0; j < i; j++)
			if (p->op[i].kind == RM_SPAWN && p->op[j].kind == RM_SPAWN &&
			    p->op[i].a.c == p->op[j].a.c)
				ret = complain(&ps, "started twice", "spawn");
	}
	free(copy);
	return ret;
}

static int put_arg(const struct rm_prog *p, const struct rm_arg *a, char *buf, size_t size)
{
	if (a->op < 0)
		return snprintf(buf, size, " %d", a->c);
	if (a->c)
		return snprintf(buf, size, " r%d%+d", value_number(p, a->op), a->c);
	return snprintf(buf, size, " r%d", value_number(p, a->op));
}

void rm_format_op(const struct rm_prog *p, int i, char *buf, size_t size)
{
	const struct rm_op *op = &p->op[i];
	size_t n;

	if (op->kind == RM_SKIP_EQ || op->kind == RM_SKIP_NE) {
		n = snprintf(buf, size, op->kind == RM_SKIP_EQ ? "ifeq" : "ifne");
		n += put_arg(p, &op->b, buf + n, size - n);
		n += put_arg(p, &op->a, buf + n, size - n);
		snprintf(buf + n, size - n, " %d", op->skip);
		return;
	}
	for (size_t w = 0; w < NR_WORDS; w++) {
		if (words[w].kind != op->kind || words[w].order != op->order ||
		    words[w].fence != op->fence || words[w].noreturn != op->noreturn ||
		    words[w].fail != op->fail)
			continue;
		n = snprintf(buf, size, "%s", words[w].text);
		if (words[w].loc)
			n += snprintf(buf + n, size - n, " %s", p->loc_name[op->loc]);
		if (words[w].args > 0)
			n += put_arg(p, &op->a, buf + n, size - n);
		if (words[w].args > 1)
			put_arg(p, &op->b, buf + n, size - n);
		return;
	}
	snprintf(buf, size, "?");
}

void rm_format(const struct rm_prog *p, char *buf, size_t size)
{
	const char *sep = "";
	size_t n = 0;
	char op[64];

	for (int l = 0; l < p->nlocs; l++)
		if (p->init[l])
			n += snprintf(buf + n, size - n, "%s=%d ", p->loc_name[l], p->init[l]);
	if (n)
		n += snprintf(buf + n, size - n, ": ");
	for (int t = 0; t < p->nthreads; t++) {
		if (t)
			n += snprintf(buf + n, size - n, " | ");
		sep = "";
		for (int i = p->first[t]; i < p->first[t + 1]; i++) {
			rm_format_op(p, i, op, sizeof(op));
			n += snprintf(buf + n, size - n, "%s%s", sep, op);
			sep = "; ";
		}
	}
}

void rm_table(const struct rm_prog *p, char *buf, size_t size)
{
	size_t n = 0;
	int rows = 0;
	char op[64];

	for (int t = 0; t < p->nthreads; t++)
		if (p->first[t + 1] - p->first[t] > rows)
			rows = p->first[t + 1] - p->first[t];
	n += snprintf(buf + n, size - n, "  init:");
	for (int l = 0; l < p->nlocs; l++)
		n += snprintf(buf + n, size - n, " %s=%d", p->loc_name[l], p->init[l]);
	n += snprintf(buf + n, size - n, "\n");
	for (int r = 0; r < rows; r++) {
		for (int t = 0; t < p->nthreads; t++) {
			op[0] = 0;
			if (p->first[t] + r < p->first[t + 1])
				rm_format_op(p, p->first[t] + r, op, sizeof(op));
			n += snprintf(buf + n, size - n, "  %-18s", op);
		}
		n += snprintf(buf + n, size - n, "\n");
	}
}

void rm_drop_op(struct rm_prog *p, int i)
{
	int t = p->op[i].thread;

	for (int j = p->first[t]; j < i; j++)
		if (j + p->op[j].skip >= i && p->op[j].skip)
			p->op[j].skip--;
	memmove(&p->op[i], &p->op[i + 1], (size_t)(p->nops - i - 1) * sizeof(p->op[0]));
	p->nops--;
	for (int u = t + 1; u <= p->nthreads; u++)
		p->first[u]--;
	for (int j = 0; j < p->nops; j++) {
		struct rm_arg *args[2] = { &p->op[j].a, &p->op[j].b };

		for (int k = 0; k < 2; k++) {
			if (args[k]->op == i)
				args[k]->op = -1;
			else if (args[k]->op > i)
				args[k]->op--;
		}
	}
}

void rm_drop_thread(struct rm_prog *p, int t)
{
	for (int i = p->nops - 1; i >= 0; i--)
		if (names_thread(&p->op[i]) && p->op[i].a.c == t)
			rm_drop_op(p, i);
	for (int i = 0; i < p->nops; i++)
		if (names_thread(&p->op[i]) && p->op[i].a.c > t)
			p->op[i].a.c--;
	while (p->first[t + 1] > p->first[t])
		rm_drop_op(p, p->first[t]);
	for (int u = t + 1; u <= p->nthreads; u++)
		p->first[u - 1] = p->first[u];
	p->nthreads--;
	for (int i = 0; i < p->nops; i++)
		if (p->op[i].thread > t)
			p->op[i].thread--;
}

int rm_parse_cond(struct rm_cond *c, const struct rm_prog *p, const char *text, char *err,
		  size_t err_size)
{
	struct parser ps = { .err = err, .err_size = err_size };
	char *copy = strdup(text), *save;
	int ret = 0;

	c->n = 0;
	for (char *s = strtok_r(copy, " ", &save); s && !ret; s = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(s, '='), *colon = strchr(s, ':');
		int i = -1;

		if (!eq) {
			ret = complain(&ps, "no '='", s);
			break;
		}
		*eq = 0;
		if (colon && atoi(s) < p->nthreads) {
			i = nth_value(p, atoi(s), atoi(colon + 2));
		} else if (!colon) {
			i = find_loc((struct rm_prog *)(uintptr_t)p, s, false);
			if (i >= 0)
				i += p->nops;
		}
		if (i < 0) {
			ret = complain(&ps, "no such register or location", s);
			break;
		}
		c->idx[c->n] = i;
		c->val[c->n++] = atoi(eq + 1);
	}
	free(copy);
	return ret;
}

bool rm_cond_holds(const struct rm_cond *c, const int *out)
{
	for (int i = 0; i < c->n; i++)
		if (out[c->idx[i]] != c->val[i])
			return false;
	return true;
}

void rm_format_out(const struct rm_prog *p, const int *out, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = 0;
	for (int i = 0; i < p->nops; i++) {
		if (!rm_has_value(&p->op[i]))
			continue;
		n += snprintf(buf + n, size - n, "%d:r%d=", p->op[i].thread, value_number(p, i));
		if (out[i] == RM_UNSET)
			n += snprintf(buf + n, size - n, "- ");
		else
			n += snprintf(buf + n, size - n, "%d ", out[i]);
	}
	for (int l = 0; l < p->nlocs; l++)
		n += snprintf(buf + n, size - n, "%s=%d ", p->loc_name[l], out[p->nops + l]);
}
