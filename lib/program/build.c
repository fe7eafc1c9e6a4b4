// SPDX-License-Identifier: MIT
/*
 * build.c - see build.h.
 *
 * Two steps: each source file to assembler's language, which assembly.h looks through, and all of it to a shared object.
 * -fsanitize=thread makes the compiler announce memory accesses and atomic operations; its
 * runtime library is left out, the functions are ours. References to the functions of wraps.h are
 * redirected by the linker. Sibling calls would hide the caller's place, and inlined memcpy() and the like
 * would announce nothing.
 */
#define _GNU_SOURCE
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assembly.h"

#define MAX_ARGS 256
#define MAX_SOURCES 64
#define MAX_CC_WORDS 16

extern char **environ;

struct output { /* of the compiler */
	char folder[512], path[560];
	char assembly[MAX_SOURCES][560]; /* FILE.c, and those among the arguments */
	int nassembly;
};

struct command {
	const char *argv[MAX_ARGS];
	int argc;
	char cc[512]; /* $CC, cut into words */
	int cc_words;
	char include[2][512];
	bool clang, full;
};

static const char redirect[] = "-Wl"
#define WRAP(name) ",--wrap=" #name
#include "wraps.h"
#undef WRAP
	;

static void add(struct command *c, const char *arg)
{
	if (c->argc < MAX_ARGS - 1)
		c->argv[c->argc++] = arg;
	else
		c->full = true;
}

static bool runs(const char *program)
{
	char path[1024];
	const char *list = getenv("PATH");

	if (strchr(program, '/'))
		return !access(program, X_OK);
	while (list && *list) {
		size_t n = strcspn(list, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)n, list, program);
		if (!access(path, X_OK))
			return true;
		list += n + (list[n] == ':');
	}
	return false;
}

static int choose_compiler(struct command *c, char *err, size_t err_size)
{
	static const char *const known[] = { "cc", "gcc", "clang" };
	const char *wanted = getenv("CC");
	char *word;

	for (size_t i = 0; !(wanted && *wanted) && i < sizeof(known) / sizeof(known[0]); i++)
		if (runs(known[i]))
			wanted = known[i];
	if (!wanted || !*wanted) {
		snprintf(err, err_size,
			 "there is no C compiler (cc, gcc, clang): install one, or name it in $CC");
		return -EINVAL;
	}
	snprintf(c->cc, sizeof(c->cc), "%s", wanted);
	for (word = strtok(c->cc, " \t"); word && c->cc_words < MAX_CC_WORDS;
	     word = strtok(NULL, " \t")) {
		add(c, word);
		c->cc_words++;
	}
	if (!c->argc || !runs(c->argv[0])) {
		snprintf(err, err_size, "the compiler \"%s\" of $CC is not there", wanted);
		return -EINVAL;
	}
	return 0;
}

/* Signals that end the process wait while there is a folder to take away. */
static void hold_signals(sigset_t *before)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigprocmask(SIG_BLOCK, &ending, before);
}

/* Starts @argv with its output going to @out if that is not -1. The exit status, or -1. */
static int run(const char *const *argv, int out, const sigset_t *signals)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, out < 0 ? 2 : out, 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, signals);
	if (!posix_spawnp(&pid, argv[0], &fa, &attr, (char *const *)argv, environ)) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return status;
}

/* GCC and Clang differ in a few flags. */
static void find_out_which(struct command *c, const sigset_t *signals)
{
	const char *argv[MAX_CC_WORDS + 2];
	char text[512] = "";
	int fd[2], n = 0;
	ssize_t got;

	while (n < c->cc_words) {
		argv[n] = c->argv[n];
		n++;
	}
	argv[n++] = "--version";
	argv[n] = NULL;
	if (pipe2(fd, O_CLOEXEC))
		return;
	/* Less than a pipe holds. */
	run(argv, fd[1], signals);
	close(fd[1]);
	got = read(fd[0], text, sizeof(text) - 1);
	close(fd[0]);
	text[got > 0 ? got : 0] = '\0';
	c->clang = strstr(text, "clang");
}

