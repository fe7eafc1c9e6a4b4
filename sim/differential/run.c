// SPDX-License-Identifier: MIT
/*
 * run.c - see run.h.
 *
 * A difference is believed only if it shows itself three times: the host may have had a reason of its own, as to fault once more, or
 * a reference to a page that it was moving.
 */
#include "run.h"

#include "settings.h"

#include <string.h>
#include <unistd.h>

#define TRIES 3

void state_begin(struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->alive[0] = true;
}

static bool is_uffd(enum op op)
{
	return op >= OP_UFFD_OPEN && op <= OP_UFFD_WRITEPROTECT;
}

const char *state_refuses(const struct state *s, const struct step *step)
{
	if (step->process >= 0 && !s->alive[step->process])
		return "the process that would make it is not there";
	if (op_has_field(step->op, F_PROCESS) && !s->alive[step->v[F_PROCESS]])
		return "the process that it is about is not there";
	if (step->op == OP_FORK && s->alive[step->v[F_CHILD]])
		return "the child is there already";
	if (step->op == OP_UFFD_OPEN && s->uffd[step->process])
		return "the process has a userfaultfd already";
	if (step->op != OP_UFFD_OPEN && is_uffd(step->op) && !s->uffd[step->process])
		return "the process has no userfaultfd";
	if (step->op == OP_PIN && s->pinned[step->v[F_BUFFER]])
		return "the buffer has pages already";
	if ((step->op == OP_PIN_READ || step->op == OP_PIN_WRITE) &&
	    step->v[F_PAGE] >= s->pinned[step->v[F_BUFFER]])
		return "the buffer has no such page";
	if (step->op == OP_UNPIN && !s->pinned[step->v[F_BUFFER]])
		return "the buffer has no pages";
	return NULL;
}

void state_after(struct state *s, const struct step *step, const struct result *r)
{
	if (r->err)
		return;
	if (step->op == OP_FORK)
		s->alive[step->v[F_CHILD]] = true;
	if (step->op == OP_FORK)
		s->uffd[step->v[F_CHILD]] = false;
	if (step->op == OP_EXIT)
		s->alive[step->process] = s->uffd[step->process] = false;
	if (step->op == OP_UFFD_OPEN || step->op == OP_UFFD_CLOSE)
		s->uffd[step->process] = step->op == OP_UFFD_OPEN;
	if (step->op == OP_PIN)
		s->pinned[step->v[F_BUFFER]] = step->v[F_PAGES];
	if (step->op == OP_UNPIN)
		s->pinned[step->v[F_BUFFER]] = 0;
}

unsigned int see_of(const struct abilities *a)
{
	bool frames = a->has[ABLE_FRAMES];

	return (a->has[ABLE_KSM] ? SEE_KSM : 0u) | (a->has[ABLE_SWAP] ? SEE_SWAP : 0u) |
	       (frames ? SEE_FRAMES : 0u) | (frames && a->has[ABLE_FLAGS] ? SEE_REPLACED : 0u) |
	       (a->has[ABLE_FLAGS] ? SEE_FLAGS : 0u) | (a->has[ABLE_MAPCOUNT] ? SEE_MAPCOUNT : 0u);
}

static bool is_pageout(const struct step *step)
{
	return step->op == OP_MADVISE && step->v[F_ADVICE] == ADVICE_PAGEOUT;
}

/*
 * Shared memory goes to swap on the host, and KSM's pages that one entry maps: the simulator has none of that. Looked up in what the
 * host has: a generator's idea of it is a rough one. Why not, or NULL.
 */
static const char *pages_out_more(const struct sides *s, const struct step *step)
{
	uint64_t from = step->v[F_PAGE], to = from + step->v[F_PAGES];
	const struct process_view *p;

	if (!is_pageout(step))
		return NULL;
	if (!(s->see & SEE_SWAP))
		return "there is no swap of this run's own";
	p = &s->host_view.process[step->process];
	for (uint32_t i = 0; i < p->nr_vmas; i++)
		if (p->vma[i].file && p->vma[i].start < to && p->vma[i].end > from)
			return "shared memory goes to swap on hosts alone";
	for (uint64_t page = from; page < to; page++)
		if (p->page[page].flags & V_KSM)
			return "a page of KSM's goes to swap on hosts alone";
	return NULL;
}

