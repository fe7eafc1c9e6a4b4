// SPDX-License-Identifier: MIT
/*
 * resolve.c - the source lines of plain accesses.
 *
 * The engine knows a plain access by its return address only, and the calls of a program, too. addr2line
 * (binutils) turns all of a trace's addresses into function, file and line in one go; where it is missing, the dynamic
 * symbols or the offset in the program must do. The text of the line is shown if the source file is
 * there and older than the program.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TEXT 84 /* of a source line */

extern char **environ;

/* A loaded program or library, found by an address in it. */
struct module {
	uintptr_t pc;
	uintptr_t base; /* what to subtract to get the file's own addresses */
	char path[512];
};

static int is_in_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct module *m = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD || m->pc < start || m->pc >= start + ph->p_memsz)
			continue;
		m->base = info->dlpi_addr;
		snprintf(m->path, sizeof(m->path), "%s",
			 info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe");
		return 1;
	}
	return 0;
}

/* The link would mean addr2line itself once that runs. */
static void follow_self(struct module *m)
{
	char target[sizeof(m->path)];
	ssize_t n;

	if (strcmp(m->path, "/proc/self/exe"))
		return;
	n = readlink(m->path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	strcpy(m->path, target);
}

static bool find_module(struct module *m, uintptr_t pc)
{
	m->pc = pc;
	if (!dl_iterate_phdr(is_in_module, m))
		return false;
	follow_self(m);
	return true;
}

/* An address whose line is wanted: an event's own, or the scenario's where an oracle was told of something. */
struct wish {
	int event;
	struct fl_trace_told *told; /* NULL: the event's own */
	bool done;
};

/* The call is before the return address. */
static uintptr_t call_of(const struct fl_trace *t, const struct wish *w)
{
	return (w->told ? w->told->pc : t->record.ev[w->event].pc) - 1;
}

static void grant(struct fl_trace *t, struct wish *w, const struct fl_site *site)
{
	const struct fl_site *copy = fl_trace_site(t, site);

	if (w->told)
		w->told->where = copy;
	else
		t->note[w->event].where = copy;
	w->done = true;
}

/* The line as written, without indent, comment and semicolon; false if it can't be trusted. */
static bool read_line(char *text, size_t size, const char *path, int line, const char *program)
{
	struct stat src, bin;
	char buf[512], *s, *end;
	bool found = false;
	FILE *f;

	if (stat(path, &src) || stat(program, &bin) || src.st_mtime > bin.st_mtime)
		return false;
	f = fopen(path, "r");
	if (!f)
		return false;
	while (line > 0 && fgets(buf, sizeof(buf), f))
		found = --line == 0;
	fclose(f);
	if (!found)
		return false;
	for (s = buf; *s == ' ' || *s == '\t';)
		s++;
	end = strstr(s, "/*");
	if (!end)
		end = s + strlen(s);
	while (end > s && strchr(" \t\n;{", end[-1]))
		end--;
	*end = '\0';
	if (strlen(s) <= MAX_TEXT)
		snprintf(text, size, "%.*s", MAX_TEXT, s);
	else
		snprintf(text, size, "%.*s...", MAX_TEXT - 3, s);
	return text[0];
}

static void set_place(struct fl_trace *t, struct wish *w, const char *func, const char *path,
		      int line, const char *program)
{
	const struct flx_event *e = &t->record.ev[w->event];
	struct fl_site site = { .file = path, .func = func, .line = line };
	char text[320];

	if (!read_line(text, sizeof(text), path, line, program))
		snprintf(text, sizeof(text), "%s in %s()", fl_trace_operation(e), func);
	site.text = text;
	grant(t, w, &site);
}

/* Last resort: the symbol if it is dynamic, else the offset. */
static void set_place_by_symbol(struct fl_trace *t, struct wish *w, const struct module *m)
{
	const struct flx_event *e = &t->record.ev[w->event];
	const char *slash = strrchr(m->path, '/');
	struct fl_site site = { .file = slash ? slash + 1 : m->path };
	char func[128], text[160];
	Dl_info info;

	if (dladdr((void *)call_of(t, w), &info) && info.dli_sname)
		snprintf(func, sizeof(func), "%s", info.dli_sname);
	else
		snprintf(func, sizeof(func), "+0x%zx", (size_t)(call_of(t, w) - m->base));
	snprintf(text, sizeof(text), "%s in %s", fl_trace_operation(e), func);
	site.func = func;
	site.text = text;
	grant(t, w, &site);
}

/* Starts addr2line on @n addresses in @m; its output, or NULL. */
static FILE *start_addr2line(pid_t *pid, const struct module *m, const uintptr_t *addr, int n)
{
	posix_spawn_file_actions_t fa;
	const char **argv;
	char *hex;
	FILE *out = NULL;
	int fd[2], err;

	argv = calloc(n + 5, sizeof(*argv) + 20);
	if (!argv)
		return NULL;
	hex = (char *)(argv + n + 5);
	argv[0] = "addr2line";
	argv[1] = "-f";
	argv[2] = "-e";
	argv[3] = m->path;
	for (int i = 0; i < n; i++, hex += 20) {
		snprintf(hex, 20, "0x%zx", (size_t)(addr[i] - m->base));
		argv[4 + i] = hex;
	}
	if (pipe2(fd, O_CLOEXEC)) {
		free(argv);
		return NULL;
	}
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, fd[1], 1);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(pid, argv[0], &fa, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	free(argv);
	close(fd[1]);
	if (!err)
		out = fdopen(fd[0], "r");
	if (!out)
		close(fd[0]);
	return out;
}

struct answer { /* of addr2line */
	char func[256], path[1024];
	int line; /* 0: not known */
};

/* Each address gives two lines: the function, then file:line. False: no more. */
static bool read_answer(struct answer *a, FILE *out)
{
	char *colon;

	if (!fgets(a->func, sizeof(a->func), out) || !fgets(a->path, sizeof(a->path), out))
		return false;
	a->func[strcspn(a->func, "\n")] = '\0';
	colon = strrchr(a->path, ':');
	a->line = colon && a->path[0] != '?' ? atoi(colon + 1) : 0;
	if (colon)
		*colon = '\0';
	return true;
}

static void ask_addr2line(struct fl_trace *t, const struct module *m, struct wish **wish, int n)
{
	uintptr_t *addr = calloc(n, sizeof(*addr));
	struct answer a;
	pid_t pid;
	FILE *out;

	for (int i = 0; addr && i < n; i++)
		addr[i] = call_of(t, wish[i]);
	out = addr ? start_addr2line(&pid, m, addr, n) : NULL;
	free(addr);
	if (!out)
		return;
	for (int i = 0; i < n && read_answer(&a, out); i++)
		if (a.line > 0)
			set_place(t, wish[i], a.func, a.path, a.line, m->path);
	fclose(out);
	waitpid(pid, NULL, 0);
}

bool fl_trace_place_of(char *buf, size_t size, uintptr_t pc)
{
	const uintptr_t addr = pc - 1;
	struct answer a = { .line = 0 };
	struct module m;
	const char *slash;
	pid_t pid;
	FILE *out = find_module(&m, addr) ? start_addr2line(&pid, &m, &addr, 1) : NULL;

	if (!out)
		return false;
	read_answer(&a, out);
	fclose(out);
	waitpid(pid, NULL, 0);
	slash = strrchr(a.path, '/');
	if (a.line > 0)
		snprintf(buf, size, "%s:%d in %s()", slash ? slash + 1 : a.path, a.line, a.func);
	return a.line > 0;
}

/* All wishes whose code is in the same module as that of @first. @same: room for all. */
static void resolve_module(struct fl_trace *t, struct wish *first, struct wish *end,
			   struct wish **same)
{
	struct module m;
	int n = 0;

	if (!find_module(&m, call_of(t, first))) {
		grant(t, first,
		      &(struct fl_site){ .file = "?", .func = "?", .text = "plain access" });
		return;
	}
	for (struct wish *w = first; w < end; w++) {
		struct module other;

		if (!w->done && find_module(&other, call_of(t, w)) && other.base == m.base)
			same[n++] = w;
	}
	ask_addr2line(t, &m, same, n);
	for (int i = 0; i < n; i++)
		if (!same[i]->done)
			set_place_by_symbol(t, same[i], &m);
}

/* @wish: NULL to count. */
static int collect(const struct fl_trace *t, struct wish *wish)
{
	int n = 0;

	for (int i = 0; i < t->record.n; i++) {
		const struct flx_event *e = &t->record.ev[i];
		const struct fl_trace_note *note = &t->note[i];
		struct fl_trace_told *told[2] = { note->access, note->said };

		if ((!e->site || !e->site->file) && e->pc && !note->where) {
			if (wish)
				wish[n] = (struct wish){ .event = i };
			n++;
		}
		for (int k = 0; k < 2; k++)
			for (; told[k]; told[k] = told[k]->next) {
				if (!told[k]->pc)
					continue;
				if (wish)
					wish[n] = (struct wish){ .event = i, .told = told[k] };
				n++;
			}
	}
	return n;
}

void fl_trace_resolve(struct fl_trace *t)
{
	int n = t->resolved ? 0 : collect(t, NULL);
	struct wish *wish = n ? calloc(n, sizeof(*wish)) : NULL;
	struct wish **same = n ? calloc(n, sizeof(struct wish *)) : NULL;

	t->resolved = true;
	if (wish && same) {
		collect(t, wish);
		for (int i = 0; i < n && !t->out_of_memory; i++)
			if (!wish[i].done)
				resolve_module(t, &wish[i], wish + n, same);
	}
	free(wish);
	free(same);
}
