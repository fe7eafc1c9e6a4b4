#!/bin/sh
# SPDX-License-Identifier: MIT
# jobs.sh FAULTLINE PROGRAMS - a search by several processes, or in several parts, comes to the same as one by one.
#
# PROGRAMS is tests/programs. Counts are those of its expected.tsv. A bug that only late executions have is found by workers,
# too, with a trace that replays.
set -eu
faultline=$(CDPATH='' cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
programs=$(CDPATH='' cd "$2" && pwd -P)
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"

fail() {
	echo "$*" >&2
	exit 1
}

explore() { # ARGUMENT...: executions+blocked, or the verdict if it is not "verified"
	"$faultline" program --json --no-symmetry "$@" 2>err |
		sed -n 's/.*"verdict":"verified".*"executions":\([0-9]*\),"blocked":\([0-9]*\).*/\1+\2/p
			s/.*"verdict":"\(violation\|inconclusive\)".*/\1/p'
}

same_by_many() { # FILE DEFINE...
	file=$programs/$1
	shift
	one=$(explore "$file" -- "$@")
	for jobs in 2 3 7; do
		many=$(explore --jobs $jobs "$file" -- "$@")
		[ "$one" = "$many" ] || fail "$file $*: $one, but $many with --jobs $jobs"
	done
}

same_in_parts() { # FILE DEFINE...
	file=$programs/$1
	shift
	one=$(explore "$file" -- "$@")
	parts=0
	limit=1500
	got=$(explore --checkpoint c --max-executions $limit "$file" -- "$@")
	while [ "$got" = inconclusive ]; do
		parts=$((parts + 1))
		limit=$((limit + 2500))
		[ -f c ] || fail "$file $*: nothing was saved"
		got=$(explore --resume c --max-executions $limit --jobs $((1 + parts % 2)) "$file" -- "$@")
	done
	[ $parts -gt 0 ] || fail "$file $*: in one part"
	[ "$one" = "$got" ] || fail "$file $*: $one, but $got in $parts parts"
	[ ! -f c ] || fail "$file $*: the checkpoint is still there"
}

same_by_many model/rmw.c -DN=7
same_by_many model/sb_ring.c -DN=12
same_by_many locks/ticket.c -DN=3 -DK=3
same_by_many structures/treiber_hp.c -DPOPS=2
same_in_parts model/sb_ring.c -DN=14
same_in_parts model/seqlock_once.c -DWRITES=3 -DREADERS=2

# In one of 40320 orders, far from the first.
cat >late.c <<'PROGRAM'
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
static atomic_int x;
static int order[8];
static void *t(void *arg)
{
	order[(long)arg] = atomic_fetch_add(&x, 1);
	return 0;
}
int main(void)
{
	pthread_t p[8];
	int reversed = 1;

	for (long i = 0; i < 8; i++)
		pthread_create(&p[i], 0, t, (void *)i);
	for (int i = 0; i < 8; i++)
		pthread_join(p[i], 0);
	for (int i = 0; i < 8; i++)
		reversed &= order[i] == 7 - i;
	assert(!reversed);
	return 0;
}
PROGRAM
[ "$(explore --jobs 3 --trace t late.c)" = violation ] || fail "the late bug is not found by workers"
"$faultline" replay t >out && fail "the trace of a worker's finding is no violation"
grep -q reversed out || fail "the trace of a worker's finding is another one"

# What does not fit is refused.
explore --checkpoint c --max-executions 1500 "$programs/model/rmw.c" -- -DN=8 >out
for wrong in "c $programs/model/rmw.c -- -DN=7" "late.c $programs/model/rmw.c -- -DN=8"; do
	# shellcheck disable=SC2086 # several words
	"$faultline" program --no-symmetry --resume $wrong 2>err && fail "resumed: $wrong"
	grep -q "can't resume" err || fail "not refused: $wrong: $(cat err)"
done
