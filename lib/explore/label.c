/* SPDX-License-Identifier: MIT */
/* label.c - see label.h. Chunks that are given back all at once. */
#include "label.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)64 << 10)

struct chunk {
	struct chunk *next;
	_Alignas(16) char mem[];
};

static struct chunk *chunks;
static size_t used = CHUNK;

static void *take(size_t size)
{
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (used + size > CHUNK) {
		struct chunk *c = malloc(sizeof(*c) + (size > CHUNK ? size : CHUNK));

		if (!c)
			abort();
		c->next = chunks;
		chunks = c;
		used = 0;
	}
	p = chunks->mem + used;
	used += size;
	return p;
}

struct label *label_new(void)
{
	return memset(take(sizeof(struct label)), 0, sizeof(struct label));
}

const char *label_text(const char *s)
{
	return s ? strcpy(take(strlen(s) + 1), s) : NULL;
}

const struct deed *label_deeds(const struct deed *d, int n)
{
	return n ? memcpy(take(n * sizeof(*d)), d, n * sizeof(*d)) : NULL;
}

void label_forget(void)
{
	while (chunks) {
		struct chunk *c = chunks;

		chunks = c->next;
		free(c);
	}
	used = CHUNK;
}
