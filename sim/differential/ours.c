// SPDX-License-Identifier: MIT
/* ours.c - see ours.h. One CPU, which switches to the process that makes the call. */
#include "ours.h"

#include <errno.h>
#include <string.h>

#define FRAMES 4096
#define SLOTS 2048

/* One page of a process of its own. */
static int make_aside(struct ours *o)
{
	int err = fl_mm_create(&o->aside, o->machine);

	return err ? err : fl_mmap_anon(&o->aside_page, o->aside, 1, FL_READ);
}

/*
 * Whether a TLB still has a translation from before, so that an access faults for nothing, is the hardware's affair. This one has
 * room for a single translation, which becomes another one's.
 */
static void forget_translations(struct ours *o, struct fl_mm *mm)
{
	uint64_t word;

	fl_switch_mm(o->cpu, o->aside);
	fl_load(&word, o->cpu, o->aside_page);
	fl_switch_mm(o->cpu, mm);
}

int ours_begin(struct ours *o)
{
	const struct fl_machine_config config = {
		.cpus = 1,
		.frames = FRAMES,
		.policy = o->policy,
		.no_oracles = 1,
		.fault_around = 16,
		.tlb_sets = 1,
		.tlb_ways = 1,
		.swap_slots = o->swap ? SLOTS : 0,
	};
	int err = fl_machine_create(&o->machine, &config);

	if (err)
		return err;
	o->cpu = fl_machine_cpu(o->machine, 0);
	err = fl_cpu_bind(o->cpu);
	if (!err)
		err = fl_mm_create(&o->mm[0], o->machine);
	if (!err)
		err = make_aside(o);
	for (int i = 0; i < NR_FILES && !err; i++)
		err = fl_file_create(&o->file[i], o->machine, FL_FILE_SHMEM, FILE_PAGES, FILE_MAX);
	for (int i = 0; i < NR_PIPES && !err; i++)
		err = fl_pipe_create(&o->pipe[i], o->machine, 0);
	return err;
}

/* The machine takes with it what is left. */
void ours_end(struct ours *o)
{
	if (!o->machine)
		return;
	fl_switch_mm(o->cpu, NULL);
	for (int i = 0; i < NR_BUFFERS; i++)
		if (o->buffer[i])
			fl_buffer_unregister(o->cpu, o->buffer[i]);
	for (int i = 0; i < PROCESSES; i++)
		fl_mm_destroy(o->mm[i]);
	fl_mm_destroy(o->aside);
	for (int i = 0; i < NR_PIPES; i++)
		fl_pipe_close(o->pipe[i]);
	for (int i = 0; i < NR_FILES; i++)
		fl_file_put(o->file[i]);
	fl_cpu_unbind(o->cpu);
	fl_machine_destroy(o->machine);
	*o = (struct ours){ .policy = o->policy, .swap = o->swap };
}

static fl_vaddr address(uint64_t page)
{
	return WINDOW + page * PAGE;
}

static fl_vaddr word_address(const struct step *s)
{
	return address(s->v[F_PAGE]) + FL_WORD_SIZE * WORD_INDEX(s->v[F_WORD]);
}

static void set_error(struct result *r, long err)
{
	r->ret = err < 0 ? -1 : 0;
	r->err = err < 0 ? (int)-err : 0;
}

/* A count, or an error. */
static void set_count(struct result *r, long n)
{
	set_error(r, n);
	if (n >= 0)
		r->ret = n;
}

/* ---- accesses ---- */

static uint64_t faults(const struct ours *o)
{
	struct fl_counters counters;

	fl_inspect_counters(&counters, o->machine);
	return counters.faults;
}

static void do_word(struct ours *o, struct result *r, const struct step *s)
{
	uint64_t word = 0, before;
	struct fl_signal signal;
	int err;

	forget_translations(o, o->mm[s->process]);
	before = faults(o);
	if (s->op == OP_WRITE)
		err = fl_store(o->cpu, word_address(s), s->v[F_VALUE]);
	else
		err = fl_load(&word, o->cpu, word_address(s));
	if (!err) {
		r->faults = (int)(faults(o) - before);
		if (s->op == OP_READ)
			r->word[r->nr_words++] = word;
		return;
	}
	r->ret = -1;
	if (err != -EFAULT && err != -EIO) {
		r->err = -err;
		return;
	}
	fl_last_signal(&signal, o->cpu);
	r->signo = signal.signo;
	r->code = signal.code;
	r->at = (int)((signal.addr - WINDOW) / PAGE);
}

/* ---- mappings ---- */

static unsigned int our_prot(uint64_t prot)
{
	return (prot & PROT_R ? FL_READ : 0u) | (prot & PROT_W ? FL_WRITE : 0u);
}

static void set_place(struct result *r, struct fl_mm *mm, int err, fl_vaddr addr, uint64_t pages)
{
	set_error(r, err);
	if (err)
		return;
	if (addr >= WINDOW && addr < address(WINDOW_PAGES)) {
		r->ret = (int64_t)((addr - WINDOW) / PAGE);
		return;
	}
	r->ret = OUTSIDE;
	fl_munmap(mm, addr, pages);
}

