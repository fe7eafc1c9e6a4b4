// SPDX-License-Identifier: MIT
/*
 * json.c - trace files: an execution as JSON, and back.
 *
 * A file is {"format", "version", the run, "threads", "sites": [...], "events": [...], "sum"}. Events name sites and
 * other events by index. Addresses do not appear: a location is the number of the first event that
 * touches it, values are words, and a replay finds them anew.
 * "sum" covers everything else, so that a damaged file is told from an old one.
 *
 * A reader of untrusted files: every index and enumeration is checked before use.
 */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "explore/weaken.h"

#define MAX_EVENTS 65536
#define REALS JSON_REAL_PRECISION(9)

/* Enumerations as words, in the enumeration's order. */
static const char *const kind_names[] = { "read", "write", "rmw", "fence", "other", NULL };
static const char *const order_names[] = { "plain", "once",    "acquire", "release",
					   "mb",    "acq-rel", "seq-cst", NULL };
static const char *const fence_names[] = {
	"mb",
	"rmb",
	"wmb",
	"before-atomic",
	"after-atomic",
	"after-spinlock",
	"after-unlock-lock",
	"barrier",
	"rcu-lock",
	"rcu-unlock",
	"sync-rcu",
	"after-srcu-read-unlock",
	"sync-srcu",
	"acquire-after-ctrl-dep",
	"c11-acquire",
	"c11-release",
	"c11-acq-rel",
	"c11-seq-cst",
	NULL,
};
static const char *const ordering_names[] = { "access", "failure", "barrier", NULL };

_Static_assert(sizeof(order_names) / sizeof(order_names[0]) == FL_SEQ_CST + 2, "a word for each");
_Static_assert(sizeof(fence_names) / sizeof(fence_names[0]) == FL_FENCE_NR + 1, "a word for each");

/* FNV-1a: finds damage, does not resist forgery. */
static uint64_t sum_text(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h;
}

/* Of the whole file but "sum" itself. False: out of memory. */
static bool sum_of(json_t *root, char *buf, size_t size)
{
	char *text;

	json_object_del(root, "sum");
	text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | REALS);
	if (!text)
		return false;
	snprintf(buf, size, "%016" PRIx64, sum_text(text));
	free(text);
	return true;
}

/* ---- writing ---- */

static void put_string(json_t *o, const char *key, const char *s)
{
	if (s)
		json_object_set_new(o, key, json_string(s));
}

