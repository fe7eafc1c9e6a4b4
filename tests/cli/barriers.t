Which orderings are needed. Of a program: each with what is enough, or with what happens without it.

$ cp "$EXAMPLES"/program/*.c .
$ faultline barriers parcel.c
  parcel.c   rc11   verified as written: executions N, T
  
    1  parcel.c:12  atomic_store(&giver_here, 1)               seq_cst  needed
       with release, assertion: thread 0 (main): !(giver_first && taker_first), at parcel.c:38 in main()
    2  parcel.c:13  giver_first = !atomic_load(&taker_here)    seq_cst  needed
       with acquire, assertion: thread 0 (main): !(giver_first && taker_first), at parcel.c:38 in main()
    3  parcel.c:15  atomic_thread_fence(memory_order_release)  release  not needed
    4  parcel.c:16  atomic_store(&ready, 1)                    seq_cst  relaxed is enough
    5  parcel.c:22  atomic_store(&taker_here, 1)               seq_cst  needed
       with release, assertion: thread 0 (main): !(giver_first && taker_first), at parcel.c:38 in main()
    6  parcel.c:23  taker_first = !atomic_load(&giver_here)    seq_cst  needed
       with acquire, assertion: thread 0 (main): !(giver_first && taker_first), at parcel.c:38 in main()
    7  parcel.c:24  while (!atomic_load(&ready))               seq_cst  acquire is enough
       with relaxed, data-race: thread 1 (give)'s plain store and thread 2 (take)'s plain load of 'parcel' race
  
  At once:
    3 and 4: not both, with nothing and relaxed, data-race: thread 1 (give)'s plain store and thread 2 (take)'s plain load of 'parcel' race
    3 and 7: verified with all of these weaker
  
  7 orderings: 4 needed as written, 1 can be weaker, 2 not needed, 0 inconclusive; 18 explorations, T

$ printf 'int main(void) { return 0; }\n' >none.c; faultline barriers none.c
  none.c   rc11   verified as written: executions N, T
  
    nothing to weaken: no barrier, acquire or release of its own on its path
  
  0 orderings: 0 needed as written, 0 can be weaker, 0 not needed, 0 inconclusive; 1 exploration, T

One place in the source is one row, however often it was compiled; two orderings of a line are two rows.

$ sed -i 's/^static int data;/&\nstatic inline __attribute__((always_inline)) int look(void) { return atomic_load_explicit(\&ready, memory_order_acquire); }/; s/assert(data/look();\n\t&/; s/!atomic_load_explicit.*$/!look())/' message.c; faultline barriers message.c
  message.c   rc11   verified as written: executions N, T
  
    1  message.c:13  ready: atomic load                       acquire  needed
       with relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    2  message.c:18  atomic_store_explicit(&ready, 1, ORDER)  release  needed
       with relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
  
  2 orderings: 2 needed as written, 0 can be weaker, 0 not needed, 0 inconclusive; 3 explorations, T
$ cp "$EXAMPLES"/program/message.c .; sed 's/while (.*/int one = 1; while (!atomic_compare_exchange_weak_explicit(\&ready, \&one, 1, memory_order_acquire, memory_order_acquire)) one = 1;/' message.c >cas.c; faultline barriers cas.c --no-pairs
  cas.c   rc11   verified as written: executions N, T
  
    1  cas.c:17  atomic_store_explicit(&ready, 1, ORDER)  release              needed
       with relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    2  cas.c:26  ready: atomic compare-exchange           acquire              needed
       with relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    3  cas.c:26  ready: atomic compare-exchange           acquire if it fails  relaxed is enough
  
  3 orderings: 2 needed as written, 0 can be weaker, 1 not needed, 0 inconclusive; 4 explorations, T

More than two can stand in for each other.

$ sed 's/data = 42;/&\n\tatomic_thread_fence(memory_order_release);\n\tatomic_thread_fence(memory_order_release);/' message.c >three.c; faultline barriers three.c
  three.c   rc11   verified as written: executions N, T
  
    1  three.c:17  atomic_thread_fence(memory_order_release)                    release  not needed
    2  three.c:18  atomic_thread_fence(memory_order_release)                    release  not needed
    3  three.c:19  atomic_store_explicit(&ready, 1, ORDER)                      release  relaxed is enough
    4  three.c:28  while (!atomic_load_explicit(&ready, memory_order_acquire))  acquire  needed
       with relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
  
  At once:
    1, 2 and 3: not all, with nothing and nothing and relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    1 and 2: verified with all of these weaker
  
  4 orderings: 1 needed as written, 0 can be weaker, 3 not needed, 0 inconclusive; 14 explorations, T
