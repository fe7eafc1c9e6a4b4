#!/bin/sh
# SPDX-License-Identifier: MIT
# replay.sh FAULTLINE - every violation that the scenarios declare comes back from its trace file: three
# times the same picture, byte for byte, that check showed; and check writes the same file twice. The picture has
# what the oracle judged by. A trace that no longer fits the code says where.
set -eu
forge=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)/forge.py
faultline=$(CDPATH='' cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"

fail() {
	echo "$scenario $variant: $*" >&2
	exit 1
}

# from what contradicts what on, without the lines that say when and from where
picture() {
	sed -n '/^  CPU[0-9]*: /,$p; /^  [a-z ]*: .* by CPU/,$p; /^  CPU [0-9]/,$p' | uniq
}

# The picture's events without their columns, one a line; and what stands above them.
rows() { # TRACE
	picture <shown | sed '/^  CPU [0-9]/,$d'
	expect_status 1 "$faultline" replay "$1" --json
	"$python" -c 'import json, sys
for e in json.load(sys.stdin)["events"]:
    print(e.get("label") or " ", e["text"], "%s:%s" % (e.get("file"), e.get("line")))' <out
}

has() { # PATTERN
	grep -Eq -e "$1" lines || fail "no \"$1\" in: $(cat want)"
}

has_not() { # PATTERN
	! grep -Eq -e "$1" lines || fail "\"$1\" in: $(cat want)"
}

# do the picture's `lines` have what the oracle judged by, and nothing that says nothing to a reader?
judge() { # ORACLE
	store='store \[0x[0-9a-f]+\] = 0x.*pfn=.*[a-z_]+\.c:[0-9]'
	case $1 in
	lost-write) has "$store|kernel or device stores 0x" ;;
	missed-dirty | missed-wp) has "$store" ;;
	missed-soft-dirty) has "$store" && has 'clear_refs\(4\) is done' ;;
	isolation) has "$store" && { grep -Eq 'mm [0-9]+ can read 0x' shown || has '(load|read) .* -> 0x'; } ;;
	pin-coherence) has "$store|pin \[0x" && has '(C5|M8|H8) set_pte_at' ;; # copied, moved, collapsed
	anon-exclusive) has ' pin \[0x|M8 set_pte_at' ;;
	esac
	case $1 in
	lost-write | missed-* | isolation | pin-coherence | anon-exclusive | vma-torn)
		has '^  CPU[0-9]: .* \([a-z_]+\.[ch]:[0-9]+\)$'
		;;
	esac
	has_not 'WRITE_ONCE\(\*memory|tlb->lock|gates\['
	has_not 'reads ptr|(=|stores|reads) [0-9]{4,}( |$)'
	columns=$(sed -n 's/^  CPU [0-9]  .*/&/p' want | head -1 | grep -o 'CPU [0-9]  ' | wc -l)
	width=$((columns > 2 ? 60 * columns + 20 : 120))
	[ "$(wc -L <want)" -le "$width" ] || fail "wider than $width: $(cat want)"
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
"$faultline" list --json | "$python" -c 'import json, subprocess, sys
for line in sys.stdin:
    name = json.loads(line)["name"]
    shown = subprocess.run([sys.argv[1], "show", name, "--json"], stdout=subprocess.PIPE, check=True).stdout
    for v in json.loads(shown)["variants"]:
        if v["expected"] == "violation":
            print(name, v["name"])' "$faultline" >all
while read -r scenario variant; do
	expect_status 1 "$faultline" check "$scenario" --variant "$variant" --trace one
	mv out shown
	expect_status 1 "$faultline" check "$scenario" --variant "$variant" --trace two
	# all but the time it took
	sed '/"seconds"/d; /"sum"/d' one >one.events
	sed '/"seconds"/d; /"sum"/d' two >two.events
	cmp -s one.events two.events || fail "two checks wrote different traces"
	picture <shown >want
	[ -s want ] || fail "no picture"
	rows one >lines
	judge "$(sed -n '1s/.*VIOLATION  //p' shown)"
	for _ in 1 2 3; do
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

scenario=stale variant=trace
expect_error() { # MESSAGE: of replaying `forged`
	expect_status 2 "$faultline" replay forged
	grep -q "$1" err || fail "no \"$1\" in: $(cat err)"
	[ "$(wc -l <err)" -eq 1 ] || fail "more than one line: $(cat err)"
	[ ! -s out ] || fail "output: $(cat out)"
}
"$faultline" check pae-gup-fast --variant linux-6.0 --trace good >/dev/null || true
"$python" "$forge" good forged '"text": "page_count(page)"' '"text": "page_count(other)"'
expect_error 'forged no longer fits the code: CPU0: page_count(other)'
"$python" "$forge" good forged '"scenario": "pae-gup-fast"' '"scenario": "pae-gup-slow"'
expect_error 'scenario "pae-gup-slow", which this build does not have'
"$python" "$forge" good forged '"kernel": "6.0"' '"kernel": "5.0"'
expect_error 'unknown kernel release'
"$python" "$forge" good forged '"model": "lkmm"' '"model": "power"'
expect_error 'unknown memory model'
# under a stronger model it can't happen
"$python" "$forge" good forged '"model": "lkmm"' '"model": "sc"'
expect_error 'no longer'
# a line that moved is not a change
"$python" "$forge" good forged '"line": ' '"line": 1'
expect_status 1 "$faultline" replay forged
echo "$count traces replayed"
