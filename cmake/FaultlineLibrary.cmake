# SPDX-License-Identifier: MIT
# From the folders of lib/ to the two libraries.
#
# fl_part(NAME [SOURCES ...] [MODELLED ...] [NATIVE ...] [CHECK ...] [STRESS ...]
#         [LIBRARY ...])
#   The sources of one folder, compiled once for each engine they belong to:
#     SOURCES   both engines
#     MODELLED  both engines; under the check engine every access to memory is an event
#     NATIVE    the native engine alone
#     CHECK     the check engine alone
#     STRESS    `faultline stress` alone: the native engine with MODELLED compiled once more, so that threads
#               can be late at each marked access (fl_stress). In no library
#     LIBRARY   the native engine, but for that
#   PARTS of fl_check_test() and fl_library() below refer to NAME.
#
# fl_library(TARGET ENGINE native|check [KEEP PATTERN...] [PUBLIC LIBRARY...] [PRIVATE LIBRARY...])
#   TARGET (shared) and TARGET_static out of all parts of the engine. Of the names in them only those
#   leave that a public header mentions, and KEEP: modelled code is full of the kernel's names, which
#   must not meet those of a user's program. So the static library is one relocatable object with
#   all other names made local, and the shared one has a version script.
#
# fl_objects(VARIABLE ENGINE [PART...])
#   The object libraries of some parts, or of all.

function(fl_part name)
  cmake_parse_arguments(PARSE_ARGV 1 PART "" "" "SOURCES;MODELLED;NATIVE;CHECK;STRESS;LIBRARY")
  set_property(GLOBAL APPEND PROPERTY FAULTLINE_PARTS ${name})
  fl_part_objects(${name} native fl_${name}_native fl_native "${PART_SOURCES};${PART_NATIVE}")
  fl_part_objects(${name} native fl_${name}_native_modelled fl_native "${PART_MODELLED}")
  fl_part_objects(${name} native fl_${name}_native_library fl_native "${PART_LIBRARY}")
  fl_part_objects(${name} stress fl_${name}_stress_modelled fl_stress "${PART_MODELLED}")
  fl_part_objects(${name} stress fl_${name}_stress fl_native "${PART_STRESS}")
  if(TARGET fl_${name}_native) # the same objects: nothing in them is late
    set_property(GLOBAL APPEND PROPERTY FAULTLINE_stress_${name} fl_${name}_native)
  endif()
  fl_part_objects(${name} check fl_${name}_check fl_check "${PART_SOURCES};${PART_CHECK}")
  fl_part_objects(${name} check fl_${name}_check_modelled "fl_check;fl_modelled" "${PART_MODELLED}")
endfunction()

function(fl_part_objects part engine target flags sources)
  list(REMOVE_ITEM sources "")
  if(NOT sources OR NOT engine IN_LIST FAULTLINE_ENGINES)
    return()
  endif()
  add_library(${target} OBJECT ${sources})
  target_link_libraries(${target} PRIVATE ${flags})
  set_property(GLOBAL APPEND PROPERTY FAULTLINE_${engine}_${part} ${target})
endfunction()

function(fl_objects out engine)
  set(parts ${ARGN})
  if(NOT parts)
    get_property(parts GLOBAL PROPERTY FAULTLINE_PARTS)
  endif()
  set(targets)
  foreach(part IN LISTS parts)
    get_property(objects GLOBAL PROPERTY FAULTLINE_${engine}_${part})
    list(APPEND targets ${objects})
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

function(fl_library target)
  cmake_parse_arguments(PARSE_ARGV 1 LIB "" "ENGINE" "KEEP;PUBLIC;PRIVATE")
  fl_objects(parts ${LIB_ENGINE})
  if(NOT parts)
    return()
  endif()
  list(TRANSFORM parts REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)

  set(map ${CMAKE_CURRENT_BINARY_DIR}/${target}.map)
  set(names ${CMAKE_CURRENT_BINARY_DIR}/${target}.names)
  add_custom_command(
    OUTPUT ${map} ${names}
    COMMAND ${CMAKE_COMMAND} "-DHEADERS=${FAULTLINE_PUBLIC_HEADERS}" "-DKEEP=${LIB_KEEP}"
            -DMAP=${map} -DNAMES=${names} -P ${PROJECT_SOURCE_DIR}/cmake/exports.cmake
    DEPENDS ${FAULTLINE_PUBLIC_HEADERS} ${PROJECT_SOURCE_DIR}/cmake/exports.cmake
    COMMENT "Collecting the public names of ${target}" VERBATIM)
  add_custom_target(${target}_names DEPENDS ${map} ${names})

  add_library(${target} SHARED ${objects})
  set_target_properties(${target} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LINK_DEPENDS ${map})
  target_link_options(${target} PRIVATE LINKER:--version-script=${map} LINKER:-Bsymbolic-functions
                      # The sanitizers' names come with the program.
                      $<$<NOT:$<BOOL:${FAULTLINE_SANITIZERS}>>:LINKER:-z,defs>)
  target_link_libraries(${target} PRIVATE fl_sanitizers)
  add_dependencies(${target} ${target}_names)

  set(object ${CMAKE_CURRENT_BINARY_DIR}/${target}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CMAKE_LINKER} -r -o ${object} ${objects}
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbols=${names} ${object}
    DEPENDS ${parts} ${objects} ${names}
    COMMENT "Linking ${target}.o" COMMAND_EXPAND_LISTS VERBATIM)
  add_library(${target}_static STATIC ${object})
  set_target_properties(${target}_static PROPERTIES OUTPUT_NAME ${target} LINKER_LANGUAGE C)
  add_dependencies(${target}_static ${target}_names)
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

  foreach(library ${target} ${target}_static)
    target_include_directories(${library} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${library} PUBLIC ${LIB_PUBLIC} PRIVATE ${LIB_PRIVATE})
    target_compile_features(${library} INTERFACE c_std_11)
  endforeach()
endfunction()