/* Our headers: where this program is installed, else where it was built. */
static void add_includes(struct command *c)
{
	char self[400], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *folder = FAULTLINE_SOURCE_INCLUDE;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		snprintf(slash, sizeof(self) - (slash - self), "/../include");
		snprintf(c->include[0], sizeof(c->include[0]), "%s/faultline/verifier.h", self);
		if (!access(c->include[0], R_OK))
			folder = self;
	}
	/* After those that the program names itself. */
	snprintf(c->include[0], sizeof(c->include[0]), "-I%s", folder);
	snprintf(c->include[1], sizeof(c->include[1]), "-I%s/faultline/compat", folder);
	add(c, c->include[0]);
	add(c, c->include[1]);
}

static void add_flags(struct command *c)
{
	static const char *const common[] = {
		"-g",
		"-fPIC",
		"-shared",
		"-fsanitize=thread",
		"-nostdlib",
		"-fno-optimize-sibling-calls",
		"-fno-stack-protector",
		"-fstack-clash-protection",
		"-ftls-model=global-dynamic",
		"-U_FORTIFY_SOURCE",
		"-D__FAULTLINE__",
		/* Or a pair of malloc() and free() may be optimised away, with a bug in it. */
		"-fno-builtin-malloc",
		"-fno-builtin-calloc",
		"-fno-builtin-realloc",
		"-fno-builtin-free",
	};
	static const char *const gcc[] = {
		"--param=tsan-instrument-func-entry-exit=0",
		"-Wno-tsan",
#ifdef __aarch64__
		"-mtls-dialect=trad",
#endif
		"-fno-builtin-memcpy",
		"-fno-builtin-memmove",
		"-fno-builtin-memset",
		"-fno-builtin-memcmp",
		"-fno-builtin-strlen",
		"-fno-builtin-strcpy",
		"-fno-builtin-strncpy",
		"-fno-builtin-strcmp",
		"-fno-builtin-strncmp",
		"-fno-builtin-strcat",
	};
	static const char *const clang[] = {
		"-mllvm",
		"-tsan-instrument-read-before-write=1",
		"-mllvm",
		"-tsan-instrument-func-entry-exit=0",
		"-DFAULTLINE_CLANG",
		"-Wno-unused-command-line-argument", /* of one of the two steps */
#ifdef __aarch64__
		"-femulated-tls",
#endif
	};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		add(c, common[i]);
	for (size_t i = 0; !c->clang && i < sizeof(gcc) / sizeof(gcc[0]); i++)
		add(c, gcc[i]);
	for (size_t i = 0; c->clang && i < sizeof(clang) / sizeof(clang[0]); i++)
		add(c, clang[i]);
}

/*
 * After the user's own: the program is to be explored as it is written. A load whose value nobody uses may race, a store to what
 * is freed next or to what nobody reads may too, a load that is taken out of its loop never sees the other thread's store,
 * and the variables of a function that became a part of its caller stay when it returns. (What is declared inline has to be
 * inlined: there may be no other definition.) On the other hand variables belong into registers: what is left of dead ones on
 * the stack makes one round of a loop look different from the next (lib/explore/round.h).
 */
static void add_optimisation(struct command *c, const char *const *cc_args)
{
	static const char *const gcc[] = {
		"-fno-tree-dce",
		"-fno-dce",
		"-fno-tree-dse",
		"-fno-dse",
		"-fno-tree-fre",
		"-fno-allocation-dce",
		"-fno-tree-loop-im",
		"-fno-move-loop-invariants",
		"-fno-toplevel-reorder", /* keeps variables that are only written */
		"-fno-inline-functions-called-once",
		"-fno-inline-small-functions",
		"-fno-inline-functions",
	};
	static const char *const clang[] = { "-finline-hint-functions" };
	bool chosen = false;

	for (int i = 0; cc_args && cc_args[i]; i++)
		chosen |= !strncmp(cc_args[i], "-O", 2);
	if (!chosen)
		add(c, "-O1");
	for (size_t i = 0; !c->clang && i < sizeof(gcc) / sizeof(gcc[0]); i++)
		add(c, gcc[i]);
	for (size_t i = 0; c->clang && i < sizeof(clang) / sizeof(clang[0]); i++)
		add(c, clang[i]);
}

