/* SPDX-License-Identifier: MIT */
/*
 * gup.h - pinning user pages, as a driver does before a device reads or writes them.
 */
#ifndef FAULTLINE_GUP_H
#define FAULTLINE_GUP_H

#include <faultline/faultline.h>

/* How a page is taken: a set. */
enum fl_gup_flags {
	FL_GUP_WRITE = 1,     /* FOLL_WRITE: the device will write */
	FL_GUP_FAST_ONLY = 2, /* FOLL_FAST_ONLY: never take mmap_lock */
	FL_GUP_GET = 4,	      /* FOLL_GET: a plain reference, no pin */
	FL_GUP_FORCE = 8,     /* FOLL_FORCE, as ptrace does; not for the fast call */
	FL_GUP_LONGTERM = 16, /* FOLL_LONGTERM: for as long as the user likes. With a pin only */
};

/* A pinned page, or one with a reference. The caller's memory; to be released by fl_unpin(). */
struct fl_pin {
	struct fl_machine *machine; /* whose frame it is */
	uint64_t pfn;		    /* of the frame; the zero page's is never counted as pinned */
	unsigned int flags;	    /* enum fl_gup_flags, as it was taken */
};

/*
 * Pins @n pages of the address space that @cpu has loaded, from @addr on; without locks if
 * possible. Returns how many were pinned (fewer than @n if a later one failed), or a negative
 * errno if the first one already failed: -EFAULT (not mapped, or not for this kind of access),
 * -ENOMEM, -EINVAL (@addr not on a page boundary, no pages, unknown flag, no address space),
 * -EINTR. With FL_GUP_FAST_ONLY 0 is a possible answer. The pin is the caller's, from any thread.
 * After pin_user_pages_fast(), Linux 6.0 and 6.1.
 */
long fl_pin_user_pages_fast(struct fl_cpu *cpu, fl_vaddr addr, size_t n, unsigned int flags,
			    struct fl_pin *pins);
/*
 * The same for any address space, @cpu's or not, always under mmap_lock. After
 * pin_user_pages_remote(), get_user_pages_remote().
 */
long fl_pin_user_pages(struct fl_cpu *cpu, struct fl_mm *mm, fl_vaddr addr, size_t n,
		       unsigned int flags, struct fl_pin *pins);
/* After unpin_user_page(); put_page() for a plain reference. @cpu is whoever does it. */
void fl_unpin(struct fl_cpu *cpu, struct fl_pin *pin);
/* The same for a page that the device wrote to. After unpin_user_pages_dirty_lock(). */
void fl_unpin_dirty(struct fl_cpu *cpu, struct fl_pin *pin);
/*
 * Writes a word through a plain reference that is there for that alone, without the page lock: as NFS's direct reads
 * did, get_user_pages_fast(), the data, set_page_dirty(), put_page(). By the thread of @cpu, in the mm that is loaded there.
 * @flags: FL_GUP_FAST_ONLY or 0. -EINVAL: another flag, or no word's address. -EAGAIN: not without mmap_lock. Else the errors of
 * fl_pin_user_pages_fast(), Linux 4.8 to 6.12.
 */
int fl_write_by_reference(struct fl_cpu *cpu, fl_vaddr addr, uint64_t word, unsigned int flags);

/* A registered buffer: long-term writable pins of a range, as io_uring's fixed buffers or RDMA have them. */
struct fl_buffer;
/*
 * Pins @pages pages of @cpu's address space from @addr on, all of them or none. Errors as fl_pin_user_pages_fast(). The
 * caller unregisters it.
 */
int fl_buffer_register(struct fl_buffer **out, struct fl_cpu *cpu, fl_vaddr addr, size_t pages);
/* Unpins the pages and frees it. @cpu is whoever does it: any. */
void fl_buffer_unregister(struct fl_cpu *cpu, struct fl_buffer *buffer);
/* What a device reads there: word number @i of page number @page. Out of range: 0. Any thread. */
uint64_t fl_buffer_load(const struct fl_buffer *buffer, size_t page, size_t i);
/* What a device writes there. Out of range: nothing. Any thread. */
void fl_buffer_store(const struct fl_buffer *buffer, size_t page, size_t i, uint64_t word);

/* What a device reads through the pin, past all page tables: word number @i of the page. Out of range: 0. Any thread. */
uint64_t fl_pin_load(const struct fl_pin *pin, size_t i);
/* What it writes there; out of range: nothing. Any thread. */
void fl_pin_store(const struct fl_pin *pin, size_t i, uint64_t word);

#endif
