replay: every file that is not a trace of this build is told apart, in one line, exit status 2.

$ faultline replay
  faultline: replay needs a trace file, as 'faultline check --trace FILE' writes it
  [2]
$ faultline replay a.trace b.trace
  faultline: replay takes one trace file, got "a.trace" and "b.trace"
  [2]
$ faultline replay nosuch.trace
  faultline: nosuch.trace: No such file or directory
  [2]
$ faultline replay .
  faultline: .: can't be read: Is a directory
  [2]
$ : >empty; faultline replay empty
  faultline: empty: not a trace, the file is empty
  [2]
$ echo 'int main(void) { return 0; }' >main.c; faultline replay main.c
  faultline: main.c: not a trace
  [2]
$ echo '{"format": "something else"}' >other; faultline replay other
  faultline: other: not a trace of faultline check
  [2]
$ echo '{"format": "faultline-trace", "version": 99}' >newer; faultline replay newer
  faultline: newer: a trace of format version 99, this build reads 1: run check again
  [2]
$ head -c 3000 /dev/zero >zero; faultline replay zero
  faultline: zero: not a trace
  [2]

$ faultline check pae-gup-fast --kernel 6.0 --trace good >/dev/null
  [1]
$ head -c 1000 good >cut; faultline replay cut
  faultline: cut: trace cut off in line N, run check again
  [2]
$ sed 's/"rf": -1/"rf": -2/' good >changed; faultline replay changed
  faultline: changed: damaged trace: its checksum does not fit, run check again
  [2]
$ faultline replay good --bogus
  faultline: unknown option "--bogus"; 'faultline replay --help' shows all
  [2]
$ faultline replay good --html /nonexistent/page
  faultline: can't write the page to "/nonexistent/page": No such file or directory; --html FILE chooses another place
  [2]
$ faultline replay good --html /dev/full 2>/dev/null >out; grep -c page: out; faultline replay good --html /dev/full --json 2>/dev/null | grep -o '"html":[^,]*'
  0
  "html":null
$ faultline replay --gdb nosuch.trace
  faultline: nosuch.trace: No such file or directory
  [2]
