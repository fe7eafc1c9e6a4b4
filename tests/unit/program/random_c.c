// SPDX-License-Identifier: MIT
/* random_c.c - see random_c.h. */
#include "random_c.h"

#include <stdbool.h>

static FILE *out;
static bool counts; /* the program in hand has counters */
static uint64_t state;

static uint64_t below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state * 0x2545f4914f6cdd1dull >> 33) % n;
}

static bool one_in(uint64_t n)
{
	return !below(n);
}

#define PICK(...)                                                                                  \
	({                                                                                         \
		static const char *const pick__[] = { __VA_ARGS__ };                               \
		pick__[below(sizeof(pick__) / sizeof(pick__[0]))];                                 \
	})

static const char *var(void)
{
	return PICK("x", "x", "x", "y", "y", "y", "z");
}

static int value(void)
{
	return (int)below(3);
}

static const char *load_order(void)
{
	return PICK("relaxed", "relaxed", "acquire", "acquire", "seq_cst");
}

static const char *store_order(void)
{
	return PICK("relaxed", "relaxed", "release", "release", "seq_cst");
}

static const char *rmw_order(void)
{
	return PICK("relaxed", "acquire", "release", "acq_rel", "seq_cst");
}

void random_c_begin(FILE *f)
{
	fputs("#include <pthread.h>\n#include <sched.h>\n#include <stdatomic.h>\n"
	      "#include <stdint.h>\n#include <stdlib.h>\n\n"
	      "#define O(o) memory_order_##o\n"
	      "#define LD(v, o) atomic_load_explicit(&v, O(o))\n"
	      "#define ST(v, n, o) atomic_store_explicit(&v, n, O(o))\n"
	      "#define XCHG(v, n, o) atomic_exchange_explicit(&v, n, O(o))\n"
	      "#define ADD(v, n, o) atomic_fetch_add_explicit(&v, n, O(o))\n"
	      "#define OR(v, n, o) atomic_fetch_or_explicit(&v, n, O(o))\n"
	      "#define CAS(v, e, n, o, p) atomic_compare_exchange_strong_explicit(&v, &e, n, O(o), "
	      "O(p))\n"
	      "#define WEAK(v, e, n, o, p) atomic_compare_exchange_weak_explicit(&v, &e, n, O(o), "
	      "O(p))\n"
	      "#define FENCE(o) atomic_thread_fence(O(o))\n\n"
	      "atomic_int x, y, z, k;\nint p, out[16], chosen;\npthread_mutex_t m = "
	      "PTHREAD_MUTEX_INITIALIZER;\n"
	      "int __VERIFIER_nondet_int(void);\n\n",
	      f);
}

static void body(void)
{
	for (uint64_t n = below(3); n; n--)
		switch (below(13)) {
		case 11:
			fprintf(out, "%sr += p; ", PICK("", "if (r == 1) ", "if (!r) "));
			break;
		case 0:
			fputs("c++; ", out);
			break;
		case 1:
			fputs("c = 1; ", out);
			break;
		case 2:
			fputs("c ^= 1; ", out);
			break;
		case 3:
			fputs("if (c < 2) c++; ", out);
			break;
		case 4:
			fprintf(out, "FENCE(%s); ", rmw_order());
			break;
		case 5:
			fputs("sched_yield(); ", out);
			break;
		case 6:
			fputs("if (c) *own = r; ", out);
			break;
		case 7:
			fputs("if (!c) *own = r + 1; ", out);
			break;
		case 8:
			fprintf(out, "s = LD(%s, %s); ", var(), load_order());
			break;
		case 9:
			fputs("s = r; ", out);
			break;
		case 10:
			fprintf(out, "if (r == %d) s = %d; ", value(), value());
			break;
		default:
			fprintf(out, "r %s LD(%s, %s); ", PICK("=", "+=", "|="), var(),
				load_order());
		}
}

static void condition(void)
{
	if (one_in(2))
		fputs("!r", out);
	else
		fprintf(out, "r %s %d", PICK("==", "!=", "<", ">"), value());
}

static void change(void)
{
	switch (below(8)) {
	case 0:
		fprintf(out, "r = LD(%s, %s)", var(), load_order());
		break;
	case 1:
		fprintf(out, "r = XCHG(%s, %d, %s)", var(), value(), rmw_order());
		break;
	case 2:
		fprintf(out, "r = ADD(%s, %d, %s)", var(), value(), rmw_order());
		break;
	case 3:
		fprintf(out, "r = OR(%s, %d, %s)", var(), value(), rmw_order());
		break;
	case 4:
		fprintf(out, "e = %s; r = CAS(%s, e, %s, %s, %s)", PICK("0", "1", "r"), var(),
			PICK("1", "2", "s", "r"), rmw_order(), load_order());
		break;
	case 5:
		fprintf(out, "r = pthread_mutex_trylock(&m); if (!r) pthread_mutex_unlock(&m)");
		break;
	default:
		fprintf(out, "r = LD(%s, %s)", var(), load_order());
	}
}

