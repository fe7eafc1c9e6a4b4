// SPDX-License-Identifier: MIT
/*
 * trace_fuzz.c - libFuzzer: any bytes as a trace file. What is read is shown in all ways and saved again.
 *
 * The checksum would stop nearly all inputs at the door, so each is also tried with a fitting one.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "trace/json.h"

static void show(const struct fl_trace *t, int width, bool all_events)
{
	const struct fl_trace_style style = { .width = width, .all_events = all_events };
	FILE *f = fopen("/dev/null", "w");

	if (!f)
		abort();
	fl_trace_print_style(t, f, &style);
	fclose(f);
}

/* What was read and is written has to be read again. */
static void save(const struct fl_trace *t)
{
	int fd = memfd_create("saved", 0);
	struct fl_trace *again = NULL;
	char path[64], err[256];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fl_trace_save(t, path) || fl_trace_load(&again, path, err, sizeof(err)))
		abort();
	fl_trace_free(again);
	close(fd);
}

static void load(const char *text, size_t size)
{
	int fd = memfd_create("trace", 0);
	struct fl_trace *t = NULL;
	char path[64], err[256] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	if (fl_trace_load(&t, path, err, sizeof(err))) {
		/* refused, in one line */
		if (!err[0] || strchr(err, '\n'))
			abort();
	} else {
		show(t, 100, false);
		show(t, 60, true);
		if (fl_trace_save_html(t, "/dev/null", NULL))
			abort();
		save(t);
		fl_trace_free(t);
	}
	close(fd);
}

/* With the checksum that the reader expects (lib/trace/json.c). */
static void load_mended(json_t *root)
{
	uint64_t h = 0xcbf29ce484222325u;
	char sum[24], *text;

	json_object_del(root, "sum");
	text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(9));
	for (const char *s = text; s && *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	free(text);
	snprintf(sum, sizeof(sum), "%016" PRIx64, h);
	json_object_set_new(root, "sum", json_string(sum));
	text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9));
	if (text)
		load(text, strlen(text));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	load((const char *)data, size);
	if (json_is_object(root))
		load_mended(root);
	json_decref(root);
	return 0;
}
