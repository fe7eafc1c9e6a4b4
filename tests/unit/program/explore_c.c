// SPDX-License-Identifier: MIT
/* explore_c.c - see explore_c.h. */
#include "explore_c.h"

#include <errno.h>
#include <string.h>

#include "program/call.h"
#include "program/load.h"

struct chosen {
	const struct build *b;
	int value;
};

static char load_err[256];

static void choose(uintptr_t start, size_t size, int value)
{
	for (uintptr_t a = (start + 3) & ~3ul; a + 4 <= start + size; a += 4) {
		size_t offset, whole;
		const char *name = symbol_at(a, &offset, &whole);

		if (name && !strcmp(name, "chosen"))
			*(int *)a = value;
	}
}

static int set_up(void *arg)
{
	const struct chosen *c = arg;
	int err = load_program(c->b->object, load_err, sizeof(load_err));
	uintptr_t start;
	size_t size;

	for (int i = 0; !err && loaded_variables(i, &start, &size); i++) {
		choose(start, size, c->value);
		err = memory_track(start, size);
	}
	return err;
}

static void reset(void *arg)
{
	exit_reset();
}

static void tear_down(void *arg, const struct flx_record *record)
{
	tls_forget();
	exit_forget();
	threads_forget();
	unload_program();
}

int explore_c(const struct build *b, int chosen, const struct flx_options *o, struct flx_result *r,
	      char *err, size_t err_size)
{
	struct chosen c = { b, chosen };
	const struct flx_program loaded = {
		.nthreads = 1,
		.thread = { thread_run_main },
		.name = { "main" },
		.set_up = set_up,
		.reset = reset,
		.tear_down = tear_down,
		.common = &c,
		.ordinary = true,
		.has_code = loaded_has,
	};
	int ret;

	nondet_min = 0;
	nondet_max = 1;
	if (!timeout_begin())
		return -ENOMEM;
	ret = flx_explore(&loaded, o, r, err, err_size);
	flx_record_free(r->record);
	r->record = NULL;
	return ret;
}
