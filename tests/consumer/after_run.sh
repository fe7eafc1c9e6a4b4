#!/bin/sh
# SPDX-License-Identifier: MIT
# after_run.sh TREE CMAKE CC GENERATOR: what ./run has built in a fresh copy of TREE can be installed as it is, and used.
set -eu
tree=$1
cmake=$2
cc=$3
generator=$4
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/tree"
cd "$tree"
cp -R CMakeLists.txt CMakePresets.json README.md CHANGELOG.md LICENSE run cmake docs include lib sim bench tools "$scratch/tree"

echo "=== ./run"
CC=$cc "$scratch/tree/run" list | head -1
"$cmake" --install "$scratch/tree/build/release" --prefix "$scratch/prefix" >"$scratch/installed" ||
	{ cat "$scratch/installed"; exit 1; }
rm -rf "$scratch/tree" # what is installed needs nothing of it

echo "=== a user's project"
"$cmake" -S "$here" -B "$scratch/user" -G "$generator" -DCMAKE_C_COMPILER="$cc" \
	-DCMAKE_PREFIX_PATH="$scratch/prefix" >"$scratch/log"
"$cmake" --build "$scratch/user" --parallel >"$scratch/log" || { cat "$scratch/log"; exit 1; }
for program in machine machine_static race race_static; do
	"$scratch/user/$program"
done
"$scratch/prefix/bin/faultline" --version
