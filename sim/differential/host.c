// SPDX-License-Identifier: MIT
/*
 * host.c - the harness of the processes under test: starts them, hands out steps, ends them.
 *
 * All run on one CPU, this process too: a step is then two switches, and no CPU has to be waken. Calls that belong to no process
 * (cutting a file, reading a pipe) are made here.
 */
#define _GNU_SOURCE /* memfd_create(), pipe2(), fallocate() */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host_area.h"
#include "host_frames.h"
#include "host_lru.h"
#include "host_pin.h"
#include "settings.h"

#define STEP_SECONDS 10
#define POLL_MS 100

struct host {
	struct area *area;
	struct frames frames;
	const struct abilities *abilities;
	pid_t pid[PROCESSES]; /* 0: none */
	bool pinned[NR_BUFFERS];
	uint64_t pinned_at[NR_BUFFERS];
	struct pin_queue queue[NR_BUFFERS];
};

static int open_if(bool able, const char *name)
{
	return able ? open(name, O_RDONLY | O_CLOEXEC) : -1;
}

static void forget_files(struct area *a)
{
	for (int i = 0; i < NR_FILES; i++)
		a->file[i] = -1;
	for (int i = 0; i < NR_PIPES; i++)
		a->pipe_in[i] = a->pipe_out[i] = -1;
}

