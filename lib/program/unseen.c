// SPDX-License-Identifier: MIT
/* unseen.c - see unseen.h. What touches no memory but its own, or the caller's stack, does not count. */
#include "unseen.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

/* With a * at the end: all that begin so. */
static const char *const harmless[] = {
	"pthread_attr_*",
	"pthread_mutexattr_*",
	"pthread_condattr_*",
	"pthread_rwlockattr_*",
	"pthread_barrierattr_*",
	"pthread_equal",
	"thrd_equal",
	"pthread_setconcurrency",
	"sched_get_priority_*",
	"sched_getcpu",
	"sysconf",
	"getpagesize",
	"getenv",
	"__errno_location",
	"__ctype_*",
	"is*",
	"tolower",
	"toupper",
	"abs",
	"labs",
	"llabs",
	"div",
	"ldiv",
	"lldiv",
	"ffs*",
	"difftime",
	"strerror",
	"bsearch",
	"setbuf",
	"setvbuf",
	"setlocale",
	"setjmp",
	"_setjmp",
	"__sigsetjmp",
	"longjmp",
	"_longjmp",
	"siglongjmp",
	"_Unwind_*",
	"__cxa_finalize",
	"__gmon_start__",
};

static bool is_harmless(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		size_t n = strlen(harmless[i]);

		if (harmless[i][n - 1] == '*' ? !strncmp(name, harmless[i], n - 1)
					      : n == len && !strncmp(name, harmless[i], n))
			return true;
	}
	return false;
}

static bool is_library(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return !strncmp(slash ? slash + 1 : path, name, strlen(name));
}

void find_unseen(char *buf, size_t size, const char *assembly)
{
	const char *name, *library;
	size_t n = (size_t)snprintf(buf, size, "%s", assembly);

	for (int i = 0; (name = loaded_import(i, &library)); i++) {
		size_t len = strcspn(name, "@");

		/* What is ours has no .so in its file's name. */
		if (!library || !strstr(library, ".so") || is_library(library, "libm.so") ||
		    is_harmless(name, len) || n + len + 8 > size)
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%.*s()", n ? ", " : "", (int)len, name);
	}
}
