/* SPDX-License-Identifier: MIT */
/*
 * record.c - a graph laid out for reading: one line after the other, and why a load could be late.
 *
 * The order extends program order and reads-from. Among the orders that do, it avoids showing a load
 * below a store that it did not see, as far as it can; what remains are the loads that no
 * interleaving explains. For each of these, a barrier is put into the graph at one place after the
 * other until the model forbids the execution: that barrier is what is missing.
 */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "models/model.h"

struct layout {
	const struct graph *g;
	struct flx_record *rec;
	int *to_rec; /* event -> index in the record, or EV_NONE while not shown */
	int pos[FLX_MAX_THREADS];
};

static bool shown(const struct layout *l, int e)
{
	return e < 0 || l->to_rec[e] != EV_NONE;
}

static bool is_load(const struct ev *e)
{
	return e->kind == EV_READ && !(e->flags & EVF_BLOCKED);
}

/* The newest store of the load's location that is shown and that the load did not see, or EV_NONE. */
static int newer_store_shown(const struct layout *l, const struct ev *e)
{
	int newest = EV_NONE;

	for (int w = graph_co_next(l->g, e->loc, e->rf); w != EV_NONE; w = l->g->ev[w].co_next)
		if (shown(l, w))
			newest = w;
	return newest;
}

/* Can be shown now without anybody being late. */
static bool in_step(const struct layout *l, int id)
{
	const struct ev *e = &l->g->ev[id];

	if (is_load(e) && newer_store_shown(l, e) != EV_NONE)
		return false;
	if (e->kind == EV_READ && (e->flags & EVF_RMW))
		id = l->g->tev[e->thread][e->idx + 1];
	else if (e->kind != EV_WRITE)
		return true;
	e = &l->g->ev[id];
	if (!shown(l, e->co_prev))
		return false;
	for (int r = l->g->loc[e->loc].rd_head; r != EV_NONE; r = l->g->ev[r].rd_next) {
		if (shown(l, r) || !is_load(&l->g->ev[r]) || l->g->ev[r].thread == e->thread)
			continue;
		/* Reads something older than this store. */
		for (int w = graph_co_next(l->g, e->loc, l->g->ev[r].rf); w != EV_NONE;
		     w = l->g->ev[w].co_next)
			if (w == id)
				return false;
	}
	return true;
}

static const struct ev *next_event(const struct layout *l, int t)
{
	return l->pos[t] < l->g->tn[t] ? &l->g->ev[l->g->tev[t][l->pos[t]]] : NULL;
}

/* Only threads that wait for ever have anything left to show. */
static bool all_wait(const struct layout *l)
{
	for (int t = 0; t < l->g->nthreads; t++) {
		const struct ev *e = next_event(l, t);

		if (e && !(e->flags & EVF_BLOCKED))
			return false;
	}
	return true;
}

static bool ready(const struct layout *l, int t)
{
	const struct ev *e = next_event(l, t);

	if (!e)
		return false;
	if (e->flags & EVF_BLOCKED)
		return all_wait(l);
	return !ev_reads(e) || shown(l, e->rf);
}

static int choose_thread(const struct layout *l, int last)
{
	if (last >= 0 && ready(l, last) && in_step(l, l->g->tev[last][l->pos[last]]))
		return last;
	for (int t = 0; t < l->g->nthreads; t++)
		if (ready(l, t) && in_step(l, l->g->tev[t][l->pos[t]]))
			return t;
	/* Somebody has to be late: let stores go ahead, the load is then the late one. */
	for (int t = 0; t < l->g->nthreads; t++)
		if (ready(l, t) && l->g->ev[l->g->tev[t][l->pos[t]]].kind == EV_WRITE)
			return t;
	for (int t = 0; t < l->g->nthreads; t++)
		if (ready(l, t))
			return t;
	return -1;
}

