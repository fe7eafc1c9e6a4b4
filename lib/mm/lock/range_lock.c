// SPDX-License-Identifier: MIT
/*
 * range_lock.c - locks on ranges of addresses: a list of what is locked, which nobody has to lock.
 *
 * State: mm->range. Its head and the nodes' next make a list, in the order of addresses, of the ranges that are locked, and of
 * some that no longer are. Bit 0 of a node's next: RELEASED, it is only left to be taken out, and next does not change any
 * more. Bit 0 of head: ALONE, the list has one node, which its owner may take out himself.
 * Invariants: of two nodes that are not released and overlap both are readers'. Readers' ranges are single pages. A
 * node's range and kind do not change while others may look at it.
 *
 *   lock [start, end)                                   release
 *   L1  head is 0: cmpxchg(head, 0, node|ALONE)         G1  cmpxchg(head, node|ALONE, 0)
 *   L2  head is ALONE: cmpxchg it away                  G2  else next |= RELEASED         release [r]
 *   L3  a node that is released: cmpxchg it out
 *       of its predecessor              acquire [r]
 *   L4  one before ours: go on behind it
 *   L5  one that is in the way: a writer waits for
 *       RELEASED (acquire [r]), a fault gives up
 *   L6  one behind ours, or none: cmpxchg(the link to
 *       it, ours), ALONE if it is the only one; if that
 *       has changed: L3 again
 *
 *   writer, mmap:W                                      fault
 *   A1  lock what the VMA has            [x]            F1  lock the page
 *   A4  change it                                       F2  find the VMA, under RCU
 *       lock what it is to have, before the tree        F3  use it
 *       says so                          [x]            F4  release the page
 *   A6  release all, before mmap_lock
 *
 * [x] F2 comes after F1: so what it finds is locked with the page. A writer who changes a VMA has all addresses that it
 *     had and will have: a fault that is through with F1 is waited for at A1, one that is not gives up there. Looked up before
 *     F1 the VMA could be anybody's (policy range_lookup); without the new addresses a fault there finds a VMA
 *     that is half changed (range_extents).
 * [r] Who gets past a node sees all that was done under it.
 *
 * Two that lock meet at one link: L6 of either fails if the other one has changed that, be it by a node or by RELEASED. In the
 * reader-writer lock of the paper that is not enough: two readers may overlap, so that the place of a third one
 * is not next to all that it overlaps with; hence its second pass over the list, for readers and for writers. Here a
 * reader's range is a page: those that overlap are equal, a writer has any such page or has not, and no node comes between a
 * writer's place and that of a page in it which L5 would not stop at. So there is nothing for a second pass to find.
 *
 * Nobody waits for ever: a fault does not wait. It falls back to mmap_lock, which whoever is in its way has. A writer waits for
 * faults, and these wait for no writer (vmf_anon_prepare() tries for mmap_lock). Writers exclude each other by mmap_lock:
 * so their nodes need not, and a writer locks what of a range he has not. The paper lets writers run at once that
 * change protection alone. Not so here.
 *
 * Nodes are of the CPU that locks: no allocation in a fault. A node that was in the list goes back after a grace period,
 * as others may be looking at it; who goes through the list is in a reader section of RCU, also while he waits at L5: faults
 * never wait for a grace period. A node that was ALONE until its end was seen by nobody, and is at hand again at once:
 * who read head meanwhile looks no further before L2. Out of nodes a fault falls back. A writer locks all addresses
 * then: all, which faults look at after L6, and waits for each that is in the list, after L2. In check runs nodes are not used again, but
 * those that were ALONE.
 *
 * Models: the list-based range lock of A. Kogan, D. Dice, S. Issa, "Scalable Range Locks for Scalable Address Spaces and
 * Beyond", EuroSys 2020.
 * Policy: range_lookup (F2), range_extents (A4, the new addresses).
 */
#include "mm/lock/range_lock.h"

#include "mm/lock/range_pool.h"
#include "mm/lock/strategy.h"
#include "oracle/hooks.h"

#define RELEASED ((uintptr_t)1)
#define ALONE ((uintptr_t)1)
#define LINK_BITS ((uintptr_t)1)

/*
 * Is who finds the list empty after L3 ALONE, as at L1? Else nobody is any more, once two have met. Not in check runs: there are
 * three times as many executions then. Scenarios range-lock-* and fork-vma-lock were verified with it, too.
 */
