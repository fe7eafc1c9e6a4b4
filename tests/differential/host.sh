#!/bin/sh
# SPDX-License-Identifier: MIT
# host.sh FAULTLINE - some seconds on this host's kernel, if the simulator has a release near to it.
set -eu
faultline=$1
case $(uname -s)-$(uname -r) in
Linux-6.1[78].*) ;;
*)
	echo "no profile for $(uname -sr): differences would be expected"
	exit 77
	;;
esac
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
"$faultline" differential --hands-off --seconds 5 --seed 1 || {
	status=$?
	head -40 ./*.steps 2>/dev/null || :
	exit $status
}

# What nobody can make is left out, which is said of each.
printf '0 munmap page=1 pages=1\n1 munmap page=1 pages=1\n0 fork child=1\n0 fork child=1\n- unpin\n' >few.steps
"$faultline" differential --hands-off few.steps 2>said
for expected in 'step 2, "1 munmap page=1 pages=1", was left out: the process that would make it is not there' \
	'step 4, "0 fork child=1", was left out: the child is there already' \
	'step 5, "- unpin", was left out: the buffer has no pages'; do
	grep -q "$expected" said || {
		echo "not said: $expected"
		exit 1
	}
done
test "$(wc -l <said)" = 3

# A script that differs is kept as small as it gets, with how to run it again. Root sees that the child shares the page.
test "$(id -u)" = 0 || exit 0
differs() {
	if "$faultline" differential --hands-off --set fork_pinned=share "$1" >said; then
		echo "$1: no difference"
		exit 1
	fi
}
printf '0 mmap page=30 pages=1 prot=rw kind=anon flags=fixed\n0 read page=30\n0 pin page=30 pages=1\n0 fork child=1\n0 read page=30\n' >big.steps
differs big.steps
grep -q 'again: faultline differential --set fork_pinned=share --hands-off ./big-small.steps' said
test "$(grep -cv '^#' big-small.steps)" = 3
differs big-small.steps