static bool conflicts(const struct graph *g, const struct ev *e)
{
	const struct loc *l = &g->loc[e->loc];

	for (int w = l->co_head; w != EV_NONE; w = g->ev[w].co_next)
		if (g->ev[w].thread != e->thread)
			return true;
	if (l->co_head == EV_NONE)
		return false;
	for (int r = l->rd_head; r != EV_NONE; r = g->ev[r].rd_next)
		if (g->ev[r].thread != e->thread)
			return true;
	return false;
}

static void fill(struct layout *l, int id)
{
	const struct graph *g = l->g;
	const struct ev *e = &g->ev[id];
	struct flx_event *f = &l->rec->ev[l->rec->n];

	*f = (struct flx_event){
		.thread = e->thread,
		.kind = e->kind == EV_READ    ? FLX_READ
			: e->kind == EV_WRITE ? FLX_WRITE
			: e->kind == EV_FENCE ? FLX_FENCE
					      : FLX_OTHER,
		.order = e->order,
		.fence = e->fence,
		.failed = e->flags & EVF_FAILED,
		.blocked = e->flags & EVF_BLOCKED,
		.site = e->op->site,
		.step = e->op->step,
		.pc = e->op->pc,
		.rval = e->rval,
		.wval = e->wval,
		.rf = FLX_NONE,
		.co_after = FLX_INIT,
		.newer = FLX_NONE,
	};
	for (int i = 0; i < l->rec->n; i++) {
		const struct flx_event *b = &l->rec->ev[i];

		if (b->thread != f->thread)
			continue;
		f->index++;
		if (b->site == f->site && b->kind != FLX_OTHER)
			f->occurrence++;
	}
	if (e->kind <= EV_WRITE) {
		f->addr = locs[e->loc].addr;
		f->size = locs[e->loc].size;
	}
	if (is_load(e)) {
		int newer = newer_store_shown(l, e);

		f->rf = e->rf >= 0 ? l->to_rec[e->rf] : FLX_INIT;
		f->newer = newer == EV_NONE ? FLX_NONE : l->to_rec[newer];
	}
	l->to_rec[id] = l->rec->n++;
	l->pos[e->thread]++;
	if (e->kind == EV_READ && (e->flags & EVF_RMW) && e->idx + 1 < g->tn[e->thread]) {
		int w = g->tev[e->thread][e->idx + 1];

		f->kind = FLX_RMW;
		f->wval = g->ev[w].wval;
		l->to_rec[w] = l->rec->n - 1;
		l->pos[e->thread]++;
	}
}

/* G with smp_mb() and the like put after event @after[i]; is it still allowed? */
struct extra {
	int after;
	enum fl_fence kind;
};

static bool allowed_with(const struct ev *ev, int n, int late, const struct extra *x, int nx,
			 const struct flx_options *o, struct graph *scratch)
{
	static struct ev buf[EV_CAP + 4];
	static int16_t map[EV_CAP];
	int at[FLX_MAX_THREADS] = { 0 }, m = 0;

	for (int i = 0; i < n; i++) {
		map[i] = m++;
		for (int k = 0; k < nx; k++)
			m += x[k].after == i;
	}
	for (int i = 0; i < n; i++) {
		struct ev *d = &buf[map[i]];

		*d = ev[i];
		/* What its thread loads later would be a second reason: taken out, as if it waited. */
		if (d->kind == EV_READ && d->thread == ev[late].thread && d->idx > ev[late].idx &&
		    !(d->flags & EVF_RMW))
			d->flags |= EVF_BLOCKED;
		d->rf = d->rf >= 0 ? map[d->rf] : d->rf;
		d->co_prev = d->co_prev >= 0 ? map[d->co_prev] : d->co_prev;
		d->co_next = d->co_next >= 0 ? map[d->co_next] : d->co_next;
		d->addr_dep = d->addr_dep >= 0 ? map[d->addr_dep] : d->addr_dep;
		for (int k = 0, j = 1; k < nx; k++)
			if (x[k].after == i) {
				static struct label none;

				buf[map[i] + j] = (struct ev){
					.op = &none,
					.kind = EV_FENCE,
					.fence = x[k].kind,
					.thread = ev[i].thread,
					.rf = EV_NONE,
					.addr_dep = EV_NONE,
				};
				j++;
			}
	}
	for (int i = 0; i < m; i++)
		buf[i].idx = at[buf[i].thread]++;
	graph_load(scratch, buf, m);
	return model_consistent(scratch, o->model, o->mutant, true);
}

