/* SPDX-License-Identifier: MIT */
/*
 * stdatomic.h - the compiler's, and the integer types: Clang's and the C library's own headers bring
 * them along, GCC's does not, and programs rely on it.
 */
#ifndef FAULTLINE_COMPAT_STDATOMIC_H
#define FAULTLINE_COMPAT_STDATOMIC_H

#pragma GCC system_header

#include <stddef.h>
#include <stdint.h>

#include_next <stdatomic.h>

#endif
