# SPDX-License-Identifier: MIT
# fl_check_test(NAME SOURCES FILE... ENGINE native|check
#               [LABELS quick|full ...] [PARTS PART...] [SCENARIOS] [UNINSTRUMENTED] [VALGRIND] [ALONE]
#               [TIMEOUT SECONDS] [LINK LIBRARY...])
#
#   A suite of Check (libcheck) with a main() of its own, linked with the library's objects, so that it
#   can call what the installed libraries hide. To add one, put a line into tests/CMakeLists.txt:
#
#     fl_check_test(unit.mm.vma_lock SOURCES unit/mm/vma_lock.c ENGINE native LABELS quick)
#
#   NAME            follows the tree: unit.mm.vma_lock tests lib/mm/vma_lock.c
#   ENGINE          both can be named; the check one's test is then NAME.check
#   LABELS          quick: for every change; full: what takes longer. Default: quick
#   PARTS           folders of lib/ to link (base rt), or none; default: all. Fewer build sooner
#   SCENARIOS       links sim/scenarios too
#   UNINSTRUMENTED  check engine: plain accesses in SOURCES are not events
#   VALGRIND        native engine, gcc: a second test, valgrind.NAME, runs the suite under valgrind (full)
#   ALONE           one thread makes all calls: not there under ThreadSanitizer, which would have nothing to see in minutes
#   TIMEOUT         default 60 seconds for quick, 300 for full
#
# fl_script_test(NAME COMMAND ... [LABELS ...] [TIMEOUT SECONDS])
#   A command that exits 0, or 77 for "could not be tried here", after saying why.

function(fl_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "" "TIMEOUT" "COMMAND;LABELS")
  add_test(NAME ${name} COMMAND ${TEST_COMMAND})
  fl_test_properties(${name} "${TEST_LABELS}" "${TEST_TIMEOUT}")
endfunction()

function(fl_check_test name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "SCENARIOS;UNINSTRUMENTED;VALGRIND;ALONE" "TIMEOUT"
                        "SOURCES;ENGINE;LABELS;PARTS;LINK")
  if(TEST_ALONE AND "thread" IN_LIST FAULTLINE_SANITIZERS)
    return()
  endif()
  foreach(engine IN LISTS TEST_ENGINE)
    if(NOT engine IN_LIST FAULTLINE_ENGINES)
      continue()
    endif()
    set(test ${name})
    if(engine STREQUAL "check" AND "native" IN_LIST TEST_ENGINE)
      set(test ${name}.check)
    endif()
    fl_objects(objects ${engine} ${TEST_PARTS})
    if(TEST_SCENARIOS)
      fl_objects(scenarios ${engine} scenarios)
      list(APPEND objects ${scenarios})
    endif()
    add_executable(${test} ${TEST_SOURCES})
    target_link_libraries(${test} PRIVATE fl_${engine} ${objects} ${TEST_LINK}
                                          PkgConfig::FAULTLINE_CHECK)
    if(engine STREQUAL "check" AND NOT TEST_UNINSTRUMENTED)
      target_link_libraries(${test} PRIVATE fl_modelled)
    endif()
    add_dependencies(fl_tests_${engine} ${test})
    add_test(NAME ${test} COMMAND ${test})
    fl_test_properties(${test} "${TEST_LABELS}" "${TEST_TIMEOUT}")
    # Debian 12's valgrind can't read the DWARF 5 that its clang writes.
    if(TEST_VALGRIND AND engine STREQUAL "native" AND NOT FAULTLINE_SANITIZERS
       AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
      fl_script_test(valgrind.${test} LABELS full TIMEOUT 300
        COMMAND ${PROJECT_SOURCE_DIR}/tools/under_valgrind $<TARGET_FILE:${test}>)
    endif()
  endforeach()
endfunction()

function(fl_test_properties test labels timeout)
  if(NOT labels)
    set(labels quick)
  endif()
  if(NOT timeout)
    if("quick" IN_LIST labels)
      set(timeout 60)
    else()
      set(timeout 300)
    endif()
  endif()
  set(environment UBSAN_OPTIONS=print_stacktrace=1 CK_DEFAULT_TIMEOUT=30) # of one case of Check
  if(FAULTLINE_SANITIZERS) # which slow down by a factor of five to fifteen
    math(EXPR timeout "${timeout} * 5")
    list(APPEND environment CK_TIMEOUT_MULTIPLIER=10
         TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp:halt_on_error=1)
  endif()
  set_tests_properties(${test} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout} SKIP_RETURN_CODE 77
                                          ENVIRONMENT "${environment}")
endfunction()
