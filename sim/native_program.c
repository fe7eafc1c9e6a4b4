// SPDX-License-Identifier: MIT
/*
 * native_program.c - see native_program.h; and the commands that are such a program: what their options mean, and all else, is
 * there (bench/main.c, differential/main.c).
 */
#include "native_program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* In the folder of this one, where both were built; else where both are installed. */
bool native_find_program(char *path, size_t size, const char *name)
{
	char self[1024], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	snprintf(path, size, "%s/%s", self, name);
	if (!access(path, X_OK))
		return true;
	snprintf(path, size, "%s/" NATIVE_FROM_BIN "/%s", self, name);
	if (!access(path, X_OK))
		return true;
	cli_error("can't find %s, neither in %s nor in %s/" NATIVE_FROM_BIN
		  "; it is built and installed with this command",
		  name, self, self);
	return false;
}

static int become(const char *name, char **argv)
{
	char program[1200];

	if (!native_find_program(program, sizeof(program), name))
		return CLI_BAD_INPUT;
	execv(program, argv);
	return cli_error("can't start %s: %s", program, strerror(errno));
}

int cmd_bench(int argc, char **argv)
{
	(void)argc;
	return become("faultline-bench", argv);
}

int cmd_differential(int argc, char **argv)
{
	(void)argc;
	return become("faultline-differential", argv);
}
