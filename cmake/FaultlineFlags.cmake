# SPDX-License-Identifier: MIT
# How the tree's own code is compiled. Nothing here reaches a user of the libraries.
#
#   fl_warnings     what the compiler must not find
#   fl_sanitizers   FAULTLINE_SANITIZE
#   fl_native       code of the native engine: its definitions, headers and libraries
#   fl_stress       with the native engine's: marked accesses are places at which a thread can be late
#   fl_check        the same for the check engine
#   fl_modelled     with fl_check: plain accesses are seen by the engine (lib/rt/check has the
#                   __tsan_* functions that the compiler calls; nothing is linked with this flag)

add_library(fl_warnings INTERFACE)
target_compile_options(fl_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wpointer-arith -Wundef -Wwrite-strings -Wformat=2 -Wno-unused-parameter -Wno-missing-field-initializers
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond>
  $<$<C_COMPILER_ID:Clang>:-Wno-gnu>
  $<$<BOOL:${FAULTLINE_WERROR}>:-Werror>)

add_library(fl_sanitizers INTERFACE)
if(FAULTLINE_SANITIZERS)
  list(JOIN FAULTLINE_SANITIZERS "," sanitizers)
  target_compile_options(fl_sanitizers INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # gcc: with any sanitizer on, its own idea of the types of the __tsan_ functions meets lib/rt/check.
    $<$<C_COMPILER_ID:GNU>:-Wno-builtin-declaration-mismatch>
    # gcc: thread does not model fences, and says so at each. tests/tsan.supp lists what that costs.
    $<$<C_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(fl_sanitizers INTERFACE -fsanitize=${sanitizers})
endif()

if(FAULTLINE_FUZZ)
  # The check engine is linked with the address sanitizer here, and only here: its fibres are all on stacks
  # that the sanitizer takes for ordinary memory.
  target_compile_options(fl_sanitizers INTERFACE -fsanitize=fuzzer-no-link,address
                         -fno-omit-frame-pointer)
endif()

add_library(fl_common INTERFACE)
target_compile_options(fl_common INTERFACE
  -std=gnu11
  # One set of objects serves the static and the shared library. Neither lets a program replace our
  # functions, and thread-local variables are found in one instruction.
  -fPIC -fno-semantic-interposition -ftls-model=initial-exec)
target_include_directories(fl_common INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include ${PROJECT_SOURCE_DIR}/lib)
target_link_libraries(fl_common INTERFACE fl_warnings fl_sanitizers)

add_library(fl_native INTERFACE)
target_link_libraries(fl_native INTERFACE fl_common PkgConfig::FAULTLINE_URCU Threads::Threads)
target_include_directories(fl_native SYSTEM INTERFACE ${FAULTLINE_CK_INCLUDE_DIRS})

add_library(fl_stress INTERFACE)
target_compile_definitions(fl_stress INTERFACE FL_STRESS)
# gcc loses track there; it has seen the same code in the native engine.
target_compile_options(fl_stress INTERFACE $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
if(NOT FAULTLINE_SANITIZERS)
  # A call before each access: lib/stress/arena.c.
  target_compile_definitions(fl_stress INTERFACE FL_STRESS_ACCESSES)
  target_compile_options(fl_stress INTERFACE -fsanitize=kernel-address
    $<$<C_COMPILER_ID:GNU>:--param=asan-instrumentation-with-call-threshold=0>
    $<$<C_COMPILER_ID:GNU>:--param=asan-stack=0>
    $<$<C_COMPILER_ID:GNU>:--param=asan-globals=0>
    "$<$<C_COMPILER_ID:Clang>:SHELL:-mllvm -asan-instrumentation-with-call-threshold=0>"
    "$<$<C_COMPILER_ID:Clang>:SHELL:-mllvm -asan-stack=0>"
    "$<$<C_COMPILER_ID:Clang>:SHELL:-mllvm -asan-globals=0>")
endif()
target_link_libraries(fl_stress INTERFACE fl_native)

add_library(fl_check INTERFACE)
target_compile_definitions(fl_check INTERFACE FAULTLINE_CHECK
  $<$<C_COMPILER_ID:Clang>:FAULTLINE_CLANG>)
target_link_libraries(fl_check INTERFACE fl_common PkgConfig::FAULTLINE_JANSSON PkgConfig::FAULTLINE_CAPSTONE)

add_library(fl_modelled INTERFACE)
target_compile_options(fl_modelled INTERFACE
  -fsanitize=thread
  -fno-optimize-sibling-calls # a scenario's functions stay on the stack: replay --gdb
  $<$<C_COMPILER_ID:GNU>:--param=tsan-instrument-func-entry-exit=0>
  # Clang would not announce the load of x++ (include/faultline/compiler.h).
  "$<$<C_COMPILER_ID:Clang>:SHELL:-mllvm -tsan-instrument-read-before-write=1>"
  "$<$<C_COMPILER_ID:Clang>:SHELL:-mllvm -tsan-instrument-func-entry-exit=0>")
