#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""model_doc.py SOURCE_DIR - docs/model.md is about the model that is in the tree.

Files that it names exist; functions are defined in the file that their row names; policy fields and values are those of
lib/policy/fields.c; options are those of struct fl_machine_config; profiles are all there. The other way round: each file
of lib/mm and lib/mmu, each function that one of them says it models, and each policy field, beside the code that reads
it, has its place. Exit status: 0 if so, 1 if not.
"""
import glob
import os
import re
import sys

FILE = re.compile(r"[\w/.-]+\.(?:c|h|md|py)$")
COLUMNS = 5  # kernel, here, after, fields, left out

wrong = []


def complain(text):
    wrong.append(text)


def read(path):
    with open(path) as f:
        return f.read()


def ticked(text):
    return re.findall(r"`([^`]+)`", text)


def place(top, name):
    """Where a file is that the document calls @name."""
    if name.startswith(("mmu/", "policy/")):
        return os.path.join(top, "lib", name)
    return os.path.join(top, name) if "/" in name else os.path.join(top, "lib/mm", name)


def functions(text):
    """Functions and macros with arguments that are defined in @text."""
    body = re.findall(
        r"^[A-Za-z_][^;{}()#/]*?\b(\w+)\([^;{}]*\)\s*(?:__attribute__\(\([^;{}]*\)\))?\s*\n\{", text, re.M)
    return set(body) | set(re.findall(r"^#define (\w+)\(", text, re.M))


def fields_of(text):
    """lib/policy/fields.c: the values of each field."""
    parts = re.split(r"^\tFIELD\((\w+),", text, flags=re.M)
    return {parts[i]: set(re.findall(r'\{ "([\w-]+)",', parts[i + 1])) for i in range(1, len(parts), 2)}


def strip(names):
    return [n[:-2] for n in names if n.endswith("()")]


def groups(cell):
    """`a.c`, `b.h`: `f()`, `g()`; `c.c`: `h()` as [(files, functions), ...]."""
    for part in cell.split(";"):
        names = ticked(part)
        yield [n for n in names if FILE.match(n)], strip(names)


def rows(doc, header):
    inside = False
    for line in doc.splitlines():
        if line.startswith("| " + header + " |"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("| ---"):
            yield line, [c.strip() for c in line.strip("|").split("|")]


def check_row(top, line, cells, fields, read_here):
    if len(cells) != COLUMNS:
        complain(f"{len(cells)} columns: {line}")
        return
    kernel, here, _, named, _ = cells
    sources = ""
    for files, names in groups(here):
        paths = [p for p in (place(top, f) for f in files) if os.path.exists(p)]
        text = "\n".join(read(p) for p in paths)
        sources += text
        if not paths:
            complain(f"no file here: {line}")
        if not names and kernel.startswith("("):
            complain(f"no function here: {line}")
        for name in set(names or strip(ticked(kernel))) - functions(text):
            complain(f"{name}() is not defined in {', '.join(files)}")
    for field in ticked(named):
        if field not in fields:
            complain(f"there is no policy field {field}: {line}")
        elif re.search(rf"policy(\.|->){field}\b", sources):
            read_here.add(field)


def check_tables(top, doc, fields):
    read_here = set()
    n = 0
    for line, cells in rows(doc, "kernel"):
        check_row(top, line, cells, fields, read_here)
        n += 1
    for field in sorted(set(fields) - read_here):
        complain(f"no row has policy field {field} beside a file that reads it")
    config = read(os.path.join(top, "include/faultline/machine.h"))
    config = re.search(r"struct fl_machine_config \{(.*?)\n\}", config, re.S).group(1)
    for _, cells in rows(doc, "option"):
        for option in ticked(cells[0]):
            if not re.search(rf"\b{option};", config):
                complain(f"a machine has no option {option}")
    return n


def check_names(top, doc, fields):
    """What is named anywhere."""
    headers = "".join(read(p) for p in glob.glob(os.path.join(top, "include/faultline/*.h")))
    for name in set(ticked(doc)):
        if FILE.match(name) and not os.path.exists(place(top, name)):
            complain(f"there is no file {name}")
        pair = re.fullmatch(r"(\w+)=([\w-]+)", name)
        if pair and pair.group(2) not in fields.get(pair.group(1), ()):
            complain(f"there is no policy {name}")
        if re.fullmatch(r"fl_\w+\(\)", name) and not re.search(rf"\b{name[:-2]}\(", headers):
            complain(f"{name} is in no public header")


def check_complete(top, doc):
    """Every file, every function that is said to be modelled."""
    mentioned = {place(top, n) for n in ticked(doc) if FILE.match(n)}
    for path in sorted(glob.glob(os.path.join(top, "lib/mm/*.[ch]")) + glob.glob(os.path.join(top, "lib/mmu/*.[ch]"))):
        short = os.path.relpath(path, os.path.join(top, "lib"))
        if path not in mentioned:
            complain(f"{short} is not mentioned")
        models = re.search(r"^ \* Models: (.*?)(?:^ \* Policy|^ \*/)", read(path), re.S | re.M)
        text = re.sub(r"\n \*", " ", models.group(1)) if models else ""
        text = re.sub(r"(\w*)\{([\w,]+)\}(\w*)\(\)",  # mfill_{copy,zeropage}()
                      lambda m: ", ".join(f"{m[1]}{x}{m[3]}()" for x in m[2].split(",")), text)
        for name in re.findall(r"(\w+)\(\)", text):
            if f"`{name}()`" not in doc:
                complain(f"{short} models {name}(), which has no row")


def check_locks(top):
    """Every lock that is initialised has its place in the order."""
    known = re.findall(r'^\t\{ "([^"]+)"', read(os.path.join(top, "lib/mm/lock_order.c")), re.M)
    for path in glob.glob(os.path.join(top, "lib/mm/*.c")) + glob.glob(os.path.join(top, "lib/mmu/*.c")):
        for name in re.findall(r"(?:spin_lock_init|init_rwsem)\(([^;]+)\);", read(path)):
            if name not in known:
                complain(f"{name} of {os.path.basename(path)} is not in lib/mm/lock_order.c")


def check_profiles(top, doc):
    there = re.findall(r'^\t\{ \{ "([\d.]+)"', read(os.path.join(top, "lib/policy/profiles.c")), re.M)
    said = re.search(r"The profiles: ([\d.,\s]+)\.\s", doc)
    if not said or re.split(r",\s+", said.group(1)) != there:
        complain(f"the profiles are {', '.join(there)}")


def main():
    top = sys.argv[1]
    doc = read(os.path.join(top, "docs/model.md"))
    fields = fields_of(read(os.path.join(top, "lib/policy/fields.c")))
    n = check_tables(top, doc, fields)
    check_names(top, doc, fields)
    check_complete(top, doc)
    check_profiles(top, doc)
    check_locks(top)
    for text in wrong:
        print(text)
    print(f"{n} rows, {len(fields)} policy fields, {len(wrong)} wrong")
    return bool(wrong) or n < 80 or len(fields) < 40


if __name__ == "__main__":
    sys.exit(main())