static const char *const fence_text[] = {
	[FL_FENCE_MB] = "smp_mb()",
	[FL_FENCE_RMB] = "smp_rmb()",
	[FL_FENCE_WMB] = "smp_wmb()",
	[FL_FENCE_C11_ACQUIRE] = "acquire fence",
	[FL_FENCE_C11_RELEASE] = "release fence",
	[FL_FENCE_C11_SEQ_CST] = "seq_cst fence",
};

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* Of a long call the name alone. */
static int name_length(const char *text)
{
	size_t n = strlen(text), call = strcspn(text, "(");

	return (int)(n <= 40 ? n : call < n && call <= 40 ? call : 40);
}

static void name_event(char *buf, size_t n, const struct ev *e)
{
	if (e->op->step && e->op->step->file)
		snprintf(buf, n, "%s (%s:%d)", e->op->step->label, base_name(e->op->step->file),
			 e->op->step->line);
	else if (e->op->step)
		snprintf(buf, n, "%s", e->op->step->label);
	else if (e->op->site && e->op->site->file)
		snprintf(buf, n, "%.*s%s (%s:%d)", name_length(e->op->site->text),
			 e->op->site->text,
			 e->op->site->text[name_length(e->op->site->text)] ? "(...)" : "",
			 base_name(e->op->site->file), e->op->site->line);
	else if (e->op->site)
		snprintf(buf, n, "%.30s", e->op->site->text);
	else
		snprintf(buf, n, "a plain %s", e->kind == EV_WRITE ? "store" : "load");
}

/* A place for a barrier: just before @after, the next access of interest behind @before. */
struct gap {
	int before, after;
};

/* Places between labelled steps (@steps; the late load counts as one) or between any accesses. */
static int find_gaps(const struct graph *g, int late, bool steps, struct gap *gap, int max)
{
	int n = 0;

	for (int t = 0; t < g->nthreads; t++) {
		int last = EV_NONE;

		for (int i = 0; i < g->tn[t]; i++) {
			int id = g->tev[t][i];
			const struct ev *e = &g->ev[id];

			if (e->kind > EV_WRITE || (e->flags & EVF_BLOCKED))
				continue;
			if (steps ? !e->op->step && id != late : !conflicts(g, e))
				continue;
			/* A barrier after the late load would come too late. */
			if (t == g->ev[late].thread && i > g->ev[late].idx)
				break;
			/* Nothing goes into a step or between the halves of a read-modify-write. */
			if (last != EV_NONE && n < max &&
			    !(steps && e->op->step && g->ev[last].op->step == e->op->step) &&
			    !((g->ev[last].flags & EVF_RMW) && g->ev[last].kind == EV_READ))
				gap[n++] = (struct gap){ last, id };
			last = id;
		}
	}
	return n;
}

static struct extra barrier_in(const struct graph *g, const struct gap *p, enum fl_fence kind)
{
	return (struct extra){ graph_po_prev(g, p->after), kind };
}

static int describe_gap(const struct graph *g, const struct gap *p, enum fl_fence kind, char *buf,
			size_t n)
{
	char a[96], b[96];

	name_event(a, sizeof(a), &g->ev[p->before]);
	name_event(b, sizeof(b), &g->ev[p->after]);
	return snprintf(buf, n, "%s%d has no %s between %s and %s",
			program->ordinary ? "thread " : "CPU", g->ev[p->before].thread,
			fence_text[kind], a, b);
}

#define MAX_GAPS 48

#define FULL 2 /* of the three kinds: the strongest */

struct question {
	const struct graph *g;
	const struct flx_options *o;
	struct graph *scratch;
	const enum fl_fence *kinds;
	int late;
	struct gap gap[MAX_GAPS];
	int n;
};

