// SPDX-License-Identifier: MIT
/*
 * settings.c - see settings.h.
 *
 * ksmd, once it runs, goes through all mergeable memory (pages_to_scan is large), and then sleeps: long enough that it can be stopped
 * before the next pass. It would not wake up early when it is told to run again, but does when the time to sleep is changed.
 */
#define _GNU_SOURCE /* swapon(), pipe2() */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWAP_PAGES 16384U
#define SWAP_NAME "faultline-swap-XXXXXX"
#define KSM "/sys/kernel/mm/ksm/"
#define KSM_SLEEP 200 /* milliseconds, or one more */
#define KSM_LIMIT 5000

static char swap_path[256]; /* "": none */
static pid_t guard;
static int alive = -1; /* the end of a pipe that is open as long as one of us is there */

/* ---- KSM's files ---- */

/* As they were; only those that there are. */
static struct {
	const char *name, *ours;
	char old[32];
} ksm_files[] = {
	{ KSM "pages_to_scan", "1000000", "" },
	{ KSM "sleep_millisecs", "200", "" },
	{ KSM "smart_scan", "0", "" },
	{ KSM "use_zero_pages", "0", "" },
	{ KSM "advisor_mode", "none", "" },
	{ KSM "stable_node_chains_prune_millisecs", "100000000", "" },
};
#define NR_KSM_FILES (sizeof(ksm_files) / sizeof(ksm_files[0]))

static bool read_file(const char *name, char *text, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n > 0;
}

static bool write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static long read_number(const char *name)
{
	char text[32];

	return read_file(name, text, sizeof(text)) ? strtol(text, NULL, 10) : -1;
}

/* "[none] scan-time": the one in brackets. */
static void take_chosen(char *text)
{
	char *from = strchr(text, '['), *to = from ? strchr(from, ']') : NULL;

	if (!to)
		return;
	*to = '\0';
	memmove(text, from + 1, strlen(from + 1) + 1);
}

static void ksm_put_back(void)
{
	write_file(KSM "run", "2"); /* forgets what nobody maps any more, too */
	write_file(KSM "run", "0");
	for (size_t i = 0; i < NR_KSM_FILES; i++)
		if (ksm_files[i].old[0])
			write_file(ksm_files[i].name, ksm_files[i].old);
}

/* Without any mergeable memory ksmd would not run at all. Like no other page. */
static bool make_mergeable_page(void)
{
	uint64_t *page =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || madvise(page, 4096, MADV_MERGEABLE))
		return false;
	page[100] = (uint64_t)getpid() << 32 | 0x5eed;
	return true;
}

/* Nobody else may use it, now; and no other run of ours, which would take our settings for the host's. */
static bool ksm_begin(void)
{
	int fd = open(KSM "full_scans", O_RDONLY | O_CLOEXEC); /* as long as the guard lives */

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) || access(KSM "run", W_OK) ||
	    read_number(KSM "run") || read_number(KSM "pages_shared"))
		return false;
	for (size_t i = 0; i < NR_KSM_FILES; i++) {
		char *old = ksm_files[i].old;

		if (!read_file(ksm_files[i].name, old, sizeof(ksm_files[i].old)))
			continue;
		take_chosen(old);
	}
	if (!make_mergeable_page())
		return false;
	for (size_t i = NR_KSM_FILES;
	     i-- > 0;) /* the advisor first: it keeps others from being set */
		if (ksm_files[i].old[0] && !write_file(ksm_files[i].name, ksm_files[i].ours)) {
			ksm_put_back();
			return false;
		}
	return true;
}

int ksm_lock(void)
{
	int fd = open(KSM "run", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX)) {
		close(fd);
		return -1;
	}
	/* Who had it may have been killed in the middle of a pass. */
	if (fd >= 0)
		write_file(KSM "run", "0");
	return fd;
}

void ksm_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

