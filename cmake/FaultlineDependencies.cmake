# SPDX-License-Identifier: MIT
# The libraries that Faultline uses. cmake/FaultlineConfig.cmake.in finds the same for its users.

find_package(Threads REQUIRED)
set_target_properties(Threads::Threads PROPERTIES IMPORTED_GLOBAL TRUE)
find_package(PkgConfig REQUIRED)
pkg_check_modules(FAULTLINE_URCU REQUIRED IMPORTED_TARGET GLOBAL liburcu-memb) # RCU, native engine
pkg_check_modules(FAULTLINE_CK REQUIRED ck) # locks of the native engine: headers, nothing is linked
pkg_check_modules(FAULTLINE_CAPSTONE REQUIRED IMPORTED_TARGET GLOBAL capstone) # looks at compiled programs
pkg_check_modules(FAULTLINE_JANSSON REQUIRED IMPORTED_TARGET GLOBAL jansson)   # trace files
pkg_check_modules(FAULTLINE_GSL REQUIRED IMPORTED_TARGET GLOBAL gsl)           # statistics of faultline bench
pkg_check_modules(FAULTLINE_HWLOC REQUIRED IMPORTED_TARGET GLOBAL hwloc)       # its threads' cores
if(FAULTLINE_TESTS)
  pkg_check_modules(FAULTLINE_CHECK REQUIRED IMPORTED_TARGET GLOBAL check)     # unit tests
endif()
