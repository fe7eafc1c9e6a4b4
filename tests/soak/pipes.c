// SPDX-License-Identifier: MIT
/* pipes.c - references to pages in pipes: vmsplice(), tee(), reading. */
#include <errno.h>

#include "soak.h"

static struct fl_pipe *a_pipe(struct thread *t)
{
	return t->r->pipes[below(&t->random, NR_PIPES)].pipe;
}

void op_vmsplice(struct thread *t)
{
	unsigned int pages, at = a_range(t, &pages);

	if (one_in(&t->random, 2)) {
		at = ZONE_AT(below(&t->random, NR_ZONES)) + below(&t->random, SAFE_PAGES);
		pages = 1;
	}
	if (load_a_slot(t))
		ALLOWED("vmsplice", fl_vmsplice(t->cpu, a_pipe(t), page_at(t->r, at), pages),
			-EAGAIN, -EFAULT, -ENOMEM, -EINTR, -EIO);
}

void op_pipe_read(struct thread *t)
{
	uint64_t words[512];

	if (one_in(&t->random, 2))
		ALLOWED("pipe_read", fl_pipe_read(words, a_pipe(t)), -EAGAIN);
	else
		ALLOWED("pipe_peek",
			fl_pipe_peek(words, a_pipe(t), below(&t->random, t->r->config.page_words)),
			-EAGAIN);
}

void op_tee(struct thread *t)
{
	struct fl_pipe *from = a_pipe(t), *to = a_pipe(t);

	if (from != to)
		ALLOWED("tee", fl_tee(from, to, 1 + below(&t->random, 4)), -EAGAIN);
}
