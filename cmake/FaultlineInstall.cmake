# SPDX-License-Identifier: MIT
# What `cmake --install` puts where. Headers: include/CMakeLists.txt. The command: sim/CMakeLists.txt.
include(CMakePackageConfigHelpers)

set(targets faultline faultline_static)
if("check" IN_LIST FAULTLINE_ENGINES)
  list(APPEND targets faultline_check faultline_check_static)
endif()
install(TARGETS ${targets} EXPORT FaultlineTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Faultline)
install(EXPORT FaultlineTargets NAMESPACE Faultline:: DESTINATION ${package})
configure_package_config_file(cmake/FaultlineConfig.cmake.in
  ${PROJECT_BINARY_DIR}/FaultlineConfig.cmake INSTALL_DESTINATION ${package})
# Below 1.0 a new minor version may change the API.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/FaultlineConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/FaultlineConfig.cmake
              ${PROJECT_BINARY_DIR}/FaultlineConfigVersion.cmake
        DESTINATION ${package})

# Relative, so that the tree can be moved after it was installed.
file(RELATIVE_PATH FAULTLINE_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
foreach(pc faultline faultline-check)
  configure_file(cmake/${pc}.pc.in ${PROJECT_BINARY_DIR}/${pc}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
# Clang needs one more flag for modelled code (include/faultline/compiler.h).
set(FAULTLINE_PC_VARIANT " for Clang")
set(FAULTLINE_PC_CFLAGS
  " -DFAULTLINE_CLANG -Xclang -mllvm -Xclang -tsan-instrument-read-before-write=1")
configure_file(cmake/faultline-check.pc.in ${PROJECT_BINARY_DIR}/faultline-check-clang.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/faultline-check-clang.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(FAULTLINE_DOCS)
  install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/faultline)
  install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/faultline FILES_MATCHING
    PATTERN "*.md" PATTERN "*.[ch]")
  install(DIRECTORY bench/strategy_example DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/faultline/examples)
endif()
