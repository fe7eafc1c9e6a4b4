// SPDX-License-Identifier: MIT
/*
 * pins.c - references and pins: taken with and without locks, held for a while, also past the end of the address
 * space, written to by devices.
 *
 * A device that has a pin of a page of words with owners writes to those that its thread owns.
 */
#include <errno.h>

#include "soak.h"

static void forget_pin(struct thread *t, unsigned int i)
{
	t->pins[i] = t->pins[--t->nr_pins];
}

static bool is_there(const struct held_pin *held)
{
	return atomic_load(&held->slot->generation) == held->generation;
}

void op_unpin(struct thread *t)
{
	unsigned int i;

	if (!t->nr_pins)
		return;
	i = below(&t->random, t->nr_pins);
	/* What was written to must be marked dirty, or reclaim may drop it. */
	if (t->pins[i].device || (t->pins[i].pin.flags & FL_GUP_WRITE && one_in(&t->random, 2)))
		fl_unpin_dirty(t->cpu, &t->pins[i].pin);
	else
		fl_unpin(t->cpu, &t->pins[i].pin);
	forget_pin(t, i);
}

static unsigned int some_flags(struct thread *t)
{
	unsigned int flags = 0;

	if (one_in(&t->random, 2))
		flags |= FL_GUP_WRITE;
	if (one_in(&t->random, 4))
		flags |= FL_GUP_GET;
	else if (one_in(&t->random, 3))
		flags |= FL_GUP_LONGTERM;
	return flags;
}

static void hold(struct thread *t, struct slot *slot, const struct fl_pin *pin, unsigned int page,
		 bool device)
{
	t->pins[t->nr_pins++] = (struct held_pin){
		.pin = *pin,
		.slot = slot,
		.generation = atomic_load(&slot->generation),
		.page = page,
		.device = device,
	};
}

void op_pin(struct thread *t)
{
	bool safe = one_in(&t->random, 2), device;
	unsigned int at = safe ? ZONE_AT(ZONE_ANON) + below(&t->random, SAFE_PAGES - 1)
			       : CHAOS_AT + below(&t->random, CHAOS_PAGES);
	unsigned int flags = some_flags(t);
	struct fl_pin pin;
	long n;

	while (t->nr_pins == MAX_PINS)
		op_unpin(t);
	if (!load_a_slot(t))
		return;
	if (one_in(&t->random, 3)) {
		if (one_in(&t->random, 6))
			flags = (flags & ~(unsigned int)FL_GUP_LONGTERM) | FL_GUP_FORCE;
		n = fl_pin_user_pages(t->cpu, t->slot->mm, page_at(t->r, at), 1, flags, &pin);
	} else {
		if (one_in(&t->random, 3))
			flags |= FL_GUP_FAST_ONLY;
		n = fl_pin_user_pages_fast(t->cpu, page_at(t->r, at), 1, flags, &pin);
	}
	if (n != 1) {
		if (n || !(flags & FL_GUP_FAST_ONLY))
			ALLOWED("pin", n, -EFAULT, -ENOMEM, -EINTR, -EAGAIN, -EIO);
		return;
	}
	device = safe && flags & FL_GUP_WRITE && !(flags & FL_GUP_GET);
	hold(t, t->slot, &pin, at - ZONE_AT(ZONE_ANON), device);
}

/* Word @i of the pinned page, if it is the thread's; the owner's record of it. */
static struct word *device_word(struct thread *t, const struct held_pin *held, unsigned int *i)
{
	unsigned int words = t->r->config.page_words, n;

	n = held->page * words + below(&t->random, words);
	*i = n % words;
	return n % t->r->nr_threads == t->number ? own_word(t, held->slot, ZONE_ANON, n) : NULL;
}

void op_pin_write(struct thread *t)
{
	struct held_pin *held;
	struct word *w = NULL;
	unsigned int i = 0;
	uint64_t value;

	if (!t->nr_pins)
		return;
	held = &t->pins[below(&t->random, t->nr_pins)];
	if (one_in(&t->random, 3) || !(held->pin.flags & FL_GUP_WRITE) ||
	    held->pin.flags & FL_GUP_GET) {
		fl_pin_load(&held->pin, below(&t->random, t->r->config.page_words));
		return;
	}
	if (!held->device) {
		fl_pin_store(&held->pin, below(&t->random, t->r->config.page_words), new_value(t));
		return;
	}
	/* Its words are known only while the address space is the same: used, so that it is not destroyed. */
	if (held->slot == t->slot && is_there(held))
		w = device_word(t, held, &i);
	if (!w)
		return;
	value = new_value(t);
	atomic_store(&w->begun, value);
	fl_pin_store(&held->pin, i, value);
	atomic_store(&w->done, value);
}

/* A reference that is there for one write. To the chaos: it may get lost. */
void op_reference(struct thread *t)
{
	unsigned int words = CHAOS_PAGES * t->r->config.page_words;
	fl_vaddr addr = page_at(t->r, CHAOS_AT) + (fl_vaddr)below(&t->random, words) * FL_WORD_SIZE;

	if (load_a_slot(t))
		ALLOWED("write_by_reference",
			fl_write_by_reference(t->cpu, addr, new_value(t),
					      one_in(&t->random, 2) ? FL_GUP_FAST_ONLY : 0),
			-EAGAIN, -EFAULT, -ENOMEM, -EINTR, -EIO);
}

void op_buffer(struct thread *t)
{
	unsigned int pages, at = a_range(t, &pages);
	size_t page = below(&t->random, pages), i = below(&t->random, t->r->config.page_words);

	if (t->buffer) {
		fl_buffer_load(t->buffer, page, i);
		fl_buffer_store(t->buffer, page, i, new_value(t));
		if (one_in(&t->random, 2)) {
			fl_buffer_unregister(t->cpu, t->buffer);
			t->buffer = NULL;
		}
		return;
	}
	if (load_a_slot(t))
		ALLOWED("buffer_register",
			fl_buffer_register(&t->buffer, t->cpu, page_at(t->r, at), pages), -EFAULT,
			-ENOMEM, -EINTR, -EAGAIN, -EIO);
}
