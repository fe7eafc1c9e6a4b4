#!/bin/sh
# SPDX-License-Identifier: MIT
# gdb.sh FAULTLINE - replay --gdb stops at the violating event, on the stack of the scenario's thread, and goes on
# to the same verdict: where an oracle fails in a thread, at a late load if it fails at the end, at a racing access.
set -eu
faultline=$(CDPATH='' cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
command -v gdb >/dev/null 2>&1 || {
	echo "skipped: no gdb here (Debian: apt-get install gdb)"
	exit 77
}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
HOME=$temp # nobody's .gdbinit
export HOME DEBUGINFOD_URLS=

stops_at() { # SCENARIO VARIANT WHAT FUNCTION...
	"$faultline" check "$1" --variant "$2" --trace t >shown || true
	printf 'bt\ncontinue\n' | "$faultline" replay t --gdb >out 2>&1 || {
		cat out >&2
		echo "gdb failed" >&2
		exit 1
	}
	if grep -q 'ptrace: Operation not permitted\|Could not trace the inferior' out; then
		echo "skipped: processes can't be traced here"
		exit 77
	fi
	shift 2
	for text in "$@" 'continue' 'exited with code 01'; do
		if ! grep -q -- "$text" out; then
			cat out >&2
			echo "no \"$text\" in what gdb shows" >&2
			exit 1
		fi
	done
	# after the stop, the same picture
	sed '1,/^$/d' shown >want
	sed -n '/^  CPU 0 /,/events left out$/p' out >picture
	sed -n '/^  CPU 0 /,/events left out$/p' want | cmp -s - picture || {
		diff want picture >&2
		exit 1
	}
}

stops_at vma-lock-seq no-acquire '^CPU 1: vma-torn: ' 'fl_oracle_vma_saw_flags' 'lock_vma_under_rcu' 'do_fault'
stops_at pae-gup-fast linux-6.0 '^CPU 1 is about to do PageAnonExclusive(page), gup.c:' 'gup_pte' 'do_gup_fast'
stops_at vma-lock-seq plain-mark '^CPU 1 is about to do READ_ONCE(vma->vm_lock_seq), vma_lock.c:' 'do_fault'

# without gdb: one line, exit status 2
status=0
PATH=/nowhere "$faultline" replay t --gdb >out 2>err || status=$?
if [ $status -ne 2 ] || [ -s out ] || [ "$(wc -l <err)" -ne 1 ] || ! grep -q '^faultline: gdb is not installed' err; then
	echo "without gdb: exit status $status: $(cat err)" >&2
	exit 1
fi
