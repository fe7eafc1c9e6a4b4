#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# forge.py IN OUT OLD NEW - copies a trace file, replaces OLD by NEW in its text once, and mends the checksum:
# a trace from another world, where the reader of lib/trace/json.c has to look at what it says.
import json
import sys

source, target, old, new = sys.argv[1:]
text = open(source).read()
assert old in text, f"no {old} in {source}"
trace = json.loads(text.replace(old, new, 1))
del trace["sum"]
compact = json.dumps(trace, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
compact = compact.replace(f'"seconds":{trace["seconds"]!r}', f'"seconds":{trace["seconds"]:.9g}')
fnv = 0xCBF29CE484222325
for byte in compact.encode():
    fnv = (fnv ^ byte) * 0x100000001B3 % 2**64
trace["sum"] = f"{fnv:016x}"
json.dump(trace, open(target, "w"))
