A violating execution: the part that matters, all of it, as a page, as JSON.

$ faultline check vma-lock-seq --variant no-acquire >slice
  [1]
$ faultline check vma-lock-seq --variant no-acquire --all-events >all
  [1]
$ tail -1 slice | sed 's/[0-9][0-9]* events/N events/'; tail -1 all
    ... N events left out
                                                                   up_write(&cpu->tlb->lock)             tlb.c:67
$ [ $(wc -l <all) -gt $((5 * $(wc -l <slice))) ] && echo many more
  many more
$ faultline replay vma-lock-seq.trace | sed '1,4d' >again; sed '1,4d' slice | cmp - again
$ faultline replay vma-lock-seq.trace --all-events | sed '1,4d' >again; sed '1,4d' all | cmp - again

The labelled steps are always there, and nothing unlabelled after the violation.

$ sed -n '5,$s/.*  \([AB][0-9]\) .*/\1/p' slice | tr '\n' ' '; echo
  A1 A2 A3 A4 A5 B1 B2 B3 B4 B4 B5 

A page says where it is.

$ faultline check vma-lock-seq --variant no-acquire --html page.html | sed -n 4p; ls *.html
    page: page.html
  page.html
$ faultline replay vma-lock-seq.trace --html again.html | sed -n 3,4p; head -1 again.html
    replayed from vma-lock-seq.trace
    page: again.html
  <!DOCTYPE html>
$ faultline check vma-lock-seq --variant no-acquire --json --html page.html | sed 's/.*"trace"/"trace"/'
  "trace":"vma-lock-seq.trace","html":"page.html"}
$ faultline replay vma-lock-seq.trace --html /nowhere/x.html 2>&1 >/dev/null
  faultline: can't write the page to "/nowhere/x.html": No such file or directory; --html FILE chooses another place
  [2]
$ rm *.html *.trace all again slice

With several violations each has files of its own, and the table says which.

$ faultline check vma-lock-seq --trace t --html page.html | grep -E '^ +(replay|page): '
   replay: faultline replay t
      page: page.html
   replay: faultline replay t.2
      page: page.2.html
   replay: faultline replay t.3
      page: page.3.html
   replay: faultline replay t.4
      page: page.4.html
   replay: faultline replay t.5
      page: page.5.html
   replay: faultline replay t.6
      page: page.6.html
   replay: faultline replay t.7
      page: page.7.html
   replay: faultline replay t.8
      page: page.8.html
   replay: faultline replay t.9
      page: page.9.html
   replay: faultline replay t.10
      page: page.10.html
   replay: faultline replay t.11
      page: page.11.html
   replay: faultline replay t.12
      page: page.12.html
$ ls
  page.10.html
  page.11.html
  page.12.html
  page.2.html
  page.3.html
  page.4.html
  page.5.html
  page.6.html
  page.7.html
  page.8.html
  page.9.html
  page.html
  t
  t.10
  t.11
  t.12
  t.2
  t.3
  t.4
  t.5
  t.6
  t.7
  t.8
  t.9

What is verified has no page.

$ rm *; faultline check vma-lock-seq --variant linux-6.5 --html page.html | grep -c page; ls
  0

replay --json is one object: the verdict now, the one recorded, the lines of the picture.

$ faultline check vma-lock-seq --variant no-acquire --trace t >/dev/null
  [1]
$ faultline replay t --json | sed 's/"events".*//'
  {"file":"t","scenario":"vma-lock-seq","id":"A5a,A5f","variant":"no-acquire","kernel":"6.5","set":"vma_check_order=relaxed","model":"lkmm","verdict":"violation","oracle":"vma-torn","message":"CPU1 has VMA 0x10-0x30 read-locked and sees vm_flags read|write|soft-dirty|account; the last writer left read|write|uffd-missing|soft-dirty|account","recorded_oracle":"vma-torn","recorded_message":"CPU1 has VMA 0x10-0x30 read-locked and sees vm_flags read|write|soft-dirty|account; the last writer left read|write|uffd-missing|soft-dirty|account","html":null,
$ faultline replay t --json | grep -o '"label":"[AB][0-9]"' | wc -l
  11
$ [ $(faultline replay t --json --all-events | grep -o '"event":' | wc -l) -gt 50 ] && echo many
  many
$ faultline replay t --stop-at nowhere
  faultline: --stop-at "nowhere" is no place
  [2]