$ faultline barriers three.c --json | tail -2 | sed -E 's/"seconds":[0-9.e-]+/"seconds":T/'
  {"kind":"at-once","file":"three.c","model":"rc11","numbers":[1,2,3],"verdict":"violation","oracle":"data-race","message":"thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race","executions":2,"seconds":T,"trace":null}
  {"kind":"at-once","file":"three.c","model":"rc11","numbers":[1,2],"verdict":"verified","oracle":null,"message":null,"executions":1,"seconds":T,"trace":null}
$ faultline barriers message.c --json | head -1 | sed -E 's/"seconds":[0-9.e-]+/"seconds":T/'
  {"kind":"ordering","file":"message.c","model":"rc11","number":1,"place":"message.c:17","function":"give","text":"atomic_store_explicit(&ready, 1, ORDER)","variable":"ready","operation":"atomic store","written":"release","on_failure":false,"verdict":"needed","enough":[],"tried":[{"order":"relaxed","verdict":"violation","oracle":"data-race","message":"thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race","executions":2,"seconds":T,"trace":null}]}
$ faultline barriers message.c --model sc
  message.c   sc   verified as written: executions N, T
  
    1  message.c:17  atomic_store_explicit(&ready, 1, ORDER)                      release  relaxed is enough
    2  message.c:26  while (!atomic_load_explicit(&ready, memory_order_acquire))  acquire  relaxed is enough
  
  At once:
    1 and 2: verified with all of these weaker
  
  2 orderings: 0 needed as written, 0 can be weaker, 2 not needed, 0 inconclusive; 4 explorations, T

A witness can be kept, and runs again as it was: with the weaker ordering.

$ faultline barriers three.c --trace witnesses | grep -A1 'not all'; ls witnesses
    1, 2 and 3: not all, with nothing and nothing and relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
   replay: faultline replay witnesses/group-1.trace
  4-relaxed.trace
  group-1.trace
$ faultline replay witnesses/4-relaxed.trace
  three.c   rc11   VIOLATION  data-race
    thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    replayed from witnesses/4-relaxed.trace
    weakened: three.c:28 while (!atomic_load_explicit(&ready, memory_order_acquire)): relaxed instead of acquire
  
    data race: write by thread 1 at three.c:16 give, read by thread 0 at three.c:30 main
  
    thread 0  main                                              thread 1  give
    ----------------------------------------------------------  ----------------------------------------------------------
                                                                data = 42  stores 42                               line 16
                                                                ^ data race with thread 0
                                                                atomic_store_explicit(&ready, 1, ORDER)  stores 1  line 19
    while (!atomic_load_explicit(&ready,               line 28
        memory_order_acquire))  reads 1
    ^ weakened: relaxed instead of acquire
    assert(data == 42)  reads 0                        line 30
    ^ older than thread 1's store (three.c:16): thread 0 has no acquire fence between atomic load and a plain load
      read the initial value
    ^ data race with thread 1
    ... 2 events left out
  [1]
$ sed -i 's/int ready/int unready, ready/; s/^static void/\n&/' three.c; faultline replay witnesses/4-relaxed.trace
  faultline: witnesses/4-relaxed.trace no longer fits the code: three.c:28 in main() has changed, where an ordering was weakened; run barriers again
  [2]
$ faultline barriers message.c -v | sed -n '/with relaxed/,/stores 1/p' | head -8
       with relaxed, data-race: thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
  
    data race: write by thread 1 at message.c:16 give, read by thread 0 at message.c:28 main
  
    thread 0  main                                              thread 1  give
    ----------------------------------------------------------  ----------------------------------------------------------
                                                                data = 42  stores 42                               line 16
                                                                ^ data race with thread 0

Of a kernel: the four barriers of 088b8aa537c2, if no flush does a part of their work, and the two halves of b1f02b95758d.

$ faultline barriers pae-gup-fast --kernel 6.1 --set ksm_flush=none --no-pairs | grep ' needed$' | grep -v not | sed -E 's/^ *[0-9]+ +([a-z_]+\.[ch]):[0-9]+ +/\1 /; s/ +needed$/ needed/'
  gup.c smp_rmb() needed
  gup.c smp_mb__after_atomic() needed
  rmap.h smp_mb() needed
  rmap.h smp_mb__after_atomic() needed
$ faultline barriers vma-lock-seq | sed -nE 's/^ +[0-9]+ +vma_lock.c:[0-9]+ +//p'
  smp_store_release(&mm->mm_lock_seq, next)  needed
  smp_load_acquire(&mm->mm_lock_seq)         needed