struct host *host_create(const struct abilities *abilities)
{
	struct host *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->abilities = abilities;
	h->area = mmap(NULL, sizeof(*h->area), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (h->area == MAP_FAILED) {
		free(h);
		return NULL;
	}
	forget_files(h->area);
	h->frames.flags = open_if(abilities->has[ABLE_FLAGS], "/proc/kpageflags");
	h->frames.count = open_if(abilities->has[ABLE_MAPCOUNT], "/proc/kpagecount");
	for (int i = 0; i < NR_BUFFERS; i++) {
		h->area->ring[i] = abilities->has[ABLE_PIN] ? pin_ring() : -1;
		pin_queue_open(&h->queue[i], h->area->ring[i]);
	}
	return h;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

void host_destroy(struct host *h)
{
	host_end(h);
	close_if(h->frames.flags);
	close_if(h->frames.count);
	for (int i = 0; i < NR_BUFFERS; i++) {
		pin_queue_close(&h->queue[i]);
		close_if(h->area->ring[i]);
	}
	munmap(h->area, sizeof(*h->area));
	free(h);
}

/* ---- waiting for a child ---- */

static bool has_died(struct host *h, int i)
{
	if (waitpid(h->pid[i], NULL, WNOHANG) != h->pid[i])
		return false;
	h->pid[i] = 0;
	return true;
}

/* Until it has carried out what it was told and has looked at itself. */
static enum host_end wait_for(struct host *h, int i, uint32_t done)
{
	struct slot *slot = &h->area->slot[i];
	int left = STEP_SECONDS * 1000;
	uint32_t now;

	while ((now = atomic_load(&slot->done)) != done) {
		futex_wait(&slot->done, now, POLL_MS);
		if (atomic_load(&slot->done) == done)
			break;
		left -= POLL_MS;
		if (has_died(h, i))
			return HOST_BROKEN;
		if (left <= 0)
			return HOST_HANG;
	}
	return HOST_OK;
}

static uint32_t tell(struct host *h, int i, const struct step *step)
{
	struct slot *slot = &h->area->slot[i];
	uint32_t done = atomic_load(&slot->done);

	if (step)
		slot->step = *step;
	else
		slot->step.op = NR_OPS;
	atomic_store(&slot->go, done);
	futex_wake(&slot->go);
	return done + 1;
}

/* ---- a sequence ---- */

static bool open_files(struct area *a)
{
	bool ok = true;

	for (int i = 0; i < NR_FILES; i++) {
		a->file[i] = memfd_create("differential", MFD_CLOEXEC);
		ok &= a->file[i] >= 0 && !ftruncate(a->file[i], (off_t)(FILE_PAGES * PAGE));
	}
	for (int i = 0; i < NR_PIPES; i++) {
		int fd[2] = { -1, -1 };

		ok &= !pipe2(fd, O_CLOEXEC | O_NONBLOCK);
		a->pipe_out[i] = fd[0];
		a->pipe_in[i] = fd[1];
	}
	return ok;
}

static void close_files(struct area *a)
{
	for (int i = 0; i < NR_FILES; i++)
		close_if(a->file[i]);
	for (int i = 0; i < NR_PIPES; i++) {
		close_if(a->pipe_in[i]);
		close_if(a->pipe_out[i]);
	}
}

enum host_end host_begin(struct host *h)
{
	struct area *a = h->area;

	for (int i = 0; i < PROCESSES; i++)
		a->slot[i].go = a->slot[i].done = 0;
	a->paged_out = false;
	if (!open_files(a))
		return HOST_BROKEN;
	h->pid[0] = fork();
	if (!h->pid[0])
		child_run(a, 0);
	if (h->pid[0] < 0) {
		h->pid[0] = 0;
		return HOST_BROKEN;
	}
	return wait_for(h, 0, 1);
}

static void unpin(struct host *h, unsigned int i)
{
	if (h->pinned[i])
		pin_unregister(h->area->ring[i]);
	h->pinned[i] = false;
}

void host_end(struct host *h)
{
	for (int i = 0; i < PROCESSES; i++) {
		if (!h->pid[i])
			continue;
		kill(h->pid[i], SIGKILL);
		while (waitpid(h->pid[i], NULL, 0) < 0 && errno == EINTR)
			;
		h->pid[i] = 0;
	}
	for (unsigned int i = 0; i < NR_BUFFERS; i++)
		unpin(h, i);
	close_files(h->area);
	forget_files(h->area);
}

/* A page that is being written can't be taken out of the swap cache, so that it would be copied and not reused. */
void host_wait_for_swap(struct host *h, const uint64_t *frames, uint64_t n)
{
	for (int left = 20000; left && frames_written(&h->frames, frames, n); left--)
		nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
}

/* ---- calls of nobody in particular ---- */

static void set_error(struct result *r, int failed)
{
	r->ret = failed ? -1 : 0;
	r->err = failed ? errno : 0;
}

static void read_pipe(struct host *h, struct result *r, const struct step *s)
{
	static uint64_t words[512];
	ssize_t n = read(h->area->pipe_out[s->v[F_PIPE]], words, sizeof(words));

	set_error(r, n != (ssize_t)sizeof(words));
	for (unsigned int i = 0; n == (ssize_t)sizeof(words) && i < WORDS; i++)
		r->word[r->nr_words++] = words[WORD_INDEX(i)];
}

/* What a device does. */
static void move_pinned(struct host *h, struct result *r, const struct step *s)
{
	uint64_t i = s->v[F_BUFFER], word = s->v[F_VALUE];
	uint64_t at = h->pinned_at[i] + s->v[F_PAGE] * PAGE + 8 * WORD_INDEX(s->v[F_WORD]);

	r->err = pin_word(&h->queue[i], at, s->op == OP_PIN_WRITE, &word);
	r->ret = r->err ? -1 : 0;
	if (!r->err && s->op == OP_PIN_READ)
		r->word[r->nr_words++] = word;
}

static enum host_end run_own(struct host *h, struct result *r, const struct step *s)
{
	switch (s->op) {
	case OP_PIPE_READ:
		read_pipe(h, r, s);
		break;
	case OP_PIN_READ:
	case OP_PIN_WRITE:
		move_pinned(h, r, s);
		break;
	case OP_UNPIN:
		unpin(h, (unsigned int)s->v[F_BUFFER]);
		break;
	case OP_PUNCH:
		set_error(r,
			  fallocate(h->area->file[s->v[F_FILE]],
				    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    (off_t)(s->v[F_OFFSET] * PAGE), (off_t)(s->v[F_PAGES] * PAGE)));
		break;
	case OP_TRUNCATE:
		set_error(r, ftruncate(h->area->file[s->v[F_FILE]], (off_t)(s->v[F_SIZE] * PAGE)));
		break;
	case OP_KSM_SCAN:
		if (!ksm_pass()) /* not in time, or not one: nothing to do with the calls */
			return HOST_BROKEN;
		r->err = 0;
		drain_all_lru(); /* ksmd's, of the pages that it made */
		break;
	default:
		break;
	}
	return HOST_OK;
}

/* ---- calls of a process ---- */

static enum host_end run_exit(struct host *h, int i)
{
	int looks = 0;

	tell(h, i, &(struct step){ .op = OP_EXIT });
	for (; waitpid(h->pid[i], NULL, WNOHANG) != h->pid[i]; looks++) {
		if (looks > STEP_SECONDS * 1000)
			return HOST_HANG;
		/* At once, as a rule. */
		nanosleep(&(struct timespec){ .tv_nsec = looks < 500 ? 20000 : 1000000 }, NULL);
	}
	h->pid[i] = 0;
	return HOST_OK;
}

static enum host_end run_fork(struct host *h, const struct step *s)
{
	struct slot *slot = &h->area->slot[s->process];
	int child = (int)s->v[F_CHILD];
	enum host_end end;
	uint32_t done;

	h->area->slot[child].go = h->area->slot[child].done = 0;
	slot->made = -1;
	done = tell(h, s->process, s);
	end = wait_for(h, s->process, done);
	if (slot->made > 0)
		h->pid[child] = slot->made;
	if (end == HOST_OK && h->pid[child])
		end = wait_for(h, child, 1);
	return end;
}

static enum host_end run_step(struct host *h, struct result *r, const struct step *s)
{
	struct slot *slot;
	enum host_end end;

	*r = (struct result){ .faults = -1, .at = -1 };
	if (s->op == OP_MADVISE && s->v[F_ADVICE] == ADVICE_PAGEOUT)
		h->area->paged_out = true;
	if (!op_has_process(s->op))
		return run_own(h, r, s);
	if (s->op == OP_EXIT)
		return run_exit(h, s->process);
	slot = &h->area->slot[s->process];
	slot->other = op_has_field(s->op, F_PROCESS) ? h->pid[s->v[F_PROCESS]] : 0;
	if (s->op == OP_FORK)
		end = run_fork(h, s);
	else
		end = wait_for(h, s->process, tell(h, s->process, s));
	*r = slot->result;
	if (s->op == OP_PIN && !r->err) {
		h->pinned[s->v[F_BUFFER]] = true;
		h->pinned_at[s->v[F_BUFFER]] = WINDOW + s->v[F_PAGE] * PAGE;
	}
	return end;
}

enum host_end host_step(struct host *h, const struct step *step, struct result *result,
			struct view *view)
{
	enum host_end end = run_step(h, result, step);
	bool looked = op_has_process(step->op) && step->op != OP_EXIT;

	for (int i = 0; i < PROCESSES && end == HOST_OK; i++) {
		view->process[i].alive = h->pid[i] != 0;
		if (!h->pid[i])
			continue;
		/* Who made the call has looked already. */
		if (!(looked && i == step->process))
			end = wait_for(h, i, tell(h, i, NULL));
		frames_take(&view->process[i], &h->area->slot[i].raw);
	}
	if (end == HOST_OK)
		frames_look(&h->frames, view);
	return end;
}
