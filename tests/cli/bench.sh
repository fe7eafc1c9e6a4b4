#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh FAULTLINE - faultline bench: each workload with each strategy, for a moment; what JSON, CSV and the plot
# have; what is said of bad input; Ctrl-C. Nothing here depends on how fast anything is.
set -eu
set -- "$1" bench
# shellcheck source=tests/status.sh
. "$(dirname "$0")/../status.sh"

all="anon-fault anon-fault-shared-vma fault-vs-mmap cow-storm mprotect-toggle gup-fast file-fault mmap-churn zipf-mix"

# All of it.
status 0 --list
for name in $all mmap-lock vma-rwsem-seq vma-refcount rwsem; do
	says "$name"
done
status 0 --seconds .02 --runs 2 --threads 2 --json --csv "$temp/cells.csv"
[ ! -s "$temp/err" ] || {
	echo "something on stderr, which is no terminal"
	cat "$temp/err"
	exit 1
}
# One argument per workload.
# shellcheck disable=SC2086
python3 - "$temp" $all <<'END'
import csv, json, sys

temp, *workloads = sys.argv[1:]
cells = [json.loads(line) for line in open(f"{temp}/out")]
null = type(None)
types = dict(workload=str, strategy=str, rwlock=str, threads=int, operation=str, ops_per_second=float,
             ops_per_second_least=float, ops_per_second_most=float, spread=float,
             p50_ns=(float, null), p99_ns=(float, null), p999_ns=(float, null), writer_ops_per_second=(float, null),
             writer_p50_ns=(float, null), writer_p99_ns=(float, null), writer_p999_ns=(float, null), ops=int, writer_ops=int,
             faults=int, retries=int, fallbacks=int, shootdowns=int, samples=int, runs=int,
             runs_again=int, disturbed=bool, runs_disturbed=int, seconds=float, cores=int, pinned=bool,
             host_ops_per_second=(float, null), host_writer_ops_per_second=(float, null),
             host_p50_ns=(float, null), host_p99_ns=(float, null), host_p999_ns=(float, null),
             times_host=(float, null))
for o in cells:
    assert set(o) == set(types), set(o) ^ set(types)
    for name, kind in types.items():
        assert isinstance(o[name], kind), f"{name} is {o[name]!r}"
    assert o["runs"] == 2, o
    if o["samples"]: # on a busy machine nothing may come to an end in 20 ms
        assert o["p50_ns"] <= o["p99_ns"] <= o["p999_ns"], o
    else:
        assert o["p50_ns"] is o["p99_ns"] is o["p999_ns"] is None, o
    assert o["ops_per_second_least"] <= o["ops_per_second"] <= o["ops_per_second_most"], o
    assert o["strategy"] != "mmap-lock" or o["fallbacks"] == 0, o
assert sum(o["samples"] > 0 for o in cells) > len(cells) / 2
assert sorted({o["workload"] for o in cells}) == sorted(workloads)
strategies = {o["strategy"] for o in cells}
assert {"mmap-lock", "vma-rwsem-seq", "vma-refcount"} <= strategies, strategies
assert len(cells) == len(workloads) * len(strategies), len(cells)
for o in cells:
    without = ("gup-fast", "zipf-mix")
    assert (o["host_ops_per_second"] is None) == (o["workload"] in without), o

# The same in CSV.
rows = list(csv.DictReader(open(f"{temp}/cells.csv")))
assert len(rows) == len(cells)
for row, o in zip(rows, cells):
    assert list(row) == list(types), row
    for name in ("workload", "strategy", "rwlock"):
        assert row[name] == o[name], (row, o)
    assert int(row["threads"]) == o["threads"]
    assert abs(float(row["ops_per_second"]) - o["ops_per_second"]) <= 1e-6 * o["ops_per_second"] + 1e-3
END

