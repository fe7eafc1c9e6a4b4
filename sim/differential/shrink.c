// SPDX-License-Identifier: MIT
/*
 * shrink.c - see shrink.h.
 *
 * First processes go, then steps, half of them, a quarter, ... (ddmin); a child's calls become its parent's, operands become simpler; as
 * long as anything changes.
 */
#include "shrink.h"

#include "work.h"

#include <string.h>

static bool still(struct sides *sides, const struct script *script, enum verdict verdict)
{
	unsigned int at;
	uint64_t steps = 0;

	/* What is small by then has to do. */
	if (work_interrupted())
		return false;
	return run_script(sides, script, &at, &steps) == verdict;
}

/* @script without @n steps from @from on. */
static void without(struct script *out, const struct script *script, unsigned int from,
		    unsigned int n)
{
	unsigned int left = script->n - from - n;

	memcpy(out->step, script->step, from * sizeof(out->step[0]));
	memcpy(&out->step[from], &script->step[from + n], left * sizeof(out->step[0]));
	out->n = from + left;
}

static bool remove_steps(struct sides *sides, struct script *script, enum verdict verdict)
{
	static struct script smaller;
	bool any = false;

	for (unsigned int n = script->n / 2; n; n /= 2) {
		for (unsigned int from = 0; from + n <= script->n;) {
			without(&smaller, script, from, n);
			if (!still(sides, &smaller, verdict)) {
				from += n;
				continue;
			}
			without(&smaller, script, from, n);
			*script = smaller;
			any = true;
		}
	}
	return any;
}

/* All that a process does, and its fork. */
static bool remove_processes(struct sides *sides, struct script *script, enum verdict verdict)
{
	static struct script smaller;
	bool any = false;

	for (int process = 0; process < PROCESSES; process++) {
		smaller.n = 0;
		for (unsigned int i = 0; i < script->n; i++) {
			const struct step *s = &script->step[i];

			if (s->process != process &&
			    !(s->op == OP_FORK && s->v[F_CHILD] == (uint64_t)process))
				smaller.step[smaller.n++] = *s;
		}
		if (!smaller.n || smaller.n == script->n || !still(sides, &smaller, verdict))
			continue;
		*script = smaller;
		any = true;
	}
	return any;
}

static void rename_process(struct script *script, unsigned int from, int old, int new)
{
	for (unsigned int k = from; k < script->n; k++) {
		struct step *s = &script->step[k];

		if (s->process == old)
			s->process = new;
		if (op_has_field(s->op, F_PROCESS) && s->v[F_PROCESS] == (uint64_t)old)
			s->v[F_PROCESS] = (uint64_t) new;
	}
}

/* Who forks and is not needed otherwise: its child's calls become its own. */
static bool join_processes(struct sides *sides, struct script *script, enum verdict verdict)
{
	static struct script joined;
	bool any = false;

	for (unsigned int i = 0; i < script->n; i++) {
		int parent = script->step[i].process, child = (int)script->step[i].v[F_CHILD];

		if (script->step[i].op != OP_FORK)
			continue;
		without(&joined, script, i, 1);
		rename_process(&joined, i, child, parent);
		if (!joined.n || !still(sides, &joined, verdict))
			continue;
		*script = joined;
		any = true;
		i--;
	}
	return any;
}

/* @value of operand @f of step @i, if it still differs then. */
static bool try_value(struct sides *sides, struct script *script, enum verdict verdict,
		      unsigned int i, enum field f, uint64_t value)
{
	uint64_t old = script->step[i].v[f];
	char why[128];

	if (old == value)
		return false;
	script->step[i].v[f] = value;
	if (step_is_valid(&script->step[i], why, sizeof(why)) && still(sides, script, verdict))
		return true;
	script->step[i].v[f] = old;
	return false;
}

static bool simplify_step(struct sides *sides, struct script *script, enum verdict verdict,
			  unsigned int i)
{
	static const struct {
		enum field f;
		uint64_t value;
	} simple[] = {
		{ F_PAGES, 1 },	       { F_NEW, 1 },	{ F_PROT, 3 }, { F_KIND, KIND_ANON },
		{ F_OFFSET, 0 },       { F_FILE, 0 },	{ F_WORD, 0 }, { F_PIPE, 0 },
		{ F_MAP, MAPS_FIXED }, { F_BUFFER, 0 }, { F_WP, 0 },   { F_FEATURES, 0 },
	};
	bool any = false;

	for (size_t k = 0; k < sizeof(simple) / sizeof(simple[0]); k++)
		if (op_has_field(script->step[i].op, simple[k].f))
			any |= try_value(sides, script, verdict, i, simple[k].f, simple[k].value);
	if (op_has_field(script->step[i].op, F_PAGES) && script->step[i].v[F_PAGES] > 1)
		any |= try_value(sides, script, verdict, i, F_PAGES,
				 script->step[i].v[F_PAGES] - 1);
	return any;
}

void shrink(struct sides *sides, struct script *script, enum verdict verdict)
{
	bool any = true;

	for (int round = 0; any && round < 8; round++) {
		any = remove_processes(sides, script, verdict);
		any |= remove_steps(sides, script, verdict);
		any |= join_processes(sides, script, verdict);
		for (unsigned int i = 0; i < script->n; i++)
			any |= simplify_step(sides, script, verdict, i);
	}
}
