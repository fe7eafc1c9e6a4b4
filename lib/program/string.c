// SPDX-License-Identifier: MIT
/*
 * string.c - the functions of <string.h> that read or write the program's memory.
 *
 * Each is the plain accesses that it does. GCC may call memcpy() for an assignment of structs, which it has
 * announced as an access to a range before: that is no event again.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "rt/check/plain.h"

/* The assignment's announcement came just before this call. */
static bool is_assignment(const void *to, size_t n, uintptr_t pc)
{
	const struct thread *t = &T[current_thread];

	return t->plain_store.size == n && t->plain_store.addr == (uintptr_t)to && n &&
	       pc - t->plain_store.pc < 64;
}

void *copy_memory(void *to, const void *from, size_t n, uintptr_t pc)
{
	if (outside() || is_assignment(to, n, pc))
		return memmove(to, from, n);
	plain_load_in_call((uintptr_t)from, n, pc);
	plain_store((uintptr_t)to, n, pc);
	return memmove(to, from, n);
}

static void *fill(void *to, int c, size_t n, uintptr_t pc)
{
	if (outside() || is_assignment(to, n, pc))
		return memset(to, c, n);
	plain_store((uintptr_t)to, n, pc);
	return memset(to, c, n);
}

static unsigned char byte_at(const void *p, size_t i, uintptr_t pc)
{
	unsigned char c;

	call_read(&c, (const char *)p + i, 1, pc);
	return c;
}

static void put_byte(char *p, size_t i, char c, uintptr_t pc)
{
	call_write(p + i, &c, 1, pc);
}

static size_t length(const char *s, size_t max, uintptr_t pc)
{
	size_t n = 0;

	while (n < max && byte_at(s, n, pc))
		n++;
	return n;
}

/* Copies @n characters of @from, and a NUL. */
static char *copy_string(char *to, const char *from, size_t n, uintptr_t pc)
{
	for (size_t i = 0; i < n; i++)
		put_byte(to, i, (char)byte_at(from, i, pc), pc);
	put_byte(to, n, '\0', pc);
	return to;
}

/* Up to @max characters, and if @strings to the end of both. */
static int compare(const void *a, const void *b, size_t max, bool strings, uintptr_t pc)
{
	for (size_t i = 0; i < max; i++) {
		int x = byte_at(a, i, pc), y = byte_at(b, i, pc);

		if (x != y)
			return x - y;
		if (strings && !x)
			break;
	}
	return 0;
}

CALL(void *, memcpy, void *to, const void *from, size_t n)
{
	return copy_memory(to, from, n, PC);
}

CALL(void *, memmove, void *to, const void *from, size_t n)
{
	return copy_memory(to, from, n, PC);
}

CALL(void *, mempcpy, void *to, const void *from, size_t n)
{
	return (char *)copy_memory(to, from, n, PC) + n;
}

CALL(void *, memset, void *to, int c, size_t n)
{
	return fill(to, c, n, PC);
}

CALL(void, bzero, void *to, size_t n)
{
	fill(to, 0, n, PC);
}

CALL(int, memcmp, const void *a, const void *b, size_t n)
{
	return compare(a, b, n, false, PC);
}

CALL(int, bcmp, const void *a, const void *b, size_t n)
{
	return compare(a, b, n, false, PC);
}

CALL(void *, memchr, const void *s, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (byte_at(s, i, PC) == (unsigned char)c)
			return (char *)s + i;
	return NULL;
}

CALL(size_t, strlen, const char *s)
{
	return length(s, SIZE_MAX, PC);
}

CALL(size_t, strnlen, const char *s, size_t max)
{
	return length(s, max, PC);
}

CALL(char *, strcpy, char *to, const char *from)
{
	return copy_string(to, from, length(from, SIZE_MAX, PC), PC);
}

CALL(char *, stpcpy, char *to, const char *from)
{
	size_t n = length(from, SIZE_MAX, PC);

	return copy_string(to, from, n, PC) + n;
}

CALL(char *, strncpy, char *to, const char *from, size_t max)
{
	size_t n = length(from, max, PC);

	for (size_t i = 0; i < n; i++)
		put_byte(to, i, (char)byte_at(from, i, PC), PC);
	for (size_t i = n; i < max; i++)
		put_byte(to, i, '\0', PC);
	return to;
}

CALL(char *, strcat, char *to, const char *from)
{
	copy_string(to + length(to, SIZE_MAX, PC), from, length(from, SIZE_MAX, PC), PC);
	return to;
}

CALL(char *, strncat, char *to, const char *from, size_t max)
{
	copy_string(to + length(to, SIZE_MAX, PC), from, length(from, max, PC), PC);
	return to;
}

CALL(int, strcmp, const char *a, const char *b)
{
	return compare(a, b, SIZE_MAX, true, PC);
}

CALL(int, strncmp, const char *a, const char *b, size_t max)
{
	return compare(a, b, max, true, PC);
}

static char *find_char(const char *s, int c, bool last, uintptr_t pc)
{
	char *found = NULL;

	for (size_t i = 0;; i++) {
		unsigned char x = byte_at(s, i, pc);

		if (x == (unsigned char)c) {
			found = (char *)s + i;
			if (!last)
				return found;
		}
		if (!x)
			return found;
	}
}

CALL(char *, strchr, const char *s, int c)
{
	return find_char(s, c, false, PC);
}

CALL(char *, strrchr, const char *s, int c)
{
	return find_char(s, c, true, PC);
}

CALL(char *, strstr, const char *s, const char *what)
{
	size_t n = length(what, SIZE_MAX, PC), room = length(s, SIZE_MAX, PC);

	for (size_t i = 0; i + n <= room; i++)
		if (!compare(s + i, what, n, false, PC))
			return (char *)s + i;
	return NULL;
}

static char *duplicate(const char *s, size_t n, uintptr_t pc)
{
	return copy_string(allocate_memory(n + 1, 1, DEED_ALLOCATED), s, n, pc);
}

CALL(char *, strdup, const char *s)
{
	return duplicate(s, length(s, SIZE_MAX, PC), PC);
}

CALL(char *, strndup, const char *s, size_t max)
{
	return duplicate(s, length(s, max, PC), PC);
}
