#!/bin/sh
# SPDX-License-Identifier: MIT
# replay.sh FAULTLINE - every violation that the scenarios declare comes back from its trace file: ten
# times the same picture, byte for byte, that check showed; and check writes the same file twice.
set -eu
faultline=$(CDPATH='' cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"

fail() {
	echo "$scenario $variant: $*" >&2
	exit 1
}

# from the first column on, without the lines that say when and from where
picture() {
	sed -n '/^  CPU 0/,$p'
}

expect_status() { # STATUS COMMAND...
	want=$1
	shift
	status=0
	"$@" >out 2>err || status=$?
	[ $status -eq "$want" ] || fail "exit status $status, not $want: $*: $(cat err)"
}

count=0
python=$(command -v python3) || {
	echo "no python3 to read JSON with"
	exit 77
}
"$faultline" list --json | "$python" -c 'import json,sys
for line in sys.stdin:
    o = json.loads(line)
    for v in o["variants"]: print(o["name"], v)' >all
while read -r scenario variant; do
	status=0
	"$faultline" check "$scenario" --variant "$variant" --trace one >shown || status=$?
	[ $status -eq 1 ] || continue
	expect_status 1 "$faultline" check "$scenario" --variant "$variant" --trace two
	# all but the time it took
	sed '/"seconds"/d; /"sum"/d' one >one.events
	sed '/"seconds"/d; /"sum"/d' two >two.events
	cmp -s one.events two.events || fail "two checks wrote different traces"
	picture <shown >want
	[ -s want ] || fail "no picture"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		expect_status 1 "$faultline" replay one
		picture <out | cmp -s - want || fail "replay shows another picture: $(cat out)"
	done
	expect_status 1 "$faultline" replay one --all-events
	count=$((count + 1))
done <all
[ $count -gt 0 ] || {
	echo "no scenario has a violation" >&2
	exit 1
}
echo "$count traces replayed"
