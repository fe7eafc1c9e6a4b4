// SPDX-License-Identifier: MIT
/* files.c - read(), write(), and what takes pages from a file and its mappings: holes, truncation. */
#include <errno.h>

#include "soak.h"

static struct fl_file *a_file(struct thread *t)
{
	return t->r->files[below(&t->random, NR_FILES)];
}

/* By read() and write() what a mapping has is the same. */
static void shared_word(struct thread *t)
{
	struct round *r = t->r;
	unsigned int n = a_word_of(t, r->shared.nr), words = r->config.page_words;
	struct word *w = &r->shared.word[n];
	uint64_t value = new_value(t), now_there;
	int err;

	if (one_in(&t->random, 2)) {
		atomic_store(&w->begun, value);
		err = fl_file_write(r->shared_file, n / words, n % words, value);
		ALLOWED("file_write", err, -ENOMEM);
		if (!err)
			atomic_store(&w->done, value);
	}
	err = fl_file_read(&now_there, r->shared_file, n / words, n % words);
	ALLOWED("file_read", err, -ENOMEM);
	if (!err && (now_there < atomic_load(&w->done) || now_there > atomic_load(&w->begun)))
		soak_fail("thread %u reads %#llx in word %u of a file, should be %#llx", t->number,
			  (unsigned long long)now_there, n,
			  (unsigned long long)atomic_load(&w->done));
}

void op_file(struct thread *t)
{
	uint64_t word;
	size_t i = below(&t->random, t->r->config.page_words);

	if (one_in(&t->random, 2)) {
		shared_word(t);
		return;
	}
	if (one_in(&t->random, 2))
		ALLOWED("file_read", fl_file_read(&word, a_file(t), below(&t->random, 16), i),
			-EINVAL, -ENOMEM);
	else
		ALLOWED("file_write",
			fl_file_write(a_file(t), below(&t->random, 16), i, new_value(t)), -EINVAL,
			-ENOMEM);
}

void op_file_cut(struct thread *t)
{
	if (one_in(&t->random, 2))
		ALLOWED("punch_hole",
			fl_file_punch_hole(a_file(t), below(&t->random, 16),
					   1 + below(&t->random, 6)),
			0);
	else
		ALLOWED("truncate", fl_file_truncate(a_file(t), below(&t->random, 17)), 0);
}
