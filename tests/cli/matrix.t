matrix: scenarios by releases. show: what a release sets.

$ faultline matrix vma-lock-seq clear-refs-pin | sed -E 's/ +$//'
  scenario        id        4.8    5.7    5.8    5.9    5.11   5.12   5.18   5.19   6.0    6.1    6.3    6.4    6.5    6.12   6.14   6.15   6.17
  vma-lock-seq    A5a,A5f   -      -      -      -      -      -      -      -      -      -      -      BUG    ok     ok     ok     ok     ok
  clear-refs-pin  A1c       ok     ok     ok     BUG    ok     ok     ok     ok     ok     ok     ok     ok     ok     ok     ok     ok     ok
$ faultline matrix clear-refs-pin --json | sed -nE '/"5.9"/s/,"seconds.*//p'
  {"scenario":"clear-refs-pin","id":"A1c","kernel":"5.9","verdict":"violated","model":"lkmm","oracle":"pin-coherence","executions":1
$ faultline matrix gup-read-uffd-wp --json | grep -c not-applicable
  1
$ faultline matrix vma-lock-seq clear-refs-pin --kernel 6.4 --kernel linux-5.9 | sed -E 's/ +$//'
  scenario        id        5.9    6.4
  vma-lock-seq    A5a,A5f   -      BUG
  clear-refs-pin  A1c       BUG    ok
$ faultline matrix vma-lock-seq --kernel 6.2
  faultline: unknown kernel release "6.2"; the newest profile up to it is "6.1". There are: ...
  [2]
$ faultline matrix nonsense
  faultline: no scenario "nonsense"; 'faultline list' shows all
  [2]
$ faultline matrix clear-refs-pin --model rc12
  faultline: unknown memory model "rc12". There are: ...
  [2]
$ faultline matrix vma-lock-seq --model rc12 --json
  faultline: unknown memory model "rc12". There are: ...
  [2]

A table, not a check: BUG is an answer, and exit status 0.

$ faultline matrix vma-lock-seq | grep -o BUG
  BUG
$ faultline matrix vma-lock-seq >/dev/null
$ faultline matrix --help
  Usage: faultline matrix [OPTION...] [SCENARIO...]
  Runs scenarios under every release profile: BUG violated, ok verified, - the
  release does not have what the scenario needs, ? inconclusive.
  
        --jobs=N               N processes share a long search; default 1
        --json                 One JSON object per cell and line
        --kernel=RELEASE       This release alone, as 6.0; may be repeated.
                               Default: all of them
        --model=MODEL          Memory model: sc, tso or lkmm; default: that of
                               each scenario's first variant
        --timeout=SECONDS      Give up a cell after this time
        --help                 Show this text
  
  Without an argument: all scenarios. This is a table, not a check: a BUG is an
  answer like ok. Exit status: 0 all cells decided, 2 bad input, 3 a limit was
  reached in some cell.

$ faultline show linux-5.12 | sed -nE '1p;/^  (field|wp_fault_flush|soft_dirty_flush|tlb_flush) /p'
  linux-5.12  a write fault flushes in VMAs with userfaultfd-wp (6ce64428d620)
    field                 value                since   commit        meaning
    wp_fault_flush        uffd-wp              5.12    6ce64428d620  yes, under the PTL, in VMAs with userfaultfd-wp (5.12; fix F4)
    soft_dirty_flush      pending              5.12    912efa17e512  once, at the end, and announced as pending (5.12)
    tlb_flush             broadcast            -       -             by an instruction, as on Arm: no CPU is interrupted
$ faultline show 6.2
  faultline: unknown kernel release "6.2"; the newest profile up to it is "6.1". There are: ...
  [2]

show: what a policy field decides, which values it has, and which releases have each.

$ faultline show gup_cow_break
  gup_cow_break  does taking a reference to a page of a private mapping break COW first
    changed by 17839856fd58
  
    value        releases                 commit        meaning
    none         4.8 to 5.7, 5.9 to 6.17  -             no: a read takes whatever page is mapped (again from 5.9: a308c71bf1e6)
    force-write  5.8                      17839856fd58  yes, every reference counts as a write (5.8 only)
  
    scenarios  gup-read-uffd-wp, ro-pin-write, swapin-reuse, thp-vmsplice, two-ro-pins, vmsplice-child, vmsplice-parent
$ faultline show gup_unshare | sed -nE '/mapcount/p'
    mapcount          -             -             yes, if it has more than one mapping: a design that was not merged
    mapcount-recheck  -             13b65d69e404  the same, asked again when the entry is clear
$ faultline show vma_lock --json
  {"field":"vma_lock","doc":"may a fault lock one VMA instead of the mm","commit":"5e31275cc997","values":[{"name":"none","doc":"no: faults take mmap_lock","commit":null,"releases":["4.8","5.7","5.8","5.9","5.11","5.12","5.18","5.19","6.0","6.1","6.3"]},{"name":"rwsem-seq","doc":"yes, by a rw_semaphore and two sequence numbers (6.4 to 6.14)","commit":"5e31275cc997","releases":["6.4","6.5","6.12","6.14"]},{"name":"refcnt","doc":"yes, by a reference count and two sequence numbers (6.15)","commit":"f35ab95ca0af","releases":["6.15","6.17"]},{"name":"speculative","doc":"no release: it locks nothing, and looks whether the VMA has changed","commit":null,"releases":[]},{"name":"range-lock","doc":"no release: it locks the page's address, a writer those of the VMA","commit":null,"releases":[]}],"scenarios":["clear-refs-cow","clear-refs-vma-lock","fork-vma-lock","mbind-vma-lock","mmu-notifier-register","range-lock-grow","range-lock-unmap","spf-protect","spf-unmap","stack-vma-lock","vma-anon-check","vma-bad-access","vma-dup","vma-end-late","vma-foreign","vma-gone","vma-insert","vma-lock-seq","vma-merge-lock","vma-shrunk"]}
$ faultline show gup-cow-brake
  faultline: no scenario, release or policy field "gup-cow-brake"; did you mean "gup_cow_break"? 'faultline list' names the scenarios, 'faultline show 6.12' the fields
  [2]
$ faultline show wp_resue --json 2>/dev/null
  [2]
