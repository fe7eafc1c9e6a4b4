# SPDX-License-Identifier: MIT
# What a builder may choose. Tests and benchmarks are off inside somebody else's project.

option(FAULTLINE_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(FAULTLINE_BENCH "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(FAULTLINE_DOCS "Install the documentation" ON)
option(FAULTLINE_FUZZ "Compile for libFuzzer (clang); only the target fl_fuzz is of use: tests/fuzz/run" OFF)
option(FAULTLINE_WERROR "Treat warnings as errors" OFF)

# address and thread change how memory and threads work below the check engine, which brings its own
# of both: with one of these the check library and the command are not built. undefined is for all.
set(FAULTLINE_SANITIZE "" CACHE STRING "address, undefined, thread; several: address,undefined")
set_property(CACHE FAULTLINE_SANITIZE PROPERTY STRINGS "" address undefined thread address,undefined)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

string(REPLACE "," ";" FAULTLINE_SANITIZERS "${FAULTLINE_SANITIZE}")
foreach(sanitizer IN LISTS FAULTLINE_SANITIZERS)
  if(NOT sanitizer MATCHES "^(address|undefined|thread)$")
    message(FATAL_ERROR "FAULTLINE_SANITIZE: '${sanitizer}' is not one of address, undefined, thread")
  endif()
endforeach()

set(FAULTLINE_ENGINES native stress check)
if("address" IN_LIST FAULTLINE_SANITIZERS OR "thread" IN_LIST FAULTLINE_SANITIZERS)
  set(FAULTLINE_ENGINES native stress)
endif()
