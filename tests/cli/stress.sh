#!/bin/sh
# SPDX-License-Identifier: MIT
# stress.sh FAULTLINE - scenarios on real threads: verdicts, exit statuses, what JSON has, and what is said of bugs
# that this machine can't show. A second or two for each.
set -eu
set -- "$1" stress
# shellcheck source=tests/status.sh
. "$(dirname "$0")/../status.sh"

# A bug, and its fix.
status 1 fork-vma-lock --variant linux-6.4 --seconds 30 --until-hit
says lost-write
status 0 fork-vma-lock --variant linux-6.5 --seconds 1
status 1 fork-vma-lock --kernel 6.15 --set fork_vma_lock=none --seconds 30 --until-hit
status 0 fork-vma-lock --kernel 6.15 --seconds .5

# Quiet in a pipe.
[ ! -s "$temp/err" ] || {
	echo "something on stderr"
	cat "$temp/err"
	exit 1
}

# A run that does not end is a deadlock.
status 1 gup-read-uffd-wp --variant linux-5.8-sc --seconds 1
says deadlock

# The delays of one run, over and over.
status 0 fork-vma-lock --variant linux-6.5 --seconds .3 --run 12
status 2 fork-vma-lock --run 12
says "--run is for one variant"

# A bug that needs many stalls: the run that hit it may be upon others.
status 1 vma-anon-check --variant before-lock --seconds 60 --until-hit
stalls=$(sed -n 's/.*, --stalls \([^)]*\))$/\1/p' "$temp/out")
run=$(sed -n 's/.*(run \([0-9]*\) of seed.*/\1/p' "$temp/out")
status 1 vma-anon-check --variant before-lock --seconds 60 --until-hit --run "$run" ${stalls:+--stalls "$stalls"}
says "run $run of seed 0${stalls:+, --stalls $stalls})"
status 0 vma-anon-check --variant linux-6.5 --seconds .3 --run 3 --stalls 0@1,1@2b
status 2 vma-anon-check --variant linux-6.5 --stalls 0@1
says "--stalls is for the run of --run"
status 2 vma-anon-check --variant linux-6.5 --run 3 --stalls 0@1,
says "is no list"

# Bad input.
status 2
says "stress needs a scenario"
status 2 no-such-bug
says 'no scenario "no-such-bug"'
status 2 fork-vma-lock --variant linux-6.44
says 'did you mean "linux-6.4"'
status 2 fork-vma-lock --kernel 99.9
status 2 fork-vma-lock --seconds 0
status 2 fork-vma-lock --threads 0
status 2 fork-vma-lock --threads 1000000
status 2 fork-vma-lock --all
status 0 --help
says "Exit status"

# All variants, as JSON; several processes at once.
status 0 fork-vma-lock --seconds 5 --threads 6 --seed 5 --json
mv "$temp/out" "$temp/fork"
status 0 pae-gup-fast --seconds .1 --json # one needs luck
mv "$temp/out" "$temp/weak"
python3 - "$temp" "$(uname -m)" <<'END'
import json, sys

temp, machine = sys.argv[1:]
read = lambda name: [json.loads(line) for line in open(f"{temp}/{name}")]
fork, pae = read("fork"), read("weak")

def has(o, **fields):
    for name, types in fields.items():
        assert name in o, f"no {name} in {o}"
        assert isinstance(o[name], types), f"{name} is {o[name]!r}"

null = type(None)
for o in fork + pae:
    has(o, scenario=str, id=str, variant=str, kernel=str, model=str, seed=int, processes=int,
        skipped=bool, runs=int, seconds=float, runs_per_second=float, hits=int,
        hits_per_million=float, first_hit_seconds=(float, null), oracles=list, expected=str,
        host_verdict=(str, null), needs=(str, null), as_expected=(bool, null), cut_short=bool)
    for f in o["oracles"]:
        has(f, oracle=str, message=str, hits=int, per_million=float, first_run=int,
            stalls=(str, null), first_hit_seconds=float)
for o in fork:
    assert o["processes"] == 2 and o["seed"] == 5 and o["runs"] > 0, o
    assert o["as_expected"], o
    assert bool(o["hits"]) == (o["expected"] == "violation"), o
if machine == "x86_64":
    weak = {o["variant"]: o for o in pae if o["skipped"]}
    assert weak, pae
    for o in weak.values():
        assert o["expected"] == "violation" and o["host_verdict"] == "verified" and o["needs"], o
    assert "store-store" in weak["linux-6.0"]["needs"], weak["linux-6.0"]
END

# Ctrl-C: what is known so far.
"$faultline" stress fork-vma-lock --variant linux-6.5 --seconds 100 --json >"$temp/out" &
pid=$!
sleep 2
kill -TERM $pid
got=0
wait $pid || got=$?
[ $got -eq 3 ] || {
	echo "interrupted: exit status $got, not 3"
	exit 1
}
says '"runs"'
