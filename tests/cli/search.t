search: ways to search other than the exhaustive one, their limits and what they say.

Random runs find a bug or leave it open; the same seed does the same.
$ faultline check vma-lock-seq --variant no-release --search random --seed 1 --trace a >1; sed '3,$d' 1
  vma-lock-seq   no-release   kernel 6.5   lkmm   VIOLATION  vma-torn
    CPU1 has VMA 0x10-0x30 read-locked and sees vm_flags read|write|soft-dirty|account; the last writer left read|write|uffd-missing|soft-dirty|account
$ faultline check vma-lock-seq --variant no-release --search random --seed 1 --trace b >2; for f in a b; do sed -E '/"(seconds|sum)"/d' $f >$f.rest; done; cmp a.rest b.rest
$ faultline replay b --json | grep -o '"verdict":"[a-z]*","oracle":"[a-z-]*"'
  "verdict":"violation","oracle":"vma-torn"
$ faultline check vma-lock-seq --variant linux-6.5 --search random --max-executions 50 | sed 's/with .* different/with N different/'
  vma-lock-seq   linux-6.5   kernel 6.5   lkmm   inconclusive
    no violation in 50 random runs, with N different executions; there may be others
    executions N in 50 runs, T
$ faultline check vma-lock-seq --variant linux-6.5 --search random --timeout 0.2 | sed -E 's/in [0-9]+ /in N /g; s/with .* different/with N different/'
  vma-lock-seq   linux-6.5   kernel 6.5   lkmm   inconclusive
    no violation in N random runs, with N different executions; there may be others: the time is up (--timeout)
    executions N in N runs, T
$ faultline check vma-lock-seq --variant linux-6.5 --search random --seed 2 --max-executions 50 --json | grep -oE '"search":"[^"]*","runs":[0-9]*,"found_in":[a-z0-9]*,"verdict":"[a-z]*"'
  "search":"random","runs":50,"found_in":null,"verdict":"inconclusive"

Runs by priorities say how likely they find what they are for.
$ faultline check vma-lock-seq --variant linux-6.5-sc --search pct:2 --max-executions 300 | sed -E 's/with .* different/with N different/; s/= 0\.[0-9]+ by/= P by/; s/, [a-z0-9. ]+ by [0-9]+ runs/, P by N runs/; s/k = [0-9]+/k = K/'
  vma-lock-seq   linux-6.5-sc   kernel 6.5   sc   inconclusive
    no violation in 300 runs, with N different executions; there may be others
    a bug of depth 2: found with probability 1/(n*k^1) = P by a run, P by N runs, at least
    (n = 2 threads, k = K steps; one that shows if loads read the newest store)
    executions N in 300 runs, T
$ faultline check vma-lock-seq --variant no-release --search pct:3 | grep -c 'a bug of depth 3: found with probability 1/(n\*k^2)'
  1
$ faultline check vma-lock-seq --variant linux-6.5-sc --search pct:1 --max-executions 30 --json | grep -oE '"pct":\{"depth":1,"threads":2,"steps":[0-9]+,"choices":1.0,"runs":[0-9]+,"per_run":0.5,'  | sed -E 's/[0-9]+,"choices/K,"choices/; s/"runs":[0-9]+/"runs":N/'
  "pct":{"depth":1,"threads":2,"steps":K,"choices":1.0,"runs":N,"per_run":0.5,

A bounded number of preemptions: all executions within the bound.
$ faultline check vma-lock-seq --variant linux-6.5-sc --search preemptions:1
  vma-lock-seq   linux-6.5-sc   kernel 6.5   sc   inconclusive
    no violation with at most 1 preemption; there are schedules with more
    executions N, T
  [3]
$ faultline check vma-lock-seq --variant linux-6.5-sc --search preemptions:1 --max-executions 1
  vma-lock-seq   linux-6.5-sc   kernel 6.5   sc   inconclusive
    no violation so far, but not all with at most 1 preemption was explored: the number of executions is reached (--max-executions)
    executions N, T
  [3]

Ordinary programs have the same searches.
$ printf '#include <assert.h>\n#include <pthread.h>\n#include <stdatomic.h>\natomic_int x;\nstatic void *t(void *u) { int r = x; x = r + 1; return u; }\nint main(void) { pthread_t a; pthread_create(&a, 0, t, 0); t(0); pthread_join(a, 0); assert(x == 2); }\n' >lost.c
$ faultline program lost.c --search preemptions:0 --model sc
  lost.c   sc   inconclusive
    no violation with at most 0 preemptions; there are schedules with more
    executions N, T
  [3]
$ faultline program lost.c --search preemptions:1 --model sc | sed '4,$d'
  lost.c   sc   VIOLATION  assertion
    thread 0 (main): x == 2, at lost.c:6 in main()
    executions N, T
$ faultline program lost.c --search random --trace t | sed '4,$d; s/ in .* trace:/ trace:/'
  lost.c   rc11   VIOLATION  assertion
    thread 0 (main): x == 2, at lost.c:6 in main()
    executions N in 201 runs, found in run 1, T replay: faultline replay t
$ faultline replay t | sed '4,$d'
  lost.c   rc11   VIOLATION  assertion
    thread 0 (main): x == 2, at lost.c:6 in main()
    replayed from t
$ faultline program lost.c --search pct:2 | sed -E '5,$d; s/= 0\.[0-9]+ by/= P by/; s/, [a-z0-9. ]+ by [0-9]+ runs/, P by N runs/; s/k = [0-9]+/k = K/'
  lost.c   rc11   VIOLATION  assertion
    thread 0 (main): x == 2, at lost.c:6 in main()
    a bug of depth 2: found with probability 1/(n*k^1) = P by a run, P by N runs, at least
    (n = 2 threads, k = K steps; one that shows if loads read the newest store)
$ faultline program lost.c --search pct:99
  faultline: search "pct:99" is not of the form pct:D with D, the depth of the bugs to be found, from 1 to 32. There are: ...
  [2]
$ faultline program lost.c --search all
  faultline: unknown search "all". There are: ...
  [2]
$ faultline program lost.c --search random --seed -1
  faultline: --seed "-1" is not a whole number
  [2]
