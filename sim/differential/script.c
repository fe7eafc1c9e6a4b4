// SPDX-License-Identifier: MIT
/* script.c - steps as text: one table of calls, one of operands. */
#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE 512
#define END NR_FIELDS

static const struct {
	const char *name;
	bool process;
	enum field fields[8];
} ops[NR_OPS] = {
	[OP_MMAP] = { "mmap",
		      true,
		      { F_PAGE, F_PAGES, F_PROT, F_KIND, F_MAP, F_FILE, F_OFFSET, END } },
	[OP_MUNMAP] = { "munmap", true, { F_PAGE, F_PAGES, END } },
	[OP_MPROTECT] = { "mprotect", true, { F_PAGE, F_PAGES, F_PROT, END } },
	[OP_MREMAP] = { "mremap", true, { F_PAGE, F_PAGES, F_NEW, F_TO, F_REMAP, END } },
	[OP_MADVISE] = { "madvise", true, { F_PAGE, F_PAGES, F_ADVICE, END } },
	[OP_FORK] = { "fork", true, { F_CHILD, END } },
	[OP_EXIT] = { "exit", true, { END } },
	[OP_READ] = { "read", true, { F_PAGE, F_WORD, END } },
	[OP_WRITE] = { "write", true, { F_PAGE, F_WORD, F_VALUE, END } },
	[OP_VMSPLICE] = { "vmsplice", true, { F_PAGE, F_PAGES, F_PIPE, END } },
	[OP_PIPE_READ] = { "pipe-read", false, { F_PIPE, END } },
	[OP_READV] = { "process-vm-readv", true, { F_PROCESS, F_PAGE, F_PAGES, END } },
	[OP_WRITEV] = { "process-vm-writev", true, { F_PROCESS, F_PAGE, F_WORD, F_VALUE, END } },
	[OP_POKE] = { "proc-mem-write", true, { F_PROCESS, F_PAGE, F_WORD, F_VALUE, END } },
	[OP_PIN] = { "pin", true, { F_PAGE, F_PAGES, F_BUFFER, END } },
	[OP_UNPIN] = { "unpin", false, { F_BUFFER, END } },
	[OP_PIN_READ] = { "pin-read", false, { F_BUFFER, F_PAGE, F_WORD, END } },
	[OP_PIN_WRITE] = { "pin-write", false, { F_BUFFER, F_PAGE, F_WORD, F_VALUE, END } },
	[OP_UFFD_OPEN] = { "uffd-open", true, { F_FEATURES, END } },
	[OP_UFFD_CLOSE] = { "uffd-close", true, { END } },
	[OP_UFFD_REGISTER] = { "uffd-register", true, { F_PAGE, F_PAGES, F_MODE, END } },
	[OP_UFFD_UNREGISTER] = { "uffd-unregister", true, { F_PAGE, F_PAGES, END } },
	[OP_UFFD_COPY] = { "uffd-copy", true, { F_PAGE, F_VALUE, F_WP, END } },
	[OP_UFFD_ZEROPAGE] = { "uffd-zeropage", true, { F_PAGE, END } },
	[OP_UFFD_CONTINUE] = { "uffd-continue", true, { F_PAGE, F_WP, END } },
	[OP_UFFD_WRITEPROTECT] = { "uffd-writeprotect", true, { F_PAGE, F_PAGES, F_WP, END } },
	[OP_PUNCH] = { "punch-hole", false, { F_FILE, F_OFFSET, F_PAGES, END } },
	[OP_TRUNCATE] = { "truncate", false, { F_FILE, F_SIZE, END } },
	[OP_KSM_SCAN] = { "ksm-scan", false, { END } },
};

/* A name for a value: of one that is meant, or of a bit of a set. */
struct word {
	const char *name;
	uint64_t value;
};

static const struct word prots[] = {
	{ "none", 0 }, { "r", PROT_R }, { "w", PROT_W }, { "rw", PROT_R | PROT_W }, { 0 }
};
static const struct word kinds[] = { { "anon", KIND_ANON },
				     { "shared", KIND_SHARED },
				     { "memfd", KIND_MEMFD },
				     { "memfd-private", KIND_MEMFD_PRIVATE },
				     { 0 } };
static const struct word maps[] = { { "fixed", MAPS_FIXED },
				    { "noreplace", MAPS_NOREPLACE },
				    { "populate", MAPS_POPULATE },
				    { "noreserve", MAPS_NORESERVE },
				    { 0 } };
static const struct word remaps[] = { { "maymove", REMAP_MAYMOVE },
				      { "fixed", REMAP_FIXED },
				      { "dontunmap", REMAP_DONTUNMAP },
				      { 0 } };
static const struct word advices[] = { { "dontneed", ADVICE_DONTNEED },
				       { "free", ADVICE_FREE },
				       { "mergeable", ADVICE_MERGEABLE },
				       { "unmergeable", ADVICE_UNMERGEABLE },
				       { "cold", ADVICE_COLD },
				       { "pageout", ADVICE_PAGEOUT },
				       { "populate-read", ADVICE_POPULATE_READ },
				       { "populate-write", ADVICE_POPULATE_WRITE },
				       { 0 } };
