/* SPDX-License-Identifier: MIT */
/*
 * describe.h - values of modelled memory in words, for traces.
 *
 * Reads the machine as it is now: to find a page table it follows the entries of this moment.
 * Called while no thread runs.
 */
#ifndef FL_MMU_DESCRIBE_H
#define FL_MMU_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

struct fl_machine;

/*
 * Renders @value, which was stored at address @addr of the host: an entry as "none", "rw pfn=3",
 * "ro pfn=3 clean"; flags by their names; a reference count as "2", "2 + 1 pin". 0: nothing
 * better than a number.
 */
int fl_describe(const struct fl_machine *m, uintptr_t addr, uint64_t value, char *buf, size_t n);
/* What is at @addr: "entry for 0x20", "frame 3: flags". 0: not known. */
int fl_describe_addr(const struct fl_machine *m, uintptr_t addr, char *buf, size_t n);

/* fl_describe() for entries of one address space, which need not be loaded. */
struct ptdesc;
int fl_describe_in_table(const struct fl_machine *m, const struct ptdesc *pgd, uintptr_t addr,
			 uint64_t value, char *buf, size_t n);

/* A page-table entry. */
void pte_text(char *buf, size_t n, uint64_t pte);

/* fl_describe() for the machine that there is; @buf is "" for 0. For fl_trace_create(). */
void fl_describe_value(char *buf, size_t size, uintptr_t addr, unsigned int width, uint64_t value);
/* Called by fl_machine_create(), and with NULL by fl_machine_destroy(). */
void fl_describe_attach(const struct fl_machine *m);

/* Appends to @buf, which stays terminated. */
void fl_text_add(char *buf, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
