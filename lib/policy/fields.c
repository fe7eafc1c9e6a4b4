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
	FIELD(pae_clear_barrier, "088b8aa537c2",
	      "what stands between clearing the entry (A1) and looking for pins (A2) when "
	      "PageAnonExclusive goes",
	      { "none", "nothing but what the TLB flush implies, if there is one" },
	      { "smp_mb", "a full barrier, paired with gup_pin_barrier" }),
	FIELD(pae_restore_barrier, "088b8aa537c2",
	      "what stands between clearing PageAnonExclusive (A3) and restoring the entry (A4)",
	      { "none", "nothing: the entry can be back before the flag is gone" },
	      { "smp_wmb", "smp_mb__after_atomic() in the code, paired with gup_unshare_barrier" }),
	FIELD(gup_pin_barrier, "088b8aa537c2",
	      "what stands between pinning (B3) and re-reading the entry (B4) in GUP-fast",
	      { "none", "nothing after the pin was added" },
	      { "smp_mb", "smp_mb__after_atomic() in the code, paired with pae_clear_barrier" }),
	FIELD(gup_unshare_barrier, "088b8aa537c2",
	      "what stands between re-reading the entry (B4) and testing PageAnonExclusive (B5)",
	      { "none", "nothing: the flag can be read before the entry" },
	      { "smp_rmb", "a load barrier, paired with pae_restore_barrier" }),
	FIELD(ptep_clear, NULL, "how an entry is cleared and read in one",
	      { "xchg", "one unordered exchange, as on arm64; on x86 it is a locked instruction" },
	      { "plain", "a load and a store of 0: the generic form" }),
	FIELD(ksm_flush, NULL, "does KSM's write_protect_page() flush the TLB after the clear",
	      { "flush", "yes, as all kernels do" },
	      { "none", "no: shows what the barriers do without the flush, which is one too" }),
	FIELD(tlb_flush, NULL, "how a TLB flush reaches other CPUs",
	      { "broadcast", "by an instruction, as on Arm: no CPU is interrupted" },
	      { "ipi",
		"by an interrupt to the CPUs in mm_cpumask, as on x86, and a wait for all" }),
	FIELD(vma_lock, "5e31275cc997", "may a fault lock one VMA instead of the mm",
	      { "none", "no: faults take mmap_lock" },
	      { "rwsem-seq", "yes, by a rw_semaphore and two sequence numbers (6.4 to 6.14)" }),
	FIELD(vma_unlock_order, "b1f02b95758d",
	      "the store to mm_lock_seq that ends all write sections (A5)",
	      { "relaxed", "WRITE_ONCE(): can overtake the changes that it ends" },
	      { "release", "smp_store_release()" }),
	FIELD(vma_check_order, "b1f02b95758d",
	      "the reader's load of mm_lock_seq that counts, under the VMA's rwsem (B3)",
	      { "relaxed", "READ_ONCE(): the VMA can be read ahead of it" },
	      { "acquire", "smp_load_acquire()" }),
	FIELD(vma_mark, "b1f02b95758d", "the store of vm_lock_seq in vma_start_write() (A2)",
	      { "plain", "an ordinary store, which races with the early check" },
	      { "once", "WRITE_ONCE()" }),
	FIELD(vma_try_mark, "b1f02b95758d",
	      "the store of vm_lock_seq in vma_try_start_write() (A2)",
	      { "plain", "an ordinary store: what a back-port leaves that forgets this function" },
	      { "once", "WRITE_ONCE()" }),
	FIELD(vma_early_check, "b1f02b95758d",
	      "the load of vm_lock_seq in the reader's early check, without the rwsem",
	      { "plain", "an ordinary load" }, { "once", "READ_ONCE()" }),
	FIELD(vma_mark_function, NULL, "what the userfaultfd writer marks its VMA with",
	      { "start-write", "vma_start_write(), by way of vm_flags_reset()" },
	      { "try-start-write", "vma_try_start_write(), in place of its callers of 6.4, which "
				   "gave up when it failed" }),
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
