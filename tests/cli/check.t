check: one chosen kernel. What was found is the exit status: 0 verified, 1 violation, 3 inconclusive.

$ faultline check vma-lock-seq --variant linux-6.5
  vma-lock-seq   linux-6.5   kernel 6.5   lkmm   verified
    no execution breaks an oracle (load buffering is not explored)
    executions N, blocked 1, T
$ faultline check vma-lock-seq --kernel 6.4 --model tso
  vma-lock-seq   kernel 6.4   tso   verified
    no execution breaks an oracle
    executions N, blocked 1, T
$ faultline check vma-lock-seq --kernel linux-6.5 --set vma_check_order=relaxed | head -3
  vma-lock-seq   kernel 6.5   vma_check_order=relaxed   lkmm   VIOLATION  vma-torn
    CPU1 has VMA 0x10-0x30 read-locked and sees vm_flags read|write|soft-dirty|account; the last writer left read|write|uffd-missing|soft-dirty|account
    executions N, T replay: faultline replay vma-lock-seq.trace
$ faultline check vma-lock-seq --variant linux-6.5 --max-executions 1
  vma-lock-seq   linux-6.5   kernel 6.5   lkmm   inconclusive
    no violation so far, but not all was explored: the number of executions is reached (--max-executions)
    executions N, T
    not saved: it took less than a minute; --checkpoint FILE saves it anyway
  [3]

A violation has a trace file, in the current folder if nothing else is said; what is verified has none.

$ ls
  vma-lock-seq.trace
$ rm *.trace; faultline check vma-lock-seq --variant linux-6.5 >/dev/null; ls
$ faultline check vma-lock-seq --variant linux-6.4 --trace here >/dev/null
  [1]
$ faultline check vma-lock-seq --variant linux-6.4 --json | sed 's/.*"trace"/"trace"/'
  "trace":"vma-lock-seq.trace","html":null}
$ ls; rm *
  here
  vma-lock-seq.trace

A data race names both accesses before the picture.

$ faultline check vma-lock-seq --variant plain-mark | grep 'data race:' | sed 's/:[0-9]*//g'
    data race write by CPU0 at vma_lock.c set_mark, marked read by CPU1 at vma_lock.c marked_early

Without a choice each variant is held against what is declared; traces only if asked for.

$ faultline check vma-lock-seq >table; sed -n 's/.* as expected .*/as expected/p' table | sort -u
  as expected
$ tail -1 table | sed 's/; [0-9]* executions.*//; s/[1-9][0-9]*/N/g'; ls
  N runs: N as expected, 0 not; N violated, N verified, 0 inconclusive
  table
  vma-lock-seq.trace
$ faultline check vma-lock-seq --trace t >/dev/null; ls t t.2; rm *
  t
  t.2

Under another model there is no expectation, so a violation is one: status 1.

$ faultline check vma-lock-seq --model sc | tail -1 | sed 's/; [0-9]* executions.*//; s/[1-9][0-9]*/N/g'
  N runs: N as expected, 0 not; N violated, N verified, 0 inconclusive
$ faultline check vma-lock-seq --model lkmm >/dev/null
  [1]

The same options in any order, and --all is the same as nothing.

$ faultline check --model tso --kernel 6.0 pae-gup-fast | head -1
  pae-gup-fast   kernel 6.0   tso   verified
$ faultline check --all --model sc --max-executions 9 | wc -l >a; faultline check --model sc --max-executions 9 | wc -l | cmp - a
