// SPDX-License-Identifier: MIT
/*
 * host_child.c - a process under test: waits for a step, makes the call, looks at itself.
 *
 * What is its own lies far from the window. What an access needs is touched before its faults are counted: after a
 * fork all memory of a process is to be copied or mapped again.
 */
#define _GNU_SOURCE /* clone flags, mremap(), vmsplice() */
#include "host_area.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "host_lru.h"
#include "host_pin.h"
#include "host_uffd.h"

#define MREMAP_DONTUNMAP_FLAG 4
#ifndef MADV_COLD
#define MADV_COLD 20
#endif

static sigjmp_buf jump;
static volatile siginfo_t got;
static uint64_t own_page[512] __attribute__((aligned(4096)));
static char bytes[WINDOW_PAGES * PAGE];

void futex_wait(_Atomic uint32_t *at, uint32_t old, int milliseconds)
{
	struct timespec limit = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	syscall(SYS_futex, at, FUTEX_WAIT, old, milliseconds < 0 ? NULL : &limit, NULL, 0);
}

void futex_wake(_Atomic uint32_t *at)
{
	syscall(SYS_futex, at, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static uint64_t address(uint64_t page)
{
	return WINDOW + page * PAGE;
}

static void *pointer(uint64_t page)
{
	return (void *)(uintptr_t)address(page);
}

static void set_error(struct result *r, int failed)
{
	r->ret = failed ? -1 : 0;
	r->err = failed ? errno : 0;
}

/* ---- accesses ---- */

static void on_signal(int number, siginfo_t *info, void *context)
{
	got.si_signo = number;
	got.si_code = info->si_code;
	got.si_addr = info->si_addr;
	siglongjmp(jump, 1);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal };

	action.sa_flags = (int)(SA_SIGINFO | SA_NODEFER);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static long faults(struct rusage *use)
{
	getrusage(RUSAGE_THREAD, use);
	return use->ru_minflt + use->ru_majflt;
}

/* One load or store; its signal or its faults. */
static void do_access(struct result *r, volatile uint64_t *at, bool write, uint64_t value)
{
	static volatile long before, after;
	static volatile uint64_t word; /* setjmp() may lose a local one */
	static struct rusage use;

	word = value;
	got.si_signo = 0;
	after = 0;
	if (!sigsetjmp(jump, 0)) {
		before = faults(&use);
		before = faults(&use);
		if (write)
			*at = word;
		else
			word = *at;
		after = faults(&use);
		r->faults = (int)(after - before);
		if (!write)
			r->word[r->nr_words++] = word;
		return;
	}
	r->ret = -1;
	r->signo = got.si_signo;
	r->code = got.si_code;
	r->at = (int)(((uint64_t)(uintptr_t)got.si_addr - WINDOW) / PAGE);
}

static void do_word(struct result *r, const struct step *s)
{
	volatile uint64_t *at = pointer(s->v[F_PAGE]);

	do_access(r, at + WORD_INDEX(s->v[F_WORD]), s->op == OP_WRITE, s->v[F_VALUE]);
}

/* So that all that an access needs is there. */
static void warm_up(void)
{
	static struct result r;

	memset(&r, 0, sizeof(r));
	do_access(&r, own_page, true, 1);
	do_access(&r, own_page, false, 0);
}

/* ---- mappings ---- */

/* Mapped elsewhere: nobody would look there. */
static void set_place(struct result *r, void *at, uint64_t pages)
{
	uint64_t addr = (uint64_t)(uintptr_t)at;

	if (at == MAP_FAILED) {
		set_error(r, 1);
		return;
	}
	if (addr >= WINDOW && addr < address(WINDOW_PAGES)) {
		r->ret = (int64_t)((addr - WINDOW) / PAGE);
		return;
	}
	r->ret = OUTSIDE;
	munmap(at, pages * PAGE);
}

static int host_prot(uint64_t prot)
{
	return (prot & PROT_R ? PROT_READ : 0) | (prot & PROT_W ? PROT_WRITE : 0);
}

static void do_mmap(struct result *r, const struct area *area, const struct step *s)
{
	bool file = s->v[F_KIND] == KIND_MEMFD || s->v[F_KIND] == KIND_MEMFD_PRIVATE;
	bool shared = s->v[F_KIND] == KIND_MEMFD || s->v[F_KIND] == KIND_SHARED;
	int flags = shared ? MAP_SHARED : MAP_PRIVATE;

	if (!file)
		flags |= MAP_ANONYMOUS;
	if (s->v[F_MAP] & MAPS_FIXED)
		flags |= MAP_FIXED;
	if (s->v[F_MAP] & MAPS_NOREPLACE)
		flags |= MAP_FIXED_NOREPLACE;
	if (s->v[F_MAP] & MAPS_POPULATE)
		flags |= MAP_POPULATE;
	if (s->v[F_MAP] & MAPS_NORESERVE)
		flags |= MAP_NORESERVE;
	set_place(r,
		  mmap(pointer(s->v[F_PAGE]), s->v[F_PAGES] * PAGE, host_prot(s->v[F_PROT]), flags,
		       file ? area->file[s->v[F_FILE]] : -1,
		       file ? (off_t)(s->v[F_OFFSET] * PAGE) : 0),
		  s->v[F_PAGES]);
}

static void do_mremap(struct result *r, const struct step *s)
{
	int flags = 0;

	if (s->v[F_REMAP] & REMAP_MAYMOVE)
		flags |= MREMAP_MAYMOVE;
	if (s->v[F_REMAP] & REMAP_FIXED)
		flags |= MREMAP_FIXED;
	if (s->v[F_REMAP] & REMAP_DONTUNMAP)
		flags |= MREMAP_DONTUNMAP_FLAG;
	set_place(r,
		  mremap(pointer(s->v[F_PAGE]), s->v[F_PAGES] * PAGE, s->v[F_NEW] * PAGE, flags,
			 pointer(s->v[F_TO])),
		  s->v[F_NEW]);
}

/* ---- processes ---- */

static void do_fork(struct result *r, struct area *area, struct slot *slot, const struct step *s)
{
	int child = (int)s->v[F_CHILD];
	long pid = syscall(SYS_clone, CLONE_PARENT | (unsigned long)SIGCHLD, 0, NULL, NULL, 0);

	if (!pid)
		child_run(area, child);
	slot->made = (pid_t)pid;
	set_error(r, pid < 0);
}

static void do_vmsplice(struct result *r, const struct area *area, const struct step *s)
{
	struct iovec part = { pointer(s->v[F_PAGE]), s->v[F_PAGES] * PAGE };
	ssize_t n = vmsplice(area->pipe_in[s->v[F_PIPE]], &part, 1, SPLICE_F_NONBLOCK);

	set_error(r, n < 0);
	if (n >= 0)
		r->ret = (int64_t)((uint64_t)n / PAGE);
}

static void do_readv(struct result *r, const struct slot *slot, const struct step *s)
{
	struct iovec local = { bytes, s->v[F_PAGES] * PAGE };
	struct iovec remote = { pointer(s->v[F_PAGE]), s->v[F_PAGES] * PAGE };
	ssize_t n = process_vm_readv(slot->other, &local, 1, &remote, 1, 0);

	set_error(r, n < 0);
	if (n < 0)
		return;
	r->ret = n;
	for (uint64_t i = 0; i < (uint64_t)n / PAGE; i++)
		for (unsigned int w = 0; w < WORDS; w++)
			memcpy(&r->word[r->nr_words++], bytes + i * PAGE + 8 * WORD_INDEX(w), 8);
}

static uint64_t word_address(const struct step *s)
{
	return address(s->v[F_PAGE]) + 8 * WORD_INDEX(s->v[F_WORD]);
}

static void do_writev(struct result *r, const struct slot *slot, const struct step *s)
{
	uint64_t value = s->v[F_VALUE];
	struct iovec local = { &value, sizeof(value) };
	struct iovec remote = { (void *)(uintptr_t)word_address(s), sizeof(value) };
	ssize_t n = process_vm_writev(slot->other, &local, 1, &remote, 1, 0);

	set_error(r, n < 0);
	if (n >= 0)
		r->ret = n;
}

static void do_poke(struct result *r, const struct slot *slot, const struct step *s)
{
	uint64_t value = s->v[F_VALUE];
	char name[40];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/mem", slot->other);
	fd = open(name, O_RDWR | O_CLOEXEC);
	set_error(r, fd < 0 || pwrite(fd, &value, sizeof(value), (off_t)word_address(s)) != 8);
	if (fd >= 0)
		close(fd);
}

/* ---- the loop ---- */

static void run_step(struct area *area, struct slot *slot)
{
	const struct step *s = &slot->step;
	struct result *r = &slot->result;

	*r = (struct result){ .faults = -1, .at = -1 };
	switch (s->op) {
	case OP_MMAP:
		do_mmap(r, area, s);
		break;
	case OP_MUNMAP:
		set_error(r, munmap(pointer(s->v[F_PAGE]), s->v[F_PAGES] * PAGE));
		break;
	case OP_MPROTECT:
		set_error(r, mprotect(pointer(s->v[F_PAGE]), s->v[F_PAGES] * PAGE,
				      host_prot(s->v[F_PROT])));
		break;
	case OP_MREMAP:
		do_mremap(r, s);
		break;
	case OP_MADVISE:
		set_error(r, madvise(pointer(s->v[F_PAGE]), s->v[F_PAGES] * PAGE,
				     (int)s->v[F_ADVICE]));
		break;
	case OP_FORK:
		do_fork(r, area, slot, s);
		break;
	case OP_READ:
	case OP_WRITE:
		do_word(r, s);
		break;
	case OP_VMSPLICE:
		do_vmsplice(r, area, s);
		break;
	case OP_READV:
		do_readv(r, slot, s);
		break;
	case OP_WRITEV:
		do_writev(r, slot, s);
		break;
	case OP_POKE:
		do_poke(r, slot, s);
		break;
	case OP_PIN:
		set_error(r, pin_register(area->ring[s->v[F_BUFFER]], address(s->v[F_PAGE]),
					  s->v[F_PAGES] * PAGE));
		break;
	case OP_UFFD_OPEN:
	case OP_UFFD_CLOSE:
	case OP_UFFD_REGISTER:
	case OP_UFFD_UNREGISTER:
	case OP_UFFD_COPY:
	case OP_UFFD_ZEROPAGE:
	case OP_UFFD_CONTINUE:
	case OP_UFFD_WRITEPROTECT:
		set_error(r, uffd_step(s));
		break;
	case OP_EXIT:
		_exit(0);
	default:
		break;
	}
}

void child_run(struct area *area, int self)
{
	struct slot *slot = &area->slot[self];
	uint32_t done = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == 1)
		_exit(1);
	catch_signals();
	uffd_forget();
	child_look_begin();
	memset(bytes, 0, sizeof(bytes));
	warm_up();
	for (;;) {
		child_look(&slot->raw);
		atomic_store(&slot->done, ++done);
		futex_wake(&slot->done);
		while (atomic_load(&slot->go) != done)
			futex_wait(&slot->go, done - 1, -1);
		/* The end of a write to swap puts its page into a batch of the CPU that the disk interrupts. */
		if (area->paged_out)
			drain_all_lru();
		else
			drain_lru();
		run_step(area, slot);
	}
}