static void retry(void)
{
	const char *v = var(), *cas = PICK("CAS", "CAS", "CAS", "WEAK"), *success = rmw_order(),
		   *failure = load_order();

	switch (below(7)) {
	case 6:
		fprintf(out, "\tr = LD(%s, %s);\n\tdo { ST(%s, %s, %s); ", v, failure,
			PICK("y", "z", "k"), PICK("r", "r", "1"), store_order());
		body();
		fprintf(out, "} while (!%s(%s, r, %s, %s, %s));\n", cas, v, PICK("r + 1", "2"),
			success, failure);
		break;
	case 0:
		fprintf(out, "\tr = LD(%s, %s);\n\twhile (!%s(%s, r, r + 1, %s, %s)) { ", v,
			failure, cas, v, success, failure);
		body();
		fputs("}\n", out);
		break;
	case 1:
		fprintf(out, "\tdo { r = LD(%s, %s); ", v, load_order());
		body();
		fprintf(out, "} while (!%s(%s, r, %s, %s, %s));\n", cas, v, PICK("r + 1", "2", "s"),
			success, failure);
		break;
	case 2:
		fputs("\tdo { e = 0; ", out);
		body();
		fprintf(out, "} while (!%s(%s, e, %s, %s, %s));\n", cas, v, PICK("1", "c + 1", "s"),
			success, failure);
		break;
	case 3:
		fprintf(out,
			"\ts = %d;\n\twhile (__sync_val_compare_and_swap((int *)&%s, %d, s) != %d) "
			"{ s = LD(%s, %s); ",
			value(), v, 0, 0, var(), load_order());
		body();
		fputs("}\n", out);
		break;
	case 4:
		fprintf(out, "\tr = 0;\n\twhile (!%s(%s, r, 1, %s, %s)) { r = 0; ", cas, v, success,
			failure);
		fprintf(out, "while (LD(%s, %s)) { ", v, load_order());
		body();
		fputs("} }\n", out);
		break;
	default:
		fprintf(out, "\tr = LD(%s, %s);\n\tdo { if (r %s %d) break; ", v, failure,
			PICK("==", ">"), value());
		body();
		fprintf(out, "} while (!%s(%s, r, %d, %s, %s));\n", cas, v, value(), success,
			failure);
	}
}

static void loop(void)
{
	switch (below(8)) {
	case 0:
		fprintf(out, "\tr = LD(%s, %s);\n\twhile (", var(), load_order());
		condition();
		fputs(") { ", out);
		change();
		fputs("; ", out);
		body();
		fputs("}\n", out);
		break;
	case 1:
	case 2:
		fputs("\tdo { ", out);
		change();
		fputs("; ", out);
		body();
		fputs("} while (", out);
		condition();
		fputs(");\n", out);
		break;
	case 3:
		fprintf(out, "\tfor (;;) { r = LD(%s, %s); if (", var(), load_order());
		condition();
		fputs(") break; ", out);
		body();
		fputs("}\n", out);
		break;
	case 4:
		fprintf(out, "\tdo { s = LD(%s, %s); r = LD(%s, %s); ", var(), load_order(), var(),
			load_order());
		body();
		fprintf(out, "} while (%s);\n",
			PICK("s != r", "s == r", "s & 1", "r > s", "!r || !s"));
		break;
	case 5:
		fprintf(out, "\twhile (!LD(%s, %s)) { while (LD(%s, %s)) { ", var(), load_order(),
			var(), load_order());
		body();
		fputs("} }\n", out);
		break;
	case 6:
		fprintf(out, "\tfor (int i = 0; i < 2; i++) { r = LD(%s, %s); if (", var(),
			load_order());
		condition();
		fputs(") break; ", out);
		body();
		fputs("}\n", out);
		break;
	default:
		retry();
	}
}

static void count(void)
{
	switch (below(60)) {
	case 0:
		fprintf(out, "\tST(k, %d, %s);\n", value(), store_order());
		break;
	case 1:
		fprintf(out, "\tr = LD(k, %s);\n", load_order());
		break;
	case 2:
		fprintf(out, "\tr = ADD(k, %d, %s);\n", value(), rmw_order());
		break;
	case 3:
		fprintf(out, "\tADD(k, 1, %s);\n", rmw_order());
		break;
	case 4:
		fprintf(out, "\tOR(k, %d, relaxed);\n", value());
		break;
	case 5:
		fprintf(out, "\te = 1, CAS(k, e, 2, %s, relaxed);\n", rmw_order());
		break;
	default:
		fprintf(out, "\tADD(k, %s, %s);\n", PICK("1", "2", "3", "-1", "r"),
			PICK("relaxed", "release"));
	}
}

