# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# setup.sh - what ./run and ./test share; sourced by them from the top of the tree.
#
#   need COMMAND PACKAGE WHY     a command that must be there
#   need_lib MODULE PACKAGE WHY  a library, by its pkg-config name
#   wish COMMAND PACKAGE         a command without which some tests are skipped
#   wish_file FILE PACKAGE       the same for a file
#   install_missing              installs the packages noted by these, or says how and exits 2; without those
#                                of wish it goes on, and says so
#   configure PRESET             cmake, into build/PRESET
#   build PRESET TARGET          both: output in build/PRESET.log, shown only on failure

missing=
wished=
modules=

# Words on standard error, so that `./run ... --json` has only JSON on its output.
say() {
	printf '%s\n' "$*" >&2
}

note_missing() { # PACKAGE WHY
	case " $missing " in
	*" $1 "*) return ;;
	esac
	missing="${missing:+$missing }$1"
	say "missing: $1 ($2)"
}

need() {
	command -v "$1" >/dev/null 2>&1 || note_missing "$2" "$3"
}

wish() {
	command -v "$1" >/dev/null 2>&1 || wished="$wished $2"
}

wish_file() {
	[ -r "$1" ] || wished="$wished $2"
}

need_lib() {
	modules="$modules $1|$2|$3
"
}

# All libraries in one call of pkg-config; only if that fails, one by one.
check_libs() {
	if ! command -v pkg-config >/dev/null 2>&1; then
		note_missing pkg-config "finds libraries"
		# Its package may bring or not bring the libraries: ask for all of them.
		exists=false
	else
		exists="pkg-config --exists"
		# shellcheck disable=SC2046 # one word per module
		$exists $(printf '%s' "$modules" | cut -d'|' -f1) && return
	fi
	while IFS='|' read -r module package why; do
		[ -n "$module" ] || continue
		# shellcheck disable=SC2086 # module begins with a space
		$exists $module || note_missing "$package" "$why"
	done <<-EOF
		$modules
	EOF
}

install_missing() {
	check_libs
	[ -z "$missing" ] || install_needed
	[ -z "$wished" ] || install_wished
}

apt_install="apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends"

# Fresh package lists only if the ones at hand do not do.
quiet_install() { # PACKAGE...
	mkdir -p build
	export DEBIAN_FRONTEND=noninteractive
	$apt_install "$@" >build/install.log 2>&1 ||
		{ apt-get update >>build/install.log 2>&1 && $apt_install "$@" >>build/install.log 2>&1; }
}

install_wished() {
	for package in $wished; do
		if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
			say "installing: $package"
			! quiet_install "$package" || continue
		fi
		say "not installed, so some tests will be skipped: $package ($apt_install $package)"
	done
	wished=
}

install_needed() {
	install="$apt_install $missing"
	if ! command -v apt-get >/dev/null 2>&1; then
		say "No apt-get here. Install what these Debian packages hold, then try again: $missing"
		exit 2
	fi
	if [ "$(id -u)" -ne 0 ]; then
		say "To install what is missing, run: sudo $install"
		exit 2
	fi
	say "installing: $missing"
	# shellcheck disable=SC2086 # one word per package
	if quiet_install $missing; then
		missing=
		return 0
	fi
	cat build/install.log >&2
	say "Could not install: $missing"
	exit 2
}

need_for_build() {
	need cc build-essential "C compiler"
	need cmake cmake "configures the build"
	command -v ninja >/dev/null 2>&1 || need make ninja-build "builds"
	need_lib liburcu-memb liburcu-dev "RCU of the native engine"
	need_lib ck libck-dev "reader-writer locks of the native engine"
	need_lib jansson libjansson-dev "trace files and --json"
	need_lib gsl libgsl-dev "statistics of faultline bench"
	need_lib hwloc libhwloc-dev "binds its threads to cores"
	need_lib capstone libcapstone-dev "looks at the machine code of the programs that are checked"
}

quietly() { # TITLE LOG COMMAND...
	title=$1
	log=$2
	shift 2
	[ ! -t 2 ] || printf '%s ...' "$title" >&2
	if "$@" >"$log" 2>&1; then
		[ ! -t 2 ] || printf '\r\033[K' >&2
		return 0
	fi
	[ ! -t 2 ] || printf '\n' >&2
	cat "$log" >&2
	say "$title: failed"
	return 1
}

configure() { # PRESET
	generator=Ninja
	command -v ninja >/dev/null 2>&1 || generator="Unix Makefiles"
	cache=build/$1/CMakeCache.txt
	if [ -f "$cache" ]; then
		# Of another place on disk, or of another generator: no use to cmake.
		if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache" ||
			! grep -qxF "CMAKE_GENERATOR:INTERNAL=$generator" "$cache"; then
			rm -rf "build/$1"
		elif { [ -e "build/$1/build.ninja" ] || [ -e "build/$1/Makefile" ]; } &&
			[ -z "$(find CMakePresets.json -newer "$cache")" ]; then
			return 0 # the build notices by itself when a CMakeLists.txt changes
		fi
	fi
	mkdir -p build
	quietly "configuring $1" "build/$1.log" cmake --preset "$1" -G "$generator"
}

build() { # PRESET TARGET
	quietly "building $1" "build/$1.log" cmake --build "build/$1" --parallel "$(jobs)" --target "$2"
}

jobs() {
	nproc 2>/dev/null || echo 2
}
