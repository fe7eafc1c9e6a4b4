/* SPDX-License-Identifier: MIT */
/*
 * plain.h - plain accesses of the running thread, of any size, as events where they need any.
 *
 * A load is done before the code looks: its value is put where the code will find it. A store is announced
 * before it happens and becomes an event at the thread's next operation, when its value is there.
 */
#ifndef FL_RT_PLAIN_H
#define FL_RT_PLAIN_H

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>

/* The end of a message on an access that is no event: whoever has loaded the program knows the source line. */
#define PLAIN_AT_PC ", at pc %#" PRIxPTR

void plain_load(uintptr_t addr, size_t size, uintptr_t pc);
/* Of a variable, whose value the code uses. */
void plain_load_value(uintptr_t addr, size_t size, uintptr_t pc);
/* As a part of what a library function does: its caller may have got further than its own state tells. */
void plain_load_in_call(uintptr_t addr, size_t size, uintptr_t pc);
void plain_store(uintptr_t addr, size_t size, uintptr_t pc);

#endif
