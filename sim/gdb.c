// SPDX-License-Identifier: MIT
/*
 * gdb.c - see gdb.h.
 *
 * gdb can't find the violating event by its line, which runs many times. The replayed program is told which
 * one it is, and calls fl_replay_here() there, on the stack of the thread (lib/rt/check/stop.h). gdb gets
 * its commands from a file in memory, which it inherits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/rt/check/stop.h"
#include "../lib/trace/trace.h"
#include "cli.h"
#include "gdb.h"

/* How many events the thread of event @i passes before it. */
static int passed_before(const struct fl_trace *t, int i)
{
	const struct flx_event *ev = t->record.ev;
	int n = 0;

	for (int k = 0; k < i; k++)
		if (ev[k].thread == ev[i].thread)
			n += 1 + (ev[k].kind == FLX_RMW);
	return n;
}

bool gdb_stop_at(const char *text)
{
	int thread, passed, n = 0;

	if (!strcmp(text, "oracle")) {
		fl_stop_at(FL_STOP_AT_ORACLE, 0);
		return true;
	}
	if (sscanf(text, "%d:%d%n", &thread, &passed, &n) != 2 || text[n] || thread < 0)
		return false;
	fl_stop_at(thread, passed);
	return true;
}

/* Above the engine's: of a program, the code that the engine has found; of a scenario, the event's function. */
static void select_frame(FILE *f, const struct fl_trace *t, int event)
{
	const struct fl_site *where = event < 0 ? NULL : fl_trace_where(t, event);

	if (t->info.program)
		fputs("while *(unsigned long *)&fl_replay_caller && "
		      "(unsigned long)$pc != *(unsigned long *)&fl_replay_caller\n"
		      "up-silently\n"
		      "end\n"
		      "frame\n",
		      f);
	else if (where && where->func)
		fprintf(f, "frame function %s\n", where->func);
}

/* What gdb should do: its own language. */
static void write_commands(FILE *f, const struct fl_trace *t, int event)
{
	const char *name = event < 0 ? NULL : t->thread[t->record.ev[event].thread];

	fputs("set breakpoint pending on\n"
	      "set pagination off\n"
	      "set print thread-events off\n"
	      "tbreak fl_replay_here\n"
	      "commands\n"
	      "silent\n"
	      "printf \"\\n%s\\n\", what\n",
	      f);
	if (event >= 0)
		fprintf(f, "echo Event %d of the execution%s%s%s.\\n\n", event,
			name ? ", thread " : "", name ? name : "",
			t->violating >= 0 ? " was its last one" : "");
	fputs("echo This is the thread's own stack, and the frame of its own code: 'down' goes "
	      "into\\n\n"
	      "echo the engine, 'up' to the callers, 'continue' ends the replay.\\n\\n\n"
	      "backtrace\n"
	      "echo \\n\n",
	      f);
	select_frame(f, t, event);
	fputs("end\n"
	      "run\n",
	      f);
}

/* /proc/self/fd/N of the commands; false after an error message. */
static bool make_script(char *path, size_t size, const struct fl_trace *t, int event)
{
	int fd = memfd_create("faultline-gdb", 0);
	FILE *f = fd < 0 ? NULL : fdopen(dup(fd), "w");

	if (!f) {
		cli_error("can't write commands for gdb: %s", strerror(errno));
		return false;
	}
	write_commands(f, t, event);
	fclose(f);
	lseek(fd, 0, SEEK_SET);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return true;
}

int gdb_replay(const char *file, struct fl_trace *trace)
{
	int event = fl_trace_culprit(trace);
	char self[1024], script[64], stop[64] = "oracle";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return cli_error("can't find this program's own file for gdb");
	self[n] = '\0';
	fl_trace_resolve(trace);
	if (!make_script(script, sizeof(script), trace, event))
		return CLI_BAD_INPUT;
	if (trace->violating < 0 && event >= 0)
		snprintf(stop, sizeof(stop), "%d:%d", trace->record.ev[event].thread,
			 passed_before(trace, event));
	fflush(stdout);
	execlp("gdb", "gdb", "-q", "-x", script, "--args", self, "replay", "--stop-at", stop, "--",
	       file, (char *)NULL);
	if (errno == ENOENT)
		return cli_error("gdb is not installed, and --gdb needs it: 'apt-get install gdb'");
	return cli_error("can't start gdb: %s", strerror(errno));
}