bool ksm_pass(void)
{
	static unsigned int turn;
	long before = read_number(KSM "full_scans");
	bool done = false;
	char sleep[16];

	snprintf(sleep, sizeof(sleep), "%u", KSM_SLEEP + (++turn & 1));
	if (!write_file(KSM "run", "1") || !write_file(KSM "sleep_millisecs", sleep)) {
		write_file(KSM "run", "0");
		return false;
	}
	for (int i = 0; !done && i < KSM_LIMIT * 10; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		done = read_number(KSM "full_scans") != before;
	}
	return write_file(KSM "run", "0") && done && read_number(KSM "full_scans") == before + 1;
}

/* ---- a swap file ---- */

static bool has_swap(void)
{
	char line[256];
	FILE *f = fopen("/proc/swaps", "re");
	int lines = 0;

	while (f && fgets(line, sizeof(line), f))
		lines++;
	if (f)
		fclose(f);
	return !f || lines > 1;
}

/* What mkswap writes: union swap_header of linux/swap.h. */
static bool write_swap(int fd)
{
	static uint32_t page[1024];

	memset(page, 0, sizeof(page));
	for (uint32_t i = 1; i < SWAP_PAGES; i++)
		if (pwrite(fd, page, sizeof(page), (off_t)i * (off_t)sizeof(page)) != sizeof(page))
			return false;
	page[256] = 1;
	page[257] = SWAP_PAGES - 1;
	memcpy((char *)page + sizeof(page) - 10, "SWAPSPACE2", 10);
	return pwrite(fd, page, sizeof(page), 0) == sizeof(page) && !fsync(fd);
}

static bool swap_begin_in(const char *folder)
{
	bool ok = false;
	int fd;

	snprintf(swap_path, sizeof(swap_path), "%s/" SWAP_NAME, folder);
	fd = mkstemp(swap_path);
	if (fd >= 0) {
		ok = write_swap(fd) && !swapon(swap_path, 0);
		close(fd);
		if (!ok)
			unlink(swap_path);
	}
	if (!ok)
		swap_path[0] = '\0';
	return ok;
}

/* Memory's file systems can't have one. */
static bool swap_begin(void)
{
	const char *folder = getenv("TMPDIR");

	if (geteuid() || has_swap())
		return false;
	return (folder && folder[0] == '/' && strlen(folder) < 200 && swap_begin_in(folder)) ||
	       swap_begin_in("/tmp") || swap_begin_in("/var/tmp");
}

static void swap_put_back(void)
{
	if (!swap_path[0])
		return;
	swapoff(swap_path);
	unlink(swap_path); /* -EPERM while it is in use */
	swap_path[0] = '\0';
}

/* ---- the guard ---- */

/* Begins before there is anything to put back, so that nothing can come between. */
static void run_guard(int from, int to)
{
	bool have[2];
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	have[0] = swap_begin();
	have[1] = ksm_begin();
	if (write(to, have, sizeof(have)) == sizeof(have))
		while (read(from, &byte, 1) < 0 && errno == EINTR)
			;
	swap_put_back();
	if (have[1])
		ksm_put_back();
	_exit(0);
}

void settings_begin(bool *swap, bool *ksm)
{
	int down[2], up[2];
	bool have[2] = { false, false };

	*swap = *ksm = false;
	if (geteuid() || pipe2(down, O_CLOEXEC))
		return;
	if (pipe2(up, O_CLOEXEC)) {
		close(down[0]);
		close(down[1]);
		return;
	}
	fflush(NULL);
	guard = fork();
	if (!guard) {
		close(down[1]);
		close(up[0]);
		run_guard(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	alive = down[1];
	if (guard > 0 && read(up[0], have, sizeof(have)) == sizeof(have)) {
		*swap = have[0];
		*ksm = have[1];
	}
	close(up[0]);
}

void settings_end(void)
{
	if (alive >= 0)
		close(alive);
	alive = -1;
	while (guard > 0 && waitpid(guard, NULL, 0) < 0 && errno == EINTR)
		;
	guard = 0;
}
