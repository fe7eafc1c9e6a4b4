// SPDX-License-Identifier: MIT
/*
 * fields.c - the table of policy fields: names, values, and what they mean.
 *
 * A new field is a member of struct fl_policy, a row here, and a change in some release of
 * profiles.c.
 */
#include "policy/policy.h"

#include <string.h>

#define VALUES(...)                                                                                \
	.values = (const struct fl_policy_value[]){ __VA_ARGS__ },                                 \
	.nr_values = sizeof((const struct fl_policy_value[]){ __VA_ARGS__ }) /                     \
		     sizeof(struct fl_policy_value)

#define FIELD(member, the_commit, the_doc, ...)                                                    \
	{                                                                                          \
		.field = { .name = #member,                                                        \
			   .doc = the_doc,                                                         \
			   .commit = the_commit,                                                   \
			   VALUES(__VA_ARGS__) },                                                  \
		.offset = offsetof(struct fl_policy, member),                                      \
	}

/* All members of struct fl_policy are enumerations, which are read and written as unsigned int. */
_Static_assert(sizeof(enum fl_barrier) == sizeof(unsigned int), "enumerations are unsigned int");

static const struct {
	struct fl_policy_field field;
	size_t offset;
} fields[] = {
	FIELD(wp_reuse, "6c287605fd56",
	      "when may a write fault use an anonymous page as it is, without a copy",
	      { "mapcount", "one mapping, swap entries counted (up to 5.8)", NULL },
	      { "refcount", "one reference, asked under the page lock (5.9)", "09854ba94c6a" },
	      { "refcount-lru", "one reference beside the swap cache's and the LRU batch's (5.18)",
		"53a05ad9f21d" },
	      { "anon-exclusive", "PageAnonExclusive, else as refcount-lru (5.19)",
		"6c287605fd56" }),
	FIELD(gup_cow_break, "17839856fd58",
	      "does taking a reference to a page of a private mapping break COW first",
	      { "none", "no: a read takes whatever page is mapped (again from 5.9: a308c71bf1e6)",
		NULL },
	      { "force-write", "yes, every reference counts as a write (5.8 only)",
		"17839856fd58" }),
	FIELD(gup_force_write, "5535be309971",
	      "when does a forced write (FOLL_FORCE) take a page through a read-only entry",
	      { "drop-write", "after one write fault it asks for a read only (up to 4.8)", NULL },
	      { "cow-dirty", "after one write fault, if the entry is dirty (4.9)", "19be0eaffa3a" },
	      { "anon-exclusive", "if it maps an exclusive anonymous page (6.0)", "5535be309971" }),
	FIELD(gup_unshare, "a7f226604170",
	      "does a read-only pin of an anonymous page get a page of its own first",
	      { "none", "no: pin and mapping part at the next write", NULL },
	      { "anon-exclusive", "yes, unless PageAnonExclusive (5.19)", "a7f226604170" },
	      { "mapcount", "yes, if it has more than one mapping: a design that was not merged",
		NULL },
	      { "mapcount-recheck", "the same, asked again when the entry is clear",
		"13b65d69e404" }),
	FIELD(gup_recheck, "70cbc3cc78a9", "what GUP-fast reads again after it took the page (B4)",
	      { "pte", "the leaf entry", NULL },
	      { "pte-pmd", "the leaf entry and the one that points to its table (6.1)",
		"70cbc3cc78a9" },
	      { "none", "nothing", NULL }),
	FIELD(gup_pin_rmw, "c24d37322548", "how GUP-fast adds a pin to the page's count (B3)",
	      { "one", "by one fully ordered operation", NULL },
	      { "two",
		"a fully ordered one for the reference, an unordered one for the rest (5.14)",
		"c24d37322548" }),
	FIELD(fork_pinned, "6c287605fd56", "what fork does with a page that may be pinned",
	      { "share", "shares it as any other (up to 5.8)", NULL },
	      { "wrprotect-first", "write-protects the entry, then looks for pins, and undoes it",
		"70e806e4e645" },
	      { "check", "looks for pins, copies for the child at once (5.9)", "f3c64eda3e50" },
	      { "anon-exclusive", "the same for exclusive pages; shared ones lose the flag (5.19)",
		"6c287605fd56" }),
	FIELD(fork_seqcount, "57efa1fe5957",
	      "does GUP-fast find out that fork write-protected pages meanwhile",
	      { "none", "no", NULL },
	      { "write_protect_seq", "yes, by a sequence count (5.11)", "57efa1fe5957" }),
	FIELD(fork_seq_barrier, NULL,
	      "what stands between the odd write_protect_seq (K4) and fork's look for pins (P1)",
	      { "none", "smp_wmb(), which orders no load: all kernels", NULL },
	      { "smp_mb", "a full barrier: no kernel", NULL }),
	FIELD(wp_fault_flush, "6ce64428d620",
	      "does a write fault flush its address if somebody's flush is pending, before it may "
	      "copy",
	      { "none", "no", NULL },
	      { "uffd-wp", "yes, under the PTL, in VMAs with userfaultfd-wp (5.12; fix F4)",
		"6ce64428d620" },
	      { "always", "yes, under the PTL, in all VMAs", NULL },
	      { "before-ptl", "mutant: asks before it takes the PTL", NULL },
	      { "after-copy", "mutant: asks and flushes when the copy is made", NULL },
	      { "if-writable", "mutant: flushes only if the entry looks writable", NULL },
	      { "wrong-flag", "mutant: in VMAs with userfaultfd-missing", NULL }),
	FIELD(wp_copy, NULL, "where wp_page_copy() copies the page",
	      { "unlocked", "after it let go of the PTL, as all kernels do", NULL },
	      { "under-ptl", "under the PTL: candidate fix F3, which is wrong", NULL }),
	FIELD(wrprotect_sync, NULL,
	      "a counter of write-protections that are not flushed yet (candidate fix F5): who "
	      "asks it",
	      { "none", "there is none", NULL },
	      { "fault", "the write fault, in all VMAs, flushes its address", NULL },
	      { "fault-and-uffd", "and handle_userfault(), before the handler can see the message",
		NULL }),
	FIELD(protect_flush, NULL, "where change_protection() flushes what it took rights from",
	      { "end", "once, at the end of the range", NULL },
	      { "per-ptl", "before it lets go of each PTL: candidate fix F2", NULL },
	      { "per-entry", "after each entry", NULL }, { "never", "mutant: not at all", NULL }),
	FIELD(tlb_pending, "16af97dc5a89",
	      "how others see that somebody changed entries and has yet to flush",
	      { "bool", "a flag, set by change_protection() alone", "20841405940e" },
	      { "counter", "a counter of all batches (4.13)", "16af97dc5a89" },
	      { "none", "not at all", NULL }),
	FIELD(tlb_pending_inc, NULL, "when a batch of changes is announced as pending",
	      { "before-change", "before the first entry changes", NULL },
	      { "after-change", "mutant: when the entries have changed", NULL }),
	FIELD(tlb_pending_dec, NULL, "when a batch of changes is no longer pending",
	      { "after-flush", "after its flush", NULL },
	      { "before-flush", "mutant: before its flush", NULL }),
	FIELD(tlb_nested, "99baac21e458",
	      "does a batch flush all of its range if another one was pending meanwhile",
	      { "ignored", "no: only what it changed itself", NULL },
	      { "flush", "yes (4.13)", "99baac21e458" }),
	FIELD(tlb_batched, "3ea277194daa",
	      "how others see that reclaim unmapped pages and has yet to flush",
	      { "none", "not at all", NULL }, { "bool", "a flag (4.13)", "3ea277194daa" },
	      { "counter", "two counts in one word (5.17)", "5ee2fa2f0636" }),
	FIELD(soft_dirty_lock, "29a951dfb3c3", "what clear_refs(4) holds while it write-protects",
	      { "mmap-read", "mmap:R, or mmap:W downgraded after VM_SOFTDIRTY was cleared", NULL },
	      { "mmap-write", "mmap:W (5.11; candidate fix F1)", "29a951dfb3c3" },
	      { "mmap-write-vma", "mmap:W and each VMA marked (6.5)", "49b0638502da" }),
	FIELD(soft_dirty_flush, "912efa17e512", "how clear_refs(4) flushes",
	      { "end", "once, unconditionally, at the end", NULL },
	      { "elided", "by a batch in which nothing was noted: not at all (5.6)",
		"0758cd830494" },
	      { "pending", "once, at the end, and announced as pending (5.12)", "912efa17e512" }),
	FIELD(soft_dirty_pinned, "9348b73c2e1b",
	      "does clear_refs(4) write-protect pages that may be pinned", { "clear", "yes", NULL },
	      { "skip", "no: they stay soft-dirty (5.11)", "9348b73c2e1b" }),
	FIELD(uffd_wp_lock, NULL, "what UFFDIO_WRITEPROTECT holds while it changes entries",
	      { "mmap-read", "mmap:R, as all kernels do", NULL },
	      { "mmap-write", "mmap:W: candidate fix F1", NULL },
	      { "mmap-write-vma", "mmap:W and each VMA marked", NULL }),
	FIELD(uffd_wp_memory, "b1f9e876862d", "what userfaultfd can write-protect",
	      { "none", "nothing", NULL }, { "anon", "anonymous memory (5.7)", "292924b26024" },
	      { "anon-shmem", "anonymous and shared memory (5.19)", "b1f9e876862d" }),
	FIELD(uffd_wp_prot, "931298e103c2",
	      "which protection uffd_wp_range() gives entries that it resolves",
	      { "vm-flags", "what the VMA's flags permit, whatever else asks for notice of writes",
		NULL },
	      { "vm-page-prot", "the VMA's default (6.3)", "931298e103c2" }),
	FIELD(uffd_wp_upgrade, "931298e103c2",
	      "does uffd_wp_range() try to make single entries writable", { "none", "no", NULL },
	      { "always", "always: the first form of the patch", NULL },
	      { "resolve", "only when it un-protects: as merged (6.3)", "931298e103c2" }),
	FIELD(uffd_unregister, "f369b07c8614",
	      "what unregistering a range does to the entries that userfaultfd has write-protected",
	      { "leave",
		"nothing: they keep their bit, which says something again if the range is "
		"registered again",
		NULL },
	      { "resolve", "takes the protection back (6.0)", "f369b07c8614" }),
	FIELD(uffd_wp_writenotify, "51d3d5eb74ff",
	      "does userfaultfd-wp make vm_page_prot of shared memory read-only",
	      { "no", "no", NULL }, { "yes", "yes (6.2)", "51d3d5eb74ff" }),
	FIELD(uffd_minor, "c949b097ef2e", "minor faults of shared memory as messages",
	      { "no", "no", NULL }, { "yes", "yes (5.14)", "c949b097ef2e" }),
	FIELD(uffd_wp_unpopulated, "2bad466cc9d9",
	      "can userfaultfd write-protect anonymous memory that has no page yet",
	      { "no", "no", NULL }, { "yes", "if asked for (6.4)", "2bad466cc9d9" }),
	FIELD(uffd_wp_async, "d61ea1cb0095", "write-protection that resolves itself, as a record",
	      { "no", "no", NULL }, { "yes", "if asked for (6.7)", "d61ea1cb0095" }),
	FIELD(uffd_install_dirty, "9ae0f87d009c", "which entries userfaultfd installs dirty",
	      { "writable", "writable ones", NULL }, { "always", "all (5.16)", "9ae0f87d009c" }),
	FIELD(mprotect_upgrade, "64fe24a3e05e",
	      "how mprotect() spares write faults when it gives write permission",
	      { "dirty-accountable", "dirty entries of shared mappings become writable", NULL },
	      { "try-change-writable",
		"entries become writable as can_change_pte_writable() says (6.0)",
		"64fe24a3e05e" }),
	FIELD(change_writable, NULL, "what can_change_pte_writable() looks at",
	      { "all", "all that the kernel looks at", NULL },
	      { "no-soft-dirty", "mutant: not whether soft-dirty tracking waits for the write",
		NULL },
	      { "no-uffd-wp", "mutant: not at uffd-wp", NULL },
	      { "no-anon-exclusive", "mutant: not at PageAnonExclusive", NULL },
	      { "no-dirty", "mutant: not whether a shared entry is dirty", NULL }),
	FIELD(numa_write, "6a56ccbcf6c6",
	      "how the fault that undoes a NUMA hint knows whether the entry may be writable",
	      { "saved", "the hint keeps write permission in the entry", NULL },
	      { "can-change-writable", "as mprotect(): can_change_pte_writable() (6.2)",
		"6a56ccbcf6c6" }),
	FIELD(ksm_pending, "b3a81d0841a9",
	      "does write_protect_page() flush if a flush is pending for the mm",
	      { "ignored", "no: an entry that is read-only and clean is taken for frozen", NULL },
	      { "check", "yes (4.13)", "b3a81d0841a9" }),
	FIELD(ksm_break, "6cce3314b928", "which fault KSM unmerges a page by",
	      { "write", "a write fault: the copy is dirty, and userfaultfd is in the way", NULL },
	      { "unshare", "an unshare fault (6.2)", "6cce3314b928" }),
	FIELD(ksm_reuse, "52d1e606ee73",
	      "may a write fault use a KSM page that nobody else has (wp_reuse=mapcount)",
	      { "no", "no", NULL }, { "yes", "yes: reuse_ksm_page() (5.1)", "52d1e606ee73" }),
	FIELD(tlb_gen, "94b1b03b519b", "how a CPU knows which flushes it has missed",
	      { "none", "it does not: it drops all at a switch", NULL },
	      { "on", "the mm counts flushes, each CPU keeps how far it got (4.14)",
		"94b1b03b519b" },
	      { "any-order", "mutant: a ranged flush brings it up to date over missed ones",
		NULL }),
	FIELD(tlb_lazy, "145f573b89a6",
	      "what a flush does to a CPU that has the mm loaded but runs a kernel thread",
	      { "leave-mm", "interrupts it; it leaves the mm", NULL },
	      { "skip", "passes it over; it catches up when it goes back (4.20)", "145f573b89a6" }),
	FIELD(pgtable_free, NULL, "when the memory of a page table is given back",
	      { "rcu", "after the flush and a grace period", NULL },
	      { "ipi", "after the flush and an interrupt to all CPUs", NULL },
	      { "after-flush", "mutant: after the flush", NULL },
	      { "before-flush", "mutant: at once", NULL }),
	FIELD(pae_clear_barrier, "088b8aa537c2",
	      "what stands between clearing the entry (A1) and looking for pins (A2) when "
	      "PageAnonExclusive goes",
	      { "none", "nothing but what the TLB flush implies, if there is one", NULL },
	      { "smp_mb", "a full barrier, paired with gup_pin_barrier", "088b8aa537c2" }),
	FIELD(pae_restore_barrier, "088b8aa537c2",
	      "what stands between clearing PageAnonExclusive (A3) and restoring the entry (A4)",
	      { "none", "nothing: the entry can be back before the flag is gone", NULL },
	      { "smp_wmb", "smp_mb__after_atomic() in the code, paired with gup_unshare_barrier",
		"088b8aa537c2" }),
	FIELD(gup_pin_barrier, "088b8aa537c2",
	      "what stands between pinning (B3) and re-reading the entry (B4) in GUP-fast",
	      { "none", "nothing after the pin was added", NULL },
	      { "smp_mb", "smp_mb__after_atomic() in the code, paired with pae_clear_barrier",
		"088b8aa537c2" }),
	FIELD(gup_unshare_barrier, "088b8aa537c2",
	      "what stands between re-reading the entry (B4) and testing PageAnonExclusive (B5)",
	      { "none", "nothing: the flag can be read before the entry", NULL },
	      { "smp_rmb", "a load barrier, paired with pae_restore_barrier", "088b8aa537c2" }),
	FIELD(ptep_clear, NULL, "how an entry is cleared and read in one",
	      { "xchg", "one unordered exchange, as on arm64; on x86 it is a locked instruction",
		NULL },
	      { "plain", "a load and a store of 0: the generic form", NULL }),
	FIELD(ksm_flush, NULL, "does KSM's write_protect_page() flush the TLB after the clear",
	      { "flush", "yes, as all kernels do", NULL },
	      { "none", "no: shows what the barriers do without the flush, which is one too",
		NULL }),
	FIELD(tlb_flush, NULL, "how a TLB flush reaches other CPUs",
	      { "broadcast", "by an instruction, as on Arm: no CPU is interrupted", NULL },
	      { "ipi", "by an interrupt to the CPUs in mm_cpumask, as on x86, and a wait for all",
		NULL }),
	FIELD(vma_lock, "5e31275cc997", "may a fault lock one VMA instead of the mm",
	      { "none", "no: faults take mmap_lock", NULL },
	      { "rwsem-seq", "yes, by a rw_semaphore and two sequence numbers (6.4 to 6.14)",
		"5e31275cc997" },
	      { "refcnt", "yes, by a reference count and two sequence numbers (6.15)",
		"f35ab95ca0af" }),
	FIELD(mm_lock_seq, "eb449bd96954", "when mm_lock_seq changes",
	      { "counter", "when mmap_lock is let go of by a writer (A5)", NULL },
	      { "seqcount", "also when a writer has got it (A0): odd means locked",
		"eb449bd96954" }),
	FIELD(vma_unlock_order, "b1f02b95758d",
	      "the store to mm_lock_seq that ends all write sections (A5)",
	      { "relaxed", "WRITE_ONCE(): can overtake the changes that it ends", NULL },
	      { "release", "smp_store_release()", "b1f02b95758d" },
	      { "wmb", "smp_wmb() before it: a sequence counter's end", "eb449bd96954" }),
	FIELD(vma_check_order, "b1f02b95758d",
	      "the reader's load of mm_lock_seq that counts, under the VMA's rwsem (B3)",
	      { "relaxed", "READ_ONCE(): the VMA can be read ahead of it", NULL },
	      { "acquire", "smp_load_acquire()", "b1f02b95758d" }),
	FIELD(vma_mark, "b1f02b95758d", "the store of vm_lock_seq in vma_start_write() (A2)",
	      { "plain", "an ordinary store, which races with the early check", NULL },
	      { "once", "WRITE_ONCE()", "b1f02b95758d" }),
	FIELD(vma_try_mark, "b1f02b95758d",
	      "the store of vm_lock_seq in vma_try_start_write() (A2)",
	      { "plain", "an ordinary store: what a back-port leaves that forgets this function",
		NULL },
	      { "once", "WRITE_ONCE()", "b1f02b95758d" }),
	FIELD(vma_early_check, "b1f02b95758d",
	      "the load of vm_lock_seq in the reader's early check, without the rwsem",
	      { "plain", "an ordinary load", NULL }, { "once", "READ_ONCE()", "b1f02b95758d" }),
	FIELD(vma_inc_order, "f35ab95ca0af", "the reader's increment of vm_refcnt (D1)",
	      { "relaxed", "unordered: the look at the numbers can come before it", NULL },
	      { "acquire", "ordered before what the reader looks at", "f35ab95ca0af" }),
	FIELD(vma_wait_order, NULL,
	      "the writer's look at vm_refcnt that ends its wait for readers (C2)",
	      { "relaxed",
		"as kernels have it: a control dependency holds back the stores that follow, but "
		"lkmm "
		"does not count it for plain ones",
		NULL },
	      { "acquire", "what the writer changes comes after, by lkmm, too", NULL }),
	FIELD(vma_free, "3104138517fc", "when the memory of a VMA comes back",
	      { "rcu", "after a grace period", NULL },
	      { "typesafe", "at once, but as a VMA only (SLAB_TYPESAFE_BY_RCU)", "3104138517fc" }),
	FIELD(vma_foreign, "9bbffee67ffd",
	      "what a reader does whose VMA turns out to be of another mm",
	      { "late", "leaves as always, and wakes that mm's writer, if it waits", NULL },
	      { "pin", "holds that mm until it has done so", "9bbffee67ffd" }),
	FIELD(vma_detach, "f35ab95ca0af", "a VMA leaves the tree while a reader is inside",
	      { "nowait", "its memory comes back while the reader still counts", NULL },
	      { "wait", "waits until the reader is out", "f35ab95ca0af" }),
	FIELD(vma_anon_check, "657b5146955e",
	      "when a fault that may lock one VMA asks whether that has an anon_vma",
	      { "before-lock", "before it has the lock: mremap() may take the anon_vma away",
		NULL },
	      { "after-lock", "with the lock (6.5, 6.4.10)", "657b5146955e" }),
	FIELD(fork_vma_lock, "fb49c455323f", "does fork() write-lock the VMAs that it copies",
	      { "none", "no: faults under VMA locks go on while it write-protects", NULL },
	      { "start-write", "each of them, before it is copied (6.5, 6.4.3)", "fb49c455323f" }),
	FIELD(vma_mark_function, NULL, "what the userfaultfd writer marks its VMA with",
	      { "start-write", "vma_start_write(), by way of vm_flags_reset()", NULL },
	      { "try-start-write",
		"vma_try_start_write(), in place of its callers of 6.4, which gave up when it "
		"failed",
		NULL }),
};

size_t fl_policy_nr_fields(void)
{
	return sizeof(fields) / sizeof(fields[0]);
}

const struct fl_policy_field *fl_policy_field(size_t i)
{
	return i < fl_policy_nr_fields() ? &fields[i].field : NULL;
}

unsigned int fl_policy_value_of(const struct fl_policy *policy, size_t field)
{
	unsigned int value;

	memcpy(&value, (const char *)policy + fields[field].offset, sizeof(value));
	return value;
}

void fl_policy_set_value(struct fl_policy *policy, size_t field, unsigned int value)
{
	memcpy((char *)policy + fields[field].offset, &value, sizeof(value));
}

const char *fl_policy_get(const struct fl_policy *policy, size_t field)
{
	if (field >= fl_policy_nr_fields())
		return NULL;
	return fields[field].field.values[fl_policy_value_of(policy, field)].name;
}
