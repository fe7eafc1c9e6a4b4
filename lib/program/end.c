// SPDX-License-Identifier: MIT
/* end.c - how a program ends other than by returning: assertions, abort(), exit(). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "load.h"

#define MAX_HANDLERS 32

static void (*handlers[MAX_HANDLERS])(void);
static int nhandlers, before_main; /* registered; of these, by constructors */
static size_t destructors_run;

void exit_reset(void)
{
	nhandlers = before_main;
	destructors_run = 0;
}

void exit_forget(void)
{
	nhandlers = before_main = 0;
}

void run_exit_handlers(void)
{
	while (nhandlers)
		handlers[--nhandlers]();
	while (loaded_destructor(destructors_run))
		loaded_destructor(destructors_run++)();
}

/*
 * The process ends while other threads may be anywhere. What they can do before that, they can do in the executions in
 * which the caller waits here, and nothing comes after.
 */
static _Noreturn void end_process(void)
{
	if (outside())
		call_refuse("the program ends before main() begins");
	exec_end_process();
}

CALL(int, atexit, void (*fn)(void))
{
	if (nhandlers == MAX_HANDLERS)
		call_refuse("more than %d atexit() handlers", MAX_HANDLERS);
	changing_self();
	handlers[nhandlers++] = fn;
	if (outside())
		before_main = nhandlers;
	return 0;
}

CALL(int, at_quick_exit, void (*fn)(void))
{
	return 0;
}

CALL(void, exit, int status)
{
	run_exit_handlers();
	end_process();
}

CALL(void, quick_exit, int status)
{
	end_process();
}

CALL(void, _exit, int status)
{
	end_process();
}

CALL(void, _Exit, int status)
{
	end_process();
}

CALL(void, abort, void)
{
	call_violation("abort", "%s calls abort()", thread_name(current_thread));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Clang gives the whole declaration: "void push(int)". */
static const char *function_name(const char *func, int *len)
{
	const char *name;

	*len = (int)strcspn(func, "(");
	for (name = func + *len; name > func && name[-1] != ' ' && name[-1] != '*'; name--)
		;
	*len -= (int)(name - func);
	return name;
}

CALL(void, __assert_fail, const char *expr, const char *file, unsigned int line, const char *func)
{
	int len;
	const char *name = function_name(func, &len);

	call_violation("assertion", "%s: %s, at %s:%u in %.*s()", thread_name(current_thread), expr,
		       base_name(file), line, len, name);
}

CALL(void, __assert_perror_fail, int err, const char *file, unsigned int line, const char *func)
{
	call_violation("assertion", "%s: %s, at %s:%u in %s()", thread_name(current_thread),
		       strerror(err), base_name(file), line, func);
}

CALL(void, __assert, const char *expr, const char *file, int line)
{
	call_violation("assertion", "%s: %s, at %s:%d", thread_name(current_thread), expr,
		       base_name(file), line);
}

CALL(void, __stack_chk_fail, void)
{
	call_violation("stack-smashing", "%s writes past the end of a local array",
		       thread_name(current_thread));
}
