/* SPDX-License-Identifier: MIT */
/*
 * compiler.h - what the check engine needs of the compiler.
 *
 * With -fsanitize=thread the compiler announces plain accesses. Clang leaves out loads that a store to the
 * same place follows (x++), unless told otherwise; the engine could not give them their values.
 */
#ifndef FAULTLINE_COMPILER_H
#define FAULTLINE_COMPILER_H

#if defined(FAULTLINE_CHECK) && defined(__clang__) && !defined(FAULTLINE_CLANG)
#error "clang: use `pkg-config --cflags faultline-check-clang` (Faultline::check in CMake does it by itself)"
#endif

#endif
