/* SPDX-License-Identifier: MIT */
/* code.c - see code.h. */
#include "code.h"

#include <stddef.h>
#include <string.h>

#include "disasm.h"

#define FURTHEST 128 /* bytes of code that are looked through */
#define REMEMBERED 256

struct answer {
	uintptr_t from, to;
	bool yes;
};

/* Anything but straight code that only reads. */
static bool may_store(csh decoder, const cs_insn *insn)
{
	if (cs_insn_group(decoder, insn, CS_GRP_JUMP) ||
	    cs_insn_group(decoder, insn, CS_GRP_CALL) || cs_insn_group(decoder, insn, CS_GRP_RET) ||
	    cs_insn_group(decoder, insn, CS_GRP_INT))
		return true;
	for (int i = 0; i < insn->detail->x86.op_count; i++) {
		const cs_x86_op *op = &insn->detail->x86.operands[i];

		if (op->type == X86_OP_MEM && insn->id != X86_INS_LEA && op->access != CS_AC_READ)
			return true;
	}
	return insn->id == X86_INS_PUSH;
}

static bool look(uintptr_t from, uintptr_t to)
{
	const uint8_t *code = (const uint8_t *)from;
	size_t left = to - from;
	uint64_t at = from;
	cs_insn *insn;
	bool stores = true;
	csh decoder;

	if (!disasm_open(&decoder))
		return true;
	insn = cs_malloc(decoder);
	while (insn && cs_disasm_iter(decoder, &code, &left, &at, insn)) {
		if (at == to) {
			stores = !cs_insn_group(decoder, insn, CS_GRP_CALL);
			break;
		}
		if (may_store(decoder, insn))
			break;
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&decoder);
	return stores;
}

static struct answer of_stores[REMEMBERED], of_loads[REMEMBERED];

bool code_stores_between(uintptr_t from, uintptr_t to)
{
	struct answer *a = &of_stores[(from ^ to >> 4) % REMEMBERED];

	if (to <= from || to - from > FURTHEST)
		return true;
	if (a->from != from || a->to != to)
		*a = (struct answer){ from, to, look(from, to) };
	return a->yes;
}

/* Where an instruction accesses memory, as far as two can be compared. */
struct place {
	x86_reg base, index;
	int scale;
	int64_t disp; /* the address, if it is relative to the instruction */
};

static struct place place_of(const cs_insn *insn, const x86_op_mem *mem)
{
	struct place p = { mem->base, mem->index, mem->scale, mem->disp };

	if (p.base == X86_REG_RIP)
		p.disp += (int64_t)(insn->address + insn->size);
	return p;
}

static bool near(const struct place *a, const struct place *b)
{
	return a->base == b->base && a->index == b->index && a->scale == b->scale &&
	       a->disp - b->disp < 8 && b->disp - a->disp < 8;
}

#define MAX_LOADS 16

struct loads {
	struct place place[MAX_LOADS];
	int n;
};

/* Looks at one instruction. True: it is the store, and *@answer is known. */
static bool is_store(const cs_insn *insn, struct loads *loads, bool *answer)
{
	for (int i = 0; i < insn->detail->x86.op_count; i++) {
		const cs_x86_op *op = &insn->detail->x86.operands[i];
		struct place p;

		if (op->type != X86_OP_MEM || insn->id == X86_INS_LEA)
			continue;
		p = place_of(insn, &op->mem);
		if (op->access & CS_AC_WRITE) {
			*answer = op->access & CS_AC_READ;
			for (int k = 0; k < loads->n; k++)
				*answer |= near(&loads->place[k], &p);
			return true;
		}
		if (loads->n < MAX_LOADS)
			loads->place[loads->n++] = p;
	}
	return false;
}

static bool look_for_load(uintptr_t from)
{
	const uint8_t *code = (const uint8_t *)from;
	struct loads loads = { .n = 0 };
	size_t left = FURTHEST;
	uint64_t at = from;
	cs_insn *insn;
	bool found = false;
	csh decoder;

	if (!disasm_open(&decoder))
		return true;
	insn = cs_malloc(decoder);
	while (insn && cs_disasm_iter(decoder, &code, &left, &at, insn))
		if (cs_insn_group(decoder, insn, CS_GRP_JUMP) ||
		    cs_insn_group(decoder, insn, CS_GRP_CALL) ||
		    cs_insn_group(decoder, insn, CS_GRP_RET) || is_store(insn, &loads, &found))
			break;
	if (insn)
		cs_free(insn, 1);
	cs_close(&decoder);
	return found;
}

bool code_loads_before_store(uintptr_t from)
{
	struct answer *a = &of_loads[(from ^ from >> 8) % REMEMBERED];

	if (a->from != from)
		*a = (struct answer){ from, 0, look_for_load(from) };
	return a->yes;
}

void code_forget(void)
{
	memset(of_stores, 0, sizeof(of_stores));
	memset(of_loads, 0, sizeof(of_loads));
}
