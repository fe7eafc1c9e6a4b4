// SPDX-License-Identifier: MIT
/* ability.c - see ability.h. Each is tried, and undone. */
#define _GNU_SOURCE
#include "ability.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host_pin.h"

static const char *const names[NR_ABILITIES] = {
	[ABLE_FRAMES] = "frame numbers (pagemap)",
	[ABLE_FLAGS] = "page flags (kpageflags)",
	[ABLE_MAPCOUNT] = "map counts (kpagecount)",
	[ABLE_UFFD] = "userfaultfd",
	[ABLE_UFFD_ASYNC] = "userfaultfd wp-async",
	[ABLE_PIN] = "long-term pins (io_uring)",
	[ABLE_REMOTE] = "process_vm_readv()",
	[ABLE_SWAP] = "swap",
	[ABLE_KSM] = "KSM",
};

const char *ability_name(enum ability ability)
{
	return names[ability];
}

static bool can_read(const char *name, uint64_t *out, off_t at)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, out, sizeof(*out), at);

	if (fd >= 0)
		close(fd);
	return n == sizeof(*out);
}

static bool has_frames(void)
{
	volatile uint64_t here = 1;
	uint64_t entry;

	return can_read("/proc/self/pagemap", &entry, (off_t)((uintptr_t)&here / 4096 * 8)) &&
	       entry & ((1ULL << 55) - 1);
}

static bool has_uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	bool ok;

	if (fd < 0)
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1);
	if (fd < 0)
		return false;
	ok = !ioctl(fd, UFFDIO_API, &api);
	close(fd);
	return ok;
}

static bool has_pin(void)
{
	static char page[4096] __attribute__((aligned(4096)));
	int ring = pin_ring();
	bool ok = ring >= 0 && !pin_register(ring, (uint64_t)(uintptr_t)page, sizeof(page));

	if (ring >= 0)
		close(ring);
	return ok;
}

static bool has_remote(void)
{
	char from = 1, to = 0;
	struct iovec local = { &to, 1 }, remote = { &from, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

void ability_probe(struct abilities *a)
{
	struct utsname name;
	uint64_t word;

	memset(a, 0, sizeof(*a));
	if (!uname(&name))
		snprintf(a->release, sizeof(a->release), "%s", name.release);
	a->has[ABLE_FRAMES] = has_frames();
	a->has[ABLE_FLAGS] = a->has[ABLE_FRAMES] && can_read("/proc/kpageflags", &word, 0);
	a->has[ABLE_MAPCOUNT] = a->has[ABLE_FRAMES] && can_read("/proc/kpagecount", &word, 0);
	a->has[ABLE_UFFD] = has_uffd(UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MINOR_SHMEM | 1U << 12);
	a->has[ABLE_UFFD_ASYNC] = a->has[ABLE_UFFD] && has_uffd(1U << 13 | 1U << 15);
	a->has[ABLE_PIN] = has_pin();
	a->has[ABLE_REMOTE] = has_remote();
}
