// SPDX-License-Identifier: MIT
/* fields.c - what JSON and CSV have of a cell. Scripts depend on the names. */
#include <inttypes.h>
#include <math.h>

#include <jansson.h>

#include "report.h"

static void text(struct field **f, const char *name, const char *value)
{
	*(*f)++ = (struct field){ .name = name, .type = FIELD_TEXT, .text = value };
}

static void whole(struct field **f, const char *name, uint64_t value)
{
	*(*f)++ = (struct field){ .name = name, .type = FIELD_WHOLE, .whole = value };
}

static void yes_no(struct field **f, const char *name, bool value)
{
	*(*f)++ = (struct field){ .name = name, .type = FIELD_BOOL, .whole = value };
}

/* @known: else there is no value. */
static void real(struct field **f, const char *name, double value, bool known)
{
	*(*f)++ = (struct field){ .name = name,
				  .type = known ? FIELD_REAL : FIELD_NONE,
				  .real = round(value * 1e4) / 1e4 };
}

static void writer_fields(struct field **f, const struct result *r, bool any)
{
	bool known = r->writer_samples > 0;

	real(f, "writer_ops_per_second", r->writer_ops_per_second, any);
	real(f, "writer_p50_ns", r->writer.p50, known);
	real(f, "writer_p99_ns", r->writer.p99, known);
	real(f, "writer_p999_ns", r->writer.p999, known);
}

static void host_fields(struct field **f, const struct result *r, const struct cell *host)
{
	bool timed;

	struct result h = { 0 };

	if (host)
		cell_result(&h, host);
	timed = h.samples > 0;
	real(f, "host_ops_per_second", h.ops_per_second, host != NULL);
	real(f, "host_writer_ops_per_second", h.writer_ops_per_second,
	     host && host->workload->writer);
	real(f, "host_p50_ns", h.op.p50, timed);
	real(f, "host_p99_ns", h.op.p99, timed);
	real(f, "host_p999_ns", h.op.p999, timed);
	real(f, "times_host",
	     host && h.ops_per_second > 0 ? r->ops_per_second / h.ops_per_second : 0,
	     host && h.ops_per_second > 0);
}

size_t fields_of(struct field *out, const struct cell *c, const struct cell *host)
{
	struct field *f = out;
	struct result r;

	cell_result(&r, c);
	text(&f, "workload", c->workload->name);
	text(&f, "strategy", c->kernel.strategy);
	text(&f, "rwlock", c->kernel.rwlock);
	whole(&f, "threads", c->threads);
	text(&f, "operation", c->workload->op);
	real(&f, "ops_per_second", r.ops_per_second, true);
	real(&f, "ops_per_second_least", r.least, true);
	real(&f, "ops_per_second_most", r.most, true);
	real(&f, "spread", r.spread, r.runs > 1);
	real(&f, "p50_ns", r.op.p50, r.samples > 0);
	real(&f, "p99_ns", r.op.p99, r.samples > 0);
	real(&f, "p999_ns", r.op.p999, r.samples > 0);
	writer_fields(&f, &r, c->workload->writer != NULL);
	whole(&f, "ops", r.ops);
	whole(&f, "writer_ops", r.writer_ops);
	whole(&f, "faults", r.faults);
	whole(&f, "retries", r.retries);
	whole(&f, "fallbacks", r.fallbacks);
	whole(&f, "shootdowns", r.shootdowns);
	whole(&f, "samples", r.samples);
	whole(&f, "runs", r.runs);
	whole(&f, "runs_again", r.again);
	yes_no(&f, "disturbed", r.disturbed > 0);
	whole(&f, "runs_disturbed", r.disturbed);
	real(&f, "seconds", r.seconds, true);
	whole(&f, "cores", cores_count());
	yes_no(&f, "pinned", r.pinned);
	host_fields(&f, &r, host);
	return (size_t)(f - out);
}

static const struct cell *host_of(const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cells[i].host && cells[i].nr)
			return &cells[i];
	return NULL;
}

/* ---- JSON ---- */

static json_t *value_of(const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXT:
		return json_string(f->text);
	case FIELD_WHOLE:
		return json_integer((json_int_t)f->whole);
	case FIELD_REAL:
		return json_real(f->real);
	case FIELD_BOOL:
		return json_boolean(f->whole);
	default:
		return json_null();
	}
}

void json_group(const struct cell *cells, size_t n)
{
	struct field fields[MAX_FIELDS];

	for (size_t i = 0; i < n; i++) {
		json_t *o;
		size_t nr;

		if (cells[i].host || !cells[i].nr)
			continue;
		o = json_object();
		nr = fields_of(fields, &cells[i], host_of(cells, n));
		for (size_t k = 0; k < nr; k++)
			json_object_set_new(o, fields[k].name, value_of(&fields[k]));
		json_dumpf(o, stdout, JSON_REAL_PRECISION(12));
		putchar('\n');
		json_decref(o);
	}
	fflush(stdout);
}

/* ---- CSV ---- */

static void put_value(FILE *f, const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		fputs(field->text, f);
		break;
	case FIELD_WHOLE:
		fprintf(f, "%" PRIu64, field->whole);
		break;
	case FIELD_REAL:
		fprintf(f, "%.12g", field->real);
		break;
	case FIELD_BOOL:
		fputs(field->whole ? "true" : "false", f);
		break;
	default:
		break;
	}
}

void csv_head(FILE *f)
{
	static const struct cell none = { .workload = &anon_fault, .nr = 1 };
	struct field fields[MAX_FIELDS];
	size_t nr = fields_of(fields, &none, NULL);

	for (size_t k = 0; k < nr; k++)
		fprintf(f, "%s%s", k ? "," : "", fields[k].name);
	fputc('\n', f);
}

void csv_group(FILE *f, const struct cell *cells, size_t n)
{
	struct field fields[MAX_FIELDS];

	for (size_t i = 0; i < n; i++) {
		size_t nr;

		if (cells[i].host || !cells[i].nr)
			continue;
		nr = fields_of(fields, &cells[i], host_of(cells, n));
		for (size_t k = 0; k < nr; k++) {
			if (k)
				fputc(',', f);
			put_value(f, &fields[k]);
		}
		fputc('\n', f);
	}
	fflush(f);
}
