// SPDX-License-Identifier: MIT
/*
 * html.c - an execution as one HTML file that needs nothing else.
 *
 * The file is html/page.css and html/page.js around the execution as JSON. The script makes the
 * timeline; a browser without scripts shows the text picture. The file must not be able to do more than
 * that, whatever the names in the trace are: inside the JSON no '<' is left, so that nothing can end the
 * element early, and a policy in the file forbids the browser to load anything.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/version.h>

#include "json.h"

/* The files go in as they are. */
#define EMBED(name, file)                                                                          \
	__asm__(".pushsection .rodata\n"                                                           \
		".globl " #name "\n"                                                               \
		".hidden " #name "\n" #name ":\n"                                                  \
		".incbin \"" FL_TRACE_HTML_DIR "/" file "\"\n"                                     \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char name[] __attribute__((visibility("hidden")))

EMBED(fl_trace_page_css, "page.css");
EMBED(fl_trace_page_js, "page.js");

static int event_to_look_at(const struct fl_trace *t)
{
	for (int i = 0; i < t->record.n; i++)
		if (t->record.ev[i].why[0])
			return i;
	return fl_trace_culprit(t);
}

static json_t *page_data(const struct fl_trace *t, const char *again)
{
	json_t *root = fl_trace_to_json(t);
	char conflict[1024];
	json_t *slice = fl_trace_rows_to_json(t, false), *all = fl_trace_rows_to_json(t, true);

	if (!root || !slice || !all) {
		json_decref(root);
		json_decref(slice);
		json_decref(all);
		return NULL;
	}
	json_object_set_new(root, "views", json_pack("{s:o, s:o}", "slice", slice, "all", all));
	if (fl_trace_conflict(conflict, sizeof(conflict), t))
		json_object_set_new(root, "conflict", fl_trace_json_text(conflict));
	json_object_set_new(root, "look_at", json_integer(event_to_look_at(t)));
	json_object_set_new(root, "verdict", json_string("VIOLATION"));
	json_object_set_new(root, "made_by", json_string("Faultline " FL_VERSION));
	if (again)
		json_object_set_new(root, "again", fl_trace_json_text(again));
	return root;
}

/* ---- writing ---- */

static void put_escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*s, f);
		}
	}
}

/* 0 or -ENOMEM. */
static int put_data(FILE *f, const json_t *data)
{
	char *text = json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));

	if (!text)
		return -ENOMEM;
	for (const char *s = text; *s; s++) {
		if (*s == '<')
			fputs("\\u003c", f);
		else
			fputc(*s, f);
	}
	free(text);
	return 0;
}

static int put_picture(FILE *f, const struct fl_trace *t)
{
	const struct fl_trace_style style = { .width = 160 };
	char *text = NULL;
	size_t size;
	FILE *picture = open_memstream(&text, &size);

	if (!picture)
		return -ENOMEM;
	fl_trace_print_style(t, picture, &style);
	if (fclose(picture)) {
		free(text);
		return -ENOMEM;
	}
	put_escaped(f, text);
	free(text);
	return 0;
}

static int put_page(FILE *f, const struct fl_trace *t, const json_t *data)
{
	int err;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	      f);
	put_escaped(f, t->info.program ? t->info.program : t->info.scenario);
	fputs(": ", f);
	put_escaped(f, t->info.oracle);
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<noscript>\n<pre>",
		fl_trace_page_css);
	put_escaped(f, t->info.message);
	fputs("\n\n", f);
	err = put_picture(f, t);
	fputs("</pre>\n</noscript>\n<script type=\"application/json\" id=\"trace\">", f);
	if (!err)
		err = put_data(f, data);
	fprintf(f, "</script>\n<script>\n%s</script>\n</body>\n</html>\n", fl_trace_page_js);
	return err;
}

int fl_trace_save_html(const struct fl_trace *t, const char *path, const char *again)
{
	json_t *data = page_data(t, again);
	FILE *f;
	int err;

	if (!data)
		return -ENOMEM;
	f = fopen(path, "w");
	if (!f) {
		err = -errno;
	} else {
		err = put_page(f, t, data);
		if (!err && ferror(f))
			err = -EIO;
		if (fclose(f) && !err)
			err = -errno;
	}
	json_decref(data);
	return err;
}