static void put_int(json_t *o, const char *key, int64_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

static void put_flag(json_t *o, const char *key, bool set)
{
	if (set)
		json_object_set_new(o, key, json_true());
}

static void put_site(json_t *o, const char *key, const struct fl_trace *t,
		     const struct fl_site *site)
{
	for (size_t i = 0; site && i < t->nr_sites; i++)
		if (t->sites[i] == site)
			put_int(o, key, (int64_t)i);
}

static json_t *site_to_json(const struct fl_site *site)
{
	json_t *o = json_object();

	put_string(o, "file", site->file);
	put_int(o, "line", site->line);
	put_string(o, "func", site->func);
	put_string(o, "text", site->text);
	put_string(o, "label", site->label);
	return o;
}

/* The number of the location that event @i touches: the first event's that touched the same. */
static int location_of(const struct fl_trace *t, int i)
{
	for (int j = 0; j < i; j++)
		if (t->record.ev[j].addr == t->record.ev[i].addr && t->record.ev[j].size)
			return j;
	return i;
}

static json_t *event_to_json(const struct fl_trace *t, int i)
{
	const struct flx_event *e = &t->record.ev[i];
	const struct fl_trace_note *note = &t->note[i];
	json_t *o = json_object();

	put_int(o, "thread", e->thread);
	put_int(o, "index", e->index);
	put_string(o, "kind", kind_names[e->kind]);
	put_string(o, "order", order_names[e->order]);
	put_site(o, "site", t, e->site);
	put_site(o, "step", t, e->step);
	put_site(o, "where", t, note->where);
	put_string(o, "name", note->name);
	put_int(o, "occurrence", e->occurrence);
	put_flag(o, "relevant", e->relevant);
	put_flag(o, "failed", e->failed);
	put_flag(o, "blocked", e->blocked);
	if (e->kind == FLX_FENCE && e->fence < FL_FENCE_NR)
		put_string(o, "fence", fence_names[e->fence]);
	if (e->size) {
		put_int(o, "location", location_of(t, i));
		put_int(o, "size", e->size);
	}
	if (note->read) {
		put_string(o, "read", note->read);
		put_int(o, "rf", e->rf);
	}
	if (e->kind == FLX_OTHER && e->rval)
		put_int(o, "choice", (int64_t)e->rval);
	if (note->written) {
		put_string(o, "written", note->written);
		put_int(o, "co_after", e->co_after);
	}
	if (e->newer >= 0) {
		put_int(o, "newer", e->newer);
		put_string(o, "why", e->why);
	}
	return o;
}

static json_t *list_to_json(const char *const *list)
{
	json_t *array = json_array();

	for (; *list; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

static const char *const *names_of(enum flx_ordering ordering)
{
	return ordering == FLX_OF_BARRIER ? fence_names : order_names;
}

static json_t *weakened_to_json(const struct fl_trace *t)
{
	json_t *list = json_array();

	for (int i = 0; i < t->info.nr_weakened; i++) {
		const struct flx_weakening *w = &t->info.weakened[i];
		const char *const *names = names_of(w->place.ordering);
		json_t *o = json_object();

		put_site(o, "site", t, w->place.site);
		if (w->place.pc)
			put_int(o, "offset", (int64_t)w->place.pc);
		put_string(o, "ordering", ordering_names[w->place.ordering]);
		put_string(o, "kind", kind_names[w->place.kind]);
		put_string(o, "from", names[w->place.written]);
		put_string(o, "to", names[w->to]);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *fl_trace_to_json(const struct fl_trace *t)
{
	const struct fl_trace_info *h = &t->info;
	json_t *root, *list;

	/* a cache, see fl_trace_print_style() */
	fl_trace_resolve((struct fl_trace *)t);
	root = json_object();
	put_string(root, "format", FL_TRACE_FORMAT);
	put_int(root, "version", FL_TRACE_VERSION);
	put_string(root, "scenario", h->scenario);
	put_string(root, "program", h->program);
	if (h->cc_args && h->cc_args[0])
		json_object_set_new(root, "cc_args", list_to_json(h->cc_args));
	if (h->nondet_min || h->nondet_max)
		json_object_set_new(root, "nondet",
				    json_pack("[ii]", h->nondet_min, h->nondet_max));
	put_string(root, "id", h->id);
	put_string(root, "variant", h->variant);
	put_string(root, "kernel", h->kernel);
	put_string(root, "set", h->set);
	put_string(root, "model", h->model);
	put_string(root, "oracle", h->oracle);
	put_string(root, "message", h->message);
	put_int(root, "executions", (int64_t)h->executions);
	json_object_set_new(root, "seconds", json_real(h->seconds));

	list = json_array();
	for (int i = 0; i < t->nthreads; i++)
		json_array_append_new(list, json_string(t->thread[i] ? t->thread[i] : ""));
	json_object_set_new(root, "threads", list);
	list = json_array();
	for (size_t i = 0; i < t->nr_sites; i++)
		json_array_append_new(list, site_to_json(t->sites[i]));
	json_object_set_new(root, "sites", list);
	if (t->info.nr_weakened)
		json_object_set_new(root, "weakened", weakened_to_json(t));
	list = json_array();
	for (int i = 0; i < t->record.n; i++)
		json_array_append_new(list, event_to_json(t, i));
	json_object_set_new(root, "events", list);
	if (t->record.racing[0] >= 0 && t->record.racing[1] >= 0)
		json_object_set_new(root, "racing",
				    json_pack("[ii]", t->record.racing[0], t->record.racing[1]));
	if (t->violating >= 0)
		put_int(root, "violating", t->violating);
	return root;
}

int fl_trace_save(const struct fl_trace *t, const char *path)
{
	char sum[24];
	json_t *root;
	FILE *f;
	int err = 0;

	root = fl_trace_to_json(t);
	if (!root || !sum_of(root, sum, sizeof(sum))) {
		json_decref(root);
		return -ENOMEM;
	}
	put_string(root, "sum", sum);
	f = fopen(path, "w");
	if (!f) {
		err = -errno;
	} else {
		if (json_dumpf(root, f, JSON_INDENT(1) | REALS) || fputc('\n', f) == EOF)
			err = errno ? -errno : -EIO;
		if (fclose(f) && !err)
			err = -errno;
	}
	json_decref(root);
	return err;
}

/* ---- reading ---- */

struct reader {
	struct fl_trace *t;
	const char *path;
	char *err;
	size_t err_size;
	int code; /* 0 as long as all is well */
};

__attribute__((format(printf, 3, 4))) static void fail(struct reader *r, int code, const char *fmt,
						       ...)
{
	va_list ap;
	int n;

	if (r->code)
		return; /* the first reason is the one to tell */
	r->code = code;
	n = snprintf(r->err, r->err_size, "%s: ", r->path);
	if (n < 0 || (size_t)n >= r->err_size)
		return;
	va_start(ap, fmt);
	vsnprintf(r->err + n, r->err_size - n, fmt, ap);
	va_end(ap);
	fl_trace_make_printable(r->err + n); /* it may quote the file */
}

/* A mandatory integer in [@min, @max]. */
static int64_t get_int(struct reader *r, const json_t *o, const char *key, int64_t min, int64_t max)
{
	const json_t *v = json_object_get(o, key);
	int64_t n = v ? json_integer_value(v) : 0;

	if (json_is_integer(v) && n >= min && n <= max)
		return n;
	fail(r, -EINVAL, "damaged trace: bad or missing \"%s\"", key);
	return min;
}

static int64_t get_int_or(struct reader *r, const json_t *o, const char *key, int64_t fallback,
			  int64_t min, int64_t max)
{
	return json_object_get(o, key) ? get_int(r, o, key, min, max) : fallback;
}

/* NULL if there is none. */
static const char *get_string(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (v && !json_is_string(v))
		fail(r, -EINVAL, "damaged trace: \"%s\" is not a string", key);
	return v ? json_string_value(v) : NULL;
}

static const char *need_string(struct reader *r, const json_t *o, const char *key)
{
	const char *s = get_string(r, o, key);

	if (!s)
		fail(r, -EINVAL, "damaged trace: no \"%s\"", key);
	return s ? s : "";
}

static bool get_flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static int get_enum(struct reader *r, const json_t *o, const char *key, const char *const *names)
{
	const char *s = need_string(r, o, key);

	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], s))
			return i;
	fail(r, -EINVAL, "damaged trace: \"%s\" is \"%s\"", key, s);
	return 0;
}

static const json_t *get_array(struct reader *r, const json_t *o, const char *key, size_t max)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_array(v) || json_array_size(v) > max)
		fail(r, -EINVAL, "damaged trace: bad or missing \"%s\"", key);
	return v;
}

