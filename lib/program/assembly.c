// SPDX-License-Identifier: MIT
/*
 * assembly.c - see assembly.h.
 *
 * Both compilers put what the program has in asm statements between the comments APP and NO_APP. An instruction there is
 * harmless if it does nothing, or if all its operands are registers, numbers and labels next to it. Elsewhere a fence or a locked
 * instruction is of an intrinsic function, or of a function without instrumentation: atomic operations are calls.
 */
#include "assembly.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILES 256

struct scan {
	char *file[MAX_FILES]; /* by their numbers in .loc */
	unsigned int at_file, at_line;
	bool inlined; /* in an asm statement */
	char *buf;
	size_t size;
};

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static bool is_word(const char *s, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(s, word, n) && (!s[n] || isspace((unsigned char)s[n]));
}

static bool is_one_of(const char *insn, const char *const *words)
{
	for (; *words; words++)
		if (is_word(insn, *words))
			return true;
	return false;
}

static const char *operands_of(const char *insn)
{
	return skip_blanks(insn + strcspn(insn, " \t"));
}

static bool keeps_to_registers(const char *operands)
{
	if (strpbrk(operands, "([:*"))
		return false;
	for (;;) {
		if (!strchr("%$.", *operands) && !isdigit((unsigned char)*operands))
			return false;
		operands = strchr(operands, ',');
		if (!operands)
			return true;
		operands = skip_blanks(operands + 1);
	}
}

static bool is_harmless(const char *insn)
{
	static const char *const idle[] = { "pause", "nop", "rep", "repz", "yield", NULL };
	static const char *const calls[] = { "int", "ret", "lret", NULL };
	const char *operands = operands_of(insn);

	if (is_word(insn, "rep") && *operands)
		return is_harmless(operands);
	if (!*operands)
		return is_one_of(insn, idle);
	return !is_one_of(insn, calls) && keeps_to_registers(operands);
}

static bool lets_threads_meet(const char *insn)
{
	static const char *const words[] = { "lock", "mfence", "lfence", "sfence",
					     "dmb",  "dsb",    NULL };

	return is_one_of(insn, words) || (!strncmp(insn, "xchg", 4) && strchr(insn, '('));
}

/* At its end without a place, if the debug information has none. */
static void report(struct scan *s)
{
	const char *file = s->at_file < MAX_FILES ? s->file[s->at_file] : NULL;
	const char *what = s->inlined ? "inline assembly" : "instructions for threads to meet by";
	size_t n = strlen(s->buf);
	char one[128];

	if (file && s->at_line)
		snprintf(one, sizeof(one), "%s at %.64s:%u", what, file, s->at_line);
	else
		snprintf(one, sizeof(one), "%s", what);
	if (!strstr(s->buf, one) && n + strlen(one) + 3 < s->size)
		snprintf(s->buf + n, s->size - n, "%s%s", n ? ", " : "", one);
}

static void look_at_instruction(struct scan *s, const char *insn)
{
	size_t label;

	/* "1: nop" */
	while (label = strcspn(insn, " \t:"), insn[label] == ':')
		insn = skip_blanks(insn + label + 1);
	if (!*insn || *insn == '.')
		return;
	if (s->inlined ? !is_harmless(insn) : lets_threads_meet(insn))
		report(s);
}

/* .file 1 "folder" "name" */
static void note_file(struct scan *s, char *line)
{
	char *number_end, *name, *slash, *end = strrchr(line, '"');
	unsigned long n = strtoul(line, &number_end, 10);

	if (number_end == line || !end || n >= MAX_FILES)
		return;
	*end = '\0';
	name = strrchr(line, '"');
	slash = strrchr(line, '/');
	if (!name)
		return;
	free(s->file[n]);
	s->file[n] = strdup((slash > name ? slash : name) + 1);
}

/* Clang has other words around what is outside of functions. */
static void note_comment(struct scan *s, const char *line)
{
	const char *text = skip_blanks(line + strspn(line, "#/"));

	if (is_word(text, "APP") || is_word(text, "Start of file scope inline assembly"))
		s->inlined = true;
	if (is_word(text, "NO_APP") || is_word(text, "End of file scope inline assembly"))
		s->inlined = false;
}

static void look_at_line(struct scan *s, char *line)
{
	char *rest = NULL;

	line[strcspn(line, "\n")] = '\0';
	line = (char *)skip_blanks(line);
	if (*line == '#' || *line == '/')
		note_comment(s, line);
	else if (is_word(line, ".loc"))
		sscanf(line, ".loc %u %u", &s->at_file, &s->at_line);
	else if (is_word(line, ".file"))
		note_file(s, (char *)skip_blanks(line + strlen(".file")));
	if (strchr("#/.\"", *line)) /* an empty one, too */
		return;
	line[strcspn(line, "#")] = '\0';
	for (char *insn = strtok_r(line, ";", &rest); insn; insn = strtok_r(NULL, ";", &rest))
		look_at_instruction(s, skip_blanks(insn));
}

void find_assembly(const char *path, char *buf, size_t size)
{
	struct scan s = { .buf = buf, .size = size };
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) >= 0)
		look_at_line(&s, line);
	free(line);
	if (f)
		fclose(f);
	for (int i = 0; i < MAX_FILES; i++)
		free(s.file[i]);
}
