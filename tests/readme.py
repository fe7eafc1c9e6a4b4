#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""readme.py [--promote] FAULTLINE FILE.md... - what a document shows is what there is.

Each C block is the file that the line before it names; each `$ faultline ...` transcript is what the command prints, apart
from times and line numbers, in a folder that has the programs of docs/examples/program. "..." in a line of its own stands for
any lines, at the end of a line for the rest of it. --promote writes today's output, with its numbers, into transcripts
that leave nothing out. Exit status: 0 if so, 1 if not.
"""
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
        return subprocess.run([tool] + command.split(), cwd=work, capture_output=True, text=True).stdout


def check(path, tool, top, promote):
    """How many blocks there are, and how many differ."""
    text = open(path).read()
    seen = bad = 0
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
