// SPDX-License-Identifier: MIT
/* workloads.c - all of them, in the order of the documentation. */
#include "../bench.h"

const struct workload *const workloads[] = {
	&anon_fault,	  &anon_fault_shared_vma,
	&fault_vs_mmap,	  &cow_storm,
	&mprotect_toggle, &gup_fast,
	&file_fault,	  &mmap_churn,
	&zipf_mix,
};

const size_t nr_workloads = sizeof(workloads) / sizeof(workloads[0]);
