The picture of a program's violation: which access of a line is meant, and what a reader must know.

Several statements in a line: the operation is shown in their place, in one statement the variable.
$ printf '#include <pthread.h>\nstatic pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;\nstatic void *t1(void *p) { pthread_mutex_lock(&a); pthread_mutex_lock(&b); pthread_mutex_unlock(&b); pthread_mutex_unlock(&a); return p; }\nstatic void *t2(void *p) { pthread_mutex_lock(&b); pthread_mutex_lock(&a); pthread_mutex_unlock(&a); pthread_mutex_unlock(&b); return p; }\nint main(void) { pthread_t x, y; pthread_create(&x, 0, t1, 0); pthread_create(&y, 0, t2, 0); pthread_join(x, 0); pthread_join(y, 0); }\n' >abba.c; faultline program abba.c
  abba.c   rc11   VIOLATION  deadlock
    thread 2 (t2) waits for ever
    executions N, T
  
    thread 1  t1                                    thread 2  t2
    ----------------------------------------------  ----------------------------------------------
    pthread_mutex_lock(&a)                  line 3
                                                    pthread_mutex_lock(&b)                  line 4
                                                    pthread_mutex_lock(&a)  waits for ever  line 4
    pthread_mutex_lock(&b)  waits for ever  line 3
  [1]
$ printf '#include <assert.h>\n#include <pthread.h>\n#include <stdatomic.h>\natomic_int x, y;\nstatic void *t(void *p) {\n\ty = x + 1;\n\treturn p;\n}\nint main(void) {\n\tpthread_t u;\n\tpthread_create(&u, 0, t, 0);\n\tx = 1;\n\tpthread_join(u, 0);\n\tassert(x == y);\n}\n' >sum.c; faultline program sum.c
  sum.c   rc11   VIOLATION  assertion
    thread 0 (main): x == y, at sum.c:14 in main()
    executions N, T
  
    thread 0  main                        thread 1  t
    ------------------------------------  -------------------------------
    x = 1  stores 1              line 12
                                          y = x + 1  reads x = 1   line 6
                                          y = x + 1  stores y = 2  line 6
    assert(x == y)  reads y = 2  line 14
    ... 1 event left out
  [1]
$ faultline barriers sum.c -- -DNDEBUG | sed -n '3,/^$/p'
    1  sum.c:6   x: atomic load   seq_cst  relaxed is enough
    2  sum.c:6   y: atomic store  seq_cst  relaxed is enough
    3  sum.c:12  x = 1            seq_cst  relaxed is enough
  

