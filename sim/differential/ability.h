/* SPDX-License-Identifier: MIT */
/* ability.h - what this host lets us do and see. What is missing is left out of sequences, and named. */
#ifndef FL_DIFFERENTIAL_ABILITY_H
#define FL_DIFFERENTIAL_ABILITY_H

#include <stdbool.h>
#include <stddef.h>

enum ability {
	ABLE_FRAMES,   /* pagemap with frame numbers */
	ABLE_FLAGS,    /* /proc/kpageflags */
	ABLE_MAPCOUNT, /* /proc/kpagecount */
	ABLE_UFFD, /* with SIGBUS, write-protection of anonymous and shared memory, minor faults */
	ABLE_UFFD_ASYNC, /* UFFD_FEATURE_WP_ASYNC and _UNPOPULATED */
	ABLE_PIN,	 /* io_uring's registered buffers */
	ABLE_REMOTE,	 /* process_vm_readv() and /proc/PID/mem of children */
	ABLE_SWAP,
	ABLE_KSM,
	NR_ABILITIES,
};

struct abilities {
	bool has[NR_ABILITIES];
	char release[80];
};

/* All but swap and KSM, for which the host has to be changed: settings.h. */
void ability_probe(struct abilities *a);
const char *ability_name(enum ability ability);

#endif