static void do_mmap(struct ours *o, struct result *r, struct fl_mm *mm, const struct step *s)
{
	uint64_t kind = s->v[F_KIND], how = s->v[F_MAP];
	bool file = kind == KIND_MEMFD || kind == KIND_MEMFD_PRIVATE;
	unsigned int flags = kind == KIND_MEMFD || kind == KIND_SHARED ? FL_MAP_SHARED : 0u;
	fl_vaddr addr = 0;
	int err;

	if (how & MAPS_FIXED)
		flags |= FL_MAP_FIXED;
	if (how & MAPS_NOREPLACE)
		flags |= FL_MAP_FIXED_NOREPLACE;
	if (how & MAPS_POPULATE)
		flags |= FL_MAP_POPULATE;
	if (how & MAPS_NORESERVE)
		flags |= FL_MAP_NORESERVE;
	err = fl_mmap(&addr, mm, address(s->v[F_PAGE]), s->v[F_PAGES], our_prot(s->v[F_PROT]),
		      flags, file ? o->file[s->v[F_FILE]] : NULL, file ? s->v[F_OFFSET] : 0);
	set_place(r, mm, err, addr, s->v[F_PAGES]);
}

static void do_mremap(struct result *r, struct fl_mm *mm, const struct step *s)
{
	unsigned int flags = 0;
	fl_vaddr addr = 0;
	int err;

	if (s->v[F_REMAP] & REMAP_MAYMOVE)
		flags |= FL_MREMAP_MAYMOVE;
	if (s->v[F_REMAP] & REMAP_FIXED)
		flags |= FL_MREMAP_FIXED;
	if (s->v[F_REMAP] & REMAP_DONTUNMAP)
		flags |= FL_MREMAP_DONTUNMAP;
	err = fl_mremap(&addr, mm, address(s->v[F_PAGE]), s->v[F_PAGES], s->v[F_NEW], flags,
			address(s->v[F_TO]));
	set_place(r, mm, err, addr, s->v[F_NEW]);
}

/* ---- other processes' memory ---- */

static void do_readv(struct ours *o, struct result *r, const struct step *s)
{
	struct fl_pin pins[WINDOW_PAGES];
	long n;

	if (!s->v[F_PAGES]) /* nothing to copy is no error */
		return;
	n = fl_pin_user_pages(o->cpu, o->mm[s->v[F_PROCESS]], address(s->v[F_PAGE]), s->v[F_PAGES],
			      0, pins);
	set_error(r, n);
	if (n <= 0)
		return;
	r->ret = n * (long)PAGE;
	for (long i = 0; i < n; i++) {
		for (unsigned int w = 0; w < WORDS; w++)
			r->word[r->nr_words++] = fl_pin_load(&pins[i], WORD_INDEX(w));
		fl_unpin(o->cpu, &pins[i]);
	}
}

static void do_writev(struct ours *o, struct result *r, const struct step *s)
{
	struct fl_pin pin;
	long n = fl_pin_user_pages(o->cpu, o->mm[s->v[F_PROCESS]], address(s->v[F_PAGE]), 1,
				   FL_GUP_WRITE, &pin);

	set_error(r, n);
	if (n <= 0)
		return;
	r->ret = FL_WORD_SIZE;
	fl_pin_store(&pin, WORD_INDEX(s->v[F_WORD]), s->v[F_VALUE]);
	fl_unpin_dirty(o->cpu, &pin);
}

static void do_pipe_read(struct ours *o, struct result *r, const struct step *s)
{
	uint64_t words[PAGE / FL_WORD_SIZE];
	int err = fl_pipe_read(words, o->pipe[s->v[F_PIPE]]);

	set_error(r, err);
	for (unsigned int i = 0; !err && i < WORDS; i++)
		r->word[r->nr_words++] = words[WORD_INDEX(i)];
}

/* ---- pins ---- */

static void do_pin(struct ours *o, struct result *r, const struct step *s)
{
	struct fl_buffer **buffer = &o->buffer[s->v[F_BUFFER]];

	if (s->op == OP_PIN) {
		/* io_uring's error for an empty buffer is one of its own. */
		set_error(r, !s->v[F_PAGES]
				     ? -EFAULT
				     : fl_buffer_register(buffer, o->cpu, address(s->v[F_PAGE]),
							  s->v[F_PAGES]));
		return;
	}
	if (s->op == OP_PIN_READ) {
		r->word[r->nr_words++] =
			fl_buffer_load(*buffer, s->v[F_PAGE], WORD_INDEX(s->v[F_WORD]));
		return;
	}
	if (s->op == OP_PIN_WRITE) {
		fl_buffer_store(*buffer, s->v[F_PAGE], WORD_INDEX(s->v[F_WORD]), s->v[F_VALUE]);
		return;
	}
	fl_buffer_unregister(o->cpu, *buffer);
	*buffer = NULL;
}

/* ---- userfaultfd ---- */

