// SPDX-License-Identifier: MIT
/* host_uffd.c - see host_uffd.h. */
#include "host_uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than many a header. */
#define FEATURE_WP_HUGETLBFS_SHMEM (1U << 12)
#define FEATURE_WP_UNPOPULATED (1U << 13)
#define FEATURE_WP_ASYNC (1U << 15)
#define USER_MODE_ONLY 1
#define CONTINUE_MODE_WP 2

static int fd = -1;
static uint64_t source[512] __attribute__((aligned(4096)));

static uint64_t address(const struct step *s)
{
	return WINDOW + s->v[F_PAGE] * PAGE;
}

static struct uffdio_range range(const struct step *s)
{
	return (struct uffdio_range){ address(s), s->v[F_PAGES] * PAGE };
}

static int uffd_open(const struct step *s)
{
	struct uffdio_api api = { .api = UFFD_API };

	api.features = UFFD_FEATURE_SIGBUS | FEATURE_WP_HUGETLBFS_SHMEM;
	if (s->v[F_FEATURES] & FEATURE_UNPOPULATED)
		api.features |= FEATURE_WP_UNPOPULATED;
	if (s->v[F_FEATURES] & FEATURE_ASYNC)
		api.features |= FEATURE_WP_ASYNC;
	fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EPERM)
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | USER_MODE_ONLY);
	if (fd < 0)
		return -1;
	if (!ioctl(fd, UFFDIO_API, &api))
		return 0;
	close(fd);
	fd = -1;
	return -1;
}

static int uffd_register(const struct step *s)
{
	struct uffdio_register reg = { .range = range(s) };

	reg.mode = (s->v[F_MODE] & MODE_MISSING ? UFFDIO_REGISTER_MODE_MISSING : 0) |
		   (s->v[F_MODE] & MODE_WP ? UFFDIO_REGISTER_MODE_WP : 0) |
		   (s->v[F_MODE] & MODE_MINOR ? UFFDIO_REGISTER_MODE_MINOR : 0);
	return ioctl(fd, UFFDIO_REGISTER, &reg);
}

static int uffd_unregister(const struct step *s)
{
	struct uffdio_range r = range(s);

	return ioctl(fd, UFFDIO_UNREGISTER, &r);
}

/* A page full of the value. */
static int uffd_copy(const struct step *s)
{
	struct uffdio_copy copy = {
		.dst = address(s),
		.src = (uint64_t)(uintptr_t)source,
		.len = PAGE,
		.mode = s->v[F_WP] ? UFFDIO_COPY_MODE_WP : 0,
	};

	for (size_t i = 0; i < 512; i++)
		source[i] = s->v[F_VALUE];
	return ioctl(fd, UFFDIO_COPY, &copy);
}

static int uffd_zeropage(const struct step *s)
{
	struct uffdio_zeropage zero = { .range = { address(s), PAGE } };

	return ioctl(fd, UFFDIO_ZEROPAGE, &zero);
}

static int uffd_continue(const struct step *s)
{
	struct uffdio_continue c = { .range = { address(s), PAGE } };

	if (s->v[F_WP])
		c.mode = CONTINUE_MODE_WP;
	return ioctl(fd, UFFDIO_CONTINUE, &c);
}

static int uffd_writeprotect(const struct step *s)
{
	struct uffdio_writeprotect wp = { .range = range(s) };

	wp.mode = s->v[F_WP] ? UFFDIO_WRITEPROTECT_MODE_WP : 0;
	return ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
}

void uffd_forget(void)
{
	if (fd >= 0)
		close(fd);
	fd = -1;
}

int uffd_step(const struct step *s)
{
	switch (s->op) {
	case OP_UFFD_OPEN:
		return uffd_open(s);
	case OP_UFFD_REGISTER:
		return uffd_register(s);
	case OP_UFFD_UNREGISTER:
		return uffd_unregister(s);
	case OP_UFFD_COPY:
		return uffd_copy(s);
	case OP_UFFD_ZEROPAGE:
		return uffd_zeropage(s);
	case OP_UFFD_CONTINUE:
		return uffd_continue(s);
	case OP_UFFD_WRITEPROTECT:
		return uffd_writeprotect(s);
	default:
		uffd_forget();
		return 0;
	}
}