# The table: for each number of threads a row per strategy and one of the host.
status 0 anon-fault --seconds .02 --runs 1 --threads 1,2
[ "$(grep -c '^anon-fault ' "$temp/out")" -ge 8 ] || says "a row per strategy and the host"
says "host"
status 0 anon-fault --strategy vma-refcount,mmap-lock --seconds .02 --runs 1 --threads 1 --no-host
[ "$(grep -c '^anon-fault ' "$temp/out")" = 2 ] || says "two rows"
status 0 fault-vs-mmap --strategy vma-refcount --seconds .02 --runs 1 --threads 40 --no-host
says "More threads than cores"
says "writer/s"
status 0 anon-fault --strategy vma-refcount --seconds .02 --runs 1 --threads 1 --no-host --json
says '"writer_ops_per_second": null'
says '"spread": null'
status 0 gup-fast --strategy vma-refcount --seconds .02 --runs 1 --threads 1 --rwlock all
[ "$(grep -c '^gup-fast ' "$temp/out")" -ge 5 ] || says "a row per reader-writer lock"
grep -q "writer/s" "$temp/out" && says "no columns of writers that nobody has"

# Options of workloads.
status 0 zipf-mix --vmas 3 --theta 0 --mix touch=5,fork=1 --seed 9 --seconds .02 --runs 1 --threads 1 --strategy mmap-lock

# The plot.
if command -v gnuplot >/dev/null 2>&1; then
	status 0 anon-fault gup-fast --seconds .02 --runs 1 --threads 1,2 --plot "$temp/it's.svg" --json
	python3 - "$temp/it's.svg" <<'END'
import sys, xml.dom.minidom
svg = xml.dom.minidom.parse(sys.argv[1]).documentElement
assert svg.tagName == "svg", svg.tagName
text = svg.toxml()
for word in ("anon-fault", "gup-fast", "vma-refcount", "host", "threads"):
    assert word in text, word
END
	status 0 anon-fault --seconds .02 --runs 1 --threads 1 --plot "$temp/plot.png"
	[ "$(head -c 4 "$temp/plot.png" | tail -c 3)" = PNG ] || says "a PNG file"
fi
if command -v gnuplot >/dev/null 2>&1; then
	# More lines than there are colours, or room for their names in a small plot.
	status 0 mmap-churn --strategy vma-refcount --rwlock all --seconds .02 --runs 1 --threads 1 --no-host --plot "$temp/plot.svg"
	[ ! -s "$temp/err" ] || says "nothing on stderr"
fi
mkdir "$temp/empty"
got=0
PATH="$temp/empty" "$faultline" bench anon-fault --plot "$temp/none.svg" >"$temp/out" 2>"$temp/err" || got=$?
[ $got -eq 2 ] || says "exit status 2 without gnuplot"
says "gnuplot draws it, and is not installed"

# Bad input: nothing is run.
status 2 anon-fautl
says 'no workload "anon-fautl"; did you mean "anon-fault"?'
says "there are anon-fault, "
status 2 --strategy mmap-lock,vma-refcnt
says 'no strategy "vma-refcnt"'
says "there are mmap-lock, "
status 2 --rwlock rwsme
says 'no reader-writer lock "rwsme"; did you mean "rwsem"?'
status 2 --threads 0
status 2 --threads 1,,2
status 2 --threads 65
says "more than 64"
status 2 fault-vs-mmap --threads 64
says "has a writer besides"
status 2 --seconds 0
status 2 --seconds many
status 2 --runs 0
status 2 --runs 1000
status 2 --vmas 0
status 2 --mix nothing=1
says "kinds are touch"
status 2 --theta -1
status 2 anon-fault --mix touch=1
says "--mix is an option of zipf-mix, which is not to be run"
status 2 --threads 1,
says '--threads "1,"'
status 2 --seed x
status 2 --csv "$temp/no/where.csv"
says "--csv FILE chooses another place"
status 2 --plot "$temp/plot.pdf"
says "should end with .svg or .png"
status 2 --load "$temp/nothing.so"
status 2 --stratgy mmap-lock
says '"--strategy"'
status 0 --help
says "Exit status"

# Ctrl-C: what is known so far.
"$faultline" bench anon-fault --threads 1 --seconds 500 --csv "$temp/cut.csv" --json >"$temp/out" 2>"$temp/err" &
pid=$!
sleep 3
kill -TERM $pid
got=0
wait $pid || got=$?
[ $got -eq 3 ] || {
	echo "interrupted: exit status $got, not 3"
	cat "$temp/out" "$temp/err"
	exit 1
}
says '"ops_per_second"'
[ "$(wc -l <"$temp/cut.csv")" -ge 2 ] || says "a row of CSV"
