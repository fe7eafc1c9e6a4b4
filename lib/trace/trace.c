// SPDX-License-Identifier: MIT
/*
 * trace.c - making a trace: copies of a record and of all that it points to.
 *
 * Memory comes in blocks that go with the trace, so that nothing in it has an owner of its own.
 */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore/weaken.h"

struct fl_trace_block {
	struct fl_trace_block *next;
	_Alignas(16) char data[];
};

void *fl_trace_mem(struct fl_trace *t, size_t size)
{
	struct fl_trace_block *b = calloc(1, sizeof(*b) + size);

	if (!b) {
		t->out_of_memory = true;
		return NULL;
	}
	b->next = t->blocks;
	t->blocks = b;
	return b->data;
}

const char *fl_trace_str(struct fl_trace *t, const char *s)
{
	char *copy;

	if (!s)
		return NULL;
	copy = fl_trace_mem(t, strlen(s) + 1);
	if (!copy)
		return "";
	strcpy(copy, s);
	fl_trace_make_printable(copy);
	return copy;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

const struct fl_site *fl_trace_site(struct fl_trace *t, const struct fl_site *site)
{
	const char *file;
	struct fl_site **grown, *copy;

	if (!site)
		return NULL;
	file = base_name(site->file);
	for (size_t i = 0; i < t->nr_sites; i++) {
		const struct fl_site *s = t->sites[i];

		if (s->line == site->line && same(s->file, file) && same(s->func, site->func) &&
		    same(s->text, site->text) && same(s->label, site->label))
			return s;
	}
	copy = fl_trace_mem(t, sizeof(*copy));
	grown = realloc(t->sites, (t->nr_sites + 1) * sizeof(*grown));
	if (grown)
		t->sites = grown;
	if (!copy || !grown) {
		t->out_of_memory = true;
		return NULL;
	}
	copy->file = fl_trace_str(t, file);
	copy->func = fl_trace_str(t, site->func);
	copy->text = fl_trace_str(t, site->text);
	copy->label = fl_trace_str(t, site->label);
	copy->line = site->line;
	t->sites[t->nr_sites++] = copy;
	return copy;
}

static const char *const *copy_list(struct fl_trace *t, const char *const *list)
{
	const char **copy;
	size_t n = 0;

	while (list && list[n])
		n++;
	copy = list ? fl_trace_mem(t, (n + 1) * sizeof(*copy)) : NULL;
	for (size_t i = 0; copy && i < n; i++)
		copy[i] = fl_trace_str(t, list[i]);
	return copy;
}

static const struct flx_weakening *copy_weakened(struct fl_trace *t,
						 const struct fl_trace_info *info)
{
	struct flx_weakening *copy = fl_trace_mem(t, info->nr_weakened * sizeof(*copy));

	for (int i = 0; copy && i < info->nr_weakened; i++) {
		copy[i] = info->weakened[i];
		copy[i].place.site = fl_trace_site(t, info->weakened[i].place.site);
	}
	return copy;
}

struct fl_trace *fl_trace_alloc(const struct fl_trace_info *info, int nr_events)
{
	struct fl_trace *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->info = *info;
	t->info.scenario = fl_trace_str(t, info->scenario);
	t->info.id = fl_trace_str(t, info->id);
	t->info.program = fl_trace_str(t, info->program);
	t->info.cc_args = copy_list(t, info->cc_args);
	t->info.variant = fl_trace_str(t, info->variant);
	t->info.kernel = fl_trace_str(t, info->kernel);
	t->info.set = fl_trace_str(t, info->set);
	t->info.model = fl_trace_str(t, info->model);
	t->info.oracle = fl_trace_str(t, info->oracle);
	t->info.message = fl_trace_str(t, info->message);
	t->info.weakened = copy_weakened(t, info);
	t->record.n = nr_events;
	t->record.ev = fl_trace_mem(t, nr_events * sizeof(*t->record.ev));
	t->note = fl_trace_mem(t, nr_events * sizeof(*t->note));
	t->record.racing[0] = t->record.racing[1] = t->violating = -1;
	t->named[0] = t->named[1] = -1;
	return t;
}

/* A pointer's value says nothing, and differs from run to run: a number in its place. */
static int number_pointer(struct fl_trace *t, uint64_t value)
{
	int i = 0;

	while (i < t->nr_pointers && t->pointer[i] != value)
		i++;
	if (i == t->nr_pointers && i < FL_TRACE_MAX_POINTERS)
		t->pointer[t->nr_pointers++] = value;
	return i + 1;
}

/* An executable that is not position-independent has its data, and the heap behind it, at small addresses. */
extern char __executable_start[] __attribute__((weak)); /* a shared library has none */
extern char _end[];
static uintptr_t heap_start;

__attribute__((constructor)) static void find_heap(void)
{
	heap_start = (uintptr_t)sbrk(0);
}

static bool may_be_pointer(uint64_t value)
{
	return (int64_t)value >> 32 > 0 ||
	       (__executable_start && value >= (uintptr_t)__executable_start &&
		value < (uintptr_t)_end) ||
	       (value >= heap_start && value < (uintptr_t)sbrk(0));
}

/* Without a describer: small numbers as numbers, pointers by name, the rest in hexadecimal. */
static void describe_plainly(struct fl_trace *t, char *buf, size_t size, unsigned int width,
			     uint64_t value)
{
	int64_t number = width == 4 ? (int32_t)value : (int64_t)value;

	if (number > -65536 && number < 65536)
		snprintf(buf, size, "%" PRId64, number);
	else if (width == 8 && may_be_pointer(value))
		snprintf(buf, size, "ptr%d", number_pointer(t, value));
	else
		snprintf(buf, size, "0x%" PRIx64, value);
}

static const char *value_text(struct fl_trace *t, fl_trace_describe_fn describe,
			      const struct flx_event *e, uint64_t value)
{
	char buf[128] = "";

	if (describe)
		describe(buf, sizeof(buf), e->addr, e->size, value);
	if (!buf[0])
		describe_plainly(t, buf, sizeof(buf), e->size, value);
	return fl_trace_str(t, buf);
}

/* Is what @i accesses a pointer elsewhere in the execution? */
static bool has_pointer(const struct fl_trace *t, int i)
{
	for (int k = 0; k < t->record.n; k++) {
		const struct fl_trace_note *note = &t->note[k];

		if (t->record.ev[k].addr == t->record.ev[i].addr && t->record.ev[k].size == 8 &&
		    ((note->read && !strncmp(note->read, "ptr", 3)) ||
		     (note->written && !strncmp(note->written, "ptr", 3))))
			return true;
	}
	return false;
}

static void name_null(struct fl_trace *t)
{
	for (int i = 0; i < t->record.n; i++) {
		struct fl_trace_note *note = &t->note[i];
		bool read = note->read && !strcmp(note->read, "0");
		bool written = note->written && !strcmp(note->written, "0");

		if (t->record.ev[i].size != 8 || !(read || written) || !has_pointer(t, i))
			continue;
		note->read = read ? "NULL" : note->read;
		note->written = written ? "NULL" : note->written;
	}
}

int fl_trace_create(struct fl_trace **out, const struct fl_trace_info *info, int nthreads,
		    const char *const *names, const struct flx_record *record,
		    fl_trace_describe_fn describe)
{
	struct fl_trace *t = fl_trace_alloc(info, record->n);

	if (!t)
		return -ENOMEM;
	t->nthreads = nthreads;
	for (int i = 0; i < nthreads; i++)
		t->thread[i] = fl_trace_str(t, names[i]);
	for (int i = 0; i < record->n && !t->out_of_memory; i++) {
		struct flx_event *e = &t->record.ev[i];

		*e = record->ev[i];
		e->site = fl_trace_site(t, e->site);
		e->step = fl_trace_site(t, e->step);
		fl_trace_make_printable(e->why);
		if (e->kind == FLX_READ || e->kind == FLX_RMW)
			t->note[i].read = value_text(t, describe, e, e->rval);
		if (e->kind == FLX_WRITE || e->kind == FLX_RMW)
			t->note[i].written = value_text(t, describe, e, e->wval);
		if (e->thread >= t->nthreads)
			t->nthreads = e->thread + 1;
	}
	if (!t->info.program)
		name_null(t);
	memcpy(t->record.racing, record->racing, sizeof(record->racing));
	if (t->out_of_memory) {
		fl_trace_free(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

/* An object of a library: what is looked at of it says nothing about what it is made of. */
static bool is_call(const struct flx_event *e)
{
	return e->site && !e->site->file && strchr(e->site->text, '(');
}

/* Is the variable of event @i, "x[0]", looked at elsewhere than at its beginning, too? */
static bool has_other_parts(const struct fl_trace *t, int i)
{
	const char *name = t->note[i].name;
	size_t n = strcspn(name, "[");

	for (int k = 0; k < t->record.n; k++) {
		const char *other = t->note[k].name;

		if (other && !strncmp(name, other, n) && (other[n] == '[' || other[n] == '+') &&
		    strcmp(other + n, "[0]"))
			return true;
	}
	return false;
}

/* The byte that a bit-field is in, say: one byte of a variable does not make it an array. */
static void drop_needless_indices(struct fl_trace *t)
{
	for (int i = 0; i < t->record.n; i++) {
		const char *name = t->note[i].name;
		size_t n = name ? strlen(name) : 0;
		char plain[160];

		if (n < 4 || strcmp(name + n - 3, "[0]") || t->record.ev[i].size != 1 ||
		    has_other_parts(t, i))
			continue;
		snprintf(plain, sizeof(plain), "%.*s", (int)n - 3, name);
		t->note[i].name = fl_trace_str(t, plain);
	}
}

void fl_trace_set_names(struct fl_trace *t, fl_trace_name_fn name)
{
	char buf[160];

	for (int i = 0; i < t->record.n; i++) {
		const struct flx_event *e = &t->record.ev[i];

		if ((e->size || fl_trace_frees(e)) &&
		    name(buf, sizeof(buf), e->addr, is_call(e) ? 0 : e->size))
			t->note[i].name = fl_trace_str(t, buf);
	}
	drop_needless_indices(t);
}

void fl_trace_free(struct fl_trace *t)
{
	if (!t)
		return;
	while (t->blocks) {
		struct fl_trace_block *b = t->blocks;

		t->blocks = b->next;
		free(b);
	}
	free(t->sites);
	free(t);
}

void fl_trace_set_outcome(struct fl_trace *t, const char *oracle, const char *message,
			  uint64_t executions, double seconds)
{
	t->info.oracle = fl_trace_str(t, oracle);
	t->info.message = fl_trace_str(t, message);
	t->info.executions = executions;
	t->info.seconds = seconds;
}

void fl_trace_set_violating(struct fl_trace *t, int thread, int passed)
{
	t->violating = -1;
	for (int i = 0; i < t->record.n && passed > 0; i++) {
		const struct flx_event *e = &t->record.ev[i];

		if (e->thread != thread)
			continue;
		if (e->kind != FLX_OTHER && e->kind != FLX_FENCE)
			t->violating = i;
		passed -= 1 + (e->kind == FLX_RMW);
	}
}

void fl_trace_fit(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, size, fmt, ap);
	va_end(ap);
}

static struct fl_trace_told *copy_told(struct fl_trace *t, const struct fl_trace_told *told)
{
	struct fl_trace_told *copy = fl_trace_mem(t, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *told;
	copy->next = NULL;
	return copy;
}

void fl_trace_tell(struct fl_trace *t, int event, const struct fl_trace_told *told)
{
	struct fl_trace_note *note = event < 0 ? NULL : &t->note[event];
	struct fl_trace_told *copy = note ? copy_told(t, told) : NULL;

	if (!copy)
		return;
	note->judged |= told->access && told->judged;
	if (!told->access) {
		struct fl_trace_told **end = &note->said;

		while (*end)
			end = &(*end)->next;
		*end = copy;
	} else if (!note->access) {
		note->access = copy;
	} else { /* a read-modify-write: its load was told of before this store */
		copy->judged |= note->access->judged;
		fl_trace_fit(copy->text, sizeof(copy->text), "atomic %s", told->text);
		fl_trace_fit(copy->result, sizeof(copy->result), ", was %s%s",
			     note->read ? note->read : "?", told->result);
		note->access = copy;
	}
}

const struct fl_trace_told *fl_trace_judged_call(const struct fl_trace *t, int event)
{
	const struct fl_trace_told *s = t->note[event].said;

	while (s && !s->judged)
		s = s->next;
	return s;
}

void fl_trace_judge(struct fl_trace *t, int event)
{
	int k = t->named[0] >= 0;

	if (event < 0)
		return;
	t->note[event].judged |= !fl_trace_judged_call(t, event);
	if (t->named[k] < 0 && t->named[0] != event)
		t->named[k] = event;
}

bool fl_trace_is_use_after_free(const struct fl_trace *t)
{
	const char *oracle = t->info.oracle;

	return oracle && (!strcmp(oracle, "use-after-free") || !strcmp(oracle, "double-free"));
}

int fl_trace_missed_store(const struct fl_trace *t, int i)
{
	const struct flx_event *ev = t->record.ev;
	int best = ev[i].newer, steps = 0;

	for (int w = best; w >= 0 && w != ev[i].rf && steps++ < t->record.n; w = ev[w].co_after)
		if (w < i && ev[w].step && ev[w].step->label)
			best = w;
	return best;
}

int fl_trace_culprit(const struct fl_trace *t)
{
	const struct flx_record *r = &t->record;
	int blocked = -1, late = -1, labelled = -1;

	if (t->violating >= 0)
		return t->violating;
	if (r->racing[0] >= 0 && r->racing[1] >= 0)
		return r->racing[r->racing[1] > r->racing[0]];
	for (int i = 0; i < r->n; i++) {
		if (r->ev[i].blocked)
			blocked = i;
		if (r->ev[i].newer >= 0 && (late < 0 || !r->ev[late].why[0]))
			late = i;
		if (r->ev[i].step && r->ev[i].step->label)
			labelled = i;
	}
	if (t->named[0] >= 0 && (late < 0 || !r->ev[late].why[0]))
		return t->named[0];
	return blocked >= 0 ? blocked : late >= 0 ? late : labelled >= 0 ? labelled : r->n - 1;
}

bool fl_trace_frees(const struct flx_event *e)
{
	return e->kind == FLX_WRITE && !e->size;
}

const char *fl_trace_operation(const struct flx_event *e)
{
	if (e->site)
		return e->site->text;
	if (fl_trace_frees(e))
		return "free()";
	return e->kind == FLX_WRITE ? "plain write" : e->kind == FLX_READ ? "plain read" : "?";
}

/* What has a dot or a number in it is no name that C could take the address of. */
static bool is_identifier(const char *name)
{
	return !name[strspn(name,
			    "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")];
}

void fl_trace_access(char *buf, size_t size, const char *operation, const char *name)
{
	size_t n = strlen(operation);

	if (!name)
		snprintf(buf, size, "%s", operation);
	else if (n > 2 && !strcmp(operation + n - 2, "()"))
		snprintf(buf, size, "%.*s(%s%s)", (int)n - 2, operation,
			 is_identifier(name) ? "&" : "", name);
	else
		snprintf(buf, size, "%s: %s", name, operation);
}

const struct fl_site *fl_trace_where(const struct fl_trace *t, int event)
{
	const struct fl_site *site = t->record.ev[event].site;

	return (site && site->file) || !t->note[event].where ? site : t->note[event].where;
}

const struct fl_site *fl_trace_shown_where(const struct fl_trace *t, int event)
{
	const struct fl_trace_told *access = t->note[event].access;

	return access ? access->where : fl_trace_where(t, event);
}

const struct fl_trace_info *fl_trace_info(const struct fl_trace *t)
{
	return &t->info;
}
