// SPDX-License-Identifier: MIT
/*
 * tls.c - thread-local variables of the program, a copy for each thread.
 *
 * All threads are fibres of one, so the C library's thread-local memory won't do. The program is compiled
 * in the model in which each access asks __tls_get_addr() (or, Clang's emulated form, __emutls_get_address());
 * here both return the variable's place in a block on the fibre's own stack. So a thread-local variable
 * is to the engine what a variable on the stack is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "load.h"

#define MAX_EMULATED 64 /* variables */

/* What the compiler hands to the two functions. */
struct tls_index {
	size_t module, offset;
};

struct emulated {
	size_t size, align;
	void *number; /* the compiler's own library would keep one here */
	const void *image;
};

static struct {
	const struct emulated *variable;
	size_t offset; /* in the block, behind the others */
} emulated[MAX_EMULATED];
static int nemulated;
static size_t emulated_size;

void *__tls_get_addr(struct tls_index *index);

static size_t round_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

#define MAX_ALIGN 64
#define EMULATED_ROOM 4096

size_t tls_block_size(void)
{
	return round_up(loaded_tls()->size, MAX_ALIGN) + EMULATED_ROOM + MAX_ALIGN;
}

void tls_begin_thread(char *block)
{
	const struct tls_image *image = loaded_tls();
	struct self *me = self();

	T[current_thread].frames_end = (uintptr_t)block;
	me->tls = (char *)round_up((uintptr_t)block, MAX_ALIGN);
	/* What constructors did to the variables, main() sees. */
	if (current_thread == 0 && image->initial_block)
		memcpy(me->tls, image->initial_block, image->size);
	else {
		if (image->data_size)
			memcpy(me->tls, image->data, image->data_size);
		memset(me->tls + image->data_size, 0, image->size - image->data_size);
	}
	me->emulated = 0;
}

CALL(void *, __tls_get_addr, struct tls_index *index)
{
	if (outside())
		return __tls_get_addr(index);
	return self()->tls + index->offset;
}

/* Variables get their places in the order in which they are first used, in whatever run. */
static int number_of(const struct emulated *e)
{
	int n = 0;

	while (n < nemulated && emulated[n].variable != e)
		n++;
	if (n < nemulated)
		return n;
	emulated_size = round_up(emulated_size, e->align);
	if (n == MAX_EMULATED || emulated_size + e->size > EMULATED_ROOM)
		call_refuse("the program's thread-local variables are too many or too large");
	emulated[n].variable = e;
	emulated[n].offset = emulated_size;
	emulated_size += e->size;
	return nemulated++;
}

CALL(void *, __emutls_get_address, struct emulated *e)
{
	int n = number_of(e);
	struct self *me = self();
	char *place;

	if (outside())
		call_refuse("a constructor uses a thread-local variable");
	place = me->tls + round_up(loaded_tls()->size, MAX_ALIGN) + emulated[n].offset;
	if (me->emulated >> n & 1)
		return place;
	me->emulated |= 1ull << n;
	if (e->image)
		memcpy(place, e->image, e->size);
	else
		memset(place, 0, e->size);
	return place;
}

void tls_forget(void)
{
	nemulated = 0;
	emulated_size = 0;
}
