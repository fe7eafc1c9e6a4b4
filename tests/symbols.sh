#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh NM SHARED STATIC: only public names leave a library. fl_ is ours; __tsan_ is what the
# compiler calls in code built for the check engine. A kernel name (handle_mm_fault, ...) that left
# would meet the one in a user's program.
set -eu
nm=$1
status=0

check() { # FILE NAMES
	if ! printf '%s\n' "$2" | grep -q '^fl_run_'; then
		echo "$1: no fl_run_ function among its names: is this the library?"
		status=1
	fi
	leaks=$(printf '%s\n' "$2" | grep -Ev '^(fl_|__tsan_)' || true)
	if [ -n "$leaks" ]; then
		printf '%s: names that should not leave it:\n%s\n' "$1" "$leaks"
		status=1
	fi
	case $1 in
	*_check.*) ;;
	*)
		if printf '%s\n' "$2" | grep '^__tsan_'; then
			echo "$1: would clash with libtsan"
			status=1
		fi
		;;
	esac
}

shared=$("$nm" --dynamic --extern-only --defined-only --format=posix "$2" | cut -d' ' -f1)
static=$("$nm" --extern-only --defined-only --format=posix "$3" | sed '/:$/d; /^$/d' | cut -d' ' -f1)
check "$2" "$shared"
check "$3" "$static"

# Both forms offer the same.
if [ "$(echo "$shared" | sort)" != "$(echo "$static" | sort)" ]; then
	echo "$2 and $3 differ in their names"
	status=1
fi
exit $status
