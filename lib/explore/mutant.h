/* SPDX-License-Identifier: MIT */
/*
 * mutant.h - weakenings of the engine itself, for the tests that must notice them.
 *
 * Each takes away one rule: a fence, a term of a definition, an axiom, a step of the search. tests/unit/explore/
 * mutants.c has a program for each, which shows that the rule is needed and that losing it would not go unnoticed.
 * X(name, what is missing).
 *
 * No mutants, since what is left implies them: lkmm's strong-fence in cumul-fence (hb and pb have it), po-unlock-lock-po
 * in ppo (prop & int has it), a grace period in either strong-fence or rcu-order alone (each has the other's part of the
 * axioms); rc11's hb in psc_F (psc_base has it); rival() in revisit.c.
 */
#ifndef FL_MUTANT_H
#define FL_MUTANT_H

/* clang-format off */
#define FLX_MUTANTS(X) \
	/* the kernel's fences and orders */ \
	X(IGNORE_MB, "smp_mb(), also of a fully ordered read-modify-write") \
	X(IGNORE_RMB, "smp_rmb()") \
	X(IGNORE_WMB, "smp_wmb()") \
	X(IGNORE_ACQUIRE, "smp_load_acquire()") \
	X(IGNORE_RELEASE, "smp_store_release()") \
	X(RMW_NO_MB_BEFORE, "the fence before a fully ordered read-modify-write") \
	X(RMW_NO_MB_AFTER, "the fence after it") \
	X(NO_ACQUIRE_CTRL, "smp_acquire__after_ctrl_dep()") \
	X(NO_BEFORE_ATOMIC, "smp_mb__before_atomic()") \
	X(NO_AFTER_ATOMIC, "smp_mb__after_atomic()") \
	X(NO_AFTER_SPINLOCK, "smp_mb__after_spinlock()") \
	X(NO_AFTER_UNLOCK_LOCK, "smp_mb__after_unlock_lock()") \
	X(NO_AFTER_SRCU_UNLOCK, "smp_mb__after_srcu_read_unlock()") \
	X(NO_GP, "synchronize_rcu() as a full barrier, also without any reader") \
	X(SPAWN_NO_MB, "creating a thread as a full barrier") \
	X(RETURN_ALL, "that a void operation's load is no load for smp_rmb()") \
	X(UNLOCK_RF_LOCK, "po-unlock-lock-po with the lock taken over from another thread") \
	X(UNLOCK_PO_LOCK, "po-unlock-lock-po within a thread") \
	/* lkmm: terms of ppo */ \
	X(PPO_NO_FENCE, "fence") \
	X(PPO_NO_OVERWRITE, "overwrite & int") \
	X(PPO_NO_ADDR_TO_W, "addr to a store") \
	X(PPO_NO_DATA, "data") \
	X(PPO_NO_CTRL, "ctrl") \
	X(PPO_NO_PLAIN_WMB, "addr ; [Plain] ; wmb") \
	X(PPO_NO_ADDR_TO_R, "addr to a load") \
	X(PPO_NO_DEP_RFI, "dep ; rfi") \
	X(RMW_NO_DATA, "data from a read-modify-write's load to its store") \
	X(NO_CARRY_DEP, "carry-dep") \
	/* lkmm: cumul-fence, prop, hb, pb */ \
	X(CUMUL_NO_RELEASE, "po-rel") \
	X(CUMUL_NO_RFE, "A-cumulativity") \
	X(CUMUL_NO_WMB, "wmb") \
	X(CUMUL_NO_UNLOCK_LOCK, "po-unlock-lock-po") \
	X(CUMUL_NO_RMW, "rmw-sequence") \
	X(CUMUL_ONCE, "more than one cumul-fence in prop") \
	X(PROP_NO_OVERWRITE, "overwrite & ext") \
	X(PROP_NO_CUMUL, "cumul-fence") \
	X(PROP_NO_RFE, "rfe") \
	X(HB_NO_PPO, "ppo in hb") \
	X(HB_NO_RFE, "rfe in hb") \
	X(HB_NO_PROP, "prop & int in hb") \
	X(PB_NO_HB, "hb* in pb") \
	/* axioms */ \
	X(NO_COHERENCE, "coherence, but for what the search offers in the first place") \
	X(NO_ATOMICITY, "two read-modify-writes don't read the same store") \
	X(NO_HAPPENS_BEFORE, "lkmm: hb is acyclic") \
	X(NO_PROPAGATION, "lkmm: pb is acyclic") \
	X(NO_RCU, "the RCU axiom") \
	X(NO_PLAIN_RF, "lkmm: plain-coherence of a load and the store it reads") \
	X(NO_PLAIN_FR, "of a load and a later store") \
	X(NO_PLAIN_CO, "of two stores") \
	X(SYNC_RFI, "sync.c: a store that the thread itself reads orders nothing") \
	/* lkmm: RCU */ \
	X(RCU_NO_GP_RS, "a grace period, then a section") \
	X(RCU_NO_RS_GP, "a section, then a grace period") \
	X(RCU_NO_GP_ORDER_RS, "a grace period, rcu-order, a section") \
	X(RCU_NO_RS_ORDER_GP, "a section, rcu-order, a grace period") \
	X(RCU_NO_CHAIN, "rcu-order ; rcu-link ; rcu-order") \
	X(RCU_NO_NESTING, "the outermost section counts") \
	X(SRCU_NO_CARRY, "a SRCU section whose index went through memory") \
	X(SRCU_NO_LOC, "a grace period is for its srcu_struct") \
	X(LINK_NO_HB, "hb* in rcu-link") \
	X(LINK_NO_PB, "pb*") \
	X(LINK_NO_PROP, "prop") \
	X(RB_NO_HB, "hb* in rb") \
	X(RB_NO_PB, "pb*") \
	X(FENCE_NO_RCU, "rcu-fence as a fence of plain accesses") \
	X(STRONG_NO_RCU, "as a strong one") \
	/* lkmm: plain accesses and their races */ \
	X(XB_NO_HB, "hb in xbstar") \
	X(XB_NO_PB, "pb") \
	X(XB_NO_RB, "rb") \
	X(VIS_NO_CUMUL, "cumul-fence* ; rfe? in vis") \
	X(VIS_NO_STRONG, "strong-fence ; xbstar in vis") \
	X(VIS_NO_INT, "xbstar & int in vis") \
	X(PRE_NO_ADDR, "addr in w-pre-bounded and r-pre-bounded") \
	X(PRE_NO_FENCE, "fences in these") \
	X(PRE_NO_RMB, "rmb in r-pre-bounded") \
	X(POST_NO_FENCE, "fences in w-post-bounded and r-post-bounded") \
	X(POST_NO_RMB, "rmb in r-post-bounded") \
	X(POST_NO_RMW, "rmw-sequence in w-post-bounded") \
	X(VIS_NO_FENCE, "fence in ww-vis and wr-vis") \
	X(WW_VIS_NO_STRONG, "strong-fence ; xbstar ; w-pre-bounded") \
	X(WW_VIS_NO_POST, "w-post-bounded ; vis ; w-pre-bounded") \
	X(WR_VIS_NO_STRONG, "strong-fence ; xbstar ; r-pre-bounded") \
	X(WR_VIS_NO_POST, "w-post-bounded ; vis ; r-pre-bounded") \
	X(RW_XB_NO_FENCE, "fence in rw-xbstar") \
	X(RW_XB_NO_POST, "r-post-bounded ; xbstar ; w-pre-bounded") \
	X(NO_RACES, "data races") \
	X(NO_WW_RACE, "of two stores") \
	X(NO_WR_RACE, "of a store and a load that sees it") \
	X(WR_RACE_NO_CO, "or a later one") \
	X(NO_RW_RACE, "of a load and a later store") \
	X(NO_FREE, "use after free") \
	X(FREE_NO_RCU, "grace periods against it") \
	/* sc and tso */ \
	X(RUN_NO_RF, "a load comes after the store it reads") \
	X(RUN_NO_FR, "a store comes after those who read the one before it") \
	X(RUN_NO_CO, "a store comes after the one before it") \
	X(TSO_NO_LOCKED, "a read-modify-write empties the store buffer") \
	X(TSO_NO_THREADS, "so do creating, ending and joining a thread") \
	X(TSO_NO_FORWARDING, "a load finds its own thread's store in the buffer") \
	/* rc11 */ \
	X(NO_HB_COHERENCE, "a load does not go behind a store that happens before it") \
	X(NO_READER_KNOWN, "nor behind what a load that happens before it has read") \
	X(NO_READER_MISSES, "nor does a load that a new store revisits") \
	X(NO_SW, "release and acquire synchronise") \
	X(SW_NO_STORE, "a release store") \
	X(SW_NO_RELEASE_FENCE, "a release fence") \
	X(SW_NO_LOAD, "an acquire load") \
	X(SW_NO_ACQUIRE_FENCE, "an acquire fence") \
	X(SW_NO_SEQUENCE, "the release sequence") \
	X(HB_NO_CREATE, "creating a thread happens before it") \
	X(HB_NO_JOIN, "a thread's end happens before join") \
	X(NO_PSC, "psc is acyclic") \
	X(PSC_NO_ACCESS, "seq_cst accesses in psc") \
	X(PSC_NO_FENCE_FIRST, "[F] ; hb? at the beginning of psc_base") \
	X(PSC_NO_FENCE_LAST, "hb? ; [F] at its end") \
	X(PSC_F_NO_ECO, "hb ; eco ; hb in psc_F") \
	X(PSC_NO_CO, "co") \
	X(PSC_NO_FR, "fr") \
	X(PSC_NO_RF, "rf in eco") \
	X(SCB_NO_SB, "sb to another location") \
	X(SCB_NO_SB_HB_SB, "sb to another location ; hb ; sb to another location") \
	X(SCB_NO_HB_LOC, "hb of one location") \
	X(FAIL_AS_SUCCESS, "a compare-exchange that fails has its failure order") \
	/* the search */ \
	X(NO_REVISIT, "a new store revisits earlier loads") \
	X(NO_MAXIMALITY, "what a revisit deletes was added canonically") \
	X(LOAD_ALWAYS_MAXIMAL, "the same of loads") \
	X(STORE_ALWAYS_MAXIMAL, "of stores") \
	X(CHOICE_ALWAYS_MAXIMAL, "of choices") \
	X(GP_ALWAYS_MAXIMAL, "of grace periods that last for ever") \
	X(NEWEST_THEN, "canonical is judged with the stores that stay") \
	X(ORPHAN_READERS, "no load that stays reads a store that goes") \
	X(NO_CO, "a store may go anywhere in co") \
	X(NO_STALE, "a load may read older stores") \
	X(PLACE_ALL, "a place in co is allowed by the model") \
	X(READ_ALL, "what a load reads is allowed by the model") \
	X(SPLIT_RMW, "no store goes between the two parts of a read-modify-write") \
	X(PLACE_BLOCKED, "a load that goes on waiting reads the newest store") \
	X(WAIT_ON_OLDER, "waiting on an older store is not a choice") \
	X(NO_PATIENCE, "a thread that waits is left alone") \
	X(NO_CHOICE, "a choice takes each of its values") \
	X(NO_LASTING_GP, "a grace period may last for ever") \
	X(GP_LASTS_ALONE, "but not without a reader") \
	X(WAIT_ON_STALE, "who waits on an old store sees the new one some day") \
	X(COUNT_PRUNED, "an execution without its assumption does not count") \
	X(ALWAYS_SURE, "a violation that a dependency could prevent is none") \
	/* ordinary programs */ \
	X(NO_RESTART, "what is learnt late begins the search anew")