/* The barriers that a program for the model can have, weakest first. */
static const enum fl_fence *kinds_of(enum flx_model model)
{
	static const enum fl_fence kernel[] = { FL_FENCE_RMB, FL_FENCE_WMB, FL_FENCE_MB };
	static const enum fl_fence c11[] = { FL_FENCE_C11_ACQUIRE, FL_FENCE_C11_RELEASE,
					     FL_FENCE_C11_SEQ_CST };

	return model == FLX_RC11 ? c11 : kernel;
}

/* One barrier that would forbid the execution; the weakest kind, nearest before the late load. */
static bool explain_by_one(struct question *q, char *why, size_t size)
{
	for (int k = 0; k < 3; k++) {
		int best = -1;

		if (q->o->model == FLX_TSO && k != FULL)
			continue;
		for (int i = 0; i < q->n; i++) {
			struct extra x = barrier_in(q->g, &q->gap[i], q->kinds[k]);

			if (allowed_with(q->g->ev, q->g->n, q->late, &x, 1, q->o, q->scratch))
				continue;
			if (best < 0 ||
			    q->g->ev[q->gap[i].before].thread == q->g->ev[q->late].thread)
				best = i;
		}
		if (best >= 0) {
			describe_gap(q->g, &q->gap[best], q->kinds[k], why, size);
			return true;
		}
	}
	return false;
}

/* The weakest kinds for a pair of places that the strongest at both would do for. */
static void weaken(struct question *q, struct extra x[2])
{
	for (int a = 0; a < 9; a++) {
		struct extra y[2] = { { x[0].after, q->kinds[a / 3] },
				      { x[1].after, q->kinds[a % 3] } };

		if (!allowed_with(q->g->ev, q->g->n, q->late, y, 2, q->o, q->scratch)) {
			x[0] = y[0];
			x[1] = y[1];
			return;
		}
	}
}

/* Two barriers, in two threads: neither alone is enough. */
static bool explain_by_two(struct question *q, char *why, size_t size)
{
	for (int i = q->n - 1; i >= 0; i--)
		for (int j = i - 1; j >= 0; j--) {
			struct extra x[2] = { barrier_in(q->g, &q->gap[j], q->kinds[FULL]),
					      barrier_in(q->g, &q->gap[i], q->kinds[FULL]) };
			int used;

			if (q->g->ev[q->gap[i].before].thread == q->g->ev[q->gap[j].before].thread)
				continue;
			if (allowed_with(q->g->ev, q->g->n, q->late, x, 2, q->o, q->scratch))
				continue;
			weaken(q, x);
			used = describe_gap(q->g, &q->gap[j], x[0].kind, why, size);
			if (used > 0 && (size_t)used + 8 < size) {
				used += snprintf(why + used, size - used, ", ");
				describe_gap(q->g, &q->gap[i], x[1].kind, why + used, size - used);
			}
			return true;
		}
	return false;
}

/* A graph that shares nothing with @g but its locations, to put barriers into. */
static bool scratch_init(struct graph *s, const struct graph *g)
{
	if (graph_init(s))
		return false;
	s->nthreads = g->nthreads;
	return true;
}

/* Why could @late miss the newer store? First in terms of the steps, then of any accesses. */
static void explain(const struct graph *g, const struct flx_options *o, int late, char *why,
		    size_t size)
{
	struct graph scratch = { 0 };
	struct question q = {
		.g = g,
		.o = o,
		.scratch = &scratch,
		.kinds = kinds_of(o->model),
		.late = late,
	};
	bool found = false;

	why[0] = 0;
	if (o->model == FLX_SC || !scratch_init(&scratch, g)) {
		graph_free(&scratch);
		return;
	}
	for (int steps = 1; steps >= 0 && !found; steps--) {
		q.n = find_gaps(g, late, steps, q.gap, MAX_GAPS);
		found = explain_by_one(&q, why, size) || explain_by_two(&q, why, size);
	}
	graph_free(&scratch);
}