$ faultline barriers vma-lock-seq --trace witnesses >/dev/null; faultline replay $(grep -l smp_load_acquire.*mm_lock_seq witnesses/*-READ_ONCE.trace | tail -1) | sed -nE '1,3p; s/:[0-9]+/:N/; /weakened:/p'
  vma-lock-seq   linux-6.5   kernel 6.5   lkmm   VIOLATION  vma-torn
    CPU1 has VMA 0x10-0x30 read-locked and sees vm_flags read|write|soft-dirty|account; the last writer left read|write|uffd-missing|soft-dirty|account
    replayed from witnesses/6-READ_ONCE.trace
    weakened: vma_lock.c:N smp_load_acquire(&mm->mm_lock_seq): READ_ONCE() instead of acquire
                                                                   ^ weakened: READ_ONCE() instead of acquire

Nothing is weakened that is not correct, or not known to be.

$ faultline barriers message.c -- -DORDER=memory_order_relaxed
  message.c   rc11   VIOLATION  data-race
    thread 1 (give)'s plain store and thread 0 (main)'s plain load of 'data' race
    It is a violation as it is written, so nothing was weakened.
  [1]
$ faultline barriers pae-gup-fast --variant linux-6.0
  pae-gup-fast   linux-6.0   kernel 6.0   lkmm   VIOLATION  anon-exclusive
    CPU1 keeps a read-only pin on frame 1, which is no longer exclusive to mm 1
    It is a violation as it is written, so nothing was weakened.
  [1]
$ faultline barriers parcel.c --max-executions 2
  parcel.c   rc11   inconclusive
    It is not known to be correct as it is written (the executions (--max-executions) or the time (--timeout) are used up), so nothing was weakened.
  [3]
$ faultline barriers parcel.c --max-executions 2 --json | sed -E 's/"seconds":[0-9.e-]+/"seconds":T/'
  {"kind":"as-written","file":"parcel.c","model":"rc11","verdict":"inconclusive","oracle":null,"message":null,"executions":2,"seconds":T,"trace":null}

A limit that only a weaker one meets makes its row inconclusive.

$ sed '/giver_first &&/d' parcel.c >loose.c; faultline barriers loose.c --max-executions 3
  loose.c   rc11   verified as written: executions N, T
  
    1  loose.c:12  atomic_store(&giver_here, 1)               seq_cst  inconclusive
    2  loose.c:13  giver_first = !atomic_load(&taker_here)    seq_cst  inconclusive
    3  loose.c:15  atomic_thread_fence(memory_order_release)  release  not needed
    4  loose.c:16  atomic_store(&ready, 1)                    seq_cst  relaxed is enough
    5  loose.c:22  atomic_store(&taker_here, 1)               seq_cst  inconclusive
    6  loose.c:23  taker_first = !atomic_load(&giver_here)    seq_cst  inconclusive
    7  loose.c:24  while (!atomic_load(&ready))               seq_cst  acquire is enough
       with relaxed, data-race: thread 1 (give)'s plain store and thread 2 (take)'s plain load of 'parcel' race
  
  At once:
    3 and 4: not both, with nothing and relaxed, data-race: thread 1 (give)'s plain store and thread 2 (take)'s plain load of 'parcel' race
    3 and 7: verified with all of these weaker
  
  7 orderings: 0 needed as written, 1 can be weaker, 2 not needed, 4 inconclusive; 18 explorations, T
  inconclusive: the executions (--max-executions) or the time (--timeout) are used up
  [3]

Wrong arguments.

$ faultline barriers
  faultline: barriers needs a scenario or a FILE.c; see 'faultline barriers --help'
  [2]
$ faultline barriers nowhere.c
  faultline: can't read "nowhere.c": No such file or directory
  [2]
$ faultline barriers pae-gup-fist
  faultline: no scenario "pae-gup-fist"; did you mean "pae-gup-fast"? 'faultline list' shows all
  [2]
$ faultline barriers parcel.c message.c
  faultline: barriers takes one scenario or FILE.c, got "parcel.c" and "message.c"; arguments for the compiler come after --
  [2]
$ faultline barriers parcel.c --kernel 6.1
  faultline: --variant, --kernel and --set are for scenarios, and "parcel.c" is a program
  [2]
$ faultline barriers vma-lock-seq --unroll 3
  faultline: --no-races, --nondet, --unroll and arguments for a compiler are for programs, and "vma-lock-seq" is a scenario
  [2]
$ faultline barriers vma-lock-seq --model rc11
  faultline: memory model "rc11" is for programs ('faultline program'), not for scenarios. There are: ...
  [2]
$ faultline barriers vma-lock-seq --variant fixd
  faultline: vma-lock-seq has no variant "fixd". There are: ...
  [2]
$ faultline barriers parcel.c --trace parcel.c
  faultline: can't write the trace to "parcel.c/1-relaxed.trace": Not a directory; --trace FOLDER chooses another place
  [2]
