What herd7 prints; where load buffering, which is not explored, may change the answer, that is said beside it and on stderr.

$ printf 'C MP\n{}\nP0(int *x, int *y) { WRITE_ONCE(*x, 1); smp_store_release(y, 1); }\nP1(int *x, int *y) { int r0 = smp_load_acquire(y); int r1 = READ_ONCE(*x); }\nexists (1:r0=1 /\\ 1:r1=0)\n' >mp.litmus; faultline litmus mp.litmus | sed 's/^Time .*/Time/'
  Test MP Allowed
  States 3
  1:r0=0; 1:r1=0;
  1:r0=0; 1:r1=1;
  1:r0=1; 1:r1=1;
  No
  Witnesses
  Positive: 0 Negative: 3
  Condition exists (1:r0=1 /\ 1:r1=0)
  Observation MP Never 0 3
  Time
  
$ printf 'C LB\n{}\nP0(int *x, int *y) { int r0 = READ_ONCE(*x); WRITE_ONCE(*y, 1); }\nP1(int *x, int *y) { int r0 = READ_ONCE(*y); WRITE_ONCE(*x, 1); }\nexists (0:r0=1 /\\ 1:r0=1)\n' >lb.litmus; faultline litmus lb.litmus 2>err | sed 's/^Time .*/Time/'; cat err
  Test LB Allowed
  States 3
  0:r0=0; 1:r0=0;
  0:r0=0; 1:r0=1;
  0:r0=1; 1:r0=0;
  No
  Witnesses
  Positive: 0 Negative: 3
  Condition exists (0:r0=1 /\ 1:r0=1)
  Observation LB Never 0 3
  Not covered: executions with a cycle in program order and reads-from (load buffering) are left out, and may change the answer
  Time
  
  faultline: lb.litmus: not covered: "Never" may be otherwise with load buffering
$ faultline litmus --json lb.litmus 2>&1 | grep -o '"observation.*"covered": [a-z]*' | sed 's/"states.*race/"race/'
  "observation": "Never", "race": false, "covered": false
$ faultline litmus --model tso lb.litmus 2>&1 | grep -c covered
  0
  [1]
$ printf 'C AND\n{}\nP0(int *x, int *y) { int r0 = 0; if (READ_ONCE(*x) && READ_ONCE(*y)) r0 = 1; }\nexists (0:r0=1)\n' >and.litmus; faultline litmus and.litmus
  faultline: and.litmus:3: an access to the right of "&&" is not understood; herd7 has no "&&", two ifs say the same
  [2]
