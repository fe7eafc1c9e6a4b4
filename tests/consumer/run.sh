#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh CMAKE BUILD CC GENERATOR: uses Faultline from outside, in each way that the README offers.
# BUILD is a build directory of Faultline with everything built.
set -eu
cmake=$1
build=$2
cc=$3
generator=$4
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

step() {
	printf -- '--- %s\n' "$*"
	"$@"
}

programs() { # DIR: all that was built there
	for program in machine machine_static race race_static; do
		step "$1/$program"
	done
}

"$cmake" --install "$build" --prefix "$scratch/first" >/dev/null
mv "$scratch/first" "$scratch/prefix" # an installed tree can be moved
prefix=$scratch/prefix

echo "=== find_package"
step "$cmake" -S "$here" -B "$scratch/package" -G "$generator" -DCMAKE_C_COMPILER="$cc" \
	-DCMAKE_PREFIX_PATH="$prefix"
step "$cmake" --build "$scratch/package"
programs "$scratch/package"

echo "=== pkg-config"
for pc in "$prefix"/lib*/pkgconfig "$prefix"/lib/*/pkgconfig; do
	if [ -d "$pc" ]; then
		export PKG_CONFIG_PATH="$pc"
		LD_LIBRARY_PATH=$(dirname "$pc")
		export LD_LIBRARY_PATH
	fi
done
mkdir "$scratch/by-hand"
cd "$scratch/by-hand"
strict="-std=gnu11 -Wall -Wextra -Werror"
# shellcheck disable=SC2046,SC2086 # flags are words
{
	step "$cc" $strict $(pkg-config --cflags faultline) "$here/machine.c" \
		$(pkg-config --libs faultline) -o machine
	check=faultline-check
	case $("$cc" --version) in *clang*) check=faultline-check-clang ;; esac
	step "$cc" $strict $(pkg-config --cflags $check) -c "$here/race.c"
	step "$cc" race.o $(pkg-config --libs $check) -o race
}
step ./machine
step ./race
unset LD_LIBRARY_PATH

echo "=== the installed command"
step "$prefix/bin/faultline" list >/dev/null

echo "=== add_subdirectory"
step "$cmake" -S "$here" -B "$scratch/subdirectory" -G "$generator" -DCMAKE_C_COMPILER="$cc" \
	-DFAULTLINE_TREE="$here/../.."
step "$cmake" --build "$scratch/subdirectory" --parallel
programs "$scratch/subdirectory"
