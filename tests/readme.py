#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""readme.py [--promote] FAULTLINE FILE.md... - what a document shows is what there is.

Each C block is the file that the line before it names; each `$ faultline ...` transcript is what the command prints, apart
from times and line numbers, in a folder that has the programs of docs/examples/program, and tests/. "..." in a line of its
own stands for any lines, at the end of a line for the rest of it. A table headed "test, `tests/litmus/PREFIX`" has, in its
last column, what tests/litmus/expected.jsonl has of the tests in its first one. --promote writes today's output, with its
numbers, into transcripts that leave nothing out. Exit status: 0 if so, 1 if not.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TRANSCRIPT = re.compile(r"```console\n\$ faultline ([^\n]*)\n(.*?)```", re.S)


def plain(line):
    """Without what changes from run to run or with an edit elsewhere: times, line numbers, alignment."""
    line = re.sub(r"\d+(\.\d+)? (ms|s)\b|\d+ min \d+ s\b", "TIME", line)
    line = re.sub(r"^(Time \S+) \d+\.\d+$", r"\1 TIME", line)  # of litmus tests
    line = re.sub(r"\b(\w+\.[ch]):\d+", r"\1:LINE", line)
    line = re.sub(r"\d+ events left out", "EVENTS left out", line)  # depends on how the model was compiled
    line = re.sub(r"-{3,}", "---", line)
    return re.sub(r"[ \t]+", " ", line).strip()


def is_shown(shown, printed):
    if shown.endswith(" ..."):
        return printed.startswith(shown[: -len("...")])
    return shown == printed


def fits(shown, printed):
    """Are the lines of @shown those of @printed, of which "..." leaves some out?"""
    at = 0
    skip = False
    for line in shown:
        if line == "...":
            skip = True
            continue
        while skip and at < len(printed) and not is_shown(line, printed[at]):
            at += 1
        if at == len(printed) or not is_shown(line, printed[at]):
            return False
        at += 1
        skip = False
    return skip or at == len(printed) or shown[-1] == "..."


def run(tool, top, command):
    with tempfile.TemporaryDirectory() as work:
        shutil.copytree(os.path.join(top, "docs/examples/program"), work, dirs_exist_ok=True)
        os.symlink(os.path.join(top, "tests"), os.path.join(work, "tests"))
        return subprocess.run([tool] + command.split(), cwd=work, capture_output=True, text=True).stdout


def said_of(result):
    """An entry of expected.jsonl in the words of a table."""
    words = {result["observation"]}
    if result["race"]:
        words.add("data race")
    if not result["covered"]:
        words.add("not covered")
    return words


def check_litmus_tables(path, text, top):
    """How many tests the tables of @text name, and how many of these they tell wrongly."""
    seen = bad = 0
    with open(os.path.join(top, "tests/litmus/expected.jsonl")) as f:
        results = {r["file"]: r for r in map(json.loads, f)}
    for prefix, rows in re.findall(r"^\| test, `tests/litmus/(\S*)` \|.*\n\|[-| ]+\n((?:\|.*\n)+)", text, re.M):
        for row in rows.splitlines():
            cells = row.split("|")
            told = cells[-2].replace("no race", "")
            told = {w for w in ("Sometimes", "Never", "Always", "data race", "not covered") if w in told}
            for name in re.findall(r"`(\S+?)`", cells[1]):
                seen += 1
                result = results.get(f"{prefix}{name}.litmus")
                if not result or said_of(result) - {"Never"} != told - {"Never"}:
                    print(f"{path}: {prefix}{name}: {sorted(told)}, but {result and sorted(said_of(result))}")
                    bad += 1
    return seen, bad


def check(path, tool, top, promote):
    """How many blocks there are, and how many differ."""
    text = open(path).read()
    seen, bad = check_litmus_tables(path, text, top)
    for name, code in re.findall(r"`(docs/examples/\S+\.c)`[^\n]*\n\n```c\n(.*?)```", text, re.S):
        seen += 1
        if open(os.path.join(top, name)).read() != code:
            print(f"{path}: {name} differs from the copy here")
            bad += 1
    for command, shown in TRANSCRIPT.findall(text):
        seen += 1
        out = run(tool, top, command)
        whole = not re.search(r"(^| )\.\.\.$", shown, re.M)
        if promote and whole:
            text = text.replace(f"$ faultline {command}\n{shown}", f"$ faultline {command}\n{out}")
        elif not fits([plain(x) for x in shown.splitlines()], [plain(x) for x in out.splitlines()]):
            print(f"{path}: faultline {command} prints something else:\n{out}")
            bad += 1
    if promote:
        with open(path, "w") as f:
            f.write(text)
    return seen, bad


def main():
    args = [a for a in sys.argv[1:] if a != "--promote"]
    tool, paths = os.path.abspath(args[0]), args[1:]
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    results = [check(p, tool, top, "--promote" in sys.argv) for p in paths]
    seen, bad = sum(r[0] for r in results), sum(r[1] for r in results)
    print(f"{seen} blocks, {bad} differ")
    return bad > 0 or any(r[0] < 1 for r in results)


if __name__ == "__main__":
    sys.exit(main())
