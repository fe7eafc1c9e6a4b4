#!/bin/sh
# SPDX-License-Identifier: MIT
# transcript.sh [--promote] FAULTLINE FILE.t... - runs a transcript's commands and compares what comes out.
#
# A transcript is prose and commands ("$ faultline ..."), each followed by what it prints, stdout and
# stderr together, and by "[N]" if its exit status N is not 0; these lines are indented by two spaces.
# The commands of one file run in one folder, empty at first, by sh; $EXAMPLES is docs/examples. What changes for other reasons is
# replaced: times by T, counts of executions by N, lists of all there is by "...". --promote writes what
# came out into FILE.t, to be reviewed.
set -eu

promote=
if [ "$1" = --promote ]; then
	promote=1
	shift
fi
EXAMPLES=$(CDPATH='' cd "$(dirname "$0")/../../docs/examples" && pwd -P)
export EXAMPLES
faultline=$(CDPATH='' cd "$(dirname "$1")" && pwd -P)/$(basename "$1")
shift

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

mkdir "$temp/bin"
ln -s "$faultline" "$temp/bin/faultline"
PATH=$temp/bin:$PATH
export PATH LC_ALL=C
unset COLUMNS TERM

neutral() {
	sed -E -e 's/There are: .*/There are: .../' -e 's/[0-9]+(\.[0-9]+)? (ms|s)\b/T/g' -e 's/executions [0-9]+/executions N/g' \
		-e 's/in line [0-9]+/in line N/' \
		-e 's/ +replay: / replay: /' -e 's/^/  /'
}

run_transcript() { # FILE
	rm -rf "$temp/work"
	mkdir "$temp/work"
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'$ '*)
			printf '%s\n' "$line"
			status=0
			(cd "$temp/work" && sh -c "${line#\$ }" >"$temp/out" 2>&1 </dev/null) || status=$?
			if [ $status -ge 128 ]; then
				echo "$1: killed by signal $((status - 128)): ${line#\$ }" >&2
				return 2
			fi
			neutral <"$temp/out"
			[ $status -eq 0 ] || printf '  [%d]\n' $status
			;;
		'  '*) ;;
		*)
			printf '%s\n' "$line"
			;;
		esac
	done <"$1"
}

failed=0
for file; do
	run_transcript "$file" >"$temp/actual" || exit 2
	if cmp -s "$file" "$temp/actual"; then
		continue
	fi
	if [ -n "$promote" ]; then
		cat "$temp/actual" >"$file"
		echo "$file: promoted"
	else
		echo "$file: differs (+ is what came out; transcript.sh --promote takes it over)"
		diff -u "$file" "$temp/actual" || true
		failed=1
	fi
done
exit $failed
