check: bad input is one line on stderr that names it and what to do, exit status 2.

$ faultline check no-such-bug
  faultline: no scenario "no-such-bug"; 'faultline list' shows all
  [2]
$ faultline check pae-gup-fast no-such-bug
  faultline: no scenario "no-such-bug"; 'faultline list' shows all
  [2]
$ faultline check pae-gup-fast --all
  faultline: either scenario names or --all, not both
  [2]
$ faultline check pae-gup-fast --variant linux6.0
  faultline: pae-gup-fast has no variant "linux6.0"; did you mean "linux-6.0" or "linux-6.1"? There are: ...
  [2]
$ faultline check pae-gup-fast --variant 'linux-6.0; rm -rf /'
  faultline: pae-gup-fast has no variant "linux-6.0; rm -rf /". There are: ...
  [2]
$ faultline check pae-gup-fast --variant ''
  faultline: pae-gup-fast has no variant "". There are: ...
  [2]
$ faultline check pae-gup-fast --kernel 6.2
  faultline: unknown kernel release "6.2"; the newest profile up to it is "6.1". There are: ...
  [2]
$ faultline check pae-gup-fast --kernel 6.5.3
  faultline: unknown kernel release "6.5.3"; the newest profile up to it is "6.5". There are: ...
  [2]
$ faultline check pae-gup-fast --kernel 7.0
  faultline: unknown kernel release "7.0"; the newest profile up to it is "6.17". There are: ...
  [2]
$ faultline check pae-gup-fast --kernel 5.15
  faultline: unknown kernel release "5.15"; the newest profile up to it is "5.12". There are: ...
  [2]
$ faultline check pae-gup-fast --kernel latest
  faultline: unknown kernel release "latest". There are: ...
  [2]
$ faultline check pae-gup-fast --set gup_pin_barier=none
  faultline: unknown policy field "gup_pin_barier"; did you mean "gup_pin_barrier"? There are: ...
  [2]
$ faultline check pae-gup-fast --set gup_pin_barrier=smp_bm
  faultline: unknown value of gup_pin_barrier "smp_bm"; did you mean "smp_mb"? There are: ...
  [2]
$ faultline check pae-gup-fast --set gup_pin_barrier
  faultline: --set "gup_pin_barrier" is not of the form field=value
  [2]
$ faultline check pae-gup-fast --set =
  faultline: unknown policy field "". There are: ...
  [2]
$ faultline check pae-gup-fast --set ''
  faultline: --set "" is not of the form field=value
  [2]
$ faultline check pae-gup-fast --model pso
  faultline: unknown memory model "pso". There are: ...
  [2]
$ faultline check pae-gup-fast --model rc11
  faultline: memory model "rc11" is for programs ('faultline program'), not for scenarios. There are: ...
  [2]
$ faultline check pae-gup-fast --model LKMM
  faultline: unknown memory model "LKMM". There are: ...
  [2]
$ faultline check pae-gup-fast --search depth-first
  faultline: unknown search "depth-first". There are: ...
  [2]
$ faultline check pae-gup-fast --search pct
  faultline: search "pct" is not of the form pct:D with D, the depth of the bugs to be found, from 1 to 32. There are: ...
  [2]
$ faultline check pae-gup-fast --search pct:0
  faultline: search "pct:0" is not of the form pct:D with D, the depth of the bugs to be found, from 1 to 32. There are: ...
  [2]
$ faultline check pae-gup-fast --search preemptions:-1
  faultline: search "preemptions:-1" is not of the form preemptions:N with N, how many there may be, from 0 to 1000000. There are: ...
  [2]
$ faultline check pae-gup-fast --search random:7
  faultline: unknown search "random:7". There are: ...
  [2]
$ faultline check pae-gup-fast --search random --seed x
  faultline: --seed "x" is not a whole number
  [2]
$ faultline check pae-gup-fast --timeout soon
  faultline: --timeout "soon" is not a number of seconds above 0
  [2]
