/* SPDX-License-Identifier: MIT */
/* flow.c - see flow.h. */
#include "flow.h"

#include <string.h>

#include "disasm.h"

#define FURTHEST 65536 /* bytes of code before and behind the call: a function is not larger */
#define MOST_STEPS 512
#define MOST_PATHS 64
#define REMEMBERED 256
#define ALL_SAVED 0x3fu

/* The register that is asked for: its parts, the whole ones first, then those that leave the rest as it is. */
struct reg {
	x86_reg whole[2], part[3];
	bool preserved; /* by a call */
};

static const struct reg result = {
	{ X86_REG_RAX, X86_REG_EAX },
	{ X86_REG_AX, X86_REG_AL, X86_REG_AH },
	false,
};

static const struct reg saved[] = {
	{ { X86_REG_RBX, X86_REG_EBX }, { X86_REG_BX, X86_REG_BL, X86_REG_BH }, true },
	{ { X86_REG_RBP, X86_REG_EBP }, { X86_REG_BP, X86_REG_BPL }, true },
	{ { X86_REG_R12, X86_REG_R12D }, { X86_REG_R12W, X86_REG_R12B }, true },
	{ { X86_REG_R13, X86_REG_R13D }, { X86_REG_R13W, X86_REG_R13B }, true },
	{ { X86_REG_R14, X86_REG_R14D }, { X86_REG_R14W, X86_REG_R14B }, true },
	{ { X86_REG_R15, X86_REG_R15D }, { X86_REG_R15W, X86_REG_R15B }, true },
};
#define NR_SAVED (sizeof(saved) / sizeof(saved[0]))

struct walk {
	csh decoder;
	cs_insn *insn;
	const struct reg *reg;
	uintptr_t from;
	uint64_t next[MOST_PATHS], seen[MOST_STEPS];
	int nr_next, nr_seen;
};

static bool is_whole(const struct reg *r, uint16_t reg)
{
	return reg == r->whole[0] || reg == r->whole[1];
}

static bool is_any(const struct reg *r, uint16_t reg)
{
	if (is_whole(r, reg))
		return true;
	for (int i = 0; i < 3; i++)
		if (r->part[i] && reg == r->part[i])
			return true;
	return false;
}

/* "xor eax, eax" is a way to write 0. */
static bool clears(const cs_insn *insn, const struct reg *r)
{
	const cs_x86 *x = &insn->detail->x86;

	return insn->id == X86_INS_XOR && x->operands[0].type == X86_OP_REG &&
	       x->operands[1].type == X86_OP_REG && x->operands[0].reg == x->operands[1].reg &&
	       is_whole(r, (uint16_t)x->operands[0].reg);
}

/* A conditional move may leave what was there. */
static bool may_not_write(const cs_insn *insn)
{
	return !strncmp(insn->mnemonic, "cmov", 4);
}

enum fate { KEPT, LOST, FOUND };

static enum fate fate_of(const struct walk *w)
{
	const cs_insn *insn = w->insn;
	cs_regs read, written;
	uint8_t nr_read, nr_written;

	if (clears(insn, w->reg))
		return LOST;
	if (cs_regs_access(w->decoder, insn, read, &nr_read, written, &nr_written) != CS_ERR_OK)
		return FOUND;
	for (int i = 0; i < nr_read; i++)
		if (is_any(w->reg, read[i]))
			return FOUND;
	/* No argument is in the one for the result, but that a call sets it just before. */
	if (cs_insn_group(w->decoder, insn, CS_GRP_CALL))
		return w->reg->preserved ? KEPT : LOST;
	for (int i = 0; i < nr_written; i++)
		if (is_whole(w->reg, written[i]))
			return may_not_write(insn) ? FOUND : LOST;
	return KEPT;
}

/* By a way that nobody follows: to the caller, above all. */
static bool leaves(const struct walk *w)
{
	const cs_insn *insn = w->insn;

	return cs_insn_group(w->decoder, insn, CS_GRP_RET) ||
	       cs_insn_group(w->decoder, insn, CS_GRP_IRET) ||
	       cs_insn_group(w->decoder, insn, CS_GRP_INT) || insn->id == X86_INS_SYSCALL ||
	       (cs_insn_group(w->decoder, insn, CS_GRP_JUMP) &&
		insn->detail->x86.operands[0].type != X86_OP_IMM);
}

/* False: it has been there. */
static bool visit(struct walk *w, uint64_t at)
{
	for (int i = 0; i < w->nr_seen; i++)
		if (w->seen[i] == at)
			return false;
	w->seen[w->nr_seen++] = at;
	return true;
}

static bool is_near(const struct walk *w, uint64_t at)
{
	return at - w->from + FURTHEST <= 2 * FURTHEST;
}

/* Follows one way to its end. True: the register is looked at, or may be. */
static bool follow(struct walk *w)
{
	uint64_t at = w->next[--w->nr_next];
	const uint8_t *code = (const uint8_t *)(uintptr_t)at;
	size_t left = FURTHEST;

	for (;;) {
		enum fate fate;

		if (w->nr_seen == MOST_STEPS || w->nr_next + 2 > MOST_PATHS || !is_near(w, at))
			return true;
		if (!visit(w, at))
			return false;
		if (!cs_disasm_iter(w->decoder, &code, &left, &at, w->insn))
			return true;
		fate = fate_of(w);
		if (fate != KEPT)
			return fate == FOUND;
		if (leaves(w))
			return true;
		if (!cs_insn_group(w->decoder, w->insn, CS_GRP_JUMP))
			continue;
		w->next[w->nr_next++] = (uint64_t)w->insn->detail->x86.operands[0].imm;
		if (w->insn->id == X86_INS_JMP)
			return false;
	}
}

static bool is_live(csh decoder, cs_insn *insn, const struct reg *reg, uintptr_t from)
{
	struct walk w = {
		.decoder = decoder,
		.insn = insn,
		.reg = reg,
		.from = from,
		.next = { from },
		.nr_next = 1,
	};
	bool found = false;

	while (w.nr_next && !found)
		found = follow(&w);
	return found;
}

/* Bit i: @reg[i] is live. */
static unsigned int look(const struct reg *reg, size_t n, uintptr_t from)
{
	unsigned int live = 0;
	cs_insn *insn;
	csh decoder;

	if (!disasm_open(&decoder))
		return ~0u;
	insn = cs_malloc(decoder);
	for (size_t i = 0; i < n; i++)
		if (!insn || is_live(decoder, insn, &reg[i], from))
			live |= 1u << i;
	if (insn)
		cs_free(insn, 1);
	cs_close(&decoder);
	return live;
}

struct answer {
	uintptr_t from;
	unsigned int live;
};

static struct answer *remembered(struct answer *known, uintptr_t from)
{
	return &known[(from ^ from >> 8) % REMEMBERED];
}

static struct answer of_result[REMEMBERED], of_saved[REMEMBERED];

bool flow_ignores_result(uintptr_t from)
{
	struct answer *a = remembered(of_result, from);

	if (a->from != from)
		*a = (struct answer){ from, look(&result, 1, from) };
	return !a->live;
}

unsigned int flow_saved_in_use(uintptr_t from)
{
	struct answer *a = remembered(of_saved, from);

	if (a->from != from)
		*a = (struct answer){ from, look(saved, NR_SAVED, from) & ALL_SAVED };
	return a->live;
}

void flow_forget(void)
{
	memset(of_result, 0, sizeof(of_result));
	memset(of_saved, 0, sizeof(of_saved));
}