#ifdef FAULTLINE_CHECK
#define ALONE_AGAIN 0
#else
#define ALONE_AGAIN 1
#endif

/* A link, as it is read; what it leads to is read after it. */
#define link_get(p) link_followed(smp_load_acquire(p))

static struct range_node *node_at(uintptr_t link)
{
	return (struct range_node *)(link & ~LINK_BITS);
}

static uintptr_t link_followed(uintptr_t link)
{
	if (node_at(link))
		fl_addr_dep(node_at(link));
	return link;
}

/* --- the list --- */

enum place { BEFORE, IN_THE_WAY, BEHIND };

/* Where @cur is, seen from @node. */
static enum place place_of(const struct range_node *cur, const struct range_node *node)
{
	if (cur->start >= node->end)
		return BEHIND;
	if (cur->end <= node->start || (!cur->write && !node->write))
		return BEFORE;
	return IN_THE_WAY;
}

/* L2 to L6, once: false if *@prev is a link of a node that was released, and the search has to begin again. */
static bool insert_from(struct mm_struct *mm, struct range_node *node, bool wait, bool *locked)
{
	uintptr_t *prev = &mm->range.head, link = link_get(prev), next, alone;
	struct range_node *cur;

	for (;;) {
		if (link & LINK_BITS) {
			if (prev != &mm->range.head)
				return false;
			if (FL_STEP("L2", cmpxchg(prev, link, link & ~ALONE)) == link)
				link &= ~ALONE;
			else
				link = link_get(prev); /* what failed orders nothing */
			continue;
		}
		cur = node_at(link);
		next = cur ? link_get(&cur->next) : 0;
		if (next & RELEASED) {
			next &= ~RELEASED;
			if (FL_STEP("L3", cmpxchg(prev, link, next)) == link)
				range_node_retire(mm->machine, cur);
			link = next; /* if it was not taken out, L6 finds out */
			continue;
		}
		switch (cur ? place_of(cur, node) : BEHIND) {
		case BEFORE: /* L4 */
			prev = &cur->next;
			link = next;
			break;
		case IN_THE_WAY:
			*locked = false;
			if (!wait)
				return true;
			FL_STEP("L5", ({
					(void)FL_AWAIT_MASK(&cur->next, RELEASED, RELEASED,
							    FL_ACQUIRE, "wait for RELEASED");
				}));
			break;
		case BEHIND:
			WRITE_ONCE(node->next, link);
			alone = ALONE_AGAIN && prev == &mm->range.head && !link ? ALONE : 0;
			*locked = FL_STEP("L6", cmpxchg(prev, link, (uintptr_t)node | alone)) ==
				  link;
			if (*locked)
				return true;
			link = link_get(prev);
			break;
		}
	}
}

/* Under RCU. False: something is in the way, and the caller does not wait. */
static bool range_acquire(struct mm_struct *mm, struct range_node *node, bool wait)
{
	uintptr_t *head = &mm->range.head;
	bool locked;

	if (!READ_ONCE(*head)) {
		WRITE_ONCE(node->next, 0);
		if (!FL_STEP("L1", cmpxchg(head, 0, (uintptr_t)node | ALONE)))
			return true;
	}
	while (!insert_from(mm, node, wait, &locked))
		;
	return locked;
}

static void range_release(struct mm_struct *mm, struct range_node *node)
{
	uintptr_t alone = (uintptr_t)node | ALONE, *head = &mm->range.head;

	if (READ_ONCE(*head) == alone && FL_STEP("G1", cmpxchg(head, alone, 0)) == alone)
		range_node_put(mm->machine, node);
	else
		(void)FL_STEP("G2", FL_FETCH(or, &node->next, RELEASED, FL_RELEASE,
					     "node->next |= RELEASED")); /* [r] */
}

/* --- faults --- */

static struct range_node *lock_page_range(struct mm_struct *mm, fl_vaddr addr)
{
	struct fl_machine *m = mm->machine;
	struct range_node *node = range_node_get(m);

	if (!node)
		return NULL;
	node->start = page_align_down(m, addr);
	node->end = node->start + page_size(m);
	node->write = false;
	if (!FL_STEP("F1", range_acquire(mm, node, false))) {
		range_node_put(mm->machine, node);
		return NULL;
	}
	if (!smp_load_acquire(&mm->range.all))
		return node;
	range_release(mm, node);
	return NULL;
}

