Programs of a user: what is said of them, what is written, what is refused.

$ cp "$EXAMPLES"/program/*.c .
$ faultline program message.c
  message.c   rc11   verified
    no execution is a violation
    executions N, T
$ faultline program message.c --trace race.trace -- -DORDER=memory_order_relaxed
  message.c   rc11   VIOLATION  data-race
    thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    executions N, T replay: faultline replay race.trace
  
    data race: write by thread 1 at message.c:16 give, read by thread 0 at message.c:28 main
  
    thread 0  main                                              thread 1  give
    ----------------------------------------------------------  ----------------------------------------------------------
                                                                data = 42  stores 42                               line 16
                                                                ^ data race with thread 0
                                                                atomic_store_explicit(&ready, 1, ORDER)  stores 1  line 17
    while (!atomic_load_explicit(&ready,               line 26
        memory_order_acquire))  reads 1
    assert(data == 42)  reads 0                        line 28
    ^ older than thread 1's store (message.c:16): thread 1 has no release fence between a plain store and atomic store
      read the initial value
    ^ data race with thread 1
  [1]
$ faultline program message.c --model sc -- -DORDER=memory_order_relaxed
  message.c   sc   verified
    no execution is a violation
    executions N, T
$ faultline program message.c --json --stats | sed -E 's/"seconds":[0-9.e-]+/"seconds":T/'
  {"file":"message.c","model":"rc11","search":"exhaustive","verdict":"verified","oracle":null,"message":null,"limit":null,"unseen":null,"executions":1,"blocked":0,"duplicates":0,"events":9,"seconds":T,"trace":null,"html":null}
$ faultline program bank.c | head -2
  bank.c   rc11   VIOLATION  deadlock
    thread 2 (transfer) waits for ever

A trace is run again with the same arguments; as a page, as JSON; and not if the code is another.

$ faultline replay race.trace | head -3
  message.c   rc11   VIOLATION  data-race
    thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    replayed from race.trace
$ faultline replay race.trace --html page.html | grep page; head -1 page.html
    page: page.html
  <!DOCTYPE html>
$ faultline replay race.trace --json | cut -c1-80
  {"file":"race.trace","program":"message.c","scenario":null,"id":null,"variant":n
$ sed -i 's/data = 42;/\/\/ &/' message.c; faultline replay race.trace
  faultline: race.trace no longer fits the code: CPU1: a plain store (event 1, in instrumented code) is no longer there; run program again
  [2]
$ rm message.c; faultline replay race.trace
  faultline: race.trace: can't read "message.c": No such file or directory
  [2]
$ cp "$EXAMPLES"/program/*.c .; faultline program message.c --html page.html --all-events -- -DORDER=memory_order_relaxed | grep -E 'page|pthread_create'
    page: page.html

What is not explored to the end.

$ faultline program polls.c --unroll 3
  polls.c   rc11   inconclusive
    no violation so far, but not all was explored: the loop at polls.c:20 in main() goes round more than 3 times; --unroll N follows it further
    executions N, blocked 1, T
  [3]
$ faultline program polls.c --unroll 3 --json | sed -E 's/"seconds":[0-9.e-]+/"seconds":T/'
  {"file":"polls.c","model":"rc11","search":"exhaustive","verdict":"inconclusive","oracle":null,"message":null,"limit":"the loop at polls.c:20 in main() goes round more than 3 times; --unroll N follows it further","unseen":null,"executions":3,"blocked":1,"duplicates":null,"events":13,"seconds":T,"trace":null,"html":null}
$ faultline program bank.c --max-executions 1 | head -2
  bank.c   rc11   inconclusive
    no violation so far, but not all was explored: the number of executions is reached (--max-executions)
$ echo 'int main(void) { for (;;) __asm__(""); }' >empty.c; faultline program empty.c --timeout 0.5
  empty.c   rc11   inconclusive
    no violation so far, but not all was explored: a thread goes on without touching shared memory, and does not end, at empty.c:1 in main()
    executions N, blocked 1, T
  [3]

$ echo '#define U __attribute__((constructor))' >loops.c; echo 'U static void f(void) { for (;;) __asm__(""); } int main(void) { }' >>loops.c; faultline program loops.c --timeout 0.5
  faultline: the time is up (--timeout), and the program is in a constructor
  [3]
$ uname -m | grep -q aarch64 && f='dmb sy' || f=sfence; echo "int main(void) { __asm__ volatile(\"$f\"); }" >fence.c; faultline program fence.c
  fence.c   rc11   inconclusive
    no violation so far, but not all was explored: what is done there is not seen: inline assembly at fence.c:1; atomic operations are seen
    not seen: what these do to the program's memory: inline assembly at fence.c:1
    executions N, T
  [3]
$ faultline program fence.c --json | grep -o '"unseen":[^,]*'
  "unseen":"inline assembly at fence.c:1"
$ echo 'void __VERIFIER_assume(int); int main(void) { __VERIFIER_assume(0); }' >never.c; faultline program never.c
  never.c   rc11   verified
    no execution meets the assumptions, and none is a violation
    executions N, blocked 1, T

What can't be explored.

$ faultline program
  faultline: program needs a FILE.c; see 'faultline program --help'
  [2]
$ faultline program nosuch.c
  faultline: can't read "nosuch.c": No such file or directory
  [2]
$ faultline program message.c bank.c
  faultline: program takes one FILE.c, got "message.c" and "bank.c"; arguments for the compiler come after --
  [2]
$ faultline program message.c -DORDER=memory_order_relaxed
  faultline: unknown option "-DORDER=memory_order_relaxed"; arguments for the compiler come after --, as in 'FILE.c -- -DORDER=memory_order_relaxed'
  [2]
$ faultline program --model rc11 message.c -O2 --stats
  faultline: unknown option "-O2"; arguments for the compiler come after --, as in 'FILE.c -- -O2'
  [2]
$ echo 'int main(void) { return zero; }' >bad.c; faultline program bad.c 2>&1 | tail -1
  faultline: bad.c does not compile; cc says why above
$ echo 'int start(void) { return 0; }' >start.c; faultline program start.c
  faultline: the program has no main()
  [2]
$ CC=nosuchcc faultline program message.c
  faultline: the compiler "nosuchcc" of $CC is not there
  [2]
$ TMPDIR=/nosuch faultline program message.c
  faultline: can't make a folder in /nosuch: No such file or directory; $TMPDIR names another
  [2]
$ faultline program message.c --model xyz
  faultline: unknown memory model "xyz" for C11 programs. There are: ...
  [2]
$ faultline program message.c --unroll 0
  faultline: --unroll "0" is not a whole number above 0
  [2]
$ faultline program message.c --nondet 3..1
  faultline: --nondet "3..1" is not of the form MIN..MAX, with numbers such as -1..2
  [2]
$ faultline program message.c --unrolll 3
  faultline: unknown option "--unrolll"; did you mean "--unroll"? 'faultline program --help' shows all
  [2]
$ faultline program message.c --trace /nosuch/x -- -DORDER=memory_order_relaxed >/dev/null
  faultline: can't write the trace to "/nosuch/x": No such file or directory; --trace FILE chooses another place
  [2]
$ echo '#include <stdio.h>' >file.c; echo 'int main(void) { return !fopen("x", "r"); }' >>file.c; faultline program file.c
  faultline: fopen() is not modelled: files and what else is outside of the program are not there, at file.c:2 in main()
  [2]
$ echo '#include <time.h>' >date.c; echo 'int main(void) { time_t t = 1; return !gmtime(&t); }' >>date.c; faultline program date.c
  date.c   rc11   verified
    no execution is a violation
    not seen: what these do to the program's memory: gmtime()
    executions N, T
$ faultline program message.c -- --coverage
  faultline: --coverage is not possible here: counting is an access to memory; leave it out
  [2]
$ faultline program message.c -- -o message
  faultline: -o is not possible here: the compiler's output is for faultline; leave it out
  [2]
$ echo 'int main(void) { int n = 0; void f(void) { n++; } void (*volatile g)(void) = f; g(); }' >nested.c; CC=gcc faultline program nested.c 2>&1 | tail -1
  faultline: the program needs an executable stack: a nested function is used through a pointer (make it an ordinary one), or an assembler file does not say that it needs none (.note.GNU-stack)
$ mkdir temp; TMPDIR=temp faultline program message.c >/dev/null; ls temp

$ faultline program --help
  Usage: faultline program [OPTION...] FILE.c [-- CC-ARGUMENT...]
  Compiles a C11 + pthreads program, explores every execution of its main() that
  the memory model allows, and says whether one is a violation: a failed
  assertion, a data race, a deadlock, a use after free, ...
  
   What to check
        --model=NAME           Memory model: rc11 (the default), sc or tso
        --no-races             Data races are no violations
        --nondet=MIN..MAX      What __VERIFIER_nondet_int() and the like return;
                               default: -1..2, unsigned 0..3
  
   How far to go
        --checkpoint=FILE      Where a search that is cut short is saved;
                               default: FILE.checkpoint, if it took more than a
                               minute
        --jobs=N               N processes share a long search; default 1
        --max-executions=N     Give up after N executions; of random and pct:D:
                               how many runs, default: 10000 in T
        --no-commute           Additions to a counter whose results nobody uses
                               are ordered, too
        --no-symmetry          Equal threads count as different
        --resume=FILE          Go on from a checkpoint, which is removed when the
                               search has come to its end
        --search=HOW           exhaustive (the default), random, pct:D (random
                               priorities, for bugs of depth D), preemptions:N
                               (all with at most N preemptions)
        --seed=N               Seed of random and pct:D; default: 0
        --timeout=SECONDS      Give up after exploring for this time
        --unroll=N             Follow a loop that does more than wait for N
                               rounds; default: 1000
  
   What to show
        --all-events           All events of the violating execution, not only
                               those that matter
        --html=FILE            The violating execution as a page for a browser
        --json                 One JSON object
        --stats                More about the exploration
        --trace=FILE           Write the violating execution, for 'faultline
                               replay'
  
        --help                 Show this text
  
  The compiler is $CC, else cc, gcc or clang; what comes after -- is for it, as
  in -- -DN=4. A program may include <faultline/verifier.h>, or GenMC's
  <genmc.h>. Exit status: 0 verified, 1 violation, 2 bad input, 3 inconclusive, a
  limit was reached.

Threads that add to a counter: in one order, or in all; the order in a trace is one of these.

$ faultline program counter.c --json | grep -o '"executions":[0-9]*'
  "executions":1
$ faultline program counter.c --json --no-commute | grep -o '"executions":[0-9]*'
  "executions":24
$ faultline program counter.c --trace sum.trace -- -DSUM=11
  counter.c   rc11   VIOLATION  assertion
    thread 0 (main): atomic_load_explicit(&sum, memory_order_relaxed) == SUM, at counter.c:28 in main()
    executions N, T replay: faultline replay sum.trace
  
    thread 0  main   thread 1  add    thread 2  add    thread 3  add    thread 4  add
    ---------------  ---------------  ---------------  ---------------  ---------------
                     atomic_fetch_add_explicit(&sum, (int)(intptr_t)number, memory_order_relaxed)  reads 0,        line 16
                         stores 1
                                      atomic_fetch_add_explicit(&sum, (int)(intptr_t)number,                       line 16
                                          memory_order_relaxed)  reads 1, stores 3
                                                       atomic_fetch_add_explicit(&sum, (int)(intptr_t)number,      line 16
                                                           memory_order_relaxed)  reads 3, stores 6
                                                                        atomic_fetch_add_explicit(&sum,            line 16
                                                                            (int)(intptr_t)number,
                                                                            memory_order_relaxed)  reads 6,
                                                                            stores 10
    assert(atomic_load_explicit(&sum, memory_order_relaxed) == SUM)  reads 10                                      line 28
  [1]
$ faultline replay sum.trace | head -3
  counter.c   rc11   VIOLATION  assertion
    thread 0 (main): atomic_load_explicit(&sum, memory_order_relaxed) == SUM, at counter.c:28 in main()
    replayed from sum.trace

A violation while another thread waits for a lock that is free by then.

$ printf '%s\n' '#include <assert.h>' '#include <pthread.h>' '#include <time.h>' 'static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; static pthread_cond_t c = PTHREAD_COND_INITIALIZER;' 'static void *gives_up(void *arg) { struct timespec t = { 0 }; pthread_mutex_lock(&m); pthread_cond_timedwait(&c, &m, &t); pthread_cond_signal(&c); pthread_cond_timedwait(&c, &m, &t); pthread_mutex_unlock(&m); return arg; }' 'static void *fails(void *arg) { pthread_mutex_lock(&m); pthread_cond_wait(&c, &m); pthread_mutex_unlock(&m); assert(!arg); return arg; }' 'int main(void) { pthread_t a, b; pthread_create(&a, NULL, gives_up, NULL); pthread_create(&b, NULL, fails, &m); pthread_join(a, NULL); pthread_join(b, NULL); return 0; }' >waits.c
$ faultline program waits.c --trace waits.trace | head -1
  waits.c   rc11   VIOLATION  assertion
$ faultline replay waits.trace | head -1
  waits.c   rc11   VIOLATION  assertion
