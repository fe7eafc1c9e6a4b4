// SPDX-License-Identifier: MIT
/*
 * stdio.c - what the program prints is dropped: it would come once per execution. Printing into memory writes
 * characters, by plain accesses; %s reads strings as they lie there, without events.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call.h"

#define MAX_TEXT 4096 /* what one call prints into memory */

CALL(int, printf, const char *fmt, ...)
{
	return 0;
}

CALL(int, fprintf, FILE *f, const char *fmt, ...)
{
	return 0;
}

CALL(int, dprintf, int fd, const char *fmt, ...)
{
	return 0;
}

CALL(int, vprintf, const char *fmt, va_list ap)
{
	return 0;
}

CALL(int, vfprintf, FILE *f, const char *fmt, va_list ap)
{
	return 0;
}

CALL(int, vdprintf, int fd, const char *fmt, va_list ap)
{
	return 0;
}

CALL(int, puts, const char *s)
{
	return 0;
}

CALL(int, putchar, int c)
{
	return (unsigned char)c;
}

CALL(int, putc, int c, FILE *f)
{
	return (unsigned char)c;
}

CALL(int, fputs, const char *s, FILE *f)
{
	return 0;
}

CALL(int, fputc, int c, FILE *f)
{
	return (unsigned char)c;
}

CALL(size_t, fwrite, const void *p, size_t size, size_t n, FILE *f)
{
	return n;
}

CALL(int, fflush, FILE *f)
{
	return 0;
}

CALL(void, perror, const char *s)
{
}

CALL(ssize_t, write, int fd, const void *p, size_t n)
{
	if (fd != STDOUT_FILENO && fd != STDERR_FILENO)
		call_refuse("write() to a file or pipe is not modelled");
	return (ssize_t)n;
}

static __attribute__((format(printf, 3, 0))) int print(char *to, size_t size, const char *fmt,
						       va_list ap, uintptr_t pc)
{
	char text[MAX_TEXT];
	size_t used;
	int n;

	call_show_memory(); /* for %s */
	n = vsnprintf(text, sizeof(text), fmt, ap);
	used = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
	if (!size)
		return n;
	if (used >= size)
		used = size - 1;
	text[used] = '\0';
	call_write(to, text, used + 1, pc);
	return n;
}

int __wrap_vsnprintf(char *, size_t, const char *, va_list) __attribute__((format(printf, 3, 0)));
int __wrap_vsprintf(char *, const char *, va_list) __attribute__((format(printf, 2, 0)));
int __wrap_snprintf(char *, size_t, const char *, ...) __attribute__((format(printf, 3, 4)));
int __wrap_sprintf(char *, const char *, ...) __attribute__((format(printf, 2, 3)));

CALL(int, vsnprintf, char *to, size_t size, const char *fmt, va_list ap)
{
	return print(to, size, fmt, ap, PC);
}

CALL(int, vsprintf, char *to, const char *fmt, va_list ap)
{
	return print(to, SIZE_MAX, fmt, ap, PC);
}

CALL(int, snprintf, char *to, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print(to, size, fmt, ap, PC);
	va_end(ap);
	return n;
}

CALL(int, sprintf, char *to, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = print(to, SIZE_MAX, fmt, ap, PC);
	va_end(ap);
	return n;
}
