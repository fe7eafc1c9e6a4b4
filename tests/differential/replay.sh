#!/bin/sh
# SPDX-License-Identifier: MIT
# replay.sh FAULTLINE - what hosts did, against the simulator; and that a difference, a bad file and bad options are told.
set -eu
here=$(dirname "$0")
set -- "$1" differential
# shellcheck source=tests/status.sh
. "$here/../status.sh"

status 0 "$here"/*.log
says ' 0 divergences'

# A host that copied where it should not have.
sed 's/^R 0 0 0 0 -1 1 0$/R 0 0 0 0 -1 2 0/' "$here/cow-vmsplice-child-exits.log" >"$temp/changed.log"
status 1 "$temp/changed.log"
says 'the call itself: host 0 faults 2, simulator 0 faults 1'

# Another release has other answers.
status 1 --kernel 6.5 "$here/mremap-many.log"
says 'DIFFERS at step'
for other in mremap-checks-first:mremap_range=one-vma mremap-many:mremap_range=one-vma \
	dontunmap-self-merge:mremap_dontunmap=apart dontunmap-keeps-offset:mremap_dontunmap=apart \
	uffd-wp-holes:uffd_wp_holes=no uffd-unprotect-shared:shared_upgrade=writenotify uffd-fill-anon-vma:uffd_fill_prepare=checked; do
	status 1 --set "${other#*:}" "$here/${other%%:*}.log"
	says 'DIFFERS at step'
done

# Mistakes that have a policy value: logs alone find them.
for mistake in fork_pinned=share gup_unshare=none wp_reuse=mapcount swap_exclusive=always uffd_unregister=leave; do
	status 1 --set "$mistake" "$here"/*.log
	says 'DIFFERS at step'
done

status 2 "$temp/none.log"
says 'none.log: No such file'
echo 'H 6.18 7
S 0 mmap page=99' >"$temp/bad.log"
status 2 "$temp/bad.log"
says 'bad.log:2: page=99 is more than 63'
echo '0 munmap page=60 pages=9' >"$temp/bad.steps"
status 2 "$temp/bad.steps"
says 'bad.steps:1: the range ends outside of the window of 64 pages'
: >"$temp/empty.steps"
status 2 "$temp/empty.steps"
says 'there is no call in it'
status 2 "$temp"
says 'Is a directory'
sed '0,/^A /{/^A /d}' "$here/pin-fork.log" >"$temp/bad.log"
status 2 "$temp/bad.log"
says 'no line "A ..."'
head -c -20 "$here/pin-fork.log" >"$temp/bad.log"
status 2 "$temp/bad.log"
says 'it was cut short'
printf 'H 6.18 7\nS 0 \000\n' >"$temp/bad.log"
status 2 "$temp/bad.log"
says 'bad.log:2: the line is too long, or has a NUL in it'
status 2 --record "$temp/x.foo" "$here/pin-fork.steps"
says 'end its name in .log'
status 2 --record "$temp/none/x.log" "$here/pin-fork.steps"
says 'none/x.log'
status 2 --record "$temp/x.log" "$here/pin-fork.log"
status 2 --keep "$temp/none" --count 1
says '--keep'
status 2 --steps 0
status 2 --record x
