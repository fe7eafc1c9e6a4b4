// SPDX-License-Identifier: MIT
/*
 * plot.c - operations a second over threads, a line per strategy, a panel per workload; drawn by gnuplot, which runs as
 * a child and reads a script with the numbers in it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* Pixels of a panel: with KEYS names of lines, one below the other, and for each more. */
#define HEIGHT 420
#define KEYS 5
#define KEY_HEIGHT 20
#define COLOURS 8 /* gnuplot has so many, then the same ones again */

static const char *terminal_for(const char *file)
{
	const char *dot = strrchr(file, '.');

	if (dot && !strcmp(dot, ".svg"))
		return "svg";
	return dot && !strcmp(dot, ".png") ? "pngcairo" : NULL;
}

/* Is there a program of that name in PATH? */
static bool is_installed(const char *name)
{
	const char *path = getenv("PATH");
	char file[1024];

	while (path && *path) {
		size_t n = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", (int)n, path, name);
		if (!access(file, X_OK))
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

bool plot_can(const char *file, char *err, size_t size)
{
	if (!terminal_for(file))
		snprintf(err, size, "the name should end with .svg or .png");
	else if (!is_installed("gnuplot"))
		snprintf(err, size,
			 "gnuplot draws it, and is not installed (Debian: gnuplot-nox); --csv "
			 "needs nothing");
	else
		return true;
	return false;
}

/* ---- the script ---- */

/* As gnuplot quotes: '' is a '. */
static void put_quoted(FILE *f, const char *s)
{
	fputc('\'', f);
	for (; *s; s++) {
		if (*s == '\'')
			fputc('\'', f);
		fputc(*s, f);
	}
	fputc('\'', f);
}

static bool same_line(const struct cell *a, const struct cell *b)
{
	return a->workload == b->workload && !strcmp(a->kernel.strategy, b->kernel.strategy) &&
	       !strcmp(a->kernel.rwlock, b->kernel.rwlock);
}

/* Its first cell is the one that stands for a line. */
static bool is_first(const struct cell *cells, size_t i,
		     bool (*same)(const struct cell *, const struct cell *))
{
	for (size_t k = 0; k < i; k++)
		if (cells[k].nr && same(&cells[k], &cells[i]))
			return false;
	return cells[i].nr > 0;
}

static bool same_panel(const struct cell *a, const struct cell *b)
{
	return a->workload == b->workload;
}

static void put_data(FILE *f, const struct cell *cells, size_t n, size_t line)
{
	struct result r;

	fprintf(f, "$d%zu << EOD\n", line);
	for (size_t i = 0; i < n; i++) {
		if (!cells[i].nr || !same_line(&cells[i], &cells[line]))
			continue;
		cell_result(&r, &cells[i]);
		fprintf(f, "%u %.6g %.6g %.6g\n", cells[i].threads, r.ops_per_second / 1e6,
			r.least / 1e6, r.most / 1e6);
	}
	fprintf(f, "EOD\n");
}

static bool has_rwlocks(const struct cell *cells, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!cells[i].host && strcmp(cells[i].kernel.rwlock, cells[0].kernel.rwlock))
			return true;
	return false;
}

static void put_title(FILE *f, const struct cell *c, bool with_rwlock)
{
	char title[256];

	snprintf(title, sizeof(title), "%s%s%s", c->kernel.strategy,
		 with_rwlock && !c->host ? ", " : "",
		 with_rwlock && !c->host ? c->kernel.rwlock : "");
	put_quoted(f, title);
}

static void put_panel(FILE *f, const struct cell *cells, size_t n, size_t panel)
{
	bool with_rwlock = has_rwlocks(cells, n);
	size_t lines = 0;
	char label[128];

	snprintf(label, sizeof(label), "millions of %s a second", cells[panel].workload->op);
	fprintf(f, "set title ");
	put_quoted(f, cells[panel].workload->name);
	fprintf(f, "\nset ylabel ");
	put_quoted(f, label);
	fprintf(f, "\nplot ");
	for (size_t i = 0; i < n; i++) {
		if (!same_panel(&cells[i], &cells[panel]) || !is_first(cells, i, same_line))
			continue;
		fprintf(f, "%s$d%zu using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.5",
			lines ? ", " : "", i);
		if (cells[i].host)
			fprintf(f, " dashtype 2 linecolor rgb 'gray40'");
		else if (lines >= COLOURS)
			fprintf(f, " dashtype %zu", 2 + lines / COLOURS);
		fprintf(f, " title ");
		put_title(f, &cells[i], with_rwlock);
		lines++;
	}
	fprintf(f, "\n");
}

/* The numbers of threads that there are, and a little room beside them. */
static void put_x(FILE *f, const struct cell *cells, size_t n)
{
	unsigned int first = 0, last = 0;
	double room;

	fprintf(f, "set xtics (");
	for (;;) {
		unsigned int next = 0;

		for (size_t i = 0; i < n; i++)
			if (cells[i].threads > last && (!next || cells[i].threads < next))
				next = cells[i].threads;
		if (!next)
			break;
		fprintf(f, "%s%u", last ? ", " : "", next);
		first = first ? first : next;
		last = next;
	}
	room = last > first ? 0.1 * (last - first) : 0.5;
	fprintf(f, ")\nset xrange [%g:%g]\n", first - room, last + room);
}

static void put_script(FILE *f, const char *file, const struct cell *cells, size_t n)
{
	size_t panels = 0, lines = 0, columns, height = HEIGHT;

	for (size_t i = 0; i < n; i++) {
		panels += is_first(cells, i, same_panel);
		lines += is_first(cells, i, same_line);
		if (is_first(cells, i, same_line))
			put_data(f, cells, n, i);
	}
	columns = panels > 1 ? 2 : 1;
	/* One below the other, if their names are long. */
	lines = panels ? (lines + panels - 1) / panels : 0;
	if (has_rwlocks(cells, n) && lines > KEYS)
		height += KEY_HEIGHT * (lines - KEYS);
	fprintf(f, "set terminal %s size %zu,%zu\nset output ", terminal_for(file), 640 * columns,
		height * ((panels + columns - 1) / columns));
	put_quoted(f, file);
	fprintf(f,
		"\nset xlabel 'threads' offset 0,0.6\nset yrange [0:*]\nset grid\nset key below\n"
		"set linetype 5 linecolor rgb 'dark-pink'\n"); /* the usual one is a pale yellow */
	put_x(f, cells, n);
	if (panels > 1)
		fprintf(f, "set multiplot layout %zu,%zu\n", (panels + columns - 1) / columns,
			columns);
	for (size_t i = 0; i < n; i++)
		if (is_first(cells, i, same_panel))
			put_panel(f, cells, n, i);
	if (panels > 1)
		fprintf(f, "unset multiplot\n");
	fprintf(f, "unset output\n");
}

int plot_write(const char *file, const struct cell *cells, size_t n, char *err, size_t size)
{
	bool any = false;
	FILE *f;
	int status;

	for (size_t i = 0; i < n; i++)
		any |= cells[i].nr > 0;
	if (!any) {
		snprintf(err, size, "nothing was measured");
		return -ENODATA;
	}
	signal(SIGPIPE, SIG_IGN);
	f = popen("gnuplot", "we");
	if (!f) {
		snprintf(err, size, "can't start gnuplot: %s", strerror(errno));
		return -errno;
	}
	put_script(f, file, cells, n);
	status = pclose(f);
	if (!status)
		return 0;
	snprintf(err, size, "gnuplot failed; what it said is above");
	return -EIO;
}
