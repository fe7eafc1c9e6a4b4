// SPDX-License-Identifier: MIT
/*
 * sample.c - writes the page of a hand-made execution (tests/unit/trace/sample.h) whose texts try to break out
 * of it: sample FILE
 */
#include <stdio.h>

#include "../unit/trace/sample.h"

#define NASTY "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\\u003c"

int main(int argc, char **argv)
{
	static const struct fl_site nasty = { "mm/<b>.c", NASTY, NASTY, 95, NASTY };
	const char *const names[] = { NASTY,
				      "caf\xe9 \xe2\x80\xa8" }; /* Latin-1; a line separator */
	struct fl_trace_info info = sample_info;
	struct flx_event ev[SAMPLE_EVENTS];
	struct flx_record record = { .n = SAMPLE_EVENTS, .ev = ev, .racing = { -1, -1 } };
	struct fl_trace *t = NULL;
	int err;

	sample_events(ev);
	ev[PIN_B3].site = ev[PIN_B3].step = &nasty;
	info.scenario = info.message = info.set = NASTY;
	if (argc != 2 || fl_trace_create(&t, &info, 2, names, &record, sample_describe))
		return 2;
	err = fl_trace_save_html(t, argv[1], NASTY);
	fl_trace_free(t);
	return err != 0;
}