static const struct fl_site *get_site(struct reader *r, const json_t *o, const char *key)
{
	int64_t i;

	if (!json_object_get(o, key))
		return NULL;
	i = get_int(r, o, key, 0, (int64_t)r->t->nr_sites - 1);
	return r->code ? NULL : r->t->sites[i];
}

static void read_sites(struct reader *r, const json_t *root)
{
	const json_t *list = get_array(r, root, "sites", MAX_EVENTS);
	struct fl_trace *t = r->t;
	size_t n = json_array_size(list);

	if (r->code)
		return;
	/* not by fl_trace_site(): an index must keep its meaning, whatever is in the file */
	t->sites = calloc(n ? n : 1, sizeof(struct fl_site *));
	if (!t->sites) {
		t->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < n && !r->code; i++) {
		const json_t *o = json_array_get(list, i);
		struct fl_site *site = fl_trace_mem(t, sizeof(*site));

		if (!site)
			return;
		site->file = fl_trace_str(t, get_string(r, o, "file"));
		site->func = fl_trace_str(t, get_string(r, o, "func"));
		site->text = fl_trace_str(t, need_string(r, o, "text"));
		site->label = fl_trace_str(t, get_string(r, o, "label"));
		site->line = (int)get_int(r, o, "line", 0, INT32_MAX);
		t->sites[t->nr_sites++] = site;
	}
}

