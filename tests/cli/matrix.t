matrix: scenarios by releases. show: what a release sets.

$ faultline matrix vma-lock-seq clear-refs-pin | sed -E 's/ +$//'
  scenario        id        4.8    5.7    5.8    5.9    5.11   5.12   5.18   5.19   6.0    6.1    6.3    6.4    6.5    6.12   6.14   6.15   6.17
  vma-lock-seq    A5a       -      -      -      -      -      -      -      -      -      -      -      BUG    ok     ok     ok     ok     ok
  clear-refs-pin  A1c       ok     ok     ok     BUG    ok     ok     ok     ok     ok     ok     ok     ok     ok     ok     ok     ok     ok
$ faultline matrix clear-refs-pin --json | sed -nE '/"5.9"/s/,"seconds.*//p'
  {"scenario":"clear-refs-pin","id":"A1c","kernel":"5.9","verdict":"violated","model":"lkmm","oracle":"pin-coherence","executions":1
$ faultline matrix gup-read-uffd-wp --json | grep -c not-applicable
  1
$ faultline matrix nonsense
  faultline: no scenario "nonsense"; 'faultline list' shows all
  [2]
$ faultline matrix clear-refs-pin --model rc12
  scenario        id        4.8    5.7    5.8    5.9    5.11   5.12   5.18   5.19   6.0    6.1    6.3    6.4    6.5    6.12   6.14   6.15   6.17 
  clear-refs-pin  A1c     
  faultline: unknown memory model "rc12". There are: ...
  [2]
$ faultline show linux-5.12 | sed -nE '1p;/^  (field|wp_fault_flush|soft_dirty_flush|tlb_flush) /p'
  linux-5.12  a write fault flushes in VMAs with userfaultfd-wp (6ce64428d620)
    field                 value                since   commit        meaning
    wp_fault_flush        uffd-wp              5.12    6ce64428d620  yes, under the PTL, in VMAs with userfaultfd-wp (5.12; fix F4)
    soft_dirty_flush      pending              5.12    912efa17e512  once, at the end, and announced as pending (5.12)
    tlb_flush             broadcast            -       -             by an instruction, as on Arm: no CPU is interrupted
$ faultline show 6.2
  faultline: unknown kernel release "6.2"; the newest profile up to it is "6.1". There are: ...
  [2]
