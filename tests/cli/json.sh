#!/bin/sh
# SPDX-License-Identifier: MIT
# json.sh FAULTLINE - what list, show, check and the trace files say in JSON is JSON, and has the fields that
# scripts depend on, of the right types. check's exit status follows from its lines, and each variant
# ends as its scenario declares.
set -eu
faultline=$1
python3 -c 'import json' 2>/dev/null || {
	echo "no python3 to read JSON with"
	exit 77
}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

"$faultline" list --json >"$temp/list"
status=0
"$faultline" check --all --json >"$temp/check" || status=$?
names=$(python3 -c 'import json,sys
for line in sys.stdin: print(json.loads(line)["name"])' <"$temp/list")
for name in $names; do
	"$faultline" show "$name" --json
done >"$temp/show"

STATUS=$status python3 - "$temp" <<'END'
import json, os, sys

temp = sys.argv[1]
read = lambda name: [json.loads(line) for line in open(os.path.join(temp, name))]
listed, shown, checked = read("list"), read("show"), read("check")

def has(o, **fields):
    for name, types in fields.items():
        assert name in o, f"no {name} in {o}"
        assert isinstance(o[name], types), f"{name} is {o[name]!r}"

text, maybe, null = str, (str, type(None)), type(None)
assert listed and len(listed) == len(shown)
for o in listed:
    has(o, name=text, id=maybe, cve=maybe, summary=text, variants=list)
for o, s in zip(listed, shown):
    has(s, name=text, story=text, threads=list, variants=list)
    assert [v["name"] for v in s["variants"]] == o["variants"], o["name"]
    for v in s["variants"]:
        has(v, kernel=text, model=text, expected=text, policies=dict)

want = [(s["name"], v["name"]) for s in shown for v in s["variants"]]
assert [(o["scenario"], o["variant"]) for o in checked] == want, "each declared variant once"
for o in checked:
    has(o, id=maybe, kernel=text, model=text, search=text, verdict=text, expected=text,
        oracle=maybe, executions=int, blocked=int, events=int, seconds=float, trace=null, html=null)
    assert o["verdict"] in ("verified", "violation", "inconclusive")
    assert (o["oracle"] is not None) == (o["verdict"] == "violation"), o
    assert o["duplicates"] == 0, o
bad = any(o["as_expected"] is False for o in checked)
undecided = any(o["verdict"] == "inconclusive" for o in checked)
status = int(os.environ["STATUS"])
assert status == (1 if bad else 3 if undecided else 0), f"exit status {status}"
assert not bad, [o for o in checked if o["as_expected"] is False]
assert not undecided, [o for o in checked if o["verdict"] == "inconclusive"]
print(f"{len(listed)} scenarios, {len(checked)} variants")
END