static void simple(void)
{
	if (counts && !one_in(3)) {
		if (one_in(4))
			fprintf(out, "\tif (%s)\n\t",
				PICK("LD(x, relaxed)", "LD(y, acquire)", "r"));
		count();
		return;
	}
	switch (below(9)) {
	case 0:
	case 1:
	case 2:
		fprintf(out, "\tST(%s, %s, %s);\n", var(), PICK("0", "1", "2", "r", "c"),
			store_order());
		break;
	case 3:
		fputs("\tpthread_mutex_lock(&m); p++; pthread_mutex_unlock(&m);\n", out);
		break;
	case 4:
		fprintf(out, "\tFENCE(%s);\n", rmw_order());
		break;
	case 5:
		fprintf(out, "\tp = %s;\n", PICK("1", "2", "p + 1", "r"));
		break;
	default:
		fputs("\t", out);
		change();
		fputs(";\n", out);
	}
}

static void if_choice(void)
{
	fputs("\tif (__VERIFIER_nondet_int()) {\n\t", out);
	simple();
	fputs("\t}\n", out);
}

/* So that waiting comes to its end, as a rule. */
static void writer(int name, int fn)
{
	fprintf(out, "static void *t%d_%d(void *arg)\n{\n\tint r = 0, s = 0, e = 0;\n\n", name, fn);
	fprintf(out, "\tST(%s, %s, %s);\n", PICK("x", "y"), PICK("1", "2"), store_order());
	for (uint64_t n = 1 + below(3); n; n--)
		if (one_in(4)) {
			fputs("\t", out);
			change();
			fputs(";\n", out);
		} else {
			fprintf(out, "\tST(%s, %s, %s);\n", var(), PICK("1", "1", "2", "0"),
				store_order());
		}
	fputs("\treturn NULL;\n}\n\n", out);
}

/* @own_place: where to put what the thread has seen, or -1. */
static void thread(int name, int fn, int own_place, bool loops)
{
	int n = 1 + (int)below(3), nloops = 0;

	fprintf(out, "static void *t%d_%d(void *arg)\n{\n\tint r = 0, s = 0, c = 0, e = 0;\n", name,
		fn);
	fputs("\tlong *own = malloc(sizeof(*own));\n\n\t*own = 0;\n", out);
	if (one_in(8))
		if_choice();
	for (int i = 0; i < n; i++)
		if (loops && nloops < 2 && one_in(2 + 4 * (uint64_t)nloops) && ++nloops)
			loop();
		else
			simple();
	if (own_place >= 0)
		fprintf(out, "\tout[%d] = %s;\n", own_place,
			PICK("r", "r * 8 + s", "r * 8 + c", "c", "s * 8 + c", "*own * 8 + c",
			     "*own", "e * 8 + r", "(r * 8 + s) * 8 + c", "(r * 8 + s) * 8 + c"));
	fprintf(out, "\treturn %s;\n}\n\n", one_in(2) ? "(void *)(intptr_t)r" : "NULL");
}

struct random_c random_c_write(FILE *f, uint64_t seed, int name)
{
	struct random_c p = { 0 };
	bool loops, between, spawns, joins, results;
	int groups = 0, with_writer;

	out = f;
	counts = seed % 4 == 1;
	state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (int i = 0; i < 8; i++)
		below(2);
	p.nthreads = 2 + !one_in(3);
	loops = !one_in(5) && !(counts && one_in(2));
	p.nthreads += !loops && one_in(2);
	for (int i = 0; i < p.nthreads; i++)
		p.group[i] = i && one_in(3) ? p.group[i - 1] : groups++;
	with_writer = groups > 1 && loops && !one_in(5) ? (int)below((uint64_t)groups) : -1;
	for (int g = 0; g < groups; g++) {
		int size = 0;

		for (int i = 0; i < p.nthreads; i++)
			size += p.group[i] == g;
		if (g == with_writer)
			writer(name, g);
		else
			thread(name, g, size == 1 ? g : -1, loops);
	}
	between = one_in(3);
	spawns = one_in(5);
	joins = one_in(counts ? 2 : 8);
	results = one_in(2);
	fprintf(f, "static void run_%d(void)\n{\n\tpthread_t t[%d];\n\tvoid *v[%d] = { 0 };\n",
		name, p.nthreads, p.nthreads);
	fputs("\tint r = 0, s = 0, c = 0, e = 0;\n\n", f);
	for (int i = 0; i < p.nthreads; i++) {
		fprintf(f, "\tpthread_create(&t[%d], NULL, t%d_%d, NULL);\n", i, name, p.group[i]);
		if (spawns && one_in(2))
			simple();
	}
	if (between)
		simple();
	for (int i = 0; i < p.nthreads; i++) {
		fprintf(f, "\tpthread_join(t[%d], %s%d%s);\n", i, results ? "&v[" : "(void **)",
			results ? i : 0, results ? "]" : "");
		if (joins && one_in(2))
			simple();
	}
	if (results)
		for (int i = 0; i < p.nthreads; i++)
			fprintf(f, "\tout[%d] = (int)(intptr_t)v[%d];\n", 8 + i, i);
	if (counts && one_in(2))
		fputs("\tr += LD(k, relaxed);\n", f);
	fputs("\tout[7] = r * 8 + s + c + e;\n}\n\n", f);
	return p;
}