static void do_uffd(struct ours *o, struct result *r, const struct step *s)
{
	struct fl_uffd **uffd = &o->uffd[s->process];
	fl_vaddr addr = address(s->v[F_PAGE]);
	uint64_t words[PAGE / FL_WORD_SIZE];
	int err = 0;

	switch (s->op) {
	case OP_UFFD_OPEN:
		err = fl_uffd_create_with(uffd, o->mm[s->process],
					  (unsigned int)s->v[F_FEATURES] | FL_UFFD_FEATURE_SIGBUS);
		break;
	case OP_UFFD_CLOSE:
		fl_uffd_close(*uffd);
		*uffd = NULL;
		break;
	case OP_UFFD_REGISTER:
		err = fl_uffd_register(*uffd, o->cpu, addr, s->v[F_PAGES],
				       (unsigned int)s->v[F_MODE]);
		break;
	case OP_UFFD_UNREGISTER:
		err = fl_uffd_unregister(*uffd, o->cpu, addr, s->v[F_PAGES]);
		break;
	case OP_UFFD_COPY:
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			words[i] = s->v[F_VALUE];
		err = s->v[F_WP] ? fl_uffd_copy_wp(*uffd, addr, words)
				 : fl_uffd_copy(*uffd, addr, words);
		break;
	case OP_UFFD_ZEROPAGE:
		err = fl_uffd_zeropage(*uffd, addr);
		break;
	case OP_UFFD_CONTINUE:
		err = s->v[F_WP] ? fl_uffd_continue_wp(*uffd, addr) : fl_uffd_continue(*uffd, addr);
		break;
	default:
		err = fl_uffd_writeprotect(*uffd, addr, s->v[F_PAGES], s->v[F_WP]);
		break;
	}
	set_error(r, err);
}

/* ---- all calls ---- */

static void do_exit(struct ours *o, int process)
{
	fl_switch_mm(o->cpu, NULL);
	fl_mm_destroy(o->mm[process]);
	o->mm[process] = NULL;
	o->uffd[process] = NULL;
}

static void run_own(struct ours *o, struct result *r, const struct step *s)
{
	switch (s->op) {
	case OP_PIPE_READ:
		do_pipe_read(o, r, s);
		break;
	case OP_UNPIN:
	case OP_PIN_READ:
	case OP_PIN_WRITE:
		do_pin(o, r, s);
		break;
	case OP_PUNCH:
		set_error(r,
			  fl_file_punch_hole(o->file[s->v[F_FILE]], s->v[F_OFFSET], s->v[F_PAGES]));
		break;
	case OP_TRUNCATE:
		set_error(r, fl_file_truncate(o->file[s->v[F_FILE]], s->v[F_SIZE]));
		break;
	case OP_KSM_SCAN:
		fl_ksm_scan(o->cpu, o->machine);
		break;
	default:
		break;
	}
}

void ours_step(struct ours *o, const struct step *s, struct result *r)
{
	struct fl_mm *mm = s->process < 0 ? NULL : o->mm[s->process];
	fl_vaddr addr = address(s->v[F_PAGE]);

	*r = (struct result){ .faults = -1, .at = -1 };
	if (mm)
		fl_switch_mm(o->cpu, mm);
	switch (s->op) {
	case OP_MMAP:
		do_mmap(o, r, mm, s);
		break;
	case OP_MUNMAP:
		set_error(r, fl_munmap(mm, addr, s->v[F_PAGES]));
		break;
	case OP_MPROTECT:
		set_error(r, fl_mprotect(mm, addr, s->v[F_PAGES], our_prot(s->v[F_PROT])));
		break;
	case OP_MREMAP:
		do_mremap(r, mm, s);
		break;
	case OP_MADVISE:
		set_error(r, fl_madvise(mm, addr, s->v[F_PAGES], (enum fl_advice)s->v[F_ADVICE]));
		break;
	case OP_FORK:
		set_error(r, fl_fork(&o->mm[s->v[F_CHILD]], mm));
		break;
	case OP_EXIT:
		do_exit(o, s->process);
		break;
	case OP_READ:
	case OP_WRITE:
		do_word(o, r, s);
		break;
	case OP_VMSPLICE:
		set_count(r, fl_vmsplice(o->cpu, o->pipe[s->v[F_PIPE]], addr, s->v[F_PAGES]));
		break;
	case OP_READV:
		do_readv(o, r, s);
		break;
	case OP_WRITEV:
		do_writev(o, r, s);
		break;
	case OP_POKE:
		/* mem_rw() has one error for all. */
		set_error(r, fl_poke(o->cpu, o->mm[s->v[F_PROCESS]], word_address(s), s->v[F_VALUE])
				     ? -EIO
				     : 0);
		break;
	case OP_PIN:
		do_pin(o, r, s);
		break;
	case OP_UFFD_OPEN:
	case OP_UFFD_CLOSE:
	case OP_UFFD_REGISTER:
	case OP_UFFD_UNREGISTER:
	case OP_UFFD_COPY:
	case OP_UFFD_ZEROPAGE:
	case OP_UFFD_CONTINUE:
	case OP_UFFD_WRITEPROTECT:
		do_uffd(o, r, s);
		break;
	default:
		run_own(o, r, s);
		break;
	}
}
