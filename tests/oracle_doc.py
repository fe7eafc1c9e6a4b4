#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oracle_doc.py SOURCE_DIR - the verdicts that the documents name are those that the code gives.

Each name that code reports is in the table of docs/oracles.md, or of docs/program.md if only a program can get it; each
name in these tables is reported by some code, for docs/oracles.md by the file that its row names; what the oracles can't
see is told of those that there are. Exit status: 0 if so, 1 if not.
"""
import glob
import os
import re
import sys

# Where a name stands in a call: which argument it is.
CALLS = {"fl_oracle_fail": 0, "call_violation": 0, "exec_stop": 0, "search_fail": 0, "keep_if_better": 1, "fails": 3}
NAME = re.compile(r'"([a-z]+(?:-[a-z]+)*)"')
ONLY_PROGRAMS = ("lib/program/", "lib/explore/lifetime.c")


def arguments(text, start):
    """The arguments of a call whose first one begins at @start."""
    found, depth, at, i = [], 0, start, start
    while i < len(text) and depth >= 0:
        if text[i] == '"':
            i = re.compile(r'"(?:\\.|[^"\\])*"').match(text, i).end()
            continue
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth < 0 or (text[i] == "," and not depth):
            found.append(text[at:i])
            at = i + 1
        i += 1
    return found


def names_in(text):
    names = set()
    for m in re.finditer(r"\b(%s)\(" % "|".join(CALLS), text):
        args = arguments(text, m.end())
        if len(args) > CALLS[m[1]]:
            names.update(NAME.findall(args[CALLS[m[1]]]))
    names.update(re.findall(r'oracle = "([a-z-]+)"', text))
    names.update(re.findall(r'\{ SIG\w+, "([a-z-]+)"', text))  # crash.c: signals and what they mean
    return names


def first_cells(path):
    """Each table's rows: (header of the first column, names in it, the row)."""
    header = None
    with open(path) as f:
        for line in f:
            if not line.startswith("|"):
                header = None
            elif header is None:
                header = line.split("|")[1].strip()
            elif not line.startswith("| ---"):
                yield header, re.findall(r"`([a-z-]+)`", line.split("|")[1]), line


def main():
    top = sys.argv[1]
    reported = {}  # name: files
    for path in glob.glob(os.path.join(top, "lib/**/*.c"), recursive=True):
        with open(path) as f:
            for name in names_in(f.read()):
                reported.setdefault(name, []).append(os.path.relpath(path, top))

    wrong = []
    oracles, programs, unseen = set(), set(), set()
    for header, names, row in first_cells(os.path.join(top, "docs/oracles.md")):
        if "can't see" in header or "misses" in row:
            continue
        if row.count("|") == 5:
            oracles.update(names)
            place = re.findall(r"`([\w/.]+)`", row.split("|")[4])
            if not any(p.endswith(f) or f in p for n in names for p in reported.get(n, ()) for f in place):
                wrong.append(f"docs/oracles.md: {', '.join(names)} not reported in {', '.join(place)}")
        else:
            unseen.update(names)
    for header, names, row in first_cells(os.path.join(top, "docs/program.md")):
        if header == "oracle":
            programs.update(names)

    for name, files in sorted(reported.items()):
        if all(f.startswith(ONLY_PROGRAMS) for f in files):
            if name not in programs:
                wrong.append(f"docs/program.md lacks {name} of {', '.join(files)}")
        elif name not in oracles:
            wrong.append(f"docs/oracles.md lacks {name} of {', '.join(files)}")
    for name in sorted((oracles | programs) - set(reported)):
        wrong.append(f"nothing reports {name}")
    for name in sorted(unseen - oracles):
        wrong.append(f"docs/oracles.md tells what {name} misses, which it does not have")

    for text in wrong:
        print(text)
    print(f"{len(reported)} names, {len(oracles)} and {len(programs)} in the documents, {len(wrong)} wrong")
    return bool(wrong) or len(oracles) < 20 or len(programs) < 20


if __name__ == "__main__":
    sys.exit(main())