static int make_folder(struct output *o, char *err, size_t err_size)
{
	const char *temp = getenv("TMPDIR");

	if (!temp || !*temp || strlen(temp) > sizeof(o->folder) - 32)
		temp = "/tmp";
	snprintf(o->folder, sizeof(o->folder), "%s/faultline-XXXXXX", temp);
	if (!mkdtemp(o->folder)) {
		int e = errno;

		snprintf(err, err_size, "can't make a folder in %s: %s; $TMPDIR names another",
			 temp, strerror(e));
		return -e;
	}
	snprintf(o->path, sizeof(o->path), "%s/program.so", o->folder);
	return 0;
}

/* Opens what was written, if anything was, and takes the folder away. */
static void open_output(struct build *b, const struct output *o)
{
	for (int i = 0; i < o->nassembly; i++) {
		find_assembly(o->assembly[i], b->assembly, sizeof(b->assembly));
		unlink(o->assembly[i]);
	}
	b->fd = open(o->path, O_RDONLY | O_CLOEXEC);
	unlink(o->path);
	rmdir(o->folder);
	/* Not by /proc/self: other processes (addr2line, gdb) read it, too. */
	snprintf(b->object, sizeof(b->object), "/proc/%d/fd/%d", (int)getpid(), b->fd);
}

/* The compiler would say it in many words. */
static int check_file(const char *file, char *err, size_t err_size)
{
	if (!access(file, R_OK))
		return 0;
	snprintf(err, err_size, "can't read \"%s\": %s", file, strerror(errno));
	return -EINVAL;
}

enum input { NO_INPUT, SOURCE, LINKED };

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

/* What would have another output than a program that announces what it does, or code of other libraries in it. */
static int check_args(const char *const *cc_args, char *err, size_t err_size)
{
	static const struct {
		const char *arg, *why;
	} refused[] = {
		{ "--coverage", "counting is an access to memory" },
		{ "-fprofile-", "counting is an access to memory" },
		{ "-ftest-coverage", "counting is an access to memory" },
		{ "-finstrument-functions", "it would call functions that are not the program's" },
		{ "-pg", "it would call functions that are not the program's" },
		{ "-flto", "inline assembly would not be seen" },
		{ "-static", "the program is loaded by faultline" },
		{ "-gsplit-dwarf", "the names of places would get lost" },
	};
	static const char *const output[] = { "-c", "-S", "-E", "-M", "-MM", "-o" };

	for (int i = 0; cc_args && cc_args[i]; i++) {
		for (size_t k = 0; k < sizeof(refused) / sizeof(refused[0]); k++)
			if (!strncmp(cc_args[i], refused[k].arg, strlen(refused[k].arg))) {
				snprintf(err, err_size,
					 "%.64s is not possible here: %s; leave it out", cc_args[i],
					 refused[k].why);
				return -EINVAL;
			}
		for (size_t k = 0; k < sizeof(output) / sizeof(output[0]); k++)
			if (!strcmp(cc_args[i], output[k])) {
				snprintf(err, err_size,
					 "%s is not possible here: the compiler's output is for "
					 "faultline; leave it out",
					 cc_args[i]);
				return -EINVAL;
			}
	}
	return 0;
}

/* What the argument @i is to the compiler. */
static enum input input_at(const char *const *cc_args, int i)
{
	static const char *const takes_file[] = { "-include", "-imacros", "-Xlinker", "-T" };
	static const char *const linked[] = { ".o", ".a", ".so", ".s", ".S" };
	const char *arg = cc_args[i];

	if (*arg == '-')
		return NO_INPUT;
	for (size_t k = 0; i && k < sizeof(takes_file) / sizeof(takes_file[0]); k++)
		if (!strcmp(cc_args[i - 1], takes_file[k]))
			return NO_INPUT;
	if (ends_in(arg, ".c"))
		return SOURCE;
	for (size_t k = 0; k < sizeof(linked) / sizeof(linked[0]); k++)
		if (ends_in(arg, linked[k]) || (k == 2 && strstr(arg, ".so.")))
			return LINKED;
	return NO_INPUT;
}

