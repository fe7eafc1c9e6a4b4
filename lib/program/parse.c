// SPDX-License-Identifier: MIT
/*
 * parse.c - functions of the C library that look through strings of the program. The string is read by plain accesses, by
 * which it comes to lie there as the thread sees it; then the library may look.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "call.h"

static const char *read_string(const char *s, uintptr_t pc)
{
	char c = 1;

	for (size_t i = 0; !outside() && c; i++)
		call_read(&c, s + i, 1, pc);
	return s;
}

#define TO_NUMBER(type, name)                                                                      \
	CALL(type, name, const char *s, char **end, int base)                                      \
	{                                                                                          \
		char *after;                                                                       \
		type n = name(read_string(s, PC), &after, base);                                   \
                                                                                                   \
		CALL_RETURN(end, after, PC);                                                       \
		return n;                                                                          \
	}
#define TO_REAL(type, name)                                                                        \
	CALL(type, name, const char *s, char **end)                                                \
	{                                                                                          \
		char *after;                                                                       \
		type n = name(read_string(s, PC), &after);                                         \
                                                                                                   \
		CALL_RETURN(end, after, PC);                                                       \
		return n;                                                                          \
	}
#define ONE_STRING(type, name)                                                                     \
	CALL(type, name, const char *s)                                                            \
	{                                                                                          \
		return name(read_string(s, PC));                                                   \
	}
#define TWO_STRINGS(type, name)                                                                    \
	CALL(type, name, const char *a, const char *b)                                             \
	{                                                                                          \
		return name(read_string(a, PC), read_string(b, PC));                               \
	}

TO_NUMBER(long, strtol)
TO_NUMBER(long long, strtoll)
TO_NUMBER(unsigned long, strtoul)
TO_NUMBER(unsigned long long, strtoull)
TO_REAL(double, strtod)
TO_REAL(float, strtof)
TO_REAL(long double, strtold)
ONE_STRING(int, atoi)
ONE_STRING(long, atol)
ONE_STRING(long long, atoll)
ONE_STRING(double, atof)
TWO_STRINGS(size_t, strspn)
TWO_STRINGS(size_t, strcspn)
TWO_STRINGS(int, strcasecmp)

/* The names under which glibc has them since C23. */
#define RENAMED(type, name)                                                                        \
	CALL(type, __isoc23_##name, const char *s, char **end, int base)                           \
	{                                                                                          \
		return __wrap_##name(s, end, base);                                                \
	}

RENAMED(long, strtol)
RENAMED(long long, strtoll)
RENAMED(unsigned long, strtoul)
RENAMED(unsigned long long, strtoull)

CALL(int, strncasecmp, const char *a, const char *b, size_t n)
{
	return strncasecmp(read_string(a, PC), read_string(b, PC), n);
}

CALL(char *, strpbrk, const char *s, const char *set)
{
	return strpbrk(read_string(s, PC), read_string(set, PC));
}

/* The next word from @s on, NUL-terminated; *@rest: what is behind it. */
static char *next_word(char *s, const char *set, char **rest, uintptr_t pc)
{
	static const char nul = '\0';
	char *word = s + strspn(read_string(s, pc), read_string(set, pc)), *end;

	if (!*word) {
		*rest = word;
		return NULL;
	}
	end = word + strcspn(word, set);
	*rest = end + !!*end;
	if (*end)
		call_write(end, &nul, 1, pc);
	return word;
}

CALL(char *, strtok_r, char *s, const char *set, char **save)
{
	char *from = s, *rest, *word;

	if (!from)
		call_read(&from, save, sizeof(from), PC);
	word = next_word(from, set, &rest, PC);
	CALL_RETURN(save, rest, PC);
	return word;
}

CALL(char *, strtok, char *s, const char *set)
{
	call_refuse("strtok() is for one thread only: use strtok_r()");
}

CALL(char *, strsep, char **s, const char *set)
{
	char *from, *end;

	call_read(&from, s, sizeof(from), PC);
	if (!from)
		return NULL;
	end = from + strcspn(read_string(from, PC), read_string(set, PC));
	if (*end)
		call_write(end, "", 1, PC);
	CALL_RETURN(s, *end ? end + 1 : NULL, PC);
	return from;
}

CALL(int, sscanf, const char *s, const char *fmt, ...)
{
	call_refuse("sscanf() is not modelled: use strtol() and the like");
}

CALL(int, __isoc99_sscanf, const char *s, const char *fmt, ...)
{
	call_refuse("sscanf() is not modelled: use strtol() and the like");
}

CALL(int, __isoc23_sscanf, const char *s, const char *fmt, ...)
{
	call_refuse("sscanf() is not modelled: use strtol() and the like");
}
