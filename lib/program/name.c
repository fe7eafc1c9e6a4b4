// SPDX-License-Identifier: MIT
/* name.c - see name.h. Heap objects have numbers in the order in which they are asked for. */
#include "name.h"

#include <stdio.h>

#include "explore/memory.h"
#include "load.h"

#define MAX_OBJECTS 64

static uintptr_t objects[MAX_OBJECTS];
static int nobjects;

void name_reset(void)
{
	nobjects = 0;
}

static int object_number(uintptr_t object)
{
	int i = 0;

	while (i < nobjects && objects[i] != object)
		i++;
	if (i == nobjects && i < MAX_OBJECTS)
		objects[nobjects++] = object;
	return i + 1;
}

bool name_address(char *buf, size_t size, uintptr_t addr, unsigned int width)
{
	uintptr_t object = memory_object(addr, NULL);
	char base[96];
	const char *name;
	size_t offset, all = 0;

	name = symbol_at(addr, &offset, &all);
	if (name) {
		snprintf(base, sizeof(base), "%.80s", name);
	} else if (object) {
		snprintf(base, sizeof(base), "malloc#%d", object_number(object));
		offset = addr - object;
	} else {
		return false;
	}
	/* What is looked at piece by piece, and divides into such pieces, is taken for an array. */
	if (name && width && all > width && all % width == 0 && offset % width == 0)
		snprintf(buf, size, "%s[%zu]", base, offset / width);
	else if (offset)
		snprintf(buf, size, "%s+%zu", base, offset);
	else
		snprintf(buf, size, "%s", base);
	return true;
}
