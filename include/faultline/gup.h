/* SPDX-License-Identifier: MIT */
/*
 * gup.h - pinning user pages, as a driver does before a device reads or writes them.
 */
#ifndef FAULTLINE_GUP_H
#define FAULTLINE_GUP_H

#include <faultline/faultline.h>

enum fl_gup_flags {
	FL_GUP_WRITE = 1,     /* FOLL_WRITE: the device will write */
	FL_GUP_FAST_ONLY = 2, /* FOLL_FAST_ONLY: never take mmap_lock */
};

/* A pinned page. The caller's memory; to be released by fl_unpin(). */
struct fl_pin {
	struct fl_machine *machine;
	uint64_t pfn; /* of the frame; the zero page's is never counted as pinned */
	unsigned int flags;
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
/* After unpin_user_page(). @cpu is whoever does it. */
void fl_unpin(struct fl_cpu *cpu, struct fl_pin *pin);

/*
 * What a device reads or writes through the pin, past all page tables. Word number @i of the page;
 * out of range: reads 0, writes nothing.
 */
uint64_t fl_pin_load(const struct fl_pin *pin, size_t i);
void fl_pin_store(const struct fl_pin *pin, size_t i, uint64_t word);

#endif
