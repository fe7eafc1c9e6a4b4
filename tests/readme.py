#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""readme.py README.md FAULTLINE - what README shows is what there is.

Each C block is the file that the line before it names; each `$ faultline ...` transcript is what the command
prints, apart from times and line numbers. Exit status: 0 if so, 1 if not.
"""
import os
import re
import subprocess
import sys
import tempfile


def same_but_times(text):
    """Without what changes from run to run or with an edit elsewhere: times, line numbers, alignment."""
    text = re.sub(r"\d+(\.\d+)? (ms|s)\b", "TIME", text)
    text = re.sub(r"\b(\w+\.[ch]):\d+", r"\1:LINE", text)
    text = re.sub(r"\d+ events left out", "EVENTS left out", text)  # depends on how the model was compiled
    return re.sub(r"[ \t]+", " ", text)


def main():
    readme, tool = sys.argv[1], os.path.abspath(sys.argv[2])
    top = os.path.dirname(os.path.abspath(readme))
    text = open(readme).read()
    bad = seen = 0
    for name, code in re.findall(r"`(docs/examples/\S+\.c)`[^\n]*\n\n```c\n(.*?)```", text, re.S):
        seen += 1
        if open(os.path.join(top, name)).read() != code:
            print(f"{name} differs from the README's copy")
            bad += 1
    for command, shown in re.findall(r"```console\n\$ faultline ([^\n]*)\n(.*?)```", text, re.S):
        seen += 1
        with tempfile.TemporaryDirectory() as work:
            out = subprocess.run([tool] + command.split(), cwd=work, capture_output=True, text=True).stdout
        if same_but_times(out) != same_but_times(shown):
            print(f"faultline {command} prints something else:\n{out}")
            bad += 1
    print(f"{seen} blocks, {bad} differ")
    return bad > 0 or seen < 2


if __name__ == "__main__":
    sys.exit(main())
