// SPDX-License-Identifier: MIT
/*
 * litmus_fuzz.c - libFuzzer: any bytes as a litmus test; what can be parsed is explored for a moment.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "litmus/litmus.h"

#define SECONDS 0.05

static void explore(struct lt_test *t, enum flx_model model)
{
	const struct lt_options o = { .model = model, .timeout = SECONDS };
	struct lt_result r = { 0 };
	char err[256] = "";

	if (lt_run(t, &o, &r, err, sizeof(err))) {
		if (strncmp(err, "fuzz", 4) || strchr(err, '\n'))
			abort();
	} else {
		FILE *f = fopen("/dev/null", "w");

		if (!f)
			abort();
		lt_print(f, t, &r);
		lt_print_json(f, t, &r, "lkmm");
		fclose(f);
	}
	lt_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[256] = "";
	struct lt_test *t = lt_parse("fuzz", (const char *)data, size, err, sizeof(err));

	if (!t) {
		if (strncmp(err, "fuzz", 4) || strchr(err, '\n'))
			abort();
		return 0;
	}
	explore(t, FLX_LKMM);
	explore(t, FLX_TSO);
	lt_free(t);
	return 0;
}
