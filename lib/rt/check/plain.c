/* SPDX-License-Identifier: MIT */
/* plain.c - see plain.h. */
#include "plain.h"

#include <stdbool.h>
#include <stdio.h>

#include "../../explore/code.h"
#include "../../explore/exec.h"
#include "../../explore/learn.h"
#include "../../explore/memory.h"
#include "../../explore/search.h"
#include "stop.h"

/* An object of the heap that has no events yet: what is wrong with this access is wrong in any order. */
static void check_object(uintptr_t addr, size_t size, uintptr_t pc)
{
	char message[160];

	if (!memory_tracks(addr))
		return;
	if (!memory_inside(addr, (unsigned int)size)) {
		snprintf(message, sizeof(message),
			 "CPU%d accesses %zu bytes that no object of the heap contains" PLAIN_AT_PC,
			 current_thread, size, pc);
		exec_stop("out-of-bounds", message);
	}
	if (memory_is_freed(addr)) {
		snprintf(message, sizeof(message),
			 "CPU%d uses an object that it has freed" PLAIN_AT_PC, current_thread, pc);
		exec_stop("use-after-free", message);
	}
}

/* Has another thread allocated it, or is it on another's stack? */
static bool is_others(uintptr_t addr)
{
	return memory_zone(addr) != current_thread && !exec_on_own_stack(addr);
}

static bool is_shared(uintptr_t addr, size_t size)
{
	/* Without happens-before, lifetime.h has no answer for what has no event. */
	if (!S.clocks && is_others(addr))
		learn_shared(addr, size);
	return learn_plain(addr, size, current_thread);
}

static bool needs_events(uintptr_t addr, size_t size, uintptr_t pc)
{
	if (current_thread < 0 || !size)
		return false;
	if (!program->ordinary)
		return memory_tracks(addr);
	if (!memory_may_be_shared(addr))
		return false;
	if (memory_is_private_at_first(addr) && !is_shared(addr, size)) {
		check_object(addr, size, pc);
		if (is_others(addr))
			exec_note(DEED_USED, addr, size);
		return false;
	}
	learn_cut(addr);
	learn_cut(addr + size);
	return true;
}

/* A store that the state of the thread's stack does not show, nor an event. */
static void note_own_store(uintptr_t addr)
{
	if (current_thread >= 0 && !exec_on_own_stack(addr))
		T[current_thread].own_stores++;
}

/* Of a struct assignment, the compiler announces the store before the load. */
static bool is_source_of_announced(uintptr_t addr, size_t size, uintptr_t pc)
{
	const struct thread *t = &T[current_thread];

	return t->plain_store.size == size &&
	       (addr + size <= t->plain_store.addr || t->plain_store.addr + size <= addr) &&
	       !code_stores_between(t->plain_store.pc, pc);
}

/* The first access to memory of malloc() is a load: let that be seen (lifetime.h). */
static bool is_first_use(uintptr_t addr, size_t size)
{
	return program->sees_stores && memory_is_thread_heap(addr) && !memory_is_cleared(addr) &&
	       learn_is_untouched(addr, size);
}

/* All pieces first, then all values: other threads run in between and put theirs there. */
static void load(uintptr_t addr, size_t size, uintptr_t pc, bool used)
{
	if (used && is_first_use(addr, size))
		learn_shared(addr, size);
	if (!needs_events(addr, size, pc))
		return;

	char value[size];

	if (is_source_of_announced(addr, size, pc))
		used = false;
	else
		exec_flush();
	for (size_t i = 0, n; i < size; i += n) {
		n = memory_piece(addr + i, size - i);

		struct op op = {
			.kind = OP_LOAD,
			.order = FL_PLAIN,
			.flags = used && n == size ? EVF_USED : 0,
			.addr = addr + i,
			.size = (unsigned int)n,
			.pc = pc,
		};

		if (fl_stop_is_near())
			fl_stop_before(NULL);
		exec_do_before_store(&op);
		__builtin_memcpy(value + i, &op.old, n);
	}
	__builtin_memcpy((void *)addr, value, size);
}

void plain_load(uintptr_t addr, size_t size, uintptr_t pc)
{
	load(addr, size, pc, false);
}

/* Copying bytes is no use of what they hold. */
void plain_load_value(uintptr_t addr, size_t size, uintptr_t pc)
{
	load(addr, size, pc, current_thread >= 0 && program->loads_are_uses && size > 1);
}

void plain_load_in_call(uintptr_t addr, size_t size, uintptr_t pc)
{
	T[current_thread].in_call = true;
	plain_load(addr, size, pc);
	T[current_thread].in_call = false;
}

void plain_store(uintptr_t addr, size_t size, uintptr_t pc)
{
	if (!needs_events(addr, size, pc)) {
		note_own_store(addr);
		return;
	}
	exec_flush();
	/* The bits around a bit-field are read, which the compiler keeps to itself. */
	if (program->ordinary && size <= 8 && code_loads_before_store(pc))
		plain_load(addr, size, pc);
	if (fl_stop_is_near())
		fl_stop_before(NULL);
	/* The initial value has to be taken before the store lands in real memory. */
	for (size_t i = 0, n; i < size && !program->ordinary; i += n) {
		n = memory_piece(addr + i, size - i);
		memory_location(addr + i, (unsigned int)n);
	}
	T[current_thread].plain_store.addr = addr;
	T[current_thread].plain_store.size = (unsigned int)size;
	T[current_thread].plain_store.pc = pc;
	T[current_thread].plain_store.step = T[current_thread].step;
}
