// SPDX-License-Identifier: MIT
/*
 * uffd.c - userfaultfds, one per address space at most, and the thread that answers their messages.
 *
 * The handler runs until all others have come to their end, since a fault waits for it. What it can't do it is asked for
 * again: it wakes whoever waits.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "soak.h"

static bool take_uffd(struct slot *slot)
{
	return !atomic_flag_test_and_set(&slot->uffd_busy);
}

static void put_uffd(struct slot *slot)
{
	atomic_flag_clear(&slot->uffd_busy);
}

/* In the chaos, or words with owners. */
static unsigned int watched_range(struct thread *t, unsigned int *pages, bool *chaos)
{
	unsigned int at;

	*chaos = !one_in(&t->random, 3);
	if (*chaos)
		return a_range(t, pages);
	at = below(&t->random, SAFE_PAGES);
	*pages = 1 + below(&t->random, SAFE_PAGES - at);
	return ZONE_AT(ZONE_ANON) + at;
}

/* The slot's userfaultfd, which is the caller's for the moment. */
static struct slot *a_uffd(struct thread *t, bool open)
{
	if (!load_a_slot(t) || !take_uffd(t->slot))
		return NULL;
	if (!t->slot->uffd == !open)
		return t->slot;
	put_uffd(t->slot);
	return NULL;
}

void op_uffd_open(struct thread *t)
{
	struct slot *slot = a_uffd(t, false);
	unsigned int features = 0;
	struct fl_uffd *uffd;
	int err;

	if (!slot)
		return;
	if (one_in(&t->random, 2))
		features |= FL_UFFD_FEATURE_WP_UNPOPULATED;
	if (one_in(&t->random, 4))
		features |= FL_UFFD_FEATURE_WP_ASYNC;
	err = fl_uffd_create_with(&uffd, slot->mm, features);
	ALLOWED("uffd_create", err, -ENOMEM, -EINVAL);
	if (!err)
		slot->uffd = uffd;
	put_uffd(slot);
}

void op_uffd_close(struct thread *t)
{
	struct slot *slot = a_uffd(t, true);

	if (!slot)
		return;
	fl_uffd_close(slot->uffd);
	slot->uffd = NULL;
	put_uffd(slot);
}

void op_uffd_register(struct thread *t)
{
	unsigned int pages, at, mode;
	struct slot *slot = a_uffd(t, true);
	bool chaos;

	if (!slot)
		return;
	at = watched_range(t, &pages, &chaos);
	mode = 1 + below(&t->random, 7);
	if (!chaos)
		mode &= FL_UFFD_MISSING | FL_UFFD_WP;
	if (mode)
		ALLOWED("uffd_register",
			fl_uffd_register(slot->uffd, t->cpu, page_at(t->r, at), pages, mode),
			-EINVAL, -EBUSY, -EPERM, -ENOMEM, -EAGAIN);
	put_uffd(slot);
}

void op_uffd_unregister(struct thread *t)
{
	unsigned int pages, at;
	struct slot *slot = a_uffd(t, true);
	bool chaos;

	if (!slot)
		return;
	at = watched_range(t, &pages, &chaos);
	ALLOWED("uffd_unregister", fl_uffd_unregister(slot->uffd, t->cpu, page_at(t->r, at), pages),
		-EINVAL, -ENOMEM, -EAGAIN, -EPERM, -EBUSY);
	put_uffd(slot);
}

void op_uffd_protect(struct thread *t)
{
	unsigned int pages, at;
	struct slot *slot = a_uffd(t, true);
	bool chaos;

	if (!slot)
		return;
	at = watched_range(t, &pages, &chaos);
	ALLOWED("uffd_writeprotect",
		fl_uffd_writeprotect(slot->uffd, page_at(t->r, at), pages, !one_in(&t->random, 3)),
		-ENOENT, -EINVAL, -ENOMEM);
	put_uffd(slot);
}

/* --- the handler --- */

static int fill(struct thread *t, struct fl_uffd *uffd, fl_vaddr addr)
{
	uint64_t words[512] = { 0 };
	bool chaos = addr >= page_at(t->r, CHAOS_AT) &&
		     addr < page_at(t->r, CHAOS_AT + CHAOS_PAGES);

	if (one_in(&t->random, 3))
		return fl_uffd_zeropage(uffd, addr);
	if (chaos)
		words[0] = new_value(t);
	if (one_in(&t->random, 3))
		return fl_uffd_copy_wp(uffd, addr, words);
	return fl_uffd_copy(uffd, addr, words);
}

static void answer(struct thread *t, struct slot *slot, const struct fl_uffd_msg *msg)
{
	struct fl_uffd *uffd = slot->uffd;
	int err;

	if (msg->wp)
		err = fl_uffd_writeprotect(uffd, msg->addr, 1, false);
	else if (msg->minor)
		err = one_in(&t->random, 3) ? fl_uffd_continue_wp(uffd, msg->addr)
					    : fl_uffd_continue(uffd, msg->addr);
	else
		err = fill(t, uffd, msg->addr);
	ALLOWED("uffd answer", err, -EEXIST, -ENOENT, -EINVAL, -ENOMEM, -EFAULT, -EAGAIN);
	if (!err)
		return;
	/* Nobody gives memory back any more. */
	if (err == -ENOMEM && atomic_load(&t->r->stop)) {
		fl_uffd_close(uffd);
		slot->uffd = NULL;
	} else {
		fl_uffd_wake(uffd, msg->addr, 1);
	}
}

static void answer_all(struct thread *t, struct slot *slot)
{
	struct fl_uffd_msg msg;

	for (int i = 0; slot->uffd && i < 64; i++) {
		int err = fl_uffd_try_read(&msg, slot->uffd);

		ALLOWED("uffd_read", err, -EAGAIN);
		if (err)
			return;
		answer(t, slot, &msg);
		atomic_fetch_add_explicit(&t->ops, 1, memory_order_relaxed);
	}
}

void *handle_faults(void *handler)
{
	static const struct timespec nap = { .tv_nsec = 200000 };
	struct thread *t = handler;

	while (!atomic_load(&t->r->stop_handler)) {
		bind_anywhere(t);
		for (unsigned int i = 0; i < NR_SLOTS; i++) {
			struct slot *slot = use_slot(t->r, &t->random);

			if (slot && take_uffd(slot)) {
				answer_all(t, slot);
				put_uffd(slot);
			}
			if (slot)
				leave_slot(slot);
		}
		fl_cpu_unbind(t->cpu);
		atomic_fetch_add_explicit(&t->ops, 1, memory_order_relaxed);
		nanosleep(&nap, NULL);
	}
	return NULL;
}
