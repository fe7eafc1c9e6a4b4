// SPDX-License-Identifier: MIT
/*
 * host_look.c - what a process sees of itself: pagemap, mappings, the content of pages that are present.
 *
 * Only pages that are present and may be read are read, so that looking changes nothing.
 */
#include "host_area.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Newer than many a header: linux/fs.h of 6.11. */
struct procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)
#define QUERY_COVERING_OR_NEXT 0x10
#define QUERY_SHARED 8

static int pagemap = -1, maps = -1;
static bool no_query; /* the kernel is older: read the list as text */

void child_look_begin(void)
{
	if (pagemap >= 0)
		close(pagemap);
	if (maps >= 0)
		close(maps);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
}

static void add_vma(struct raw_process *raw, const struct raw_vma *vma)
{
	if (raw->nr_vmas < WINDOW_PAGES)
		raw->vma[raw->nr_vmas++] = *vma;
}

/* False: there is no such call. */
static bool query_vmas(struct raw_process *raw)
{
	struct procmap_query q;

	for (uint64_t at = WINDOW; at < WINDOW + WINDOW_PAGES * PAGE; at = q.vma_end) {
		q = (struct procmap_query){
			.size = sizeof(q),
			.query_flags = QUERY_COVERING_OR_NEXT,
			.query_addr = at,
		};
		if (ioctl(maps, PROCMAP_QUERY, &q))
			return errno != ENOTTY;
		if (q.vma_start >= WINDOW + WINDOW_PAGES * PAGE)
			break;
		add_vma(raw, &(struct raw_vma){ .start = q.vma_start,
						.end = q.vma_end,
						.flags = q.vma_flags,
						.offset = q.vma_offset,
						.inode = q.inode });
	}
	return true;
}

static void parse_vma(struct raw_process *raw, const char *line)
{
	struct raw_vma vma = { 0 };
	char prot[8];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %" SCNu64, &vma.start,
		   &vma.end, prot, &vma.offset, &vma.inode) != 5)
		return;
	if (vma.end <= WINDOW || vma.start >= WINDOW + WINDOW_PAGES * PAGE)
		return;
	vma.flags = (prot[0] == 'r' ? PROT_R : 0u) | (prot[1] == 'w' ? PROT_W : 0u) |
		    (prot[3] == 's' ? QUERY_SHARED : 0u);
	add_vma(raw, &vma);
}

static void read_vmas(struct raw_process *raw)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		parse_vma(raw, line);
	fclose(f);
}

static void read_words(struct raw_process *raw, const struct raw_vma *vma)
{
	for (uint64_t at = vma->start; at < vma->end; at += PAGE) {
		uint64_t page = (at - WINDOW) / PAGE;

		if (page >= WINDOW_PAGES || !(raw->pagemap[page] & 1ULL << 63))
			continue;
		raw->readable |= 1ULL << page;
		for (unsigned int i = 0; i < WORDS; i++)
			raw->word[page][i] = ((volatile uint64_t *)(uintptr_t)at)[WORD_INDEX(i)];
	}
}

void child_look(struct raw_process *raw)
{
	raw->nr_vmas = 0;
	raw->readable = 0;
	if (pread(pagemap, raw->pagemap, sizeof(raw->pagemap),
		  (off_t)(WINDOW / PAGE * sizeof(uint64_t))) != sizeof(raw->pagemap))
		memset(raw->pagemap, 0, sizeof(raw->pagemap));
	if (!no_query && !query_vmas(raw))
		no_query = true;
	if (no_query)
		read_vmas(raw);
	for (uint32_t i = 0; i < raw->nr_vmas; i++)
		if (raw->vma[i].flags & (PROT_R | PROT_W))
			read_words(raw, &raw->vma[i]);
}
