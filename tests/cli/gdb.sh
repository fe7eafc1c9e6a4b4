#!/bin/sh
# SPDX-License-Identifier: MIT
# gdb.sh FAULTLINE - replay --gdb stops at the violating event, on the stack of the scenario's or program's thread, with the
# frame of that thread's own code selected, and goes on to the same verdict: where an oracle fails in a thread, at a
# late load if it fails at the end, at a racing access. Its exit status is gdb's.
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

# In what gdb shows: texts, and the line that 'frame' prints.
shows() { # FRAME TEXT...
	printf 'frame\nbt\ncontinue\n' | "$faultline" replay t --gdb >out 2>&1 || {
		cat out >&2
		echo "the exit status is $?, not gdb's 0" >&2
		exit 1
	}
	if grep -q 'ptrace: Operation not permitted\|Could not trace the inferior' out; then
		echo "skipped: processes can't be traced here"
		exit 77
	fi
	frame=$1
	shift
	for text in "$@" 'continue' 'exited with code 01' "^(gdb) #[0-9]*  *\\(0x[0-9a-f]* in \\)\\{0,1\\}$frame ("; do
		if ! grep -q -- "$text" out; then
			cat out >&2
			echo "no \"$text\" in what gdb shows" >&2
			exit 1
		fi
	done
}

stops_at() { # SCENARIO VARIANT FRAME WHAT FUNCTION...
	"$faultline" check "$1" --variant "$2" --trace t >shown || true
	shift 2
	shows "$@"
	# after the stop, the same picture
	sed '1,/^$/d' shown >want
	sed -n '/^  CPU 0 /,/events left out$/p' out >picture
	sed -n '/^  CPU 0 /,/events left out$/p' want | cmp -s - picture || {
		diff want picture >&2
		exit 1
	}
}

stops_at vma-lock-seq no-acquire vma_usable '^CPU 1: vma-torn: ' 'fl_oracle_vma_saw_flags' 'lock_vma_under_rcu' 'do_fault'
stops_at pae-gup-fast linux-6.0 gup_must_unshare '^CPU 1 is about to do PageAnonExclusive(page), gup.c:' 'gup_pte' 'do_gup_fast'
stops_at vma-lock-seq plain-mark marked_early '^CPU 1 is about to do READ_ONCE(vma->vm_lock_seq), vma_lock.c:' 'do_fault'

# without gdb: one line, exit status 2
status=0
PATH=/nowhere "$faultline" replay t --gdb >out 2>err || status=$?
if [ $status -ne 2 ] || [ -s out ] || [ "$(wc -l <err)" -ne 1 ] || ! grep -q '^faultline: gdb is not installed' err; then
	echo "without gdb: exit status $status: $(cat err)" >&2
	exit 1
fi

# a program's functions may have the names of the engine's, and its threads wait in calls
cat >locks.c <<'END'
#include <pthread.h>
#include <stdatomic.h>
#include <assert.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int x;
static __attribute__((noinline)) void load(void)
{
	pthread_mutex_lock(&b);
	x++;
	pthread_mutex_unlock(&b);
}
static void *first(void *arg)
{
	pthread_mutex_lock(&a);
	load();
	pthread_mutex_unlock(&a);
	return arg;
}
static void *second(void *arg)
{
	pthread_mutex_lock(&b);
	x++;
	pthread_mutex_lock(&a);
	return arg;
}
int main(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, first, NULL);
	pthread_create(&u, NULL, second, NULL);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
}
END
"$faultline" program locks.c --trace t >shown || true
shows load '^Thread 1 is about to do pthread_mutex_lock()' 'in first ('
