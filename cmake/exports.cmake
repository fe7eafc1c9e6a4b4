# SPDX-License-Identifier: MIT
# cmake -DHEADERS=... -DKEEP=... -DMAP=FILE -DNAMES=FILE -P exports.cmake
#
# Writes the names that may leave a library, as a version script (MAP) and for objcopy (NAMES): every
# fl_ name that occurs in a public header (types and parameters among them do no harm: nothing of
# that name is defined) and the patterns of KEEP.

set(names)
foreach(header IN LISTS HEADERS)
  file(READ ${header} text)
  string(REGEX MATCHALL "[A-Za-z_][A-Za-z0-9_]*" words "${text}")
  list(FILTER words INCLUDE REGEX "^fl_[a-z0-9_]+$")
  list(APPEND names ${words})
endforeach()
list(APPEND names ${KEEP})
list(REMOVE_DUPLICATES names)
list(SORT names)

list(JOIN names ";\n\t\t" exported)
file(WRITE ${MAP} "{\n\tglobal:\n\t\t${exported};\n\tlocal:\n\t\t*;\n};\n")
list(JOIN names "\n" kept)
file(WRITE ${NAMES} "${kept}\n")
