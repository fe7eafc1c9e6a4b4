// SPDX-License-Identifier: MIT
/*
 * utf8.c - texts from source files and trace files, which can hold anything.
 *
 * Control characters would let a trace file write to the terminal, and JSON takes UTF-8 only.
 */
#include "trace.h"

/* Bytes of the character at @s; 0: not UTF-8 (Unicode 15, table 3-7). */
static int character(const unsigned char *s)
{
	static const struct {
		unsigned char first, last, low, high; /* of the first byte, of the second */
		int bytes;
	} form[] = {
		{ 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		int n = form[i].bytes;

		if (*s < form[i].first || *s > form[i].last)
			continue;
		if (n > 1 && (s[1] < form[i].low || s[1] > form[i].high))
			return 0;
		for (int k = 2; k < n; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return n;
	}
	return 0;
}

void fl_trace_make_printable(char *text)
{
	unsigned char *s = (unsigned char *)text;

	while (*s) {
		int n = character(s);

		if (!n) {
			*s++ = '?';
			continue;
		}
		if (*s < ' ' || *s == 0x7f)
			*s = ' ';
		else if (*s == 0xc2 && s[1] < 0xa0) /* U+0080 to U+009F */
			s[0] = s[1] = ' ';
		s += n;
	}
}