/* The same of what only ordinary programs need: tests/unit/program/mutants.c. */
#define FLX_PROGRAM_MUTANTS(X) \
	X(NO_ROUNDS, "rounds that lead nowhere are left out") \
	X(ROUND_STORES, "but not if they store") \
	X(ROUND_OWN_STORES, "nor to memory of the thread's own") \
	X(ROUND_ANY_STATE, "nor if they come back in another state") \
	X(ROUND_ANY_ARGUMENTS, "nor with other arguments") \
	X(ROUND_ANY_ORDER, "nor if the load that is left over has another order") \
	X(ROUND_ANY_PLACE, "nor behind the loop") \
	X(ROUND_STALE, "who goes round a loop on old stores sees the new ones some day") \
	X(RETRY_UNORDERED, "a store that is done again counts if others are not ordered with it") \
	X(SYM_ANY_CODE, "equal threads have one function and argument") \
	X(SYM_BETWEEN, "and are created one right after the other") \
	X(SYM_JOINS, "and joined so, if at all") \
	X(SYM_RESULT, "without a word of how they ended") \
	X(SYM_SELF, "who asks for its number is not equal") \
	X(SYM_OWN_ADDRESS, "nor who hands on an address of its own") \
	X(SYM_OTHER_WAY, "nor who does something else after having read the same") \
	X(SYM_OTHERS, "nor who waits for another thread's result") \
	X(SYM_NO_CHOICE, "what is chosen is a part of the key") \
	X(SYM_ANY_ROW, "a load is left out only if nothing gets between what leads to it") \
	X(SYM_ANY_KEY, "and its thread's key is the least until there") \
	X(SYM_MAY_FAIL, "and an equal thread would store in its place") \
	X(ADD_USED, "an addition has no place in co if nobody uses its result") \
	X(ADD_ANY_ORDER, "if it does not acquire") \
	X(ADD_ANY_KIND, "and is of one kind with all others") \
	X(ADD_PAST_STORES, "and happens after the stores before it") \
	X(ADD_PAST_LOADS, "and after the loads") \
	X(LOAD_PAST_ADDS, "and before the loads behind it") \
	X(STORE_PAST_ADDS, "and before the stores") \
	X(ADD_ACQUIRE_FENCES, "and no fence behind it acquires") \
	X(ADD_SC_FENCES, "and no fence is seq_cst") \
	X(ADD_AGAIN, "a load finds the additions since the store that it reads")
/* clang-format on */

#define FLX_MUTANT_VALUE__(name, rule) FLX_MUT_##name,
enum flx_mutant {
	FLX_MUT_NONE,
	FLX_MUTANTS(FLX_MUTANT_VALUE__) FLX_NR_MUTANTS,
	FLX_PROGRAM_MUTANTS(FLX_MUTANT_VALUE__) FLX_NR_ALL_MUTANTS
};

#endif
