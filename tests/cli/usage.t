The command itself: what it says to people who do not know it yet. One line each, exit status 2, nothing
on stdout when the input is wrong.

$ faultline --version | sed 's/[0-9.]*$/VERSION/'
  faultline VERSION
$ faultline --help | head -3
  Usage: faultline COMMAND [ARGUMENTS]
  
  Finds, shows and rules out ordering bugs in kernel memory management.
$ faultline
  Usage: faultline COMMAND [ARGUMENTS]
  
  Finds, shows and rules out ordering bugs in kernel memory management.
  
    list          the scenarios: one bug each, and its variants
    show          a scenario's story, what a release sets, a policy field's values
    check         explore all executions of scenarios that a memory model allows
    matrix        scenarios by releases: which are affected
    replay        run one recorded execution again
    litmus        the final states of litmus tests, as herd7 prints them
    program       explore all executions of a C11 + pthreads program
    stress        scenarios on real threads, over and over
    bench         lock strategies under load: throughput and latency
    differential  the same calls on the simulator and on this kernel
    barriers      which orderings of a scenario or program are needed
  
  'faultline COMMAND --help' explains one of them.
  Exit status: 0 as it should be, 1 violation, 2 bad input, 3 inconclusive.
  [2]
$ faultline chekc
  faultline: no command "chekc"; did you mean "check"? 'faultline --help' shows all
  [2]
$ faultline xyzzy
  faultline: no command "xyzzy"; 'faultline --help' shows all
  [2]
$ faultline xyzzy 2>/dev/null
  [2]

A full disk is not a success.

$ faultline list >/dev/full
  faultline: can't write the output
  [2]

list

$ faultline list pae-gup-fast
  faultline: list takes no argument, got "pae-gup-fast"; 'faultline show pae-gup-fast' tells of one
  [2]
$ faultline list --jsn
  faultline: unknown option "--jsn"; did you mean "--json"? 'faultline list --help' shows all
  [2]
$ faultline list --json=yes
  faultline: option "--json" takes no value
  [2]
$ faultline list --help
  Usage: faultline list [OPTION...]
  Lists the scenarios: name, catalogue id, what breaks, and the variants.
  
        --json                 One JSON object per line
        --help                 Show this text

show

$ faultline show
  faultline: show needs a scenario, a release or a policy field; 'faultline list' names the scenarios
  [2]
$ faultline show no-such-bug
  faultline: no scenario, release or policy field "no-such-bug"; 'faultline list' names the scenarios, 'faultline show 6.12' the fields
  [2]
$ faultline show pae-gup-fsat
  faultline: no scenario, release or policy field "pae-gup-fsat"; did you mean "pae-gup-fast"? 'faultline list' names the scenarios, 'faultline show 6.12' the fields
  [2]
$ faultline show vma
  faultline: no scenario, release or policy field "vma"; did you mean "clear-refs-vma-lock", "fork-vma-lock" or "mbind-vma-lock"? 'faultline list' names the scenarios, 'faultline show 6.12' the fields
  [2]
$ faultline show pae-gup-fast vma-lock-seq
  faultline: show tells of one thing, got "pae-gup-fast" and "vma-lock-seq"
  [2]