static void read_event(struct reader *r, const json_t *o, int i)
{
	struct fl_trace *t = r->t;
	struct flx_event *e = &t->record.ev[i];
	struct fl_trace_note *note = &t->note[i];
	const char *why = get_string(r, o, "why");
	int last = t->record.n - 1;

	e->thread = (int)get_int(r, o, "thread", 0, t->nthreads - 1);
	e->index = (int)get_int(r, o, "index", 0, MAX_EVENTS);
	e->kind = get_enum(r, o, "kind", kind_names);
	e->order = get_enum(r, o, "order", order_names);
	e->site = get_site(r, o, "site");
	e->step = get_site(r, o, "step");
	note->where = get_site(r, o, "where");
	note->name = fl_trace_str(t, get_string(r, o, "name"));
	e->occurrence = (int)get_int(r, o, "occurrence", 0, MAX_EVENTS);
	e->relevant = get_flag(o, "relevant");
	e->failed = get_flag(o, "failed");
	e->blocked = get_flag(o, "blocked");
	if (json_object_get(o, "fence"))
		e->fence = get_enum(r, o, "fence", fence_names);
	/* the picture compares locations only; apart, so that they do not overlap */
	e->size = (unsigned int)get_int_or(r, o, "size", 0, 1, 8);
	e->addr = (uintptr_t)get_int_or(r, o, "location", 0, 0, last) * 16;
	e->rf = e->newer = FLX_NONE;
	e->co_after = FLX_INIT;
	if (json_object_get(o, "read")) {
		note->read = fl_trace_str(t, need_string(r, o, "read"));
		e->rf = (int)get_int(r, o, "rf", FLX_NONE, last);
	}
	if (json_object_get(o, "written")) {
		note->written = fl_trace_str(t, need_string(r, o, "written"));
		e->co_after = (int)get_int(r, o, "co_after", FLX_NONE, last);
	}
	e->rval = (uint64_t)get_int_or(r, o, "choice", 0, 0, INT64_MAX);
	e->newer = (int)get_int_or(r, o, "newer", FLX_NONE, 0, last);
	if (why)
		snprintf(e->why, sizeof(e->why), "%s", fl_trace_str(t, why));
}

#define MAX_CC_ARGS 256

/* @args has room for MAX_CC_ARGS and a NULL. */
static void read_cc_args(struct reader *r, const json_t *root, const char **args)
{
	const json_t *list = json_object_get(root, "cc_args");

	if (list)
		list = get_array(r, root, "cc_args", MAX_CC_ARGS);
	for (size_t i = 0; i < json_array_size(list) && !r->code; i++) {
		args[i] = json_string_value(json_array_get(list, i));
		if (!args[i])
			fail(r, -EINVAL, "damaged trace: bad \"cc_args\"");
	}
}

static void read_nondet(struct reader *r, const json_t *root, struct fl_trace_info *h)
{
	const json_t *range = json_object_get(root, "nondet");

	if (range && json_unpack((json_t *)range, "[ii!]", &h->nondet_min, &h->nondet_max))
		fail(r, -EINVAL, "damaged trace: bad \"nondet\"");
}

static void read_info(struct reader *r, const json_t *root, struct fl_trace_info *h,
		      const char **cc_args)
{
	memset(h, 0, sizeof(*h));
	read_cc_args(r, root, cc_args);
	h->cc_args = cc_args;
	read_nondet(r, root, h);
	h->program = get_string(r, root, "program");
	h->scenario = h->program ? NULL : need_string(r, root, "scenario");
	h->id = get_string(r, root, "id");
	h->variant = get_string(r, root, "variant");
	h->kernel = h->program ? NULL : need_string(r, root, "kernel");
	h->set = get_string(r, root, "set");
	h->model = need_string(r, root, "model");
	h->oracle = need_string(r, root, "oracle");
	h->message = need_string(r, root, "message");
	h->executions = (uint64_t)get_int(r, root, "executions", 0, INT64_MAX);
	h->seconds = json_number_value(json_object_get(root, "seconds"));
}

static void read_threads(struct reader *r, const json_t *root)
{
	const json_t *list = get_array(r, root, "threads", FLX_MAX_THREADS);

	for (size_t i = 0; i < json_array_size(list) && !r->code; i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (!name)
			fail(r, -EINVAL, "damaged trace: bad thread name");
		else if (name[0])
			r->t->thread[i] = fl_trace_str(r->t, name);
		r->t->nthreads++;
	}
}

#define MAX_WEAKENED 4096

static bool can_be(const struct flx_weakening *w)
{
	int to[FLX_MAX_WEAKER], n = flx_weaker(&w->place, to);

	while (n && to[n - 1] != w->to)
		n--;
	return n;
}

/* After the sites. */
static void read_weakened(struct reader *r, const json_t *root)
{
	struct fl_trace *t = r->t;
	const json_t *list = json_object_get(root, "weakened");
	struct flx_weakening *w;

	if (!list)
		return;
	list = get_array(r, root, "weakened", MAX_WEAKENED);
	w = fl_trace_mem(t, json_array_size(list) * sizeof(*w));
	for (size_t i = 0; w && i < json_array_size(list) && !r->code; i++) {
		const json_t *o = json_array_get(list, i);
		int site = (int)get_int(r, o, "site", 0, (int64_t)t->nr_sites - 1);

		w[i].place.ordering = get_enum(r, o, "ordering", ordering_names);
		w[i].place.kind = get_enum(r, o, "kind", kind_names);
		w[i].place.pc = (uintptr_t)get_int_or(r, o, "offset", 0, 1, INT64_MAX);
		w[i].place.written = get_enum(r, o, "from", names_of(w[i].place.ordering));
		w[i].to = get_enum(r, o, "to", names_of(w[i].place.ordering));
		if (r->code)
			break;
		w[i].place.site = t->sites[site];
		if (!can_be(&w[i]))
			fail(r, -EINVAL, "damaged trace: bad \"weakened\"");
	}
	t->info.weakened = w;
	t->info.nr_weakened = r->code ? 0 : (int)json_array_size(list);
}

