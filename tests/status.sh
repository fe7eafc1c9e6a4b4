# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# status.sh - what tests of one subcommand share; sourced by them with FAULTLINE as $1 and, after it, the subcommand.
#
#   status WANTED ARGUMENT...   runs it; output is in $temp/out and $temp/err
#   says TEXT                   so did the last one
#
# Ends with 77 where there is no python3, which all of them read JSON with.
faultline=$1
subcommand=$2
python3 -c 'import json' 2>/dev/null || {
	echo "no python3 to read JSON with"
	exit 77
}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

status() {
	want=$1
	shift
	got=0
	"$faultline" "$subcommand" "$@" >"$temp/out" 2>"$temp/err" </dev/null || got=$?
	[ "$got" = "$want" ] || {
		echo "$subcommand $*: exit status $got, not $want"
		cat "$temp/out" "$temp/err"
		exit 1
	}
}

says() {
	grep -qF -e "$1" "$temp/out" "$temp/err" || {
		echo "does not say: $1"
		cat "$temp/out" "$temp/err"
		exit 1
	}
}