/* F1 and F2. */
static struct vm_area_struct *lock_and_find(struct fault_lock *lock, struct mm_struct *mm,
					    fl_vaddr addr)
{
	bool before = mm->machine->policy.range_lookup == FL_RANGE_LOOKUP_BEFORE;
	struct vm_area_struct *vma = NULL;

	rcu_read_lock();
	if (before)
		vma = vma_tree_lookup(&mm->tree, addr);
	lock->range = lock_page_range(mm, addr);
	if (lock->range && !before)
		vma = FL_STEP("F2", vma_tree_lookup(&mm->tree, addr));
	rcu_read_unlock();
	return vma;
}

struct vm_area_struct *range_fault_begin(struct fault_lock *lock, struct mm_struct *mm,
					 fl_vaddr addr)
{
	struct vm_area_struct *vma = lock_and_find(lock, mm, addr);

	if (!lock->range) {
		fl_count(mm->machine, faults_busy);
		return NULL;
	}
	if (!vma || !vma_allows_lock(vma)) {
		range_release(mm, lock->range);
		fl_count(mm->machine, faults_more);
		return NULL;
	}
	FL_HOOK(fl_oracle_vma_locked((unsigned int)smp_processor_id(), mm, vma, vma->vm_lock_seq));
	return vma;
}

void range_fault_end(struct fault_lock *lock, struct vm_area_struct *vma)
{
	FL_HOOK(fl_oracle_vma_unlocking((unsigned int)smp_processor_id(), vma));
	FL_STEP("F4", ({ range_release(vma->vm_mm, lock->range); }));
}

/* --- writers --- */

/* The link to the first node, which is not ALONE from then on: its owner could leave without RELEASED (G1). */
static uintptr_t first_link(uintptr_t *head)
{
	uintptr_t link = link_get(head), was;

	while (link & ALONE) {
		was = link;
		if (FL_STEP("L2", cmpxchg(head, was, was & ~ALONE)) == was)
			return was & ~ALONE;
		link = link_get(head);
	}
	return link;
}

/* No node to be had: no fault gets in, and those that are in are waited for. */
static void lock_all(struct range_lock *range)
{
	struct range_node *cur;
	uintptr_t link;

	WRITE_ONCE(range->all, 1);
	smp_mb(); /* before the list is read; faults put themselves there before they look */
	rcu_read_lock();
	for (link = first_link(&range->head); (cur = node_at(link)); link = link_get(&cur->next)) {
		if (!cur->write)
			(void)FL_AWAIT_MASK(&cur->next, RELEASED, RELEASED, FL_ACQUIRE,
					    "wait for RELEASED");
	}
	rcu_read_unlock();
}

static bool lock_new(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, bool wait)
{
	struct range_lock *range = &mm->range;
	struct range_node *node = range_node_get(mm->machine);
	bool locked;

	if (!node) {
		lock_all(range);
		return true;
	}
	node->start = start;
	node->end = end;
	node->write = true;
	rcu_read_lock();
	locked = FL_STEP("A1", range_acquire(mm, node, wait));
	rcu_read_unlock();
	if (!locked) {
		range_node_put(mm->machine, node);
		return false;
	}
	node->link = range->held;
	range->held = node;
	if (end > range->held_end)
		range->held_end = end;
	return true;
}

bool range_lock_write(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, bool wait)
{
	struct range_lock *range = &mm->range;
	struct range_node *held;

	if (start >= end || range->all)
		return true;
	/* Mostly a writer comes from low addresses to high ones. */
	for (held = start < range->held_end ? range->held : NULL; held; held = held->link) {
		if (held->start < end && held->end > start)
			return range_lock_write(mm, start, held->start, wait) &&
			       range_lock_write(mm, held->end, end, wait);
	}
	return lock_new(mm, start, end, wait);
}

void range_write_end(struct mm_struct *mm)
{
	struct range_lock *range = &mm->range;
	struct range_node *node, *next;

	if (range->all)
		smp_store_release(&range->all, 0);
	for (node = range->held; node; node = next) {
		next = node->link;
		FL_STEP("A6", ({ range_release(mm, node); }));
	}
	range->held = NULL;
	range->held_end = 0;
}

void range_exit(struct mm_struct *mm)
{
	struct range_node *cur;
	uintptr_t link, next;

	for (link = READ_ONCE(mm->range.head); (cur = node_at(link)); link = next) {
		next = READ_ONCE(cur->next);
		range_node_retire(mm->machine, cur);
	}
}