A use that nothing orders before the free may be shown above it.
$ printf '#include <stdatomic.h>\n#include <pthread.h>\n#include <stdlib.h>\nstruct object { atomic_int count; int data; };\nstatic void put(struct object *o) { if (atomic_fetch_sub_explicit(&o->count, 1, memory_order_relaxed) == 1) { free(o); } }\nstatic void *t(void *o) { put(o); return 0; }\nint main(void) {\n\tstruct object *o = malloc(sizeof(*o));\n\tpthread_t u;\n\to->count = 2;\n\tpthread_create(&u, 0, t, o);\n\tput(o);\n\tpthread_join(u, 0);\n}\n' >put.c; faultline program put.c
  put.c   rc11   VIOLATION  use-after-free
    thread 0 (main) uses an object that thread 1 (t) has freed
    executions N, T
  
    use after free: freed by thread 1 at put.c:5 put, atomic write by thread 0 at put.c:5 put
  
    thread 0  main                                         thread 1  t
    -----------------------------------------------------  -----------------------------------------------------
    malloc#1: atomic fetch_sub  reads 2, stores 1  line 5
    ^ nothing orders this before the free by thread 1
                                                           malloc#1: atomic fetch_sub  reads 1, stores 0  line 5
                                                           free(malloc#1)                                 line 5
                                                           ^ frees what is used by thread 0
    ... 1 event left out
  [1]

What is wrong in one thread alone.
$ printf '#include <stdlib.h>\n#include <string.h>\nint main(int argc, char **argv)\n{\n\tchar *p = malloc(4);\n\tmemset(p, 0, 4 + argc);\n\tfree(p);\n}\n' >bounds.c; faultline program bounds.c
  bounds.c   rc11   VIOLATION  out-of-bounds
    thread 0 (main) accesses 5 bytes that no object of the heap contains, at bounds.c:6 in main()
    executions N, T
  
    (no access to anything that threads could share comes before it)
  [1]
$ printf '#include <stdlib.h>\nint main(void)\n{\n\tint *p = malloc(4);\n\tfree(p);\n\treturn *p;\n}\n' >use.c; faultline program use.c
  use.c   rc11   VIOLATION  use-after-free
    thread 0 (main) uses an object that it has freed, at use.c:6 in main()
    executions N, T
  
    thread 0  main
    ---------------
    free(p)  line 5
  [1]
$ printf '#include <pthread.h>\nstatic pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;\nint main(void)\n{\n\tpthread_mutex_lock(&m);\n\tpthread_mutex_lock(&m);\n}\n' >again.c; faultline program again.c
  again.c   rc11   VIOLATION  deadlock
    thread 0 (main) calls pthread_mutex_lock() for a mutex that it has locked already
    executions N, T
  
    thread 0  main
    ------------------------------
    pthread_mutex_lock(&m)  line 5
  [1]

A variable that is looked at in one piece only is no array: bit-fields. Arrays are.
$ printf '#include <pthread.h>\nstruct { unsigned a:3, b:5; } s;\nchar c[2];\nstatic void *t(void *p) {\n\ts.a = s.a + 1;\n\tc[1] = c[0];\n\treturn p;\n}\nint main(void) {\n\tpthread_t u;\n\tpthread_create(&u, 0, t, 0);\n\ts.b = s.b + 1;\n\tc[0] = 1;\n\tpthread_join(u, 0);\n}\n' >bits.c; faultline program bits.c | sed -n 2p
    thread 0 (main)'s plain load and thread 1 (t)'s plain store of 's' race
$ sed 's/s\.[ab] = .*/(void)p;/; s/(void)p;$/;/' bits.c >array.c; faultline program array.c | sed -n 2p
    thread 0 (main)'s plain store and thread 1 (t)'s plain load of 'c[0]' race

Code of another file: all places have their file.
$ printf 'static inline void set(int *x) { *x = 1; }\n' >set.h; printf '#include <pthread.h>\n#include "set.h"\nint x;\nstatic void *t(void *p) {\n\tset(&x);\n\treturn p;\n}\nint main(void) {\n\tpthread_t u;\n\tpthread_create(&u, 0, t, 0);\n\tx = 2;\n\tpthread_join(u, 0);\n}\n' >two.c; faultline program two.c
  two.c   rc11   VIOLATION  data-race
    thread 0 (main)'s plain store and thread 1 (t)'s plain store of 'x' race
    executions N, T
  
    data race: write by thread 0 at two.c:11 main, write by thread 1 at set.h:1 set
  
    thread 0  main             thread 1  t
    -------------------------  -------------------------------------------------------------
    x = 2  stores 2  two.c:11
    ^ data race with thread 1
                               static inline void set(int *x) { *x = 1; }  stores 1  set.h:1
                               ^ data race with thread 0
  [1]

A search that is cut short is saved if that was asked for, or if it was long; what is finished is removed.
$ printf '#include <pthread.h>\n#include <stdatomic.h>\nstatic atomic_int x;\nstatic void *t(void *p) { x = 1; (void)x; return p; }\nint main(void) { pthread_t u; pthread_create(&u, 0, t, 0); t(0); pthread_join(u, 0); }\n' >saved.c; faultline program saved.c --max-executions 1
  saved.c   rc11   inconclusive
    no violation so far, but not all was explored: the number of executions is reached (--max-executions)
    executions N, T
    not saved: it took less than a minute; --checkpoint FILE saves it anyway
  [3]
$ faultline program saved.c --max-executions 1 --checkpoint part
  saved.c   rc11   inconclusive
    no violation so far, but not all was explored: the number of executions is reached (--max-executions)
    executions N, T
    saved: --resume part goes on from here
  [3]
$ faultline program saved.c --resume part; ls part
  saved.c   rc11   verified
    no execution is a violation
    executions N, T
    removed: the checkpoint part, as the search has come to its end
  ls: cannot access 'part': No such file or directory
  [2]

A scenario's: what contradicts what, then a column per CPU. The oracle judges at the end; it says by which accesses.
$ faultline check ro-pin-write --variant linux-5.7 --trace t | sed '1,3d; s/ *\( (*[a-z_]*\.[ch]\):[0-9]*/\1/g; $d'
  
    CPU0: read-only pin [0x10] -> pfn=1 (ro_pin.c)
    against CPU0: C5 set_pte_at(vmf->mm, vmf->address, vmf->ptep, entry) (cow.c)
  
    CPU 0  pin-write
    ------------------------------------------------------------------------------------------------------
    B1 ptep_get_lockless(ptep) -> ro pfn=1 dirty gup.c
    B3 page_ref_try_add(page, two ? 1 : GUP_PIN_COUNTING_BIAS) -> 2, now 2 + 1 pin gup.c
    B4 ptep_get(ptep) -> ro pfn=1 dirty gup.c
       read-only pin [0x10] -> pfn=1 ro_pin.c
       store [0x10] faults ro_pin.c
    C0 reuse_swap_page(vmf->m, page)  reads 2 cow.c
    C1 wp_copy_user(vmf, page_to_pfn(new))  stores 1 cow.c
    C4 ptep_clear_flush(vmf->vma, vmf->address, vmf->ptep)  reads ro pfn=1 dirty, stores none cow.c
    C5 set_pte_at(vmf->mm, vmf->address, vmf->ptep, entry) = rw pfn=2 dirty cow.c
       store [0x10] = 0x2  pfn=2, page table walked ro_pin.c
$ faultline check uffd-wp-frozen --variant f5-fault-only --trace t | sed '1,3d; s/ *\( (*[a-z_]*\.[ch]\):[0-9]*/\1/g; $d'
  
    CPU3: load [0x10] -> 0x1 (uffd_wp_frozen.c)
    against CPU2: store [0x10] = 0x3 (stale_store.c)
    CPU2's store comes between CPU0's C4 (change_protection.c) and flush: drops CPU2's TLB entry (tlb.c)
  
    CPU 0  protect        CPU 1  fault          CPU 2  stale-store    CPU 3  handler
    --------------------  --------------------  --------------------  --------------------
    C1 pte_walk_lock(w) change_protection.c
    C3 ptep_get_and_clear(mm, addr, ptep)  reads rw pfn=1 dirty, stores none change_protection.c
    C4 set_pte_at(mm, addr, ptep, pte) = ro pfn=1 dirty uffd-wp change_protection.c
    C6 pte_walk_unlock(w) change_protection.c
                             page walk: READ_ONCE(*ptep) -> ro pfn=1 dirty uffd-wp walk.c
                             store [0x18] faults stale_store.c
                             ptep_get_lockless(vmf->ptep) -> ro pfn=1 dirty uffd-wp fault.c
                             spin_lock(*ptl) pgalloc.h
                             ptep_get(vmf->ptep) -> ro pfn=1 dirty uffd-wp fault.c
                          U1 WRITE_ONCE(ctx->has_posted, 1) uffd.c
                             spin_unlock(&ctx->lock) uffd.c
                                                                      userfaultfd_ctx_read() -> 1 uffd.c
                                                                      spin_lock(&uffd->lock) uffd.c
                                                                      message: write of 0x10, uffd_wp_frozen.c
                                                                          protected
                                                                      page walk: READ_ONCE(*ptep) walk.c
                                                                          -> ro pfn=1 dirty
                                                                          uffd-wp
                                                                      load [0x10] -> 0x1  pfn=1, uffd_wp_frozen.c
                                                                          page table walked
                                                store [0x10] = 0x3  pfn=1, by the TLB stale_store.c
       flush: drops CPU2's TLB entry tlb.c
       flush: drops CPU3's TLB entry tlb.c