static bool labelled(const struct flx_event *e)
{
	return e->step && e->kind != FLX_FENCE;
}

/* The same thread was late for the same location already, or is so again at a labelled step. */
static bool late_again(const struct flx_record *r, int i)
{
	for (int k = 0; k < r->n; k++)
		if (k != i && r->ev[k].thread == r->ev[i].thread && r->ev[k].newer != FLX_NONE &&
		    r->ev[k].addr == r->ev[i].addr &&
		    (labelled(&r->ev[k]) || (k < i && r->ev[k].relevant)))
			return true;
	return false;
}

/*
 * What a reader needs: the labelled steps, loads that see another thread's store or miss a newer
 * one, these stores, races, waits, and the barriers between them.
 */
static void mark_relevant(struct flx_record *r)
{
	for (int i = 0; i < r->n; i++) {
		struct flx_event *e = &r->ev[i];
		bool across = e->rf >= 0 && r->ev[e->rf].thread != e->thread;

		e->relevant |= labelled(e) || e->blocked || i == r->racing[0] || i == r->racing[1];
		if (e->newer != FLX_NONE && !late_again(r, i)) {
			e->relevant = true;
			r->ev[e->newer].relevant = true;
		}
		if (across) {
			e->relevant = true;
			r->ev[e->rf].relevant = true;
		}
	}
	for (int i = 0; i < r->n; i++) {
		struct flx_event *e = &r->ev[i];
		bool before = false, after = false;

		if (e->kind != FLX_FENCE || e->fence >= FL_FENCE_BARRIER)
			continue;
		for (int k = 0; k < r->n; k++)
			if (r->ev[k].thread == e->thread && r->ev[k].kind != FLX_FENCE &&
			    r->ev[k].relevant) {
				before |= k < i;
				after |= k > i;
			}
		e->relevant = before && after;
	}
}

/* The late load that a reader looks at first: a labelled one. */
static int main_late_load(const struct flx_record *r)
{
	int found = -1;

	for (int i = 0; i < r->n; i++) {
		if (r->ev[i].newer == FLX_NONE || !r->ev[i].relevant)
			continue;
		if (found < 0 || (labelled(&r->ev[i]) && !labelled(&r->ev[found])))
			found = i;
	}
	return found;
}

struct flx_record *record_create(const struct graph *g, const struct flx_options *o,
				 const int racing[2])
{
	struct layout l = { .g = g };
	int last = -1;

	l.rec = calloc(1, sizeof(*l.rec));
	l.to_rec = malloc(sizeof(int) * (g->n + 1));
	if (l.rec)
		l.rec->ev = calloc(g->n + 1, sizeof(*l.rec->ev));
	if (!l.rec || !l.to_rec || !l.rec->ev) {
		free(l.to_rec);
		flx_record_free(l.rec);
		return NULL;
	}
	for (int i = 0; i < g->n; i++)
		l.to_rec[i] = EV_NONE;
	while ((last = choose_thread(&l, last)) >= 0)
		fill(&l, g->tev[last][l.pos[last]]);
	for (int i = 0; i < g->n; i++)
		if (g->ev[i].kind == EV_WRITE && g->ev[i].co_prev >= 0 && l.to_rec[i] >= 0)
			l.rec->ev[l.to_rec[i]].co_after = l.to_rec[g->ev[i].co_prev];
	for (int k = 0; k < 2; k++)
		l.rec->racing[k] = racing[k] >= 0 ? l.to_rec[racing[k]] : -1;
	mark_relevant(l.rec);
	last = main_late_load(l.rec);
	for (int i = 0; i < g->n && last >= 0; i++)
		if (l.to_rec[i] == last && g->ev[i].kind == EV_READ) {
			explain(g, o, i, l.rec->ev[last].why, sizeof(l.rec->ev[last].why));
			break;
		}
	free(l.to_rec);
	return l.rec;
}

void flx_record_free(struct flx_record *r)
{
	if (!r)
		return;
	free(r->ev);
	free(r);
}