static const struct word modes[] = {
	{ "missing", MODE_MISSING }, { "wp", MODE_WP }, { "minor", MODE_MINOR }, { 0 }
};
static const struct word features[] = { { "wp-unpopulated", FEATURE_UNPOPULATED },
					{ "wp-async", FEATURE_ASYNC },
					{ 0 } };

static const struct {
	const char *name;
	const struct word *words; /* NULL: a number */
	bool set;		  /* of words, with '+' between them; "-": none */
	bool optional;		  /* 0 if it is not there */
	uint64_t max;
} fields[NR_FIELDS] = {
	[F_PAGE] = { "page", .max = WINDOW_PAGES - 1 },
	[F_PAGES] = { "pages", .max = WINDOW_PAGES },
	[F_PROT] = { "prot", prots },
	[F_KIND] = { "kind", kinds },
	[F_MAP] = { "flags", maps, .set = true, .optional = true },
	[F_FILE] = { "file", .optional = true, .max = NR_FILES - 1 },
	[F_OFFSET] = { "offset", .optional = true, .max = FILE_MAX },
	[F_NEW] = { "new-pages", .max = WINDOW_PAGES },
	[F_TO] = { "to", .optional = true, .max = WINDOW_PAGES - 1 },
	[F_REMAP] = { "flags", remaps, .set = true, .optional = true },
	[F_ADVICE] = { "advice", advices },
	[F_CHILD] = { "child", .max = PROCESSES - 1 },
	[F_WORD] = { "word", .optional = true, .max = WORDS - 1 },
	[F_VALUE] = { "value", .max = UINT64_MAX },
	[F_PIPE] = { "pipe", .optional = true, .max = NR_PIPES - 1 },
	[F_PROCESS] = { "process", .max = PROCESSES - 1 },
	[F_BUFFER] = { "buffer", .optional = true, .max = NR_BUFFERS - 1 },
	[F_FEATURES] = { "features", features, .set = true, .optional = true },
	[F_MODE] = { "mode", modes, .set = true },
	[F_WP] = { "wp", .optional = true, .max = 1 },
	[F_SIZE] = { "size", .max = FILE_MAX },
};

const char *op_name(enum op op)
{
	return ops[op].name;
}

bool op_has_process(enum op op)
{
	return ops[op].process;
}

bool op_has_field(enum op op, enum field field)
{
	for (const enum field *f = ops[op].fields; *f != END; f++)
		if (*f == field)
			return true;
	return false;
}

/* ---- to text ---- */

static void put(char *text, size_t size, const char *what)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s", what);
}

static void put_set(char *text, size_t size, const struct word *words, uint64_t value)
{
	bool any = false;

	for (; words->name; words++) {
		if (!(value & words->value))
			continue;
		if (any)
			put(text, size, "+");
		put(text, size, words->name);
		any = true;
	}
	if (!any)
		put(text, size, "-");
}

static void put_field(char *text, size_t size, enum field f, uint64_t value)
{
	const struct word *word = fields[f].words;
	char number[24];

	put(text, size, " ");
	put(text, size, fields[f].name);
	put(text, size, "=");
	if (fields[f].set) {
		put_set(text, size, word, value);
		return;
	}
	for (; word && word->name; word++)
		if (word->value == value)
			break;
	snprintf(number, sizeof(number), "%" PRIu64, value);
	put(text, size, word && word->name ? word->name : number);
}

void step_print(char *text, size_t size, const struct step *step)
{
	if (op_has_process(step->op))
		snprintf(text, size, "%d %s", step->process, op_name(step->op));
	else
		snprintf(text, size, "- %s", op_name(step->op));
	for (const enum field *f = ops[step->op].fields; *f != END; f++)
		if (step->v[*f] || !fields[*f].optional)
			put_field(text, size, *f, step->v[*f]);
}

/* ---- from text ---- */

static bool wrong(char *why, size_t size, const char *what, const char *text)
{
	snprintf(why, size, "%s \"%s\"", what, text);
	return false;
}

static const struct word *find_word(const struct word *words, const char *name, size_t len)
{
	for (; words->name; words++)
		if (strlen(words->name) == len && !strncmp(words->name, name, len))
			return words;
	return NULL;
}

static bool parse_words(uint64_t *out, enum field f, const char *text)
{
	const char *next = text;
	uint64_t value = 0;

	if (fields[f].set && !strcmp(text, "-")) {
		*out = 0;
		return true;
	}
	while (next) {
		size_t len = fields[f].set ? strcspn(next, "+") : strlen(next);
		const struct word *word = find_word(fields[f].words, next, len);

		if (!word)
			return false;
		value |= word->value;
		next = next[len] ? next + len + 1 : NULL;
	}
	*out = value;
	return true;
}

