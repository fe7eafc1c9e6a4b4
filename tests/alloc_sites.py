#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""alloc_sites.py SOURCE_DIR TEST... - all memory of lib/mm and lib/mmu can be made to fail, and tests have it fail.

Each place there that allocates does so by what lib/mmu/alloc.h has, and in one of the tests (tests/unit/mm/enomem_*.c, which
append to the file that FL_ALLOC_SITES names) an allocation failed there. Exit status: 0 if so, 1 if not.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

OURS = re.compile(r"\b(mm_zalloc|mm_zalloc_aligned|host_calloc|host_aligned_alloc|should_fail_alloc|alloc_page|alloc_hpage|"
                  r"pgtable_alloc)\(")
NOFAIL = re.compile(r"\bmm_zalloc(?:_aligned)?_nofail\(")
OTHERS = re.compile(r"\b(fl_zalloc|fl_zalloc_aligned|malloc|calloc|realloc|aligned_alloc|strdup|asprintf)\(")
LINES = 2  # a call may go over so many more, and compilers differ in which one they name

wrong = []


def code_lines(path):
    """The lines with comments, strings and definitions of macros left out, and as they are."""
    with open(path) as f:
        text = f.read()
    bare = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"', lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    bare = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group()), bare, flags=re.M)
    return bare.split("\n"), text.split("\n")


def sites(top):
    for folder in ("lib/mm", "lib/mmu"):
        for path in sorted(glob.glob(os.path.join(top, folder, "*.[ch]"))):
            name = os.path.relpath(path, top)
            bare, text = code_lines(path)
            for i, line in enumerate(bare):
                for match in OTHERS.finditer(line):
                    wrong.append(f"{name}:{i + 1}: {match.group(1)}(): nothing makes it fail (lib/mmu/alloc.h)")
                if NOFAIL.search(line) and "/*" not in text[i] and "/*" not in text[i - 1]:
                    wrong.append(f"{name}:{i + 1}: why can it not fail?")
                if OURS.search(line):
                    yield name, i + 1, text[i].strip()


def visited(tests):
    """Where an allocation failed: {(file, line)}."""
    with tempfile.NamedTemporaryFile(mode="r") as f:
        for test in tests:
            result = subprocess.run([test], env=dict(os.environ, FL_ALLOC_SITES=f.name), stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)
            if result.returncode:
                wrong.append(f"{test}: exit status {result.returncode}\n{result.stdout}")
        found = set()
        for line in f.read().split():
            path, number = line.rsplit(":", 1)
            found.add(("lib/" + path.rsplit("lib/", 1)[1], int(number)))
        return found


def main():
    found = visited(sys.argv[2:])
    n = 0
    for name, line, text in sites(sys.argv[1]):
        n += 1
        if not any((name, line + k) in found for k in range(LINES + 1)):
            wrong.append(f"{name}:{line}: no test has this fail: {text}")
    for text in wrong:
        print(text)
    print(f"{n} places that allocate, {len(found)} visited, {len(wrong)} wrong")
    sys.exit(1 if wrong or not n else 0)


main()
