// SPDX-License-Identifier: MIT
/* cores.c - the cores that this process may use, by hwloc, and threads bound to them. */
#include "bench.h"

#include <limits.h>

#include <hwloc.h>

static hwloc_topology_t topology;
static unsigned int nr_cores;

/* Of what this process is bound to (taskset, a container) and no more. */
unsigned int cores_init(void)
{
	int n = 0;

	if (hwloc_topology_init(&topology))
		return 0;
	hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING);
	if (!hwloc_topology_load(topology))
		n = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
	nr_cores = n > 0 ? (unsigned int)n : 1;
	return nr_cores;
}

unsigned int cores_count(void)
{
	return nr_cores;
}

void cores_exit(void)
{
	hwloc_topology_destroy(topology);
}

/* As far from each other as they can be, one hardware thread each. */
bool cores_pin(unsigned int i, unsigned int n)
{
	hwloc_obj_t root = hwloc_get_root_obj(topology);
	hwloc_cpuset_t set[BENCH_MAX_CPUS];
	bool ok;

	if (n > nr_cores || n > BENCH_MAX_CPUS ||
	    hwloc_distrib(topology, &root, 1, set, n, INT_MAX, 0))
		return false;
	hwloc_bitmap_singlify(set[i]);
	ok = !hwloc_set_cpubind(topology, set[i], HWLOC_CPUBIND_THREAD);
	for (unsigned int k = 0; k < n; k++)
		hwloc_bitmap_free(set[k]);
	return ok;
}
