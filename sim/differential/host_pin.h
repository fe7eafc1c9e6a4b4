/* SPDX-License-Identifier: MIT */
/* host_pin.h - long-term pins: io_uring's registered buffers, by plain system calls. */
#ifndef FL_DIFFERENTIAL_HOST_PIN_H
#define FL_DIFFERENTIAL_HOST_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ring for one registered buffer; -1: errno. */
int pin_ring(void);
/* Pins a range of the caller's memory. 0, or -1: errno. */
int pin_register(int ring, uint64_t addr, size_t size);
int pin_unregister(int ring);

/* A ring of which this process has the memory mapped, and which can move data. */
struct pin_queue {
	int ring, in, out; /* the ends of a pipe */
	void *submission, *completion, *entries;
	unsigned int tail_at, cqes_at, array_at, cq_head_at, cq_tail_at;
};

bool pin_queue_open(struct pin_queue *q, int ring);
void pin_queue_close(struct pin_queue *q);
/* A word that a device brings to @addr, where the buffer was registered, or takes from there. 0, or an errno. */
int pin_word(struct pin_queue *q, uint64_t addr, bool to_memory, uint64_t *word);

#endif
