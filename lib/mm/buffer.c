// SPDX-License-Identifier: MIT
/*
 * buffer.c - registered buffers: a range pinned for as long as the user likes, for a device to write.
 *
 * State: the pins, constant between registration and its end.
 *
 * Whatever happens to the range's mappings meanwhile, pin and mapping must not part: no write fault, no
 * fork, no write-protection may give the program another page. That is what oracle pin-coherence is
 * about.
 *
 * Models: io_pin_pages(), io_uring/memmap.c, Linux 6.12; ib_umem_get(), drivers/infiniband/core/umem.c.
 * Policy: none.
 */
#include <errno.h>

#include "mmu/frame.h"
#include "mmu/owned.h"

struct fl_buffer {
	struct owned owned;
	struct fl_machine *machine;
	size_t pages;
	struct fl_pin pins[];
};

static void unpin_all(struct fl_cpu *cpu, struct fl_buffer *buffer)
{
	while (buffer->pages > 0)
		fl_unpin(cpu, &buffer->pins[--buffer->pages]);
	fl_free(buffer);
}

static void destroy_buffer(struct owned *owned)
{
	struct fl_buffer *buffer =
		(struct fl_buffer *)((char *)owned - offsetof(struct fl_buffer, owned));

	fl_buffer_unregister(fl_machine_cpu(buffer->machine, 0), buffer);
}

int fl_buffer_register(struct fl_buffer **out, struct fl_cpu *cpu, fl_vaddr addr, size_t pages)
{
	struct fl_machine *m = cpu->machine;
	struct fl_buffer *buffer;
	long n;

	if (!pages)
		return -EINVAL;
	/* Also keeps the size of the next line in bounds. */
	if (addr >= task_size(m) || pages > (task_size(m) - addr) >> m->page_shift)
		return -EFAULT;
	buffer = mm_zalloc(FL_ALLOC_OBJECT, sizeof(*buffer) + pages * sizeof(struct fl_pin));
	if (!buffer)
		return -ENOMEM;
	buffer->machine = m;
	/* Fewer than asked: once more, for the error of the first that can't be had. */
	while (buffer->pages < pages) {
		n = fl_pin_user_pages_fast(cpu, addr + buffer->pages * page_size(m),
					   pages - buffer->pages, FL_GUP_WRITE | FL_GUP_LONGTERM,
					   &buffer->pins[buffer->pages]);
		if (n <= 0) {
			unpin_all(cpu, buffer);
			return (int)n;
		}
		buffer->pages += (size_t)n;
	}
	machine_owns(m, &buffer->owned, destroy_buffer);
	*out = buffer;
	return 0;
}

void fl_buffer_unregister(struct fl_cpu *cpu, struct fl_buffer *buffer)
{
	machine_disowns(buffer->machine, &buffer->owned);
	unpin_all(cpu, buffer);
}

uint64_t fl_buffer_load(const struct fl_buffer *buffer, size_t page, size_t i)
{
	return page < buffer->pages ? fl_pin_load(&buffer->pins[page], i) : 0;
}

void fl_buffer_store(const struct fl_buffer *buffer, size_t page, size_t i, uint64_t word)
{
	if (page < buffer->pages)
		fl_pin_store(&buffer->pins[page], i, word);
}