$ faultline check pae-gup-fast --timeout 0
  faultline: --timeout "0" is not a number of seconds above 0
  [2]
$ faultline check pae-gup-fast --timeout 1e999
  faultline: --timeout "1e999" is not a number of seconds above 0
  [2]
$ faultline check pae-gup-fast --timeout nan
  faultline: --timeout "nan" is not a number of seconds above 0
  [2]
$ faultline check pae-gup-fast --max-executions -5
  faultline: --max-executions "-5" is not a whole number above 0
  [2]
$ faultline check pae-gup-fast --max-executions 0
  faultline: --max-executions "0" is not a whole number above 0
  [2]
$ faultline check pae-gup-fast --max-executions 99999999999999999999999
  faultline: --max-executions "99999999999999999999999" is not a whole number above 0
  [2]
$ faultline check pae-gup-fast --seed x
  faultline: --seed "x" is not a whole number
  [2]
$ faultline check pae-gup-fast --jobs 0
  faultline: --jobs "0" is not a whole number above 0
  [2]
$ faultline check pae-gup-fast --html
  faultline: option "--html" needs a value, FILE; see 'faultline check --help'
  [2]
$ faultline check pae-gup-fast --kernel
  faultline: option "--kernel" needs a value, RELEASE; see 'faultline check --help'
  [2]
$ faultline check pae-gup-fast --kernle 6.0
  faultline: unknown option "--kernle"; did you mean "--kernel"? 'faultline check --help' shows all
  [2]
$ faultline check pae-gup-fast -x
  faultline: unknown option "-x"; 'faultline check --help' shows all
  [2]
$ faultline check --all --variant no-such-variant
  faultline: change-writable-file has no variant "no-such-variant". There are: ...
  [2]

The same with --json: nothing on stdout that could pass for a verdict.

$ faultline check pae-gup-fast --kernel 6.2 --json 2>/dev/null
  [2]

Where nothing can be written is known before anything runs.

$ faultline check pae-gup-fast --kernel 6.0 --trace /nowhere/x.trace
  faultline: can't write the trace to "/nowhere/x.trace": No such file or directory; --trace FILE chooses another place
  [2]
$ faultline check pae-gup-fast --kernel 6.0 --trace .
  faultline: can't write the trace to ".": Is a directory; --trace FILE chooses another place
  [2]
$ faultline check --trace t --html /nowhere/x.html
  faultline: can't write the page to "/nowhere/x.html": No such file or directory; --html FILE chooses another place
  [2]
$ faultline check pae-gup-fast --kernel 6.0 --json --html /nowhere/x.html 2>/dev/null
  [2]
$ faultline check pae-gup-fast --kernel 6.0 --checkpoint /nowhere/c
  faultline: can't write the checkpoint to "/nowhere/c": No such file or directory; --checkpoint FILE chooses another place
  [2]
$ faultline program x.c --html /nowhere/x.html
  faultline: can't write the page to "/nowhere/x.html": No such file or directory; --html FILE chooses another place
  [2]
$ ls

Asking leaves a file as it is, and none where none was.

$ echo old >t; faultline check pae-gup-fast --kernel 6.1 --trace t --html p; cat t; ls; rm t
  pae-gup-fast   kernel 6.1   lkmm   verified
    no execution breaks an oracle (load buffering is not explored)
    executions N, T
  old
  t

What turns out later is told after the verdict.

$ faultline check pae-gup-fast --kernel 6.0 --trace /dev/full 2>/dev/null | head -2
  pae-gup-fast   kernel 6.0   lkmm   VIOLATION  anon-exclusive
    CPU1 keeps a read-only pin on frame 1, which is no longer exclusive to mm 1
$ faultline check pae-gup-fast --kernel 6.0 --trace /dev/full 2>&1 >/dev/null
  faultline: can't write the trace to "/dev/full": No space left on device; --trace FILE chooses another place
  [2]