static bool parse_value(uint64_t *out, enum field f, const char *text, char *why, size_t size)
{
	char *end;

	if (fields[f].words) {
		if (parse_words(out, f, text))
			return true;
		snprintf(why, size, "%s can't be \"%s\"; one of%s:", fields[f].name, text,
			 fields[f].set ? " (joined by '+', \"-\" for none)" : "");
		for (const struct word *word = fields[f].words; word->name; word++) {
			put(why, size, " ");
			put(why, size, word->name);
		}
		return false;
	}
	errno = 0;
	*out = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || *end || errno)
		return wrong(why, size, "not a number:", text);
	if (*out <= fields[f].max)
		return true;
	snprintf(why, size, "%s=%s is more than %" PRIu64, fields[f].name, text, fields[f].max);
	return false;
}

/* NAME=VALUE, one of @op's. */
static bool parse_field(struct step *step, bool *seen, char *text, char *why, size_t size)
{
	char *value = strchr(text, '=');

	if (!value)
		return wrong(why, size, "not NAME=VALUE:", text);
	*value++ = '\0';
	for (const enum field *f = ops[step->op].fields; *f != END; f++) {
		if (strcmp(fields[*f].name, text))
			continue;
		if (seen[*f])
			return wrong(why, size, "twice:", text);
		seen[*f] = true;
		return parse_value(&step->v[*f], *f, value, why, size);
	}
	snprintf(why, size, "%s has no operand \"%s\"", op_name(step->op), text);
	return false;
}

static bool parse_head(struct step *step, const char *who, const char *name, char *why, size_t size)
{
	int op = 0;

	while (op < NR_OPS && (!name || strcmp(ops[op].name, name)))
		op++;
	if (!name || op == NR_OPS)
		return wrong(why, size, name ? "no call" : "a call is missing after",
			     name ? name : who);
	step->op = (enum op)op;
	step->process = -1;
	if (!op_has_process(step->op))
		return !strcmp(who, "-") ||
		       wrong(why, size, "who makes it does not matter: \"-\", not", who);
	if (who[0] < '0' || who[0] >= '0' + PROCESSES || who[1])
		return wrong(why, size, "no process (0 to 3)", who);
	step->process = who[0] - '0';
	return true;
}

static bool fits(const struct step *s, enum field at, enum field n)
{
	return !op_has_field(s->op, at) || !op_has_field(s->op, n) ||
	       s->v[at] + s->v[n] <= WINDOW_PAGES;
}

bool step_is_valid(const struct step *s, char *why, size_t size)
{
	if (fits(s, F_PAGE, F_PAGES) && fits(s, F_PAGE, F_NEW) && fits(s, F_TO, F_NEW))
		return true;
	snprintf(why, size, "the range ends outside of the window of %d pages", WINDOW_PAGES);
	return false;
}

bool step_parse(struct step *out, const char *line, bool *empty, char *why, size_t size)
{
	struct step step = { 0 };
	bool seen[NR_FIELDS] = { 0 };
	char copy[LINE], *save, *who, *text;

	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "#\n"), line);
	who = strtok_r(copy, " \t\r", &save);
	*empty = !who;
	if (!who)
		return true;
	if (!parse_head(&step, who, strtok_r(NULL, " \t\r", &save), why, size))
		return false;
	while ((text = strtok_r(NULL, " \t\r", &save)))
		if (!parse_field(&step, seen, text, why, size))
			return false;
	for (const enum field *f = ops[step.op].fields; *f != END; f++)
		if (!seen[*f] && !fields[*f].optional)
			return wrong(why, size, "an operand is missing:", fields[*f].name);
	if (!step_is_valid(&step, why, size))
		return false;
	*out = step;
	return true;
}

bool script_read(struct script *out, FILE *f, const char *name)
{
	char line[LINE], why[256];
	unsigned int nr = 0;
	bool empty;

	out->n = 0;
	while (fgets(line, sizeof(line), f)) {
		struct step step;

		nr++;
		if (!strchr(line, '\n') && !feof(f)) {
			fprintf(stderr,
				"faultline: %s:%u: the line is too long, or has a NUL in it\n",
				name, nr);
			return false;
		}
		if (!step_parse(&step, line, &empty, why, sizeof(why))) {
			fprintf(stderr, "faultline: %s:%u: %s\n", name, nr, why);
			return false;
		}
		if (empty)
			continue;
		if (out->n == MAX_STEPS) {
			fprintf(stderr, "faultline: %s:%u: more than %d steps\n", name, nr,
				MAX_STEPS);
			return false;
		}
		out->step[out->n++] = step;
	}
	if (ferror(f)) {
		fprintf(stderr, "faultline: %s: %s\n", name, strerror(errno));
		return false;
	}
	if (!out->n)
		fprintf(stderr, "faultline: %s: there is no call in it\n", name);
	return out->n;
}

void script_write(const struct script *script, FILE *f)
{
	char text[LINE];

	for (unsigned int i = 0; i < script->n; i++) {
		step_print(text, sizeof(text), &script->step[i]);
		fprintf(f, "%s\n", text);
	}
}