/* The first step, for one file. The exit status of the compiler, or -1. */
static int translate(struct command *all, const char *file, const char *const *cc_args,
		     struct output *o, const sigset_t *signals)
{
	struct command c = *all;
	char *path = o->assembly[o->nassembly];
	size_t n = strlen(o->folder);

	if (o->nassembly == MAX_SOURCES) {
		all->full = true;
		return -1;
	}
	memcpy(path, o->folder, n);
	snprintf(path + n, sizeof(o->assembly[0]) - n, "/%d.s", o->nassembly++);
	for (int i = 0; cc_args && cc_args[i]; i++)
		if (input_at(cc_args, i) == NO_INPUT)
			add(&c, cc_args[i]);
	add_optimisation(&c, cc_args);
	add_includes(&c);
	add(&c, "-S");
	add(&c, "-o");
	add(&c, path);
	add(&c, "-xc");
	add(&c, file);
	c.argv[c.argc] = NULL;
	all->full |= c.full;
	return c.full ? -1 : run(c.argv, -1, signals);
}

/* The second. */
static int link_all(struct command *all, const char *const *cc_args, const struct output *o,
		    const sigset_t *signals)
{
	struct command c = *all;
	int n = 0;

	add(&c, "-o");
	add(&c, o->path);
	add(&c, o->assembly[n++]);
	for (int i = 0; cc_args && cc_args[i]; i++)
		add(&c, input_at(cc_args, i) == SOURCE ? o->assembly[n++] : cc_args[i]);
	add(&c, redirect);
	add(&c, "-Wl,-Bsymbolic,-z,relro,-z,now,--build-id=none");
	add(&c, "-lm");
	add(&c, "-lpthread");
	add(&c, "-lc");
	/* By its name: the static libgcc has a __wrap_pthread_create() of its own. */
	add(&c, "-Wl,--as-needed");
	add(&c, "-l:libgcc_s.so.1");
	c.argv[c.argc] = NULL;
	all->full |= c.full;
	return c.full ? -1 : run(c.argv, -1, signals);
}

/* The exit status of the compiler, or -1. */
static int compile(struct command *c, const char *file, const char *const *cc_args,
		   struct output *o, const sigset_t *signals)
{
	int status;

	find_out_which(c, signals);
	add_flags(c);
	status = translate(c, file, cc_args, o, signals);
	for (int i = 0; !status && cc_args && cc_args[i]; i++)
		if (input_at(cc_args, i) == SOURCE)
			status = translate(c, cc_args[i], cc_args, o, signals);
	return status ? status : link_all(c, cc_args, o, signals);
}

int build_program(struct build *b, const char *file, const char *const *cc_args, char *err,
		  size_t err_size)
{
	struct command c = { 0 };
	struct output out = { .nassembly = 0 };
	sigset_t signals;
	int status, ret = check_file(file, err, err_size);

	if (!ret)
		ret = check_args(cc_args, err, err_size);
	if (!ret)
		ret = choose_compiler(&c, err, err_size);
	if (ret)
		return ret;
	b->assembly[0] = '\0';
	hold_signals(&signals);
	ret = make_folder(&out, err, err_size);
	if (!ret) {
		status = compile(&c, file, cc_args, &out, &signals);
		open_output(b, &out);
	}
	sigprocmask(SIG_SETMASK, &signals, NULL);
	if (ret)
		return ret;
	b->clang = c.clang;
	if (!status && b->fd >= 0)
		return 0;
	if (c.full)
		snprintf(err, err_size, "more than %d arguments or %d files for the compiler",
			 MAX_ARGS, MAX_SOURCES);
	else
		snprintf(err, err_size, "%s does not compile; %s says why above", file, c.argv[0]);
	build_close(b);
	return -EINVAL;
}

void build_close(const struct build *b)
{
	if (b->fd >= 0)
		close(b->fd);
}
