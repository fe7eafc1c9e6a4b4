#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""header_doc.py SOURCE_DIR - the public headers explain what they declare.

In include/faultline/*.h each function stands right below a comment, each struct and enum definition too, and each member of
one has a comment: behind it, or above it. Functions that a comment there names, as fl_load(), exist. Exit status: 0 if so,
1 if not.
"""
import glob
import os
import re
import sys

FUNCTION = re.compile(r"^(?!typedef)[A-Za-z_][\w ]*[ *]+(\w+)\([^{]*$")
GROUP = "__VERIFIER_nondet_"  # one comment for all of these
TYPE = re.compile(r"^(?:struct|enum) (\w+) \{")

wrong = []


def ends_comment(line):
    return line.rstrip().endswith("*/")


def check_members(path, lines, start):
    """The lines of a definition that begins at @start; returns how many members it has."""
    above = False
    depth, members, statement = 1, 0, ""
    for n in range(start + 1, len(lines)):
        line = lines[n]
        text = re.sub(r"/\*.*?\*/", "", line).strip()
        if text.startswith(("/*", "*")) or not text:
            above = ends_comment(line) or (above and not line.strip())
            continue
        code = text.split("/*")[0]
        statement += " " + code.strip()
        depth += code.count("{") - code.count("}")
        if depth <= 0:
            return members
        if code.strip().startswith("}"):  # of a struct within, which its own comment is above
            statement = ""
            continue
        complete = code.strip().endswith((";", ",")) or "/*" in line
        if not complete or code.strip().endswith("{"):
            if code.strip().endswith("{"):
                statement = ""
            continue
        members += 1
        # a comment may go on below
        if not ("/*" in line or above):
            wrong.append(f"{path}:{n + 1}: no comment on member:{statement}")
        statement = ""
        above = False
    return members


def check(path, text, declared):
    lines = text.split("\n")
    functions = 0
    for n, line in enumerate(lines):
        m = TYPE.match(line)
        if m:
            if not ends_comment(lines[n - 1]):
                wrong.append(f"{path}:{n + 1}: {m[1]} is not explained")
            check_members(path, lines, n)
            continue
        m = FUNCTION.match(line)
        if m:
            functions += 1
            if not ends_comment(lines[n - 1]) and not (m[1].startswith(GROUP) and GROUP in lines[n - 1]):
                wrong.append(f"{path}:{n + 1}: {m[1]}() is not explained")
    for name in re.findall(r"\b(fl_\w+)\(\)", " ".join(re.findall(r"/\*.*?\*/", text, re.S))):
        if name not in declared:
            wrong.append(f"{path}: there is no {name}()")
    return functions


def main():
    top = sys.argv[1]
    paths = sorted(glob.glob(os.path.join(top, "include/faultline/*.h")))
    everything = glob.glob(os.path.join(top, "include/faultline/**/*.h"), recursive=True)
    texts = {p: open(p).read() for p in set(paths) | set(everything)}
    code = " ".join(re.sub(r"/\*.*?\*/", "", t, flags=re.S) for t in texts.values())
    declared = set(re.findall(r"\b(\w+)\(", code))
    functions = sum(check(os.path.relpath(p, top), texts[p], declared) for p in paths)
    for text in wrong:
        print(text)
    print(f"{len(paths)} headers, {functions} functions, {len(wrong)} wrong")
    return bool(wrong) or functions < 100


if __name__ == "__main__":
    sys.exit(main())