static void read_trace(struct reader *r, const json_t *root)
{
	const json_t *events = get_array(r, root, "events", MAX_EVENTS);
	const json_t *racing = json_object_get(root, "racing");
	const char *cc_args[MAX_CC_ARGS + 1] = { NULL };
	struct fl_trace_info info;
	struct fl_trace *t;

	read_info(r, root, &info, cc_args);
	if (r->code)
		return;
	t = r->t = fl_trace_alloc(&info, (int)json_array_size(events));
	if (!t) {
		r->code = -ENOMEM;
		return;
	}
	t->resolved = true;
	read_threads(r, root);
	read_sites(r, root);
	read_weakened(r, root);
	for (int i = 0; i < t->record.n && !r->code && !t->out_of_memory; i++)
		read_event(r, json_array_get(events, i), i);
	for (int i = 0; racing && i < 2 && !r->code; i++) {
		const json_t *v = json_array_get(racing, i);

		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    json_integer_value(v) >= t->record.n)
			fail(r, -EINVAL, "damaged trace: bad \"racing\"");
		else
			t->record.racing[i] = (int)json_integer_value(v);
	}
	t->violating = (int)get_int_or(r, root, "violating", -1, 0, (int64_t)t->record.n - 1);
	if (t->out_of_memory)
		fail(r, -ENOMEM, "out of memory");
}

/* Is it ours, of this version, and as it was written? */
static void check_file(struct reader *r, json_t *root)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	const json_t *version = json_object_get(root, "version");
	char found[24] = "", sum[24];

	if (!format || strcmp(format, FL_TRACE_FORMAT)) {
		fail(r, -EINVAL, "not a trace of faultline check");
		return;
	}
	if (!json_is_integer(version) || json_integer_value(version) != FL_TRACE_VERSION) {
		fail(r, -EINVAL,
		     "a trace of format version %" JSON_INTEGER_FORMAT
		     ", this build reads %d: run check again",
		     json_integer_value(version), FL_TRACE_VERSION);
		return;
	}
	if (json_string_value(json_object_get(root, "sum")))
		snprintf(found, sizeof(found), "%s",
			 json_string_value(json_object_get(root, "sum")));
	if (!sum_of(root, sum, sizeof(sum)))
		fail(r, -ENOMEM, "out of memory");
	else if (strcmp(found, sum))
		fail(r, -EINVAL, "damaged trace: its checksum does not fit, run check again");
}

static json_t *parse(struct reader *r, FILE *f)
{
	json_error_t e;
	json_t *root;
	int first;

	do
		first = fgetc(f);
	while (first == ' ' || first == '\n');
	if (ferror(f)) {
		fail(r, -EIO, "can't be read: %s", strerror(errno));
		return NULL;
	}
	ungetc(first, f);
	root = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
	if (root)
		return root;
	if (first != '{') {
		fail(r, -EINVAL, "not a trace%s", first == EOF ? ", the file is empty" : "");
		return NULL;
	}
	switch (json_error_code(&e)) {
	case json_error_premature_end_of_input:
		fail(r, -EINVAL, "trace cut off in line %d, run check again", e.line);
		break;
	case json_error_out_of_memory:
		fail(r, -ENOMEM, "out of memory");
		break;
	default:
		fail(r, -EINVAL, "not a trace: line %d is not JSON", e.line);
		break;
	}
	return NULL;
}

int fl_trace_load(struct fl_trace **out, const char *path, char *err, size_t err_size)
{
	struct reader r = { .path = path, .err = err, .err_size = err_size };
	json_t *root;
	FILE *f = fopen(path, "r");

	if (!f) {
		fail(&r, -errno, "%s", strerror(errno));
		return r.code;
	}
	root = parse(&r, f);
	fclose(f);
	if (root)
		check_file(&r, root);
	if (root && !r.code)
		read_trace(&r, root);
	json_decref(root);
	if (r.code)
		fl_trace_free(r.t);
	else
		*out = r.t;
	return r.code;
}