/* Why @step is made on neither side, or NULL. */
static const char *leaves_out(const struct sides *s, const struct state *state,
			      const struct step *step)
{
	const char *why = state_refuses(state, step);

	if (!why)
		why = pages_out_more(s, step);
	if (!why && step->op == OP_KSM_SCAN && !(s->see & SEE_KSM))
		why = "KSM is not for this run to use";
	return why;
}

/* The host's part is done. */
static bool our_step_agrees(struct sides *s, const struct step *step)
{
	ours_step(&s->ours, step, &s->our_result);
	ours_look(&s->ours, &s->our_view);
	view_note_replaced(&s->our_view, &s->our_memory, step);
	view_rename(&s->our_view, s->see);
	return compare(&s->host_result, &s->our_result, &s->host_view, &s->our_view);
}

static enum verdict run_steps(struct sides *s, const struct script *script, unsigned int *at,
			      uint64_t *steps)
{
	struct state state;

	state_begin(&state);
	if (host_begin(s->host) != HOST_OK || ours_begin(&s->ours))
		return BROKEN;
	for (*at = 0; *at < script->n; ++*at) {
		const struct step *step = &script->step[*at];
		enum host_end end;

		s->left_out[*at] = leaves_out(s, &state, step);
		if (s->left_out[*at])
			continue;
		++*steps;
		end = host_step(s->host, step, &s->host_result, &s->host_view);
		if (end == HOST_OK && is_pageout(step))
			host_wait_for_swap(s->host,
					   &s->host_memory.frame[step->process][step->v[F_PAGE]],
					   step->v[F_PAGES]);
		if (end != HOST_OK)
			return end == HOST_HANG ? HANGS : BROKEN;
		view_note_replaced(&s->host_view, &s->host_memory, step);
		view_rename(&s->host_view, s->see);
		if (s->log)
			log_step(s->log, step, &s->host_result, &s->host_view);
		if (!our_step_agrees(s, step))
			return DIFFERS;
		state_after(&state, step, &s->host_result);
	}
	return SAME;
}

static void forget(struct sides *s)
{
	memset(&s->host_view, 0, sizeof(s->host_view));
	memset(&s->our_view, 0, sizeof(s->our_view));
	memset(&s->host_memory, 0, sizeof(s->host_memory));
	memset(&s->our_memory, 0, sizeof(s->our_memory));
}

/* ksmd looks at all mergeable memory that there is: one sequence at a time has some. */
static bool has_mergeable(const struct script *script)
{
	for (unsigned int i = 0; i < script->n; i++)
		if (script->step[i].op == OP_KSM_SCAN ||
		    (script->step[i].op == OP_MADVISE &&
		     script->step[i].v[F_ADVICE] == ADVICE_MERGEABLE))
			return true;
	return false;
}

enum verdict run_script(struct sides *s, const struct script *script, unsigned int *at,
			uint64_t *steps)
{
	enum verdict verdict = SAME;
	int lock = s->see & SEE_KSM && has_mergeable(script) ? ksm_lock() : -1;

	/* Not before it is our turn. */
	alarm(s->limit);
	for (int i = 0; i < TRIES; i++) {
		forget(s);
		if (s->log) {
			rewind(s->log_file);
			if (i && ftruncate(fileno(s->log_file), 0)) {
				verdict = BROKEN;
				break;
			}
			log_begin(s->log, s->log_file, s->release, s->see);
		}
		verdict = run_steps(s, script, at, steps);
		host_end(s->host);
		ours_end(&s->ours);
		if (verdict == SAME || verdict == HANGS)
			break;
	}
	ksm_unlock(lock);
	return verdict;
}

static enum verdict run_log_steps(struct sides *s, struct log_reader *log, struct script *script,
				  uint64_t *steps)
{
	if (ours_begin(&s->ours))
		return BROKEN;
	for (script->n = 0; script->n < MAX_STEPS; ++*steps) {
		struct step *step = &script->step[script->n];
		enum log_end end = log_next(log, step, &s->host_result, &s->host_view);

		if (end != LOG_STEP)
			return end == LOG_OVER ? SAME : BROKEN;
		script->n++;
		if (!our_step_agrees(s, step))
			return DIFFERS;
	}
	return SAME;
}

enum verdict run_log(struct sides *s, struct log_reader *log, struct script *script,
		     unsigned int *at, uint64_t *steps)
{
	enum verdict verdict;

	forget(s);
	s->see = log->see;
	s->ours.swap = s->see & SEE_SWAP;
	verdict = run_log_steps(s, log, script, steps);
	*at = script->n ? script->n - 1 : 0;
	ours_end(&s->ours);
	return verdict;
}
