/* SPDX-License-Identifier: MIT */
/*
 * pipe.h - pipes that hold references to pages: vmsplice() and tee() put them there, without a copy.
 */
#ifndef FAULTLINE_PIPE_H
#define FAULTLINE_PIPE_H

#include <faultline/faultline.h>

struct fl_pipe;

/* A pipe with room for @slots pages (0: 16). The caller closes it. -ENOMEM. */
int fl_pipe_create(struct fl_pipe **out, struct fl_machine *m, unsigned int slots);
/* Drops what is still in it. NULL is allowed. */
void fl_pipe_close(struct fl_pipe *pipe);

/*
 * Puts a reference to each of @pages pages of @cpu's address space into @pipe: FOLL_GET, for reading.
 * Returns how many; fewer than asked when the pipe is full or a later page can't be had. -EAGAIN: the
 * pipe was full already. Else as fl_pin_user_pages_fast() with FL_GUP_GET. After vmsplice_to_pipe(), fs/splice.c.
 */
long fl_vmsplice(struct fl_cpu *cpu, struct fl_pipe *pipe, fl_vaddr addr, size_t pages);
/*
 * Duplicates the oldest @pages references of @from to @to, as far as there is room. -EAGAIN: there is
 * none, or nothing to duplicate. -EINVAL: to itself. After tee().
 */
long fl_tee(struct fl_pipe *from, struct fl_pipe *to, size_t pages);
/*
 * Reads the words of the oldest page, page_words of them, and drops its reference. -EAGAIN: the pipe
 * is empty.
 */
int fl_pipe_read(uint64_t *words, struct fl_pipe *pipe);
/* The same without taking it out; word @i only. */
int fl_pipe_peek(uint64_t *out, const struct fl_pipe *pipe, size_t i);

#endif
