// SPDX-License-Identifier: MIT
/*
 * host_pin.c - io_uring's registered buffers.
 *
 * A ring belongs to the harness; whoever registers a buffer there pins pages of its own. Data goes through a pipe, as a device
 * would bring it: a request reads from the pipe into the buffer, or writes the buffer to it. Who submits that needs no mapping
 * of the pages.
 */
#define _GNU_SOURCE /* pipe2() */
#include "host_pin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAPPED 4096 /* bytes of each of the ring's areas: it has one entry */

int pin_ring(void)
{
	struct io_uring_params params = { 0 };

	return (int)syscall(SYS_io_uring_setup, 1, &params);
}

int pin_register(int ring, uint64_t addr, size_t size)
{
	struct iovec part = { (void *)(uintptr_t)addr, size };

	return (int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &part, 1);
}

int pin_unregister(int ring)
{
	return (int)syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
}

static void *map_area(int ring, off_t which)
{
	return mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, ring, which);
}

/* Where in its memory a ring of one entry has what: as a new one like it says. */
static bool find_places(struct pin_queue *q, struct io_uring_params *params)
{
	q->ring = (int)syscall(SYS_io_uring_setup, 1, params);
	q->tail_at = params->sq_off.tail;
	q->array_at = params->sq_off.array;
	q->cq_head_at = params->cq_off.head;
	q->cq_tail_at = params->cq_off.tail;
	q->cqes_at = params->cq_off.cqes;
	return q->ring >= 0;
}

bool pin_queue_open(struct pin_queue *q, int ring)
{
	struct io_uring_params params = { 0 };
	int fd[2];

	*q = (struct pin_queue){ .ring = -1, .in = -1, .out = -1 };
	if (ring < 0 || !find_places(q, &params))
		return false;
	close(q->ring);
	q->ring = ring;
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK))
		return false;
	q->out = fd[0];
	q->in = fd[1];
	q->submission = map_area(ring, IORING_OFF_SQ_RING);
	q->completion = map_area(ring, IORING_OFF_CQ_RING);
	q->entries = map_area(ring, IORING_OFF_SQES);
	return q->submission != MAP_FAILED && q->completion != MAP_FAILED &&
	       q->entries != MAP_FAILED;
}

static void unmap_area(void *area)
{
	if (area && area != MAP_FAILED)
		munmap(area, MAPPED);
}

void pin_queue_close(struct pin_queue *q)
{
	unmap_area(q->submission);
	unmap_area(q->completion);
	unmap_area(q->entries);
	if (q->in >= 0) {
		close(q->in);
		close(q->out);
	}
}

static unsigned int *number_at(void *area, unsigned int at)
{
	return (unsigned int *)(void *)((char *)area + at);
}

/* One request, and what came of it. */
static int submit(struct pin_queue *q, const struct io_uring_sqe *sqe)
{
	unsigned int *tail = number_at(q->submission, q->tail_at);
	unsigned int *head = number_at(q->completion, q->cq_head_at);
	const struct io_uring_cqe *cqes = (void *)((char *)q->completion + q->cqes_at);
	unsigned int at;
	int result;

	*(struct io_uring_sqe *)q->entries = *sqe;
	*number_at(q->submission, q->array_at) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, q->ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	at = *head;
	if (__atomic_load_n(number_at(q->completion, q->cq_tail_at), __ATOMIC_ACQUIRE) == at)
		return -EAGAIN;
	result = cqes[at & 1].res; /* twice as many as submissions */
	__atomic_store_n(head, at + 1, __ATOMIC_RELEASE);
	return result;
}

static bool put_word(int fd, const uint64_t *word)
{
	return write(fd, word, sizeof(*word)) == (ssize_t)sizeof(*word);
}

int pin_word(struct pin_queue *q, uint64_t addr, bool to_memory, uint64_t *word)
{
	struct io_uring_sqe sqe = {
		.opcode = to_memory ? IORING_OP_READ_FIXED : IORING_OP_WRITE_FIXED,
		.fd = to_memory ? q->out : q->in,
		.addr = addr,
		.len = sizeof(*word),
	};
	int n;

	if (to_memory && !put_word(q->in, word))
		return EIO;
	n = submit(q, &sqe);
	if (n != (int)sizeof(*word))
		return n < 0 ? -n : EIO;
	if (!to_memory && read(q->out, word, sizeof(*word)) != (ssize_t)sizeof(*word))
		return EIO;
	return 0;
}
